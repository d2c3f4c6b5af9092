#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How much does a heap dump cost? A dump of about a gigabyte, from the file to the histogram and to the suspects.

CPU seconds and the largest anonymous memory.  Ends with 1 when the histogram takes more than half a CPU second a GB,
the suspects more than a tenth of what Eclipse MAT took for a dump of 1.26 GB and 23 million objects (137 s), or
an object more than 25 bytes of anonymous memory.  SIZE_MB: of the dump, about (default 1000).
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import threading
import time

from harness import JLEDGER, ROOT, Jvm, compile_java, inside, jcmd, scratch

MAT_S, MAT_GB = 137.5, 1.257
UNIT_BYTES = 1_480_000  # of the dump, for each unit of Crowd's argument


def anonymous(pid, into):
    """The largest RssAnon of the process, looked at as long as it runs."""
    try:
        while True:
            with open(f"/proc/{pid}/status") as f:
                into.append(max(int(line.split()[1]) for line in f if line.startswith("RssAnon")) * 1024)
            time.sleep(0.01)
    except (OSError, ValueError):
        pass


def measured(*words):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    seen = []
    run = subprocess.Popen([JLEDGER, "heap", *words, "--json"], stdout=subprocess.PIPE, text=True)
    look = threading.Thread(target=anonymous, args=(run.pid, seen))
    look.start()
    out = run.communicate()[0]
    look.join()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, max(seen, default=0), json.loads(out)


def main():
    units = int(float(os.environ.get("SIZE_MB", "1000")) * 1e6 / UNIT_BYTES)
    work = scratch("jledger-bench-")
    bad = []
    try:
        compile_java([ROOT / "tests/live/java/Crowd.java"], work)
        dump = work / "crowd.hprof"
        heap = units * 5 // 4 + 64
        with Jvm(["-XX:+UseSerialGC", f"-Xms{heap}m", f"-Xmx{heap * 3 // 2}m", "-cp", inside(work), "Crowd", str(units)], wait_s=600) as jvm:
            subprocess.run(["jcmd", str(jvm.pid), "GC.heap_dump", "-all", inside(dump)], stdout=subprocess.DEVNULL, check=True)
        gb = dump.stat().st_size / 1e9
        for words, limit in ((["histo"], 0.5 * gb), (["suspects"], MAT_S / 10 * gb / MAT_GB), (["suspects", "--max-memory", "64m"], None)):
            cpu, anon, heap = measured(dump, *words)
            each = anon / heap["objects"]
            print(f"{gb:.2f} GB, {heap['objects'] / 1e6:.1f} million objects: {' '.join(words)}: {cpu:.2f} s of CPU, {gb / cpu:.1f} GB/s, "
                  f"{anon >> 20} MB anonymous = {each:.1f} bytes an object, MAT's CPU / ours = {MAT_S * gb / MAT_GB / cpu:.0f}", flush=True)
            if limit and cpu > limit:
                bad.append(f"{words[0]}: more than {limit:.1f} s")
            if each > 25:
                bad.append(f"{words[0]}: more than 25 bytes an object")
            if words[0] == "suspects" and heap["suspects"][0]["name"] != "class Crowd$Known":
                bad.append(f"suspects: {[s['name'] for s in heap['suspects']]}")
    finally:
        shutil.rmtree(work)
    print("\n".join(bad) if bad else "held")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
