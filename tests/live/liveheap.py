#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`jledger heap PID histo`: the live heap, read from outside: liveheap.py [COLLECTOR...|all].

On a quiet JVM the program's own classes have its populations and jcmd's bytes, and each row equals GC.class_histogram
-all but for what the asking jcmd makes itself; the target has no fault for it. While garbage is made populations that stand
still are exact, or it is said that the heap could not be read. Other collectors are refused by name.
"""

import json
import os
import re
import signal
import sys
import time

from cells import COLLECTORS, collectors, feature, flags_of
from harness import ROOT, Jvm, check, compile_java, done, jcmd, jledger, jledger_json, part, scratch

WALKED = ("Serial", "Parallel", "G1")
LOOKS, RATE = 20, 100  # MB a second
FILLERS = re.compile(r"\[I|\[?L?(jdk\.internal\.vm\.)?Filler(Element|Object);?|\[Ljdk\.internal\.vm\.FillerElement;")
ASKERS = 64  # objects of a class that jcmd's connection makes, at most


def rows_of(report):
    rows = {}
    for c in report["classes"]:
        count, bytes_ = rows.get(c["class"], (0, 0))
        rows[c["class"]] = count + c["instances"], bytes_ + c["bytes"]
    return rows


def their_rows(text):
    rows = {}
    for count, bytes_, name in re.findall(r"^\s*\d+:\s+(\d+)\s+(\d+)\s+(\S+)", text, re.M):
        was = rows.get(name, (0, 0))
        rows[name] = was[0] + int(count), was[1] + int(bytes_)
    return rows


def faults(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return int(fields[7]), int(fields[9])


def quiet(work, gc):
    with Jvm([*flags_of(gc), "-Xmx128m", "-cp", str(work), "LiveObjects", "0"]) as jvm:
        made = json.loads(jvm.lines[-1])
        os.kill(jvm.pid, signal.SIGSTOP)  # its own threads must not be taken for the look
        time.sleep(0.2)  # until all of them stand
        before = faults(jvm.pid)
        run = jledger("heap", jvm.pid, "histo", "--json")
        after = faults(jvm.pid)
        now = jledger_json("gc", jvm.pid)["samples"][0]["heap"]["used"]
        os.kill(jvm.pid, signal.SIGCONT)
        if feature() == 8 and gc == "G1" and run.returncode == 3:
            check("kinds of G1's regions are not known" in run.stderr, f"{gc}: it is said what is not known", run.stderr.strip())
            return False
        report = json.loads(run.stdout)
        theirs = their_rows(jcmd(jvm.pid, "GC.class_histogram", "-all"))
        ours = rows_of(report)
        check(before == after, f"{gc}: no fault in the target", f"{before} {after}")
        for name, count in made.items():
            check(ours.get(name, (0, 0))[0] == count and ours[name] == theirs[name], f"{gc}: {name}", f"{ours.get(name)} {theirs[name]}")
        check(report["bytes"] + report["buffers"] + report["skipped"] == report["used"], f"{gc}: every byte is explained",
              f"{report['bytes']} + {report['buffers']} + {report['skipped']} of {report['used']}")
        everything = sum(bytes_ for _, bytes_ in theirs.values())
        check(gc == "G1" or abs(now - everything) <= 2 << 20, f"{gc}: what gc shows as used is what jcmd counts",
              f"{now >> 10} KB, {everything >> 10} KB")
        check(report["skipped"] <= report["used"] // 1000, f"{gc}: next to nothing is skipped", str(report["skipped"]))
        apart = {n: (ours.get(n), theirs.get(n)) for n in {*ours, *theirs} if ours.get(n) != theirs.get(n)}
        wrong = {n: v for n, v in apart.items() if not FILLERS.fullmatch(n) and
                 abs((v[0] or (0,))[0] - (v[1] or (0,))[0]) > ASKERS}
        check(not wrong and len(apart) <= len(theirs) // 8, f"{gc}: rows equal GC.class_histogram's",
              f"{len(theirs) - len(apart)} of {len(theirs)}, {dict(list(wrong.items())[:3]) or list(apart)[:12]}")
    return True


def churn(work, gc):
    exact = unread = 0
    off = []
    with Jvm([*flags_of(gc), "-Xmx192m", "-cp", str(work), "LiveObjects", str(RATE)]) as jvm:
        made = json.loads(jvm.lines[-1])
        for _ in range(LOOKS):
            run = jledger("heap", jvm.pid, "histo", "--json")
            if run.returncode:
                unread += "collections came too often" in run.stderr
                continue
            report = json.loads(run.stdout)
            ours = rows_of(report)
            wrong = {n: ours.get(n, (0, 0))[0] for n, count in made.items() if ours.get(n, (0, 0))[0] != count}
            if wrong and not report["skipped"]:
                off.append(wrong)
            exact += not wrong
    check(not off, f"{gc}, {RATE} MB of garbage a second: no inexact look that does not say so", str(off[:2]))
    check(exact >= LOOKS * 3 // 4 and exact + unread == LOOKS, f"{gc}, {RATE} MB of garbage a second: exact",
          f"{exact} of {LOOKS}, {unread} could not be read")


def refused(work, gc):
    with Jvm([*flags_of(gc), "-Xmx128m", "-cp", str(work), "LiveObjects", "0"]) as jvm:
        run = jledger("heap", jvm.pid, "histo")
        check(run.returncode == 3 and "heap can't be walked" in run.stderr, f"{gc}: refused by name", run.stderr.strip())


def main():
    have = collectors()
    wanted = [a for a in sys.argv[1:] if a in COLLECTORS] or [gc for gc in (have if "all" in sys.argv else WALKED) if gc in have]
    work = scratch()
    compile_java([ROOT / "tests/live/java/LiveObjects.java"], work)
    for gc in wanted:
        with part(gc):
            if gc in WALKED:
                if quiet(work, gc):
                    churn(work, gc)
            else:
                refused(work, gc)
    done()


main()
