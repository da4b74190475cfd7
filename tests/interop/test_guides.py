# SPDX-License-Identifier: BSD-2-Clause
"""The guides: that they say the same in both languages, and that what they
tell to type works."""
import re

import pytest

from lab import BUILD
from lab.reader import ROOT, Town, ours, reader, start

GUIDES = ROOT / "docs/guide"
BLOCK = re.compile(r"^```\w*\n(.*?)^```", re.S | re.M)


@pytest.mark.parametrize("name", sorted(
    path.name for path in (GUIDES / "en").glob("*.md")))
def test_a_guide_says_the_same_in_both_languages(name):
    english, chinese = ((GUIDES / language / name).read_text()
                        for language in ("en", "zh"))
    assert BLOCK.findall(english) == BLOCK.findall(chinese)
    for mark in ("\n#", "\n|", "\n- ", "]("):
        assert english.count(mark) == chinese.count(mark), mark
    for target in re.findall(r"\]\(([^)#]+)\)", english):
        assert (GUIDES / "en" / target).exists(), target


def test_there_is_no_guide_in_one_language_only():
    names = [sorted(path.name for path in (GUIDES / language).iterdir())
             for language in ("en", "zh")]
    assert names[0] == names[1] and len(names[0]) >= 6


CONFIGURATIONS = [(path.name, block) for path in sorted(
    (GUIDES / "en").glob("*.md")) for block in BLOCK.findall(path.read_text())
    if re.match(r"(driftfile|server|statsdir|#.*\nserver)\b", block)]


@pytest.mark.parametrize("name,text", CONFIGURATIONS)
def test_a_configuration_of_a_guide_is_understood(host, name, text):
    host.write("etc/example.conf", text)
    done = host.run(BUILD / "ntpd", "--check", "-c", "/etc/example.conf")
    assert (done.returncode, done.stderr) == (0, ""), name


@pytest.mark.parametrize("line", [
    line.partition("#")[0] for path in sorted((GUIDES / "en").glob("*.md"))
    for block in BLOCK.findall(path.read_text()) for line in block.splitlines()
    if re.match(r"(ntpq|ntpstat|ntpd --check)\b", line) and
    "reslist" not in line])
def test_a_command_of_a_guide_works(host, line):
    done = host.run("sh", "-c", line, env=ours())
    warnings = "doctor" in line or "-m 10" in line or "waitsync" in line
    assert done.returncode in ((0, 1, 2) if warnings else (0,)), done.stderr
    assert done.stdout and "***" not in done.stderr
