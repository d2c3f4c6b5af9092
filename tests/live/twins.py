#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Twin reads: what jledger reads from outside against what the same JVM says of itself by jcmd.

Heap, Metaspace, class space, code and stacks: NMT's committed figures within 1 %. Loaders: every row of
VM.classloader_stats. Flags: VM.flags -all. Threads: Thread.print. The JVM is quiet meanwhile; jledger
looks first and last, so that what the attach itself brings shows up.
"""

import re
import shutil

from harness import (COLLECTORS, ROOT, Jvm, account, check, compile_java, compile_jni, done, jcmd, jledger_json,
                     scratch)


def close(label, ours, theirs, percent=1.0):
    apart = abs(ours - theirs) / theirs * 100 if theirs else (0 if ours == theirs else 100)
    check(apart <= percent, label, f"ours {ours >> 10} KB, theirs {theirs >> 10} KB, {apart:.2f} % apart")


def nmt_committed(text, category):
    found = re.search(rf"-\s+{category} \(reserved=\d+KB, committed=(\d+)KB", text)
    return int(found.group(1)) * 1024 if found else None


def metadata_committed(text, which):
    block = text[re.search(rf"\(\s+{which}", text).start():]
    return int(re.search(r"committed=(\d+)KB", block).group(1)) * 1024


def twin_nmt(jvm, label):
    jcmd(jvm.pid, "VM.version")  # the attach's own classes and thread come before both looks
    ours = jledger_json("map", jvm.pid)
    text = jcmd(jvm.pid, "VM.native_memory", "summary")
    committed = lambda name: account(ours, name, "committed")
    close(f"{label}: heap", committed("java-heap"), nmt_committed(text, "Java Heap"))
    close(f"{label}: Metaspace", committed("metaspace"), metadata_committed(text, "Metadata"))
    close(f"{label}: class space", committed("class-space"), metadata_committed(text, "Class space"))
    code = re.search(r"- +Code \(.*?\(mmap: reserved=\d+KB, committed=(\d+)KB", text, re.S)
    close(f"{label}: code", committed("code-cache"), int(code.group(1)) * 1024)
    stacks = re.search(r"\(stack: reserved=\d+KB, committed=(\d+)KB", text)
    gc = re.search(r"- +GC \(.*?\(mmap: reserved=(\d+)KB", text, re.S)
    close(f"{label}: GC structures", account(ours, "gc", "reserved"), int(gc.group(1)) * 1024, 0)
    close(f"{label}: stacks", committed("thread-stacks"), int(stacks.group(1)) * 1024)


def twin_loaders(jvm, label):
    ours = jledger_json("map", jvm.pid, "--by", "loader")
    text = jcmd(jvm.pid, "VM.classloader_stats")
    theirs, hidden = {}, False
    for line in text.splitlines():
        row = re.match(r"(0x\w+)\s+(0x\w+)\s+(0x\w+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(\S.*)", line)
        boot = re.match(r"\s*(0x0+)\s+(0x0+)\s+(0x\w+)\s+(\d+)", line)
        if row:
            hidden = False
            theirs[row.group(3)] = (int(row.group(4)), row.group(7).strip())
        elif boot:
            theirs[boot.group(3)] = (int(boot.group(4)), "<boot>")
        elif "+ hidden classes" in line or "+ unsafe anonymous" in line:
            hidden = True
    del hidden
    rows = {int(r["loader"], 16): r for r in ours["loaders"] if not r["hidden"]}
    equal = sum(1 for at, (count, kind) in theirs.items()
                if int(at, 16) in rows and rows[int(at, 16)]["class_count"] == count
                and rows[int(at, 16)]["type"] in (kind, "<boot>"))
    check(theirs and equal >= len(theirs), f"{label}: loaders with type and class count",
          f"{equal} of {len(theirs)} rows equal")
    total = re.search(r"Total = (\d+)\s+(\d+)", text)
    check(int(total.group(2)) == sum(r["class_count"] for r in ours["loaders"]), f"{label}: classes of all loaders",
          f"{total.group(2)}")


def twin_threads(jvm, label):
    ours = {r["tid"]: r["name"] for r in jledger_json("map", jvm.pid, "--by", "thread")["threads"]}
    text = jcmd(jvm.pid, "Thread.print")
    theirs = {int(m.group(2), 0): m.group(1) for m in re.finditer(r'^"(.*?)" .*?nid=(0x[0-9a-f]+|\d+)', text, re.M)}
    java = {t: n for t, n in theirs.items() if n != "Attach Listener"}
    equal = [t for t, n in java.items() if ours.get(t) == n or (t in ours and n.startswith(("VM ", "GC ", "G1 ")))]
    differ = [(t, n, ours.get(t)) for t, n in java.items() if t not in equal]
    check(len(equal) == len(java), f"{label}: threads with tid and name", f"{len(equal)} of {len(java)} {differ[:3]}")


def twin_flags(jvm, label):
    ours = {f["name"]: f for f in jledger_json("flags", jvm.pid)["flags"]}
    text = jcmd(jvm.pid, "VM.flags", "-all")
    compared = wrong = 0
    example = ""
    for m in re.finditer(r"^\s*(\S+) (\w+)\s*:?= ?(.*?)\s*\{[^}]*\} \{([^}]*)\}$", text, re.M):
        _, name, value, origin = m.groups()
        flag = ours.get(name)
        compared += 1
        if flag is None:
            wrong, example = wrong + 1, f"{name} is missing"
            continue
        v = flag["value"]
        same = {"true": True, "false": False}.get(value, value) == v if isinstance(v, bool) else \
            abs(float(value) - v) < 1e-6 * max(1, abs(v)) if isinstance(v, (int, float)) else (v or "") == value
        origin = {"lp64_product": "default"}.get(origin, origin)
        if not same or origin.split(",")[0] != flag["origin"]:
            wrong, example = wrong + 1, f"{name}: ours {v} {flag['origin']}, theirs {value} {origin}"
    check(compared > 400 and not wrong, f"{label}: flags with value and origin", f"{compared - wrong} of {compared} {example}")


def main():
    work = scratch()
    compile_java([ROOT / "tests/live/java/Oracle.java"], work)
    compile_jni(ROOT / "tests/live/java/oracle.c", work / "liboracle.so")
    for gc in COLLECTORS:
        flags = ["-Xmx256m", f"-XX:+Use{gc}GC", "-XX:NativeMemoryTracking=summary"]
        with Jvm([*flags, "-cp", str(work), "Oracle", str(work), "7", "Twin"]) as jvm:
            twin_nmt(jvm, gc)
            twin_loaders(jvm, gc)
            twin_threads(jvm, gc)
            twin_flags(jvm, gc)
    shutil.rmtree(work)
    done()


if __name__ == "__main__":
    main()
