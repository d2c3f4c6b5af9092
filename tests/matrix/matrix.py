#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""./dev matrix: the oracle, the twin readings and the walks of tests/live on each JDK x collector.

The JDKs are those of a Debian sid root, which is made where it is missing; without root, network or mmdebstrap those of
this machine. A full run adds other vendors' builds, JDKs on older C libraries and all settings of cells.SOME, and
writes docs/matrix.md. --quick takes JDK 8, 17, 25 and one more in turn, plainly, and ends in time for CI: what is
left out is said; it has 300 looks of the soak on each. Other arguments are words of the names of JDKs to look at alone:
'Temurin', 'Debian 17'.
"""

import concurrent.futures
import contextlib
import dataclasses
import datetime
import json
import os
import pathlib
import platform
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

from builds import PACKAGES, NoDownload, home
from roots import JDKS, LeftOut, c_library, homes, made, mounted, run, say

TOP = pathlib.Path(__file__).resolve().parents[2]
STARTED = time.monotonic()
QUICK_S = 12 * 60
JOB_S = 20 * 60
ROUNDS, ROUNDS_QUICK = 20, 10  # of the walks under churn
QUICK_ALWAYS = (8, 17, 25)
OLDER = {"bullseye": 17, "trixie": 21}  # a JDK that the suite has
ORDER = ("oracle plain", "twins", "walks", "soak --ci", "oracle stripped", "oracle extras")


@dataclasses.dataclass
class Jdk:
    name: str
    root: str
    home: str
    c_library: str
    jobs: tuple
    cells: dict = dataclasses.field(default_factory=dict)  # (setting or test, collector): Cell


@dataclasses.dataclass
class Cell:
    held: int = 0
    failed: list = dataclasses.field(default_factory=list)
    figures: dict = dataclasses.field(default_factory=dict)


class Results:
    def __init__(self):
        self.passed = self.failed = 0
        self.left_out = []

    def leave_out(self, what, why):
        self.left_out.append(f"{what}: {why}")
        say(f"left out: {what}: {why}")

    def take(self, jdk, job, output):
        """Sorts a test's lines into cells."""
        test, *settings = job.split()
        for line in output.splitlines():
            kind, _, text = line.partition(" - ")
            if kind not in ("ok", "not ok", "figures"):
                continue
            values = json.loads(text) if kind == "figures" else {}
            label, _, rest = values.pop("label").partition(": ") if values else text.partition(": ")
            collector, _, setting = label.partition(", ") if rest or values else ("all", "", "")
            cell = jdk.cells.setdefault((setting or test, collector), Cell())
            if kind == "figures":
                cell.figures = values
            elif kind == "ok":
                cell.held += 1
                self.passed += 1
            else:
                cell.failed.append(rest or text)
                self.failed += 1
                say(f"{jdk.name}: not ok - {text}")
        if not re.search(r"^\d+ passed, \d+ failed$", output, re.M):
            self.failed += 1
            why = output.strip().splitlines()[-1:] or ["nothing said"]
            jdk.cells.setdefault((test, "all"), Cell()).failed.append(f"{job} did not end by itself: {why[0]}")
            say(f"{jdk.name}: {job} did not end by itself: {why[0]}")


def version(root, java_home):
    enter = ["chroot", root] if root else []
    said = run(*enter, f"{java_home}/bin/java", "-version").stderr
    found = re.search(r'version "(?:1\.(8)\.0_)?([^"]+)"', said)
    return "?" if not found else f"8u{found.group(2)}" if found.group(1) else found.group(2)


def end_group(process):
    """Ends a test with its JVMs."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def run_job(jdk, job, limit_s, rounds, running):
    """A live test's output; `running` has its process meanwhile."""
    test, *arguments = job.split()
    if test == "walks":
        arguments = [str(rounds)]
    say(f"{jdk.name}: {job}")
    environment = {**os.environ, "JDK": jdk.home, "JDK_ROOT": jdk.root}
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen([sys.executable, f"{test}.py", "all", *arguments], cwd=TOP / "tests/live",
                                   stdout=output, stderr=subprocess.STDOUT, env=environment, start_new_session=True)
        running.append(process)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=limit_s)
        end_group(process)
        running.remove(process)
        output.seek(0)
        return output.read()


def debian_jdks(stack, results, quick):
    """Those of sid, or of this machine."""
    jobs = ORDER[:4] if quick else [job for job in ORDER if job != "soak --ci"]  # in full it is ./dev soak
    try:
        root = stack.enter_context(mounted(made("sid", [JDKS], os.environ.get("JLEDGER_SID_ROOT"))))
    except LeftOut as why:
        results.leave_out("the JDKs of Debian sid, so those of this machine alone are looked at", str(why))
        return [Jdk(f"Debian {version('', java_home)}", "", java_home, c_library(), jobs)
                for java_home in homes().values()]
    found = homes(root)
    if quick:
        others = [v for v in found if v not in QUICK_ALWAYS]
        turn = others[datetime.date.today().toordinal() % len(others)] if others else None
        found = {v: java_home for v, java_home in found.items() if v in (*QUICK_ALWAYS, turn)}
    libc = c_library(root)
    return [Jdk(f"Debian {version(root, java_home)}", str(root), java_home, libc, jobs) for java_home in found.values()]


def more_jdks(stack, results):
    """On older C libraries, and of other vendors."""
    found = [Jdk(f"Debian {version('', java_home)}", "", java_home, c_library(), ORDER[:1]) for java_home in homes().values()]
    for suite, feature in OLDER.items():
        try:
            root = stack.enter_context(mounted(made(suite, [f"openjdk-{feature}-jdk-headless"])))
            found += [Jdk(f"Debian {version(root, java_home)}", str(root), java_home, c_library(root), ORDER[:1])
                      for java_home in homes(root).values()]
        except LeftOut as why:
            results.leave_out(f"a JDK on the C library of Debian {suite}", str(why))
    may_download = True
    for name in PACKAGES:
        try:
            java_home = str(home(name, may_download))
            vendor, _, libc = re.sub(r" \d+", "", name).partition(", ")
            found.append(Jdk(f"{vendor} {version('', java_home)}", "", java_home, libc or c_library(),
                             ("oracle plain", "oracle stripped")))
        except (LeftOut, OSError, subprocess.CalledProcessError) as why:
            may_download = may_download and not isinstance(why, NoDownload)
            results.leave_out(name, str(why))
    return found


def run_all(jdks, results, quick):
    """Test by test, so that a run that has to end looked at each JDK; as many at once as there are processors."""
    running, lock = [], threading.Lock()

    def one(jdk, job):
        left = STARTED + QUICK_S - time.monotonic() if quick else JOB_S
        if left < 30:
            results.leave_out(f"{jdk.name}, {job}", "the time of a quick run was over")
            return
        output = run_job(jdk, job, min(left, JOB_S), ROUNDS_QUICK if quick else ROUNDS, running)
        with lock:
            results.take(jdk, job, output)

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(one, jdk, job) for job in ORDER for jdk in jdks if job in jdk.jobs]
        try:
            for job in concurrent.futures.as_completed(jobs):
                job.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in list(running):
                end_group(process)
            raise


def percent(cell, name, digits):
    return f"{cell.figures[name]:.{digits}f}" if name in cell.figures else "-"


def held(cell):
    return "-" if cell is None else str(cell.held) if not cell.failed else f"**{cell.held} of {cell.held + len(cell.failed)}**"


def oracle_columns(cell):
    if cell is None:
        return ["-"] * 4
    unaccounted = f"{int(cell.figures['unaccounted'])}" if cell.figures else "-"
    return [percent(cell, "wrong", 3), percent(cell, "certain", 3), unaccounted, held(cell)]


def table(heads, rows):
    right = [i > 1 and all(re.fullmatch(r"[-*\d. of]+", r[i]) for r in rows) for i in range(len(heads))]
    return "\n".join(["| " + " | ".join(heads) + " |", "|" + "|".join("---:" if r else "---" for r in right) + "|",
                      *("| " + " | ".join(row) + " |" for row in rows)])


def main_table(jdks):
    rows = []
    for jdk in jdks:
        for collector in dict.fromkeys(c for s, c in jdk.cells if c not in ("all", "soak")):
            stripped = jdk.cells.get(("stripped", collector))
            rows.append([f"{jdk.name}, {jdk.c_library}", collector, *oracle_columns(jdk.cells.get(("plain", collector))),
                         percent(stripped, "certain", 3) if stripped else "-", held(stripped),
                         held(jdk.cells.get(("twins", collector))), held(jdk.cells.get(("walks", collector)))])
    return table(["JDK", "collector", "wrong %", "certain %", "unaccounted", "oracle", "certain % stripped", "oracle stripped", "twins",
                  "walks"], rows)


def settings_table(jdks):
    rows = [[jdk.name, collector, setting, *oracle_columns(cell)] for jdk in jdks
            for (setting, collector), cell in jdk.cells.items()
            if setting not in ("plain", "stripped", "twins", "walks", "oracle", "soak")]
    return table(["JDK", "collector", "setting", "wrong %", "certain %", "unaccounted", "oracle"], rows) if rows else ""


def failures(jdks):
    lines = []
    for jdk in jdks:
        for (test, collector), cell in jdk.cells.items():
            lines += [f"* {jdk.name}, {collector}, {test}: {text}" for text in cell.failed]
    return "\n".join(lines)


def document(jdks, results):
    shortfall = failures(jdks)
    left_out = "\n".join(f"* {line}" for line in results.left_out)
    return f"""# The matrix

Written by `./dev matrix` on {datetime.date.today().isoformat()}, {platform.machine()}, Linux {platform.release()}: {results.passed} checks \
held, {results.failed} did not.

*wrong %*: of the resident bytes that the oracle's program made, those in a wrong account (limit 0.1). *certain %*: of all resident
bytes (limit 99.9; ZGC of 17 and 21 99.7, Shenandoah of 11 99.8). *unaccounted*: bytes (limit 0.02 %). *stripped*: the same with a
libjvm without `.symtab`. *oracle*, *twins* (against jcmd), *walks* (loaders, threads, buffers: quiet and under churn): checks
that held; of how many, where one did not. Native Memory Tracking is off but for the twins.

{main_table(jdks)}

## Settings
{settings_table(jdks)}

## What did not hold
{shortfall or 'Nothing.'}

## What was left out
{left_out or 'Nothing.'}
"""


def main():
    quick = "--quick" in sys.argv[1:]
    words = [word for word in sys.argv[1:] if word != "--quick"]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what is mounted is unmounted
    results = Results()
    with contextlib.ExitStack() as stack:
        jdks = debian_jdks(stack, results, quick)
        jdks += [] if quick else more_jdks(stack, results)
        jdks = [j for j in jdks if not words or any(word in j.name for word in words)]
        run_all(jdks, results, quick)
    if not quick and not words:
        (TOP / "docs/matrix.md").write_text(document(jdks, results))
    print(main_table(jdks), settings_table(jdks), sep="\n\n", file=sys.stderr)
    for line in results.left_out:
        say(f"left out: {line}")
    print(f"{results.passed} passed, {results.failed} failed")
    return 0 if results.passed and not results.failed else 1


if __name__ == "__main__":
    sys.exit(main())
