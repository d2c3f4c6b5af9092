#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Real JSON against docs/schema/, real text against 80 columns: schema_test.py JLEDGER.

Starts a small JVM of its own; without java only what needs none is checked."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from jsonschema import Draft202012Validator

try:
    from referencing import Registry, Resource
except ImportError: # jsonschema before 4.18
    from jsonschema import RefResolver

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = """
public class Waiting {
    static final Object[] KEPT = new Object[9];
    public static void main(String[] words) throws Exception {
        KEPT[0] = java.nio.ByteBuffer.allocateDirect(300_000);
        Thread worker = new Thread(() -> { try { Thread.sleep(600_000); } catch (Exception e) { } }, "worker \\u001b[31m");
        worker.setDaemon(true);
        worker.start();
        System.out.println("ready");
        Thread.sleep(600_000);
    }
}
"""


def validators() -> dict[str, Draft202012Validator]:
    schemas = {p.stem: json.loads(p.read_text()) for p in (ROOT / "docs/schema").glob("*.json")}
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    try:
        registry = Registry().with_resources((s["$id"], Resource.from_contents(s)) for s in schemas.values())
        return {name: Draft202012Validator(s, registry=registry) for name, s in schemas.items()}
    except NameError:
        store = {s["$id"]: s for s in schemas.values()}
        return {name: Draft202012Validator(s, resolver=RefResolver(s["$id"], s, store)) for name, s in schemas.items()}


class Checker:
    def __init__(self, jledger: str):
        self.jledger, self.bad, self.done, self.schemas = jledger, 0, 0, validators()

    def fail(self, words: list[str], what: str) -> None:
        print(f"jledger {' '.join(words)}: {what}")
        self.bad += 1

    def run(self, words: list[str]) -> str:
        run = subprocess.run([self.jledger, *words], capture_output=True, text=True, timeout=60)
        self.done += 1
        if run.returncode:
            self.fail(words, f"exit {run.returncode}: {run.stderr.strip()}")
        return run.stdout

    def json(self, schema: str, words: list[str]) -> dict:
        text = self.run([*words, "--json"])
        try:
            value = json.loads(text)
        except ValueError as e:
            self.fail(words, f"no JSON: {e}")
            return {}
        if text.count("\n") != 1:
            self.fail(words, "one object is one line")
        for error in list(self.schemas[schema].iter_errors(value))[:5]:
            self.fail(words, f"{error.json_path}: {error.message[:200]}")
        return value

    def text(self, words: list[str]) -> None:
        text = self.run(words)
        if "\033" in text:
            self.fail(words, "an escape sequence in a pipe")
        for line in text.splitlines():
            if len(line) > 80 and "unaccounted" not in line:
                self.fail(words, f"wider than 80 columns: {line}")
                return

    def ledger(self, words: list[str], m: dict) -> None:
        if sum(a["resident"] for a in m["accounts"]) + m["unaccounted"] != m["rss"]:
            self.fail(words, "the accounts do not sum to rss")
        if m["overlaps"]:
            self.fail(words, f"certain claims overlap: {m['overlaps'][0]}")
        if sum(u["resident"] for u in m["unaccounted_mappings"]) != m["unaccounted"]:
            self.fail(words, "the unaccounted mappings do not sum")


def check_live(c: Checker, pid: str) -> None:
    for by in ["account", "mapping", "thread", "loader", "arena", "category", "site"]:
        words = ["map", pid, "--by", by]
        m = c.json("map", words)
        if not m:
            continue
        c.ledger(words, m)
        key = {"category": "regions"}.get(by, by + "s")
        if not m.get(key):
            c.fail(words, f"no {key}")
        c.text(words)
    m = c.json("map", ["map", pid, "--by", "mapping"])
    pieces = [p for row in m["mappings"] for p in row["pieces"]]
    if sum(p["resident"] for p in pieces) != m["rss"]:
        c.fail(["map", pid], "the pieces do not sum to rss")
    if not m["direct_buffers"]["buffers"]:
        c.fail(["map", pid], "the direct buffer is missing")
    grown = c.json("map", ["map", "Waiting", "--for", "0.5"])
    if grown and not isinstance(grown["growth"], int):
        c.fail(["map", "--for"], "no growth with a window")
    pss = c.json("map", ["map", pid, "--pss"])
    if pss and not any(a["pss"] for a in pss["accounts"]):
        c.fail(["map", "--pss"], "no pss")
    d = c.json("doctor", ["doctor", pid, "--for", "0.5"])
    if d and not d["healthy"]:
        c.fail(["doctor", pid], f"a JVM that waits is not healthy: {d['findings']}")
    c.text(["doctor", pid, "--causes", "--for", "0"])
    c.text(["map", pid, "--for", "0.5"])
    views = ["--loaders", "--families", "--duplicates"]
    classes = c.json("classes", ["classes", pid, *views, "--for", "0.5"])
    if classes and not all(classes[key] for key in ("class_count", "loaders", "families", "definitions", "metaspace")):
        c.fail(["classes", pid], "a view is empty")
    parts = c.json("classes", ["classes", pid, "--stats", "--all-columns", "--metaspace"])
    if parts and not (parts["class_stats"]["known"] and parts["metaspace_cut"]["known"] and parts["metaspace"]["free_chunks"]):
        c.fail(["classes", pid, "--stats", "--metaspace"], "something is not known")
    c.text(["classes", pid, "--metaspace"])
    boot = classes["loaders"][-1]["loader"] if classes else "0"
    why = c.json("classes", ["classes", pid, "--why-alive", boot])
    if why and why["why_alive"]["conditions"][1]["state"] != "held":
        c.fail(["classes", pid, "--why-alive"], "nothing holds the boot loader")
    for words in [], *([v] for v in views), ["--why-alive", boot]:
        c.text(["classes", pid, *words])
    flags = c.json("flags", ["flags", pid])
    if flags and {"MaxHeapSize": 64 << 20} != {f["name"]: f["value"] for f in flags["flags"] if f["name"] == "MaxHeapSize"}:
        c.fail(["flags", pid], "MaxHeapSize is not what the command line gave")
    if flags and {a["account"] for a in flags["budget"]["parts"]}.isdisjoint({"java-heap"}):
        c.fail(["flags", pid], "the budget has no heap")
    c.json("flags", ["flags", pid, "--limit", "64m"])
    c.text(["flags", pid])
    c.text(["flags", pid, "--limit", "64m"])
    m = c.json("map", ["map", pid])
    if m and {a["account"] for a in m["accounts"] if a["parent"] == "malloc"} != {
            "malloc-in-use", "malloc-freed-returnable", "malloc-freed-pinned"}:
        c.fail(["map", pid], "malloc is not split")
    m = c.json("malloc", ["malloc", pid])
    if m and (not m["in_use"] or not m["sizes"] or not m["arenas"] or m["certainty"] is None):
        c.fail(["malloc", pid], "malloc's chunks are missing")
    c.text(["malloc", pid, "--arenas", "--sizes"])
    for what in ("malloc-in-use", "malloc-freed", "metaspace", m["arenas"][0]["address"] if m else "malloc"):
        c.json("peek", ["peek", pid, what])
        c.text(["peek", pid, what])
    m = c.json("malloc", ["malloc", str(os.getpid())])  # no JVM
    if m and not (m["in_use"] and m["chunks"]):
        c.fail(["malloc"], "a process without a VM has chunks too")
    c.text(["malloc", str(os.getpid())])
    with tempfile.TemporaryDirectory() as work:
        file = str(pathlib.Path(work) / "c.jlc.zip")
        c.json("capture", ["capture", pid, "-o", file, "--samples", "2", "--every", "0.1"])
        c.json("doctor", ["doctor", file])
        c.json("classes", ["classes", file, *views])
        m = c.json("malloc", ["malloc", file])
        if m and (not m["in_use"] or not m["arenas"]):
            c.fail(["malloc", file], "a capture lacks what its chunks sum to")
        c.text(["malloc", file, "--arenas"])
        kept = c.json("classes", ["classes", file, "--stats", "--metaspace"])
        if kept and kept["class_stats"]["known"]:
            c.fail(["classes", file, "--stats"], "a capture has no class's parts")
        grown = c.json("map", ["map", pid, "--against", file, "--by", "category"])
        if grown and (not grown["against"]["same_process"] or not isinstance(grown["nmt"]["growth"], int)):
            c.fail(["map", pid, "--against", file], "no growth since the capture")
        c.text(["map", pid, "--against", file, "--by", "site"])
    live = c.json("gc_live", ["gc", pid, "--for", "0.3"])
    if live and not live["samples"][0]["heap"]["spaces"]:
        c.fail(["gc", pid], "the heap has no spaces")
    c.json("gc_live", ["gc", pid, "--jstat", "gccause"])
    c.text(["gc", pid, "--for", "0.3"])
    c.json("threads", ["threads", pid, "--for", "0.3"])
    c.text(["threads", pid, "--for", "0.3"])
    check_heap(c, pid)
    tried = c.json("try", ["try", pid, "gc", "--yes"])
    if tried and not tried["effect"]:
        c.fail(["try", pid, "gc"], f"no effect: {tried['why_not']}")
    c.text(["try", pid, "gc", "--yes"])
    ps = c.json("ps", ["ps"])
    if pid not in [str(j["pid"]) for j in ps.get("jvms", [])]:
        c.fail(["ps"], f"{pid} is missing")
    c.text(["ps"])


def check_heap(c: Checker, pid: str) -> None:
    c.text(["heap", pid, "histo"])
    live = c.json("heap_live", ["heap", pid, "histo"])
    if not live.get("classes"):
        c.fail(["heap", pid, "histo"], "no classes")
    with tempfile.TemporaryDirectory() as work:
        dump = str(pathlib.Path(work) / "d.hprof")
        subprocess.run(["jcmd", pid, "GC.heap_dump", dump], stdout=subprocess.DEVNULL, check=True)
        views = ["suspects", "histo", "histo --retained", "threads", "loaders", "duplicates", "waste", "off-heap", "finalizers",
                 "path java.lang.String", "diff " + dump]
        queries = ["from Waiting", "select value.@size, @object from instanceof java.lang.String where hash != 0"]
        for query in queries:
            c.json("heap", ["heap", dump, "query", query])
            c.text(["heap", dump, "query", query])
        for view in [*views, *("dominators " + by for by in ["objects", "classes", "packages", "loaders"])]:
            words = ["heap", dump, *view.split()]
            key = {"histo": "classes", "diff": "changes", "off-heap": "off_heap", "dominators": "dominators",
                   "duplicates": "strings"}.get(view.split()[0], view.split()[0])
            heap = c.json("heap", words)
            if view.startswith("dominators ") and not view.endswith("objects"):
                key = view.split()[1]
            if key not in heap or not (heap[key] or key in ("changes", "suspects", "finalizers")):
                c.fail(words, f"no {key}")
            c.text(words)


def main() -> int:
    c = Checker(sys.argv[1])
    c.json("explain", ["explain"])
    c.json("explain", ["explain", "class-generation"])
    c.text(["explain", "class-generation"])
    c.json("ps", ["ps"])
    for log in sorted((ROOT / "tests/fuzz/seeds/classlog").iterdir()):
        c.json("classes", ["classes", str(log)])
        c.text(["classes", str(log)])
    judged = ["flags", "--limit", "1g", "--", "-Xmx2g", "-XX:MaxPermSize=64m", "-XX:+UseG1GC", "-Xprof", "-XX:NewRatio=x"]
    c.json("flags", judged)
    c.text(judged)
    for seed in sorted((ROOT / "tests/fuzz/seeds").glob("gclog_*/*")):
        c.json("gc", ["gc", str(seed)])
    c.text(["gc", *map(str, sorted((ROOT / "tests/fuzz/seeds").glob("gclog_preunified/*")))])
    if shutil.which("java") and shutil.which("javac"):
        with tempfile.TemporaryDirectory() as work:
            source = pathlib.Path(work) / "Waiting.java"
            source.write_text(PROGRAM)
            subprocess.run(["javac", "-d", work, source], check=True)
            jvm = subprocess.Popen(
                ["java", "-Xmx64m", "-XX:NativeMemoryTracking=detail", "-cp", work, "Waiting"],
                stdout=subprocess.PIPE, text=True
            )
            try:
                jvm.stdout.readline()
                check_live(c, str(jvm.pid))
            finally:
                jvm.kill()
                jvm.wait()
    print("wrong" if c.bad else f"{c.done} outputs are as the contract says")
    return 1 if c.bad else 0


if __name__ == "__main__":
    sys.exit(main())
