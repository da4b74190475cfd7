# SPDX-License-Identifier: BSD-2-Clause
"""The how-to's town: its server, its clients and the servers it asks.

Everything in it is started once, with the how-to's own configuration, byte
for byte and in the usual places. A host is a word in the town:

    server   192.168.11.23, all is well: three servers of the pool answer
    lonely   the same configuration, and no server of it is of any use
    mute     a daemon that has nobody to ask and does not know the time
    client   192.168.11.50, without a daemon unless a test starts one
    below    a host that asks `server`
"""
import pathlib
import re
import time
import types

from lab.machine import Machine
from lab.namespace import wait_for

CONF = (pathlib.Path(__file__).parent / "seed.ntp.conf").read_bytes()
DRIFT_PPM = "-10.278"

# Servers as the how-to lists them (item 33): name, address, and what they say.
# A way of `delay` ms there and back in equal parts: what is held back on our
# side is added to the time told.
UPSTREAM = {
    "time100.stupi.se": ("10.99.0.1", {"stratum": 1, "refid": "PPS"},
                         84.571, 1.309),
    "tor.nocabal.de": ("10.99.0.2", {"stratum": 2, "refid": "131.188.3.222"},
                       69.126, -3.367),
    "time.cloudflare.com": ("10.99.0.3", {"stratum": 3, "refid": "10.80.8.4"},
                            19.632, -0.309),
    # So far from a good clock that nobody may select it.
    "time-b-g.nist.gov": ("10.99.0.4", {"stratum": 1, "refid": "NIST",
                                        "root_disp": 5}, 149.759, 1.451),
    "fifteen.example": ("10.99.0.15", {"stratum": 15}, 1, 0),
    "sixteen.example": ("10.99.0.16", {"stratum": 16}, 1, 0),
    "localhost.pgw": ("10.99.0.9", {"act": "silent"}, 0, 0),
    # Nobody answers there, and it has no name either.
    None: ("2001:440:1880:5555::2", None, 0, 0),
}
POOL = {
    "server": ["time100.stupi.se", "tor.nocabal.de", "time.cloudflare.com",
               "localhost.pgw"],
    "lonely": [None, "time-b-g.nist.gov", "fifteen.example",
               "sixteen.example"],
}


def refid_number(text):
    if text.isalpha():
        return int.from_bytes(text.encode().ljust(4, b"\0"), "big")
    return int.from_bytes(bytes(map(int, text.split("."))), "big")


def fake_spec(addr, says, delay_ms, offset_ms):
    spec = {"addr": addr, "delay": delay_ms / 1e3,
            "offset": (offset_ms + delay_ms / 2) / 1e3, **says}
    if "refid" in spec:
        spec["refid"] = refid_number(spec["refid"])
    return spec


def hosts_of(pool):
    lines = ["127.0.0.1 localhost", "::1 localhost"]
    for i, name in enumerate(pool):
        alias = f"{i}.centos.pool.ntp.org"
        lines.append(f"{UPSTREAM[name][0]} {name or ''} {alias}")
    return "\n".join(lines) + "\n"


def make_upstream(switch):
    switch.add("10.99.0.200/24")
    specs = []
    for addr, says, delay, offset in UPSTREAM.values():
        if says is not None:
            switch.add(addr + "/24")
            specs.append(fake_spec(addr, says, delay, offset))
    return switch.fake("fakentp.py", specs)


def make_hosts(switch, folder):
    town = types.SimpleNamespace(switch=switch)
    town.server = Machine(folder / "server", switch, "192.168.11.23/24",
                       "10.99.0.23/24")
    town.lonely = Machine(folder / "lonely", switch, "192.168.11.24/24",
                       "10.99.0.24/24", "2001:440:1880:5555::24/64")
    town.mute = Machine(folder / "mute", switch, "192.168.11.25/24")
    town.below = Machine(folder / "below", switch, "192.168.11.51/24")
    town.client = Machine(folder / "client", switch, "192.168.11.50/24",
                       "192.168.11.60/24")
    town.hosts = [town.server, town.lonely, town.mute, town.below, town.client]
    # What else the client may call itself, for restrict lines.
    for addr in OTHER_ADDRESSES:
        town.client.ip("addr", "add", addr + "/32", "dev", "eth0")
        town.server.ip("route", "add", addr + "/32", "dev", "eth0")
    return town


OTHER_ADDRESSES = ["10.0.0.5", "192.168.10.25", "192.168.10.26",
                   "192.168.1.5"]


def start(town):
    """Starts all daemons; when each was started is in its `.started`."""
    for name in ("server", "lonely"):
        host = getattr(town, name)
        host.write("etc/ntp.conf", CONF)
        host.write("etc/hosts", hosts_of(POOL[name]))
        host.write("var/lib/ntp/drift", DRIFT_PPM + "\n")
    town.mute.write("etc/ntp.conf", "server 192.168.11.99 iburst\n")
    town.below.write("etc/ntp.conf", "server 192.168.11.23 iburst\n")
    for host in (town.lonely, town.server, town.mute, town.below):
        host.started = time.monotonic()
        host.start_ntpd()
    server = town.server
    wait_for(lambda: answering(server) >= 3, 5)
    server.first_reach_s = time.monotonic() - server.started


def answering(host):
    """How many servers have answered a host at least once."""
    rows = host.ntpq("-pn").stdout.splitlines()[2:]
    return sum(" u " in row and row.split()[-4] != "0" for row in rows)


def in_service(host, seconds):
    """Waits until a host serves; its stratum, as text."""
    return wait_for(lambda: host.variable("leap") == "00" and
                    host.variable("stratum"), seconds)


UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1}


def figures(told):
    """The figures of the (one) daemon in ntpsim's table, lengths in s."""
    head, row = [re.split(r"  +", line.strip()) for line in
                 re.search(r"^node .*\n.*$", told, re.M)[0].splitlines()]
    table = dict(zip(head, row))
    for name in ("RMS", "p99", "worst"):
        value, unit = table[name].split()
        table[name] = float(value) * UNITS[unit]
    table["steps"] = int(table["steps"])
    return table
