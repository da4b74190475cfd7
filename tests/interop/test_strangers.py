# SPDX-License-Identifier: BSD-2-Clause
"""A million addresses that ask once: what the daemon keeps of them (threats
F7, F8), that every one of them is accounted for, and that they can be listed
(issue 4, point 8)."""
import os
import pathlib
import re
import resource
import sys

import pytest

from lab import BUILD, HERE
from lab.lan import Lan, v4
from lab.namespace import wait_for

MILLION = 1000000
COUNTS = "mru_depth,mru_new,mru_exists,mru_recyclefull,mru_recycleold," \
         "mru_none,mru_maxdepth,io_received"


def rss_kib(daemon):
    status = pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1])


def dropped(host):
    """Datagrams that the kernel had no room for."""
    lines = [line.split() for line in
             host.run("cat", "/proc/net/snmp").stdout.splitlines()
             if line.startswith("Udp:")]
    return int(dict(zip(*lines))["RcvbufErrors"])


def flood(lan, count, rate=0):
    done = lan.host(3).run(sys.executable, HERE / "strangers.py", v4(2), count,
                           rate, timeout=300)
    assert done.returncode == 0, done.stderr


def counts(daemon):
    return {k: int(v) for k, v in daemon.rv(COUNTS).items()}


def server(lan: Lan, lines):
    """Hears whatever claims to come from 11/8, and answers nobody there."""
    daemon = lan.ntpd(2, lines + "restrict default noserve\n"
                      "restrict 127.0.0.1\n").listening()
    host = lan.host(2)
    for name in ("all", "eth0"):
        host.run("sysctl", "-qw", f"net.ipv4.conf.{name}.rp_filter=0")
    host.ip("route", "add", "11.0.0.0/8", "dev", "eth0")
    return daemon


def test_memory_is_flat_whoever_asks(lan):  # F8, CVE-2010-0293
    daemon = server(lan, "")
    flood(lan, 100000)  # the list of 11915 is full, and all its pages used
    before, began = rss_kib(daemon), counts(daemon)
    assert began["mru_depth"] > 0.9 * began["mru_maxdepth"]
    flood(lan, MILLION)
    ended = counts(daemon)
    assert ended["io_received"] - began["io_received"] > 100000
    assert ended["mru_maxdepth"] == 11915
    # Several threads have a little more room, so that chance costs nothing.
    assert ended["mru_depth"] <= 11915 * 1.1
    assert rss_kib(daemon) - before < 256, (before, rss_kib(daemon))


def test_every_stranger_is_listed_or_counted(lan):  # F7
    """With room for all: who is missing was dropped by the kernel, or (few)
    had no place among the sixteen that are looked at."""
    daemon = server(lan, "mru maxdepth -1\n")
    host = lan.host(2)
    flood(lan, 300000)

    def settled():
        seen = counts(daemon)
        return seen if seen["mru_new"] + dropped(host) >= 300000 else None

    seen = wait_for(settled, 10)
    assert seen
    # 127.0.0.1, who asks for the counts, is in it too.
    assert seen["mru_new"] + dropped(host) == 300000 + 1
    assert seen["mru_recycleold"] == seen["mru_none"] == 0
    assert seen["mru_depth"] == seen["mru_new"] - seen["mru_recyclefull"]
    assert seen["mru_recyclefull"] < 300


def seconds(daemon):
    """Of its threads' time so far."""
    stat = pathlib.Path(f"/proc/{daemon.process.pid}/stat").read_text()
    user, system = stat.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def test_a_million_clients_are_listed_within_half_a_minute(lan):
    """In time of the processors: others may be at work here. Whom the kernel
    had no room for asks again."""
    daemon = server(lan, "mru maxdepth 1200000 maxage 100000\n")
    host = lan.host(2)
    for _ in range(3):
        flood(lan, MILLION, 60000)
        depth = counts(daemon)["mru_depth"]
        if depth > 0.95 * MILLION:
            break
    else:
        pytest.skip(f"only {depth} got through; {dropped(host)} datagrams "
                    "found no room in the kernel")
    before = rss_kib(daemon)
    began, used = seconds(daemon), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = host.run(BUILD / "ntpq", "-n", "-c", "mrulist", "127.0.0.1",
                    timeout=280)
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = (seconds(daemon) - began + now.ru_utime - used.ru_utime +
             now.ru_stime - used.ru_stime)
    print(f"{depth} clients: {spent:.1f} s, {done.took:.1f} s on the wall, "
          f"ntpd {before >> 10} MiB, ntpq {now.ru_maxrss >> 10} MiB")
    listed = {line.rpartition(" ")[2] for line in
              done.stdout.splitlines()[2:]}
    assert len(listed) >= depth - 1, done.stderr[-500:]
    assert rss_kib(daemon) - before < 8192  # under ASan, which keeps freed ones
    if "asan" not in BUILD.name:
        assert spent < 30
        assert before < 200 << 10 and now.ru_maxrss < 300 << 10
