# SPDX-License-Identifier: BSD-2-Clause
"""Issue 4, point 8: very many associations. Very many clients are in
test_ntpq_mrulist.py, and test_mru.c."""
import pathlib
import re

import pytest

from lab import BUILD
from lab.lan import Lan

SERVERS = 2000
SANITIZED = "asan" in BUILD.name  # slow


@pytest.fixture(name="lan")
def _lan(privileged, tmp_path):
    with Lan(tmp_path) as lan:
        yield lan


def resident_mib(daemon):
    status = pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024


def test_two_thousand_associations_are_listed_within_a_second(lan):
    lines = [f"server 10.98.{1 + i // 250}.{1 + i % 250} noselect"
             for i in range(SERVERS)]
    ours = lan.ntpd(1, "\n".join(lines) + "\nrestrict default\n")
    ours.listening()
    done = ours.host.run(BUILD / "ntpq", "-pn", "127.0.0.1")
    print(f"{done.took:.2f} s, {resident_mib(ours):.0f} MiB")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == SERVERS + 2
    assert done.took < (10 if SANITIZED else 1)
