#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Checks that each requirement of SECURITY.md is held by something that cites
its id: a test, a fuzzer, a world of the simulator or a rule. And that codes and
nonces are compared in constant time (C4)."""
import pathlib
import re
import sys

HOLDERS = ("tests", "scripts", "src/sim")
SUFFIXES = (".c", ".h", ".def", ".py", ".sh")
AUTHENTIC = ("src/crypto", "src/core/serve/keyring.c", "src/core/nonce.c",
             "src/core/source/answer.c")
ID = r"[A-Z][0-9]+"


def rows():
    """The first column of the table, as ids."""
    text = pathlib.Path("SECURITY.md").read_text()
    table = text.partition("## The requirements, by id")[2]
    table = table.partition("\n## ")[0]  # not what is not met
    for row in re.findall(rf"^\| ({ID}(?:, {ID})*) \|", table, re.M):
        yield from row.split(", ")


def cited():
    words = set()
    for folder in HOLDERS:
        for path in pathlib.Path(folder).rglob("*"):
            if path.suffix in SUFFIXES and path.name != "threats.py":
                words |= set(re.findall(rf"\b{ID}\b", path.read_text()))
    return words


def compared():
    for start in map(pathlib.Path, AUTHENTIC):
        for path in [start] if start.is_file() else start.glob("*.[ch]"):
            if re.search(r"\b(memcmp|strn?cmp)\(", path.read_text()):
                yield path


bad = [f"SECURITY.md: {name} is held by no test"
       for name in sorted(set(rows()) - cited())]
bad += [f"{path}: compares in a time that tells something (C4)"
        for path in compared()]
bad += [f"{name}: is where authenticity is decided, and not there (C4)"
        for name in AUTHENTIC if not pathlib.Path(name).exists()]
if not set(rows()):
    bad.append("SECURITY.md: no requirement at all")
print("\n".join(bad))
sys.exit(bool(bad))
