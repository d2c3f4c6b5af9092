#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Gates the layers: fails when a file includes a room it may not see, when headers include each
other in a circle, or when a room's sources do what the room must never do."""

import pathlib
import re
import sys

# room -> rooms that it may include beside itself and base (docs/ARCHITECTURE.md)
MAY_INCLUDE = {
    "base": "",
    "os": "",
    "parse": "agent",
    "jvm": "os parse",
    "malloc": "os parse",
    "heap": "parse jvm",
    "gclog": "parse facts",
    "trace": "os jvm parse",
    "facts": "",
    "collect": "os parse jvm malloc heap gclog trace facts",
    "ledger": "facts",
    "diagnose": "facts ledger",
    "model": "facts",
    "store": "facts ledger diagnose model",
    "present": "facts ledger diagnose model",
    "record": "collect facts ledger diagnose store",
    "tui": "present store facts ledger diagnose model",
    "web": "present store facts ledger diagnose model",
    "cmd": "collect ledger diagnose model store record present tui web facts heap gclog trace",
    "agent": "",
}
# room -> words whose use there breaks its promise
MUST_NOT = {
    "parse": r"\b(fopen|open|openat|read|pread|fread|time|clock_gettime|getenv)\s*\(",
    "facts": r"\b(fopen|open|openat|read|pread|fread|clock_gettime|getenv|printf)\s*\(",
    "gclog": r"\b(fopen|open|openat|read|pread|fread|time|clock_gettime|getenv|printf)\s*\(",
    "ledger": r"\b(fopen|open|openat|read|pread|fread|clock_gettime|getenv|printf)\s*\(",
    "diagnose": r"\b(fopen|open|openat|read|pread|fread|clock_gettime|getenv|printf)\s*\(",
    "os": r"(?i)\b(java|hotspot|jvm)\b",
    "present": r"\b(fopen|open|openat|pread|clock_gettime)\s*\(",
}
COMMENT = re.compile(r"//.*|/\*.*?\*/|\"(?:[^\"\\]|\\.)*\"", re.S)
INCLUDE = re.compile(r'^\s*#\s*include "([^"]+)"', re.M)


def main() -> int:
    root = pathlib.Path(sys.argv[1]) / "src"
    graph: dict[str, list[str]] = {}
    bad: list[str] = []
    for path in sorted(p for p in root.rglob("*") if p.suffix in (".c", ".h", ".def")):
        name = path.relative_to(root).as_posix()
        room = name.split("/")[0]
        text = path.read_text()
        graph[name] = INCLUDE.findall(text)
        if room not in MAY_INCLUDE:
            bad.append(f"{name}: no such room in the table of layers")
            continue
        allowed = {room, "base", *MAY_INCLUDE[room].split()} if room != "agent" else {"agent"}
        for include in graph[name]:
            if include.split("/")[0] not in allowed:
                bad.append(f"{name}: {room}/ may not include {include}")
        code = COMMENT.sub(" ", INCLUDE.sub(" ", text))
        if room in MUST_NOT and (hit := re.search(MUST_NOT[room], code)):
            bad.append(f"{name}: {room}/ must not use {hit.group(0).strip()}")

    done: set[str] = set()

    def walk(node: str, trail: list[str]) -> None:
        if node in trail:
            bad.append("circle: " + " -> ".join([*trail[trail.index(node):], node]))
            return
        for target in graph.get(node, []):
            if target in graph and target not in done:
                walk(target, [*trail, node])
        done.add(node)

    for node in graph:
        walk(node, [])
    print("\n".join(bad) if bad else f"{len(graph)} files, no layer broken")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
