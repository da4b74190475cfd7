# SPDX-License-Identifier: BSD-2-Clause
"""Machines that are switched on with the package installed: without a network,
and with a clock that is decades wrong."""
import calendar
import contextlib
import time

import pytest

import disk
from lab import wire
from machine import Machine
from story import SERVER, SYNCHRONISED, Story, card

CLOCKS = {"1970": 0, "2040": calendar.timegm((2040, 6, 1, 12, 0, 0))}
RIGHT_S = 10  # after the cable was plugged in; 4.2 on an idle machine
HELD_UP_S = 5  # longest that the service may take at boot


@pytest.fixture(scope="module")
def image(debs):
    """Our configuration as shipped: its servers' names are answered."""
    return disk.image_of("systemd", debs, card(SERVER) +
                         "dpkg -i /root/*.deb")


@pytest.fixture
def boot(tmp_path, ether, image):
    ether.servers["203.0.113.7"] = wire.Server(1, "TRUE")
    ether.servers["203.0.113.8"] = wire.Server(1, "TRUE")
    ether.names = {f"{n}.pool.ntp.org": [f"203.0.113.{7 + n % 2}"]
                   for n in range(4)}
    ether.whole = True
    ether.hosts.pop(SERVER, None)
    with contextlib.ExitStack() as made:
        yield lambda **options: made.enter_context(
            Machine(tmp_path / "guest", image, ether.plug(), 23, **options))


def seconds_of_start(machine):
    """What the unit took until systemd went on."""
    said = machine.say("systemctl show ntpd -p ExecMainStartTimestampMonotonic"
                       " -p ActiveEnterTimestampMonotonic")
    begun, up = (int(line.split("=")[1]) for line in sorted(said.splitlines(),
                                                            reverse=True))
    return (up - begun) * 1e-6


@pytest.mark.parametrize("year", CLOCKS)
def test_a_clock_that_is_decades_wrong_is_set_right(boot, ether, year):
    machine, story = boot(rtc=CLOCKS[year]), Story(ether)
    story.watch("right")
    machine.ready()
    error, trip, leap, stratum = story.said["right"]
    assert wire.sure_error(error, trip) < 0.1 and stratum == 2, story.said
    assert story.took["right"] < 10
    log = machine.say("journalctl -u ntpd --no-pager -o cat")
    assert "clock_step" in log
    assert machine.say("systemctl show ntpd -p NRestarts") == "NRestarts=0\n"
    machine.wait("ntpstat", SYNCHRONISED)
    assert abs(int(machine.say("date +%s")) - time.time()) < 60


def test_without_a_network_the_boot_waits_for_nobody(boot, ether):
    """Then the cable is plugged in, and the time is right in seconds."""
    ether.whole = False
    machine = boot(rtc=time.time() + 5000, plugged=False)
    story = Story(ether)
    machine.ready()
    machine.wait("systemctl is-system-running", "^running$", 60)
    assert seconds_of_start(machine) < HELD_UP_S
    said, status = machine.type("ntpstat")
    assert status == 1 and said.startswith("unsynchronised"), said
    time.sleep(30)  # names are asked for less and less often
    ether.whole = True
    machine.plug(True)
    begun = time.monotonic()
    while time.monotonic() < begun + 60:
        machine.type("true")
        answer = ether.ask(0.5, SERVER)
        if answer and answer[2] != 3 and answer[3] == 2: # not LOCAL any more
            break
        time.sleep(0.1)
    took = time.monotonic() - begun
    assert answer and answer[3] == 2, machine.type("journalctl -u ntpd -o cat")
    assert wire.sure_error(*answer[:2]) < 0.1
    print(f"right {took:.1f} s after the cable was plugged in")
    # Half of it is the politeness of asking nobody twice in two seconds: two
    # servers are two voices, and neither is believed alone.
    assert took < RIGHT_S, machine.say("journalctl -u ntpd --no-pager")
