# SPDX-License-Identifier: BSD-2-Clause
"""A daemon with a list of clients (mode 6, opcodes 10 and 12), of any length.

Usage: fakemru.py JSON: {"addr", "entries": how many, "first_frags": likewise,
"lose": [numbers of requests at which nothing of what the client names is
still so], "drop": [numbers of requests of whose answer a fragment is lost],
"slow": seconds before each answer, "act": how, "texts": {opcode: answer},
"key": [id, hex]: texts go to those only who sign with it (SHA-1)}. "act" is
one of honest, repeating (the same rows for ever), nonceless. Prints "ready".
"""
import hashlib
import json
import socket
import struct
import sys
import time

BASE = 0xeead0000
NOW = BASE + 8000


def address(i):
    if i % 10 == 9:
        return f"[2001:db8::{i >> 16:x}:{i & 0xffff:x}]:123"
    return f"10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}:{1024 + i % 7}"


def last(i, moved):
    return f"0x{BASE + i // 256:08x}.{i % 256 << 24 | moved:08x}"


def row(number, i, moved):
    return (f"addr.{number}={address(i)}, last.{number}={last(i, moved)}, "
            f"ct.{number}={i % 50 + 1}, mv.{number}=36, rs.{number}=0x380, "
            f"first.{number}=0x{BASE:08x}.00000000")


class Fake:
    def __init__(self, spec):
        self.spec, self.requests, self.moved = spec, 0, 0
        self.nonces = set()

    def begin(self, named):
        """Where the list goes on behind what the client knows; or None."""
        if not named:
            return 0
        for number in range(16):
            addr, when = (named.get(f"{w}.{number}") for w in
                          ("addr", "last"))
            if when is None:
                return None
            seconds, fraction = when[2:].split(".")
            i = (int(seconds, 16) - BASE) * 256 + (int(fraction, 16) >> 24)
            if address(i) == addr and last(i, self.moved) == when:
                return i + 1
        return None

    def nonce(self):
        self.nonces.add(f"n{self.requests}")
        return f"nonce=n{self.requests}"

    def mru(self, text):
        """(the items of the answer as text), an error code, or None."""
        asked = dict(item.strip().split("=", 1) for item in text.split(","))
        if asked.pop("nonce", "") not in self.nonces:
            return None
        self.requests += 1
        fragments = int(asked.pop("frags"))
        least = int(asked.pop("mincount", 0))
        if self.requests in self.spec.get("lose", ()):
            self.moved += 1
        at = self.begin(asked if self.spec.get("act") != "repeating" else {})
        if at is None:
            return 5
        parts, length, number = [self.nonce()], 20, 0
        while at < self.spec["entries"]:
            if at % 50 + 1 < least:
                at += 1
                continue
            text = row(number, at, self.moved)
            length += len(text) + 2
            if length > fragments * 468 - 80:
                return ", ".join(parts)
            parts.append(text)
            at, number = at + 1, number + 1
        if self.spec.get("act") != "repeating":
            parts.append(f"now=0x{NOW:08x}.00000000")
        return ", ".join(parts)

    def signed(self, request, end):
        if "key" not in self.spec:
            return True
        number, key = self.spec["key"]
        mac = struct.pack(">I", number) + hashlib.sha1(
            bytes.fromhex(key) + request[:end]).digest()
        return request[end:] == mac

    def answer(self, request):
        opcode = request[1] & 0x1f
        count = struct.unpack(">H", request[10:12])[0]
        text = request[12:12 + count].decode("latin-1")
        if opcode == 12:
            if self.spec.get("act") == "nonceless":
                return "time=1"
            return self.nonce()
        if opcode == 10:
            return self.mru(text)
        if opcode == 2:
            return 'version="ntpd 4.2.8p15"'
        if str(opcode) not in self.spec.get("texts", {}):
            return 3
        if not self.signed(request, -(-(12 + count) // 8) * 8):
            return 1
        return self.spec["texts"][str(opcode)].replace("%s", text)


def datagrams(request, text):
    def header(offset, count, more, status=0x0615, error=0):
        return (bytes([request[0] & 0x3f, 0x80 | request[1] & 0x1f |
                       0x20 * more | error]) + request[2:4] +
                struct.pack(">H", status) + request[6:8] +
                struct.pack(">HH", offset, count))

    if isinstance(text, int):
        return [header(0, 0, False, text << 8, 0x40)]
    data = text.encode("latin-1")
    return [header(at, len(data[at:at + 468]), at + 468 < len(data)) +
            data[at:at + 468] + b"\0" * (-len(data[at:at + 468]) % 4)
            for at in range(0, max(len(data), 1), 468)]


def main():
    spec = json.loads(sys.argv[1])
    fake = Fake(spec)
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((spec["addr"], 123))
    print("ready", flush=True)
    while True:
        request, peer = sock.recvfrom(2048)
        text = fake.answer(request)
        if text is None:
            continue
        time.sleep(spec.get("slow", 0))
        parts = datagrams(request, text)
        if fake.requests in spec.get("drop", ()) and len(parts) > 4:
            spec["drop"].remove(fake.requests)
            parts = parts[:4]
        for part in parts:
            sock.sendto(part, peer)


main()
