# SPDX-License-Identifier: BSD-2-Clause
"""A host that is there before its network: link, address, route and who knows
names come one after another, and then the time is asked for at once."""
import time

import pytest

from lab.lan import v4
from lab.namespace import wait_for

NAMES = {f"{n}.pool.test": [v4(n)] for n in range(1, 5)}
CONF = "".join(f"server {name} iburst\n" for name in NAMES)
SOON_S = 4
NOBODY = "02:00:00:00:00:77"


@pytest.fixture(name="late")
def _late(lan):
    """Four servers, and who knows their names; a host without a cable, and how
    ntpd is started there with a server of names."""
    for n in range(1, 5):
        lan.fake(n, stratum=2)
    lan.host(1).fake("fakedns.py", {"addr": v4(1), "names": NAMES})
    host = lan.host(9, up=False)
    host.ip("addr", "flush", "dev", "eth0")

    def start(nameserver):
        before = lan.files({"/etc/resolv.conf": f"nameserver {nameserver}\n",
                            "/etc/nsswitch.conf": "hosts: dns\n"})
        return lan.ntpd(9, CONF, before=before).listening()

    host.resolv_conf = lan.folder / "resolv.conf"
    yield host, start


def seconds_until_right(daemon):
    begun = time.monotonic()
    assert wait_for(lambda: "serving time: stratum 3" in daemon.text(), 70), \
        daemon.text()
    return time.monotonic() - begun


def test_a_network_comes_in_steps(late):
    host, start = late
    daemon = start(v4(77))
    # Tried again after 2, 4 and 8 s, then after 16: what comes sooner is news.
    assert wait_for(lambda: daemon.text().count("again in 16 s") == 4, 40), \
        daemon.text()
    host.ip("link", "set", "eth0", "up")
    time.sleep(2)
    host.ip("addr", "add", f"{v4(9)}/24", "dev", "eth0")
    time.sleep(2)
    host.resolv_conf.write_text(f"nameserver {v4(1)}\n")
    took = seconds_until_right(daemon)
    print(f"right {took:.1f} s after the server of names")
    assert took < SOON_S, daemon.text()


def test_a_question_that_got_lost_is_not_waited_for(late):
    """It was sent where nobody is, and its sender waits for 5 s."""
    host, start = late
    host.ip("addr", "add", f"{v4(9)}/24", "dev", "eth0")
    host.ip("link", "set", "eth0", "up")
    host.ip("neigh", "add", v4(1), "lladdr", NOBODY, "dev", "eth0")
    daemon = start(v4(1))
    time.sleep(2)
    host.ip("neigh", "del", v4(1), "dev", "eth0")
    host.ip("addr", "add", f"{v4(99)}/24", "dev", "eth0")
    took = seconds_until_right(daemon)
    print(f"right {took:.1f} s after the address")
    assert took < 2, daemon.text()
