# SPDX-License-Identifier: BSD-2-Clause
"""A host of its own for ntpd: a network namespace, a folder, and no right to
set the clock. Every daemon that it starts ends with it."""
import os
import pathlib
import re
import signal
import subprocess

import pytest

from lab import BUILD
from lab.namespace import CLOCKLESS, Namespace, wait_for

NTPD = str(BUILD / "ntpd")
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
          "--bounding-set=-all", "--inh-caps=-all"]
LINE = re.compile(r"^[ 0-9][0-9] [A-Z][a-z]{2} [0-9:]{8} ntpd\[[0-9]+\]: .+$")

needs_root = pytest.mark.skipif(os.geteuid() != 0,
                                reason="needs root for a network namespace")


def ask(*options, prefix=None):
    """Runs ntpd to its end; never with the right to set the clock."""
    if prefix is None:  # who is not root has no such right to give up
        prefix = CLOCKLESS if os.geteuid() == 0 else []
    return subprocess.run([*prefix, NTPD, *map(str, options)], text=True,
                          capture_output=True, timeout=30, check=False,
                          stdin=subprocess.DEVNULL)


def name_of(pid):
    return pathlib.Path(f"/proc/{pid}/comm").read_text().rstrip("\n")


class Host(Namespace):
    """A network with one more address, and one ntpd at a time in it."""

    def __init__(self, folder):
        super().__init__()
        self.folder = folder
        self.log = folder / "log"
        self.config = folder / "ntp.conf"
        self.pidfile = folder / "ntpd.pid"
        self.config.write_text("restrict 127.0.0.1\nrestrict ::1\n")
        self.ip("link", "add", "v0", "type", "veth", "peer", "name", "v1")
        self.ip("addr", "add", "10.9.8.7/24", "dev", "v0")
        self.ip("link", "set", "v0", "up")

    def options(self, *options):
        return ["-c", self.config, "-l", self.log, "--control",
                self.folder / "ctl/socket", *options]

    def ntpd(self, *options):
        """Runs a daemon that is expected to end, or to go to the background."""
        return self.run(NTPD, *self.options(*options))

    def serve(self, *options):
        """Starts a daemon in the foreground and waits until it serves."""
        with open(self.folder / "stderr", "w", encoding="utf-8") as errors:
            child = self.start(NTPD, "-n", *self.options(*options),
                               stdout=subprocess.DEVNULL, stderr=errors)
        assert wait_for(lambda: "proto: precision" in self.text()
                        or child.poll() is not None), self.text()
        assert child.poll() is None, self.text()
        assert name_of(child.pid) == "ntpd"  # ip and setpriv became it
        return child

    def text(self):
        return self.log.read_text() if self.log.exists() else ""

    def says(self, words, seconds=10):
        return wait_for(lambda: words in self.text(), seconds)

    def stop(self, child):
        child.send_signal(signal.SIGTERM)
        return child.wait(10)

    def background_pid(self):
        return int(self.pidfile.read_text())

    def close(self):
        if self.pidfile.exists():
            try:
                pid = self.background_pid()
                if name_of(pid) == "ntpd":
                    os.kill(pid, signal.SIGKILL)
            except (OSError, ValueError):
                pass
        super().close()


# As ntpdate does it: with SO_REUSEADDR, on both wildcard addresses.
BIND_LIKE_NTPDATE = """
import socket
for family, host in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
    s = socket.socket(family, socket.SOCK_DGRAM)
    if family == socket.AF_INET6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((host, 123))
"""

ASK = """
import socket, sys
host, mine = sys.argv[1:3]
s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET,
                  socket.SOCK_DGRAM)
if mine:
    s.bind((mine, 0))
s.settimeout(3)
s.sendto(b"\\x23" + bytes(39) + b"\\x11\\x22\\x33\\x44\\x55\\x66\\x77\\x88",
         (host, int(sys.argv[3])))
data, peer = s.recvfrom(1024)
print(data.hex(), peer[0])
"""


def reply_of(host, address, mine="", port=123):
    """The answer to one request, and whom it came from; None: silence."""
    done = host.run("python3", "-c", ASK, address, mine, port)
    if done.returncode:
        return None
    data, peer = done.stdout.split()
    return bytes.fromhex(data), peer
