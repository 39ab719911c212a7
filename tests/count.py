#!/usr/bin/env python3
"""Adds up what the suites below a build folder reported, into the closing line
of tests/run. Exits with 1 when a test failed or none ran."""

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


def main(build):
    counts = [0, 0, 0]
    for pattern, read in (("*/meson-logs/testlog.junit.xml", of_junit),
                          ("*/tests/servers/outcomes.txt", of_outcomes)):
        for path in sorted(pathlib.Path(build).glob(pattern)):
            counts = [a + b for a, b in zip(counts, read(path))]
    print("{} passed, {} failed, {} skipped".format(*counts))
    return 0 if counts[0] > 0 and counts[1] == 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
