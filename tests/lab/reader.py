# SPDX-License-Identifier: BSD-2-Clause
"""Hosts for who follows the manual and the guides line by line: on a network
with five servers, time.example.org and ntp1 to ntp4.example.org."""
import os
import pathlib

from lab import BUILD
from lab.machine import Machine, Switch

ROOT = pathlib.Path(__file__).resolve().parents[2]
SERVERS = ["time", "ntp1", "ntp2", "ntp3", "ntp4"]
CONFIGURATION = "restrict default nomodify\n" + "".join(
    f"server {name}.example.org iburst\n" for name in SERVERS[1:4])


class Town(Switch):
    """The network and its servers."""

    def __init__(self):
        super().__init__()
        addresses = [f"10.97.0.{number + 1}" for number in range(len(SERVERS))]
        for address in addresses:
            self.add(address + "/24")
        self.fake("fakentp.py", [{"addr": address} for address in addresses])
        self.names = "".join(f"{address} {name}.example.org\n"
                             for address, name in zip(addresses, SERVERS))


def reader(town, folder, address, conf=CONFIGURATION):
    """A host there, that knows the servers' names."""
    made = Machine(folder, town, address)
    made.write("etc/hosts", "127.0.0.1 localhost\n" + town.names)
    made.write("etc/ntp.conf", conf)
    return made


def start(host):
    """Its daemon; returns when it keeps the time."""
    host.start_ntpd()
    done = host.run(BUILD / "ntp-wait", "-n", "20", "-s", "1")
    assert done.returncode == 0, host.log()


def ours():
    """The environment of a shell whose programs are ours."""
    return {"PATH": f"{BUILD}:{os.environ['PATH']}"}
