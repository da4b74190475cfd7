# SPDX-License-Identifier: BSD-2-Clause
"""Reads the .def tables of src: each line is a name and its fields, as C has
them. The manual and the completion of shells are made of the same lines as
the programs."""
import pathlib
import re

SRC = pathlib.Path(__file__).resolve().parents[1] / "src"
FIELD = re.compile(r"""\s*((?:"(?:\\.|[^"\\])*"\s*)+|'(?:\\.|[^'])'|[^,()"]+(?:\([^()]*\))?)\s*""")
STRING = re.compile(r'"((?:\\.|[^"\\])*)"')


def fields(text):
    """The arguments of one macro call; strings that stand side by side are one."""
    found, at = [], 0
    while at < len(text):
        match = FIELD.match(text, at)
        word = match[1].strip()
        if word.startswith('"'):
            word = "".join(STRING.findall(word)).replace('\\"', '"')
        elif word.startswith("'"):
            word = word[1:-1]
        found.append(word)
        at = match.end() + 1
    return found


def table(name):
    """All lines of src/NAME.def, each as the list of its fields."""
    text = (SRC / f"{name}.def").read_text()
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    return [fields(match[1]) for match in
            re.finditer(r"^[A-Z_]+\((.*?)\)\s*$", text, re.S | re.M)]


def tool_options(stem):
    """(letter, name, what it takes, what it does) of each option that is shown;
    letter or name is "" where there is none."""
    if stem == "ntpd":
        lines = [(letter, name, takes, doc) for _, letter, name, _, takes, doc
                 in table("programs/ntpd_options")]
    else:
        lines = [tuple(line) for line in table(f"programs/{stem}_options")]
    return [("" if len(letter) > 1 or letter == "0" else letter, name, takes, doc)
            for letter, name, takes, doc in lines if doc]
