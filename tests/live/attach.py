#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tier C: the attach protocol, what forbids it, and hostile sockets; the ledger against the same
process's ledger in tier A.

Whatever happens, the target prints no thread dump and no trigger file stays.  The sandboxed reader
needs a C compiler; other users and namespaces need root and are left out without it.
"""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

from harness import COLLECTORS, JDK_ROOT, ROOT, Jvm, account, as_user, check, compile_c, compile_java, done, java_below, \
    jcmd, jledger, jledger_json, no_namespaces, own_namespaces, public_jledger, scratch, skip, status

WORK = scratch("jledger-attach-")
TMP = pathlib.Path(JDK_ROOT + "/tmp")
SANDBOX = [str(WORK / "seccomp_run")]
STRANGER, OWNER = 65533, 65534
ROOT_USER = os.geteuid() == 0


class Target(Jvm):
    """A JVM in a directory of its own, whose later output is looked at when it ends."""

    def __init__(self, options, **more):
        self.home = WORK / f"home{len(list(WORK.glob('home*')))}"
        self.home.mkdir(mode=0o777)
        self.home.chmod(0o777)
        with open(self.home / "stderr", "w") as err:
            super().__init__(["-Xmx128m", *options, "-cp", str(WORK), "Quiet"], cwd=self.home, stderr=err, **more)

    def remains(self, label):
        """Ends it; checks that it was never made to dump its threads, and that no trigger stays."""
        mine = f".attach_pid{self.pid}"  # others may be asked just now
        left = [*self.home.glob(".attach_pid*"), *TMP.glob(mine)]
        check(not left, f"{label}: no trigger file stays", str(left))
        check(self.process.poll() is None, f"{label}: the JVM still runs")
        self.stop()
        (TMP / f".java_pid{self.pid}").unlink(missing_ok=True)  # what a killed JVM leaves
        said = self.process.stdout.read() + (self.home / "stderr").read_text()
        check("Full thread dump" not in said, f"{label}: no thread dump was printed", said[-200:])


def asked(missed):
    """The VM was asked and answered, but for what JDK 8 has no command for."""
    return not missed or ("VM.metaspace" in missed and "Unknown diagnostic command" in missed)


def look(pid, *options, prefix=()):
    """map in the sandbox, timed: the JSON object and what attach missed ('' for nothing)."""
    started = time.monotonic()
    ledger = jledger_json("map", pid, *options, prefix=[*prefix, *SANDBOX])
    took = time.monotonic() - started
    missed = next((m["reason"] for m in ledger["misses"] if m["collector"] == "attach"), "")
    return ledger, missed, took


def same_as_tier_a(gc):
    with Target([f"-XX:+Use{gc}GC"]) as jvm:
        ledger, missed, took = look(jvm.pid)
        check(ledger["target"]["tier"] == "C" and asked(missed), f"{gc}: tier C asks the VM", missed)
        untold = bool(missed)  # where Metaspace lies: then its bytes are unaccounted
        check("CAP_SYS_PTRACE" in (ledger["tier_gain"] or ""), f"{gc}: says which capability would add what",
              str(ledger["tier_gain"]))
        check(took < 2, f"{gc}: a look with attach takes less than 2 s", f"{took:.3f}")
        check(sum(r["resident"] for r in ledger["accounts"]) + ledger["unaccounted"] == ledger["rss"],
              f"{gc}: accounts and unaccounted sum to the scan")
        check(not ledger["overlaps"], f"{gc}: no certain claims overlap", str(ledger["overlaps"]))
        ledger, _, _ = look(jvm.pid)  # the first one started the VM's attach thread behind its own scan
        truth = jledger_json("map", jvm.pid, "--by", "thread")
        check(truth["target"]["tier"] in "AB", f"{gc}: without the sandbox memory is read")
        if untold:
            check(account(ledger, "metaspace") == 0 and ledger["unaccounted"] >= account(truth, "metaspace"),
                  f"{gc}: Metaspace that nobody tells is unaccounted", f"{ledger['unaccounted']}")
        for name in ("java-heap", *(() if untold else ("metaspace",)), "class-space", "cds", "thread-stacks"):
            ours, theirs = account(ledger, name), account(truth, name)
            check(abs(ours - theirs) <= max(theirs // 100, 128 << 10), f"{gc}: {name} as in tier A",
                  f"{ours} and {theirs}")
        for field in ("used", "committed", "reserved"):
            ours, theirs = account(ledger, "metaspace", field), account(truth, "metaspace", field)
            check(abs(ours - theirs) <= max(theirs // 50, 32 << 10), f"{gc}: metaspace {field} as in tier A",
                  f"{ours} and {theirs}")
        threads_agree(gc, jledger_json("map", jvm.pid, "--by", "thread", prefix=SANDBOX), truth)
        estimated = jledger_json("map", jvm.pid, "--no-attach", prefix=SANDBOX)
        heap, real = account(estimated, "java-heap"), account(truth, "java-heap")
        check(abs(heap - real) <= real // 100, f"{gc}: without attach the heap is found by its shape",
              f"{heap} and {real}")
        jvm.remains(gc)


def threads_agree(gc, ours, theirs):
    def rows(ledger):
        return {t["tid"]: (t["name"], t["stack"]["reserved"]) for t in ledger["threads"] if t["kind"] == "java"}

    mine, true = rows(ours), rows(theirs)
    quiet = {t: r for t, r in true.items() if r[0] and r[0].startswith("quiet-")}
    check(len(quiet) == 8 and all(mine.get(t) == r for t, r in quiet.items()),
          f"{gc}: names and stacks of the program's threads as in tier A", f"{[mine.get(t) for t in quiet]}")


def forbidden():
    for label, options, env in (("command line", ["-XX:+DisableAttachMechanism"], {}),
                                ("JAVA_TOOL_OPTIONS", [], {"JAVA_TOOL_OPTIONS": "-XX:+DisableAttachMechanism"}),
                                ("without jvmstat", ["-XX:+DisableAttachMechanism", "-XX:-UsePerfData"], {})):
        with Target(["-XX:+UseSerialGC", *options], env={**os.environ, **env}) as jvm:
            ledger, missed, took = look(jvm.pid)
            check("DisableAttachMechanism" in missed, f"forbidden by {label}: it is said", missed)
            check(took < 1, f"forbidden by {label}: nothing is waited for", f"{took:.3f}")
            check(account(ledger, "thread-stacks") > 0, f"forbidden by {label}: shapes still tell the stacks")
            jvm.remains(f"forbidden by {label}")


def caught(pid, number):
    return bool(int(status(pid, "SigCgt"), 16) >> (number - 1) & 1)


def reduced_signals():
    with Target(["-XX:+UseSerialGC", "-Xrs"]) as jvm:
        ledger, missed, _ = look(jvm.pid)
        check(asked(missed) and account(ledger, "java-heap") > 24 << 20, "-Xrs: the socket is there from the start", missed)
        jvm.remains("-Xrs")
    # A SIGQUIT would end it, and nothing but the socket tells that it takes commands.
    with Target(["-XX:+UseSerialGC", "-Xrs"]) as jvm:
        check(not caught(jvm.pid, signal.SIGQUIT), "-Xrs: the VM does not catch SIGQUIT", status(jvm.pid, "SigCgt"))
        (TMP / f".java_pid{jvm.pid}").unlink()
        ledger, missed, took = look(jvm.pid)
        check("-Xrs" in missed, "-Xrs, its socket removed: it is said that it can't be asked", missed)
        check(took < 1, "-Xrs, its socket removed: nothing is waited for", f"{took:.3f}")
        check(account(ledger, "thread-stacks") > 0, "-Xrs, its socket removed: shapes still tell the stacks")
        jvm.remains("-Xrs, its socket removed")
        check(jvm.process.returncode == -signal.SIGKILL, "-Xrs, its socket removed: it was never signalled",
              str(jvm.process.returncode))


def switched_off():
    with Target(["-XX:+UseSerialGC"]) as jvm:
        _, missed, _ = look(jvm.pid, "--no-attach")
        check("--no-attach" in missed, "--no-attach: it is said", missed)
        check(not (TMP / f".java_pid{jvm.pid}").exists(), "--no-attach: no socket came to be")
        jvm.remains("--no-attach")


def stopped():
    for label in ("stopped", "stopped, its socket there"):
        with Target(["-XX:+UseSerialGC"]) as jvm:
            if "socket" in label:
                jcmd(jvm.pid, "VM.version")
            os.kill(jvm.pid, signal.SIGSTOP)
            try:
                _, missed, took = look(jvm.pid)
            finally:
                os.kill(jvm.pid, signal.SIGCONT)
            check("stopped" in missed, f"{label}: it is said", missed)
            check(took < 5, f"{label}: answered within 5 s", f"{took:.3f}")
            time.sleep(0.3)
            jvm.remains(label)


@contextlib.contextmanager
def listener(path, uid=None):
    """A process that takes connections at `path` and never answers."""
    code = ("import os,socket,sys,time\n"
            "s=socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(8)\n"
            "if sys.argv[2]: os.chown(sys.argv[1], int(sys.argv[2]), int(sys.argv[2]))\n"
            "print('up', flush=True)\n"
            "while True: c=s.accept()[0]; keep=c")
    process = subprocess.Popen(["python3", "-c", code, path, str(uid or "")], stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    try:
        yield
    finally:
        process.kill()
        process.wait()
        pathlib.Path(path).unlink(missing_ok=True)


def hostile(label, make, expected):
    """Something else stands at the name of the VM's socket before it made one."""
    with Target(["-XX:+UseSerialGC"]) as jvm:
        path = f"{TMP}/.java_pid{jvm.pid}"
        with make(path):
            ledger, missed, took = look(jvm.pid)
            check(took < 5, f"{label}: answered within 5 s", f"{took:.3f}")
            check(expected in missed, f"{label}: it is said", missed)
            check(account(ledger, "thread-stacks") > 0, f"{label}: the rest of the ledger is there")
        jvm.remains(label)


@contextlib.contextmanager
def some_file(path):
    pathlib.Path(path).write_text("not a socket")
    yield
    os.unlink(path)


@contextlib.contextmanager
def dead_socket(path):
    s = socket.socket(socket.AF_UNIX)
    s.bind(path)
    s.close()
    yield
    pathlib.Path(path).unlink(missing_ok=True)


@contextlib.contextmanager
def link_to(path):
    with listener(path + ".real"):
        os.symlink(path + ".real", path)
        yield
        os.unlink(path)


def hostile_sockets():
    hostile("a plain file", some_file, "not a socket")
    hostile("another process's silent socket", listener, "listens at the socket")
    hostile("a link to a socket", link_to, "not a socket")
    hostile("a socket that nobody listens at", dead_socket, "connecting")
    if ROOT_USER:
        hostile("another user's socket", lambda path: listener(path, STRANGER), "not a socket of user")


def other_user():
    prefix = as_user(OWNER)
    with Target(["-XX:+UseSerialGC"], prefix=prefix) as jvm:
        ledger, missed, _ = look(jvm.pid)
        check(asked(missed) and account(ledger, "java-heap") > 24 << 20, "root asks a JVM of another user", missed)
        jvm.remains("another user's JVM, root")
    with Target(["-XX:+UseSerialGC"], prefix=prefix) as jvm:
        ledger, missed, _ = look(jvm.pid, prefix=prefix)
        check(asked(missed) and account(ledger, "java-heap") > 24 << 20, "its own user asks a JVM", missed)
        jvm.remains("another user's JVM, its user")


def other_namespace():
    home = WORK / "inner"
    home.mkdir()
    with Jvm(["-Xmx128m", "-XX:+UseSerialGC", "-cp", str(WORK), "Quiet"], around=own_namespaces("--kill-child"), cwd=home) as outer:
        pid = java_below(outer.pid)
        ledger, missed, _ = look(pid)
        check(asked(missed) and account(ledger, "java-heap") > 24 << 20, "PID 1 of another namespace is asked", missed)
        check(not list(home.glob(".attach_pid*")), "PID 1 of another namespace: no trigger file stays")
    (TMP / ".java_pid1").unlink(missing_ok=True)


def captured():
    """A capture holds the VM's answers, so that nothing is asked again: not even of a JVM that is gone."""
    def answers(ledger):
        return {r["account"]: (r["source"], r["certainty"], r["reserved"], r["committed"]) for r in ledger["accounts"]}

    with Target(["-XX:+UseSerialGC", "-XX:+IgnoreUnrecognizedVMOptions",
                 "-XX:-UseDynamicNumberOfCompilerThreads"]) as jvm:
        file = WORK / "c.jlc.zip"
        look(jvm.pid)  # starts the VM's attach thread, which has a stack
        for _ in range(3):  # of a thread that runs at that moment the kernel tells no stack pointer
            file.unlink(missing_ok=True)
            run = jledger("capture", jvm.pid, "-o", file, prefix=SANDBOX)
            check(run.returncode == 0, "a capture in tier C", run.stderr[-200:])
            live, _, _ = look(jvm.pid)
            again = jledger_json("map", file)
            if answers(again) == answers(live):
                break
        jvm.remains("captured")
    again = jledger_json("map", file)
    check(again["target"]["tier"] == "C" and answers(again) == answers(live),
          "the capture holds the VM's answers: accounts as live", f"{answers(again)} and {answers(live)}")


def main():
    public_jledger(WORK)
    compile_c(ROOT / "tests/live/seccomp_run.c", SANDBOX[0])
    compile_java([ROOT / "tests/live/java/Quiet.java"], WORK)
    for gc in COLLECTORS:
        same_as_tier_a(gc)
    forbidden()
    reduced_signals()
    switched_off()
    stopped()
    hostile_sockets()
    captured()
    if not ROOT_USER:
        skip("JVMs of other users, in other namespaces", "needs root")
    else:
        other_user()
        if no_namespaces():
            skip("a JVM in other namespaces", no_namespaces())
        else:
            other_namespace()
    shutil.rmtree(WORK, ignore_errors=True)
    done()


main()
