#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Checks that files stay small (a longer one holds two nouns), carry their
licence, and leave no work for later. Functions are clang-tidy's business."""
import pathlib
import re
import sys

LINES = 500
LATER = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")

bad = 0
for folder in ("src", "bench", "tests", "scripts"):
    for path in sorted(pathlib.Path(folder).rglob("*")):
        if path.suffix not in (".c", ".h", ".def", ".py", ".sh"):
            continue
        text = path.read_text()
        count = text.count("\n")
        complaints = []
        if count > LINES:
            complaints.append(f"{count} lines, more than {LINES}")
        if "SPDX-License-Identifier: BSD-2-Clause" not in text[:200]:
            complaints.append("no licence in the first lines")
        if LATER.search(text) and path.name != "sizes.py":
            complaints.append("leaves work for later")
        for complaint in complaints:
            print(f"{path}: {complaint}")
            bad += 1
sys.exit(bad != 0)
