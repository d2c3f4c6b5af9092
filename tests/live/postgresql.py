#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/howto/fleet-in-postgresql.md as it is written, against a server of its own; its answer is that of jledger fleet."""

import json
import os
import pathlib
import re
import shutil
import subprocess

from harness import ROOT, check, done, jledger, scratch, skip

WORK = scratch("jledger-postgresql-")
USER = "nobody"  # the server refuses to be root
FINDING = {"cause": "class-generation", "kind": "cause", "state": "confirmed", "title": "it says \"\\n\", a\ttab",
           "bytes": 1 << 20, "growth_bytes_per_s": 1000, "culprit": {"kind": "class-family", "name": "x.Y\\_#"}}


def tools():
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found and shutil.which("psql") else None


def blocks(language):
    text = (ROOT / "docs/howto/fleet-in-postgresql.md").read_text()
    return [re.sub(r"^   ", "", b, flags=re.M) for b in re.findall(rf"```{language}\n(.*?)```", text, re.S)]


def lines():
    made = []
    for host in ("a", "b"):
        for number, capture in enumerate(sorted((ROOT / "tests/captures").glob("*.jlc.zip"))[:4]):
            line = json.loads(jledger("doctor", capture, "--json").stdout)
            line.update(host=host, healthy=number > 1, findings=[FINDING] if number < 2 else [])
            made.append(json.dumps(line))
    return made + made[:3]  # some come twice


def main():
    bin = tools()
    if not bin:
        skip("PostgreSQL", "Debian's package postgresql is not here")
        return done()
    data, as_user = WORK / "data", ["setpriv", "--reuid", USER, "--clear-groups"] if os.geteuid() == 0 else []
    data.mkdir()
    if as_user:
        for folder in (WORK, data):
            shutil.chown(folder, USER)
    os.chmod(WORK, 0o755)

    def run(*words, given=None):
        return subprocess.run([*as_user, *map(str, words)], input=given, capture_output=True, text=True, timeout=120, cwd=WORK)

    made = run(bin / "initdb", "-D", data, "-A", "trust", "-U", "test", "--no-sync")
    check(made.returncode == 0, "a server's directory is made", made.stderr[-300:])
    started = run(bin / "pg_ctl", "-D", data, "-w", "-l", WORK / "log", "-o", f"-k {WORK} -c listen_addresses= -c fsync=off", "start")
    check(started.returncode == 0, "the server starts", started.stdout[-300:])
    psql = ["psql", "-h", WORK, "-U", "test", "-d", "postgres", "-v", "ON_ERROR_STOP=1", "-q", "-A", "-t"]
    try:
        table, view, question = blocks("sql")
        copy = re.search(r'psql -c "(.*)"$', blocks("sh")[0].strip())[1]
        check(run(*psql, "-c", table).returncode == 0, "the table is made")
        given = lines()
        said = run(*psql, "-c", copy, given="\n".join(given) + "\n")
        check(said.returncode == 0, "COPY takes each line as it is", said.stderr[-300:])
        check(run(*psql, "-c", view).returncode == 0, "the view is made")
        said = run(*psql, "-c", question)
        (WORK / "lines").write_text("\n".join(given) + "\n")
        fleet = json.loads(jledger("fleet", WORK / "lines", "--json").stdout)
        ours = [f"{c['cause']}|{c['confirmed'] + c['likely']}|{c['hosts']}|{c['bytes']}" for c in fleet["causes"]]
        check(said.stdout.split() == ours and len(ours) == 1, "its causes are those of jledger fleet", f"{said.stdout} {ours}{said.stderr}")
        count = run(*psql, "-c", "SELECT count(*) FROM jledger_jvm").stdout.strip()
        check(count == str(fleet["jvm_count"]), "and so are its JVMs", count)
        back = run(*psql, "-c", "SELECT DISTINCT line->'findings'->0->>'title' FROM jledger_line WHERE line->'findings'->0 IS NOT NULL").stdout
        check(back == FINDING["title"] + "\n", "quotes, tabs and backslashes come back", repr(back))
    finally:
        run(bin / "pg_ctl", "-D", data, "-m", "immediate", "stop")
    shutil.rmtree(WORK, ignore_errors=True)
    return done()


main()
