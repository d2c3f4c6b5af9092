#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every expression of the Grafana dashboard, asked of a real Prometheus and a real VictoriaMetrics that scrape a real
recorder; promtool; and a recorder's text made that of 400 JVMs.  What is not on the PATH is left out, and said.

Needs root for a container: without one the expressions about limits can't have a value."""

import http.server
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.parse
import urllib.request

import harness
from harness import ROOT, Jvm, check, compile_java, done, figures, part, scratch, skip

WORK = scratch("jledger-dashboard-")
CGROUPS = pathlib.Path("/sys/fs/cgroup/memory")
JVMS, SERIES_LIMIT = 400, 25000


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def get(url):
    try:
        return urllib.request.urlopen(url, timeout=10).read().decode()
    except OSError:
        return ""


def wait_until(held, seconds=40):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if held():
            return True
        time.sleep(0.2)
    return False


def expressions():
    dashboard = json.loads((ROOT / "packaging/grafana-dashboard.json").read_text())
    return [(panel["title"], target["expr"]) for panel in dashboard["panels"] for target in panel["targets"]]


def names(text):
    return set(re.findall(r"^# TYPE (\S+)", text, re.M))


class Many(http.server.BaseHTTPRequestHandler):
    """The text of one JVM as that of many."""

    def do_GET(self):
        body = many(self.server.text).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def many(text):
    lines = []
    for line in text.splitlines():
        if 'pid="' in line:
            lines += [re.sub(r'pid="\d+"', f'pid="{1000 + n}"', line, count=1) for n in range(JVMS)]
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"


class Server:
    """Prometheus or VictoriaMetrics over two targets."""

    def __init__(self, name, targets):
        self.name, self.port = name, free_port()
        folder = WORK / name
        folder.mkdir()
        config = folder / "scrape.yml"
        jobs = "".join(f"- job_name: {job}\n  scrape_interval: 1s\n  static_configs:\n  - targets: ['127.0.0.1:{port}']\n"
                       for job, port in targets.items())
        config.write_text(f"scrape_configs:\n{jobs}")
        listen = f"127.0.0.1:{self.port}"
        words = [name, f"--config.file={config}", f"--storage.tsdb.path={folder}/data", f"--web.listen-address={listen}"] \
            if name == "prometheus" else \
            [name, f"-promscrape.config={config}", f"-storageDataPath={folder}/data", f"-httpListenAddr={listen}",
             "-search.latencyOffset=0s"]
        self.log = folder / "log"
        self.process = subprocess.Popen(words, stdout=open(self.log, "w"), stderr=subprocess.STDOUT, cwd=folder)

    def ask(self, expression):
        """(error or None, how many series have a value)"""
        text = get(f"http://127.0.0.1:{self.port}/api/v1/query?" + urllib.parse.urlencode({"query": expression}))
        if not text:
            return "refused", 0
        answer = json.loads(text)
        return (None if answer["status"] == "success" else answer.get("error")), len(answer.get("data", {}).get("result", []))

    def stop(self):
        self.process.terminate()
        self.process.wait(30)

    def warnings(self):
        return [line for line in self.log.read_text().splitlines() if re.search(r"level=(warn|error)|\t(warn|error)\t", line)]


def judge(server, contained):
    asked = [(title, re.sub(r"\$(main|container)", ".*", expression)) for title, expression in expressions()]
    # A first increase needs two scrapes, a growth some more.
    time.sleep(8)
    refused, empty = [], []
    for title, expression in asked:
        error, count = server.ask(expression)
        if error:
            refused.append(f"{title}: {error}")
        elif not count and (contained or "container_" not in expression.replace('container=~', '')):
            empty.append(title)
    check(not refused, f"{server.name} takes each of {len(asked)} expressions", "; ".join(refused))
    check(not empty, "and each has a value", "; ".join(empty))
    error, count = server.ask('count({job="many"})')
    value = get(f"http://127.0.0.1:{server.port}/api/v1/query?" + urllib.parse.urlencode({"query": 'count({job="many"})'}))
    series = int(float(json.loads(value)["data"]["result"][0]["value"][1])) if count else 0
    check(0 < series < SERIES_LIMIT, f"{JVMS} JVMs are fewer than {SERIES_LIMIT} series", f"{series}")


def main():
    servers = [name for name in ("prometheus", "victoria-metrics") if shutil.which(name)]
    for name in {"prometheus", "victoria-metrics", "promtool"}:
        if not shutil.which(name):
            skip(f"the dashboard by {name}", "it is not here (a Debian package)")
    compile_java([ROOT / "tests/live/java/Eater.java"], WORK)
    group, enter = CGROUPS / f"jledger-dashboard-{os.getpid()}", None
    contained = os.geteuid() == 0 and (CGROUPS / "memory.limit_in_bytes").exists()
    if contained:
        group.mkdir()
        (group / "memory.limit_in_bytes").write_text(str(1 << 30))
        enter = ["sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$@"', "enter"]
    else:
        skip("the dashboard's limits", "needs root and a v1 memory controller")
    port = free_port()
    try:
        with Jvm(["-Xmx64m", "-XX:MaxDirectMemorySize=1g", "-cp", str(WORK), "Eater", "2", "200"],
                 **({"around": enter} if enter else {})) as jvm:
            recorder = subprocess.Popen([harness.JLEDGER, "record", str(jvm.pid), "-o", str(WORK / "x.db"), "--every", "1s",
                                         "--listen", str(port)], stdin=subprocess.DEVNULL)
            exporter = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Many)
            threading.Thread(target=exporter.serve_forever, daemon=True).start()
            try:
                url = f"http://127.0.0.1:{port}/metrics"
                check(wait_until(lambda: "jledger_account_resident_bytes" in get(url)), "the recorder serves the ledger")
                exporter.text = text = get(url)
                known = names(text) | {"jledger_container_oom_kills_total", "jledger_container_limit_hits_total",
                                       "jledger_container_working_set_bytes", "jledger_container_limit_bytes"}
                unknown = [f"{t}: {n}" for t, e in expressions() for n in re.findall(r"\b(?:jvm|jledger)_\w+", e) if n not in known]
                check(not unknown, "the dashboard asks for names that are there", "; ".join(unknown))
                if shutil.which("promtool"):
                    said = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
                    check(said.returncode == 0 and not said.stderr, "promtool has nothing to say", said.stdout + said.stderr)
                figures("series", jvm=sum('pid="' in line for line in text.splitlines()))
                for name in servers:
                    with part(name):
                        server = Server(name, {"one": port, "many": exporter.server_port})
                        try:
                            check(wait_until(lambda: server.ask('count({job="many"})')[1]), f"{name} scrapes")
                            judge(server, contained)
                            warned = server.warnings()
                            check(not warned, f"{name} warns of nothing", "; ".join(warned[:2]))
                        finally:
                            server.stop()
            finally:
                recorder.terminate()
                recorder.wait(30)
                exporter.shutdown()
    finally:
        if contained:
            wait_until(lambda: not (group / "cgroup.procs").read_text(), 10)
            group.rmdir()
    shutil.rmtree(WORK, ignore_errors=True)
    done()


main()
