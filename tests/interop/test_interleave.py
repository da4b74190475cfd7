# SPDX-License-Identifier: BSD-2-Clause
"""The interleaved mode (RFC 9769) between ours and chronyd, both ways.

Hosts: 1 chronyd; 2 ours, which asks 1 and is asked; 3 chronyd, which asks 2;
4 ours, which asks 2; 5 ours, which asks 2 in the basic mode.
"""
import signal

import pytest

from lab.lan import SERVES_ALL, Lan, v4
from lab.namespace import wait_for
from lab.peers import need_peer

OFTEN = "iburst minpoll 3 maxpoll 3"


@pytest.fixture(scope="module", name="lan")
def _lan(privileged, tmp_path_factory):
    with Lan(tmp_path_factory.mktemp("interleave")) as lan:
        lan.chronyd(1, "local stratum 1")
        lan.middle = f"server {v4(1)} xleave {OFTEN}\n" + SERVES_ALL
        lan.ours = {2: lan.ntpd(2, lan.middle)}
        assert lan.ours[2].synchronised(20), lan.ours[2].text()
        lan.sock = lan.folder / "chronyd-3.sock"
        lan.log(3, "chronyd", need_peer("chronyd"), "-d", "-x", "-u", "root",
                "-f", lan.file("chrony-3.conf", "\n".join((
                    f"server {v4(2)} xleave minpoll 1 maxpoll 1",
                    f"bindcmdaddress {lan.sock}", "cmdport 0",
                    f"pidfile {lan.folder}/chrony-3.pid", ""))))
        lan.ours[4] = lan.ntpd(4, f"server {v4(2)} xleave {OFTEN}\n")
        lan.ours[5] = lan.ntpd(5, f"server {v4(2)} {OFTEN}\n")
        yield lan


def interleaved(daemon):
    return int(daemon.rv("interleaved", "&1").get("interleaved", 0))


def told(daemon):
    return int(daemon.rv("ss_interleaved").get("ss_interleaved", 0))


def ntpdata(lan):
    done = lan.host(3).run(need_peer("chronyc"), "-h", str(lan.sock), "-n",
                           "ntpdata", v4(2))
    return dict((word.strip() for word in line.split(":", 1))
                for line in done.stdout.splitlines() if ":" in line)


def test_chronyd_tells_us_when_it_answered(lan):
    daemon = lan.ours[2]
    assert wait_for(lambda: interleaved(daemon) >= 3, 90), daemon.text()
    row = daemon.peer(v4(1))
    assert row.tally == "*" and row.reach & 1
    assert abs(row.offset) < 1, row.line
    assert float(daemon.rv("xleave", "&1")["xleave"]) > 0


def test_chronyd_has_it_from_us(lan):
    """Its test A refuses the first: what that completes has been measured."""
    def good():
        said = ntpdata(lan)
        return said if (said.get("Interleaved") == "Yes" and
                        said["NTP tests"] == "111 111 1111") else None

    said = wait_for(good, 60)
    assert said, ntpdata(lan)
    assert 0 < float(said["Response time"].split()[0]) < 0.01, said
    assert told(lan.ours[2]) > 0


def test_one_of_ours_has_it_from_another(lan):
    daemon = lan.ours[4]
    assert wait_for(lambda: interleaved(daemon) >= 2, 90), daemon.text()
    assert daemon.peer(v4(2)).tally == "*"
    assert abs(daemon.peer(v4(2)).offset) < 1


def test_who_does_not_ask_for_it_has_the_basic_mode(lan):
    daemon = lan.ours[5]
    assert daemon.synchronised(60), daemon.text()
    assert interleaved(daemon) == 0
    assert "interleaved" not in daemon.rv("interleaved", "&1")


def test_after_the_server_was_restarted_the_mode_comes_back(lan):
    """What it held is gone: basic answers first, and no bad one in between."""
    lan.ours[2].stop(signal.SIGKILL)
    lan.ours[2].ended = True
    lan.ours[2] = lan.ntpd(2, lan.middle)
    before = interleaved(lan.ours[4])
    assert wait_for(lambda: told(lan.ours[2]) >= 3, 120), lan.ours[2].text()
    assert wait_for(lambda: interleaved(lan.ours[4]) >= before + 2, 120)
    assert wait_for(lambda: ntpdata(lan).get("Interleaved") == "Yes", 60)
    assert abs(lan.ours[4].peer(v4(2)).offset) < 1
