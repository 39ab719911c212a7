#!/usr/bin/env python3
"""Real mail servers against smtpmark, in a namespace of their own.

Prints one line a test and a closing count; the same lines are left in
DIR/outcomes.txt, the servers' logs in DIR/logs. The exit status is 0 when no
test failed, 77 when all of them had to be skipped, 1 otherwise.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import threading
import unittest

sys.dont_write_bytecode = True  # the source tree stays as it is

import enter
import packages

HERE = os.path.dirname(os.path.abspath(__file__))
TIME_LIMIT_S = 1200
EXIT_ALL_SKIPPED = 77


class Report:
    """Prints and remembers one outcome for each test."""

    def __init__(self, tests, insist, file):
        self.outcomes = dict.fromkeys(tests)
        self._insist = insist
        self._file = file

    def add(self, test, outcome, reason="", seconds=0.0):
        if self._insist and outcome == "skipped":
            outcome, reason = "failed", f"was skipped: {reason}"
        self.outcomes[test] = outcome
        took = f" ({seconds} s)" if seconds else ""
        why = f": {reason}" if reason and outcome == "skipped" else ""
        self._print(f"{outcome:7} {test}{took}{why}")
        if reason and outcome == "failed":
            self._print("        " + reason.strip().replace("\n", "\n        "))

    def rest(self, outcome, reason):
        """The same outcome for every test that has none yet."""
        for test in [t for t, known in self.outcomes.items() if not known]:
            self.add(test, outcome, reason)

    def close(self):
        """Prints the count and returns the exit status."""
        known = list(self.outcomes.values())
        passed, failed, skipped = (
            known.count(o) for o in ("passed", "failed", "skipped"))
        self._print(f"{passed} passed, {failed} failed, {skipped} skipped")
        if failed:
            return 1
        return EXIT_ALL_SKIPPED if skipped and not passed else 0

    def _print(self, line):
        print(line, flush=True)
        print(line, file=self._file, flush=True)


def find_tests(only):
    """Test id -> names of the packages it needs."""
    def flat(suite):
        for item in suite:
            yield from flat(item) if isinstance(
                item, unittest.TestSuite) else [item]
    found = unittest.defaultTestLoader.discover(HERE, "test_*.py")
    return {test.id(): getattr(test, "packages", ()) for test in flat(found)
            if not only or any(word in test.id() for word in only)}


def fetch(cache, names):
    """(layers, {package: why it cannot be had})"""
    layers, lacking = [], {}
    for name in names:
        try:
            layers += cache.layers(name)
        except (packages.Unavailable, OSError) as error:
            lacking[name] = str(error)
    return list(dict.fromkeys(layers)), lacking


class Room:
    """The namespace, ready to run commands in."""

    def __init__(self, request):
        self._request = request

    def start(self, command, **pipes):
        request = {**self._request, "command": command,
                   "die_with_parent": True}
        return subprocess.Popen(
            [sys.executable, "-B", os.path.join(HERE, "namespace.py"),
             json.dumps(request)],
            stdin=subprocess.DEVNULL, text=True, **pipes)

    def why_not(self):
        """Why nothing runs in there, or None if all is well."""
        probe = self.start(["true"], stdout=subprocess.DEVNULL,
                           stderr=subprocess.PIPE)
        try:
            _, errors = probe.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            probe.kill()
            return "making a namespace took too long"
        if probe.returncode == 0:
            return None
        return (errors.strip().splitlines() or ["no namespace"])[-1]


def run_inside(room, tests, options, report):
    """Runs `tests` and reports each; what is not heard of has failed."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1",
                   "SMTPMARK_PROGRAM": os.path.abspath(options.smtpmark)}
    logs = os.path.join(options.work, "logs")
    shutil.rmtree(logs, ignore_errors=True)
    inside = room.start(
        [sys.executable, os.path.join(HERE, "inside.py"), logs, *tests],
        stdout=subprocess.PIPE, env=environment, cwd=HERE)
    limit = threading.Timer(TIME_LIMIT_S, inside.kill)
    limit.start()
    troubles = []
    for line in inside.stdout:
        event = json.loads(line)
        if event["test"] in report.outcomes:
            report.add(**event)
        else:  # a setUpModule or setUpClass
            troubles.append(f"{event['test']}: {event['reason']}")
    inside.wait()
    in_time = limit.is_alive()
    limit.cancel()
    report.rest("failed", "\n".join(troubles) or (
        f"did not run, the tests ended with status {inside.returncode}"
        if in_time else f"did not end within {TIME_LIMIT_S} s in all"))


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smtpmark", required=True, metavar="PATH",
                        help="the program to test")
    parser.add_argument("--work", required=True, metavar="DIR",
                        help="folder for packages, logs and outcomes")
    parser.add_argument("--insist", action="store_true",
                        default=os.environ.get("SMTPMARK_INSIST") == "1",
                        help="a skipped test has failed (also: "
                        "SMTPMARK_INSIST=1 in the environment)")
    parser.add_argument("only", nargs="*", metavar="WORD",
                        help="run only tests with one of these in their name")
    options = parser.parse_args(arguments)
    options.work = os.path.abspath(options.work)
    if not os.access(options.smtpmark, os.X_OK):
        parser.error(f"{options.smtpmark} is no program; build it first")
    return options


def main(arguments):
    options = parse(arguments)
    os.makedirs(options.work, exist_ok=True)
    tests = find_tests(options.only)
    cache = packages.Cache(enter.cache_folder(options.work))
    wanted = sorted({name for needs in tests.values() for name in needs})
    layers, lacking = fetch(cache, wanted)
    room = Room({"cache": cache.folder, "layers": layers, "accounts": wanted,
                 "keep": [options.work,
                          os.path.dirname(os.path.abspath(options.smtpmark)),
                          HERE]})
    with open(os.path.join(options.work, "outcomes.txt"), "w") as file:
        report = Report(tests, options.insist, file)
        for test, needs in tests.items():
            reasons = [lacking[name] for name in needs if name in lacking]
            if reasons:
                report.add(test, "skipped", reasons[0])
        ready = [t for t, outcome in report.outcomes.items() if not outcome]
        reason = room.why_not() if ready else None
        if reason:
            report.rest("skipped", reason)
        elif ready:
            run_inside(room, ready, options, report)
        return report.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
