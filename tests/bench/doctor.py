#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the doctor costs: --for 0 answers within 2 s; watching takes at most 1 % of one core, its own CPU time by the
kernel (user and system), on JVMs from small to many threads and classes. The default window is 30 s."""

import os
import resource
import shutil
import subprocess
import time

from harness import JLEDGER, ROOT, Jvm, check, compile_java, done, figures, scratch

BUSIEST_PERCENT = 1.0
AT_ONCE_S = 2.0
WINDOW_S = 30


def run(*arguments):
    """Wall and CPU seconds of one run, and the exit code."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    code = subprocess.run([JLEDGER, "doctor", *map(str, arguments)], stdout=subprocess.DEVNULL).returncode
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.monotonic() - started, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, code


def measure(label, pid):
    wall, cpu, code = run(pid, "--for", "0")
    check(code == 0 and wall < AT_ONCE_S, f"{label}: --for 0 answers within {AT_ONCE_S:.0f} s", f"{wall:.2f} s, {cpu * 1e3:.0f} ms CPU")
    at_once = cpu
    wall, cpu, code = run(pid)
    check(code == 0 and WINDOW_S <= wall < WINDOW_S + AT_ONCE_S, f"{label}: the window is {WINDOW_S} s by default", f"{wall:.2f} s")
    percent = 100 * cpu / wall
    check(percent <= BUSIEST_PERCENT, f"{label}: at most {BUSIEST_PERCENT:.0f} % of one core", f"{percent:.2f} %, {cpu * 1e3:.0f} ms CPU")
    figures(label, at_once_ms=round(at_once * 1e3), watch_cpu_ms=round(cpu * 1e3), percent=round(percent, 3))


def main():
    work = scratch()
    java = ROOT / "tests/live/java"
    compile_java([java / "Quiet.java", java / "ManyThreads.java", java / "Load.java"], work)
    for label, flags, program in (("a quiet JVM", ["-Xmx64m"], ["Quiet"]),
                                  ("1,500 threads", ["-Xmx64m"], ["ManyThreads", "1500"]),
                                  ("40 MB/s allocated", ["-Xmx96m", "-XX:MaxDirectMemorySize=512m"], ["Load", "40", "4"])):
        with Jvm([*flags, "-cp", work, *program], stderr=None) as jvm:
            measure(label, jvm.pid)
    shutil.rmtree(work)
    done()


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    main()
