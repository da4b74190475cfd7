# SPDX-License-Identifier: BSD-2-Clause
"""Section 7.9: the how-to from its beginning to its end, in one go.

S has the how-to's configuration, byte for byte, and an upstream; C is the
client on which it is tried out: items 46 to 51. Then S is looked at: 31 to 33.
All that is printed is held against what the how-to shows, in less than two
minutes.
"""
import re
import time

import pytest

import rows
from lab import BUILD
from lab.machine import Machine, Switch
from lab.namespace import wait_for
from town import CONF, fake_spec

S = "192.168.11.23"
NTPDATE = BUILD / "ntpdate"
STAMP = r"[ 0-9][0-9] [A-Z][a-z]{2} [0-9:]{8} ntpdate\[[0-9]+\]: "
ADJUSTED = STAMP + rf"adjust time server {re.escape(S)} " \
    r"offset -?[0-9]+\.[0-9]{6} sec\n"
IN_USE = STAMP + "the NTP socket is in use, exiting\n"
NOBODY = STAMP + "no server suitable for synchronization found\n"
NTPSTAT = (r"synchronised to NTP server \(10\.99\.0\.1\) at stratum 2 *\n"
           r"   time correct to within [0-9]+ ms\n"
           r"   polling server every [0-9]+ s\n")
UPSTREAM = ("time100.stupi.se", "10.99.0.1")


@pytest.fixture
def lan(privileged, tmp_path):
    """S and C, and U with the upstream of S."""
    switch = Switch()
    switch.add("10.99.0.200/24", UPSTREAM[1] + "/24")
    switch.fake("fakentp.py", [fake_spec(
        UPSTREAM[1], {"stratum": 1, "refid": "PPS"}, 20, 0)])
    hosts = [Machine(tmp_path / "s", switch, S + "/24", "10.99.0.23/24"),
             Machine(tmp_path / "c", switch, "192.168.11.50/24")]
    hosts[0].write("etc/ntp.conf", CONF)
    hosts[0].write("etc/hosts", f"127.0.0.1 localhost\n{UPSTREAM[1]} "
                   f"{UPSTREAM[0]} 0.centos.pool.ntp.org\n")
    hosts[1].write("etc/ntp.conf", "server 127.127.1.0\n")
    yield hosts
    for host in hosts:
        host.close()
    switch.close()


def said(done, status, out="", err=""):
    assert done.returncode == status, (done.stdout, done.stderr)
    assert re.fullmatch(out, done.stdout), done.stdout
    assert re.fullmatch(err, done.stderr), done.stderr


def on_the_client(server, client, clock):
    """Items 46 to 51."""
    def ntpdate(*options):
        return client.run(NTPDATE, *options, S, env=clock.env)

    assert wait_for(lambda: ntpdate("-q").returncode == 0, 10), server.log()
    client.start_ntpd()
    said(ntpdate(), 1, err=IN_USE)  # 46
    assert clock.calls() == []
    client.stop_ntpd()  # 47
    said(ntpdate(), 0, out=ADJUSTED)  # 48
    client.start_ntpd()  # 49
    client.stop_ntpd()
    server.stop_ntpd()
    done = ntpdate()  # 50
    said(done, 1, err=NOBODY)
    assert done.took < 8.4  # 8.1, and the start of the program
    server.start_ntpd()  # 51
    begun = time.monotonic()
    assert wait_for(lambda: ntpdate("-q").returncode == 0, 20), server.log()
    assert time.monotonic() - begun < 10  # and not 3 to 5 minutes
    said(ntpdate(), 0, out=ADJUSTED)


def on_the_server(server):
    """Items 31 to 33."""
    pid = server.ntpd_pid()
    listening = server.run("ss", "-Hlunp").stdout
    for addr in ("0.0.0.0", S, "127.0.0.1", r"\[::\]", r"\[::1\]"):
        assert re.search(rf"\s{addr}(%\w+)?:123\s.*\"ntpd\",pid={pid},",
                         listening), (addr, listening)
    said(server.run(BUILD / "ntpstat"), 0, out=NTPSTAT)
    listed = rows.parse(server.ntpq("-p").stdout)
    assert listed["time100.stupi.s"]["tally"] == "*"
    assert listed["time100.stupi.s"]["refid"] == ".PPS."
    assert listed["LOCAL(0)"]["refid"] == ".LOCL."
    assert (listed["LOCAL(0)"]["t"], listed["LOCAL(0)"]["st"]) == ("l", "10")


def test_the_how_to_from_its_beginning_to_its_end(lan, clock):
    begun = time.monotonic()
    server, client = lan
    server.start_ntpd("-c", "/etc/ntp.conf")
    on_the_client(server, client, clock)
    on_the_server(server)
    assert time.monotonic() - begun < 120
