# SPDX-License-Identifier: BSD-2-Clause
"""The manual: its form, what it refers to, and each example in it, on hosts of
a network of their own."""
import errno
import os
import re
import shutil
import subprocess

import pytest

from lab import BUILD
from lab.clock import Clock
from lab.namespace import wait_for
from lab.reader import CONFIGURATION, ROOT, Town, ours, reader, start

SOURCES = sorted((ROOT / "man").glob("*.in"))
EXAMPLE = re.compile(r'^(?:\.\\" try: (\w+)\n)?\.Bd[^\n]*\n(.*?)^\.Ed$',
                     re.S | re.M)
CHRONY = """pool 2.debian.pool.ntp.org iburst
driftfile /var/lib/chrony/chrony.drift
makestep 1 3
"""
OTHERS = {"adjtimex.2", "syslog.3", "systemd.1"} # pages of the system
# What depends on the pages that are installed here.
FOREIGN = re.compile("outdated mandoc.db|see above|referenced manual not found")


def examples(*kinds):
    """(page, text) of the examples that are to be tried in these ways."""
    return [(path.stem, re.sub(r"\\(.)", r"\1", text)) for path in SOURCES
            for what, text in EXAMPLE.findall(path.read_text())
            if what in kinds]


def lines(*kinds):
    """Each line of a shell, without its prompt."""
    return [(page, line[2:]) for page, text in examples(*kinds)
            for line in text.splitlines()]


@pytest.fixture(scope="module")
def town(privileged):
    made = Town()
    yield made
    made.close()


def with_keys(made):
    (_, keys), = examples("keys")
    made.write("etc/ntp.keys", keys)
    made.path("etc/ntp.keys").chmod(0o640)
    return made


@pytest.fixture(scope="module")
def host(town, tmp_path_factory):
    """It keeps time by three servers, and has the manual's keys."""
    made = with_keys(reader(town, tmp_path_factory.mktemp("host"),
                            "10.97.0.100/24"))
    start(made)
    yield made
    made.stop_ntpd()
    made.close()


@pytest.fixture
def idle(town, tmp_path):
    """No daemon runs there."""
    made = with_keys(reader(town, tmp_path / "idle", "10.97.0.101/24"))
    yield made
    made.close()


@pytest.mark.parametrize("page", [path.stem for path in SOURCES])
def test_a_page_has_nothing_to_complain_about(page):
    if not shutil.which("mandoc"):
        pytest.skip("mandoc is not installed")
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "style",
                           BUILD / "man" / page], capture_output=True,
                          text=True, check=False)
    said = (done.stdout + done.stderr).splitlines()
    assert [line for line in said if not FOREIGN.search(line)] == []


@pytest.mark.parametrize("page", [path.stem for path in SOURCES])
def test_groff_shows_a_page_without_a_warning(page):
    if not shutil.which("groff"):
        pytest.skip("groff is not installed")
    wanted = [f"-w{name}" for name in ("char", "escape", "mac", "missing", "range",
                                       "syntax")]
    done = subprocess.run(["groff", *wanted, "-mandoc", "-Tutf8",
                           BUILD / "man" / page], capture_output=True, text=True,
                          check=True)
    assert done.stderr == "" and len(done.stdout) > 1000


@pytest.mark.parametrize("page", [path.stem for path in SOURCES])
def test_whatis_finds_a_page_by_each_of_its_names(page):
    if not shutil.which("lexgrog"):
        pytest.skip("lexgrog, of man-db, is not installed")
    done = subprocess.run(["lexgrog", BUILD / "man" / page], capture_output=True,
                          text=True, check=True)
    source = (ROOT / "man" / f"{page}.in").read_text()
    names = re.findall(r"^\.Nm (\S+)", source.partition(".Sh SYN")[0], re.M)
    told = re.search(r"^\.Nd (.+)", source, re.M)[1]
    assert names and re.findall(r': "(\S+) - (.+)"', done.stdout) == [
        (name, told) for name in names]


@pytest.mark.parametrize("path", SOURCES, ids=[path.stem for path in SOURCES])
def test_a_page_has_the_sections_that_are_looked_for(path):
    wanted = {"NAME", "SYNOPSIS", "DESCRIPTION", "EXAMPLES", "SEE ALSO"}
    if not path.stem.endswith(".5"):
        wanted.add("EXIT STATUS")
    assert wanted <= set(re.findall(r"^\.Sh (.+)", path.read_text(), re.M))


def test_every_example_is_tried():
    kinds = [what for path in SOURCES
             for what, _ in EXAMPLE.findall(path.read_text())]
    assert set(kinds) == {"config", "keys", "shell", "root", "foreground", "once",
                          "crontab", "migrate"}
    assert len(kinds) == sum(path.read_text().count("\n.Bd ")
                             for path in SOURCES)


def test_what_it_says_of_messages_is_what_is_said():
    """Of each diagnostic the longest piece without a number or a name."""
    said = " ".join(re.sub(r'"\s*\n\s*"', "", path.read_text()) for path in
                    (ROOT / "src").rglob("*.[chd]*"))
    said += os.strerror(errno.ECONNREFUSED)
    checked = 0
    for path in SOURCES:
        part = path.read_text().partition(".Bl -diag")[2].partition(".El")[0]
        for line in re.findall(r"^\.It (.+)", part, re.M):
            words = re.sub(r'^"(step|adjust)|[A-Z]{2,}(?![a-z])|\bN\b|\.\.\.|'
                           '["*]', "%", line)
            piece = max(re.split(r"[%():'\[\]]", words), key=len).strip()
            assert len(piece) > 5 and piece in said, (path.stem, piece)
            checked += 1
    assert checked > 20


def test_every_program_has_a_page_and_pages_refer_to_pages():
    pages = {path.stem for path in SOURCES} | OTHERS
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
    done = host.run("sh", "-c", f"cd {tmp_path} && {line}", env=ours())
    assert done.returncode == 0, (page, done.stdout, done.stderr)
    assert "***" not in done.stderr and "timed out" not in done.stderr
    assert done.stdout


@pytest.mark.parametrize("page,line", lines("foreground"))
def test_an_example_that_measures_goes_on_until_it_is_told(idle, page, line):
    daemon = idle.start("sh", "-c", f"exec {line} >/run/out 2>&1", env=ours())
    out = idle.path("run/out")
    assert wait_for(lambda: out.exists() and "serving time: " in out.read_text(),
                    30), (page, out.read_text())
    daemon.terminate()
    assert daemon.wait(10) == 0


@pytest.mark.parametrize("page,line", lines("once"))
def test_an_example_that_sets_the_clock_once_ends(idle, page, line):
    """But for the clock, which is this machine's."""
    done = idle.run("sh", "-c", f"{line} --no-clock", env=ours())
    assert done.returncode == 0, (page, done.stderr)
    assert re.search(r"ntpd: time (set|slew) [-+]?[0-9]", done.stdout + done.stderr)


@pytest.mark.parametrize("page,line", [
    (page, line) for page, text in examples("crontab")
    for line in text.splitlines()])
def test_an_example_for_cron_sets_the_clock(idle, tmp_path, page, line):
    fields = line.split(None, 6)
    assert len(fields) == 7 and fields[5] == "root", page
    assert all(re.fullmatch(r"\*|\d{1,2}", field) for field in fields[:5])
    folder, _, name = fields[6].split()[0].rpartition("/")
    installed = (ROOT / "tests/packaging/installed.txt").read_text()
    assert f"{folder.lstrip('/')}/{name}\n" in installed
    clock = Clock(tmp_path / "clock")
    done = idle.run("sh", "-c", fields[6].replace(folder, str(BUILD), 1),
                    env=clock.env)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert clock.calls()[0] in ("slew", "step")


def test_the_examples_that_change_over_do_so_and_back(idle):
    idle.path("etc/chrony").mkdir()
    idle.write("etc/chrony/chrony.conf", CHRONY)
    commands = [line for _, line in lines("migrate")]
    assert len(commands) == 4
    for number, command in enumerate(commands):
        done = idle.run("sh", "-c", command, env=ours())
        assert done.returncode == 0, (command, done.stderr)
        if number == 0:
            assert "pool 2.debian.pool.ntp.org iburst" in done.stdout
        text = idle.path("etc/ntp.conf").read_text()
        changed = 0 < number < len(commands) - 1
        assert (text != CONFIGURATION) == changed, command
