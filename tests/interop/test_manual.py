# SPDX-License-Identifier: BSD-2-Clause
"""The manual: its form, what it refers to, and each example in it, on a host
where a daemon runs; and what Tab offers."""
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from lab import BUILD
from lab.machine import Machine, Switch

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "man").glob("*.in"))
EXAMPLE = re.compile(r'^\.\\" try: (\w+)\n\.Bd[^\n]*\n(.*?)^\.Ed$', re.S | re.M)
SERVERS = ["time", "ntp1", "ntp2", "ntp3", "ntp4"]


def examples(kind):
    """(page, text) of the examples to try that are of this kind."""
    return [(path.stem, re.sub(r"\\(.)", r"\1", text)) for path in SOURCES
            for what, text in EXAMPLE.findall(path.read_text()) if what == kind]


def lines(*kinds):
    """Each line of a shell, without its prompt."""
    return [(page, line[2:]) for kind in kinds for page, text in examples(kind)
            for line in text.splitlines()]


@pytest.fixture(scope="module")
def host(privileged, tmp_path_factory):
    """A host that keeps time by three servers, with the manual's keys."""
    switch = Switch()
    addresses = [f"10.97.0.{number + 1}" for number in range(len(SERVERS))]
    for address in addresses:
        switch.add(address + "/24")
    switch.fake("fakentp.py", [{"addr": address} for address in addresses])
    made = Machine(tmp_path_factory.mktemp("host"), switch, "10.97.0.100/24")
    made.write("etc/hosts", "127.0.0.1 localhost\n" + "".join(
        f"{address} {name}.example.org\n"
        for address, name in zip(addresses, SERVERS)))
    made.write("etc/ntp.conf", "restrict default nomodify\n" + "".join(
        f"server {name}.example.org iburst\n" for name in SERVERS[1:4]))
    (_, keys), = examples("keys")
    made.write("etc/ntp.keys", keys)
    made.path("etc/ntp.keys").chmod(0o640)
    made.start_ntpd()
    done = made.run(BUILD / "ntp-wait", "-n", "20", "-s", "1")
    assert done.returncode == 0, made.log()
    yield made
    made.stop_ntpd()
    made.close()
    switch.close()


@pytest.mark.parametrize("page", [path.stem for path in SOURCES])
def test_a_page_has_nothing_to_complain_about(page):
    if not shutil.which("mandoc"):
        pytest.skip("mandoc is not installed")
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning",
                           BUILD / "man" / page], capture_output=True,
                          text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_every_program_has_a_page_and_pages_refer_to_pages():
    pages = {path.stem for path in SOURCES} | {"adjtimex.2"}
    programs = re.findall(r"^  '([\w-]+)': \{ 'files'",
                          (ROOT / "src/programs/meson.build").read_text(), re.M)
    assert programs and all({f"{name}.1", f"{name}.8"} & pages
                            for name in programs)
    for path in SOURCES:
        for name, section in re.findall(r"^\.Xr (\S+) (\d)", path.read_text(),
                                        re.M):
            assert f"{name}.{section}" in pages, path.name


@pytest.mark.parametrize("name,section", [("ntpd", 8), ("ntpq", 8), ("sntp", 1)])
def test_a_page_has_every_option_that_the_help_has(name, section):
    shown = subprocess.run([BUILD / name, "--help"], capture_output=True,
                           text=True, check=True).stdout
    wanted = set(re.findall(r"^[ -]*(?:-.,?  ?)?--([a-z][\w-]+)", shown, re.M))
    page = (BUILD / f"man/{name}.{section}").read_text().replace("\\", "")
    assert len(wanted) > 10
    assert wanted <= set(re.findall(r"Fl -([\w-]+)", page))


@pytest.mark.parametrize("number", range(len(examples("config"))))
def test_an_example_of_a_configuration_is_understood(host, number):
    page, text = examples("config")[number]
    host.write("etc/example.conf", text)
    done = host.run(BUILD / "ntpd", "--check", "-c", "/etc/example.conf")
    assert (done.returncode, done.stderr) == (0, ""), (page, done.stdout)
    assert done.stdout.count("\n") >= 3


@pytest.mark.parametrize("page,line", lines("shell", "root"))
def test_an_example_of_a_command_works(host, tmp_path, page, line):
    done = host.run("sh", "-c", f"cd {tmp_path} && {line}",
                    env={"PATH": f"{BUILD}:{os.environ['PATH']}"})
    assert done.returncode == 0, (page, done.stdout, done.stderr)
    assert "***" not in done.stderr and "timed out" not in done.stderr
    assert done.stdout or line.startswith("ntp-keygen")


BASH = """. {file}
COMP_WORDS=({words}) COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
{function}
echo "${{COMPREPLY[@]}}"
"""


@pytest.mark.parametrize("words,offered", [
    ("ntpq --pe", ["--peers"]),
    ("ntpq -c relo", ["reload"]),
    ("ntpstat --max", ["--maxerror"]),
    ("ntpd --configfile = /etc/hostn", ["/etc/hostname"]),
    ("ntp-wait --tries ''", []),
])
def test_tab_in_bash_offers_what_there_is(words, offered):
    program = words.split()[0]
    script = BASH.format(file=BUILD / f"packaging/completion/{program}",
                         words=words, function="_" + program.replace("-", "_"))
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True,
                          check=True)
    assert done.stdout.split() == offered


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
    done = host.run("sh", "-c", line,
                    env={"PATH": f"{BUILD}:{os.environ['PATH']}"})
    warnings = "doctor" in line or "-m 10" in line or "waitsync" in line
    assert done.returncode in ((0, 1, 2) if warnings else (0,)), done.stderr
    assert done.stdout and "***" not in done.stderr
