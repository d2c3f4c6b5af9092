#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`jledger peek` on 30 memories that the test makes, of kinds that are known; masking; raw copies; a JVM."""

import base64
import gzip
import io
import json
import os
import random
import shutil
import stat
import struct
import subprocess
import zipfile
import zlib

from harness import ROOT, Jvm, check, compile_c, compile_java, done, jledger, jledger_json, part, scratch

RIGHT = 27
WORDS = ("order customer invoice basket price warehouse carrier payment session profile account request answer delivery "
         "return discount catalogue item stock branch").split()


def png(seed, side=24):
    pixels = b"".join(b"\0" + random.Random(seed + y).randbytes(side * 3) for y in range(side))
    chunk = lambda name, body: struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))  # noqa: E731
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)) + \
        chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")


def jar(count, rng):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for i in range(count):
            z.writestr(f"com/acme/shop/module{i}/Handler{i}.class", rng.randbytes(rng.randrange(200, 1500)))
    data = out.getvalue()
    directory = data.index(b"PK\1\2")
    return data[:directory], data[directory:]


def sentences(rng, count):
    return " ".join(" ".join(rng.choice(WORDS) for _ in range(rng.randrange(4, 12))).capitalize() + "." for _ in range(count))


def der(rng):
    """As a certificate is built: names, dates, keys by their object identifiers, a signature that is even."""
    oid = lambda *body: bytes((6, len(body))) + bytes(body)  # noqa: E731
    names = b"".join(b"1\x0b0\t" + oid(0x55, 4, n) + b"\x13\x02" + rng.choice([b"NL", b"DE", b"US"]) for n in (3, 6, 7, 8, 10, 11))
    key = oid(0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 11) + b"\5\0"
    extensions = b"".join(b"0\x0e" + oid(0x55, 0x1D, n) + b"\4\7" + rng.randbytes(7) for n in (14, 15, 17, 19, 35))
    body = b"\xa0\3\2\1\2\2\x08" + rng.randbytes(8) + key + names + b"\x17\x0d260101000000Z\x17\x0d270101000000Z" + names + \
        key + b"\3\x82\1\x0f\0" + rng.randbytes(270) + extensions + key + b"\3\x82\1\1\0" + rng.randbytes(256)
    return b"0\x82" + struct.pack(">H", len(body)) + body


def memories(work, classes):
    """{name: (bytes, kind)}: 30 of them."""
    rng = random.Random(20261125)
    entries, directory = jar(300, rng)
    text = sentences(rng, 900)
    sources = b"".join(p.read_bytes() for p in sorted((ROOT / "src/jvm").glob("*.c")))[:200000]
    rows = [{"id": i, "name": rng.choice(WORDS), "tags": rng.sample(WORDS, 3), "price": i * 1.25} for i in range(600)]
    sql = "\n".join(f"SELECT o.id, o.name FROM {rng.choice(WORDS)} o JOIN {rng.choice(WORDS)} c ON c.id = o.id WHERE o.price > {i};"
                    for i in range(900))
    inserts = "\n".join(f"INSERT INTO {rng.choice(WORDS)} (id, name) VALUES ({i}, '{rng.choice(WORDS)}');" for i in range(900))
    items = "".join(f"<item id='{i}'><name>{rng.choice(WORDS)}</name><price>{i}</price></item>\n" for i in range(900))
    page = "".join(f"<tr><td class=\"x\">{rng.choice(WORDS)}</td><td>{i}</td></tr>\n" for i in range(900))
    made = {
        "zeros": (bytes(200000), "zeros"),
        "classes": (classes, "class-file"),
        "classes-reversed": (b"".join(classes[i:i + 3000] for i in range(0, len(classes), 3000)[::-1]), "class-file"),
        "freed-classes": (classes, "class-file"),
        "jar-entries": (entries, "zip-entry"),
        "freed-jar-entries": (entries, "zip-entry"),
        "jar-directory": (directory, "zip-directory"),
        "certificates": (b"".join(der(rng) for _ in range(150)), "certificate"),
        "certificates-few": (der(rng), "certificate"),
        "pem": (b"".join(b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(der(rng)) + b"-----END CERTIFICATE-----\n"
                         for _ in range(80)), "base64"),
        "base64": (base64.b64encode(rng.randbytes(150000)), "base64"),
        "pictures": (b"".join(png(i) for i in range(80)), "image"),
        "json": (json.dumps(rows).encode(), "json"),
        "json-indented": (json.dumps(rows, indent=2).encode(), "json"),
        "freed-json": (json.dumps(rows, separators=(",", ":")).encode(), "json"),
        "sql": (sql.encode(), "sql"),
        "sql-inserts": (inserts.encode(), "sql"),
        "xml": (items.encode(), "xml"),
        "html": (page.encode(), "xml"),
        "utf16": (text.encode("utf-16-le"), "utf16"),
        "utf16-big": (text.encode("utf-16-be"), "utf16"),
        "text": (text.encode(), "text"),
        "source": (sources, "text"),
        "log": ("\n".join(f"2026-11-25 10:00:{i % 60:02} INFO [worker-{i % 7}] {sentences(rng, 1)}" for i in range(1500)).encode(),
                "text"),
        "pointers": (b"".join(struct.pack("<Q", 0x7F1200000000 + rng.randrange(1 << 31) * 16 % (1 << 36)) for _ in range(25000)),
                     "pointers"),
        "linked-nodes": (b"".join(struct.pack("<QQQQ", 0x7F1200000000 + i * 32, 33, rng.randrange(1000), 0x55AA12340000 + i * 48)
                                  for i in range(6000)), "pointers"),
        "counters": (b"".join(struct.pack("<I", rng.randrange(1, 4000)) for _ in range(50000)), "numbers"),
        "shorts": (b"".join(struct.pack("<H", rng.randrange(1, 250)) for _ in range(100000)), "numbers"),
        "random": (rng.randbytes(200000), "high-entropy"),
        "compressed": (gzip.compress(sources + text.encode() + sql.encode()), "high-entropy"),
    }
    assert len(made) == 30
    for name, (data, _) in made.items():
        (work / name).write_bytes(data)
    return made


def start(program, files):
    process = subprocess.Popen([program, *files], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    at = {}
    while (line := process.stdout.readline().split()) != ["ready"]:
        at[os.path.basename(line[0])] = int(line[1], 16)
    return process, at


def thirty(work, program, classes):
    made = memories(work, classes)
    process, at = start(program, [work / name for name in made])
    try:
        right = 0
        for name, (_, kind) in made.items():
            # Behind the first bytes, which malloc overwrites as it frees.
            p = jledger_json("peek", process.pid, hex(at[name] + 64))
            got = p["kinds"][0]["kind"]
            right += got == kind
            print(f"  {'  ' if got == kind else '! '}{name}: {got} {p['kinds'][0]['share']:.2f}" +
                  ("" if got == kind else f", it is {kind}"))
            if name.startswith("freed-"):
                check("free" in p["what"], f"{name}: it says that it was freed", p["what"])
        check(right >= RIGHT, f"30 memories: the kind right in {RIGHT}", f"{right}")
        p = jledger_json("peek", process.pid, "malloc-freed")
        kinds = {k["kind"]: k["share"] for k in p["kinds"]}
        check({"class-file", "zip-entry", "json"} <= kinds.keys() and "sql" not in kinds, "what was freed, and nothing else",
              str(kinds))
        p = jledger_json("peek", process.pid, "malloc-in-use")
        kinds = {k["kind"]: k["share"] for k in p["kinds"]}
        check({"xml", "text", "sql", "base64"} <= kinds.keys() and p["masked"], "what is in use", str(kinds))
        raw_copy(work, process.pid, at["sql"])
    finally:
        process.kill()
        process.wait()


def raw_copy(work, pid, at):
    out = work / "raw.bin"
    run = jledger("peek", pid, hex(at), "-o", out)
    mode = stat.S_IMODE(out.stat().st_mode) if out.exists() else 0
    check(run.returncode == 0 and mode == 0o600 and "masked" in run.stderr, "-o: a file of mode 0600, and a warning",
          f"{run.returncode} {oct(mode)} {run.stderr.strip()}")
    check(b"SELECT o.id, o.name FROM" in out.read_bytes(), "with the memory as it is")
    check(jledger("peek", pid, hex(at), "-o", out).returncode == 3, "it never writes over a file")
    check(jledger("peek", pid, "malloc", "-o", work / "other").returncode == 2, "-o takes an address")
    check(jledger("peek", pid, "0x1000").returncode == 3 and jledger("peek", pid, "nonsense").returncode == 2,
          "where nothing is, and what is no account")


def secrets(work, program):
    texts = ["db.password=correct-horse-battery", "Authorization: Bearer abcdEFGH1234ijklMNOP5678",
             "jdbc:postgresql://shop:hunter22@db.example.com/orders", "apiKey: 9f8e7d6c5b4a39281706f5e4d3c2b1a0ffeeddcc",
             "the order of customer seventeen was delivered today"]
    (work / "secrets").write_text("\n".join(texts * 50))
    process, at = start(program, [work / "secrets"])
    try:
        masked = jledger("peek", process.pid, hex(at["secrets"])).stdout
        plain = jledger("peek", process.pid, hex(at["secrets"]), "--unmask").stdout
        told = [s for s in ("correct-horse", "abcdEFGH1234", "hunter22", "9f8e7d6c5b4a") if s in masked]
        check(not told and "delivered today" in masked, "secrets are masked, other text is not", str(told))
        check("hunter22" in plain, "--unmask shows them")
    finally:
        process.kill()
        process.wait()


def jvm(work):
    with Jvm(["-Xmx64m", "-XX:+UseSerialGC", "-cp", str(work / "classes"), "Retained", "5"]) as java:
        p = jledger_json("peek", java.pid, "metaspace")
        check(p["what"] == "metaspace" and p["fragments"] > 20 and abs(sum(k["share"] for k in p["kinds"]) - 1) < 0.01,
              "an account of a JVM", f"{p['fragments']} fragments")
        p = jledger_json("peek", java.pid, "malloc-in-use")
        check(any(n["text"].startswith("java") for n in p["names"]), "the names that its symbols have",
              str([n["text"] for n in p["names"]]))
        out = jledger("peek", java.pid, "malloc-in-use").stdout
        check("Packages" in out and "no guarantee" in out, "as text")


def main():
    work = scratch()
    try:
        compile_c(ROOT / "tests/live/peek_target.c", work / "target")
        compile_java([ROOT / "tests/live/java/Retained.java", ROOT / "tests/live/java/Quiet.java",
                      ROOT / "tests/live/java/Churn.java"], work / "classes")
        classes = b"".join(p.read_bytes() for p in sorted((work / "classes").glob("**/*.class")))
        with part("30 memories"):
            (work / "made").mkdir()
            thirty(work / "made", work / "target", classes)
        with part("secrets"):
            secrets(work, work / "target")
        with part("a JVM"):
            jvm(work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    done()


if __name__ == "__main__":
    main()
