#!/usr/bin/env python3
"""Writes files as string constants of C++: embed.py OUTPUT HEADER NAMESPACE NAME=FILE...

No FILE behind the equals sign: an empty constant.
"""

import pathlib
import sys

ESCAPES = {ord("\\"): "\\\\", ord('"'): '\\"', ord("\n"): "\\n", ord("\r"): "\\r"}


def literal(content):
    """Octets as adjacent string literals; what is not printable ASCII as three octal digits."""
    pieces, line = [], ""
    for octet in content:
        line += ESCAPES.get(octet) or (chr(octet) if 32 <= octet < 127 else f"\\{octet:03o}")
        if len(line) > 4000:
            pieces.append(line)
            line = ""
    return "\n".join(f'    "{piece}"' for piece in [*pieces, line])


def main(output, header, namespace, *assignments):
    lines = [f'#include "{header}"', '#pragma GCC diagnostic ignored "-Woverlength-strings"',
             f"namespace {namespace} {{"]
    for name, file in (assignment.split("=", 1) for assignment in assignments):
        content = pathlib.Path(file).read_bytes() if file else b""
        lines.append(f"const std::string_view {name}{{\n{literal(content)},\n    {len(content)}}};")
    lines.append(f"}}  // namespace {namespace}")
    pathlib.Path(output).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
