#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`classes --stats` and `classes --metaspace` against what the VM says of itself.

--stats: every column of every class equals GC.class_stats where the JDK has that (8 to 14); profiles, which the
compilers move, within 1 %. Elsewhere the parts sum to what each loader uses of Metaspace, never to more and to most of
it. --metaspace: chunks by size and kind of loader, free ones, nodes, waste and the threshold equal VM.metaspace (9 and
later), and GC.heap_info's line everywhere. Both say the same of a stopped JVM that can't be attached to; under
churn no class is dropped silently and no name is wrong. Arguments: rounds of churn (12), collectors, or 'all'.
"""

import collections
import os
import re
import shutil
import signal
import sys
import time

import cells
from harness import (COLLECTORS, ROOT, Jvm, check, compile_java, done, figures, jcmd, jledger, jledger_json, part, scratch)

NAMES = re.compile(r"(Walks|NamedLoader|Bytes$|java\.|jdk\.|sun\.|com\.sun\.|javax\.|\[)")
KINDS = {"Boot": "boot", "Standard": "standard", "Reflection": "reflection", "ClassMirrorHolder": "hidden",
         "UnsafeAnonymous": "hidden", "Anonymous": "hidden"}
SIZES_8 = {False: {"specialized": 1024, "small": 4096, "medium": 65536}, True: {"specialized": 1024, "small": 2048, "medium": 32768}}


def start(gc, work, how, *flags):
    return Jvm(["-Xmx128m", *cells.flags_of(gc), *flags, "-cp", work, "Walks", how])


# ---- --stats


def csv_rows(text):
    """(header, rows) of the table in `text`, whichever of both wrote it."""
    lines = [line for line in text.splitlines() if line]
    while lines and not lines[0].startswith("Index,"):
        lines.pop(0)
    head = lines[0].split(",") if lines else []
    return head, [row for row in (line.split(",", len(head) - 1) for line in lines[1:]) if row[0].isdigit()]


def by_class(head, rows, columns):
    """{class name: sorted tuples of the columns}; what the VM hangs on hidden classes' names is cut off."""
    name = head.index("ClassName")
    table = collections.defaultdict(list)
    for row in rows:
        table[row[name].split("/")[0]].append(tuple(int(row[head.index(c)] or -1) for c in columns))
    return {k: sorted(v) for k, v in table.items()}


def ours_csv(pid):
    return csv_rows(jledger("classes", pid, "--stats", "--all-columns", "--csv").stdout)


def equal_class_stats(gc, jvm):
    """False where this JDK has no GC.class_stats."""
    theirs = jcmd(jvm.pid, "GC.class_stats", "-all", "-csv")  # the first one loads classes of its own
    if "Index,Super" not in theirs:
        return False
    their_head, their_rows = csv_rows(jcmd(jvm.pid, "GC.class_stats", "-all", "-csv"))
    our_head, our_rows = ours_csv(jvm.pid)
    columns = [c for c in their_head if c not in ("Index", "Super", "InstCount", "InstBytes", "ClassName", "ClassLoader")]
    check(set(columns) <= set(our_head), f"{gc}: all columns of GC.class_stats", f"{len(columns)}")
    moving = ("MethodData", "MethodAll", "RWAll", "Total")
    wrong = []
    for column in columns:
        a, b = by_class(their_head, their_rows, [column]), by_class(our_head, our_rows, [column])
        if column in moving:
            apart = abs(sum(v[0] for r in a.values() for v in r) - sum(v[0] for r in b.values() for v in r))
            if apart * 100 > sum(v[0] for r in a.values() for v in r):
                wrong.append((column, apart))
            continue
        differ = [k for k in set(a) | set(b) if a.get(k) != b.get(k)]
        if differ:
            wrong.append((column, len(differ), differ[0], a.get(differ[0]), b.get(differ[0])))
    check(len(their_rows) > 400 and not wrong, f"{gc}: every column of every class as GC.class_stats has it",
          f"{len(their_rows)} classes {wrong[:3]}")
    index, name, above = our_head.index("Index"), our_head.index("ClassName"), our_head.index("Super")
    names = {row[index]: row[name] for row in our_rows}
    their_names = {row[0]: row[their_head.index("ClassName")] for row in their_rows}
    supers = lambda rows, head, named: sorted((r[head.index("ClassName")].split("/")[0], named.get(r[1], "-").split("/")[0])
                                              for r in rows)
    check(supers(our_rows, our_head, names) == supers(their_rows, their_head, their_names), f"{gc}: super classes", above)
    check(all(row[our_head.index("InstBytes")] == "" for row in our_rows), f"{gc}: InstBytes is left empty")
    return True


def sums(gc, jvm):
    """What the parts of classes sum to lies within what their loader uses."""
    look = jledger_json("classes", jvm.pid, "--loaders", "--stats=KlassBytes,MethodCount,Total,Others,Metaspace,InstBytes")
    stats = look["class_stats"]
    parts = collections.Counter()
    for row in stats["classes"]:
        parts[row["loader"]] += row["Metaspace"]
    used = {r["loader"]: r["used"] for r in look["loaders"]}
    over = [(at, parts[at], used[at]) for at in parts if parts[at] > used[at]]
    explained = 100 * sum(parts.values()) / sum(used.values())
    least = min((parts[at] / u, at) for at, u in used.items() if u)
    check(stats["known"] and not stats["unreadable"] and len(stats["classes"]) == look["class_count"],
          f"{gc}: a row for each class", f"{len(stats['classes'])} of {look['class_count']}")
    check(not over and explained > 90 and least[0] > 0.6, f"{gc}: the parts are what the loaders use",
          f"{explained:.1f} % of it, at least {100 * least[0]:.1f} % {over[:2]}")
    check(all(row["InstBytes"] is None for row in stats["classes"]) and "InstBytes" in stats["unknown"],
          f"{gc}: InstBytes is unknown, with the reason")
    check(stats["total"]["Total"] == sum(row["Total"] for row in stats["classes"]), f"{gc}: the totals are the rows'")
    figures(f"class stats {gc}", explained_percent=round(explained, 2))


# ---- --metaspace


def cut(pid):
    look = jledger_json("classes", pid, "--metaspace")["metaspace_cut"]
    return look if look["known"] else None


def their_chunks(text):
    """{(kind, class space, size): (chunks, capacity, committed, used, free, waste)} of by-spacetype and by-chunktype."""
    rows, kind, space = {}, None, None
    for line in text.splitlines():
        if line.startswith("Total Usage"):
            kind = None
        elif m := re.match(r"(\w+) - +(\d+) loaders?, +(\d+) class", line):
            kind, space = KINDS.get(m.group(1)), None
        elif m := re.match(r" +(Non-Class|Class|Both): *$", line):
            space = {"Non-Class": False, "Class": True, "Both": None}[m.group(1)]
        elif kind and space is not None and (m := re.match(r" *(?:(\d+)([km]) chunks|(\w+)): +(\d+) chunks?, +(.*)", line)):
            size = int(m.group(1)) << (10 if m.group(2) == "k" else 20) if m.group(1) else SIZES_8[space].get(m.group(3))
            n = [number(rf"(\d+) bytes *(?:\( *[<>]?\d+%\))? {what}", m.group(5)) for what in ("capacity", "committed", "used", "free", "waste")]
            if "-total-" in line:
                continue
            n[1] = n[0] if n[1] is None else n[1]
            rows[kind, space, size] = (int(m.group(4)), *n)
    return rows


def equal_vm_metaspace(gc, jvm):
    """False where this JDK has no VM.metaspace."""
    jcmd(jvm.pid, "VM.metaspace", "by-spacetype", "by-chunktype", "scale=1")
    for _ in range(3):  # what the compilers do meanwhile shows: profiles lie in Metaspace
        text = jcmd(jvm.pid, "VM.metaspace", "by-spacetype", "by-chunktype", "scale=1")
        if "Usage" not in text:
            return False
        totals, ours = jcmd(jvm.pid, "VM.metaspace", "scale=1"), cut(jvm.pid)
        theirs = their_chunks(text)
        rows = {(r["owner"], r["class_space"], r["size"]): (r["chunks"], r["capacity"], r["committed"], r["used"], r["free"], r["waste"])
                for r in ours["chunks"] if r["owner"] != "free"}
        if rows == theirs:
            break
    check(len(theirs) > 4 and rows == theirs, f"{gc}: chunks in use by size and kind of loader as VM.metaspace has them",
          f"{len(theirs)} rows {[(k, theirs.get(k), rows.get(k)) for k in set(rows) | set(theirs) if rows.get(k) != theirs.get(k)][:2]}")
    loaders = {KINDS[m.group(1)]: int(m.group(2)) for m in re.finditer(r"^(\w+) - +(\d+) loaders?,", text, re.M) if m.group(1) in KINDS}
    check({o["owner"]: o["loaders"] for o in ours["owners"] if o["loaders"]} == loaders, f"{gc}: loaders by kind", str(loaders))
    check_totals(gc, totals, jcmd(jvm.pid, "VM.metaspace", "basic", "scale=1"), ours)
    return True


def number(pattern, text):
    m = re.search(pattern, text, re.M)
    return int(m.group(1)) if m else None


def check_totals(gc, text, basic, ours):
    both = ours["both"]
    wanted = {
        "free chunks": (number(r"Chunk freelists:\n.*\n.*\n +Both: +(\d+) bytes", basic), both["free"]["capacity"]),
        "committed in free chunks": (number(r"In free chunks: +(\d+) bytes", text), both["free"]["committed"]),
        "waste in chunks in use": (number(r"Waste in chunks in use: +(\d+) bytes", text), both["in_use"]["waste"]),
        "free in chunks in use": (number(r"Free in chunks in use: +(\d+) bytes", text), both["in_use"]["free"]),
        "blocks given back": (number(r"Deallocated from chunks in use: +(\d+) bytes", text), both["block_bytes"]),
        "their number": (number(r"Deallocated from chunks in use: .*\((\d+) blocks\)", text), both["blocks"]),
        "reserved": (number(r"Both: +(\d+) bytes reserved", text), both["reserved"]),
        "committed": (number(r"Both: +\d+ bytes reserved, +(\d+) bytes", text), both["committed"]),
        "threshold": (number(r"Current GC threshold: +(\d+) bytes", text), ours["high_water_mark"]),
        "MetaspaceSize": (number(r"Initial GC threshold: +(\d+) bytes", text), next(f["value"] for f in ours["flags"] if f["name"] == "MetaspaceSize")),
    }
    if "Overhead in chunks" in text:
        wanted["overhead"] = (number(r"Overhead in chunks in use: +(\d+) bytes", text), both["in_use"]["overhead"])
        wanted["committed unused"] = (number(r"Committed unused: +(\d+) bytes", text), both["beside_chunks"])
    for what, (theirs, mine) in wanted.items():
        check(theirs == mine, f"{gc}: {what}", f"{theirs} {mine}")


def heap_info(gc, jvm):
    """The line of the GC's log and of GC.heap_info, in KB rounded down."""
    jcmd(jvm.pid, "GC.heap_info")
    for _ in range(3):
        text, ours = jcmd(jvm.pid, "GC.heap_info"), cut(jvm.pid)["both"]
        m = re.search(r"Metaspace +used (\d+)K,(?: capacity (\d+)K,)? committed (\d+)K, reserved (\d+)K", text)
        if not m:
            return
        used = ours["in_use"]["used"] + ours["in_use"]["overhead"] * (cells.feature() == 8)
        mine = [used >> 10, ours["in_use"]["capacity"] >> 10 if m.group(2) else None, ours["committed"] >> 10, ours["reserved"] >> 10]
        theirs = [int(n) if n else None for n in m.groups()]
        if mine == theirs:
            break
    check(mine == theirs, f"{gc}: used, capacity, committed and reserved of GC.heap_info", f"{theirs} {mine}")


def parts_sum(gc, ours):
    """What is committed is in chunks, headers included, free ones, or beside them; nodes hold all of it."""
    for kind in ("nonclass", "class_space", "both"):
        s = ours[kind]
        inside = sum(s["in_use"][k] for k in ("used", "overhead", "free", "waste"))
        check(inside == s["in_use"]["committed"] and s["committed"] == inside + s["free"]["committed"] + s["beside_chunks"],
              f"{gc}: {kind}: parts and what is committed", f"{s['committed']} {inside}")
    check(sum(n["committed"] for n in ours["nodes"]) == ours["both"]["committed"], f"{gc}: nodes hold what is committed")


# ---- without the JVM's help, and under churn


def stopped(gc, work):
    """Attaching disabled, then stopped: the same answers."""
    with start(gc, work, "quiet", "-XX:+DisableAttachMechanism") as jvm:
        time.sleep(0.5)
        os.kill(jvm.pid, signal.SIGSTOP)
        try:
            first, again = ours_csv(jvm.pid), ours_csv(jvm.pid)
            check(len(first[1]) > 400 and first == again, f"{gc}: a stopped JVM that can't be attached to", f"{len(first[1])} classes")
            ours = cut(jvm.pid)
            check(ours is not None and ours == cut(jvm.pid) and ours["free_why_not"] is None and ours["blocks_why_not"] is None,
                  f"{gc}: its Metaspace too", str(ours and (ours["free_why_not"], ours["blocks_why_not"])))
            parts_sum(gc, ours)
        finally:
            os.kill(jvm.pid, signal.SIGCONT)


def churn(gc, work, rounds):
    rows = lost = silent = unknown = 0
    bad = []
    with start(gc, work, "churn") as jvm:
        for _ in range(rounds):
            look = jledger_json("classes", jvm.pid, "--stats=Total,Metaspace", "--metaspace")
            stats, metaspace = look["class_stats"], look["metaspace_cut"]
            unknown += not stats["known"] + (not metaspace["known"])
            if not stats["known"]:
                if not stats["why_not"]:
                    bad.append(("no reason", stats))
                continue
            rows += len(stats["classes"])
            lost += stats["unreadable"]
            silent += len(stats["classes"]) + stats["unreadable"] != look["class_count"]
            bad += [r["class"] for r in stats["classes"] if not NAMES.match(r["class"])]
            bad += [r for r in stats["classes"] if not 0 < r["Total"] < 1 << 20]
    check(rows > rounds * 400 and not silent and not bad, f"{gc}: under churn every class has a row or is counted as gone",
          f"{rows} rows in {rounds} looks, {lost} classes gone {bad[:2]}")
    check(unknown <= max(1, rounds // 6), f"{gc}: nearly all looks know", f"{unknown} of {rounds} did not")


def main():
    gcs, rest = cells.chosen(sys.argv[1:], COLLECTORS)
    rounds = int(rest[0]) if rest else 12
    check(gcs, "the JDK starts")
    work = scratch()
    compile_java([ROOT / "tests/live/java/Walks.java"], work)
    for gc in gcs:
        with part(f"{gc}: quiet"), start(gc, work, "quiet") as jvm:
            equal_class_stats(gc, jvm)
            sums(gc, jvm)
            equal_vm_metaspace(gc, jvm)
            heap_info(gc, jvm)
            parts_sum(gc, cut(jvm.pid))
        with part(f"{gc}: stopped"):
            stopped(gc, work)
        if gc != "Epsilon":
            with part(f"{gc}: churn"):
                churn(gc, work, rounds)
    shutil.rmtree(work)
    done()


if __name__ == "__main__":
    main()
