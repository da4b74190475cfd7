# SPDX-License-Identifier: BSD-2-Clause
"""A network of its own, and programs in it that cannot set the clock."""
import itertools
import json
import os
import pathlib
import subprocess
import sys
import time

import pytest

from lab import HERE

# Nothing that a test starts may set the clock of this machine.
CLOCKLESS = ["setpriv", "--bounding-set=-sys_time", "--inh-caps=-sys_time"]

BEFORE_OTHERS = -19
letters = itertools.count()


def hurry(process):
    """It leads a session of its own, which may be what counts."""
    group = pathlib.Path(f"/proc/{process.pid}/autogroup")
    os.setpriority(os.PRIO_PROCESS, process.pid, BEFORE_OTHERS)
    if group.exists():
        group.write_text(str(BEFORE_OTHERS))


class Namespace:
    """A network of its own: loopback with 127/8, ::1 and fd99::/64."""

    def __init__(self):
        self.name = f"tc-{os.getpid()}-{next(letters)}"
        self.running = []
        made = subprocess.run(["ip", "netns", "add", self.name],
                              capture_output=True, text=True, check=False)
        if made.returncode != 0:
            pytest.skip(f"cannot make a network namespace: {made.stderr}")
        self.ip("link", "set", "lo", "up")
        for i in range(1, 6):
            self.ip("addr", "add", f"fd99::{i}/128", "dev", "lo", "nodad")

    def ip(self, *words):
        subprocess.run(["ip", "-n", self.name, *words], check=True)

    def command(self, argv):
        return ["ip", "netns", "exec", self.name, *CLOCKLESS,
                *map(str, argv)]

    def run(self, *argv, timeout=30, env=None, stdin=subprocess.DEVNULL,
            **more):
        """Runs to the end; the result has .took, in seconds."""
        start = time.monotonic()
        if "input" not in more:
            more["stdin"] = stdin
        done = subprocess.run(self.command(argv), capture_output=True,
                              text=True, timeout=timeout, check=False,
                              env={**os.environ, "TZ": "UTC", **(env or {})},
                              **more)
        done.took = time.monotonic() - start
        return done

    def start(self, *argv, hurried=False, **more):
        """Who is hurried goes before all others of this machine that are not
        in real time: where what is looked at is how fast it is."""
        process = subprocess.Popen(self.command(argv), text=True,
                                   stdin=subprocess.DEVNULL,
                                   start_new_session=hurried, **more)
        if hurried:
            hurry(process)
        self.running.append(process)
        return process

    def fake(self, script, spec):
        """Starts a fake of lab/; returns when it is ready."""
        process = self.start(sys.executable, HERE / script, json.dumps(spec),
                             stdout=subprocess.PIPE)
        assert process.stdout.readline() == "ready\n"
        return process

    def exchange(self, addr, data, seconds=1):
        """What port 123 of `addr` answers to these bytes, or None."""
        done = self.run(sys.executable, HERE / "exchange.py", addr, data.hex(),
                        seconds)
        assert done.returncode == 0, done.stderr
        out = done.stdout.strip()
        return None if out == "silence" else bytes.fromhex(out)

    def close(self):
        for process in self.running:
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()
        subprocess.run(["ip", "netns", "del", self.name], check=False)


def requests(process):
    """What a fakentp.py has been asked so far."""
    process.kill()
    return [json.loads(line) for line in process.stdout]


def wait_for(what, seconds=10):
    """Polls until what() is true; its value."""
    end = time.monotonic() + seconds
    while True:
        value = what()
        if value or time.monotonic() > end:
            return value
        time.sleep(0.1)
