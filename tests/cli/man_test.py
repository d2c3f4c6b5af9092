#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`jledger COMMAND -h` says what the man page says, line by line, and every command has a page.

man_test.py JLEDGER             compares
man_test.py JLEDGER --rewrite   writes docs/man/ anew from the program
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = ROOT / "docs/man"


def commands() -> list[str]:
    rows = (ROOT / "src/cmd/commands.def").read_text()
    return re.findall(r"^COMMAND\((\w+)\)", rows, re.M)


def said(text: str) -> list[str]:
    """The words of a help text, line by line, without indentation and empty lines."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def plain(page: str) -> str:
    """What scdoc shows of a page: no title line, no heading marks, no bold or underline."""
    lines = page.splitlines()[1:]
    out = []
    for line in lines:
        line = re.sub(r"^# ", "", line)
        line = re.sub(r"(?<!\\)[*_]", "", line)
        out.append(re.sub(r"\\(.)", r"\1", line))
    return "\n".join(out)


def main() -> int:
    jledger, rewrite = sys.argv[1], "--rewrite" in sys.argv
    bad = 0
    for name in commands():
        page = PAGES / f"jledger-{name}.1.scd"
        run = [jledger, name]
        made = subprocess.run([*run, "--help-man"], capture_output=True, text=True, check=True)
        helped = subprocess.run([*run, "-h"], capture_output=True, text=True, check=True)
        if rewrite:
            page.write_text(made.stdout)
        if not page.exists():
            print(f"{page.name} is missing: man_test.py JLEDGER --rewrite")
            bad += 1
            continue
        if helped.stdout != subprocess.run([*run, "--help"], capture_output=True, text=True).stdout:
            print(f"{name}: -h and --help differ")
            bad += 1
        if said(plain(page.read_text())) != said(helped.stdout):
            print(f"{name}: -h and {page.name} say different things: man_test.py JLEDGER --rewrite")
            bad += 1
        if wide := [line for line in helped.stdout.splitlines() if len(line) > 80]:
            print(f"{name}: wider than 80 columns: {wide[0]}")
            bad += 1
    for page in PAGES.glob("jledger-*.1.scd"):
        if page.name.removeprefix("jledger-").removesuffix(".1.scd") not in commands():
            print(f"{page.name} belongs to no command")
            bad += 1
    print("differs" if bad else f"{len(commands())} man pages equal their help")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
