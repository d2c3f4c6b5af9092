#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The oracle: a program prints every block, buffer, stack, file and mapping that it made, and each
resident byte of them must stand in the right account, page by page; and the whole must add up.

Runs under Serial, Parallel and G1, with -XX:+DisableAttachMechanism, with a libjvm without .symtab,
with class names that differ from run to run, and once each in the settings of EXTRAS.
"""

import bisect
import os
import random
import shutil
import subprocess
import sys

from harness import (COLLECTORS, ROOT, Jvm, account, check, compile_java, compile_jni, done, java_home,
                     jledger_json, present_pages, scratch, status)

EXPECTED = {"malloc": "malloc", "direct": "direct-buffers", "stack": "thread-stacks", "file": "mapped-files",
            "native": None}
EXTRAS = {  # name: collector, more flags, more environment
    "large heap": ("G1", ["-Xmx40g", "-Xms64m"], {}),
    "large pages": ("G1", ["-XX:+UseTransparentHugePages"], {}),
    "aligned buffers": ("Serial", ["-Dsun.nio.PageAlignDirectMemory=true"], {}),
    "uncompressed": ("Parallel", ["-XX:-UseCompressedOops", "-XX:-UseCompressedClassPointers"], {}),
    "one arena": ("Serial", ["-Xshare:off"], {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "65536"}),
}
WRONG_LIMIT = 0.001      # of the resident bytes that the program made
CERTAIN_LIMIT = 0.999    # of all resident bytes, the program's own native mappings apart
UNKNOWN_LIMIT = 0.0002


def pieces_of(ledger):
    out = []
    for mapping in ledger["mappings"]:
        for p in mapping["pieces"]:
            out.append((int(p["start"], 16), int(p["end"], 16), p["account"]))
    return sorted(out)


def account_bytes(pieces, starts, low, high):
    """Bytes of [low, high) by account; what no piece covers stands under 'absent'."""
    found = {}
    at = low
    i = max(0, bisect.bisect_right(starts, low) - 1)
    while at < high and i < len(pieces):
        start, end, name = pieces[i]
        if end <= at:
            i += 1
            continue
        if start >= high:
            break
        if start > at:
            found["absent"] = found.get("absent", 0) + start - at
            at = start
        upto = min(end, high)
        found[name] = found.get(name, 0) + upto - at
        at = upto
        i += 1
    if at < high:
        found["absent"] = found.get("absent", 0) + high - at
    return found


def judge(jvm, label):
    truth = [line.split() for line in jvm.lines if line.count(" ") == 2]
    truth = [(kind, int(at, 16), int(size)) for kind, at, size in truth if kind in EXPECTED]
    before = int(status(jvm.pid, "VmRSS")) * 1024
    ledger = jledger_json("map", jvm.pid, "--by", "mapping")
    after = int(status(jvm.pid, "VmRSS")) * 1024
    pieces = pieces_of(ledger)
    starts = [p[0] for p in pieces]
    total = wrong = native = 0
    worst = {}
    for kind, at, size in truth:
        for page in present_pages(jvm.pid, at, at + size):
            low, high = max(page, at), min(page + 4096, at + size)
            total += high - low
            native += high - low if kind == "native" else 0
            for name, n in account_bytes(pieces, starts, low, high).items():
                if name != EXPECTED[kind]:
                    wrong += n
                    worst[f"{kind} in {name}"] = worst.get(f"{kind} in {name}", 0) + n
    check(total > 20 << 20, f"{label}: the program made enough to judge", f"{total >> 20} MB resident")
    check(wrong <= WRONG_LIMIT * total, f"{label}: the right account, page by page",
          f"{100 * wrong / total:.4f} % wrong of {total >> 10} KB {worst or ''}")

    rss = ledger["rss"]
    booked = sum(row["resident"] for row in ledger["accounts"])
    check(booked + ledger["unaccounted"] == rss, f"{label}: accounts and unaccounted sum to the scan",
          f"{booked} + {ledger['unaccounted']} = {rss}")
    slack = ledger["drift"] + (1 << 20)
    check(min(before, after) - slack <= rss <= max(before, after) + slack,
          f"{label}: the scan is VmRSS within the drift",
          f"VmRSS {before >> 10} to {after >> 10} KB, scan {rss >> 10} KB, drift {ledger['drift'] >> 10} KB")
    own = rss - native
    unknown = ledger["unaccounted"] - native
    certain = sum(row["certain"] for row in ledger["accounts"])
    check(certain >= CERTAIN_LIMIT * own, f"{label}: certain bytes", f"{100 * certain / own:.3f} %")
    check(-4096 <= unknown <= UNKNOWN_LIMIT * own, f"{label}: unaccounted bytes",
          f"{100 * unknown / own:.4f} %, {unknown >> 10} KB beside {native >> 10} KB of native mappings")
    check(ledger["overlaps"] == [], f"{label}: certain ranges never overlap", str(ledger["overlaps"][:2]))

    wanted = sorted((at, size) for kind, at, size in truth if kind == "direct")
    got = sorted((int(b["address"], 16), b["bytes"]) for b in ledger["direct_buffers"]["buffers"])
    check(wanted == got, f"{label}: direct buffers one by one", f"{len(got)} of {len(wanted)}")
    return ledger


def stripped_jdk(work):
    """A copy of the JDK whose libjvm.so has no .symtab."""
    home = work / "jdk-stripped"
    shutil.copytree(java_home(), home, symlinks=False, ignore=shutil.ignore_patterns("src.zip", "*.jmod", "demo", "man"))
    library = next(home.rglob("server/libjvm.so"))
    subprocess.run(["strip", "--strip-all", str(library)], check=True)
    return home


def run(work, label, gc, flags, env=None):
    word = "".join(random.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(9)).capitalize()
    arguments = ["-Xmx256m", f"-XX:+Use{gc}GC", *flags, "-cp", str(work), "Oracle", str(work),
                 str(random.randrange(1 << 30)), word]
    with Jvm(arguments, env={**os.environ, **(env or {})}) as jvm:
        ledger = judge(jvm, label)
        check(account(ledger, "java-heap") > 24 << 20, f"{label}: the heap is there")


def main():
    only = sys.argv[1:] or ["plain", "noattach", *EXTRAS, "stripped"]
    work = scratch()
    compile_java([ROOT / "tests/live/java/Oracle.java"], work)
    compile_jni(ROOT / "tests/live/java/oracle.c", work / "liboracle.so")
    for variant in only:
        if variant in EXTRAS:
            gc, flags, env = EXTRAS[variant]
            run(work, f"{gc}, {variant}", gc, flags, env)
            continue
        if variant == "stripped":
            os.environ["JDK"] = str(stripped_jdk(work))
        for gc in COLLECTORS:
            run(work, f"{gc}, {variant}", gc, ["-XX:+DisableAttachMechanism"] if variant == "noattach" else [])
    shutil.rmtree(work)
    done()


if __name__ == "__main__":
    main()
