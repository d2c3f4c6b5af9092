#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How fast is a GC log read, with full detail, and in how much memory?

A real JVM writes a log of each collector that it has (JDK and JDK_ROOT choose it: JDK 8 writes the old dialect); it is
repeated to 256 MB. Printed are megabytes a second of CPU time (user and system), of the summary and of a plain read of
the same file (`cat` to nowhere) and `grep -c Pause` for scale, and the peak of resident memory for 64 MB and for all of
it. Ends with 1 when a log is read at less than 500 MB a CPU second, or 64 MB of memory are reached."""

import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "live"))

from cells import flags_of, took  # noqa: E402
from harness import JLEDGER, compile_java, in_root, inside, is_modular, scratch, tool  # noqa: E402

SIZE, SMALL, ROUNDS = 256 << 20, 64 << 20, 3
COLLECTORS = ("Serial", "Parallel", "CMS", "G1", "Shenandoah", "GenZ")


def measure(*command):
    """(CPU seconds, peak resident bytes), the best of some rounds."""
    best, peak = None, 0
    for _ in range(ROUNDS):
        with open(os.devnull, "w") as nowhere:
            process = subprocess.Popen(command, stdout=nowhere, stderr=nowhere)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = status
        if status not in (0, 256):
            sys.exit(f"{command}: status {status}")
        cpu = usage.ru_utime + usage.ru_stime
        best, peak = cpu if best is None else min(best, cpu), max(peak, usage.ru_maxrss << 10)
    return best, peak


def write_log(name, work):
    log = work / "one.log"
    if is_modular():
        flags = [f"-Xlog:gc*,safepoint:file={inside(log)}:time,uptime,level,tags:filecount=0"]
    else:
        flags = [f"-Xloggc:{inside(log)}", "-XX:+PrintGCDetails", "-XX:+PrintGCDateStamps", "-XX:+PrintTenuringDistribution",
                 "-XX:+PrintGCApplicationStoppedTime"]
    subprocess.run(in_root(tool("java"), *flags_of(name), "-Xmx128m", *flags, "-cp", work, "Collections", "4", "2500"), check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return log.read_bytes()


def main():
    work, slow = scratch("jledger-bench-"), []
    compile_java([pathlib.Path(__file__).resolve().parents[1] / "live/java/Collections.java"], work)
    for name in COLLECTORS:
        if not took(tuple(flags_of(name))):
            continue
        text, sizes = write_log(name, work), {}
        for size in (SMALL, SIZE):
            sizes[size] = work / f"{size}.log"
            with sizes[size].open("wb") as f:
                for _ in range(size // len(text) + 1):
                    f.write(text)
        file, mb = str(sizes[SIZE]), sizes[SIZE].stat().st_size / 1e6
        read, _ = measure("cat", file)
        grep, _ = measure("grep", "-c", "Pause", file)
        cpu, peak = measure(JLEDGER, "gc", file)
        _, small = measure(JLEDGER, "gc", str(sizes[SMALL]))
        print(f"{name:<11} {mb:.0f} MB, {text.count(10) * (mb * 1e6 / len(text)) / 1e6:.2f} M lines: {mb / cpu:.0f} MB a CPU second "
              f"(read alone {mb / read:.0f}, grep -c {mb / grep:.0f}); peak {peak / 1e6:.1f} MB, of a quarter {small / 1e6:.1f} MB",
              flush=True)
        if mb / cpu < 500 or peak >= 64 << 20:
            slow.append(name)
    shutil.rmtree(work, ignore_errors=True)
    if slow:
        print("slow or large: " + ", ".join(slow))
    sys.exit(1 if slow else 0)


if __name__ == "__main__":
    main()
