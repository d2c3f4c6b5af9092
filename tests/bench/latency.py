#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How much longer a thread of the target waits while `map` loops on it: at most 1 ms (p99.9) and 2 ms (p99.99), beside
a plain read of /proc/PID/pagemap, the shortest holds of its memory lock that there are. A bound that `map` exceeds and
that reader too is the machine's: it can't tell, which is said. For a quiet machine; see tests/live/harmless.py.
"""

import os

os.environ.setdefault("SECONDS_EACH", "12")

import harmless  # noqa: E402 (it reads SECONDS_EACH)
from harness import check, skip  # noqa: E402


def judge_one(name, limit_ns, alone, shortest, looked_at):
    ours, least = looked_at - alone, shortest - alone
    if ours >= limit_ns and least >= limit_ns:
        skip(f"{name} of how long the target waits",
             f"{ours / 1e6:.3f} ms longer, and with the shortest holds of its lock {least / 1e6:.3f} ms here")
        return
    check(ours < limit_ns, f"{name} less than {limit_ns / 1e6:.0f} ms above", f"{ours / 1e6:.3f} ms")


def judge(alone, shortest, looked_at):
    judge_one("p99.9", 1_000_000, alone[3], shortest[3], looked_at[3])
    judge_one("p99.99", 2_000_000, alone[4], shortest[4], looked_at[4])


if __name__ == "__main__":
    harmless.main(judge)
