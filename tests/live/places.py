#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Where the two sides live: a JVM in PID and mount namespaces of its own with its own /tmp, a JVM in a
chroot, and jledger itself, linked statically, in an empty chroot with nothing but /proc.
"""

import os
import pathlib
import shutil
import subprocess
import time

from harness import JDK_ROOT, ROOT, Jvm, account, check, compile_java, done, java_below, jledger_json, no_namespaces, \
    own_namespaces, skip


def class_per_call(classes):
    return ["-Xms32m", "-Xmx64m", "-cp", str(classes), "orders.OrderExport", "200"]


def other_namespaces(work):
    around = [*own_namespaces("--kill-child"), "sh", "-c", f'mount -t tmpfs none {JDK_ROOT}/tmp && exec "$@"', "sh"]
    home = work / "program"  # /tmp is another one in there, so the program must not lie below it
    shutil.copytree(work / "classes", home)
    with Jvm(class_per_call(home), around=around, cwd=str(home)) as jvm:
        pid = java_below(jvm.pid)
        time.sleep(4)  # until it has classes to show
        ledger = jledger_json("map", pid)
        inner = [l.split()[-1] for l in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if l.startswith("NSpid")]
        check(inner == ["1"], "the JVM is PID 1 of its namespace")
        check(account(ledger, "metaspace") > 1 << 20 and account(ledger, "thread-stacks") > 1 << 16,
              "map of a JVM in other namespaces", f"rss {ledger['rss'] >> 20} MB")
        check(ledger["unaccounted"] <= 0.0005 * ledger["rss"], "its bytes are accounted for", f"{ledger['unaccounted']}")
        tids = {int(t.name) for t in pathlib.Path(f"/proc/{pid}/task").iterdir()}
        rows = jledger_json("map", pid, "--by", "thread")["threads"]
        check({r["tid"] for r in rows} <= tids and any(r["name"] == "main" for r in rows), "threads carry the host's tids")
        row = next((r for r in jledger_json("ps")["jvms"] if r["pid"] == pid), {})
        check(row.get("ns_pid") == 1 and row.get("jdk") and row["heap"]["committed"],
              "ps reads its counters by the inner PID, in its own /tmp", str(row))
        check(row.get("main") == "orders.OrderExport", "ps names its main class", str(row.get("main")))
        subprocess.run(["kill", "-9", str(pid)])


def empty_chroot(work, dist):
    root = work / "empty"
    (root / "proc").mkdir(parents=True)
    shutil.copy(dist, root / "jledger")
    subprocess.run(["mount", "-t", "proc", "proc", str(root / "proc")], check=True)
    try:
        with Jvm(class_per_call(work / "classes")) as jvm:
            time.sleep(2)
            run = subprocess.run(["chroot", str(root), "/jledger", "doctor", str(jvm.pid), "--for", "6s"],
                                 capture_output=True, text=True, timeout=60)
            print("\n".join("# " + l for l in run.stdout.splitlines()[:14]))
            check(run.returncode == 0 and "class-generation" in run.stdout and "SerializerLoader" in run.stdout,
                  "the static binary in an empty chroot names the fault of a JVM outside", run.stderr.strip()[:200])
    finally:
        subprocess.run(["umount", str(root / "proc")], check=True)


def main():
    if os.geteuid() != 0:
        skip("namespaces and chroots", "need root")
        done()
    base = pathlib.Path(os.environ.get("PLACES_DIR", JDK_ROOT + "/var/tmp"))
    work = pathlib.Path(subprocess.run(["mktemp", "-d", "-p", str(base)], capture_output=True, text=True).stdout.strip())
    (work / "classes").mkdir()
    compile_java((ROOT / "tests/incidents/class_per_call/orders").glob("*.java"), work / "classes")
    try:
        if no_namespaces():
            skip("a JVM in other namespaces", no_namespaces())
        else:
            other_namespaces(work)
        dist = ROOT / "dist/jledger"
        if dist.exists():
            empty_chroot(work, dist)
        else:
            skip("the static binary in an empty chroot", "no dist/jledger: ./dev dist makes it")
    finally:
        shutil.rmtree(work)
    done()


if __name__ == "__main__":
    main()
