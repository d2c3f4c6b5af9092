#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The target must not notice: while `map` loops on a JVM with 8 GB of touched heap, the VM's safepoint counter, its class
count and its threads' states stay what they were, and a thread of it that maps, touches and unmaps memory goes on.

How much longer that thread waits is measured and shown here, and judged by `./dev bench latency`: on a shared machine
a virtual CPU may come back late from any short sleep, and a test that runs on each change must not depend on that.

Both sides run pinned to a CPU each at real-time priority. The same is measured with the reader that holds the lock the
shortest of all, a plain read of /proc/PID/pagemap (2 MB at a time, 10 us).
HEAP_MB (default: 8192, or half of the free memory) and SECONDS_EACH (default: 5; 12 in the bench) in the environment.
"""

import ast
import os
import pathlib
import shutil
import subprocess
import time

from harness import JLEDGER, ROOT, Jvm, check, compile_java, compile_jni, done, scratch

SECONDS = int(os.environ.get("SECONDS_EACH", "5"))


def free_mb():
    for line in pathlib.Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable"):
            return int(line.split()[1]) // 1024
    return 0


def counters(pid):
    """Counters of the jvmstat file by name, numbers only; read without the JVM's help."""
    path = next(pathlib.Path("/tmp").glob(f"hsperfdata_*/{pid}"))
    data = path.read_bytes()
    word = lambda at: int.from_bytes(data[at:at + 4], "little")
    at, found = word(24), {}
    for _ in range(word(28)):
        length, name_at, kind, data_at = word(at), word(at + 4), data[at + 12], word(at + 16)
        name = data[at + name_at:data.index(b"\0", at + name_at)].decode()
        if kind == ord("J"):
            found[name] = int.from_bytes(data[at + data_at:at + data_at + 8], "little", signed=True)
        at += length
    return found


def states(pid):
    found = {}
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        text = (task / "status").read_text()
        found[int(task.name)] = [l.split()[1] for l in text.splitlines() if l.startswith("State")][0]
    return found


def measure(jvm, seconds):
    jvm.say(f"measure {seconds}")
    return ast.literal_eval(jvm.process.stdout.readline())


def window(jvm, command=None):
    """(latencies, rounds) of SECONDS, in which the other CPU runs a command again and again."""
    loop = command and subprocess.Popen(
        ["taskset", "-c", "0", "chrt", "-f", "30", "sh", "-c",
         f"n=0; end=$(($(date +%s)+{SECONDS}+1)); while [ $(date +%s) -lt $end ]; do "
         f"{command} >/dev/null 2>&1 || exit 1; n=$((n+1)); done; echo $n"],
        stdout=subprocess.PIPE, text=True)
    time.sleep(0.5)
    latencies = measure(jvm, SECONDS)
    return latencies, int(loop.communicate()[0] or 0) if loop else 0


def pagemap_read(pid):
    """A command that reads what pagemap has of the largest mapping."""
    spans = [[int(at, 16) for at in line.split()[0].split("-")]
             for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines()]
    start, end = max(spans, key=lambda span: span[1] - span[0])
    mb = 1 << 20
    return f"dd if=/proc/{pid}/pagemap bs=1M skip={start // 4096 * 8 // mb} count={(end - start) // 4096 * 8 // mb}"


def main(judge=None):
    """`judge` gets the latencies in ns alone, with the shortest holds and looked at: [.., .., p99, p99.9, p99.99, max]."""
    heap_mb = int(os.environ.get("HEAP_MB", min(8192, free_mb() // 2)))
    work = scratch()
    compile_java([ROOT / "tests/live/java/Latency.java"], work)
    compile_jni(ROOT / "tests/live/java/latency.c", work / "liblatency.so")
    flags = [f"-Xms{heap_mb}m", f"-Xmx{heap_mb}m", "-XX:+AlwaysPreTouch", "-XX:+UseParallelGC", "-Xint",
             "-XX:+UnlockDiagnosticVMOptions", "-XX:GuaranteedSafepointInterval=0"]
    with Jvm([*flags, "-cp", str(work), "Latency", str(work / "liblatency.so")], wait_s=120) as jvm:
        check(jvm.lines[-1] == "pinned", "the measuring thread has a CPU of its own")
        measure(jvm, 2)
        alone, _ = window(jvm)
        shortest, _ = window(jvm, pagemap_read(jvm.pid))
        before, states_before = counters(jvm.pid), states(jvm.pid)
        looked_at, looks = window(jvm, f"'{JLEDGER}' map {jvm.pid} --json")
        after, states_after = counters(jvm.pid), states(jvm.pid)
        print(f"# heap {heap_mb} MB, {looks} looks")
        for name, found in ("alone", alone), ("pagemap read", shortest), ("looked at", looked_at):
            print(f"# {name}: " + ", ".join(f"{q} {found[i] / 1e6:.3f} ms" for i, q in enumerate(["p99", "p99.9", "p99.99", "max"], 2)))
        check(looks >= SECONDS, "map ran all the time", f"{looks} looks in {SECONDS} s")
        if judge:
            judge(alone, shortest, looked_at)
        for name in ("sun.rt.safepoints", "java.cls.loadedClasses", "java.threads.started"):
            check(before[name] == after[name], f"{name} is untouched", f"{before[name]} -> {after[name]}")
        stopped = [t for t, s in states_after.items() if s in "tT"]
        check(not stopped and set(states_before) == set(states_after), "no thread was stopped, started or ended",
              f"{len(states_after)} threads")
    shutil.rmtree(work)
    done()


if __name__ == "__main__":
    main()
