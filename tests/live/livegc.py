#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""gc PID: jstat's columns against the JDK's own jstat right after a Full GC, with each collector, and the view of
this moment against the counters."""

import subprocess

from cells import collectors, flags_of
from harness import ROOT, Jvm, check, compile_java, done, in_root, jledger, jledger_json, scratch, tool

WORK = scratch("jledger-livegc-")
VIEWS = ("gc", "gcutil", "gccapacity", "gccause")


def jstat(view, pid):
    return subprocess.run(in_root(tool("jstat"), "-" + view, str(pid)), capture_output=True, text=True, timeout=60).stdout


def ask(jvm, word):
    jvm.say(word)
    while jvm.process.stdout.readline().strip() != "done":
        pass


def same_as_jstat(gc, jvm):
    for view in VIEWS:
        theirs, ours = jstat(view, jvm.pid), jledger("gc", jvm.pid, "--jstat", view).stdout
        words = [text.split() for text in (theirs, ours)]
        check(len(words[0]) > 12 and words[0] == words[1], f"{gc}: --jstat {view} column by column", f"\n{theirs}{ours}")


def current(gc, jvm):
    one = jledger_json("gc", jvm.pid, "--for", "0.3")
    s = one["samples"][0]
    heap = s["heap"]
    check(one["collector"] is not None and heap["committed"] and heap["max"] == 128 << 20, f"{gc}: the heap now", str(heap))
    check(heap["used"] is None or 0 < heap["used"] <= heap["committed"], f"{gc}: used is below committed", str(heap))
    check(s["gc_cpu_s"] is not None and s["gc_cpu_s"] <= s["process_cpu_s"] + 0.05, f"{gc}: the collector's CPU", str(s))
    text = jledger("gc", jvm.pid)
    check(text.returncode == 0 and "Java heap" in text.stdout, f"{gc}: as text", text.stdout + text.stderr)


def every_collector():
    for gc in collectors():
        with Jvm(["-Xmx128m", *flags_of(gc), "-cp", str(WORK), "LiveGcGarbage"]) as jvm:
            if gc != "Epsilon":
                ask(jvm, "gc")
            same_as_jstat(gc, jvm)
            current(gc, jvm)


def without_counters():
    with Jvm(["-Xmx128m", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-cp", str(WORK), "LiveGcGarbage"]) as jvm:
        run = jledger("gc", jvm.pid, "--jstat", "gc")
        check(run.returncode == 3 and "UsePerfData" in run.stderr, "-UsePerfData: --jstat says so", run.stderr)
        heap = jledger_json("gc", jvm.pid)["samples"][0]["heap"]
        check(heap["used"] > 0, "-UsePerfData: the heap is told all the same", str(heap))


def intervals():
    with Jvm(["-Xmx128m", "-XX:+UseSerialGC", "-cp", str(WORK), "LiveGcGarbage"]) as jvm:
        samples = jledger_json("gc", jvm.pid, "--jstat", "gc", "--every", "0.2", "--for", "0.7")["samples"]
        check(3 <= len(samples) <= 5, "a line at each interval", str(len(samples)))
        check(samples[0]["jstat"]["EC"] % 1024 == 0 and samples[0]["jstat"]["EC"] > 1 << 20, "JSON has bytes",
              str(samples[0]))


compile_java([ROOT / "tests/live/java/LiveGcGarbage.java"], WORK)
every_collector()
without_counters()
intervals()
done()
