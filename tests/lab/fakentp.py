# SPDX-License-Identifier: BSD-2-Clause
"""NTP servers of every character, on loopback addresses, in one process.

Usage: fakentp.py JSON, a list of servers. Of each: "addr" and, if wanted,
"offset" (s), "stratum", "leap", "refid" (number), "delay" (s), "root_disp",
"age" (s since its reference time), "answers" (at most so many), "limit" (a
second request within so many seconds gets a RATE kiss) and "act": one of
honest, silent, rate, deny, garbage, forged (wrong origin), short, mode3,
stranger (answers from another port), mirror (sends back what came), wakes
(unsynchronised at first), huge
(an hour off, and 1400 octets), attacked (an hour off in every wrong way, then
the honest answer, then the same again and again).
Prints "ready", then a line of JSON for every request: server, time, bytes.
"""
import heapq
import json
import random
import select
import socket
import struct
import sys
import time

EPOCH = 2208988800


def stamp(t):
    return int((t + EPOCH) * 2**32) & (2**64 - 1)


def answer(spec, request, now):
    act = spec.get("act", "honest")
    version = request[0] >> 3 & 7
    if act == "mirror":
        return request
    leap, stratum = spec.get("leap", 0), spec.get("stratum", 2)
    refid = spec.get("refid", 0x01020304)
    origin = request[40:48]
    theirs = now + spec.get("offset", 0)
    mode = 3 if act == "mode3" else 4
    if act in ("rate", "deny"):
        leap, stratum = 3, 0
        refid = int.from_bytes(b"RATE" if act == "rate" else b"DENY", "big")
    if act == "wakes" and spec["seen"] < 2:
        leap, theirs = 3, theirs + 1000
    if act == "forged":
        origin = random.randbytes(8)
    if act == "garbage":
        return random.randbytes(random.randrange(100))
    disp = int(spec.get("root_disp", 0.001) * 65536)
    packet = struct.pack(
        ">BBbbIII", leap << 6 | version << 3 | mode, stratum, 6, -20, 655,
        disp, refid)
    packet += struct.pack(">Q", stamp(theirs - spec.get("age", 10)))
    packet += origin + struct.pack(">QQ", stamp(theirs), stamp(theirs + 1e-6))
    if act == "huge":
        packet += random.randbytes(1352)
    return packet[:47] if act == "short" else packet


def volley(spec, request, now):
    """All that is sent for one request."""
    if spec.get("act") != "attacked":
        return [answer(spec, request, now)]
    lies = [answer({"offset": 3600, "act": act}, request, now)
            for act in ("forged", "mode3", "short", "huge", "garbage")]
    lie = answer({"offset": 3600}, request, now)
    lies += [lie[:24] + bytes(8) + lie[32:],  # origin zero
             bytes([lie[0] ^ 0x38]) + lie[1:]]  # of another version
    honest = [answer(dict(spec, act="honest"), request, now)]
    return random.sample(lies, len(lies)) + honest * 20


def main():
    servers = {}
    for spec in json.loads(sys.argv[1]):
        family = socket.AF_INET6 if ":" in spec["addr"] else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((spec["addr"], 123))
        spec.update(seen=0, last=-1e9)
        servers[sock] = spec
    stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    queue, order = [], 0
    print("ready", flush=True)
    while True:
        wait = max(0, queue[0][0] - time.monotonic()) if queue else None
        for sock in select.select(list(servers), [], [], wait)[0]:
            request, peer = sock.recvfrom(2048)
            now, mono, spec = time.time(), time.monotonic(), servers[sock]
            spec["seen"] += 1
            print(json.dumps({"server": spec["addr"], "at": mono,
                              "port": peer[1], "bytes": request.hex()}),
                  flush=True)
            early = mono - spec["last"] < spec.get("limit", 0)
            spec["last"] = mono
            if (spec.get("act") == "silent" or
                    spec["seen"] > spec.get("answers", 1e9)):
                continue
            kind = dict(spec, act="rate") if early else spec
            out = stranger if spec.get("act") == "stranger" else sock
            for packet in volley(kind, request, now):
                order += 1
                heapq.heappush(queue, (mono + spec.get("delay", 0), order,
                                       out, packet, peer))
        while queue and queue[0][0] <= time.monotonic():
            _, _, out, data, peer = heapq.heappop(queue)
            try:
                out.sendto(data, peer)
            except ConnectionRefusedError:
                pass  # that port is closed by now


main()
