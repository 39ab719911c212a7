#!/usr/bin/env python3
"""docs/interop.md and what the tests found:

  interop_page.py build/debug/tests/servers/logs

puts the cells that the tests of test_interop.py left there into the page.
"""

import glob
import json
import os
import re
import sys

import features

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                    "..", "..", "docs", "interop.md")
YES, NOT_SPOKEN, CRASHES = "yes", "not spoken", "server crashes"
HEAD = ["feature", "options"]
PEERS = ["Postfix", "Exim", "OpenSMTPD", "Dovecot LMTP", "Dovecot submission"]
TABLE = re.compile(r"^\| feature \|.*\n(?:\|.*\n)+", re.M)


def column(peer):
    """{feature: cell} as the page says."""
    with open(PAGE, encoding="utf-8") as file:
        table = TABLE.search(file.read())
    rows = [[cell.strip() for cell in line.strip("|").split("|")]
            for line in table[0].splitlines()] if table else [[]]
    if peer not in rows[0]:
        return {}
    return {row[0]: row[rows[0].index(peer)] for row in rows[2:]}


def row(cells):
    return "| " + " | ".join(cells) + " |\n"


def render(found):
    """The table; `found` has {feature: cell} for each peer."""
    lines = [row(HEAD + PEERS), "|" + "---|" * len(HEAD + PEERS) + "\n"]
    for feature in features.FEATURES:
        lines.append(row(
            [feature.name, f"`{feature.command_line()}`"]
            + [found.get(peer, {}).get(feature.name, "") for peer in PEERS]))
    return "".join(lines)


def main(logs):
    found = {}
    for path in glob.glob(os.path.join(logs, "interop-*.json")):
        with open(path) as file:
            peer = os.path.basename(path)[len("interop-"):-len(".json")]
            found[peer] = json.load(file)
    with open(PAGE, encoding="utf-8") as file:
        page = file.read()
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(TABLE.sub(lambda _: render(found), page, count=1))


if __name__ == "__main__":
    main(*sys.argv[1:])
