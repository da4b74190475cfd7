#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Checks that the files that documents name are there, and what they link to.
In a name capitals stand for anything: X_options.def is one a tool."""
import pathlib
import re
import sys

NAME = re.compile(r"(?<![\w/.{}-])((?:[a-z]\w*/)+[\w.-]+\.(?:c|h|def|py|sh|in))\b")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")

documents = [*pathlib.Path(".").glob("*.md"),
             *pathlib.Path("docs").rglob("*.md")]
folders = {path.name for path in pathlib.Path(".").iterdir() if path.is_dir()}
layers = {path.name for path in pathlib.Path("src").glob("*") if path.is_dir()}


def is_there(name):
    if name.split("/")[0] not in folders | layers:
        return True  # of another tree
    form = re.sub("[A-Z]+", "*", name)
    return any(any(pathlib.Path(root).glob(form)) for root in (".", "src"))


def missing(path):
    text = path.read_text()
    yield from (name for name in NAME.findall(text) if not is_there(name))
    yield from (name for name in LINK.findall(text)
                if not (path.parent / name).exists())


bad = [f"{path}: there is no {name}" for path in sorted(documents)
       for name in missing(path)]
print("\n".join(bad))
sys.exit(bool(bad))
