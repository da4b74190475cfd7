# SPDX-License-Identifier: BSD-2-Clause
"""Item 61: at twelve o'clock everybody's cron asks."""
import json
import pathlib
import resource
import sys

import pytest

from lab.machine import Machine, Switch
from lab.namespace import wait_for
from town import CONF

CROWD = pathlib.Path(__file__).parents[1] / "lab/crowd.py"
S, FIRST, CLIENTS, SAME = "192.168.11.23", "10.61.0.1", 4000, "10.61.200.1"
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
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE,
                       (min(2 * CLIENTS, hard), hard))

    def ask(configuration):
        server.write("etc/ntp.conf", configuration)
        server.start_ntpd()
        assert wait_for(lambda: server.variable("leap") == "00", 40)
        done = client.run(sys.executable, CROWD, S, FIRST, CLIENTS, SAME)
        assert done.returncode == 0, done.stderr
        print(done.stdout)
        return json.loads(done.stdout)

    yield ask
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    for host in (server, client):
        host.close()
    switch.close()


def served(told, least=0.99):
    assert told["answered"] >= least * told["sent"], told
    assert told["without_time"] == 0


def test_61_thousands_of_clients_in_one_second(crowd):
    """With the how-to's lines; less than one in a hundred is lost, and nobody
    for whom eight share an address."""
    told = crowd(CONF)
    assert told["noon"]["sent"] == CLIENTS and told["noon"]["took"] < 1.5
    served(told["noon"])
    served(told["same"], 1)
    served(told["alone"], 1)


def test_61_also_with_limits(crowd):
    """A limit is for who asks too often: not for many who ask once, nor for
    one who asks four times, as ntpdate does, nor for eight of them behind one
    address."""
    told = crowd(LIMITED + b"restrict 127.0.0.1\nserver 127.127.1.0\n")
    served(told["noon"])
    served(told["alone"], 1)
    served(told["same"], 1)
