# SPDX-License-Identifier: BSD-2-Clause
"""Item 61: at twelve o'clock everybody's cron asks."""
import json
import sys

import pytest

from lab import BUILD, HERE
from lab.machine import Machine, Switch
from lab.namespace import wait_for
from town import CONF

CROWD, NEIGHBOURS = BUILD / "tests/lab/crowd", HERE / "neighbours.py"
S, FIRST, SAME, ALONE = "192.168.11.23", "10.61.0.1", "10.61.200.1", \
    "10.61.200.2"
CLIENTS, ONCE, SECOND_MS, SPAN_MS, BEHIND_ONE = 4000, 1, 1000, 900, 8
LIMITED = b"restrict default limited kod nomodify notrap nopeer noquery\n"


@pytest.fixture
def crowd(privileged, tmp_path):
    """crowd(configuration): what became of everybody's requests."""
    switch = Switch()
    server = Machine(tmp_path / "s", switch, S + "/24")
    client = Machine(tmp_path / "c", switch, "192.168.11.50/24")
    server.ip("route", "add", "10.61.0.0/16", "via", "192.168.11.50")
    client.ip("link", "set", "lo", "up")
    client.ip("route", "add", "local", "10.61.0.0/16", "dev", "lo")
    def ask(configuration):
        server.write("etc/ntp.conf", configuration)
        server.start_ntpd()
        assert wait_for(lambda: server.variable("leap") == "00", 40)
        return {
            "noon": told(client, CROWD, "ask", S, ONCE, SECOND_MS, SPAN_MS,
                         CLIENTS, FIRST),
            "same": told(client, sys.executable, NEIGHBOURS, S, SAME,
                         BEHIND_ONE),
            "alone": told(client, sys.executable, NEIGHBOURS, S, ALONE, 1),
        }

    yield ask
    for host in (server, client):
        host.close()
    switch.close()


def told(client, *words):
    done = client.run(*words)
    assert done.returncode == 0, done.stderr
    print(done.stdout)
    return json.loads(done.stdout.splitlines()[-1])


def timeless(part):
    return part["without_time"] if "without_time" in part else \
        part["groups"][0]["timeless"]


def served(part, least=0.99):
    assert part["answered"] >= least * part["sent"], part
    assert timeless(part) == 0


def test_61_thousands_of_clients_in_one_second(crowd):
    """With the how-to's lines; less than one in a hundred is lost, and nobody
    for whom eight share an address. tests/load has 50,000 that ask four times
    each."""
    said = crowd(CONF)
    assert said["noon"]["sent"] == CLIENTS
    assert said["noon"]["took"] < 1.5
    served(said["noon"])
    served(said["same"], 1)
    served(said["alone"], 1)


def test_61_also_with_limits(crowd):
    """A limit is for who asks too often: not for many who ask once, nor for
    one who asks four times, as ntpdate does, nor for eight of them behind one
    address."""
    said = crowd(LIMITED + b"restrict 127.0.0.1\nserver 127.127.1.0\n")
    served(said["noon"])
    served(said["alone"], 1)
    served(said["same"], 1)
