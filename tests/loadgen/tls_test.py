#!/usr/bin/env python3
"""The commands of docs/tls.md, as they stand there, and what a user gets to see of TLS.

  tls_test.py SMTPMARK SOURCE_ROOT [unittest arguments]
"""

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

SMTPMARK = ""
ROOT = ""
LIMIT = 60  # seconds that a command may take, however slow the machine


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Tls(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="smtpmark-test-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        programs = os.path.join(self.folder, "bin")
        os.mkdir(programs)
        os.symlink(SMTPMARK, os.path.join(programs, "smtpmark"))
        self.environment = {**os.environ, "PATH": programs + ":" + os.environ["PATH"]}

    def shell(self, script):
        return subprocess.run(["sh", "-eu", "-c", script], capture_output=True, text=True,
                              timeout=LIMIT, cwd=self.folder, env=self.environment)

    def start(self, command):
        """A server: it listens when this returns; returns the process and what it said."""
        server = subprocess.Popen(["sh", "-c", "exec " + command], stdout=subprocess.PIPE,
                                  text=True, cwd=self.folder, env=self.environment)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        said = ""
        while "certificate:" not in said:
            line = server.stdout.readline()
            self.assertTrue(line, f"{command} ended")
            said += line
        return server, said

    def run_block(self, block):
        """Lines that end in & are servers; the others must succeed."""
        for port in (2525, 2587, 2465):
            block = block.replace(f"127.0.0.1:{port}", f"127.0.0.1:{free_port()}")
        pid, script = "", ""
        for line in block.splitlines():
            if not line.endswith("&"):
                script += line.replace("$!", pid) + "\n"
                continue
            done = self.shell(script)
            self.assertEqual(done.returncode, 0, script + done.stderr)
            script = ""
            pid = str(self.start(line.removesuffix("&"))[0].pid)
        done = self.shell(script)
        self.assertEqual(done.returncode, 0, script + done.stdout + done.stderr)

    def results(self):
        """In the order in which they were written."""
        files = sorted(pathlib.Path(self.folder, "results").glob("*/result.json"),
                       key=lambda file: file.stat().st_mtime_ns)
        return [json.loads(file.read_text()) for file in files]

    def blocks(self, heading):
        text = pathlib.Path(ROOT, "docs", "tls.md").read_text()
        section = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
        found = re.findall(r"^```sh\n(.*?)^```", section.group(1), re.M | re.S)
        self.assertTrue(found, heading)
        return found

    def run_section(self, heading):
        for block in self.blocks(heading):
            self.run_block(block)
        return self.results()

    def negotiated(self, result):
        kinds = result["jobs"][0]["tls_negotiated"]
        self.assertEqual(len(kinds), 1)
        self.assertEqual(kinds[0]["count"], result["jobs"][0]["totals"]["tls_handshakes"])
        return kinds[0]

    def test_versions_ciphers_and_groups(self):
        kinds = [self.negotiated(result) for result in
                 self.run_section("Versions, ciphers, groups")]
        self.assertEqual([kind["version"] for kind in kinds],
                         ["TLSv1.3", "TLSv1.2", "TLSv1.3", "TLSv1.3"])
        self.assertEqual(kinds[0]["cipher"], "TLS_AES_128_GCM_SHA256")
        self.assertEqual(kinds[1]["cipher"], "ECDHE-ECDSA-CHACHA20-POLY1305")
        self.assertEqual(kinds[2]["group"], "P-384")
        self.assertEqual({kind["peer_key"] for kind in kinds}, {"ecdsa-p256"})

    def test_certificates_pins_and_clients(self):
        results = self.run_section("Certificates")
        self.assertEqual(self.negotiated(results[0])["peer_key"], "rsa-2048")
        self.assertTrue(results[0]["jobs"][0]["config"]["tls_verify"])
        self.assertTrue(results[0]["jobs"][0]["config"]["tls_settings"]["ca_file"])
        self.assertTrue(results[1]["jobs"][0]["config"]["tls_verify"])
        self.assertEqual(results[1]["jobs"][0]["config"]["tls_settings"]["ca_file"], "")
        self.assertEqual(results[1]["jobs"][0]["totals"]["tls_handshakes"], 50)
        self.assertEqual(len(results[2]["jobs"][0]["config"]["tls_settings"]["pin"]), 44)
        self.assertTrue(results[3]["jobs"][0]["config"]["tls_settings"]["client_certificate"])

    def test_sni_and_alpn(self):
        results = self.run_section("SNI and ALPN")
        self.assertEqual([self.negotiated(result)["alpn"] for result in results], ["smtp", ""])
        self.assertEqual([result["jobs"][0]["config"]["tls_settings"]["sni"]
                          for result in results], ["mx.example.net", ""])

    def test_resumption(self):
        for result in self.run_section("Resumption"):
            totals = result["jobs"][0]["totals"]
            self.assertGreater(totals["tls_resumed"], totals["tls_handshakes"] * 0.4)
            self.assertEqual(totals["tls_stale"], 0)

    def test_handshakes_alone(self):
        sweep, other, target, load = self.run_section("Handshakes alone: `smtpmark tls`")
        self.assertEqual(len(sweep["tls_matrix"]), 8)
        self.assertEqual(len(sweep["tls_resumption"]), 4)
        self.assertEqual(len(other["tls_matrix"]), 8)
        self.assertEqual({cell["group"] for cell in other["tls_matrix"]}, {"X25519", "P-384"})
        self.assertEqual(len(target["tls_matrix"]), 4)
        for result in (sweep, other, target):
            # A cell may be starved where something else has the processors.
            measured = [cell for cell in result["tls_matrix"] if cell["tls_handshakes"] > 0]
            self.assertGreater(len(measured), len(result["tls_matrix"]) / 2)
            for cell in measured:
                self.assertGreater(cell["handshakes_per_s"], 0)
                self.assertGreater(cell["client_us"], 0)
                self.assertGreaterEqual(cell["server_us"], 0)
            for cell in result["tls_matrix"]:
                self.assertEqual(cell["errors"], 0)
                self.assertEqual({kind["group"] for kind in cell["negotiated"]}, {cell["group"]})
                self.assertEqual({kind["version"] for kind in cell["negotiated"]},
                                 {"TLSv" + cell["version"]})
        self.assertEqual(target["tls_matrix"][0]["certificate"], None)
        totals = load["jobs"][0]["totals"]
        self.assertEqual(totals["messages_accepted"], 0)
        self.assertGreater(totals["tls_handshakes"], 50)

    def test_every_section_with_commands_is_run(self):
        text = pathlib.Path(ROOT, "docs", "tls.md").read_text()
        sections = [part.splitlines()[0] for part in text.split("\n## ")[1:] if "```sh" in part]
        source = pathlib.Path(__file__).read_text()
        for heading in sections:
            self.assertIn(f'run_section("{heading}")', source)

    def test_the_matrix_is_printed_and_printed_again(self):
        done = self.shell("smtpmark tls --role relay --version 1.3 --group X25519 --cert "
                          "ecdsa-p256 --duration 50ms --rounds 1 --json r.json")
        self.assertEqual(done.returncode, 0, done.stderr)
        row = re.search(r"^relay +1\.3 +ecdsa-p256 +X25519( +(\d+|-)){3} +\*?( +(\d+|-)){3} +\*?"
                        r"( +(\d+\.\d\d|-)){2}$", done.stdout, re.M)
        self.assertTrue(row, done.stdout)
        self.assertIn(row.group(0), self.shell("smtpmark show r.json").stdout)

    def test_a_wrong_pin_is_one_clear_kind_of_error_on_both_sides(self):
        port = free_port()
        server, said = self.start(f"smtpmark sink --relay 127.0.0.1:{port} --json sink.json")
        self.assertRegex(said, r"certificate: ecdsa-p256, chain of 1, public key \S{43}=\n")
        done = self.shell(f"smtpmark run --target 127.0.0.1:{port} --role relay --handshake-only "
                          f"--sessions 5 --connections 1 --tls-pin {'00' * 32} --json r.json")
        self.assertEqual(done.returncode, 1)
        self.assertIn("not the pinned one", done.stderr)
        errors = json.loads(pathlib.Path(self.folder, "r.json").read_text())["jobs"][0]["errors"]
        self.assertEqual({error["kind"] for error in errors}, {"certificate-pin"})
        server.terminate()
        server.wait(LIMIT)
        sink = json.loads(pathlib.Path(self.folder, "sink.json").read_text())
        self.assertEqual(sum(sink["tls_alerts"].values()), sink["tls_failures"])

    def test_what_cannot_be_meant_gets_one_sentence(self):
        target = "--target 127.0.0.1:25"
        for command, part in (
                (f"run {target} --tls-groups nonsense", "has no TLS group \"nonsense\""),
                (f"run {target} --tls-pin abc", "no SHA-256"),
                (f"run {target} --tls-pin ''", "--tls-pin must not be empty"),
                (f"run {target} --ca-file ''", "--ca-file must not be empty"),
                (f"find {target} --user '' --password ''", "--user must not be empty"),
                ("run --scenario ''", "--scenario must not be empty"),
                ("tls --target ''", "--target must not be empty"),
                ("sink --relay 127.0.0.1:0 --ca-out ''", "--ca-out must not be empty"),
                (f"run {target} --tls none --tls-alpn smtp", "--tls-alpn"),
                (f"run {target} --client-cert x.pem", "belong together"),
                (f"run {target} --tls required --ca-file /nonexistent",
                 "/nonexistent: No such file or directory"),
                ("run --tls-groups P-256", "needs --target"),
                ("tls --group nonsense", "nonsense"),
                ("tls --cert dsa", "--cert"),
                ("tls --tls-pin " + "00" * 32, "need --target"),
                ("tls --server-pid 1", "need --target"),
                (f"tls {target} --cert rsa-2048", "--cert"),
                (f"tls {target} --role relay,submission", "one --role"),
                ("tls --messages 5", "--messages"),
                ("sink --relay 127.0.0.1:0 --client-ca x.pem", "--client-certs"),
                ("sink --relay 127.0.0.1:0 --cert-chain 9", "--cert-chain"),
                ("sink --relay 127.0.0.1:0 --tls-suites X", "cipher suite \"X\"")):
            done = self.shell("smtpmark " + command)
            self.assertIn(done.returncode, (1, 2), command)
            self.assertEqual(len(done.stderr.splitlines()), 1, command + "\n" + done.stderr)
            self.assertIn(part, done.stderr)


if __name__ == "__main__":
    SMTPMARK, ROOT = (os.path.abspath(sys.argv.pop(1)) for _ in range(2))
    unittest.main(verbosity=2)
