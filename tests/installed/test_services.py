# SPDX-License-Identifier: BSD-2-Clause
"""What is installed beside ntpd, in one machine with two boots: the units that
wait for the time and set it once, timedatectl, logrotate, and time servers that
leases name, with each client that Debian has."""
import re
import time

import pytest

import disk
from lab import wire
from leases import Leases
from machine import Machine
from story import SERVER, STEP, SYNCHRONISED, Story, card

AHEAD_S = 3000.0
CONFIGURED, ONCE, LEASED, RENEWED = (f"203.0.113.{n}" for n in (7, 8, 9, 10))
CONF = f"""driftfile /var/lib/ntp/drift
logfile /var/log/ntp.log
statsdir /var/log/ntpstats/
statistics loopstats peerstats
filegen loopstats file loopstats type day enable
filegen peerstats file peerstats type day enable
restrict default nomodify notrap nopeer noquery
restrict 127.0.0.1
restrict ::1
server {CONFIGURED} iburst
"""
# It starts when the time is known, and notes what time that was.
PROBE = """[Unit]
Wants=time-sync.target
After=time-sync.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'date +%%s >/root/probe; ntpstat >>/root/probe; true'
[Install]
WantedBy=multi-user.target
"""
SET_UP = f"""
dpkg -i truechimer*.deb
cp ntp.conf /etc/ntp.conf
cp probe.service /etc/systemd/system
systemctl enable ntp-wait probe
systemctl disable NetworkManager
systemctl enable NetworkManager-dispatcher # which the line above disables, too
echo 'iface lease inet dhcp' >>/etc/network/interfaces
echo 'option ntp_servers' >>/etc/dhcpcd.conf
printf 'NTPSERVERS="{ONCE}"\nRETRIES=1\n' >/etc/default/ntpdate
cat >/etc/systemd/network/eth0.network <<END
[Match]
Name=eth0
[Network]
DHCP=ipv4
IPv6AcceptRA=no
END
"""
# What asks for an address, and what gives it back.
CLIENTS = {
    "dhclient": ("ifup eth0=lease", "ifdown eth0=lease"),
    "dhcpcd": ("dhcpcd -4 -b eth0", "dhcpcd -4 -k eth0"),
    "NetworkManager": (
        "mv /etc/network/interfaces .; systemctl start NetworkManager",
        "nmcli device disconnect eth0; systemctl stop NetworkManager; "
        "mv interfaces /etc/network"),
    "networkd": ("systemctl start systemd-networkd",
                 "networkctl down eth0; "
                 "systemctl stop systemd-networkd.socket systemd-networkd"),
}
EXPIRING = "dhclient"
NOBODYS = ["127.127.1.0", "0.0.0.0", "127.0.0.1", "224.0.1.1",
           "255.255.255.255"]
# networkd takes the last of several options 42, the others put them together.
CROWD = {client: [f"198.51.100.{n}" for n in range(1, most)]
         for client, most in zip(CLIENTS, (201, 201, 201, 58))}
ASKED = "ntpq -pn"
RUNNING = "systemctl is-system-running"
ALONE = rf"\A.*\n=+\n.{re.escape(CONFIGURED)} .*\n\Z"
DROPINS, NONE = "ls -A /run/ntp.d; echo .", r"\A\."
SHELL = b"$(touch /owned)`touch /owned`;touch /owned\n\"'|touch /owned #"
HOSTILE = {12: SHELL, 15: SHELL, 66: SHELL, 67: SHELL}


def until(story, machine, name, command, form, patience=120):
    """Types it until it says so; what it said at the end is told."""
    end = time.monotonic() + patience
    story.type(machine, name, command)
    while not re.search(form, story.said[name][0], re.M):
        if time.monotonic() > end:
            return
        time.sleep(0.3)
        story.type(machine, name, command)


# --- the first boot, with a clock that is wrong and no cable ---

def wait_for_the_time(story, machine):
    story.took["boot"] = machine.ready()
    story.type(machine, "daemon meanwhile", "systemctl is-active ntpd")
    story.type(machine, "wait meanwhile", "systemctl is-active ntp-wait")
    story.type(machine, "probe meanwhile", "cat probe")
    begun = time.time()
    machine.plug(True)
    until(story, machine, "probe", "cat probe", SYNCHRONISED)
    story.said["right between"] = begun, time.time()
    story.type(machine, "waited", "systemctl is-active ntp-wait")
    until(story, machine, "boot over", RUNNING, "^running")


def wait_in_vain(story, machine):
    """Three looks instead of all, and nobody there to answer."""
    machine.say("systemctl stop probe time-sync.target ntp-wait ntpd; "
                "rm probe /var/lib/ntp/drift.state")
    machine.plug(False)
    machine.say("mkdir -p /run/systemd/system/ntp-wait.service.d; "
                "sed -n '/^ExecStart=/{s/^/[Service]\\nExecStart=\\n/; "
                "s/-n [0-9]*/-n 3/; p}' "
                "/lib/systemd/system/ntp-wait.service "
                ">/run/systemd/system/ntp-wait.service.d/short.conf; "
                "systemctl daemon-reload; systemctl start ntpd")
    story.type(machine, "in vain", "systemctl start ntp-wait probe")
    story.type(machine, "failed", "systemctl is-failed ntp-wait")
    story.type(machine, "probe in vain", "cat probe")
    machine.plug(True)
    machine.say("rm -r /run/systemd/system/ntp-wait.service.d; "
                "systemctl daemon-reload; systemctl reset-failed")
    until(story, machine, "in sync", "ntpstat", SYNCHRONISED)


def switch_off_and_on(story, machine):
    show = "timedatectl show -p CanNTP -p NTP -p NTPSynchronized"
    state = "systemctl is-active ntpd; systemctl is-enabled ntpd"
    story.type(machine, "shown", show)
    story.type(machine, "switched off", "timedatectl set-ntp false")
    until(story, machine, "off", state, "^inactive")
    story.type(machine, "shown off", show)
    story.type(machine, "switched on", "timedatectl set-ntp true")
    until(story, machine, "on", state, "^active")
    story.type(machine, "shown on", show)
    until(story, machine, "in sync again", "ntpstat", SYNCHRONISED)


def rotate(story, machine):
    """Twice, for the second one compresses what the first one laid aside."""
    lines = "wc -l </var/log/ntpstats/peerstats"
    machine.say("touch -d '8 days ago' /var/log/ntpstats/peerstats.20200101")
    for turn in (1, 2):
        story.type(machine, f"rotated {turn}",
                   "logrotate -f /etc/logrotate.d/ntp")
        until(story, machine, f"reloaded {turn}", "cat /var/log/ntp.log",
              "config: nothing has changed")
        machine.say(f"ntpq -c ':config server 203.0.113.{turn} iburst'")
        machine.say(f"ntpq -c ':config unpeer 203.0.113.{turn}'")
    story.type(machine, "log", "cat /var/log/ntp.log")
    story.type(machine, "log 1", "cat /var/log/ntp.log.1")
    story.type(machine, "log 2", "zcat /var/log/ntp.log.2.gz")
    story.type(machine, "rights", "stat -c '%U:%G %a' /var/log/ntp.log")
    story.type(machine, "statistics", lines)
    story.type(machine, "days", "ls /var/log/ntpstats")


# --- leases ---

def row_of(address):
    """ntpq's, of a server."""
    return r"^[ *+#x.o-]" + re.escape(address) + " "


def lease(story, machine, ether, client):
    """A lease, another by renewal, a hostile one, and its end."""
    begin, end = CLIENTS[client]
    ether.named, ether.more = [LEASED], {}
    story.type(machine, f"{client} begins", begin)
    until(story, machine, f"{client} leased", ASKED, row_of(LEASED))
    ether.named = [RENEWED]
    until(story, machine, f"{client} renewed", ASKED, row_of(RENEWED))
    ether.named, ether.more = [*NOBODYS, LEASED, *CROWD[client]], HOSTILE
    until(story, machine, f"{client} hostile", ASKED, row_of(CROWD[client][0]))
    story.type(machine, f"{client} files", "cat /run/ntp.d/*")
    ether.named, ether.more = [LEASED], {}
    if client == EXPIRING:
        ether.silent = True
        until(story, machine, f"{client} expired", DROPINS, NONE)
        ether.silent = False
        until(story, machine, f"{client} back", ASKED, row_of(LEASED))
    story.type(machine, f"{client} ends", end)
    until(story, machine, f"{client} left", DROPINS, NONE)
    until(story, machine, f"{client} peers left", ASKED, ALONE)


def leases(story, machine, ether):
    daemon = "systemctl show ntpd -p MainPID -p NRestarts"
    machine.say("ifdown eth0")
    story.type(machine, "daemon before", daemon)
    for client in CLIENTS:
        lease(story, machine, ether, client)
    story.type(machine, "daemon after", daemon)
    story.type(machine, "owned", "ls /owned")
    machine.say(CLIENTS["networkd"][0])
    until(story, machine, "before reboot", ASKED, row_of(LEASED))


# --- the second boot, with ntpdate, and a clock that is years wrong ---

def set_once(story, machine, ether):
    story.type(machine, "not set", "timedatectl set-time '2021-10-30 19:27:16'")
    machine.say("timedatectl set-ntp false; systemctl enable ntpd ntpdate", 240)
    story.type(machine, "set", "timedatectl set-time '2021-10-30 19:27:16'")
    ether.servers[ONCE].requests = 0
    story.took["boot again"] = machine.reboot()
    until(story, machine, "sync at boot", "ntpstat", SYNCHRONISED)
    story.type(machine, "drop-ins", "ls /run/ntp.d")
    story.type(machine, "peers at boot", ASKED)
    story.type(machine, "once", "journalctl -b -u ntpdate --no-pager -o cat")
    story.said["asked once"] = ether.servers[ONCE].requests, 0
    story.type(machine, "ntpdate's end", "systemctl show --value ntpdate -p "
               "ActiveEnterTimestampMonotonic")
    story.type(machine, "ntpd's beginning", "systemctl show --value ntpd -p "
               "ExecMainStartTimestampMonotonic")
    story.type(machine, "log at boot", "cat /var/log/ntp.log")
    until(story, machine, "second boot over", RUNNING, "^running")
    story.type(machine, "once more", "systemctl restart ntpdate")
    story.type(machine, "once more said", "journalctl -b -u ntpdate --no-pager "
               "-o cat | tail -n 9")
    story.type(machine, "daemon there", "ntpstat")
    story.type(machine, "denied", "dmesg | grep DENIED")


@pytest.fixture(scope="module")
def ether():
    link = Leases(wire.TrueTime())
    for server in (CONFIGURED, ONCE, LEASED, RENEWED):
        link.servers[server] = wire.Server(1, "PPS")
    yield link
    link.close()


@pytest.fixture(scope="module")
def story(tmp_path_factory, debs, ether):
    folder, told = tmp_path_factory.mktemp("services"), Story(ether)
    files = [*debs, folder / "ntp.conf", folder / "probe.service"]
    (folder / "ntp.conf").write_text(CONF)
    (folder / "probe.service").write_text(PROBE)
    image = disk.image_of("network", files, card(SERVER) + SET_UP)
    with Machine(folder / "guest", image, ether.port, 23,
                 time.time() + AHEAD_S, plugged=False) as machine:
        for step in (wait_for_the_time, wait_in_vain, switch_off_and_on, rotate):
            step(told, machine)
        leases(told, machine, ether)
        set_once(told, machine, ether)
    return told


# --- the time is waited for ---

def test_the_boot_waits_for_nobody_but_who_wants_the_time_does(story):
    assert story.text("daemon meanwhile") == "active\n"
    assert story.said["wait meanwhile"] == ("activating\n", 3)
    assert story.said["probe meanwhile"][1] == 1


def test_who_waits_for_the_time_starts_when_it_is_right(story):
    date, status = story.text("probe").split("\n", 1)
    begun, ended = story.said["right between"]
    assert begun - 1 < int(date) < ended + 1
    assert status.startswith("synchronised to NTP server")
    assert story.text("waited") == "active\n"
    assert story.text("boot over") == "running\n"


def test_nobody_waits_for_ever(story):
    assert story.said["in vain"][1] == 1 and story.took["in vain"] < 30
    assert story.text("failed") == "failed\n"
    assert "unsynchronised\n" in story.text("probe in vain")


# --- timedatectl ---

def test_timedatectl_switches_ntpd_off_and_on(story):
    for name, on in (("shown", "yes"), ("shown off", "no"), ("shown on", "yes")):
        assert story.text(name).startswith(f"CanNTP=yes\nNTP={on}\n"), name
    assert story.text("shown on").endswith("NTPSynchronized=yes\n")
    assert story.text("switched off") == story.text("switched on") == ""
    assert story.said["off"][0] == "inactive\ndisabled\n"
    assert story.said["on"] == ("active\nenabled\n", 0)


def test_the_clock_is_set_by_hand_only_where_ntpd_is_off(story):
    said, status = story.said["not set"]
    assert status == 1 and "Automatic time synchronization is enabled" in said
    assert story.text("set") == ""


# --- logrotate ---

def test_the_log_goes_on_in_the_new_file(story):
    for turn in (1, 2):
        assert story.text(f"rotated {turn}") == ""
    texts = [story.text(f"log{name}") for name in ("", " 1", " 2")]
    for text, has in zip(texts, ("config: server 203.0.113.2 iburst",
                                 "config: server 203.0.113.1 iburst",
                                 "clock_step")):
        assert [has in other for other in texts].count(True) == 1 and has in text
    for turn in (1, 2):  # each line is somewhere, once
        for word in ("server", "unpeer"):
            line = re.compile(rf" config: {word} 203\.0\.113\.{turn}( iburst)?\n")
            assert len(line.findall("".join(texts))) == 1
    assert story.text("rights") == "ntp:ntp 664\n"


def test_statistics_of_today_stay_and_old_ones_go(story):
    days = story.text("days").split()
    assert "peerstats" in days and "peerstats.20200101" not in days
    assert sum(day.startswith("peerstats.") for day in days) == 1
    assert int(story.text("statistics")) > 3


# --- leases ---

def asked(story, name):
    """The servers that ntpd asks, those of ntp.conf left out."""
    rows = story.text(name).splitlines()[2:]
    return {row[1:].split()[0] for row in rows} - {CONFIGURED}


@pytest.mark.parametrize("client", CLIENTS)
def test_servers_of_a_lease_come_change_and_go(story, client):
    assert asked(story, f"{client} leased") == {LEASED}
    assert asked(story, f"{client} renewed") == {RENEWED}
    assert story.said[f"{client} left"][0] == ".\n"
    assert asked(story, f"{client} peers left") == set()


@pytest.mark.parametrize("client", CLIENTS)
def test_a_hostile_lease_names_four_hosts_at_most(story, client):
    rows = story.text(f"{client} files").splitlines()
    assert rows.pop(0).startswith("# Named by the network of eth0")
    assert rows == [f"server {server} iburst"
                    for server in (LEASED, *CROWD[client][:3])]
    assert asked(story, f"{client} hostile") == {LEASED, *CROWD[client][:3]}


def test_a_hostile_lease_runs_nothing(story):
    assert story.said["owned"][1] == 2


def test_an_expired_lease_is_none(story):
    assert story.said[f"{EXPIRING} expired"][0] == ".\n"
    assert asked(story, f"{EXPIRING} back") == {LEASED}


def test_ntpd_was_not_restarted_for_any_of_it(story):
    before = story.text("daemon before")
    assert re.fullmatch(r"MainPID=[1-9][0-9]*\nNRestarts=0\n", before)
    assert story.text("daemon after") == before


def test_a_lease_before_the_boot_is_none_after_it(story):
    assert asked(story, "before reboot") == {LEASED}
    assert story.said["drop-ins"][1] == 2
    assert asked(story, "peers at boot") == set()


# --- ntpdate.service ---

def test_ntpdate_sets_the_clock_before_ntpd_starts(story):
    step = STEP.search(story.text("once"))
    assert step and step[1] == ONCE
    assert float(step[2]) > 1e6  # systemd itself begins at its own date
    assert story.said["asked once"][0] > 0
    assert int(story.text("ntpdate's end")) < int(story.text("ntpd's beginning"))
    log = story.text("log at boot")
    assert "Starting\n" in log and "clock_step" not in log.split("Starting\n")[-1]
    assert story.text("second boot over") == "running\n"


def test_ntpdate_does_not_disturb_a_running_ntpd(story):
    assert story.said["once more"][1] == 1
    assert "the NTP socket is in use, exiting" in story.text("once more said")
    assert re.match(SYNCHRONISED, story.text("daemon there"))


def test_nothing_was_denied(story):
    assert story.said["denied"] == ("", 1)
