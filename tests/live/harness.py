# SPDX-License-Identifier: Apache-2.0
"""What live tests share: starting JVMs, running jledger, saying what held.

A live test is a Python file that calls check() for each thing it saw and done() at the end; it
prints TAP-like lines and closes with 'N passed, N failed'.  JLEDGER names the program (default:
build/jledger), JDK the Java home (default: the one of `java` on the PATH), JDK_ROOT the root directory
that the JVM and its tools run in by chroot (default: this machine's own).  JDK is a path as seen in there.
Paths are those of this machine everywhere; what starts something in the root turns them into its own.
"""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[2]
JLEDGER = os.environ.get("JLEDGER", str(ROOT / "build/jledger"))
JDK_ROOT = os.environ.get("JDK_ROOT", "").rstrip("/")
COLLECTORS = ("Serial", "Parallel", "G1")

_passed = _failed = _skipped = 0


def check(held, what, detail=""):
    """Notes one thing that was seen to hold or not; returns whether it held."""
    global _passed, _failed
    if held:
        _passed += 1
    else:
        _failed += 1
    print(f"{'ok' if held else 'not ok'} - {what}{f' ({detail})' if detail else ''}", flush=True)
    return bool(held)


def skip(what, why):
    """Says that something was left out, and what this machine lacks for it; ./dev test lists these lines."""
    global _skipped
    _skipped += 1
    print(f"skipped - {what}: {why}", flush=True)


def figures(label, **values):
    """Numbers for ./dev matrix's table."""
    print(f"figures - {json.dumps({'label': label, **values})}", flush=True)


@contextlib.contextmanager
def part(label):
    """A part of a test that may break off without the others: that is a check that did not hold."""
    try:
        yield
    except (Exception, SystemExit) as error:  # whatever it was, the next part runs
        where = traceback.extract_tb(error.__traceback__)[-1]
        check(False, f"{label}: runs to its end", f"{type(error).__name__}: {error} ({where.name}, line {where.lineno})")


def no_namespaces():
    """Why a process can't be put into PID and mount namespaces of its own here; None where it can."""
    try:
        run = subprocess.run(["unshare", "--pid", "--mount", "--fork", "--mount-proc", "true"], capture_output=True, text=True)
    except OSError as error:
        return str(error)
    return (run.stderr.strip() or f"unshare: exit {run.returncode}") if run.returncode else None


def own_namespaces(*options):
    """What stands around a JVM (Jvm's `around`) that is to run in PID and mount namespaces of its own."""
    return ["unshare", "--pid", "--mount", "--fork", f"--mount-proc={JDK_ROOT}/proc", *options]


def as_user(uid, *capabilities):
    """A prefix that runs a program as `uid` with just these capabilities."""
    caps = ",".join(["-all", *("+" + c for c in capabilities)])
    return ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", f"--inh-caps={caps}",
            f"--ambient-caps={caps}", f"--bounding-set={caps}"]


def java_below(pid, wait_s=10):
    """The java process among the children of `pid` and theirs: what unshare, sh and the like started."""
    deadline = time.monotonic() + wait_s
    while time.monotonic() < deadline:
        below = [pid]
        for parent in below:
            listed = subprocess.run(["pgrep", "-P", str(parent)], capture_output=True, text=True).stdout
            below += map(int, listed.split())
        for child in below:
            if os.path.basename(os.path.realpath(f"/proc/{child}/exe")) == "java":
                return child
        time.sleep(0.05)
    raise RuntimeError(f"no java below process {pid}")


def compile_c(source, program):
    subprocess.run(["cc", "-O1", "-D_GNU_SOURCE", "-o", str(program), str(source)], check=True)


def public_jledger(to):
    """Puts a copy of the program where other users can run it, for jledger() too; returns its path."""
    global JLEDGER
    to.chmod(0o755)
    shutil.copy(JLEDGER, to / "jledger")
    (to / "jledger").chmod(0o755)
    JLEDGER = str(to / "jledger")
    return JLEDGER


def done():
    """Ends the test with its closing line."""
    print(f"{_passed} passed, {_failed} failed", flush=True)
    sys.exit(1 if _failed or not (_passed or _skipped) else 0)


def java_home():
    """The Java home, as a path of this machine."""
    if os.environ.get("JDK"):
        return outside(os.environ["JDK"])
    java = shutil.which("java")
    if not java:
        sys.exit("no java on the PATH: ./dev setup installs one")
    return pathlib.Path(os.path.realpath(java)).parents[1]


def outside(path):
    """This machine's path for one of the root."""
    return pathlib.Path(JDK_ROOT + str(path))


def inside(text):
    """The text with this machine's paths into the root as the root has them."""
    return re.sub(f"{re.escape(JDK_ROOT)}(?=/)", "", str(text)) if JDK_ROOT else str(text)


def in_root(*command, cwd=None):
    """The command that runs this one in the root of the JDK; each step of it is an exec, so the pid stays."""
    enter = ["chroot", JDK_ROOT, "env", "-C", inside(cwd or "/")] if JDK_ROOT else []
    return [*enter, *map(inside, command)]


def tool(name):
    """A tool of the JDK by its path in the root: in_root() runs it."""
    return inside(java_home() / "bin" / name)


def scratch(prefix="jledger-test-"):
    """A directory in the root that the caller removes, or that stays for a look after a failure."""
    return pathlib.Path(tempfile.mkdtemp(prefix=prefix, dir=JDK_ROOT + "/tmp" if JDK_ROOT else None))


def host_javac():
    javac = shutil.which("javac")
    if not javac:
        sys.exit("no javac on the PATH: ./dev setup installs one")
    return pathlib.Path(os.path.realpath(javac))


def is_modular():
    """Whether the JDK is 9 or later."""
    return (java_home() / "lib/modules").exists()


def compile_java(sources, to, release=None):
    """Compiles for the JDK under test: with its own javac where it is this machine's, else with this machine's
    and for the oldest release that it may be: 8, or 11 where it has modules.  A class that is different
    on 8 is below java/8."""
    own = java_home() / "bin/javac"
    here = not JDK_ROOT and own.exists() and is_modular()
    release = release or (None if here else 11 if is_modular() else 8)
    java = ROOT / "tests/live/java"
    search = f"{java}" if is_modular() and release != 8 else f"{java / '8'}:{java}"
    subprocess.run([str(own if here else host_javac()), "-nowarn", "-Xlint:-options", "-encoding", "UTF-8",
                    *(["--release", str(release)] if release else []), "-sourcepath", search, "-d", str(to),
                    *map(str, sources)], check=True)


def compile_jni(source, library):
    """Without libraries and versions of symbols, so that it loads with every C library that a JVM brings along."""
    headers = host_javac().parents[1] / "include"
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-O1", "-g", "-D_GNU_SOURCE", "-fno-stack-protector", "-nostdlib", f"-I{headers}",
         f"-I{headers}/linux", "-o", str(library), str(source)], check=True)


class Jvm:
    """A running JVM whose program prints lines; `ready` is awaited, the lines before it are kept.  Commands that
    run it: `prefix` in the root of the JDK, `around` what enters that root.  `java`: another Java home than JDK's, as
    the root has it."""

    def __init__(self, arguments, env=None, ready="ready", stderr=subprocess.DEVNULL, wait_s=60, prefix=(),
                 cwd=None, around=(), java=None):
        program = f"{java}/bin/java" if java else tool("java")
        self.process = subprocess.Popen(
            [*around, *in_root(*prefix, program, *arguments, cwd=cwd)], stdout=subprocess.PIPE, stderr=stderr,
            stdin=subprocess.PIPE, text=True, env=env, cwd=cwd)
        self.pid = self.process.pid
        self.lines = []
        deadline = time.monotonic() + wait_s
        while ready is not None:
            line = self.process.stdout.readline()
            if not line or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"the JVM did not say {ready!r}: {self.lines[-3:]}, exit {self.process.poll()}")
            if line.strip() == ready:
                break
            self.lines.append(line.rstrip("\n"))

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def jledger(*arguments, prefix=(), timeout=60, env=None):
    """Runs the program; returns the finished process with text output."""
    return subprocess.run([*prefix, JLEDGER, *map(str, arguments)], capture_output=True, text=True,
                          timeout=timeout, env=env)


def jledger_json(*arguments, **options):
    run = jledger(*arguments, "--json", **options)
    if run.returncode not in (0, 1):
        raise RuntimeError(f"jledger {' '.join(map(str, arguments))}: exit {run.returncode}: {run.stderr.strip()}")
    return json.loads(run.stdout)


def jcmd(pid, *command):
    """What the JVM's own jcmd says."""
    return subprocess.run(in_root(tool("jcmd"), str(pid), *command), capture_output=True, text=True, timeout=60).stdout


def account(ledger, name, field="resident"):
    """Sum of a field over the rows of an account and of those whose parent it is; None if unknown."""
    values = [row[field] for row in ledger["accounts"] if name in (row["account"], row["parent"])]
    known = [v for v in values if v is not None]
    return sum(known) if known else None


def status(pid, key):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    found = re.search(rf"^{key}:\s+(\S+)", text, re.M)
    return found.group(1) if found else None


def present_pages(pid, start, end):
    """Addresses of the pages in [start, end) that are present, from pagemap."""
    first, count = start // 4096, (end + 4095) // 4096 - start // 4096
    with open(f"/proc/{pid}/pagemap", "rb") as f:
        f.seek(first * 8)
        entries = f.read(count * 8)
    return [(first + i) * 4096 for i in range(len(entries) // 8) if entries[i * 8 + 7] & 0x80]
