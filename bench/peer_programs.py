"""The programs that bench/peers runs: servers for the length of a block, clients to their end."""

import contextlib
import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
from typing import Callable

ROOT = pathlib.Path(__file__).resolve().parent.parent
CLIENT_CPU, SERVER_CPU = "0", "1"
LIMIT_S = 120  # for one run


def pinned(cpu, command):
    return ["taskset", "-c", cpu, *command] if os.cpu_count() > 1 else command


def process_cpu_s(pid):
    """Of all its threads that still run."""
    return sum(int((task / "schedstat").read_text().split()[0])
               for task in pathlib.Path(f"/proc/{pid}/task").iterdir()) / 1e9


class Server:
    """A sink that runs for the length of a `with` block; it listens at `address`, 127.0.0.1:PORT or
    unix:PATH."""

    def __init__(self, command, address, counters=None):
        self.command, self.address, self.counters = command, address, counters

    def __enter__(self):
        self.process = subprocess.Popen(pinned(SERVER_CPU, self.command),
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while not self._listens():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"did not start: {' '.join(self.command)}")
            time.sleep(0.05)
        return self

    @property
    def port(self):
        return int(self.address.split(":")[1])

    def _listens(self):
        if self.address.startswith("unix:"):  # the path is there from bind() on, so wait for listen()
            return any(line.split()[3] == "00010000" and line.endswith(" " + self.address[5:])
                       for line in pathlib.Path("/proc/self/net/unix").read_text().splitlines())
        wanted = f":{self.port:04X} "
        return any(wanted in line and " 0A " in line
                   for line in pathlib.Path("/proc/self/net/tcp").read_text().splitlines())

    def cpu_s(self):
        return process_cpu_s(self.process.pid)

    def counted(self, name):
        """A counter of our sink, which has ended."""
        return json.loads(pathlib.Path(self.counters).read_text())[name]

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@dataclasses.dataclass
class Ended:
    cpu_s: float
    wall_s: float


def client_run(command, end_after_s=None, environment=None):
    """Runs a client to its end, or for so long."""
    begun = time.monotonic()
    process = subprocess.Popen(pinned(CLIENT_CPU, command), stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True,
                               env={**os.environ, **(environment or {})})
    if end_after_s is not None:
        time.sleep(end_after_s)
        process.send_signal(signal.SIGKILL)
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0 and end_after_s is None:
        raise SystemExit(f"failed: {' '.join(command)}\n{errors}")
    return Ended(usage.ru_utime + usage.ru_stime, time.monotonic() - begun)


@dataclasses.dataclass
class Work:
    messages: int
    size: int
    long: bool = True  # sessions
    sessions: int = 100


@dataclasses.dataclass
class Pair:
    """Makers of a server and of a client's command line, and what they are given besides."""
    server: Callable
    client: Callable
    server_options: tuple = ()
    client_options: tuple = ()


class Programs:
    """Makers of servers, and of the command lines of clients."""

    def __init__(self):
        self.scratch = tempfile.TemporaryDirectory(prefix="smtpmark-peers-")  # goes with it
        self.folder = self.scratch.name
        self.program = str(ROOT / "build/release/loadgen/smtpmark")
        self.loopback = str(ROOT / "build/release/bench/loopback")
        self.next_port = 10000
        self.over_unix = False
        self.payloads = {}
        self.users = os.path.join(self.folder, "users")
        pathlib.Path(self.users).write_text("sink@example.com\n")

    def new_address(self):
        self.next_port += 1
        if self.over_unix:
            return f"unix:{self.folder}/{self.next_port}.sock"
        return f"127.0.0.1:{self.next_port}"

    @contextlib.contextmanager
    def unix_sockets(self):
        """Servers that begin in the block listen there in place of TCP."""
        self.over_unix = True
        yield
        self.over_unix = False

    # Servers

    def smtp_sink(self, *_):
        address = self.new_address()
        return Server(["smtp-sink", "-u", "postfix", "-m", "2000", address, "1000"], address)

    def smtpmark_sink(self, *options, role="--relay"):
        address = self.new_address()
        counters = os.path.join(self.folder, f"sink-{self.next_port}.json")
        return Server([self.program, "sink", role, address, "--json", counters, *options], address,
                      counters)

    def bare_server(self, *_):
        address = self.new_address()
        return Server([self.loopback, "serve", address], address)

    # Clients

    def bare_client(self, work, address, *_):
        return [self.loopback, "load", address, str(work.messages), str(work.sessions),
                str(self.payload(work.size))]

    def smtp_source(self, work, address, *_):
        long = ["-d"] if work.long else []
        return ["smtp-source", "-s", str(work.sessions), "-m", str(work.messages), "-l",
                str(work.size), *long, "-f", "load@example.com", "-t", "sink@example.com",
                address]

    def smtpmark_run(self, work, address, *options):
        tls = () if "--tls" in options else ("--tls", "none")
        return [self.program, "run", "--target", address, "--role", "relay", *tls,
                "--connections", str(work.sessions), "--messages-per-connection",
                "1000000000" if work.long else "1", "--messages", str(work.messages), "--size",
                str(self.payload(work.size)), "--quiet", "--results-dir", self.folder, *options]

    def empty_sessions(self, count, at_once, address, *options):
        return [self.program, "run", "--target", address, "--role", "relay", *options,
                "--connections", str(at_once), "--messages-per-connection", "0", "--messages",
                str(count), "--quiet", "--results-dir", self.folder]

    def postal(self, work, port):
        """Goes on until it is ended; a thread a session. It leaves a log where it runs."""
        kib = str(work.size // 1024)
        return ["env", "-C", self.folder, "postal", "-m", kib, "-M", kib, "-t", str(work.sessions),
                "-r", "100000000", "-c", "1", f"[127.0.0.1]{port}", self.users]

    def nodemailer(self, work, port):
        return ["node", str(ROOT / "bench/nodemailer_client.js"), "127.0.0.1", str(port),
                str(work.messages), str(work.sessions), str(work.size),
                "Infinity" if work.long else "1"]

    def swaks(self, work, port):
        """As many processes as messages, one after the other."""
        return ["sh", "-c", 'i=0; while [ $i -lt "$1" ]; do i=$((i + 1)); swaks --server '
                '"127.0.0.1:$2" --from load@example.com --to sink@example.com --body "$3" '
                "--suppress-data >/dev/null || exit 1; done", "sh", str(work.messages), str(port),
                "x" * 64 + "\n"]

    def s_time(self, port):
        """One session after the other, for two seconds."""
        return ["openssl", "s_time", "-connect", f"127.0.0.1:{port}", "-new", "-time", "2",
                "-tls1_3"]

    def payload(self, size):
        """The octets that smtp-source makes of a message of that size, its header included."""
        if size not in self.payloads:
            with self.smtpmark_sink() as server:
                client_run(self.smtp_source(Work(messages=500, size=size), server.address))
            self.payloads[size] = round(
                server.counted("octets_received") / server.counted("messages_received"))
        return self.payloads[size]
