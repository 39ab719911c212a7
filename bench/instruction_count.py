#!/usr/bin/env python3
"""Counts the instructions that the parsers or the dialogues take for fixed inputs, with callgrind,
and compares them with what is committed: a count may not grow by more than 2 %.

  instruction_count.py PROGRAM COUNTS            exit 0: none grew; 1: one did; 77: not comparable
  instruction_count.py PROGRAM COUNTS --update   write the counts of this machine

Instructions are no time, but they are the same in every run, and a test can hold them. They are
comparable only with the compiler, flags and C library that made the committed ones.
SMTPMARK_INSIST=1 makes a failure of "not comparable".
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

MAX_GROWTH = 0.02
SKIPPED = 77  # what Meson takes for a skipped test
LIMIT = 300  # seconds
# memchr and its kin have a variant for each kind of processor: take the plainest everywhere.
PLAIN_LIBC = "glibc.cpu.hwcaps=" + ",".join(
    f"-{feature}" for feature in ("AVX2", "AVX", "AVX512F", "AVX512VL", "AVX512BW", "EVEX", "BMI2",
                                  "ERMS", "FSRM", "SSE4_2", "SSSE3", "LZCNT", "MOVBE"))


def run(program, folder):
    """The program's own lines, and the profile of each call of measured()."""
    profile = os.path.join(folder, "profile")
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", "--quiet", "--toggle-collect=measured",
         "--dump-after=measured", f"--callgrind-out-file={profile}", program],
        env={"PATH": os.environ["PATH"], "GLIBC_TUNABLES": PLAIN_LIBC},
        capture_output=True, text=True, timeout=LIMIT)
    if done.returncode != 0:
        sys.exit(f"{program} failed under valgrind: {done.stderr.strip()}")
    return [line.split("\t") for line in done.stdout.splitlines()], profile


def instructions_in(profile):
    return int(re.search(r"^totals: (\d+)$", pathlib.Path(profile).read_text(), re.MULTILINE)[1])


def count(program):
    version = subprocess.run(["valgrind", "--version"], capture_output=True, text=True, check=True)
    with tempfile.TemporaryDirectory(prefix="smtpmark-count-") as folder:
        lines, profile = run(program, folder)
        conditions = {"valgrind": version.stdout.strip()}
        conditions |= {line[0]: line[1] for line in lines if line[0] != "case"}
        counts = {}
        for _, name, octets, events in (line for line in lines if line[0] == "case"):
            counts[name] = {"octets": int(octets), "events": int(events),
                            "instructions": instructions_in(f"{profile}.{len(counts) + 1}")}
    return {"conditions": conditions, "counts": counts}


def differences(committed, current):
    """What differs in the conditions, and in the inputs: sentences, none when they agree."""
    conditions = [f"{key} {committed['conditions'].get(key)} made the committed counts, and this is "
                  f"{value}" for key, value in current["conditions"].items()
                  if committed["conditions"].get(key) != value]
    inputs = [f"the case \"{name}\" is not the same" for name in
              sorted(set(committed["counts"]) | set(current["counts"]))
              if shape(committed, name) != shape(current, name)]
    return conditions, inputs


def shape(result, name):
    entry = result["counts"].get(name, {})
    return entry.get("octets"), entry.get("events")


def compare(committed, current):
    """Prints a line a case; true when none grew too much."""
    fine = True
    for name, entry in current["counts"].items():
        before, after = committed["counts"][name]["instructions"], entry["instructions"]
        change = after / before - 1
        verdict = "  too many" if change > MAX_GROWTH else ""
        fine = fine and not verdict
        print(f"{name:26} {before:>9} -> {after:>9}  {change:+7.2%}"
              f"  {after / entry['octets']:6.2f} an octet  {after / entry['events']:8.1f} an event"
              f"{verdict}")
    return fine


def incomparable(reasons, insist):
    for reason in reasons:
        print(("" if insist else "skipped: ") + reason)
    return 1 if insist else SKIPPED


def main(program, path, update):
    target = pathlib.Path(program).name.replace("_", "-").replace("dialogue", "dialogue-instruction")
    how = f"to take today's counts as the new ones:  ninja -C BUILD {target}s"
    insist = os.environ.get("SMTPMARK_INSIST") == "1"
    if shutil.which("valgrind") is None:
        return incomparable(["valgrind is not installed"], insist)
    current = count(program)
    if update:
        pathlib.Path(path).write_text(json.dumps(current, indent=2) + "\n")
        print(f"wrote {path}")
        return 0
    committed = json.loads(pathlib.Path(path).read_text())
    conditions, inputs = differences(committed, current)
    if conditions:
        return incomparable(conditions + [how], insist)
    if inputs:
        print("\n".join([*inputs, how]))
        return 1
    if compare(committed, current):
        return 0
    print(how)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], "--update" in sys.argv[3:]))
