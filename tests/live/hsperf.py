#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The jvmstat file: counters as the VM has them, without the file by PerfMemory, and what else may
stand at its name.  The VM keeps its own mapping, so that another file in its place harms nobody."""

import os
import pathlib
import random
import shutil
import time

from cells import collectors, flags_of
from harness import COLLECTORS, JDK_ROOT, ROOT, Jvm, as_user, check, compile_java, done, java_home, jcmd, jledger, jledger_json, \
    public_jledger, scratch, skip

WORK = scratch("jledger-hsperf-")
TMP = pathlib.Path(JDK_ROOT + "/tmp")
NOBODY = 54321  # no passwd file names this user
MUTANTS = 200
ANSWERS = {0, 3}


def fact(ledger, name):
    return next((f for f in ledger["facts"] if f["fact"] == name), {"value": None, "source": None})


def counter(pid, name):
    text = jcmd(pid, "PerfCounter.print")
    return next((int(line.split("=")[1]) for line in text.splitlines() if line.startswith(name + "=")), None)


def perf_file(jvm):
    return next(TMP.glob(f"hsperfdata_*/{jvm.pid}"))


def counters_agree(gc):
    with Jvm(["-Xmx128m", f"-XX:+Use{gc}GC", "-cp", str(WORK), "Quiet"]) as jvm:
        for name, counters in (("classes.loaded", ("java.cls.loadedClasses", "java.cls.sharedLoadedClasses")),
                               ("threads.started", ("java.threads.started",)),
                               ("vm.safepoints", ("sun.rt.safepoints",)),
                               ("gc.full_count", ("sun.gc.collector.1.invocations",))):
            theirs = sum(counter(jvm.pid, c) for c in counters)
            ours = fact(jledger_json("map", jvm.pid), name)
            # PerfCounter.print is itself a command that may load a class or two.
            check(ours["value"] is not None and abs(ours["value"] - theirs) <= max(3, theirs // 200),
                  f"{gc}: {name} as the VM's own counter", f"{ours['value']} and {theirs}")


def heap_is_known():
    """The maximum that ps shows, however a collector divides its heap."""
    for gc in collectors():
        with Jvm(["-Xmx128m", *flags_of(gc), "-cp", str(WORK), "Quiet"]) as jvm:
            row = next(r for r in jledger_json("ps")["jvms"] if r["pid"] == jvm.pid)
            check(row["heap"]["max"] == 128 << 20, f"{gc}: ps knows the heap's maximum", str(row["heap"]))


def without_a_file():
    for label, options, source in (("PerfDisableSharedMem", ["-XX:+PerfDisableSharedMem"], "hsperf memory"),
                                   ("-UsePerfData", ["-XX:-UsePerfData"], None)):
        with Jvm(["-Xmx128m", "-XX:+UseSerialGC", *options, "-cp", str(WORK), "Quiet"]) as jvm:
            ledger = jledger_json("map", jvm.pid)
            got = fact(ledger, "classes.loaded")
            if source:
                check(got["source"] == source and got["value"] > 300, f"{label}: counters come from PerfMemory", str(got))
            else:
                miss = next((m["reason"] for m in ledger["misses"] if m["collector"] == "hsperf"), "")
                check(got["value"] is None and "UsePerfData" in miss, f"{label}: it is said", miss)
                check(ledger["unaccounted"] < ledger["rss"] // 1000, f"{label}: the ledger is complete")


def without_a_name():
    """The VM names its directory after its user; where the user has no name it keeps the buffer to itself, or
    (JDK 28) makes a name of the number."""
    if os.geteuid() != 0:
        skip("a user without a passwd entry", "needs root to become one")
        return
    with Jvm(["-Xmx128m", "-XX:+UseSerialGC", "-cp", str(WORK), "Quiet"], prefix=as_user(NOBODY)) as jvm:
        files = list(TMP.glob(f"hsperfdata_*/{jvm.pid}"))
        check(files in ([], [TMP / f"hsperfdata_uid{NOBODY}/{jvm.pid}"]), "no passwd entry: the VM wrote no file, or by its number",
              str(files))
        ledger = jledger_json("map", jvm.pid)
        got = fact(ledger, "classes.loaded")
        source = "hsperf file" if files else "hsperf memory"
        check(got["source"] == source and got["value"] > 300, f"no passwd entry: counters come from the {source}", str(got))
        check(not [m for m in ledger["misses"] if m["collector"] == "hsperf"], "no passwd entry: nothing is missed",
              str(ledger["misses"]))
        row = next((r for r in jledger_json("ps")["jvms"] if r["pid"] == jvm.pid), None)
        told = bool(files) or (java_home() / "release").exists()  # Debian's JDK 8 has none
        check(row and bool(row["jdk"]) == told and row["state"] == "ok",
              "no passwd entry: ps knows it, and its version by the file release", str(row))
        same = jledger_json("map", jvm.pid, prefix=as_user(NOBODY))
        check(same["target"]["tier"] == "B" and fact(same, "classes.loaded")["source"] == source,
              "no passwd entry: its own user reads it as well", str(same["misses"]))


def answers(pid):
    """ps and map: documented exit codes, no crash, in time."""
    worst, slowest = 0, 0
    for command in (("ps",), ("map", pid)):
        started = time.monotonic()
        run = jledger(*command, "--json", timeout=20)
        slowest = max(slowest, time.monotonic() - started)
        if run.returncode not in ANSWERS:
            worst = run.returncode
    return worst, slowest


def mutants(jvm):
    good = bytearray(perf_file(jvm).read_bytes())
    used = int.from_bytes(good[8:12], "little")
    draw = random.Random(4711)
    crashes, slowest = [], 0
    for i in range(MUTANTS):
        bad = bytearray(good)
        for _ in range(draw.randrange(1, 9)):
            at = draw.choice((draw.randrange(32), draw.randrange(used)))
            bad[at] = draw.choice((0, 1, 0x7f, 0x80, 0xff, draw.randrange(256)))
        if i % 5 == 0:
            bad = bad[:draw.randrange(len(bad))]
        replace(jvm, bytes(bad))
        code, took = answers(jvm.pid)
        slowest = max(slowest, took)
        if code:
            crashes.append((i, code))
    check(not crashes, f"{MUTANTS} mutated files: ps and map answer", str(crashes[:5]))
    check(slowest < 5, "mutated files: each answer within 5 s", f"{slowest:.3f}")
    replace(jvm, bytes(good))


def replace(jvm, content):
    path = next(d for d in TMP.glob("hsperfdata_*") if d.stat().st_uid == os.geteuid()) / str(jvm.pid)
    fresh = path.with_suffix(".new")
    fresh.write_bytes(content)
    os.chmod(fresh, 0o600)
    os.replace(fresh, path)
    return path


def strange_things(jvm):
    good = perf_file(jvm).read_bytes()
    path = replace(jvm, good)
    secret = WORK / "secret"
    secret.write_bytes(b"top secret")

    def at_its_name(label, make, undo=lambda: path.unlink()):
        path.unlink()
        make()
        code, took = answers(jvm.pid)
        check(code == 0 and took < 5, f"{label} at the file's name: ps and map answer", f"{code} {took:.3f}")
        got = fact(jledger_json("map", jvm.pid), "classes.loaded")
        check(got["source"] == "hsperf memory", f"{label}: counters come from PerfMemory", str(got))
        undo()
        path.write_bytes(good)

    at_its_name("a pipe", lambda: os.mkfifo(path))
    at_its_name("a directory", path.mkdir, path.rmdir)
    at_its_name("a link to another file", lambda: path.symlink_to(secret))
    at_its_name("a link to itself", lambda: path.symlink_to(path))
    at_its_name("an empty file", path.touch)
    at_its_name("a terabyte of nothing", lambda: (path.touch(), os.truncate(path, 1 << 40)))
    if os.geteuid() == 0:
        at_its_name("another user's file", lambda: (path.write_bytes(good), os.chown(path, 65533, 65533)))
    path.unlink()


def main():
    public_jledger(WORK)
    compile_java([ROOT / "tests/live/java/Quiet.java"], WORK)
    for gc in COLLECTORS:
        counters_agree(gc)
    heap_is_known()
    without_a_file()
    without_a_name()
    with Jvm(["-Xmx128m", "-XX:+UseSerialGC", "-cp", str(WORK), "Quiet"]) as jvm:
        mutants(jvm)
        strange_things(jvm)
        check(jvm.process.poll() is None, "the JVM still runs")
    shutil.rmtree(WORK, ignore_errors=True)
    done()


main()
