#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Growth by what was allocated: a program that allocates at a known rate and keeps 64 KB of direct memory for each MB.
With twice the load it grows twice as fast, and as much for each MB as before. Where threads end, it is unknown, and why."""

import concurrent.futures
import shutil
import sys
import threading

import cells
from harness import ROOT, Jvm, check, compile_java, done, jledger_json, part, scratch

RATE = 60  # MB a second
WINDOW_S = 6
KEPT = 64 << 10
OFF = 0.25  # the machine is shared: threads of the program are late, and a look takes its time


def watched(work, flags, rate, *more):
    with Jvm(["-Xmx96m", "-XX:MaxDirectMemorySize=256m", *flags, "-cp", work, "Load", str(rate), "2", *more]) as jvm:
        # Its pipe must not fill up.
        threading.Thread(target=lambda: list(jvm.process.stdout), daemon=True).start()
        return jledger_json("doctor", jvm.pid, "--for", f"{WINDOW_S}s", timeout=60)


def of_direct(report):
    return next((f for f in report["findings"] if f["cause"] == "direct-buffers"), {})


def near(value, wanted):
    return value is not None and abs(value - wanted) <= wanted * OFF


def doubled(work, gc):
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        once, twice = pool.map(lambda rate: watched(work, cells.flags_of(gc), rate), (RATE, 2 * RATE))
    for report, rate in (once, RATE), (twice, 2 * RATE):
        got, found = report["allocated"], of_direct(report)
        per_s = (got["bytes"] or 0) / report["window_s"] / 2**20
        check(near(per_s, rate), f"{gc}, {rate} MB/s: what is allocated is seen", f"{per_s:.1f} MB/s, {got['why_not']}")
        check(near(got["growth_bytes_per_mb_allocated"], KEPT), f"{gc}, {rate} MB/s: growth a MB is what the program keeps",
              f"{got['growth_bytes_per_mb_allocated']} of {KEPT}")
        if found:  # whether it is called a cause yet is not the question here
            check(near(found["growth_bytes_per_mb_allocated"], KEPT), f"{gc}, {rate} MB/s: the finding's likewise",
                  f"{found['growth_bytes_per_mb_allocated']}, {found['growth_bytes_per_s']} a second")


def ended(work):
    got = watched(work, [], RATE, "brief")["allocated"]
    check(got["bytes"] is None and "ended" in (got["why_not"] or ""), "where threads end, it is said to be unknown",
          str(got["why_not"]))


def main():
    work = scratch()
    compile_java([ROOT / "tests/live/java/Load.java"], work)
    collectors, _ = cells.chosen(sys.argv[1:], [gc for gc in ("Serial", "G1") if gc in cells.collectors()])
    for gc in collectors:
        if gc == "Epsilon":  # which has no room for it
            continue
        with part(gc):
            doubled(work, gc)
    with part("ended"):
        ended(work)
    shutil.rmtree(work)
    done()


if __name__ == "__main__":
    main()
