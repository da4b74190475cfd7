#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Checks that nothing lies here that nobody uses: a source that no build has,
a header or a table that nobody includes, a row of a table that no code names,
a test that no tier runs."""
import pathlib
import re
import sys

FOLDERS = ("src", "bench", "tests", "scripts")
SUFFIXES = (".c", ".h", ".def", ".py", ".build")
ROWS = {  # table: what C puts before the name of a row
    "notes.def": "NOTE_", "reasons.def": "REASON_",
    "sourceverdicts.def": "SOURCE_", "refclockverdicts.def": "REFCLOCK_",
    "serververdicts.def": "SERVER_", "snapshotverdicts.def": "SNAPSHOT_",
    "fastverdicts.def": "FAST_",
}

files = {path: path.read_text() for folder in FOLDERS
         for path in sorted(pathlib.Path(folder).rglob("*"))
         if path.suffix in SUFFIXES}


def texts(*suffixes):
    return "\n".join(text for path, text in files.items()
                     if path.suffix in suffixes)


BUILDS, CODE = texts(".build"), texts(".c", ".h")
INCLUDED = set(re.findall(r'#\s*include\s+"([^"]+)"', CODE + texts(".def")))
NAMED = set(re.findall(r"\w+", CODE))
TIERS = (files.get(pathlib.Path("scripts/test.py"), "") + BUILDS)


def is_built(path):
    """A build names it, perhaps without what all of a folder begin with."""
    short = re.sub("^(test|fuzz|bench)_", "", path.stem)
    return re.search(rf"['/]({path.name}|{path.stem}|{short})'", BUILDS)


def is_included(path):
    return any(("/" + path.as_posix()).endswith("/" + name)
               for name in INCLUDED)


def is_run(path):
    return f'"{path.parent.name}"' in TIERS or f"'{path.name}'" in TIERS


def complaints(path, text):
    if path.suffix == ".c" and not is_built(path):
        yield "no build has it"
    if path.suffix in (".h", ".def") and not is_included(path):
        yield "nobody includes it"
    if path.match("tests/*/test_*.py") and not is_run(path):
        yield "no tier runs it"
    if path.name in ROWS:
        for row in re.findall(r"^[A-Z]+\((\w+)", text, re.M):
            if ROWS[path.name] + row not in NAMED:
                yield f"{row}: no code names it"


bad = [f"{path}: {what}" for path, text in files.items()
       for what in complaints(path, text)]
print("\n".join(bad))
sys.exit(bool(bad))
