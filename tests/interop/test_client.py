# SPDX-License-Identifier: BSD-2-Clause
"""Our ntpd as the client of other people's daemons.

Hosts: 1 chronyd of stratum 1; 2 ours behind it; 3 ours behind 2; 4 ours
behind 3; 5 ntpsec; 6 ours behind 5; 7 ours with both, by all their addresses,
and short polls. All of them start at the same moment.
"""
import time

import pytest

from lab import BUILD
from lab.lan import SERVES_ALL, Lan, v4, v6
from lab.namespace import wait_for

FIRST_SYNC_S = 10  # from a start with iburst and a server that is ready
NEAR_MS = 2


@pytest.fixture(scope="module", name="lan")
def _lan(privileged, tmp_path_factory):
    with Lan(tmp_path_factory.mktemp("client")) as lan:
        lan.ntpsec(5, "server 127.127.1.0\nfudge 127.127.1.0 stratum 4\n"
                   "tos orphan 4 orphanwait 1\nrestrict default\n")
        lan.chronyd(1, "local stratum 1")
        lan.ours = {n: lan.ntpd(n, f"server {v4(up)} iburst\n" + SERVES_ALL)
                    for n, up in ((2, 1), (3, 2), (4, 3), (6, 5))}
        lan.ours[7] = lan.ntpd(7, "".join(
            f"server {a} iburst minpoll 3 maxpoll 3\n"
            for a in (v4(1), v6(1), v4(5), v6(5))) + SERVES_ALL)
        yield lan


def test_behind_chronyd_it_is_synchronised_within_ten_seconds(lan):
    """Seed items 1, 19, 53."""
    took = lan.ours[2].synchronised(FIRST_SYNC_S)
    assert took, lan.ours[2].text()
    print(f"synchronised after {took:.1f} s")
    row = lan.ours[2].peer(v4(1))
    assert (row.tally, row.stratum, row.kind) == ("*", 1, "u")
    assert row.reach & 1
    assert abs(row.offset) < NEAR_MS
    assert 0 < row.delay < 10


def test_behind_ntpsec_it_is_synchronised_soon(lan):
    """ntpsec wants some seconds itself until it serves; item 57."""
    took = lan.ours[6].synchronised(40)
    assert took, lan.ours[6].text()
    print(f"synchronised after {took:.1f} s")
    row = lan.ours[6].peer(v4(5))
    assert (row.tally, row.kind) == ("*", "u")
    assert abs(row.offset) < NEAR_MS


def test_a_second_start_behind_ntpsec_takes_less_than_ten_seconds(lan):
    """Now ntpsec is ready."""
    assert lan.ours[6].stop() == 0
    again = lan.ntpd(6, f"server {v4(5)} iburst\n" + SERVES_ALL)
    took = again.synchronised(FIRST_SYNC_S)
    assert took, again.text()
    print(f"synchronised after {took:.1f} s")


def test_strata_add_up_along_a_chain(lan):
    """Seed item 5: each asked while the one above did not know the time."""
    for number, stratum in ((2, 2), (3, 3), (4, 4)):
        took = lan.ours[number].synchronised(40)
        assert took, lan.ours[number].text()
        print(f"stratum {stratum} after {took:.1f} s")
        assert lan.ours[number].rv("stratum")["stratum"] == str(stratum)
        said = lan.host(8).run(BUILD / "ntpdate", "-q", v4(number)).stdout
        assert f"server {v4(number)}, stratum {stratum}, offset" in said
    assert lan.ours[3].rv("refid")["refid"] == v4(2)


def test_ntpstat_is_content(lan):
    """Seed item 32; our own, Debian's is in test_control.py."""
    assert lan.ours[2].synchronised(FIRST_SYNC_S)
    done = lan.ours[2].host.run(BUILD / "ntpstat")
    assert done.stdout.startswith(
        f"synchronised to NTP server ({v4(1)}) at stratum 2")
    assert done.returncode == 0


def test_both_families_and_both_vendors_are_polled_on(lan):
    """Reach grows poll by poll; no more than one is the system peer."""
    ours = lan.ours[7]
    names = (v4(1), v6(1), v4(5), v6(5))

    def grown():
        rows = {name: ours.peer(name) for name in names}
        return all(r and r.reach & 7 == 7 for r in rows.values())

    assert wait_for(grown, 60), ours.host.run(
        BUILD / "ntpq", "-pn", "127.0.0.1").stdout
    rows = ours.peers()
    assert len(rows) == 4
    assert all(row.poll == "8" for row in rows)
    assert all(abs(row.offset) < NEAR_MS for row in rows)
    assert [row.tally for row in rows].count("*") == 1
    assert ours.synchronised(1)


def test_when_the_system_peer_dies_another_takes_over(lan):
    """Seed item 21: what the order of the lines does not give, this does."""
    ours = lan.ours[7]
    assert ours.synchronised(60)
    star = next(r.remote for r in ours.peers() if r.tally == "*")
    dead = 1 if star in (v4(1), v6(1)) else 5
    lan.host(dead).ip("link", "set", "eth0", "down")

    def moved():
        stars = [r.remote for r in ours.peers() if r.tally == "*"]
        return stars and stars[0] not in (v4(dead), v6(dead))

    begun = time.monotonic()
    assert wait_for(moved, 90), ours.text()
    assert ours.rv("leap")["leap"] == "00"
    print(f"another system peer after {time.monotonic() - begun:.0f} s")
