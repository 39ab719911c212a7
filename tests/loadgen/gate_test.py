#!/usr/bin/env python3
"""`smtpmark ab` and docs/ci/gate.sh, with real servers and real runs.

  gate_test.py SMTPMARK [unittest arguments]
"""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree

SMTPMARK = ""
ROOT = pathlib.Path(__file__).resolve().parents[2]
LIMIT = 120  # seconds


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def processes_with(word):
    """Processes with `word` in their command line."""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if word in line and "smtpmark ab" not in line:
            found.append(line)
    return found


class Gate(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="smtpmark-gate-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.port = free_port()

    def sink(self, *more):
        return f"{SMTPMARK} sink --relay 127.0.0.1:{self.port} " + " ".join(more)

    def command(self, *options, run=()):
        target = ("--target", f"127.0.0.1:{self.port}", "--role", "relay", "--tls", "none",
                  "--connections", "3", "--messages-per-connection", "20", "--duration", "100ms")
        return [SMTPMARK, "ab", "--results-dir", str(self.folder), *options, "--", *target, *run]

    def ab(self, *options, run=()):
        return subprocess.run(self.command(*options, run=run), capture_output=True, text=True,
                              timeout=LIMIT)

    def runs(self, side):
        return sorted(self.folder.glob(f"*-ab/{side}/*/result.json"))

    def expect_sentence(self, done, *parts):
        self.assertEqual(done.returncode, 3, done.stderr)
        sentences = [line for line in done.stderr.splitlines() if not line.startswith("running: ")]
        self.assertEqual(len(sentences), 1, done.stderr)
        for part in parts:
            self.assertIn(part, sentences[0])

    def test_a_server_that_got_slower_is_found(self):
        done = self.ab("--base", self.sink(), "--new", self.sink("--burn-ns", "500000"),
                       "--repeats", "5", "--threshold", "messages-per-s=20", "--any-verdict",
                       "--junit", str(self.folder / "ab.xml"))
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"(messages-per-s|server-cpu) .*WORSE")
        self.assertEqual(len(self.runs("base")), 5)
        self.assertEqual(len(self.runs("new")), 5)
        order = [line.rsplit(" ", 1)[1] for line in done.stderr.splitlines() if "repeat" in line]
        self.assertEqual(order, ["base", "new", "new", "base"] * 2 + ["base", "new"])
        root = xml.etree.ElementTree.parse(self.folder / "ab.xml").getroot()
        self.assertGreaterEqual(len(root.findall("testcase/failure")), 1)
        self.assertEqual(processes_with(f"127.0.0.1:{self.port}"), [])

    def start_sink(self):
        server = subprocess.Popen(self.sink().split(), stdout=subprocess.PIPE, text=True)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        self.assertIn("listening", server.stdout.readline())

    def test_loops_that_differ_are_objected_to_unless_they_are_what_is_compared(self):
        self.start_sink()
        done = self.ab("--base-options", "--io io_uring", "--new-options", "--io epoll",
                       "--repeats", "1", "--warmup", "0")
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        self.assertNotIn("different loops", done.stdout)
        sides = [str(next(self.folder.glob(f"*-ab/{side}"))) for side in ("base", "new")]
        for more, objected in ((), True), (("--any-io",), False):
            again = subprocess.run([SMTPMARK, "compare", *more, *sides], capture_output=True,
                                   text=True, timeout=LIMIT)
            self.assertEqual(again.returncode, 2, again.stdout + again.stderr)
            self.assertEqual("different loops (base: io_uring; new: epoll)" in again.stdout,
                             objected, again.stdout)

    def test_two_configurations_of_one_server(self):
        self.start_sink()
        done = self.ab("--base-options", "--size 1K", "--new-options", "--size '2K'", "--repeats",
                       "1", "--warmup", "0")
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        sizes = [json.loads(self.runs(side)[0].read_text())["jobs"][0]["config"]["size"]
                 for side in ("base", "new")]
        self.assertEqual(sizes, [1024, 2048])

    def test_an_interrupt_keeps_what_was_measured_and_ends_the_servers(self):
        load = subprocess.Popen(
            self.command("--base", self.sink(), "--new", self.sink(), "--repeats", "50"),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + LIMIT
        while len(self.runs("new")) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        load.send_signal(signal.SIGINT)
        out, err = load.communicate(timeout=LIMIT)
        self.assertEqual(load.returncode, 2, err)
        self.assertIn("interrupted: ", err)
        self.assertIn("messages-per-s", out)
        for side in ("base", "new"):
            for file in self.runs(side):
                self.assertEqual(json.loads(file.read_text())["jobs"][0]["ended"], "completed")
        self.assertEqual(processes_with(f"127.0.0.1:{self.port}"), [])

    def test_a_kill_leaves_no_server(self):
        load = subprocess.Popen(
            self.command("--base", self.sink(), "--new", self.sink(), run=("--duration", "60")),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + LIMIT
        while len(processes_with(f"127.0.0.1:{self.port}")) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        load.kill()
        load.wait()
        deadline = time.monotonic() + 10
        while processes_with(f"127.0.0.1:{self.port}") and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertEqual(processes_with(f"127.0.0.1:{self.port}"), [])

    def test_what_cannot_be_meant_is_one_sentence(self):
        both = ("--base", self.sink(), "--new", self.sink())
        bad = self.folder / "bad.toml"
        bad.write_text("luck = 5\n")
        for options, run, part in (
                (("--base", self.sink()), (), "--new"),
                (both, ("--sizzle", "1K"), "--sizzle"),
                (both, ("--target", "192.0.2.1:25"), "--allow-remote"),
                (both + ("--thresholds", str(bad)), (), "bad.toml:1:1"),
                (both + ("--threshold", "luck=5"), (), '"luck"'),
                (("--base", "sh -c 'exit 4'", "--new", self.sink()), (), "ended with status 4 before"),
                (both + ("--repeats", "0"), (), "--repeats")):
            with self.subTest(options=options, run=run):
                self.expect_sentence(self.ab(*options, run=run), part)
        done = subprocess.run([SMTPMARK, "ab", *both, "--results-dir", str(self.folder)],
                              capture_output=True, text=True, timeout=LIMIT)
        self.expect_sentence(done, "the server of base needs a target")

    def test_a_port_in_use_is_not_taken_for_the_server(self):
        with socket.create_server(("127.0.0.1", self.port)):
            done = self.ab("--base", self.sink(), "--new", self.sink())
        self.expect_sentence(done, "answers before the server of base is started")

    def test_the_gate_of_ci_compares_two_builds(self):
        out = self.folder / "gate"
        environment = dict(os.environ, REPEATS="1", OUT=str(out),
                           RUN_OPTIONS="--duration 30ms --warmup 10ms --connections 4")
        script = str(ROOT / "docs/ci/gate.sh")
        done = subprocess.run([script, SMTPMARK, SMTPMARK], capture_output=True, text=True,
                              timeout=LIMIT, env=environment)
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)  # one repeat tells nothing
        self.assertIn("cannot tell", done.stdout)
        self.assertIn("| base | new |", (out / "gate.md").read_text())
        self.assertEqual(xml.etree.ElementTree.parse(out / "gate.xml").getroot().get("failures"),
                         "0")
        self.assertIn("25 plain, long sessions", (out / "report.html").read_text())
        again = subprocess.run([script, SMTPMARK, SMTPMARK], capture_output=True, text=True,
                               timeout=LIMIT, env=environment)
        self.assertEqual(again.returncode, 3)
        self.assertIn("is there already", again.stderr)
        for arguments in ([SMTPMARK], [SMTPMARK, "/nonexistent"]):
            self.assertEqual(subprocess.run([script, *arguments], capture_output=True,
                                            env=environment).returncode, 3)


if __name__ == "__main__":
    SMTPMARK = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
