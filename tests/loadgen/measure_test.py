#!/usr/bin/env python3
"""What a run says about its own figures, in whose format, and with which exit status.

  measure_test.py SMTPMARK [unittest arguments]
"""

import contextlib
import csv
import json
import os
import pathlib
import pty
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request
import xml.etree.ElementTree

SMTPMARK = ""
LIMIT = 60  # seconds that a command may take, however slow the machine
HDR_READER = pathlib.Path("/usr/share/java/hdrhistogram.jar")


def needs(there, why):
    """Skips a test that cannot run here; where all are insisted on, it runs and fails."""
    return unittest.skipUnless(there or os.environ.get("SMTPMARK_INSIST") == "1", why)


def can_make_namespaces():
    return os.getuid() == 0 and shutil.which("unshare") and subprocess.run(
        ["unshare", "--net", "--mount", "true"], capture_output=True).returncode == 0


@contextlib.contextmanager
def narrow_server(at_once):
    """Greets so many connections at once; the others are accepted and wait, as at a server with as
    many processes. Takes one message after the other."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    places = threading.Semaphore(at_once)

    def serve(connection):
        with connection, places, contextlib.suppress(OSError):
            reader = connection.makefile("rb")
            connection.sendall(b"220 hi\r\n")
            in_data = False
            for line in reader:
                if in_data:
                    in_data = line != b".\r\n"
                    answer = b"" if in_data else b"250 ok\r\n"
                elif line == b"DATA\r\n":
                    in_data, answer = True, b"354 go\r\n"
                else:
                    answer = b"221 bye\r\n" if line == b"QUIT\r\n" else b"250 ok\r\n"
                time.sleep(0.002 if answer else 0)
                connection.sendall(answer)
                if line == b"QUIT\r\n" and not in_data:
                    return

    def accept():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="smtpmark-test-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def start_sink(self, *arguments):
        sink = subprocess.Popen(
            [SMTPMARK, "sink", "--relay", "127.0.0.1:0", *arguments], stdout=subprocess.PIPE,
            text=True, cwd=self.folder)
        self.addCleanup(sink.stdout.close)
        self.addCleanup(sink.wait)
        self.addCleanup(sink.kill)
        return sink, re.match(r"listening on (\S+)", sink.stdout.readline()).group(1)

    def command(self, target, *arguments):
        return [SMTPMARK, "run", "--target", target, "--role", "relay", "--tls", "none",
                "--results-dir", self.path("results"), "--json", self.path("run.json"), *arguments]

    def run_load(self, target, *arguments, prefix=()):
        return subprocess.run([*prefix, *self.command(target, *arguments)], capture_output=True,
                              text=True, timeout=LIMIT, cwd=self.folder)

    def job(self):
        return json.loads(pathlib.Path(self.path("run.json")).read_text())["jobs"][0]

    def codes(self):
        return {finding["code"] for finding in self.job()["verdict"]["findings"]}


class Verdicts(Case):
    def test_a_modest_open_loop_is_clean(self):
        _, target = self.start_sink()
        for attempt in range(3):  # a machine that does something else for a moment is no finding
            done = self.run_load(target, "--rate", "100", "--duration", "1s", "--connections", "20",
                                 "--fail-on-verdict")
            if done.returncode == 0:
                break
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(self.job()["verdict"], {"name": "clean", "findings": []})

    def test_a_generator_without_rest_is_generator_limited(self):
        _, target = self.start_sink()
        # It shares its processor with many others, so the sink is always ahead of it.
        first = ["taskset", "-c", str(min(os.sched_getaffinity(0)))]
        for _ in range(3):
            rival = subprocess.Popen([*first, "sh", "-c", "while :; do :; done"])
            self.addCleanup(rival.wait)
            self.addCleanup(rival.kill)
        done = self.run_load(target, "--tls", "required", "--connections", "400", "--duration", "1s",
                             "--messages-per-connection", "0", "--fail-on-verdict", prefix=first)
        self.assertEqual(done.returncode, 4, done.stdout + done.stderr)
        self.assertIn("generator-cpu", self.codes())
        self.assertIn("generator-limited: a generator thread had work for", done.stdout)

    def test_a_rate_beyond_the_connections_is_not_kept(self):
        with narrow_server(4) as target:
            done = self.run_load(target, "--rate", "2000", "--connections", "1", "--duration", "1s")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("schedule-lag", self.codes())
        self.assertEqual(self.job()["verdict"]["name"], "rate-not-kept")

    def test_a_server_that_serves_few_at_once_does_not_reach_the_connections(self):
        with narrow_server(5) as target:
            done = self.run_load(target, "--connections", "40", "--duration", "1s")
        self.assertIn("connections", self.codes(), done.stdout)
        self.assertRegex(done.stdout, r"at most \d of 40 connections were served at once")

    def test_a_stopped_process_is_clock_trouble(self):
        _, target = self.start_sink()
        with subprocess.Popen(self.command(target, "--rate", "50", "--duration", "2s", "--quiet"),
                              cwd=self.folder) as running:
            time.sleep(0.6)
            running.send_signal(signal.SIGSTOP)
            time.sleep(0.8)
            running.send_signal(signal.SIGCONT)
            self.assertEqual(running.wait(LIMIT), 0)
        self.assertEqual(self.job()["verdict"]["name"], "clock-trouble")

    @needs(can_make_namespaces(), "needs root and network namespaces")
    def test_a_narrow_range_of_ports_is_exhausted(self):
        script = ("ip link set lo up; echo 40000 40009 > /proc/sys/net/ipv4/ip_local_port_range; "
                  "exec 3>&1; %s sink --relay 127.0.0.1:2525 >ready & sink=$!; "
                  "while ! grep -q listening ready; do sleep 0.05; done; "
                  "\"$@\"; kill $sink" % SMTPMARK)
        subprocess.run(["unshare", "--net", "sh", "-c", script, "sh",
                        *self.command("127.0.0.1:2525", "--connections", "30", "--duration", "500ms",
                                      "--messages-per-connection", "1000000")],
                       capture_output=True, timeout=LIMIT, cwd=self.folder)
        self.assertEqual(self.job()["verdict"]["name"], "port-exhausted")
        self.assertIn("address-not-available", {row["kind"] for row in self.job()["errors"]})

    def test_a_full_listen_queue_is_connect_limited(self):
        # A server that accepts late: some of the first connections are dropped and try again.
        listener = socket.create_server(("127.0.0.1", 0), backlog=2)
        target = f"127.0.0.1:{listener.getsockname()[1]}"
        self.addCleanup(listener.close)
        done = self.run_load(target, "--connections", "20", "--duration", "1500ms", "--timeout",
                             "10s")
        self.assertNotEqual(done.returncode, 0)  # nobody answered
        self.assertIn("connect-queue", self.codes(), done.stdout)


class Files(Case):
    def test_every_format_from_a_run_and_from_its_result(self):
        _, target = self.start_sink()
        kinds = {"--csv": "a.csv", "--markdown": "a.md", "--openmetrics": "a.txt",
                 "--junit": "a.xml", "--hdr-log": "a.hlog"}
        flags = [word for flag, name in kinds.items() for word in (flag, self.path(name))]
        flags += ["--threshold", "p99 of message < 10 s", "--threshold", "errors < 1"]
        done = self.run_load(target, "--messages", "200", *flags)
        self.assertEqual(done.returncode, 0, done.stderr)
        first = {name: pathlib.Path(self.path(name)).read_text() for name in kinds.values()}
        with open(self.path("a.csv"), newline="") as file:
            rows = list(csv.DictReader(file))
        count = [row["value"] for row in rows
                 if (row["group"], row["figure"]) == ("phases.message", "count")]
        self.assertEqual(count, ["200"])
        tests = xml.etree.ElementTree.parse(self.path("a.xml")).getroot()
        self.assertEqual((tests.get("tests"), tests.get("failures")), ("3", "0"))
        self.assertTrue(first["a.txt"].endswith("# EOF\n"))
        self.assertIn("| whole message | 200 |", first["a.md"])
        again = subprocess.run([SMTPMARK, "show", self.path("run.json"), *flags],
                               capture_output=True, text=True, timeout=LIMIT)
        self.assertEqual(again.returncode, 0, again.stderr)
        for name, text in first.items():
            self.assertEqual(pathlib.Path(self.path(name)).read_text(), text, name)

    @needs(shutil.which("java") and HDR_READER.exists(), "libhdrhistogram-java is not installed")
    def test_a_foreign_reader_finds_the_same_percentiles(self):
        _, target = self.start_sink()
        log = self.path("run.hlog")
        self.assertEqual(self.run_load(target, "--messages", "3000", "--hdr-log", log).returncode, 0)
        for phase in ("message", "connect", "end_of_data"):
            ours = self.job()["phases"][phase]
            done = subprocess.run(
                ["java", "-cp", HDR_READER, "org.HdrHistogram.HistogramLogProcessor", "-csv", "-i",
                 log, "-tag", f"{target}/{phase}", "-outputValueUnitRatio", "1000"],
                capture_output=True, text=True, timeout=LIMIT, check=True)
            rows = [line.split(",") for line in done.stdout.splitlines()
                    if re.match(r"[\d.]+,[\d.]+,\d+,", line)]
            theirs = [(float(value), float(share)) for value, share, *_ in rows]
            self.assertEqual(int(rows[-1][2]), ours["count"])
            for share, name in ((0.5, "p50_us"), (0.9, "p90_us"), (0.999, "p99_9_us")):
                value = next(value for value, upto in theirs if upto >= share)
                self.assertAlmostEqual(value, ours[name], delta=0.02 * ours[name] + 0.01)
            self.assertAlmostEqual(theirs[-1][0], ours["max_us"], delta=0.001 * ours["max_us"] + 0.01)

    def test_a_file_that_cannot_be_written_loses_nothing_else(self):
        _, target = self.start_sink()
        done = self.run_load(target, "--messages", "50", "--csv", "/dev/full", "--markdown",
                             self.path("a.md"), "--hdr-log", "/nonexistent/x")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(len(done.stderr.splitlines()), 2, done.stderr)
        self.assertIn("cannot write /dev/full", done.stderr)
        self.assertIn("whole message", done.stdout)
        self.assertTrue(os.path.exists(self.path("a.md")))
        self.assertEqual(self.job()["totals"]["messages_accepted"], 50)

    @needs(can_make_namespaces(), "needs root and mount namespaces")
    def test_a_full_disk_leaves_the_table_and_the_sentence(self):
        _, target = self.start_sink()
        os.mkdir(self.path("disk"))
        script = ("mount -t tmpfs -o size=8k tmpfs disk && \"$@\"; status=$?; ls disk/*/ >left; "
                  "exit $status")
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", script, "sh", SMTPMARK, "run", "--target", target,
             "--role", "relay", "--messages", "300", "--results-dir", "disk"],
            capture_output=True, text=True, timeout=LIMIT, cwd=self.folder)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("No space left on device", done.stderr)
        self.assertIn("whole message", done.stdout)
        self.assertEqual(pathlib.Path(self.path("left")).read_text().strip(), "", "no half a file")


class Thresholds(Case):
    def test_one_that_is_not_met_is_exit_status_3(self):
        _, target = self.start_sink()
        done = self.run_load(target, "--messages", "50", "--threshold", "messages/s > 100000000")
        self.assertEqual(done.returncode, 3)
        self.assertIn("NOT MET", done.stdout)
        shown = subprocess.run([SMTPMARK, "show", self.path("run.json"), "--threshold",
                                "p99 of quit < 1 us", "--junit", self.path("a.xml")],
                               capture_output=True, text=True, timeout=LIMIT)
        self.assertEqual(shown.returncode, 3)
        self.assertEqual(len(xml.etree.ElementTree.parse(self.path("a.xml")).getroot().findall(
            "testcase/failure")), 1)

    def test_one_that_is_none_is_told_before_the_load(self):
        for arguments in (["run", "--target", "127.0.0.1:25", "--threshold", "luck > 5"],
                          ["show", "/nonexistent", "--threshold", "p99 of message <"]):
            done = subprocess.run([SMTPMARK, *arguments], capture_output=True, text=True,
                                  timeout=LIMIT, cwd=self.folder)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn("--threshold: ", done.stderr)
        self.assertEqual(os.listdir(self.folder), [])


class Watching(Case):
    def test_a_terminal_sees_a_line_once_a_second_and_quiet_none(self):
        _, target = self.start_sink()
        for quiet in (False, True):
            ours, theirs = pty.openpty()
            with subprocess.Popen(
                    self.command(target, "--duration", "1300ms", *(["--quiet"] if quiet else [])),
                    stderr=theirs, stdout=subprocess.DEVNULL, cwd=self.folder) as running:
                self.assertEqual(running.wait(LIMIT), 0)
            os.write(theirs, b"end")
            seen = ""
            while not seen.endswith("end"):
                seen += os.read(ours, 65536).decode()
            os.close(ours)
            os.close(theirs)
            if quiet:
                self.assertEqual(seen, "end")
            else:
                self.assertRegex(seen, r"^\r1 of 1 s, \d+ %: \d+ sessions, .* 0 errors\x1b\[K")
                self.assertTrue(seen.endswith("\r\x1b[Kend"), "the line is taken away")

    def test_metrics_are_served_during_the_run(self):
        _, target = self.start_sink()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        with subprocess.Popen(self.command(target, "--duration", "3s", "--rate", "50", "--quiet",
                                           "--metrics", f"127.0.0.1:{port}"),
                              cwd=self.folder) as running:
            accepted = 0.0
            while accepted == 0.0 and running.poll() is None:
                time.sleep(0.1)
                with contextlib.suppress(OSError):
                    text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics",
                                                  timeout=LIMIT).read().decode()
                    accepted = float(re.search(r"^smtpmark_messages_accepted_total (\S+)", text,
                                               re.M).group(1))
            self.assertGreater(accepted, 0.0)
            self.assertEqual(running.wait(LIMIT), 0)

    def test_metrics_are_for_this_machine_alone_unless_told(self):
        for address, part in (("0.0.0.0:9", "--metrics-anywhere"), ("nonsense", "--metrics")):
            done = self.run_load("127.0.0.1:25", "--metrics", address)
            self.assertEqual(done.returncode, 2)
            self.assertIn(part, done.stderr)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            done = self.run_load("127.0.0.1:25", "--metrics",
                                 f"127.0.0.1:{listener.getsockname()[1]}")
        self.assertEqual(done.returncode, 2)
        self.assertIn("cannot serve metrics", done.stderr)

    def test_the_processors_of_a_server_are_counted(self):
        sink, target = self.start_sink()
        done = self.run_load(target, "--duration", "1s", "--server-pid", str(sink.pid))
        self.assertEqual(done.returncode, 0, done.stderr)
        cpu = self.job()["cpu"]
        self.assertGreater(cpu["server_s"], 0.05)
        self.assertLess(cpu["server_s"], 1.3)
        self.assertGreater(cpu["server_s_per_1000_messages"], 0.0)
        for arguments, part in ((["--server-pid", "4194305"], "no process 4194305"),
                                (["--server-pid", "x"], "no process number"),
                                (["--server-cgroup", "/nonexistent"], "cpu.stat")):
            done = self.run_load(target, *arguments)
            self.assertEqual(done.returncode, 2)
            self.assertIn(part, done.stderr)

    def test_counters_alone_have_no_latencies(self):
        _, target = self.start_sink()
        done = self.run_load(target, "--messages", "50", "--measure", "counters")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.job()["phases"], {})
        self.assertEqual(self.job()["totals"]["messages_accepted"], 50)

    def test_sessions_are_resumed_where_the_server_gives_tickets(self):
        for tickets in (2, 0):
            _, target = self.start_sink("--tls-tickets", str(tickets))
            done = self.run_load(target, "--tls", "required", "--tls-resume", "--messages", "60",
                                 "--connections", "3")
            self.assertEqual(done.returncode, 0, done.stderr)
            resumed = self.job()["totals"]["tls_resumed"]
            self.assertEqual(resumed, 57 if tickets else 0)
            self.assertEqual("no TLS session was resumed" in done.stdout, not tickets)


if __name__ == "__main__":
    SMTPMARK = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
