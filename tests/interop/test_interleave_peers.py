# SPDX-License-Identifier: BSD-2-Clause
"""The interleaved mode between peers and for broadcasts (RFC 9769, sections 3
and 4), ours and chronyd's, all at once on one wire.

Hosts: 1 and 2 ours, both with xleave; 3 chronyd and 4 ours, both with it; 5
chronyd without it and 6 ours with it; 7 ours without it and 8 ours with it; 9
broadcasts with it, 10 listens. Each knows the time from a clock of its own, and
all of those are this machine's: an offset is an error. No peer follows another:
the other would see a loop, and measure no more.
"""
import pytest

from lab.lan import Lan, v4
from lab.namespace import wait_for
from lab.peers import need_peer

LOCAL = ("server 127.127.1.0\nfudge 127.127.1.0 stratum 5\n"
         "tos orphanwait 0\n")
FAST = "noselect minpoll 3 maxpoll 3"


def chronyd(lan, number, keys, line):
    sock = lan.folder / f"chronyd-{number}.sock"
    conf = lan.file(f"chrony-{number}.conf", "\n".join((
        "local stratum 5", f"keyfile {keys}", line, "allow all", "cmdport 0",
        f"bindcmdaddress {sock}", f"pidfile {lan.folder}/chrony-{number}.pid",
        "")))
    lan.log(number, "chronyd", need_peer("chronyd"), "-d", "-x", "-u", "root",
            "-f", conf)
    return sock


@pytest.fixture(scope="module", name="lan")
def _lan(privileged, tmp_path_factory):
    with Lan(tmp_path_factory.mktemp("peers")) as lan:
        path = lan.file("keys", "7 SHA1 a_secret_of_two\n")
        path.chmod(0o600)
        ours = LOCAL + f"keys {path}\ntrustedkey 7\n"
        theirs = lan.file("chrony.keys", "7 SHA1 ASCII:a_secret_of_two\n")
        lan.ours, lan.sock = {}, {}
        for number, line in {
                1: f"peer {v4(2)} key 7 xleave {FAST}",
                2: f"peer {v4(1)} key 7 xleave {FAST}",
                4: f"peer {v4(3)} key 7 xleave {FAST}",
                6: f"peer {v4(5)} key 7 xleave {FAST}",
                7: f"peer {v4(8)} key 7 {FAST}",
                8: f"peer {v4(7)} key 7 xleave {FAST}",
                9: "broadcast 10.98.0.255 key 7 xleave minpoll 3"}.items():
            lan.ours[number] = lan.ntpd(number, ours + line + "\n")
        lan.ours[10] = lan.ntpd(
            10, f"keys {path}\ntrustedkey 7\nbroadcastclient\n")
        for number, mode in ((3, "xleave"), (5, "")):
            lan.sock[number] = chronyd(
                lan, number, theirs,
                f"peer {v4(number + 1)} key 7 {mode} noselect minpoll 1 maxpoll 1")
        yield lan


def association(daemon, addr):
    """The name by which ntpq knows the association with this address."""
    for index in range(1, 5):
        if daemon.rv("srcadr", f"&{index}").get("srcadr") == addr:
            return f"&{index}"
    return None


def told(daemon, addr):
    """How often it said when it had left."""
    name = association(daemon, addr)
    if name is None:
        return 0
    return int(daemon.rv("interleaved", name).get("interleaved", 0))


def ntpdata(lan, number):
    done = lan.host(number).run(need_peer("chronyc"), "-h",
                                str(lan.sock[number]), "-n", "ntpdata",
                                v4(number + 1))
    return dict((word.strip() for word in line.split(":", 1))
                for line in done.stdout.splitlines() if ":" in line)


def good(daemon, addr):
    row = daemon.peer(addr)
    return row if (row and bin(row.reach).count("1") >= 3 and
                   abs(row.offset) < 1) else None


def test_two_of_ours(lan):
    a, b = lan.ours[1], lan.ours[2]
    assert wait_for(lambda: told(a, v4(2)) >= 3 and told(b, v4(1)) >= 3,
                    150), (a.peers(), b.peers(), a.text())
    for daemon, addr in ((a, v4(2)), (b, v4(1))):
        assert wait_for(lambda d=daemon, x=addr: good(d, x), 60)
        assert daemon.peer(addr).kind == "s"
        assert float(daemon.rv("xleave", association(daemon, addr))[
            "xleave"]) > 0


def test_chronyd_and_ours(lan):
    ours = lan.ours[4]

    def says_so():
        said = ntpdata(lan, 3)
        return said if (said.get("Interleaved") == "Yes" and
                        said["NTP tests"].startswith("111 111")) else None

    assert wait_for(lambda: told(ours, v4(3)) >= 5, 150), (
        ours.peers(), ntpdata(lan, 3))
    said = wait_for(says_so, 60)
    assert said, ntpdata(lan, 3)
    assert abs(float(said["Offset"].split()[0])) < 1e-3, said
    assert wait_for(lambda: good(ours, v4(3)), 60), ours.peers()


def test_chronyd_that_does_not_follow(lan):
    """It is tried, and then talked to as ever."""
    ours = lan.ours[6]
    assert wait_for(lambda: good(ours, v4(5)), 120), ours.peers()
    assert told(ours, v4(5)) == 0
    assert wait_for(lambda: ntpdata(lan, 5).get("NTP tests", "").startswith(
        "111 111"), 60), ntpdata(lan, 5)
    assert ntpdata(lan, 5)["Interleaved"] == "No"


def test_one_of_ours_that_does_not_follow(lan):
    """D3: no packet makes it, however well it is signed."""
    for number, addr in ((7, v4(8)), (8, v4(7))):
        daemon = lan.ours[number]
        assert wait_for(lambda d=daemon, x=addr: good(d, x), 180), (
            daemon.peers(), daemon.text())
        assert told(daemon, addr) == 0


def test_a_broadcast_tells_when_the_one_before_left(lan):
    daemon = lan.ours[10]
    assert wait_for(lambda: told(daemon, v4(9)) >= 3, 150), (
        daemon.peers(), daemon.text())
    row = wait_for(lambda: good(daemon, v4(9)), 60)
    assert row and row.kind == "b", daemon.peers()
