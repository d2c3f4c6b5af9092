#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""cgroup v2 from recorded files, all the way: cgroup2_test.py JLEDGER.

The golden capture's files of /proc and /sys are replaced by those of a pod (tests/trees); `map` then shows that
pod's ledger, whatever this machine has."""

import json
import pathlib
import subprocess
import sys
import tempfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/trees"))

import recorded  # noqa: E402: the path must be known first

SIDECAR = 66


def rewritten(capture: pathlib.Path, to: pathlib.Path, files: dict[str, str]) -> int:
    """The capture as a directory, with these files instead of all that it has of cgroups; its JVM's pid."""
    with zipfile.ZipFile(capture) as z:
        z.extractall(to)
    pid = json.loads((to / "manifest.json").read_text())["pid"]
    index = to / "0001/index.json"
    asked = json.loads(index.read_text())
    gone = (f"/proc/{pid}/cgroup", "/proc/self/mountinfo", "/sys/fs/cgroup", f"/proc/{SIDECAR}/")
    for table in ("files", "listings", "stats", "links"):
        asked[table] = [row for row in asked[table] if not row["path"].startswith(gone)]
    directories: dict[str, set[str]] = {}
    for number, (path, content) in enumerate(files.items()):
        entry = f"0001/files/pod/{number}"
        (to / entry).parent.mkdir(exist_ok=True)
        (to / entry).write_text(content)
        asked["files"].append({"path": path, "answers": [{"entry": entry}]})
        while path.startswith("/sys/fs/cgroup/"):
            parent, _, name = path.rpartition("/")
            directories.setdefault(parent, set()).add(name)
            path = parent
    for path, names in directories.items():
        asked["listings"].append({"path": path, "answers": [{"names": sorted(names)}]})
        asked["stats"].append({"path": path, "answers": [{"inode": "0x1", "size": "0x0", "mode": 0o40755, "uid": 0, "gid": 0,
                                                          "major": 0, "minor": 26}]})
    index.write_text(json.dumps(asked))
    return pid


def differences(ours, theirs, path="") -> list[str]:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return [d for k in sorted(set(ours) | set(theirs)) for d in differences(ours.get(k), theirs.get(k), f"{path}.{k}")]
    return [] if ours == theirs else [f"{path}: {ours}, not {theirs}"]


def status(kb: int) -> str:
    return f"Name:\tsidecar\nState:\tS (sleeping)\nVmRSS:\t{kb + 64} kB\nRssAnon:\t{kb} kB\nRssFile:\t64 kB\nRssShmem:\t0 kB\n"


def run(jledger: str, *arguments: str) -> str:
    done = subprocess.run([jledger, *arguments], capture_output=True, text=True, timeout=30)
    if done.returncode:
        sys.exit(f"jledger {' '.join(arguments)}: exit {done.returncode}: {done.stderr}")
    return done.stdout


def fact(ledger: dict, name: str) -> int:
    return next(f["value"] for f in ledger["facts"] if f["fact"] == name)


def check(jledger: str, capture: pathlib.Path, label: str, change) -> int:
    """`change` edits the files and what is expected of them."""
    with tempfile.TemporaryDirectory() as work:
        to = pathlib.Path(work) / "capture"
        with zipfile.ZipFile(capture) as z:
            pid = json.loads(z.read("manifest.json"))["pid"]
        files = recorded.files("kubepods-v2.txt", PID=pid, SIDECAR=SIDECAR)
        files[f"/proc/{SIDECAR}/status"] = status(40 << 10)
        settings = {}
        change(files, settings)
        rewritten(capture, to, files)
        ledger = json.loads(run(jledger, "map", str(to), "--json"))
        expected = recorded.expected_of_pod(fact(ledger, "os.rss_anon"), fact(ledger, "os.rss_file"),
                                            settings.get("sidecar", 40 << 20), settings.get("anon", 251658240))
        expected.update(settings.get("expected", {}))
        apart = differences(ledger["container"], expected)
        text = " ".join(run(jledger, "map", str(to)).split())
        apart += [f"text lacks '{words}'" for words in settings.get("said", ()) if words not in text]
        apart += [f"text has '{words}'" for words in settings.get("not_said", ()) if words in text]
        if apart:
            print(f"{label}: " + "; ".join(apart[:6]))
        return len(apart)


def as_recorded(files, settings):
    settings["said"] = ("limit 512", "384.0 of 512 MB", "kernel 24.0 (slab 18.0, page tables 3.0, stacks 1.5)",
                        "memory pressure 12.3 % of 10 s, all tasks 3.2 %", "limit hit 173 x", "OOM kills 1")


def without_limit(files, settings):
    for path in files:
        if path.endswith("/memory.max"):
            files[path] = "max\n"
    # No limit: the JVM's own cgroup counts, which is the container's, the nearest with a memory controller.
    container = next(p for p in files if p.endswith(".scope/memory.stat")).rpartition("/")[0]
    files[f"{container}/memory.pressure"] = "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
    settings["sidecar"] = 0
    settings["not_said"] = ("of 512 MB", "memory pressure")
    settings["expected"] = {"limit": None, "usage": 369098752, "working_set": 369098752 - 67108864, "swap": None,
                            "pressure": {"some_avg10": 0, "full_avg10": 0}, "processes": 0, "oom_kills": None,
                            "limit_hits": None}
    settings["anon"] = 230686720


def old_kernel(files, settings):
    """Before 5.18 there is no figure for the kernel's part, before 4.20 no pressure."""
    stat = f"{recorded.POD}/memory.stat"
    files[stat] = "".join(line for line in files[stat].splitlines(True) if not line.startswith("kernel "))
    del files[f"{recorded.POD}/memory.pressure"]
    settings["said"] = ("slab 18.0",)
    settings["not_said"] = ("kernel 24", "pressure")
    settings["expected"] = {"kernel": {"total": None, "slab": 18874368, "page_tables": 3145728, "stacks": 1572864,
                                       "sockets": 524288, "percpu": 1048576},
                            "pressure": {"some_avg10": None, "full_avg10": None}}


MB = 1 << 20
RULES = ("container-page-cache", "container-tmpfs", "container-children", "container-kernel")


def filled(files, current, sidecar_mb=40, **stat):
    """The pod with this usage and these lines of memory.stat, in MB."""
    path = f"{recorded.POD}/memory.stat"
    lines = [line.split() for line in files[path].splitlines()]
    files[path] = "".join(f"{key} {stat[key] * MB if key in stat else value}\n" for key, value in lines)
    files[f"{recorded.POD}/memory.current"] = f"{current * MB}\n"
    files[f"/proc/{SIDECAR}/status"] = status(sidecar_mb << 10)


# What fills the pod of 512 MB, and the one rule of these that says so.
FILLED = {
    "as recorded": (None, lambda f: None),
    "page cache": ("container-page-cache", lambda f: filled(f, 480, anon=60, file=390, inactive_file=300)),
    "files in a tmpfs": ("container-tmpfs", lambda f: filled(f, 480, anon=60, file=400, shmem=390, inactive_file=2)),
    "a process beside the JVM": ("container-children", lambda f: filled(f, 480, 390, anon=450, file=10, shmem=0)),
    "the kernel's memory": ("container-kernel", lambda f: filled(f, 480, anon=100, file=10, shmem=0, kernel=330, slab=310)),
}


def check_rules(jledger: str, capture: pathlib.Path, label: str) -> int:
    """The doctor on the recorded pod, filled by one thing: that one is named, and no other."""
    wanted, change = FILLED[label]
    with tempfile.TemporaryDirectory() as work:
        to = pathlib.Path(work) / "capture"
        with zipfile.ZipFile(capture) as z:
            pid = json.loads(z.read("manifest.json"))["pid"]
        files = recorded.files("kubepods-v2.txt", PID=pid, SIDECAR=SIDECAR)
        files[f"/proc/{SIDECAR}/status"] = status(40 << 10)
        change(files)
        rewritten(capture, to, files)
        report = json.loads(run(jledger, "doctor", str(to), "--json"))
        found = [f["cause"] for f in report["findings"] if f["cause"] in RULES]
        ruled_out = {r["cause"] for r in report["ruled_out"]}
        wrong = found != ([wanted] if wanted else []) or not {r for r in RULES if r != wanted} <= ruled_out
        # Page cache is a note: the pod is filled, and well.
        wrong |= report["healthy"] != (wanted in (None, "container-page-cache"))
        if wrong:
            print(f"{label}: found {found}, ruled out {sorted(ruled_out & set(RULES))}, healthy {report['healthy']}")
        return wrong


def main() -> int:
    jledger = str(pathlib.Path(sys.argv[1]).resolve())
    capture = ROOT / "tests/captures/jdk17-g1.jlc.zip"
    cases = {"a pod as recorded": as_recorded, "a pod without any limit": without_limit, "a pod on an old kernel": old_kernel}
    bad = sum(check(jledger, capture, label, change) for label, change in cases.items())
    bad += sum(check_rules(jledger, capture, label) for label in FILLED)
    print("wrong" if bad else f"{len(cases) + len(FILLED)} recorded pods show their ledgers")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
