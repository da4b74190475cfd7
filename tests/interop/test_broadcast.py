# SPDX-License-Identifier: BSD-2-Clause
"""Broadcast, multicast and manycast, on a wire: ours to ours, and chronyd's
to ours.

Nobody of Debian hears ours: chronyd sends broadcasts and does not listen,
ntpsec 1.2.2 takes the line and sends none, openntpd, busybox and
systemd-timesyncd do neither. The ntpd of ntp.org does both: see
test_classic.py.

Hosts 1 and 2 tell the time, 3 and more listen. LOCAL at stratum 5 makes a
server of a host at once.
"""
import json
import sys

import pytest

from lab import BUILD
from lab.lan import v4, v6
from lab.namespace import wait_for

LOCAL = ("server 127.127.1.0\nfudge 127.127.1.0 stratum 5\n"
         "tos orphanwait 0\n")
GROUP, GROUP6 = "224.0.1.1", "ff05::101"


def listener(daemon, addr, seconds=60):
    """The row of a server that is listened to, and heard again and again: when
    it was asked, that counted once."""
    def heard():
        row = daemon.peer(addr)
        good = row and row.kind == "b" and bin(row.reach).count("1") >= 3
        return row if good else None

    return wait_for(heard, seconds)


@pytest.mark.parametrize("to,letter,refid,listen", [
    ("10.98.0.255", "B", ".BCST.", "broadcastclient"),
    (GROUP, "M", ".MCST.", f"multicastclient {GROUP}"),
    (GROUP6, "M", ".MCST.", f"multicastclient {GROUP6}"),
])
def test_without_keys_when_told_so(lan, to, letter, refid, listen):
    server = lan.ntpd(1, LOCAL + f"broadcast {to} minpoll 3\n")
    client = lan.ntpd(3, f"disable auth\n{listen}\n")
    row = listener(client, v6(1) if ":" in to else v4(1))
    assert row, (server.text(), client.text(), client.peers())
    assert abs(row.offset) < 5
    row = server.peer(to)
    assert (row.kind, row.refid, row.stratum) == (letter, refid, 16)


def test_manycast(lan):
    for number in (1, 2):
        lan.ntpd(number, LOCAL + f"manycastserver {GROUP}\n").listening()
    client = lan.ntpd(3, f"manycastclient {GROUP} iburst minpoll 3\n")
    assert wait_for(lambda: all(client.peer(v4(n)) for n in (1, 2)), 30), (
        client.text(), client.peers())
    row = client.peer(GROUP)
    assert (row.kind, row.refid) == ("a", ".ACST.")
    assert client.synchronised(40)


def test_signed_and_nothing_else(lan):
    """D5: the unsigned one beside it is not even noticed."""
    path = lan.file("keys", "7 SHA1 a_secret_of_two\n")
    path.chmod(0o600)
    keys = f"keys {path}\ntrustedkey 7\n"
    lan.ntpd(1, LOCAL + keys + f"broadcast {GROUP} key 7 minpoll 3\n")
    lan.ntpd(2, LOCAL + f"broadcast {GROUP} minpoll 3\n")
    client = lan.ntpd(3, keys + f"multicastclient {GROUP}\n")
    row = listener(client, v4(1))
    assert row, (client.text(), client.peers())
    assert abs(row.offset) < 5
    assert client.peer(v4(2)) is None


@pytest.mark.parametrize("listen", ["broadcastclient",
                                    "broadcastclient novolley"])
def test_chronyd_is_heard(lan, listen):
    """It signs none: only with `disable auth`, and else not at all (D1)."""
    lan.chronyd(1, "local stratum 5", "broadcast 8 10.98.0.255")
    wary = lan.ntpd(2, f"{listen}\n")
    client = lan.ntpd(3, f"disable auth\n{listen}\n")
    row = listener(client, v4(1))
    assert row, (client.text(), client.peers())
    assert abs(row.offset) < 10
    assert wary.peers() == []


CALLER = """
import json, socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
             socket.inet_aton(sys.argv[1]))
s.settimeout(1)
for first in range(256):
    s.sendto(bytes([first]) + bytes(46) + b"1", (sys.argv[2], 123))
heard = []
try:
    while True:
        data, peer = s.recvfrom(2048)
        heard.append((data[0], peer[0]))
except TimeoutError:
    print(json.dumps(heard))
"""


def test_a_group_answers_calls_alone(lan):
    """F1: of all first octets those of a client, versions 1 to 4."""
    server = lan.ntpd(1, LOCAL + f"manycastserver {GROUP}\n")
    assert server.synchronised(30)
    done = lan.host(3).run(sys.executable, "-c", CALLER, v4(3), GROUP)
    heard = json.loads(done.stdout)
    assert sorted({first & 0x3f for first, _ in heard}) == [
        version << 3 | 4 for version in (1, 2, 3, 4)], done
    assert len(heard) == 4 * 4 and {addr for _, addr in heard} == {v4(1)}


def test_the_delay_assumed_is_what_is_configured(lan):
    """-50 says that no line did, as in classic."""
    assert lan.ntpd(1, "").listening().rv("bcastdelay") == {
        "bcastdelay": "-50.000"}
    assert lan.ntpd(2, "broadcastdelay 0.004\n").listening().rv(
        "bcastdelay") == {"bcastdelay": "4.000"}


def test_a_line_for_many_is_an_association_with_a_number(lan):
    """As in classic: configured, mobilized, nobody to be reached."""
    ours = lan.ntpd(1, "broadcast 10.98.0.255\npool nosuch.invalid\n"
                       "restrict default\n").listening()
    socket = lan.folder / f"{ours.name}.ctl"

    def listed():
        done = ours.host.run(BUILD / "ntpq", "-c", "as", socket)
        return [line.split() for line in done.stdout.splitlines()[3:]]

    assert [words[2] for words in listed()] == ["8811", "8811"]
    number = next(words[1] for words in listed() if ours.rv(
        "hmode", words[1])["hmode"] == "5")
    done = ours.host.run(BUILD / "ntpq", "-c", f":config unpeer {number}",
                         socket)
    assert done.stdout == "Config Succeeded\n"
    assert wait_for(lambda: number not in [w[1] for w in listed()], 5)
    assert len(listed()) == 1
