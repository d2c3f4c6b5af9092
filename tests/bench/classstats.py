#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What does a table of all classes cost? `jledger classes --stats --csv` against `jcmd PID GC.class_stats -csv` on a
JVM with 50,000 classes in 5,000 loaders, in turn: CPU of the tools and of the JVM that is asked, and wall time. Where
the JDK has no GC.class_stats (15 and later) there is no other side, and only our own cost is printed.

Ends with 1 when --stats takes more than a fifth of what GC.class_stats takes in all.
"""

import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import time

from harness import JLEDGER, ROOT, Jvm, compile_java, in_root, jcmd, jledger_json, scratch, tool

ROUNDS = 5


def cpu_of(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def timed(pid, command):
    """(wall, CPU of the command, CPU of the JVM) seconds."""
    before, target, start = resource.getrusage(resource.RUSAGE_CHILDREN), cpu_of(pid), time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, cpu_of(pid) - target


def middle(times):
    return [statistics.median(t[k] for t in times) for k in range(3)]


def main():
    work = scratch()
    compile_java([ROOT / "tests/live/java/Classes.java"], work)
    with Jvm(["-Xmx256m", "-XX:+UnlockDiagnosticVMOptions", "-cp", work, "Classes"]) as jvm:
        jvm.say("loaders 5000 10 many.Unit_#x")
        jvm.process.stdout.readline()
        pid = str(jvm.pid)
        has_it = "Index" in jcmd(pid, "GC.class_stats")
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(timed(pid, [JLEDGER, "classes", pid, "--stats", "--csv"]))
            if has_it:
                theirs.append(timed(pid, in_root(tool("jcmd"), pid, "GC.class_stats", "-csv")))
        stats = jledger_json("classes", pid, "--stats=Total")["class_stats"]
    mine = middle(ours)
    text = f"{len(stats['classes'])} classes, {stats['unreadable']} unreadable, median of {ROUNDS}: --stats {mine[0] * 1e3:.0f} ms wall, " \
           f"{mine[1] * 1e3:.0f} ms CPU, of the JVM {mine[2] * 1e3:.0f} ms"
    shutil.rmtree(work)
    if not has_it:
        print(f"{text}; this JDK has no GC.class_stats")
        return
    peer = middle(theirs)
    total = peer[1] + peer[2]
    print(f"{text}; jcmd GC.class_stats {peer[0] * 1e3:.0f} ms wall, {peer[1] * 1e3:.0f} ms CPU, of the JVM {peer[2] * 1e3:.0f} ms; "
          f"ratio {total / mine[1]:.1f} CPU")
    sys.exit(0 if total >= 5 * mine[1] else 1)


if __name__ == "__main__":
    main()
