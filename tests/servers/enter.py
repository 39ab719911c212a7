#!/usr/bin/env python3
"""Runs a command where Debian packages seem installed and the loopback is
its own:

  enter.py --work DIR --packages postfix swaks -- smtp-source -h

See namespace.py for what else is different in there. The exit status is the
command's; 125 when packages or namespace could not be had.
"""

import argparse
import os
import sys

sys.dont_write_bytecode = True  # the source tree stays as it is

import namespace
import packages


def cache_folder(work):
    return (os.environ.get("SMTPMARK_SERVERS_CACHE")
            or os.path.join(os.path.abspath(work), "packages"))


def main(arguments):
    split = arguments.index("--") if "--" in arguments else len(arguments)
    command = arguments[split + 1:]
    parser = argparse.ArgumentParser(
        usage="enter.py --work DIR [--packages NAME ...] -- COMMAND ...",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", required=True, metavar="DIR",
                        help="packages are kept in DIR/packages, or in the "
                        "folder that SMTPMARK_SERVERS_CACHE names")
    parser.add_argument("--packages", nargs="*", default=[], metavar="NAME",
                        help="Debian packages to have inside")
    options = parser.parse_args(arguments[:split])
    if not command:
        parser.error("no command after --")
    try:
        cache = packages.Cache(cache_folder(options.work))
        layers = [layer for name in options.packages
                  for layer in cache.layers(name)]
        return namespace.enter(
            command, cache=cache.folder, layers=list(dict.fromkeys(layers)),
            accounts=options.packages, keep=[os.path.abspath(options.work)])
    except (packages.Unavailable, namespace.CannotEnter, OSError) as error:
        print(f"enter.py: {error}", file=sys.stderr)
        return namespace.EXIT_CANNOT_ENTER


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
