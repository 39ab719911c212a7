#!/usr/bin/env python3
"""The commands of pages in docs/ do what the pages say.

  docs_test.py SMTPMARK SOURCE_ROOT [unittest arguments]
"""

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
        for port in set(re.findall(r"127\.0\.0\.1:(\d+)", text)):
            text = text.replace(f"127.0.0.1:{port}", f"127.0.0.1:{free_port()}")
        self.files = dict(re.findall(r"^`([\w.-]+)`:\n```\w+\n(.*?)^```", text, re.M | re.S))
        blocks = "".join(re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S)).replace("\\\n", " ")
        lines = [shlex.split(line, comments=True) for line in blocks.splitlines()]
        commands = [line for line in lines if line and line[0] == "smtpmark"]
        self.servers = [line[1:-1] for line in commands if line[-1] == "&"]
        self.processes = []  # of the servers
        self.runs = [line[1:] for line in commands if line[1] == "run"]


class Commands(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="smtpmark-test-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def open_page(self, name):
        """Writes its files and starts its servers."""
        page = Page(name)
        for file, text in page.files.items():
            pathlib.Path(self.folder, file).write_text(text)
        for arguments in page.servers:
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
            self.assertTrue(config["stamped"], run)
            stamped += accepted
        self.assertGreater(len(page.runs), 20)
        page.processes[0].send_signal(signal.SIGINT)
        said = page.processes[0].stdout.read()
        self.assertEqual(page.processes[0].wait(), 0, said)
        self.assertIn(f"{stamped} messages held against their stamp, 0 not as they were sent, 0 "
                      "without one", said)

    def test_sessions(self):
        page = self.open_page("sessions.md")
        self.assertGreater(len(page.runs), 15)
        for run in page.runs:
            job = self.job_of(run)
            totals = job["totals"]
            self.assertEqual(totals["errors"], 0, (run, job["errors"]))
            done = totals["messages_accepted"] + totals["messages_abandoned"]
            self.assertEqual(done, int(run[run.index("--messages") + 1]), run)
            self.assertEqual(totals["messages_abandoned"] > 0, "--abort" in run, run)
            for option in ("--chunking", "--reset", "--drop"):
                self.assertEqual(option in run, job["config"].get(option[2:], False), run)
            if "--pipelining" in run:
                self.assertEqual(job["config"]["pipelining"], run[run.index("--pipelining") + 1])


if __name__ == "__main__":
    SMTPMARK = os.path.abspath(sys.argv.pop(1))
    ROOT = os.path.abspath(sys.argv.pop(1))
    unittest.main()
