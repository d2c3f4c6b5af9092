#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Verdicts of many machines, made of those on the recorded ones, merged: fleet_test.py JLEDGER."""

import json
import pathlib
import subprocess
import sys
import tempfile

import schema_test

CAPTURES = sorted((pathlib.Path(__file__).resolve().parents[1] / "captures").glob("*.jlc.zip"))[:6]
bad = 0


def check(held: bool, what: str, more: object = "") -> None:
    global bad
    if not held:
        print(f"{what}: {more}")
        bad += 1


def jledger(*words: str, given: str | None = None) -> subprocess.CompletedProcess:
    return subprocess.run([sys.argv[1], *words], input=given, capture_output=True, text=True, timeout=60)


def main() -> int:
    lines = [json.loads(jledger("doctor", str(c), "--json").stdout) for c in CAPTURES]
    finding = {"cause": "class-generation", "kind": "cause", "state": "confirmed", "title": "classes \x1b[31m without end",
               "bytes": 1 << 20, "growth_bytes_per_s": 1000, "culprit": {"kind": "class-family", "name": "x.Y_#"}}
    given, sick = [], 0
    for host in ("a", "b", "c"):
        for number, line in enumerate(lines):
            line = dict(line, host=host, healthy=True, findings=[])
            if host != "c" and number < 2:
                line["healthy"], line["findings"] = False, [dict(finding, bytes=(number + 1) << 20)]
                sick += 1
            given.append(json.dumps(line))
    with tempfile.TemporaryDirectory() as work:
        one, two = pathlib.Path(work, "one"), pathlib.Path(work, "two")
        one.write_text("\n".join(given[:7]) + "\n{\n")
        two.write_text("\n".join(given[5:]))  # two of them again
        run = jledger("fleet", str(one), str(two), "--json")
        check(run.returncode == 0 and f"{one}:8:" in run.stderr, "what is no verdict is named by its line", run.stderr)
        found = json.loads(run.stdout)
        for error in schema_test.validators()["fleet"].iter_errors(found):
            check(False, "its schema", f"{error.json_path}: {error.message[:200]}")
        check(found["jvm_count"] == 3 * len(lines) and found["host_count"] == 3, "each JVM counts once", found["jvm_count"])
        check(found["healthy_count"] == 3 * len(lines) - sick, "the healthy ones", found["healthy_count"])
        causes = {c["cause"]: c for c in found["causes"]}
        top = causes.get("class-generation", {})
        check((top.get("confirmed"), top.get("hosts"), top.get("bytes")) == (4, 2, 6 << 20), "the cause's numbers", top)
        check([j["bytes"] for j in found["jvms"]] == [2 << 20, 2 << 20, 1 << 20, 1 << 20], "the worst come first", found["jvms"])
        check(found["left_out"] == {"lines": 21, "no_verdict": 1, "jvms": 0, "findings": 0}, "what was left out", found["left_out"])
        text = jledger("fleet", str(one), str(two)).stdout
        check("class-generation" in text and max(map(len, text.splitlines())) <= 80 and "\x1b" not in text, "text in 80 columns", text)
        check(jledger("fleet", "-", given="x").returncode == 3, "nothing but strange lines is an error")
    print("wrong" if bad else "many machines in one answer")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
