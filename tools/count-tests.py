#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints 'PASSED FAILED' of a meson JUnit log: single tests of TAP programs count one by one."""

import sys
import xml.etree.ElementTree as tree

passed = failed = 0
for case in tree.parse(sys.argv[1]).getroot().iter("testcase"):
    if case.find("skipped") is not None:
        continue
    if case.find("failure") is not None or case.find("error") is not None:
        failed += 1
    else:
        passed += 1
print(passed, failed)
