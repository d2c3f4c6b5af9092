# SPDX-License-Identifier: Apache-2.0
"""Heap dumps of real JVMs: what `jledger heap FILE` makes of them against what the JVM says of the same moment.

Sizes: every row of GC.class_histogram -all that is the same before and after the dump has the dump's count and bytes.
The rest: java/Hoard.java knows what it holds, who holds it and how.  Arguments: collectors, or 'all';
names of settings (cells.py); 'sizes': nothing but them.

Exceptions, by name:
* java.lang.Class: from 25 on the archive's mirrors of classes that are not loaded are counted by the JVM and are not in
  the dump; and a mirror's own size varies with its fields.
* [I and jdk.internal.vm.FillerElement: from 21 on dead space is filled with what the dump calls int[].
* java.lang.Object on 8: the dump leaves out the one that stands for a deleted JNI handle.
* What jcmd itself allocates: rows that differ between the two histograms are left out.
"""

import gzip
import re
import shutil
import sys

import cells
from harness import ROOT, Jvm, check, compile_java, done, figures, inside, jcmd, jledger, jledger_json, part, scratch

EXCEPTIONS = {"java.lang.Class", "[I", "[Ljdk.internal.vm.FillerElement;"}
NOT_PACKED = ("Z", "GenZ", "Shenandoah", "GenShenandoah")


def histogram(pid):
    """Class -> [instances, bytes]; classes of one name are added up."""
    rows = {}
    for count, size, name in re.findall(r"^\s*\d+:\s+(\d+)\s+(\d+)\s+(\S+)", jcmd(pid, "GC.class_histogram", "-all"), re.M):
        # 8 and 11 put a number behind the names of hidden classes, which the dump does not have.
        if cells.feature() < 15:
            name = re.sub(r"(?<=\d)/(0x)?[0-9a-f]+$", "", name)
        row = rows.setdefault(name, [0, 0])
        row[0] += int(count)
        row[1] += int(size)
    return rows


def ours(heap):
    rows = {}
    for c in heap["classes"]:
        row = rows.setdefault(c["class"], [0, 0])
        row[0] += c["instances"]
        row[1] += c["bytes"]
    return rows


def sizes(jvm, file, label, packed):
    before = histogram(jvm.pid)
    jcmd(jvm.pid, "GC.heap_dump", "-all", inside(file))
    after = histogram(jvm.pid)
    heap = jledger_json("heap", file, "histo")
    mine = ours(heap)
    if cells.feature() == 8 and "java.lang.Object" in mine:
        mine["java.lang.Object"][0] += 1
        mine["java.lang.Object"][1] += 16
    stable = {name: row for name, row in after.items() if before.get(name) == row and name not in EXCEPTIONS}
    counts = {n: (mine.get(n, [0, 0])[0], row[0]) for n, row in stable.items() if mine.get(n, [0, 0])[0] != row[0]}
    wrong = {n: (mine[n][1], row[1]) for n, row in stable.items() if n not in counts and mine[n][1] != row[1]}
    check(len(stable) > 200, f"{label}: most classes stand still between two histograms", f"{len(stable)} of {len(after)}")
    check(not counts, f"{label}: every class has the JVM's count", f"{len(stable)} rows, {dict(list(counts.items())[:5])}")
    check(len(wrong) <= (0 if packed else 3), f"{label}: every class has the JVM's bytes",
          f"{len(stable)} rows, {dict(list(wrong.items())[:8])}")
    theirs = sum(row[1] for n, row in stable.items())
    check(abs(sum(mine[n][1] for n in stable if n in mine) - theirs) <= theirs / 500, f"{label}: the sum is right to 0.2 %")
    check(heap["loss"] is None and heap["dumps_in_file"] == 1, f"{label}: the dump is whole", f"{heap['loss']}")
    figures(label, rows=len(stable), wrong_counts=len(counts), wrong_bytes=len(wrong))
    return heap


def names(suspect):
    return [step["class"] for step in suspect["path"]]


def views(file, label):
    suspects = jledger_json("heap", file, "suspects")["suspects"]
    registry = [s for s in suspects if s["name"] == "class Hoard$Registry"]
    pool = [s for s in suspects if s["name"] == "class Hoard$Pool"]
    check(registry and "ConcurrentHashMap" in registry[0]["accumulates_in_class"], f"{label}: the registry's map is a suspect",
          f"{[s['name'] for s in suspects]}")
    check(pool and any(h["class"] == "Hoard$Statement" and h["count"] == 8000 for h in pool[0]["held"]),
          f"{label}: the pool's statements are a suspect", f"{pool[0]['held'] if pool else ''}")
    if pool:
        fields = [step["field"] for step in pool[0]["path"]]
        check(["static ALL", "[0]", ".openStatements", ".elementData"] == fields[-4:],
              f"{label}: pool, connection, open statements: the whole way is there", f"{fields}")
    way = jledger_json("heap", file, "path", "Hoard$Statement")
    check(any(s["count"] == 8000 and s["class"] == "class Hoard$Pool" for s in way["path"]),
          f"{label}: the merged way of the statements leads to the pool")
    threads = jledger_json("heap", file, "threads")["threads"]
    hoarders = [t for t in threads if (t["name"] or "").startswith("hoarder-")]
    check(len(hoarders) == 2 and all(500000 <= t["retained"] < 520000 for t in hoarders), f"{label}: threads retain what their locals hold",
          f"{[t['retained'] for t in hoarders]}")
    check(all(sum("Hoard.deep" in f["frame"] for f in t["frames"]) == 21 for t in hoarders), f"{label}: threads have their stacks")
    check(all(any(loc["class"] == "Hoard$Held" and loc["retained"] >= 500000 for loc in t["locals"]) for t in hoarders),
          f"{label}: locals are named with what they retain")
    loaders = jledger_json("heap", file, "loaders")
    check(sum(row["type"] == "Hoard$Loader" for row in loaders["loaders"]) == 5, f"{label}: five loaders")
    check(any(row["class"] == "Hoard$Copy" and row["loader_count"] == 6 or row["class"] == "Hoard$Copy" and row["loader_count"] == 5
              for row in loaders["duplicates"]), f"{label}: their class is a duplicate")
    rows = jledger_json("heap", file, "query", "select id, values.size, @retained from Hoard$Session where values.size = 2 and id ~ session-599")["rows"]
    check(len(rows) == 11 and {"id": "session-5990", "values.size": "2"}.items() <= max(rows, key=lambda r: len(r["id"]) * 10 + (r["id"] == "session-5990")).items()
          and all(int(r["@retained"]) > 2000 for r in rows), f"{label}: a query finds objects by their fields", f"{rows[:3]}")
    same = jledger_json("heap", file, "duplicates")["strings"]
    check(any(row["text"] == "the same text again" and row["count"] >= 2000 for row in same), f"{label}: equal strings are found",
          f"{same[:2]}")
    waste = jledger_json("heap", file, "waste")["waste"]
    empty = {row["class"]: row for row in waste if row["kind"] == "empty collection"}
    check(empty.get("java.util.HashMap", {}).get("count", 0) >= 2000 and empty.get("java.util.ArrayList", {}).get("count", 0) >= 2000,
          f"{label}: empty collections are counted", f"{empty}")
    check(empty.get("java.util.ArrayList", {}).get("bytes", 0) >= 2000 * 800, f"{label}: what an empty list's array takes is waste")
    check(any(row["kind"] == "zeros at the end" and row["class"] == "[B" and row["bytes"] >= 1000000 for row in waste),
          f"{label}: arrays of zeros are waste")
    native = jledger_json("heap", file, "off-heap")["off_heap"]
    kinds = {}
    for row in native:
        kinds.setdefault(row["kind"], []).append(row["bytes"])
    check(1234567 in kinds.get("direct buffer", []), f"{label}: the direct buffer has its bytes", f"{kinds.get('direct buffer', [])[:9]}")
    check(any(50000 <= b <= 53248 for b in kinds.get("mapped file", [])), f"{label}: the mapped file too", f"{kinds.get('mapped file')}")
    check("deflater" in kinds and "inflater" in kinds, f"{label}: inflaters and deflaters are listed", f"{list(kinds)}")
    final = jledger_json("heap", file, "finalizers")
    heavy = [row for row in final["finalizers"] if row["class"] == "Hoard$Heavy"]
    check(heavy and 18 <= heavy[0]["count"] <= 20, f"{label}: what waits to be finalized is counted", f"{heavy}")


def cut(file, work, label):
    """Half a dump: what is there is analysed, and the loss is said."""
    half = work / "half.hprof"
    half.write_bytes(file.read_bytes()[: file.stat().st_size * 6 // 10])
    heap = jledger_json("heap", half, "suspects")
    check(heap["loss"] and heap["live_objects"] > 1000, f"{label}: a cut dump is read as far as it goes", f"{heap['loss']}")
    packed = work / "by-hand.hprof.gz"
    packed.write_bytes(gzip.compress(file.read_bytes(), 1))
    whole, inflated = (jledger_json("heap", f, "histo")["classes"] for f in (file, packed))
    check(whole == inflated, f"{label}: gzip by hand gives the same")
    page = work / "page.html"
    jledger("heap", file, "--html", page)
    text = page.read_text()
    check("class Hoard$Registry" in text and text.count("<div class=\"t ") > 10 and not re.search(r"https?:|<(script|link|img|iframe)", text),
          f"{label}: the HTML page has a map and needs nothing else", f"{len(text)} bytes")
    small = jledger_json("heap", file, "suspects", "--max-memory", "2m")
    check(small["suspects"] == jledger_json("heap", file, "suspects")["suspects"], f"{label}: arrays in files give the same")


def run(collector, flags, label, sizes_only, work):
    file = work / "hoard.hprof"
    file.unlink(missing_ok=True)
    with Jvm([*flags, "-Xms96m", "-Xmx192m", "-cp", inside(work), "Hoard"]) as jvm:
        sizes(jvm, file, label, collector not in NOT_PACKED)
        if sizes_only:
            return
        live = work / "live.hprof"
        live.unlink(missing_ok=True)
        jcmd(jvm.pid, "GC.heap_dump", inside(live))
    views(live, label)
    cut(live, work, label)
    changed = jledger_json("heap", file, "diff", str(live))
    check(all(r["class"] != "Hoard$Session" for r in changed["changes"]), f"{label}: nothing that was kept grew")


def main():
    names, rest = cells.chosen(sys.argv[1:], ["G1"])
    settings = [s for s in rest if s in cells.SETTINGS] or ["plain"]
    work = scratch("jledger-heap-")
    try:
        compile_java([ROOT / "tests/live/java/Hoard.java"], work)
        for name in names:
            for setting in settings:
                label = name if setting == "plain" else f"{name}, {setting}"
                if name == "Epsilon" or not cells.has(name, setting):
                    continue
                with part(label):
                    run(name, cells.flags_of(name, setting), label, "sizes" in rest, work)
    finally:
        shutil.rmtree(work)
    done()


if __name__ == "__main__":
    main()
