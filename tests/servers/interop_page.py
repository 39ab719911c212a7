#!/usr/bin/env python3
"""docs/interop.md and what the tests found:

  interop_page.py build/debug/tests/servers/logs

puts the cells that the tests of test_interop.py left there into the page.
"""

import dataclasses
import glob
import json
import os
import re
import sys

import features
import seen_features

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                    "..", "..", "docs", "interop.md")
YES, NOT_SPOKEN, CRASHES = "yes", "not spoken", "server crashes"
PEERS = ["Postfix", "Exim", "OpenSMTPD", "Dovecot LMTP", "Dovecot submission"]


@dataclasses.dataclass(frozen=True)
class Table:
    """One of the page; `first` is the head of its first column, `kind` what
    the files with its cells begin with."""
    first: str
    kind: str
    features: tuple
    peers: list

    def head(self):
        return [self.first, "options"] + self.peers

    def find(self, page):
        return re.search(rf"^\| {self.first} \|.*\n(?:\|.*\n)+", page, re.M)


SPOKEN = Table("feature", "interop", features.FEATURES, PEERS)
SEEN = Table("seen", "seen", seen_features.FEATURES, ["Postfix", "Exim"])


def column(peer, table=SPOKEN):
    """{feature: cell} as the page says."""
    with open(PAGE, encoding="utf-8") as file:
        found = table.find(file.read())
    rows = [[cell.strip() for cell in line.strip("|").split("|")]
            for line in found[0].splitlines()] if found else [[]]
    if peer not in rows[0]:
        return {}
    return {row[0]: row[rows[0].index(peer)] for row in rows[2:]}


def row(cells):
    return "| " + " | ".join(cells) + " |\n"


def render(table, found):
    """The table; `found` has {feature: cell} for each peer."""
    lines = [row(table.head()), "|" + "---|" * len(table.head()) + "\n"]
    for feature in table.features:
        lines.append(row(
            [feature.name, f"`{feature.command_line()}`"]
            + [found.get(peer, {}).get(feature.name, "")
               for peer in table.peers]))
    return "".join(lines)


def found_in(logs, table):
    found = {}
    for path in glob.glob(os.path.join(logs, f"{table.kind}-*.json")):
        with open(path) as file:
            peer = os.path.basename(path)[len(table.kind) + 1:-len(".json")]
            found[peer] = json.load(file)
    return found


def main(logs):
    with open(PAGE, encoding="utf-8") as file:
        page = file.read()
    for table in (SPOKEN, SEEN):
        found = found_in(logs, table)
        old = table.find(page)
        if found and old:
            page = page.replace(old[0], render(table, found))
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(page)


if __name__ == "__main__":
    main(*sys.argv[1:])
