#!/usr/bin/env python3
"""Signals end a run early, and never its result.

  interrupt_test.py SMTPMARK [unittest arguments]
"""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

SMTPMARK = ""
LIMIT = 60  # seconds that a command may take, however slow the machine


def caught(process, number):
    """Whether it handles this signal by itself yet."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"SigCgt:\s*(\w+)", status)[1], 16) >> (number - 1) & 1


class Interrupts(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="smtpmark-test-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.hang_up(signal.SIG_DFL)  # whatever these tests were started by

    def hang_up(self, means):
        """What SIGHUP does to commands that are started from now on."""
        before = signal.signal(signal.SIGHUP, means)
        self.addCleanup(signal.signal, signal.SIGHUP, before)

    def start(self, *arguments, command="run", catches=signal.SIGINT):
        """A command that has been running for a second."""
        process = subprocess.Popen(
            [SMTPMARK, command, "--role", "relay", "--tls", "none", "--results-dir", self.folder,
             *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        while process.poll() is None and not caught(process, catches):
            time.sleep(0.02)
        time.sleep(1)
        return process

    def sink(self):
        sink = subprocess.Popen([SMTPMARK, "sink", "--relay", "127.0.0.1:0"],
                                stdout=subprocess.PIPE, text=True)
        self.addCleanup(sink.stdout.close)
        self.addCleanup(sink.wait)
        self.addCleanup(sink.kill)
        return sink.stdout.readline().split()[2]

    def silent(self):
        """A port where nobody answers."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        return f"127.0.0.1:{listener.getsockname()[1]}"

    def job(self):
        found = list(pathlib.Path(self.folder).glob("*/result.json"))
        self.assertEqual(len(found), 1)
        return json.loads(found[0].read_text())["jobs"][0]

    def test_signals_that_come_together_are_one(self):
        run = self.start("--target", self.sink(), "--duration", "60")
        for _ in range(5):
            run.send_signal(signal.SIGTERM)
            time.sleep(0.02)
        _, err = run.communicate(timeout=LIMIT)
        self.assertEqual(run.returncode, 0, err)
        self.assertIn("interrupted: what was measured until then is kept", err)
        self.assertGreater(self.job()["totals"]["messages_accepted"], 0)

    def test_a_terminal_that_goes_away_loses_nothing(self):
        run = self.start("--target", self.sink(), "--duration", "60", catches=signal.SIGHUP)
        run.send_signal(signal.SIGHUP)
        _, err = run.communicate(timeout=LIMIT)
        self.assertEqual(run.returncode, 0, err)
        self.assertEqual(self.job()["ended"], "interrupted")

    def test_nohup_goes_on(self):
        self.hang_up(signal.SIG_IGN)
        run = self.start("--target", self.sink(), "--duration", "3")
        run.send_signal(signal.SIGHUP)
        _, err = run.communicate(timeout=LIMIT)
        self.assertEqual(run.returncode, 0, err)
        self.assertEqual(self.job()["ended"], "completed")

    def test_a_second_one_ends_the_wait_for_a_silent_server(self):
        run = self.start("--target", self.silent(), "--duration", "60", "--timeout", "60")
        begun = time.monotonic()
        run.send_signal(signal.SIGINT)
        said = ""
        while "once more ends it at once" not in said:
            said = run.stderr.readline()
            self.assertTrue(said, "it ended without a word")
        run.send_signal(signal.SIGINT)
        _, err = run.communicate(timeout=LIMIT)
        self.assertLess(time.monotonic() - begun, 9)  # of 10 that it would have waited
        self.assertEqual(run.returncode, 1, err)
        self.assertEqual(self.job()["ended"], "interrupted")

    def test_nothing_measured_is_said_and_fails(self):
        run = self.start("--target", self.sink(), "--warmup", "60", "--duration", "60")
        run.send_signal(signal.SIGINT)
        _, err = run.communicate(timeout=LIMIT)
        self.assertEqual(run.returncode, 1)
        self.assertIn("interrupted before anything was measured", err)
        self.assertNotIn("is kept", err)

    def test_a_search_without_an_answer_fails(self):
        find = self.start("--target", self.sink(), "--objective", "p99 of message < 10 s",
                          "--duration", "60", command="find")
        find.send_signal(signal.SIGINT)
        _, err = find.communicate(timeout=LIMIT)
        self.assertEqual(find.returncode, 1)
        self.assertIn("interrupted before a rate was found", err)


if __name__ == "__main__":
    SMTPMARK = os.path.abspath(sys.argv.pop(1))
    unittest.main()
