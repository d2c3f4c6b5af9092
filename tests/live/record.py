#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The recorder: the black box before the kernel kills, verdicts on JVMs that are dead, and histories that survive a
killed recorder and a full disk.  `record.py kills 200` and `record.py limit 50` do the same things that often.

Needs root for the container and the small disk.
"""

import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request

import harness
from harness import ROOT, Jvm, check, compile_java, done, jledger, part, scratch, skip

sys.path.insert(0, str(ROOT / "tests/cli"))

WORK = scratch("jledger-record-")
CGROUPS = pathlib.Path("/sys/fs/cgroup/memory")
LIMIT_MB = 512
SUFFIXES = {".map.json", ".doctor.json", ".doctor.txt", ".jlc.zip"}


class Recorder:
    def __init__(self, target, name, *options):
        self.db = WORK / name
        self.log = WORK / (name.replace("/", "-") + ".log")  # not on a disk that is to be full
        self.process = subprocess.Popen([harness.JLEDGER, "record", str(target), "-o", str(self.db), *options],
                                        stderr=open(self.log, "a"), stdin=subprocess.DEVNULL)

    def said(self):
        return self.log.read_text()

    def stop(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop(signal.SIGKILL)


def peak_of(process, seconds):
    """Waits for the end of a process; the kernel's high-water mark of its resident bytes, as last seen."""
    peak, deadline = 0, time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline:
        try:
            found = re.search(r"VmHWM:\s+(\d+) kB", pathlib.Path(f"/proc/{process.pid}/status").read_text())
        except OSError:
            break
        peak = int(found[1]) << 10 if found else peak
        time.sleep(0.02)
    return peak


def wait_until(held, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if held():
            return True
        time.sleep(0.05)
    return False


def ask(db, sql):
    with sqlite3.connect(f"file:{db}?mode=ro", uri=True, timeout=30) as connection:
        return connection.execute(sql).fetchall()


def samples(db):
    """(pid, boot clock) of each sample; none while the file is being made."""
    try:
        return ask(db, "SELECT jvm.pid, tick.boot_s FROM sample JOIN tick ON tick.id = sample.tick JOIN jvm ON jvm.id = "
                       "sample.jvm ORDER BY tick.id")
    except sqlite3.OperationalError:
        return []


def schemas():
    import schema_test
    return schema_test.validators()


def verdict(db, *options):
    run = jledger("doctor", db, "--json", *options)
    if run.returncode != 0:
        check(False, f"doctor {db.name} answers", run.stderr.strip())
        return {}
    found = json.loads(run.stdout.splitlines()[-1])
    errors = [f"{e.json_path}: {e.message[:100]}" for e in schemas()["doctor"].iter_errors(found)]
    check(not errors, f"the verdict on {db.name} fits its schema", "; ".join(errors[:3]))
    return found


def held(found, cause):
    return next((f for f in found.get("findings", []) if f["cause"] == cause), None)


# ---- a container that is filled

def one_kill(number, held_up=False):
    """A JVM that grows by 50 MB a second into its limit; (what is wrong or None, seconds that were left, the recorder's
    own peak)."""
    group = CGROUPS / f"jledger-record-{os.getpid()}-{number}"
    group.mkdir()
    (group / "memory.limit_in_bytes").write_text(str(LIMIT_MB << 20))
    if (group / "memory.memsw.limit_in_bytes").exists():
        (group / "memory.memsw.limit_in_bytes").write_text(str(LIMIT_MB << 20))
    enter = ["sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$@"', "enter"]
    name = f"limit{number}.db"
    peaks = []
    try:
        with Jvm(["-Xmx64m", "-XX:MaxDirectMemorySize=4g", "-cp", str(WORK), "Eater", "50", "4000"], around=enter) as jvm:
            with Recorder(jvm.pid, name, "--on-limit", "80%", "--exec", f"tee {WORK}/exec{number}.json") as recorder:
                watcher = threading.Thread(target=lambda: peaks.append(peak_of(recorder.process, 180)))
                watcher.start()
                if held_up:  # as by a machine that has no time for it
                    wait_until(lambda: list(WORK.glob(f"limit{number}-*-near.jlc.zip")), 60)
                    recorder.process.send_signal(signal.SIGSTOP)
                code = jvm.process.wait(120)
                ended = time.time()
                if held_up:
                    recorder.process.send_signal(signal.SIGCONT)
                failed = recorder.process.wait(60) != 0
                watcher.join()
                peak = peaks[0]
                if failed:
                    return f"the recorder failed: {recorder.said()[-300:]}", 0, peak
    finally:
        wait_until(lambda: not (group / "cgroup.procs").read_text(), 10)
        group.rmdir()
    files = [f for f in WORK.glob(f"limit{number}-*") if not f.name.endswith(".part")]
    there = {"." + f.name.split("-limit.")[1] for f in files if "-limit." in f.name}
    if code != -signal.SIGKILL:
        return f"the JVM ended with {code}", 0, peak
    if there != SUFFIXES:
        return f"only {sorted(there)} were written: {recorder.said()[-300:]}", 0, peak
    left = ended - max(f.stat().st_mtime for f in files)
    if left <= 0:
        return f"they were complete {-left:.2f} s after the end: {recorder.said()[-300:]}", left, peak
    for f in files:
        if f.suffix == ".json":
            json.loads(f.read_text())
        elif f.suffix == ".zip" and jledger("map", f, "--json").returncode != 0:
            return "the capture can't be read", left, peak
    return None, left, peak


def container():
    if os.geteuid() or not (CGROUPS / "memory.limit_in_bytes").exists():
        skip("the black box in a container", "needs root and a v1 memory controller")
        return
    wrong, left, peak = one_kill(0)
    check(wrong is None, "ledger, verdict and capture are there before the kernel kills", wrong or f"{left:.2f} s before")
    print(f"# the recorder's peak: {peak / (1 << 20):.1f} MB, pages of its program and libraries included")
    check(not list(WORK.glob("limit0-*-near.*")), "and what was written before is gone")
    wrong, left, _ = one_kill("late", held_up=True)
    check(wrong is None, "and when the look at the limit comes too late", wrong or f"{left:.2f} s before")
    db = WORK / "limit0.db"
    found = verdict(db, "--last")
    ended = (found.get("past") or {}).get("ended") or {}
    check(ended.get("kind") == "oom-kill", "the history says that the kernel killed it", str(ended))
    check(any(e["kind"] == "limit" and len(e["files"]) == 4 for e in found["past"]["events"]), "and what was written then",
          str(found["past"]["events"]))
    check(any(g["account"] == "direct-buffers" and g["bytes"] > 100 << 20 for g in found["growth"]),
          "and what grew: direct buffers", str(found["growth"]))
    given = json.loads((WORK / "exec0.json").read_text())
    check(given["target"]["main"] == "Eater", "the command got the verdict on its standard input")
    text = jledger("doctor", db, "--last").stdout
    check("ENDED" in text and max(map(len, text.splitlines())) <= 80, "the text says so in 80 columns", text[:600])
    first = ask(db, "SELECT wall_s FROM look JOIN tick ON tick.id = look.tick ORDER BY look.id")[0][0]
    run = jledger("map", db, "--at", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(first)), "--json")
    check(run.returncode == 0 and json.loads(run.stdout)["rss"] < 150 << 20, "map --at shows the ledger of that time", run.stderr)
    whole = jledger("map", db, "--json")
    check(whole.returncode == 0, "map shows the last look", whole.stderr)
    ledger = json.loads(whole.stdout)
    check(sum(a["resident"] for a in ledger["accounts"]) + ledger["unaccounted"] == ledger["rss"], "whose accounts sum up")


# ---- an incident, judged after death

def incident():
    sources = ROOT / "tests/incidents/class_per_call/orders"
    compile_java(sorted(sources.glob("*.java")), WORK)
    with Jvm(["-Xms64m", "-Xmx64m", "-XX:MetaspaceSize=512m", "-cp", str(WORK), "orders.OrderExport", "200"],
             ready=None) as jvm:
        with Recorder(jvm.pid, "incident.db", "--every", "0.5s") as recorder:
            check(wait_until(lambda: len(samples(recorder.db)) >= 30), "30 samples are taken", recorder.said())
            jvm.stop()
            check(recorder.process.wait(60) == 0, "the recorder ends with its only JVM", recorder.said())
    found = verdict(WORK / "incident.db")
    cause = held(found, "class-generation")
    check(cause and cause["state"] in ("confirmed", "likely"), "class-generation is named after death", str(found.get("findings"))[:300])
    check(cause and "orders." in (cause["culprit"]["name"] or ""), "with its culprit", str(cause and cause["culprit"]))
    past = found.get("past") or {}
    rss = past.get("rss") or {}
    check(rss.get("growing") and rss["growth_bytes_per_s"]["low"] > 0, "it grows, with an interval", str(rss))
    check(rss.get("since", "9") <= past.get("to", ""), "and since when", str(rss.get("since")))
    ended = past.get("ended") or {}
    check(ended.get("kind") in ("killed", "unknown"), "who killed it was not the kernel", str(ended))


def errors():
    with Jvm(["-Xmx24m", "-XX:+ExitOnOutOfMemoryError", "-cp", str(WORK), "Fills", "1500"], cwd=str(WORK)) as jvm:
        with Recorder(jvm.pid, "error.db", "--every", "0.2s") as recorder:
            code = jvm.process.wait(60)
            recorder.process.wait(60)
    ended = ask(WORK / "error.db", "SELECT name.text, end_text FROM jvm JOIN name ON name.id = end_kind")
    check(code == 3 and ended and ended[0][0] in ("out-of-memory-error", "unknown"), "an OutOfMemoryError is told by its exit code", str(ended))


# ---- recorders that are killed

def kills(count):
    lost = opened = went_on = 0
    seen = []
    with Jvm(["-Xmx64m", "-XX:+UseSerialGC", "-cp", str(WORK), "Quiet"]) as jvm:
        for i in range(count):
            with Recorder(jvm.pid, "kills.db", "--every", "0.1s") as recorder:
                wait_until(lambda: len(samples(recorder.db)) > len(seen), 30)
                time.sleep(random.uniform(0, 0.3))
                before = samples(recorder.db)  # committed: a reader sees them
                recorder.stop(signal.SIGKILL)
            after = samples(recorder.db)
            lost += len(set(before) - set(after))
            went_on += len(after) > len(seen)
            opened += ask(recorder.db, "PRAGMA integrity_check") == [("ok",)]
            seen = after
    check(lost == 0, "no committed sample is lost", f"{lost} of {len(seen)}")
    check(opened == count, f"the file is whole after each of {count} kills", str(opened))
    check(went_on == count, "and each next recorder goes on", str(went_on))


# ---- a disk that is full

def full_disk():
    disk = WORK / "disk"
    disk.mkdir()
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "none", str(disk)], capture_output=True).returncode:
        skip("a full disk", "needs root, to mount one")
        return
    filler = disk / "filler"
    try:
        with Jvm(["-Xmx64m", "-XX:+UseSerialGC", "-cp", str(WORK), "Quiet"]) as jvm, \
                Recorder(jvm.pid, "disk/full.db", "--every", "0.1s") as recorder:
            wait_until(lambda: len(samples(recorder.db)) >= 3)
            with open(filler, "wb", buffering=0) as f:
                try:
                    while f.write(b"x" * 4096):
                        pass
                except OSError:
                    pass
            told = wait_until(lambda: "ring keeps" in recorder.said() or recorder.process.poll() is not None, 60)
            full, committed = time.clock_gettime(time.CLOCK_BOOTTIME), samples(recorder.db)
            check(told and recorder.process.poll() is None, "a full disk is said, and survived", str(told))
            time.sleep(1.5)
            room = time.clock_gettime(time.CLOCK_BOOTTIME)
            filler.unlink()
            check(wait_until(lambda: "came from the ring" in recorder.said(), 60),
                  "when there is room again it goes on")
            recorder.stop()
            after = samples(recorder.db)
            check(set(committed) <= set(after), "no committed sample is lost")
            check(ask(recorder.db, "PRAGMA integrity_check") == [("ok",)], "the file is whole")
            late = [t for _, t in after if full < t < room]
            check(late, "what was sampled meanwhile came from the ring", f"{len(late)} samples")
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)


def metrics():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/metrics"
    with Jvm(["-Xmx64m", "-cp", str(WORK), "Quiet"]) as jvm, \
            Recorder(jvm.pid, "metrics.db", "--every", "0.5s", "--listen", str(port), "--textfile", str(WORK)) as recorder:
        def served():
            try:
                return urllib.request.urlopen(url, timeout=5).read().decode()
            except OSError:
                return ""
        check(wait_until(lambda: "jledger_account_resident_bytes" in served()), "the ledger's accounts are served", recorder.said())
        text = served()
        rss = re.search(rf'^jledger_process_resident_bytes{{pid="{jvm.pid}",main="Quiet",container="[^"]*"}} (\d+)$', text, re.M)
        check(rss and int(rss[1]) > 30 << 20, "with the process's resident bytes", text[:300])
        check(f'jvm_memory_max_bytes{{pid="{jvm.pid}",main="Quiet",container="",area="heap"}} {64 << 20}' in re.sub(r'container="[^"]*"', 'container=""', text),
              "and client_java's names", text[:300])
        file = (WORK / "jledger.prom").read_text()
        check(set(re.findall(r"^# TYPE (\S+)", text, re.M)) == set(re.findall(r"^# TYPE (\S+)", file, re.M)), "the text file has the same names")
        check(not any(p.suffix == ".part" for p in WORK.iterdir()), "and no half of one stays")
    if shutil.which("promtool"):
        said = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
        check(said.returncode == 0, "promtool has nothing to say", said.stdout + said.stderr)


def usage():
    with Jvm(["-Xmx64m", "-cp", str(WORK), "Quiet"]) as jvm, Recorder(jvm.pid, "one.db", "--every", "1s") as recorder:
        wait_until(lambda: samples(recorder.db))
        again = jledger("record", jvm.pid, "-o", recorder.db)
        check(again.returncode == 3 and "another recorder" in again.stderr, "a second recorder of one history is refused", again.stderr)
        check(recorder.stop(signal.SIGINT) == 0, "Ctrl-C ends it in order", recorder.said())
    for name in ("try", "capture"):
        words = {"try": ["try", WORK / "one.db", "gc", "--yes"], "capture": ["capture", WORK / "one.db", "-o", WORK / "x.zip"]}[name]
        check(jledger(*words).returncode == 3, f"{name} takes no history")


def main():
    java = ROOT / "tests/live/java"
    compile_java([java / "Eater.java", java / "Fills.java", java / "Quiet.java"], WORK)
    if sys.argv[1:2] == ["kills"]:
        kills(int(sys.argv[2]))
    elif sys.argv[1:2] == ["metrics"]:
        metrics()
    elif sys.argv[1:2] == ["disk"]:
        full_disk()
    elif sys.argv[1:2] == ["late"]:
        runs = [one_kill(f"late{i}", held_up=True) for i in range(int(sys.argv[2]))]
        check(not any(wrong for wrong, _, _ in runs), "a look that comes too late is made up for", str(runs))
    elif sys.argv[1:2] == ["limit"]:
        runs = [one_kill(i) for i in range(int(sys.argv[2]))]
        good = sorted(left for wrong, left, _ in runs if wrong is None)
        for wrong in [w for w, _, _ in runs if w]:
            print(f"# {wrong}")
        check(len(good) == len(runs), f"complete before the kill in {len(good)} of {len(runs)} runs",
              f"{good[0]:.2f} to {good[-1]:.2f} s before" if good else "")
        print(f"# the recorder's peak: {max(peak for _, _, peak in runs) / (1 << 20):.1f} MB")
        kept = sum("came near is kept" in log.read_text() for log in WORK.glob("limit*.db.log"))
        print(f"# by what was written when the limit came near: {kept}")
    else:
        for one in (usage, metrics, incident, errors, full_disk, container):
            with part(one.__name__):
                one()
        with part("kills"):
            kills(6)
    shutil.rmtree(WORK, ignore_errors=True)
    done()


main()
