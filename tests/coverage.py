#!/usr/bin/env python3
"""Prints what llvm-cov counted of parser/; fails below the bar.

  coverage.py ROOT PROFILE PROGRAM... [--missing]

Counted are the lines and branches of what people wrote: sources, headers, and, through Ragel's #line,
the actions and functions of the grammars; an action that Ragel copied into many states is one, and is
reached when one copy is. What only Ragel wrote, the states and the transitions between them, is shown
apart and has no bar. A constexpr function that never runs has been run by the compiler: it is named
and not counted. Nor is a branch that the compiler takes, by the order of octets or for constants.
"""

import collections
import json
import pathlib
import re
import subprocess
import sys

BAR = 98.0
LLVM_COV = "llvm-cov-14"
TAKEN_BY_COMPILER = ("std::endian::native", "std::is_constant_evaluated()")
LINE_DIRECTIVE = re.compile(r'#line (\d+) "(?:.*/)?([^/"]+)"')

Counted = collections.namedtuple("Counted", "lines branches")  # {place: was it reached}


def export(profile, programs, *options):
    objects = [word for program in programs[1:] for word in ("-object", program)]
    return subprocess.run([LLVM_COV, "export", *options, f"-instr-profile={profile}", programs[0],
                           *objects], check=True, capture_output=True, text=True).stdout


def run_by_compiler(exported, root):
    """Lines of constexpr functions of parser/ that no program ran, and their names."""
    runs = collections.Counter()
    for function in json.loads(exported)["data"][0]["functions"]:
        begin, _, end = function["regions"][0][:3]
        runs[function["filenames"][0], begin, end] += function["count"]
    lines, names = set(), set()
    for (filename, begin, end), count in runs.items():
        path = pathlib.Path(filename).resolve()
        if count != 0 or path.parent != root / "parser":
            continue
        text = path.read_text().splitlines()
        if "constexpr" in text[begin - 1]:
            lines |= {(path.name, number) for number in range(begin, end + 1)}
            names.add(re.search(r"(\w+)\(", text[begin - 1]).group(1))
    return lines, names


def origins(path):
    """For each line of a generated file the grammar and the line it came from, if from one.

    What Ragel copies of an action is in braces that begin behind the directive; what follows their
    end is Ragel's own again.
    """
    found = {}
    name, number, depth, in_action = path.name, 0, 0, False
    for at, line in enumerate(path.read_text().splitlines(), 1):
        directive = LINE_DIRECTIVE.match(line)
        if directive:
            number, name, depth = int(directive.group(1)) - 1, directive.group(2), 0
            in_action = None
            continue
        number += 1
        if in_action is None:
            in_action = line.startswith("\t{")
        if name.endswith(".rl"):
            found[at] = (name, number)
        depth += line.count("{") - line.count("}")
        if in_action and depth == 0:
            name = path.name
    return found


class Files:
    """Counted of each file by its name. Copies of one place (of a template, of an action) are one."""

    def __init__(self, root, ignored):
        self.root, self.ignored = root, ignored
        self.counted = collections.defaultdict(lambda: Counted({}, {}))

    def origins_of(self, filename):
        """Origins when the file is one of parser/; else None."""
        path = pathlib.Path(filename).resolve()
        if path.parent == pathlib.Path("parser").resolve():
            return path.name, origins(path)
        return (path.name, {}) if path.parent == self.root / "parser" else None

    def note(self, of_file, what, line, key, reached):
        name, came_from = of_file
        name, line = came_from.get(line, (name, line))
        if (name, line) not in self.ignored:
            known = getattr(self.counted[name], what)
            known[(line, *key)] = known.get((line, *key), False) or reached

    def read_lines(self, lcov):
        of_file = None
        for record in lcov.splitlines():
            kind, _, value = record.partition(":")
            if kind == "SF":
                of_file = self.origins_of(value)
            elif kind == "DA" and of_file:
                line, count = value.split(",")[:2]
                self.note(of_file, "lines", int(line), (), count != "0")

    def read_branches(self, exported):
        for entry in json.loads(exported)["data"][0]["files"]:
            of_file = self.origins_of(entry["filename"])
            text = pathlib.Path(entry["filename"]).read_text().splitlines() if of_file else ()
            for branch in entry["branches"] if of_file else ():
                line, column = branch[:2]
                before, condition = text[line - 1][:column - 1], text[line - 1][column - 1:]
                if before.endswith("if constexpr (") or condition.startswith(TAKEN_BY_COMPILER):
                    continue
                for is_taken, count in zip((True, False), branch[4:6]):
                    self.note(of_file, "branches", line, (column, is_taken), count != 0)


def share(reached):
    return 100.0 if not reached else 100.0 * sum(reached) / len(reached)


def print_row(name, lines, branches):
    cells = (f"{share(part):6.2f} % of {len(part):5}" for part in (lines, branches))
    print(f"{name:32} {'   '.join(cells)}")


def print_group(title, files):
    print(title)
    sums = ([], [])
    for name, counted in sorted(files):
        row = [list(part.values()) for part in counted]
        print_row("  " + name, *row)
        for whole, part in zip(sums, row):
            whole += part
    print_row("  together", *sums)
    return sums


def print_missing(files):
    for name, counted in sorted(files):
        lines = sorted(key[0] for key, reached in counted.lines.items() if not reached)
        branches = [f"{line}:{column} {'taken' if is_taken else 'not taken'}"
                    for (line, column, is_taken), reached in sorted(counted.branches.items())
                    if not reached]
        if lines or branches:
            print(f"{name}: lines {lines}, branches {branches}")


def main(arguments):
    wants_missing = arguments[-1] == "--missing"
    root, profile, *programs = arguments[:-1] if wants_missing else arguments
    root = pathlib.Path(root).resolve()
    exported = export(profile, programs)
    ignored, names = run_by_compiler(exported, root)
    found = Files(root, ignored)
    found.read_lines(export(profile, programs, "-format=lcov"))
    found.read_branches(exported)
    files = found.counted.items()
    written = [item for item in files if not item[0].endswith("_grammar.cc")]
    print(f"{'':32} {'lines':>15}   {'branches':>17}")
    sums = print_group("written by hand", written)
    print_group("states and transitions made by Ragel",
                [item for item in files if item[0].endswith("_grammar.cc")])
    print("run by the compiler only: " + ", ".join(sorted(names)))
    if wants_missing:
        print_missing(written)
    return 0 if all(share(part) >= BAR for part in sums) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
