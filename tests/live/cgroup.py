#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The container: a JVM in a nested cgroup below one with a limit, beside another process, v1 or v2.

Needs root and a memory controller in which cgroups can be made; else there is nothing to see.
"""

import os
import pathlib
import shutil
import subprocess
import time

from harness import ROOT, Jvm, check, compile_java, done, jledger_json, scratch, skip

WORK = scratch("jledger-cgroup-")
LIMIT = 512 << 20
HOG = "b = bytearray(48 << 20)\nfor i in range(0, len(b), 4096): b[i] = 1\nprint('up', flush=True)\nimport time; time.sleep(300)"


def hierarchy():
    """(root of the memory controller, v2?), or (None, False)."""
    v1, v2 = pathlib.Path("/sys/fs/cgroup/memory"), pathlib.Path("/sys/fs/cgroup")
    if (v1 / "memory.limit_in_bytes").exists():
        return v1, False
    if "memory" in (v2 / "cgroup.subtree_control").read_text().split() if (v2 / "cgroup.subtree_control").exists() else False:
        return v2, True
    return None, False


def number(path):
    return int(path.read_text())


def stat(outer, key):
    return next(int(line.split()[1]) for line in (outer / "memory.stat").read_text().splitlines() if line.split()[0] == key)


def look(outer, inner, v2):
    hog = subprocess.Popen(["python3", "-c", HOG], stdout=subprocess.PIPE, text=True,
                           preexec_fn=lambda: (inner / "cgroup.procs").write_text(str(os.getpid())))
    hog.stdout.readline()
    enter = ["sh", "-c", f'echo $$ > {inner}/cgroup.procs && exec "$@"', "enter"]
    try:
        with Jvm(["-Xmx128m", "-XX:+UseSerialGC", "-cp", str(WORK), "Quiet"], prefix=enter) as jvm:
            time.sleep(0.5)
            ours = jledger_json("map", jvm.pid)["container"]
            usage = number(outer / ("memory.current" if v2 else "memory.usage_in_bytes"))
            check(ours["limit"] == LIMIT, "the limit of the cgroup above counts", str(ours["limit"]))
            check(abs(ours["usage"] - usage) <= 2 << 20, "usage is that cgroup's", f"{ours['usage']} and {usage}")
            inactive = stat(outer, "inactive_file" if v2 else "total_inactive_file")
            check(abs(ours["working_set"] - (usage - inactive)) <= 2 << 20, "the working set leaves inactive files out",
                  str(ours["working_set"]))
            check(ours["processes"] == 1, "one other process is in it", str(ours["processes"]))
            check(48 << 20 <= ours["anon"]["others"] <= 64 << 20, "the other process's memory is its own",
                  str(ours["anon"]["others"]))
            anon = stat(outer, "anon" if v2 else "total_rss")
            parts = sum(ours["anon"].values())
            check(abs(parts - anon) <= 2 << 20, "the parts of anonymous memory sum up", f"{parts} and {anon}")
            row = next(r for r in jledger_json("ps")["jvms"] if r["pid"] == jvm.pid)
            check(row["limit"] == LIMIT, "ps shows the limit", str(row["limit"]))
    finally:
        hog.kill()
        hog.wait()


def main():
    root, v2 = hierarchy()
    if os.geteuid() != 0 or root is None or not os.access(root, os.W_OK):
        skip("containers", "no memory controller here to make cgroups in")
        done()
    compile_java([ROOT / "tests/live/java/Quiet.java"], WORK)
    outer = root / f"jledger-test-{os.getpid()}"
    inner = outer / "inner"
    try:
        inner.mkdir(parents=True)
        (outer / ("memory.max" if v2 else "memory.limit_in_bytes")).write_text(str(LIMIT))
        look(outer, inner, v2)
    finally:
        for directory in (inner, outer):
            for _ in range(50): # a killed process leaves its cgroup a moment later
                try:
                    directory.rmdir()
                    break
                except OSError:
                    time.sleep(0.1)
    shutil.rmtree(WORK, ignore_errors=True)
    done()


main()
