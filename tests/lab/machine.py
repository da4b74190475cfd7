# SPDX-License-Identifier: BSD-2-Clause
"""Machines on one Ethernet, each with files of its own.

A machine sees its own /etc, /var/lib and /run, so that programs run as on
the machine they were written for: configuration and drift file in their usual
places, names in /etc/hosts. The rest of the system it shares with us."""
import os
import pathlib
import shutil
import signal

from lab import BUILD
from lab.namespace import Namespace, wait_for

# What programs need of the real /etc.
ETC = ["group", "host.conf", "ld.so.cache", "nsswitch.conf", "passwd",
       "protocols", "services"]
BIND = """
for folder in etc var/lib run; do
    mount --bind "$0/$folder" "/$folder" || exit 99
done
exec "$@"
"""


class Switch(Namespace):
    """Where hosts are plugged in; its own addresses are those of fakes."""

    def __init__(self):
        super().__init__()
        self.ports = 0
        self.ip("link", "add", "br0", "type", "bridge", "stp_state", "0")
        self.ip("link", "set", "br0", "up")

    def add(self, *addresses):
        for address in addresses:
            self.ip("addr", "add", address, "dev", "br0", *nodad(address))

    def plug(self, host):
        """A cable to a new eth0 of this host; the name of our end."""
        port = f"port{self.ports}"
        self.ports += 1
        self.ip("link", "add", port, "type", "veth", "peer", "name", "eth0",
                "netns", host.name)
        self.ip("link", "set", port, "master", "br0", "up")
        return port


class Machine(Namespace):
    def __init__(self, root, switch, *addresses):
        super().__init__()
        self.root = pathlib.Path(root)
        for folder in ("etc", "var/lib/ntp", "run"):
            (self.root / folder).mkdir(parents=True)
        for name in ETC:
            if os.path.exists("/etc/" + name):
                shutil.copy("/etc/" + name, self.root / "etc")
        self.write("etc/hosts", "127.0.0.1 localhost\n::1 localhost\n")
        switch.plug(self)
        self.ip("link", "set", "eth0", "up")
        for address in addresses:
            self.ip("addr", "add", address, "dev", "eth0", *nodad(address))

    def path(self, name):
        return self.root / name.lstrip("/")

    def write(self, name, content):
        """A file as this host sees it; `content` is text or bytes."""
        if isinstance(content, str):
            content = content.encode()
        self.path(name).write_bytes(content)

    def command(self, argv):
        return super().command(["unshare", "-m", "sh", "-c", BIND, self.root,
                                *argv])

    def start_ntpd(self, *options):
        """In the background as a service does; the parent has returned."""
        done = self.run(BUILD / "ntpd", "-g", "-p", "/run/ntpd.pid", "-l",
                        "/run/ntpd.log", *options)
        assert done.returncode == 0, (done.stderr, self.log())
        return done

    def ntpd_pid(self):
        return int(self.path("run/ntpd.pid").read_text())

    def stop_ntpd(self):
        """Returns when it is gone."""
        pid = self.ntpd_pid()
        os.kill(pid, signal.SIGTERM)
        assert wait_for(lambda: is_gone(pid), 5)
        self.path("run/ntpd.pid").unlink()

    def log(self):
        path = self.path("run/ntpd.log")
        return path.read_text() if path.exists() else ""

    def ntpq(self, *argv, **more):
        return self.run(BUILD / "ntpq", *argv, **more)

    def variable(self, name, assoc=0, host="127.0.0.1"):
        """The value of a variable, as text; None without an answer."""
        out = self.ntpq("-c", f"rv {assoc} {name}", host).stdout
        return out.strip().partition("=")[2] or None

    def close(self):
        if self.path("run/ntpd.pid").exists():
            try:
                os.kill(self.ntpd_pid(), signal.SIGKILL)
            except ProcessLookupError:
                pass
        super().close()


def is_gone(pid):
    """Ended, whether or not somebody has collected its exit status."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return True
    return stat.rpartition(")")[2].split()[0] == "Z"


def nodad(address):
    """Whether an IPv6 address is free is not asked: it is."""
    return ["nodad"] if ":" in address else []
