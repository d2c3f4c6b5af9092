#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Exit codes and messages of the command line, without any JVM: usage_test.py JLEDGER."""

import pathlib
import subprocess
import sys

CAPTURE = pathlib.Path(__file__).resolve().parents[1] / "captures/jdk17-g1.jlc.zip"

# arguments, exit code, words that stdout must hold, words that stderr must hold
CASES = [
    (["-h"], 0, "map", ""),
    (["--version"], 0, "jledger", ""),
    (["frobnicate"], 2, "", "no command 'frobnicate'"),
    (["map"], 2, "", "needs TARGET"),
    (["map", "1", "2"], 2, "", "no argument '2'"),
    (["map", "--frobnicate", "1"], 2, "", "no option '--frobnicate'"),
    (["map", "-Z", "1"], 2, "", "no option '-Z'"),
    (["map", "1", "--by", "colour"], 2, "", "account, mapping, thread, loader, arena, category or site"),
    (["map", "1", "--by"], 2, "", "needs a value"),
    (["map", "1", "--json=yes"], 2, "", "takes no value"),
    (["map", "1", "--for", "soon"], 2, "", "not a duration"),
    (["map", "1", "--for", "-1"], 2, "", "not a duration"),
    (["map", "1", "--top", "many"], 2, "", "not a number"),
    (["map", "1", "--color", "blue"], 2, "", "auto, always or never"),
    (["map", "1", "--fail-on", "likely"], 2, "", "no option"),
    (["doctor", "1", "--fail-on", "maybe"], 2, "", "confirmed or likely"),
    (["explain", "no-such-cause"], 2, "", "no cause 'no-such-cause'"),
    (["explain", "class-generation"], 0, "Evidence", ""),
    (["explain"], 0, "thread-leak", ""),
    (["flags"], 2, "", "needs TARGET"),
    (["flags", "1", "--limit", "much"], 2, "", "much"),
    (["flags", "1", "--limit", "0"], 2, "", "more than 0"),
    (["flags", "1", "--jdk", "17"], 2, "", "behind --"),
    (["flags", "--jdk", "7", "--", "-Xmx1g"], 2, "", "8 or later"),
    (["flags", "1", "--", "-Xmx1g"], 2, "", "not both"),
    (["flags", "--", "/no/such/java", "-Xmx1g"], 3, "", "--jdk N"),
    (["flags", "--jdk", "17", "--", "-Xmx1g"], 0, "Every option has its effect", ""),
    (["flags", "--jdk", "17", "--", "-XX:MaxPermSize=1m"], 0, "expired", ""),
    (["flags", "--jdk", "17", "--", "java", "-XX:+UseZGC", "-cp", "x", "Main", "-XX:PermSize=1m"], 0, "Every option", ""),
    (["flags", "--", "-XX:MaxPermSize=1m"], 0, "obsolete  JDK 8, 11", ""),
    (["flags", "--limit", "1g", "--", "-Xmx2g"], 0, "It does not fit", ""),
    (["flags", "--", "-Xmx1g", "--json"], 0, '"jdks":[8', ""),
    (["heap"], 2, "", "needs DUMP"),
    (["heap", "/no/such.hprof"], 3, "", "no such heap dump"),
    (["heap", __file__, "frobnicate"], 2, "", "no view 'frobnicate'"),
    (["heap", __file__, "path"], 2, "", "ADDRESS|CLASS"),
    (["heap", __file__, "histo", "more"], 2, "", "takes no more"),
    (["heap", __file__], 3, "", "no HPROF heap dump"),
    (["heap", __file__, "--max-memory", "much"], 2, "", "much"),
    (["capture", "1"], 2, "", "-o FILE"),
    (["capture", "1", "-o", ""], 2, "", "-o FILE"),
    (["capture", "all", "-o", "x.zip"], 2, "", "one JVM"),
    (["capture", "1", "-o", "-", "--json"], 2, "", "standard output"),
    (["capture", "1", "-o", "x.zip", "--samples", "0"], 2, "", "at least 1"),
    (["capture", "999999999", "-o", "x.zip"], 3, "", "999999999"),
    (["fleet"], 2, "", "needs FILES"),
    (["fleet", "/no/such.ndjson"], 3, "", "No such file"),
    (["fleet", "/dev/null"], 0, "0 JVMs on 0 hosts", ""),
    (["map", "999999999"], 3, "", "999999999"),
    (["map", "no.such.Main"], 3, "", "no.such.Main"),
    (["map", "/no/such/file.jlc.zip"], 3, "", "file.jlc.zip"),
    (["map", __file__], 3, "", "is no capture: it is no ZIP file"),
    (["map", "/"], 3, "", "/ is no capture"),
    (["doctor", "/dev/zero"], 3, "", "/dev/zero is no capture"),
    (["map", "1", "--for", "1e400"], 2, "", "not a duration"),
    (["map", "1", "--for", "nan"], 2, "", "not a duration"),
    (["map", "1", "--for", ""], 2, "", "not a duration"),
    (["map", "1", "--every", "0"], 2, "", "at least 0.1 s"),
    (["capture", str(CAPTURE), "-o", "/nowhere/x.zip"], 3, "", "is a capture already"),
    (["doctor", "--json", "999999999"], 3, "", "999999999"),
    (["map", "-h", "--by", "loader"], 0, "SYNOPSIS", ""),
]


def main() -> int:
    bad = 0
    for arguments, code, out, err in CASES:
        run = subprocess.run([sys.argv[1], *arguments], capture_output=True, text=True, timeout=20)
        said = f"jledger {' '.join(arguments)}"
        errors = run.stderr.splitlines()
        if run.returncode != code:
            print(f"{said}: exit {run.returncode}, not {code}: {run.stderr.strip()}")
            bad += 1
        elif out not in run.stdout or err not in run.stderr:
            print(f"{said}: does not say '{out or err}': {run.stdout[:200]}{run.stderr}")
            bad += 1
        elif code and (run.stdout or len(errors) != 1 or not errors[0].startswith("jledger: ")):
            print(f"{said}: an error is one line on stderr: {run.stdout[:200]}{run.stderr}")
            bad += 1
    print("wrong" if bad else f"{len(CASES)} command lines end as the contract says")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
