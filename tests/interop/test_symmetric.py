# SPDX-License-Identifier: BSD-2-Clause
"""Symmetric peers on a wire: ours, ntpsec's and chronyd's.

Each knows the time from a reference clock of its own, so that both have
something to tell. All share this machine's clock: an offset is an error.
"""
import time

import pytest

from lab import BUILD
from lab.lan import SERVES_ALL, v4
from lab.namespace import requests, wait_for
from lab.ntpd import Row

LOCAL = ("server 127.127.1.0\nfudge 127.127.1.0 stratum 5\n"
         "tos orphanwait 0\n")
KEYS = "7 SHA1 a_secret_of_two\n8 MD5 another\n"
FAST = "minpoll 3 maxpoll 3"


@pytest.fixture(name="keys")
def _keys(lan):
    path = lan.file("keys", KEYS)
    path.chmod(0o600)
    return f"keys {path}\ntrustedkey 7 8\n"


def measured(daemon, addr, kind, seconds=120):
    """Its row for the peer, once it has reached it three times over."""
    def good():
        row = daemon.peer(addr)
        return row if row and row.reach & 7 == 7 else None

    row = wait_for(good, seconds)
    assert row, (daemon.peers(), daemon.text())
    assert row.kind in kind
    assert abs(row.offset) < 5, row.line
    return row


def variables(daemon, addr):
    """hmode and the others of the association with this address."""
    for index in range(1, 5):
        found = daemon.rv("srcadr,hmode,pmode,keyid,flash", f"&{index}")
        if found.get("srcadr") == addr:
            return found
    return {}


def test_two_of_ours(lan, keys):
    a = lan.ntpd(1, LOCAL + keys + f"peer {v4(2)} key 7 {FAST}\n")
    b = lan.ntpd(2, LOCAL + keys + f"peer {v4(1)} key 7 {FAST}\n")
    measured(a, v4(2), "s")
    measured(b, v4(1), "s")
    assert variables(a, v4(2))["hmode"] == "1"
    assert variables(a, v4(2))["pmode"] in ("1", "2")


def test_another_key_is_none(lan, keys):
    """C1: who trusts the key of the line believes no other, however right."""
    keys = keys.split("\n")[0] + "\ntrustedkey "
    a = lan.ntpd(1, LOCAL + keys + f"7\npeer {v4(2)} key 7 {FAST}\n")
    b = lan.ntpd(2, LOCAL + keys + f"8\npeer {v4(1)} key 8 {FAST}\n")
    a.listening()
    time.sleep(25)
    assert a.peer(v4(2)).reach == b.peer(v4(1)).reach == 0


def test_our_own_packets_sent_back_are_no_peer(lan, keys):
    """A17: they are signed with the right key, and come from its address."""
    mirror = lan.fake(2, act="mirror")
    a = lan.ntpd(1, LOCAL + keys + f"peer {v4(2)} key 7 {FAST}\n")
    assert wait_for(lambda: int(a.rv("bogusorg", "&2").get(
        "bogusorg", 0)) >= 2, 60), (a.peers(), a.text())
    assert a.peer(v4(2)).reach == 0
    assert len(a.peers()) == 2
    assert any(bytes.fromhex(r["bytes"])[0] & 7 == 1 for r in requests(mirror))


def test_without_a_key_each_asks_the_other(lan):
    a = lan.ntpd(1, LOCAL + f"peer {v4(2)} {FAST}\n")
    b = lan.ntpd(2, LOCAL + f"peer {v4(1)} {FAST}\n")
    measured(a, v4(2), "u")
    measured(b, v4(1), "u")
    assert "has no key" in a.text()


@pytest.mark.parametrize("signed", [True, False])
def test_ntpsec(lan, keys, signed):
    """Which asks its peers as it asks servers; 1.2.2 answers no mode 1."""
    key = "key 7" if signed else ""
    lan.ntpsec(2, SERVES_ALL + "restrict 127.0.0.1\n" + LOCAL + keys +
               f"peer {v4(1)} {key} {FAST}\n")
    a = lan.ntpd(1, LOCAL + keys + f"peer {v4(2)} {key} {FAST}\n")
    measured(a, v4(2), "su")
    host = lan.host(2)

    def theirs():
        out = host.run(BUILD / "ntpq", "-pn", "127.0.0.1").stdout
        rows = [Row(line) for line in out.splitlines()[2:]]
        return any(r.remote == v4(1) and r.reach & 7 == 7 for r in rows)

    assert wait_for(theirs, 120)


@pytest.mark.parametrize("signed", [True, False])
def test_chronyd(lan, keys, signed):
    """It answers when its own poll comes, not before."""
    key = "key 7" if signed else ""
    chrony_keys = lan.file("chrony.keys", "7 SHA1 ASCII:a_secret_of_two\n")
    lan.chronyd(2, "local stratum 5", f"keyfile {chrony_keys}",
                f"peer {v4(1)} {key} minpoll 3 maxpoll 3")
    a = lan.ntpd(1, LOCAL + keys + f"peer {v4(2)} {key} {FAST}\n")
    measured(a, v4(2), "s" if signed else "u", 90)
