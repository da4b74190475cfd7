# SPDX-License-Identifier: BSD-2-Clause
"""Broadcast, multicast and manycast, on a wire: ours to ours, and ntpsec's.

Hosts 1 and 2 tell the time, 3 and more listen. LOCAL at stratum 5 makes a
server of a host at once.
"""
import pytest

from lab.lan import v4, v6
from lab.namespace import wait_for

LOCAL = ("server 127.127.1.0\nfudge 127.127.1.0 stratum 5\n"
         "tos orphanwait 0\n")
GROUP, GROUP6 = "224.0.1.1", "ff05::101"


def listener(daemon, addr, seconds=60):
    """The row of a server that was heard and then listened to."""
    def heard():
        row = daemon.peer(addr)
        return row if row and row.kind == "b" and row.reach else None

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
