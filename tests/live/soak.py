#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Thousands of looks at JVMs that never stand still and end when they like.

Java's Soak holds some loaders, threads and direct buffers for ever, makes and drops others without pause
(classes load and unload, collections run, threads start and end), all with names and sizes of known patterns.
It is looked at while it stands still, then again and again while it churns, until it ends: by itself, or
killed.  Each look is judged: it ends in time; what it sums up adds up; what is held is there, every one, with its
name, its size and its address; every other name is one that the program or the JDK gives; no figure is beyond
its bound.  What a look says it could not read ("torn") is counted: 1 in 1,000 may.

  soak.py [READS | --ci] [COLLECTOR...]

looks READS times (60; --ci: 300) at the JDK under test, with all its collectors but Epsilon by turns, or with those
named.  SOAK_RESULTS names a directory for what came out (./dev soak makes its table of that), SOAK_KEEP one for
what was said by looks that are torn, wrong, or leave more than 1 % unaccounted.
"""

import collections
import datetime
import json
import math
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

from cells import COLLECTORS, collectors, feature, flags_of
from harness import JLEDGER, ROOT, Jvm, check, compile_java, done, in_root, scratch, tool
from soakrules import DIRECT, HEAP, Held, sums, torn_parts, truncated, wild, wrong_names

LIMIT_S = 5.0
HANG_S = 40
TORN_ALLOWED = 0.001
GIVE_UP = 200  # errors
WRONG = {
    "crash": "no look crashes",
    "hang": "no look hangs",
    "slow": f"every look takes less than {LIMIT_S:.0f} s",
    "sum": "every look adds up",
    "wrong name": "no name is wrong",
    "truncated": "no list is silently cut short",
    "wild": "no figure is wild",
    "end": "of a JVM that ended it is said that it ended",
}
RESULTS = os.environ.get("SOAK_RESULTS")
READER = str(pathlib.Path(JLEDGER).parent / "tests/soak")  # built beside the program
KEEP = os.environ.get("SOAK_KEEP")


class Tally:
    """What the looks of one JDK said."""

    def __init__(self):
        self.reads = self.ends = 0
        self.wrong = collections.Counter()   # kind of error -> looks with it
        self.examples = collections.defaultdict(list)
        self.torn = collections.Counter()    # collector: reason -> looks
        self.torn_reads = 0
        self.cpu, self.wall, self.unaccounted = [], [], []
        self.reads_by_gc, self.torn_by_gc = collections.Counter(), collections.Counter()

    def error(self, kind, detail):
        self.wrong[kind] += 1
        if len(self.examples[kind]) < 5:
            self.examples[kind].append(str(detail)[:400])


def judge(look, held, tally, gc):
    tally.reads += 1
    tally.reads_by_gc[gc] += 1
    tally.cpu.append(look["cost"]["cpu_s"])
    tally.wall.append(look["cost"]["wall_s"])
    tally.unaccounted.append(look["unaccounted"] / look["rss"])
    odd = look["unaccounted"] > look["rss"] // 100
    if look["cost"]["wall_s"] > LIMIT_S:
        odd = True
        tally.error("slow", f"{gc}: {look['cost']['wall_s']:.1f} s, {look['cost']['cpu_s']:.1f} s of it CPU")
    for kind, rule in (("sum", sums), ("wrong name", wrong_names), ("truncated", truncated), ("wild", wild)):
        found = list(rule(look, held))
        if found:
            odd = True
            tally.error(kind, f"{gc}: {found[0]}{f' and {len(found) - 1} more' if len(found) > 1 else ''}")
    torn = torn_parts(look, held)
    tally.torn.update(torn)
    tally.torn_reads += bool(torn)
    tally.torn_by_gc[gc] += bool(torn)
    if KEEP and (odd or torn):
        pathlib.Path(KEEP, f"{feature()}-{gc}-{tally.reads}.json").write_text(json.dumps(look))


# ---- one JVM's life

class Reader:
    """tests/soak on a process: a look a line."""

    def __init__(self, pid, looks):
        self.process = subprocess.Popen([READER, str(pid), str(looks)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def looks(self):
        for line in self.process.stdout:
            yield json.loads(line)

    def end(self):
        """How it ended; kills one that hangs."""
        guard = threading.Timer(HANG_S, self.process.kill)
        guard.start()
        err = self.process.stderr.read().decode(errors="replace")
        code = self.process.wait()
        guard.cancel()
        return code, err


def at_rest(pid, facts):
    """What is held, as looks tell it before anything moves; compilers may still be at work."""
    for _ in range(5):
        reader = Reader(pid, 2)
        looks = list(reader.looks())
        reader.end()
        if len(looks) != 2 or any("gone" in look for look in looks):
            raise RuntimeError(f"a JVM at rest can't be looked at: {looks}")
        held = Held(facts, *looks)
        if not held.lacks():
            return held
        time.sleep(0.2)
    raise RuntimeError(f"at rest, of what is held there are {'; '.join(held.lacks())} {looks[-1]['misses']}")


def one_by_command(pid, tally, gc):
    """The same by the program itself, from outside; False once the JVM is no more."""
    started = time.monotonic()
    try:
        run = subprocess.run([JLEDGER, "map", str(pid), "--json", "--by", "loader"], capture_output=True, text=True, timeout=HANG_S)
    except subprocess.TimeoutExpired:
        tally.error("hang", f"{gc}: jledger map")
        return False
    took = time.monotonic() - started
    if took > LIMIT_S:
        tally.error("slow", f"{gc}: jledger map {took:.1f} s")
    if run.returncode not in (0, 3) or (run.returncode == 3 and not run.stderr.startswith("jledger: ")):
        tally.error("crash", f"{gc}: jledger map: exit {run.returncode} {run.stderr[-300:]}")
    elif run.returncode == 0:
        tally.reads += 1
        tally.reads_by_gc[gc] += 1
        found = list(sums(json.loads(run.stdout)))
        if found:
            tally.error("sum", f"{gc}: {found[0]}")
    return run.returncode == 0


def live(gc, work, looks, draw, tally):
    """Starts a JVM, looks at it until it ends or has been looked at often enough."""
    how = draw.choice(("itself", "killed", "asked to end"))
    ends_ms = draw.randrange(300, 100 * looks + 1000)
    flags = [*flags_of(gc), f"-Xmx{HEAP}", f"-XX:MaxDirectMemorySize={DIRECT}"]
    with Jvm([*flags, "-cp", str(work), "Soak", str(draw.randrange(1 << 30)), str(ends_ms if how == "itself" else 0)]) as jvm:
        # ZGC unloads classes since JDK 12.
        held = at_rest(jvm.pid, {**json.loads(jvm.lines[-1]), "unloads": (feature(), gc) != (11, "Z")})
        jvm.say("go")
        timer = threading.Timer(ends_ms / 1000, jvm.process.send_signal, (signal.SIGKILL if how == "killed" else signal.SIGTERM,))
        if how != "itself":
            timer.start()
        reader = Reader(jvm.pid, looks)
        last = None
        for look in reader.looks():
            if "gone" in look:
                tally.ends += 1
                if look["kind"] != "gone":
                    tally.error("end", f"{gc}, {how}: {look}")
                break
            judge(look, held, tally, gc)
            last = look
        code, err = reader.end()
        if code in (-signal.SIGALRM, -signal.SIGKILL):
            tally.error("hang", f"{gc}: after {last and last['at']}")
        elif code not in (0, 3):
            tally.error("crash", f"{gc}: {code} {err[-400:]}")
        elif code == 0:
            one_by_command(jvm.pid, tally, gc)
            one_by_command(jvm.pid, tally, gc)
        timer.cancel()


def build():
    """What the VM calls itself."""
    said = subprocess.run(in_root(tool("java"), "-XshowSettings:properties", "-version"), capture_output=True, text=True).stderr
    return re.search(r"java\.vm\.version = (.*)", said).group(1).strip()


# ---- what came out

def percentile(values, p):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * p))] if values else 0


def result_of(tally, wall_s):
    return {
        "jdk": feature(), "build": build(), "date": datetime.date.today().isoformat(), "reads": tally.reads, "ends": tally.ends,
        "wrong": dict(tally.wrong), "examples": tally.examples, "torn_reads": tally.torn_reads, "torn": dict(tally.torn),
        "by_collector": {gc: [n, tally.torn_by_gc[gc]] for gc, n in tally.reads_by_gc.items()},
        "cpu_ms": [round(1000 * percentile(tally.cpu, p), 1) for p in (0.5, 0.99)],
        "slowest_s": round(max(tally.wall, default=0), 2), "wall_s": round(wall_s),
        "unaccounted_percent": [round(100 * percentile(tally.unaccounted, p), 3) for p in (0.5, 0.99)],
    }


def soak(reads, turns):
    draw = random.Random(int(os.environ.get("SOAK_SEED", 20261130)))
    tally, started, life = Tally(), time.monotonic(), 0
    work = scratch("jledger-soak-")
    compile_java([ROOT / f"tests/live/java/{name}.java" for name in ("Soak", "SoakClass_000000")], work)
    looks = max(10, min(400, reads // (2 * len(turns))))  # of one JVM
    while tally.reads < reads and sum(tally.wrong.values()) < GIVE_UP:
        gc = turns[life % len(turns)]
        live(gc, work, min(looks, reads - tally.reads), draw, tally)
        life += 1
        if life % 10 == 0:
            print(f"# JDK {feature()}: {tally.reads} reads, {tally.ends} ends, torn {tally.torn_reads}, {dict(tally.wrong)}",
                  file=sys.stderr, flush=True)
    shutil.rmtree(work)
    result = result_of(tally, time.monotonic() - started)
    if RESULTS:
        pathlib.Path(RESULTS).mkdir(parents=True, exist_ok=True)
        pathlib.Path(RESULTS, f"{feature()}.json").write_text(json.dumps(result, indent=1) + "\n")
    return result


def torn_allowed(reads):
    """One in 1,000.  Of a few hundred looks that is less than one: there, as many as that rate exceeds once in 1,000 runs."""
    mean = reads * TORN_ALLOWED
    if mean >= 5:
        return int(mean)
    term = left = math.exp(-mean)
    most = 0
    while 1 - left > 0.001:
        most += 1
        term *= mean / most
        left += term
    return most


def say(r, wanted):
    check(r["reads"] >= wanted, "soak: reads", f"{r['reads']} of {wanted}, {r['ends']} JVMs ended meanwhile, "
          f"CPU {r['cpu_ms'][0]} ms, slowest {r['slowest_s']} s, unaccounted {r['unaccounted_percent']} %, {r['by_collector']}")
    for kind, what in WRONG.items():
        n = r["wrong"].get(kind, 0)
        check(not n, f"soak: {what}", f"{n} looks: {'; '.join(r['examples'][kind])}" if n else "")
    check(r["torn_reads"] <= torn_allowed(r["reads"]), "soak: at most 1 look in 1,000 says torn",
          f"{r['torn_reads']} of {r['reads']}" + "".join(f"; {n} x {reason}" for reason, n in sorted(r["torn"].items())))


def main():
    named = [a for a in sys.argv[1:] if a in COLLECTORS]
    numbers = [int(a) for a in sys.argv[1:] if a.isdigit()]
    reads = 300 if "--ci" in sys.argv else numbers[0] if numbers else 60
    say(soak(reads, named or [gc for gc in collectors() if gc != "Epsilon"]), reads)
    done()


if __name__ == "__main__":
    main()
