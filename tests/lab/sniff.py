# SPDX-License-Identifier: BSD-2-Clause
"""Writes every frame of an interface to a pcap file until SIGTERM.

Usage: sniff.py INTERFACE FILE. Prints "ready" once it listens. Microsecond
pcap, link type Ethernet; checksums that a virtual cable left to nobody are as
they are, so readers must not verify them.
"""
import signal
import socket
import struct
import sys
import time

ETH_P_ALL = 3
LINKTYPE_ETHERNET = 1


def main():
    interface, path = sys.argv[1:]
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                         socket.htons(ETH_P_ALL))
    sock.bind((interface, 0))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with open(path, "wb", buffering=0) as out:
        out.write(struct.pack("=IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535,
                              LINKTYPE_ETHERNET))
        print("ready", flush=True)
        while True:
            frame = sock.recv(65535)
            now = time.time_ns() // 1000
            out.write(struct.pack("=IIII", now // 10**6, now % 10**6,
                                  len(frame), len(frame)) + frame)


main()
