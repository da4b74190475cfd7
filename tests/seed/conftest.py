# SPDX-License-Identifier: BSD-2-Clause
"""The town of town.py and what runs beside it, as fixtures."""
import subprocess

import pytest

from lab import BUILD
from lab.machine import Switch
from town import in_service, make_hosts, make_upstream, start


@pytest.fixture(scope="session")
def town(privileged, tmp_path_factory):
    switch = Switch()
    made = make_hosts(switch, tmp_path_factory.mktemp("town"))
    make_upstream(switch)
    start(made)
    yield made
    for host in made.hosts:
        host.close()
    switch.close()


@pytest.fixture(scope="session")
def server(town):
    assert in_service(town.server, 12), town.server.log()
    return town.server


@pytest.fixture(scope="session")
def lonely(town):
    assert in_service(town.lonely, 25), town.lonely.log()
    return town.lonely


@pytest.fixture
def as_client(town):
    """as_client(addr): the client, calling itself so towards the server."""
    def call(addr):
        town.client.ip("route", "replace", "192.168.11.23/32", "dev", "eth0",
                       "src", addr)
        return town.client

    yield call
    town.client.ip("route", "del", "192.168.11.23/32", "dev", "eth0")


@pytest.fixture
def ntpsim():
    """ntpsim(scenario): runs it; fails unless everything in it held."""
    def play(scenario, *options):
        done = subprocess.run([BUILD / "ntpsim", *options, scenario],
                              capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return play
