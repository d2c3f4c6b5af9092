# SPDX-License-Identifier: Apache-2.0
"""Root directories of other Debian suites, for JDKs and C libraries that this machine lacks: made once by mmdebstrap
from the mirror that the machine's own apt uses, kept in the cache, mounted while they are used. Needs root."""

import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import sys

JDKS = "?name(^openjdk-[0-9]+-jdk-headless$)"  # all that the suite has


class LeftOut(Exception):
    """What can't be had here, and why."""


def say(text):
    print(f"dev: {text}", file=sys.stderr, flush=True)


def cache():
    return pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "jledger"


def run(*command, **options):
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, **options)


def mirror():
    """Where this machine's own packages come from."""
    release = dict(re.findall(r'^(\w+)="?(.*?)"?$', pathlib.Path("/etc/os-release").read_text(), re.M))
    if not shutil.which("apt-get"):
        raise LeftOut("no apt here")
    lines = run("apt-get", "indextargets", "--format", "$(SITE) $(CODENAME) $(COMPONENT)", "Created-By: Packages").stdout
    for line in lines.splitlines():
        site, *of = line.split(" ")
        if of == [release.get("VERSION_CODENAME"), "main"] and release.get("ID") == "debian":
            return site
    raise LeftOut("apt knows no Debian mirror")


def proxies():
    said = run("apt-config", "dump", "Acquire::http::Proxy").stdout.strip()
    return [f"--aptopt={said}"] if said else []


def made(suite, packages, place=None):
    """The root of a suite with these packages; made where it is not there yet."""
    root = pathlib.Path(place or cache() / "roots" / suite)
    if (root / "usr/lib/jvm").is_dir():
        return root
    if os.geteuid():
        raise LeftOut("making a root directory and entering it needs root")
    if not shutil.which("mmdebstrap"):
        raise LeftOut("mmdebstrap is not installed")
    say(f"making a root of Debian {suite} in {root}")
    making = root.with_name(f"{root.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    making.parent.mkdir(parents=True, exist_ok=True)
    done = run("mmdebstrap", "--quiet", "--variant=apt", '--aptopt=Acquire::Check-Valid-Until "false"', *proxies(),
               f"--include={','.join(packages)}", suite, making, mirror())
    if done.returncode:
        shutil.rmtree(making, ignore_errors=True)
        raise LeftOut(f"mmdebstrap: {(done.stderr.strip().splitlines() or ['failed'])[-1]}")
    making.rename(root)
    return root


@contextlib.contextmanager
def mounted(root):
    """The root with /proc and /sys; what was mounted for this is unmounted again."""
    if os.geteuid():
        raise LeftOut("entering a root directory needs root")
    mine = []
    try:
        for kind, at in (("proc", root / "proc"), ("sysfs", root / "sys")):
            if os.path.ismount(at):
                continue
            done = run("mount", "-t", kind, kind, at)
            if done.returncode:
                raise LeftOut(done.stderr.strip())
            mine.append(at)
        yield root
    finally:
        for at in mine:
            if run("umount", at).returncode:
                run("umount", "--lazy", at)


def c_library(root=""):
    enter = ["chroot", root] if root else []
    said = run(*enter, "ldd", "--version").stdout
    return f"glibc {said.splitlines()[0].split()[-1]}" if said else "glibc"


def homes(root=""):
    """The JDKs below /usr/lib/jvm: {feature release: home as seen in the root}."""
    found = {}
    for home in sorted(pathlib.Path(f"{root}/usr/lib/jvm").glob("*")):
        release = re.search(r"(\d+)-openjdk|jdk-?(\d+)", home.name)
        if release and not home.is_symlink() and (home / "bin/jcmd").exists():
            found.setdefault(int(release.group(1) or release.group(2)), f"/usr/lib/jvm/{home.name}")
    return dict(sorted(found.items()))
