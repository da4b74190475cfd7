# SPDX-License-Identifier: BSD-2-Clause
"""SECURITY.md I11: what another host says is not read as root.

Nobody answers at the addresses: the tools wait, and are looked at meanwhile."""
import pathlib

import pytest

from lab import BUILD
from lab.lan import v4, v6
from lab.namespace import wait_for

NOBODY = "65534"


def ids(process):
    """(uids, gids, groups, may get rights by exec) once it has a socket."""
    status = dict(
        line.split(":", 1) for line in
        pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines())
    return (set(status["Uid"].split()), set(status["Gid"].split()),
            status["Groups"].split(), status["NoNewPrivs"].strip() == "0")


def asks(process):
    """It is in its main loop, waiting for the answer of a UDP socket."""
    name = pathlib.Path(f"/proc/{process.pid}/comm").read_text().strip()
    fds = [fd.readlink() for fd in
           pathlib.Path(f"/proc/{process.pid}/fd").iterdir()]
    return name.startswith("ntp") and any("socket:" in str(f) for f in fds)


@pytest.mark.parametrize("argv", [
    ("ntpq", "-p"), ("ntpq", "-c", "rv"), ("ntptrace", "-n")],
    ids=" ".join)
@pytest.mark.parametrize("number", [v4(9), v6(9)])
def test_who_asks_another_host_is_not_root(lan, argv, number):
    program, *options = argv
    process = lan.host(1).start(BUILD / program, *options, number)
    assert wait_for(lambda: asks(process), 5)
    uids, gids, groups, may_rise = ids(process)
    assert (uids, gids, groups) == ({NOBODY}, {NOBODY}, [])
    assert not may_rise


def test_who_asks_this_host_stays_who_he_is(lan):
    host = lan.host(1)
    # Somebody takes the question and never answers.
    host.fake("fakectl.py", {"addr": "127.0.0.1", "act": "silent"})
    process = host.start(BUILD / "ntpq", "-c", "rv", "127.0.0.1")
    assert wait_for(lambda: asks(process), 5)
    assert ids(process)[0] == {"0"}
