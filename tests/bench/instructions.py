#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Counts the instructions of a plain answer, and holds them to a limit.

Usage: instructions.py BENCH_PLAIN MOST
"""

import re
import shutil
import subprocess
import sys

ANSWERS = 1000


def instructions(program):
    """Of one server_respond(), on the average."""
    run = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
         "--toggle-collect=server_respond", program, "one"],
        capture_output=True, text=True, check=True)
    return int(re.search(r"Collected : (\d+)", run.stderr).group(1)) / ANSWERS


if not shutil.which("valgrind"):
    print("skipped: valgrind is not here to count instructions")
    sys.exit(77)
count = instructions(sys.argv[1])
print(f"{count:.0f} instructions a plain answer, at most {sys.argv[2]}")
sys.exit(count > int(sys.argv[2]) or count < 100)
