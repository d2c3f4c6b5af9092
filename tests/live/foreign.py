#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What looks like a JVM and is no HotSpot: listed as what it is, and refused by name.

OpenJ9 is a stand-in (a program called java that loads a libjvm.so without HotSpot's tables and a libj9vm29.so),
so is a native image (a program with its section), static and stripped as well.  NATIVE_IMAGE names a real one, or is
"fetch": then npm brings google-closure-compiler-linux.
"""

import contextlib
import os
import pathlib
import shutil
import subprocess
import time

from harness import ROOT, Jvm, as_user, check, compile_java, done, jledger, jledger_json, public_jledger, scratch, skip

WORK = scratch("jledger-foreign-")
LAUNCHER = """
#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>
int main(void)
{
	for (int i = 0; i < 2; i++)
		if (!dlopen(i ? LIBRARIES "/libj9vm29.so" : LIBRARIES "/libjvm.so", RTLD_NOW))
			return 1;
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
"""
NATIVE = "#include <stdio.h>\n#include <unistd.h>\nint main(void)\n{\n\tputs(\"ready\");\n\tfflush(stdout);\n\tfor (;;)\n\t\tpause();\n}\n"


def cc(source, to, *options):
    subprocess.run(["cc", "-x", "c", "-o", str(to), "-", *options], input=source, text=True, check=True)


@contextlib.contextmanager
def running(*command, prefix=()):
    process = subprocess.Popen([*prefix, *map(str, command)], stdout=subprocess.PIPE, text=True)
    try:
        if process.stdout.readline().strip() != "ready":
            raise RuntimeError(f"{command[0]} did not start")
        yield process.pid
    finally:
        process.kill()
        process.wait()


def openj9():
    home = WORK / "openj9"
    libraries = home / "lib/default"
    libraries.mkdir(parents=True)
    (home / "bin").mkdir()
    (home / "release").write_text('IMPLEMENTOR="IBM Corporation"\nJAVA_VERSION="21.0.4"\nJVM_VARIANT="Openj9"\n')
    cc("int JNI_CreateJavaVM(void) { return -1; }", libraries / "libjvm.so", "-shared", "-fPIC")
    cc("int J9_CreateJavaVM(void) { return -1; }", libraries / "libj9vm29.so", "-shared", "-fPIC")
    cc(LAUNCHER, home / "bin/java", f'-DLIBRARIES="{libraries}"', "-ldl")
    return [home / "bin/java", "-Xmx64m", "-cp", "shop.jar", "shop.Nine"]


def native_image(name, *options):
    plain, program = WORK / f"{name}.plain", WORK / name
    heap = WORK / "heap"
    heap.write_bytes(b"image heap" * 100)
    cc(NATIVE, plain, *options)
    subprocess.run(["objcopy", "--add-section", f".svm_heap={heap}", str(plain), str(program)], check=True)
    subprocess.run(["strip", "--strip-all", str(program)], check=True)
    return [program, "-jar", "other.jar"]


def refused(label, pid, kind, main, version=None, prefix=()):
    """ps says what it is; every command that would look inside ends with 3 and says it too."""
    row = next((r for r in jledger_json("ps", prefix=prefix)["jvms"] if r["pid"] == pid), {})
    check((row.get("vm"), row.get("state"), row.get("main"), row.get("jdk")) == (kind, "unsupported", main, version),
          f"{label}: ps lists it as what it is", str(row))
    listed = jledger("ps", prefix=prefix).stdout
    short = "OpenJ9" if kind == "OpenJ9" else "native"
    check(any(line.split()[0] == str(pid) and short in line and "unsupported" in line for line in listed.splitlines()[1:-1])
          and f"{kind}: " in listed and "HotSpot JVMs only" in " ".join(listed.split()), f"{label}: ps says so to a person",
          " / ".join(listed.splitlines()[-3:]))
    for command in (["map", pid], ["doctor", pid], ["flags", pid], ["capture", pid, "-o", "-"], ["map", main]):
        started = time.monotonic()
        run = jledger(*command, prefix=prefix)
        check(run.returncode == 3 and not run.stdout and kind in run.stderr, f"{label}: {command[0]} of {command[1]} exits 3 and names it",
              f"exit {run.returncode} {run.stderr.strip()}")
        check(time.monotonic() - started < 5, f"{label}: {command[0]} answers within 5 seconds")


def real_native_image():
    given = os.environ.get("NATIVE_IMAGE")
    if given == "fetch":
        run = subprocess.run(["npm", "install", "--no-save", "--no-audit", "--no-fund", "--prefix", str(WORK),
                              "google-closure-compiler-linux"], capture_output=True, text=True, timeout=300)
        given = next(map(str, WORK.glob("node_modules/google-closure-compiler-linux/compiler")), None)
        if not given:
            skip("a real native image", f"npm: {run.stderr.strip()[-200:]}")
            return
    if not given:
        skip("a real native image", "NATIVE_IMAGE names none")
        return
    process = subprocess.Popen([given, "--js", "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(1)
        refused("a real native image", process.pid, "GraalVM native image", pathlib.Path(given).name)
    finally:
        process.kill()
        process.wait()


def beside_a_hotspot():
    """One name, two kinds: the HotSpot is meant; and `all` says of the other why it is left out."""
    java, native = openj9()[0], WORK / "Quiet"
    shutil.copy(native_image("native-quiet")[0], native)
    with running(java, "Quiet") as nine, running(native) as image, \
            Jvm(["-Xmx64m", "-XX:+UseSerialGC", "-cp", str(WORK), "Quiet"]) as jvm:
        run = jledger("map", "Quiet", "--json")
        check(run.returncode == 0 and f'"pid":{jvm.pid},' in run.stdout, "a name that fits HotSpot and others means the HotSpot",
              run.stderr.strip())
        run = jledger("map", "all", "--json")
        check(run.returncode == 0 and f'"pid":{jvm.pid},' in run.stdout, "all: what can be read is shown", " / ".join(run.stderr.splitlines())[-300:])
        check(f"{nine} runs OpenJ9" in run.stderr and f"{image} is a GraalVM native image" in run.stderr,
              "all: the others are named", " / ".join(run.stderr.splitlines())[-300:])


def main():
    public_jledger(WORK)
    compile_java([ROOT / "tests/live/java/Quiet.java"], WORK)
    with running(*openj9()) as pid:
        refused("OpenJ9", pid, "OpenJ9", "shop.Nine", "21.0.4")
    for label, options in (("native image", ()), ("static native image", ("-static",))):
        program = native_image(label.replace(" ", "-"), *options)
        with running(*program) as pid:
            refused(label, pid, "GraalVM native image", program[0].name)
    if os.geteuid() == 0:
        user = as_user(65533)
        with running(*program, prefix=user) as pid:
            refused("its user's native image", pid, "GraalVM native image", program[0].name, prefix=user)
    real_native_image()
    shutil.rmtree(WORK / "openj9")
    beside_a_hotspot()
    shutil.rmtree(WORK, ignore_errors=True)
    done()


main()
