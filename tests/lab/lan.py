# SPDX-License-Identifier: BSD-2-Clause
"""Hosts on one wire.

A host is a network namespace; its number is the last octet of its addresses,
10.98.0.N and fd98::N. All of them share this machine's clock, which nobody
here has the right to set: what is measured is the truth if it is near zero.
"""
import pathlib
import subprocess
import sys

from lab import HERE
from lab.capture import Capture
from lab.machine import Switch
from lab.namespace import Namespace
from lab.ntpd import Ntpd
from lab.peers import need_classic, need_peer

SERVES_ALL = "restrict default\n"


def v4(number):
    return f"10.98.0.{number}"


def v6(number):
    return f"fd98::{number}"


class Lan:
    """A switch, and a cable to it for each host."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.switch, self.ports = Switch(), {}
        self.hosts, self.daemons = {}, []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def host(self, number, up=True):
        """The host with this number, new when asked for the first time."""
        if number in self.hosts:
            return self.hosts[number]
        host = self.hosts[number] = Namespace()
        self.ports[number] = self.switch.plug(host)
        self.address(host, number)
        if up:
            host.ip("link", "set", "eth0", "up")
        return host

    @staticmethod
    def address(host, number):
        """Gives the host one more address of each family."""
        host.ip("addr", "add", f"{v4(number)}/24", "brd", "+",
                "dev", "eth0")
        host.ip("addr", "add", f"{v6(number)}/64", "dev", "eth0", "nodad")

    def sniff(self, number):
        """Records what passes this host's cable; a Capture, running."""
        self.host(number)
        path = self.folder / f"wire-{number}-{len(self.daemons)}.pcap"
        process = self.switch.start(sys.executable, HERE / "sniff.py",
                                    self.ports[number], path,
                                    stdout=subprocess.PIPE)
        assert process.stdout.readline() == "ready\n"
        return Capture(process, path)

    def ntpd(self, number, conf, *options, **more):
        """Our daemon on this host; it never sets the clock."""
        daemon = Ntpd(self, number, conf, options, **more)
        self.daemons.append(daemon)
        return daemon

    def chronyd(self, number, *lines):
        """Debian's chronyd on this host."""
        program = need_peer("chronyd")
        conf = self.file(f"chrony-{number}.conf", "\n".join((
            *lines, "allow all", "cmdport 0", "bindcmdaddress /",
            f"pidfile {self.folder}/chrony-{number}.pid", "")))
        return self.log(number, "chronyd", program, "-d", "-x", "-u", "root",
                        "-f", conf)

    def ntpsec(self, number, conf):
        """Debian's ntpsec on this host."""
        program = need_peer("ntpd", "ntpsec")
        conf = self.file(f"ntpsec-{number}.conf", conf)
        return self.log(number, "ntpsec", program, "-n", "-c", conf)

    def classic(self, number, conf):
        """The ntpd of ntp.org on this host."""
        program = need_classic("ntpd")
        conf = self.file(f"classic-{number}.conf", conf)
        return self.log(number, "classic", program, "-n", "-c", conf)

    def fake(self, number, **spec):
        """A fakentp.py at this host's IPv4 address."""
        return self.host(number).fake("fakentp.py",
                                      [{"addr": v4(number), **spec}])

    def file(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def files(self, files, script="true"):
        """Words before a command that make it see other system files."""
        binds = []
        for path, text in files.items():
            self.file(pathlib.Path(path).name, text)
            binds.append(f"mount --bind {self.folder}/{pathlib.Path(path).name}"
                         f" {path}")
        return ["unshare", "-m", "sh", "-c",
                " && ".join((*binds, script, 'exec "$@"')), "sh"]

    def log(self, number, name, *argv):
        with (self.folder / f"{name}-{number}.log").open("a") as log:
            return self.host(number).start(*argv, stdout=log,
                                           stderr=subprocess.STDOUT)

    def close(self):
        """What of ours still runs has to end well."""
        codes = {d.name: d.stop() for d in self.daemons if not d.ended}
        for host in (*self.hosts.values(), self.switch):
            host.close()
        assert not any(codes.values()), codes
