#!/usr/bin/env python3
"""Load models as a user gives them: scenarios, classes, stages, ends, and the search for a rate; and
what goes wrong with them.

  load_model_test.py SMTPMARK SOURCE_ROOT [unittest arguments]
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

SMTPMARK = ""
ROOT = ""
LIMIT = 60  # seconds that a command may take, however slow the machine


class LoadModel(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="smtpmark-test-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.json = os.path.join(self.folder, "copy.json")

    def smtpmark(self, *arguments):
        return subprocess.run([SMTPMARK, *arguments], capture_output=True, text=True,
                              timeout=LIMIT, cwd=self.folder)

    def load(self, command, *arguments):
        return self.smtpmark(command, "--quiet", "--json", self.json, *arguments)

    def result(self):
        return json.loads(pathlib.Path(self.json).read_text())

    def start_sink(self):
        """A sink of its own process; returns its addresses by role."""
        sink = subprocess.Popen(
            [SMTPMARK, "sink", "--relay", "127.0.0.1:0", "--submission", "127.0.0.1:0",
             "--submissions", "127.0.0.1:0"],
            stdout=subprocess.PIPE, text=True, cwd=self.folder)
        self.addCleanup(sink.stdout.close)
        self.addCleanup(sink.wait)
        self.addCleanup(sink.kill)
        lines = [sink.stdout.readline() for _ in range(3)]
        found = [re.fullmatch(r"listening on (\S+) \((\w+)\)\n", line).groups() for line in lines]
        return {role: address for address, role in found}

    def scenario(self, text):
        path = pathlib.Path(self.folder, "load.toml")
        path.write_text(text)
        return str(path)

    def expect_sentence(self, outcome, *parts, status=2):
        self.assertEqual(outcome.returncode, status, outcome.stderr)
        lines = outcome.stderr.splitlines()
        self.assertEqual(len(lines), 1, outcome.stderr)
        self.assertTrue(lines[0].startswith("smtpmark: "), outcome.stderr)
        for part in parts:
            self.assertIn(part, lines[0])

    # Scenarios

    def example(self):
        """The example of the sources, with the ports of a sink of its own."""
        addresses = self.start_sink()
        text = pathlib.Path(ROOT, "bench", "scenarios", "mix.toml").read_text()
        for port, role in (("2525", "relay"), ("2587", "submission"), ("2465", "submissions")):
            self.assertIn(f"target = \"127.0.0.1:{port}\"", text)
            text = text.replace(f"target = \"127.0.0.1:{port}\"", f"target = \"{addresses[role]}\"")
        return self.scenario(text)

    def test_the_example_runs_and_the_command_line_overrides_it(self):
        done = self.load("run", "--scenario", self.example(), "--stage", "1s@100", "--warmup", "0",
                         "--cooldown", "0")
        self.assertEqual(done.returncode, 0, done.stderr)
        result = self.result()
        self.assertEqual([job["class"] for job in result["jobs"]],
                         [{"name": "relay", "weight": 70.0}, {"name": "submission", "weight": 20.0},
                          {"name": "submissions", "weight": 10.0}])
        accepted = [job["totals"]["messages_accepted"] for job in result["jobs"]]
        self.assertEqual(sum(accepted), result["together"]["totals"]["messages_accepted"])
        self.assertGreater(sum(accepted), 50)
        config = result["together"]["config"]
        self.assertEqual((config["arrivals"], config["seed"], config["backlog"]), ("poisson", 1, 1000))
        self.assertEqual(config["stages"], [{"from_per_s": 100.0, "to_per_s": 100.0, "length_s": 1.0}])
        self.assertEqual(result["jobs"][2]["config"]["size"], 100 * 1024)
        for job in result["jobs"]:
            self.assertIn("message_uncorrected", job["phases"])
        self.assertNotIn("secret", json.dumps(result["command"]))

    def test_the_same_seed_gives_the_same_number_of_arrivals(self):
        relay = self.start_sink()["relay"]
        counts = []
        for seed in ("5", "5", "6"):
            for _ in range(5):  # where a slow machine keeps the last ones waiting, again
                self.assertEqual(self.load("run", "--target", relay, "--role", "relay", "--tls",
                                           "none", "--messages-per-connection", "1000", "--rate",
                                           "300", "--arrivals", "poisson", "--seed", seed,
                                           "--duration", "500ms").returncode, 0)
                totals = self.result()["jobs"][0]["totals"]
                if totals["turns_unstarted"] == 0:
                    break
            self.assertEqual(totals["turns_unstarted"], 0)
            counts.append(totals["messages_accepted"])
        self.assertEqual(counts[0], counts[1])
        self.assertNotEqual(counts[0], counts[2])

    def test_scenarios_that_cannot_be_meant(self):
        for text, *parts in (
                ("rate = \n", ":1:"),
                ("rate = 5\nrate = 6\n", ":2:"),
                ("\nwarmpu = \"1s\"\n", ":2:1: there is no option \"warmpu\"; is \"warmup\" meant?"),
                ("rate = \"fast\"\n", ":1:1: --rate", "fast"),
                ("rate = inf\n", ":1:1: --rate"),
                ("threads = 0\n", ":1:1: --threads"),
                ("[[class]]\nname = \"a\"\ntarget = \"127.0.0.1:25\"\nsiez = 3\n",
                 ":4:1: there is no option \"siez\"; is \"size\" meant?"),
                ("[[class]]\nweight = 3\ntarget = \"127.0.0.1:25\"\n", "no name"),
                ("[[class]]\nname = \"a\"\n", "no target"),
                ("rate = 5\n[[class]]\nname = \"a\"\ntarget = \"8.8.8.8:25\"\n", "--allow-remote"),
                ("tls = \"none\"\n", "--tls needs --target"),
                ("i-am-authorized = true\n", "command line")):
            with self.subTest(text=text):
                self.expect_sentence(self.smtpmark("run", "--scenario", self.scenario(text)), *parts)
        self.expect_sentence(self.smtpmark("run", "--scenario", "/nonexistent.toml"),
                             "cannot read /nonexistent.toml")
        self.expect_sentence(self.smtpmark("run", "--scenario", self.folder), "cannot read")

    # Rates, stages, conditions

    def test_loads_that_cannot_be_meant(self):
        for arguments, part in ((["--rate", "1e7"], "more than 1 thread can begin"),
                                (["--rate", "nan"], "--rate"), (["--rate", "-5"], "--rate"),
                                (["--rate", "0.01"], "not a single one"),
                                (["--stage", "10s"], "--stage"),
                                (["--stage", "10s:5", "--duration", "3"], "--duration"),
                                (["--stage", "3s@5", "--warmup", "3"], "--warmup"),
                                (["--arrivals", "poisson"], "--rate"),
                                (["--backlog", "5"], "--rate"),
                                (["--rate", "5", "--backlog-policy", "drop"], "needs --backlog"),
                                (["--rate", "5", "--burst", "5"], "--arrivals burst"),
                                (["--messages", "5", "--sessions", "5"], "leave one"),
                                (["--stop-when", "p99 of mesage > 1 s"], "is \"message\" meant?"),
                                (["--stop-when", "it hurts"], "column 1"),
                                (["--class", "name=a,wait=3"], "\"wait\""),
                                (["--class", "name=a,weight=1", "--class", "name=b,weight=1e5"],
                                 "no share")):
            with self.subTest(arguments=arguments):
                self.expect_sentence(self.smtpmark("run", "--target", "127.0.0.1:25", *arguments),
                                     part)

    def test_a_condition_stops_the_run_and_keeps_its_result(self):
        relay = self.start_sink()["relay"]
        done = self.load("run", "--target", relay, "--role", "relay", "--duration", "60",
                         "--stop-when", "messages/s > 0")
        self.expect_sentence(done, "the run was stopped: messages/s", status=1)
        job = self.result()["jobs"][0]
        self.assertEqual(job["ended"], "stopped")
        self.assertIn("messages/s > 0", job["stop_reason"])
        self.assertGreater(job["totals"]["messages_accepted"], 0)

    def test_drops_are_counted_and_shown(self):
        address = self.start_sink()["submissions"]
        done = self.smtpmark("run", "--target", address, "--role", "submissions", "--user",
                             "user@example.com", "--password", "secret", "--connections", "1",
                             "--rate", "20000", "--backlog", "5", "--duration", "500ms", "--json",
                             self.json)
        totals = self.result()["jobs"][0]["totals"]
        self.assertGreater(totals["turns_dropped"], 1000)
        self.assertIn(f"{totals['turns_dropped']} turns were dropped", done.stdout)

    # The search for a rate

    def test_find_finds_a_rate_and_draws_the_curve(self):
        relay = self.start_sink()["relay"]
        done = self.smtpmark("find", "--target", relay, "--role", "relay", "--objective",
                             "p50 of message < 10 s and errors < 50 %", "--duration", "300ms",
                             "--warmup", "100ms", "--start-rate", "50", "--max-rate", "100",
                             "--confirmations", "1", "--json", self.json)
        result = self.result()
        self.assertEqual(result["objective"], "p50 of message < 10 s and errors < 50 %")
        self.assertEqual(result["curve_of"], "message")
        rates = [point["rate_per_s"] for point in result["curve"]]
        self.assertEqual(rates, sorted(rates))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(result["found"], {"rate_per_s": 100.0})
        self.assertEqual(result["search"]["ended"], "always-met")
        self.assertIn("every rate up to --max-rate 100/s meets", done.stdout)
        self.assertEqual(len(result["jobs"]), 1)
        self.assertTrue(result["curve"][-1]["confirmation"])
        self.assertEqual(set(result["curve"][0]),
                         {"rate_per_s", "achieved_per_s", "met", "p50_us", "p90_us", "p99_us",
                          "p99_9_us", "error_share", "verdict", "confirmation"})
        again = self.smtpmark("show", self.json)
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertIn("achieved/s", again.stdout)

    def test_find_says_when_no_rate_meets_the_objective(self):
        relay = self.start_sink()["relay"]
        done = self.load("find", "--target", relay, "--role", "relay", "--objective",
                         "p50 of message < 1 us", "--duration", "200ms", "--warmup", "0",
                         "--start-rate", "50")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no rate that was tried meets: p50 of message < 1 us", done.stderr)
        self.assertIsNone(self.result()["found"])

    def test_find_gives_up_where_nothing_works(self):
        address = self.start_sink()["submission"]
        done = self.load("find", "--target", address, "--role", "submission", "--user",
                         "user@example.com", "--password", "guess", "--objective", "errors < 1 %",
                         "--duration", "200ms", "--warmup", "0")
        self.expect_sentence(done, "not one turn succeeded", "535", status=1)
        self.assertEqual(len(self.result()["curve"]), 1)

    def test_searches_that_cannot_be_meant(self):
        target = ["--target", "127.0.0.1:25"]
        for arguments, part in ((target, "--objective is missing"),
                                ([*target, "--objective", "p99 of luck < 1 s"], "column 8"),
                                (["--objective", "errors < 1"], "--target"),
                                ([*target, "--objective", "errors < 1", "--max-rate", "5"],
                                 "below --start-rate"),
                                ([*target, "--objective", "errors < 1", "--max-rate", "1e8"],
                                 "can begin"),
                                ([*target, "--objective", "errors < 1", "--rate", "5"], "--rate")):
            with self.subTest(arguments=arguments):
                self.expect_sentence(self.smtpmark("find", *arguments), part)


if __name__ == "__main__":
    SMTPMARK = os.path.abspath(sys.argv.pop(1))
    ROOT = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
