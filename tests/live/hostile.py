#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Targets that are not what one expects: that end while they are looked at, just start, are no JVM,
pretend to be one, never stand still; files that are damaged and outputs that can't be written.

Each answer must come within 5 seconds (beside --for) with a documented exit code, without a crash,
and a ledger that is printed must add up.  Root makes the rest possible: others' processes, read-only
file systems, a number that is used again.  `hostile.py quick` does fewer rounds; names of parts choose.
"""

import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time

import harness
from harness import COLLECTORS, ROOT, Jvm, as_user, check, compile_java, done, java_home, scratch, skip, status, tool

QUICK = "quick" in sys.argv[1:]
ROOT_USER = os.geteuid() == 0
LIMIT_S = float(os.environ.get("LIMIT_S", 5))  # more for a build with sanitizers
WORK = scratch("jledger-hostile-")
DRAW = random.Random(20261125)
SMALL = ["-Xmx32m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", str(WORK)]
# A sanitizer's report is a crash, also where the exit code says nothing.
BAD_WORDS = ("AddressSanitizer", "UndefinedBehavior", "runtime error", "LeakSanitizer", "stack smashing")


class Answer:
    """One run: how it ended, how long it took, and what is wrong with it, if anything."""

    def __init__(self, command, allowed, beside_s=0.0, meanwhile=None, prefix=(), stdout=subprocess.PIPE, cwd=None):
        if command[0] == "doctor" and "--for" not in command:  # which watches for half a minute by itself
            command = [*command, "--for", "0"]
        self.command = " ".join(map(str, command))
        started = time.monotonic()
        process = subprocess.Popen([*prefix, harness.JLEDGER, *map(str, command)], stdout=stdout,
                                   stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, errors="replace",
                                   cwd=cwd)
        if meanwhile:
            meanwhile()
        try:
            self.out, self.err = process.communicate(timeout=30 + beside_s)
        except subprocess.TimeoutExpired:
            process.kill()
            self.out, self.err = process.communicate()
        self.out = self.out or ""
        self.code, self.took = process.returncode, time.monotonic() - started - beside_s
        self.wrong = self._find_wrong(allowed)

    def _find_wrong(self, allowed):
        if self.code not in allowed:
            return f"{self.command}: exit {self.code}, not {sorted(allowed)}: {self.err.strip()[-300:]}"
        if self.took > LIMIT_S:
            return f"{self.command}: {self.took:.1f} s"
        if any(word in self.err for word in BAD_WORDS):
            return f"{self.command}: {self.err.strip()[:400]}"
        if self.code == 3 and not self.err.startswith("jledger: "):
            return f"{self.command}: exit 3 without a message"
        return None

    def objects(self):
        return [json.loads(line) for line in self.out.splitlines() if line.strip()]


def ledger_errors(ledger):
    """What can't be right in a ledger, whatever its target does."""
    wrong = []
    booked = sum(row["resident"] or 0 for row in ledger["accounts"]) + ledger["unaccounted"]
    if booked != ledger["rss"]:
        wrong.append(f"accounts and unaccounted are {booked} of {ledger['rss']}")
    if ledger["overlaps"]:
        wrong.append(f"overlaps {ledger['overlaps'][:2]}")
    for row in ledger["accounts"]:
        if (row["resident"] or 0) > ledger["rss"] or (row["certain"] or 0) > (row["resident"] or 0):
            wrong.append(f"{row['account']}: {row['resident']} resident, {row['certain']} certain")
    return wrong


def look(command, allowed, **options):
    """map or doctor as JSON; returns the answer and the ledgers, having judged both."""
    answer = Answer([*command, "--json"], allowed, **options)
    ledgers = []
    try:
        ledgers = [o.get("ledger", o) for o in answer.objects()]
    except ValueError:
        answer.wrong = answer.wrong or f"{answer.command}: no JSON: {answer.out[:100]!r}"
    for ledger in ledgers:
        wrong = ledger_errors(ledger)
        if wrong:
            answer.wrong = answer.wrong or f"{answer.command}: {'; '.join(wrong)}"
    if answer.code == 0 and not ledgers:
        answer.wrong = answer.wrong or f"{answer.command}: exit 0 and nothing printed"
    return answer, ledgers


def judge(answers, label):
    wrong = [a.wrong for a in answers if a.wrong]
    codes = {code: sum(1 for a in answers if a.code == code) for code in sorted({a.code for a in answers})}
    slowest = max((a.took for a in answers), default=0)
    return check(answers and not wrong, label,
                 f"{len(answers)} runs, exits {codes}, slowest {slowest:.2f} s{''.join(chr(10) + '  ' + w for w in wrong[:5])}")


def after(delay, action):
    def run():
        time.sleep(delay)
        action()
    return run


# ---- ends meanwhile

def end_by(jvm, how):
    return (lambda: os.kill(jvm.pid, how)) if isinstance(how, int) else jvm.process.stdin.close


def killed_meanwhile():
    """A look takes some 15 ms; deaths are spread over it and a little beyond."""
    rounds = 12 if QUICK else 40
    gone = 0
    for label, command, longest in (("map", ["map"], 0.03), ("doctor", ["doctor"], 0.03),
                                    ("map --by thread", ["map", "--by", "thread"], 0.03), ("flags", ["flags"], 0.02)):
        answers = []
        for i in range(rounds if label == "map" else rounds // 4):
            with Jvm([*SMALL, "Brief"]) as jvm:
                how = (signal.SIGKILL, signal.SIGTERM, "end")[i % 3]
                end = end_by(jvm, how)
                delay = longest * DRAW.random()
                if label == "flags":
                    answers.append(Answer([*command, jvm.pid, "--json"], {0, 3}, meanwhile=after(delay, end)))
                else:
                    answers.append(look([*command, jvm.pid], {0, 3}, meanwhile=after(delay, end))[0])
                if how == signal.SIGKILL and answers[-1].code == 0 and "layout unknown" in answers[-1].out:
                    answers[-1].wrong = "it says that the layout is unknown, not that it ended"
                if answers[-1].code == 3 and str(jvm.pid) not in answers[-1].err:
                    answers[-1].wrong = f"the message doesn't name the process: {answers[-1].err.strip()}"
        judge(answers, f"killed during {label}")
        gone += sum(1 for a in answers if a.code == 3)
    check(gone > 0, "some of them were caught in the middle", f"{gone} exits 3")


def killed_while_watched():
    for command in (["map", "--for", "1"], ["doctor", "--for", "1"], ["map", "--for", "1", "--every", "0.25"]):
        answers = []
        for _ in range(2 if QUICK else 4):
            with Jvm([*SMALL, "Brief"]) as jvm:
                kill = after(0.2 + 0.9 * DRAW.random(), lambda: os.kill(jvm.pid, signal.SIGKILL))
                answer, _ = look([command[0], jvm.pid, *command[1:]], {0, 3}, beside_s=1, meanwhile=kill)
                answers.append(answer)
        judge(answers, f"killed during {' '.join(command)}")


def killed_while_captured():
    rounds = 6 if QUICK else 15
    for command, window in ((["capture"], 0.08), (["capture", "--samples", "3", "--every", "0.3"], 1.0)):
        answers, left = [], []
        for i in range(rounds if window < 1 else rounds // 3):
            file = WORK / f"killed-{i}.jlc.zip"
            with Jvm([*SMALL, "Brief"]) as jvm:
                kill = after(window * DRAW.random(), lambda: os.kill(jvm.pid, signal.SIGKILL))
                answer = Answer([command[0], jvm.pid, "-o", file, *command[1:]], {0, 3}, beside_s=window - 0.08, meanwhile=kill)
            if answer.code == 0:
                again, _ = look(["map", file], {0})
                answer.wrong = answer.wrong or again.wrong
            elif file.exists():
                answer.wrong = answer.wrong or f"failed, and left {file.name}"
            file.unlink(missing_ok=True)
            left += list(WORK.glob("*killed-*"))
            answers.append(answer)
        judge(answers, f"killed during {' '.join(command)}")
        check(not left, f"{' '.join(command)}: no part of a file stays", str(left[:2]))


def zombie():
    process = subprocess.Popen([tool("java"), *SMALL, "Brief"], stdout=subprocess.PIPE, stdin=subprocess.PIPE)
    process.stdout.readline()
    process.kill()
    for _ in range(500):
        if status(process.pid, "State") == "Z":
            break
        time.sleep(0.01)
    check(status(process.pid, "State") == "Z", "zombie: it is one")
    answers = [Answer([c, process.pid], {3}) for c in ("map", "doctor", "flags")]
    answers.append(Answer(["capture", process.pid, "-o", WORK / "zombie.zip"], {3}))
    judge(answers, "zombie: exit 3")
    check(all("exited" in a.err for a in answers), "zombie: it is said", answers[0].err.strip())
    check(str(process.pid) not in Answer(["ps"], {0}).out.split(), "zombie: ps leaves it out")
    process.wait()


def used_again():
    """The number of a process that ends while it is watched goes to another JVM."""
    last = pathlib.Path("/proc/sys/kernel/ns_last_pid")
    if not ROOT_USER or not os.access(last, os.W_OK):
        skip("a number that is used again", "needs root and /proc/sys/kernel/ns_last_pid")
        return
    seen, answers = 0, []
    for _ in range(6):
        first = Jvm([*SMALL, "Brief"])
        second = []

        def replace():
            time.sleep(0.4)
            first.stop()
            last.write_text(str(first.pid - 1))
            second.append(Jvm([*SMALL, "Brief"]))

        answer, _ = look(["map", first.pid, "--for", "2"], {0, 3}, beside_s=2, meanwhile=replace)
        second[0].stop()
        if second[0].pid != first.pid:
            continue
        seen += 1
        if answer.code != 3 or "another" not in answer.err:
            answer.wrong = answer.wrong or f"not seen: exit {answer.code} {answer.err.strip()}"
        answers.append(answer)
        if seen == 2:
            break
    if not answers:
        skip("a number that is used again", "the kernel never gave it again")
        return
    judge(answers, "a number that is another JVM's at the second look: exit 3")


# ---- starts or ends

def just_starting():
    for gc in COLLECTORS[::2] if QUICK else COLLECTORS:
        answers, unknown = [], []
        for i in range(15 if QUICK else 40):
            with Jvm(["-Xmx64m", f"-XX:+Use{gc}GC", "-cp", str(WORK), "Brief"], ready=None) as jvm:
                time.sleep(0.3 * i / (15 if QUICK else 40))
                answer, ledgers = look(["map", jvm.pid], {0, 3})
                answers.append(answer)
                unknown += [f"{i}: {100 * v['unaccounted'] / max(v['rss'], 1):.1f} %" for v in ledgers
                            if v["unaccounted"] > max(v["rss"] // 4, 8 << 20) and not v["misses"]]
                if answer.code == 3 and not any(w in answer.err for w in ("not a Java process", "exited", "no process")):
                    answer.wrong = answer.wrong or answer.err.strip()
        judge(answers, f"{gc}: just starting, 0 to 300 ms old")
        check(not unknown, f"{gc}: most of a starting JVM has an owner, or it is said what is missing", ", ".join(unknown[:5]))


def slowly_ending():
    answers = []
    with Jvm([*SMALL, "Brief", "1500"]) as jvm:
        jvm.process.stdin.close()
        while jvm.process.poll() is None:
            answers.append(look(["map", jvm.pid], {0, 3})[0])
            time.sleep(0.01)
    judge(answers, "a JVM in System.exit with a slow hook")
    check(sum(1 for a in answers if a.code == 0) > 5, "its ledger is to be had until the end",
          f"{sum(1 for a in answers if a.code == 0)} of {len(answers)}")


def stopped():
    for gc in COLLECTORS:
        with Jvm(["-Xmx64m", f"-XX:+Use{gc}GC", "-cp", str(WORK), "Brief"]) as jvm:
            os.kill(jvm.pid, signal.SIGSTOP)
            answer, ledgers = look(["map", jvm.pid], {0})
            report, _ = look(["doctor", jvm.pid, "--for", "0.5"], {0}, beside_s=0.5)
            flags = Answer(["flags", jvm.pid, "--json"], {0})
            file = WORK / f"stopped-{gc}.zip"
            captured = Answer(["capture", jvm.pid, "-o", file], {0})
            judge([answer, report, flags, captured], f"{gc}, stopped: exit 0")
            if ledgers:
                check(ledgers[0]["unaccounted"] * 1000 <= ledgers[0]["rss"] and not ledgers[0]["misses"],
                      f"{gc}, stopped: the full ledger", f"{ledgers[0]['unaccounted']} {ledgers[0]['misses'][:2]}")
            check(status(jvm.pid, "State") == "T", f"{gc}, stopped: it still is")
            os.kill(jvm.pid, signal.SIGCONT)


# ---- is no JVM

HOLD = r"""
import ctypes, mmap, sys, time
kept = []
for path in sys.argv[2:]:
    if sys.argv[1] == "load":
        kept.append(ctypes.CDLL(path))
    else:
        f = open(path, "rb")
        kept.append(mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ | (mmap.PROT_EXEC if sys.argv[1] == "exec" else 0)))
        kept[-1][: 1 << 20]
print("ready", flush=True)
time.sleep(120)
"""

# Tables that a HotSpot never has: no end, names that lead nowhere or to themselves, absurd offsets.
FAKE_VM = r"""
#include <stdint.h>
struct entry { const char *type, *field, *of; int32_t is_static; uint64_t offset; void *address; };
struct type { const char *name, *super; int32_t oop, integer, is_unsigned; uint64_t size; };
struct constant { const char *name; int32_t value; };
extern struct entry entries[];
static char endless[1 << 20];
#define E(t, f, o) { t, f, "char", 0, o, 0 }, { t, f, "char", 1, 0, (void *)&entries }
struct entry entries[1000] = {
	E("Thread", "_osthread", ~0ull), E("JavaThread", "_next", 8), E("Universe", "_collectedHeap", 1ull << 62),
	E("ClassLoaderDataGraph", "_head", 0), E("CodeCache", "_heaps", 0), E("JVMFlag", "flags", 0),
	E("JVMFlag", "numFlags", 0), E("Abstract_VM_Version", "_s_vm_release", 0), E(endless, endless, 0),
	E((const char *)8, (const char *)-8, 0), E("JDK_Version", "_current", 0),
};
struct type types[1000] = { { "JavaThread", "JavaThread", 0, 0, 0, ~0ull }, { "Thread", "Klass", 0, 0, 0, 0 },
	{ "Klass", "Thread", 0, 0, 0, 8 }, { endless, endless, 1, 1, 1, 1 } };
struct constant constants[1000] = { { "oopSize", -1 }, { endless, 1 } };
struct entry *gHotSpotVMStructs = entries;
struct type *gHotSpotVMTypes = types;
struct constant *gHotSpotVMIntConstants = constants, *gHotSpotVMLongConstants = constants;
#define N(n, v) uint64_t n = v;
N(gHotSpotVMStructEntryTypeNameOffset, 0) N(gHotSpotVMStructEntryFieldNameOffset, 8)
N(gHotSpotVMStructEntryTypeStringOffset, 16) N(gHotSpotVMStructEntryIsStaticOffset, 24)
N(gHotSpotVMStructEntryOffsetOffset, 32) N(gHotSpotVMStructEntryAddressOffset, 40)
N(gHotSpotVMStructEntryArrayStride, STRIDE) N(gHotSpotVMTypeEntryTypeNameOffset, 0)
N(gHotSpotVMTypeEntrySuperclassNameOffset, 8) N(gHotSpotVMTypeEntryIsOopTypeOffset, 16)
N(gHotSpotVMTypeEntryIsIntegerTypeOffset, 20) N(gHotSpotVMTypeEntryIsUnsignedOffset, 24)
N(gHotSpotVMTypeEntrySizeOffset, 32) N(gHotSpotVMTypeEntryArrayStride, STRIDE)
N(gHotSpotVMIntConstantEntryNameOffset, 0) N(gHotSpotVMIntConstantEntryValueOffset, 8)
N(gHotSpotVMIntConstantEntryArrayStride, STRIDE) N(gHotSpotVMLongConstantEntryNameOffset, 0)
N(gHotSpotVMLongConstantEntryValueOffset, 8) N(gHotSpotVMLongConstantEntryArrayStride, STRIDE)
__attribute__((constructor)) static void fill(void)
{
	for (unsigned i = 0; i < sizeof(endless); i++)
		endless[i] = 'x';
	for (unsigned i = 22; i < 1000; i++)
		entries[i] = entries[i % 22], types[i] = types[i % 4], constants[i] = constants[i % 2];
}
"""


class Other:
    """A process that is no JVM, ready to be looked at."""

    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.pid = self.process.pid

    def ready(self):
        return self.process.stdout.readline().strip() == "ready"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def all_commands(pid, allowed):
    answers = [look([c, pid], allowed)[0] for c in ("map", "doctor")]
    answers += [Answer(["map", pid], allowed), Answer(["flags", pid, "--json"], allowed)]
    file = WORK / "other.zip"
    answers.append(Answer(["capture", pid, "-o", file], allowed))
    file.unlink(missing_ok=True)
    ps = Answer(["ps", "--json"], {0})
    return [*answers, ps]


def not_java():
    for command in (["sleep", "60"], ["bash", "-c", "sleep 60; true"], [sys.executable, "-c", "import time; time.sleep(60)"]):
        with Other(*command) as other:
            time.sleep(0.2)
            answers = all_commands(other.pid, {3})
            judge(answers, f"{pathlib.Path(command[0]).name}: exit 3")
            check("not a Java process" in answers[0].err, "and the reason", answers[0].err.strip())
    fake = WORK / "java"
    shutil.copy(shutil.which("sleep"), fake)
    with Other(str(fake), "60") as other:
        time.sleep(0.2)
        judge(all_commands(other.pid, {3}), "a program named java that is none: exit 3")
    judge([Answer(["map", 1], {3} if status(1, "Name") != "java" else {0})], "PID 1: exit 3")
    own = subprocess.run(["sh", "-c", f"exec {harness.JLEDGER} map $$"], capture_output=True, text=True, timeout=30)
    check(own.returncode == 3 and "not a Java process" in own.stderr, "itself: exit 3", own.stderr.strip())
    thread = next((int(p.name) for p in pathlib.Path("/proc").glob("[0-9]*")
                   if (p / "cmdline").exists() and status(int(p.name), "PPid") == "2"), None)
    if thread:
        judge([Answer([c, thread], {3}) for c in ("map", "doctor", "flags")], "a kernel thread: exit 3")
    else:
        skip("a kernel thread", "none is visible here")
    # The number of a thread that leads no process.
    with Jvm([*SMALL, "Brief"]) as jvm:
        tid = next(int(t.name) for t in pathlib.Path(f"/proc/{jvm.pid}/task").iterdir() if int(t.name) != jvm.pid)
        judge([Answer(["map", tid, "--json"], {0, 3})], "the number of a thread of a JVM: an answer")


def pretending():
    """Things named libjvm.so that hold no VM."""
    real = next(java_home().rglob("server/libjvm.so"))
    size = real.stat().st_size

    def place(name, content):
        folder = WORK / name
        folder.mkdir()
        (folder / "libjvm.so").write_bytes(content)
        return str(folder / "libjvm.so")

    whole = real.read_bytes()
    headers = bytearray(whole)
    for _ in range(60):
        headers[DRAW.randrange(64, 600)] = DRAW.randrange(256)
    sections = bytearray(whole)
    sections[40:48] = (size - 64).to_bytes(8, "little")
    fakes = {
        "zeros": ("exec", place("zeros", bytes(1 << 20))),
        "text": ("exec", place("text", b"this is no library\n" * 1000)),
        "another library": ("load", place("another", next(pathlib.Path("/").glob("usr/lib/*/libz.so.1")).resolve().read_bytes())),
        "half of one": ("exec", place("half", whole[: size // 2])),
        "broken headers": ("exec", place("headers", bytes(headers))),
        "broken section headers": ("exec", place("sections", bytes(sections))),
        "a copy, mapped flat": ("read", place("flat", whole)),
        "a copy, mapped flat and executable": ("exec", str(WORK / "flat/libjvm.so")),
        "the real one, loaded, without a VM": ("load", str(real)),
    }
    for label, (how, path) in fakes.items():
        with Other(sys.executable, "-c", HOLD, how, path) as other:
            if check(other.ready(), f"libjvm.so that is {label}: is mapped"):
                judge(all_commands(other.pid, {0, 3}), f"libjvm.so that is {label}: an answer")
    for stride in (48, 0, 1 << 40):
        folder = WORK / f"fake{stride}"
        folder.mkdir()
        source = folder / "fake.c"
        source.write_text(FAKE_VM)
        subprocess.run(["cc", "-w", "-shared", "-fPIC", f"-DSTRIDE={stride}ull", "-o", folder / "libjvm.so", source], check=True)
        with Other(sys.executable, "-c", HOLD, "load", str(folder / "libjvm.so")) as other:
            if check(other.ready(), f"a VM's tables without end, stride {stride}: is loaded"):
                judge(all_commands(other.pid, {0, 3}), f"a VM's tables without end, stride {stride}: an answer")
    # One whose file changes below it.
    path = pathlib.Path(place("cut", whole))
    with Other(sys.executable, "-c", HOLD, "exec", str(path)) as other:
        if other.ready():
            os.truncate(path, 8192)
            judge(all_commands(other.pid, {0, 3}), "libjvm.so that was cut while it is mapped: an answer")


def names():
    with Jvm([*SMALL, "Brief"]) as one, Jvm([*SMALL, "Brief"]) as two:
        none = Answer(["map", "no-such-main-class-anywhere"], {3})
        several = Answer(["map", "Brief"], {3})
        judge([none, several, *[Answer(["map", t], {3}) for t in (0, "99999999", "4194305", "2147483648", "9" * 30, "1" * 5000,
                                                              "", "/", "/dev/null", "/dev/zero", "/proc/self/mem", ".",
                                                              "\udcff\udcfe", "%s%n", "a\nb")],
               *[Answer(["map", *t], {2}) for t in ((), ("-1",), (str(one.pid), "--top", "x"), (str(one.pid), "--for", "nan"),
                                                     (str(one.pid), "--for", "-1"), (str(one.pid), "--by", "nothing"))]],
              "targets that name nothing: exit 3, bad usage: exit 2")
        check("Brief" in none.err, "a name that fits none: what runs is listed", none.err.strip()[:200])
        check(str(one.pid) in several.err and str(two.pid) in several.err, "a name that fits two: both are listed",
              several.err.strip()[:200])


def loud_names():
    """A main class is what the target says it is; no terminal may be told what to do by it."""
    jar = WORK / "\x1b]0;owned\x07\x1b[2J.jar"
    (WORK / "manifest").write_text("Main-Class: Brief\n")
    subprocess.run([tool("jar"), "cfm", str(jar), str(WORK / "manifest"), "-C", str(WORK), "Brief.class"], check=True)
    options = ["-Xmx32m", "-XX:+UseSerialGC", "-jar", str(jar)]
    with Jvm(options) as one, Jvm(options):
        answers = [Answer(["ps"], {0}), Answer(["map", one.pid], {0}), Answer(["doctor", one.pid, "--causes"], {0}),
                   Answer(["map", "no-such-main-class"], {3}), Answer(["map", ".jar"], {3}), Answer(["map", one.pid, "--json"], {0}),
                   Answer(["ps", "--json"], {0}), Answer(["map", "\x1b[2Jnever"], {3}), Answer(["\x1b[2J"], {2}),
                   Answer(["map", "--\x1b[2J"], {2}), Answer(["capture", one.pid, "-o", WORK / "no/\x1b[2J"], {3})]
        for a in answers:
            if any(ord(c) < 32 and c != "\n" or 0x7f <= ord(c) < 0xa0 for c in a.out + a.err):
                a.wrong = a.wrong or f"{a.command!r}: control characters: {(a.out + a.err)!r}"
        judge(answers, "names with escape sequences reach no terminal")


def strangers():
    if not ROOT_USER:
        skip("another user", "needs root")
        return
    other = as_user(65533)
    with Jvm([*SMALL, "Brief"]) as jvm:
        answers = [Answer([c, jvm.pid], {3}, prefix=other) for c in ("map", "doctor", "flags")]
        answers.append(Answer(["capture", jvm.pid, "-o", "/tmp/jledger-hostile-never.zip"], {3}, prefix=other))
        answers.append(Answer(["map", "all"], {3, 0}, prefix=other))
        judge(answers, "another user: exit 3")
        check(all("CAP_SYS_PTRACE" in a.err for a in answers[:4]), "another user: what would help is said", answers[3].err.strip())
        ps = Answer(["ps", "--json"], {0}, prefix=other)
        rows = ps.objects()[0]["jvms"] if ps.code == 0 else []
        check(any(r["pid"] == jvm.pid and r["tier"] == "D" for r in rows), "another user: ps shows it")


# ---- files and outputs

def damaged_captures():
    rounds = 40 if QUICK else 150
    with Jvm(["-Xmx64m", "-XX:+UseG1GC", "-cp", str(WORK), "Brief"]) as jvm:
        file, folder = WORK / "good.jlc.zip", WORK / "good"
        judge([Answer(["capture", jvm.pid, "-o", file], {0}), Answer(["capture", jvm.pid, "-o", f"{folder}/"], {0})], "captures are made")
    good = file.read_bytes()
    bad, answers = WORK / "bad.jlc.zip", []
    for i in range(rounds):
        broken = bytearray(good)
        for _ in range(DRAW.choice((1, 3, 30))):
            tail = len(broken) - DRAW.randrange(1, 6000)
            broken[DRAW.choice((DRAW.randrange(len(broken)), max(tail, 0)))] = DRAW.randrange(256)
        bad.write_bytes(broken if i % 4 else broken[:DRAW.randrange(len(broken))])
        answers.append(look([("map", "doctor")[i % 2], bad], {0, 3})[0])
    judge(answers, "captures with flipped bytes: an answer")
    parts = sorted(p for p in folder.rglob("*") if p.is_file())
    answers = []
    for i in range(rounds):
        part = parts[i % len(parts)]
        content = part.read_bytes()
        broken = bytearray(content)
        for _ in range(DRAW.choice((1, 5, 50))):
            if broken:
                broken[DRAW.randrange(len(broken))] = DRAW.choice((0, 10, 32, 0x30, 0xff, DRAW.randrange(256)))
        how = i // len(parts) % 3
        part.unlink()
        if how != 1:
            part.write_bytes(broken if how == 0 else broken[: len(broken) // 2])
        answers.append(look([("map", "doctor")[i % 2], folder], {0, 3})[0])
        part.write_bytes(content)
    judge(answers, f"captures of which one of {len(parts)} parts is damaged, missing or cut: an answer")
    manifest = folder / "manifest.json"
    text = manifest.read_text()
    answers = []
    for broken in ("", "{", "[]", "null", "{}", text.replace('"pid"', '"dip"'), text.replace("1", "-1"), text.replace("1", "1e400"),
                   "[" * 100000, text.replace("1", "99999999999999999999")):
        manifest.write_text(broken)
        answers.append(look(["map", folder], {0, 3})[0])
    judge(answers, "manifests that make no sense: an answer")
    manifest.unlink()
    manifest.symlink_to("/dev/zero")
    judge([look(["map", folder], {3})[0]], "a manifest without end: exit 3")
    shutil.rmtree(folder)


def outputs():
    with Jvm([*SMALL, "Brief"]) as jvm:
        for command in (["map", jvm.pid, "--by", "mapping", "--top", "0"], ["doctor", jvm.pid, "--causes", "--for", "0"], ["flags", jvm.pid],
                        ["map", jvm.pid, "--json"], ["ps"], ["explain"]):
            line = " ".join([harness.JLEDGER, *map(str, command)])
            started = time.monotonic()
            run = subprocess.run(["bash", "-c", f"{line} | head -n 1 >/dev/null; echo ${{PIPESTATUS[0]}}"], capture_output=True,
                                 text=True, timeout=30)
            check(run.stdout.strip() in ("0", "141") and time.monotonic() - started < LIMIT_S,
                  f"{command[0]} into a pipe that closes", f"{run.stdout.strip()} {run.stderr.strip()[:200]}")
            with open("/dev/full", "w") as full:
                answer = Answer(command, {3}, stdout=full)
            judge([answer], f"{command[0]} onto a full device: exit 3")
            run = subprocess.run(["bash", "-c", f"{line} >&- 2>/dev/null </dev/null"], timeout=30)
            check(run.returncode in (0, 3), f"{command[0]} with no output at all", str(run.returncode))
        full = Answer(["capture", jvm.pid, "-o", "/dev/full"], {3})
        judge([full], "capture onto a full device: exit 3")
        with open("/dev/full", "w") as f:
            judge([Answer(["capture", jvm.pid, "-o", "-"], {3}, stdout=f)], "capture to a full standard output: exit 3")
        answers = [Answer(["capture", jvm.pid, "-o", o], {3}) for o in
                   (WORK / "no/such/place.zip", "/proc/place.zip", "/proc/place/", f"{WORK}/{'n' * 300}.zip")]
        judge(answers, "capture to where nothing can be written: exit 3")
        small_disk(jvm)


def small_disk(jvm):
    if not ROOT_USER:
        skip("small and read-only file systems", "need root")
        return
    place = WORK / "mnt"
    place.mkdir()
    inside = f"mount -t tmpfs -o size=$0 tmpfs {place} && "
    for label, size, command in (("a disk that gets full", "64k", f"{harness.JLEDGER} capture {jvm.pid} -o {place}/x.zip"),
                                 ("a disk that gets full, as a directory", "64k", f"{harness.JLEDGER} capture {jvm.pid} -o {place}/x/"),
                                 ("a read-only disk", "64k", f"mount -o remount,ro {place} && {harness.JLEDGER} capture {jvm.pid} -o {place}/x.zip")):
        run = subprocess.run(["unshare", "--mount", "bash", "-c", f"{inside}{command}; code=$?; ls -A {place}; exit $code", size],
                             capture_output=True, text=True, timeout=30)
        if "mount:" in run.stderr or "unshare:" in run.stderr:
            skip(label, f"can't be made here: {run.stderr.strip()[:100]}")
            continue
        check(run.returncode == 3 and run.stderr.startswith("jledger: "), f"capture to {label}: exit 3",
              f"{run.returncode} {run.stderr.strip()[:200]}")
        check(run.stdout.strip() == "", f"capture to {label}: nothing stays", run.stdout.strip()[:100])


# ---- never stands still

def everyone():
    """`all` while JVMs start and end."""
    answers = []
    with Jvm([*SMALL, "Brief"]) as stays, Other("sleep", "60"):
        os.kill(stays.pid, signal.SIGSTOP)
        for i in range(6 if QUICK else 15):
            dying = Jvm([*SMALL, "Brief"])
            starting = Jvm([*SMALL, "Brief"], ready=None)
            answer, ledgers = look([("map", "doctor")[i % 2], "all"], {0},
                                   meanwhile=after(0.1 * DRAW.random(), lambda: os.kill(dying.pid, signal.SIGKILL)))
            answers.append(answer)
            if not any(o["target"]["pid"] == stays.pid for o in answer.objects()):
                answer.wrong = answer.wrong or "the one that stays is missing"
            dying.stop()
            starting.stop()
            answers.append(Answer(["ps", "--json"], {0}))
        watched = Answer(["map", "all", "--json", "--for", "1"], {0}, beside_s=1)
    judge(answers, "all, while others start and end")
    judge([watched], "all --for 1: watched at the same time, not one after the other")


def churn():
    rounds = 40 if QUICK else 200
    for gc in COLLECTORS:
        answers, misses, unknown, doubts = [], {}, [], []
        with Jvm(["-Xmx128m", "-Xms64m", f"-XX:+Use{gc}GC", "-cp", str(WORK), "Churn", str(WORK)]) as jvm:
            for i in range(rounds):
                answer, ledgers = look(["map", jvm.pid, "--by", ("account", "thread", "loader", "mapping")[i % 4]], {0})
                answers.append(answer)
                for ledger in ledgers:
                    unknown.append(ledger["unaccounted"] / ledger["rss"])
                    doubts.append(1 - sum(row["certain"] or 0 for row in ledger["accounts"]) / ledger["rss"])
                    for miss in ledger["misses"]:
                        key = f"{miss['collector']}: {miss['reason']}"
                        misses[key] = misses.get(key, 0) + 1
            check(jvm.process.poll() is None, f"{gc}, churn: the JVM still runs")
        judge(answers, f"{gc}, churn: {rounds} looks add up")
        unknown.sort(), doubts.sort()
        if unknown:
            # What is given back, or made, between the page scan and the walk is nobody's: drift.
            middle, most = unknown[len(unknown) // 2], unknown[int(len(unknown) * 0.97)]
            check(middle <= 0.0002 and most <= 0.005, f"{gc}, churn: little is unaccounted",
                  f"median {100 * middle:.4f} %, 97 of 100 below {100 * most:.3f} %, worst {100 * unknown[-1]:.2f} %")
            check(doubts[len(doubts) // 2] <= 0.002, f"{gc}, churn: what is certain",
                  f"median {100 - 100 * doubts[len(doubts) // 2]:.3f} %, worst {100 - 100 * doubts[-1]:.2f} %")
        check(sum(misses.values()) <= max(1, rounds * 0.01), f"{gc}, churn: what could not be had is rare",
              f"{sum(misses.values())} of {rounds}" + "".join(f"; {n} x {m[:160]}" for m, n in misses.items()))


def main():
    compile_java([ROOT / f"tests/live/java/{name}.java" for name in ("Brief", "Churn")], WORK)
    WORK.chmod(0o755)
    shutil.copy(harness.JLEDGER, WORK / "jledger")
    harness.JLEDGER = str(WORK / "jledger")  # where other users can run it
    only = [a for a in sys.argv[1:] if a != "quick"]
    for part in (killed_meanwhile, killed_while_watched, killed_while_captured, zombie, used_again, just_starting,
                 slowly_ending, stopped, not_java, pretending, names, loud_names, strangers, damaged_captures, outputs, everyone, churn):
        if not only or part.__name__ in only:
            started = time.monotonic()
            part()
            print(f"# {part.__name__}: {time.monotonic() - started:.1f} s", flush=True)
    shutil.rmtree(WORK, ignore_errors=True)
    done()


if __name__ == "__main__":
    main()
