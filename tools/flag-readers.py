#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which functions of a HotSpot read a flag's variable: the evidence behind ONLY rows of src/diagnose/flag_effects.def.

flag-readers.py JAVA_HOME [FLAG...]

For each flag (all of the VM's without names): how many functions name its variable in libjvm.so's machine code, the
collectors that they belong to, and those that belong to none. Needs objdump and nm, and a libjvm.so with .symtab (JDK 11
and later). A reader that the compiler inlined goes by the name of the function it went into; one that takes the
variable's address out of a table is not seen.
"""

import bisect
import collections
import pathlib
import re
import subprocess
import sys

OWNERS = {  # by the start of a function's name; the first that fits
    "G1": r"G1|HeapRegion|Freelist", "CMS": r"CMS|ConcurrentMarkSweep|Par(New|Scan)|CompactibleFreeList|PromotionInfo",
    "Parallel": r"PS[A-Z]|Parallel|MutableNUMA|ObjectStartArray|SplitInfo",
    "Serial": r"DefNew|Tenured|Serial|CardGeneration|GenCollectedHeap|GenMarkSweep|MarkSweep",
    "Serial or Parallel": r"GenArguments", "Z": r"[ZX][A-Z]", "Shenandoah": r"Shenandoah", "Epsilon": r"Epsilon",
    "": r"GCConfiguration|GC\w+Configuration|.*Constraint|Jfr|.*InitLogger|JVMFlag",  # print it, or check its value
}
REFERENCE = re.compile(r"^\s*([0-9a-f]+):.*# ([0-9a-f]+) <")


def flag_names(home):
    said = subprocess.run([f"{home}/bin/java", "-XX:+UnlockDiagnosticVMOptions", "-XX:+UnlockExperimentalVMOptions",
                           "-XX:+PrintFlagsFinal", "-version"], capture_output=True, text=True).stdout
    return re.findall(r"^\s*\w+ (\w+)\s*:?=", said, re.M)


def readers(library, names):
    """{flag: set of functions}"""
    functions, flags = [], {}
    for line in subprocess.run(["nm", "-C", library], capture_output=True, text=True).stdout.splitlines():
        address, kind, name = (line.split(" ", 2) + ["", ""])[:3]
        if kind in "dDbBrR" and name in names:
            flags[int(address, 16)] = name
        elif kind in "tTwW" and address:
            functions.append((int(address, 16), name))
    functions.sort()
    starts = [f[0] for f in functions]
    found = collections.defaultdict(set)
    with subprocess.Popen(["objdump", "-d", "--no-show-raw-insn", library], stdout=subprocess.PIPE, text=True) as dump:
        for line in dump.stdout:
            hit = REFERENCE.match(line)
            if hit and int(hit.group(2), 16) in flags:
                name = functions[bisect.bisect_right(starts, int(hit.group(1), 16)) - 1][1]
                found[flags[int(hit.group(2), 16)]].add(re.sub(r"[<(].*", "", name))
    return {name: found[name] for name in flags.values()}


def owner(function):
    return next((who for who, start in OWNERS.items() if re.match(start, function)), None)


def main():
    home, names = sys.argv[1], sys.argv[2:]
    library = next(pathlib.Path(home).rglob("server/libjvm.so"))
    for name, functions in sorted(readers(str(library), set(names or flag_names(home))).items()):
        by = collections.defaultdict(set)
        for function in functions:
            by[owner(function)].add(function)
        collectors = ", ".join(sorted(w for w in by if w)) or "no collector"
        print(f"{name}: {len(functions)} functions, {collectors}; else {' '.join(sorted(by[None])) or 'none'}")


if __name__ == "__main__":
    main()
