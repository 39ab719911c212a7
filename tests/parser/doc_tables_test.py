#!/usr/bin/env python3
"""The tables of docs/parser.md are those that the code prints.

  doc_tables_test.py PROGRAM PAGE            exit 1 when a table differs
  doc_tables_test.py PROGRAM PAGE --update   write them
"""

import pathlib
import re
import subprocess
import sys


def printed(program):
    done = subprocess.run([program], capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        sys.exit(done.stderr.strip())
    parts = re.split(r"^== (\w+)\n", done.stdout, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2]))


def with_table(page, name, table):
    """The page with that table between its two marks, which must be there once."""
    begin, end = f"<!-- table: {name} -->\n", "<!-- end of table -->\n"
    if page.count(begin) != 1:
        sys.exit(f"there must be one line: {begin}")
    head, tail = page.split(begin)
    return head + begin + table + end + tail[tail.index(end) + len(end):]


def main(program, path, update):
    page = committed = pathlib.Path(path).read_text()
    for name, table in printed(program).items():
        page = with_table(page, name, table)
    if update:
        pathlib.Path(path).write_text(page)
        return 0
    if page == committed:
        return 0
    print(f"The tables of {path} are not those of the code. To write them:\n"
          "  ninja -C BUILD parser-tables")
    for old, new in zip(committed.splitlines(), page.splitlines()):
        if old != new:
            print(f"- {old}\n+ {new}")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], "--update" in sys.argv[3:]))
