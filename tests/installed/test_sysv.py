# SPDX-License-Identifier: BSD-2-Clause
"""The how-to on a Debian without systemd: sysvinit and the init script."""
import re
import threading
import time

import pytest

import disk
from lab import wire
from machine import Machine
from story import (ADJUST, HOLD, IN_USE, NO_SERVER, SERVER, STEP,
                   SYNCHRONISED, Story, card)

UPSTREAM, LEASED = "203.0.113.7", "203.0.113.9"
NAME = "ntp.example.org"
AHEAD_S = 47.0
# This machine's: its package wants a cron, and Debian 13's cannot be set up by
# debootstrap where systemd is not init.
LOGROTATE = "/usr/sbin/logrotate"
CONF = f"""driftfile /var/lib/ntp/drift
restrict default nomodify notrap nopeer noquery
restrict 127.0.0.1
restrict ::1
server {NAME} iburst
"""


def rotate(story, machine):
    machine.say("echo logfile /var/log/ntp.log >/etc/ntp.d/log.conf; "
                "service ntpd restart")
    story.type(machine, "rotated", "logrotate -f /etc/logrotate.d/ntp")
    machine.wait("cat /var/log/ntp.log", "log opened again")
    machine.say("ntpq -c ':config server 203.0.113.66'; "
                "ntpq -c ':config unpeer 203.0.113.66'")
    story.type(machine, "new log", "cat /var/log/ntp.log")
    story.type(machine, "old log", "cat /var/log/ntp.log.1")
    machine.say("rm /etc/ntp.d/log.conf; service ntpd restart")


def type_all(story, machine, ether):
    story.took["boot"] = machine.ready()
    story.type(machine, "init", "cat /proc/1/comm")
    story.type(machine, "install", "dpkg -i truechimer*.deb", 240)
    story.type(machine, "running", "service ntpd status")
    machine.say("cat ntp.conf >/etc/ntp.conf")
    story.type(machine, "stop", "service ntpd stop")
    story.type(machine, "stopped", "service ntpd status")
    story.type(machine, "first", f"ntpdate {NAME}")
    story.type(machine, "again", f"ntpdate {NAME}")
    story.type(machine, "date", 'date -s "2021-10-30 19:27:16"')
    story.type(machine, "start", "service ntpd start")
    story.watch("set right")
    story.type(machine, "started", "service ntpd status")
    story.type(machine, "twice", "service ntpd start")
    story.type(machine, "enable", "update-rc.d ntpd defaults")
    story.type(machine, "enabled", "ls -1 /etc/rc2.d /etc/rc0.d")
    story.type(machine, "netstat", "netstat -nap | grep 123")
    machine.wait("ntpstat", SYNCHRONISED)
    story.type(machine, "ntpstat", "ntpstat")
    story.type(machine, "ntpq", "ntpq -p")
    story.type(machine, "in use", f"ntpdate {NAME}")
    story.type(machine, "turn", f"service ntpd stop && ntpdate {NAME} && "
               "service ntpd start")
    story.type(machine, "reload", "service ntpd reload")
    story.type(machine, "restart", "service ntpd restart")
    story.watch("served again")
    rotate(story, machine)
    story.type(machine, "killed", "kill -9 $(cat /var/run/ntpd.pid); sleep 1; "
               "service ntpd status")
    story.type(machine, "raised", "service ntpd start")
    machine.say("service ntpd stop")
    ether.whole = False
    story.type(machine, "no server", f"ntpdate {UPSTREAM}")
    ether.whole = True
    machine.say(HOLD)
    story.type(machine, "port taken", "service ntpd start")
    machine.say("kill %1; wait %1; true")
    machine.say("echo 12.345 >/var/lib/ntp/drift")
    story.type(machine, "leased", "/usr/lib/truechimer/dhcp-servers eth0 "
               f"{LEASED}; /usr/sbin/ntpd --check")
    ether.hosts.pop(SERVER)
    watcher = threading.Thread(target=story.watch, args=("after reboot",))
    watcher.start()
    story.took["boot again"] = machine.reboot()
    watcher.join()
    story.type(machine, "after reboot status", "service ntpd status")
    story.type(machine, "drop-ins", "ls /run/ntp.d")
    story.type(machine, "drift", "cat /var/lib/ntp/drift")
    story.type(machine, "log", "grep ntpd /var/log/syslog")
    story.type(machine, "purge", "dpkg --purge truechimer truechimer-ntpdate",
               240)
    story.type(machine, "left", "ls /etc/init.d/ntpd /etc/rc?.d/*ntpd "
               "/var/lib/ntp /etc/ntp.conf /run/ntpd.pid; pidof ntpd")


@pytest.fixture(scope="module")
def story(tmp_path_factory, debs, ether):
    ether.names = {NAME: [UPSTREAM]}
    ether.servers[UPSTREAM] = wire.Server(1, "PPS")
    folder, told = tmp_path_factory.mktemp("sysv"), Story(ether)
    (folder / "ntp.conf").write_text(CONF)
    image = disk.image_of("sysv", [*debs, folder / "ntp.conf", LOGROTATE],
                          card(SERVER) + "mv logrotate /usr/sbin\n"
                          "mkdir /var/lib/logrotate\n")
    with Machine(folder / "guest", image, ether.port, 23,
                 time.time() + AHEAD_S) as machine:
        type_all(told, machine, ether)
    return told


def test_there_is_no_systemd(story):
    assert story.text("init") == "init\n"


def test_installed_it_runs(story):
    assert story.said["install"][1] == 0, story.said["install"]
    story.match("running", r"^ntpd \(pid  [0-9]+\) is running\.\.\.$")
    assert story.said["running"][1] == 0


def test_25_27_ntpdate(story):
    assert story.said["stop"][1] == 0
    assert abs(float(STEP.fullmatch(story.text("first"))[2]) + AHEAD_S) < 5
    assert abs(float(ADJUST.fullmatch(story.text("again"))[2])) < 0.1


def test_28_29_started_after_date_it_sets_years_right(story):
    assert "Oct 30 19:27:16" in story.text("date")
    assert story.said["start"][1] == 0, story.said["start"]
    error, trip, _, stratum = story.said["set right"]
    assert wire.sure_error(error, trip) < 0.1 and stratum == 2
    assert story.took["set right"] < 10
    assert story.said["twice"][1] == 0


def test_29_the_script_says_how_it_is(story):
    assert story.said["stopped"] == ("ntpd is stopped\n", 3)
    assert story.said["started"][1] == 0
    said, status = story.said["killed"]
    assert status == 1 and "ntpd dead but pid file exists" in said
    assert story.said["raised"][1] == 0
    assert story.said["port taken"][1] == 1, story.said["port taken"]
    assert story.said["reload"][1] == 0 and story.said["restart"][1] == 0


def test_the_log_goes_on_in_the_new_file(story):
    assert story.text("rotated") == ""
    assert "config: server 203.0.113.66" in story.text("new log")
    assert "Starting\n" not in story.text("new log")
    assert "Starting\n" in story.text("old log")


def test_a_lease_before_the_boot_is_none_after_it(story):
    story.match("leased", f"^server {LEASED} iburst$")
    assert story.said["drop-ins"][1] == 2


def test_30_it_is_enabled(story):
    story.text("enable")
    story.match("enabled", "^S[0-9]+ntpd$")
    story.match("enabled", "^K[0-9]+ntpd$")


def test_31_32_33_it_can_be_seen(story):
    story.match("netstat", r"^udp .* 0\.0\.0\.0:123 .* [0-9]+/ntpd\s*$")
    story.match("ntpstat", r"^synchronised to NTP server \(203\.0\.113\.7\) "
                "at stratum 2 ?$")
    story.match("ntpq", r"^\*ntp\.example\.org \.PPS\.            1 u +")


def test_46_to_51_the_troubles_of_a_client(story):
    said, status = story.said["in use"]
    assert IN_USE.fullmatch(said) and status == 1
    assert ADJUST.search(story.text("turn"))
    said, status = story.said["no server"]
    assert NO_SERVER.fullmatch(said) and status == 1
    assert story.took["served again"] < 10


def test_after_a_reboot_it_is_back_in_sync_with_its_drift(story):
    error, trip, _, _ = story.said["after reboot"]
    assert wire.sure_error(error, trip) < 0.1
    assert story.took["after reboot"] < 10
    assert story.said["after reboot status"][1] == 0
    assert story.text("drift") == "12.345\n"
    story.match("log", "freq_set kernel 12.345 PPM")


def test_purged_nothing_is_left(story):
    assert story.said["purge"][1] == 0, story.said["purge"]
    said, status = story.said["left"]
    assert status == 1 and "ntpd:" not in said.replace("cannot access", "")
    assert all("No such file" in line for line in said.splitlines()), said
    assert not re.search("[0-9]{2,}", said), said
