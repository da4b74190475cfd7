# SPDX-License-Identifier: BSD-2-Clause
"""The service with all its features, locked in as it is shipped: AppArmor
enforces its profile, the unit its filters. Then it is killed and stopped."""
import re
import threading
import time

import pytest

import disk
from lab import HERE, SOURCE, wire
from machine import Machine
from story import SERVER, SYNCHRONISED, Story, card

UPSTREAM, NAME = "203.0.113.7", "ntp.example.org"
CONF = f"""driftfile /var/lib/ntp/drift
logfile /var/log/ntp.log
leapfile /etc/ntp/leap-seconds.list
keys /etc/ntp/keys
trustedkey 1
statsdir /var/log/ntpstats/
statistics loopstats peerstats rawstats sysstats clockstats
filegen peerstats file peerstats type day link enable
saveconfigdir /var/lib/ntp/saved
server-threads 2
restrict default nomodify notrap noquery mssntp
restrict 198.51.100.0 mask 255.255.255.0 limited kod
restrict another.example.org nomodify
restrict 127.0.0.1
restrict ::1
server {NAME} iburst
server 127.127.28.2 minpoll 4 noselect
"""
# A stand-in for Samba, who is asked to sign; a client that wants that.
SAMBA = """
import os, shutil, socket
made, path = socket.socket(socket.AF_UNIX), "/var/lib/samba/ntp_signd/socket"
made.bind(path)
made.listen()
os.chmod(path, 0o770)
shutil.chown(path, group="ntp")
while made.accept()[0].recv(1000):
    open("/root/signed", "w").write("asked")
"""
CLIENT = f"""
import socket
us = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
us.sendto(bytes([0x1b]) + bytes(46) + bytes([1]) + b"abcd" + bytes(16),
          ("{SERVER}", 123))
"""
PREPARE = """
mkdir -p /etc/ntp /etc/ntp.d /var/lib/ntp/saved /var/lib/samba/ntp_signd
cp confined.conf /etc/ntp.conf
echo "server 203.0.113.8 iburst" >/etc/ntp.d/more.conf
cp /usr/share/zoneinfo/leap-seconds.list /etc/ntp/leap-seconds.list
echo "1 SHA1 secretsecret" >/etc/ntp/keys
echo "server 203.0.113.8" >/etc/ntp/by-hand
touch /var/log/ntp.log
chown ntp:ntp /etc/ntp/keys /var/log/ntp.log /var/lib/ntp/saved
chmod 600 /etc/ntp/keys /var/log/ntp.log
cat >/etc/default/ntp <<END
NTPD_OPTS="-g --record=/var/log/ntp.record"
END
"""
DROPIN = "/etc/systemd/system/ntpd.service.d/test.conf"
WATCHDOG_S = 6
DENIED = "dmesg | grep -E 'apparmor=\"DENIED\"|type=1326' | cat"


def documented(title):
    """The drop-in of docs/service.md under this comment."""
    text = (SOURCE / "docs/service.md").read_text()
    block = text.partition(f"\n# {title}")[2].partition("\n\n")[0]
    assert block, title
    return block[block.index("["):].partition("\n```")[0]


def put_in(machine, text, conf=""):
    machine.say(f"mkdir -p $(dirname {DROPIN}); printf %s '{text}' >{DROPIN}; "
                f"printf %s '{conf}' >/etc/ntp.d/test.conf; "
                "systemctl daemon-reload; systemctl restart ntpd", 60)


def stop_for_good(machine):
    machine.say("systemctl stop ntpd; systemctl reset-failed ntpd")


def ask_for(ether, seconds):
    """When each question was asked, and whether it was told the time."""
    asked, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        begun = time.monotonic()
        answer = ether.ask(0.05, SERVER)
        asked.append((begun, answer is not None and answer[2] != 3))
        time.sleep(max(0, begun + 0.01 - time.monotonic()))
    return asked


def gap(asked):
    """The longest time without an answer that tells the time."""
    good = [at for at, answered in asked if answered]
    return max(b - a for a, b in zip(good, good[1:]))


def use_all(story, machine):
    machine.ready()
    machine.say("python3 samba.py >/dev/null 2>&1 & "
                "python3 shmwriter.py 2 0 0 -20 >shm.log 2>&1 & "
                "systemctl restart ntpd")
    machine.wait("stat -c %G /var/lib/samba/ntp_signd/socket", "^ntp$")
    machine.wait("ntpstat", SYNCHRONISED)
    story.type(machine, "profile", "cat /proc/$(cat /run/ntpd.pid)/attr/current")
    machine.wait("ntpq -pn", r"28\.2 .*[1-7] +[0-9.]+ +-?[0-9.]+ +[0-9.]+$")
    story.type(machine, "peers", "ntpq -pn")
    story.type(machine, "ask for a signature", "python3 client.py; sleep 1; "
               "cat signed")
    story.type(machine, "save", "ntpq -c 'saveconfig kept.conf'; "
               "ls /var/lib/ntp/saved")
    story.type(machine, "lists", "ntpq -c mrulist -c ifstats -c reslist -c "
               "':config restrict 192.0.2.0 mask 255.255.255.0 ignore'")
    story.type(machine, "signed", "ntpq -c 'keyid 1' -c 'keytype SHA1' "
               "-c 'passwd secretsecret' -c rv 127.0.0.1")
    story.type(machine, "reload", "systemctl reload ntpd")
    story.type(machine, "rotate", "logrotate -f /etc/logrotate.d/ntp; "
               "ls /var/log/ntp.log*")
    story.type(machine, "address", "ip addr add 192.168.11.99/24 dev eth0; "
               "echo options timeout:1 >>/etc/resolv.conf; sleep 1; "
               "ntpdate -q 192.168.11.99")
    story.type(machine, "hand on", "systemctl restart ntpd; "
               "journalctl -u ntpd -o cat | grep -c 'of no use'")
    story.type(machine, "yield", "systemctl show ntpd -p NRestarts; "
               "timeout 5 /usr/sbin/ntpd -n --yield --no-clock -c /etc/ntp/by-hand; "
               "true")
    machine.wait("ls /var/log/ntpstats", "rawstats")
    story.type(machine, "files", "ls -i /var/log/ntpstats/peerstats* "
               "/var/lib/ntp /var/log/ntp.record")
    story.type(machine, "log", "cat /var/log/ntp.log*")
    story.type(machine, "denied", DENIED)


def use_dropins(story, machine):
    put_in(machine, documented("interface xdp"), "interface xdp eth0\n")
    story.type(machine, "xdp", "ip link show eth0; cat /var/log/ntp.log")
    put_in(machine, documented("-N, -P"))
    machine.say("echo 'NTPD_OPTS=\"-g -N -P 10\"' >/etc/default/ntp; "
                "echo 'rlimit memlock 32' >/etc/ntp.d/test.conf; "
                "systemctl restart ntpd")
    story.type(machine, "real time", "chrt -p $(cat /run/ntpd.pid); "
               "grep VmLck /proc/$(cat /run/ntpd.pid)/status")
    machine.say("mkdir -p /srv/ntp; chown ntp:ntp /srv/ntp; "
                "echo '/srv/ntp/** rwl,' >/etc/apparmor.d/local/usr.sbin.ntpd; "
                "apparmor_parser -r /etc/apparmor.d/usr.sbin.ntpd; "
                "echo 'NTPD_OPTS=\"-g\"' >/etc/default/ntp")
    put_in(machine, documented("a driftfile, statsdir"),
           "statsdir /srv/ntp/\n")
    machine.wait("ls /srv/ntp", "stats")
    put_in(machine, documented("1024 addresses"))
    story.type(machine, "store", "systemctl show ntpd -p FileDescriptorStoreMax")
    machine.say("mkdir -p /srv/jail/var/lib/ntp /srv/jail/run "
                "/srv/jail/var/log/ntpstats /srv/jail/etc /srv/jail/dev; "
                "chown -R ntp:ntp /srv/jail/var; cp -r /etc/ntp* /srv/jail/etc; "
                "echo 'NTPD_OPTS=\"-g -i /srv/jail\"' >/etc/default/ntp; "
                "echo '/srv/jail/** rwl,' >/etc/apparmor.d/local/usr.sbin.ntpd; "
                "apparmor_parser -r /etc/apparmor.d/usr.sbin.ntpd")
    put_in(machine, documented("-i DIR") +
           "\nReadWritePaths=/srv/jail\n")
    story.type(machine, "jail", "readlink /proc/$(cat /run/ntpd.pid)/root")
    story.type(machine, "denied to drop-ins", DENIED)
    machine.say("echo 'NTPD_OPTS=\"-g\"' >/etc/default/ntp; "
                f"rm {DROPIN} /etc/ntp.d/test.conf; systemctl daemon-reload; "
                "systemctl restart ntpd")


def end_badly(story, machine):
    """Killed, and stopped."""
    machine.wait("ntpstat", SYNCHRONISED)
    asked = []
    asking = threading.Thread(
        target=lambda: asked.extend(ask_for(story.ether, 15)))
    asking.start()
    time.sleep(1)
    story.type(machine, "before", "cat /run/ntpd.pid")
    machine.say("kill -9 $(cat /run/ntpd.pid)")
    asking.join()
    story.said["killed"] = asked
    story.type(machine, "after", "cat /run/ntpd.pid")
    put_in(machine, f"[Service]\nWatchdogSec={WATCHDOG_S}\n")
    machine.wait("ntpstat", SYNCHRONISED)
    before = machine.say("cat /run/ntpd.pid")
    machine.say("kill -STOP $(cat /run/ntpd.pid)")
    begun = time.monotonic()
    machine.wait("cat /run/ntpd.pid", f"^(?!{before}$)[0-9]+$", 90, 0.2)
    machine.wait("ntpstat", SYNCHRONISED)
    story.took["watchdog"] = time.monotonic() - begun
    story.type(machine, "restarts", "systemctl show ntpd -p Result -p NRestarts; "
               "journalctl -u ntpd -o cat | grep -i watchdog")


def try_what_is_forbidden(story, machine):
    """As root, by the daemon itself; and by one that nobody has locked in."""
    stop_for_good(machine)
    machine.say("echo '# mine' >/etc/mine; cp /usr/sbin/ntpd /root/free")
    for name, program in (("confined", "/usr/sbin/ntpd"), ("free", "/root/free")):
        story.type(machine, f"{name} reads",
                   f"{program} --check -c /etc/shadow 2>&1")
        story.type(machine, f"{name} writes",
                   f"timeout 3 {program} -n --no-clock -c /etc/ntp/by-hand "
                   "-p /etc/mine 2>&1; "
                   "cat /etc/mine; echo '# mine' >/etc/mine")


@pytest.fixture(scope="module")
def story(tmp_path_factory, debs, ether):
    told = Story(ether)
    for n in (7, 8):
        ether.servers[f"203.0.113.{n}"] = wire.Server(1, "TRUE")
    ether.names = {NAME: [UPSTREAM], "another.example.org": ["203.0.113.9"]}
    folder = tmp_path_factory.mktemp("confined")
    files = [*debs, HERE / "shmwriter.py"]
    for name, text in (("confined.conf", CONF), ("samba.py", SAMBA),
                       ("client.py", CLIENT)):
        (folder / name).write_text(text)
        files.append(folder / name)
    image = disk.image_of("systemd", files, card(SERVER) +
                          "dpkg -i truechimer*.deb" + PREPARE)
    with Machine(folder / "guest", image, ether.plug(), 23) as machine:
        use_all(told, machine)
        use_dropins(told, machine)
        end_badly(told, machine)
        try_what_is_forbidden(told, machine)
    return told


def test_the_profile_is_enforced(story):
    assert story.text("profile") == "/usr/sbin/ntpd (enforce)\n"


def test_all_that_it_can_do_it_may(story):
    assert story.text("denied") == ""
    assert story.said["ask for a signature"] == ("asked", 0)
    assert "kept.conf" in story.text("save")
    assert "Config Succeeded" in story.text("lists")
    story.match("signed", "stratum=2")
    assert story.said["hand on"][0] == "0\n"
    assert "ntp.log.1" in story.text("rotate")
    story.match("address", r"stratum 2, offset")
    for name in ("peerstats", "drift.state", "ntp.record"):
        assert name in story.text("files")
    log = story.text("log")
    assert "going on where the last run was" in log  # the boot is known
    assert "leap-seconds.list'): loaded" in log
    assert "authreadkeys" not in log and "Cannot" not in log


def test_keys_and_a_log_of_its_own_user_need_no_more_rights(story):
    """They are of mode 600 and ntp's; root of the unit is not above that."""
    assert "Starting" in story.text("log")
    story.match("signed", "stratum=2")


def test_what_is_not_its_business_is_forbidden(story):
    assert "Permission denied" in story.said["confined reads"][0]
    assert "Permission denied" not in story.said["free reads"][0]
    assert "root" in story.said["free reads"][0]
    assert "/etc/mine: Permission denied" in story.said["confined writes"][0]
    assert "# mine" in story.said["confined writes"][0]
    assert "# mine" not in story.said["free writes"][0]


def test_drop_ins_of_the_docs_do_what_they_say(story):
    assert story.text("denied to drop-ins") == ""
    story.match("xdp", "prog/xdp")
    story.match("real time", "SCHED_(FIFO|RR)")
    story.match("real time", "VmLck:\\s+[1-9]")
    assert story.text("store") == "FileDescriptorStoreMax=8192\n"
    assert story.text("jail") == "/srv/jail\n"


def test_a_crash_is_a_short_gap(story):
    asked = story.said["killed"]
    assert story.said["before"] != story.said["after"]
    print(f"nobody was served for {gap(asked):.2f} s after kill -9")
    assert gap(asked) < 3  # 0.4 on an idle machine


def test_one_that_is_stuck_is_started_again(story):
    print(f"{story.took['watchdog']:.1f} s")
    assert story.took["watchdog"] < WATCHDOG_S + 20
    story.match("restarts", "(?i)watchdog timeout")
