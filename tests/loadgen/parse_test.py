#!/usr/bin/env python3
"""`smtpmark parse`: octets on standard input, one JSON object an event on standard output.

  parse_test.py SMTPMARK [unittest arguments]
"""

import json
import os
import pathlib
import subprocess
import sys
import time
import unittest

SMTPMARK = ""
LIMIT = 60  # seconds


def octets(text):
    """What a string of the output stands for: each character is the octet of its number."""
    return text.encode("latin-1")


class Parse(unittest.TestCase):
    def run_parse(self, data, *arguments, pieces=None):
        process = subprocess.Popen([SMTPMARK, "parse", *arguments], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if pieces:
            for at in range(0, len(data), pieces):
                process.stdin.write(data[at:at + pieces])
                process.stdin.flush()
                time.sleep(0.001)  # so that each piece is a read of its own
            data = b""
        out, err = process.communicate(data, timeout=LIMIT)
        self.assertEqual(err, b"")
        self.status = process.returncode
        return out

    def events(self, data, *arguments):
        out = self.run_parse(data, *arguments)
        self.assertTrue(out.isascii())
        return [json.loads(line) for line in out.decode().splitlines()]

    def only(self, data, *arguments):
        events = self.events(data, *arguments)
        self.assertEqual([event["event"] for event in events[1:]], ["end"])
        return events[0]

    def end(self, data, *arguments):
        end = self.events(data, *arguments)[-1]
        self.assertEqual(end.pop("event"), "end")
        return end

    # Commands

    def test_a_command_has_its_offset_and_its_fields(self):
        events = self.events(
            b"NOOP\r\nMAIL FROM:<@r:\"a\\ b\"@[IPv6:::1]> SIZE=10 RET=FULL ENVID=a+2Bb X-Y=z\r\n")
        self.assertEqual(events[0], {"event": "command", "offset": 0, "consumed": 6,
                                     "verb": "NOOP", "line": "NOOP"})
        mail = events[1]
        self.assertEqual((mail["offset"], mail["consumed"], mail["verb"]), (6, 69, "MAIL"))
        self.assertEqual(mail["path"], {
            "mailbox": "\"a\\ b\"@[IPv6:::1]", "local_part": "\"a\\ b\"",
            "local_part_decoded": "a b", "domain": "[IPv6:::1]", "domain_kind": "ipv6",
            "source_route": "@r"})
        self.assertEqual(mail["parameters"], {"SIZE": 10, "RET": "FULL", "ENVID": "a+b"})
        self.assertEqual(mail["raw_parameters"],
                         [["SIZE", "10"], ["RET", "FULL"], ["ENVID", "a+2Bb"], ["X-Y", "z"]])
        self.assertEqual(events[2], {"event": "end", "offset": 75, "left": 0,
                                     "reason": "complete"})

    def test_every_parameter_is_decoded(self):
        mail = self.only(b"MAIL FROM:<a@b> BODY=BINARYMIME SMTPUTF8 AUTH=<> BY=60;NT HOLDFOR=5 "
                         b"MTRK=QUJD:7 MT-PRIORITY=-3 REQUIRETLS\r\n")
        self.assertEqual(mail["parameters"], {
            "BODY": "BINARYMIME", "SMTPUTF8": True, "AUTH": "<>",
            "BY": {"seconds": 60, "mode": "notify", "trace": True}, "HOLDFOR": 5,
            "MTRK": {"certifier": "QUJD", "seconds": 7}, "MT-PRIORITY": -3, "REQUIRETLS": True})
        rcpt = self.only(b"RCPT TO:<Postmaster> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a+20b@c "
                         b"RRVS=2014-04-03T23:01:00Z;C\r\n")
        self.assertEqual(rcpt["path"]["domain_kind"], "none")
        self.assertEqual(rcpt["parameters"], {
            "NOTIFY": ["SUCCESS", "DELAY"], "ORCPT": {"type": "rfc822", "address": "a b@c"},
            "RRVS": {"since": 1396566060, "action": "continue"}})

    def test_an_orcpt_is_decoded_by_its_type(self):
        rcpt = self.only(b"RCPT TO:<a@b> ORCPT=utf-8;\\x{2B}\\x{E4}@b\r\n")
        self.assertEqual(rcpt["parameters"]["ORCPT"],
                         {"type": "utf-8", "address": "+\u00c3\u00a4@b"})

    def test_other_verbs_tell_their_arguments(self):
        hello = self.only(b"EHLO [192.0.2.1]\r\n")
        self.assertEqual((hello["argument"], hello["domain_kind"]), ("[192.0.2.1]", "ipv4"))
        self.assertEqual(self.only(b"LHLO a.example\r\n")["domain_kind"], "name")
        self.assertEqual(self.only(b"BDAT 5 LAST\r\n")["chunk_size"], 5)
        self.assertEqual(self.only(b"AUTH PLAIN =\r\n")["initial_response"], "=")
        self.assertNotIn("initial_response", self.only(b"AUTH PLAIN\r\n"))
        self.assertEqual(self.only(b"XCLIENT NAME=a ADDR=b\r\n")["raw_parameters"],
                         [["NAME", "a"], ["ADDR", "b"]])

    def test_a_rejection_has_a_code_and_the_offset_in_the_stream(self):
        events = self.events(b"NOOP\r\nRSET\rQUIT\r\nNOOP\r\n")
        self.assertEqual(events[1], {
            "event": "rejected", "offset": 6, "consumed": 11, "what": "command",
            "error": "bare CR", "error_offset": 10, "verb": "RSET", "line": "RSET\rQUIT"})
        self.assertEqual(events[2]["offset"], 17)

    def test_octets_are_the_characters_of_their_numbers(self):
        line = b"NOOP " + bytes(range(256)).replace(b"\n", b"")
        event = self.only(line + b"\r\n")
        self.assertEqual(octets(event["line"]), line)
        self.assertEqual(event["error"], "NUL octet")
        self.assertIn(b"\\u00ff", self.run_parse(line + b"\r\n"))

    def test_the_profile_decides(self):
        line = b"MAIL FROM: a@b.example\n"
        self.assertEqual([event["event"] for event in self.events(line)], ["end"])
        self.assertEqual(self.only(line, "--profile", "permissive")["path"]["domain"], "b.example")

    def test_an_incomplete_line_is_left(self):
        self.assertEqual(self.end(b"NOOP\r\nQUI"),
                         {"offset": 6, "left": 3, "reason": "incomplete line"})
        self.assertEqual(self.end(b"A" * 100000),
                         {"offset": 0, "left": 100000, "reason": "incomplete line"})

    def test_without_a_session_nothing_pauses(self):
        events = self.events(b"DATA\r\nSTARTTLS\r\nNOOP\r\n")
        self.assertEqual([event.get("verb") for event in events],
                         ["DATA", "STARTTLS", "NOOP", None])

    # Replies

    def test_replies_tell_their_code(self):
        events = self.events(b"250-2.1.0 a\r\n250 b\r\n", "--replies")
        self.assertEqual(events[0], {
            "event": "reply", "offset": 0, "consumed": 13, "code": 250, "first": True,
            "last": False, "enhanced": "2.1.0", "text": "2.1.0 a"})
        self.assertEqual(events[1]["text"], "b")
        self.assertEqual(self.end(b"250-a\r\n", "--replies")["reason"], "incomplete reply")

    def test_nothing_is_read_behind_a_rejected_reply(self):
        events = self.events(b"250 a\r\n999 b\r\n250 c\r\n", "--replies")
        self.assertEqual(events[1], {"event": "rejected", "offset": 7, "consumed": 0,
                                     "what": "reply", "error": "bad reply code",
                                     "error_offset": 7})
        self.assertEqual(events[2], {"event": "end", "offset": 7, "left": 14,
                                     "reason": "rejected"})

    def test_an_ehlo_reply_tells_what_it_offers(self):
        events = self.events(b"250-hi\r\n250-SIZE 1000\r\n250-auth plain X-Y\r\n250-X-Z\r\n"
                             b"250 LIMITS RCPTMAX=5\r\n", "--ehlo")
        self.assertEqual(events[1]["capability"], {"keyword": "SIZE", "known": True,
                                                   "value": "1000"})
        self.assertEqual(events[3]["capability"], {"keyword": "X-Z", "known": False})
        self.assertNotIn("capability", events[0])
        self.assertEqual(events[5], {
            "event": "capabilities", "offset": 0, "consumed": 74,
            "offered": ["SIZE", "AUTH", "LIMITS"], "SIZE": 1000, "AUTH": ["PLAIN"],
            "LIMITS": {"MAILMAX": 0, "RCPTMAX": 5, "RCPTDOMAINMAX": 0}})

    # A message

    def test_a_message_is_unstuffed_and_ends_where_it_ends(self):
        events = self.events(b"..a\r\nb\xff\n.\r\n.\r\nQUIT\r\n", "--data")
        self.assertEqual(events[0], {"event": "body", "at": 0, "text": ".a\r\nb\xff\n.\r\n"})
        self.assertEqual(events[1], {
            "event": "end-of-data", "offset": 0, "consumed": 14, "octets": 10,
            "faults": {"bare_lf": 7, "non_ascii": 6}})
        self.assertEqual(events[2], {"event": "end", "offset": 14, "left": 6,
                                     "reason": "end of data"})

    def test_a_long_message_comes_in_events_of_4096_octets(self):
        line = b"x" * 98 + b"\r\n"
        events = self.events(line * 100 + b".\r\n", "--data")
        bodies = [event for event in events if event["event"] == "body"]
        self.assertEqual([event["at"] for event in bodies], [0, 4096, 8192])
        self.assertEqual("".join(event["text"] for event in bodies).encode(), line * 100)

    # A session

    SESSION = (b"EHLO c.example\r\nAUTH LOGIN\r\ndXNlcg==\r\nQUIT\r\nAUTH PLAIN\r\n*\r\n"
               b"AUTH PLAIN AGEAYg==\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"
               b".\r\nBDAT 3\r\nDATBDAT 5 LAST\r\nQUIT\n"
               b"BDAT 4 x\r\nNOOPRCPT TO: <x>\r\nSTARTTLS\r\n\x16\x03\x01")

    def test_a_session_changes_its_mode_where_a_client_does(self):
        events = self.events(self.SESSION, "--session")
        seen = [event.get("verb") or event["event"] for event in events]
        self.assertEqual(seen[:13], ["EHLO", "AUTH", "auth-response", "auth-response", "AUTH",
                                     "auth-response", "AUTH", "MAIL", "RCPT", "DATA",
                                     "end-of-data", "BDAT", "body"])
        self.assertEqual(events[3]["base64"], "QUIT")
        self.assertTrue(events[5]["cancelled"])

    def test_a_chunk_is_no_command(self):
        events = self.events(b"BDAT 5 LAST\r\nQUIT\nRSET\r\n", "--session")
        self.assertEqual(events[1], {"event": "body", "at": 0, "text": "QUIT\n"})
        self.assertEqual(events[2], {"event": "end-of-chunk", "offset": 13, "consumed": 5,
                                     "last": True})
        self.assertEqual(events[3]["verb"], "RSET")

    def test_a_rejected_bdat_still_takes_its_octets(self):
        events = self.events(b"BDAT 5 NOW\r\nQUIT\nRSET\r\n", "--session")
        self.assertEqual((events[0]["event"], events[0]["chunk_size"]), ("rejected", 5))
        self.assertTrue(events[2]["of_rejected"])
        self.assertEqual(events[3]["verb"], "RSET")
        self.assertEqual(self.end(b"BDAT x\r\nQUIT\r\n", "--session"),
                         {"offset": 8, "left": 6, "reason": "BDAT without a size"})

    def test_a_session_leaves_untouched_what_follows_its_end(self):
        for verb in ("STARTTLS", "QUIT", "ATRN"):
            line = verb.encode() + b"\r\n"
            self.assertEqual(self.end(line + b"\x16\x03\x01\r\nNOOP\r\n", "--session"),
                             {"offset": len(line), "left": 11, "reason": verb})

    def test_a_session_that_ends_in_the_middle_says_where(self):
        for data, reason, left in ((b"DATA\r\nab", "incomplete message", 2),
                                   (b"BDAT 9\r\nab", "incomplete chunk", 2),
                                   (b"AUTH PLAIN\r\nab", "incomplete authentication", 2),
                                   (b"NOOP\r\nab", "incomplete line", 2)):
            end = self.end(data, "--session")
            self.assertEqual((end["reason"], end["left"]), (reason, left))

    # Streaming

    def test_the_events_do_not_depend_on_the_cuts_of_a_pipe(self):
        for arguments, data in ((["--session"], self.SESSION), ([], self.SESSION),
                                (["--replies"], b"250-a\r\n250 b\r\n25x\r\n"),
                                (["--data"], b"..a\r\n.\rb\r\n.\r\nrest")):
            whole = self.run_parse(data, *arguments)
            for pieces in (1, 7):
                with self.subTest(arguments=arguments, pieces=pieces):
                    self.assertEqual(self.run_parse(data, *arguments, pieces=pieces), whole)

    def test_events_come_as_soon_as_they_are_complete(self):
        process = subprocess.Popen([SMTPMARK, "parse"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE)
        process.stdin.write(b"NOOP\r\nQU")
        process.stdin.flush()
        self.assertEqual(json.loads(process.stdout.readline())["verb"], "NOOP")
        process.communicate(b"IT\r\n", timeout=LIMIT)
        self.assertEqual(process.returncode, 0)

    def test_an_endless_input_takes_no_more_memory(self):
        # A sanitizer keeps what was freed for a while.
        sanitizers = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"
        for arguments, block in (([], b"x" * 65536), (["--data"], b"x" * 65536),
                                 ([], b"NOOP\r\n" * 2000)):
            with self.subTest(arguments=arguments):
                process = subprocess.Popen([SMTPMARK, "parse", *arguments], stdin=subprocess.PIPE,
                                           stdout=subprocess.DEVNULL,
                                           env=os.environ | {"ASAN_OPTIONS": sanitizers})
                highest = []
                for part in range(2):
                    for _ in range(200):
                        process.stdin.write(block)
                    process.stdin.flush()
                    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
                    highest.append(int(status.split("VmHWM:")[1].split()[0]))
                process.stdin.close()
                self.assertEqual(process.wait(LIMIT), 0)
                self.assertLess(highest[1] - highest[0], 1024, "KiB")

    # Exit status and what goes wrong

    def test_a_rejection_is_no_failure_unless_that_is_asked(self):
        for data, status in ((b"WHAT\r\n", 1), (b"NOOP", 1), (b"NOOP\r\n", 0)):
            self.run_parse(data)
            self.assertEqual(self.status, 0)
            self.run_parse(data, "--fail-on-reject")
            self.assertEqual(self.status, status)

    def expect_sentence(self, done, *parts, status=1):
        lines = done.stderr.decode().splitlines()
        self.assertEqual(len(lines), 1, lines)
        self.assertTrue(lines[0].startswith("smtpmark: "), lines)
        for part in parts:
            self.assertIn(part, lines[0])
        self.assertEqual(done.returncode, status)

    def test_a_full_disk(self):
        with open("/dev/full", "wb") as full:
            self.expect_sentence(subprocess.run([SMTPMARK, "parse"], input=b"NOOP\r\n",
                                                stdout=full, stderr=subprocess.PIPE,
                                                timeout=LIMIT),
                                 "cannot write to standard output", "No space left")

    def test_a_reader_that_has_gone(self):
        reading, writing = os.pipe()
        os.close(reading)
        self.expect_sentence(subprocess.run([SMTPMARK, "parse"], input=b"NOOP\r\n", stdout=writing,
                                            stderr=subprocess.PIPE, timeout=LIMIT),
                             "cannot write to standard output", "Broken pipe")
        os.close(writing)

    def test_descriptors_that_are_closed(self):
        for redirection, words in (("<&-", "cannot read standard input"),
                                   (">&- </dev/null", "cannot write to standard output"),
                                   ("</", "cannot read standard input")):
            with self.subTest(redirection=redirection):
                self.expect_sentence(
                    subprocess.run(["sh", "-c", f'exec "$0" parse {redirection}', SMTPMARK],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=LIMIT),
                    words)

    def test_options_that_exclude_each_other(self):
        for word, *arguments in (("--data", "--replies", "--data"),
                                 ("--session", "--ehlo", "--session"),
                                 ("--profile", "--replies", "--profile", "strict"),
                                 ("--profile", "--profile", "permissive", "--data"),
                                 ("--profile", "--ehlo", "--profile", "postfix-like"),
                                 ("lax", "--profile", "lax")):
            with self.subTest(arguments=arguments):
                done = subprocess.run([SMTPMARK, "parse", *arguments], stdin=subprocess.DEVNULL,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                      timeout=LIMIT)
                self.expect_sentence(done, word, status=2)


if __name__ == "__main__":
    SMTPMARK = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
