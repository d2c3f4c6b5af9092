#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A JDK that is upgraded while it runs: libjvm.so renamed, another file in its place, deleted, the whole JDK gone.

What is read is the library that the JVM has in memory, so nothing changes: not for root, who still reaches the
files, nor for the JVM's own user, who does not and reads through the target's memory what the kernel has dropped.
"""

import ctypes
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

from harness import JDK_ROOT, ROOT, Jvm, account, as_user, check, compile_java, done, inside, java_home, jledger, \
    jledger_json, public_jledger, scratch, skip

WORK = scratch("jledger-replaced-")
OWNER = 54321
FILES_GROW = 16 << 20
FIELDS = ("resident", "used", "committed", "reserved", "certainty", "source")
PIDFD_OPEN, PROCESS_MADVISE, MADV_PAGEOUT = 434, 440, 21


def own_jdk():
    """A copy of the JDK that may be taken apart; its libjvm.so is a file of its own.  Headers, sources and module
    files of other programs stay behind."""
    home = WORK / "jdk"
    shutil.copytree(java_home(), home, symlinks=True,
                    ignore=shutil.ignore_patterns("jmods", "include", "demo", "man", "src.zip", "ct.sym", "docs"),
                    copy_function=link_or_copy)
    library = next(home.rglob("server/libjvm.so"))
    data = library.read_bytes()
    library.unlink()
    library.write_bytes(data)
    library.chmod(0o755)
    return home, library


def link_or_copy(source, target):
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)
    return target


def summary(ledger):
    """What a look says of the target but for the moment and the cost."""
    return {"accounts": {row["account"]: [row[f] for f in FIELDS] for row in ledger["accounts"]},
            "rss": ledger["rss"], "unaccounted": ledger["unaccounted"], "misses": ledger["misses"],
            "buffers": ledger["direct_buffers"], "loaders": len(ledger["loaders"] or []),
            "jdk": ledger["target"]["jdk"]}


def apart(a, b):
    """Where two summaries differ; of accounts the rows."""
    a, b = ({**x, **x["accounts"], "accounts": None} for x in (a, b))
    return "; ".join(f"{k}: {a[k]} and {b[k]}" for k in a if a[k] != b[k])[:600]


def looks(pid):
    """By root and by the JVM's own user, who has no right to files that are not there any more."""
    readers = {"root": [], "its user": as_user(OWNER)} if os.geteuid() == 0 else {"its user": []}
    return {who: summary(jledger_json("map", pid, "--by", "loader", prefix=prefix)) for who, prefix in readers.items()}


def sums_of_the_file(pid):
    """What a capture holds of the comparison with the library's file: nothing where the file can't be had."""
    folder = WORK / f"capture{len(list(WORK.glob('capture*')))}"
    run = jledger("capture", pid, "-o", f"{folder}/")
    found = [p.read_text() for p in folder.rglob("*") if p.is_file() and "symbols" in str(p) and p.name.startswith("tables")]
    return found[0] if run.returncode == 0 and found else None


def same_as_before(before, pid, label):
    """But for pages of files that the second reader brought in, because it may not open them any more."""
    now = looks(pid)
    for who, look in now.items():
        check(not look["misses"] and resident_apart(before[who], look) <= FILES_GROW and
              without_resident(look) == without_resident(before[who]),
              f"{label}: {who} reads the same ledger", apart(before[who], look))


def resident_apart(a, b):
    """Bytes by which the files of two looks differ; everything else must not."""
    apart_by = 0
    for name, row in a["accounts"].items():
        difference = abs((row[0] or 0) - (b["accounts"][name][0] or 0))
        apart_by += difference if name in ("libraries", "cds", "mapped-files") else 1000 * difference
    return apart_by


def without_resident(look):
    return {"accounts": {name: row[1:] for name, row in look["accounts"].items()}, "unaccounted": look["unaccounted"],
            "buffers": look["buffers"], "loaders": look["loaders"], "jdk": look["jdk"]}


def page_out(pid, name):
    """Has the kernel drop the pages of a process's mapped file; bytes of it that are left in memory."""
    libc = ctypes.CDLL(None)

    class Range(ctypes.Structure):
        _fields_ = [("start", ctypes.c_void_p), ("length", ctypes.c_size_t)]

    fd = libc.syscall(PIDFD_OPEN, pid, 0)
    left, inside_it = 0, False
    for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines():
        start, end = (int(x, 16) for x in line.split()[0].split("-"))
        if name in line and line.split()[1] == "r--p" and line.split()[2] == "00000000":
            libc.syscall(PROCESS_MADVISE, fd, ctypes.byref(Range(start, end - start)), 1, MADV_PAGEOUT, 0)
    os.close(fd)
    for line in pathlib.Path(f"/proc/{pid}/smaps").read_text().splitlines():
        if "-" in line.split()[0]:
            inside_it = name in line and line.split()[1] == "r--p" and line.split()[2] == "00000000"
        elif inside_it and line.startswith("Rss:"):
            left += int(line.split()[1])
    return left


def dropped_as_well(jvm, before):
    """Last: from now on the ledger of the library's own pages is another, and the kernel, at it, now and then takes
    a page of another file that only this JVM has mapped."""
    left = page_out(jvm.pid, "libjvm.so")
    if left > 1024:
        skip("pages of a deleted library that are not in memory", f"the kernel keeps them ({left} KB)")
        return
    for who, look in looks(jvm.pid).items():
        rows = [look["accounts"], before[who]["accounts"]]
        for row in rows:
            row.pop("libraries")
            row["cds"] = row["cds"][1:] if "cds" in row else None
        check(not look["misses"] and rows[0] == rows[1], f"JDK removed, pages dropped: {who} reads on",
              f"{look['misses']} {[(k, v, rows[1][k]) for k, v in rows[0].items() if v != rows[1][k]]}"[:600])


def upgrade(jvm, home, library):
    pid = jvm.pid
    os.kill(pid, signal.SIGSTOP)  # what stands still is the same every time
    time.sleep(0.2)
    looks(pid)
    before = looks(pid)
    whole = sums_of_the_file(pid)
    for who, look in before.items():
        check(not look["misses"] and look["unaccounted"] < 0.001 * look["rss"] and look["loaders"] >= 3,
              f"before: {who} reads all of it", f"{look['misses']} {look['unaccounted']} {look['loaders']}")
    check(whole is not None and len(whole.splitlines()) == 4, "before: the VM's tables are compared with its file")

    aside = library.with_name("libjvm.so.old")
    good = library.read_bytes()
    library.rename(aside)
    same_as_before(before, pid, "libjvm.so renamed")
    check(sums_of_the_file(pid) == whole, "libjvm.so renamed: compared with the same file")

    # As like the old one as an upgrade's, but for what the tables stand in.
    library.write_bytes(good[: len(good) * 3 // 4] + bytes(len(good) - len(good) * 3 // 4))
    same_as_before(before, pid, "another file in its place")
    check(sums_of_the_file(pid) == whole, "another file in its place: it is not what is compared with")

    aside.unlink()
    same_as_before(before, pid, "libjvm.so deleted, another in its place")
    shutil.rmtree(home)
    same_as_before(before, pid, "JDK removed")
    if os.geteuid() == 0:
        check(sums_of_the_file(pid) == whole, "JDK removed: root still compares with the file")
    rows = [r for r in jledger_json("ps")["jvms"] if r["pid"] == pid]
    check(rows and rows[0]["state"] == "stopped" and rows[0]["vm"] == "HotSpot", "JDK removed: ps lists it", str(rows))
    text = jledger("doctor", pid, "--for", "0")
    check(text.returncode == 0, "JDK removed: doctor works", text.stderr.strip())
    if os.geteuid() == 0:
        dropped_as_well(jvm, before)
    os.kill(pid, signal.SIGCONT)
    check(jvm.process.poll() is None, "the JVM still runs")


def main():
    public_jledger(WORK)
    compile_java([ROOT / "tests/live/java/Quiet.java"], WORK)
    home, library = own_jdk()
    os.environ["JDK"] = inside(home)
    user = as_user(OWNER) if os.geteuid() == 0 else []
    with Jvm(["-Xmx128m", "-XX:+UseSerialGC", "-cp", str(WORK), "Quiet"], prefix=user) as jvm:
        upgrade(jvm, home, library)
    shutil.rmtree(WORK, ignore_errors=True)
    done()


main()
