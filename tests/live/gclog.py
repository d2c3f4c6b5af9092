#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A GC log against the counters of the same run: gclog.py [COLLECTOR|follow|join|all].

The VM saves its jvmstat counters when it ends; the log that it wrote meanwhile must give as many pauses, and as much
time in them.  Where HotSpot itself counts otherwise is said beside each check.  Without an argument the collectors that
the JDK has are run for some seconds each; also a log that is followed while the VM rotates it."""

import csv
import io
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import time

from cells import COLLECTORS, flags_of, took
from harness import JLEDGER, Jvm, check, compile_java, done, figures, in_root, inside, is_modular, jledger, jledger_json, part, \
    scratch, skip, tool

WORK = scratch("jledger-gclog-")
SECONDS = float(os.environ.get("GCLOG_SECONDS", "3"))
KEEP = 2500  # pieces of 16 KB: 40 MB of 96
NAMES = ("Serial", "Parallel", "CMS", "G1", "Shenandoah", "Z", "GenZ")


def saved_counters(path):
    """{name: number} of a file that PerfDataSaveToFile wrote (docs/formats/hsperf.md)."""
    data = pathlib.Path(path).read_bytes()
    order = "<" if data[4] == 1 else ">"
    at, count = struct.unpack_from(order + "ii", data, 24)
    counters = {}
    for _ in range(count):
        length, name, _, kind, _, _, _, value = struct.unpack_from(order + "iiibbbbi", data, at)
        if kind == ord("J"):
            text = data[at + name:data.index(0, at + name)].decode()
            counters[text] = struct.unpack_from(order + "q", data, at + value)[0]
        at += length
    return counters


def events(log):
    run = jledger("gc", *log, "--events", "csv")
    return list(csv.DictReader(io.StringIO(run.stdout)))


def log_flags(log, details=True):
    if is_modular():
        return [f"-Xlog:gc*,safepoint:file={inside(log)}:time,uptime,level,tags:filecount=0"]
    return [f"-Xloggc:{inside(log)}", "-XX:+PrintGCDetails", "-XX:+PrintGCDateStamps", "-XX:+PrintGCApplicationStoppedTime",
            *(["-XX:+PrintTenuringDistribution"] if details else [])]


def run_java(name, log, perf, more=(), seconds=SECONDS, keep=KEEP):
    heap = 256 if name.endswith("Z") else 96  # old ZGC needs room for pages of its own
    subprocess.run(
        in_root(tool("java"), *flags_of(name), f"-Xms{heap}m", f"-Xmx{heap}m", *log_flags(log), "-XX:+UsePerfData",
                "-XX:+PerfDataSaveToFile", f"-XX:PerfDataSaveFile={inside(perf)}", *more, "-cp", WORK, "Collections", str(seconds),
                str(keep)), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120)


def agrees(name):
    log, perf = WORK / f"{name}.log", WORK / f"{name}.perf"
    # An old generation that stands above the trigger keeps CMS's threads writing into the pauses' records.
    run_java(name, log, perf, ["-XX:CMSInitiatingOccupancyFraction=40", "-XX:+UseCMSInitiatingOccupancyOnly"] if name == "CMS" else [])
    got, rows = jledger_json("gc", log), events([log])
    counters = saved_counters(perf)
    hz = counters.get("sun.os.hrt.frequency", 10**9)
    ours, ours_s = got["pauses"]["count"], got["pauses"]["sum"]
    pauses = [r for r in rows if r["type"] == "pause"]
    theirs = sum(counters.get(f"sun.gc.collector.{i}.invocations", 0) for i in range(4))
    theirs_s = sum(counters.get(f"sun.gc.collector.{i}.time", 0) for i in range(4)) / hz
    nested = [r for r in pauses if "nested" in r["flags"].split()]
    why = ""
    within = sum(1 for line in log.read_text().splitlines() if re.search(r"\[CMS-concurrent.*\S.*\[(GC|Full)|\[ParNew.*CMS-conc|\[CMS.*\[CMS-conc", line))
    figures(name, written_into=within, log=ours, counters=theirs, log_s=ours_s, counters_s=theirs_s, nested=len(nested))
    check(got["lines"]["unknown"] == 0 and got["lines"]["damaged_records"] == 0, f"{name}: every line is known, no record is damaged",
          f"{got['lines']}"[:300])
    check(ours > 5, f"{name}: there were pauses", f"{ours}")
    if name == "Z" and not theirs:
        skip(f"{name}: the counters of this JDK", "its ZGC leaves them at 0")
        return
    if name == "Shenandoah":
        check(theirs > 0, f"{name}: its counter is of phases, not of pauses, and not compared", f"{ours} pauses, counter {theirs}")
        return
    if not is_modular() and name in ("Serial", "CMS"):
        # A young collection that fails and is finished as a full one is two for the counters.
        double = [r for r in pauses if r["kind"] == "young" and r["old_before"] and "nested" not in r["flags"]]
        ours += len(double)
        why = f", {len(double)} of them two for the counters"
    elif not is_modular() and name == "G1":
        # JDK 8's G1 counts no remark and no cleanup.
        uncounted = [r for r in pauses if r["kind"] in ("remark", "cleanup")]
        ours -= len(uncounted)
        ours_s -= sum(float(r["duration_s"]) for r in uncounted)
        why = f", {len(uncounted)} remarks and cleanups left out"
    elif name in ("Serial", "CMS"):
        ours += len(nested)
        why = f", {len(nested)} within others"
    check(ours == theirs, f"{name}: as many pauses as the counters say", f"{ours} and {theirs}{why}")
    if not name.endswith("Z") and not nested and "two for" not in why:
        # Both clocks run in the VM, one within the other; half as much again is what a loaded machine may put between.
        check(0.9 * theirs_s <= ours_s <= 1.5 * theirs_s + 0.05, f"{name}: as much time in them",
              f"{ours_s:.6f} and {theirs_s:.6f} s")
    heap = [r for r in pauses if r["heap_after"]]
    check(name.endswith("Z") or len(heap) >= 0.5 * len(pauses), f"{name}: the heap before and after is known")
    check(got["allocated"]["bytes"] and got["allocated"]["bytes"] > 0, f"{name}: allocation is known")
    check(got["safepoints"]["count"] > 0 and got["time_to_safepoint"]["count"] > 0, f"{name}: stops and the way to them are known")
    check(got["explicit"]["count"] > 0, f"{name}: System.gc() is seen", str(got["explicit"]["count"]))


def pauses_of(paths):
    return [(r["uptime_s"], r["name"], r["duration_s"]) for r in events(paths) if r["type"] == "pause"]


def follows():
    """The VM rotates its log every 64 KB; what is followed must be what all parts hold."""
    log = WORK / "followed.log"
    if is_modular():
        flags = [f"-Xlog:gc*,safepoint:file={inside(log)}:time,uptime,level,tags:filecount=90,filesize=64K"]
        first, parts = log, "followed.log*"
    else:
        flags = [f"-Xloggc:{inside(log)}", "-XX:+PrintGCDetails", "-XX:+UseGCLogFileRotation", "-XX:NumberOfGCLogFiles=30",
                 "-XX:GCLogFileSize=64K"]
        first, parts = WORK / "followed.log.0.current", "followed.log.*"
    out = WORK / "followed.csv"
    with out.open("w") as to, Jvm([*flags_of("Parallel"), "-Xms96m", "-Xmx96m", *flags, "-cp", str(WORK), "Collections", "5", str(KEEP)]) as jvm:
        follower = subprocess.Popen([JLEDGER, "gc", str(first), "--follow", "--events", "csv", "--for", "7"],
                                    stdout=to)
        jvm.process.wait(timeout=60)
        follower.wait(timeout=60)
    text = out.read_text()
    seen = [(r["uptime_s"], r["name"], r["duration_s"]) for r in csv.DictReader(io.StringIO(text)) if r["type"] == "pause"]
    files = sorted(WORK.glob(parts))
    whole = pauses_of(files)
    check(len(files) > 1, "the log was rotated while it was followed", f"{len(files)} files")
    check(seen == whole and seen, "following it gives every pause, once and in order", f"{len(seen)} of {len(whole)}")
    reverse = pauses_of(reversed(files))
    check(reverse == whole, "the parts of a rotated log may be named in any order")


def joins():
    """doctor takes the log of a living JVM in: one verdict of what both saw; and of the log alone."""
    log = WORK / "joined.log"
    flags = [f"-Xlog:gc*:file={inside(log)}:time,uptime,level,tags"] if is_modular() else [f"-Xloggc:{inside(log)}", "-XX:+PrintGCDetails"]
    with Jvm([*flags_of("Serial"), "-Xmx64m", *flags, "-cp", str(WORK), "Collections", "9", str(KEEP // 8)]) as jvm:
        while len(pauses_of([log]) if log.exists() else []) < 20:
            time.sleep(0.2)
        both = jledger_json("doctor", jvm.pid, "--for", "2s", "--gc-log", str(log))
        foreign = WORK / "foreign.log"
        foreign.write_text("[0.5s][info][gc] Using G1\n[0.6s][info][gc] GC(0) Pause Young (Normal) (G1 Evacuation Pause) 9M->1M(64M) 1.5ms\n")
        other = jledger("doctor", jvm.pid, "--for", "0", "--gc-log", str(foreign))
    check("another JVM's" in other.stderr, "a log of another collector is not this JVM's", other.stderr)
    alone = jledger_json("doctor", "--gc-log", str(log))
    page = WORK / "joined.html"
    jledger("gc", str(log), "--html", str(page))
    verdicts = {v["cause"]: v for v in both["ruled_out"]}
    check(both["gc_log"]["pauses"] >= 20 and both["target"]["pid"] == jvm.pid, "doctor joins a JVM and its log",
          f"{both['gc_log']['pauses']} pauses")
    check("log is of the collector Serial" in verdicts.get("gc-mark-thrash", {}).get("because", ""),
          "what only a log tells is judged by it")
    check(alone["target"] is None and alone["gc_log"]["pauses"] >= both["gc_log"]["pauses"], "a log is judged alone")
    check(page.read_text().count("<svg") == 3 and "<script" not in page.read_text(), "a page has charts of heap, pauses and rates")


def main():
    compile_java([pathlib.Path(__file__).parent / "java/Collections.java"], WORK)
    wanted = sys.argv[1] if len(sys.argv) > 1 else "all"
    for name in NAMES if wanted == "all" else [wanted] if wanted not in ("follow", "join") else []:
        if not took(tuple(flags_of(name))):
            if wanted != "all":
                skip(name, "this JDK does not have it")
            continue
        with part(name):
            agrees(name)
    if wanted in ("all", "follow"):
        with part("follow"):
            follows()
    if wanted in ("all", "join"):
        with part("join"):
            joins()
    if not os.environ.get("GCLOG_KEEP_LOGS"):
        shutil.rmtree(WORK, ignore_errors=True)
    done()


if __name__ == "__main__":
    main()
