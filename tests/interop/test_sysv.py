# SPDX-License-Identifier: BSD-2-Clause
"""The init script: its verbs and exit codes, as LSB and CentOS 6 have them
(files 6.5), on machines of both kinds."""
import os
import re
import shutil
import signal
import subprocess

import pytest

from lab import BUILD
from lab.machine import Machine, Switch, is_gone
from lab.namespace import wait_for

SCRIPT = BUILD / "packaging/ntpd-init"
PID = "run/ntpd.pid"
LSB = """log_daemon_msg() { printf '%s: %s' "$1" "$2"; }
log_end_msg() { [ "$1" = 0 ] && echo '.' || echo ' failed!'; return $1; }
"""
FUNCTIONS = """success() { printf '[  OK  ]'; }
failure() { printf '[FAILED]'; }
"""
NOBODY = ("setpriv", "--reuid=65534", "--clear-groups")
CONF = "server 127.127.1.0\nrestrict default\n"
pytestmark = pytest.mark.skipif(not SCRIPT.exists(),
                                reason="this build has no init script")


class Box:
    """A machine with our script in /etc/init.d."""

    def __init__(self, machine, kind):
        self.machine, self.kind = machine, kind
        etc = machine.root / "etc"
        for name in ("passwd", "group"):
            lines = [line for line in (etc / name).read_text().splitlines()
                     if not line.startswith("ntp:")]
            lines.append({"passwd": "ntp:x:65533:65533::/var/lib/ntp:/bin/sh",
                          "group": "ntp:x:65533:"}[name])
            (etc / name).write_text("\n".join(lines) + "\n")
        (etc / "init.d").mkdir()
        # What it is called has to be ntpd, wherever we were built.
        text = re.sub(r"^daemon=.*", f"daemon={BUILD}/ntpd",
                      SCRIPT.read_text(), flags=re.M)
        text = text.replace("/var/run/", "/run/").replace("/var/lock/",
                                                          "/run/lock/")
        text = text.replace("/lib/lsb/", "/etc/lsb/")
        machine.write("etc/init.d/ntpd", text)
        machine.write("etc/ntp.conf", CONF)
        if kind == "debian":
            (etc / "lsb").mkdir()
            (etc / "default").mkdir()
            machine.write("etc/lsb/init-functions", LSB)
            machine.write("etc/default/ntp", 'NTPD_OPTS="-g"\n')
        elif kind == "redhat":
            (etc / "rc.d/init.d").mkdir(parents=True)
            (etc / "sysconfig").mkdir()
            (machine.root / "run/lock/subsys").mkdir(parents=True)
            machine.write("etc/rc.d/init.d/functions", FUNCTIONS)
            machine.write("etc/sysconfig/ntpd",
                          'OPTIONS="-u ntp:ntp -p /var/run/ntpd.pid -g"\n')

    def __call__(self, *verbs, before=()):
        """Its exit status, and what it said on standard output."""
        done = self.machine.run(*before, *self.command(*verbs))
        print(verbs, done.returncode, done.stdout, done.stderr)
        self.errors = done.stderr
        return done.returncode, done.stdout

    def command(self, *verbs):
        return ["env", "-i", "PATH=/bin:/usr/bin", *SHELLS[self.kind], "-u",
                "/etc/init.d/ntpd", *verbs]

    def pid(self):
        return self.machine.ntpd_pid()

    def open_to_all(self):
        for folder in (self.machine.root, *self.machine.root.parents[:3]):
            folder.chmod(0o755)

    def command_line(self):
        with open(f"/proc/{self.pid()}/cmdline", "rb") as file:
            return file.read().decode().split("\0")


@pytest.fixture(name="make")
def _make(privileged, tmp_path):
    switch = Switch()
    boxes = []

    def make(kind):
        boxes.append(Box(Machine(tmp_path / kind, switch, "10.97.0.2/24"),
                         kind))
        return boxes[-1]

    yield make
    for box in boxes:
        box("stop")
        box.machine.close()
    switch.close()


# Whatever /bin/sh is; -u: no variable is meant to be missing.
SHELLS = {"debian": ["dash"], "redhat": ["bash", "--posix"],
          "other": ["busybox", "sh"]}
KINDS = pytest.mark.parametrize("kind", ["debian", "redhat", "other"])
SAYS = {"debian": "{} NTP server: ntpd.\n", "redhat": "{} ntpd: [  OK  ]\n",
        "other": "{} ntpd: [  OK  ]\n"}


@KINDS
def test_a_day_of_a_service(make, kind):
    box = make(kind)
    says = SAYS[kind]
    assert box("status") == (3, "ntpd is stopped\n")
    assert box("start") == (0, says.format("Starting"))
    first = box.pid()
    assert box("status") == (0, f"ntpd (pid  {first}) is running...\n")
    assert box.machine.run(BUILD / "ntpq", "-c", "rv",
                           "127.0.0.1").returncode == 0
    assert (kind == "other") == ("-g" not in box.command_line())
    assert box("start")[0] == 0 and box.pid() == first
    assert box("reload") == (0, says.format("Reloading"))
    assert box("force-reload")[0] == 0
    assert box.pid() == first and not is_gone(first)
    assert box("restart") == (0, says.format("Stopping") +
                              says.format("Starting"))
    second = box.pid()
    assert second != first and is_gone(first)
    assert box("condrestart")[0] == 0
    third = box.pid()
    assert box("try-restart")[0] == 0
    assert len({second, third, box.pid()}) == 3
    last = box.pid()
    assert box("stop") == (0, says.format("Stopping"))
    assert is_gone(last) and not box.machine.path(PID).exists()
    assert box("stop")[0] == 0
    # Of what does not run nothing is started by the by.
    for verb in ("condrestart", "try-restart"):
        assert box(verb)[0] == 0
    assert box("reload") == (7, "ntpd is stopped\n")
    assert box("status") == (3, "ntpd is stopped\n")
    assert box("force-reload")[0] == 0
    assert box("status")[0] == 0


def test_it_holds_the_port_and_a_name(make):
    box = make("debian")
    box("start")
    with open(f"/proc/{box.pid()}/comm", encoding="ascii") as file:
        assert file.read() == "ntpd\n"
    said = box.machine.run(BUILD / "ntpdate", "127.0.0.1")
    assert "the NTP socket is in use" in said.stderr
    box("stop")
    said = box.machine.run(BUILD / "ntpdate", "-t", "0.2", "127.0.0.1")
    assert "in use" not in said.stderr


def test_what_died(make):
    box = make("redhat")
    box("start")
    pid = box.pid()
    os.kill(pid, signal.SIGKILL)
    assert wait_for(lambda: is_gone(pid))
    assert box("status") == (1, "ntpd dead but pid file exists\n")
    box.machine.path(PID).unlink()
    assert box("status") == (2, "ntpd dead but subsys locked\n")
    # Another has the number now.
    other = box.machine.start("sleep", "60")
    box.machine.write(PID, f"{other.pid}\n")
    assert box("status")[0] == 1
    assert box("stop")[0] == 0 and other.poll() is None
    assert box("start")[0] == 0
    assert box.pid() != other.pid
    # Who cannot know says so.
    box.machine.path(PID).chmod(0o600)
    box.open_to_all()
    assert box("status", before=NOBODY)[0] == 4


@KINDS
def test_two_at_once(make, kind):
    """One of them starts it, and both say that it runs."""
    box = make(kind)
    both = [box.machine.start(*box.command("start")) for _ in range(2)]
    assert [one.wait(30) for one in both] == [0, 0]
    pid = box.pid()
    assert not is_gone(pid)
    assert box("status")[0] == 0 and box.pid() == pid
    both = [box.machine.start(*box.command("stop")) for _ in range(2)]
    assert [one.wait(30) for one in both] == [0, 0]
    assert is_gone(pid)
    assert box("status")[0] == 3


def test_what_cannot_be(make):
    box = make("redhat")
    assert box()[0] == 2 and box("fly")[0] == 2
    assert "start|stop|restart" in box.errors
    box.open_to_all()
    for verb in ("start", "stop", "reload", "restart"):
        assert box(verb, before=NOBODY)[0] == 4
    assert box("status", before=NOBODY)[0] == 3
    box.machine.write("etc/sysconfig/network", "NETWORKING=no\n")
    assert box("start")[0] == 1
    box.machine.path("etc/sysconfig/network").unlink()
    box.machine.path("etc/sysconfig/ntpd").unlink()
    assert box("start")[0] == 6
    script = box.machine.path("etc/init.d/ntpd").read_text()
    box.machine.write("etc/init.d/ntpd", script.replace(
        f"daemon={BUILD}/ntpd", "daemon=/not/there/ntpd"))
    assert box("start")[0] == 5


def test_who_cannot_start_says_so(make):
    box = make("debian")
    box.machine.write("etc/default/ntp", 'NTPD_OPTS="-u nosuchuser"\n')
    assert box("start") == (1, "Starting NTP server: ntpd failed!\n")
    assert box("status")[0] in (1, 3)


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="no shellcheck")
def test_shellcheck_has_nothing_to_say():
    done = subprocess.run(["shellcheck", "-s", "sh", "-e", "SC1090,SC1091",
                           SCRIPT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_insserv_and_chkconfig_find_their_lines():
    text = SCRIPT.read_text()
    assert re.search(r"^# chkconfig: - 58 74$", text, re.M)
    assert re.search(r"^# description: .*\\\n#  +\S", text, re.M)
    block = text.partition("### BEGIN INIT INFO\n")[2].partition(
        "### END INIT INFO")[0]
    keys = dict(re.findall(r"^# ([A-Z][A-Za-z-]+): +(.*)$", block, re.M))
    assert keys["Provides"].split() == ["ntpd", "ntp"]
    assert "$network" in keys["Required-Start"]
    assert keys["Default-Start"] == "2 3 4 5"
