#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Counts the instructions of a plain answer, and holds them to a limit: of one
that comes alone. What one of a batch costs, with all that is done for it ahead,
is said too.

Usage: instructions.py BENCH_PLAIN MOST
"""

import re
import shutil
import subprocess
import sys

ANSWERS = 1000


def instructions(program, how, *functions):
    """Of one answer in these functions and all that they call."""
    run = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
         *(f"--toggle-collect={f}" for f in functions), program, how],
        capture_output=True, text=True, check=True)
    return int(re.search(r"Collected : (\d+)", run.stderr).group(1)) / ANSWERS


if not shutil.which("valgrind"):
    print("skipped: valgrind is not here to count instructions")
    sys.exit(77)
alone = instructions(sys.argv[1], "one", "server_respond")
batch = instructions(sys.argv[1], "batch", "server_expect", "server_respond")
print(f"{alone:.0f} instructions a plain answer, at most {sys.argv[2]}; "
      f"{batch:.0f} of each of a batch")
sys.exit(alone > int(sys.argv[2]) or alone < 100)
