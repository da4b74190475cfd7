# SPDX-License-Identifier: BSD-2-Clause
"""Two hosts and the cable between them: who answers in the kernel, and who
asks. The asker's end has a program of its own, as XDP on a virtual cable
needs."""
import os
import re
import signal
import subprocess

import pytest

from lab import BUILD
from lab.namespace import Namespace, wait_for

PASS = BUILD / "tests/lab/xdppass"
LOCAL = "server 127.127.1.0\nfudge 127.127.1.0 stratum 4\n"
SERVER, ASKER = "10.97.0.1", "10.97.0.2"
SERVER6, ASKER6 = "fd97::1", "fd97::2"


def can_load():
    """Does this kernel let us, and was it built?"""
    return os.geteuid() == 0 and PASS.exists()


needs_xdp = pytest.mark.skipif(not can_load(),
                               reason="needs root, clang and libbpf")


class Cable:
    def __init__(self, folder):
        self.folder, self.runs = folder, 0
        self.server, self.asker = Namespace(), Namespace()
        self.server.ip("link", "add", "eth0", "type", "veth", "peer", "name",
                       "eth0", "netns", self.asker.name)
        for host, addrs in ((self.server, (SERVER, SERVER6)),
                            (self.asker, (ASKER, ASKER6))):
            host.ip("addr", "add", addrs[0] + "/24", "dev", "eth0")
            host.ip("addr", "add", addrs[1] + "/64", "dev", "eth0", "nodad")
            host.ip("link", "set", "eth0", "up")
        passer = self.asker.start(PASS, "eth0", "tags",
                                  stdout=subprocess.PIPE)
        assert passer.stdout.readline() == "ready\n"
        self.daemon = None

    def close(self):
        self.server.close()
        self.asker.close()

    def vlan(self, number):
        """One more network with a tag, on the same cable; None: this kernel
        has no such thing."""
        for host, last in ((self.server, 1), (self.asker, 2)):
            made = subprocess.run(
                ["ip", "-n", host.name, "link", "add", "link", "eth0", "name",
                 f"eth0.{number}", "type", "vlan", "id", str(number)],
                capture_output=True, check=False)
            if made.returncode != 0:
                return None
            host.ip("addr", "add", f"10.96.0.{last}/24", "dev",
                    f"eth0.{number}")
            host.ip("link", "set", f"eth0.{number}", "up")
        return "10.96.0.1"

    def start(self, conf, *options, before=()):
        """Our ntpd, with no right to set a clock."""
        self.runs += 1
        self.log = self.folder / f"log{self.runs}"
        self.conf = self.folder / "ntp.conf"
        self.conf.write_text(conf)
        self.daemon = self.server.start(
            *before, BUILD / "ntpd", "-n", "-c", self.conf, "--control",
            self.folder / "ctl", *options, stdout=subprocess.DEVNULL,
            stderr=self.log.open("w"))
        assert wait_for(lambda: "proto: precision" in self.text(), 20)
        return self.daemon

    def serving(self, conf, *options, **more):
        self.start(conf, *options, **more)
        assert wait_for(lambda: "serving time" in self.text(), 20), self.text()

    def text(self):
        return self.log.read_text()

    def reload(self, conf):
        self.conf.write_text(conf)
        said = self.text().count("Succeeded") + self.text().count("config:")
        self.daemon.send_signal(signal.SIGHUP)
        assert wait_for(lambda: self.text().count("Succeeded") +
                        self.text().count("config:") > said)

    def counts(self):
        """What became of requests in the kernel, by verdict."""
        done = self.server.run(
            BUILD / "ntpq", "-c", "rv 0 xdp_answered,xdp_silent,"
            "xdp_restricted,xdp_limited,xdp_mode,xdp_form,ss_processed",
            "127.0.0.1")
        return {name: int(value) for name, value in
                re.findall(r"(?:xdp_|ss_)(\w+)=(\d+)", done.stdout)}

    def ask(self, to=SERVER, data=None, seconds=1):
        """The answer to a plain request, or to `data`; None: none."""
        data = data or bytes([0x23]) + bytes(39) + b"12345678"
        return self.asker.exchange(to, data, seconds)

    def attached(self):
        """native, generic, or None."""
        done = subprocess.run(["ip", "-n", self.server.name, "link", "show",
                               "eth0"], capture_output=True, text=True,
                              check=True)
        if "prog/xdp" not in done.stdout:
            return None
        return "generic" if "xdpgeneric" in done.stdout else "native"
