#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""doctor --html of each golden capture: well-formed, complete against --json of the same look, and alone: it loads and
runs nothing. html_test.py JLEDGER."""

import html.parser
import json
import pathlib
import re
import subprocess
import sys
import tempfile

CAPTURES = pathlib.Path(__file__).resolve().parents[1] / "captures"
VOID = {"meta", "link", "br", "img", "hr", "input", "wbr"}
LOADS = {"src", "href", "srcset", "action", "formaction", "poster", "background", "data"}
MAY_BE = set("html head meta title style body section header article h1 h2 h3 p span bdi dl dt dd ul li code div table thead "
             "tbody tfoot tr th td meter details summary".split())


class Page(html.parser.HTMLParser):
    """What is wrong with a page, and its text by element."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.wrong, self.texts, self.whole = [], [], [], ""
        self.feed(text)
        self.close()
        if self.open:
            self.wrong.append(f"not closed: {self.open}")

    def handle_starttag(self, tag, attrs):
        if tag not in MAY_BE:
            self.wrong.append(f"<{tag}>")
        for name, value in attrs:
            if name in LOADS or name.startswith("on") or name == "style" or re.search(r"url\(|javascript:", value or ""):
                self.wrong.append(f"<{tag} {name}={value!r}>")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}>")

    def handle_data(self, data):
        if self.open[-1:] == ["style"]:
            if re.search(r"url\(|@import|expression", data):
                self.wrong.append("its style loads something")
            return
        self.whole += data


def spaced(text):
    return " ".join(text.split())


def missing_texts(page, report):
    whole = spaced(page.whole)
    wanted = [report["target"]["main"], str(report["target"]["pid"])]
    for f in report["findings"]:
        wanted += [f["cause"], f["text"] or f["title"], f"{f['kind']}, {f['state']}", *(e["text"] for e in f["evidence"]),
                   *(c["why_not"] for c in f["confused_with"]), *f["remedy"]]
        wanted += [f["culprit"]["name"]] if f["culprit"] else []
    for r in report["ruled_out"]:
        wanted += [r["cause"], r["because"]]
    for u in report["unknown"]:
        wanted += [u["cause"], u["missing"], u["how_to_get_it"]]
    wanted += [m["reason"] for m in report["misses"]]
    return [w for w in wanted if w and spaced(w) not in whole]


def titles(jledger, capture):
    """Account titles of those with memory, as map prints them."""
    text = subprocess.run([jledger, "map", capture], capture_output=True, text=True, check=True).stdout
    return [m.group(1).strip() for m in re.finditer(r"^(\S[^\n]*?)(?: \(\d+\))?\s{2,}[\d.]+\s", text, re.M) if m.group(1).strip()
            and not m.group(1).startswith(("pid", "NMT"))]


def judge(jledger, capture, work):
    file = work / "page.html"
    run = subprocess.run([jledger, "doctor", capture, "--json", "--html", file], capture_output=True, text=True)
    if run.returncode:
        return [f"exit {run.returncode}: {run.stderr.strip()}"]
    text = file.read_text(encoding="utf-8")
    page = Page(text)
    wrong = page.wrong + [f"not in it: {w!r}" for w in missing_texts(page, json.loads(run.stdout))]
    wrong += [f"no account {t!r}" for t in titles(jledger, capture) if t not in page.whole]
    if not text.startswith("<!DOCTYPE html>") or "prefers-color-scheme:dark" not in text or "width=device-width" not in text:
        wrong.append("no page for a phone, or for the dark")
    return wrong


def main() -> int:
    jledger = sys.argv[1]
    captures = sorted(CAPTURES.glob("*.jlc.zip"))
    bad = 0
    with tempfile.TemporaryDirectory() as work:
        for capture in captures:
            for wrong in judge(jledger, str(capture), pathlib.Path(work)):
                print(f"{capture.name}: {wrong}", file=sys.stderr)
                bad += 1
        alone = subprocess.run([jledger, "doctor", str(captures[0]), "--html", "-"], capture_output=True, text=True)
        if not alone.stdout.startswith("<!DOCTYPE html>") or not alone.stdout.endswith("</html>\n"):
            print("--html -: not the page alone", file=sys.stderr)
            bad += 1
        for arguments, code in (["--html", f"{work}/no/such/folder.html"], 3), (["--html", "-", "--json"], 2), (["--html", ""], 2):
            run = subprocess.run([jledger, "doctor", str(captures[0]), *arguments], capture_output=True, text=True)
            if run.returncode != code or not run.stderr:
                print(f"{arguments}: exit {run.returncode}, not {code}: {run.stderr!r}", file=sys.stderr)
                bad += 1
    # A parser that takes all would find all well.
    for broken in ("<p>x", "<p><b></p></b>", "<p onclick=x></p>", "<script></script>", "<p style='background:url(x)'></p>"):
        if not Page(broken).wrong:
            print(f"nothing is found wrong with {broken}", file=sys.stderr)
            bad += 1
    print(f"{len(captures)} pages, {bad} things wrong")
    return 1 if bad or not captures else 0


if __name__ == "__main__":
    sys.exit(main())
