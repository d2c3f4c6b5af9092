#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a C file whose functions hand out the bytes of files: embed.py HEADER OUT [FUNCTION FILE]..."""

import pathlib
import sys

PER_LINE = 16


def main() -> int:
    header, out, *rest = sys.argv[1:]
    lines = ["// SPDX-License-Identifier: Apache-2.0", "// Made by tools/embed.py.", f'#include "{header}"', ""]
    for function, path in zip(rest[::2], rest[1::2]):
        data = pathlib.Path(path).read_bytes()
        lines += [f"static const unsigned char {function}_bytes[] = {{"]
        lines += ["\t" + " ".join(f"{byte}," for byte in data[at:at + PER_LINE]) for at in range(0, len(data), PER_LINE)]
        lines += ["};", "", f"struct span {function}(void)", "{",
                  f"\treturn (struct span){{ (const char *){function}_bytes, sizeof({function}_bytes) }};", "}", ""]
    pathlib.Path(out).write_text("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
