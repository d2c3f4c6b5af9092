#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""GC logs that no one of the project wrote, with what others found in them: corpus_test.py JLEDGER [--rewrite].

The corpus stands beside the repository (../shared/corpus/gclog) or where JLEDGER_CORPUS says; without it there is
nothing to test, and that is said.  Each log is read as it is, and damaged: CRLF, cut, lines left out, lines of others put
between, records of concurrent threads put into records.  --rewrite writes what was found to docs/gclog.md."""

import csv
import io
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOC = ROOT / "docs/gclog.md"
TOLERANCE_S = 1e-4
LARGE = 2 << 20  # longer logs are damaged in one way only
# Where the log says something else than what is expected of it; each was read by hand.
EXPLAINED = {
    "SampleSun1_7_0_51_CMS_PrintApplStoppedTime.txt":
        "the two that agree count the scavenge inside the remark and lose the remark (0.0010507 s) itself",
    "sample-ujl-g1-gc-defaults.txt":
        "the two that agree know neither `Pause Initial Mark` (0.006187 s) nor `Pause Mixed` (0.002790 s) of JDK 9",
    "cms-gc-06102014.log":
        "a young record whose end follows a whole remark is read (1.8214970 s, and the remark of 0.1484420 s); "
        "the expectation has the first and not the second",
    "scavenge_before_remark.log":
        "the scavenge inside the remark is counted beside the remark that contains it; elsewhere in the corpus it is not",
    "002_metaspace.log":
        "the third record is cut within its title: 3 pauses, and the time of two of them",
}


def run(jledger, *words, data=None):
    return subprocess.run([jledger, "gc", *words], input=data, capture_output=True, timeout=120)


def events(jledger, data):
    out = run(jledger, "-", "--events", "csv", data=data)
    if out.returncode not in (0, 3):
        raise RuntimeError(f"exit {out.returncode}: {out.stderr.decode(errors='replace')[:200]}")
    return list(csv.DictReader(io.StringIO(out.stdout.decode(errors="replace"))))


def key(row):
    return row["type"], row["name"], row["duration_s"]


class Corpus:
    def __init__(self, jledger, root):
        self.jledger, self.root, self.bad, self.lock = jledger, root, [], threading.Lock()
        with (root / "manifest.tsv").open(newline="") as f:
            self.rows = list(csv.DictReader(f, delimiter="\t"))

    def fail(self, text):
        self.bad.append(text)

    def read(self, row):
        out = run(self.jledger, str(self.root / row["file"]), "--json")
        return out.returncode, (json.loads(out.stdout) if out.returncode == 0 else None), out.stderr.decode()

    # --- as it is -------------------------------------------------------------------------------------------------
    def judge(self):
        self.judged, self.misses, self.kinds = 0, [], {}
        with ThreadPoolExecutor(2) as pool:
            for row, (code, got, said) in zip(self.rows, pool.map(self.read, self.rows)):
                self.judge_one(row, code, got, said)
        share = 1 - len(self.misses) / self.judged
        unexplained = [m for m in self.misses if m[0] not in EXPLAINED]
        for name, *rest in unexplained:
            self.fail(f"{name}: {rest}")
        print(f"{self.judged - len(self.misses)} of {self.judged} logs as expected ({100 * share:.2f} %), "
              f"{len(self.misses) - len(unexplained)} of {len(self.misses)} others explained")

    def judge_one(self, row, code, got, said):
        name, kind, source = pathlib.Path(row["file"]).name.split("__")[-1], row["format"], row["expect_source"]
        if kind.startswith("app-log"):
            if code or got["pauses"]["count"] or got["dialect"] != "unknown":
                self.fail(f"{name}: an application's log is taken for a GC log")
        elif kind not in ("unified", "preunified"):
            if code != 3 or "no HotSpot VM" not in said:
                self.fail(f"{name}: {kind} is not refused by name: exit {code} {said}")
        else:
            self.judge_hotspot(row, name, kind, source, code, got)
        self.kinds.setdefault((kind, row["collector"]), []).append(name)

    def judge_hotspot(self, row, name, kind, source, code, got):
        if code or got["dialect"] == "unknown":
            self.fail(f"{name}: not known as a log of HotSpot ({kind}): exit {code}")
            return
        count = row["expect_stwN"] or row["expect_pauseN"]
        total = row["expect_stwSum_s"] or row["expect_pauseSum_s"]
        if source in ("", "unsettled") or source.endswith(" only") or not count:
            return
        self.judged += 1
        p = got["pauses"]
        if p["count"] != int(count) or (total and abs(p["sum"] - float(total)) > TOLERANCE_S):
            self.misses.append((name, count, total, p["count"], p["sum"], source))

    # --- damaged --------------------------------------------------------------------------------------------------
    def damage(self):
        rows = [r for r in self.rows if r["format"] in ("unified", "preunified") and int(r["bytes"]) < LARGE]
        self.lost, self.tried = {}, {}
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(self.damage_one, rows))
        for how, tried in sorted(self.tried.items()):
            lost = self.lost.get(how, 0)
            print(f"{how}: {lost} of {tried} events were lost outside of what was damaged")
            if lost > 0.0005 * tried:
                self.fail(f"{how}: {lost} of {tried} events lost")

    def damage_one(self, row):
        try:
            data = (self.root / row["file"]).read_bytes()
            whole = events(self.jledger, data)
            for how in ("CRLF", "cut", "lines left out", "lines between", "records between"):
                self.compare(how, row, data, whole)
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            self.fail(f"{row['file']}: {error}")

    def compare(self, how, row, data, whole):
        chance = random.Random(row["file"] + how)
        lines = data.split(b"\n")
        touched = set()  # lines of the original that are not whole any more
        if how == "CRLF":
            changed = b"\r\n".join(line.rstrip(b"\r") for line in lines)
        elif how == "cut":
            at = chance.randrange(len(data) + 1)
            changed = data[:at]
            touched = set(range(changed.count(b"\n") + 1, len(lines) + 1))
        elif how == "lines left out":
            touched = {i + 1 for i in range(len(lines)) if chance.random() < 0.01}
            changed = b"\n".join(line for i, line in enumerate(lines) if i + 1 not in touched)
        elif how == "lines between":
            changed = b"\n".join(b"2021-05-05 12:00:00,123 INFO [main] o.e.Service - took 12 ms (5 of 7)\n" + line
                                 if chance.random() < 0.05 else line for line in lines)
        else:
            if row["collector"] not in ("CMS", "iCMS") or row["format"] != "preunified":
                return
            changed = re.sub(rb"secs\]", lambda m: m.group(0) + (b"7.5: [CMS-concurrent-mark: 0.012/0.034 secs]"
                                                                  if chance.random() < 0.05 else b""), data)
            whole = [r for r in whole if r["type"] == "pause"]
        got = {}
        for r in events(self.jledger, changed):
            got[key(r)] = got.get(key(r), 0) + 1
        expected = [r for r in whole if touched.isdisjoint(range(int(r["line"]), int(r["last_line"]) + 1))]
        lost = 0
        for r in expected:
            if got.get(key(r), 0) > 0:
                got[key(r)] -= 1
            else:
                lost += 1
                if os.environ.get("CORPUS_VERBOSE"):
                    print(f"{how}: lost {key(r)} line {r['line']} of {row['file']}")
        with self.lock:
            self.tried[how] = self.tried.get(how, 0) + len(expected)
            self.lost[how] = self.lost.get(how, 0) + lost

    # --- the document ---------------------------------------------------------------------------------------------
    def document(self):
        out = ["# GC logs that others wrote", "",
               "Written by `tests/gclog/corpus_test.py build/jledger --rewrite`, from a corpus of real logs that stands beside the",
               "repository and is no part of it. A log is judged where what is in it is settled: two readers of GC logs agreed, a",
               "count of its brackets stood, or somebody counted by hand; pauses within others count once.", "",
               f"* {self.judged - len(self.misses)} of {self.judged} judged logs have exactly the expected number of pauses, and their "
               "sum to 0.1 ms.",
               f"* Every one of {sum(len(v) for k, v in self.kinds.items() if k[0] in ('unified', 'preunified'))} HotSpot logs is known "
               "as one; logs of other VMs are refused by name; application logs have no event.", "",
               "| log | expected | found | why |", "|---|---|---|---|"]
        for name, count, total, n, s, _ in sorted(self.misses):
            out.append(f"| {name} | {count}, {total} s | {n}, {s:.6f} s | {EXPLAINED.get(name, '**not explained**')} |")
        out += ["", "Damage done to each log, and events lost whose own lines were whole:", "",
                "| damage | events | lost |", "|---|---|---|"]
        for how, tried in sorted(self.tried.items()):
            out.append(f"| {how} | {tried} | {self.lost.get(how, 0)} |")
        out += ["", "| dialect | collector | logs |", "|---|---|---|"]
        out += [f"| {k[0]} | {k[1]} | {len(v)} |" for k, v in sorted(self.kinds.items())]
        DOC.write_text("\n".join(out) + "\n")


def main():
    root = pathlib.Path(os.environ.get("JLEDGER_CORPUS") or ROOT.parent / "shared/corpus/gclog")
    if not (root / "manifest.tsv").exists():
        print("skipped: there is no corpus beside the repository, and JLEDGER_CORPUS names none")
        return 77
    c = Corpus(sys.argv[1], root)
    c.judge()
    c.damage()
    if "--rewrite" in sys.argv:
        c.document()
    print("\n".join(c.bad[:40]) or "all as it should be")
    return 1 if c.bad else 0


if __name__ == "__main__":
    sys.exit(main())
