#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Asks JDKs which flags they have, and writes src/diagnose/lifetimes.def from their answers.

flag-lifetimes.py JAVA_HOME... [--root DIR] > src/diagnose/lifetimes.def

Each JAVA_HOME is one JDK of another feature release, as a path inside DIR (a root for chroot) where that is given.
Nothing but the JDKs' own words goes into the table:

* -XX:+PrintFlagsFinal with everything unlocked: names, types and kinds;
* every name that any of them knows, and every word of libjvm.so that could be one, on each JDK's command line:
  "Ignoring option", "was deprecated", "Unrecognized", or nothing;
* the names that libjvm.so has written out as options: some are taken without a flag of that name.

The words of JDK 8 have to be asked one by one: most of the time goes there.
"""

import concurrent.futures
import pathlib
import re
import subprocess
import sys

UNLOCK = ["-XX:+UnlockDiagnosticVMOptions", "-XX:+UnlockExperimentalVMOptions"]
# Would write files, wait, or end the VM: their words are asked for, their effects are not.
LEFT_OUT = re.compile(r"Dump|StartFlightRecording|FlightRecorder|ErrorFile|LogFile|StartSuspended|PauseAt|Crash|Abort"
                      r"|OnError|OnOutOfMemory|ReplayCompiles|ArchiveClasses|AOT|CICrash|Print|SharedArchive|Debugger")
NOT_ASKED = {"Flags", "VMOptionsFile"}  # read a file
ROW = re.compile(r"^\s*(\w+) (\w+)\s*:?= ?(.*?)\s*\{([^}]*)\}", re.M)
KINDS = {"diagnostic": "d", "experimental": "e", "manageable": "m"}  # else a product flag: p
TYPES = {"bool": "BOOL", "double": "DOUBLE", "ccstr": "STRING", "ccstrlist": "LIST"}  # else a number


class Jdk:
    def __init__(self, home, root):
        self.root, self.home = root, home.rstrip("/")
        self.release = self.ask_release()
        self.flags = {}  # name: (type, kind, default)
        for type_, name, value, kind in ROW.findall(self.run([*UNLOCK, "-XX:+PrintFlagsFinal"])):
            self.flags[name] = (type_, next((k for word, k in KINDS.items() if word in kind), "p"), value)
        self.deprecated, self.obsolete = {}, {}  # name: release in which it became so, 0 not said
        self.alias = {}  # name: the flag that it sets

    def run(self, options, words=("-version",)):
        enter = ["chroot", self.root] if self.root else []
        with subprocess.Popen([*enter, f"{self.home}/bin/java", "-Xmx64m", *options, *words], text=True, errors="replace",
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL) as java:
            try:
                return java.communicate(timeout=60)[0]
            except subprocess.TimeoutExpired:  # some values, though the VM's own, do not let it start
                java.kill()
                return java.communicate()[0] + "Could not create: it took too long"

    def ask_release(self):
        said = self.run(["-XshowSettings:properties"])
        return int(re.search(r"java\.specification\.version = (?:1\.)?(\d+)", said).group(1))

    def words(self):
        """Words of the VM that could be names of flags."""
        library = next(pathlib.Path(f"{self.root or ''}{self.home}").rglob("server/libjvm.so"))
        found = set(re.findall(rb"(?<![\w.])[A-Z][A-Za-z0-9_]{4,60}(?=\0)", library.read_bytes()))
        return {w.decode() for w in found if re.search(rb"[a-z]", w)}

    def written_out(self):
        """Names that the VM compares its arguments with ("-XX:ParallelCMSThreads=") and that are no flags."""
        library = next(pathlib.Path(f"{self.root or ''}{self.home}").rglob("server/libjvm.so"))
        found = re.findall(rb"(?<=\0)-XX:([+-]?)([A-Z]\w+)(=?)\0", library.read_bytes())
        return {(name.decode(), sign.decode(), equals.decode()) for sign, name, equals in found} - {
            (n, "", e) for n in NOT_ASKED for e in ("", "=")}

    def ends_of_words(self):
        """A linker lets a text that ends another lie in it: PermSize in MaxPermSize."""
        return {w[i:] for w in self.words() for i in range(1, len(w) - 4) if w[i].isupper() and not w[i - 1].isupper()}

    def note(self, said):
        """Takes in what a start said of flags; lets one more name that it refused, or None."""
        for name, since in re.findall(r"[Ii]gnoring option [-+]?(\w+)[^;\n]*; support was removed in (\d+)", said):
            self.obsolete[name] = int(since)
        for name in re.findall(r"[Ii]gnoring obsolete option [-+]?(\w+)", said):
            self.obsolete.setdefault(name, 0)
        for name, since in re.findall(r"Option (\w+) was deprecated in version (\d+)", said):
            self.deprecated[name] = int(since)
        for name, other in re.findall(r"Option (\w+) was .*Use option (\w+) instead", said):
            self.alias[name] = other
        for name in re.findall(r"(?:-XX:[-+]?)(\w+)(?:=\S*)? is deprecated", said):
            self.deprecated.setdefault(name, 0)
        for line in re.findall(r"^.*deprecated ?and will likely be removed.*$", said, re.M):
            for name in re.findall(r"\b[A-Z]\w+", line):
                if name in self.flags:
                    self.deprecated.setdefault(name, 0)


def by_default(jdk, name):
    type_, _, value = jdk.flags[name]
    if type_ == "bool":
        return f"-XX:{'+' if value == 'true' else '-'}{name}"
    return f"-XX:{name}={value}"


def ask_own(jdk):
    """What the VM says of its own flags, each at its default: that some are deprecated or ignored all the same."""
    names = [n for n, (type_, _, value) in jdk.flags.items() if value or type_ == "bool"]
    todo = [names]
    while todo:
        some = todo.pop()
        said = jdk.run([*UNLOCK, *(by_default(jdk, n) for n in some)])
        jdk.note(said)
        if "Could not create" in said and len(some) > 1:
            todo += [some[:len(some) // 2], some[len(some) // 2:]]


def ask_flipped(jdk, pool):
    """Switches that are deprecated only when they are on (or off)."""
    def flip(name):
        value = jdk.flags[name][2]
        return jdk.run([*UNLOCK, f"-XX:{'-' if value == 'true' else '+'}{name}"])
    # From 9 on the table of deprecated flags speaks of either value; those that became -Xlog have words of their own.
    names = [n for n, (type_, kind, _) in jdk.flags.items() if type_ == "bool" and kind in "pm" and
             (not LEFT_OUT.search(n) if jdk.release == 8 else re.match(r"PrintGC|Trace(Class|Loader|Exc|Mon|Biased)", n))]
    for said in pool.map(flip, names):
        jdk.note(said)


def ask_foreign(jdk, names, obsolete, pool):
    """Names of other JDKs' flags that are not in the VM's table: ignored with a word, another name of a flag, or
    refused without a word. What JDK 8 knew was among its own words, but for those that lie in others."""
    names = sorted(names - NOT_ASKED)
    if jdk.release == 8:
        for said in pool.map(lambda n: jdk.run([f"-XX:+{n}"]) + jdk.run([f"-XX:{n}=1"]), sorted(obsolete)):
            jdk.note(said)
        return
    for i in range(0, len(names), 500):
        for form in ("-XX:+{}", "-XX:{}=1"):
            jdk.note(jdk.run([*UNLOCK, "-XX:+IgnoreUnrecognizedVMOptions", *map(form.format, names[i:i + 500])]))
    for name in set(jdk.deprecated) - set(jdk.flags) - set(jdk.obsolete):
        jdk.alias.setdefault(name, "?")


def ask_words(jdk, pool):
    """Finds names that are obsolete in this VM and in no table. From 9 on a VM that is told to ignore what it
    does not know still says which ones it knew; 8 says so only of one at a time."""
    names = jdk.words() | (jdk.ends_of_words() if jdk.release > 8 else set())
    names = sorted(names - set(jdk.flags))
    if jdk.release > 8:
        for i in range(0, len(names), 1000):
            jdk.note(jdk.run(["-XX:+IgnoreUnrecognizedVMOptions", *(f"-XX:+{n}" for n in names[i:i + 1000]
                                                                   if n not in NOT_ASKED)]))
    else:
        for said in pool.map(lambda n: jdk.run([f"-XX:+{n}"]) + jdk.run([f"-XX:{n}=1"]), names):
            jdk.note(said)


def ask_written(jdk, pool):
    """Names that the VM takes though it has no such flag: each sets another one, which a start with it shows."""
    before = {name: value for name, (_, _, value) in jdk.flags.items()}

    def ask(name, sign, equals):
        option = f"-XX:{sign}{name}" if sign else f"-XX:{name}={7 if equals else 1}"
        said = jdk.run([*UNLOCK, option, "-XX:+PrintFlagsFinal"])
        after = {n: value for _, n, value, _ in ROW.findall(said)}
        return name, sign, said, [n for n, value in after.items() if before.get(n) != value]

    asked = sorted(w for w in jdk.written_out() if w[0] not in jdk.flags and w[0] not in jdk.obsolete and (w[1] or w[2])
                   and not LEFT_OUT.search(w[0]))
    for name, sign, said, changed in pool.map(lambda w: ask(*w), asked):
        jdk.note(said)
        if "Unrecognized VM option" in said or "Could not create" in said or name in jdk.obsolete:
            continue
        place = re.search(rf"use (?:-XX:)?[-+]?(\w+)=? in place of (?:-XX:)?[-+]?{name}", said)
        other = place.group(1) if place else changed[0] if len(changed) == 1 else "?"
        if jdk.alias.get(name, "?") == "?":
            jdk.alias[name] = other


def code(jdk, name):
    if name in jdk.obsolete:
        return "o"
    if name in jdk.flags:
        return jdk.flags[name][1]
    return "a" if name in jdk.alias else "."


def row(jdks, name):
    types = [jdk.flags[name][0] for jdk in jdks if name in jdk.flags]
    type_ = TYPES.get(types[-1], "NUMBER") if types else "UNKNOWN"
    since = lambda which: next((getattr(j, which)[name] for j in reversed(jdks) if getattr(j, which).get(name)), 0)
    deprecated = "".join("x" if name in j.deprecated and code(j, name) in "pdema" else "." for j in jdks)
    alias = next((j.alias[name] for j in reversed(jdks) if name in j.alias and code(j, name) == "a"), None)
    return (f'FLAG("{name}", {type_}, "{"".join(code(j, name) for j in jdks)}", "{deprecated}", {since("deprecated")}, '
            f'{since("obsolete")}, {chr(34) + alias + chr(34) if alias and alias != "?" else "NULL"})')


def main():
    arguments = sys.argv[1:]
    root = arguments.pop(arguments.index("--root") + 1) if "--root" in arguments else None
    jdks = sorted((Jdk(a, root) for a in arguments if a != "--root"), key=lambda j: j.release)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for jdk in jdks:
            for step in (ask_own, lambda j: ask_flipped(j, pool), lambda j: ask_words(j, pool),
                         lambda j: ask_written(j, pool)):
                step(jdk)
            print(f"JDK {jdk.release}: {len(jdk.flags)} flags, {len(jdk.obsolete)} obsolete", file=sys.stderr)
        names = set().union(*(set(j.flags) | set(j.obsolete) | set(j.deprecated) | set(j.alias) for j in jdks))
        obsolete = set().union(*(j.obsolete for j in jdks))
        for jdk in jdks:
            ask_foreign(jdk, names - set(jdk.flags) - set(jdk.obsolete), obsolete - set(jdk.flags) - set(jdk.obsolete), pool)
    print(f"""// SPDX-License-Identifier: Apache-2.0
// Which JDK has which flag, as OpenJDK builds for Linux x86-64 say themselves. Made by tools/flag-lifetimes.py:
// not to be edited. A letter for each of the releases: p product, m manageable, d diagnostic,
// e experimental, o obsolete (taken and ignored, with a warning), a another name of a flag, . not known (refused).
//
//   name, type, by release, deprecated there, deprecated since, obsolete since, the flag that it names
RELEASES({", ".join(str(j.release) for j in jdks)})""")
    for name in sorted(names):
        print(row(jdks, name))


if __name__ == "__main__":
    main()
