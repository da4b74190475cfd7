# SPDX-License-Identifier: BSD-2-Clause
"""Limits in a real daemon: whom they hold, whom they must not (threat F13).
Somebody's victim is in tests/load."""
import json
import subprocess
import sys

import pytest

from lab import HERE
from lab.crowd import CROWD
from lab.lan import Lan, v4
from lab.namespace import wait_for

SERVER, SPOOFER, VICTIM, OTHER = 2, 3, 4, 5
RATE, SECONDS = 20000, 11
CONF = "restrict default limited kod nomodify\nrestrict 127.0.0.1\n" \
       "server 127.127.1.0\n"


@pytest.fixture(name="lan")
def fixture_lan(privileged, tmp_path):
    with Lan(tmp_path) as lan:
        yield lan


def served(lan, lines=""):
    daemon = lan.ntpd(SERVER, CONF + lines).listening()
    assert wait_for(lambda: daemon.rv("leap")["leap"] == "00", 40)
    host = lan.host(SERVER)
    for name in ("all", "eth0"):
        host.run("sysctl", "-qw", f"net.ipv4.conf.{name}.rp_filter=0")
    return daemon


def asked(lan, number, rate, seconds):
    done = lan.host(number).run(sys.executable, HERE / "load.py", v4(SERVER),
                                rate, seconds, timeout=seconds + 30)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def spoof(lan):
    """Somebody floods in the victim's name."""
    lan.host(VICTIM)
    flood = lan.host(SPOOFER).start(
        CROWD, "spoof", v4(SERVER), v4(VICTIM), RATE, SECONDS,
        stdout=subprocess.PIPE)
    assert flood.stdout.readline() == "ready\n"
    return flood


def octets_sent(lan):
    path = "/sys/class/net/eth0/statistics/tx_bytes"
    return int(lan.host(SERVER).run("cat", path).stdout)


def test_a_budget_is_kept_and_the_patient_are_served(lan):  # F13
    served(lan, "limit budget 200\n")
    flood = spoof(lan)
    before = octets_sent(lan)
    other = asked(lan, OTHER, 2, SECONDS / 2)
    gave = octets_sent(lan) - before
    flood.communicate(timeout=SECONDS + 30)
    print(other, gave)
    assert other["answered"] == other["sent"]
    # 90 octets each: a second at once, and 200 a second after that.
    assert gave < 90 * 200 * (SECONDS / 2 + 1 + 3)
