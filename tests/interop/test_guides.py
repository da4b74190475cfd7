# SPDX-License-Identifier: BSD-2-Clause
"""The guides and the README: that they say the same in both languages, and that
what they tell to type works."""
import errno
import os
import re
import shutil
import subprocess

import pytest

from lab import BUILD, PEERS
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
    """Where links lead; headings of the page itself are in its language."""
    return sorted(re.sub("^#.*", "#", link).replace("guide/zh", "guide/en")
                  for link in LINK.findall(text) if "README" not in link)


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


def commands(*beginnings):
    """Lines of the guides that begin so, with those that they go on in."""
    found = []
    for path in ENGLISH:
        for block in BLOCK.findall(path.read_text()):
            lines = re.sub(r"\|\n\s+", "| ", block).splitlines()
            found += [(path.name, line.partition("  #")[0]) for line in lines
                      if line.startswith(beginnings)]
    return found


@pytest.mark.parametrize("name,line", commands("ntpq ", "ntpstat", "ntpd --check"))
def test_a_command_of_a_guide_works(host, tmp_path, name, line):
    if "jq " in line and not shutil.which("jq"):
        pytest.skip("jq is not installed")
    done = host.run("sh", "-c", f"cd {tmp_path} && {line}", env=ours())
    warnings = "doctor" in line or "-m 10" in line or "waitsync" in line
    assert done.returncode in ((0, 1, 2) if warnings else (0,)), done.stderr
    assert "***" not in done.stderr
    if ">" in line:
        text = (tmp_path / line.rpartition(">")[2].strip()).read_text()
        assert len(re.findall(r"(?m)^ntp_[a-z]+ -?[0-9.]+$", text)) == 4, text
    else:
        assert done.stdout


@pytest.mark.parametrize("name,line", commands("check_ntp"))
def test_a_plugin_of_nagios_says_that_all_is_well(host, name, line):
    plugins = next(PEERS.rglob("nagios/plugins"), None)
    if plugins is None:
        pytest.skip(f"no plugins of Nagios under {PEERS}")
    done = host.run("sh", "-c", f"{plugins}/{line}")
    assert (done.returncode, done.stdout[:7]) == (0, "NTP OK:"), done.stdout


def test_the_commands_that_change_over_do_so_and_back(host):
    host.path("etc/chrony").mkdir()
    host.write("etc/chrony/chrony.conf", "pool pool.example.org iburst\n")
    before = host.path("etc/ntp.conf").read_text()
    for line in [line for name, line in commands("truechimer-migrate", "ntpd --check")
                 if name == "migrate.md"]:
        done = host.run("sh", "-c", line, env=ours())
        assert done.returncode == 0, (line, done.stderr)
        if line.startswith("ntpd --check"):
            assert 'pool "pool.example.org" iburst' in done.stdout.replace(
                "pool pool.example.org", 'pool "pool.example.org"')
    assert host.path("etc/ntp.conf").read_text() == before


def rows(name, *headings):
    """Cells of the tables below these headings."""
    text = (GUIDES / "en" / name).read_text()
    for heading in headings:
        part = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text,
                         re.S | re.M)[1]
        for line in part.splitlines():
            if line.startswith("| ") and "---" not in line:
                yield [cell.strip() for cell in line.strip("| ").split(" | ")]


@pytest.mark.parametrize("had,here", [
    (INLINE.findall(had)[0], INLINE.findall(here))
    for had, here in rows("migrate.md", "Words") if " of " not in had and
    had.startswith("`")])
def test_a_word_of_chrony_becomes_what_the_guide_says(tmp_path, had, here):
    file = tmp_path / "chrony.conf"
    file.write_text(had + "\n")
    done = subprocess.run([BUILD / "truechimer-migrate", file], check=True,
                          capture_output=True, text=True)
    for words in here:
        assert words in done.stdout.splitlines()
    assert here or f"{file}:1: {had}" in done.stdout


def test_messages_by_which_to_search_are_those_of_the_programs():
    said = " ".join(re.sub(r'"\s*\n\s*"', "", path.read_text())
                    for path in (ROOT / "src").rglob("*.[chd]*"))
    said += os.strerror(errno.ECONNREFUSED) + os.strerror(errno.EACCES) + \
        "Can't adjust the time of day: " + os.strerror(errno.EPERM)
    found = [message for cells in rows("troubleshooting.md", "A command says",
                                       "The log says", "The table of ntpq -p shows")
             for message in INLINE.findall(cells[0])]
    assert len(found) > 25
    for message in found:
        part = message.strip(".*")
        part = part if not part.isupper() else f"REFID_{part}"
        assert part in said or part in ("x", "reach", "ntpq -p", "REFID_RSTR"), message


PROVOKED = {
    "Connection refused": "ntpq --port=124 -p 127.0.0.1",
    "Keyid:": "ntpq -c ':config tos minsane 1' 10.97.0.100",
    "the NTP socket is in use, exiting": "ntpdate time.example.org",
    "no server suitable for synchronization found": "ntpdate -q 10.97.0.200",
    "timed out, nothing received": "ntpq -c 'timeout 300' -c rv 10.97.0.1",
}


@pytest.mark.parametrize("message,line", PROVOKED.items())
def test_a_message_by_which_to_search_really_comes(host, message, line):
    searched = {text for cells in rows("troubleshooting.md", "A command says")
                for text in INLINE.findall(cells[0])}
    assert message in searched
    done = host.run("sh", "-c", line, env=ours())
    assert message in done.stdout + done.stderr
