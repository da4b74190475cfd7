# SPDX-License-Identifier: BSD-2-Clause
"""Our ntpd on a host of the lab, and questions to it."""
import os
import re
import signal
import subprocess
import time

from lab import BUILD
from lab.namespace import wait_for


class Ntpd:
    """Our ntpd, and questions to it. With a spy (a Clock) it takes itself to
    be setting the clock, which nothing here can."""

    def __init__(self, lan, number, conf, options, before=(), spy=None,
                 hurried=False):
        self.host, self.ended = lan.host(number), False
        self.name = f"ntpd-{number}-{len(lan.daemons)}"
        self.log = lan.folder / f"{self.name}.log"
        self.conf = lan.file(f"{self.name}.conf", conf)
        self.begun = time.monotonic()
        self.process = self.host.start(
            *before, BUILD / "ntpd", "-n", *([] if spy else ["--no-clock"]),
            "-c", self.conf,
            "--control", lan.folder / f"{self.name}.ctl", *options,
            stdout=subprocess.DEVNULL, stderr=self.log.open("w"),
            env={**os.environ, "ASAN_OPTIONS": "detect_leaks=1",
                 **(spy.env if spy else {})}, hurried=hurried)

    def text(self):
        return self.log.read_text(errors="replace")

    def listening(self):
        assert wait_for(lambda: "proto: precision" in self.text(), 20), \
            self.text()
        return self

    def rv(self, names, assoc="0"):
        """Variables by name, as text; {} when it does not answer."""
        done = self.host.run(BUILD / "ntpq", "-c", f"rv {assoc} {names}",
                             "127.0.0.1")
        return dict(re.findall(r'(\w+)=("[^"]*"|[^,\s]*)', done.stdout))

    def peers(self):
        """Rows of `ntpq -pn`, each a Row."""
        done = self.host.run(BUILD / "ntpq", "-pn", "127.0.0.1")
        return [Row(line) for line in done.stdout.splitlines()[2:]]

    def peer(self, addr):
        return next((r for r in self.peers() if r.remote == addr), None)

    def synchronised(self, seconds=10):
        """Seconds from start to leap 0 and a system peer; None: never."""
        def good():
            said = self.rv("leap,stratum")
            return said.get("leap") == "00" and said["stratum"] != "16"

        end = self.begun + seconds
        if wait_for(good, max(end - time.monotonic(), 0.1)):
            return time.monotonic() - self.begun
        return None

    def stop(self, number=signal.SIGTERM):
        """Ends it; its exit code, which is 0 for every good end."""
        self.ended = True
        if self.process.poll() is None:
            os.kill(self.process.pid, number)
        code = self.process.wait(20)
        if code:
            print(self.text())
        return code


class Row:
    """A line of `ntpq -pn`."""

    def __init__(self, line):
        self.line, self.tally = line, line[0]
        (self.remote, self.refid, stratum, self.kind, self.when, self.poll,
         reach, delay, offset, jitter) = line[1:].split()
        self.stratum, self.reach = int(stratum), int(reach, 8)
        self.delay, self.offset, self.jitter = map(
            float, (delay, offset, jitter))

    def __repr__(self):
        return self.line
