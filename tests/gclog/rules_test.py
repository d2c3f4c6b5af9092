#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Do the rules over GC logs fire where they should, and nowhere else?  rules_test.py JLEDGER [--rewrite].

tests/gclog/labels.tsv says of logs of the corpus, which were read for that, what each shows.  The corpus stands beside
the repository or where JLEDGER_CORPUS says; without it there is nothing to test, and that is said.  --rewrite writes
docs/gclog-rules.md: rule by label, and how often each rule speaks in the whole corpus."""

import collections
import csv
import json
import os
import pathlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parents[2]
LABELS, DOC = ROOT / "tests/gclog/labels.tsv", ROOT / "docs/gclog-rules.md"
# What a rule misses, and why; each is a line of the document.
KNOWN = {
    ("heap-leak", "psyoung.log"): "missed: the rise slows down as the collections take the time; the rule takes it for a cache",
    ("heap-leak", "psyoung.nt.wd.log"): "missed: the same",
    ("gc-promotion-failed", "gc_with_overflow.log"): "not called: 0.88 s in 27.8 h are no burden",
}


def read_labels():
    rows = [line.split("\t") for line in LABELS.read_text().splitlines() if line and not line.startswith("#")]
    return {r[0]: (set() if r[1] == "-" else set(r[1].split()), r[2]) for r in rows}


def main():
    jledger = sys.argv[1]
    root = pathlib.Path(os.environ.get("JLEDGER_CORPUS") or ROOT.parent / "shared/corpus/gclog")
    if not (root / "manifest.tsv").exists():
        print("skipped: there is no corpus beside the repository, and JLEDGER_CORPUS names none")
        return 77
    with (root / "manifest.tsv").open(newline="") as f:
        files = [r["file"] for r in csv.DictReader(f, delimiter="\t") if r["format"] in ("unified", "preunified")]

    def judge(file):
        out = subprocess.run([jledger, "gc", str(root / file), "--json"], capture_output=True, timeout=120)
        return {f["cause"]: f["state"] for f in json.loads(out.stdout)["findings"]} if out.returncode == 0 else {}

    with ThreadPoolExecutor(2) as pool:
        found = dict(zip(files, pool.map(judge, files)))
    labels, bad, said = read_labels(), [], []
    right = collections.defaultdict(lambda: [0, 0, 0])  # as labelled, missed, accused wrongly
    for end, (wanted, read) in labels.items():
        matches = [f for f in files if f.endswith("/" + end) or f.endswith("__" + end)]
        if not matches:
            bad.append(f"{end}: no such log in the corpus")
            continue
        got = {c for c in found[matches[0]] if c != "gc-log-quality"}
        for cause in wanted | got:
            right[cause][0 if cause in wanted and cause in got else 1 if cause in wanted else 2] += 1
            if (cause in wanted) != (cause in got) and (cause, end) not in KNOWN:
                bad.append(f"{end}: {cause} {'is missing' if cause in wanted else 'is wrong'}")
            if (cause in wanted) == (cause in got) and (cause, end) in KNOWN:
                bad.append(f"{end}: {cause} is as labelled now: take it out of KNOWN")
        said.append((end, wanted, got, read))
    speaks = collections.Counter((c, s) for f in found.values() for c, s in f.items())
    if "--rewrite" in sys.argv:
        write(right, said, speaks, len(files))
    print(f"{len(said)} labelled logs: {sum(r[0] for r in right.values())} findings as labelled, "
          f"{sum(r[1] for r in right.values())} missed, {sum(r[2] for r in right.values())} wrong")
    print("\n".join(bad) or "all as it should be")
    return 1 if bad else 0


def write(right, said, speaks, count):
    out = ["# Rules over GC logs, on logs that others wrote", "",
           "Written by `tests/gclog/rules_test.py build/jledger --rewrite`. The labels stand in `tests/gclog/labels.tsv`; they were made by",
           "reading the logs, partly after the rules had spoken, so they show what a rule says and that it stays so, not how well it does on",
           "logs that nobody looked at.", "",
           "| rule | labelled and found | missed | wrong | confirmed in the corpus | likely |", "|---|---|---|---|---|---|"]
    for cause in sorted(set(right) | {c for c, _ in speaks}):
        a, b, c = right[cause]
        labelled = f"{a} | {b} | {c}" if cause != "gc-log-quality" else "- | - | -"
        out.append(f"| {cause} | {labelled} | {speaks[cause, 'confirmed']} | {speaks[cause, 'likely']} |")
    out += ["", f"The corpus has {count} logs of HotSpot.", "", "| log | labelled | found | what was read |", "|---|---|---|---|"]
    for end, wanted, got, read in said:
        note = "".join(f" ({KNOWN[c, end]})" for c in sorted(wanted ^ got) if (c, end) in KNOWN)
        out.append(f"| {end} | {', '.join(sorted(wanted)) or 'none'} | {', '.join(sorted(got)) or 'none'}{note} | {read} |")
    DOC.write_text("\n".join(out) + "\n")


if __name__ == "__main__":
    sys.exit(main())
