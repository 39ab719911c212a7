#!/usr/bin/env python3
"""The commands of pages in docs/ do what the pages say.

  docs_test.py SMTPMARK SOURCE_ROOT [unittest arguments]
"""

import contextlib
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

SMTPMARK = ""
ROOT = ""
LIMIT = 60  # seconds that a command may take, however slow the machine


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Page:
    """The commands and files of a page. Its ports are replaced by free ones."""

    def __init__(self, name):
        text = pathlib.Path(ROOT, "docs", name).read_text()
        for address in set(re.findall(r"(?:127\.0\.0\.1|\[::1\]):\d+", text)):
            host = address.rpartition(":")[0]
            text = text.replace(address, f"{host}:{free_port()}")
        self.files = dict(re.findall(r"^`([\w.-]+)`:\n```\w+\n(.*?)^```", text, re.M | re.S))
        blocks = "".join(re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S)).replace("\\\n", " ")
        lines = [shlex.split(line, comments=True) for line in blocks.splitlines()]
        commands = [line for line in lines if line and line[0] == "smtpmark"]
        self.servers = [line[1:-1] for line in commands if line[-1] == "&"]
        self.processes = []  # of the servers
        self.runs = [line[1:] for line in commands if line[1] == "run"]


class Tap:
    """Stands before a server and passes on what goes by; keeps whom each connection came from and
    the first that it said."""

    def __init__(self, target):
        self.target = target
        self.seen = []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, address = self.listener.accept()
                entry = [address[0], b""]
                self.seen.append(entry)
                threading.Thread(target=self.join, args=(client, entry), daemon=True).start()

    def join(self, client, entry):
        with client, socket.create_connection(self.target) as server:
            back = threading.Thread(target=self.pump, args=(server, client, None), daemon=True)
            back.start()
            self.pump(client, server, entry)
            back.join()

    @staticmethod
    def pump(source, sink, entry):
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                if entry and len(entry[1]) < 1024:
                    entry[1] += piece
                sink.sendall(piece)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Commands(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="smtpmark-test-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def open_page(self, name, counters=False):
        """Writes its files and starts its servers, with files for their counters."""
        page = Page(name)
        for file, text in page.files.items():
            pathlib.Path(self.folder, file).write_text(text)
        for number, arguments in enumerate(page.servers):
            if counters:
                arguments = [*arguments, "--json", f"sink{number}.json"]
            server = subprocess.Popen([SMTPMARK, *arguments], stdout=subprocess.PIPE, text=True,
                                      cwd=self.folder)
            self.addCleanup(server.stdout.close)
            self.addCleanup(server.wait)
            self.addCleanup(server.kill)
            page.processes.append(server)
            self.assertTrue(server.stdout.readline().startswith("listening on "), arguments)
        return page

    def job_of(self, arguments):
        path = os.path.join(self.folder, "copy.json")
        done = subprocess.run([SMTPMARK, *arguments, "--quiet", "--json", path, "--connections", "4"],
                              capture_output=True, text=True, timeout=LIMIT, cwd=self.folder)
        self.assertEqual(done.returncode, 0, (arguments, done.stderr))
        return json.loads(pathlib.Path(path).read_text())["jobs"][0]

    def test_auth(self):
        page = self.open_page("auth.md")
        seen = set()
        for run in page.runs:
            job = self.job_of(run)
            totals = job["totals"]
            self.assertEqual(totals["errors"], 0, run)
            asked = run[run.index("--auth") + 1] if "--auth" in run else "auto"
            wanted = "scram-sha-256-plus" if asked == "auto" else asked
            self.assertEqual(list(job["auth_by_mechanism"]), [wanted.upper()], run)
            self.assertEqual(sum(job["auth_by_mechanism"].values()), totals["auth_accepted"])
            self.assertEqual(totals["auth_accepted"] + totals["auth_rejected_as_wanted"],
                             totals["sessions_completed"])
            rejected = "--wrong-password-share" in run
            self.assertEqual(totals["auth_rejected_as_wanted"] > 10, rejected, run)
            self.assertEqual("auth_rejected" in job["phases"], rejected, run)
            seen.add(asked)
            table = subprocess.run([SMTPMARK, "show", "copy.json"], capture_output=True, text=True,
                                   timeout=LIMIT, cwd=self.folder).stdout
            self.assertIn(f": let in by AUTH {wanted.upper()} {totals['auth_accepted']}\n", table)
            self.assertEqual(f": {totals['auth_rejected_as_wanted']} sessions with a wrong password "
                             "were rejected, as was wanted\n" in table, rejected)
        self.assertEqual(len(seen), 10)

    def test_workload(self):
        page = self.open_page("workload.md")
        messages = pathlib.Path(self.folder, "messages")
        messages.mkdir()
        (messages / "1.eml").write_bytes(b"Subject: one\nMessage-ID: <1@example.com>\n\n.\nbody\n")
        (messages / "2.eml").write_bytes("Subject: two\r\n\r\ngr\u00fc\u00dfe".encode())
        for part in ("cur", "new", "tmp"):
            pathlib.Path(self.folder, "maildir", part).mkdir(parents=True)
        pathlib.Path(self.folder, "maildir", "cur", "1.host:2,S").write_bytes(b"Subject: a\n\n1\n")
        pathlib.Path(self.folder, "maildir", "new", "2.host").write_bytes(b"Subject: b\n\n2\n")
        pathlib.Path(self.folder, "archive.mbox").write_bytes(
            b"From a@example.com Mon Nov 23 10:00:00 2026\nSubject: c\n\n>From here on\n\n"
            b"From b@example.com Mon Nov 23 10:00:00 2026\nSubject: d\n\n.\n")
        stamped = 0
        for run in page.runs:
            # The pools of the page are those of a user with some time.
            job = self.job_of(run if "--pool" in run else [*run, "--pool", "4M"])
            totals, config = job["totals"], job["config"]
            self.assertEqual(totals["errors"], 0, run)
            asked = int(run[run.index("--messages") + 1])
            accepted = totals["messages_accepted"]
            self.assertEqual(accepted + totals["messages_for_nobody"], asked, run)
            self.assertEqual("--bad-recipients" in run, totals["recipients_bad"] > 0, run)
            self.assertEqual(totals["recipients_bad_refused"], totals["recipients_bad"], run)
            for option in ("workload", "body", "corpus", "bad-recipients", "to-domains"):
                if f"--{option}" in run:
                    given = run[run.index(f"--{option}") + 1]
                    self.assertEqual(config[option.replace("-", "_")], given, run)
            if "--corpus" in run:
                self.assertEqual((config["pool_messages"], config["corpus_left_out"]), (2, 0), run)
            if "--bad-to" in run:
                self.assertEqual(config["bad_to"], run[run.index("--bad-to") + 1])
            self.assertTrue(config["stamped"], run)
            stamped += accepted
        self.assertGreater(len(page.runs), 20)
        page.processes[0].send_signal(signal.SIGINT)
        said = page.processes[0].stdout.read()
        self.assertEqual(page.processes[0].wait(), 0, said)
        self.assertIn(f"{stamped} messages held against their stamp, 0 not as they were sent, 0 "
                      "without one", said)

    def counters_of(self, page):
        """Ends the servers of a page; returns the counters of each."""
        for process in page.processes:
            process.send_signal(signal.SIGINT)
        for process in page.processes:
            self.assertEqual(process.wait(LIMIT), 0)
        return [json.loads(pathlib.Path(self.folder, f"sink{number}.json").read_text())
                for number in range(len(page.processes))]

    def tapped(self, run):
        """The job of a run, and what went by on its way."""
        at = run.index("--target") + 1
        host, port = run[at].rsplit(":", 1)
        tap = Tap((host, int(port)))
        self.addCleanup(tap.close)
        return self.job_of([*run[:at], tap.address, *run[at + 1:]]), tap.seen

    def check_on_the_way(self, run, seen):
        """What only the server's side of a connection can tell."""
        hosts = {host for host, _ in seen}
        first = [said for _, said in seen]
        self.assertEqual(len(seen), 300, run)
        if "--source" in run:
            self.assertEqual(hosts, {f"127.0.0.{n}" for n in range(10, 20)} | {"127.0.1.1"})
        if "--helo" in run:
            self.assertEqual({said.split(b"\r\n")[0] for said in first},
                             {b"EHLO client%03d.example.com" % n for n in range(1, 201)})
        if "v1" in run:
            self.assertTrue(all(said.startswith(b"PROXY TCP4 127.0.0.1 ") for said in first))
        if "v2" in run:
            self.assertTrue(all(said.startswith(b"\r\n\r\n\0\r\nQUIT\n") for said in first))
            self.assertEqual({socket.inet_ntoa(said[16:20]) for said in first},
                             {f"198.51.100.{n}" for n in range(1, 201)})

    def check_shape(self, run, job):
        phases, totals = job["phases"], job["totals"]
        self.assertEqual("reset" in phases, "--reset" in run, run)
        self.assertEqual("quit" in phases, "--drop" not in run, run)
        self.assertEqual("xclient" in phases, "--xclient" in run, run)
        if "20ms" in run:
            # Some of the ten connections may come late and find fewer messages left than four.
            self.assertGreaterEqual(phases["session"]["max_us"], 4 * 20e3 - 1)
        if "exponential:2ms" in run:
            self.assertGreater(phases["session"]["mean_us"], 4 * 2e3 / 2)
        if "--messages-spread" in run:
            self.assertEqual(job["config"]["messages_spread"],
                             run[run.index("--messages-spread") + 1])
            self.assertIn(totals["sessions_completed"], range(35, 100))
        if "--timeout" in run:
            self.assertEqual(job["config"]["timeout_s"], 5.0)

    def test_sessions(self):
        page = self.open_page("sessions.md", counters=True)
        self.assertGreater(len(page.runs), 25)
        jobs = []
        for run in page.runs:
            tapped = "::1" not in run and not {"--source", "--helo", "--proxy"}.isdisjoint(run)
            if tapped:
                job, seen = self.tapped(run)
                self.check_on_the_way(run, seen)
            else:
                job = self.job_of(run)
            self.check_shape(run, job)
            jobs.append((run, job))
            totals = job["totals"]
            self.assertEqual(totals["errors"], 0, (run, job["errors"]))
            done = totals["messages_accepted"] + totals["messages_abandoned"]
            self.assertEqual(done, int(run[run.index("--messages") + 1]), run)
            self.assertEqual(totals["messages_abandoned"] > 0, "--abort" in run, run)
            for option in ("--chunking", "--reset", "--drop"):
                self.assertEqual(option in run, job["config"].get(option[2:], False), run)
            if "--pipelining" in run:
                self.assertEqual(job["config"]["pipelining"], run[run.index("--pipelining") + 1])
        self.check_sinks(page, jobs)

    def test_an_argument_of_the_test_runner_that_there_is_not(self):
        # With nothing but dirname it could not go on and run itself.
        folder = tempfile.mkdtemp(prefix="smtpmark-test-")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        os.symlink(shutil.which("dirname"), os.path.join(folder, "dirname"))
        for arguments in (["--bogus"], ["--fast", "--bogus"], ["debug"]):
            done = subprocess.run(["/bin/sh", os.path.join(ROOT, "tests", "run"), *arguments],
                                  capture_output=True, text=True, timeout=LIMIT,
                                  env={"PATH": folder})
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(f"no argument \"{arguments[-1]}\"", done.stderr)
            self.assertEqual(len(done.stderr.splitlines()), 1)

    def check_sinks(self, page, jobs):
        """What the servers have counted is what was asked for, once."""
        main, proxied, limited, six = self.counters_of(page)
        self.assertEqual(sum(kind["count"] for kind in main["tls_negotiated"]),
                         main["tls_handshakes"])
        asked = {option: sum(job["totals"]["messages_accepted"] for run, job in jobs if option in run)
                 for option in ("--smtputf8", "--dsn-ret", "--mt-priority", "--requiretls")}
        self.assertEqual(set(asked.values()), {200})
        self.assertEqual([main[name] for name in ("mails_smtputf8", "mails_dsn", "recipients_dsn",
                                                  "mails_mt_priority", "mails_requiretls")],
                         [200] * 5)
        self.assertEqual(main["xclients"], sum(job["totals"]["sessions_started"]
                                               for run, job in jobs if "--xclient" in run))
        self.assertGreater(main["chunks"], 1000)
        self.assertEqual((proxied["proxied"], proxied["proxy_malformed"]), (600, 0))
        self.assertEqual((limited["chunks"], limited["messages_received"],
                          limited["recipients_received"]), (0, 200, 1000))
        self.assertEqual(six["messages_received"], 300)


if __name__ == "__main__":
    SMTPMARK = os.path.abspath(sys.argv.pop(1))
    ROOT = os.path.abspath(sys.argv.pop(1))
    unittest.main()
