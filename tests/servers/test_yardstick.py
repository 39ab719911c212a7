"""Is the yardstick straight? Postfix's own tools deliver into our Postfix;
what its log tells must be what they sent."""

import unittest

import postfix
import senders

SERVER = postfix.Postfix()


def setUpModule():
    SERVER.start()


def tearDownModule():
    SERVER.stop()


class LogOfPostfix(unittest.TestCase):
    packages = postfix.PACKAGES

    def setUp(self):
        SERVER.mark()

    def _send(self, *options):
        senders.smtp_source(*options)
        return SERVER.tally()

    def test_counts_every_message_and_session_of_smtp_source(self):
        tally = self._send("-s", "10", "-m", "500")
        self.assertEqual(len(tally.messages), 500)
        self.assertEqual(tally.messages, tally.removed)
        self.assertEqual(tally.sessions, 500)
        self.assertEqual(tally.handshakes, 0)
        self.assertEqual(tally.complaints, [])

    def test_counts_recipients_apart_from_messages(self):
        tally = self._send("-s", "5", "-d", "-m", "200", "-r", "3")
        self.assertEqual(len(tally.messages), 200)
        self.assertEqual(tally.recipients, 600)
        self.assertEqual(tally.sessions, 5)
        self.assertEqual(tally.undelivered, 0)


class PortsOfPostfix(unittest.TestCase):
    packages = postfix.PACKAGES + senders.SWAKS_PACKAGES

    def setUp(self):
        SERVER.mark()

    def test_relay_offers_starttls_but_no_auth(self):
        talk = senders.swaks("--port", "25", "--tls", "--quit-after", "EHLO")
        self.assertEqual(talk.returncode, 0, talk.stdout)
        self.assertIn("250-STARTTLS", talk.stdout)
        self.assertNotIn("AUTH", talk.stdout)
        self.assertEqual(SERVER.tally().handshakes, 1)

    def test_submission_wants_tls_and_auth(self):
        talk = senders.swaks("--port", "587")
        self.assertIn("530 5.7.0 Must issue a STARTTLS", talk.stdout)
        talk = senders.swaks("--port", "587", "--tls")
        self.assertIn("554 5.7.1", talk.stdout)
        for method in ("PLAIN", "LOGIN"):
            talk = senders.swaks("--port", "587", "--tls",
                                 *senders.login(method))
            self.assertEqual(talk.returncode, 0, talk.stdout)
        tally = SERVER.tally()
        self.assertEqual(tally.sasl_methods, {"PLAIN": 1, "LOGIN": 1})
        self.assertEqual(len(tally.messages), 2)
        self.assertEqual(tally.handshakes, 3)

    def test_submissions_starts_with_tls(self):
        talk = senders.swaks("--port", "465", "--tls-on-connect",
                             *senders.login("PLAIN"))
        self.assertEqual(talk.returncode, 0, talk.stdout)
        self.assertEqual(SERVER.tally().sasl_methods,
                         {"PLAIN": 1})
