#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Makes a manual page: man.py PAGE.in EPOCH VERSION >PAGE

Lines that begin with @ are made of the tables in src:
  @OPTIONS TOOL             every option of a tool
  @COMMANDS                 every command of ntpq
  @WORDS SCOPE [WORD ...]   words of ntp.conf: those named, or all of the scope
                            that the page has not had yet
  @DOC SCOPE WORD           what a word does, where the page gives its syntax
  @IDLE CLASS               every word of a class, e.g. LATER
Behind @OPTIONS and @WORDS, what the table has no room for:
  @MORE WORD TEXT           a line of mdoc behind what it says of the word
A word of ntp.conf that is nowhere, or twice, is an error: of a page that uses
@WORDS, none is forgotten."""
import pathlib
import re
import sys
import textwrap
import time

from deftables import table, tool_options

# What a word takes, by its type, and by its unit or what else its field is.
TAKES = {"FLAG": "", "MASK": "", "BIT": "0 | 1", "INT": "N", "AUTO": "N | auto",
         "REAL": "X", "KIB": "KiB", "STEP": "X", "GIVEN": "X", "STRING": "text",
         "DATE": "YYYY-MM-DD", "POLICY": "policy", "REFID": "text",
         "DRIVER": "", "DRIFTFILE": "file", "INCLUDE": "file"}
UNITS = {"nonvolatile_s": "X", "_s": "seconds", "_ppm": "ppm", "_mb": "MB",
         "file": "file", "dir": "directory", "key": "key"}
NUMBERS = {"INT", "AUTO", "REAL", "STEP", "GIVEN"}
SILENT = {"LATER", "OBSOLETE"} # words that stand in @IDLE


class Words:
    """The words of ntp.conf, and which of them the page has had."""

    def __init__(self):
        self.rows = [dict(zip(("scope", "word", "type", "low", "high", "beyond",
                               "normal", "field", "when", "class", "doc"), row))
                     for row in table("config/options")]
        self.left = {(row["scope"], row["word"]) for row in self.rows}
        self.of_directive = {match[1]: row["when"] for row in self.rows if
                             (match := re.match(r"WORDS_OF\((\w+)", row["field"]))}

    def starts_anew(self, row):
        """Whether its text says that it waits for the next start: a directive
        says so for all its words, or each of them for itself."""
        whens = {other["when"] for other in self.rows
                 if other["scope"] == row["scope"]}
        words = re.match(r"WORDS_OF\((\w+)", row["field"])
        if words:
            whens = {other["when"] for other in self.rows
                     if other["scope"] == words[1]}
            return row["when"] == "RESTART" and whens == {"RESTART"}
        return row["when"] == "RESTART" and not (
            whens == {"RESTART"} and
            self.of_directive.get(row["scope"]) == "RESTART")

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


def sentence(text):
    """Lines of roff: begun with a capital, ended with a stop."""
    lines = textwrap.wrap(text[:1].upper() + text[1:] + ".", 72,
                          break_long_words=False, break_on_hyphens=False)
    return "\n".join(escaped(line) for line in lines)


def argument(text):
    return " ".join("|" if word == "|" else escaped(word)
                    for word in text.split())


def complete(more):
    if more:
        sys.exit(f"man.py: @MORE about what is not there: {sorted(more)}")


def options(stem, more):
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
        yield sentence(doc)
        yield from more.pop(name or letter, [])
    yield ".El"
    complete(more)


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
        yield sentence(doc)
    yield ".El"


def takes(row):
    field = re.match(r"IN\(\w+, ([\w.]+)\)", row["field"])
    if field and row["type"] in NUMBERS | {"STRING"}:
        for ending, unit in UNITS.items():
            if field[1].endswith(ending):
                return unit
    return TAKES[row["type"]]


def number(text):
    return f"{float(text):.10f}".rstrip("0").rstrip(".")


def limits(row):
    """The range and the default, of a number that has them."""
    if row["type"] not in NUMBERS or float(row["high"]) == 0:
        return ""
    low, high = float(row["low"]), float(row["high"])
    said = []
    if abs(high) < 2**31 - 1:
        said.append(f"{number(low)} to {number(high)}")
    if row["type"] != "AUTO" and row["field"] != "NOWHERE" and \
            low <= float(row["normal"]) <= high:
        said.append(f"default {number(row['normal'])}")
    return f" ({'; '.join(said)})" if said else ""


def doc(known, row):
    yield sentence(row["doc"] + (
        limits(row) if row["class"] not in SILENT else ""))
    if known.starts_anew(row) and row["class"] not in SILENT:
        yield "Takes effect at the next start."


def words(known, scope, named, more):
    named = named or [row["word"] for row in known.rows
                      if row["scope"] == scope and row["class"] not in SILENT
                      and (scope, row["word"]) in known.left]
    yield ".Bl -tag -width Ds"
    for name in named:
        row = known.take(scope, name)
        value = takes(row)
        yield f".It Ic {escaped(row['word'].replace('_', '-'))}" + \
            (f" Ar {argument(value)}" if value else "")
        yield from doc(known, row)
        yield from more.pop(row["word"], [])
    yield ".El"
    complete(more)


def idle(known, wanted):
    rows = [row for row in known.rows if row["class"] == wanted]
    yield ".Bl -tag -width Ds"
    for row in rows:
        known.take(row["scope"], row["word"])
        where = "" if row["scope"] == "DIRECTIVE" else \
            f" Pq {row['scope'].lower()}"
        yield f".It Ic {escaped(row['word'])}{where}"
        yield from doc(known, row)
    yield ".El"


def further(lines):
    """The @MORE lines that come next: word -> lines of mdoc."""
    found = {}
    while lines and lines[0].startswith("@MORE "):
        _, word, text = lines.pop(0).split(" ", 2)
        found.setdefault(word, []).append(text)
    return found


def page(text, epoch, version):
    known, used = Words(), False
    day = time.gmtime(epoch)
    lines = text.splitlines()
    while lines:
        line = lines.pop(0)
        kind, *rest = line.split() or [""]
        if kind == ".Dd":
            yield time.strftime(f".Dd %B {day.tm_mday}, %Y", day)
        elif kind == ".Os":
            yield f".Os Truechimer {version}"
        elif kind == "@OPTIONS":
            yield from options(rest[0], further(lines))
        elif kind == "@COMMANDS":
            yield from commands()
        elif kind == "@WORDS":
            used = True
            yield from words(known, rest[0], rest[1:], further(lines))
        elif kind == "@DOC":
            yield from doc(known, known.take(*rest))
        elif kind == "@IDLE":
            yield from idle(known, rest[0])
        else:
            yield line
    if used and known.left:
        sys.exit(f"man.py: not on the page: {sorted(known.left)}")


if __name__ == "__main__":
    print("\n".join(page(pathlib.Path(sys.argv[1]).read_text(),
                         int(sys.argv[2]), sys.argv[3])))
