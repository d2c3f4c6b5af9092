#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The walks over loaders, Metaspace, threads and direct buffers: on a quiet JVM every number of every
loader equals VM.classloader_stats and every Java thread Thread.print; on one that loads and unloads
classes, starts and ends threads and collects without pause, no look fails and nothing wrong is named."""

import re
import shutil
import sys

from harness import (COLLECTORS, ROOT, Jvm, check, compile_java, done, jcmd, jledger_json, scratch)

LOADERS = {"<boot>", "Walks$Loader", "Walks$OtherLoader", "jdk.internal.loader.ClassLoaders$AppClassLoader",
           "jdk.internal.loader.ClassLoaders$PlatformClassLoader"}
THREADS = re.compile(r"(short \d|class churn|thread churn|buffer churn|main|Reference Handler|Finalizer|Common-Cleaner|"
                     r"Signal Dispatcher|Service Thread|Monitor Deflation Thread|Sweeper thread|Notification Thread|"
                     r"Attach Listener|C[12] CompilerThread\d+|DestroyJavaVM|Thread-\d+|[A-Z][\w ]*#?\d*|java)$")


def stats_rows(text):
    """{loader data: (classes, chunk bytes, block bytes, type)} of VM.classloader_stats; sizes as printed."""
    rows = {}
    for line in text.splitlines():
        m = re.match(r"\s*(0x\w+)\s+(0x\w+)\s+(0x\w+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(\S+)", line)
        if m and int(m.group(4)):  # a loader without classes has no row with us
            kind = "<boot>" if m.group(7) == "<boot" else m.group(7)
            rows[int(m.group(3), 16)] = tuple(int(m.group(i)) for i in (4, 5, 6)) + (kind,)
    return rows


def quiet(gc, work):
    with Jvm(["-Xmx128m", f"-XX:+Use{gc}GC", "-cp", str(work), "Walks", "quiet"]) as jvm:
        theirs = stats_rows(jcmd(jvm.pid, "VM.classloader_stats"))
        look = jledger_json("map", jvm.pid, "--by", "loader")
        ours = {int(r["loader"], 16): r for r in look["loaders"]}
        wrong = []
        for at, (count, chunks, blocks, kind) in theirs.items():
            r = ours.get(at)
            # 17.0.x prints words where it says bytes
            if r is None or (r["class_count"], r["type"]) != (count, kind) or \
                    (chunks, blocks) not in ((r["committed"], r["used"]), (r["committed"] // 8, r["used"] // 8)):
                wrong.append((hex(at), (count, chunks, blocks, kind), r))
        check(len(theirs) > 200 and not wrong, f"{gc}: loaders row by row with ChunkSz and BlockSz",
              f"{len(theirs) - len(wrong)} of {len(theirs)} {wrong[:2]}")
        names = {r["name"] for r in ours.values()}
        check({"the parent", "app"} <= names, f"{gc}: names of loaders")
        parents = [r for r in ours.values() if r["name"] and r["name"].startswith("loader ")]
        check(parents and all(ours[int(r["parent"], 16)]["name"] == "the parent" for r in parents),
              f"{gc}: parents of loaders", f"{len(parents)}")
        threads = {r["tid"]: r for r in jledger_json("map", jvm.pid, "--by", "thread")["threads"]}
        text = jcmd(jvm.pid, "Thread.print")
        java = {int(m.group(2), 0): m.group(1)
                for m in re.finditer(r'^"(.*?)" #\d+ .*?nid=(0x[0-9a-f]+|\d+)', text, re.M)}
        wrong = [(t, n, threads.get(t)) for t, n in java.items()
                 if n != "Attach Listener" and (threads.get(t) or {}).get("name") != n]
        check(len(java) > 25 and not wrong, f"{gc}: Java threads by their whole names", f"{len(java)} {wrong[:2]}")
        kinds = {k: sum(r["kind"] == k for r in threads.values()) for k in ("java", "gc", "jit", "vm", "native")}
        check(kinds["java"] >= 25 and kinds["jit"] >= 2 and kinds["vm"] >= 2 and (gc == "Serial" or kinds["gc"] >= 1)
              and kinds["native"] == 1, f"{gc}: kinds of threads", str(kinds))
        check(all(r["stack"]["reserved"] and r["stack"]["resident"] for r in threads.values()),
              f"{gc}: every thread has its stack", str([r for r in threads.values() if not r["stack"]["resident"]][:2]))


def churn(gc, work, rounds):
    names = unloading = listed = restarted = 0
    bad = []
    with Jvm(["-Xmx128m", f"-XX:+Use{gc}GC", "-cp", str(work), "Walks", "churn"]) as jvm:
        for _ in range(rounds):
            by_loader = jledger_json("map", jvm.pid, "--by", "loader")
            by_thread = jledger_json("map", jvm.pid, "--by", "thread")
            for r in by_loader["loaders"]:
                names += 1
                unloading += r["state"] != "alive"
                if r["type"] is not None and r["type"] not in LOADERS:
                    bad.append(("loader", r["type"]))
                if r["name"] is not None and not re.match(r"(l\d+|app|platform)$", r["name"]):
                    bad.append(("loader name", r["name"]))
            for r in by_thread["threads"]:
                names += 1
                if r["name"] is not None and not THREADS.match(r["name"]):
                    bad.append(("thread", r["name"]))
            for look in (by_loader, by_thread):
                if look["overlaps"]:
                    bad.append(("overlap", look["overlaps"][:1]))
                missed = [m for m in look["misses"] if m["collector"] in ("classes", "metaspace", "threads")]
                restarted += len(missed)
                b = look["direct_buffers"]
                listed += bool(b and b.get("buffers"))
                # 5 %, and those that are just made or freed
                if b and b.get("buffers") and abs(len(b["buffers"]) - b["count"]) > b["count"] // 20 + 4:
                    bad.append(("buffers", len(b["buffers"]), b["count"]))
    check(names > rounds * 100 and not bad, f"{gc}: nothing wrong is named under churn",
          f"{names} names in {2 * rounds} looks, {unloading} loaders unloading, {restarted} looks without some list, "
          f"{listed} with every buffer {bad[:3]}")
    check(restarted <= rounds // 5, f"{gc}: the lists validate in nearly all looks", f"{restarted} of {2 * rounds}")


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    work = scratch()
    compile_java([ROOT / "tests/live/java/Walks.java"], work)
    for gc in COLLECTORS:
        quiet(gc, work)
        churn(gc, work, rounds)
    shutil.rmtree(work)
    done()


if __name__ == "__main__":
    main()
