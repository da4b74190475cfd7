# SPDX-License-Identifier: BSD-2-Clause
"""The units of systemd: how much they allow, and that ntpd lives with that.
Real ones run in tests/installed."""
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import pytest

from lab import BUILD, HERE
from lab.filtered import settings
from lab.lan import SERVES_ALL, v4
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
                                       ("ntpdate", 3.5)])
def test_how_much_a_unit_is_exposed(unit, most):
    done = analyze("security", "--offline=true", "--no-pager",
                   f"--threshold={most * 10:.0f}", UNITS / f"{unit}.service")
    print(done.stdout.splitlines()[-1])
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("unit", ["ntpd", "ntp-wait", "ntpdate"])
def test_systemd_understands_every_line(tmp_path, unit):
    for name in ("ntpd", "ntp-wait", "ntpdate"):
        text = (UNITS / f"{name}.service").read_text()
        (tmp_path / f"{name}.service").write_text(
            re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", text, flags=re.M))
    done = analyze("verify", "--man=no", tmp_path / f"{unit}.service")
    said = [line for line in done.stderr.splitlines() if str(tmp_path) in line
            or line.startswith(f"{unit}.service")]
    assert said == [] and done.returncode == 0, done.stderr


def test_who_is_started_in_which_order():
    def words(unit, name):
        return sum(settings(UNITS / f"{unit}.service", name), [])

    assert "ntp.service" in words("ntpd", "Alias")
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


# --- under its filter ---

def filtered():
    caps = [word for words in settings(UNITS / "ntpd.service",
                                       "CapabilityBoundingSet")
            for word in words]
    bounding = ["-all"] + ["+" + cap[4:].lower() for cap in caps
                           if cap != "CAP_SYS_TIME"]
    return [*ID[:-1], ID[-1] + ",".join(bounding), sys.executable,
            HERE / "filtered.py", UNITS / "ntpd.service"]


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
    one.start(before=before)
    assert lan.host(3).exchange(v4(2), b"\x23" + bytes(47))
    time.sleep(2)
    assert one.process.poll() is None
    assert (folder / "ntpd.pid").read_text().strip() == \
        str(one.process.pid)
