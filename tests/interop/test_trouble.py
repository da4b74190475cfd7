# SPDX-License-Identifier: BSD-2-Clause
"""Trouble around our ntpd: networks and names that come late, servers that
answer nonsense, ends and starts in a hurry."""
import signal
import time

import pytest

from lab import BUILD
from lab.clock import Clock
from lab.lan import SERVES_ALL, Lan, v4
from lab.namespace import wait_for


class Late:
    """What three daemons lack at their start, and when they get it.

    Host 2 has no link, host 3 no address, host 4 no name of its server.
    """

    def __init__(self, lan):
        lan.chronyd(1, "local stratum 1")
        lan.host(2, up=False)
        lan.host(3).ip("addr", "flush", "dev", "eth0")
        prefix = lan.files({"/etc/hosts": "127.0.0.1 localhost\n",
                            "/etc/resolv.conf": "nameserver 192.0.2.53\n"
                            "options timeout:1 attempts:1\n"})
        conf = f"server {v4(1)} iburst\n" + SERVES_ALL
        self.link = lan.ntpd(2, conf)
        self.address = lan.ntpd(3, conf)
        self.name = lan.ntpd(4, conf.replace(v4(1), "time.example"),
                             before=prefix)
        self.asker = lan.host(1)
        time.sleep(6)  # first tries have failed by then
        self.early = [ours.rv("leap").get("leap") for ours in
                      (self.link, self.address, self.name)]
        self.moment = time.monotonic()
        lan.host(2).ip("link", "set", "eth0", "up")
        lan.address(lan.host(3), 3)
        (lan.folder / "hosts").write_text(f"{v4(1)} time.example\n")

    def took(self, ours, seconds):
        """Seconds from then until it is synchronised."""
        end = self.moment + seconds
        assert wait_for(lambda: ours.synchronised(0),
                        end - time.monotonic()), ours.text()
        took = time.monotonic() - self.moment
        print(f"synchronised after {took:.1f} s")
        return took


@pytest.fixture(scope="module", name="late")
def _late(privileged, tmp_path_factory):
    with Lan(tmp_path_factory.mktemp("late")) as lan:
        yield Late(lan)


def test_without_a_way_to_any_server_it_waits_and_says_so(late):
    """Seed item 59."""
    assert late.early == ["11", "11", "11"]
    assert "error resolving time.example" in late.name.text()


def test_a_network_that_comes_late_is_enough(late):
    """Nobody tells it but the kernel."""
    assert late.took(late.link, 10)
    done = late.asker.run(BUILD / "ntpdate", "-q", v4(2))
    assert f"server {v4(2)}, stratum 2, offset" in done.stdout


def test_addresses_that_come_late_are_enough(late):
    """As when DHCP is slow: the link is up, the address is missing."""
    assert late.took(late.address, 10)
    done = late.asker.run(BUILD / "ntpdate", "-q", v4(3))
    assert f"server {v4(3)}, stratum 2, offset" in done.stdout


def test_a_name_that_comes_late_is_found(late):
    """DNS off the main path: asked again after some seconds."""
    assert late.took(late.name, 30)
    assert f"DNS time.example -> {v4(1)}" in late.name.text()


def test_a_silent_server_does_not_hold_up_the_others_for_long(lan):
    """Seed items 21, 53: within ten seconds, whatever else is configured."""
    lan.chronyd(1, "local stratum 1")
    ours = lan.ntpd(2, f"server {v4(9)} iburst\nserver {v4(1)} iburst\n"
                    f"server no.such.example iburst\npool {v4(8)} iburst\n"
                    "server 127.127.1.0\nfudge 127.127.1.0 stratum 10\n" +
                    SERVES_ALL)
    took = ours.synchronised(15)
    assert took, ours.text()
    print(f"synchronised after {took:.1f} s")
    assert took < 10.5
    assert ours.peer(v4(1)).tally == "*"


def test_two_hundred_wrong_lines_do_not_hide_the_right_ones(lan):
    """Bad input to prove: each is told with its place, the rest counts."""
    lan.chronyd(1, "local stratum 1")
    wrong = [f"bogus{i} 127.0.0.1 prefer" if i % 2 else
             f"tos minclok {i}" for i in range(200)]
    lines = wrong[:100] + [f"server {v4(1)} iburst", "restrict default"]
    lines += wrong[100:]
    ours = lan.ntpd(2, "\n".join(lines) + "\n")
    assert ours.synchronised(), ours.text()
    told = [line for line in ours.text().splitlines() if ".conf:" in line]
    places = {int(line.split(".conf:")[1].split(":")[0]) for line in told}
    assert places == set(range(1, 101)) | set(range(103, 203))
    assert [r.remote for r in ours.peers()] == [v4(1)]


def test_it_yields_the_port_that_another_holds(lan):
    """Two daemons never fight: the second serves on 1123 and says so."""
    first = lan.ntpd(2, SERVES_ALL).listening()
    second = lan.ntpd(2, SERVES_ALL, "--yield").listening()
    assert "serving on port 1123" in second.text()
    shown = second.host.run("ss", "-lunpH").stdout
    assert "127.0.0.1:1123 " in shown
    assert first.process.poll() is None


# Each at an address of its own; what it answers is worth nothing.
WORTHLESS = ["silent", "garbage", "short", "forged", "mode3", "stranger",
             "rate", "deny"]


def test_worthless_answers_are_counted_and_never_believed(lan):
    """Bad input to prove; SECURITY.md A1, A14, A15, B1-B5. Then a good one."""
    host = lan.host(1)
    specs = [{"addr": f"10.98.1.{i}", "act": act}
             for i, act in enumerate(WORTHLESS, 1)]
    specs += [{"addr": "10.98.1.21", "leap": 3, "stratum": 0},
              {"addr": "10.98.1.22", "stratum": 16},
              {"addr": "10.98.1.23", "root_disp": 20},
              {"addr": "10.98.1.24", "age": -3600}]
    for spec in specs:
        host.ip("addr", "add", spec["addr"] + "/32", "dev", "eth0")
    lan.host(2).ip("route", "add", "10.98.1.0/24", "dev", "eth0")
    host.fake("fakentp.py", specs)
    ours = lan.ntpd(2, "".join(f"server {s['addr']} iburst\n" for s in specs) +
                    f"server {v4(3)} iburst\n" + SERVES_ALL)
    time.sleep(12)
    assert ours.process.poll() is None
    assert not ours.synchronised(0), ours.text()
    counted = {s["addr"]: ours.rv("sent,received,bogusorg,oldpkt,selbroken",
                                  f"&{i}")
               for i, s in enumerate(specs, 1)}
    for spec in specs:
        assert int(counted[spec["addr"]]["sent"]) > 0, spec
        assert ours.peer(spec["addr"]).tally in " x", spec
    assert int(counted["10.98.1.4"]["bogusorg"]) > 0
    for number, words in (1, None), (3, '"shorter than a header"'), \
            (5, '"not mode 4"'), (10, '"the server does not know the time"'):
        assert ours.rv("verdict", f"&{number}").get("verdict") == words
    lan.chronyd(3, "local stratum 1")
    begun = time.monotonic()
    assert wait_for(lambda: ours.synchronised(0), 80), ours.text()
    assert ours.peer(v4(3)).tally == "*"
    assert [r.tally for r in ours.peers()].count("*") == 1
    print(f"a good one is found after {time.monotonic() - begun:.1f} s")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_at_once_and_frees_the_port(lan, number):
    """Seed item 47."""
    lan.chronyd(1, "local stratum 1")
    ours = lan.ntpd(2, f"server {v4(1)} iburst\n" + SERVES_ALL)
    assert ours.synchronised(), ours.text()
    begun = time.monotonic()
    assert ours.stop(number) == 0
    assert time.monotonic() - begun < 2
    again = lan.ntpd(2, f"server {v4(1)} iburst\n" + SERVES_ALL).listening()
    assert again.process.poll() is None


def test_stop_ntpdate_start_twenty_times(lan):
    """Seed items 46, 47, 49: port 123 is the daemon's or ntpdate's, never
    nobody's, and nothing lingers. The spy sees to it that no clock is set."""
    lan.chronyd(1, "local stratum 1")
    host = lan.host(2)
    spy = Clock(lan.folder / "clock")
    for turn in range(20):
        ours = lan.ntpd(2, SERVES_ALL).listening()
        done = host.run(BUILD / "ntpdate", v4(1), env=spy.env)
        assert done.returncode == 1, (turn, done)
        assert "the NTP socket is in use, exiting" in done.stderr
        if turn % 5 == 0:
            for option in ("-q", "-d", "-u"):
                assert host.run(BUILD / "ntpdate", option, v4(1),
                                env=spy.env).returncode == 0
        assert ours.stop() == 0
        done = host.run(BUILD / "ntpdate", "-B", v4(1), env=spy.env)
        assert done.returncode == 0, (turn, done)
        assert f"adjust time server {v4(1)} offset " in done.stdout
