#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The walks over loaders, Metaspace, threads and direct buffers: on a quiet JVM every number of every
loader equals VM.classloader_stats and every Java thread Thread.print; on one that loads and unloads
classes, starts and ends threads and collects without pause, no look fails and nothing wrong is named.

Arguments: rounds of the latter (40), collectors, or 'all'. Epsilon collects nothing, so under it the JVM is quiet only.
"""

import re
import shutil
import sys

import cells
from harness import (COLLECTORS, ROOT, Jvm, check, compile_java, done, is_modular, jcmd, jledger_json, part, scratch)

LOADERS = {"<boot>", "Walks$Loader", "Walks$OtherLoader", "jdk.internal.loader.ClassLoaders$AppClassLoader",
           "jdk.internal.loader.ClassLoaders$PlatformClassLoader", "sun.misc.Launcher$AppClassLoader",
           "sun.misc.Launcher$ExtClassLoader"}
THREADS = re.compile(r"(short \d|class churn|thread churn|buffer churn|main|Reference Handler|Finalizer|Common-Cleaner|"
                     r"Signal Dispatcher|Service Thread|Monitor Deflation Thread|Sweeper thread|Notification Thread|"
                     r"Attach Listener|C[12] CompilerThread\d+|DestroyJavaVM|Thread-\d+|[A-Z][\w -]*#?\d*( \()?|[A-Z][\w ]{6}\.\.[\w #]{6}|"
                     r"Surrogate Locker Thread \(Concurrent GC\)|java)$")


def stats_rows(text):
    """{loader data: (classes, chunk bytes, block bytes, type)} of VM.classloader_stats; sizes as printed."""
    rows = {}
    for line in text.splitlines():
        m = re.match(r"\s*(0x\w+)\s+(0x\w+)\s+(0x\w+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(\S+)", line)
        if m and int(m.group(4)):  # a loader without classes has no row with us
            kind = "<boot>" if m.group(7) == "<boot" else m.group(7)
            rows[int(m.group(3), 16)] = tuple(int(m.group(i)) for i in (4, 5, 6)) + (kind,)
    return rows


def same_name(ours, printed):
    """jcmd of 8 and 11 decodes what it gets piece by piece: a character that two pieces share comes out as U+FFFD."""
    return ours is not None and re.fullmatch(re.sub("\ufffd+", ".", re.escape(printed)), ours) is not None


def start(gc, work, how):
    return Jvm(["-Xmx128m", *cells.flags_of(gc), "-cp", work, "Walks", how])


def quiet(gc, work):
    with start(gc, work, "quiet") as jvm:
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
        names_and_parents(gc, ours)
        threads = {r["tid"]: r for r in jledger_json("map", jvm.pid, "--by", "thread")["threads"]}
        text = jcmd(jvm.pid, "Thread.print")
        java = {int(m.group(2), 0): m.group(1)
                for m in re.finditer(r'^"(.*?)" #\d+ .*?nid=(0x[0-9a-f]+|\d+)', text, re.M)}
        wrong = [(t, n, threads.get(t)) for t, n in java.items()
                 if n != "Attach Listener" and not same_name((threads.get(t) or {}).get("name"), n)]
        check(len(java) > 25 and not wrong, f"{gc}: Java threads by their whole names", f"{len(java)} {wrong[:2]}")
        kinds = {k: sum(r["kind"] == k for r in threads.values()) for k in ("java", "gc", "jit", "vm", "native")}
        check(kinds["java"] >= 25 and kinds["jit"] >= 2 and kinds["vm"] >= 2 and (gc in ("Serial", "Epsilon") or kinds["gc"] >= 1)
              and kinds["native"] == 1, f"{gc}: kinds of threads", str(kinds))
        check(all(r["stack"]["reserved"] and r["stack"]["resident"] for r in threads.values()),
              f"{gc}: every thread has its stack", str([r for r in threads.values() if not r["stack"]["resident"]][:2]))


def names_and_parents(gc, ours):
    """Half of the loaders have a name, on 9 and later, and all but one have that one for their parent."""
    names = {r["name"] for r in ours.values() if r["name"]}
    check({"the parent", "app"} <= names if is_modular() else not names, f"{gc}: names of loaders", f"{len(names)}")
    made = [r for r in ours.values() if (r["type"] or "").startswith("Walks$") and not r["hidden"]]
    parents = {r["parent"] for r in made}
    chief = [r for r in made if r["loader"] in parents]
    check(len(made) == 201 and len(chief) == 1 and chief[0]["name"] == ("the parent" if is_modular() else None)
          and all(r["parent"] == chief[0]["loader"] for r in made if r is not chief[0]),
          f"{gc}: parents of loaders", f"{len(made)} with {len(parents)}")


def churn(gc, work, rounds):
    names = unloading = listed = restarted = 0
    bad = []
    with start(gc, work, "churn") as jvm:
        for _ in range(rounds):
            by_loader = jledger_json("map", jvm.pid, "--by", "loader")
            by_thread = jledger_json("map", jvm.pid, "--by", "thread")
            for r in by_loader["loaders"] or ():
                names += 1
                unloading += r["state"] != "alive"
                if r["type"] is not None and r["type"] not in LOADERS:
                    bad.append(("loader", r["type"]))
                if r["name"] is not None and not re.match(r"(l\d+|app|platform)$", r["name"]):
                    bad.append(("loader name", r["name"]))
            for r in by_thread["threads"] or ():
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
    check(restarted <= max(1, rounds // 50), f"{gc}: the lists validate in nearly all looks", f"{restarted} of {2 * rounds}")


def temporary(gc, work):
    """What NIO keeps for threads, to the byte."""
    sizes = [8192, 100_000, 3_000_000]
    with Jvm(["-Xmx256m", *cells.flags_of(gc), "-cp", work, "Temporary", *map(str, sizes)]) as jvm:
        facts = {f["fact"]: f["value"] for f in jledger_json("map", jvm.pid)["facts"]}
    check(facts.get("direct.temporary") == sum(sizes), f"{gc}: buffers that NIO keeps for threads", str(facts.get("direct.temporary")))


def main():
    gcs, rest = cells.chosen(sys.argv[1:], COLLECTORS)
    rounds = int(rest[0]) if rest else 40
    check(gcs, "the JDK starts")
    work = scratch()
    compile_java([ROOT / f"tests/live/java/{name}.java" for name in ("Walks", "Temporary")], work)
    for gc in gcs:
        with part(f"{gc}: quiet"):
            quiet(gc, work)
        with part(f"{gc}: temporary buffers"):
            temporary(gc, work)
        if gc != "Epsilon":
            with part(f"{gc}: churn"):
                churn(gc, work, rounds)
    shutil.rmtree(work)
    done()


if __name__ == "__main__":
    main()
