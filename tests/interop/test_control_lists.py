# SPDX-License-Identifier: BSD-2-Clause
"""ntpsec's ntpq reads what our ntpd counts and lists (threats F4, F17, F8).

Host 1 is a chronyd of stratum 1, host 2 ours behind it; host 3 is a neighbour,
host 4 has a restrict line of its own.
"""
import re
import struct

import pytest

from lab.lan import SERVES_ALL, Lan, v4
from lab.namespace import wait_for
from lab.peers import need_peer

SUMMARIES = ["sysinfo", "sysstats", "kerninfo", "iostats", "timerstats",
             "authinfo", "monstats", "ntsinfo"]


@pytest.fixture(scope="module", name="ours")
def _ours(privileged, tmp_path_factory):
    with Lan(tmp_path_factory.mktemp("lists")) as lan:
        lan.chronyd(1, "local stratum 1")
        ours = lan.ntpd(2, f"server {v4(1)} iburst\nrestrict {v4(4)}\n" +
                        SERVES_ALL)
        ours.neighbour = lan.host(3)
        ours.named = lan.host(4)
        assert ours.synchronised(20), ours.text()
        yield ours


def theirs(host, *argv):
    done = host.run(need_peer("ntpq", "ntpsec"), *argv)
    assert done.returncode == 0, done
    return done.stdout + done.stderr


@pytest.mark.parametrize("command", SUMMARIES)
def test_no_figure_is_missing(ours, command):
    text = theirs(ours.host, "-c", command, "127.0.0.1")
    assert "***" not in text and "?" not in text, text
    assert "one at a time" not in text


def figures(host, command):
    """The labels of a summary and the first word behind each."""
    text = theirs(host, "-c", command, "127.0.0.1")
    return dict(re.findall(r"^(.+?): {2,}(\S+)", text, re.M))


def test_the_figures_are_real(ours):
    before = figures(ours.host, "iostats")
    for _ in range(5):
        theirs(ours.neighbour, "-c", "rv 0 stratum", v4(2))
    after = figures(ours.host, "iostats")
    for label in ("received packets", "packets sent", "input wakeups",
                  "useful input wakeups"):
        assert int(after[label]) >= int(before[label]) + 5, (label, after)
    seen = figures(ours.host, "monstats")
    assert int(seen["enabled"], 0) == 1
    assert int(seen["addresses in use"]) >= 2
    assert int(seen["maximum addresses"]) == 11915
    assert int(seen["alloc: exists"]) > 5


def test_who_asked_is_listed(ours):
    theirs(ours.neighbour, "-c", "rv 0 stratum", v4(2))
    for host, to in ((ours.host, "127.0.0.1"), (ours.named, v4(2))):
        text = theirs(host, "-n", "-c", "mrulist", to)
        rows = [line.split() for line in text.splitlines()
                if line.endswith((v4(3), v4(4), "127.0.0.1"))]
        assert {row[-1] for row in rows} >= {v4(3), "127.0.0.1"}, text
        assert all(row[4:6] == ["6", "2"] for row in rows), text


def test_a_neighbour_is_not_told_who_asks(ours):
    """F17."""
    text = theirs(ours.neighbour, "-n", "-c", "mrulist", v4(2))
    assert "PERMISSION" in text and v4(4) not in text


def request(opcode, text=b""):
    head = struct.pack("!BBHHHHH", 0x16, opcode, 1, 0, 0, 0, len(text))
    return head + text + bytes(-len(text) % 4)


def test_a_nonce_is_for_one_port(ours):
    """F4: what one socket was given is nothing on another."""
    answer = ours.host.exchange("127.0.0.1", request(12))
    nonce = answer[12:12 + 30]
    assert nonce.startswith(b"nonce=")
    assert not ours.host.exchange("127.0.0.1",
                                  request(10, nonce + b", frags=1"))


def test_mru_lines_are_obeyed(lan):
    """`mru` and `disable monitor`."""
    lan.ntpd(2, "mru maxdepth 1000 mindepth 10 maxage 99 minage 7\n" +
             SERVES_ALL)
    lan.ntpd(3, "disable monitor\n" + SERVES_ALL)
    for host in (lan.host(2), lan.host(3)):
        assert wait_for(lambda h=host: "stratum" in theirs(
            h, "-c", "rv 0 stratum", "127.0.0.1"), 10)
    seen = figures(lan.host(2), "monstats")
    assert seen["maximum addresses"] == "1000"
    assert seen["reclaim above count"] == "10"
    assert "00:01:39" in theirs(lan.host(2), "-c", "monstats", "127.0.0.1")
    assert figures(lan.host(3), "monstats")["enabled"] == "0"
    text = theirs(lan.host(3), "-n", "-c", "mrulist", "127.0.0.1")
    assert "***" not in text and "127.0.0.1" not in text, text


KEYS = """1 SHA1 0123456789abcdef0123456789abcdef01234567
5 MD5 secretsecret
"""


def test_the_operator_reads_sockets_and_restrict_lines(lan):
    """With the control key, and with no other; the answer is signed too."""
    keys = lan.file("keys", KEYS)
    lan.ntpd(2, f"keys {keys}\ntrustedkey 1 5\ncontrolkey 5\n"
             f"restrict {v4(9)} noquery limited\n" + SERVES_ALL)
    host = lan.host(2)
    assert wait_for(lambda: "stratum" in theirs(
        host, "-c", "rv 0 stratum", "127.0.0.1"), 10)

    def ask(key, command):
        return theirs(host, "-n", "-k", keys, "-a", key, "-c", command,
                      "127.0.0.1")

    text = ask("5", "ifstats")
    assert re.search(r"\d lo +\. +5 +\d+ +\d+ +0 +0 +\d+\n +127.0.0.1:123",
                     text), text
    assert "?" not in text and "***" not in text
    text = ask("5", "reslist")
    assert re.search(rf"^ +0 {re.escape(v4(9))}/32\n +serve trust peer epeer "
                     "limited noquery trap", text, re.M), text
    for command in ("ifstats", "reslist"):
        assert "PERMISSION" in ask("1", command)
