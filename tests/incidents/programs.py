# SPDX-License-Identifier: Apache-2.0
"""Incidents: programs with a known fault and healthy ones, built with names made up anew and run on a JDK.

A folder each: incident.toml (JDKs, flags, main class, cause, culprit), Java sources. Those below programs/ are the
project's own: `names` lists what is renamed, the argument "repaired" makes the twin without the fault. Further ones, with
sources below src/ and code that all share in lib/ and native/ beside them, are found by JLEDGER_INCIDENTS.
"""

import dataclasses
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "live"))

import harness  # noqa: E402
from names import declared, renamer  # noqa: E402

OWN = HERE / "programs"
SHARED = [HERE / "ledgerbook/ledgerbook" / name for name in ("Pace.java", "Copies.java", "Entry.java")]  # what all own programs use
ALONE_S, WINDOW_S = float(os.environ.get("ALONE", 6)), float(os.environ.get("WINDOW", 12))
NATIVE = threading.Lock()
APPLIES = re.compile(r"^(\d+)(\+?)$")
OTHER_COLLECTOR = {"Serial": "Parallel", "Parallel": "Serial"}  # else Parallel, or G1 where that is usual


class LeftOut(Exception):
    """What can't be built or run here, and why."""


@dataclasses.dataclass
class Program:
    folder: pathlib.Path
    what: dict  # incident.toml
    repaired: bool = False

    @property
    def own(self):
        return OWN in self.folder.parents

    @property
    def name(self):
        return self.folder.name + (", repaired" if self.repaired else "")

    @property
    def healthy(self):
        return self.repaired or self.what.get("healthy", False)

    @property
    def accepted(self):
        return self.what.get("accepted", [self.what["cause"]])


def found(words, own_only=False):
    """The incidents whose names are among `words`, or all; a faulty one of our own with its twin."""
    folders = [OWN]
    if not own_only:
        folders.append(pathlib.Path(os.environ.get("JLEDGER_INCIDENTS", harness.ROOT.parent / "shared/incidents")))
    for folder in folders:
        for toml in sorted(folder.glob("*/incident.toml")):
            if words and toml.parent.name not in words:
                continue
            program = Program(toml.parent, tomllib.loads(toml.read_text()))
            yield program
            if program.own and not program.healthy and program.what.get("twin", True):
                yield Program(program.folder, program.what, repaired=True)


def applies(key, jdk):
    hit = APPLIES.match(key)
    return key == "all" or bool(hit) and (jdk >= int(hit.group(1)) if hit.group(2) else jdk == int(hit.group(1)))


def flags_of(program, jdk):
    table = program.what.get("flags", {})
    if program.repaired:
        table = program.what.get("repaired_flags", table)
    return [flag for key, flags in table.items() if applies(str(key), jdk) for flag in flags]


def doubled_heap(flags, _jdk):
    return [re.sub(r"^(-Xm[sxn])(\d+)", lambda m: m.group(1) + str(2 * int(m.group(2))), flag) for flag in flags]


def other_collector(flags, jdk):
    given = next((m.group(1) for m in (re.match(r"-XX:\+Use(\w+?)(?:MarkSweep)?GC$", flag) for flag in flags) if m), None)
    kept = [flag for flag in flags if not re.match(r"-XX:(\+Use(\w+GC|CMS\w+)$|CMS)", flag)]
    other = OTHER_COLLECTOR.get(given, "G1" if jdk == 8 and not given else "Parallel")
    return [*kept, f"-XX:+Use{other}GC"]


VARIANTS = {"as it is": None, "doubled heap": doubled_heap, "other collector": other_collector, "other names": None,
            "noisy neighbour": None}


def sources_of(program):
    if program.own:
        return sorted(program.folder.glob("*.java")) + SHARED
    source = program.folder.parent / program.what["src"] / "src" if "src" in program.what else program.folder / "src"
    if program.what.get("deps") or not source.is_dir():
        raise LeftOut("it needs libraries that are not here")
    return [p for p in sorted(source.rglob("*.java")) if not p.is_relative_to(source / "webapp")] + \
        sorted((program.folder.parent / "lib").rglob("*.java"))


def javac(sources, to, release, *options):
    to.mkdir(parents=True, exist_ok=True)
    quick = ["-J-XX:TieredStopAtLevel=1", "-J-XX:+UseSerialGC", "-proc:none"]
    run = subprocess.run([harness.host_javac(), *quick, "-nowarn", "-Xlint:-options", "--release", str(release), *options, "-d", to, *sources],
                         capture_output=True, text=True)
    if run.returncode:
        raise LeftOut(f"javac: {(run.stderr.strip().splitlines() or ['failed'])[0]}")


@dataclasses.dataclass
class Built:
    classes: pathlib.Path
    main: str
    culprit: str


def write(program, place, random, rename_all=False, taken=None):
    """Puts a program's sources into `place` under names of this run; returns them, and how to start it once they are compiled."""
    sources = sources_of(program)
    texts = [p.read_text() for p in sources]
    names = program.what.get("names", [])
    if program.own:
        names = [*names, *declared([p.read_text() for p in SHARED])]
    elif rename_all:
        names = [n for n in declared([t for p, t in zip(sources, texts) if "lib" not in p.parts]) if n != "inc"]
    rename = renamer(names, random, set() if taken is None else taken)
    written = []
    for i, (path, text) in enumerate(zip(sources, texts)):
        public = re.search(r"^public (?:(?:final|abstract) )*(?:class|interface|enum) (\w+)", rename(text), re.M)
        written.append(place / str(i) / f"{public.group(1) if public else path.stem}.java")
        written[-1].parent.mkdir(parents=True, exist_ok=True)
        written[-1].write_text(rename(text))
    return written, Built(place / "classes", rename(program.what["main"]), rename(program.what.get("culprit", "-")))


def build(program, place, random, rename_all=False):
    """Compiles one program."""
    written, built = write(program, place, random, rename_all)
    release = program.what.get("release", 8)
    javac(written, built.classes, release)
    webapp = program.folder / "src/webapp"
    if webapp.is_dir():
        if rename_all:
            raise LeftOut("a part of it is loaded by name")
        javac(sorted(webapp.rglob("*.java")), built.classes / "webapp", release, "-cp", str(built.classes))
    return built


def build_together(programs, place, random):
    """Compiles programs of our own, which share no name, by one run of javac for each Java level; yields each with what was built."""
    taken = set()
    for release in sorted({p.what.get("release", 8) for p in programs}):
        files, built = [], []
        for program in (p for p in programs if p.what.get("release", 8) == release):
            written, one = write(program, place / program.folder.name, random, taken=taken)
            one.classes = place / f"classes-{release}"
            files += written
            built.append((program, one))
        javac(files, place / f"classes-{release}", release)
        yield from built


def compile_native(folder, work):
    """The small C libraries and programs that incidents share; each once a run."""
    with NATIVE:
        return built_native(folder, work / "native")


def built_native(folder, native):
    if native.is_dir() or not folder.is_dir():
        return native
    making = native.with_suffix(".making")
    making.mkdir()
    headers = harness.host_javac().parents[1] / "include"
    for source in folder.glob("*.c"):
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", f"-I{headers}", f"-I{headers}/linux", "-o",
                        making / f"lib{source.stem}.so", source, "-lpthread"], check=False, capture_output=True)
    for source in folder.glob("exe/*.c"):
        subprocess.run(["cc", "-static", "-O1", "-o", making / source.stem, source], check=False, capture_output=True)
    making.rename(native)
    return native


def make_cgroups(label, what):
    """Groups with the incident's limits; version 1 of cgroups alone."""
    made = []
    for controller, key, file, scale in (("memory", "cgroup_mb", "memory.limit_in_bytes", 1 << 20), ("pids", "pids", "pids.max", 1)):
        base = pathlib.Path("/sys/fs/cgroup") / controller
        if key not in what:
            continue
        if not (base / "cgroup.procs").exists() or not os.access(base, os.W_OK):
            remove_cgroups(made)
            raise LeftOut(f"no {controller} cgroup (v1) to write to")
        group = base / f"jledger-{label}-{os.getpid()}"
        group.mkdir()
        made.append(group)
        (group / file).write_text(str(what[key] * scale))
    return made


def remove_cgroups(groups):
    """Ends what is left in the groups, which are ours alone, and removes them."""
    for group in groups:
        for _ in range(50):
            try:
                for pid in (group / "cgroup.procs").read_text().split():
                    os.kill(int(pid), signal.SIGKILL)
                group.rmdir()
                break
            except OSError:
                time.sleep(0.1)


def entering(groups):
    """What puts a command into the groups before it becomes that command."""
    join = "; ".join(f"echo $$ > {g}/cgroup.procs" for g in groups)
    return ["sh", "-c", f'{join}; exec "$@"', "sh"] if groups else []


def mount_tmpfs(place):
    place.mkdir()
    run = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", place], capture_output=True, text=True)
    if run.returncode:
        raise LeftOut(f"no tmpfs: {run.stderr.strip()}")


def run(program, built, jdk, home, work, label, variant="as it is"):
    """What the doctor says of the program while it runs: a report, or one with an `error`."""
    native = compile_native(program.folder.parent / "native", work)
    place = work / f"run-{label}"
    place.mkdir()
    flags = [f.replace("{native}", str(native)).replace("{base}", str(built.classes)).replace("{work}", str(place))
             for f in flags_of(program, jdk)]
    if VARIANTS[variant]:
        flags = VARIANTS[variant](flags, jdk)
    if program.own:
        arguments = ["repaired" if program.repaired else "faulty", str(place)]
    else:  # the clock that they share
        seconds = max(program.what["seconds"], int(ALONE_S + WINDOW_S) + 6)
        flags += [f"-Dinc.work={place}", f"-Dinc.seconds={seconds}", "-Dinc.hold=60"]
        arguments = []
    groups = make_cgroups(label, program.what)
    tmpfs = place / "tmpfs" if program.what.get("tmpfs") else None
    noise = None
    try:
        if tmpfs:
            mount_tmpfs(tmpfs)
        if variant == "noisy neighbour":
            noise = subprocess.Popen([sys.executable, "-c", "while True: [bytearray(1 << 20) for _ in range(64)]"])
        with harness.Jvm([*flags, f"-Djava.library.path={native}", "-cp", str(built.classes), built.main, *arguments],
                         ready="ready" if program.own else None, around=entering(groups), java=home) as jvm:
            time.sleep(program.what.get("alone", ALONE_S))
            return harness.jledger_json("doctor", jvm.pid, "--for", f"{WINDOW_S}s", timeout=180)
    except LeftOut:
        raise
    except Exception as error:  # the program ended early, or there was no look
        return {"findings": [], "error": f"{type(error).__name__}: {error}"}
    finally:
        if noise:
            noise.kill()
            noise.wait()
        remove_cgroups(groups)
        if tmpfs:
            subprocess.run(["umount", tmpfs], capture_output=True, check=False)
        shutil.rmtree(place, ignore_errors=True)


# ---- judging ------------------------------------------------------------------------------------

# Words of an expected culprit that name nothing.
KINDS = {"thread", "threads", "class", "classes", "loader", "loaders", "file", "files", "flag", "flags", "process", "child", "hidden",
         "heap", "limit", "map", "cgroup", "pids", "not", "and", "the", "instances", "mapped", "pool", "application"}


def words_of(culprit):
    """What of an expected culprit must be named: the names before 'held by', 'made in' and the like."""
    head = re.split(r" (?:held|made|via|pinned|called|compiling|in thread|caller)\b|\(", culprit)[0]
    head += " " + " ".join(re.findall(r"\b(?:flag|limit) (\w+)", culprit))
    words = (re.sub(r"=.*", "", w).strip(",;") for w in re.split(r"[\s;]+", head))
    return [w for w in words if w and w.lower() not in KINDS and len(w) > 1]


def folded(name):
    """A name with its counters as '#', whether they are digits or stand for such."""
    name = re.sub(r"<[A-Z]>|(?<![A-Za-z])[NMK](?![A-Za-z])", "#", name)
    return re.sub(r"0x(?:[0-9a-f]+|\.\.\.)?|#?\d+(?:\.\.\d*)?|#+", "#", name)


def names_culprit(culprit, expected):
    got = folded(" ".join(str(v) for v in (culprit or {}).values() if v))
    return any(folded(w) in got for w in words_of(expected))


@dataclasses.dataclass
class Cell:
    program: str
    jdk: int
    healthy: bool
    expected: str
    variant: str
    right: bool = False
    culprit: bool = False
    told: bool = False  # some cause was named
    seen: str = ""
    left_out: str = ""


def judge(program, jdk, culprit, report, variant):
    causes = [f for f in report["findings"] if f["kind"] == "cause"]
    cell = Cell(program.name, jdk, program.healthy, "healthy" if program.healthy else program.what["cause"], variant)
    if "error" in report:
        cell.seen = report["error"]
        return cell
    cell.told = bool(causes)
    if not causes:
        cell.right = program.healthy
        cell.seen = "no cause"
        return cell
    first = causes[0]
    cell.right = not program.healthy and first["cause"] in program.accepted
    cell.culprit = not program.healthy and names_culprit(first["culprit"], culprit)
    others = ", ".join(f["cause"] for f in causes[1:])
    cell.seen = f"{first['cause']} ({(first['culprit'] or {}).get('name')}){f', then {others}' if others else ''}"
    return cell
