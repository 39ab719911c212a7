#!/usr/bin/env python3
"""What goes wrong gets one sentence on stderr and a non-zero exit status, and what was measured is
kept.

  bad_input_test.py SMTPMARK [unittest arguments]
"""

import contextlib
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
import threading
import time
import unittest
import xml.etree.ElementTree

SMTPMARK = ""
LIMIT = 60  # seconds that a command may take, however slow the machine


class Outcome:
    def __init__(self, done):
        self.status = done.returncode
        self.out = done.stdout
        self.err = done.stderr

    @property
    def sentences(self):
        return [line for line in self.err.splitlines() if not line.startswith("running: ")]


@contextlib.contextmanager
def hostile_server(*answers, backlog=16):
    """A server that says the first answer at once and then one more for each line it gets; after
    the last one it closes. None as an answer: silence."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=backlog)

    def serve(connection):
        with connection, contextlib.suppress(OSError):
            reader = connection.makefile("rb")
            for number, answer in enumerate(answers):
                if number > 0 and not reader.readline():
                    return
                if answer is None:
                    time.sleep(LIMIT)
                connection.sendall(answer)

    def accept():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        # A thread in accept() keeps the socket alive: wake it up.
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def let_it_run(process):
    """For a second behind its handling SIGINT by itself: one that comes earlier ends it."""
    while process.poll() is None:
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
        if int(re.search(r"SigCgt:\s*(\w+)", status)[1], 16) & 1 << (signal.SIGINT - 1):
            return time.sleep(1)


class BadInput(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="smtpmark-test-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.results = os.path.join(self.folder, "results")

    def smtpmark(self, *arguments, prefix=()):
        return Outcome(subprocess.run([*prefix, SMTPMARK, *arguments], capture_output=True,
                                      text=True, timeout=LIMIT, cwd=self.folder))

    def run_load(self, target, *arguments, prefix=()):
        return self.smtpmark("run", "--target", target, "--role", "relay", "--results-dir",
                             self.results, "--connections", "3", "--duration", "30",
                             *arguments, prefix=prefix)

    def start_sink(self, *arguments):
        """A sink of its own process; returns it and its addresses by role."""
        sink = subprocess.Popen(
            [SMTPMARK, "sink", "--relay", "127.0.0.1:0", "--submission", "127.0.0.1:0",
             "--submissions", "127.0.0.1:0", *arguments],
            stdout=subprocess.PIPE, text=True, cwd=self.folder)
        self.addCleanup(sink.stdout.close)
        self.addCleanup(sink.wait)
        self.addCleanup(sink.kill)
        addresses = {}
        for _ in range(3):
            line = sink.stdout.readline()
            address, role = re.fullmatch(r"listening on (\S+) \((\w+)\)\n", line).groups()
            addresses[role] = address
        return sink, addresses

    def expect_sentence(self, outcome, *parts, status=1):
        self.assertEqual(outcome.status, status, outcome.err)
        self.assertEqual(len(outcome.sentences), 1, outcome.err)
        self.assertTrue(outcome.sentences[0].startswith("smtpmark: "), outcome.err)
        for part in parts:
            self.assertIn(part, outcome.sentences[0])

    def only_result(self):
        found = list(pathlib.Path(self.results).glob("*/result.json"))
        self.assertEqual(len(found), 1)
        return json.loads(found[0].read_text())

    # The target

    def test_closed_port(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        self.expect_sentence(self.run_load(f"127.0.0.1:{port}"), "no session could be established",
                             "connection refused")
        self.assertEqual(self.only_result()["jobs"][0]["ended"], "aborted")

    def test_filtered_port(self):
        # A full backlog drops each SYN, as a filter does.
        with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
            address = listener.getsockname()
            fillers = []
            for _ in range(4):
                filler = socket.socket()
                filler.setblocking(False)
                filler.connect_ex(address)
                fillers.append(filler)
            time.sleep(0.2)
            outcome = self.run_load(f"127.0.0.1:{address[1]}", "--timeout", "1s")
            for filler in fillers:
                filler.close()
        self.expect_sentence(outcome, "no session could be established", "timed out")

    def test_a_port_that_never_answers_within_the_run(self):
        with hostile_server(None) as target:
            outcome = self.run_load(target, "--duration", "500ms")
        self.expect_sentence(outcome, "no session could be established",
                             "no answer came until the end of the run")

    def test_garbage(self):
        with hostile_server(b"SSH-2.0-OpenSSH_9.2\r\n", None) as target:
            self.expect_sentence(self.run_load(target), "no session", "malformed")

    def test_endless_garbage(self):
        with hostile_server(b"2" * 1000000, None) as target:
            self.expect_sentence(self.run_load(target), "no session", "malformed")

    def test_421_at_the_greeting(self):
        with hostile_server(b"421 4.7.0 Too many connections\r\n") as target:
            self.expect_sentence(self.run_load(target), "no session",
                                 "421 4.7.0 Too many connections")

    def test_a_server_that_closes_at_once(self):
        with hostile_server(b"") as target:
            self.expect_sentence(self.run_load(target), "no session", "closed the connection")

    def test_starttls_not_offered_when_required(self):
        with hostile_server(b"220 hi\r\n", b"250 hi\r\n", None) as target:
            self.expect_sentence(self.run_load(target, "--tls", "required"), "no session",
                                 "does not offer STARTTLS")

    def test_starttls_refused_when_required(self):
        with hostile_server(b"220 hi\r\n", b"250-hi\r\n250 STARTTLS\r\n",
                            b"454 4.7.0 TLS not available\r\n", None) as target:
            self.expect_sentence(self.run_load(target, "--tls", "required"), "no session",
                                 "454 4.7.0 TLS not available")

    def test_plaintext_where_tls_was_promised(self):
        with hostile_server(b"220 hi\r\n", b"250-hi\r\n250 STARTTLS\r\n",
                            b"220 go\r\n", b"I changed my mind\r\n", None) as target:
            self.expect_sentence(self.run_load(target), "no session", "tls_handshake")

    def test_implicit_tls_on_a_plain_port(self):
        _, addresses = self.start_sink()
        self.expect_sentence(self.run_load(addresses["relay"], "--tls", "implicit", "--timeout",
                                           "1s"), "no session", "tls_handshake")

    def test_certificate_not_trusted(self):
        _, addresses = self.start_sink()
        self.expect_sentence(self.run_load(addresses["relay"], "--tls", "required", "--verify"),
                             "no session", "certificate not accepted", "self-signed")

    def test_wrong_password(self):
        _, addresses = self.start_sink()
        self.expect_sentence(
            self.smtpmark("run", "--target", addresses["submission"], "--role", "submission",
                          "--user", "user@example.com", "--password", "guess", "--connections", "2",
                          "--results-dir", self.results), "no session", "535 5.7.8")

    # The command line

    def test_unknown_flag(self):
        for words in (["run", "--wibble"], ["--wibble"], ["wibble"]):
            self.expect_sentence(self.smtpmark(*words), words[-1], status=2)

    def test_workloads_that_cannot_be_meant(self):
        def file(name, text):
            path = os.path.join(self.folder, name)
            pathlib.Path(path).write_text(text)
            return path

        os.mkdir(os.path.join(self.folder, "empty"))
        for arguments, part in (
                (["--size", "uniform:9K-1K"], "ends before it begins"),
                (["--size", "lognormal:4K"], "MEDIAN,SIGMA"),
                (["--size", "cdf:" + file("sizes", "1K 0\n2K 90%\n")], "become 1"),
                (["--size", "cdf:" + file("words", "1K 0\nmuch 1\n")], "words:2: "),
                (["--size", "cdf:/nonexistent"], "cannot read /nonexistent"),
                (["--size", "900M", "--body", "mime"], "has room in --pool 64M"),
                (["--size", "1", "--body", "mime"], "--size 1 is not possible"),
                (["--size", "50", "--body", "mime"], "no room for the header"),
                (["--pool", "all"], "--pool"),
                (["--workload", "offcie"], "--workload"),
                (["--dot-lines", "120%"], "--dot-lines"),
                (["--line-length", "2000"], "--line-length"),
                (["--corpus", "/nonexistent"], "cannot read /nonexistent"),
                (["--corpus", "empty"], "there is no message in empty"),
                (["--corpus", file("note", "Hello\n")], "neither a folder nor an mbox"),
                (["--corpus", "empty", "--size", "5K"], "leave out --size"),
                (["--to", "user{1-9}@example.com"], "{A..B}"),
                (["--to", "user{1..9}"], "is not an address"),
                (["--recipients-file", file("people", "a@example.com\n<b>\n")], "people:2: "),
                (["--recipients-file", file("real", "a@example.com\nb@gmail.com\n")], "real:2: "),
                (["--senders-file", "empty"], "cannot read empty"),
                (["--to-domains", "a.example=80,gmail.com=20"], "--i-am-authorized"),
                (["--to-domains", "a.example=0"], "DOMAIN=WEIGHT"),
                (["--recipients", "zipf:5"], "zipf:MAX,S"),
                (["--bad-recipients", "many"], "--bad-recipients"),
                (["--bad-recipients", "5%", "--bad-to", "a@gmail.com"], "--i-am-authorized")):
            with self.subTest(arguments=arguments):
                outcome = self.run_load("127.0.0.1:2525", *arguments)
                self.expect_sentence(outcome, part, status=2)
        self.expect_sentence(self.smtpmark("sink", "--relay", "127.0.0.1:0", "--reject-recipient",
                                           "nobody"), "--reject-recipient nobody", status=2)

    def test_values_that_are_none(self):
        for arguments in (["--connections", "many"], ["--connections", "0"], ["--tls", "maybe"],
                          ["--duration", "-1"], ["--duration", "5 parsecs"], ["--size", "1"],
                          ["--rate", "0"], ["--from", "nobody"], ["--role", "butler"],
                          ["--messages", "0"]):
            with self.subTest(arguments=arguments):
                outcome = self.run_load("127.0.0.1:25", *arguments)
                self.assertEqual(outcome.status, 2, outcome.err)
                self.assertEqual(len(outcome.sentences), 1, outcome.err)

    def test_no_command(self):
        self.assertEqual(self.smtpmark().status, 2)

    def test_main_job_with_options_of_a_target(self):
        self.expect_sentence(self.smtpmark("run", "--tls", "none"), "--tls needs --target",
                             status=2)

    def test_pairs_that_belong_together(self):
        for arguments in (["--user", "me"], ["--password", "x"], ["--tls", "none", "--verify"],
                          ["--target", "unix:z.sock", "--role", "lmtp", "--verify", "--ca-file",
                           "ca.pem"],
                          ["--target", "unix:z.sock", "--role", "lmtp", "--tls-version", "1.2"],
                          ["--target", "unix:z.sock", "--role", "lmtp", "--handshake-only"],
                          ["--proxy-client", "192.0.2.1"],
                          ["--user", "me", "--password", "x", "--auth", "xoauth2"],
                          ["--user", "me", "--token", "x", "--auth", "plain"],
                          ["--user", "me", "--password", "x", "--tls", "none", "--auth",
                           "scram-sha-256-plus"],
                          ["--token", "x"], ["--wrong-password-share", "5%"],
                          ["--wrong-password-share", "105%"], ["--wrong-password-share", "nan"],
                          ["--users", "/does/not/exist"], ["--users", "/tmp"]):
            with self.subTest(arguments=arguments):
                self.assertEqual(self.run_load("127.0.0.1:25", *arguments).status, 2)

    def test_main_job_with_values_that_are_none(self):
        for arguments in (["--size", "1"], ["--from", "nobody"], ["--helo", ""],
                          ["--connections", "1", "--threads", "4"], ["--duration", "1e12"],
                          ["--verify"]):
            with self.subTest(arguments=arguments):
                outcome = self.smtpmark("run", *arguments)
                self.assertEqual(outcome.status, 2, outcome.err)
                self.assertEqual(len(outcome.sentences), 1, outcome.err)

    def test_remote_targets_need_a_word(self):
        self.expect_sentence(self.run_load("10.1.2.3:25"), "--allow-remote", status=2)
        self.expect_sentence(self.run_load("192.0.2.1:25", "--allow-remote"), "--i-am-authorized",
                             status=2)
        self.expect_sentence(self.run_load("127.0.0.1:25", "--to", "someone@gmail.com"),
                             "--i-am-authorized", status=2)

    # The machine

    def test_unwritable_result_folder(self):
        pathlib.Path(self.folder, "file").write_text("")
        _, addresses = self.start_sink()
        self.results = os.path.join(self.folder, "file", "results")
        self.expect_sentence(self.run_load(addresses["relay"], "--messages", "5"),
                             "cannot make the result folder")

    def test_full_disk_keeps_the_table(self):
        _, addresses = self.start_sink()
        outcome = self.run_load(addresses["relay"], "--messages", "5", "--json", "/dev/full")
        self.assertEqual(outcome.status, 1)
        self.assertIn("cannot write /dev/full", outcome.err)
        self.assertIn("messages/s", outcome.out)

    def test_too_few_descriptors(self):
        outcome = self.run_load("127.0.0.1:25", "--connections", "5000",
                                prefix=("sh", "-c", 'ulimit -n 256 && exec "$@"', "sh"))
        self.expect_sentence(outcome, "file descriptors are needed", "ulimit -n")

    def test_port_in_use(self):
        # By a sink too: two that shared a port would share its connections.
        _, addresses = self.start_sink("--threads", "2")
        self.expect_sentence(self.smtpmark("sink", "--relay", addresses["relay"], "--threads", "2"),
                             "cannot listen", "in use")

    def test_certificate_files(self):
        self.expect_sentence(self.smtpmark("sink", "--relay", "127.0.0.1:0", "--cert",
                                           "/nonexistent", "--key", "/nonexistent"),
                             "cannot read the certificate /nonexistent")
        self.expect_sentence(self.smtpmark("sink", "--relay", "127.0.0.1:0", "--cert", "x"),
                             "--key", status=2)

    # Results

    def test_show_of_what_is_no_result(self):
        for text in ("", "{", "[]", '{"schema": "smtpmark.result", "schema_version": 99}',
                     '{"schema": "smtpmark.result", "schema_version": 1}',
                     '{"schema": "smtpmark.result", "schema_version": 2}'):
            with self.subTest(text=text):
                path = pathlib.Path(self.folder, "bad.json")
                path.write_text(text)
                self.expect_sentence(self.smtpmark("show", str(path)), str(path))
        self.expect_sentence(self.smtpmark("show", "/nonexistent.json"), "/nonexistent.json")

    def test_show_prints_the_table_again(self):
        _, addresses = self.start_sink()
        path = os.path.join(self.folder, "copy.json")
        first = self.run_load(addresses["relay"], "--messages", "50", "--json", path)
        self.assertEqual(first.status, 0, first.err)
        again = self.smtpmark("show", path)
        self.assertEqual(again.status, 0, again.err)
        self.assertEqual(again.out.strip(), first.out.split("\nresult:")[0].strip())

    def repeats(self, name, count, factor=1.0):
        """A folder of results: one real run, its rate a little different each time."""
        _, addresses = self.start_sink()
        path = os.path.join(self.folder, "one.json")
        self.assertEqual(self.run_load(addresses["relay"], "--messages", "50", "--json",
                                       path).status, 0)
        result = json.loads(pathlib.Path(path).read_text())
        folder = pathlib.Path(self.folder, name)
        result["jobs"][0]["name"] = "relay"
        for number in range(count):
            result["jobs"][0]["rates"] = {"messages_per_s": factor * (1000 + number)}
            result["jobs"][0]["cpu"] = {}
            result["jobs"][0]["verdict"] = {"name": "clean", "findings": []}
            result["jobs"][0]["phases"] = {}
            (folder / str(number)).mkdir(parents=True)
            (folder / str(number) / "result.json").write_text(json.dumps(result))
        return str(folder)

    def test_compare_finds_what_got_worse(self):
        base, slower = self.repeats("base", 6), self.repeats("slower", 6, 0.9)
        reports = [os.path.join(self.folder, name) for name in ("report.md", "report.xml")]
        outcome = self.smtpmark("compare", base, slower, "--markdown", reports[0], "--junit",
                                reports[1])
        self.assertEqual(outcome.status, 1, outcome.err)
        self.assertIn("Worse: 1 of 1 figures.", outcome.out)
        self.assertIn("**WORSE**", pathlib.Path(reports[0]).read_text())
        tests = xml.etree.ElementTree.parse(reports[1]).getroot()
        self.assertEqual(len(tests.findall("testcase/failure")), 1)
        self.assertEqual(self.smtpmark("compare", base, base).status, 0)
        self.assertEqual(self.smtpmark("compare", "--base", base, "--new", slower, "--threshold",
                                       "messages-per-s=20").status, 0)

    def test_compare_of_single_runs_cannot_tell(self):
        base = self.repeats("base", 1)
        outcome = self.smtpmark("compare", base, base)
        self.assertEqual(outcome.status, 2, outcome.err)
        self.assertIn("cannot tell", outcome.out)

    def test_compare_of_what_cannot_be_compared(self):
        base = self.repeats("base", 2)
        empty = os.path.join(self.folder, "empty")
        os.mkdir(empty)
        bad = pathlib.Path(self.folder, "bad.json")
        bad.write_text('{"schema": "smtpmark.result", "schema_version": 2}')
        cut = pathlib.Path(self.folder, "cut.json")
        cut.write_text('{"schema": "smtpmark.res')
        for arguments, part in (([base, "/nonexistent.json"], "/nonexistent.json"),
                                ([base, empty], "there is no result in"),
                                ([base, str(bad)], f"{bad} is not a result of smtpmark, or"),
                                ([base, str(cut)], "not complete JSON"),
                                ([base, base, "--threshold", "messages-per-s"], "METRIC=PERCENT"),
                                ([base, base, "--threshold", "luck=5"], '"luck"'),
                                ([base], "BASE and NEW, not 1"),
                                ([base, base, base], "not 3"), ([], "BASE and NEW"),
                                (["--base", base], "--new"),
                                ([base, base, "--junit", "/dev/full"], "cannot write /dev/full")):
            with self.subTest(arguments=arguments):
                self.expect_sentence(self.smtpmark("compare", *arguments), part, status=3)

    def test_runs_in_the_same_second_keep_their_folders(self):
        _, addresses = self.start_sink()
        for _ in range(3):
            self.run_load(addresses["relay"], "--messages", "1", "--name", "same")
        self.assertEqual(len(list(pathlib.Path(self.results).glob("*/result.json"))), 3)

    # The main job

    def test_main_job_runs_every_part_and_loses_nothing(self):
        done = self.smtpmark("run", "--duration", "300ms", "--warmup", "100ms", "--connections",
                             "10", "--results-dir", self.results)
        self.assertEqual(done.status, 0, done.err)
        result = self.only_result()
        self.assertEqual(len(result["jobs"]), 8)
        self.assertEqual(len(result["comparison"]), 3)
        for job in result["jobs"]:
            self.assertEqual(job["errors"], [], job["name"])
            self.assertGreater(job["totals"]["messages_accepted"], 0, job["name"])
            self.assertEqual(job["totals"]["messages_accepted"], job["sink"]["messages_received"])
            wanted = {"connect", "greeting", "ehlo", "mail", "rcpt", "data", "end_of_data",
                      "message", "quit", "session"}
            if job["config"]["tls"] != "none":
                wanted.add("tls_handshake")
            if job["config"]["auth"] != "none":
                wanted.add("auth")
            self.assertLessEqual(wanted, set(job["phases"]), job["name"])
        for note in result["notes"]:
            self.assertIn(note, done.out)

    # Signals

    def test_interrupt_keeps_the_result(self):
        sink, addresses = self.start_sink("--json", os.path.join(self.folder, "sink.json"))
        load = subprocess.Popen(
            [SMTPMARK, "run", "--target", addresses["relay"], "--role", "relay", "--results-dir",
             self.results, "--messages-per-connection", "5", "--duration", "60"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        let_it_run(load)
        load.send_signal(signal.SIGINT)
        out, err = load.communicate(timeout=LIMIT)
        self.assertEqual(load.returncode, 0, err)
        self.assertIn("interrupted", err)
        self.assertIn("messages/s", out)
        job = self.only_result()["jobs"][0]
        self.assertEqual(job["ended"], "interrupted")
        self.assertGreater(job["totals"]["messages_accepted"], 0)
        sink.send_signal(signal.SIGTERM)
        self.assertEqual(sink.wait(LIMIT), 0)
        counters = json.loads(pathlib.Path(self.folder, "sink.json").read_text())
        self.assertEqual(counters["messages_received"], job["totals"]["messages_accepted"])

    def test_interrupt_while_a_server_is_silent(self):
        with hostile_server(b"220 hi\r\n", b"250 hi\r\n", None) as target:
            load = subprocess.Popen(
                [SMTPMARK, "run", "--target", target, "--role", "relay", "--results-dir",
                 self.results, "--duration", "60"],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            let_it_run(load)
            load.send_signal(signal.SIGINT)
            _, err = load.communicate(timeout=LIMIT)
        self.assertIn("interrupted", err)
        self.assertEqual(self.only_result()["jobs"][0]["ended"], "interrupted")

    def test_a_sink_that_dies_in_the_middle(self):
        sink, addresses = self.start_sink()
        load = subprocess.Popen(
            [SMTPMARK, "run", "--target", addresses["relay"], "--role", "relay", "--results-dir",
             self.results, "--tls", "none", "--connections", "10", "--messages-per-connection",
             "100000", "--duration", "4"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(2)
        sink.kill()
        self.assertEqual((load.communicate(timeout=LIMIT), load.returncode)[1], 1)
        job = self.only_result()["jobs"][0]
        self.assertGreater(job["totals"]["messages_accepted"], 0)
        self.assertIn("refused", {row["kind"] for row in job["errors"]})


if __name__ == "__main__":
    SMTPMARK = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
