# SPDX-License-Identifier: BSD-2-Clause
"""An Ethernet with a server of addresses on it as well (RFC 2131), which names
time servers in its leases."""
import socket
import struct

from lab import frames, wire
from story import GATEWAY, SERVER

COOKIE = b"\x63\x82\x53\x63"
DISCOVER, OFFER, REQUEST, ACK, RELEASE = 1, 2, 3, 5, 7
NETMASK, ROUTER, NTP, TIME, KIND, US, T1, T2 = 1, 3, 42, 51, 53, 54, 58, 59
BROADCAST = 0x8000
LEASE_S = 20  # no client takes a shorter one
RENEWED_S, REBOUND_S = 4, 16


def option(code, value):
    """In pieces when it is long (RFC 3396)."""
    pieces = [value[at:at + 252] for at in range(0, len(value), 252)]
    return b"".join(bytes([code, len(piece)]) + piece for piece in pieces)


def options_in(message):
    at, found = 240, {}
    while at < len(message) and message[at] != 255:
        if message[at] == 0:
            at += 1
            continue
        size = message[at + 1]
        found[message[at]] = message[at + 2:at + 2 + size]
        at += 2 + size
    return found


class Leases(wire.Wire):
    def __init__(self, truth):
        self.named = []  # the time servers of a lease
        self.more = {}  # other options: code -> bytes
        self.silent = False
        self.heard = []  # kinds of messages
        super().__init__(truth, GATEWAY)

    def _pass(self, plug, frame, arrived):
        datagram = frames.udp_in(frame)
        if datagram and datagram[1] == [68, 67]:
            self.macs[frame[6:12]] = plug
            self._lease(plug, frame[6:12], datagram[2])
        else:
            super()._pass(plug, frame, arrived)

    def _lease(self, plug, mac, asked):
        kind = options_in(asked)[KIND][0]
        self.heard.append(kind)
        if self.silent or kind not in (DISCOVER, REQUEST):
            return
        flags, has = struct.unpack("!H4s", asked[10:16])
        known = has != bytes(4)
        message = b"\2\1\6\0" + asked[4:8] + struct.pack(
            "!HH4s4s4s4s16s192s4s", 0, flags, has,
            socket.inet_aton(SERVER), bytes(4), bytes(4), asked[28:44], b"",
            COOKIE) + self._options(OFFER if kind == DISCOVER else ACK)
        many = flags & BROADCAST and not known
        plug.send(frames.udp(
            b"\xff" * 6 if many else mac, wire.OUR_MAC,
            (GATEWAY, "255.255.255.255" if many else SERVER), (67, 68), message))

    def _options(self, kind):
        gateway = socket.inet_aton(GATEWAY)
        values = {
            KIND: bytes([kind]), US: gateway,
            TIME: struct.pack("!I", LEASE_S), T1: struct.pack("!I", RENEWED_S),
            T2: struct.pack("!I", REBOUND_S),
            NETMASK: socket.inet_aton("255.255.255.0"), ROUTER: gateway,
            NTP: b"".join(map(socket.inet_aton, self.named)), **self.more}
        return b"".join(option(code, value)
                        for code, value in values.items()) + b"\xff"
