# SPDX-License-Identifier: BSD-2-Clause
"""Asks ADDR for the time once from each of COUNT addresses, 11.0.0.0 and on,
RATE times a second (0: as fast as it goes).

Usage: strangers.py ADDR COUNT [RATE]; needs a raw socket; prints the seconds
that it took."""
import socket
import struct
import sys
import time

BATCH = 500


def main():
    to, count = socket.inet_aton(sys.argv[1]), int(sys.argv[2])
    rate = float(sys.argv[3]) if len(sys.argv) > 3 else 0
    body = (struct.pack("!HHHH", 4711, 123, 56, 0) + b"\x23" + bytes(39) +
            b"12345678")
    head = struct.pack("!BBHHHBBH", 0x45, 0, 0, 0, 0, 64, 17, 0)
    where = (sys.argv[1], 0)
    begun = time.monotonic()
    with socket.socket(socket.AF_INET, socket.SOCK_RAW,
                       socket.IPPROTO_RAW) as sock:
        for i in range(count):
            sock.sendto(head + (0x0b000000 + i).to_bytes(4, "big") + to + body,
                        where)
            if rate and i % BATCH == 0:
                time.sleep(max(begun + i / rate - time.monotonic(), 0))
    print(f"{time.monotonic() - begun:.1f}")


main()
