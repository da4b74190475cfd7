# SPDX-License-Identifier: BSD-2-Clause
"""Puts frames on a cable as they are, and says what port 123 sends back.

    injector.py INTERFACE PORT WAIT

Says "ready", then reads a line of JSON for each exchange: a list of frames in
hex; writes one for each: a list of what came within WAIT s, after the first
answer no longer than a tenth of it. PORT of UDP is ours: so no ICMP comes."""
import json
import select
import socket
import struct
import sys
import time

ETH_P_ALL, IPV4, IPV6, UDP, NTP = 3, 0x0800, 0x86dd, 17, 123


def is_answer(frame):
    kind = struct.unpack(">H", frame[12:14])[0]
    if kind == IPV4 and frame[23] == UDP:
        head = 14 + 4 * (frame[14] & 15)
    elif kind == IPV6 and frame[20] == UDP:
        head = 54
    else:
        return False
    return struct.unpack(">H", frame[head:head + 2])[0] == NTP


def own(family, port):
    sock = socket.socket(family, socket.SOCK_DGRAM)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    sock.bind(("", port))
    return sock


def heard(wire, wait):
    answers, end = [], time.monotonic() + wait
    while select.select([wire], [], [], max(end - time.monotonic(), 0))[0]:
        frame, who = wire.recvfrom(65535)
        if who[2] != socket.PACKET_OUTGOING and is_answer(frame):
            answers.append(frame.hex())
            end = time.monotonic() + wait / 10
    return answers


def main():
    interface, port, wait = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    quiet = [own(family, port) for family in (socket.AF_INET, socket.AF_INET6)]
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                         socket.htons(ETH_P_ALL))
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    wire.bind((interface, 0))
    print("ready", flush=True)
    for line in sys.stdin:
        for frame in json.loads(line):
            wire.send(bytes.fromhex(frame))
        print(json.dumps(heard(wire, wait)), flush=True)
    for sock in quiet:
        sock.close()


main()
