#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`jledger try`: what a collection proves of copies of a class that are garbage, and of such that are held; where
GC.run does nothing; what trim returns; who is asked, and who can't be. The class's name is made up in each run."""

import json
import os
import pathlib
import random
import shutil
import string
import subprocess
import sys
import time

import cells
from harness import (JDK_ROOT, JLEDGER, ROOT, Jvm, account, as_user, check, compile_java, done, inside, java_below, jcmd, jledger,
                     jledger_json, no_namespaces, own_namespaces, part, scratch, skip, status)

COPIES = 600
OTHER_USER = 4711


def made_up(work):
    """A class of a name of this run, in a folder of its own."""
    name = "".join(random.choice(string.ascii_uppercase) for _ in range(8)).title()
    (work / "made").mkdir()
    (work / f"{name}.java").write_text(f"public class {name} {{ static final int[] MANY = new int[100]; }}\n")
    compile_java([work / f"{name}.java"], work / "made")
    compile_java([ROOT / "tests/live/java/Copies.java", ROOT / "tests/live/java/Freed.java"], work)
    return name


def tried(pid, what):
    run = jledger("try", pid, what, "--yes", "--json", timeout=150)
    return json.loads(run.stdout) if run.returncode == 0 else {"failed": run.stderr.strip()}


def start(work, name, how, *flags, at_once=COPIES, rate=0):
    return Jvm(["-Xmx128m", "-XX:MetaspaceSize=512m", *flags, "-cp", work, "Copies", work / "made", name, str(at_once), how,
                str(rate)])


def collectable(jvm, name):
    """What the doctor says of the family, after it watched for a while: as long as it takes to call it a growing one, for
    what came within the window only is not."""
    for _ in range(5):
        found = jledger_json("doctor", jvm.pid, "--for", "6")["findings"]
        said = [f["collectable"] for f in found if f["culprit"] and f["culprit"]["name"] == name]
        if said:
            return said
    return []


def unloaded_of(t, name):
    return sum(u["count"] for u in t.get("unloaded", []) if u["family"] == name)


def garbage_and_held(work, name, gc):
    with part(f"{gc}: garbage"), start(work, name, "free", *cells.flags_of(gc)) as jvm:
        t = tried(jvm.pid, "gc")
        gone = unloaded_of(t, name)
        check(t.get("effect"), f"{gc}: the collection is seen", str(t.get("why_not") or t.get("failed")))
        if gc == "Z" and cells.feature() < 12:  # which unloads no class: that they stay proves nothing
            check(not gone and "no" not in [p["collectable"] for p in t["proofs"]], f"{gc}: what it can't free is not called held",
                  f"{gone} of {COPIES}, {t['proofs']}")
        else:
            check(gone > COPIES * 0.9, f"{gc}: copies that nobody holds are unloaded", f"{gone} of {COPIES}")
            # Before JDK 16 the VM keeps the pages, for the next classes.
            what = "resident" if cells.feature() >= 16 else "used"
            before, after = (account(t[side], "metaspace", what) for side in ("before", "after"))
            check(after < before, f"{gc}: Metaspace is given back", f"{what} {before >> 10} KB -> {after >> 10} KB")
    with part(f"{gc}: held"), start(work, name, "held", *cells.flags_of(gc)) as jvm:
        t = tried(jvm.pid, "gc")
        check(t.get("effect"), f"{gc}: the collection is seen", str(t.get("why_not") or t.get("failed")))
        check("unloaded" in t and not unloaded_of(t, name), f"{gc}: copies that are held stay",
              f"{unloaded_of(t, name)} of {COPIES}")


def two_phases(work, name):
    """Of a family that grows: what the doctor says of it before and after."""
    for how, before, after in ("free", "likely", "confirmed"), ("held", "likely", "no"):
        with part(how), start(work, name, how, at_once=1, rate=80) as jvm:
            time.sleep(6)
            said = collectable(jvm, name)
            check(said == [before], f"{how}: the doctor before", str(said))
            proofs = tried(jvm.pid, "gc")["proofs"]
            said = collectable(jvm, name)
            check(said == [after], f"{how}: the doctor after", f"{said}, proofs {proofs}")


def switched_off(work, name):
    with start(work, name, "free", "-XX:+DisableExplicitGC") as jvm:
        t = tried(jvm.pid, "gc")
        check(t.get("effect") and unloaded_of(t, name) > COPIES * 0.9, "-XX:+DisableExplicitGC: there is a way",
              f"{t.get('command')}: {unloaded_of(t, name)} of {COPIES}")
        check(cells.feature() > 8 or t.get("command") == "GC.class_histogram", "JDK 8 refuses GC.run, and it is said",
              str(t.get("command")))
    with start(work, name, "free", "-XX:+DisableAttachMechanism") as jvm:
        run = jledger("try", jvm.pid, "gc", "--yes")
        check(run.returncode == 3 and "DisableAttachMechanism" in run.stderr, "a VM that takes no attach is not asked",
              run.stderr.strip())
        check(jvm.process.poll() is None, "and lives on")


FREED = 1000  # blocks of 64 KB that the program had; one in 50 of them it keeps


def freed(work, around=(), prefix=()):
    return Jvm(["-Xmx100m", "-cp", work, "Freed", str(FREED)], around=around, prefix=prefix)


def mapped_library(pid):
    """Path and status of the file behind a library of ours that the JVM has mapped; None where it has none."""
    for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines():
        if ".jledger_trim" in line:
            fields = line.split()
            return fields[5], os.stat(f"/proc/{pid}/map_files/{fields[0]}")
    return None


def left_behind(pid):
    return [f.name for f in pathlib.Path(f"/proc/{pid}/root/tmp").iterdir() if f.name.startswith(".jledger")]


def trimmed(label, pid, uid):
    """Trims and looks at all that must hold; `uid` is the JVM's user."""
    before = int(status(pid, "VmRSS"))
    t = tried(pid, "trim")
    if "failed" in t:
        return check(False, f"{label}: is trimmed", t["failed"])
    returned = before - int(status(pid, "VmRSS"))
    check(t["effect"] and t["trim_returned"] > FREED * 48 << 10 and returned > FREED * 48,
          f"{label}: what is free goes back to the kernel",
          f"{t['command']}: malloc {t['trim_returned'] >> 10} KB, RSS {before} KB -> {before - returned} KB")
    library = mapped_library(pid)
    check((library is None) == (t["command"] == "System.trim_native_heap"),
          f"{label}: a library is loaded where the JVM has no command, and only there", str(library and library[0]))
    if library:
        s = library[1]
        check((s.st_uid, s.st_gid, s.st_mode & 0o7777, s.st_nlink) == (uid, uid, 0o600, 0),
              f"{label}: it was the JVM's user's alone, and is gone",
              f"uid {s.st_uid}, gid {s.st_gid}, mode {s.st_mode & 0o7777:o}, links {s.st_nlink}")
        tried(pid, "trim")
        check(mapped_library(pid)[1].st_ino == s.st_ino, f"{label}: asked again the JVM uses the copy that it has")
    check(not left_behind(pid), f"{label}: nothing is left in its /tmp", str(left_behind(pid)))


def trim(work, name):
    with freed(work) as jvm:
        trimmed("trim", jvm.pid, 0 if os.geteuid() == 0 else os.geteuid())
    if os.geteuid() == 0:
        work.chmod(0o755)
        with freed(work, prefix=as_user(OTHER_USER)) as jvm:
            # One that a killed JVM of root's left under this pid: the JVM could not take it away as it does with its own.
            pathlib.Path(f"/proc/{jvm.pid}/root/tmp/.java_pid{jvm.pid}").unlink(missing_ok=True)
            trimmed("trim of another user's JVM", jvm.pid, OTHER_USER)
    why = no_namespaces()
    if why:
        skip("trim in namespaces of its own", why)
        return
    with freed(work, around=own_namespaces("--kill-child")) as jvm:
        trimmed("trim in namespaces of its own", java_below(jvm.pid), os.geteuid())


def library(work, name):
    """The library itself, by the JDK's own command for agents, where trim would not need it too."""
    built = pathlib.Path(JLEDGER).parent / "src/agent/trim.so"
    if cells.feature() < 9 or not built.exists():
        return
    shutil.copy(built, work / "trim.so")
    with freed(work) as jvm:
        before = int(status(jvm.pid, "VmRSS"))
        said = jcmd(jvm.pid, "JVMTI.agent_load", inside(work / "trim.so"))
        after = int(status(jvm.pid, "VmRSS"))
        check("return code: 0" in said and before - after > FREED * 48, "the library trims in this JVM",
              f"RSS {before} KB -> {after} KB; {said.splitlines()[-1:]}")


def no_library(work, name):
    """Where the library can't be put, it is said, and nothing is left."""
    if cells.feature() > 8 or no_namespaces():
        return  # the command is there, or no /tmp of its own
    tmp = f"{JDK_ROOT}/tmp"
    kept = pathlib.Path(JDK_ROOT + "/var/tmp") / work.name
    shutil.copytree(work, kept)
    around = ["unshare", "--mount", "sh", "-c", f"mount -t tmpfs -o noexec,mode=1777 tmp {tmp} && exec \"$@\"", "sh"]
    try:
        with freed(kept, around=around) as jvm:
            run = jledger("try", jvm.pid, "trim", "--yes", timeout=150)
            check(run.returncode == 3 and "noexec" in run.stderr, "a /tmp without exec takes no library", run.stderr.strip())
            check(not left_behind(jvm.pid) and jvm.process.poll() is None, "and nothing is left in it")
    finally:
        shutil.rmtree(kept)


def consent(work, name):
    with start(work, name, "free") as jvm:
        run = subprocess.run([JLEDGER, "try", str(jvm.pid), "gc"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        check(run.returncode == 3 and "--yes" in run.stderr and "stand still" in run.stderr,
              "without --yes and a terminal the impact is said and nothing is done", run.stderr.strip()[-60:])
        socket = subprocess.run(["ls", f"/proc/{jvm.pid}/root/tmp/.java_pid{jvm.pid}"], capture_output=True)
        check(socket.returncode != 0, "and the JVM was not even attached to")
    for words, code in (["all", "gc"], 2), ([str(2**22 - 1), "gc"], 3), (["1", "heat"], 2):
        check(jledger("try", *words, "--yes").returncode == code, f"try {' '.join(words)}: exit {code}")


def main():
    work = scratch()
    name = made_up(work)
    collectors, _ = cells.chosen(sys.argv[1:], [gc for gc in ("Serial", "Parallel", "G1", "Z") if gc in cells.collectors()])
    check(collectors, "the JDK starts")
    for gc in collectors:
        if gc != "Epsilon":  # which collects nothing
            garbage_and_held(work, name, gc)
    for test in two_phases, switched_off, trim, library, no_library, consent:
        with part(test.__name__):
            test(work, name)
    shutil.rmtree(work)
    done()


if __name__ == "__main__":
    main()
