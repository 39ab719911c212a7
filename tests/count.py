#!/usr/bin/env python3
"""Adds up what suites reported, into the closing line of tests/run, and repeats
why tests were skipped. Exits with 1 when a test failed or none ran.

  count.py BUILD SUITE...
"""

import pathlib
import re
import sys
import xml.etree.ElementTree


def of_junit(path):
    """Counts of one Meson log: GoogleTest's cases one by one, others by program."""
    passed = failed = skipped = 0
    for suite in xml.etree.ElementTree.parse(path).getroot().iter("testsuite"):
        for case in suite.iter("testcase"):
            if "servers" in (case.get("classname") or "") + (case.get("name") or ""):
                continue  # counted from outcomes.txt, test by test
            if case.find("failure") is not None or case.find("error") is not None:
                failed += 1
            elif case.find("skipped") is not None:
                skipped += 1
            else:
                passed += 1
    return passed, failed, skipped


def of_outcomes(path):
    match = re.search(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$",
                      path.read_text(), re.MULTILINE)
    # A list without its closing line was cut short: that is a failure.
    return tuple(int(number or 0) for number in match.groups()) if match else (0, 1, 0)


def skips(path):
    return {line for line in path.read_text().splitlines() if line.startswith("skipped ")}


def main(build, suites):
    counts = [0, 0, 0]
    reasons = set()
    for suite in suites:
        for name, read in (("meson-logs/measured.junit.xml", of_junit),
                           ("meson-logs/others.junit.xml", of_junit),
                           ("tests/servers/outcomes.txt", of_outcomes)):
            path = pathlib.Path(build, suite, name)
            if not path.exists():
                continue
            counts = [a + b for a, b in zip(counts, read(path))]
            if read is of_outcomes:
                reasons |= skips(path)
    for reason in sorted(reasons):
        print(reason)
    print("{} passed, {} failed, {} skipped".format(*counts))
    return 0 if counts[0] > 0 and counts[1] == 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
