"""The program under test, as client and as sink."""

import dataclasses
import itertools
import json
import os
import signal
import subprocess
import tempfile
import threading

import service

RUN_TIMEOUT_S = 60
LISTENERS = {"relay": 25, "submission": 587, "submissions": 465}
_numbers = itertools.count(1)


def program():
    return os.environ["SMTPMARK_PROGRAM"]


def _new_file(kind):
    os.makedirs(service.RUN, exist_ok=True)
    return os.path.join(service.RUN, f"{kind}-{next(_numbers)}.json")


@dataclasses.dataclass
class Run:
    exit_status: int
    stdout: str
    stderr: str
    result: dict  # the result file, {} when none was written

    def totals(self, name):
        """The sum over all jobs."""
        return sum(job["totals"][name] for job in self.result["jobs"])

    def errors(self):
        return [error for job in self.result["jobs"]
                for error in job["errors"]]


def run(port, **options):
    """`smtpmark run` to its end, on `port` or with a `target`; an option
    `tls="none"` is `--tls none`, `verify=True` is `--verify`, and a list is
    the option again and again."""
    return _load("run", port, options)


def sweep(port, **options):
    """`smtpmark tls` in the same way."""
    return _load("tls", port, options)


def _load(kind, port, options):
    file = _new_file(kind)
    options = {"target": f"127.0.0.1:{port}", **options, "json": file,
               "results_dir": os.path.join(service.RUN, "results")}
    command = [program(), kind]
    for name, value in options.items():
        for one in value if isinstance(value, list) else [value]:
            command.append("--" + name.replace("_", "-"))
            command += [] if one is True else [str(one)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, text=True,
                          capture_output=True, timeout=RUN_TIMEOUT_S)
    result = {}
    if os.path.exists(file):
        with open(file) as written:
            result = json.load(written)
    if done.returncode < 0:
        raise RuntimeError(f"{' '.join(command)} was killed by "
                           f"{signal.Signals(-done.returncode).name}: "
                           f"{done.stdout}{done.stderr}")
    return Run(done.returncode, done.stdout, done.stderr, result)


class Sink:
    """`smtpmark sink` for the length of a `with`, on ports 25, 587 and 465
    unless told, with more `options` of the command line; `report` is what it
    wrote when it ended."""

    def __init__(self, listeners=LISTENERS, options=()):
        self._listeners = listeners
        self._options = options
        self.report = {}

    def __enter__(self):
        self._file = _new_file("sink")
        self._errors = tempfile.TemporaryFile("w+")
        command = [program(), "sink", "--user", service.USER,
                   "--password", service.PASSWORD, "--threads", "1",
                   "--json", self._file, *self._options]
        for role, port in self._listeners.items():
            command += [f"--{role}", f"127.0.0.1:{port}"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=self._errors, text=True)
        try:
            self._wait_for_listeners()
        except BaseException:
            self._process.kill()
            self._process.wait()
            raise
        return self

    def _wait_for_listeners(self):
        # A sink that says nothing ends here by the time limit of the test.
        ready = 0
        while ready < len(self._listeners):
            line = self._process.stdout.readline()
            if not line:
                self._process.wait()
                raise RuntimeError("smtpmark sink did not start: "
                                   + self._read_errors())
            ready += line.startswith("listening on ")
        self._drain = threading.Thread(target=self._process.stdout.read,
                                       daemon=True)
        self._drain.start()

    def __exit__(self, kind, _error, _trace):
        service.stop(self._process)
        self._drain.join()
        if kind is not None:
            return
        if self._process.returncode != 0:
            raise RuntimeError(
                f"smtpmark sink ended with {self._process.returncode}: "
                + self._read_errors())
        with open(self._file) as written:
            self.report = json.load(written)

    def _read_errors(self):
        self._errors.seek(0)
        return self._errors.read().strip() or "it said nothing"
