# SPDX-License-Identifier: BSD-2-Clause
"""The other end of guests' network cards: an Ethernet with servers on it that
tell the true time, a server of names, and an observer.

QEMU hands us each Ethernet frame as a datagram on loopback. What is for another
guest is passed on; what is for the world beyond goes to `gateway`, which is us:
we answer for every address in `servers`. The observer asks a guest's own server
what time it has, so that its clock is judged from outside. True time may be
made to run slow against this machine's, which makes the guests' oscillators
fast."""
import dataclasses
import selectors
import socket
import struct
import threading
import time

from lab import frames

GATEWAY = "192.168.77.1"
GUEST = "192.168.77.2"
OUR_MAC = bytes([0x52, 0x54, 0, 0, 0, 1])
OBSERVER_PORT = 40000
UNIX_TO_NTP = 2208988800
SO_TIMESTAMPNS = 35


def age_of(extra):
    """Since the kernel had the datagram: however late we were woken."""
    for level, kind, data in extra:
        if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
            seconds, nanoseconds = struct.unpack("qq", data[:16])
            return max(0.0, time.time() - seconds - nanoseconds * 1e-9)
    return 0.0


def sure_error(error, trip):
    """What of an error cannot be the measurement's own: that may be wrong by
    half of the round trip, on a busy machine above all; also where an answer
    left before the moment that it names, so that the trip is a negative one."""
    return max(0.0, abs(error) - abs(trip) / 2)


class TrueTime:
    """Seconds since 1970 by a clock that runs at `rate` of this machine's."""

    def __init__(self, rate=1.0):
        self.rate = rate
        self.start_wall = time.time()
        self.start_mono = time.monotonic()
        self.leap_at, self.leap = None, 0

    def now(self):
        return self.at(time.monotonic())

    def at(self, moment):
        """What it showed at a moment of this machine's monotonic clock."""
        now = self.start_wall + (moment - self.start_mono) * self.rate
        leapt = self.leap_at is not None and now >= self.leap_at
        return now + self.leap if leapt else now

    def set(self, date, leap_at, leap):
        """It is `date` now; when it is `leap_at` the clock jumps by `leap`."""
        self.leap_at = None
        self.start_wall, self.start_mono = date, time.monotonic()
        self.leap_at, self.leap = leap_at, leap


def ntp_stamp(seconds):
    whole = int(seconds)
    return (whole + UNIX_TO_NTP) % 2**32 << 32 | int((seconds - whole) * 2**32)


@dataclasses.dataclass
class Server:
    """One that has the true time; refid is four letters or an address."""
    stratum: int = 1
    refid: str = "TRUE"
    offset: float = 0.0  # seconds that it is ahead of the truth
    requests: int = 0

    def reference(self):
        return (self.refid.encode().ljust(4, b"\0") if self.stratum == 1
                else socket.inet_aton(self.refid))

    def answer(self, request, arrived, leaving):
        self.requests += 1
        arrived += self.offset
        packet = struct.pack("!BBbbII4s", 0x24, self.stratum, request[2], -23,
                             0, 1, self.reference())
        return packet + struct.pack(
            "!QQQQ", ntp_stamp(arrived - 1),
            struct.unpack("!Q", request[40:48])[0], ntp_stamp(arrived),
            ntp_stamp(leaving() + self.offset))


class Plug:
    """Where a guest's cable ends; `peer` is where its datagrams come from."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.port = self.socket.getsockname()[1]
        self.peer = None

    def send(self, frame):
        if self.peer:
            self.socket.sendto(frame, self.peer)


class Wire:
    def __init__(self, truth, gateway=GATEWAY):
        self.truth, self.gateway = truth, gateway
        self.servers = {gateway: Server()}
        self.names = {}  # name -> addresses, for who asks the gateway's port 53
        self.whole = True  # or cut: nothing passes
        self.plugs = []
        self.macs = {}  # MAC address -> plug
        self.hosts = {}  # address of a guest -> MAC address
        self.answers = {}  # origin timestamp -> (t1, t4, packet)
        self.alive = True
        self.waiting = selectors.DefaultSelector()
        self.port = self.plug()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def plug(self):
        """A port for one more guest."""
        plug = Plug()
        self.plugs.append(plug)
        self.waiting.register(plug.socket, selectors.EVENT_READ, plug)
        return plug.port

    def _run(self):
        while self.alive:
            for key, _ in self.waiting.select(0.5):
                plug = key.data
                try:
                    frame, extra, _, plug.peer = plug.socket.recvmsg(65536, 256)
                except ConnectionRefusedError:
                    continue
                arrived = self.truth.at(time.monotonic() - age_of(extra))
                if self.whole:
                    self._pass(plug, frame, arrived)

    def _pass(self, plug, frame, arrived):
        target, source = frame[:6], frame[6:12]
        self.macs[source] = plug
        if target[0] & 1:  # for many
            for other in self.plugs:
                if other is not plug:
                    other.send(frame)
        elif target != OUR_MAC:
            if target in self.macs:
                self.macs[target].send(frame)
            return
        if frame[12:14] == frames.ARP:
            self.hosts[socket.inet_ntoa(frame[28:32])] = source
            wanted = socket.inet_ntoa(frame[38:42])
            if frame[20:22] == b"\0\1" and wanted in self.servers:
                plug.send(frames.arp_answer(frame, OUR_MAC))
            return
        datagram = frames.udp_in(frame)
        if datagram:
            self.hosts[datagram[0][0]] = source
            self._hear(plug, source, datagram, arrived)

    def _hear(self, plug, mac, datagram, arrived):
        (theirs, ours), ports, data = datagram

        def answer(packet):
            plug.send(frames.udp(mac, OUR_MAC, (ours, theirs), ports[::-1],
                                 packet))

        if ports[1] == 53 and ours == self.gateway:
            answer(frames.dns_answer(data, self.names))
        elif len(data) < 48:
            return
        elif ports[1] == 123 and data[0] & 7 == 3 and ours in self.servers:
            answer(self.servers[ours].answer(data, arrived, self.truth.now))
        elif ports[0] == 123 and data[0] & 7 == 4:
            origin = struct.unpack("!Q", data[24:32])[0]
            if origin in self.answers:
                self.answers[origin] = (self.answers[origin][0], arrived, data)

    def ask(self, patience=1.0, host=GUEST):
        """What a guest's server says: (error, round trip, leap, stratum), in
        seconds, error positive when the guest is ahead; None: silence."""
        mac = self.hosts.get(host)
        if mac is None or not self.whole:
            return None
        before = self.truth.now()
        origin = ntp_stamp(before)
        self.answers[origin] = (before, None, None)
        self.macs[mac].send(frames.udp(
            mac, OUR_MAC, (self.gateway, host), (OBSERVER_PORT, 123),
            struct.pack("!B39xQ", 0x23, origin)))
        until = time.monotonic() + patience
        while time.monotonic() < until and self.answers[origin][1] is None:
            time.sleep(0.0005)
        before, after, data = self.answers.pop(origin)
        if after is None:
            return None
        receive, transmit = struct.unpack("!QQ", data[32:48])
        middle = ntp_stamp((before + after) / 2)
        offset = ((receive + transmit) // 2 - middle + 2**63) % 2**64 - 2**63
        held = (transmit - receive) / 2**32
        return offset / 2**32, after - before - held, data[0] >> 6, data[1]

    def close(self):
        self.alive = False
        self.thread.join()
        for plug in self.plugs:
            plug.socket.close()
