#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What interleaving is worth to a client of a server that has much to do: the
offset that it measures in the basic mode and in the interleaved one (RFC 9769).
See docs/interleave.md.

    bench/server/interleaved.py [--rounds N] [--servers ours,chrony]

Client and server have one clock, so what the client measures is its error. It
asks in both modes in turn, a hundred times a second each, from a socket of its
own on the client's end of a loaded wire; what it knows of its own packets is the
kernel's stamps, in both modes. So the modes differ by the server's transmit
timestamp alone."""
import os
import select
import socket
import statistics
import struct
import sys
import time

import measure
import servers
import wire
from stage import Stage, arguments
from wire import CLONE_NEWNET, GENERATOR_CPU, SERVER, Unable

LOADS = {"none": 0, "half": 0.5, "95 %": 0.95}
SECONDS, APART_S, PATIENCE_S, BATCH = 4, 0.005, 0.2, 32
NTP_PORT, ERA, ROOM = 123, 2208988800, 512
SO_TIMESTAMPING, MSG_ERRQUEUE = 37, 0x2000
TX_SOFTWARE, RX_SOFTWARE, SOFTWARE, TSONLY = 1 << 1, 1 << 3, 1 << 4, 1 << 11


def ns_of(stamp):
    """Nanoseconds since 1970, of an NTP timestamp."""
    return ((stamp >> 32) - ERA) * 10**9 + ((stamp & 0xffffffff) * 10**9 >> 32)


class Asker:
    """A client with one socket, in one of the modes."""

    def __init__(self, net, interleaved):
        self.interleaved, self.before = interleaved, None
        self.offsets_ns, self.lost, self.basic = [], 0, 0
        self.socket = open_in(net)

    def kernels(self, flags):
        """What came, and the kernel's stamp of it, in ns; None: nothing."""
        data, more, _, _ = self.socket.recvmsg(ROOM, ROOM, flags)
        for level, kind, text in more:
            if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPING:
                seconds, ns = struct.unpack_from("qq", text)
                return data, seconds * 10**9 + ns
        raise Unable("the kernel has no stamps for this socket")

    def wait(self, flags, what):
        """As kernels(); None: not in time."""
        poll = select.poll()
        poll.register(self.socket, what)
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            try:
                return self.kernels(flags | socket.MSG_DONTWAIT)
            except BlockingIOError:
                poll.poll(1)
        return None

    def exchange(self):
        """One request; the offset that its answer completes is noted."""
        tags = [int.from_bytes(os.urandom(8), "big") for _ in range(2)]
        follows = self.before if self.interleaved else None
        self.socket.send(struct.pack(
            ">B23xQQQ", 0x23, follows[1] if follows else 0,
            tags[0] if follows else 0, tags[1]))
        left = self.wait(MSG_ERRQUEUE, 0)
        came = left and self.wait(0, select.POLLIN)
        if not came:
            self.lost, self.before = self.lost + 1, None
            return
        origin, receive, transmit = struct.unpack_from(">QQQ", came[0], 24)
        if follows and origin == tags[0]:
            self.note(follows[0], follows[1], transmit, follows[2])
        elif origin != tags[1]:
            self.lost += 1
        elif not self.interleaved:
            self.note(left[1], receive, transmit, came[1])
        else:
            self.basic += 1
        self.before = left[1], receive, came[1]

    def note(self, left, receive, transmit, came):
        self.offsets_ns.append(
            (ns_of(receive) - left + ns_of(transmit) - came) / 2)


def open_in(net):
    """A socket of that network, with stamps, connected to the server."""
    with open("/proc/self/ns/net", "rb") as home, \
            open(f"/run/netns/{net}", "rb") as there:
        enter(there)
        try:
            made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        finally:
            enter(home)
    made.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPING,
                    TX_SOFTWARE | RX_SOFTWARE | SOFTWARE | TSONLY)
    made.connect((SERVER, NTP_PORT))
    return made


def enter(file):
    if wire.libc.setns(file.fileno(), CLONE_NEWNET) != 0:
        raise Unable("cannot enter a network namespace")


class Side:
    """One server, and who asks it, by load and mode."""

    def __init__(self, stage, kind):
        self.askers, self.rates = {}, {}
        self.wire = stage.serve(kind(), "packets")
        self.limit = max(self.wire.run(measure.FIRST_OFFER, batch=BATCH).rate
                         for _ in range(3))

    def run(self, load):
        for mode in False, True:
            if (load, mode) not in self.askers:
                self.askers[load, mode] = Asker(self.wire.net["c"], mode)
        askers = self.askers[load, False], self.askers[load, True]
        if LOADS[load]:
            self.wire.begin(LOADS[load] * self.limit, SECONDS, batch=BATCH)
        end = time.monotonic() + SECONDS * 0.9
        while time.monotonic() < end:
            for asker in askers:
                asker.exchange()
                time.sleep(APART_S)
        if LOADS[load]:
            done = self.wire.finish()
            self.rates.setdefault(load, []).append(
                done.answers / done.seconds)


def row(name, rate, mode, asker):
    us = sorted(ns * 1e-3 for ns in asker.offsets_ns)
    far = sorted(map(abs, us))
    if len(us) < 2:
        raise Unable(f"{name} did not answer")
    return (f"| {name} | {rate:,.0f} | {'interleaved' if mode else 'basic'} | "
            f"{len(us)} | {statistics.mean(us):.2f} | "
            f"{statistics.stdev(us):.2f} | {statistics.median(us):.2f} | "
            f"{far[int(0.99 * (len(far) - 1))]:.2f} | {far[-1]:.1f} | "
            f"{asker.lost + asker.basic} |")


def show(sides):
    print("| server | answers/s | mode | exchanges | mean, us | sd | median | "
          "99 in 100 below | worst | no measurement |\n" + "| --- " * 10 + "|")
    for name, side in sides.items():
        for (load, mode), asker in side.askers.items():
            rate = measure.median(side.rates.get(load, [0]))
            print(row(name, rate, mode, asker))


def main():
    parser = arguments(__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--servers", default="ours,chrony")
    given = parser.parse_args()
    with Stage(given.build) as stage:
        kinds = servers.named(stage.build, given.servers)
        sides = {name: Side(stage, kind) for name, kind in kinds.items()}
        os.sched_setaffinity(0, [GENERATOR_CPU])
        wire.hurry(0, False)
        for _ in range(given.rounds):
            for load in LOADS:
                for side in sides.values():
                    side.run(load)
        show(sides)
    return 0


if __name__ == "__main__":
    sys.exit(main())
