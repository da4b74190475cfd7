# SPDX-License-Identifier: BSD-2-Clause
"""A daemon that answers control questions (mode 6) from a script.

Usage: fakectl.py JSON: {"addr", "status", "system": text, "peers": [[id,
status, text], ...], "copies": how many more like the first peer, with another
number for %, "error": code, "least": octets of a request that is answered and
not refused, "word": likewise, who is signed behind a multiple of it, "act": how}. Prints "ready". "act" is one of honest, silent, split
(fragments of 100 octets), shuffled (likewise, in another order, each twice),
hole (one fragment is missing), and the hostile ones: endless, overlap, beyond,
tiny, huge, lying, flood, strangers.
"""
import json
import random
import socket
import struct
import sys
import time


def header(request, status, offset, count, more, error=False):
    second = 0x80 | request[1] & 0x1f | (0x20 if more else 0)
    if error:
        second |= 0x40
    return (bytes([request[0] & 0x3f | status >> 14 << 6, second]) +
            request[2:4] + struct.pack(">H", status) + request[6:8] +
            struct.pack(">HH", offset, count))


def fragments(request, status, data, size):
    parts = []
    for at in range(0, max(len(data), 1), size):
        part = data[at:at + size]
        parts.append(header(request, status, at, len(part),
                            at + size < len(data)) +
                     part + b"\0" * (-len(part) % 4))
    return parts


def content(spec, request):
    """(status, data) or an error code."""
    opcode, assoc = request[1] & 0x1f, struct.unpack(">H", request[6:8])[0]
    names = request[12:12 + struct.unpack(">H", request[10:12])[0]]
    if "error" in spec:
        return spec["error"]
    if opcode == 1 and assoc == 0:
        return spec["status"], b"".join(struct.pack(">HH", p[0], p[1])
                                        for p in spec["peers"])
    found = [p for p in spec["peers"] if p[0] == assoc]
    if assoc != 0 and not found:
        return 4
    status, text = ((found[0][1], found[0][2]) if found
                    else (spec["status"], spec["system"]))
    data = text.encode("latin-1")
    if names:
        items = dict(i.split(b"=", 1) for i in data.split(b", "))
        asked = names.split(b",")
        if any(n not in items for n in asked):
            return 5
        data = b", ".join(n + b"=" + items[n] for n in asked)
    return status, data


def hostile(act, request, status):
    """Datagrams that no daemon sends."""
    def part(offset, count, more, size=None):
        return header(request, status, offset, count, more) + b"x" * (
            count if size is None else size)

    if act == "endless":
        return (part(4 * i, 4, True) for i in range(100000))
    if act == "overlap":
        return [part(0, 8, True), part(4, 8, False)]
    if act == "beyond":
        return [part(65532, 468, False)]
    if act == "tiny":
        return [part(i, 1, True) for i in range(200)]
    if act == "huge":
        return [header(request, status, 0, 468, True) + b"n" * 468] + [
            part(468 * i, 468, i < 139) for i in range(1, 140)]
    if act == "lying":
        return [part(0, 400, False, size=12)]
    if act == "flood":
        return (part(0, 4, True) for _ in range(1000000))
    assert act == "strangers", act
    other = bytearray(request)
    return (header(bytes(other[:2]) + random.randbytes(2) + request[4:],
                   status, 0, 0, False) for _ in range(1000000))


def is_signed(request, word):
    """By some key, behind a multiple of `word` octets: MD5 would fit there."""
    size = 12 + struct.unpack(">H", request[10:12])[0]
    mac = request[size + -size % word:]
    return len(mac) == 20 and mac[:4] != bytes(4)


def main():
    spec = json.loads(sys.argv[1])
    act = spec.get("act", "honest")
    spec.setdefault("peers", [])
    status, text = spec["peers"][0][1:] if spec["peers"] else (0, "")
    spec["peers"] += [[i, status, text.replace("%", f"{i // 250}.{i % 250}")]
                      for i in range(1000, 1000 + spec.get("copies", 0))]
    family = socket.AF_INET6 if ":" in spec["addr"] else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.bind((spec["addr"], 123))
    print("ready", flush=True)
    while True:
        try:
            request, peer = sock.recvfrom(2048)
        except ConnectionRefusedError:
            continue
        if act == "silent" or len(request) < 12:
            continue
        if (len(request) < spec.get("least", 0) or
                "word" in spec and not is_signed(request, spec["word"])):
            sock.sendto(header(request, 1 << 8, 0, 0, False, True), peer)
            continue
        result = content(spec, request)
        if isinstance(result, int):
            sock.sendto(header(request, result << 8, 0, 0, False, True), peer)
            continue
        if act in ("honest", "split", "shuffled", "hole"):
            size = 468 if act == "honest" else 100
            parts = fragments(request, *result, size)
            if act == "shuffled":
                parts *= 2
                random.shuffle(parts)
            if act == "hole" and len(parts) > 1:
                del parts[len(parts) // 2]
        else:
            parts = hostile(act, request, result[0])
        end = time.monotonic() + 12
        for p in parts:
            if time.monotonic() > end:
                break
            try:
                sock.sendto(p, peer)
            except ConnectionRefusedError:
                break  # it has had enough of us
            if act in ("endless", "flood", "strangers"):
                time.sleep(0.001)


main()
