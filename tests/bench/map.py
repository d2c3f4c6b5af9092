#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How fast is a look? `jledger map` against what people run today for the same question,
`jcmd PID VM.native_memory` plus `pmap -X PID`, in turn, on one JVM with about 2 GB resident.

Prints wall and CPU times and their ratio; ends with 1 when map is not 10 times faster in wall time,
or spends 50 ms of CPU or more.
"""

import resource
import shutil
import statistics
import subprocess
import sys
import time

from harness import JLEDGER, Jvm, compile_java, scratch, status, tool

ROUNDS = 9


def timed(*commands):
    """(wall, CPU) seconds of the commands run one after the other."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    for command in commands:
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    work = scratch()
    source = work / "Idle.java"
    source.write_text("public class Idle { public static void main(String[] a) throws Exception {"
                      " System.out.println(\"ready\"); Thread.sleep(1000000); } }")
    compile_java([source], work)
    with Jvm(["-Xms2g", "-Xmx2g", "-XX:+AlwaysPreTouch", "-XX:NativeMemoryTracking=summary", "-cp", str(work), "Idle"]) as jvm:
        ours, theirs = [], []
        pid = str(jvm.pid)
        for _ in range(ROUNDS):
            ours.append(timed([JLEDGER, "map", pid, "--json"]))
            theirs.append(timed([tool("jcmd"), pid, "VM.native_memory"], ["pmap", "-X", pid]))
        rss = int(status(jvm.pid, "VmRSS")) // 1024
    wall = [statistics.median(w for w, _ in side) for side in (ours, theirs)]
    cpu = [statistics.median(c for _, c in side) for side in (ours, theirs)]
    print(f"RSS {rss} MB, median of {ROUNDS}: map {wall[0] * 1e3:.1f} ms wall, {cpu[0] * 1e3:.1f} ms CPU; "
          f"jcmd + pmap {wall[1] * 1e3:.1f} ms wall, {cpu[1] * 1e3:.1f} ms CPU; "
          f"ratio {wall[1] / wall[0]:.1f} wall, {cpu[1] / cpu[0]:.1f} CPU")
    shutil.rmtree(work)
    sys.exit(0 if wall[1] >= 10 * wall[0] and cpu[0] < 0.05 else 1)


if __name__ == "__main__":
    main()
