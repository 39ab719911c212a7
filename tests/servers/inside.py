"""The part of run.py that lives in the namespace: runs the tests named on
the command line and tells each outcome on stdout, one JSON object a line."""

import glob
import json
import os
import shutil
import signal
import sys
import time
import unittest

import service

TEST_TIMEOUT_S = 75
KEPT_AFTERWARDS = ("*.json", "*.log", "*.out", "*/*.log", "*/*.out")


class Outcomes(unittest.TestResult):
    def __init__(self, channel):
        super().__init__()
        self._channel = channel

    def startTest(self, test):
        super().startTest(test)
        self._began = time.monotonic()
        self._told = False
        signal.alarm(TEST_TIMEOUT_S)

    def stopTest(self, test):
        signal.alarm(0)
        super().stopTest(test)

    def _tell(self, test, outcome, reason=""):
        own = isinstance(test, unittest.TestCase)
        if own and self._told:
            return
        self._told = True
        seconds = time.monotonic() - self._began if own else 0
        json.dump({"test": test.id(), "outcome": outcome, "reason": reason,
                   "seconds": round(seconds, 1)}, self._channel)
        self._channel.write("\n")
        self._channel.flush()

    def addSuccess(self, test):
        self._tell(test, "passed")

    def addFailure(self, test, err):
        self._tell(test, "failed", self._exc_info_to_string(err, test))

    addError = addFailure

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self._tell(test, "failed", f"{subtest.id()}\n"
                       + self._exc_info_to_string(err, test))

    def addSkip(self, test, reason):
        self._tell(test, "skipped", reason)


def _give_up(_signal, _frame):
    raise TimeoutError(f"the test took longer than {TEST_TIMEOUT_S} s")


def _keep(folder):
    """Saves from the tmpfs what explains a failure."""
    os.makedirs(folder, exist_ok=True)
    for pattern in KEPT_AFTERWARDS:
        for file in glob.glob(os.path.join(service.RUN, pattern)):
            shutil.copy(file, folder)


def main(logs, *tests):
    # Nothing a test prints by accident may get between the outcomes.
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    signal.signal(signal.SIGALRM, _give_up)
    os.makedirs(service.RUN, mode=0o755)
    try:
        unittest.defaultTestLoader.loadTestsFromNames(tests).run(
            Outcomes(channel))
    finally:
        _keep(logs)


if __name__ == "__main__":
    main(*sys.argv[1:])
