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
