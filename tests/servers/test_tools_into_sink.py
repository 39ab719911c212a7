"""Real clients and a real relay deliver into `smtpmark sink`; it counts what they sent."""

import unittest

import postfix
import senders
import service
import smtpmark


class SmtpSource(unittest.TestCase):
    packages = senders.SMTP_SOURCE_PACKAGES

    def test_one_message_a_session(self):
        with smtpmark.Sink() as sink:
            senders.smtp_source("-s", 10, "-m", 1000, "-l", 2048)
        self.assertEqual(sink.report["messages_received"], 1000)
        self.assertEqual(sink.report["sessions"], 1000)
        self.assertEqual(sink.report["sessions_plain"], 1000)
        self.assertEqual(sink.report["tls_handshakes"], 0)

    def test_long_sessions(self):
        with smtpmark.Sink() as sink:
            senders.smtp_source("-s", 10, "-d", "-m", 2000, "-l", 2048)
        self.assertEqual(sink.report["messages_received"], 2000)
        self.assertEqual(sink.report["sessions"], 10)

    def test_several_recipients(self):
        with smtpmark.Sink() as sink:
            senders.smtp_source("-s", 5, "-d", "-m", 200, "-r", 4)
        self.assertEqual(sink.report["messages_received"], 200)
        self.assertEqual(sink.report["recipients_received"], 800)

    def test_large_messages(self):
        with smtpmark.Sink() as sink:
            senders.smtp_source("-s", 5, "-m", 50, "-l", 1000000)
        self.assertEqual(sink.report["messages_received"], 50)


class Swaks(unittest.TestCase):
    packages = senders.SWAKS_PACKAGES

    def deliver(self, *options):
        """One accepted message; returns the report of the sink."""
        with smtpmark.Sink() as sink:
            talk = senders.swaks(*options)
        self.assertEqual(talk.returncode, 0, talk.stdout)
        self.assertEqual(sink.report["messages_received"], 1)
        self.assertEqual(sink.report["recipients_received"], 1)
        self.assertEqual(sink.report["sessions"], 1)
        return sink.report

    def refuse(self, code, *options):
        """No message accepted, and the reply `code` to show for it."""
        with smtpmark.Sink() as sink:
            talk = senders.swaks(*options)
        self.assertNotEqual(talk.returncode, 0, talk.stdout)
        self.assertIn(code, talk.stdout)
        self.assertEqual(sink.report["messages_received"], 0)
        return sink.report

    def test_plain_to_the_relay_port(self):
        report = self.deliver("--port", 25)
        self.assertEqual(report["sessions_plain"], 1)
        self.assertEqual(report["tls_handshakes"], 0)

    def test_starttls_to_the_relay_port(self):
        report = self.deliver("--port", 25, "--tls")
        self.assertEqual(report["sessions_plain"], 0)
        self.assertEqual(report["tls_handshakes"], 1)

    def test_pipelined_commands(self):
        self.deliver("--port", 25, "--tls", "--pipeline")

    def test_lines_of_dots_stay_inside_the_message(self):
        self.deliver("--port", 25, "--body", "\n.\n..\n.end\n")

    def test_starttls_and_auth_to_the_submission_port(self):
        for method in ("PLAIN", "LOGIN"):
            with self.subTest(method):
                report = self.deliver("--port", 587, "--tls",
                                      *senders.login(method))
                self.assertEqual(report["tls_handshakes"], 1)
                self.assertEqual(report["auth_ok"], 1)

    def test_tls_on_connect_and_auth_to_the_submissions_port(self):
        for method in ("PLAIN", "LOGIN"):
            with self.subTest(method):
                report = self.deliver("--port", 465, "--tls-on-connect",
                                      *senders.login(method))
                self.assertEqual(report["tls_handshakes"], 1)
                self.assertEqual(report["auth_ok"], 1)

    def test_submission_without_auth_is_refused_with_530(self):
        self.refuse("530 5.7.0", "--port", 587, "--tls")

    def test_submission_without_tls_is_refused_with_530(self):
        self.refuse("530 5.7.0", "--port", 587)

    def test_wrong_password_is_refused_with_535(self):
        report = self.refuse("535 5.7.8", "--port", 587, "--tls",
                             *senders.login("PLAIN", password="wrong"))
        self.assertEqual(report["auth_failed"], 1)
        self.assertEqual(report["auth_ok"], 0)


class Gsasl(unittest.TestCase):
    """GNU SASL's own client, on GnuTLS."""

    packages = senders.GSASL_PACKAGES
    MECHANISMS = ("SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256",
                  "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN")

    def talk(self, logins):
        """Reports of the sink and the codes that `logins` ended with."""
        service.make_certificate()
        sink = smtpmark.Sink({"submission": 587}, [
            "--auth-mechanisms", "all", "--cert", service.CERTIFICATE,
            "--key", service.CERTIFICATE])
        with sink:
            talks = [senders.gsasl(*login[0], **login[1]) for login in logins]
        return sink.report, talks

    def test_every_mechanism_that_it_speaks(self):
        report, talks = self.talk(
            [([name] if name.endswith("PLUS") else [name, "--no-cb"], {})
             for name in self.MECHANISMS])
        for talk in talks:
            self.assertEqual(talk.returncode, 0, talk.stdout)
        self.assertEqual(report["auth_by_mechanism"],
                         {name: 1 for name in self.MECHANISMS})
        self.assertEqual(report["auth_failed"], 0)

    def test_a_channel_is_bound_in_tls_12_too(self):
        report, talks = self.talk([
            (["SCRAM-SHA-256-PLUS", "--priority", "NORMAL:-VERS-TLS1.3"], {})])
        self.assertEqual(talks[0].returncode, 0, talks[0].stdout)
        self.assertEqual(report["auth_ok"], 1)

    def test_a_wrong_password_is_rejected(self):
        report, talks = self.talk([([name, "--no-cb"], {"password": "wrong"})
                                   for name in self.MECHANISMS[2:]])
        for talk in talks:
            self.assertIn("535 5.7.8", talk.stdout)
        self.assertEqual(report["auth_failed"], len(talks))
        self.assertEqual(report["auth_ok"], 0)


class PostfixRelay(unittest.TestCase):
    """Postfix as the client: pipelined, over STARTTLS, sessions re-used."""

    packages = postfix.PACKAGES
    SINK_PORT = 2525

    def test_what_it_relays_is_as_it_was_sent(self):
        server = postfix.Postfix(
            default_transport=f"smtp:[127.0.0.1]:{self.SINK_PORT}")
        sink = smtpmark.Sink({"relay": self.SINK_PORT}, ["--check-messages"])
        with sink:
            server.start()
            self.addCleanup(server.stop)
            run = smtpmark.run(25, tls="none", messages=150, connections=5,
                               size="uniform:1K-50K", body="mime", pool="4M",
                               eight_bit=True, dot_lines="30%")
            self.assertEqual(run.exit_status, 0, run.stderr)
            tally = server.tally()
        self.assertEqual(len(tally.messages), 150)
        self.assertEqual(sink.report["messages_checked"], 150)
        self.assertEqual(sink.report["messages_mismatched"], 0)
        self.assertEqual(sink.report["messages_unstamped"], 0)

    def relay(self, level):
        server = postfix.Postfix(
            default_transport=f"smtp:[127.0.0.1]:{self.SINK_PORT}",
            smtp_tls_security_level=level)
        with smtpmark.Sink({"relay": self.SINK_PORT}) as sink:
            server.start()
            self.addCleanup(server.stop)
            senders.smtp_source("-s", 5, "-d", "-m", 300, "-l", 4096)
            tally = server.tally()
        self.assertEqual(len(tally.messages), 300)
        self.assertEqual(tally.undelivered, 0)
        self.assertEqual(tally.complaints, [])
        self.assertEqual(sink.report["messages_received"], 300)
        return sink.report

    def test_relays_over_starttls(self):
        report = self.relay("encrypt")
        self.assertEqual(report["tls_handshakes"], report["sessions"])
        self.assertEqual(report["sessions_plain"], 0)

    def test_relays_in_plain(self):
        report = self.relay("none")
        self.assertEqual(report["sessions_plain"], report["sessions"])
