# SPDX-License-Identifier: BSD-2-Clause
"""The guides and the README: that they say the same in both languages, and that
what they tell to type works."""
import re

import pytest

from lab import BUILD
from lab.reader import ROOT, Town, ours, reader, start

GUIDES = ROOT / "docs/guide"
ENGLISH = sorted((GUIDES / "en").glob("*.md"))
BLOCK = re.compile(r"^```\w*\n(.*?)^```", re.S | re.M)
INLINE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)]+)\)")
# Each pair: English, Chinese, and whether what is in the blocks is the same.
PAIRS = [(path, GUIDES / "zh" / path.name, True) for path in ENGLISH] + \
    [(ROOT / "README.md", ROOT / "README.zh-CN.md", False)]


@pytest.fixture(scope="module")
def host(privileged, tmp_path_factory):
    """A host that keeps time by three servers."""
    town = Town()
    made = reader(town, tmp_path_factory.mktemp("host"), "10.97.0.100/24")
    start(made)
    yield made
    made.stop_ntpd()
    made.close()
    town.close()


def skeleton(text):
    """Headings, tables, lists and blocks of a page, in their order."""
    text = re.sub(r"^(```\w*\n).*?^```", r"\1", text, flags=re.S | re.M)
    return re.findall(r"^(#+ |```|\| ?:?-|\||- )", text, re.M)


def code(text):
    """What stands in backticks outside of blocks, but for file names that
    differ with the language."""
    return sorted(INLINE.findall(BLOCK.sub("", text)))


def targets(text):
    return sorted(link.replace("guide/zh", "guide/en") for link in
                  LINK.findall(text) if "README" not in link)


@pytest.mark.parametrize("english,chinese,alike", PAIRS,
                         ids=[pair[0].name for pair in PAIRS])
def test_it_says_the_same_in_both_languages(english, chinese, alike):
    here, there = english.read_text(), chinese.read_text()
    assert skeleton(here) == skeleton(there)
    assert targets(here) == targets(there)
    if alike:
        assert BLOCK.findall(here) == BLOCK.findall(there)
        assert code(here) == code(there)


@pytest.mark.parametrize("text", [
    "# a\n\n```\nb\n```\n", "# a\n\n## b\n", "# a\n\n- b\n", "# a\n\n| b |\n"])
def test_what_one_language_lacks_is_seen(text):
    assert skeleton(text) != skeleton("# a\n")


@pytest.mark.parametrize("path", [path for pair in PAIRS for path in pair[:2]],
                         ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_it_refers_to_exists(path):
    for link in LINK.findall(path.read_text()):
        file, _, anchor = link.partition("#")
        if not link.startswith("http"):
            there = path.parent / file if file else path
            assert there.exists(), link
            headings = [re.sub(r"[^\w -]", "", line).strip().lower()
                        for line in re.findall(r"^#+ (.+)", there.read_text()
                                               if anchor else "", re.M)]
            assert not anchor or anchor in [
                heading.replace(" ", "-") for heading in headings], link


def test_there_is_no_guide_in_one_language_only():
    names = [sorted(path.name for path in (GUIDES / language).iterdir())
             for language in ("en", "zh")]
    assert names[0] == names[1] and len(names[0]) >= 6


CONFIGURATIONS = [(path.name, block) for path in ENGLISH
                  for block in BLOCK.findall(path.read_text())
                  if re.match(r"(driftfile|server|statsdir|#.*\nserver)\b", block)]


@pytest.mark.parametrize("name,text", CONFIGURATIONS)
def test_a_configuration_of_a_guide_is_understood(host, name, text):
    host.write("etc/example.conf", text)
    done = host.run(BUILD / "ntpd", "--check", "-c", "/etc/example.conf")
    assert (done.returncode, done.stderr) == (0, ""), name


@pytest.mark.parametrize("line", [
    line.partition("#")[0] for path in ENGLISH
    for block in BLOCK.findall(path.read_text()) for line in block.splitlines()
    if re.match(r"(ntpq|ntpstat|ntpd --check)\b", line) and
    "reslist" not in line])
def test_a_command_of_a_guide_works(host, line):
    done = host.run("sh", "-c", line, env=ours())
    warnings = "doctor" in line or "-m 10" in line or "waitsync" in line
    assert done.returncode in ((0, 1, 2) if warnings else (0,)), done.stderr
    assert done.stdout and "***" not in done.stderr
