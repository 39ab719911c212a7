"""The parser's profile `postfix-like` takes what a Postfix takes as it is
installed, and no more but for STRICTER: each line is put to both."""

import json
import socket
import subprocess
import unittest

import postfix
import smtpmark

SERVER = postfix.Postfix()
PATIENCE_S = 10

# (line, what must come before it in a session). Where no CRLF or LF stands
# at its end, CRLF is added.
HELLO = (b"EHLO client.example",)
MAIL = (*HELLO, b"MAIL FROM:<sender@b.example>")
RCPT = (*MAIL, b"RCPT TO:<someone@b.example>")
LINES = [
    (b"NOOP\n", HELLO),
    (b"RSET\n", HELLO),
    (b"MAIL FROM:<a@b.example>\n", HELLO),
    (b"MAIL  FROM:<a@b.example>", HELLO),
    (b"RCPT  TO:<a@b.example>", MAIL),
    (b"RCPT\tTO:<a@b.example>", MAIL),
    (b" NOOP", HELLO),
    (b"MAIL FROM: <a@b.example>", HELLO),
    (b"RCPT TO: <a@b.example>", MAIL),
    (b"MAIL FROM:a@b.example", HELLO),
    (b"RCPT TO:a@b.example", MAIL),
    (b"MAIL FROM:<a>", HELLO),
    (b"RCPT TO:<a>", MAIL),
    (b"MAIL FROM:<.a..b.@c.example>", HELLO),
    (b"RCPT TO:<a..b@c.example>", MAIL),
    (b"RCPT TO:<a@b_c.example>", MAIL),
    (b"RCPT TO:<a@b.example.>", MAIL),
    (b"RCPT TO:<a@[1.2.3]>", MAIL),
    (b"RCPT TO:<a@[192.0.2.1]>", MAIL),
    (b"RCPT TO:<a@[IPv6:2001:db8::1]>", MAIL),
    (b"RCPT TO:<a@[IPv6:2001:db8:::1]>", MAIL),
    ("MAIL FROM:<\u00fc@b.example>".encode(), HELLO),
    ("MAIL FROM:<\u00fc@b.example> SMTPUTF8".encode(), HELLO),
    (b"EHLO my host!", ()),
    (b"HELO my_host", ()),
    (b"EHLO", ()),
    (b"HELO", ()),
    (b"DATA now", RCPT),
    (b"RSET now", HELLO),
    (b"NOOP now", HELLO),
    (b"NOOP " + 600 * b"x", HELLO),
    (b"RCPT TO:<a@b.example", MAIL),
    (b"MAIL FROM <a@b.example>", HELLO),
    (b"MAIL FROM:<>", HELLO),
    (b"RCPT TO:<>", MAIL),
    (b"RCPT TO:<postmaster>", MAIL),
    (b"RCPT TO:<@relay.example,@other.example:a@b.example>", MAIL),
    (b'RCPT TO:<"a b"@c.example>', MAIL),
    (b"MAIL FROM:<a@b.example> SIZE=10 BODY=8BITMIME", HELLO),
    (b"MAIL FROM:<a@b.example> SIZE=1x", HELLO),
    (b"MAIL FROM:<a@b.example> BODY=9BIT", HELLO),
    (b"GARBAGE", HELLO),
]

# Postfix ends the session whatever stands behind QUIT; the flag that would
# take it ("argument") would take "DATA now" too, which Postfix refuses.
STRICTER = (b"QUIT now", HELLO)


def whole(line):
    return line if line.endswith(b"\n") else line + b"\r\n"


class Session:
    def __init__(self):
        self._socket = socket.create_connection(("127.0.0.1", 25), PATIENCE_S)
        self._replies = self._socket.makefile("rb")
        self.reply()

    def close(self):
        self._replies.close()
        self._socket.close()

    def reply(self):
        """The last line of the next reply; b"" when there is none."""
        while True:
            line = self._replies.readline()
            if line[3:4] != b"-":
                return line

    def say(self, line):
        self._socket.sendall(whole(line))
        return self.reply()


def postfix_says(line, before):
    session = Session()
    try:
        for prelude in before:
            reply = session.say(prelude)
            assert reply.startswith(b"2"), (prelude, reply)
        return session.say(line)
    finally:
        session.close()


def takes(profile, line):
    done = subprocess.run([smtpmark.program(), "parse", "--profile", profile],
                          input=whole(line), capture_output=True, timeout=30,
                          check=False)
    event = json.loads(done.stdout.splitlines()[0])
    return event["event"] == "command"


class ProfileLikePostfix(unittest.TestCase):
    packages = postfix.PACKAGES

    @classmethod
    def setUpClass(cls):
        SERVER.start()

    @classmethod
    def tearDownClass(cls):
        SERVER.stop()

    def test_takes_what_postfix_takes(self):
        differences = []
        for line, before in LINES:
            reply = postfix_says(line, before)
            if takes("postfix-like", line) != (reply[:1] in (b"2", b"3")):
                differences.append((line, reply))
        self.assertEqual(differences, [])

    def test_is_stricter_with_an_argument_of_quit(self):
        self.assertEqual(postfix_says(*STRICTER)[:3], b"221")
        self.assertFalse(takes("postfix-like", STRICTER[0]))

    def test_strict_takes_none_of_the_lines_that_only_postfix_takes(self):
        only = [line for line, _ in LINES
                if takes("postfix-like", line) and not takes("strict", line)]
        self.assertGreaterEqual(len(only), 15)
