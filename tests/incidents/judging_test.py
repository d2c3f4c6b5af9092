#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What judges the doctor, judged: names of culprits, reports, made-up names, options. Runs no JVM."""

import pathlib
import random
import sys

import names
import programs

CULPRITS = (  # what the doctor named, what was expected, whether that is right
    ({"name": "pool-#-thread-#"}, "threads pool-N-thread-M made in web.Reports.report", True),
    ({"name": "fetch-#"}, "threads render-1..64", False),
    ({"name": "render-#"}, "buffers in ThreadLocals of threads render-1..64", True),
    ({"name": "expr.Filter/#"}, "hidden classes expr.Filter/0x... held by expr.Compiler", True),
    ({"name": "expr.Compiler/#"}, "hidden classes expr.Filter/0x... held by expr.Compiler", False),
    ({"name": "a.Gen_#_Row"}, "class a.Gen_<N>_Row, loader a.Loader", True),
    ({"name": "b.Row", "loader": "a.Loader"}, "class a.Gen_<N>_Row, loader a.Loader", True),
    ({"name": "MaxHeapSize"}, "long[] in a.Index.lists", False),
    ({"name": "MetaspaceSize=8.0 MB"}, "flag MetaspaceSize=8m; classes a.Mail of loader a.Engine", True),
    ({"name": "rules.RuleLoader"}, "loader of classes", False),
    ({"name": None, "loader": None}, "class a.Row", False),
    (None, "class a.Row", False),
)


def check(held, what):
    print(f"{'ok' if held else 'not ok'} - {what}")
    return bool(held)


def program(**what):
    return programs.Program(pathlib.Path("x"), {"cause": "heap-leak", "jdks": ["17"], **what})


def finding(cause, kind="cause"):
    return {"cause": cause, "kind": kind, "culprit": {"name": "a.Row"}}


def judged(what, report):
    cell = programs.judge(what, 17, "class a.Row", report, "as it is")
    return cell.right, cell.culprit, cell.told


def main():
    held = [check(programs.names_culprit(got, expected) == right, f"{got} for {expected!r}") for got, expected, right in CULPRITS]
    note = {"findings": [finding("heap-pretouched", "note")]}
    leak, other = {"findings": [finding("heap-leak")]}, {"findings": [finding("gc-thrash"), finding("heap-leak")]}
    broken = {"findings": [], "error": "it ended"}
    held += [
        check(judged(program(), leak) == (True, True, True), "the cause and its culprit"),
        check(judged(program(), other) == (False, True, True), "the right cause, but not the first"),
        check(judged(program(accepted=["gc-thrash"]), other)[0], "a cause that is accepted too"),
        check(judged(program(), note) == (False, False, False), "a note is no cause"),
        check(judged(program(healthy=True), note) == (True, False, False), "a note accuses nobody"),
        check(not judged(program(healthy=True), leak)[0], "a healthy program that is accused"),
        check(not judged(program(healthy=True), broken)[0], "no look is no clean verdict"),
        check(not judged(program(), broken)[0], "nor a right one"),
    ]
    rename = names.renamer(["Order", "order", "order-line"], random.Random(1), set())
    text = rename("order.Order$Row order/Order Ordering order-line-7 OrderBook")
    held += [
        check(rename("Order") != "Order" and text.endswith("OrderBook") and "Ordering" in text, f"whole words alone are renamed: {text}"),
        check(text.split()[0].replace(".", "/").split("$")[0] == text.split()[1], "in each spelling of a class's name"),
        check("-" in rename("order-line") and text.split()[3].endswith("-7"), "a stem stays a stem"),
        check(programs.doubled_heap(["-Xmx64m", "-Xss1m"], 17) == ["-Xmx128m", "-Xss1m"], "a doubled heap"),
        check(programs.other_collector(["-XX:+UseG1GC", "-Xmx1m"], 17) == ["-Xmx1m", "-XX:+UseParallelGC"], "another collector"),
        check(programs.other_collector(["-XX:+UseConcMarkSweepGC", "-XX:CMSInitiatingOccupancyFraction=50"], 8) == ["-XX:+UseParallelGC"],
              "another one than CMS, without its options"),
        check([p.name for p in programs.found([], own_only=True) if not set(p.what) >= {"title", "jdks", "main", "cause", "names"}] == [],
              "each incident says what it is"),
        check(programs.flags_of(program(flags={"8": ["-a"], "11+": ["-b"], "all": ["-c"]}), 17) == ["-b", "-c"], "options by JDK"),
    ]
    print(f"{sum(held)} passed, {len(held) - sum(held)} failed")
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
