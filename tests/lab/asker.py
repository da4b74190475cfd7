# SPDX-License-Identifier: BSD-2-Clause
"""Asks ADDR for the time again and again, as a client would.

Usage: asker.py ADDR SECONDS; each so many seconds it prints a line: when it
asked, by the monotonic clock, and what it got: time, alarm (it is not to be
used) or silence; and with a time its stratum and root dispersion in s."""
import socket
import struct
import sys
import time


def ask(addr, patience):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(patience)
        sock.connect((addr, 123))
        try:
            sock.send(b"\x23" + bytes(39) + time.time_ns().to_bytes(8, "big"))
            data = sock.recv(512)
        except (TimeoutError, OSError):
            return "silence"
    leap, stratum = data[0] >> 6, data[1]
    disp = struct.unpack(">I", data[8:12])[0] / 65536
    return f"time {stratum} {disp:.6f}" if leap != 3 and 0 < stratum < 16 \
        else "alarm"


def main():
    addr, every = sys.argv[1], float(sys.argv[2])
    while True:
        begun = time.monotonic()
        print(f"{begun:.6f}", ask(addr, every), flush=True)
        time.sleep(max(begun + every - time.monotonic(), 0))


main()
