#!/usr/bin/env python3
"""Checks the form of the sources: layout, names, and traps of the compiler.

  check_form.py ROOT                what needs no build
  check_form.py ROOT --tidy BUILD   clang-tidy, with the compile commands of BUILD
"""

import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

FOLDERS = ("parser", "io", "loadgen", "bench", "tests")
MAX_LINES = 500
CONDITION = re.compile(r"\b(?:if|while|switch) (?:constexpr )?\(")
AWAIT_IN_CHOICE = re.compile(r"\?[^;]*\bco_await\b[^;]*:")


def awaits_in_conditions(text):
    """Line numbers where co_await stands in a condition or in a ?: choice.

    GCC 12.2 generates a wrong state machine for these: the coroutine never runs. An initialiser, as
    in `if (const bool ok = co_await f(); !ok)`, is fine.
    """
    for match in CONDITION.finditer(text):
        depth, end = 1, match.end()
        while depth > 0 and end < len(text):
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        condition = text[match.end():end]
        if "co_await" in condition and ";" not in condition:
            yield text.count("\n", 0, match.start()) + 1
    for match in AWAIT_IN_CHOICE.finditer(text):
        yield text.count("\n", 0, match.start()) + 1


def sources(root, *suffixes):
    listed = subprocess.run(["git", "-C", root, "ls-files", *FOLDERS], check=True,
                            capture_output=True, text=True).stdout.split()
    return [name for name in listed if name.endswith(suffixes)]


def check_layout(root):
    files = sources(root, ".cc", ".h")
    done = subprocess.run(["clang-format", "--dry-run", "--Werror", *files], cwd=root,
                          capture_output=True, text=True)
    found = sorted({line.split(":")[0] for line in done.stderr.splitlines() if ": error:" in line})
    return [f"{name}: not as clang-format lays it out" for name in found]


def is_script(path):
    with path.open("rb") as file:
        return file.read(2) == b"#!"


def check_text(root):
    problems = []
    kinds = (".cc", ".h", ".rl", ".py", ".sh", ".js", ".toml", "meson.build")
    for name in sources(root, ""):
        if not name.endswith(kinds) and not is_script(pathlib.Path(root, name)):
            continue
        text = pathlib.Path(root, name).read_text()
        if not text.endswith("\n"):
            problems.append(f"{name}: no line end at its end")
        if text.count("\n") > MAX_LINES:
            problems.append(f"{name}: over {MAX_LINES} lines")
        for number, line in enumerate(text.splitlines(), 1):
            if line != line.rstrip() or "\t" in line:
                problems.append(f"{name}:{number}: tab or trailing white space")
        if name.endswith((".cc", ".h")):
            problems += [f"{name}:{number}: co_await in a condition (GCC 12 gets it wrong): name "
                         "its result first" for number in awaits_in_conditions(text)]
    return problems


def check_arrows(root):
    """Dependencies point one way: loadgen to io and parser."""
    allowed = {"parser": {"parser"}, "io": {"io"}, "loadgen": {"loadgen", "io", "parser"}}
    problems = []
    for name in sources(root, ".cc", ".h", ".rl"):
        folder = name.split("/")[0]
        text = pathlib.Path(root, name).read_text()
        for included in re.findall(r'#include "(\w+)/', text):
            if folder in allowed and included not in allowed[folder]:
                problems.append(f"{name}: {folder} must not know {included}")
    return problems


def commands_by_file(build):
    """The first compile command of each file: clang-tidy would go through all of them, and some
    sources are part of several libraries."""
    commands = {}
    for command in json.loads(pathlib.Path(build, "compile_commands.json").read_text()):
        name = os.path.realpath(os.path.join(command["directory"], command["file"]))
        commands.setdefault(name, command)
    return commands


def tidy(root, build):
    commands = commands_by_file(build)
    files = [name for name in sources(root, ".cc")
             if os.path.realpath(os.path.join(root, name)) in commands]

    def one(name):
        done = subprocess.run(["clang-tidy", "--quiet", "--extra-arg=-Wno-unknown-warning-option", "-p",
                               folder, name], cwd=root,
                              capture_output=True, text=True)
        found = [line for line in done.stdout.splitlines() if "error:" in line or "warning:" in line]
        return found or ([f"{name}: clang-tidy failed"] if done.returncode != 0 else [])

    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "compile_commands.json").write_text(
            json.dumps(list(commands.values())))
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            return sorted({line for lines in pool.map(one, files) for line in lines})


def main(arguments):
    root = arguments[0]
    if arguments[1:2] == ["--tidy"]:
        problems = tidy(root, arguments[2])
    else:
        problems = check_layout(root) + check_text(root) + check_arrows(root)
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
