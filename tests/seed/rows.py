# SPDX-License-Identifier: BSD-2-Clause
"""The rows of `ntpq -p` as the how-to shows them, column by column."""
import re

HEADER = """\
     remote           refid      st t when poll reach   delay   offset  jitter
==============================================================================
"""
# Each column has its place: tally, then 15, 15, 2, 1, 4, 4, 4 and three times
# eight characters or one less.
ROW = re.compile(
    r"(?P<tally>[ x.\-+#*o])(?P<remote>.{15}) (?P<refid>.{15}) "
    r"(?P<st>[ 0-9]{2}) (?P<t>[ul]) (?P<when>[ 0-9mhd-]{4}) "
    r"(?P<poll>[ 0-9mhd]{4}) (?P<reach>[ 0-7]{4}) "
    r"(?P<delay>[ 0-9]{4}\.[0-9]{3}) (?P<offset>[ 0-9-]{4}\.[0-9]{3}) "
    r"(?P<jitter>[ 0-9]{3}\.[0-9]{3})")


def parse(text):
    """The rows of a listing, by remote; each column stripped."""
    assert text.startswith(HEADER), text
    rows = {}
    for line in text[len(HEADER):].splitlines():
        match = ROW.fullmatch(line)
        assert match and len(line) == 78, repr(line)
        row = {key: value.strip() for key, value in match.groupdict().items()}
        row["tally"] = match["tally"]
        row["line"] = line
        rows[row["remote"]] = row
    return rows
