# SPDX-License-Identifier: BSD-2-Clause
"""The commands of ntpq that a person reads, against real daemons in real
trouble, and against hostile ones (SECURITY.md I8, I9)."""
import fcntl
import json
import os
import pathlib
import pty
import re
import select
import signal
import struct
import subprocess
import termios

import pytest

from lab import BUILD
from lab.lan import v4
from lab.namespace import wait_for

NTPQ = BUILD / "ntpq"
OPEN = "restrict default kod limited nomodify\n"
SYSTEM = ('version="ntpd 9", leap=0, stratum=2, rootdelay=10, rootdisp=5, '
          'refid=10.99.0.1')


def q(host, *argv, **more):
    return host.run(NTPQ, *argv, **more)


def servers(*numbers, words="iburst"):
    return OPEN + "".join(f"server {v4(n)} {words}\n" for n in numbers)


def fakes(lan, *numbers):
    for number in numbers:
        lan.fake(number, stratum=1)


@pytest.fixture
def ntpsec(lan):
    """Host 9, where ntpsec's ntpd follows servers 1 to 3."""
    fakes(lan, 1, 2, 3)
    lan.ntpsec(9, servers(1, 2, 3).replace(
        OPEN, "restrict 127.0.0.1\nrestrict ::1\n"))
    host = lan.host(9)
    assert wait_for(lambda: q(host, "status").returncode == 0, 30)
    return host


@pytest.fixture
def synced(lan):
    """Host 9 follows servers 1 to 3."""
    for number in (1, 2, 3):
        lan.fake(number, stratum=number)
    daemon = lan.ntpd(9, servers(1, 2, 3))
    assert daemon.synchronised(15)
    assert wait_for(lambda: all(row.reach for row in daemon.peers()))
    return lan.host(9)


def test_in_sync(synced):
    done = q(synced, "status")
    assert re.match(r"localhost: synchronised to 10\.98\.0\.\d \(stratum \d\).*"
                    r"; the clock is right within \d[\d.]*[mu]s\. It has been "
                    r"so for \d+ s\.", done.stdout), done.stdout
    assert (done.returncode, done.stderr) == (0, "")
    rows = q(synced, "sources").stdout.splitlines()
    assert rows[0].split() == ["source", "state", "st", "offset", "+-",
                               "last", "reach", "auth", "why"]
    assert len(rows) == 4
    assert sum(row.split()[1] == "used" for row in rows[1:]) == 1, rows
    assert all(re.search(r"[+-]\d[\d.]*[mun]?s +\d[\d.]*[mun]?s +\d+ s +\d/8 "
                         r"no ", row) for row in rows[1:]), "\n".join(rows)


def test_the_same_as_a_command_and_as_a_word(synced):
    """A word is a command where it comes first and no -c is there."""
    for argv in (["-c", "status"], ["status", "127.0.0.1"], ["-n", "status"]):
        done = q(synced, *argv)
        assert "synchronised to" in done.stdout and done.returncode == 0
    done = q(synced, "-c", "peers", "status")  # here it is a host
    assert "synchronised" not in done.stdout + done.stderr


def test_waitsync_is_a_word_too(synced):
    assert q(synced, "waitsync", "2", "10", "1").returncode == 0
    assert q(synced, "waitsync", "2", "0.0000001", "0.1").returncode == 1


def test_waiting_looks_at_every_address_again(lan):
    """localhost is ::1 as well, where this daemon never listens."""
    lan.fake(1, stratum=1)
    waiting = lan.host(9).start(BUILD / "ntp-wait", "-n", "30", "-s", "1")
    assert not wait_for(lambda: waiting.poll() is not None, 1.5)
    lan.ntpd(9, servers(1), "-4")
    assert waiting.wait(30) == 0


def test_nobody_answers(lan):
    """A way, but nobody at its end: what a firewall looks like."""
    lan.host(1)
    lan.ntpd(9, servers(1, 2)).listening()
    host = lan.host(9)
    done = q(host, "status")
    assert done.stdout.startswith("localhost: NOT synchronised.")
    assert done.returncode == 1
    rows = q(host, "sources").stdout.splitlines()
    assert all(" silent " in row and "0/8" in row for row in rows[1:]), rows


def test_a_falseticker(lan):
    fakes(lan, 1, 2, 3)
    lan.fake(4, stratum=1, offset=5)
    assert lan.ntpd(9, servers(1, 2, 3, 4)).synchronised(15)
    host = lan.host(9)
    assert wait_for(lambda: "falseticker" in q(host, "sources").stdout, 15)
    row = next(line for line in q(host, "sources").stdout.splitlines()
               if line.startswith(v4(4)))
    assert "its time disagrees with the majority" in row
    done = q(host, "status")
    assert "Some servers are wrong" in done.stdout and done.returncode == 0


def test_a_single_source(lan):
    lan.fake(1, stratum=1)
    assert lan.ntpd(9, servers(1)).synchronised(15)
    assert "one source only" in q(lan.host(9), "status").stdout


def test_no_daemon(net):
    for word in ("status", "sources"):
        done = q(net, word)
        assert (done.returncode, done.stdout) == (2, "")
        assert "no NTP daemon answers" in done.stderr


def test_a_daemon_that_refuses(net):
    net.fake("fakectl.py", {"addr": "127.0.0.1", "error": 1})
    done = q(net, "status")
    assert done.returncode == 2 and "noquery" in done.stderr


def test_ntpsec(ntpsec):
    assert "synchronised to 10.98.0." in q(ntpsec, "status").stdout
    done = q(ntpsec, "sources")
    assert "the system peer" in done.stdout and done.stderr == ""
    assert q(ntpsec, "waitsync", "5", "10", "1").returncode == 0


def test_hostile_words_are_escaped(net):
    """SECURITY.md I9."""
    net.fake("fakectl.py", {
        "addr": "127.0.0.1", "status": 0x0615,
        "system": SYSTEM + ', version="\x1b[2J"',
        "peers": [[7, 0x961a, 'srcadr="\x1b]0;x\x07", srchost="\x1b[31m", '
                   'reach=0xff, refid="\x1b"']]})
    for word in ("status", "sources", "doctor"):
        done = q(net, word)
        assert done.stdout and "\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize("act", ["endless", "overlap", "beyond", "tiny",
                                 "huge", "lying", "hole"])
def test_hostile_fragments_end_it(net, act):
    """SECURITY.md I8."""
    net.fake("fakectl.py", {"addr": "127.0.0.1", "status": 0x0615,
                            "system": 'x="' + "y" * 900 + '", ' + SYSTEM,
                            "peers": [], "act": act})
    done = q(net, "status", timeout=60)
    assert done.returncode in (1, 2)


def findings(done):
    """What the doctor says, by title: (grade, finding)."""
    return {title: (grade, what) for grade, title, what in
            re.findall(r"^(OK|WARN|FAIL) +([^:]*): (.*)$", done.stdout, re.M)}


def test_the_doctor_finds_little_in_a_clock_in_sync(synced):
    done = q(synced, "doctor")
    said = findings(done)
    for title in ("a daemon answers", "it can be asked", "configuration",
                  "clock is synchronised", "port 123", "servers answer",
                  "sources agree", "error bound", "nobody else steers"):
        assert said[title][0] == "OK", done.stdout
    # Here nobody may set the clock, and all the servers are on one network.
    assert said["right to set the clock"][0] == "WARN"
    assert said["sources are independent"][0] == "WARN"
    assert (done.returncode, done.stderr) == (1, "")


def test_the_doctor_of_another_host(lan, synced):
    done = q(lan.host(8), "doctor", v4(9))
    said = findings(done)
    assert said["clock is synchronised"][0] == "OK", done.stdout
    assert "port 123" not in said and "drift file" not in said


def test_the_doctor_says_why_nobody_answers(lan):
    """A closed port, and no way at all; both known after the start only."""
    lan.host(1)
    lan.ntpd(9, servers(1, 2)).listening()
    lan.ntpd(8, OPEN + "server 192.0.2.1 iburst\n").listening()
    for number, words in ((9, "port 123 there is closed"),
                          (8, "no way to them")):
        def known():
            said = findings(q(lan.host(number), "doctor"))
            return said["servers answer"][0] == "FAIL" and \
                words in said["servers answer"][1]
        assert wait_for(known, 60)
    done = q(lan.host(9), "doctor")
    assert "requests sent, no answer ever" in done.stdout
    assert done.returncode == 2


def test_the_doctor_knows_a_firewall_that_drops(lan):
    lan.fake(1, act="silent")
    lan.ntpd(9, servers(1)).listening()
    assert wait_for(lambda: "firewall that drops" in
                    q(lan.host(9), "doctor").stdout, 60)


def test_the_doctor_and_a_broken_configuration(lan):
    lan.fake(1)
    lan.ntpd(9, servers(1) + "nonsense\ndriftfile /nowhere/drift\n"
             ).listening()
    done = q(lan.host(9), "doctor")
    said = findings(done)
    assert said["configuration"][0] == "WARN"
    assert "unknown word 'nonsense'" in said["configuration"][1]
    assert said["drift file"] == (
        "FAIL", "/nowhere/drift: its folder is missing")


def test_the_doctor_reads_what_lies_beside_the_configuration(lan):
    lan.fake(1)
    pieces = lan.folder / "ntp.d"
    pieces.mkdir()
    (pieces / "more.conf").write_text("nonsense\n")
    lan.ntpd(9, servers(1)).listening()
    grade, words = findings(q(lan.host(9), "doctor"))["configuration"]
    assert grade == "WARN"
    assert f"{pieces}/more.conf:1:0: unknown word 'nonsense'" in words


def test_the_doctor_and_old_and_missing_leap_files(lan):
    lan.fake(1)
    old = lan.file("old", "#$ 3676924800\n#@ 3692217600\n2272060800 10\n")
    for number, path, words in ((9, old, "it ended"),
                                (8, "/nowhere/leap", "there is no table")):
        lan.ntpd(number, servers(1) + f"leapfile {path}\n").listening()
        said = findings(q(lan.host(number), "doctor"))
        assert said["leap second table"][0] == "WARN"
        assert words in said["leap second table"][1]


def test_the_doctor_without_a_daemon(net):
    done = q(net, "doctor")
    said = findings(done)
    assert said["a daemon answers"] == ("FAIL", "none runs on this machine")
    assert said["port 123"] == ("OK", "free")
    assert "systemctl start ntpd" in done.stdout
    assert done.returncode == 2


def test_the_doctor_and_the_dead(net):
    """An ntpd of elsewhere that has ended and was not collected yet."""
    dead = subprocess.Popen(["bash", "-c", "echo -n ntpd > /proc/$$/comm; "
                             "kill -9 $$"])
    comm = pathlib.Path(f"/proc/{dead.pid}/comm")
    stat = pathlib.Path(f"/proc/{dead.pid}/stat")
    assert wait_for(lambda: stat.read_text().rpartition(")")[2][1] == "Z")
    assert comm.read_text() == "ntpd\n"
    said = findings(q(net, "doctor"))
    dead.wait()
    assert said["a daemon answers"] == ("FAIL", "none runs on this machine")


def test_the_doctor_names_who_holds_the_port(net):
    net.fake("fakectl.py", {"addr": "127.0.0.1", "act": "silent"})
    said = findings(q(net, "doctor", timeout=60))
    assert said["port 123"][0] == "FAIL"
    assert re.match(r"held by python3\S* \(pid \d+\)", said["port 123"][1])


def test_the_doctor_and_ntpsec(ntpsec):
    said = findings(q(ntpsec, "doctor"))
    assert said["clock is synchronised"][0] == "OK"
    assert "ntpsec" in said["a daemon answers"][1]


def spoken(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_same_as_json(synced):
    said, = spoken(q(synced, "--json", "status"))
    assert said["verdict"]["synchronised"] and said["ok"]
    assert 0 < said["verdict"]["bound_s"] < 0.1
    assert said["verdict"]["summary"].startswith("localhost: synchronised to")
    said, = spoken(q(synced, "--json", "sources"))
    assert len(said["sources"]) == 3
    assert {s["state"] for s in said["sources"]} <= {
        "used", "combined", "outlier", "backup"}
    assert all(abs(s["offset_s"]) < s["error_s"] < 0.1
               for s in said["sources"])
    done = q(synced, "--json", "doctor")
    said, = spoken(done)
    grades = {c["check"]: c["grade"] for c in said["checks"]}
    assert grades["sync"] == "OK" and grades["auth"] == "UNKNOWN"
    assert done.returncode == 1


def test_no_daemon_as_json(net):
    done = q(net, "--json", "status")
    said, = spoken(done)
    assert said["error"]["kind"] == "system" and not said["ok"]
    assert done.returncode == 2


def test_watch_where_there_is_no_terminal(synced):
    done = q(synced, "watch", "0.2", "3")
    assert done.stdout.count("localhost: synchronised to") == 3
    assert done.stdout.count("\nsource ") == 3 and "\x1b" not in done.stdout
    assert done.returncode == 0
    *rounds, end = spoken(q(synced, "--json", "watch", "0.2", "2"))
    assert len(rounds) == 2 and end["ok"]
    assert all(r["verdict"]["synchronised"] and r["sources"] for r in rounds)
    assert q(synced, "watch", "0").returncode == 1


class Terminal:
    """A terminal of 60 columns, with ntpq watch in it."""

    def __init__(self, host, **env):
        self.here, there = pty.openpty()
        fcntl.ioctl(there, termios.TIOCSWINSZ, struct.pack("HHHH", 12, 60, 0, 0))
        self.there, self.before, self.text = there, termios.tcgetattr(there), ""
        self.process = subprocess.Popen(
            host.command([NTPQ, "watch", "0.2"]), stdin=there, stdout=there,
            stderr=there,
            env={"PATH": os.environ["PATH"], "TERM": "xterm", **env})

    def shows(self, words, seconds=10):
        def look():
            while select.select([self.here], [], [], 0)[0]:
                self.text += os.read(self.here, 65536).decode()
            return words in self.text
        return wait_for(look, seconds)

    def ends(self):
        """Ends, and leaves the terminal as it was."""
        code = self.process.wait(10)
        assert self.shows("\x1b[?25h\x1b[?1049l")
        assert termios.tcgetattr(self.there) == self.before
        return code


@pytest.mark.parametrize("how", ["q", "\x03", signal.SIGTERM])
def test_watch_on_a_terminal_and_its_end(synced, how):
    screen = Terminal(synced)
    assert screen.shows("the clock is right")
    assert screen.shows("\x1b[32m")  # green, for a source in use
    if isinstance(how, str):
        if how == "\x03":
            screen.process.send_signal(signal.SIGINT)
        else:
            os.write(screen.here, how.encode())
        assert screen.ends() == 0
    else:
        screen.process.send_signal(how)
        assert screen.ends() != 0
    assert "\x1b[2J" not in screen.text  # what is cleared first flickers
    for line in re.sub(r"\x1b\[[?0-9;]*[A-Za-z]", "",
                       screen.text).split("\r\n"):
        assert len(line) <= 60


def test_watch_without_colours(synced):
    screen = Terminal(synced, NO_COLOR="1")
    assert screen.shows("the clock is right") and screen.shows("used ")
    os.write(screen.here, b"q")
    assert screen.ends() == 0
    assert not re.search(r"\x1b\[\d*m", screen.text)
