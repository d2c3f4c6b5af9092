# SPDX-License-Identifier: Apache-2.0
"""Verdicts on programs that leak and on healthy ones that look as if they did.

All of a wave run at once, are left alone for a while and are then watched at once: cause, culprit and
growth must be what the program did, and a healthy one must not be accused. No argument.
"""

import concurrent.futures
import json
import shutil
import subprocess
import time

from harness import JLEDGER, ROOT, Jvm, check, compile_java, done, jledger_json, scratch

ALONE_S, WINDOW_S = 10, 8
IN_FLIGHT = 22 << 20  # bytes: two of eight threads' buffers, which are freed and made anew, are not there at one moment
SLACK = 0.2  # of what the program did: the window's ends and a busy machine

# name: (flags, arguments, cause, verdicts, culprit, loader, collectable, MB per second or None)
FAULTS = {
    "counted names in one loader": (
        "-XX:+UseSerialGC -Xmx96m", "Generators numbered 400", "class-generation", "confirmed",
        "acme.gen.Row_#_Invoice", "ledgerbook.Generators$Book", ("no",), "metaspace"),
    "names with random hex digits": (
        "-XX:+UseG1GC -Xmx96m", "Generators hex 400", "class-generation", "confirmed",
        "acme.gen.Row$#", "ledgerbook.Generators$Book", ("no",), "metaspace"),
    "three classes and a loader a call": (
        "-XX:+UseG1GC -Xmx256m", "Generators per-call-3 80", "class-generation", "confirmed",
        None, "ledgerbook.Generators$Book", ("likely",), None),
    "hidden classes that are kept": (
        "-XX:+UseParallelGC -Xmx96m", "Generators hidden 200", "class-generation-hidden", "confirmed",
        "ledgerbook.Compiled/#", None, ("unknown", "no"), "metaspace"),  # no: a collection came before and left them
    "lambdas in a loop": (
        "-XX:+UseSerialGC -Xmx96m", "Generators lambda 200", "class-generation-lambda", "confirmed",
        "ledgerbook.Generators$$Lambda$#", None, ("no",), "metaspace"),
    "an executor a request": (
        "-XX:+UseSerialGC -Xmx64m", "Stretches pools 4", "thread-leak", "confirmed", "pool-#-thread-#", None, None,
        "stacks"),
    "threads without a name": (
        "-XX:+UseG1GC -Xmx64m", "Stretches threads 8", "thread-leak", "likely", "Thread-#", None, None, "stacks"),
    "direct buffers without a collection": (
        "-XX:+UseSerialGC -Xmx64m -XX:MaxDirectMemorySize=1g", "Stretches direct 8", "direct-buffers", "likely",
        "java.nio.DirectByteBuffer", None, None, 8),
    "direct buffers that young collections leave": (
        "-XX:+UseParallelGC -Xmx64m -XX:MaxDirectMemorySize=1g", "Stretches direct-gc 6", "direct-buffers",
        "likely", "java.nio.DirectByteBuffer", None, None, 6),
    "direct buffers that full collections leave": (
        "-XX:+UseSerialGC -Xmx32m -XX:MaxDirectMemorySize=1g", "Stretches direct-full-gc 6", "direct-buffers",
        "confirmed", "java.nio.DirectByteBuffer", None, None, 6),
    "ever larger heap buffers through channels": (
        "-XX:+UseParallelGC -Xmx600m -XX:MaxDirectMemorySize=1g", "Stretches uploads 8", "direct-temporary",
        "confirmed", "upload-#", None, None, 8),  # see IN_FLIGHT
}

# name: (flags, arguments, note that must be there)
HEALTHY = {
    "300 plugins of 40 classes": ("-XX:+UseSerialGC -Xmx96m", "Generators plugins 60 300", None),
    "300 plugins with one library": ("-XX:+UseG1GC -Xmx96m", "Generators plugins-same 10 300", None),
    "an application that loads 8000 classes": ("-XX:+UseSerialGC -Xmx96m", "Generators application 600 8000", None),
    "300 pages with loaders of their own": ("-XX:+UseSerialGC -Xmx96m", "Generators jsp 40 300", None),
    "a pool that has filled": ("-XX:+UseSerialGC -Xmx64m", "Stretches pool 40", None),
    "threads that come and go": ("-XX:+UseParallelGC -Xmx64m", "Stretches short-threads 60", None),
    "direct buffers that come and go": (
        "-XX:+UseSerialGC -Xmx64m -XX:MaxDirectMemorySize=300m", "Stretches direct-churn 20", None),
    "a direct pool at its limit": ("-XX:+UseG1GC -Xmx64m", "Stretches direct-stable 300", None),
    "a heap that was touched at start": (
        "-XX:+UseSerialGC -Xms256m -Xmx256m -XX:+AlwaysPreTouch", "Stretches garbage 20", "heap-pretouched"),
    "a fixed heap that is touched for the first time": (
        "-XX:+UseParallelGC -Xms160m -Xmx160m", "Stretches garbage 12", None),
    "a JVM that does nothing": ("-XX:+UseSerialGC -Xmx64m", "Stretches idle 1", None),
}


def near(value, wanted):
    return abs(value - wanted) <= SLACK * wanted


def growth_of(report, what):
    """Bytes per second that the ledger saw for itself.  A number is what the program's pace is, in MB: on a busy machine
    it falls behind, and is never faster."""
    names = {"metaspace": ("metaspace", "class-space"), "stacks": ("thread-stacks",)}.get(what, ("direct-buffers",))
    rows = [r for r in report["ledger"]["accounts"] if r["account"] in names]
    seen = sum(r["growth"] or 0 for r in rows) / report["window_s"]
    return min(seen, what << 20) if isinstance(what, int) else seen


def check_counts(name, report):
    """Every cause once: held, ruled out or unknown."""
    causes = [x["cause"] for part in ("findings", "ruled_out", "unknown") for x in report[part]]
    known = len(json.loads(subprocess.run([JLEDGER, "explain", "--json"], capture_output=True, text=True).stdout)["causes"])
    check(len(causes) == len(set(causes)) == known, f"{name}: every cause has one verdict", f"{len(causes)} of {known}")


def judge_fault(name, report):
    _, _, cause, verdict, culprit, loader, collectable, growth = FAULTS[name]
    accused = [f for f in report["findings"] if f["kind"] == "cause"]
    seen = [(f["cause"], f["state"], (f["culprit"] or {}).get("name")) for f in accused]

    if not check([f["cause"] for f in accused] == [cause], f"{name}: {cause} and nothing else",
                 seen or [u["missing"] for u in report["unknown"] if u["cause"] == cause]):
        return
    found = accused[0]
    check(found["state"] == verdict, f"{name}: {verdict}", found["state"])
    check(culprit in (None, found["culprit"]["name"]), f"{name}: the culprit is named", found["culprit"]["name"])
    check(loader in (None, found["culprit"]["loader"]), f"{name}: its loader is named", found["culprit"]["loader"])
    check(collectable is None or found["collectable"] in collectable, f"{name}: collectable {collectable}", found["collectable"])
    if growth is not None:
        wanted = growth_of(report, growth)
        slack = IN_FLIGHT / report["window_s"] if cause == "direct-temporary" else 0
        check(near(found["growth_bytes_per_s"], wanted) or abs(found["growth_bytes_per_s"] - wanted) <= slack, f"{name}: the growth is the program's",
              f"{found['growth_bytes_per_s']:.0f} for {wanted:.0f}")


def judge_healthy(name, report):
    note = HEALTHY[name][2]
    accused = [(f["cause"], (f["culprit"] or {}).get("name"), f["text"]) for f in report["findings"] if f["kind"] == "cause"]

    check(report["healthy"] and not accused, f"{name}: healthy", accused)
    if note:
        check(note in [f["cause"] for f in report["findings"] if f["kind"] == "note"], f"{name}: {note} is noted")


def run_wave(classes, wave, judge):
    jvms = {}
    try:
        for name, row in wave.items():
            main, *arguments = row[1].split()
            jvms[name] = Jvm([*row[0].split(), "-cp", str(classes), f"ledgerbook.{main}", *arguments])
        time.sleep(ALONE_S)
        with concurrent.futures.ThreadPoolExecutor(len(jvms)) as pool:
            looks = {name: pool.submit(jledger_json, "doctor", jvm.pid, "--for", f"{WINDOW_S}s")
                     for name, jvm in jvms.items()}
        for name, look in looks.items():
            report = look.result()
            judge(name, report)
            check_counts(name, report)
    finally:
        for jvm in jvms.values():
            jvm.stop()


def main():
    work = scratch()
    compile_java(sorted((ROOT / "tests/incidents/ledgerbook").rglob("*.java")), work)
    run_wave(work, FAULTS, judge_fault)
    run_wave(work, HEALTHY, judge_healthy)
    shutil.rmtree(work)
    done()


main()
