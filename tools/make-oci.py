#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An OCI image of one static binary, as a tar: make-oci.py BINARY LICENSE VERSION ARCHITECTURE OUT.tar

The same input gives the same bytes."""

import gzip
import hashlib
import io
import json
import pathlib
import sys
import tarfile


def entry(name: str, size: int, mode: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, mode
    return info


def add_file(tar: tarfile.TarFile, name: str, content: bytes, mode: int = 0o644) -> None:
    tar.addfile(entry(name, len(content), mode), io.BytesIO(content))


def add_folders(tar: tarfile.TarFile, *names: str) -> None:
    for name in names:
        info = entry(name, 0, 0o755)
        info.type = tarfile.DIRTYPE
        tar.addfile(info)


def make_layer(binary: bytes, license_text: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        add_folders(tar, "usr", "usr/bin", "usr/share", "usr/share/doc", "usr/share/doc/jledger")
        add_file(tar, "usr/bin/jledger", binary, 0o755)
        add_file(tar, "usr/share/doc/jledger/copyright", license_text)
    return out.getvalue()


def main() -> None:
    binary, license_file, version, architecture, target = sys.argv[1:]
    blobs: dict[str, bytes] = {}

    def blob(content: bytes, kind: str) -> dict:
        digest = hashlib.sha256(content).hexdigest()
        blobs[digest] = content
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": f"sha256:{digest}", "size": len(content)}

    def as_json(value: dict) -> bytes:
        return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()

    layer = make_layer(pathlib.Path(binary).read_bytes(), pathlib.Path(license_file).read_bytes())
    packed = blob(gzip.compress(layer, 9, mtime=0), "layer.v1.tar+gzip")
    config = blob(as_json({
        "architecture": architecture, "os": "linux",
        "config": {"Entrypoint": ["/usr/bin/jledger"], "WorkingDir": "/",
                   "Labels": {"org.opencontainers.image.title": "jledger", "org.opencontainers.image.version": version,
                              "org.opencontainers.image.licenses": "Apache-2.0"}},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
    }), "config.v1+json")
    manifest = blob(as_json({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                             "config": config, "layers": [packed]}), "manifest.v1+json")
    manifest["platform"] = {"architecture": architecture, "os": "linux"}
    manifest["annotations"] = {"org.opencontainers.image.ref.name": version}
    with tarfile.open(target, "w", format=tarfile.USTAR_FORMAT) as tar:
        add_file(tar, "oci-layout", as_json({"imageLayoutVersion": "1.0.0"}))
        add_file(tar, "index.json", as_json({"schemaVersion": 2, "manifests": [manifest]}))
        add_folders(tar, "blobs", "blobs/sha256")
        for digest in sorted(blobs):
            add_file(tar, f"blobs/sha256/{digest}", blobs[digest])


main()
