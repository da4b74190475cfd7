# SPDX-License-Identifier: BSD-2-Clause
"""Frames that no client sends, against a real daemon: what the kernel hands on
is counted by verdict, nothing is answered wrongly, and no answer is longer than
what asked for it (threats F1, F2, F3, F10)."""
import json
import os
import random
import re
import struct
import subprocess
import sys

import pytest

from lab import HERE
from lab.crowd import CLIENTS, SERVER, Crowd
from lab.namespace import wait_for

PORT, NTP, UDP = 4711, 123, 17
SERVER6, CLIENT6 = "fd00:2::1", "fd00:2::2"
MTU = 9000
CONF = "server 127.127.1.0\nrestrict default\n"
PLAIN = bytes([0x23]) + bytes(39) + b"12345678"
WAIT_S = 0.3
FUZZED, AT_ONCE = 3000, 50


def number(addr):
    return bytes(map(int, addr.split(".")))


def number6(addr):
    head, tail = addr.split("::")
    return b"".join(int(part, 16).to_bytes(2, "big")
                    for part in head.split(":")).ljust(14, b"\0") + \
        int(tail, 16).to_bytes(2, "big")


def checksum(data):
    words = struct.unpack(f">{(len(data) + 1) // 2}H",
                          data + bytes(len(data) % 2))
    total = sum(words)
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def udp(data, pseudo, to=NTP, port=PORT, length=None, wrong=0):
    """With a checksum over `pseudo` too; `wrong` is added to it."""
    length = 8 + len(data) if length is None else length
    head = struct.pack(">HHHH", port, to, length, 0)
    total = checksum(pseudo + struct.pack(">HH", UDP, 8 + len(data)) +
                     head[:4] + struct.pack(">HH", length, 0) + data)
    total = ((total or 0xffff) + wrong) & 0xffff
    return head[:6] + struct.pack(">H", total) + data


class Street(Crowd):
    """A daemon, and somebody who puts frames on its cable."""

    def __init__(self, folder):
        super().__init__(folder)
        for host, addr in (self.server, SERVER6), (self.clients, CLIENT6):
            host.ip("addr", "add", addr + "/64", "dev", "eth0", "nodad")
            host.ip("link", "set", "eth0", "mtu", str(MTU))
        self.ours = self.serve(CONF)
        macs = [re.search(r"link/ether (\S+)", host.run(
            "ip", "link", "show", "eth0").stdout)[1].replace(":", "")
            for host in (self.server, self.clients)]
        self.ether = bytes.fromhex(macs[0] + macs[1])
        # Whom it answers: known before the first frame.
        self.server.run("ping", "-c1", "-W1", CLIENTS)
        self.server.run("ping", "-c1", "-W1", CLIENT6)
        self.wire = subprocess.Popen(
            self.clients.command([sys.executable, HERE / "injector.py", "eth0",
                                  PORT, WAIT_S]),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.clients.running.append(self.wire)
        assert self.wire.stdout.readline() == "ready\n"

    def v4(self, data, options=b"", at=0, more=False, from_=CLIENTS,
           to=SERVER, protocol=UDP, wrong=0, ident=7, tos=0, ttl=64):
        """One frame, of `data` behind a header; `at` is in octets."""
        head = struct.pack(
            ">BBHHHBBH", 0x40 | 5 + len(options) // 4, tos,
            20 + len(options) + len(data), ident, at // 8 | more << 13, ttl,
            protocol, 0) + number(from_) + number(to) + options
        total = (checksum(head) + wrong) & 0xffff
        return self.ether + b"\x08\x00" + head[:10] + \
            struct.pack(">H", total) + head[12:] + data

    def v6(self, data, following=UDP, from_=CLIENT6, to=SERVER6):
        return self.ether + b"\x86\xdd" + struct.pack(
            ">IHBB", 6 << 28, len(data), following, 64) + number6(from_) + \
            number6(to) + data

    def exchange(self, *frames):
        """The answers, each the payload of a datagram."""
        self.wire.stdin.write(json.dumps([f.hex() for f in frames]) + "\n")
        self.wire.stdin.flush()
        answers = []
        for text in json.loads(self.wire.stdout.readline()):
            frame = bytes.fromhex(text)
            head = 14 + 4 * (frame[14] & 15) if frame[12:14] == b"\x08\x00" \
                else 54
            length = struct.unpack(">H", frame[head + 4:head + 6])[0]
            answers.append(frame[head + 8:head + length])
        return answers

    def counts(self):
        said = self.ours.rv("ss_received,ss_processed,ss_badformat,"
                            "ss_declined,ss_numctlreq")
        counts = {name[3:]: int(n) for name, n in said.items()}
        # Of our own questions nothing is counted.
        counts["received"] -= counts.pop("numctlreq")
        return counts

    def close(self):
        self.wire.stdin.close()
        self.wire.wait(10)
        super().close()


@pytest.fixture(scope="module", name="street")
def fixture_street(privileged, tmp_path_factory):
    with Street(tmp_path_factory.mktemp("frames")) as street:
        yield street


P4 = number(CLIENTS) + number(SERVER)
P6 = number6(CLIENT6) + number6(SERVER6)
GOOD, GOOD6 = udp(PLAIN, P4), udp(PLAIN, P6)
RECORD_ROUTE = bytes([7, 11, 4]) + bytes(8) + b"\0"
SOURCE_ROUTE = bytes([0x83, 7, 4]) + number(CLIENTS) + b"\0"
STAMPS = bytes([0x44, 12, 5, 0]) + bytes(8)
TIME, FORM, SOURCE = "processed", "badformat", "declined"


def pieces(street, datagram, size, **how):
    return [street.v4(datagram[at:at + size], at=at,
                      more=at + size < len(datagram), **how)
            for at in range(0, len(datagram), size)]


def pieces6(street, datagram, size):
    return [street.v6(struct.pack(">BBHI", UDP, 0, at | (
        at + size < len(datagram)), 77) + datagram[at:at + size], 44)
            for at in range(0, len(datagram), size)]


# What is on the wire, whether it is answered, and as what it is counted; None:
# the kernel keeps it from us.
CASES = {
    "plain": (lambda s: [s.v4(GOOD)], TIME),
    "plain, v6": (lambda s: [s.v6(GOOD6)], TIME),
    "no checksum": (lambda s: [s.v4(GOOD[:6] + bytes(2) + PLAIN)], TIME),
    "no checksum, v6": (lambda s: [s.v6(GOOD6[:6] + bytes(2) + PLAIN)], None),
    "a wrong checksum": (lambda s: [s.v4(udp(PLAIN, P4, wrong=1))], None),
    "a wrong checksum, v6": (lambda s: [s.v6(udp(PLAIN, P6, wrong=1))], None),
    "a wrong checksum of the header": (lambda s: [s.v4(GOOD, wrong=1)], None),
    "marked": (lambda s: [s.v4(GOOD, tos=0xff)], TIME),
    "from afar": (lambda s: [s.v4(GOOD, ttl=1)], TIME),
    "another protocol": (lambda s: [s.v4(GOOD, protocol=136)], None),
    # Options, and headers between.
    "record route": (lambda s: [s.v4(GOOD, RECORD_ROUTE)], TIME),
    "time stamps": (lambda s: [s.v4(GOOD, STAMPS)], TIME),
    "source route": (lambda s: [s.v4(GOOD, SOURCE_ROUTE)], None),
    "nonsense for options": (lambda s: [s.v4(GOOD, b"\x07\xff\xff\xff")],
                             None),
    "destination options": (lambda s: [s.v6(
        bytes([UDP, 0, 1, 4, 0, 0, 0, 0]) + GOOD6, 60)], TIME),
    "routing header": (lambda s: [s.v6(
        bytes([UDP, 2, 0, 1]) + bytes(4) + number6(SERVER6) + GOOD6, 43)],
        None),
    # Pieces.
    "in three pieces": (lambda s: pieces(s, GOOD, 24), TIME),
    "in three pieces, v6": (lambda s: pieces6(s, GOOD6, 24), TIME),
    "the last piece first": (lambda s: pieces(s, GOOD, 24)[::-1], TIME),
    "a piece is missing": (lambda s: pieces(s, GOOD, 24, ident=8)[:2], None),
    "pieces that overlap": (lambda s: [
        s.v4(GOOD[:32], more=True, ident=9), s.v4(GOOD[24:], at=24, ident=9)],
        None),
    # Lengths.
    "empty": (lambda s: [s.v4(udp(b"", P4))], FORM),
    "one octet": (lambda s: [s.v4(udp(PLAIN[:1], P4))], FORM),
    "one octet less": (lambda s: [s.v4(udp(PLAIN[:47], P4))], FORM),
    "one octet more": (lambda s: [s.v4(udp(PLAIN + b"x", P4))], FORM),
    "shorter than it says": (lambda s: [s.v4(udp(PLAIN, P4, length=80))],
                             None),
    "no head of its own": (lambda s: [s.v4(GOOD[:6])], None),
    "padded by the cable": (lambda s: [s.v4(GOOD) + bytes(40)], TIME),
    "large": (lambda s: [s.v4(udp(PLAIN + bytes(1300), P4))], FORM),
    "jumbo": (lambda s: [s.v4(udp(PLAIN + bytes(8000), P4))], FORM),
    "jumbo, v6": (lambda s: [s.v6(udp(PLAIN + bytes(8000), P6))], FORM),
    "the largest there is": (lambda s: pieces(
        s, udp(PLAIN + bytes(65507 - 48), P4), 8800, ident=10), FORM),
    # From and to whom.
    "from port 0": (lambda s: [s.v4(udp(PLAIN, P4, port=0))], SOURCE),
    "from itself": (lambda s: [s.v4(udp(PLAIN, number(SERVER) * 2),
                                    from_=SERVER)], None),
    "from loopback": (lambda s: [s.v4(
        udp(PLAIN, number("127.0.0.1") + number(SERVER)), from_="127.0.0.1")],
        None),
    "from a group": (lambda s: [s.v4(
        udp(PLAIN, number("224.0.1.1") + number(SERVER)), from_="224.0.1.1")],
        None),
    "from nobody": (lambda s: [s.v4(
        udp(PLAIN, number("0.0.0.0") + number(SERVER)), from_="0.0.0.0")],
        None),
    "to everybody": (lambda s: [s.v4(
        udp(PLAIN, number(CLIENTS) + b"\xff" * 4), to="255.255.255.255")],
        None),
    "to its network": (lambda s: [s.v4(
        udp(PLAIN, number(CLIENTS) + number("192.0.2.255")),
        to="192.0.2.255")], None),
}


@pytest.mark.parametrize("case", CASES)
def test_a_frame(street, case):
    make, verdict = CASES[case]
    before = street.counts()
    answers = street.exchange(*make(street))
    assert len(answers) == (verdict == TIME)
    for answer in answers:
        assert len(answer) == len(PLAIN)
        assert answer[0] & 63 == 0x24 and answer[24:32] == PLAIN[40:]
    wanted = {"received", verdict} if verdict else set()

    def counted():
        now = street.counts()
        return {name for name in now if now[name] != before[name]}

    assert wait_for(lambda: counted() == wanted, 3), (counted(), wanted)


def fuzzed(rng):
    """A request of which some octets are others, longer or shorter."""
    data = bytearray(PLAIN[:40] + rng.randbytes(8))
    for _ in range(rng.choice((0, 1, 2, 8))):
        data[rng.randrange(40)] = rng.randrange(256)
    if rng.randrange(2):
        data[0] = rng.randrange(256)
    length = rng.choice((48, 48, 48, 52, 68, 72, rng.randrange(200)))
    return bytes(data[:length]) + rng.randbytes(max(length - 48, 0))


class Received:
    """How many datagrams it says that it had, less those of such questions."""

    def __init__(self, street):
        self.street, self.asked = street, 0
        self.first = self.raw()
        self.each = self.raw() - self.first

    def raw(self):
        self.asked += 1
        return int(self.street.ours.rv("ss_received")["ss_received"])

    def now(self):
        asked = self.asked
        return self.raw() - self.first - asked * self.each


def judge(asked, answer):
    assert len(answer) <= len(asked)
    assert (asked[0] & 7, answer[0] & 7) in ((3, 4), (1, 2), (0, 4))
    assert answer[0] >> 3 & 7 == asked[0] >> 3 & 7


def test_what_is_fuzzed_is_counted_and_no_answer_is_longer(street):
    """Each has a stamp of its own, by which its answer is known: only for a
    request, only one, never longer, of its version."""
    seed = int(os.environ.get("CHECK_SEED", random.randrange(1 << 32)))
    rng = random.Random(seed)
    print(f"CHECK_SEED={seed}")
    received, put, answered = Received(street), 0, 0
    for _ in range(FUZZED // AT_ONCE):
        sent = {data[40:48]: data for data in
                (fuzzed(rng) for _ in range(AT_ONCE))}
        put += len(sent)
        for answer in street.exchange(*(street.v4(udp(data, P4))
                                        for data in sent.values())):
            if answer[0] & 7 != 6:
                judge(sent.pop(answer[24:32]), answer)
                answered += 1
    assert FUZZED / 10 < answered < put
    assert wait_for(lambda: received.now() == put, 5), (received.now(), put)
