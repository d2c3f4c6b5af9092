# SPDX-License-Identifier: Apache-2.0
"""A capture against the JVM that it was taken of.

Of a stopped JVM `map`, `doctor` and `flags` print the same from the file as from the process, but for
at, cost, pss and what says "capture"; the same file gives the same bytes each time; a ZIP, a directory
and standard output hold the same; and no secret of options, arguments, environment or thread names
stands anywhere in the file.
"""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time
import zipfile

from harness import COLLECTORS, JLEDGER, ROOT, Jvm, check, compile_java, done, jledger, jledger_json, scratch

VIEWS = (["map"], ["map", "--by", "mapping"], ["map", "--by", "thread"], ["map", "--by", "loader"],
         ["map", "--by", "arena"], ["doctor", "--causes", "--for", "0"], ["flags"])
MAY_DIFFER = {"at", "cost", "pss", "capture"}

SECRETS = {
    "property": "Winter-is.here 2026", "option": "optionvalue77x", "argument": "argumentvalue88",
    "following": "followingvalue99", "url": "urlpass5566", "header": "headerValue.1234567890",
    "variable": "variableValue31337", "tool options": "tooloptionsvalue5", "thread": "threadvalue4711",
    "wide thread": "widevalue4712", "key": "AKIAQWERTYUIOP123456",
    "token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJqbGVkZ2VyIn0.c2lnbmF0dXJlLW9mLWl0",
    "heap": "valuesoundedintheJavaheep", "pem": "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC",
}


def arguments(collector, classes):
    s = SECRETS
    return ["-Xmx96m", f"-XX:+Use{collector}GC", f"-Ddb.password={s['property']}", f"-Djwt.of.user={s['token']}",
            f"-Dcert=-----BEGIN PRIVATE KEY-----{s['pem']}-----END PRIVATE KEY-----", f"-Daws={s['key']}",
            f"-XX:OnOutOfMemoryError=curl -H 'Authorization: Bearer {s['header']}' http://joe:{s['url']}@localhost/",
            "-cp", str(classes), "Secrets", f"token={s['thread']}", f"password={s['wide thread']}",
            f"--api-key={s['argument']}", "--secret", s["following"], f'{{"passwd": "{s["option"]}"}}']


def environment():
    return {**os.environ, "DB_CREDENTIAL": SECRETS["variable"],
            "JAVA_TOOL_OPTIONS": f"-Dproxy.password={SECRETS['tool options']}"}


@contextlib.contextmanager
def own_cgroup():
    """A memory cgroup for the JVM alone, so that other processes don't move the container's numbers.
    Yields a command prefix, or None where cgroups can't be made."""
    v1 = pathlib.Path("/sys/fs/cgroup/memory")
    lines = pathlib.Path("/proc/self/cgroup").read_text().splitlines()
    below = next((line.split(":")[2] for line in lines if ":memory:" in line or line.startswith("0::")), "/")
    base = (v1 if v1.is_dir() else pathlib.Path("/sys/fs/cgroup")) / below.lstrip("/")
    group = base / f"jledger-test-{os.getpid()}"
    try:
        group.mkdir()
    except OSError:
        yield None
        return
    try:
        yield ("sh", "-c", f'echo $$ >{group}/cgroup.procs; exec "$@"', "sh")
    finally:
        for _ in range(50):
            with contextlib.suppress(OSError):
                group.rmdir()
                break
            time.sleep(0.1)


def differences(ours, theirs, path=""):
    """Paths at which two JSON values differ, leaving out what may."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        keys = sorted((set(ours) | set(theirs)) - MAY_DIFFER)
        return [d for k in keys for d in differences(ours.get(k), theirs.get(k), f"{path}/{k}")]
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        return [d for i, (a, b) in enumerate(zip(ours, theirs)) for d in differences(a, b, f"{path}/{i}")]
    return [] if ours == theirs else [f"{path}: {str(ours)[:60]} live, {str(theirs)[:60]} in the capture"]


CHARGES = 64 * os.sysconf("SC_PAGE_SIZE") * (os.cpu_count() or 1)  # the kernel charges a cgroup in batches of a CPU


def same_container(a, b):
    """Also while its processes stand still the kernel moves pages between a cgroup's lists, and returns what it
    charged in advance."""
    return a.keys() == b.keys() and all(
        a[k] == b[k] or (k in ("usage", "working_set") and abs(a[k] - b[k]) <= CHARGES) for k in a)


def compare(pid, file, before, label, alone):
    """`before` is the container as it was just before the capture."""
    for view in VIEWS:
        live = jledger_json(view[0], pid, *view[1:])
        captured = jledger_json(view[0], file, *view[1:])
        ledgers = [report.get("ledger", report) for report in (live, captured)]
        if not alone or ledgers[1].get("container") == before or same_container(
                *(ledger.get("container") or {} for ledger in ledgers)):
            for ledger in ledgers:
                ledger.pop("container", None)
        apart = differences(live, captured)
        check(not apart, f"{label}: {' '.join(view)} equals the live one", "; ".join(apart[:4]))


def unpacked(file):
    with zipfile.ZipFile(file) as z:
        return {name: z.read(name) for name in z.namelist()}


def check_secrets(pieces, label):
    everything = b"\0".join(name.encode() + b"\0" + data for name, data in pieces.items())
    wide = b"".join(bytes([b]) for b in everything if b)  # UTF-16 without its zeros
    left = [k for k, v in SECRETS.items() if v.encode() in everything or v.encode() in wide]
    check(not left, f"{label}: none of {len(SECRETS)} secrets is in the capture", ", ".join(left))
    masks = json.loads(pieces["manifest.json"])["masks"]
    keys = {m["key"] for m in masks}
    named = {"db.password", "api-key", "secret", "passwd", "proxy.password", "url", "private key", "access key",
             "jwt", "token", "password"}
    check(named <= keys, f"{label}: the manifest lists the masks", f"missing: {sorted(named - keys)}")


def same_without_cost(file):
    outs = []
    for _ in range(2):
        out = json.loads(jledger("map", file, "--json").stdout)
        out.pop("cost")
        outs.append(json.dumps(out))
    return outs[0] == outs[1]


def test_one(collector, classes, to):
    with own_cgroup() as prefix, Jvm(arguments(collector, classes), env=environment(), prefix=prefix or ()) as jvm:
        os.kill(jvm.pid, signal.SIGSTOP)
        jledger("map", jvm.pid)
        time.sleep(3)  # the kernel brings a cgroup's counters up to date every 2 s
        file = to / f"{collector}.jlc.zip"
        before = jledger_json("map", jvm.pid)["container"]
        began = time.monotonic()
        run = jledger("capture", jvm.pid, "-o", file)
        took = time.monotonic() - began
        check(run.returncode == 0, f"{collector}: capture", f"{took:.2f} s, {run.stderr.strip()}")
        check(file.stat().st_mode & 0o777 == 0o600, f"{collector}: only its owner may read it")
        compare(jvm.pid, file, before, collector, prefix is not None)
        check(same_without_cost(file), f"{collector}: the same file gives the same bytes")
        check_secrets(unpacked(file), collector)
        if collector == "G1":
            test_shapes(jvm.pid, to)
            test_moments(jvm, to)
        os.kill(jvm.pid, signal.SIGCONT)
    late = jledger_json("map", file)
    check(late["target"]["pid"] == jvm.pid, f"{collector}: readable when the JVM is gone")


def test_shapes(pid, to):
    """A directory and standard output."""
    folder = to / "folder"
    check(jledger("capture", pid, "-o", f"{folder}/").returncode == 0, "a directory is written")
    piped = to / "piped.zip"
    with piped.open("wb") as f:
        subprocess.run([JLEDGER, "capture", str(pid), "-o", "-"], stdout=f, stderr=subprocess.DEVNULL, check=True)
    apart = differences(jledger_json("map", folder), jledger_json("map", piped))
    apart = [d for d in apart if not d.startswith("/container")]
    check(not apart, "a directory and standard output hold the same", "; ".join(apart[:4]))
    check((folder / "manifest.json").stat().st_mode & 0o777 == 0o600, "its files are for the owner alone")
    shutil.make_archive(str(to / "again"), "zip", folder)
    check(jledger("map", to / "again.zip").returncode == 0, "a directory packed by somebody else is read")


def test_moments(jvm, to):
    file = to / "moments.zip"
    os.kill(jvm.pid, signal.SIGCONT)
    run = jledger("capture", jvm.pid, "-o", file, "--samples", "3", "--every", "0.5")
    os.kill(jvm.pid, signal.SIGSTOP)
    check(run.returncode == 0 and "3 moments" in run.stderr, "three moments", run.stderr.strip())
    window = jledger_json("map", file)["window_s"]
    check(window is not None and 0.9 < window < 3, "map shows the time between the first and the last",
          f"{window} s")


def test_damage(file, to):
    whole = file.read_bytes()
    for part in (50, 1000, len(whole) // 2, len(whole) - 1):
        cut = to / "cut.zip"
        cut.write_bytes(whole[:part])
        run = jledger("map", cut, timeout=5)
        check(run.returncode == 3 and "cut.zip" in run.stderr and not run.stdout,
              f"a capture cut to {part} bytes: exit 3", run.stderr.strip())


def begun(folder, wait_s=30):
    """What the program wrote by now under a temporary name."""
    deadline = time.monotonic() + wait_s
    while time.monotonic() < deadline:
        if left := list(folder.iterdir()):
            return left
        time.sleep(0.02)
    return []


def test_interrupted(pid, to):
    """A capture that a signal ends leaves nothing behind, and says so by the way it ends."""
    for label, name in (("a ZIP", "x.jlc.zip"), ("a directory", "x/")):
        for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            folder = to / f"interrupted-{name.rstrip('/')}-{ending.name}"
            folder.mkdir()
            run = subprocess.Popen([JLEDGER, "capture", str(pid), "-o", f"{folder}/{name}", "--samples", "9", "--every", "60s"],
                                   stderr=subprocess.PIPE, text=True)
            check(begun(folder), f"{label}, {ending.name}: it was being written")
            run.send_signal(ending)
            try:
                said = run.communicate(timeout=10)[1]
            except subprocess.TimeoutExpired:
                run.kill()
                said = "still running"
            check(run.returncode == -ending, f"{label}, {ending.name}: the program ends by the signal", f"{run.returncode}")
            check("not written" in said, f"{label}, {ending.name}: it is said", said.strip())
            check(not list(folder.iterdir()), f"{label}, {ending.name}: nothing stays behind", str(list(folder.iterdir())))
    folder = to / "hangup"
    folder.mkdir()
    run = subprocess.Popen(["nohup", JLEDGER, "capture", str(pid), "-o", f"{folder}/x.zip", "--samples", "2", "--every", "1s"],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    begun(folder)
    run.send_signal(signal.SIGHUP)
    check(run.wait(20) == 0 and (folder / "x.zip").exists(), "nohup: a hangup ends nothing")


def test_busy(to):
    """What many readers came by while it changed is one moment's in the capture too."""
    compile_java([ROOT / f"tests/live/java/{name}.java" for name in ("Copies", "Quiet")], to)
    (to / "made").mkdir()
    shutil.copy(to / "Quiet.class", to / "made")
    with Jvm(["-Xmx96m", "-XX:MetaspaceSize=512m", "-cp", str(to), "Copies", str(to / "made"), "Quiet", "1000", "held", "300"]) as jvm:
        torn = 0
        for i in range(6):
            file = to / f"busy{i}.jlc.zip"
            jledger("capture", jvm.pid, "-o", file)
            m = jledger_json("map", file)
            torn += bool(m["misses"])
            check(m["misses"] or m["unaccounted"] < 0.01 * m["rss"], f"a JVM that loads 300 classes a second: capture {i}",
                  f"{m['unaccounted'] >> 10} KB unaccounted {[x['reason'] for x in m['misses']]}")
        check(torn <= 1, "one of them at most says what it could not read", str(torn))  # on a busy machine


def main():
    to = scratch()
    compile_java([ROOT / "tests/live/java/Secrets.java"], to)
    for collector in COLLECTORS:
        test_one(collector, to, to)
    test_damage(to / "G1.jlc.zip", to)
    test_busy(to)
    with Jvm(arguments("Serial", to)) as jvm:
        test_interrupted(jvm.pid, to)
    shutil.rmtree(to)
    done()


if __name__ == "__main__":
    main()
