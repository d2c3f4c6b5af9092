#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mutated VM structures: rows of the layout tables, pointers and links of a stopped JVM are changed,
and whatever jledger then prints must equal what it printed before, be contradicted by a failing
check or an overlap in the same output, or be unknown with the reason given; never a crash or a hang.

A capture tells which words jledger reads; each round changes one to three of them through
/proc/PID/mem, looks, and puts them back.  mutate.py [ROUNDS [SEED]]; the seed is printed.
MUTATE_VERBOSE=1 prints every change that slipped through with the words that were changed.
"""

import bisect
import collections
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import time

from harness import COLLECTORS, JLEDGER, ROOT, Jvm, check, compile_java, compile_jni, done, jledger, scratch

ROUNDS = 60
SEED = 17
TIME_LIMIT_S = 5
FOLLOWED = 256  # bytes
NUMBERS = ("resident", "used", "committed", "reserved")
Word = collections.namedtuple("Word", "at width kind what")  # kind: table, static, object, null, heap, number


class Target:
    """A stopped process: its mappings, and its memory to read and write."""

    def __init__(self, pid):
        self.pid = pid
        self.memory = open(f"/proc/{pid}/mem", "r+b", buffering=0)
        self.maps = []
        for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, perms, _, _, _, *path = line.split(maxsplit=5)
            start, end = (int(x, 16) for x in span.split("-"))
            self.maps.append((start, end, perms, path[0] if path else ""))
        self.starts = [m[0] for m in self.maps]

    def mapping(self, at):
        i = bisect.bisect_right(self.starts, at) - 1
        return self.maps[i] if i >= 0 and at < self.maps[i][1] else None

    def read(self, at, n):
        self.memory.seek(at)
        return self.memory.read(n)

    def u64(self, at):
        return int.from_bytes(self.read(at, 8), "little")

    def text(self, at):
        try:
            return self.read(at, 256).split(b"\0")[0].decode("latin-1") if at else ""
        except OSError:
            return ""

    def write(self, at, value, width):
        self.memory.seek(at)
        self.memory.write((value & ((1 << 8 * width) - 1)).to_bytes(width, "little"))


def table_words(target, wanted):
    """The words of the rows of gHotSpotVMStructs and its siblings: those of members that jledger
    asks for, and those of all others."""
    loaded = next(m[3] for m in target.maps if m[3].endswith("/libjvm.so") and "x" in m[2])
    library = next(m for m in target.maps if m[3] == loaded)
    symbols = {}
    for line in subprocess.run(["nm", "-D", library[3]], capture_output=True, text=True).stdout.splitlines():
        parts = line.split()
        if len(parts) == 3 and parts[2].split("@")[0].startswith("gHotSpotVM"):
            symbols[parts[2].split("@")[0]] = library[0] + int(parts[0], 16)
    ours, others = [], []

    def rows(table, stride, parts, named):
        at = target.u64(symbols[table])
        step = target.u64(symbols[stride])
        offsets = [(p, target.u64(symbols[p])) for p in parts]
        while target.u64(at + offsets[0][1]):
            names = [target.text(target.u64(at + o)) for p, o in offsets[:named]]
            into = ours if names[-1] in wanted and names[0] in wanted else others
            for p, o in offsets:
                width = 4 if "IsStatic" in p or p.startswith("gHotSpotVMIntConstantEntryValue") else 8
                into.append(Word(at + o, width, "table", f"{'::'.join(names)} {p[10:-6]}"))
            at += step

    e = "gHotSpotVMStructEntry"
    rows("gHotSpotVMStructs", e + "ArrayStride",
         [e + x for x in ("TypeNameOffset", "FieldNameOffset", "TypeStringOffset", "IsStaticOffset", "OffsetOffset",
                          "AddressOffset")], 2)
    e = "gHotSpotVMTypeEntry"
    rows("gHotSpotVMTypes", e + "ArrayStride",
         [e + x for x in ("TypeNameOffset", "SuperclassNameOffset", "IsOopTypeOffset", "IsIntegerTypeOffset",
                          "IsUnsignedOffset", "SizeOffset")], 1)
    for kind in ("Int", "Long"):
        e = f"gHotSpotVM{kind}ConstantEntry"
        rows(f"gHotSpotVM{kind}Constants", e + "ArrayStride", [e + "NameOffset", e + "ValueOffset"], 1)
    exported = [Word(at, 8, "table", name) for name, at in symbols.items()]
    return ours, others, exported


def wanted_names():
    """Every type, member and constant that the sources name."""
    names = set()
    for file in [*ROOT.glob("src/jvm/*.def"), *ROOT.glob("src/jvm/*.c")]:
        names |= set(re.findall(r'"([A-Za-z_][^"\\ ]*)"', file.read_text()))
    return names


class Words:
    """The words that may be changed, by kind, and what their values may become."""

    def __init__(self, target, work):
        folder = work / "seen"
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([JLEDGER, "capture", str(target.pid), "-o", f"{folder}/"], check=True, capture_output=True)
        self.target = target
        ours, others, exported = table_words(target, wanted_names())
        table = {w.at: w for w in ours + others + exported}
        self.kinds = collections.defaultdict(list)
        self.kinds["table"] = ours
        self.kinds["table, other rows"] = others
        self.kinds["table, exported"] = exported
        self.values = {}
        archive = [m[0] for m in target.maps if m[3].endswith(".jsa")]
        self.class_base = min(archive) if archive else 0
        for line in (folder / "0001/memory.runs").read_text().splitlines():
            start, length = (int(x, 16) for x in line.split())
            self.take_run(start, start + length, table)
        self.pointers = sorted({v for v in self.values.values() if v and target.mapping(v)})
        self.narrow = sorted({self.narrow_at(w.at) for w in self.kinds["heap"]} - {0})

    def narrow_at(self, at):
        return int.from_bytes(self.target.read(at, 4), "little")

    def take_run(self, start, end, table):
        mapping = self.target.mapping(start)
        if not mapping or "p" not in mapping[2] or (mapping[2][1] != "w" and "libj" not in mapping[3] and
                                                     "libc" not in mapping[3] and "ld-" not in mapping[3]):
            return
        java_heap = mapping[1] <= 1 << 32 or (mapping[0] < 1 << 32)
        if java_heap:
            self.take_heap(start, end)
            return
        if mapping[2].startswith("r--p") and "jvm" not in mapping[3] and "libc" not in mapping[3]:
            return
        if "x" in mapping[2]:
            return
        # What was read word by word is followed; long stretches are searched, or read along.
        near = "" if end - start <= FOLLOWED else ", searched"
        for at in range((start + 7) & ~7, end - 7, 8):
            if at in table:
                continue
            value = self.target.u64(at)
            self.values[at] = value
            if self.target.mapping(value):
                kind = "static" if mapping[3].startswith("/") else "object"
            else:
                kind = "null" if not value else "number"
            if kind in ("static", "object") or mapping[2][1] == "w":
                self.kinds[kind + near].append(Word(at, 8, kind, mapping[3] or f"anonymous {mapping[0]:x}"))

    def take_heap(self, start, end):
        """Narrow references (to the heap, which lies below 4 GB) and class words of headers, and the
        8-byte addresses that direct buffers hold; texts and numbers are no links."""
        for at in range((start + 3) & ~3, end - 3, 4):
            value = self.narrow_at(at)
            mapping = self.target.mapping(value)
            reference = mapping and mapping[0] < 1 << 32 and value % 8 == 0
            klass = at % 8 == 0 and self.class_base and self.target.mapping(self.class_base + value) and \
                value >= 4096 and self.target.mapping(self.class_base + value)[3].split("/")[-1] in ("", "classes.jsa")
            if reference or klass:
                self.kinds["heap"].append(Word(at, 4, "heap", "Java object's " + ("reference" if reference else "class")))
            elif at % 8 == 0 and at + 8 <= end and self.target.mapping(self.target.u64(at)):
                self.kinds["heap, address"].append(Word(at, 8, "object", "Java object's address"))

    def holder(self, at):
        """The pointer that points nearest below `at`: the start of its object, by guess."""
        i = bisect.bisect_right(self.pointers, at) - 1
        return self.pointers[i] if i >= 0 and at - self.pointers[i] < 1024 else at

    def mutants(self, rng, word):
        """A new value for a word, and how it was made."""
        t = self.target
        value = int.from_bytes(t.read(word.at, word.width), "little")
        how = rng.choice(("zero", "other", "itself", "+8", "-8", "+4096", "small", "huge", "random", "back", "skip",
                          "flip"))
        pool = self.narrow if word.kind == "heap" else self.pointers
        if word.kind == "table":
            same = [w for w in self.kinds["table"] if w.what.split()[-1] == word.what.split()[-1]]
            other = rng.choice(same or self.kinds["table"])
            pool = [int.from_bytes(t.read(other.at, other.width), "little")]
        holder = self.holder(word.at)
        back = [p for p in pool if p < value][-8:] or pool
        made = {
            "zero": 0, "other": rng.choice(pool), "itself": word.at, "+8": value + 8, "-8": value - 8,
            "+4096": value + 4096, "small": rng.randrange(1, 64), "huge": rng.choice((1 << 63, (1 << 47) - 8, -1, 1 << 40)),
            "random": rng.getrandbits(64), "back": rng.choice([holder, *back]), "flip": value ^ 1 << rng.randrange(48),
            "skip": value,
        }[how]
        if how == "skip":
            after = value + word.at - holder
            made = self.values.get(after, rng.choice(pool))
        made &= (1 << 8 * word.width) - 1
        return made, how


# --- what was printed ---

def numbers_of(seen):
    """{(section, key, field): value}: every number that a mutation could change."""
    out = {}
    for row in seen["accounts"]:
        for field in NUMBERS:
            out["account", row["account"], field] = row[field]
        for part in row["parts"]:
            out["part", row["account"], part["part"]] = part["resident"]
    out["unaccounted", "unaccounted", "resident"] = seen["unaccounted"]
    for i, row in enumerate(seen["heap_spaces"] or ()):
        for field in ("used", "committed", "resident", "start", "end", "regions"):
            out["space", row["space"] + str(row["start"]), field] = row[field]
    buffers = seen["direct_buffers"] or {"count": None, "capacity": None, "limit": None, "buffers": None}
    for field in ("count", "capacity", "limit"):
        out["direct", "direct-buffers", field] = buffers[field]
    out["direct", "direct-buffers", "buffers"] = (
        None if buffers["buffers"] is None else tuple(sorted((b["address"], b["bytes"]) for b in buffers["buffers"])))
    for row in seen.get("loaders") or ():  # null: nobody could bring the list
        for field in ("class_count", *NUMBERS[:3], "parent"):
            out["loader", row["loader"], field] = row[field]
        for field, value in row["class_space"].items():
            out["loader", row["loader"], "class " + field] = value
    for row in seen.get("threads") or ():
        for field, value in row["stack"].items():
            out["thread", row["tid"], field] = value
    for row in seen["facts"]:  # texts are no numbers
        if row["unit"] != "text" and not row["fact"].startswith("os.") and not row["fact"].startswith("target."):
            out["fact", row["fact"], "value"] = row["value"]
    return out


def contradicted(seen, before):
    """Accounts that a check or an overlap in the output speaks against."""
    out = set()
    known = {(c["account"], c["what"], c["source"]): (c["theirs"], c["ours"]) for c in before["checks"]}
    for c in seen["checks"]:
        if c["ours"] is not None and c["theirs"] != c["ours"] and \
                known.get((c["account"], c["what"], c["source"])) != (c["theirs"], c["ours"]):
            out.add(c["account"])
    for o in seen["overlaps"]:
        out |= {o["a"]["account"], o["b"]["account"]}
    return out


ACCOUNT_OF = {"space": "java-heap", "direct": "direct-buffers", "thread": "thread-stacks", "loader": "metaspace"}
FACT_ACCOUNTS = {"heap": "java-heap", "metaspace": "metaspace", "class_space": "class-space", "code": "code-cache",
                 "gc": "gc", "malloc": "malloc", "threads": "thread-stacks", "direct": "direct-buffers",
                 "classes": "metaspace", "loaders": "metaspace"}


def judge(before, seen):
    """(outcome, what slipped): equal, unknown, checked, or slipped with the numbers that are wrong."""
    was, now = numbers_of(before), numbers_of(seen)
    against = contradicted(seen, before)
    # Whoever gives a reason for what it can't say: a miss, or a fact with why_not.
    reasons = len(seen["misses"]) > len(before["misses"]) or sum(bool(f["why_not"]) for f in seen["facts"]) > sum(
        bool(f["why_not"]) for f in before["facts"])
    outcome, wrong = "equal", []
    for key in sorted({*was, *now}, key=str):
        a, b = was.get(key), now.get(key)
        if a == b:
            continue
        section, name, field = key
        account = FACT_ACCOUNTS.get(name.split(".")[0]) if section == "fact" else ACCOUNT_OF.get(section, name)
        if b is None and (reasons or against or field == "parent"):  # null: the boot loader, or not known
            outcome = "unknown" if outcome == "equal" else outcome
        elif section == "unaccounted" and (reasons or against):
            outcome = "unknown" if outcome == "equal" else outcome
        elif account in against:
            outcome = "checked"
        else:
            wrong.append((key, a, b))
    return ("slipped" if wrong else outcome), wrong


def look(pid, by):
    started = time.monotonic()
    try:
        run = jledger("map", pid, "--json", "--by", by, timeout=TIME_LIMIT_S)
    except subprocess.TimeoutExpired:
        return None, "hang"
    if run.returncode == 3:
        lines = run.stderr.strip().splitlines()
        return None, "exit 3" if len(lines) == 1 and not run.stdout else "exit 3 without one clear line"
    if run.returncode or time.monotonic() - started > TIME_LIMIT_S:
        return None, f"exit {run.returncode}"
    return json.loads(run.stdout), ""


def pick(rng, words):
    kinds = {"table": 6, "table, other rows": 1, "table, exported": 1, "static": 4, "static, searched": 1, "object": 10,
             "object, searched": 3, "null": 2, "null, searched": 1, "heap": 4, "heap, address": 1}
    have = [k for k in kinds if words.kinds[k]]
    kind = rng.choices(have, [kinds[k] for k in have])[0]
    return kind, rng.choice(words.kinds[kind])


def mutate(rng, target, words, base, tally, slips):
    n = rng.choice((1, 1, 1, 2, 3))
    chosen, kinds, hows = {}, [], []
    for _ in range(n):
        kind, word = pick(rng, words)
        value, how = words.mutants(rng, word)
        chosen[word] = value
        kinds.append(kind)
        hows.append(how)
    old = {w: target.read(w.at, w.width) for w in chosen}
    by = rng.choice(("loader", "thread"))
    for w, value in chosen.items():
        target.write(w.at, value, w.width)
    try:
        seen, trouble = look(target.pid, by)
    finally:
        for w, data in old.items():
            target.write(w.at, int.from_bytes(data, "little"), w.width)
    outcome, wrong = judge(base[by], seen) if seen else (trouble, [])
    label = kinds[0] if n == 1 else "several"
    tally[label][outcome] += 1
    if outcome not in ("equal", "unknown", "checked", "exit 3"):
        slips.append((outcome, hows, [
            (w.what, hex(w.at), old[w][::-1].hex(), hex(v)) for w, v in chosen.items()], wrong))
        if os.environ.get("MUTATE_VERBOSE"):
            print("#", *slips[-1][:3], *wrong[:6], f"({len(wrong)})", sep="\n#   ", flush=True)


def one_jvm(gc, rounds, rng, work, tally, slips):
    flags = ["-Xmx64m", "-Xss512k", f"-XX:+Use{gc}GC", "-XX:CICompilerCount=2", "-XX:TieredStopAtLevel=1"]
    flags[3:] = []
    with Jvm([*flags, "-cp", str(work), "Oracle", str(work), "1", "Mutated"]) as jvm:
        time.sleep(1)
        os.kill(jvm.pid, signal.SIGSTOP)
        target = Target(jvm.pid)
        words = Words(target, work)
        for kind in words.kinds.values():  # private pages become anonymous now, not between two looks
            for w in kind:
                target.write(w.at, int.from_bytes(target.read(w.at, w.width), "little"), w.width)
        print(f"# {gc}: " + ", ".join(f"{len(v)} {k}" for k, v in words.kinds.items()), flush=True)
        base = {by: look(jvm.pid, by)[0] for by in ("loader", "thread")}
        again = {by: look(jvm.pid, by)[0] for by in base}
        ok = all(again[by] and judge(base[by], again[by]) == ("equal", []) for by in base)
        if not check(ok, f"{gc}: two looks at the stopped JVM are equal"):
            return
        for _ in range(rounds):
            mutate(rng, target, words, base, tally, slips)
        after = look(jvm.pid, "loader")[0]
        check(judge(base["loader"], after) == ("equal", []), f"{gc}: everything was put back")


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else int(os.environ.get("MUTATE_ROUNDS", ROUNDS))
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else SEED
    print(f"# seed {seed}, {rounds} rounds", flush=True)
    work = scratch()
    compile_java([ROOT / "tests/live/java/Oracle.java"], work)
    compile_jni(ROOT / "tests/live/java/oracle.c", work / "liboracle.so")
    tally, slips = collections.defaultdict(collections.Counter), []
    for i, gc in enumerate(COLLECTORS):
        share = rounds * (i + 1) // len(COLLECTORS) - rounds * i // len(COLLECTORS)
        one_jvm(gc, share, random.Random(seed * 10 + i), work, tally, slips)
    for kind, outcomes in sorted(tally.items()):
        print(f"# {kind}: " + ", ".join(f"{n} {o}" for o, n in outcomes.most_common()), flush=True)
    check(not any(s[0] != "slipped" for s in slips), "no crash, no hang, exit code 0 or 3 with one line",
          str([s[:3] for s in slips if s[0] != "slipped"][:3]))
    check(not any(s[0] == "slipped" for s in slips), "each number equals the unmutated one, fails a check or is unknown",
          str([s[1:] for s in slips if s[0] == "slipped"][:2])[:2000])
    shutil.rmtree(work)
    done()


if __name__ == "__main__":
    main()
