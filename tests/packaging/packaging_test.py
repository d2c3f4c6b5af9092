#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The unit, the DaemonSet and the image: packaging_test.py JLEDGER.  What a tool that is not here would check is left out,
and said."""

import hashlib
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
# systemd's own scale, 0 to 10: what the capabilities to read other processes leave.
EXPOSURE = 3.0
bad = 0


def check(held: bool, what: str, more: object = "") -> None:
    global bad
    if not held:
        print(f"{what}: {more}")
        bad += 1


def run(*words: object, **more) -> subprocess.CompletedProcess:
    return subprocess.run([str(w) for w in words], capture_output=True, text=True, timeout=60, **more)


def unit(jledger: str, work: pathlib.Path) -> None:
    text = (ROOT / "packaging/jledger-record.service").read_text()
    words = re.search(r"^ExecStart=/usr/bin/jledger (.*)$", text, re.M)[1].split()
    refused = run(jledger, *words, "--no-such-option")
    check("no option '--no-such-option'" in refused.stderr, "the unit's options are known", refused.stderr)
    if not shutil.which("systemd-analyze"):
        print("skipped - the unit: systemd-analyze is not here")
        return
    here = work / "jledger-record.service"
    here.write_text(text.replace("/usr/bin/jledger", str(pathlib.Path(jledger).resolve())))
    said = run("systemd-analyze", "verify", "--man=no", here)
    wrong = [line for line in said.stderr.splitlines() if "jledger" in line]
    check(not wrong, "systemd-analyze verify has nothing to say", wrong)
    said = run("systemd-analyze", "security", "--offline=true", "--no-pager", here)
    found = re.search(r"exposure level for \S+: ([\d.]+)", said.stdout)
    check(found and float(found[1]) <= EXPOSURE, f"exposure at most {EXPOSURE}", found[0] if found else said.stderr)
    if found:
        print(f"# exposure {found[1]}")


def daemonset(jledger: str) -> None:
    try:
        import yaml
    except ImportError:
        print("skipped - the DaemonSet: python3-yaml is not here")
        return
    d = yaml.safe_load((ROOT / "packaging/daemonset.yaml").read_text())
    pod = d["spec"]["template"]["spec"]
    container = pod["containers"][0]
    check(d["spec"]["selector"]["matchLabels"] == d["spec"]["template"]["metadata"]["labels"], "it selects its own pods")
    check(pod["hostPID"] and container["securityContext"]["capabilities"]["drop"] == ["ALL"], "its rights are few")
    check({m["name"] for m in container["volumeMounts"]} == {v["name"] for v in pod["volumes"]}, "its volumes are there")
    refused = run(jledger, *container["args"], "--no-such-option")
    check("no option '--no-such-option'" in refused.stderr, "its options are known", refused.stderr)


def image(jledger: str, work: pathlib.Path) -> None:
    made = [work / "one.tar", work / "two.tar"]
    for tar in made:
        said = run(sys.executable, ROOT / "tools/make-oci.py", jledger, ROOT / "LICENSE", "0.1.0", "amd64", tar)
        check(said.returncode == 0, "the image is made", said.stderr)
    check(made[0].read_bytes() == made[1].read_bytes(), "twice the same bytes")
    unpacked = work / "image"
    with tarfile.open(made[0]) as tar:
        tar.extractall(unpacked)

    def blob(of: dict) -> bytes:
        content = (unpacked / "blobs" / of["digest"].replace(":", "/")).read_bytes()
        check(len(content) == of["size"] and "sha256:" + hashlib.sha256(content).hexdigest() == of["digest"],
              "a blob is what its digest says", of)
        return content

    index = json.loads((unpacked / "index.json").read_text())
    manifest = json.loads(blob(index["manifests"][0]))
    config = json.loads(blob(manifest["config"]))
    layer = work / "layer.tar.gz"
    layer.write_bytes(blob(manifest["layers"][0]))
    with tarfile.open(layer) as tar:
        names = [m.name for m in tar if m.isfile()]
        binary = tar.extractfile("usr/bin/jledger").read()
    check(names == ["usr/bin/jledger", "usr/share/doc/jledger/copyright"], "the binary and its licence alone", names)
    check(binary == pathlib.Path(jledger).read_bytes(), "the binary as it is")
    check(config["config"]["Entrypoint"] == ["/usr/bin/jledger"], "which it runs")
    if not shutil.which("skopeo"):
        print("skipped - the image by skopeo: it is not here")
        return
    said = run("skopeo", "inspect", f"oci-archive:{made[0]}")
    check(said.returncode == 0 and json.loads(said.stdout)["Architecture"] == "amd64", "skopeo reads it", said.stderr)
    said = run("skopeo", "--insecure-policy", "copy", f"oci-archive:{made[0]}", f"dir:{work}/copied")
    check(said.returncode == 0, "skopeo copies it", said.stderr)
    if not bad:
        print("# skopeo reads and copies it")


def main() -> int:
    with tempfile.TemporaryDirectory() as work:
        unit(sys.argv[1], pathlib.Path(work))
        daemonset(sys.argv[1])
        image(sys.argv[1], pathlib.Path(work))
    print("wrong" if bad else "unit, DaemonSet and image are whole")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
