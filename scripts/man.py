#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Makes a manual page: man.py PAGE.in EPOCH VERSION >PAGE

Lines that begin with @ are made of the tables in src:
  @OPTIONS TOOL             every option of a tool
  @COMMANDS                 every command of ntpq
  @WORDS SCOPE [WORD ...]   words of ntp.conf: those named, or the whole scope
  @DOC SCOPE WORD           what a word does, where the page gives its syntax
  @IDLE CLASS               every word of a class, e.g. LATER, as one paragraph
A word of ntp.conf that is nowhere, or twice, is an error: of a page that uses
@WORDS, none is forgotten."""
import pathlib
import re
import sys
import time

from deftables import table, tool_options

# What a word takes, by its type.
TAKES = {"FLAG": "", "MASK": "", "BIT": "0 | 1", "INT": "N", "AUTO": "N | auto",
         "REAL": "X", "KIB": "KiB", "STEP": "X", "GIVEN": "X", "STRING": "text",
         "DATE": "YYYY-MM-DD", "POLICY": "policy", "REFID": "text",
         "DRIVER": "", "DRIFTFILE": "file", "INCLUDE": "file"}
NUMBERS = {"INT", "AUTO", "REAL", "STEP", "GIVEN"}
SILENT = {"LATER", "OBSOLETE"} # words that stand in @IDLE


class Words:
    """The words of ntp.conf, and which of them the page has had."""

    def __init__(self):
        self.rows = [dict(zip(("scope", "word", "type", "low", "high", "beyond",
                               "normal", "field", "when", "class", "doc"), row))
                     for row in table("config/options")]
        self.left = {(row["scope"], row["word"]) for row in self.rows}

    def take(self, scope, word):
        """Its row; server_threads is how C spells server-threads."""
        row = next((row for row in self.rows if row["scope"] == scope and
                    row["word"] == word.replace("-", "_")), None)
        if not row or (scope, row["word"]) not in self.left:
            sys.exit(f"man.py: {scope} {word}: unknown, or shown twice")
        self.left.remove((scope, row["word"]))
        return row


def escaped(text):
    """Text that roff takes as it is."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    text = re.sub(r"`([^`]*)`", r"\\(lq\1\\(rq", text)
    text = text.replace("'", "\\(aq").replace('"', "\\(dq")
    return "\\&" + text if text.startswith((".", "?")) else text


def argument(text):
    return " ".join("|" if word == "|" else escaped(word)
                    for word in text.split())


def options(stem):
    yield ".Bl -tag -width Ds"
    for letter, name, takes, doc in tool_options(stem):
        line = ".It"
        if letter:
            line += f" Fl {escaped(letter)}"
            line += f" Ar {argument(takes)}" if takes else ""
        if letter and name:
            line += " ,"
        if name:
            line += f" Fl \\-{escaped(name)}"
            line += f" Ns = Ns Ar {argument(takes)}" if takes else ""
        yield line
        yield escaped(doc) + "."
    yield ".El"


def commands():
    rows = table("client/ntpq/ntpqcommands")
    docs = {}
    for name, _, usage, doc in rows: # other names of a command stand beside it
        docs.setdefault((usage, doc), []).append(name)
    yield ".Bl -tag -width Ds"
    for (usage, doc), names in docs.items():
        for name in names:
            yield f".It Ic {escaped(name)}" + \
                (f" Ar {argument(usage)}" if usage else "")
        yield escaped(doc) + "."
    yield ".El"


def limits(row):
    """The range and the default, of a number that has them."""
    if row["type"] not in NUMBERS or float(row["high"]) == 0:
        return ""
    low, high = float(row["low"]), float(row["high"])
    said = []
    if abs(high) < 2**31 - 1:
        said.append(f"from {low:g} to {high:.10g}")
    if row["type"] != "AUTO" and row["field"] != "NOWHERE" and \
            low <= float(row["normal"]) <= high:
        said.append(f"{float(row['normal']):.10g} unless given")
    return f" ({'; '.join(said)})" if said else ""


def doc(row):
    later = "  Takes effect at the next start." if row["when"] == "RESTART" and \
        row["class"] not in SILENT else ""
    return escaped(row["doc"] + limits(row)) + "." + \
        ("\n" + escaped(later.strip()) if later else "")


def words(known, scope, named):
    named = named or [row["word"] for row in known.rows
                      if row["scope"] == scope and row["class"] not in SILENT]
    yield ".Bl -tag -width Ds"
    for name in named:
        row = known.take(scope, name)
        takes = TAKES[row["type"]]
        yield f".It Ic {escaped(row['word'].replace('_', '-'))}" + \
            (f" Ar {argument(takes)}" if takes else "")
        yield doc(row)
    yield ".El"


def idle(known, wanted):
    rows = [row for row in known.rows if row["class"] == wanted]
    yield ".Bl -tag -width Ds"
    for row in rows:
        known.take(row["scope"], row["word"])
        where = "" if row["scope"] == "DIRECTIVE" else \
            f" Pq {row['scope'].lower()}"
        yield f".It Ic {escaped(row['word'])}{where}"
        yield doc(row)
    yield ".El"


def page(text, epoch, version):
    known, used = Words(), False
    day = time.gmtime(epoch)
    for line in text.splitlines():
        kind, *rest = line.split() or [""]
        if kind == ".Dd":
            yield time.strftime(f".Dd %B {day.tm_mday}, %Y", day)
        elif kind == ".Os":
            yield f".Os Truechimer {version}"
        elif kind == "@OPTIONS":
            yield from options(rest[0])
        elif kind == "@COMMANDS":
            yield from commands()
        elif kind == "@WORDS":
            used = True
            yield from words(known, rest[0], rest[1:])
        elif kind == "@DOC":
            yield doc(known.take(*rest))
        elif kind == "@IDLE":
            yield from idle(known, rest[0])
        else:
            yield line
    if used and known.left:
        sys.exit(f"man.py: not on the page: {sorted(known.left)}")


if __name__ == "__main__":
    print("\n".join(page(pathlib.Path(sys.argv[1]).read_text(),
                         int(sys.argv[2]), sys.argv[3])))
