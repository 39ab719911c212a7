"""`smtpmark run` against a real Postfix: no error, and both count alike."""

import unittest

import dovecot_sasl
import postfix
import service
import smtpmark

SERVER = postfix.Postfix()
LOAD = dict(connections=8, messages_per_connection=10, size=2048, duration=3,
            warmup=0, threads=1, timeout=20)
LOGIN = dict(user=service.USER, password=service.PASSWORD)


def setUpModule():
    SERVER.start()


def tearDownModule():
    SERVER.stop()


class Target(unittest.TestCase):
    packages = postfix.PACKAGES

    def setUp(self):
        SERVER.mark()

    def run_on(self, port, **options):
        """A run that must agree with Postfix; returns it with the tally."""
        run = smtpmark.run(port, **{**LOAD, **options})
        tally = SERVER.tally()
        self.assertEqual(run.exit_status, 0, run.stdout + run.stderr)
        self.assertEqual(run.errors(), [])
        self.assertEqual(run.totals("errors"), 0)
        self.assertEqual(run.totals("messages_in_doubt"), 0)
        self.assertGreater(len(tally.messages), 0)
        self.assertEqual(run.totals("messages_accepted"), len(tally.messages))
        self.assertEqual(run.totals("recipients_accepted"), tally.recipients)
        self.assertEqual(run.totals("tls_handshakes"), tally.handshakes)
        self.assertEqual(run.totals("sessions_completed"), tally.sessions)
        self.assertEqual(tally.commands["quit"], tally.sessions)
        self.assertEqual(tally.messages, tally.removed)
        self.assertEqual(tally.undelivered, 0)
        self.assertEqual(tally.complaints, [])
        return run, tally

    def assert_all_over_tls(self, run, tally):
        self.assertGreater(tally.handshakes, 0)
        self.assertEqual(tally.handshakes, tally.sessions)
        self.assertEqual(run.totals("sessions_plain"), 0)

    def assert_authenticated(self, tally, method):
        self.assertEqual(set(tally.sasl_methods), {method})
        self.assertEqual(tally.commands["auth"], tally.sessions)


class RelayPort(Target):
    def test_plain_sessions_stay_plain(self):
        run, tally = self.run_on(25, tls="none")
        self.assertEqual(tally.handshakes, 0)
        self.assertEqual(run.totals("sessions_plain"),
                         run.totals("sessions_completed"))

    def test_starttls_is_used_when_offered(self):
        self.assert_all_over_tls(*self.run_on(25))

    def test_starttls_required(self):
        run, tally = self.run_on(25, tls="required")
        self.assert_all_over_tls(run, tally)
        self.assertEqual(tally.commands["starttls"], tally.sessions)

    def assert_comes_from(self, client, port, **options):
        run = smtpmark.run(port, **{**LOAD, "role": "relay", **options})
        text = SERVER.text()
        self.assertEqual(run.exit_status, 0, run.stdout + run.stderr)
        self.assertGreater(run.totals("messages_accepted"), 0)
        self.assertEqual(text.count(f" client=unknown[{client}]"),
                         run.totals("messages_accepted"))

    def test_a_proxy_speaks_for_its_client(self):
        for version in ("v1", "v2"):
            SERVER.mark()
            self.assert_comes_from("192.0.2.7", 2500, proxy=version,
                                   proxy_client="192.0.2.7", duration=1)

    def test_xclient_speaks_for_its_client(self):
        self.assert_comes_from("192.0.2.9", 25, xclient="ADDR=192.0.2.9",
                               duration=1)

    def test_sessions_are_resumed(self):
        run, tally = self.run_on(25, tls="required", tls_resume=True,
                                 messages_per_connection=1)
        self.assert_all_over_tls(run, tally)
        # All but the first of each connection, and few others.
        self.assertGreater(run.totals("tls_resumed"), tally.handshakes * 0.9)
        phases = run.result["jobs"][0]["phases"]
        self.assertGreater(phases["tls_handshake_resumed"]["count"],
                           phases["tls_handshake"]["count"])

    def test_one_message_a_session(self):
        _, tally = self.run_on(25, tls="none", messages_per_connection=1)
        self.assertGreaterEqual(tally.sessions, len(tally.messages))

    def test_sends_exactly_the_number_asked_for(self):
        _, tally = self.run_on(25, messages=300, duration=40)
        self.assertEqual(len(tally.messages), 300)

    def test_every_recipient_counts(self):
        _, tally = self.run_on(25, tls="none", recipients=3)
        self.assertEqual(tally.recipients, 3 * len(tally.messages))

    def test_pipelining_overlaps_messages(self):
        for pipelining in ("group", "full"):
            SERVER.mark()
            _, tally = self.run_on(25, tls="none", recipients=3,
                                   pipelining=pipelining)
            self.assertEqual(tally.recipients, 3 * len(tally.messages))

    def test_large_messages_arrive(self):
        self.run_on(25, tls="required", size=1000000)

    def test_real_mail_arrives(self):
        for pipelining in ("none", "full"):
            with self.subTest(pipelining):
                SERVER.mark()
                run, tally = self.run_on(
                    25, tls="none", messages=150, pipelining=pipelining,
                    size="relay", pool="8M", body="mime", eight_bit=True,
                    dot_lines="20%", recipients="zipf:5,1.5",
                    **{"from": "<>", "to": "user{1..50}@example.com"})
                self.assertEqual(len(tally.messages), 150)
                self.assertGreater(tally.recipients, 150)

    def test_refusals_of_bad_recipients_are_no_errors(self):
        # main.cf refuses the address that --bad-to has unless told.
        for pipelining in ("none", "full"):
            with self.subTest(pipelining):
                SERVER.mark()
                run = smtpmark.run(25, **{**LOAD, "recipients": 2}, tls="none",
                                   messages=200, bad_recipients="30%",
                                   pipelining=pipelining)
                tally = SERVER.tally()
                self.assertEqual(run.exit_status, 0, run.stderr)
                self.assertEqual(run.errors(), [])
                bad = run.totals("recipients_bad")
                self.assertGreater(bad, 60)
                self.assertEqual(run.totals("recipients_bad_refused"), bad)
                self.assertEqual(tally.recipients, 400 - bad)
                self.assertEqual(len(tally.messages),
                                 200 - run.totals("messages_for_nobody"))

    def test_open_loop_keeps_its_rate(self):
        run, _ = self.run_on(25, tls="none", rate=50)
        self.assertGreater(run.totals("messages_accepted"), 100)
        self.assertLess(run.totals("messages_accepted"), 200)


class SubmissionPort(Target):
    def test_auth_plain_after_starttls(self):
        run, tally = self.run_on(587, auth="plain", **LOGIN)
        self.assert_all_over_tls(run, tally)
        self.assert_authenticated(tally, "PLAIN")

    def test_auth_login_after_starttls(self):
        run, tally = self.run_on(587, auth="login", **LOGIN)
        self.assert_all_over_tls(run, tally)
        self.assert_authenticated(tally, "LOGIN")

    def classes(self, **options):
        """A run with a class for each mechanism, and its job by mechanism."""
        run = smtpmark.run(587, **{
            **LOAD, **LOGIN, "messages_per_connection": 1,
            "token": dovecot_sasl.token(),
            "class": [f"name={name},auth={name}"
                      for name in dovecot_sasl.MECHANISMS], **options})
        self.assertEqual(run.exit_status, 0, run.stdout + run.stderr)
        return run, {job["class"]["name"].upper(): job
                     for job in run.result["jobs"]}

    def test_every_mechanism_that_dovecot_speaks(self):
        run, jobs = self.classes(messages=70)
        tally = SERVER.tally()
        self.assertEqual(len(tally.messages), 70)
        self.assertEqual(tally.complaints, [])
        self.assertEqual(set(tally.sasl_methods), set(jobs))
        for name, job in jobs.items():
            with self.subTest(name):
                self.assertEqual(job["auth_by_mechanism"],
                                 {name: tally.sasl_methods[name]})

    def test_wrong_passwords_are_rejected_as_wanted(self):
        run, jobs = self.classes(sessions=70, wrong_password_share="40%",
                                 auth_initial_response="never")
        tally = SERVER.tally()
        rejected = run.totals("auth_rejected_as_wanted")
        self.assertEqual(run.totals("auth_accepted"), 70 - rejected)
        self.assertEqual(tally.commands["auth"], 70 - rejected)
        self.assertEqual(len(tally.messages), 70 - rejected)
        self.assertEqual(len(tally.complaints), rejected)
        for name, job in jobs.items():
            with self.subTest(name):
                self.assertGreater(job["totals"]["auth_rejected_as_wanted"], 0)
                self.assertGreater(job["auth_by_mechanism"][name], 0)

    def test_auto_takes_the_strongest(self):
        _, tally = self.run_on(587, messages=40, **LOGIN)
        self.assert_authenticated(tally, "SCRAM-SHA-256")

    def test_wrong_password_ends_in_one_clear_sentence(self):
        run = smtpmark.run(587, **LOAD, user=service.USER, password="wrong")
        self.assertNotEqual(run.exit_status, 0)
        self.assertRegex(run.stderr, r"(?i)\Asmtpmark: .*auth.*535.*\n\Z")
        self.assertEqual({(error["phase"], error["code"])
                          for error in run.errors()}, {("auth", 535)})
        self.assertEqual(len(SERVER.tally().messages), 0)

    def test_missing_login_is_an_error_and_not_a_delivery(self):
        run = smtpmark.run(587, **LOAD, auth="none", messages=5)
        self.assertNotEqual(run.exit_status, 0)
        self.assertEqual({(error["phase"], error["code"])
                          for error in run.errors()}, {("rcpt", 554)})
        self.assertEqual(len(SERVER.tally().messages), 0)


class SubmissionsPort(Target):
    def test_auth_plain_inside_tls(self):
        run, tally = self.run_on(465, auth="plain", **LOGIN)
        self.assert_all_over_tls(run, tally)
        self.assert_authenticated(tally, "PLAIN")
        self.assertEqual(tally.commands["starttls"], 0)

    def test_auth_login_inside_tls(self):
        run, tally = self.run_on(465, auth="login", **LOGIN)
        self.assert_all_over_tls(run, tally)
        self.assert_authenticated(tally, "LOGIN")

    def test_pipelining_inside_tls(self):
        self.assert_all_over_tls(*self.run_on(465, pipelining="full", **LOGIN))
