# SPDX-License-Identifier: Apache-2.0
"""Which collectors and settings there are to test, and what each needs. Which of them a JDK has is asked of the
JDK: it must start with the flags and say that it took them; so no table of versions is kept here."""

import functools
import re
import subprocess

from harness import in_root, tool

COLLECTORS = {
    "Serial": ["-XX:+UseSerialGC"],
    "Parallel": ["-XX:+UseParallelGC"],
    "CMS": ["-XX:+UseConcMarkSweepGC"],
    "G1": ["-XX:+UseG1GC"],
    "Shenandoah": ["-XX:+UseShenandoahGC"],
    "GenShenandoah": ["-XX:+UseShenandoahGC", "-XX:ShenandoahGCMode=generational"],
    "Z": ["-XX:+UseZGC"],
    "GenZ": ["-XX:+UseZGC", "-XX:+ZGenerational"],  # where Z can be both; else Z is what there is
    "Epsilon": ["-XX:+UseEpsilonGC"],
}
SETTINGS = {  # name: flags, environment
    "plain": ([], {}),
    "noattach": (["-XX:+DisableAttachMechanism"], {}),
    "stripped": ([], {}),  # libjvm.so has no .symtab
    "uncompressed": (["-XX:-UseCompressedOops", "-XX:-UseCompressedClassPointers"], {}),
    "uncompressed oops": (["-XX:-UseCompressedOops"], {}),
    "compact headers": (["-XX:+UseCompactObjectHeaders"], {}),
    "no compact headers": (["-XX:-UseCompactObjectHeaders"], {}),
    "alignment 16": (["-XX:ObjectAlignmentInBytes=16"], {}),
    "large heap": (["-Xmx40g", "-Xms64m"], {}),
    "large pages": (["-XX:+UseTransparentHugePages"], {}),
    "no archive": (["-Xshare:off"], {}),
    "aligned buffers": (["-Dsun.nio.PageAlignDirectMemory=true"], {}),
    "one arena": (["-Xshare:off"], {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "65536"}),
}
SOME = {  # the settings beyond the plain ones, each with the collectors that it says something new about
    "noattach": ("G1",),
    "uncompressed": ("Parallel", "G1"),
    "uncompressed oops": ("Serial", "Shenandoah"),
    "compact headers": ("Serial", "G1", "Z"),
    "no compact headers": ("Parallel", "G1", "Z"),
    "alignment 16": ("G1", "Shenandoah"),
    "large heap": ("G1", "Parallel", "Z"),
    "large pages": ("G1", "Serial"),
    "no archive": ("G1", "CMS"),
    "aligned buffers": ("Serial",),
    "one arena": ("Serial",),
}
UNLOCK = ["-XX:+UnlockExperimentalVMOptions", "-XX:+UnlockDiagnosticVMOptions"]  # before what they unlock


def flags_of(collector, setting="plain"):
    return [*UNLOCK, *COLLECTORS[collector], *SETTINGS[setting][0]]


@functools.lru_cache(maxsize=None)
def _final_flags(flags):
    """{name: value} of the flags of a VM that was started with these; None where it does not start."""
    run = subprocess.run(in_root(tool("java"), *UNLOCK, *flags, "-XX:+PrintFlagsFinal", "-version"), capture_output=True,
                         text=True, timeout=60)
    if run.returncode:
        return None
    return dict(re.findall(r"^\s*\w+ (\w+)\s*:?= ?(.*?)\s*\{", run.stdout, re.M))


def took(flags):
    """Whether the JDK starts with the flags, and with the values given."""
    final = _final_flags(tuple(flags))
    if final is None:
        return False
    for flag in flags:
        switch, value = re.fullmatch(r"-XX:([+-])(\w+)", flag), re.fullmatch(r"-XX:(\w+)=(.*)", flag)
        if switch and final.get(switch.group(2)) != ("true" if switch.group(1) == "+" else "false"):
            return False
        if value and final.get(value.group(1)) != value.group(2):
            return False
    return True


def collectors():
    """Those that the JDK has."""
    return [name for name, flags in COLLECTORS.items() if took(flags)]


def has(collector, setting):
    return took([*COLLECTORS[collector], *SETTINGS[setting][0]])


@functools.lru_cache(maxsize=None)
def feature():
    """The JDK's feature release: 8, 11, 17."""
    said = subprocess.run(in_root(tool("java"), "-XshowSettings:properties", "-version"), capture_output=True, text=True,
                          timeout=60).stderr
    return int(re.search(r"java\.specification\.version = (?:1\.)?(\d+)", said).group(1))


def chosen(arguments, default):
    """Splits a test's arguments into collectors (default where none is named, all for 'all') and the rest."""
    named = [a for a in arguments if a in COLLECTORS]
    rest = [a for a in arguments if a not in COLLECTORS and a != "all"]
    return (collectors() if "all" in arguments else named or list(default)), rest
