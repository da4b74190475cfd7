# SPDX-License-Identifier: BSD-2-Clause
"""Limits in a real daemon: whom they hold, whom they must not (threats F6,
F13)."""
import json
import subprocess
import sys

import pytest

from lab import HERE
from lab.lan import Lan, v4
from lab.namespace import wait_for

SERVER, SPOOFER, VICTIM, OTHER = 2, 3, 4, 5
RATE, SECONDS = 20000, 20
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
        sys.executable, HERE / "spoofer.py", v4(SERVER), v4(VICTIM), RATE,
        SECONDS, stdout=subprocess.PIPE)
    assert flood.stdout.readline() == "ready\n"
    return flood


def octets(lan, way):
    path = f"/sys/class/net/eth0/statistics/{way}_bytes"
    return int(lan.host(SERVER).run("cat", path).stdout)


def test_a_spoofer_cannot_silence_his_victim(lan):  # F6, F3
    """One in four at least; nobody else notices; no more out than in."""
    served(lan)
    before = octets(lan, "rx"), octets(lan, "tx")
    flood = spoof(lan)
    victim = asked(lan, VICTIM, 12, SECONDS / 2)
    other = asked(lan, OTHER, 1, SECONDS / 4)
    sent = int(flood.communicate(timeout=SECONDS + 30)[0])
    got, gave = (octets(lan, way) - b for way, b in zip(("rx", "tx"), before))
    print(sent, victim, other, got, gave)
    # 120 asked: 30 at the least, less five deviations.
    assert victim["answered"] - victim["without_time"] >= 30 - 5 * 4.7
    assert other["answered"] == other["sent"]
    assert gave < got


def test_a_budget_is_kept_and_the_patient_are_served(lan):  # F13
    served(lan, "limit budget 200\n")
    flood = spoof(lan)
    before = octets(lan, "tx")
    other = asked(lan, OTHER, 2, SECONDS / 2)
    gave = octets(lan, "tx") - before
    flood.communicate(timeout=SECONDS + 30)
    print(other, gave)
    assert other["answered"] == other["sent"]
    # 90 octets each: a second at once, and 200 a second after that.
    assert gave < 90 * 200 * (SECONDS / 2 + 1 + 3)
