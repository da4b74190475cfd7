# SPDX-License-Identifier: BSD-2-Clause
"""Items 1 to 3 and 5 to 7: what NTP is, its port, its packages."""
import re
import shutil
import subprocess

import pytest

import rows
from lab import BUILD
from town import figures, in_service


def test_01_a_server_and_a_clock_can_be_followed(server, lonely):
    """`*` on a network server here, on a clock source there."""
    leaders = {host: [row["remote"] for row in rows.parse(
        host.ntpq("-p").stdout).values() if row["tally"] == "*"]
        for host in (server, lonely)}
    assert len(leaders[server]) == 1 and "LOCAL(0)" not in leaders[server]
    assert leaders[lonely] == ["LOCAL(0)"]


def test_02_on_a_lan_the_clock_is_a_millisecond_right(ntpsim):
    """An hour after the start and for six hours more."""
    for scenario in ("lan-quiet", "lan-busy"):
        told = figures(ntpsim(scenario))
        assert told["in bound"] == "100.000 %"
        assert told["worst"] < 1e-3


def test_03_far_away_it_is_tens_of_milliseconds_right(ntpsim):
    """75 ms there, 75 ms back, 10 ms of jitter, and not the same both ways."""
    told = figures(ntpsim("wan-far"))
    assert told["worst"] < 30e-3
    assert told["steps"] == 0


def test_05_each_level_adds_one_to_the_stratum(server, town):
    """Three live levels; `chain` in tests/sim tells the whole of it."""
    leader = [row for row in rows.parse(server.ntpq("-p").stdout).values()
              if row["tally"] == "*"]
    assert in_service(town.below, 15), town.below.log()
    own = int(server.variable("stratum"))
    assert own == int(leader[0]["st"]) + 1
    assert int(town.below.variable("stratum")) == own + 1
    assert town.mute.variable("stratum") == "16"


def test_06_the_port_is_udp_123_and_nothing_else(server):
    """Whatever /etc/services says; there is no 123/tcp."""
    udp = server.run("ss", "-lunp").stdout
    assert re.search(r":123 .*\"ntpd\"", udp)
    assert ":123 " not in server.run("ss", "-ltn").stdout


def test_06_no_program_needs_etc_services(town):
    client = town.client
    services = client.path("etc/services")
    kept = services.read_bytes()
    client.write("etc/ntp.conf", "server 127.127.1.0\n")
    services.unlink()
    try:
        client.start_ntpd("-c", "/etc/ntp.conf")
        assert in_service(client, 5), client.log()
        assert client.ntpq("-p").stdout.startswith(rows.HEADER)
        assert client.run(BUILD / "ntpstat").returncode == 0
        assert client.run(BUILD / "ntpdate", "-q",
                          "127.0.0.1").returncode == 0
    finally:
        client.stop_ntpd()
        client.path("etc/ntp.conf").unlink()
        services.write_bytes(kept)


@pytest.mark.parametrize("name", ["ntpd", "ntpdate", "ntpq", "ntpstat"])
def test_07_each_program_stands_alone(name, tmp_path, privileged):
    """ntpdate is of use without the daemon's package, and the other way."""
    alone = shutil.copy(BUILD / name, tmp_path)
    needs = subprocess.run(["ldd", alone], capture_output=True, text=True,
                           check=True).stdout
    assert not [line for line in needs.splitlines()
                if "not found" in line or str(BUILD) in line]


def test_07_ntpdate_works_without_the_daemon(server, town, tmp_path):
    """In an empty environment, with no file of the daemon in sight."""
    assert not town.client.path("etc/ntp.conf").exists()
    alone = shutil.copy(BUILD / "ntpdate", tmp_path)
    done = town.client.run("env", "-i", alone, "-q", "192.168.11.23")
    assert done.returncode == 0, done.stderr
