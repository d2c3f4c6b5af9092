#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What does a look at classes cost? `jledger classes` against `jcmd PID VM.classloader_stats` on a JVM with 50,000
classes in 5,000 loaders, in turn: CPU of the tools and of the JVM that is asked, wall time, and the time for which
the JVM stood still (jvmstat's sun.rt.safepointTime, where it counts).

Ends with 1 when classes takes 0.15 s of CPU or more, less than three times less than jcmd takes in all, or the JVM
came to a safepoint for it.
"""

import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import time

from harness import JLEDGER, ROOT, Jvm, compile_java, in_root, jledger_json, scratch, tool

ROUNDS = 9


def cpu_of(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def timed(pid, command):
    """(wall, CPU of the command, CPU of the JVM) seconds."""
    before, target, start = resource.getrusage(resource.RUSAGE_CHILDREN), cpu_of(pid), time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, cpu_of(pid) - target


def safepoints(pid):
    facts = {f["fact"]: f["value"] for f in jledger_json("map", pid)["facts"]}
    return facts.get("vm.safepoints"), facts.get("vm.safepoint_time")


def main():
    work = scratch()
    compile_java([ROOT / "tests/live/java/Classes.java"], work)
    with Jvm(["-Xmx256m", "-XX:+UnlockDiagnosticVMOptions", "-XX:GuaranteedSafepointInterval=0", "-cp", work, "Classes"]) as jvm:
        jvm.say("loaders 5000 10 many.Unit_#x")
        jvm.process.stdout.readline()
        pid = str(jvm.pid)
        sides = [[JLEDGER, "classes", pid], in_root(tool("jcmd"), pid, "VM.classloader_stats")]
        taken, stopped = ([], []), [0, 0]
        for _ in range(ROUNDS):
            for i, command in enumerate(sides):
                before = safepoints(pid)
                taken[i].append(timed(pid, command))
                after = safepoints(pid)
                if before[1] is not None and after[1] is not None:
                    stopped[i] += after[1] - before[1]
        look = jledger_json("classes", pid)
    ours, theirs = ([statistics.median(t[k] for t in side) for k in range(3)] for side in taken)
    total = sum(theirs[1:])
    print(f"{look['class_count']} classes in {look['loader_count']} loaders, median of {ROUNDS}: classes {ours[0] * 1e3:.0f} ms wall, "
          f"{ours[1] * 1e3:.0f} ms CPU, of the JVM {ours[2] * 1e3:.0f} ms, safepoints {stopped[0] / 1e6 / ROUNDS:.1f} ms; "
          f"jcmd {theirs[0] * 1e3:.0f} ms wall, {theirs[1] * 1e3:.0f} ms CPU, of the JVM {theirs[2] * 1e3:.0f} ms, safepoints "
          f"{stopped[1] / 1e6 / ROUNDS:.1f} ms; ratio {total / ours[1]:.1f} CPU")
    shutil.rmtree(work)
    sys.exit(0 if ours[1] < 0.15 and total >= 3 * ours[1] and not stopped[0] else 1)


if __name__ == "__main__":
    main()
