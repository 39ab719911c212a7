#!/usr/bin/env python3
"""What a user of the library gets from `meson install`: headers that stand alone, a static and a
shared library that need nothing but libc, and the programs of docs/parser.md.

  library_test.py MESON BUILD SOURCE C-COMPILER CXX-COMPILER [unittest arguments]

The compilers are commands in one word each, as "ccache g++".
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

MESON = BUILD = SOURCE = ""
CC = CXX = []
LIMIT = 120  # seconds
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, timeout=LIMIT, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}:\n{done.stdout.decode()}{done.stderr.decode()}")
    return done.stdout.decode()


def wire(shown):
    """The octets of a block of docs/parser.md: CRLF behind each line, "\\n" for a bare LF."""
    return shown.replace("\n", "\r\n").replace("\\n", "\n").encode()


class Library(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="smtpmark-library-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.root = cls.folder / "root"
        run(MESON, "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", str(cls.root))
        cls.include = cls.only("smtp_parser.h").parent
        cls.shared = cls.only("libsmtp_parser.so")
        cls.static = cls.only("libsmtp_parser.a")
        cls.environment = {**os.environ, "PKG_CONFIG_SYSROOT_DIR": str(cls.root),
                           "PKG_CONFIG_LIBDIR": str(cls.only("smtp_parser.pc").parent),
                           "LD_LIBRARY_PATH": str(cls.shared.parent)}
        page = pathlib.Path(SOURCE, "docs", "parser.md").read_text()
        cls.programs = {language: re.search(rf"^```{language}\n(.*?)^```", page, re.M | re.S)[1]
                        for language in ("c", "cpp")}
        cls.input, cls.output = [wire(block) for block in
                                 re.findall(r"^```text\n(.*?)^```", page, re.M | re.S)]

    @classmethod
    def only(cls, name):
        found = list(cls.root.rglob(name))
        assert len(found) == 1, f"{name}: {found}"
        return found[0]

    def pkg_config(self, *arguments):
        return run("pkg-config", *arguments, "smtp_parser", env=self.environment).split()

    def compile(self, compiler, text, suffix, *arguments):
        source = self.folder / f"program{suffix}"
        program = self.folder / "program"
        source.write_text(text)
        run(*compiler, *STRICT, str(source), "-o", str(program), *arguments)
        return program

    def needed(self, path):
        return re.findall(r"NEEDED.*\[(.*)\]", run("readelf", "-dW", str(path)))

    def expect_to_work(self, program):
        for size in (1, len(self.input)):  # as it arrives
            process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       env=self.environment)
            for at in range(0, len(self.input), size):
                process.stdin.write(self.input[at:at + size])
                process.stdin.flush()
            output = process.communicate(timeout=LIMIT)[0]
            self.assertEqual(output, self.output)
            self.assertEqual(process.returncode, 0)

    # Programs

    def test_a_c_program_with_the_shared_library(self):
        program = self.compile([*CC, "-std=c99"], self.programs["c"], ".c",
                               *self.pkg_config("--cflags", "--libs"))
        self.assertEqual(self.needed(program), ["libsmtp_parser.so.0", "libc.so.6"])
        self.expect_to_work(program)

    def test_a_c_program_with_the_static_library(self):
        program = self.compile([*CC, "-std=c99"], self.programs["c"], ".c", "-static",
                               *self.pkg_config("--static", "--cflags", "--libs"))
        self.assertEqual(self.needed(program), [])
        self.expect_to_work(program)

    def test_a_cpp_program_with_the_shared_library(self):
        program = self.compile([*CXX, "-std=c++20"], self.programs["cpp"], ".cc",
                               *self.pkg_config("--cflags", "--libs"))
        self.assertIn("libsmtp_parser.so.0", self.needed(program))
        self.expect_to_work(program)

    def test_a_cpp_program_with_the_static_library(self):
        program = self.compile([*CXX, "-std=c++20"], self.programs["cpp"], ".cc", "-static",
                               *self.pkg_config("--static", "--cflags", "--libs"))
        self.expect_to_work(program)

    def test_the_c_program_is_cpp_too(self):
        self.expect_to_work(self.compile([*CXX, "-std=c++20", "-Wno-missing-field-initializers"],
                                         self.programs["c"], ".cc",
                                         *self.pkg_config("--cflags", "--libs")))

    def test_a_library_of_another_version_is_refused(self):
        program = self.compile([*CXX, "-std=c++20"], self.programs["cpp"], ".cc",
                               *self.pkg_config("--cflags", "--libs"))
        image = self.shared.read_bytes()
        self.assertIn(b"SMTP_PARSER_CXX_0", image)
        other = self.folder / "other"
        other.mkdir()
        (other / "libsmtp_parser.so.0").write_bytes(
            image.replace(b"SMTP_PARSER_CXX_0", b"SMTP_PARSER_CXX_9"))
        done = subprocess.run([program], input=self.input, capture_output=True, timeout=LIMIT,
                              env={**self.environment, "LD_LIBRARY_PATH": str(other)})
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(b"SMTP_PARSER_CXX_0", done.stderr)

    # Libraries

    def test_the_shared_library_needs_nothing_but_libc(self):
        self.assertEqual(self.needed(self.shared), ["libc.so.6"])

    def test_the_shared_library_cannot_allocate(self):
        imported = {re.sub(r"@.*", "", line.split()[-1]) for line in
                    run("nm", "-D", "-u", str(self.shared)).splitlines()}
        allocates = re.compile(r"(malloc|calloc|realloc|reallocarray|free|.*alloc|.*memalign|strn?dup"
                               r"|s?brk|mmap|_Zn[wa].*|_Zd[la].*|__cxa_.*)$")
        self.assertIn("memchr", imported, "nm was not understood")
        self.assertEqual([name for name in sorted(imported)
                          if allocates.match(name) and name != "__cxa_finalize"], [])

    def test_the_static_library_needs_nothing_but_libc(self):
        # What the compiler itself brings along (libgcc) is linked into every program.
        run(*CC, "-shared", "-nostdlib", "-Wl,--no-undefined", "-Wl,--whole-archive",
            str(self.static), "-Wl,--no-whole-archive", "-lc", "-lgcc", "-o",
            str(self.folder / "whole.so"))
        symbols = {line.split()[-1] for line in run("nm", "-u", str(self.static)).splitlines()
                   if " U " in line}
        ours = "_ZN8smtpmark", "_ZNK8smtpmark"
        self.assertEqual([name for name in symbols if name.startswith(("_Z", "__cxa", "__gxx"))
                          and not name.startswith(ours)], [])
        self.assertIn("memchr", symbols, "nm was not understood")

    def test_no_member_of_the_static_library_is_for_a_linker_plugin(self):
        sections = run("readelf", "-SW", str(self.static))
        self.assertIn(".text", sections)
        self.assertNotIn(".gnu.lto", sections)

    def test_the_soname(self):
        self.assertIn("[libsmtp_parser.so.0]", run("readelf", "-dW", str(self.shared)))

    def test_what_the_shared_library_shows(self):
        shown = [line.split()[-1] for line in
                 run("nm", "-D", "--defined-only", str(self.shared)).splitlines()]
        c_names = {name.removesuffix("@@SMTP_PARSER_0") for name in shown
                   if name.endswith("@@SMTP_PARSER_0")}
        headers = "".join((self.include / name).read_text()
                          for name in ("smtp_parser.h", "smtp_parser_ehlo.h"))
        code = re.sub(r"/\*.*?\*/", "", headers, flags=re.S)
        self.assertEqual(c_names, set(re.findall(r"\b(smtp_parser_\w+)\(", code)))
        others = {name for name in shown if not name.endswith("@@SMTP_PARSER_0")}
        for name in others:
            self.assertRegex(name, r"^(_ZNK?8smtpmark6parser\w+@@|)SMTP_PARSER_(CXX_[0-9.]+|0)$")
        self.assertTrue(any("CommandParser4feed" in name for name in others))

    # Headers

    def test_the_headers_are_there_and_no_others(self):
        found = sorted(str(path.relative_to(self.include)) for path in
                       self.include.rglob("*.h"))
        public = ["smtp_parser.h", "smtp_parser_ehlo.h"]
        for path in pathlib.Path(SOURCE, "parser").glob("*.h"):
            if path.name not in public and "Private to this folder" not in \
                    re.sub(r"\s*\n// ", " ", path.read_text()):
                public.append(f"smtpmark/parser/{path.name}")
        self.assertEqual(found, sorted(public))

    def test_every_header_stands_alone(self):
        flags = self.pkg_config("--cflags")
        for path in self.include.rglob("*.h"):
            name = str(path.relative_to(self.include)).removeprefix("smtpmark/")
            languages = [[*CXX, "-std=c++20", "-x", "c++"]]
            if name.startswith("smtp_parser"):
                languages += [[*CC, "-std=c99", "-x", "c"], [*CXX, "-std=c++11", "-x", "c++"]]
            for language in languages:
                with self.subTest(header=name, language=language):
                    unit = f"#include <{name}>\n#include <{name}>\n"
                    run(*language, *STRICT, "-fsyntax-only", *flags, "-", input=unit.encode())


if __name__ == "__main__":
    MESON, BUILD, SOURCE = sys.argv[1:4]
    CC, CXX = (command.split() for command in sys.argv[4:6])
    del sys.argv[1:6]
    unittest.main(verbosity=2)
