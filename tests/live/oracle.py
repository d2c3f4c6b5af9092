#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The oracle: a program prints every block, buffer, stack, file and mapping that it made, and each
resident byte of them must stand in the right account, page by page; and the whole must add up.

Arguments: collectors ('all': those that the JDK has) and settings (cells.py has both); 'extras' is cells.SOME. Without any
it runs under Serial, Parallel and G1, with -XX:+DisableAttachMechanism, with a libjvm without .symtab, and once
each in the settings of HERE. The names of its classes differ from run to run.
"""

import bisect
import os
import random
import shutil
import subprocess
import sys

import cells
from harness import (COLLECTORS, JDK_ROOT, ROOT, Jvm, account, check, compile_java, compile_jni, done, figures, inside,
                     java_home, jledger_json, outside, part, present_pages, scratch, skip, status)

EXPECTED = {"malloc": "malloc", "direct": "direct-buffers", "stack": "thread-stacks", "file": "mapped-files",
            "native": None}
HERE = [("G1", "large heap"), ("G1", "large pages"), ("Serial", "aligned buffers"), ("Parallel", "uncompressed"),
        ("Serial", "one arena")]
WRONG_LIMIT = 0.001      # of the resident bytes that the program made
CERTAIN_LIMIT = 0.999    # of all resident bytes, the program's own native mappings apart
LESS_CERTAIN = {(17, "Z"): 0.997, (21, "Z"): 0.997, (21, "GenZ"): 0.997, (11, "Shenandoah"): 0.998}
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


def truth_of(jvm):
    """What the program made: kind, address, size."""
    truth = [line.split() for line in jvm.lines if line.count(" ") == 2]
    return [(kind, int(at, 16), int(size)) for kind, at, size in truth if kind in EXPECTED]


def misplaced(jvm, ledger, truth):
    """Resident bytes of the program's own, those in a wrong account, native ones, and what was wrong."""
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
    return total, wrong, native, worst


def judge(jvm, label, certain_limit):
    truth = truth_of(jvm)
    before = int(status(jvm.pid, "VmRSS")) * 1024
    ledger = jledger_json("map", jvm.pid, "--by", "mapping")
    after = int(status(jvm.pid, "VmRSS")) * 1024
    total, wrong, native, worst = misplaced(jvm, ledger, truth)
    check(total > 20 << 20, f"{label}: the program made enough to judge", f"{total >> 20} MB resident")
    check(wrong <= WRONG_LIMIT * total, f"{label}: the right account, page by page",
          f"{100 * wrong / total:.4f} % wrong of {total >> 10} KB {worst or ''}")

    rss = ledger["rss"]
    missed = [f"{m['collector']}: {m['reason']}" for m in ledger["misses"]]
    doubted = [row["account"] for row in ledger["accounts"] if row["resident"] is None]
    check(not doubted, f"{label}: no account is unknown", f"{doubted} {missed}" if doubted else "")
    booked = sum(row["resident"] or 0 for row in ledger["accounts"])
    check(booked + ledger["unaccounted"] == rss, f"{label}: accounts and unaccounted sum to the scan",
          f"{booked} + {ledger['unaccounted']} = {rss}")
    slack = ledger["drift"] + (1 << 20)
    check(min(before, after) - slack <= rss <= max(before, after) + slack,
          f"{label}: the scan is VmRSS within the drift",
          f"VmRSS {before >> 10} to {after >> 10} KB, scan {rss >> 10} KB, drift {ledger['drift'] >> 10} KB")
    own = rss - native
    unknown = ledger["unaccounted"] - native
    certain = sum(row["certain"] or 0 for row in ledger["accounts"])
    check(certain >= certain_limit * own, f"{label}: certain bytes", f"{100 * certain / own:.3f} % {missed or ''}")
    check(-4096 <= unknown <= UNKNOWN_LIMIT * own, f"{label}: unaccounted bytes",
          f"{100 * unknown / own:.4f} %, {unknown >> 10} KB beside {native >> 10} KB of native mappings")
    figures(label, wrong=100 * wrong / total, certain=100 * certain / own, unaccounted=unknown, own=own)
    check(ledger["overlaps"] == [], f"{label}: certain ranges never overlap", str(ledger["overlaps"][:2]))

    wanted = sorted((at, size) for kind, at, size in truth if kind == "direct")
    buffers = (ledger["direct_buffers"] or {}).get("buffers") or []
    got = sorted((int(b["address"], 16), b["bytes"]) for b in buffers)
    check(wanted == got, f"{label}: direct buffers one by one", f"{len(got)} of {len(wanted)}")
    return ledger


def stripped_jdk(work):
    """A copy of the JDK whose libjvm.so has no .symtab: of links, and kept, where it lies in the root."""
    home = (outside("/var/tmp/jdk-stripped") if JDK_ROOT else work / "jdk-stripped") / java_home().name
    if not home.exists():
        making = home.with_name(f"{home.name}.{os.getpid()}")
        making.parent.mkdir(exist_ok=True)
        if subprocess.run(["cp", "-al", f"{java_home()}/.", making], stderr=subprocess.DEVNULL).returncode:
            shutil.rmtree(making, ignore_errors=True)
            shutil.copytree(java_home(), making, symlinks=False,
                            ignore=shutil.ignore_patterns("src.zip", "*.jmod", "demo", "man"))
        library = next(making.rglob("server/libjvm.so"))
        stripped = library.with_name("libjvm.stripped")
        subprocess.run(["strip", "--strip-all", "-o", str(stripped), str(library)], check=True)
        stripped.rename(library)  # the original has another link
        making.rename(home)
    return home


def run(work, gc, setting):
    label = f"{gc}, {setting}"
    if not cells.has(gc, setting):
        skip(label, "this JDK does not take the flags")
        return
    _, env = cells.SETTINGS[setting]
    word = "".join(random.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(9)).capitalize()
    arguments = ["-Xmx256m", *cells.flags_of(gc, setting), "-cp", work, "Oracle", work, random.randrange(1 << 30), word]
    with part(label), Jvm(arguments, env={**os.environ, **env}) as jvm:
        ledger = judge(jvm, label, LESS_CERTAIN.get((cells.feature(), gc), CERTAIN_LIMIT))
        check((account(ledger, "java-heap") or 0) > 24 << 20, f"{label}: the heap is there")


def main():
    gcs, settings = cells.chosen(sys.argv[1:], COLLECTORS)
    runs = [(gc, setting) for setting in settings or ("plain", "noattach") if setting not in ("extras", "stripped")
            for gc in gcs]
    if "extras" in settings:
        runs += [(gc, setting) for setting, some in cells.SOME.items() for gc in some if gc in gcs]
    if not settings:
        runs += HERE
    if "stripped" in settings or not settings:
        runs += [(gc, "stripped") for gc in gcs]
    check(gcs, "the JDK starts")
    work = scratch()
    compile_java([ROOT / "tests/live/java/Oracle.java"], work)
    compile_jni(ROOT / "tests/live/java/oracle.c", work / "liboracle.so")
    home = inside(java_home())
    for gc, setting in runs:
        os.environ["JDK"] = inside(stripped_jdk(work)) if setting == "stripped" else home
        run(work, gc, setting)
    shutil.rmtree(work)
    done()


if __name__ == "__main__":
    main()
