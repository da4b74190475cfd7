# SPDX-License-Identifier: BSD-2-Clause
"""Requests that are answered in the kernel: by whom, when, and when not."""
import json
import os
import pathlib
import re
import signal
import statistics
import struct
import subprocess
import tempfile
import time

import pytest

from lab import BUILD
from lab.cable import (ASKER, ASKER6, LOCAL, SERVER, SERVER6, Cable, needs_xdp)
from lab.namespace import wait_for
from lab.peers import need_peer

pytestmark = needs_xdp
OPEN = LOCAL + "restrict default\n"


@pytest.fixture
def cable():
    with tempfile.TemporaryDirectory() as folder:  # that all can read
        os.chmod(folder, 0o755)
        made = Cable(pathlib.Path(folder))
        yield made
        made.close()


def answered_by_kernel(cable, to=SERVER, data=None):
    """Asks; the answer, and whether the sockets had nothing to do with it."""
    before = cable.counts()
    answer = cable.ask(to, data)
    after = cable.counts()
    return answer, after["answered"] - before["answered"] == 1


@pytest.mark.parametrize("mode, attached", [("", "native"),
                                            ("native", "native"),
                                            ("generic", "generic")])
def test_everybody_gets_the_time(cable, mode, attached):
    tagged = cable.vlan(7)
    cable.serving(OPEN + f"interface xdp eth0 {mode}\n")
    assert cable.attached() == attached
    for to in filter(None, (SERVER, SERVER6, tagged)):
        answer, kernel = answered_by_kernel(cable, to)
        assert kernel, (to, cable.counts())
        assert answer[0] == 0x24 and answer[1] == 5
        assert answer[24:32] == b"12345678"
        off = struct.unpack(">Q", answer[40:48])[0] / 2**32 - time.time()
        assert abs(off - 2208988800) < 5
        assert answer[32:40] <= answer[40:48]
    before = cable.counts()["answered"]
    done = cable.asker.run(BUILD / "ntpdate", "-q", SERVER)
    offset = float(re.search(r"offset (-?[0-9.]+)", done.stdout)[1])
    assert done.returncode == 0 and abs(offset) < 0.02
    assert cable.counts()["answered"] >= before + 1


def test_chronyd_follows(cable):
    cable.serving(OPEN + "interface xdp eth0\n")
    done = cable.asker.run(need_peer("chronyd"), "-Q", "-u", "root", "-t", "20",
                           f"server {SERVER} iburst maxsamples 4",
                           f"pidfile {cable.folder}/chrony.pid", timeout=40)
    assert "System clock wrong by" in done.stdout + done.stderr, done.stderr
    assert cable.counts()["answered"] >= 3


def test_the_sockets_answer_what_is_not_plain(cable):
    cable.serving(OPEN + "interface xdp eth0\n")
    for data in (bytes([0x13]) + bytes(39) + b"12345678",  # version 2
                 bytes([0x19]) + bytes(39) + b"12345678",  # mode 1
                 bytes([0x23]) + bytes(23) + b"origin.!receive.transmit"):
        answer, kernel = answered_by_kernel(cable, SERVER, data)
        assert answer and not kernel, data


def test_what_classic_asks_is_plain(cable):
    """It names our transmit stamp as its origin, which is even: no interleaved
    request, though all of its stamps are there."""
    cable.serving(OPEN + "interface xdp eth0\n")
    stamps = b""
    for _ in range(3):
        data = bytes([0x23]) + bytes(23) + (stamps or bytes(8)) + \
            b"receive.transmit"
        answer, kernel = answered_by_kernel(cable, SERVER, data)
        assert kernel and answer[24:32] == b"transmit"
        stamps = answer[40:48]


def test_restrict_lines_hold(cable):
    cable.serving(OPEN + "interface xdp eth0\n"
                  f"restrict {ASKER} noserve\nrestrict {ASKER6} ignore\n")
    assert cable.ask() is None and cable.ask(SERVER6) is None
    counts = cable.counts()
    assert counts["restricted"] == 2 and counts["answered"] == 0
    cable.asker.ip("addr", "add", "10.97.0.3/24", "dev", "eth0")
    cable.asker.ip("route", "add", f"{SERVER}/32", "dev", "eth0", "src",
                   "10.97.0.3")
    answer, kernel = answered_by_kernel(cable)
    assert answer and kernel


def test_a_reload_without_root(cable):
    """The tries are ours to write; interfaces are not, and that is said."""
    base = OPEN + "interface xdp eth0\n"
    cable.serving(base, "-u", "nobody")
    assert answered_by_kernel(cable)[1]
    cable.reload(base + f"restrict {ASKER} noserve\n")
    assert wait_for(lambda: cable.ask(seconds=0.3) is None), cable.text()
    assert cable.counts()["restricted"] > 0
    cable.reload(base)
    assert wait_for(lambda: answered_by_kernel(cable)[1]), cable.text()
    cable.reload(OPEN)
    assert wait_for(lambda: cable.attached() is None), cable.text()
    assert cable.ask()


def test_who_asks_too_often_is_for_the_sockets(cable):
    cable.serving(OPEN.replace("default", "default limited") +
                  "interface xdp eth0\nlimit average 0.001 burst 3\n")
    for _ in range(8):
        cable.ask(seconds=0.2)
    counts = cable.counts()
    assert 1 <= counts["answered"] <= 6 and counts["limited"] >= 2, counts


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_with_the_daemon(cable, number):
    cable.serving(OPEN + "interface xdp eth0\n")
    assert cable.attached() == "native"
    cable.daemon.send_signal(number)
    cable.daemon.wait(10)
    assert wait_for(lambda: cable.attached() is None)
    assert cable.ask(seconds=0.3) is None


def test_a_daemon_that_hangs_is_not_spoken_for(cable):
    """The last view holds for 40 s; then requests wait for the daemon."""
    cable.serving(OPEN + "interface xdp eth0\n")
    assert wait_for(lambda: answered_by_kernel(cable)[1])
    cable.daemon.send_signal(signal.SIGSTOP)
    stopped = time.monotonic()
    assert cable.ask()  # it is not gone yet
    while cable.ask(seconds=0.3):
        assert time.monotonic() - stopped < 50
        time.sleep(0.5)
    cable.daemon.send_signal(signal.SIGCONT)
    assert wait_for(lambda: answered_by_kernel(cable)[1], 20)


def test_it_survives_the_link_going_down(cable):
    cable.serving(OPEN + "interface xdp eth0\n")
    cable.server.ip("link", "set", "eth0", "down")
    cable.server.ip("link", "set", "eth0", "up")
    cable.server.ip("addr", "replace", SERVER6 + "/64", "dev", "eth0", "nodad")
    assert wait_for(lambda: cable.ask(seconds=0.3))
    assert wait_for(lambda: answered_by_kernel(cable)[1])
    assert cable.attached() == "native"


def test_who_does_not_know_the_time_says_so_himself(cable):
    cable.start("restrict default\ninterface xdp eth0\n")
    answer, kernel = answered_by_kernel(cable)
    assert answer[0] >> 6 == 3 and not kernel
    assert cable.counts()["silent"] > 0


def test_it_is_counted_and_listed(cable):
    cable.serving(OPEN + "restrict 127.0.0.1\ninterface xdp eth0\n")
    before = cable.counts()
    for _ in range(3):
        assert cable.ask()
    after = cable.counts()
    assert after["answered"] == before["answered"] + 3
    assert after["processed"] == before["processed"] + 3
    done = cable.server.run(BUILD / "ntpq", "-n", "-c", "mrulist",
                            "127.0.0.1")
    assert ASKER in done.stdout, done.stdout
    # And the line that let them pass was met as often.
    done = cable.server.run(BUILD / "ntpq", "-n", "-c", "reslist",
                            cable.folder / "ctl")
    assert re.search(rf"^ +{after['answered']} 0.0.0.0/0", done.stdout, re.M), \
        done.stdout


def test_a_client_is_listed_once(cable):
    """By whichever thread serves him, whoever answered."""
    cable.serving(OPEN + "interface xdp eth0\nserver-threads 2\n")
    cable.server.ip("route", "add", "10.98.0.0/24", "via", ASKER)
    cable.server.ip("route", "add", "fd98::/16", "via", ASKER6)
    clients = [(f"10.98.0.{i}", SERVER, 32) for i in range(1, 9)] + \
        [(f"fd98:0:0:{i}::1", SERVER6, 128) for i in range(1, 9)]
    # Neighbours of IPv6 are found when the links have addresses: a second.
    assert wait_for(lambda: cable.ask(SERVER6), 10)
    for client, to, bits in clients:
        cable.asker.ip("addr", "add", f"{client}/{bits}", "dev", "lo")
        cable.asker.ip("route", "replace", f"{to}/{bits}", "dev", "eth0",
                       "src", client)
        assert answered_by_kernel(cable, to)[1]
        answer, kernel = answered_by_kernel(
            cable, to, bytes([0x13]) + bytes(39) + b"12345678")
        assert answer and not kernel
    done = cable.server.run(BUILD / "ntpq", "-n", "-c", "mrulist",
                            "127.0.0.1")
    rows = [line.split() for line in done.stdout.splitlines()]
    asked = sorted(client for client, _, _ in clients)
    assert sorted(row[-1] for row in rows if row and row[-1] in asked) == \
        asked, done.stdout


def test_what_cannot_be_is_said(cable):
    """No such interface; a program of somebody else; no right."""
    cable.serving(OPEN + "interface xdp eth9\n")
    assert "xdp: eth9: there is no such interface yet" in cable.text()
    cable.daemon.kill()
    cable.daemon.wait()
    other = cable.server.start(BUILD / "tests/lab/xdppass", "eth0",
                               stdout=subprocess.PIPE)
    assert other.stdout.readline() == "ready\n"
    cable.serving(OPEN + "interface xdp eth0\n")
    assert "another program is there" in cable.text()
    assert cable.ask()
    cable.daemon.kill()
    cable.daemon.wait()
    cable.log = cable.folder / "poor"
    cable.daemon = cable.server.start(
        "setpriv", "--bounding-set=-all,+net_bind_service", BUILD / "ntpd",
        "-n", "-c", cable.conf, "--control", cable.folder / "ctl2",
        stdout=subprocess.DEVNULL, stderr=cable.log.open("w"))
    assert wait_for(lambda: "serving time" in cable.text(), 20), cable.text()
    assert re.search("xdp: nothing is answered in the kernel: .*root",
                     cable.text()), cable.text()


def test_an_interface_that_comes_later(cable):
    cable.serving(OPEN + "interface xdp late0\n")
    cable.server.ip("link", "add", "late0", "type", "veth", "peer", "name",
                    "late1")
    cable.server.ip("link", "set", "late0", "up")
    assert wait_for(lambda: "xdp: late0: plain requests" in cable.text(), 20), \
        cable.text()


# From the asker, whose clock is the server's: how far the middle of both stamps
# is from the middle between sending and arriving, as the kernel stamped those;
# of plain requests, and of those of version 2. Each has a port of its own.
OFFSETS = """
import json, socket, struct, sys
TIMESTAMPING, FLAGS = 37, 1 << 1 | 1 << 3 | 1 << 4 | 1 << 11
def stamp(s, flags):
    data, extra, _, _ = s.recvmsg(99, 512, flags)
    for level, kind, c in extra:
        if (level, kind) == (socket.SOL_SOCKET, TIMESTAMPING):
            seconds, ns = struct.unpack("qq", c[:16])
            return data, seconds * 10**9 + ns
def ask(first):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(1)
        s.setsockopt(socket.SOL_SOCKET, TIMESTAMPING, FLAGS)
        s.connect((sys.argv[1], 123))
        s.send(bytes([first]) + bytes(39) + b"12345678")
        answer, t4 = stamp(s, 0)
        _, t1 = stamp(s, socket.MSG_ERRQUEUE)
    t2, t3 = [((v >> 32) - 2208988800) * 10**9 +
              ((v & 0xffffffff) * 10**9 >> 32)
              for v in struct.unpack(">QQ", answer[32:48])]
    return [t2 - t1, t4 - t3]
print(json.dumps([(ask(0x23), ask(0x13)) for _ in range(int(sys.argv[2]))]))
"""
EXCHANGES = 2000


def test_both_tell_one_time(cable):
    """No stamp is outside of the exchange, and the mean differs by less than a
    microsecond: each of both has the time within that."""
    cable.serving(OPEN + "interface xdp eth0\n")
    done = cable.asker.run("/usr/bin/python3", "-c", OFFSETS, SERVER,
                           str(EXCHANGES))
    assert done.returncode == 0, done.stderr
    ways = dict(zip(("kernel", "sockets"), zip(*json.loads(done.stdout))))
    assert min(map(min, ways["kernel"])) >= 0
    off = {who: [(there - back) / 2 for there, back in both]
           for who, both in ways.items()}
    for who, all_of_it in off.items():
        print(f"{who}: off by {statistics.median(all_of_it):.0f} ns, on the way "
              f"for {statistics.median(map(sum, ways[who])):.0f} ns")
    apart = usual(off["kernel"]) - usual(off["sockets"])
    print(f"{apart:.0f} ns apart")
    assert abs(apart) < 1000
    assert cable.counts()["answered"] >= EXCHANGES


def usual(values):
    """The mean without the tenth at either end, when somebody was kept."""
    tenth = len(values) // 10
    return statistics.mean(sorted(values)[tenth:-tenth])
