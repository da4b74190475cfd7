# SPDX-License-Identifier: BSD-2-Clause
"""Installed over another suite's daemon, which runs, and purged again."""

import pytest

import disk
from lab import wire
from machine import Machine
from story import SERVER, SYNCHRONISED, card

UPSTREAM = "203.0.113.7"
CONF = f"""# mine
driftfile /var/lib/ntp/drift
restrict default nomodify notrap nopeer noquery
restrict 127.0.0.1
server {UPSTREAM} iburst
"""
# Package and the name of its process.
OTHERS = {"chrony": "chronyd", "ntpsec": "ntpd"}
# All files but what the system itself writes all the time.
EVERYTHING = ("find / -xdev '(' -path /proc -o -path /sys -o -path /run "
              "-o -path /tmp -o -path /root -o -path /var/lib/dpkg "
              "-o -path /var/cache -o -path /var/tmp "
              "-o -path /var/lib/systemd/timers -o -path /var/log/journal "
              "-o -path /var/lib/apt -o -path /var/log/apt ')' -prune -o -print | "
              "grep -v -E '/var/(log|backups)/[^/]*$|__pycache__' | sort")


def package_of(name, folder):
    """Debian's, by the apt of this machine."""
    disk.run(["apt-get", "download", name], folder / "apt.log", cwd=folder)
    return next(folder.glob(f"{name}_*.deb"))


@pytest.fixture(params=OTHERS)
def machine(request, tmp_path, debs, ether):
    try:
        other = package_of(request.param, tmp_path)
    except RuntimeError as trouble:
        pytest.skip(f"{request.param} cannot be had here: {trouble}")
    ether.servers[UPSTREAM] = wire.Server(1, "PPS")
    (tmp_path / "mine.conf").write_text(CONF)
    image = disk.image_of(
        "systemd", [*debs, other, tmp_path / "mine.conf"],
        card(SERVER) + f"dpkg -i /root/{request.param}_*.deb\n"
        "cp mine.conf /etc/ntp.conf\n")
    with Machine(tmp_path / "guest", image, ether.plug(), 23) as one:
        one.other = request.param
        yield one


def test_another_daemon_gives_way_and_ntp_conf_stays(machine, ether):
    machine.ready()
    process = OTHERS[machine.other]
    machine.wait(f"pidof {process}", "[0-9]+", 60)
    before = set(machine.say(EVERYTHING).splitlines())
    machine.say("dpkg -i truechimer*.deb", 240)
    assert machine.say("cat /etc/ntp.conf") == CONF
    installed = machine.say("dpkg -l | grep '^ii' | cat")
    assert "truechimer-ntpdate" in installed
    assert f" {machine.other} " not in installed
    if process != "ntpd":
        assert machine.type(f"pidof {process}") == ("", 1)
    exe = machine.say("dpkg -S $(readlink /proc/$(pidof ntpd)/exe)")
    assert exe.startswith("truechimer: "), exe
    machine.wait("ntpstat", SYNCHRONISED)
    assert machine.say("systemctl is-enabled ntpd") == "enabled\n"
    said = machine.say("systemctl --failed --no-legend --plain | cat")
    assert said == "", said
    error, trip, _, _ = ether.ask(5, SERVER)
    assert wire.sure_error(error, trip) < 0.1

    machine.say("apt-get -y purge truechimer truechimer-ntpdate", 240)
    assert machine.type("pidof ntpd") == ("", 1)
    left = {path for path in machine.say(EVERYTHING).splitlines()
            if path not in before and machine.other not in path}
    assert left == set(), sorted(left)
    assert machine.type("getent passwd ntp")[1] == 2
    said = machine.say("systemctl --failed --no-legend --plain | cat")
    assert said == "", said
