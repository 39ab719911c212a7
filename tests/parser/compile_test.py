#!/usr/bin/env python3
"""What must not compile does not, and says why; its twin, which differs in nothing else, does.

  compile_test.py SOURCE CXX-COMPILER [unittest arguments]

The compiler is a command in one word, as "ccache g++".
"""

import pathlib
import re
import subprocess
import sys
import unittest

SOURCE = ""
CXX = []
LIMIT = 120  # seconds

UNIT = """
#include <string>
#include <string_view>
#include "parser/body_framer.h"
#include "parser/capabilities.h"
#include "parser/command_parser.h"
#include "parser/reply_parser.h"
#include "parser/smtp_parser_ehlo.h"
using namespace smtpmark::parser;
std::string read();
const std::string read_constant();
void use(CommandParser& commands, Command& command, AuthResponse& response, ReplyParser& replies,
         ReplyLine& line, DataFramer& data, ChunkFramer& chunk, std::string_view& piece,
         Capabilities& capabilities, std::string& held, const std::string& seen) {
  (void)commands, (void)command, (void)response, (void)replies, (void)line, (void)data, (void)chunk;
  (void)piece, (void)capabilities, (void)held, (void)seen;
  %s
}
"""
# The call, "@" where the octets stand.
FEEDS = ("commands.feed(@, command);", "commands.feed_auth_response(@, response);",
         "replies.feed(@, line);", "data.feed(@, piece);", "chunk.feed(@, piece);",
         "(void)capabilities.add(@);", "(void)RawParameters(@);")
GOOD = ("held", "seen", "std::string_view(held)", 'std::string_view("NOOP\\r\\n")', '"NOOP\\r\\n"')
TEMPORARY = ("read()", "read_constant()", "std::string{}", "std::move(held)", 'held + "\\r\\n"',
             "seen.substr(1)")


# What stands for the header of a reader of docs/fuzzing.md.
SOMEBODYS_PARSER = """
struct my_parser { int state; };
struct my_command { int error; };
void my_parser_init(struct my_parser*);
long my_parser_next(struct my_parser*, const char*, unsigned long, struct my_command*);
"""


def accepted(text):
    """Whether a source compiles, and what the compiler said."""
    done = subprocess.run([*CXX, "-std=c++20", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I",
                           SOURCE, "-x", "c++", "-"], input=text, capture_output=True, text=True,
                          timeout=LIMIT)
    return done.returncode == 0, done.stderr


def compiled(statement):
    return accepted(UNIT % statement)


class Compilation(unittest.TestCase):
    def expect_to_compile(self, statement):
        fine, message = compiled(statement)
        self.assertTrue(fine, f"{statement}\n{message}")

    def expect_failure(self, statement, *words):
        fine, message = compiled(statement)
        self.assertFalse(fine, statement)
        errors = [line for line in message.splitlines() if "error:" in line]
        self.assertEqual(len(errors), 1, message)
        for word in words:
            self.assertIn(word, errors[0])

    def test_octets_that_stay_may_be_fed(self):
        self.expect_to_compile("\n".join(feed.replace("@", octets) for feed in FEEDS
                                         for octets in GOOD))

    def test_views_cannot_be_bound_to_temporaries(self):
        calls = [(feed, octets) for feed in FEEDS for octets in TEMPORARY[:2]]
        calls += [(FEEDS[0], octets) for octets in TEMPORARY[2:]]
        for feed, octets in calls:
            with self.subTest(feed=feed, octets=octets):
                self.expect_failure(feed.replace("@", octets), "deleted")

    def test_the_peer_of_the_fuzzing_page(self):
        page = pathlib.Path(SOURCE, "docs", "fuzzing.md").read_text()
        text = re.search(r"^```cpp\n(.*?)^```", page, re.M | re.S)[1]
        text, count = re.subn(r'^#include "/home.*$', SOMEBODYS_PARSER, text, flags=re.M)
        self.assertEqual(count, 1)
        fine, message = accepted(text)
        self.assertTrue(fine, message)

    def test_an_object_of_another_kind_is_no_parser(self):
        for call, right, wrong in (
                ("smtp_parser_commands p; smtp_parser_{}_init(&p, 0);", "commands", "chunk"),
                ("smtp_parser_{} p; smtp_parser_data_init(&p, nullptr);", "data", "checker")):
            with self.subTest(call=call):
                self.expect_to_compile(call.format(right))
                fine, message = compiled(call.format(wrong))
                self.assertFalse(fine)
                self.assertIn("smtp_parser_" + wrong, message)

    def test_a_conversion_to_a_parser_is_explicit(self):
        self.expect_to_compile("CommandParser parser(kAllowBareLf); (void)parser;")
        fine, message = compiled("CommandParser parser = kAllowBareLf; (void)parser;")
        self.assertFalse(fine)
        self.assertIn("CommandParser", message)


if __name__ == "__main__":
    SOURCE = sys.argv[1]
    CXX = sys.argv[2].split()
    del sys.argv[1:3]
    unittest.main(verbosity=2)
