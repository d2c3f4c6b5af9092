#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""./dev soak: thousands of looks at JVMs that never stand still, on each JDK (tests/live/soak.py).

  soaks.py [READS] [JDK...]

The JDKs are those of the matrix's Debian sid root, which is made where it is missing, or else of this machine. Results
are kept in build/soak, a file for each JDK; docs/soak.md is written from all that are there.
"""

import contextlib
import json
import os
import pathlib
import platform
import re
import subprocess
import sys

from roots import JDKS, LeftOut, homes, made, mounted, say

TOP = pathlib.Path(__file__).resolve().parents[2]
RESULTS = TOP / "build/soak"


def jdks(stack):
    """{feature release: (root, home)}."""
    try:
        root = stack.enter_context(mounted(made("sid", [JDKS], os.environ.get("JLEDGER_SID_ROOT"))))
        return {feature: (str(root), home) for feature, home in homes(root).items()}
    except LeftOut as why:
        say(f"left out: the JDKs of Debian sid, so those of this machine alone are looked at: {why}")
        return {feature: ("", home) for feature, home in homes().items()}


def run(root, home, reads):
    """Passed and failed checks of one JDK."""
    environment = {**os.environ, "JDK": home, "JDK_ROOT": root, "SOAK_RESULTS": str(RESULTS)}
    done = subprocess.run([sys.executable, "soak.py", str(reads)], cwd=TOP / "tests/live", env=environment, stdout=subprocess.PIPE,
                          text=True)
    sys.stderr.write(done.stdout)
    counts = re.search(r"^(\d+) passed, (\d+) failed$", done.stdout, re.M)
    return (int(counts.group(1)), int(counts.group(2))) if counts else (0, 1)


def collectors(result):
    return ", ".join(f"{name} {reads}{f' ({torn} torn)' if torn else ''}" for name, (reads, torn) in result["by_collector"].items())


def row(r):
    wrong = r["wrong"]
    return [f"{r['jdk']} ({r['build']})", r["date"], f"{r['reads']:,}", str(r["ends"]),
            *(str(wrong.get(kind, 0)) for kind in ("crash", "hang", "wrong name", "truncated")),
            str(wrong.get("wild", 0) + wrong.get("sum", 0)), str(r["torn_reads"]), f"{r['cpu_ms'][0]:.0f}, {r['cpu_ms'][1]:.0f}",
            f"{r['slowest_s']:.1f}", f"{r['unaccounted_percent'][0]:.2f}, {r['unaccounted_percent'][1]:.2f}"]


def document(results):
    heads = ["JDK", "date", "looks", "JVMs that ended", "crashes", "hangs", "wrong names", "lists cut short", "wild figures", "torn",
             "CPU ms", "slowest s", "unaccounted %"]
    table = "\n".join(["| " + " | ".join(heads) + " |", "|" + "---|" * 2 + "---:|" * (len(heads) - 2),
                       *("| " + " | ".join(row(r)) + " |" for r in results)])
    torn = [f"* {r['jdk']}: {n} x {reason}" for r in results for reason, n in sorted(r["torn"].items())]
    wrong = [f"* {r['jdk']}, {kind}: {text}" for r in results for kind, texts in r["examples"].items() for text in texts]
    turns = [f"* {r['jdk']}: {collectors(r)}" for r in results]
    lines = "\n".join
    return f"""# The soak

Written by `./dev soak` ({platform.machine()}, Linux {platform.release()}, {os.cpu_count()} processors). Each look reads a JVM in which
two threads define classes in throw-away loaders, others start threads and make direct buffers, and the collector runs
seven times a second; each ends at a random moment, by itself, by SIGTERM or by SIGKILL, while it is looked at
(`tests/live/soak.py`). *torn*: looks that say of something that it could not be read; at most 1 in 1,000 may. *wild
figures*: beyond what the program and its options allow, or accounts that don't sum up. *hangs*: looks of more than 5 s.
*CPU ms* and *unaccounted %*: median and 99th of 100 looks. What is unaccounted was given back between the page
scan and the walk. Epsilon is left out: it never collects.

{table}

## Looks by collector
{lines(turns)}

## What was torn
{lines(torn) or 'Nothing.'}

## What was wrong
{lines(wrong) or 'Nothing.'}
"""


def main():
    numbers = [int(a) for a in sys.argv[1:]]
    reads, wanted = (numbers[0] if numbers else 10000), numbers[1:]
    passed = failed = 0
    with contextlib.ExitStack() as stack:
        for feature, (root, home) in jdks(stack).items():
            if wanted and feature not in wanted:
                continue
            say(f"soak: JDK {feature}, {reads} looks")
            p, f = run(root, home, reads)
            passed, failed = passed + p, failed + f
    results = [json.loads(path.read_text()) for path in RESULTS.glob("*.json")]
    (TOP / "docs/soak.md").write_text(document(sorted(results, key=lambda r: r["jdk"])))
    print(f"{passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
