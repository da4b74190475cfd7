# SPDX-License-Identifier: BSD-2-Clause
"""A server on a cable, and at the other end a host that has all addresses of
10/8: as many clients as one likes (crowd.c)."""
import json
import pathlib
import subprocess
import types

from lab import BUILD
from lab.namespace import Namespace, wait_for
from lab.ntpd import Ntpd

CROWD = BUILD / "tests/lab/crowd"
SERVER, CLIENTS = "192.0.2.1", "192.0.2.2"


def udp_dropped(host):
    """Datagrams that the kernel there had no room for."""
    lines = [line.split() for line in
             host.run("cat", "/proc/net/snmp").stdout.splitlines()
             if line.startswith("Udp:")]
    return int(dict(zip(*lines))["RcvbufErrors"])


def backlog_dropped():
    """Frames that no processor of this machine had room for, anybody's."""
    lines = pathlib.Path("/proc/net/softnet_stat").read_text().splitlines()
    return sum(int(line.split()[1], 16) for line in lines)


class Crowd:
    def __init__(self, folder):
        self.folder, self.daemons = folder, []
        self.server, self.clients = Namespace(), Namespace()
        self.server.ip("link", "add", "eth0", "type", "veth", "peer", "name",
                       "eth0", "netns", self.clients.name)
        for host, addr in (self.server, SERVER), (self.clients, CLIENTS):
            host.ip("addr", "add", addr + "/24", "dev", "eth0")
            host.ip("link", "set", "eth0", "up")
        self.server.ip("route", "add", "10.0.0.0/8", "via", CLIENTS)
        self.clients.ip("route", "add", "local", "10.0.0.0/8", "dev", "lo")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # As a Lan has it, for Ntpd.

    def host(self, _number):
        return self.server

    def file(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def serve(self, conf, *options):
        """Our daemon; it serves."""
        ours = Ntpd(self, 1, conf, options, hurried=True)
        self.daemons.append(ours)
        assert wait_for(lambda: "serving time" in ours.text(), 30), ours.text()
        return ours

    def dropped(self):
        return udp_dropped(self.server) + backlog_dropped()

    def begin(self, *words):
        """The crowd, which is asking now; for end()."""
        process = self.clients.start(CROWD, "ask", SERVER, *words,
                                     hurried=True, stdout=subprocess.PIPE)
        process.before = self.dropped()
        assert process.stdout.readline() == "ready\n"
        return process

    def end(self, process):
        """What was counted; `dropped` of it by the kernel, at most."""
        text = process.communicate(timeout=120)[0]
        assert process.returncode == 0
        told = json.loads(text)
        told["groups"] = [types.SimpleNamespace(**g) for g in told["groups"]]
        return types.SimpleNamespace(
            **told, dropped=self.dropped() - process.before)

    def ask(self, *words):
        """One crowd, from the first request to the last answer."""
        return self.end(self.begin(*words))

    def close(self):
        codes = [ours.stop() for ours in self.daemons if not ours.ended]
        self.server.close()
        self.clients.close()
        assert not any(codes), codes
