#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""threads PID: a busy thread is found with its name, sums are the process's, stacks are as map has them."""

import os
import pathlib
import time

from harness import ROOT, Jvm, check, compile_java, done, jledger, jledger_json, scratch

WORK = scratch("jledger-threads-")


def busy(options, told):
    with Jvm(["-Xmx128m", "-XX:+UseSerialGC", *options, "-cp", str(WORK), "LiveGcGarbage"]) as jvm:
        quiet = jledger_json("threads", jvm.pid, "--for", "0.5")
        check(not any(t["name"] == "spinner" for t in quiet["threads"]), f"{told}: nobody spins yet")
        jvm.say("spin")
        time.sleep(0.2)
        got = jledger_json("threads", jvm.pid, "--for", "1")
        top = got["threads"][0]
        check(top["name"] == "spinner" and top["kind"] == "java" and top["cpu_s"] > 0.1, f"{told}: the spinner is the first", str(top))
        check(top["state"] == "R" and top["cpu_share"] > 0.5, f"{told}: it runs", str(top))
        kinds = {k["kind"]: k for k in got["kinds"]}
        check(abs(sum(k["cpu_s"] for k in got["kinds"]) - got["cpu_s"]) < 1e-5, f"{told}: kinds sum to the process")
        check(kinds["java"]["cpu_s"] >= top["cpu_s"] and kinds["gc"]["cpu_s"] < 0.2, f"{told}: the kinds", str(kinds))
        check(all(0 < t["stack"]["resident"] <= t["stack"]["reserved"] for t in got["threads"] if t["kind"] == "java"),
              f"{told}: Java threads have stacks", str(got["threads"]))
        text = jledger("threads", jvm.pid, "--for", "0.3").stdout
        check("spinner" in text and max(map(len, text.splitlines())) <= 80, f"{told}: text fits 80 columns", text)


def collector_cpu(pid):
    """Seconds that the threads of the collector have used, by their names."""
    ticks = 0
    for stat in pathlib.Path(f"/proc/{pid}/task").glob("*/stat"):
        name, _, rest = stat.read_text().partition("(")[2].rpartition(")")
        if name.startswith(("GC Thread", "GC task", "ParGC", "Parallel GC")):
            ticks += sum(int(n) for n in rest.split()[11:13])
    return ticks / os.sysconf("SC_CLK_TCK")


def collecting():
    """What the collector uses is what the kernel says of its threads."""
    with Jvm(["-Xmx64m", "-Xmn2m", "-XX:+UseParallelGC", "-cp", str(WORK), "LiveObjects", "800"]) as jvm:
        time.sleep(1)
        before = collector_cpu(jvm.pid)
        got = jledger_json("threads", jvm.pid, "--for", "3")
        most = collector_cpu(jvm.pid) - before  # of a time that is a little longer
        gc = next(k for k in got["kinds"] if k["kind"] == "gc")
        listed = sum(t["cpu_s"] for t in got["threads"] if t["kind"] == "gc")
        check(most >= 0.05, "while it collects: the collector works", f"{most:.2f} s")
        check(0.5 * most - 0.05 <= gc["cpu_s"] <= most + 0.05, "while it collects: its CPU is what the kernel says",
              f"{gc['cpu_s']:.2f} s of {most:.2f}")
        check(abs(listed - gc["cpu_s"]) < 1e-4, "while it collects: its threads sum to its CPU", f"{listed} {gc}")


compile_java([ROOT / f"tests/live/java/{name}.java" for name in ("LiveGcGarbage", "LiveObjects")], WORK)
busy([], "plain")
busy(["-XX:-UsePerfData"], "-UsePerfData")
collecting()
done()
