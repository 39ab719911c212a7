"""TLS as it was asked for is what a real Postfix negotiated."""

import os
import re
import subprocess
import unittest

import postfix
import service
import smtpmark

CLIENT = os.path.join(service.RUN, "client")
SERVER = postfix.Postfix(smtpd_tls_ask_ccert="yes",
                         smtpd_tls_CAfile=CLIENT + ".pem")
LOAD = dict(connections=4, messages=20, tls="required", timeout=20)
HANDSHAKE = re.compile(
    r"(\w+) TLS connection established from \S+: (\S+) with cipher (\S+) "
    r"\(\S+ bits\)(?: key-exchange (\S+))?(?: \((\S+?)\))?")


def setUpModule():
    os.makedirs(service.RUN, exist_ok=True)
    make_client_certificate(CLIENT)
    make_client_certificate(CLIENT + "-unknown")
    SERVER.start()


def tearDownModule():
    SERVER.stop()


def make_client_certificate(name):
    service.checked(["openssl", "req", "-x509", "-days", "2", "-newkey", "ec",
                     "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                     "-subj", "/CN=client.example.com",
                     "-keyout", name + ".key", "-out", name + ".pem"])


def server_pin():
    key = subprocess.run(
        ["openssl", "x509", "-in", service.CERTIFICATE, "-pubkey", "-noout"],
        capture_output=True, check=True).stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "der"],
                         input=key, capture_output=True, check=True).stdout
    return subprocess.run(["openssl", "dgst", "-sha256", "-r"], input=der,
                          capture_output=True, check=True
                          ).stdout.split()[0].decode()


class Tls(unittest.TestCase):
    packages = postfix.PACKAGES

    def setUp(self):
        SERVER.mark()

    def run_on(self, port, **options):
        """Returns what both sides say of the handshakes: the one kind that
        the result has, and Postfix's log of each."""
        run = smtpmark.run(port, **{**LOAD, **options})
        self.assertEqual(run.exit_status, 0, run.stdout + run.stderr)
        kinds = run.result["jobs"][0]["tls_negotiated"]
        self.assertEqual(len(kinds), 1)
        logged = HANDSHAKE.findall(SERVER.text())
        self.assertEqual(len(logged), kinds[0]["count"])
        self.assertEqual({(line[1], line[2]) for line in logged},
                         {(kinds[0]["version"], kinds[0]["cipher"])})
        return kinds[0], logged

    def test_versions(self):
        for version in ("1.2", "1.3"):
            SERVER.mark()
            kind, _ = self.run_on(25, tls_version=version)
            self.assertEqual(kind["version"], "TLSv" + version)
            self.assertEqual(kind["peer_key"], "ecdsa-p256")

    def test_ciphers(self):
        for version, options in (
                ("1.2", {"tls_ciphers": "ECDHE-ECDSA-AES128-GCM-SHA256"}),
                ("1.3", {"tls_suites": "TLS_CHACHA20_POLY1305_SHA256"})):
            SERVER.mark()
            kind, _ = self.run_on(25, tls_version=version, **options)
            self.assertIn(kind["cipher"], options.values())

    def test_groups(self):
        for group, words in (("X25519", ("X25519", "")),
                             ("P-256", ("ECDHE", "prime256v1")),
                             ("P-384", ("ECDHE", "secp384r1"))):
            SERVER.mark()
            kind, logged = self.run_on(25, tls_version="1.3",
                                       tls_groups=group)
            self.assertEqual(kind["group"], group)
            self.assertEqual({line[3:] for line in logged}, {words})

    def test_client_certificates(self):
        for name, judged in ((CLIENT, "Trusted"),
                             (CLIENT + "-unknown", "Untrusted")):
            for version in ("1.2", "1.3"):
                SERVER.mark()
                _, logged = self.run_on(25, tls_version=version,
                                        client_cert=name + ".pem",
                                        client_key=name + ".key")
                self.assertEqual({line[0] for line in logged}, {judged})
        SERVER.mark()
        _, logged = self.run_on(25)
        self.assertEqual({line[0] for line in logged}, {"Anonymous"})

    def test_the_pinned_key_and_no_other(self):
        pin = server_pin()
        self.run_on(25, tls_pin=pin, ca_file=service.CERTIFICATE,
                    server_name="mx.test.invalid")
        wrong = ("0" if pin[0] != "0" else "1") + pin[1:]
        run = smtpmark.run(25, **LOAD, tls_pin=wrong)
        self.assertEqual(run.exit_status, 1)
        self.assertEqual({error["kind"] for error in run.errors()},
                         {"certificate-pin"})

    def test_a_group_that_it_does_not_take_ends_in_an_alert(self):
        run = smtpmark.run(25, **LOAD, tls_version="1.3",
                           tls_groups="ffdhe2048")
        self.assertEqual(run.exit_status, 1)
        self.assertEqual({(error["phase"], error["kind"], error["code"])
                          for error in run.errors()},
                         {("tls_handshake", "tls-alert", 40)})

    def test_handshakes_alone(self):
        for port in (25, 587, 465):
            SERVER.mark()
            run = smtpmark.sweep(port, duration="200ms", rounds=1,
                                 group="X25519")
            self.assertEqual(run.exit_status, 0, run.stdout + run.stderr)
            matrix = run.result["tls_matrix"]
            self.assertEqual(len(matrix), 4)
            counted = sum(kind["count"] for cell in matrix
                          for kind in cell["negotiated"])
            self.assertEqual(len(HANDSHAKE.findall(SERVER.text())), counted)
            for cell in matrix:
                self.assertEqual(cell["errors"], 0)
                resumed = cell["tls_resumed"]
                if cell["resumed"]:
                    self.assertGreater(resumed, cell["tls_handshakes"] * 0.5)
                else:
                    self.assertEqual(resumed, 0)
