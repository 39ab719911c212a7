#!/usr/bin/env python3
"""A run and a sink on each backend of the loop, and what a user gets to see of it.

  backend_test.py SMTPMARK [unittest arguments]
"""

import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

SMTPMARK = ""
LIMIT = 60  # seconds that a command may take, however slow the machine
MESSAGES = 400


class Backends(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="smtpmark-test-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def start_sink(self, *options):
        """The sink's process and its address, when it listens."""
        counters = os.path.join(self.folder, "sink.json")
        sink = subprocess.Popen(
            [SMTPMARK, "sink", "--relay", "127.0.0.1:0", "--json", counters, *options],
            stdout=subprocess.PIPE, text=True)
        self.addCleanup(sink.stdout.close)
        self.addCleanup(sink.wait)
        self.addCleanup(sink.kill)
        listening = re.match(r"listening on (\S+)", sink.stdout.readline())
        self.assertTrue(listening)
        return sink, listening[1]

    def received(self, sink):
        sink.send_signal(signal.SIGINT)
        self.assertEqual(sink.wait(LIMIT), 0)
        return json.loads(pathlib.Path(self.folder, "sink.json").read_text())["messages_received"]

    def run_against(self, address, *options, messages=MESSAGES, connections=20):
        done = subprocess.run(
            [SMTPMARK, "run", "--target", address, "--role", "relay", "--messages", str(messages),
             "--connections", str(connections), "--results-dir", self.folder, *options],
            capture_output=True, text=True, timeout=LIMIT)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        newest = max(pathlib.Path(self.folder).glob("*/result.json"),
                     key=lambda file: file.stat().st_mtime_ns)
        return done, json.loads(newest.read_text())

    def test_every_pair_of_backends_hands_over_every_message(self):
        for run, sink in itertools.product(("io_uring", "epoll"), repeat=2):
            for options in (("--tls", "none", "--size", "200K"),
                            ("--tls", "required", "--messages-per-connection", "10"),
                            ("--tls", "none", "--pipelining", "full",
                             "--messages-per-connection", "50")):
                with self.subTest(run=run, sink=sink, options=options):
                    process, address = self.start_sink("--io", sink)
                    done, result = self.run_against(address, "--io", run, *options)
                    job = result["jobs"][0]
                    self.assertEqual(job["totals"]["messages_accepted"], MESSAGES)
                    self.assertEqual(self.received(process), MESSAGES)
                    self.assertEqual(job["errors"], [])
                    self.assertEqual(result["environment"]["io"]["backend"], run)
                    self.assertIn(f", {run}", done.stdout)

    def test_epoll_holds_a_rate(self):
        process, address = self.start_sink("--io", "epoll")
        _, result = self.run_against(address, "--io", "epoll", "--tls", "none", "--rate", "1000",
                                     "--messages-per-connection", "100")
        self.assertEqual(self.received(process), MESSAGES)
        lag = result["jobs"][0]["phases"]["schedule_lag"]
        self.assertEqual(lag["count"], MESSAGES)
        self.assertLess(lag["p50_us"], 20_000)

    def test_connections_that_wait_for_their_turn_hold_nobody_up(self):
        """There are four times as many as a thread has receive buffers."""
        for backend in ("io_uring", "epoll"):
            with self.subTest(backend=backend):
                process, address = self.start_sink("--io", backend, "--connections", "600")
                _, result = self.run_against(
                    address, "--io", backend, "--tls", "none", "--rate", "400",
                    "--messages-per-connection", "100", messages=1200, connections=512)
                self.assertEqual(self.received(process), 1200)
                phases = result["jobs"][0]["phases"]
                for phase in ("greeting", "mail", "end_of_data"):
                    self.assertLess(phases[phase]["p50_us"], 100_000, phase)

    def test_coalescing_is_in_the_result_and_loses_nothing(self):
        process, address = self.start_sink("--coalesce", "200us")
        _, result = self.run_against(address, "--coalesce", "300us", "--tls", "none",
                                     "--messages-per-connection", "100")
        self.assertEqual(self.received(process), MESSAGES)
        self.assertEqual(result["jobs"][0]["config"]["coalesce_us"], 300)

    def test_what_cannot_be_is_a_sentence(self):
        for options, sentence in ((("--io", "epoll", "--coalesce", "1ms"), "io_uring alone"),
                                  (("--io", "kqueue"), "kqueue"),
                                  (("--numa-node", "1000"), "no NUMA node 1000"),
                                  (("--coalesce", "1s"), "0.01")):
            done = subprocess.run([SMTPMARK, "sink", "--relay", "127.0.0.1:0", *options],
                                  capture_output=True, text=True, timeout=LIMIT)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(sentence, done.stderr)


if __name__ == "__main__":
    SMTPMARK = os.path.abspath(sys.argv.pop(1))
    unittest.main()
