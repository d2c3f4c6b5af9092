#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Golden captures: what `map` and `doctor` print of each tests/captures/*.jlc.zip.

golden_test.py JLEDGER             compares with tests/captures/NAME.COMMAND.json
golden_test.py JLEDGER --rewrite   writes these files anew: read the difference before committing

Left out are the cost of the look and the version of the program; all else must be the same bytes
every time, on every machine.
"""

import difflib
import json
import pathlib
import subprocess
import sys

CAPTURES = pathlib.Path(__file__).resolve().parents[1] / "captures"
VIEWS = {"map": ["map"], "threads": ["map", "--by", "thread"], "doctor": ["doctor", "--causes"]}


def printed(jledger: str, capture: pathlib.Path, arguments: list[str]) -> str:
    run = subprocess.run([jledger, arguments[0], capture.name, *arguments[1:], "--json"], capture_output=True,
                         text=True, cwd=CAPTURES, timeout=30)
    if run.returncode:
        sys.exit(f"jledger {' '.join(arguments)} {capture.name}: exit {run.returncode}: {run.stderr}")
    report = json.loads(run.stdout)
    for part in (report, report.get("ledger", {})):
        part.pop("cost", None)
        part.pop("tool", None)
    return json.dumps(report, indent=1, ensure_ascii=False) + "\n"


def main() -> int:
    jledger, rewrite = str(pathlib.Path(sys.argv[1]).resolve()), "--rewrite" in sys.argv
    captures = sorted(CAPTURES.glob("*.jlc.zip"))
    bad = 0 if captures else 1
    for capture in captures:
        for view, arguments in VIEWS.items():
            expected = capture.with_name(f"{capture.name.removesuffix('.jlc.zip')}.{view}.json")
            ours = printed(jledger, capture, arguments)
            if ours != printed(jledger, capture, arguments):
                print(f"{capture.name}: {view} prints something else the second time")
                bad += 1
            if rewrite:
                expected.write_text(ours)
            theirs = expected.read_text() if expected.exists() else ""
            if ours != theirs:
                apart = difflib.unified_diff(theirs.splitlines(), ours.splitlines(), expected.name, "now", n=1,
                                             lineterm="")
                print("\n".join(list(apart)[:40]))
                bad += 1
    print(f"{bad} differ" if bad else f"{len(captures)} captures print what they printed before")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
