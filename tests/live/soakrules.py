# SPDX-License-Identifier: Apache-2.0
"""What a look at Java's Soak must say and can't say: the rules of soak.py."""

import re

MIB = 1 << 20
HEAP, DIRECT = 96 * MIB, 256 * MIB  # of the JVMs

LOADER_TYPES = re.compile(
    r"<boot>|Soak\$Loader|jdk\.internal\.loader\.ClassLoaders\$(App|Platform|Boot)ClassLoader|"
    r"sun\.misc\.Launcher\$(App|Ext)ClassLoader|(sun|jdk\.internal)\.reflect\.DelegatingClassLoader")
LOADER_NAMES = re.compile(r"(kept|ring)-\d{5}|app|platform")
THREAD_NAMES = re.compile(
    r"kept-thread-\d+|short-\d|churn-(classes-\d|threads|buffers)|main|java|process reaper|Thread-\d+|"
    r"[A-Z][A-Za-z0-9 .#()-]*|surrogate locker .*|VM Periodic Task.*")
# A class of the JDK, of the program, or of what they generate, digits folded.
CLASS_NAMES = re.compile(
    r"((java|jdk|sun|com\.sun)\.[\w.$/#+-]+|Soak[\w$/#+]*|NamedLoader|Bytes|(boolean|byte|char|double|float|int|long|short))"
    r"(\[\])*")


class Held:
    """What the program holds for ever, as the looks before the churn tell it."""

    def __init__(self, facts, before, look):
        self.facts = facts
        self.loaders = {r["loader"]: (r["type"], r["name"], r["class_count"]) for r in look["loaders"] or ()
                        if r["type"] == "Soak$Loader"}
        self.threads = {r["tid"]: r["name"] for r in look["threads"] or ()
                        if (r["name"] or "").startswith("kept-thread-")}
        first = facts["first_size"]
        self.buffers = {b["address"]: b["bytes"] for b in look["direct_buffers"]["buffers"] or ()
                        if first <= b["bytes"] < first + facts["buffers"]}
        self.misses = misses(before) & misses(look)

    def lacks(self):
        """What is not there though nothing moves."""
        f = self.facts
        lack = []
        if sum(count for _, _, count in self.loaders.values()) != f["loaders"] * f["classes"]:
            lack.append(f"{len(self.loaders)} loaders of {f['loaders']}")
        if len(self.threads) != f["threads"]:
            lack.append(f"{len(self.threads)} threads of {f['threads']}")
        if len(self.buffers) != f["buffers"]:
            lack.append(f"{len(self.buffers)} buffers of {f['buffers']}")
        return lack


def fact(look, name):
    return next((f["value"] for f in look["facts"] if f["fact"] == name), None)


def torn_parts(look, held):
    """What the look says it could not read, beside what it can't read of this VM at rest either."""
    torn = misses(look) - held.misses
    # Names that it does not know, of what surely has one.
    if any(r["loader"] in held.loaders and (r["type"], r["name"]) != held.loaders[r["loader"]][:2] and
           None in (r["type"], r["name"]) for r in look["loaders"] or ()):
        torn.add("classes: no names of loaders")
    if any(r["tid"] in held.threads and r["name"] is None for r in look["threads"] or ()):
        torn.add("threads: no names of threads")
    return torn


def misses(look):
    return {f"{m['collector']}: {re.sub(r'0x[0-9a-f]+|[0-9]+', '#', m['reason'])}" for m in look["misses"]}


def sums(look, _=None):
    booked = sum(row["resident"] or 0 for row in look["accounts"]) + look["unaccounted"]
    if booked != look["rss"]:
        yield f"accounts and unaccounted are {booked} of {look['rss']}"
    if look["overlaps"]:
        yield f"overlaps {look['overlaps'][:1]}"
    for row in look["accounts"]:
        if (row["certain"] or 0) > (row["resident"] or 0):
            yield f"{row['account']}: {row['resident']} resident, {row['certain']} certain"


def wrong_names(look, held):
    for r in look["loaders"] or ():
        was = held.loaders.get(r["loader"])
        if r["type"] is not None and not LOADER_TYPES.fullmatch(r["type"]):
            yield f"loader of type {r['type']!r}"
        if r["name"] is not None and not LOADER_NAMES.fullmatch(r["name"]):
            yield f"loader named {r['name']!r}"
        if was and (r["type"] not in (None, was[0]) or r["name"] not in (None, was[1])):
            yield f"loader {was} is {r['type']} {r['name']}"
    for r in look["threads"] or ():
        if r["name"] is not None and not THREAD_NAMES.fullmatch(r["name"]):
            yield f"thread named {r['name']!r}"
        if r["tid"] in held.threads and r["name"] not in (None, held.threads[r["tid"]]):
            yield f"thread {held.threads[r['tid']]} is {r['name']}"
    for name, example, *_ in look["families"]:
        if not CLASS_NAMES.fullmatch(name):
            yield f"class {name!r} ({example!r})"
    for name, beside in look["strays"] or ():
        yield f"class {name} stands in the loader of {beside}"
    f = held.facts
    sizes = {*f["sizes"], *range(f["first_size"], f["first_size"] + f["buffers"])}
    for b in look["direct_buffers"]["buffers"] or ():
        if b["bytes"] not in sizes:
            yield f"buffer of {b['bytes']} bytes at {b['address']}"


def missed(look, collector):
    return any(m["collector"] == collector for m in look["misses"])


def truncated(look, held):
    """What is held and not listed, though the list is given as whole."""
    if look["loaders"] is not None and not missed(look, "classes"):
        seen = {r["loader"]: r for r in look["loaders"] or ()}
        for at, (_, name, count) in held.loaders.items():
            r = seen.get(at)
            if not r:
                yield f"loader {name} {at} is not listed"
            elif r["class_count"] != count or r["state"] != "alive":
                yield f"loader {name} {at}: {r['class_count']} classes of {count}, {r['state']}"
    if look["threads"] is not None and not missed(look, "threads"):
        seen = {r["tid"]: r for r in look["threads"] or ()}
        for tid, name in held.threads.items():
            if tid not in seen:
                yield f"thread {name} is not listed"
            elif seen[tid]["kind"] != "java" or not seen[tid]["stack"]["reserved"]:
                yield f"thread {name}: {seen[tid]}"
    direct = look["direct_buffers"]
    if direct["buffers"] is not None:
        seen = {b["address"]: b["bytes"] for b in direct["buffers"]}
        for at, size in held.buffers.items():
            if seen.get(at) != size:
                yield f"buffer of {size} bytes at {at} is {seen.get(at)}"
        if abs(len(seen) - direct["count"]) > direct["count"] // 20 + 8:
            yield f"{len(seen)} buffers listed, {direct['count']} counted"


def wild(look, held):
    """Figures beyond what the program and its options allow."""
    f = held.facts
    rows = {row["account"]: row for row in look["accounts"]}
    for row in look["accounts"]:
        for lower, upper in (("used", "committed"), ("committed", "reserved")):
            if row[lower] is not None and row[upper] is not None and row[lower] > row[upper]:
                yield f"{row['account']}: {row[lower]} {lower}, {row[upper]} {upper}"
        if any((row[key] or 0) >= 1 << 47 for key in ("resident", "used", "committed", "reserved")):
            yield f"{row['account']}: {row}"
    if (rows["java-heap"]["committed"] or 0) > HEAP:
        yield f"Java heap: {rows['java-heap']['committed']} committed of {HEAP}"
    most = 1 if f["unloads"] else 1000  # what a collector leaves there stays
    bounds = (("loaders.count", f["loaders"], most * (3 * (f["loaders"] + f["ring"]) + 2000)),
              ("classes.count", f["loaders"] * f["classes"] + 300, most * 40000),
              ("threads.java", f["threads"] + 4, f["threads"] + 150), ("os.threads", f["threads"] + 4, f["threads"] + 200),
              ("direct.count", f["buffers"], 200000), ("direct.capacity", 0, DIRECT), ("direct.reserved", 0, 2 * DIRECT),
              ("direct.limit", DIRECT, DIRECT), ("metaspace.used", MIB // 2, 512 * MIB), ("malloc.arenas", 1, 200),
              ("code.used", MIB // 4, 256 * MIB), ("malloc.system", 0, look["rss"] * 8))
    for name, low, high in bounds:
        value = fact(look, name)
        if value is not None and not low <= value <= high:
            yield f"{name}: {value}, not {low} to {high}"
    of_loaders = sum(r["committed"] or 0 for r in look["loaders"] or ())
    committed = sum(rows[a]["committed"] or 0 for a in ("metaspace", "class-space"))
    # Loaders are read after the nodes' masks: what comes between is theirs already.
    if of_loaders > committed * 1.5 + 8 * MIB:
        yield f"loaders: {of_loaders} committed, Metaspace {committed}"
