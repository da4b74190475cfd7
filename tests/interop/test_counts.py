# SPDX-License-Identifier: BSD-2-Clause
"""What `ntpq -c sysstats` counts, by verdict and version, when several threads
serve: the sums are what was sent. docs/server.md."""
import sys

import pytest

from lab.namespace import wait_for

CONF = """server 127.127.1.0
server-threads 3
extra port 1123
restrict default
restrict 127.2.0.0 mask 255.255.0.0 ignore
restrict 127.3.0.0 mask 255.255.0.0 noserve
restrict 127.4.0.0 mask 255.255.0.0 version
restrict 127.5.0.0 mask 255.255.0.0 notrust
restrict 127.6.0.0 mask 255.255.0.0 noquery
restrict 127.7.0.0 mask 255.255.0.0 limited
"""
MANY = 40  # addresses of each network: enough that each thread has some

# Each of MANY addresses sends so many of a datagram; prints the answers' sum.
SENDER = """
import socket, sys
net, port, data = sys.argv[1], int(sys.argv[2]), bytes.fromhex(sys.argv[3])
answers = 0
for i in range(int(sys.argv[4])):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((f"127.{net}.0.{i + 1}", 0))
        s.settimeout(float(sys.argv[6]))
        for _ in range(int(sys.argv[5])):
            s.sendto(data, ("127.0.0.1", port))
            try:
                answers += len(s.recv(2048)) > 0
            except TimeoutError:
                pass
print(answers)
"""


def request(first, length=48):
    return bytes([first]).hex() + (b"\1" * (length - 1)).hex()


NAMES = "received thisver oldver badformat declined restricted limited " \
    "processed ver1 ver1client ver1zero numctlreq".split()

# Network, port, first octet, length, is it answered, and what is counted.
SENT = [
    (1, 123, 0x23, 48, True, "thisver processed"),
    (1, 1123, 0x23, 48, True, "thisver processed"),
    (1, 123, 0x1b, 48, True, "oldver processed"),
    (1, 1123, 0x13, 48, True, "oldver processed"),
    (1, 123, 0x0b, 48, True, "oldver processed ver1 ver1client"),
    (1, 123, 0x08, 48, True, "oldver processed ver1 ver1zero"),
    (1, 123, 0x23, 20, False, "badformat"),
    (1, 123, 0x24, 48, False, "badformat"),
    (1, 123, 0x3b, 48, False, "declined"),
    (2, 123, 0x23, 48, False, "restricted"),
    (3, 1123, 0x23, 48, False, "restricted"),
    (4, 123, 0x1b, 48, False, "restricted"),
    (5, 123, 0x23, 48, False, "restricted"),
    (6, 123, 0x16, 12, False, "restricted"),
]


def counts(daemon):
    said = {}
    for i in range(0, len(NAMES), 4):
        names = ",".join("ss_" + name for name in NAMES[i:i + 4])
        said.update(daemon.rv(names))
    return {name: int(said["ss_" + name]) for name in NAMES}


@pytest.fixture(name="daemon")
def fixture_daemon(lan):
    daemon = lan.ntpd(2, CONF)
    assert wait_for(lambda: "serving time" in daemon.text(), 20)
    return daemon


def send(daemon, net, port, first, length, answered, many=MANY, times=2):
    """How many answers there were."""
    done = daemon.host.run(sys.executable, "-c", SENDER, net, port,
                           request(first, length), many, times,
                           2 if answered else 0.005, timeout=120)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def difference(now, before):
    """Our own questions are counted too: they are none of it."""
    diff = {name: now[name] - before[name] for name in NAMES}
    diff["received"] -= diff.pop("numctlreq")
    return {name: n for name, n in diff.items() if n}


def test_sums_over_threads_are_what_was_sent(daemon):
    before, wanted = counts(daemon), {}
    for net, port, first, length, answered, names in SENT:
        assert send(daemon, net, port, first, length, answered) == \
            (2 * MANY if answered else 0), (net, port, hex(first), length)
        for name in ("received", *names.split()):
            wanted[name] = wanted.get(name, 0) + 2 * MANY
    assert wait_for(lambda: difference(counts(daemon), before) == wanted), \
        (difference(counts(daemon), before), wanted)


def test_who_asks_too_often_is_counted_by_each_thread(daemon):
    """Of each of them the last few hundred, less what chance lets through."""
    hosts, times = 5, 400
    before = counts(daemon)
    answers = send(daemon, 7, 123, 0x23, 48, False, hosts, times)

    def told():
        diff = difference(counts(daemon), before)
        return diff["received"] == hosts * times and diff

    diff = wait_for(told)
    assert diff["limited"] > hosts * 50
    assert diff["processed"] + diff["limited"] == hosts * times
    # Some may have come when the asker had given up.
    assert answers <= diff["processed"]
