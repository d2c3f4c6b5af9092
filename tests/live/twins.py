#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Twin reads: what jledger reads from outside against what the same JVM says of itself by jcmd.

Heap, Metaspace, class space, code and stacks: NMT's committed figures within 1 %. GC structures: NMT's to the byte.
Used heap: GC.heap_info's before and after. Loaders: every row of
VM.classloader_stats. Flags: VM.flags -all. Threads: Thread.print. The JVM is quiet meanwhile; jledger
looks first and last, so that what the attach itself brings shows up. Arguments: collectors, or 'all'.

Where jcmd says less or is wrong:
* JDK 8 counts classes' and other metadata together, and all of a stack as committed; it tells no origin of a flag
  but whether it is the default. A thread of G1 that runs before it is named is "Unknown Thread" for the kernel.
* From JDK 26 NMT takes neighbouring stacks for one mapping and counts little of it: there System.map alone, which
  has the resident bytes of each stack (from 21 on), is the stacks' twin. Its rows are the kernel's mappings: what
  has one together with something else is left out.
* JDK 8 forgets to say what CMS's own mappings are for: NMT has them as Unknown. G1 on 8 and 11 leaves the regions
  that threads allocate from out of GC.heap_info.
* ZGC of JDK 11: NMT counts what is mapped of the heap, and part of it that stays allocated is not: GC.heap_info
  has the capacity. It does not count the stacks of marking, which lie at a whole TB: /proc/PID/maps has them.
"""

import pathlib
import re
import shutil
import sys

import cells
from harness import (COLLECTORS, ROOT, Jvm, account, check, compile_java, compile_jni, done, jcmd, jledger_json,
                     part, scratch)


def close(label, ours, theirs, percent=1.0):
    if ours is None or theirs is None:
        check(False, label, f"ours {ours}, theirs {theirs}")
        return
    apart = abs(ours - theirs) / theirs * 100 if theirs else (0 if ours == theirs else 100)
    check(apart <= percent, label, f"ours {ours >> 10} KB, theirs {theirs >> 10} KB, {apart:.2f} % apart")


def nmt_sizes(text, category, part="", size="committed"):
    """Bytes that NMT's summary gives for a category, or for the part of it that says `part`; None where it does not."""
    block = re.search(rf"^- +{category} \(.*?(?=^- |\Z)", text, re.M | re.S)
    found = re.search(rf"{part}.*?{size}=(\d+)KB", block.group(0), re.S) if block and part in block.group(0) else None
    return int(found.group(1)) * 1024 if found else None


def summed(*values):
    return None if None in values else sum(values)


def twin_nmt(jvm, label):
    jcmd(jvm.pid, "VM.version")  # the attach's own classes and thread come before both looks
    ours = jledger_json("map", jvm.pid)
    text = jcmd(jvm.pid, "VM.native_memory", "summary")
    committed = lambda name: account(ours, name, "committed")
    twin_heap(jvm, label, ours, text)
    if nmt_sizes(text, "Class", "Metadata") is None:
        close(f"{label}: Metaspace with class space", summed(committed("metaspace"), committed("class-space")),
              nmt_sizes(text, "Class", "mmap"))
    else:
        close(f"{label}: Metaspace", committed("metaspace"), nmt_sizes(text, "Class", "Metadata"))
        close(f"{label}: class space", committed("class-space"), nmt_sizes(text, "Class", "Class space") or 0)
    close(f"{label}: code", committed("code-cache"), nmt_sizes(text, "Code", "mmap"))
    twin_structures(jvm, label, ours, text)
    twin_stacks(jvm, label, ours, text)


def twin_heap(jvm, label, ours, nmt):
    theirs = nmt_sizes(nmt, "Java Heap")
    capacity = re.search(r"ZHeap .*?capacity (\d+)M", jcmd(jvm.pid, "GC.heap_info"))
    if capacity and cells.feature() == 11:
        theirs = int(capacity.group(1)) << 20
    close(f"{label}: heap", account(ours, "java-heap", "committed"), theirs)


def uncounted_mark_stacks(jvm):
    private = re.findall(r"^(\w+)-(\w+) rw-p 0+ 00:00 0 *$", pathlib.Path(f"/proc/{jvm.pid}/maps").read_text(), re.M)
    return sum(int(end, 16) - int(start, 16) for start, end in private if int(start, 16) % (1 << 40) == 0)


def twin_structures(jvm, label, ours, nmt):
    uncounted = uncounted_mark_stacks(jvm) if label == "Z" and cells.feature() == 11 else 0
    for size in "reserved", "committed":
        theirs = (nmt_sizes(nmt, "GC", "mmap", size) or 0) + uncounted
        if label == "CMS" and cells.feature() == 8:
            theirs += nmt_sizes(nmt, "Unknown", "mmap", size) or 0
        close(f"{label}: GC structures, {size}", account(ours, "gc", size), theirs, 0)


def twin_used(jvm, label):
    """GC.heap_info rounds each of its figures down to KB."""
    def theirs():
        return sum(int(used) for used in re.findall(r"\btotal\b.* used (\d+)K", jcmd(jvm.pid, "GC.heap_info"))) * 1024
    before, ours, after = theirs(), account(jledger_json("map", jvm.pid), "java-heap", "used"), theirs()
    if label == "G1" and cells.feature() <= 11:
        after = ours
    if before:
        check(ours is not None and before <= ours <= after + 2048, f"{label}: used heap", f"{before} {ours} {after}")


def twin_stacks(jvm, label, ours, nmt):
    reserved, committed = nmt_sizes(nmt, "Thread", "stack", "reserved"), nmt_sizes(nmt, "Thread", "stack")
    size = "reserved" if reserved == committed else "committed"
    if cells.feature() < 26:
        close(f"{label}: stacks, {size}", account(ours, "thread-stacks", size), committed)
    if cells.feature() >= 21:
        twin_stack_pages(jvm, label)


def twin_stack_pages(jvm, label):
    """Each stack's resident bytes, where the stack has its mappings for itself."""
    mapped = {}
    for size, rss, tid in re.findall(r"^0x\w+-0x\w+ +(\d+) \S+ +(\d+) .* STACK-(\d+)-(?!Attach-Listener)",
                                     jcmd(jvm.pid, "System.map"), re.M):
        before = mapped.get(int(tid), (0, 0))
        mapped[int(tid)] = before[0] + int(size), before[1] + int(rss)
    stacks = {r["tid"]: r["stack"] for r in jledger_json("map", jvm.pid, "--by", "thread")["threads"]}
    alone = {tid: rss for tid, (size, rss) in mapped.items() if tid in stacks and size <= stacks[tid]["reserved"]}
    differ = [(tid, stacks[tid]["resident"], rss) for tid, rss in alone.items() if stacks[tid]["resident"] != rss]
    check(len(alone) > 10 and len(differ) <= 1, f"{label}: stacks by thread, resident",
          f"{len(alone) - len(differ)} of {len(alone)}, {len(mapped)} in all {differ[:3] or ''}")


def twin_loaders(jvm, label):
    ours = jledger_json("map", jvm.pid, "--by", "loader")
    text = jcmd(jvm.pid, "VM.classloader_stats")
    theirs, hidden = {}, False
    for line in text.splitlines():
        row = re.match(r"(0x\w+)\s+(0x\w+)\s+(0x\w+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(\S.*)", line)
        boot = re.match(r"\s*(0x0+)\s+(0x0+)\s+(0x\w+)\s+(\d+)", line)
        if row and int(row.group(3), 16):  # on 8 a loader without a class may be no more than that
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


def native_names(name):
    """As the kernel has the name of a VM thread: the start of it, its ends (JDK 26), or none that it had in time (JDK 8)."""
    return name, name[:15], f"{name[:7]}..{name[-6:]}", *(["Unknown Thread"] if cells.feature() == 8 else [])


def twin_threads(jvm, label):
    ours = {r["tid"]: r["name"] for r in jledger_json("map", jvm.pid, "--by", "thread")["threads"]}
    text = jcmd(jvm.pid, "Thread.print")
    theirs = {int(m.group(3), 0): (m.group(1), bool(m.group(2)))
              for m in re.finditer(r'^"(.*?)"( #\d+)? .*?nid=(0x[0-9a-f]+|\d+)', text, re.M)}
    theirs = {t: names for t, names in theirs.items() if names[0] != "Attach Listener"}
    differ = [(t, n, ours.get(t)) for t, (n, is_java) in theirs.items()
              if ours.get(t) not in ((n,) if is_java else native_names(n))]
    check(len(theirs) > 20 and not differ, f"{label}: threads with tid and name",
          f"{len(theirs) - len(differ)} of {len(theirs)} {differ[:3]}")


def same_value(ours, theirs):
    if isinstance(ours, bool):
        return theirs == str(ours).lower()
    if isinstance(ours, (int, float)):
        return abs(float(theirs) - ours) < 1e-6 * max(1, abs(ours))
    return (ours or "") == theirs


def twin_flags(jvm, label):
    ours = {f["name"]: f for f in jledger_json("flags", jvm.pid)["flags"]}
    text = jcmd(jvm.pid, "VM.flags", "-all")
    wrong = []
    listed = re.findall(r"^\s*\S+ (\w+)\s*(:?)= ?(.*?)\s*\{[^}]*\}(?: \{([^}]*)\})?\s*$", text, re.M)
    for name, changed, value, origin in listed:
        flag = ours.get(name)
        if flag is None:
            wrong.append(f"{name} is missing")
            continue
        same_origin = origin.split(",")[0] == flag["origin"] if origin else (flag["origin"] != "default") == bool(changed)
        if not same_value(flag["value"], value) or not same_origin:
            wrong.append(f"{name}: ours {flag['value']} {flag['origin']}, theirs {value} {origin or changed}")
    check(len(listed) > 400 and not wrong, f"{label}: flags with value and origin",
          f"{len(listed) - len(wrong)} of {len(listed)} {wrong[:3] or ''}")


def main():
    gcs, _ = cells.chosen(sys.argv[1:], COLLECTORS)
    check(gcs, "the JDK starts")
    work = scratch()
    compile_java([ROOT / "tests/live/java/Oracle.java"], work)
    compile_jni(ROOT / "tests/live/java/oracle.c", work / "liboracle.so")
    for gc in gcs:
        flags = ["-Xmx256m", *cells.flags_of(gc), "-XX:NativeMemoryTracking=summary"]
        with part(gc), Jvm([*flags, "-cp", work, "Oracle", work, "7", "Twin"]) as jvm:
            for twin in (twin_nmt, twin_used, twin_loaders, twin_threads, twin_flags):
                with part(f"{gc}: {twin.__name__}"):
                    twin(jvm, gc)
    shutil.rmtree(work)
    done()


if __name__ == "__main__":
    main()
