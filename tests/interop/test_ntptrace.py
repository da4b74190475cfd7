# SPDX-License-Identifier: BSD-2-Clause
"""ntptrace: the way that the time took, by what its servers say."""
import re

from lab import BUILD

NTPTRACE = BUILD / "ntptrace"


def told(net, addr, stratum, refid, upstream, status=0x0615):
    """A daemon that follows `upstream`."""
    system = (f"stratum={stratum}, offset=1.500, rootdelay=10.000, "
              f"rootdisp=3.000, refid={refid}, peer=7")
    net.fake("fakectl.py", {"addr": addr, "status": status, "system": system,
                            "peers": [[7, 0x961a, f"srcadr={upstream}"]]})


def test_the_way_is_followed_to_stratum_1(net):
    told(net, "127.0.0.1", 3, "127.0.0.2", "127.0.0.2")
    told(net, "127.0.0.2", 2, "127.0.0.3", "127.0.0.3")
    told(net, "127.0.0.3", 1, "GPS", "127.127.20.0")
    done = net.run(NTPTRACE, "-n")
    tail = "offset 0.001500, synch distance 0.008000"
    assert done.stdout == (f"127.0.0.1: stratum 3, {tail}\n"
                           f"127.0.0.2: stratum 2, {tail}\n"
                           f"127.0.0.3: stratum 1, {tail}, refid 'GPS'\n")
    assert done.returncode == 0


def test_it_ends_where_nobody_may_ask(net):
    told(net, "127.0.0.1", 3, "127.0.0.2", "127.0.0.2")
    net.fake("fakectl.py", {"addr": "127.0.0.2", "act": "silent"})
    done = net.run(NTPTRACE, "-n")
    assert done.stdout.endswith("127.0.0.2: timed out, nothing received\n")
    assert done.returncode == 0
    assert done.took < 10


def test_no_daemon_is_a_failure(net):
    done = net.run(NTPTRACE)
    assert "cannot be reached" in done.stdout
    assert done.returncode == 1


def test_a_circle_is_noticed_and_the_number_of_hosts_is_bounded(net):
    told(net, "127.0.0.1", 3, "127.0.0.2", "127.0.0.2")
    told(net, "127.0.0.2", 3, "127.0.0.1", "127.0.0.1")
    assert "a circle" in net.run(NTPTRACE, "-n").stdout
    assert net.run(NTPTRACE, "-n", "-m", "1").stdout.count("stratum") == 1


def test_hostile_answers_are_escaped(net):
    """SECURITY.md I9."""
    told(net, "127.0.0.1", 1, "\x1b[2J", "127.0.0.2")
    out = net.run(NTPTRACE, "-n", "-r", "127.0.0.1").stdout
    assert r"refid '\x1b[2J'" in out


def test_daemons_of_ours_are_traced(lan):
    lan.ntpd(1, "server 127.127.1.0\nfudge 127.127.1.0 stratum 4\n"
                "tos orphanwait 0\nrestrict default\n")
    below = lan.ntpd(2, "server 10.98.0.1 iburst\n")
    assert below.synchronised(30)
    done = lan.host(2).run(NTPTRACE, "-n")
    lines = done.stdout.splitlines()
    assert re.match(r"127\.0\.0\.1: stratum 6, offset ", lines[0])
    assert re.match(r"10\.98\.0\.1: stratum 5, offset ", lines[1])
