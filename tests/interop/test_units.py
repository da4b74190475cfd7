# SPDX-License-Identifier: BSD-2-Clause
"""The units of systemd: how much they allow, and that ntpd lives with that.
Real ones run in tests/installed."""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import pytest

from lab import BUILD, HERE, SOURCE
from lab.cable import LOCAL, Cable, needs_xdp
from lab.filtered import settings
from lab.lan import v4
from lab.namespace import wait_for
from lab.supervisor import Supervisor

UNITS = BUILD / "packaging"
needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"),
                                   reason="needs systemd-analyze")
needs_units = pytest.mark.skipif(not (UNITS / "ntpd.service").exists(),
                                 reason="this build has no units")
pytestmark = [needs_systemd, needs_units]
# As root with no more rights than the unit gives, but never the clock; and with
# the group of the unit, which is another here.
ID = ["setpriv", "--groups=65534", "--inh-caps=-all", "--bounding-set="]


def analyze(*words):
    return subprocess.run(["systemd-analyze", *map(str, words)], text=True,
                          capture_output=True, check=False, timeout=60)


@pytest.mark.parametrize("unit,most", [("ntpd", 2.5), ("ntp-wait", 2.0),
                                       ("ntpdate", 3.5),
                                       ("truechimer-networkd", 2.5),
                                       ("truechimer-networkmanager", 2.5)])
def test_how_much_a_unit_is_exposed(unit, most):
    done = analyze("security", "--offline=true", "--no-pager",
                   f"--threshold={most * 10:.0f}", UNITS / f"{unit}.service")
    print(done.stdout.splitlines()[-1])
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("unit", ["ntpd", "ntp-wait", "ntpdate",
                                  "truechimer-networkd",
                                  "truechimer-networkmanager"])
def test_systemd_understands_every_line(tmp_path, unit):
    for name in ("ntpd", "ntp-wait", "ntpdate", "truechimer-networkd",
                 "truechimer-networkmanager"):
        text = (UNITS / f"{name}.service").read_text()
        (tmp_path / f"{name}.service").write_text(
            re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", text, flags=re.M))
    done = analyze("verify", "--man=no", tmp_path / f"{unit}.service")
    said = [line for line in done.stderr.splitlines() if str(tmp_path) in line
            or line.startswith(f"{unit}.service")]
    assert said == [] and done.returncode == 0, done.stderr


DOCS = SOURCE / "docs/service.md"
DROPINS = re.findall(r"^# ([^\n]+(?:\n# [^\n]+)*)\n(\[Service\]\n.*?)\n(?:\n|```)",
                     DOCS.read_text(), re.M | re.S)


@pytest.mark.parametrize("title,lines", DROPINS, ids=[t for t, _ in DROPINS])
def test_systemd_understands_the_drop_ins_of_the_docs(tmp_path, title, lines):
    """And they add to the unit: a list that is given again is longer."""
    text = (UNITS / "ntpd.service").read_text()
    (tmp_path / "ntpd.service").write_text(
        re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", text, flags=re.M))
    (tmp_path / "ntpd.service.d").mkdir()
    (tmp_path / "ntpd.service.d/more.conf").write_text(lines + "\n")
    done = analyze("verify", "--man=no", tmp_path / "ntpd.service")
    said = [line for line in done.stderr.splitlines() if str(tmp_path) in line]
    assert said == [] and done.returncode == 0, (title, done.stderr)
    whole = analyze("security", "--offline=true", "--no-pager",
                    "--threshold=50", tmp_path / "ntpd.service")
    assert whole.returncode == 0, whole.stdout


def test_the_docs_have_drop_ins():
    assert len(DROPINS) == 5


def test_who_is_started_in_which_order():
    def words(unit, name):
        return sum(settings(UNITS / f"{unit}.service", name), [])

    assert {"systemd-timesyncd.service", "chrony.service", "chronyd.service",
            "ntpsec.service", "openntpd.service"} <= set(
                words("ntpd", "Conflicts"))
    # A boot waits for no network.
    assert "network-online.target" not in words("ntpd", "After")
    assert "time-sync.target" not in words("ntpd", "Before")
    for unit in ("ntp-wait", "ntpdate"):
        assert "time-sync.target" in words(unit, "Before")
    assert words("ntpd", "EnvironmentFile") == ["-/etc/default/ntp",
                                                "-/etc/sysconfig/ntpd"]
    assert words("ntpd", "Type") == ["notify"]


# --- ntpdate.service ---

ASKED = """#!/bin/sh
echo "$@" >>"$0.log"
n=$(wc -l <"$0.log")
[ "$n" -gt 1 ]
"""


@pytest.fixture(name="once")
def _once(tmp_path):
    """Runs the script of ntpdate.service on files of its own; what it called
    ntpdate with, whose first run fails, and its exit status."""
    def once(**files):
        for folder in ("default", "sysconfig", "ntp"):
            (tmp_path / folder).mkdir()
        for name, text in files.items():
            path = name.replace("_", "/", 1).replace("__", "-")
            path = {"conf": "ntp.conf"}.get(path, path)
            (tmp_path / path).write_text(text)
        for name, text in (("ntpdate", ASKED), ("sleep", "#!/bin/sh\n"),
                           ("hwclock", "#!/bin/sh\necho $@ >$0.log\n")):
            (tmp_path / name).write_text(text)
            (tmp_path / name).chmod(0o755)
        script = re.sub(r"\S+/ntpdate -b", f"{tmp_path}/ntpdate -b",
                        (UNITS / "ntpdate-once").read_text())
        done = subprocess.run(
            ["sh", "-c", script.replace("/etc/", f"{tmp_path}/")], text=True,
            capture_output=True, check=False, timeout=30,
            env={"PATH": f"{tmp_path}:/bin:/usr/bin"})
        log = tmp_path / "ntpdate.log"
        calls = log.read_text().splitlines() if log.exists() else []
        return done.returncode, [call.split() for call in calls]

    return once


SERVERS = ("# server no.test\nserver -4 a.test iburst\n  pool b.test\n"
           "server 127.127.1.0\npeer c.test\nserverless d.test\n")


@pytest.mark.parametrize("files,words", [
    ({"conf": SERVERS}, "a.test b.test c.test"),
    ({"conf": SERVERS, "ntp_step__tickers": "# none\n"},
     "a.test b.test c.test"),
    ({"conf": SERVERS, "ntp_step__tickers": "s.test # one\n192.0.2.1\n"},
     "s.test 192.0.2.1"),
    ({"conf": SERVERS, "default_ntpdate":
      'NTPDATE_USE_NTP_CONF=no\nNTPSERVERS="d.test e.test"\n'
      'NTPOPTIONS="-v"\n'}, "-v d.test e.test"),
    ({"conf": SERVERS, "default_ntpdate":
      'NTPDATE_USE_NTP_CONF=yes\nNTPSERVERS="d.test"\n'},
     "a.test b.test c.test"),
    ({"conf": SERVERS, "sysconfig_ntpdate": 'OPTIONS="-p 2"\n'},
     "-p 2 a.test b.test c.test"),
])
def test_ntpdate_asks_whom_the_files_name_and_again(once, files, words):
    assert once(**files) == (0, [["-b", *words.split()]] * 2)


def test_ntpdate_without_servers_or_tries(once):
    assert once(conf="server 127.127.1.0\n") == (6, [])


def test_ntpdate_gives_up_and_sets_the_other_clock(once, tmp_path):
    files = {"conf": SERVERS, "sysconfig_ntpdate":
             "RETRIES=0\nSYNC_HWCLOCK=yes\n"}
    code, calls = once(**files)
    assert code == 1 and len(calls) == 1
    assert not (tmp_path / "hwclock.log").exists()


def test_the_other_clock_is_set_when_it_was_asked_for(once, tmp_path):
    assert once(conf=SERVERS, sysconfig_ntpdate="SYNC_HWCLOCK=yes\n")[0] == 0
    assert (tmp_path / "hwclock.log").read_text() == "--systohc\n"


# --- under its filter ---

def filtered(unit=UNITS / "ntpd.service"):
    caps = [word for words in settings(unit, "CapabilityBoundingSet")
            for word in words]
    bounding = ["-all"] + ["+" + cap[4:].lower() for cap in caps
                           if cap != "CAP_SYS_TIME"]
    return [*ID[:-1], ID[-1] + ",".join(bounding), sys.executable,
            HERE / "filtered.py", unit]


def test_what_the_filter_does_not_allow_kills():
    done = subprocess.run([*map(str, filtered()), "nice", "-n", "-5", "true"],
                          check=False)
    assert done.returncode == -signal.SIGSYS
    packet = "import socket; socket.socket(socket.AF_PACKET)"
    done = subprocess.run([*map(str, filtered()), sys.executable, "-c",
                           packet], check=False)
    assert done.returncode == -signal.SIGSYS


CONF = """
server clock.test
server 127.127.1.0
tos orphanwait 0
server-threads 2
driftfile {folder}/var/drift
statsdir {folder}/var/
statistics loopstats peerstats rawstats sysstats
keys {folder}/keys
trustedkey 1
mru maxmem 1024
restrict default limited kod
restrict some.name.of.nobody nomodify
restrict 127.0.0.1
"""


def test_the_daemon_lives_under_the_filter(lan):
    """Threads, names, files, a reload, the control socket, new addresses, a
    restart."""
    lan.fake(1, stratum=2)
    with tempfile.TemporaryDirectory(prefix="truechimer.") as made:
        folder = pathlib.Path(made)
        folder.chmod(0o755)  # nobody's, who writes to one folder in it
        (folder / "var").mkdir()
        (folder / "var").chmod(0o777)
        (folder / "keys").write_text("1 MD5 secret\n")
        conf = CONF.format(folder=folder) + f"server {v4(1)} iburst\n"
        one = Supervisor(lan, 2, conf + f"broadcastclient\nserver {v4(1)} "
                         "xleave\n", "-U", "1", "-g", "-u", "nobody:nogroup",
                         "-p", folder / "ntpd.pid", "--control",
                         folder / "ctl", "-c", folder / "ntp.conf")
        (folder / "ntp.conf").write_text(one.conf.read_text())
        try:
            live(lan, one, conf, folder)
        finally:
            one.close()


def live(lan, one, conf, folder):
    before = [*lan.files({"/etc/hosts": f"{v4(5)} clock.test\n"}),
              *filtered()]
    one.start(before=before)
    assert wait_for(lambda: any("synchronised to" in line
                                for line in one.said), 20), one.text()
    assert wait_for(lambda: f"DNS clock.test -> {v4(5)}" in one.text())
    assert "no control socket" not in one.text()
    assert "cannot" not in one.text().lower(), one.text()
    asked = one.host.run(BUILD / "ntpq", "-c", "rv", "-c", "mrulist", "-c",
                         "ifstats", "-c", "reslist", folder / "ctl")
    assert "stratum=" in asked.stdout, asked.stderr
    assert lan.host(3).exchange(v4(2), b"\x23" + bytes(47))
    lan.host(2).ip("addr", "add", v4(77) + "/24", "dev", "eth0")
    assert wait_for(lambda: lan.host(3).exchange(v4(77), b"\x23" + bytes(47)))
    (folder / "ntp.conf").write_text(conf + f"logfile {folder}/var/log\n")
    one.process.send_signal(signal.SIGHUP)
    var = folder / "var"
    assert wait_for((var / "log").exists), one.text()
    assert wait_for((var / "rawstats").exists, 30), one.text()
    assert one.end(signal.SIGTERM) == 0, one.text()
    assert (var / "drift.state").exists()
    (var / "log").write_text("")
    (var / "log").chmod(0o664)  # as logrotate makes it
    one.start(before=before)
    assert lan.host(3).exchange(v4(2), b"\x23" + bytes(47))
    assert "Starting" in (var / "log").read_text()
    time.sleep(2)
    assert one.process.poll() is None
    assert (folder / "ntpd.pid").read_text().strip() == \
        str(one.process.pid)


@needs_xdp
def test_what_xdp_needs_more_is_what_the_docs_say(privileged):
    docs = (SOURCE / "docs/service.md").read_text()
    more = docs.partition("# interface xdp")[2].partition("\n\n")[0]
    with tempfile.TemporaryDirectory(prefix="truechimer.") as made:
        os.chmod(made, 0o755)
        unit = pathlib.Path(made, "ntpd.service")
        unit.write_text((UNITS / "ntpd.service").read_text() + more)
        cable = Cable(pathlib.Path(made))
        try:
            cable.serving(LOCAL + "restrict default\ninterface xdp eth0\n",
                          "-u", "nobody:nogroup", before=filtered(unit))
            assert cable.attached(), cable.text()
            before = cable.counts()["answered"]
            assert cable.ask()
            assert cable.counts()["answered"] == before + 1
        finally:
            cable.close()
