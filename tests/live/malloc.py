#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`jledger malloc` against what malloc itself counts: mallinfo2 and malloc_info of a C program, to the byte where
it is quiet; what a trim returns; the settings in force; a JVM; processes that are none, and allocators that are
not glibc's.

With JDK_ROOT the C program runs with the glibc of that root."""

import os
import shutil
import subprocess

from harness import JDK_ROOT, ROOT, Jvm, check, compile_java, done, figures, in_root, inside, jcmd, jledger, jledger_json, \
    part, scratch, skip, status

SHAPES = {
    "small blocks": "threads=4 mb=16 low=16 high=512",
    "blocks up to 60 KB": "threads=4 mb=24 low=16 high=60000",
    "some with mappings of their own": "threads=3 mb=24 low=16 high=8000 big=5",
    "tiny ones, mostly freed": "threads=2 mb=16 low=16 high=64 keep=10",
    "heaps of several 64 MB": "threads=2 mb=100 low=1000 high=40000 keep=70",
    "the main arena": "threads=1 end=1 mb=32 high=4000",
    "a main arena where brk is blocked": "threads=1 end=1 mb=32 high=4000 blocked=1",
    "filled with zeros": "threads=3 mb=16 low=16 high=200 zero=1 keep=30",
}
TRIMS = {
    "half of large ones": "threads=4 mb=24 low=16 high=60000 keep=50",
    "the older half": "threads=4 mb=24 low=16 high=2000 keep=50 order=fifo",
    "the newer half": "threads=4 mb=24 low=16 high=2000 keep=50 order=lifo",
    "blocks of freed ones": "threads=4 mb=24 low=16 high=2000 keep=50 order=alternate",
    "nearly all": "threads=4 mb=24 low=16 high=2000 keep=2",
    "all of the main arena's end": "threads=1 end=1 mb=64 high=2000 keep=20 order=lifo",
    "all of the main arena's start": "threads=1 end=1 mb=64 high=2000 keep=20 order=fifo",
    "tiny ones in fast bins": "threads=2 mb=24 low=24 high=48 keep=1",
    "tiny ones of the main arena": "threads=1 end=1 mb=48 low=24 high=100 keep=5 order=fifo",
    "threads that ended": "threads=6 mb=12 low=64 high=9000 keep=20 end=1",
    "untouched": "threads=3 mb=32 low=5000 high=60000 keep=30 touch=0",
}
TUNED = {
    "no thread caches": {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=0"},
    "huge pages": {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"},
    "one arena": {"MALLOC_ARENA_MAX": "1"},
    "few mappings": {"MALLOC_MMAP_THRESHOLD_": "20000000", "MALLOC_TRIM_THRESHOLD_": "1000000"},
}


def build(work):
    """With this machine's compiler and the libraries that it is to run with."""
    program, source = work / "malloc-target", ROOT / "tests/live/malloc_target.c"
    if not JDK_ROOT:
        subprocess.run(["cc", "-O1", "-D_GNU_SOURCE", "-pthread", "-o", program, source, "-ldl"], check=True)
        return program
    subprocess.run(["cc", "-O1", "-D_GNU_SOURCE", "-fno-stack-protector", "-c", "-o", work / "t.o", source], check=True)
    here = {name: subprocess.run(["cc", f"-print-file-name={name}"], capture_output=True, text=True).stdout.strip()
            for name in ("crt1.o", "crti.o", "crtn.o")}
    libraries = [f"{JDK_ROOT}/lib/x86_64-linux-gnu/{name}" for name in ("libc.so.6", "libpthread.so.0", "libdl.so.2")]
    subprocess.run(["cc", "-nostdlib", "-no-pie", "-o", program, here["crt1.o"], here["crti.o"], work / "t.o", *libraries,
                    here["crtn.o"], "-lgcc", "-Wl,--dynamic-linker=/lib64/ld-linux-x86-64.so.2",
                    "-Wl,--unresolved-symbols=ignore-in-shared-libs"], check=True)
    return program


class Target:
    def __init__(self, program, arguments, env=None):
        self.process = subprocess.Popen(in_root(program, *arguments.split()), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, env={**os.environ, **(env or {})})
        self.pid = self.process.pid
        if self.process.stdout.readline() != "ready\n":
            raise RuntimeError(f"the program did not start: {arguments}")

    def ask(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return {k: int(v) for k, v in (w.split("=") for w in self.process.stdout.readline().split() if "=" in w)}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def differences(m, info):
    """Where the walk and malloc's own counters are not equal."""
    fast = sum(a["fast"] for a in m["arenas"])
    pairs = {
        "in use": (m["in_use"] + m["tcache"], info["uordblks"]),
        "free": (m["freed"] - m["tcache"], info["fordblks"]),
        "fast bins": (fast, info["fsmblks"]),
        "system": (sum(a["system"] for a in m["arenas"]), info["arena"]),
        "mapped": (m["mmapped"], info["hblkhd"]),
        "mapped chunks": (m["mmapped_count"], info["hblks"]),
        "arenas": (len(m["arenas"]), info["arenas"]),
    }
    return {what: ours - theirs for what, (ours, theirs) in pairs.items() if ours != theirs}


def compare(program, label, shape, env=None):
    with Target(program, shape, env) as target:
        info = target.ask("info")
        m = jledger_json("malloc", target.pid)
        bad = differences(m, info)
        check(not bad and m["certainty"] == "exact", f"{label}: equal to the byte",
              f"{bad or ''} {m['certainty']} {m['why_unsure'] or ''} {info['uordblks']} in use")
        check(all(a["threads"] is not None and len(a["threads"]) == a["attached_threads"] for a in m["arenas"]),
              f"{label}: each arena's threads", str([(a["threads"], a["attached_threads"]) for a in m["arenas"]][:4]))
        check(m["resident"]["in_use"] + m["resident"]["freed_returnable"] + m["resident"]["freed_pinned"] ==
              sum(a["resident"] for a in m["arenas"]) + m["resident"]["mmapped"], f"{label}: resident sums")
        return m, info


def predict(program, label, shape):
    with Target(program, shape) as target:
        m = jledger_json("malloc", target.pid)
        rss = target.ask("trim")
        dropped = rss["before"] - rss["after"]
        off = abs(m["trim_would_return"] - dropped)
        check(off <= max(0.05 * dropped, 4 << 20), f"a trim of {label} returns what was said",
              f"{m['trim_would_return'] / 1e6:.1f} MB, {dropped / 1e6:.1f} came")
        figures(f"trim: {label}", said=m["trim_would_return"], came=dropped)


def busy(program):
    with Target(program, "threads=8 mb=12 low=16 high=60000 keep=100 touch=0") as target:
        target.ask("churn")
        off, unsure = [], 0
        for _ in range(6):
            before = target.ask("live")["live"]
            m = jledger_json("malloc", target.pid)
            after = target.ask("live")["live"]
            low, high = min(before, after), max(before, after)
            got = m["in_use"] + m["mmapped"]
            unsure += m["certainty"] == "unsure"
            if m["certainty"] != "unsure":
                off.append(max(low - got, got - high, 0) / high)
            check(m["certainty"] != "exact", "what moves is not called exact")
        off.sort()
        # One in some tens of looks is off by 4 %: six say nothing of that.
        check(len(off) >= 3 and off[len(off) // 2] <= 0.03 and off[-1] <= 0.08, "8 threads that allocate: near the truth",
              f"off by {', '.join(f'{100 * x:.1f} %' for x in off)}; {unsure} unsure")


def settings(program):
    m, _ = compare(program, "one arena", "threads=3 mb=4", {"MALLOC_ARENA_MAX": "1"})
    check(m["in_force"]["arena_max"] == 1 and len(m["arenas"]) == 1, "arena_max is in force", str(m["in_force"]))
    check(any(s["name"] == "MALLOC_ARENA_MAX" and s["in_force"] for s in m["settings"]), "and where it came from")
    m, _ = compare(program, "thresholds that are set", "threads=2 mb=4", TUNED["few mappings"])
    check(m["in_force"]["thresholds_fixed"] and m["in_force"]["mmap_threshold"] == 20000000, "thresholds are fixed",
          str(m["in_force"]))
    m, _ = compare(program, "thresholds that moved", "threads=2 mb=24 big=20")
    check(not m["in_force"]["thresholds_fixed"] and m["in_force"]["mmap_threshold"] > 131072, "the threshold moved",
          str(m["in_force"]["mmap_threshold"]))
    check(any(e["setting"] == "mmap_threshold" and "moved: it was" in e["effect"] for e in m["effects"]), "and it says so")


def histogram(program):
    with Target(program, "threads=1 end=1 mb=16 low=5000 high=5000 keep=100") as target:
        m = jledger_json("malloc", target.pid)
        rows = {r["up_to"]: r for r in m["sizes"]}
        row = next((rows[n] for n in sorted(rows) if n >= 5008), {})
        check(row.get("count", 0) >= (16 << 20) // 5024, "--sizes has the blocks in their row", str(row))
        check(sum(r["bytes"] for r in m["sizes"]) <= m["in_use"] + m["mmapped"], "and no more than is in use")


def jvm(work):
    compile_java([ROOT / "tests/live/java/Retained.java"], work / "classes")
    with Jvm(["-Xmx64m", "-XX:+UseSerialGC", "-cp", str(work / "classes"), "Retained", "60"]) as java:
        m = jledger_json("malloc", java.pid)
        check(m["in_use"] > 25 << 20 and m["freed"] > 20 << 20, "a JVM's malloc: in use, and freed",
              f"{m['in_use'] >> 20} and {m['freed'] >> 20} MB, {m['certainty']}")
        tids = [t for a in m["arenas"] for t in a["threads"] or []]
        known = {int(t) for t in os.listdir(f"/proc/{java.pid}/task")}
        check(len(tids) == len(set(tids)) == sum(a["attached_threads"] for a in m["arenas"]) and set(tids) <= known,
              "each thread is in one arena", f"{len(tids)} of {len(known)} threads")
        by_size = {r["up_to"]: r for r in m["sizes"]}
        check(by_size.get(81920, {}).get("count", 0) >= 4 * 60 // 2 * 4, "the Deflaters' blocks of 64 KB are in use",
              str(by_size.get(81920)))
        check("Retained" in jledger("malloc", "Retained", "--arenas", "--sizes").stdout, "by its name, as text")
        rss = int(status(java.pid, "VmRSS")) * 1024
        if "Trim native heap" not in jcmd(java.pid, "System.trim_native_heap"):
            skip("a JVM's trim", "this JDK has no System.trim_native_heap")
            return
        dropped = rss - int(status(java.pid, "VmRSS")) * 1024
        check(abs(m["trim_would_return"] - dropped) <= max(0.05 * dropped, 4 << 20), "its trim returns what was said",
              f"{m['trim_would_return'] / 1e6:.1f} MB, {dropped / 1e6:.1f} came")
        after = jledger_json("malloc", java.pid)
        check(after["trim_would_return"] < 4 << 20, "and then nothing more", str(after["trim_would_return"]))


def others(work, program):
    # No allocator of that name, but its name: what it holds must not be told.
    (work / "none.c").write_text("int nothing(void) { return 0; }\n")
    library = work / "libmimalloc.so.2.0"
    subprocess.run(["cc", "-shared", "-fPIC", "-nostdlib", "-o", library, work / "none.c"], check=True)
    with Target(program, "threads=1 mb=2", {"LD_PRELOAD": inside(library)}) as target:
        m = jledger_json("malloc", target.pid)
        check(m["allocator"] == "mimalloc" and m["in_use"] is None and m["certainty"] is None and not m["arenas"],
              "another allocator is named, and the rest unknown", str(m["allocator"]))
        run = jledger("malloc", target.pid)
        check(run.returncode == 0 and "unknown" in run.stdout, "as text")
    run = jledger("malloc", "2")
    check(run.returncode == 3, "a thread of the kernel has no malloc", run.stderr.strip())
    with Target(program, "threads=1 mb=2") as target:
        run = jledger("map", target.pid)
        check(run.returncode == 3 and "not a Java process" in run.stderr, "map takes JVMs alone", run.stderr.strip())


def main():
    work = scratch()
    try:
        program = build(work)
        for label, shape in SHAPES.items():
            with part(label):
                compare(program, label, shape)
        for label, env in TUNED.items():
            with part(label):
                compare(program, label, "threads=3 mb=16 low=16 high=4000", env)
                compare(program, f"{label}, main arena", "threads=1 end=1 mb=24 low=16 high=4000", env)
        for label, shape in TRIMS.items():
            with part(label):
                predict(program, label, shape)
        with part("sizes"):
            histogram(program)
        with part("settings"):
            settings(program)
        with part("busy"):
            busy(program)
        with part("others"):
            others(work, program)
        with part("a JVM"):
            jvm(work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    done()


if __name__ == "__main__":
    main()
