# SPDX-License-Identifier: Apache-2.0
"""Recorded machines: a text of '== PATH' and what follows for each file."""

import pathlib

HERE = pathlib.Path(__file__).resolve().parent
POD = "/sys/fs/cgroup/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1c9a.slice"


def files(name, **numbers):
    """{path: content} of a recorded machine; words like PID in paths and lines become the given numbers."""
    found, path = {}, None
    for line in (HERE / name).read_text().splitlines():
        for word, number in numbers.items():
            if f"/{word}/" in line or line == word:
                line = line.replace(word, str(number))
        if line.startswith("== "):
            path = line[3:]
            found[path] = ""
        elif path:
            found[path] += line + "\n"
    return found


def expected_of_pod(jvm_anon, jvm_file, sidecar, anon=251658240):
    """What the container section of `map --json` says of kubepods-v2.txt; the others' memory as given."""
    file = 117440512 - 8388608
    others = min(sidecar, anon - min(jvm_anon, anon))
    mapped = min(41943040, file)
    return {
        "path": f"{POD.removeprefix('/sys/fs/cgroup')}/cri-containerd-{'4f1c2b3a' * 8}.scope/jvm.scope", "limit": 536870912, "usage": 402653184, "working_set": 402653184 - 67108864,
        "anon": {"jvm": min(jvm_anon, anon), "others": others, "rest": anon - min(jvm_anon, anon) - others},
        "file": {"jvm": min(jvm_file, mapped), "others": mapped - min(jvm_file, mapped),
                 "unmapped_active": file - mapped - min(67108864, file - mapped),
                 "unmapped_inactive": min(67108864, file - mapped)},
        "shmem": 8388608,
        "kernel": {"total": 25165824, "slab": 18874368, "page_tables": 3145728, "stacks": 1572864, "sockets": 524288,
                   "percpu": 1048576},
        "swap": 0, "pressure": {"some_avg10": 12.34, "full_avg10": 3.21}, "processes": 1, "oom_kills": 1,
        "limit_hits": 173,
    }
