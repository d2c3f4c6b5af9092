#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`jledger classes`: loaders, families, duplicates, what keeps a loader, logs of classes.

On a quiet JVM every row and the total equal VM.classloader_stats; the same where attach is disabled and where the
process is stopped; nothing wrong is named under churn. Families are found whatever their packages are called, names
that were defined again before and after a collection. Arguments: rounds of churn (20), collectors, or 'all'.
"""

import collections
import os
import random
import re
import shutil
import signal
import subprocess
import sys

import cells
import walks
from harness import (ROOT, Jvm, check, compile_c, compile_java, compile_jni, done, in_root, inside, is_modular, jcmd, jledger,
                     jledger_json, part, scratch, status, tool)

# What generators call their classes, the package apart: name with '#' for a number, the loader's class where that
# is the mark, and who it is.
GENERATED = [
    ("ASMSerializer_#_Order", None, "fastjson"), ("ASMDeserializer_#_Order", None, "fastjson"),
    ("Service$$EnhancerByCGLIB$$1a2b3c4#", None, "CGLIB"), ("Service$$FastClassByCGLIB$$9f8e7d6#", None, "CGLIB"),
    ("Service$$EnhancerBySpringCGLIB$$ab12cd3#", None, "Spring CGLIB"), ("Service$$SpringCGLIB$$#", None, "Spring CGLIB"),
    ("Entity$ByteBuddy$#Gh", None, "Byte Buddy"), ("Entity$HibernateProxy$aZ#", None, "Byte Buddy"),
    ("Entity_$$_jvst4c7_#", None, "Javassist"), ("Entity_$$_javassist_#", None, "Javassist"),
    ("Order$JaxbAccessorF_field#", None, "JAXB"), ("Order$JaxbAccessorM_getX#_setX_int", None, "JAXB"),
    ("Script#", "GroovyClassLoader$InnerLoader", "Groovy"), ("f_#", "DefiningClassLoader", "Rhino"),
    ("Script$Recompilation$#$f", "ScriptLoader", "Nashorn"), ("core$eval#$fn__7", None, "Clojure"),
    ("ruby$#", "OneShotClassLoader", "JRuby"), ("Bean$Access4JacksonSerializer1#", None, "Jackson Afterburner"),
    ("GregorSamsa#", None, "XSLT translets"), ("$Proxy#", None, "Proxy"), ("Tag#Of", None, None),
]
WORDS = ["shop", "acme", "zeta", "quux", "relocated", "shaded", "lib", "x9", "inner"]
NAMES = re.compile(r"(Walks|NamedLoader|java\.|javax\.|jdk\.|sun\.|com\.sun\.)")


def tell(jvm, *lines):
    for line in lines:
        jvm.say(line)
        while True:
            said = jvm.process.stdout.readline()
            if not said:
                raise RuntimeError(f"the JVM ended at {line!r}")
            if said.strip() == "done":
                break


def start(work, *flags, program="Classes", how=()):
    return Jvm(["-Xmx128m", *flags, "-cp", work, program, *how])


def sums_of_hidden(text):
    """{type of the owner: (classes, chunk bytes, block bytes)} of the rows "+ hidden classes"."""
    sums, owner = collections.Counter(), None
    for line in text.splitlines():
        row = re.match(r"\s*0x\w+\s+0x\w+\s+0x\w+\s+\d+\s+\d+\s+\d+\s+(\S+)", line)
        more = re.match(r"\s*(\d+)\s+(\d+)\s+(\d+)\s+\+ ", line)
        if row:
            owner = "<boot>" if row.group(1) == "<boot" else row.group(1)
        elif more:
            for i in range(3):
                sums[owner, i] += int(more.group(i + 1))
    return sums


def equal_rows(label, look, text):
    """Rows, hidden classes and the total of VM.classloader_stats, whose sizes are words on some 17s."""
    rows = {int(r["loader"], 16): r for r in look["loaders"]}
    theirs = walks.stats_rows(text)
    total = re.search(r"^Total = \d+\s+(\d+)\s+(\d+)\s+(\d+)", text, re.M)
    bytes_ = sum(r["used"] for r in look["loaders"])
    unit = 8 if total and int(total.group(3)) * 8 == bytes_ else 1
    wrong = []
    for at, (count, chunks, blocks, kind) in theirs.items():
        r = rows.get(at)
        if r is None or (r["class_count"], r["type"], r["committed"], r["used"]) != (count, kind, chunks * unit, blocks * unit):
            wrong.append((hex(at), count, chunks, blocks, kind, r))
    check(len(theirs) > 200 and not wrong, f"{label}: every loader's type, classes, chunks and blocks",
          f"{len(theirs) - len(wrong)} of {len(theirs)} {wrong[:1]}")
    hidden = sums_of_hidden(text)
    ours = collections.Counter()
    for r in look["loaders"]:
        if r["hidden"] and int(r["loader"], 16) not in theirs:
            for i, key in enumerate(("class_count", "committed", "used")):
                ours[r["type"], i] += r[key] // (unit if i else 1)
    check(+hidden == +ours, f"{label}: hidden classes by their loaders' types", f"{dict(hidden)} {dict(ours)}"[:200])
    check(total and (int(total.group(1)), int(total.group(2)) * unit, int(total.group(3)) * unit) ==
          (look["class_count"], sum(r["committed"] for r in look["loaders"]), bytes_), f"{label}: the total",
          f"{total and total.groups()} {look['class_count']} {bytes_}")


def by_type(look):
    return sorted((r["type"] or "", r["class_count"], r["hidden"]) for r in look["loaders"] if r["type"] != "<boot>")


def quiet(gc, work):
    flags = cells.flags_of(gc)
    with start(work, *flags, program="Walks", how=["quiet"]) as jvm:
        before = by_type(jledger_json("classes", jvm.pid))
        text = jcmd(jvm.pid, "VM.classloader_stats")
        look = jledger_json("classes", jvm.pid)
        equal_rows(gc, look, text)
        check(all(r["state"] == "alive" and 0 <= r["class_space"]["used"] <= r["used"] <= r["committed"] and
                  r["wasted"] >= 0 for r in look["loaders"]), f"{gc}: parts of sizes fit")
        d = jledger_json("classes", jvm.pid, "--duplicates")["definitions"]
        check(d["counted"] is not None and d["repeated"] <= 4 and abs(d["counted"] - d["found"]) <= 2,
              f"{gc}: the VM counts the classes that are there", str(d))
        os.kill(jvm.pid, signal.SIGSTOP)
        stopped = jledger_json("classes", jvm.pid)
        state = status(jvm.pid, "State")
        os.kill(jvm.pid, signal.SIGCONT)
        check(state == "T" and stopped["loaders"] == look["loaders"], f"{gc}: the same of a process that is stopped", state)
    with start(work, *flags, "-XX:+DisableAttachMechanism", program="Walks", how=["quiet"]) as jvm:
        alone = by_type(jledger_json("classes", jvm.pid))
        check(alone == before, f"{gc}: the same where attach is disabled", f"{len(alone)} {len(before)}")
        check("does not" not in jcmd(jvm.pid, "VM.version"), f"{gc}: which it is")


def churn(gc, work, rounds):
    names = without = 0
    bad = []
    with start(work, *cells.flags_of(gc), program="Walks", how=["churn"]) as jvm:
        for i in range(rounds):
            look = jledger_json("classes", jvm.pid, "--loaders", *(["--families", "--duplicates"] if i % 2 else []))
            for r in look["loaders"]:
                names += 1
                if r["type"] is not None and r["type"] not in walks.LOADERS:
                    bad.append(("loader", r["type"]))
                if r["name"] is not None and not re.match(r"(l\d+|app|platform)$", r["name"]):
                    bad.append(("name", r["name"]))
            without += look["class_count"] is None
            if look["loaders"][-1]["type"] != "<boot>" or look["loaders"][-1]["class_count"] < 300:
                bad.append(("the boot loader is not the last", look["loaders"][-1]))
            for r in (look.get("families") or []):
                names += 1
                if not NAMES.match(r["example"]):
                    bad.append(("family", r["example"]))
            for r in (look.get("duplicates") or []):
                # Threads that race for a class of the boot loader's leave one more each.
                if r["class"] != "Walks$Payload" and (r["loader"], r["definitions"]) != ("<boot>", 2):
                    bad.append(("duplicate", r))
    check(names > rounds * 40 and not bad and not without, f"{gc}: nothing wrong is named under churn",
          f"{names} names in {rounds} looks {bad[:3]}")


def families(gc, work):
    random.seed(20)
    with start(work, *cells.flags_of(gc)) as jvm:
        packages = {}
        for name, loader, _ in GENERATED:
            package = ".".join(random.sample(WORDS, random.randint(1, 4)))
            packages[name] = package
            tell(jvm, f"kind {package}.{loader or 'AnyLoader'}{'' if loader else len(packages)}")
            tell(jvm, f"count 12 {package}.{name}" if loader is None else f"loaders 12 1 {package}.{name}")
        rows = jledger_json("classes", jvm.pid, "--families")["families"]
        wrong = []
        for name, loader, generator in GENERATED:
            start_ = f"{packages[name]}.{re.split('[0-9#]', name)[0]}"
            found = [r for r in rows if r["example"].startswith(start_) and r["class_count"] == 12]
            if [r["generator"] for r in found] != [generator]:
                wrong.append((name, [(r["family"], r["generator"]) for r in found]))
            elif not found[0]["bytes"] or found[0]["loader_count"] != (12 if loader else 1):
                wrong.append((name, found))
        check(not wrong, f"{gc}: families and their generators, in packages of any name", f"{len(GENERATED)} {wrong[:2]}")
        jvm.say("loaders 700 2 shop.json.ASMSerializer_#_Order")
        look = jledger_json("classes", jvm.pid, "--families", "--for", "2s")
        grown = [r for r in look["families"] if r["family"] == "shop.json.ASMSerializer_#_Order"]
        check(grown and grown[0]["growth_per_s"] > 50 and
              ((grown[0]["growth_per_mb_allocated"] or 0) > 1 or look["growth_per_mb_missing"]),
              f"{gc}: how fast a family grows", f"{grown and [grown[0][k] for k in ('growth_per_s', 'growth_per_mb_allocated')]}")


def duplicates(gc, work):
    def seen(jvm):
        look = jledger_json("classes", jvm.pid, "--duplicates")
        return {r["class"]: (r["definitions"], r["loader_count"]) for r in look["duplicates"]
                if r["loader"] != "<boot>"}, look["definitions"]

    with start(work, *cells.flags_of(gc)) as jvm:
        tell(jvm, "loaders 20 2 many.Copy_#x", "again 200 again.One")
        names, d = seen(jvm)
        want = {"many.Copy_0x": (20, 20), "many.Copy_1x": (20, 20), "again.One": (201, 1)}
        check(names == want and 200 <= d["repeated"] <= 204 and d["left_no_class"] <= 2,
              f"{gc}: names defined again and again, and in many loaders", f"{names} {d}")
        tell(jvm, "gc")
        names, d = seen(jvm)
        kept = names == want and d["left_no_class"] <= 2
        del want["again.One"]
        gone = names == want and 200 <= d["left_no_class"] <= 202
        check(kept if not is_modular() else gone or (kept and gc in ("Epsilon",)),
              f"{gc}: the same behind a collection: classes on 8, counters later", f"{names} {d}")


def why_alive(gc, work):
    def held(jvm, loader):
        conditions = jledger_json("classes", jvm.pid, "--why-alive", loader)["why_alive"]
        return [[(h["kind"], h["name"]) for h in c["holders"]] for c in conditions["conditions"]], conditions["missing"]

    with start(work, *cells.flags_of(gc)) as jvm:
        tell(jvm, "context", "child", "free", f"native {inside(work / 'libclasses.so')}", "loaders 3 1 some.One")
        for loader, want in (
            ("Classes$Pinned", [[], [("context loader of thread", "the holder")], []]),
            ("Classes$Parent", [[], [("child loader", "Classes$Loader")], []]),
            ("Classes$Free", [[], [], []]),
            ("Classes$Native0", [[("JNI global reference to a", "held.Native0")], [], []]),
            ("Classes$Native1", [[], [("JNI global reference", None)], []]),
            ("Classes$Native2", [[], [], [("JNI global reference to the class", "held.Native2")]]),
        ):
            found, missing = held(jvm, loader)
            check(found == want and not missing, f"{gc}: what keeps {loader}", f"{found} {missing}")
        app = next(r for r in jledger_json("classes", jvm.pid)["loaders"] if (r["type"] or "").endswith("AppClassLoader") and not r["hidden"])
        found, _ = held(jvm, app["loader"])
        check(("the VM, which never unloads a built-in loader", None) in found[1], f"{gc}: a loader by its address", str(found[1][:2]))
        run = jledger("classes", jvm.pid, "--why-alive", "Classes$Loader")
        check(run.returncode == 3 and "0x" in run.stderr, f"{gc}: a type of several loaders names them", run.stderr.strip())


def log_of_classes(work):
    flags = ["-Xlog:class+load,class+unload"] if is_modular() else ["-verbose:class"]
    lines = "loaders 30 2 shop.ASMSerializer_#_Order\ncount 3 some.Other#\ndrop\ngc\n"
    run = subprocess.run(in_root(tool("java"), *flags, "-Xmx64m", "-cp", work, "Classes"), input=lines, capture_output=True,
                         text=True, timeout=60)
    file = work / "what is loaded"
    text = run.stdout
    pasted = "\n".join(re.sub(r"^(\[[^\]]*\])+ ", "", line) if i % 3 == 0 else f"2026-12-01 host java[7]: {line}"
                       for i, line in enumerate(text.splitlines()))
    for label, content in (("whole", text), ("pasted", pasted if is_modular() else "noise " + text.replace("\n", "\r\n"))):
        file.write_text(content)
        look = jledger_json("classes", file)
        family = {r["family"]: r for r in look["families"]}.get("shop.ASMSerializer_#_Order", {})
        check((family.get("loaded"), family.get("unloaded"), family.get("generator"), family.get("source")) ==
              (60, 60, "fastjson", "__JVM_DefineClass__"), f"a log of classes, {label}: a family and its source", str(family)[:200])
        again = {r["class"]: r["loaded"] for r in look["loaded_again"]}
        check(again.get("shop.ASMSerializer_0_Order") == 30 and look["dialect"] == ("unified" if is_modular() else "verbose"),
              f"a log of classes, {label}: names that came again", f"{len(again)} {look['dialect']}")
        count = len(re.findall(r"\[Loaded | source: ", text))
        check(look["loaded"] == count and look["lines"]["unknown"] < 20 and (look["loaded_per_s"] or not is_modular()),
              f"a log of classes, {label}: all of it", f"{look['loaded']} of {count}, {look['lines']}")
    run = jledger("classes", file, "--duplicates")
    check(run.returncode == 0 and "shop.ASMSerializer_0_Order" in run.stdout, "a log of classes as text")
    file.write_text("nothing of the kind\n")
    check(jledger("classes", file).returncode == 3, "another file is no log of classes")


def capture(gc, work):
    file = work / "c.jlc.zip"
    with start(work, *cells.flags_of(gc), program="Walks", how=["quiet"]) as jvm:
        run = jledger("capture", jvm.pid, "-o", file)
        live = jledger_json("classes", jvm.pid, "--loaders", "--families", "--duplicates")
    held = jledger_json("classes", file, "--loaders", "--families", "--duplicates")
    same = [k for k in ("loaders", "families", "duplicates", "definitions", "metaspace", "class_count") if held[k] != live[k]]
    check(run.returncode == 0 and not same, f"{gc}: a capture tells what its JVM told", str(same))
    run = jledger("classes", file, "--why-alive", "app" if is_modular() else "sun.misc.Launcher$AppClassLoader")
    check(run.returncode == 0 and "Not known" in run.stdout, f"{gc}: and says what it does not hold",
          run.stdout[-200:] + run.stderr)


def unreadable(gc, work):
    """A reader that may not read memory asks the VM, and says what that does not tell."""
    sandbox = [str(work / "seccomp_run")]
    with start(work, *cells.flags_of(gc)) as jvm:
        tell(jvm, "loaders 20 3 some.Type#")
        asked = jledger_json("classes", jvm.pid, "--loaders", "--families", "--duplicates", prefix=sandbox)
        read = {r["loader"]: r for r in jledger_json("classes", jvm.pid)["loaders"]}
        rows = [r for r in asked["loaders"] if (r["type"] or "").startswith("Classes$")]
        check(len(rows) == 20 and all((r["class_count"], r["used"], r["type"]) == tuple(
            read[r["loader"]][k] for k in ("class_count", "used", "type")) for r in rows), f"{gc}: where memory is denied, rows",
              f"{len(rows)} {rows[:1]}")
        check(asked["families"] is None and asked["duplicates"] is None and all(
            r["class_space"]["used"] is None and r["wasted"] is None for r in rows), f"{gc}: where memory is denied, unknown is null")
        run = jledger("classes", jvm.pid, "--no-attach", prefix=sandbox)
        check(run.returncode == 3 and "--no-attach" in run.stderr, f"{gc}: and nothing without attach", run.stderr[:100])


def main():
    gcs, rest = cells.chosen(sys.argv[1:], ("G1", "Parallel"))
    rounds = int(rest[0]) if rest else 20
    check(gcs, "the JDK starts")
    work = scratch()
    compile_java([ROOT / f"tests/live/java/{name}.java" for name in ("Walks", "Classes")], work)
    compile_jni(ROOT / "tests/live/java/classes.c", work / "libclasses.so")
    compile_c(ROOT / "tests/live/seccomp_run.c", work / "seccomp_run")
    with part("a log of classes"):
        log_of_classes(work)
    for gc in gcs:
        for what in (quiet, families, duplicates, why_alive, capture, unreadable):
            with part(f"{gc}: {what.__name__}"):
                what(gc, work)
        if gc != "Epsilon":
            with part(f"{gc}: churn"):
                churn(gc, work, rounds)
    shutil.rmtree(work)
    done()


if __name__ == "__main__":
    main()
