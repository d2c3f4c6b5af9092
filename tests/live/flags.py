# SPDX-License-Identifier: Apache-2.0
"""Options x JDK: obsolete, expired, unknown, without effect or fine, each judged twice - as a command line that
does not run (flags --jdk N -- ...) and in the running JVM - against what that JDK itself prints: its words on
stderr, and the values of -XX:+PrintFlagsFinal of the same command line.

A row's letters are for JDK 8, 11, 17, 21, 25 (later ones are judged as 25 is where the JDK agrees): f fine, d deprecated
but working, o obsolete, x expired, u unknown (a later JDK has it, or none), i without effect. The JDK is the judge: a
letter that it contradicts is a failure of the table.

JDK_ROOT: where the JDKs are, below usr/lib/jvm; else this machine's.
"""

import contextlib
import os
import re
import shutil
import subprocess
import sys

import harness
from harness import JDK_ROOT, ROOT, Jvm, check, compile_java, done, inside, jledger_json, outside, part, scratch

RELEASES = (8, 11, 17, 21, 25)
Z = ["-XX:+UnlockExperimentalVMOptions", "-XX:+UseZGC"]
SERIAL, PARALLEL, G1 = ["-XX:+UseSerialGC"], ["-XX:+UseParallelGC"], ["-XX:+UseG1GC"]
# options before the one judged, that one, options behind, letters
GC_LOG = "/tmp/jledger-flags-gc.log"
TABLE = [
    ([], "-XX:PermSize=64m", [], "ooxxx"),
    ([], "-XX:MaxPermSize=128m", [], "ooxxx"),
    ([], "-XX:+UseSplitVerifier", [], "oxxxx"),
    ([], "-XX:+UseConcMarkSweepGC", [], "fdxxx"),
    ([], "-XX:+UseParNewGC", [], "dxxxx"),
    (["-XX:+UseG1GC"], "-XX:CMSInitiatingOccupancyFraction=70", [], "iixxx"),
    (["-XX:+UseG1GC"], "-XX:+CMSClassUnloadingEnabled", [], "iixxx"),
    ([], "-XX:+AggressiveOpts", [], "fdxxx"),
    ([], "-XX:+UseBiasedLocking", [], "ffdxx"),
    (SERIAL + ["-XX:-UseBiasedLocking"], "-XX:BiasedLockingStartupDelay=1000", [], "iiixx"),
    ([], "-XX:+PrintGCDetails", [], "fdddd"),
    ([], "-XX:+PrintGCDateStamps", [], "fxxxx"),
    ([], "-XX:+PrintTenuringDistribution", [], "fxxxx"),
    ([], "-XX:NumberOfGCLogFiles=5", [], "ixxxx"),
    ([], "-XX:+UseParallelOldGC", [], "ffxxx"),
    ([], "-XX:+UseCompressedOops", [], "fffff"),
    ([], "-XX:+UseCompressedOops", ["-Xmx40g", "-Xms64m"], "iiiii"),
    ([], "-XX:+UseCompressedClassPointers", [], "ffffd"),
    (["-XX:-UseCompressedOops"], "-XX:+UseCompressedClassPointers", [], "iiffd"),
    (G1, "-XX:+ScavengeBeforeFullGC", [], "iiiix"),
    (PARALLEL, "-XX:+ExplicitGCInvokesConcurrent", [], "iiiii"),
    (G1, "-XX:NewRatio=3", ["-XX:MaxNewSize=32m"], "iiiii"),
    ([], "-XX:MaxMetaspaceSize=128m", [], "fffff"),
    ([], "-XX:MetaspaceSize=256m", ["-XX:MaxMetaspaceSize=128m"], "iiiii"),
    ([], "-XX:MaxRAMPercentage=50.0", [], "iiiii"),  # -Xmx is given
    ([], "-XX:MaxRAMFraction=4", [], "iiiix"),
    ([], "-XX:InitialRAMPercentage=10.0", ["-Xms32m"], "iiiii"),
    ([], "-XX:+UseContainerSupport", [], "fffff"),
    (["-XX:+UnlockExperimentalVMOptions"], "-XX:+UseCGroupMemoryLimitForHeap", [], "fxxxx"),
    (["-XX:+UnlockExperimentalVMOptions"], "-XX:+UseZGC", [], "uffff"),
    (Z, "-XX:MaxNewSize=20m", [], "?iiii"),
    (Z, "-XX:SurvivorRatio=6", [], "?iiii"),
    (Z, "-XX:+ZGenerational", [], "?uufo"),
    (SERIAL, "-XX:ParallelGCThreads=2", [], "iiiii"),
    (SERIAL, "-XX:MaxGCPauseMillis=100", [], "iiiii"),
    (PARALLEL, "-XX:InitiatingHeapOccupancyPercent=40", [], "iiiii"),
    (PARALLEL, "-XX:G1HeapRegionSize=2m", [], "iiiii"),
    (G1, "-XX:G1HeapRegionSize=2m", [], "fffff"),
    (G1, "-XX:MaxGCPauseMillis=100", [], "fffff"),
    (G1, "-XX:+UseAdaptiveSizePolicy", [], "iiiii"),
    (SERIAL, "-XX:NewSize=300m", [], "iiiii"),
    (SERIAL, "-XX:NewSize=10m", [], "fffff"),
    ([], "-XX:HeapDumpPath=/tmp", [], "iiiii"),
    ([], "-XX:HeapDumpPath=/tmp", ["-XX:+HeapDumpOnOutOfMemoryError"], "fffff"),
    ([], "-XX:+HeapDumpOnOutOfMemoryError", [], "fffff"),
    ([], "-XX:CompressedClassSpaceSize=64m", ["-XX:-UseCompressedClassPointers"], "iiiii"),
    (G1, "-XX:+UseStringDeduplication", [], "fffff"),
    (G1, "-XX:StringDeduplicationAgeThreshold=5", [], "iiiii"),
    ([], "-XX:TrimNativeHeapInterval=5000", [], "uufff"),
    ([], "-XX:+UseLargePagesInMetaspace", [], "ffxxx"),
    ([], "-XX:ThreadStackSize=512", [], "fffff"),
    ([], "-Xss512k", [], "fffff"),
    ([], "-Xmx300m", ["-Xmx256m"], "iiiii"),
    ([], "-XX:ReservedCodeCacheSize=64m", [], "fffff"),
    ([], "-XX:MaxDirectMemorySize=64m", [], "fffff"),
    ([], "-XX:ParallelCMSThreads=2", [], "fxxxx"),  # taken without a flag of the name
    ([], "-XX:+CMSPermGenSweepingEnabled", [], "fxxxx"),
    ([], "-XX:+UseAppCDS", [], "uoxxx"),
    ([], "-XX:+UseNoSuchThing", [], "uuuuu"),
    ([], "-XX:NativeMemoryTracking=summary", [], "fffff"),
    ([], "-Xprof", [], "foooo"),
    ([], "-Xincgc", [], "dxxxx"),
    ([], "-Xloggc:" + GC_LOG, [], "fdddd"),
    (["-XX:+UnlockDiagnosticVMOptions"], "-XX:GuaranteedSafepointInterval=300000", [], "fffff"),
    ([], "-XX:GuaranteedSafepointInterval=300000", [], "uuuuu"),  # diagnostic, and locked
]
# What of a row's verdict the JDK shows by the flags of the same command line, where it says nothing in words.
BECAUSE = {
    "CMSInitiatingOccupancyFraction": ("UseConcMarkSweepGC", "false"), "CMSClassUnloadingEnabled": ("UseConcMarkSweepGC", "false"),
    "BiasedLockingStartupDelay": ("UseBiasedLocking", "false"), "NumberOfGCLogFiles": ("UseGCLogFileRotation", "false"),
    "MaxNewSize": ("UseZGC", "true"), "SurvivorRatio": ("UseZGC", "true"), "ParallelGCThreads": ("UseSerialGC", "true"),
    "MaxGCPauseMillis": ("UseSerialGC", "true"), "InitiatingHeapOccupancyPercent": ("UseParallelGC", "true"),
    "G1HeapRegionSize": ("UseG1GC", "false"), "UseAdaptiveSizePolicy": ("UseG1GC", "true"),
    "ScavengeBeforeFullGC": ("UseG1GC", "true"), "ExplicitGCInvokesConcurrent": ("UseParallelGC", "true"),
    "NewRatio": ("MaxNewSize", str(32 << 20)), "HeapDumpPath": ("HeapDumpOnOutOfMemoryError", "false"),
    "CompressedClassSpaceSize": ("UseCompressedClassPointers", "false"),
    "StringDeduplicationAgeThreshold": ("UseStringDeduplication", "false"),
    "MaxRAMPercentage": ("MaxHeapSize", str(256 << 20)), "MaxRAMFraction": ("MaxHeapSize", str(256 << 20)),
    "InitialRAMPercentage": ("InitialHeapSize", str(32 << 20)),
}
IGNORE = "-XX:+IgnoreUnrecognizedVMOptions"
STATES = {"obsolete": "o", "expired": "x", "unknown": "u", "without effect": "i"}


def homes():
    """{release: home} of the JDKs, as paths in the root."""
    found, folder = {}, outside("/usr/lib/jvm")
    for home in sorted(folder.iterdir()) if folder.is_dir() else [harness.java_home()]:
        if home.is_symlink() or not (home / "bin/java").exists():
            continue
        release = home / "release"  # some builds of JDK 8 have none
        version = re.search(r'JAVA_VERSION="(?:1\.)?(\d+)', release.read_text())[1] if release.exists() else "8"
        if int(version) in RELEASES:
            found.setdefault(int(version), inside(home))
    return dict(sorted(found.items()))


def options_of(row):
    before, option, behind, _ = row
    heap = [] if any(o.startswith("-Xmx") for o in (option, *behind)) else ["-Xmx256m"]
    return [*heap, *before, option, *behind]


def name_of(option):
    return re.sub(r"^-XX:[-+]?|[=:].*$", "", option) if option.startswith("-XX:") else option


def ask_jdk(home, options):
    """What the JDK says and does: (words, {flag: value} or None where it does not start)."""
    run = subprocess.run(harness.in_root(f"{home}/bin/java", *options, "-XX:+PrintFlagsFinal", "-version"),
                         capture_output=True, text=True, timeout=120)
    words = run.stderr + "\n".join(line for line in run.stdout.splitlines() if "warning" in line)
    flags = dict(re.findall(r"^\s*\w+ (\w+)\s*:?= ?(.*?)\s*\{", run.stdout, re.M))
    return words, None if run.returncode else flags


def number(text):
    found = re.fullmatch(r"(\d+)([kmg]?)", text)
    return int(found.group(1)) << {"": 0, "k": 10, "m": 20, "g": 30}[found.group(2)] if found else None


def given_value(option):
    """The flag and the value that the VM would print of it; None where it is no plain flag."""
    switch, value = re.fullmatch(r"-XX:([+-])(\w+)", option), re.fullmatch(r"-XX:(\w+)=(.*)", option)
    if switch:
        return switch.group(2), "true" if switch.group(1) == "+" else "false"
    if value:
        plain = number(value.group(2))
        return value.group(1), str(plain) if plain is not None else value.group(2)
    if option.startswith("-Xmx"):
        return "MaxHeapSize", str(number(option[4:]))
    if option.startswith("-Xss"):
        return "ThreadStackSize", str(number(option[4:]) >> 10)
    return None


def same_value(ours, theirs):
    with contextlib.suppress(ValueError):
        return abs(float(ours) - float(theirs)) < 1e-6 * max(1, abs(float(theirs)))
    return ours == theirs


def letter_of_jdk(row, words, flags, earlier):
    """The row's letter as the JDK itself has it; `earlier`: an earlier JDK took the option."""
    name, value = name_of(row[1]), given_value(row[1])
    if flags is None:
        return "x" if earlier and "must be enabled" not in words else "u"
    if re.search(rf"[Ii]gnoring (option {re.escape(name)}\b.*support was removed|obsolete option {re.escape(name)}\b)", words):
        return "o"
    if value and value[0] in flags and not same_value(value[1], flags[value[0]]):
        return "i"
    if name in BECAUSE and flags.get(BECAUSE[name][0], "false") == BECAUSE[name][1]:
        return "i"
    # "Option X was deprecated", "-XX:+X is deprecated", 8: "Using the ParNew young collector ... is deprecated"
    return "d" if re.search(r"deprecated", words) else "f"


def letter_of_ours(report, option):
    for f in report["ineffective"]:
        if f["option"] == option:
            return STATES[f["state"]], f["why"]
    return ("d" if any(f["option"] == option for f in report["deprecated"]) else "f"), ""


def fits(ours, theirs):
    return ours == theirs or {ours, theirs} == {"d", "f"}


class Cells:
    def __init__(self, work):
        self.work, self.taken, self.right, self.count, self.wrong = work, {}, 0, 0, []

    def judge(self, release, home, row):
        options, option = options_of(row), row[1]
        expected = row[3][RELEASES.index(release)]
        if expected == "?":  # the JDK lacks what the row builds on
            return
        words, flags = ask_jdk(home, options)
        theirs = letter_of_jdk(row, words, flags, self.taken.get(option))
        if flags is not None:
            self.taken[option] = True
        # With one JDK alone nobody tells expired from unknown; the table does.
        if theirs == "u" and expected == "x" and not self.complete:
            theirs = "x"
        label = f"JDK {release}: {' '.join(options)}"
        if not fits(expected, theirs):
            check(False, f"{label}: the table says what the JDK says", f"table {expected}, JDK {theirs}: {words.strip()[:120]}")
        static, why = letter_of_ours(jledger_json("flags", "--jdk", release, "--json", "--", *options), option)
        self.note(label, "as a command line", static, theirs, why)
        if "must be enabled" in words and release > 8:  # refused, whatever it is told to ignore
            return
        # What is refused can be running only when the VM was told not to mind; 8 says nothing of it then.
        running = [IGNORE, *options] if theirs in "xu" else options
        os.environ["JDK"] = home
        with Jvm([*running, "-cp", self.work, "Quiet"]) as jvm:
            live, why = letter_of_ours(jledger_json("flags", jvm.pid), option)
        locked = {"u": "i"} if "locked" in why or "Unlock" in why else {}
        self.note(label, "running", live, locked.get(theirs, theirs), why)

    def note(self, label, how, ours, theirs, why):
        self.count += 1
        self.right += fits(ours, theirs)
        if not fits(ours, theirs):
            self.wrong.append(f"{label} {how}: ours {ours} ({why}), the JDK's {theirs}")
            print(f"wrong: {self.wrong[-1]}", flush=True)


def places(home, work):
    """One option in each place that options come from, each named."""
    (work / "opts").write_text("-XX:NewRatio=3 # a comment\n")
    (work / "vm").write_text("-XX:SurvivorRatio=7")
    (work / "rc").write_text("# flags\nMaxTenuringThreshold=9\n")
    env = {**os.environ, "JAVA_TOOL_OPTIONS": "-Xmx100m", "JDK_JAVA_OPTIONS": "-Xmx110m", "_JAVA_OPTIONS": "-Xmx130m",
           "JAVA_OPTS": "-Xmx990m"}
    os.environ["JDK"] = home
    modern = outside(f"{home}/lib/modules").exists()
    files = [f"@{inside(work / 'opts')}", f"-XX:VMOptionsFile={inside(work / 'vm')}"] if modern else []
    with Jvm([f"-XX:Flags={inside(work / 'rc')}", "-XX:+UseSerialGC", "-Xmx120m", *files, "-XX:NewRatio=4", "-XX:SurvivorRatio=6",
              "-XX:MaxTenuringThreshold=8", "-cp", work, "Quiet"], env=env) as jvm:
        rows = jledger_json("flags", jvm.pid)["ineffective"]
    said = {(r["option"], r["where"].split("=")[0].split("/")[0]) for r in rows}
    wanted = {("-Xmx100m", "JAVA_TOOL_OPTIONS"), ("-Xmx110m", "JDK_JAVA_OPTIONS"), ("-Xmx120m", "command line"),
              ("-Xmx990m", "JAVA_OPTS"), ("MaxTenuringThreshold=9", "-XX:Flags")}
    wanted |= {("-XX:NewRatio=3", "@"), ("-XX:SurvivorRatio=7", "-XX:VMOptionsFile")} if modern else set()
    check(said == wanted, f"{home}: every place is named, and the last one wins", f"missing {wanted - said}, too many {said - wanted}")


def budget(home, work):
    os.environ["JDK"] = home
    with Jvm(["-Xmx64m", "-XX:MaxMetaspaceSize=48m", "-cp", work, "Quiet"]) as jvm:
        b = jledger_json("flags", jvm.pid)["budget"]
        small = jledger_json("flags", jvm.pid, "--limit", "96m")["budget"]
        rss = jledger_json("map", jvm.pid)["rss"]
    parts = {p["account"]: p for p in b["parts"]}
    check(b["total"] == sum(p["max"] for p in b["parts"]), f"{home}: the budget is the sum of its parts")
    check(parts["java-heap"]["max"] == 64 << 20 and parts["metaspace"]["max"] == 48 << 20,
          f"{home}: limits that were set count", str([parts["java-heap"], parts["metaspace"]]))
    check(0.7 * rss < b["now"] < 1.1 * rss, f"{home}: what is in use now is nearly all of the RSS", f"{b['now'] >> 20} of {rss >> 20} MB")
    check(small["fits"] is False and any(a["option"].startswith("-Xmx") for a in small["advice"]) or "No heap fits" in small["text"],
          f"{home}: what does not fit is said, with what would", small["text"])


def settings(home, work):
    os.environ["JDK"] = home
    env = {**os.environ, "MALLOC_ARENA_MAX": "2", "MALLOC_TRIM_THRESHOLD": "131072", "MALLOC_TOP_PAD_": "64K",
           "GLIBC_TUNABLES": "glibc.malloc.mmap_threshold=65536"}
    with Jvm(["-Xmx64m", "-cp", work, "Quiet"], env=env) as jvm:
        rows = {r["name"]: r["in_force"] for r in jledger_json("flags", jvm.pid)["malloc"]["settings"]}
    check(rows == {"MALLOC_ARENA_MAX": True, "MALLOC_TRIM_THRESHOLD": False, "MALLOC_TOP_PAD_": False,
                   "glibc.malloc.mmap_threshold": True}, f"{home}: settings of malloc are in force or not", str(rows))


def main():
    jdks = homes()
    work = scratch()
    cells = Cells(work)
    cells.complete = 8 in jdks
    compile_java([ROOT / "tests/live/java/Quiet.java"], work, release=8)
    rows = [r for r in TABLE if not sys.argv[1:] or any(word in r[1] for word in sys.argv[1:])]
    for release, home in jdks.items():
        for row in rows:
            with part(f"JDK {release}: {row[1]}"):
                cells.judge(release, home, row)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(os.environ.get("JDK_ROOT", "") + GC_LOG)
    check(cells.count and not cells.wrong, f"{len(rows)} options x JDK {', '.join(map(str, jdks))}: judged as the JDK does",
          f"{cells.right} of {cells.count} cells")
    for home in jdks.values():
        for probe in (places, budget, settings):
            with part(f"{home}: {probe.__name__}"):
                probe(home, work)
    shutil.rmtree(work)
    done()


if __name__ == "__main__":
    main()
