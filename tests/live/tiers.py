#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What jledger may read decides what it says: each tier for real, by who reads and with what rights.

Needs root (to become others), setpriv and unshare of util-linux, and a C compiler for the sandbox.
"""

import json
import os
import shutil
import signal
import subprocess
import time

from harness import ROOT, Jvm, as_user, check, compile_c, compile_java, done, java_below, no_namespaces, \
    own_namespaces, public_jledger, scratch, skip, status

OWNER, STRANGER = 65534, 65533
WORK = scratch("jledger-tiers-")
JVM_OPTIONS = ["-Xmx128m", "-Xms64m", "-XX:+UseSerialGC", "-cp", str(WORK), "Quiet"]


def run(prefix, *arguments, timeout=30):
    return subprocess.run([*prefix, str(WORK / "jledger"), *map(str, arguments)], capture_output=True, text=True,
                          timeout=timeout)


def read_json(prefix, *arguments):
    """The JSON object and the exit code; None where it printed none."""
    got = run(prefix, *arguments, "--json")
    try:
        return json.loads(got.stdout), got
    except ValueError:
        return None, got


def ps_row(prefix, pid):
    rows, _ = read_json(prefix, "ps")
    return next((r for r in (rows or {}).get("jvms", []) if r["pid"] == pid), None)


def sums(ledger):
    return sum(row["resident"] or 0 for row in ledger["accounts"]) + ledger["unaccounted"]


def expect_ledger(label, prefix, pid, tier, by_page=True):
    """map and doctor work, name the tier, and the ledger sums to its own scan."""
    row = ps_row(prefix, pid)
    check(row is not None and row["tier"] == tier, f"{label}: ps says tier {tier}", row and row["tier"])
    ledger, got = read_json(prefix, "map", pid)
    if not check(got.returncode == 0 and ledger is not None, f"{label}: map works",
                 f"exit {got.returncode} {got.stderr.strip()[:200]}"):
        return None
    check(sums(ledger) == ledger["rss"], f"{label}: accounts and unaccounted sum to the scan",
          f"{sums(ledger)} of {ledger['rss']}")
    rss = int(status(pid, "VmRSS")) * 1024
    check(abs(ledger["rss"] - rss) <= max(rss // 50, 1 << 20), f"{label}: the scan is VmRSS",
          f"{ledger['rss']} of {rss}")
    check(ledger["by_page"] == by_page, f"{label}: pages are read {'one by one' if by_page else 'by mapping'}")
    longest = ledger["cost"]["longest_lock_s"]
    check(longest is not None and 0 < longest < 1, f"{label}: says how long it held the target's memory lock",
          str(longest))
    check(all(f["tier"] == tier for f in ledger["facts"]), f"{label}: every fact carries its tier")
    report, got = read_json(prefix, "doctor", pid, "--for", "0")
    check(got.returncode == 0 and report is not None, f"{label}: doctor works",
          f"exit {got.returncode} {got.stderr.strip()[:200]}")
    if report:
        check(report["target"]["tier"] == tier, f"{label}: doctor says tier {tier}", report["target"]["tier"])
    return ledger


def text_of(prefix, pid):
    got = run(prefix, "map", pid)
    return " ".join((got.stdout + got.stderr).split()) # as one line, however it was wrapped


def heap_is_there(label, ledger):
    if ledger:
        heap = next((r for r in ledger["accounts"] if r["account"] == "java-heap"), None)
        check(heap is not None and heap["resident"] > 24 << 20, f"{label}: the heap is in the ledger",
              heap and str(heap["resident"]))


def expect_denied(label, prefix, pid, helps):
    row = ps_row(prefix, pid)
    check(row is not None and row["tier"] == "D" and row["rss"] > 0, f"{label}: ps shows it, tier D", str(row))
    for command in ("map", "doctor", "flags"):
        started = time.monotonic()
        got = run(prefix, command, pid)
        check(got.returncode == 3, f"{label}: {command} exits 3", f"exit {got.returncode}")
        check(helps in got.stderr, f"{label}: {command} says what would help", got.stderr.strip()[:300])
        check(time.monotonic() - started < 5, f"{label}: {command} answers within 5 seconds")


def owners_jvm():
    with Jvm(JVM_OPTIONS, prefix=as_user(OWNER)) as jvm:
        pid = jvm.pid
        heap_is_there("A, root", expect_ledger("A, root", [], pid, "A"))
        full = as_user(STRANGER, "sys_ptrace", "dac_read_search")
        heap_is_there("A, both capabilities", expect_ledger("A, both capabilities", full, pid, "A"))
        check("would add" not in text_of(full, pid), "A, both capabilities: nothing is missing")
        ptrace = as_user(STRANGER, "sys_ptrace")
        heap_is_there("A, CAP_SYS_PTRACE", expect_ledger("A, CAP_SYS_PTRACE", ptrace, pid, "A", by_page=False))
        check("CAP_DAC_READ_SEARCH" in text_of(ptrace, pid),
              "A, CAP_SYS_PTRACE alone: says that CAP_DAC_READ_SEARCH would add the pages")
        owner = as_user(OWNER)
        heap_is_there("B, same user", expect_ledger("B, same user", owner, pid, "B"))
        sandbox = [*owner, str(WORK / "seccomp_run")]
        heap_is_there("C, sandboxed reader", expect_ledger("C, sandboxed reader", sandbox, pid, "C"))
        check("CAP_SYS_PTRACE would add" in text_of(sandbox, pid),
              "C, sandboxed reader: says that CAP_SYS_PTRACE would add the memory")
        check("seccomp filter on jledger itself" in text_of(sandbox, pid) and "Yama" not in text_of(sandbox, pid),
              "C, sandboxed reader: names the seccomp filter")
        quiet = run(sandbox, "map", pid, "--no-attach")
        check(quiet.returncode == 0, "C, sandboxed reader: map works without attach", quiet.stderr.strip()[:200])
        check(run(sandbox, "flags", pid).returncode == 0, "C, sandboxed reader: flags are asked from the VM")
        got = run(sandbox, "flags", pid, "--no-attach")
        check(got.returncode == 3 and not got.stdout and "--no-attach" in got.stderr and "CAP_SYS_PTRACE" in got.stderr,
              "C, sandboxed reader: no flags without attach, exit 3 and what would help", got.stderr.strip()[:200])
        expect_denied("D, another user", as_user(STRANGER), pid, "CAP_SYS_PTRACE")
        expect_denied("D, CAP_DAC_READ_SEARCH alone", as_user(STRANGER, "dac_read_search"), pid, "CAP_SYS_PTRACE")
        stopped_and_gone(jvm)


def under_yama(scope, pid, reader):
    """A prefix for a reader on a machine whose Yama stands at `scope`: what it would refuse is refused, and
    /proc/sys/kernel, in a mount namespace of its own, says so."""
    recorded = ("mount -t tmpfs none /proc/sys/kernel && mkdir /proc/sys/kernel/yama && "
                f"echo {scope} >/proc/sys/kernel/yama/ptrace_scope && echo box >/proc/sys/kernel/hostname && "
                'exec "$@"')
    return ["unshare", "--mount", "sh", "-c", recorded, "sh", *reader, str(WORK / "seccomp_run"), "--of", str(pid)]


def closed_by_yama():
    """No Yama is needed: a filter gives its EPERM for this one process, and a file of its name the scope."""
    with Jvm(JVM_OPTIONS, prefix=as_user(OWNER)) as jvm:
        pid = jvm.pid
        for scope, reader, helps in ((1, as_user(OWNER), "CAP_SYS_PTRACE would add"),
                                     (2, as_user(OWNER), "sysctl kernel.yama.ptrace_scope=0"),
                                     (3, as_user(OWNER), "a boot with kernel.yama.ptrace_scope below 3 would add"),
                                     (3, [], "a boot with kernel.yama.ptrace_scope below 3 would add")):
            label = f"C, Yama at {scope}{'' if reader else ', root'}"
            prefix = under_yama(scope, pid, reader)
            heap_is_there(label, expect_ledger(label, prefix, pid, "C"))
            said = text_of(prefix, pid)
            check("Yama" in said and f"ptrace_scope {scope}" in said, f"{label}: names Yama and its value", said[-400:])
            check(helps in said and "seccomp" not in said, f"{label}: says what would help", said[-400:])
            got = run(prefix, "flags", pid, "--no-attach")
            check(got.returncode == 3 and "Yama" in got.stderr, f"{label}: no flags without attach, and why",
                  got.stderr.strip()[:300])
            unlisted = [read_json(prefix, "map", pid, "--no-attach", "--by", by)[0][f"{by}s"] for by in ("loader", "arena")]
            check(unlisted == [None, None], f"{label}: lists that nobody can bring are null", str(unlisted)[:200])
        check("Yama" not in text_of(under_yama(0, pid, as_user(OWNER)), pid), "C, Yama at 0: something else is named")


def stopped_and_gone(jvm):
    os.kill(jvm.pid, signal.SIGSTOP)
    try:
        time.sleep(0.2)
        expect_ledger("stopped", [], jvm.pid, "A")
        row = ps_row([], jvm.pid)
        check(row and row["state"] == "stopped", "stopped: ps says so", row and row["state"])
    finally:
        os.kill(jvm.pid, signal.SIGCONT)
    jvm.stop()
    got = run([], "map", jvm.pid)
    check(got.returncode == 3 and str(jvm.pid) in got.stderr, "gone: map exits 3 and names the process",
          got.stderr.strip())


def root_against_capabilities():
    """Same user, but the target holds capabilities that the reader gave away."""
    with Jvm(JVM_OPTIONS) as jvm:
        expect_denied("D, fewer capabilities than the target", as_user(0), jvm.pid, "CAP_SYS_PTRACE")


def other_namespaces():
    """The JVM as PID 1 of its own PID and mount namespaces."""
    with Jvm(JVM_OPTIONS, around=own_namespaces("--kill-child")) as outer:
        pid = java_below(outer.pid)
        check(status(pid, "NSpid") and pid != outer.pid, "namespaces: the JVM was found below unshare", str(pid))
        heap_is_there("namespaces", expect_ledger("namespaces", [], pid, "A"))
        row = ps_row([], pid)
        check(row and row["heap"]["committed"], "namespaces: ps reads its counters by the inner PID",
              row and str(row["heap"]))


def hidden():
    """A /proc of its own with hidepid=2: for others the process is not there, and that is not 'gone'."""
    with Jvm(JVM_OPTIONS, prefix=as_user(OWNER)) as jvm:
        def inside(prefix):
            reader = " ".join([*prefix, str(WORK / "jledger"), "map", str(jvm.pid)])
            return subprocess.run(["unshare", "--mount", "sh", "-c", f"mount -t proc -o hidepid=2 none /proc && {reader}"],
                                  capture_output=True, text=True, timeout=30)
        got = inside(as_user(STRANGER))
        check(got.returncode == 3 and "hidepid" in got.stderr, "hidepid: another user is told that it is hidden",
              got.stderr.strip())
        got = inside(as_user(OWNER))
        check(got.returncode == 0, "hidepid: the same user sees it", got.stderr.strip())


def not_java():
    sleeper = subprocess.Popen(["sleep", "60"])
    try:
        got = run([], "map", sleeper.pid)
        check(got.returncode == 3 and "not a Java process" in got.stderr, "not Java: exit 3 and the reason",
              got.stderr.strip())
    finally:
        sleeper.kill()
        sleeper.wait()
    got = run([], "map", sleeper.pid)
    check(got.returncode == 3, "no such process: exit 3", got.stderr.strip())


def main():
    if os.geteuid() != 0:
        skip("all tiers", "needs root to become others")
        done()
    public_jledger(WORK)
    compile_c(ROOT / "tests/live/seccomp_run.c", WORK / "seccomp_run")
    compile_java([ROOT / "tests/live/java/Quiet.java"], WORK)
    owners_jvm()
    if no_namespaces():
        skip("memory closed by Yama", no_namespaces())
    else:
        closed_by_yama()
    root_against_capabilities()
    if no_namespaces():
        skip("JVMs in other namespaces, hidepid", no_namespaces())
    else:
        other_namespaces()
        hidden()
    not_java()
    shutil.rmtree(WORK, ignore_errors=True)
    done()


if __name__ == "__main__":
    main()
