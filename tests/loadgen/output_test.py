#!/usr/bin/env python3
"""What reaches the terminal: whole or with a sentence that it is not, and no commands to it.

  output_test.py SMTPMARK [unittest arguments]
"""

import contextlib
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

SMTPMARK = ""
LIMIT = 60  # seconds that a command may take, however slow the machine


@contextlib.contextmanager
def server_of(greeting):
    """Says `greeting` to whom connects, and closes."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=16)

    def accept():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    connection.sendall(greeting)

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)  # wakes the thread up
        listener.close()


class Output(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="smtpmark-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def smtpmark(self, *arguments, stdout=subprocess.PIPE):
        return subprocess.run([SMTPMARK, *arguments], stdout=stdout, stderr=subprocess.PIPE,
                              timeout=LIMIT, cwd=self.folder)

    def run_load(self, target, *arguments, **where):
        return self.smtpmark("run", "--target", target, "--role", "relay", "--results-dir",
                             "results", "--connections", "2", *arguments, **where)

    def start_sink(self):
        sink = subprocess.Popen([SMTPMARK, "sink", "--relay", "127.0.0.1:0"],
                                stdout=subprocess.PIPE, text=True, cwd=self.folder)
        self.addCleanup(sink.stdout.close)
        self.addCleanup(sink.wait)
        self.addCleanup(sink.kill)
        return sink.stdout.readline().split()[2]

    def only_result(self):
        found, = (self.folder / "results").glob("*/result.json")
        return found

    def test_a_pipe_that_nobody_reads_loses_no_result_and_is_said(self):
        target = self.start_sink()
        with open("/dev/full", "wb") as full:
            done = self.run_load(target, "--messages", "20", "--quiet", stdout=full)
            self.assertEqual((done.returncode, done.stderr), (0, b""), "there is nothing to print")
            shutil.rmtree(self.folder / "results")
            done = self.run_load(target, "--messages", "20", stdout=full)
            self.assertEqual(done.returncode, 1)
            result = self.only_result()
            self.assertIn(f"cannot write to standard output: No space left on device; `smtpmark "
                          f"show {result.relative_to(self.folder)}`".encode(), done.stderr)
            counted = json.loads(result.read_text())["jobs"][0]["totals"]["messages_accepted"]
            self.assertEqual(counted, 20)
            for command, status in ((["show", str(result)], 1),
                                    (["compare", str(result), str(result)], 3),
                                    (["report", str(result)], 1)):
                with self.subTest(command=command):
                    done = self.smtpmark(*command, stdout=full)
                    self.assertEqual(done.returncode, status)
                    self.assertIn(b"smtpmark: cannot write to standard output: ", done.stderr)

    def test_a_reply_cannot_command_the_terminal(self):
        with server_of(b"454 x\x1b[31my\r\n") as target:
            done = self.run_load(target, "--duration", "5")
        self.assertEqual(done.returncode, 1)
        path = self.only_result()
        self.assertIn("454 x\x1b[31my", json.loads(path.read_text())["jobs"][0]["errors"][0]["sample"])
        for text in (done.stdout, done.stderr, self.smtpmark("show", str(path)).stdout):
            self.assertIn(rb"454 x\x1b[31my", text)
            self.assertNotIn(b"\x1b", text)

    def test_a_folder_stands_for_its_result(self):
        self.run_load(self.start_sink(), "--messages", "5")
        folder = self.only_result().parent
        done = self.smtpmark("show", str(folder))
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertIn(b"whole message", done.stdout)
        (folder / "result.json").unlink()
        for command in ("show", "report"):
            done = self.smtpmark(command, str(folder))
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"is a folder without a result.json", done.stderr)

    def test_what_measured_nothing_says_so(self):
        # Shorter than a TLS session; and a message that ends while the run warms up.
        for arguments in (["--duration", "1ms", "--warmup", "0"],
                          ["--target", self.start_sink(), "--role", "relay", "--connections", "1",
                           "--messages", "1", "--warmup", "5", "--duration", "5"]):
            with self.subTest(arguments=arguments):
                done = self.smtpmark("run", "--results-dir", "results", *arguments)
                self.assertEqual(done.returncode, 1)
                self.assertIn(b"no message was accepted in the measured part", done.stderr)
                self.assertIn(b"nothing-measured", done.stdout)
                self.assertNotIn(b"0.00 (0.00-0.00)", done.stdout)

    def test_counts_of_any_size_begin(self):
        target = self.start_sink()
        most = str(2**64 - 1)
        for options in (["--messages", most], ["--sessions", most],
                        ["--messages", most, "--rate", "100"]):
            with self.subTest(options=options):
                done = self.run_load(target, "--duration", "200ms", "--warmup", "0", *options)
                self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    SMTPMARK = str(pathlib.Path(sys.argv.pop(1)).absolute())
    unittest.main()
