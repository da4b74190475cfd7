# SPDX-License-Identifier: BSD-2-Clause
"""Items 46 to 53 and 59: what goes wrong when a client is tried out."""
import concurrent.futures
import re
import time

import pytest

from lab import BUILD
from lab.namespace import wait_for

NTPDATE = BUILD / "ntpdate"
SERVER = "192.168.11.23"
PREFIX = r"[ 0-9][0-9] [A-Z][a-z]{2} [0-9:]{8} ntpdate\[[0-9]+\]: "
ADJUST = re.compile(PREFIX + r"adjust time server 192\.168\.11\.23 "
                    r"offset (-?[0-9]+\.[0-9]{6}) sec\n")
NOBODY = re.compile(PREFIX +
                    "no server suitable for synchronization found\n")


@pytest.fixture
def busy(server, town):
    """The client, with a daemon of its own that asks nobody."""
    town.client.write("etc/ntp.conf", "server 127.127.1.0\n")
    town.client.start_ntpd()
    yield town.client
    if town.client.path("run/ntpd.pid").exists():
        town.client.stop_ntpd()
    town.client.path("etc/ntp.conf").unlink()


def datagrams_sent(host):
    """Over UDP of IPv4, since the host exists."""
    table = [line.split()[1:] for line in host.run(
        "cat", "/proc/net/snmp").stdout.splitlines() if line[:5] == "Udp: "]
    return int(dict(zip(*table))["OutDatagrams"])


def test_46_beside_the_daemon_ntpdate_refuses(busy, clock):
    """On stderr, status 1, at once, nothing sent, the clock untouched."""
    before = datagrams_sent(busy)
    done = busy.run(NTPDATE, SERVER, env=clock.env)
    assert datagrams_sent(busy) == before
    assert re.fullmatch(PREFIX + "the NTP socket is in use, exiting\n",
                        done.stderr)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.took < 1
    assert clock.calls() == []


@pytest.mark.parametrize("option", ["-q", "-d", "-u"])
def test_46_but_it_may_look(busy, clock, option):
    before = datagrams_sent(busy)
    done = busy.run(NTPDATE, option, SERVER, env=clock.env)
    assert done.returncode == 0, done.stderr
    assert datagrams_sent(busy) > before  # the count above does count


def test_47_48_stopped_the_port_is_free_at_once(busy, clock):
    busy.stop_ntpd()
    done = busy.run(NTPDATE, SERVER, env=clock.env)
    line = ADJUST.fullmatch(done.stdout)
    assert line, done.stdout + done.stderr
    assert (done.returncode, done.stderr) == (0, "")
    assert abs(float(line[1])) < 0.01  # they share one clock
    assert done.took < 2


def test_49_twenty_times_stop_ask_start(busy, clock):
    """Neither leaves anything behind that is in the other's way."""
    for _ in range(20):
        busy.stop_ntpd()
        done = busy.run(NTPDATE, SERVER, env=clock.env)
        assert done.returncode == 0, done.stderr
        busy.start_ntpd()


def test_50_no_server_to_be_believed(town):
    """One that does not know the time, one without a daemon, one that is not
    there: the same words, status 1, after 8.1 s at most."""
    def ask(addr):
        return town.client.run(NTPDATE, "-u", addr)

    addrs = ["192.168.11.25", "192.168.11.60", "192.168.11.99"]
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        for done in pool.map(ask, addrs):
            assert NOBODY.fullmatch(done.stderr), done.stderr
            assert (done.returncode, done.stdout) == (1, "")
            assert done.took < 8.4  # 8.1, and the start of the program


def test_51_53_a_restarted_server_is_of_use_within_ten_seconds(server, town):
    """Not after the "3-5 minutes" of the how-to."""
    town.below.stop_ntpd()
    town.below.start_ntpd()
    begun = time.monotonic()
    assert wait_for(lambda: town.client.run(
        NTPDATE, "-q", "192.168.11.51").returncode == 0, 20)
    assert time.monotonic() - begun < 10


def test_59_who_does_not_know_the_time_says_so(town):
    """LI 3, stratum 0 on the wire, no reference time, the question echoed."""
    ask = bytes([0x23]) + bytes(39) + bytes(range(8))
    answer = town.client.exchange("192.168.11.25", ask)
    assert len(answer) == 48
    assert answer[0] == 0xe4  # leap 3, version 4, mode 4
    assert answer[1] == 0
    assert answer[12:16] == b"INIT"
    assert answer[16:24] == bytes(8)
    assert answer[24:32] == bytes(range(8))
    assert "not serving yet: " in town.mute.log()  # the log says why (52)


def test_59_from_the_first_answer_on(busy):
    """A server in its first seconds: unsynchronised, then right, never else."""
    busy.stop_ntpd()
    busy.write("etc/ntp.conf", "restrict default\nserver 192.168.11.23 "
               "iburst\n")
    busy.start_ntpd()
    seen = []

    def serves():
        answer = busy.exchange("127.0.0.1", bytes([0x23]) + bytes(47), 0.5)
        seen.append((answer[0] >> 6, answer[1]))
        return seen[-1][0] != 3

    assert wait_for(serves, 15), busy.log()
    assert seen[0] == (3, 0)
    assert set(seen[:-1]) == {(3, 0)}
    assert seen[-1][0] == 0 and 2 <= seen[-1][1] < 16
