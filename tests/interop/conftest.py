# SPDX-License-Identifier: BSD-2-Clause
"""Whole programs against fakes and peers, in network namespaces of our own.

Environment: TRUECHIMER_BUILD, the build directory (default: build in the
source tree); TRUECHIMER_PEERS, where the programs of other suites are
unpacked (default: .cache/peers in the source tree).
"""
import itertools
import json
import os
import pathlib
import subprocess
import sys
import time

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.get("TRUECHIMER_BUILD", SOURCE / "build"))
PEERS = pathlib.Path(os.environ.get("TRUECHIMER_PEERS",
                                    SOURCE / ".cache/peers"))
# Nothing that a test starts may set the clock of this machine.
CLOCKLESS = ["setpriv", "--bounding-set=-sys_time", "--inh-caps=-sys_time"]

letters = itertools.count()


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

    def start(self, *argv, **more):
        process = subprocess.Popen(self.command(argv), text=True,
                                   stdin=subprocess.DEVNULL, **more)
        self.running.append(process)
        return process

    def fake(self, script, spec):
        """Starts a fake of this folder; returns when it is ready."""
        process = self.start(sys.executable, HERE / script, json.dumps(spec),
                             stdout=subprocess.PIPE)
        assert process.stdout.readline() == "ready\n"
        return process

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


@pytest.fixture(scope="session", autouse=True)
def privileged():
    if os.geteuid() != 0:
        pytest.skip("needs root: makes network namespaces and binds port 123")


@pytest.fixture
def net():
    namespace = Namespace()
    yield namespace
    namespace.close()


def find_peer(*words):
    """The path of a peer's program under PEERS, or None."""
    for path in sorted(PEERS.rglob("sbin/" + words[0])) + sorted(
            PEERS.rglob("bin/" + words[0])):
        if len(words) == 1 or is_made_by(path, words[1]):
            return path
    return None


def is_made_by(path, word):
    says = subprocess.run([path, "--version"], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=10, check=False)
    return word in says.stdout + says.stderr


def need_peer(*words):
    path = find_peer(*words)
    if path is None:
        pytest.skip(f"no {' of '.join(words)} under {PEERS}")
    return path
