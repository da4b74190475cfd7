#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""SECURITY.md C4: how long it takes to refuse a code tells nothing of it.

Instructions are counted, not seconds: valgrind counts the same on a busy
machine. A code that is wrong in its first octet costs exactly what one costs
that is wrong in its last.

Usage: test_compare.py VALGRIND PROGRAM"""
import pathlib
import re
import subprocess
import sys
import tempfile

OCTETS = ("00", "01", "07", "15", "99")  # two digits each: the same to read
TYPES = range(1, 10)


def count(valgrind, program, kind, octet, folder):
    """(octets of the code, instructions within mac_verify)"""
    out = pathlib.Path(folder) / f"{kind}.{octet}"
    done = subprocess.run(
        [valgrind, "--tool=callgrind", "--toggle-collect=mac_verify",
         f"--callgrind-out-file={out}", program, str(kind), octet],
        capture_output=True, text=True, timeout=120, check=True)
    total = re.search(r"^(?:summary|totals): (\d+)", out.read_text(), re.M)
    return int(done.stdout), int(total[1])


def main():
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        for kind in TYPES:
            counts = {octet: count(*sys.argv[1:3], kind, octet, folder)
                      for octet in OCTETS}
            spent = {n for _, n in counts.values()}
            print(f"type {kind}: {sorted(spent)} instructions")
            # It did something, and the same for each.
            bad += len(spent) != 1 or min(spent) < 100
    return bad != 0


sys.exit(main())
