# SPDX-License-Identifier: BSD-2-Clause
"""The how-to, line by line, on Debian with systemd: statements 25 to 51, 60 and
62.

Two machines on its network: a server whose clock is wrong at boot, and a
client. Beyond the gateway are servers of names and of the time. The commands
are typed in the how-to's order; the wire judges the server's clock from
outside."""
import re
import threading
import time

import pytest

import disk
from lab import guest, wire
from machine import Machine
from story import (ADJUST, CLIENT, HOLD, IN_USE, NO_SERVER, PREFIX, SERVER,
                   STEP, SYNCHRONISED, Story, card, side_by_side)

AHEAD_S = 47.0
TURNS = 3
SEED = guest.ROOT / "tests/seed/seed.ntp.conf"
NAMES = {
    "time100.stupi.se": ["192.36.143.130"],
    "tor.nocabal.de": ["131.188.3.222"],
    "0.centos.pool.ntp.org": ["86.108.190.23", "86.108.190.24"],
    "1.centos.pool.ntp.org": ["192.36.143.130"],
    "2.centos.pool.ntp.org": ["131.188.3.222"],
    "3.centos.pool.ntp.org": ["2001:440:1880:5555::2"],
}
SERVERS = {
    "86.108.190.23": wire.Server(2, "10.80.8.4"),
    "86.108.190.24": wire.Server(2, "10.80.8.4"),
    "192.36.143.130": wire.Server(1, "PPS"),
    "131.188.3.222": wire.Server(2, "131.188.3.1"),
}
FILES = {
    "client.conf": f"""driftfile /var/lib/ntp/drift
restrict default nomodify notrap nopeer noquery
restrict 127.0.0.1
restrict ::1
server {SERVER} iburst
""",
    # What `crontab -e` calls: it looks at the second in which a file was
    # changed.
    "editor": f"""#!/bin/sh
sleep 1.1
echo '* * * * * /usr/sbin/ntpdate {SERVER} >>/root/cron.log 2>&1' >"$1"
""",
}


def set_up_the_server(story, server):
    """Sections 3 to 5 of the how-to, until the clock is right."""
    story.took["boot"] = server.ready()
    story.type(server, "install", "dpkg -i truechimer*.deb", 240)
    story.type(server, "packages", "dpkg -l | cat")
    story.type(server, "running", "service ntpd status")
    story.type(server, "edit", "cat seed.ntp.conf >/etc/ntp.conf")
    server.say("service ntpd stop")
    story.type(server, "first", "ntpdate 0.centos.pool.ntp.org")
    story.type(server, "again", "ntpdate 0.centos.pool.ntp.org")
    story.type(server, "each", "ntpdate -q 0.centos.pool.ntp.org")
    story.type(server, "date", 'date -s "2021-10-30 19:27:16"')
    story.type(server, "start", "service ntpd start")
    story.watch("set right")
    story.type(server, "status", "service ntpd status")
    story.type(server, "enable", "systemctl enable ntpd")
    story.type(server, "enabled", "systemctl is-enabled ntpd")
    story.type(server, "netstat", "netstat -nap | grep 123")
    server.wait("ntpstat", SYNCHRONISED)
    story.type(server, "ntpstat", "ntpstat")
    story.type(server, "ntpq", "ntpq -p")
    story.type(server, "ntpq -n", "ntpq -pn")


def set_up_the_client(story, client):
    client.ready()
    client.say("dpkg -i truechimer*.deb", 240)
    client.say("cat client.conf >/etc/ntp.conf")
    story.type(client, "crontab", "EDITOR='sh /root/editor' crontab -e")


def try_the_client(story, server, client):
    """The how-to's extensions: troubles when a client is tested, and cron."""
    client.say("service ntpd restart")
    client.wait("ntpstat", SYNCHRONISED)
    story.type(client, "in use", f"ntpdate {SERVER}")
    story.type(client, "by cron beside", "env -i PATH=/usr/bin:/bin "
               f"/usr/sbin/ntpdate {SERVER} </dev/null")
    story.type(client, "asked beside", f"ntpdate -q {SERVER}")
    story.type(client, "client journal",
               "journalctl -u ntpd --no-pager -o short-monotonic | tail -n 50")
    story.type(client, "client stop", "service ntpd stop")
    story.type(client, "client sync", f"ntpdate {SERVER}")
    story.type(client, "client start", "service ntpd start")
    for turn in range(TURNS):
        story.type(client, f"turn {turn}", "service ntpd stop && "
                   f"ntpdate {SERVER} && service ntpd start")
    client.say("service ntpd stop")
    server.say("service ntpd stop")
    story.type(client, "not served", f"ntpdate {SERVER}")
    server.say("service ntpd start")
    begun = time.monotonic()
    client.wait(f"ntpdate {SERVER}", ADJUST.pattern.rstrip("\n"), 60, 0.2)
    story.took["served again"] = time.monotonic() - begun
    client.wait("cat cron.log", "adjust time server", 120, 2)
    story.type(client, "cron", "cat cron.log")


def look_inside(story, server):
    """How the daemon is locked in."""
    story.type(server, "exposure",
               "systemd-analyze security --no-pager ntpd.service | tail -n 1")
    story.type(server, "profile", "cat /proc/$(cat /run/ntpd.pid)/attr/current")
    story.type(server, "process", "cat /proc/$(cat /run/ntpd.pid)/status")
    story.type(server, "denied", "dmesg | grep -E 'DENIED|type=1326'")
    story.type(server, "journal", "journalctl -u ntpd --no-pager -o cat")


def restart_while_asked(story, server):
    """Somebody asks all the time, and waits for late answers."""
    answers, ended = [], threading.Event()

    def ask():
        while not ended.is_set():
            answers.append(story.ether.ask(30, SERVER))

    asking = threading.Thread(target=ask)
    asking.start()
    for _ in range(2):
        server.say("service ntpd restart")
    ended.set()
    asking.join()
    story.said["asked"] = answers


def start_beside_another(story, server):
    server.say("service ntpd stop")
    server.say(HOLD)
    story.type(server, "port taken", "service ntpd start")
    server.say("kill %1; wait %1; true; systemctl stop ntpd; "
               "systemctl reset-failed")
    story.type(server, "port free", "service ntpd start")


def reboot(story, server):
    server.say("service ntpd stop")
    # What another day would have found out, and not this one.
    server.say("echo 12.345 >/var/lib/ntp/drift")
    story.ether.hosts.pop(SERVER)  # until it is heard again
    watcher = threading.Thread(target=story.watch, args=("after reboot",))
    watcher.start()
    story.took["boot again"] = server.reboot()
    watcher.join()
    story.type(server, "drift", "cat /var/lib/ntp/drift")
    story.type(server, "journal after",
               "journalctl -b -u ntpd --no-pager -o cat")
    story.type(server, "ntpstat after", "ntpstat")


@pytest.fixture(scope="module")
def story(tmp_path_factory, debs, ether):
    ether.names, told = NAMES, Story(ether)
    ether.servers.update(SERVERS)
    folder = tmp_path_factory.mktemp("howto")
    files = [*debs, SEED]
    for name, text in FILES.items():
        (folder / name).write_text(text)
        files.append(folder / name)
    images = [disk.image_of("systemd", files, card(address))
              for address in (SERVER, CLIENT)]
    with Machine(folder / "server", images[0], ether.port, 23,
                 time.time() + AHEAD_S) as server, \
            Machine(folder / "client", images[1], ether.plug(), 50,
                    time.time()) as client:
        side_by_side(lambda: set_up_the_server(told, server),
                     lambda: set_up_the_client(told, client))
        try_the_client(told, server, client)
        look_inside(told, server)
        restart_while_asked(told, server)
        start_beside_another(told, server)
        reboot(told, server)
    return told


def test_07_packages_of_the_daemon_and_of_ntpdate(story):
    story.match("packages", r"^ii +truechimer-ntpdate ")
    story.match("packages", r"^ii +truechimer ")


def test_installed_it_runs(story):
    assert story.said["install"][1] == 0, story.said["install"]
    assert "Active: active (running)" in story.text("running")


def test_25_26_ntpdate_before_the_daemon(story):
    step = STEP.fullmatch(story.text("first"))
    assert step and step[1] in NAMES["0.centos.pool.ntp.org"], story.said["first"]
    assert abs(float(step[2]) + AHEAD_S) < 5
    for address in NAMES["0.centos.pool.ntp.org"]:
        story.match("each", rf"^server {address}, stratum 2, offset ")


def test_27_what_is_left_is_adjusted(story):
    adjust = ADJUST.fullmatch(story.text("again"))
    assert adjust and abs(float(adjust[2])) < 0.1, story.said["again"]


def test_28_29_started_after_date_it_sets_years_right(story):
    assert "Oct 30 19:27:16" in story.text("date")
    assert story.text("start") == ""
    error, trip, _, stratum = story.said["set right"]
    assert wire.sure_error(error, trip) < 0.1 and stratum in (2, 3)
    assert story.took["set right"] < 10
    assert "Active: active (running)" in story.text("status")


def test_29_a_busy_port_fails_the_start(story):
    assert story.said["port taken"][1] == 1
    assert story.said["port free"] == ("", 0)


def test_30_it_is_enabled(story):
    story.text("enable")
    assert story.text("enabled") == "enabled\n"


def test_31_netstat_shows_it(story):
    for address in ("0.0.0.0", "127.0.0.1", SERVER, "::", "::1"):
        story.match("netstat", rf"^udp6? .* {address}:123 .* [0-9]+/ntpd\s*$")


def test_32_ntpstat(story):
    assert re.fullmatch(
        r"synchronised to NTP server \([0-9.]+\) at stratum [23] ?\n"
        r"   time correct to within [0-9]+ ms\n"
        r"   polling server every [0-9]+ s\n", story.text("ntpstat"))


def test_33_to_45_ntpq(story):
    rows = story.text("ntpq").splitlines()
    assert rows[:2] == ["     remote           refid      st t when poll reach"
                        "   delay   offset  jitter", "=" * 78]
    assert len(rows) == 7
    numbers = r" +[0-9]+\.[0-9]{3} +-?[0-9]+\.[0-9]{3} +[0-9]+\.[0-9]{3}$"
    story.match("ntpq", r"^[*+#-]time100\.stupi\.s \.PPS\.            1 u +[0-9]+"
                " +64 +[0-7]+" + numbers)
    story.match("ntpq", r"^[*+#-]tor\.nocabal\.de  131\.188\.3\.1      2 u +[0-9]+"
                " +64 +[0-7]+" + numbers)
    story.match("ntpq -n", r"^ 2001:440:1880:5 \.INIT\.          16 u    -   64"
                "    0    0.000    0.000   0.000$")
    story.match("ntpq", r"^ LOCAL\(0\)        \.LOCL\.          10 l +")
    assert len(re.findall(r"^\*", story.text("ntpq"), re.M)) == 1


def test_46_62_beside_the_daemon_ntpdate_refuses(story):
    for name in ("in use", "by cron beside"):
        said, status = story.said[name]
        assert IN_USE.fullmatch(said) and status == 1, said
    assert ADJUST.search(story.text("asked beside"))


def test_47_48_49_stop_ntpdate_start(story):
    assert ADJUST.fullmatch(story.text("client sync"))[1] == SERVER
    for turn in range(TURNS):
        assert ADJUST.fullmatch(story.text(f"turn {turn}"))[1] == SERVER


def test_50_no_server_suitable(story):
    said, status = story.said["not served"]
    assert NO_SERVER.fullmatch(said) and status == 1, said
    assert story.took["not served"] < 10


def test_51_started_again_it_serves_in_seconds(story):
    """Not in three to five minutes."""
    assert story.took["served again"] < 10


def test_a_restart_loses_no_request(story):
    answers = story.said["asked"]
    assert len(answers) > 20 and None not in answers
    assert all(leap != 3 for _, _, leap, _ in answers)


def test_60_cron(story):
    story.text("crontab")
    assert re.search("^" + PREFIX + f"adjust time server {SERVER} offset ",
                     story.text("cron"), re.M)


def test_after_a_reboot_it_is_back_in_sync_with_its_drift(story):
    error, trip, _, _ = story.said["after reboot"]
    assert wire.sure_error(error, trip) < 0.1
    assert story.took["after reboot"] < 10
    assert story.text("drift") == "12.345\n"
    assert "freq_set kernel 12.345 PPM" in story.text("journal after")
    assert re.match(SYNCHRONISED, story.text("ntpstat after"))


def test_it_is_locked_in_and_misses_nothing(story):
    exposure = story.match("exposure", r"exposure level for ntpd\.service: "
                           r"([0-9.]+)")
    assert float(exposure[1]) <= 2.5
    assert story.text("profile").strip() == "/usr/sbin/ntpd (enforce)"
    assert re.search(r"^Seccomp:\s+2$", story.text("process"), re.M)
    assert re.search(r"^NoNewPrivs:\s+1$", story.text("process"), re.M)
    assert not re.search(r"^Uid:\s+0\b", story.text("process"), re.M)
    assert story.said["denied"] == ("", 1)
    journal = story.text("journal")
    assert "not permitted" not in journal and "denied" not in journal.lower()
