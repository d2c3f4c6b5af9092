#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The container: a JVM in a nested cgroup below one with a limit, beside another process, v1 or v2; and the same JVM
in a recorded pod of cgroup v2, its files mounted over this machine's.

Needs root, the first a memory controller in which cgroups can be made.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import time

from harness import ROOT, Jvm, check, compile_java, done, jledger, jledger_json, no_namespaces, part, scratch, skip, status

sys.path.insert(0, str(ROOT / "tests/trees"))

import recorded  # noqa: E402: the path must be known first

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
        with Jvm(["-Xmx128m", "-XX:+UseSerialGC", "-cp", str(WORK), "Quiet"], around=enter) as jvm:
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


RULES = ("container-page-cache", "container-tmpfs", "container-children", "container-kernel")
SMALL = 256 << 20
# What fills a container of 256 MB beside a JVM of some 60, run in it; it says 'up' and stays.
CHILD = "b = bytearray(140 << 20)\nfor i in range(0, len(b), 4096): b[i] = 1\nprint('up', flush=True)\nimport time; time.sleep(300)"
CACHE = ("import os, time\nf = open('{0}/cached', 'wb')\n[f.write(bytes(1 << 20)) for _ in range(300)]\nf.flush()\nos.fsync(f.fileno())\n"
         "g = open('{0}/cached', 'rb')\nwhile g.read(1 << 20): pass\nprint('up', flush=True)\ntime.sleep(300)")
TMPFS = "import time\nf = open('{0}/tmpfs/file', 'wb')\n[f.write(bytes(1 << 20)) for _ in range(150)]\nf.flush()\nprint('up', flush=True)\ntime.sleep(300)"


def filled_by(group, code):
    """A process of the cgroup that fills it."""
    hog = subprocess.Popen(["python3", "-c", code.format(WORK)], stdout=subprocess.PIPE, text=True,
                           preexec_fn=lambda: (group / "cgroup.procs").write_text(str(os.getpid())))
    if hog.stdout.readline().strip() != "up":
        hog.kill()
        raise RuntimeError("what was to fill the container ended")
    return hog


def judged(group, label, wanted, code, *flags):
    """The doctor on a JVM in the cgroup, filled by one thing: that one is named, and no other."""
    hog = filled_by(group, code) if code else None
    enter = ["sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$@"', "enter"]
    try:
        with Jvm(["-Xmx64m", "-XX:+UseSerialGC", *flags, "-cp", str(WORK), "Quiet"], around=enter) as jvm:
            report = jledger_json("doctor", jvm.pid, "--for", "3")
            found = [f["cause"] for f in report["findings"] if f["cause"] in RULES]
            check(found == ([wanted] if wanted else []), f"a container filled by {label}: {wanted or 'nothing is found'}",
                  f"{found}; {[f['text'] for f in report['findings'] if f['cause'] in RULES]}")
            check(report["healthy"] == (wanted in (None, "container-page-cache")), f"a container filled by {label}: healthy or not",
                  str([f["cause"] for f in report["findings"] if f["kind"] == "cause"]))
            if wanted == "container-children":
                culprit = next(f["culprit"]["name"] for f in report["findings"] if f["cause"] == wanted)
                check(f"(pid {hog.pid})" in culprit, "the process is named", culprit)
            return report
    finally:
        if hog:
            hog.kill()
            hog.wait()


def live_rules(root, v2):
    group = root / f"jledger-rules-{os.getpid()}"
    (WORK / "tmpfs").mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", WORK / "tmpfs"]).returncode == 0
    try:
        group.mkdir()
        (group / ("memory.max" if v2 else "memory.limit_in_bytes")).write_text(str(SMALL))
        judged(group, "nothing", None, None)
        judged(group, "page cache", "container-page-cache", CACHE)
        judged(group, "a process beside the JVM", "container-children", CHILD)
        if mounted:
            judged(group, "files in a tmpfs", "container-tmpfs", TMPFS)
            (WORK / "tmpfs/file").unlink()
        else:
            skip("a container filled by files in a tmpfs", "no tmpfs can be mounted here")
        report = judged(group, "a heap too large for it", None, None, "-Xmx512m")
        check([f["kind"] for f in report["findings"] if f["cause"] == "heap-limit-above-container"] == ["risk"],
              "a heap above the limit is a risk", str([f["cause"] for f in report["findings"]]))
    finally:
        if mounted:
            subprocess.run(["umount", WORK / "tmpfs"], check=False)
        remove(group)


def in_recorded_pod(pid, sidecar):
    """A prefix for a reader to whom these two are processes of the recorded pod."""
    tree = WORK / "pod"
    for path, content in recorded.files("kubepods-v2.txt", PID=pid, SIDECAR=sidecar).items():
        (tree / path[1:]).parent.mkdir(parents=True, exist_ok=True)
        (tree / path[1:]).write_text(content)
    mounts = (f"mount -t tmpfs none /sys/fs/cgroup && cp -r {tree}/sys/fs/cgroup/. /sys/fs/cgroup/ && "
              f"mount --bind {tree}/proc/{pid}/cgroup /proc/{pid}/cgroup && "
              f"mount --bind {tree}/proc/self/mountinfo /proc/$$/mountinfo && exec \"$@\"")
    return ["unshare", "--mount", "sh", "-c", mounts, "sh"]


def recorded_pod():
    hog = subprocess.Popen(["python3", "-c", HOG], stdout=subprocess.PIPE, text=True)
    hog.stdout.readline()
    try:
        with Jvm(["-Xmx128m", "-XX:+UseSerialGC", "-cp", str(WORK), "Quiet"]) as jvm:
            prefix = in_recorded_pod(jvm.pid, hog.pid)
            ours = jledger_json("map", jvm.pid, prefix=prefix)
            facts = {f["fact"]: f["value"] for f in ours["facts"]}
            expected = recorded.expected_of_pod(facts["os.rss_anon"], facts["os.rss_file"], int(status(hog.pid, "RssAnon")) << 10)
            for key, value in expected.items():
                check(ours["container"][key] == value, f"recorded pod: {key} of the container", f"{ours['container'][key]} and {value}")
            text = " ".join(jledger("map", jvm.pid, prefix=prefix).stdout.split())
            check("384.0 of 512 MB" in text and "kernel 24.0" in text and "memory pressure 12.3 %" in text,
                  "recorded pod: map tells it to a person", text[-600:])
            row = next(r for r in jledger_json("ps", prefix=prefix)["jvms"] if r["pid"] == jvm.pid)
            check(row["limit"] == 512 << 20 and row["container"] == "4f1c2b3a" * 8, "recorded pod: ps shows limit and container", str(row))
            found = jledger("map", "4f1c2b3a", "--json", prefix=prefix)
            check(f'"pid":{jvm.pid},' in found.stdout, "recorded pod: its container's id is a target", found.stderr.strip())
    finally:
        hog.kill()
        hog.wait()


def remove(directory):
    for _ in range(50): # a killed process leaves its cgroup a moment later
        try:
            directory.rmdir()
            break
        except OSError:
            time.sleep(0.1)


def live_cgroup(root, v2):
    outer = root / f"jledger-test-{os.getpid()}"
    inner = outer / "inner"
    try:
        inner.mkdir(parents=True)
        (outer / ("memory.max" if v2 else "memory.limit_in_bytes")).write_text(str(LIMIT))
        look(outer, inner, v2)
    finally:
        for directory in (inner, outer):
            remove(directory)


def main():
    root, v2 = hierarchy()
    compile_java([ROOT / "tests/live/java/Quiet.java"], WORK)
    if os.geteuid() != 0 or root is None or not os.access(root, os.W_OK):
        skip("containers", "no memory controller here to make cgroups in")
    else:
        live_cgroup(root, v2)
        with part("what fills a container"):
            live_rules(root, v2)
    if os.geteuid() != 0 or no_namespaces():
        skip("a recorded pod", "needs root, and mount namespaces")
    else:
        recorded_pod()
    shutil.rmtree(WORK, ignore_errors=True)
    done()


main()
