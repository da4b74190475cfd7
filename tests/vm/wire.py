# SPDX-License-Identifier: BSD-2-Clause
"""The other end of a guest's network card: one true server, one observer.

QEMU hands us each Ethernet frame as a datagram on loopback. We answer ARP and
NTP requests with the true time, and ask the guest's own server what time it
has, so that its clock is judged from outside. True time may be made to run
slow against this machine's, which makes the guest's oscillator fast."""
import socket
import struct
import threading
import time

GUEST_IP = bytes([192, 168, 77, 2])
OUR_IP = bytes([192, 168, 77, 1])
OUR_MAC = bytes([0x52, 0x54, 0, 0, 0, 1])
UNIX_TO_NTP = 2208988800
SO_TIMESTAMPNS = 35


def checksum(data):
    """The Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def age_of(extra):
    """Since the kernel had the datagram: however late we were woken."""
    for level, kind, data in extra:
        if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
            seconds, nanoseconds = struct.unpack("qq", data[:16])
            return max(0.0, time.time() - seconds - nanoseconds * 1e-9)
    return 0.0


def sure_error(error, trip):
    """What of an error cannot be the measurement's own: that may be wrong by
    half of the round trip, on a busy machine above all."""
    return max(0.0, abs(error) - trip / 2)


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


class Wire:
    def __init__(self, truth):
        self.truth = truth
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.port = self.socket.getsockname()[1]
        self.guest = None  # where QEMU's datagrams come from
        self.guest_mac = None
        self.requests = 0  # that the guest's client sent
        self.answers = {}  # origin timestamp -> (t1, t4, packet)
        self.alive = True
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        self.socket.settimeout(0.5)
        while self.alive:
            try:
                frame, extra, _, self.guest = self.socket.recvmsg(65536, 256)
            except (TimeoutError, ConnectionRefusedError):
                continue
            arrived = self.truth.at(time.monotonic() - age_of(extra))
            if frame[12:14] == b"\x08\x06":
                self._arp(frame)
            elif frame[12:14] == b"\x08\x00" and frame[23] == 17:
                self._udp(frame, arrived)

    def _send(self, mac, ethertype, payload):
        frame = (mac + OUR_MAC + ethertype + payload).ljust(60, b"\0")
        self.socket.sendto(frame, self.guest)

    def _arp(self, frame):
        operation, mac, ip = frame[20:22], frame[22:28], frame[28:32]
        self.guest_mac = mac
        if operation == b"\0\1" and frame[38:42] == OUR_IP:
            reply = (b"\0\1\x08\0\6\4\0\2" + OUR_MAC + OUR_IP + mac + ip)
            self._send(mac, b"\x08\x06", reply)

    def _udp(self, frame, arrived):
        header = 14 + (frame[14] & 15) * 4
        source_port, port = struct.unpack("!HH", frame[header:header + 4])
        length = struct.unpack("!H", frame[header + 4:header + 6])[0]
        data = frame[header + 8:header + length]
        self.guest_mac = frame[6:12]
        if len(data) < 48:
            return
        if port == 123 and data[0] & 7 == 3:
            self.requests += 1
            packet = struct.pack(
                "!BBbbIIIQQQ", 0x24, 1, data[2], -23, 0, 1, 0x54525545,
                ntp_stamp(arrived - 1), struct.unpack("!Q", data[40:48])[0],
                ntp_stamp(arrived))
            packet += struct.pack("!Q", ntp_stamp(self.truth.now()))
            self._send_udp(123, source_port, packet)
        elif source_port == 123 and data[0] & 7 == 4:
            origin = struct.unpack("!Q", data[24:32])[0]
            if origin in self.answers:
                self.answers[origin] = (self.answers[origin][0], arrived, data)

    def _send_udp(self, source_port, port, data):
        udp = struct.pack("!HHHH", source_port, port, 8 + len(data), 0) + data
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0x4000,
                         64, 17, 0, OUR_IP, GUEST_IP)
        ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
        self._send(self.guest_mac, b"\x08\x00", ip + udp)

    def ask(self, patience=1.0):
        """What the guest's server says: (error, round trip, leap, stratum),
        in seconds, error positive when the guest is ahead; None: silence."""
        if self.guest is None or self.guest_mac is None:
            return None
        before = self.truth.now()
        origin = ntp_stamp(before)
        self.answers[origin] = (before, None, None)
        self._send_udp(40000, 123, struct.pack("!B39xQ", 0x23, origin))
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
        self.socket.close()
