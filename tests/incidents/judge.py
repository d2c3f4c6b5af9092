#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The doctor on incidents: programs with a known fault, their repaired twins, and healthy programs that a naive tool accuses.

judge.py [--jdk N,N] [--all-jdks] [--own] [--vary] [--matrix] [--keep DIR | --from DIR] [NAME...]: runs those of tests/incidents/programs and of
JLEDGER_INCIDENTS (default: shared/incidents beside the checkout; --own: not these) on the JDKs that they name and that
are here, or below JDK_ROOT; watches each and compares the first cause and the culprit. --all-jdks: also on JDKs that an incident
does not name. --vary: each (but for repaired twins) also with a doubled heap, another collector, other names and a noisy neighbour. --keep: reports go there;
--from DIR: such reports are judged again instead of running anything.
--matrix: on the JDKs of Debian sid where they can be had, and writes docs/incidents.md.
ALONE and WINDOW (seconds), AT_ONCE, TIMES (a cell that was not right is run so often), LIMIT_S (what has not begun then is left
out) and SEED can be set in the environment.
Prints a line for each cell, a table and 'N passed, N failed'.
"""

import concurrent.futures
import contextlib
import datetime
import json
import os
import pathlib
import platform
import random
import re
import shutil
import signal
import sys
import threading
import time

import programs
from programs import VARIANTS, Cell, LeftOut

sys.path.insert(0, str(programs.HERE.parent / "matrix"))

import roots  # noqa: E402

AT_ONCE, TIMES = int(os.environ.get("AT_ONCE", 2)), int(os.environ.get("TIMES", 1))
STARTED, LIMIT_S = time.monotonic(), float(os.environ.get("LIMIT_S", 6 * 3600))
SEED = int(os.environ.get("SEED", random.SystemRandom().randrange(10**6)))
SHARE = 0.95, 0.90, 0.10  # acceptance: first causes right, culprits right, at most untold


class Workshop:
    """Builds each program once a run, under names of its own."""

    def __init__(self, work):
        self.work, self.lock, self.built = work, threading.Lock(), {}

    def prepare(self, own):
        """Builds these of our own at once."""
        for program, built in programs.build_together(own, self.work / "own", random.Random(SEED)):
            self.built[program.folder, False] = built

    def build(self, program, rename_all):
        with self.lock:
            key = program.folder, rename_all
            if key not in self.built:
                names = random.Random(f"{SEED} {program.folder.name} {rename_all}")
                try:
                    self.built[key] = programs.build(program, self.work / f"built-{len(self.built)}", names, rename_all)
                except LeftOut as why:
                    self.built[key] = why
            if isinstance(self.built[key], LeftOut):
                raise self.built[key]
            return self.built[key]


def one_cell(program, jdk, home, variant, workshop, keep):
    """One run; again where it was not right, as the machine may have been busy."""
    for attempt in range(TIMES):
        if time.monotonic() - STARTED > LIMIT_S and not attempt:
            return Cell(program.name, jdk, program.healthy, program.what["cause"], variant, left_out="the time of the run was over")
        label = f"{re.sub(r'[^a-z0-9_]+', '-', program.name)}-{jdk}-{variant.replace(' ', '-')}-{attempt}"
        try:
            built = workshop.build(program, variant == "other names" and not program.own)
            report = programs.run(program, built, jdk, home, workshop.work, label, variant)
        except LeftOut as why:
            return Cell(program.name, jdk, program.healthy, program.what["cause"], variant, left_out=str(why))
        if keep:
            kept = {"program": program.folder.name, "repaired": program.repaired, "jdk": jdk, "variant": variant, "culprit": built.culprit}
            (keep / f"{label}.json").write_text(json.dumps({"kept": kept, **report}, indent=1))
        cell = programs.judge(program, jdk, built.culprit, report, variant)
        if cell.right and (cell.culprit or cell.healthy):
            break
    return cell


def line_of(cell):
    where = f"{cell.program} on {cell.jdk}" + ("" if cell.variant == "as it is" else f", {cell.variant}")
    if cell.left_out:
        return f"skipped - {where}: {cell.left_out}"
    unnamed = "" if cell.healthy or cell.culprit else " [culprit not named]"
    return f"{'ok' if cell.right else 'not ok'} - {where}: {cell.expected}: {cell.seen}{unnamed}"


def mark(cells):
    """Of one program on one JDK."""
    done = [c for c in cells if not c.left_out]
    if not done:
        return "-"
    right, named = sum(c.right for c in done), sum(c.culprit or c.healthy for c in done)
    if right < len(done):
        return "**no**" if len(done) == 1 else f"**{right} of {len(done)}**"
    return "yes" if named == len(done) else "cause"


def table(cells):
    jdks = sorted({c.jdk for c in cells})
    lines = ["| incident | expected | " + " | ".join(map(str, jdks)) + " |", "|---|---|" + "---|" * len(jdks)]
    for name in dict.fromkeys(c.program for c in cells):
        row = [c for c in cells if c.program == name]
        marks = (mark([c for c in row if c.jdk == jdk]) for jdk in jdks)
        lines.append(f"| {name} | {row[0].expected} | " + " | ".join(marks) + " |")
    return "\n".join(lines)


def share(part, whole):
    return f"{part} of {whole}" + (f" ({100 * part / whole:.0f} %)" if whole else "")


def summary(cells):
    done = [c for c in cells if not c.left_out]
    faulty, healthy = [c for c in done if not c.healthy], [c for c in done if c.healthy]
    return [f"first cause right in {share(sum(c.right for c in faulty), len(faulty))} of the faulty cells (wanted: {SHARE[0]:.0%})",
            f"culprit named in {share(sum(c.culprit for c in faulty), len(faulty))} (wanted: {SHARE[1]:.0%})",
            f"no cause named in {share(sum(not c.told for c in faulty), len(faulty))} (at most {SHARE[2]:.0%})",
            f"healthy cells accused: {share(sum(not c.right for c in healthy), len(healthy))} (none allowed)"]


def document(cells, kept):
    plain = [c for c in cells if c.variant == "as it is"]
    varied = [c for c in cells if c.variant != "as it is" and not c.left_out]
    wrong = [f"* {line_of(c)}" for c in cells if not c.left_out and not (c.right and (c.healthy or c.culprit))]
    out = [f"* {sum(c.left_out == why for c in cells)} cells: {why}" for why in dict.fromkeys(c.left_out for c in cells if c.left_out)]
    variants = [f"* {v}: right in {share(sum(c.right for c in varied if c.variant == v), sum(c.variant == v for c in varied))}"
                for v in VARIANTS if any(c.variant == v for c in varied)]
    newline = "\n"
    source = " From reports that were kept (`--keep`, `--from`), some of them of builds of the same day before the last." if kept else ""
    return f"""# Incidents

Written by `./dev matrix --incidents` on {datetime.date.today().isoformat()}, {platform.machine()}, Linux {platform.release()}: \
programs of tests/incidents/programs with a known fault, their repaired twins and healthy ones, under names made up anew, {programs.ALONE_S:.0f} s alone
and watched for {programs.WINDOW_S:.0f} s. *yes*: the first cause is the right one and the culprit is named, or a healthy program is not accused;
*cause*: the culprit is not named; *-*: not on this JDK, or not run.{source}

{newline.join(f'* {s}' for s in summary(plain))}

{table(plain)}

## The same with something changed
{newline.join(variants) or 'Not run.'}

## What was not right
{newline.join(wrong) or 'Nothing.'}

## What was left out
{newline.join(out) or 'Nothing.'}
"""


def jdks_here(stack, matrix):
    """{release: home as seen in its root}, and that root."""
    if not matrix:
        return roots.homes(programs.harness.JDK_ROOT), programs.harness.JDK_ROOT
    try:
        root = stack.enter_context(roots.mounted(roots.made("sid", [roots.JDKS], os.environ.get("JLEDGER_SID_ROOT"))))
        return roots.homes(root), str(root)
    except roots.LeftOut as why:
        roots.say(f"left out: the JDKs of Debian sid: {why}")
        return roots.homes(), ""


def arguments_of(words):
    options = {"jdk": None, "keep": None, "from": None}
    switches, names = set(), []
    words = iter(words)
    for word in words:
        if word.lstrip("-") in options and word.startswith("--"):
            options[word[2:]] = next(words)
        elif word.startswith("--"):
            switches.add(word[2:])
        else:
            names.append(word)
    if switches - {"all-jdks", "own", "vary", "matrix"}:
        sys.exit(__doc__)
    return options, switches, names


def in_order(jdk):
    """The JDKs that differ most come first, so that a run that has to end looked at them."""
    return (25, 8, 17, 11, 21).index(jdk) if jdk in (25, 8, 17, 11, 21) else 100 + jdk


def kept_cells(folder, names):
    """The cells of reports that --keep put into a folder; of one cell the best, as TIMES has it."""
    known = {(p.folder.name, p.repaired): p for p in programs.found(names)}
    best = {}
    for file in sorted(folder.glob("*.json")):
        report = json.loads(file.read_text())
        kept = report.get("kept", {})
        program = known.get((kept.get("program"), kept.get("repaired")))
        if program is None:
            continue
        cell = programs.judge(program, kept["jdk"], kept["culprit"], report, kept["variant"])
        key = kept["variant"] != "as it is", kept["variant"], not program.own, program.name, kept["jdk"]
        if key not in best or (cell.right, cell.culprit) > (best[key].right, best[key].culprit):
            best[key] = cell
    return [best[key] for key in sorted(best)]


def run_cells(cells, root, keep):
    programs.harness.JDK_ROOT = root
    work = programs.harness.scratch("jledger-incidents-")
    workshop = Workshop(work)
    done = []
    try:
        workshop.prepare(list({c[0].folder: c[0] for c in cells if c[0].own}.values()))
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            runs = [pool.submit(one_cell, program, jdk, home, variant, workshop, keep) for program, jdk, home, variant in cells]
            try:
                for run in runs:
                    done.append(run.result())
                    print(line_of(done[-1]), flush=True)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return done


def conclude(done, write, kept=False):
    """Prints what was seen, and writes it to docs/incidents.md; the exit code."""
    print(table([c for c in done if c.variant == "as it is"]))
    if write:
        (programs.harness.ROOT / "docs/incidents.md").write_text(document(done, kept))
    for line in summary(done):
        print(line)
    ran = [c for c in done if not c.left_out]
    print(f"{sum(c.right for c in ran)} passed, {sum(not c.right for c in ran)} failed")
    return 0 if ran and all(c.right for c in ran) else 1


def main():
    options, switches, names = arguments_of(sys.argv[1:])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    keep = pathlib.Path(options["keep"]) if options["keep"] else None
    if keep:
        keep.mkdir(exist_ok=True)
    if options["from"]:
        return conclude(kept_cells(pathlib.Path(options["from"]), names), "matrix" in switches, kept=True)
    print(f"seed {SEED}", flush=True)
    with contextlib.ExitStack() as stack:
        homes, root = jdks_here(stack, "matrix" in switches)
        wanted = {int(v) for v in options["jdk"].split(",")} if options["jdk"] else set(homes)
        cells = [(program, jdk, homes[jdk], variant)
                 for variant in (VARIANTS if "vary" in switches else ["as it is"])
                 for jdk in sorted(homes, key=in_order)
                 for program in programs.found(names, own_only="own" in switches or "matrix" in switches)
                 if not (program.repaired and variant != "as it is")
                 if jdk in wanted and ("all-jdks" in switches or str(jdk) in program.what["jdks"])]
        done = run_cells(cells, root, keep)
    return conclude(done, "matrix" in switches and not names)


if __name__ == "__main__":
    sys.exit(main())
