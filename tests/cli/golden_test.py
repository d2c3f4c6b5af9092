#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Golden captures: what `map` and `doctor` print of each tests/captures/*.jlc.zip.

golden_test.py JLEDGER             compares with tests/captures/NAME.VIEW.json
golden_test.py JLEDGER --rewrite   writes these files anew: read the difference before committing

Of one capture all is kept that is printed, but for the cost of the look and the version of the program: the same bytes
every time, on every machine. Of the others, one of each JDK x collector, a digest: accounts, spaces, threads, counts,
verdicts, and that all is accounted for.
"""

import difflib
import json
import pathlib
import subprocess
import sys

CAPTURES = pathlib.Path(__file__).resolve().parents[1] / "captures"
WHOLE = "jdk17-g1"
VIEWS = {"map": ["map"], "flags": ["flags"], "threads": ["map", "--by", "thread"], "doctor": ["doctor", "--causes"]}


def report_of(jledger: str, capture: pathlib.Path, arguments: list[str]) -> dict:
    run = subprocess.run([jledger, arguments[0], capture.name, *arguments[1:], "--json"], capture_output=True,
                         text=True, cwd=CAPTURES, timeout=60)
    if run.returncode:
        sys.exit(f"jledger {' '.join(arguments)} {capture.name}: exit {run.returncode}: {run.stderr}")
    return json.loads(run.stdout)


def dumped(report: dict) -> str:
    return json.dumps(report, indent=1, ensure_ascii=False) + "\n"


def digest(jledger: str, capture: pathlib.Path, _: list[str]) -> str:
    threads = report_of(jledger, capture, ["map", "--by", "thread"])
    loaders = report_of(jledger, capture, ["map", "--by", "loader"])
    doctor = report_of(jledger, capture, ["doctor", "--causes"])
    joined = lambda *values: " ".join("-" if v is None else str(v) for v in values)
    return dumped({
        "jdk": threads["target"]["jdk"],
        "accounts": {a["account"]: joined(*(a[key] for key in ("resident", "used", "committed", "reserved", "certainty", "source")))
                     for a in threads["accounts"] if a["resident"] or a["reserved"]},
        **{key: threads[key] for key in ("rss", "certain", "unaccounted", "misses", "overlaps")},
        "spaces": {s["space"]: joined(s["used"], s["committed"], s["regions"]) for s in threads["heap_spaces"]},
        "buffers": [b["bytes"] for b in threads["direct_buffers"]["buffers"]],
        "threads": [joined(t["kind"], (t["stack"] or {}).get("committed"), t["name"]) for t in threads["threads"]],
        "loaders": [joined(l["class_count"], l["used"], l["type"]) for l in loaders["loaders"]],
        "verdicts": {f["cause"]: f["state"] for f in doctor["findings"]},
        "healthy": doctor["healthy"],
    })


def printed(jledger: str, capture: pathlib.Path, arguments: list[str]) -> str:
    report = report_of(jledger, capture, arguments)
    for part in (report, report.get("ledger", {})):
        part.pop("cost", None)
        part.pop("tool", None)
    if "flags" in report:  # the many at their default say what the VM is, not what we do
        report["flags"] = [f for f in report["flags"] if f["origin"] != "default"]
    return dumped(report)


def main() -> int:
    jledger, rewrite = str(pathlib.Path(sys.argv[1]).resolve()), "--rewrite" in sys.argv
    captures = sorted(CAPTURES.glob("*.jlc.zip"))
    bad = 0 if captures else 1
    for capture in captures:
        whole = capture.name.startswith(WHOLE)
        prints = printed if whole else digest
        for view, arguments in (VIEWS if whole else {"digest": []}).items():
            expected = capture.with_name(f"{capture.name.removesuffix('.jlc.zip')}.{view}.json")
            ours = prints(jledger, capture, arguments)
            if whole and ours != prints(jledger, capture, arguments):
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
