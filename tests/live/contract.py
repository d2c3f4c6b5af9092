# SPDX-License-Identifier: Apache-2.0
"""Sentences of the contract that no other test holds: every cause of the catalogue once, a target that
no command changes, and a JVM of thousands of threads seen page by page.
"""

import contextlib
import os
import pathlib
import signal
import shutil
import time

from harness import COLLECTORS, ROOT, Jvm, check, compile_java, done, jledger, jledger_json, scratch, status

COMMANDS = (["map"], ["map", "--by", "thread"], ["map", "--by", "mapping"], ["map", "--pss"], ["map", "--for", "0.3"],
            ["doctor", "--causes", "--for", "0"], ["flags"])


def counters(pid):
    """What a look must not move: faults, resident size, page tables."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return {"minor faults": fields[7], "major faults": fields[9], "state": fields[0],
            **{key: status(pid, key) for key in ("VmRSS", "VmPTE", "VmSize", "SigPnd", "ShdPnd", "TracerPid")}}


def untouched(collector, work):
    with Jvm(["-Xmx96m", f"-XX:+Use{collector}GC", "-cp", str(work), "Quiet"]) as jvm:
        os.kill(jvm.pid, signal.SIGSTOP)
        time.sleep(0.2)
        before = counters(jvm.pid)
        for command in (*COMMANDS, ["capture", "-o", work / f"{collector}.zip"]):
            run = jledger(command[0], jvm.pid, *command[1:])
            check(run.returncode == 0, f"{collector}, stopped: {' '.join(map(str, command[:3]))}", run.stderr.strip()[:200])
        after = counters(jvm.pid)
        check(before == after, f"{collector}: no command moves faults, RSS, page tables or signals of the target",
              str({k: (v, after[k]) for k, v in before.items() if after[k] != v}))
        os.kill(jvm.pid, signal.SIGCONT)


def catalogue(work):
    causes = [row["cause"] for row in jledger_json("explain")["causes"]]
    report = jledger_json("doctor", work / "G1.zip")
    said = [row["cause"] for key in ("findings", "ruled_out", "unknown") for row in report[key]]
    check(sorted(said) == sorted(causes), "every cause of the catalogue has one verdict", f"{len(said)} of {len(causes)}")


def many_threads(work):
    count = 1500
    with Jvm(["-Xmx64m", "-cp", str(work), "ManyThreads", str(count)]) as jvm:
        ledger = jledger_json("map", jvm.pid, "--by", "thread")
        check(ledger["by_page"] and not ledger["misses"], f"{count} threads: sizes are by page", str(ledger["misses"][:2]))
        check(ledger["cost"]["longest_lock_s"] < 0.02, f"{count} threads: the lock is held shortly",
              str(ledger["cost"]["longest_lock_s"]))
        check(sum(1 for t in ledger["threads"] if (t["name"] or "").startswith("many-")) == count,
              f"{count} threads: each is listed")


def main():
    work = scratch()
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, work, ignore_errors=True)
        compile_java([ROOT / "tests/live/java/Quiet.java", ROOT / "tests/live/java/ManyThreads.java"], work)
        for collector in COLLECTORS:
            untouched(collector, work)
        catalogue(work)
        many_threads(work)
    done()


if __name__ == "__main__":
    main()
