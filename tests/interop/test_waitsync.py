# SPDX-License-Identifier: BSD-2-Clause
"""ntpq's waitsync, and ntp-wait for boot scripts."""
import subprocess
import sys

import pytest

from lab import BUILD
from lab.lan import SERVES_ALL

NTPQ, NTPWAIT = BUILD / "ntpq", BUILD / "ntp-wait"
SYSTEM = ("leap=0, stratum=2, rootdelay=10.000, rootdisp=5.000, "
          "clockbound=2.000000")


def daemon(net, status, system=SYSTEM, **more):
    return net.fake("fakectl.py", {"addr": "127.0.0.1", "status": status,
                                   "system": system, "peers": [], **more})


def waits(net, words):
    return net.run(NTPQ, "-c", f"waitsync {words}", "127.0.0.1")


def test_a_good_clock_ends_it_at_once(net):
    daemon(net, 0x0615)
    done = waits(net, "30 0.01")
    assert done.returncode == 0
    assert done.stdout == "try 1: synchronised, right within 0.002000 s\n"
    assert done.took < 1


def test_one_that_is_not_exact_enough_is_waited_for_in_vain(net):
    daemon(net, 0x0615)
    done = waits(net, "3 0.001 0.2")
    assert done.returncode == 1
    assert done.stdout.count("not exact enough yet") == 3
    assert 0.4 <= done.took < 2


def test_one_without_a_bound_is_judged_by_its_root_distance(net):
    """As ntpsec's, which does not know the name."""
    daemon(net, 0x0615, "leap=0, rootdelay=10.000, rootdisp=5.000")
    assert waits(net, "1 0.011").returncode == 0
    assert waits(net, "1 0.009").returncode == 1


@pytest.mark.parametrize("words", ["x", "1 -1", "1 x", "1 1 0", "-3"])
def test_wrong_words_are_said(net, words):
    done = waits(net, words)
    assert done.returncode == 1
    assert "***Usage: waitsync" in done.stderr


def test_ntp_wait_has_the_classic_words(net):
    done = net.run(NTPWAIT, "-n", "2", "-s", "1", "-v")
    assert done.stdout == "Waiting for ntpd to synchronize...  No!\n"
    assert done.stderr == "Leap status not available\n"
    assert done.returncode == 1
    assert 1 <= done.took < 3
    fake = daemon(net, 0xc016)
    done = net.run(NTPWAIT, "-n", "1", "-v")
    assert done.stderr == "ntpd did not synchronize.\n"
    assert done.returncode == 1
    fake.kill()
    fake.wait()
    daemon(net, 0x0615)
    done = net.run(NTPWAIT, "-v")
    assert done.stdout == "Waiting for ntpd to synchronize...  OK!\n"
    assert (done.returncode, done.stderr) == (0, "")
    assert net.run(NTPWAIT).stdout == ""


SILENT = """
import socket, time
for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
    bound = socket.socket(family, socket.SOCK_DGRAM)
    bound.bind((address, 123))
    bound.detach()
print("ready", flush=True)
time.sleep(60)
"""


def test_silence_makes_ntp_wait_no_longer(net):
    """A look at who does not answer takes a second, which is part of what it
    sleeps: -n 600 -s 1 of ntp-wait.service lasts ten minutes."""
    process = net.start(sys.executable, "-c", SILENT, stdout=subprocess.PIPE)
    assert process.stdout.readline() == "ready\n"
    done = net.run(NTPWAIT, "-n", "6", "-s", "1", "-v")
    assert done.returncode == 1
    assert done.stderr == "Leap status not available\n"
    assert 5 <= done.took < 8  # 11 when the looks were on top of it


def test_wrong_use_of_ntp_wait_is_said(net):
    for options in (["-n", "0"], ["-s", "x"], ["y"], ["-z"]):
        done = net.run(NTPWAIT, *options)
        assert done.returncode == 2
        assert "usage: ntp-wait" in done.stderr


def test_a_daemon_that_starts_is_waited_for(lan):
    lan.ntpd(1, "server 127.127.1.0\ntos orphanwait 0\n" + SERVES_ALL)
    lan.ntpd(2, "server 10.98.0.1 iburst\n")
    done = lan.host(2).run(NTPWAIT, "-n", "30", "-s", "1", timeout=40)
    assert done.returncode == 0
    done = lan.host(2).run(NTPQ, "-c", "waitsync 60 20 0.5", timeout=60)
    assert done.returncode == 0
