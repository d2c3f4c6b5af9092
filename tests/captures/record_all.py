#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Records the golden captures of each JDK x collector: record_all.py JLEDGER [JDK...]

JLEDGER is a program that runs in any root (dist/jledger); the JDKs are those of ./dev matrix's root. What they print is
then written by tests/cli/golden_test.py JLEDGER --rewrite: read the difference before committing. Needs root.
"""

import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "live"), str(HERE.parent / "matrix")]

from roots import JDKS, homes, made, mounted, say  # noqa: E402


def collectors(root, home):
    """{name: flags} of those that the JDK has, asked as the live tests do."""
    code = "import cells; [print(gc, *cells.flags_of(gc)) for gc in cells.collectors()]"
    said = subprocess.run([sys.executable, "-c", code], cwd=HERE.parent / "live", capture_output=True, text=True, check=True,
                          env={**os.environ, "JDK": home, "JDK_ROOT": str(root)}).stdout
    return {line.split()[0]: line.split()[1:] for line in said.splitlines()}


def record(root, jledger, feature, home, gc, flags):
    inside = root / "tmp/golden"
    shutil.rmtree(inside, ignore_errors=True)
    inside.mkdir()
    for file in (HERE / "record.sh", HERE / "Golden.java", pathlib.Path(jledger)):
        shutil.copy(file, inside)
    name = f"jdk{feature}-{gc.lower()}.jlc.zip"
    # A root that can be left by pivot_root is one that is mounted.
    enter = f'mount --rbind "{root}" "{root}" && mount --rbind /sys "{root}/sys" && exec chroot "{root}" "$@"'
    done = subprocess.run(["unshare", "--mount", "sh", "-c", enter, "sh", "env", "PATH=/usr/sbin:/usr/bin", f"JLEDGER=/tmp/golden/{pathlib.Path(jledger).name}",
                           "sh", "/tmp/golden/record.sh", home, f"/tmp/golden/{name}", *flags, *(["-Xmx64m"] if gc.endswith("Z") else [])],
                          capture_output=True, text=True)
    made_file = inside / name
    if done.returncode or not made_file.is_file() or not made_file.stat().st_size:
        say(f"{name}: {(done.stderr.strip().splitlines() or ['nothing was recorded'])[-1]}")
        return False
    shutil.copy(made_file, HERE / name)
    shutil.rmtree(inside)
    say(f"{name}: {(HERE / name).stat().st_size >> 10} KB")
    return True


def main():
    jledger, wanted = sys.argv[1], sys.argv[2:]
    good = True
    with mounted(made("sid", [JDKS], os.environ.get("JLEDGER_SID_ROOT"))) as root:
        if not all(any((root / at / tool).exists() for at in ("usr/bin", "usr/sbin")) for tool in ("mount", "pivot_root")):
            subprocess.run(["chroot", root, "sh", "-c", "apt-get -qq update && apt-get -qq install mount util-linux-extra"],
                           check=True)
        for feature, home in homes(root).items():
            if wanted and str(feature) not in wanted:
                continue
            for gc, flags in collectors(root, home).items():
                good = record(pathlib.Path(root), jledger, feature, home, gc, flags) and good
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
