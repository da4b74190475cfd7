# SPDX-License-Identifier: BSD-2-Clause
"""Sends a datagram to port 123 of ADDR and prints what comes back, in hex.

Usage: exchange.py ADDR HEX [SECONDS]; prints "silence" after so long (1)."""
import socket
import sys


def main():
    addr, data = sys.argv[1], bytes.fromhex(sys.argv[2])
    family = socket.AF_INET6 if ":" in addr else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.settimeout(float(sys.argv[3]) if len(sys.argv) > 3 else 1)
        sock.connect((addr, 123))
        try:
            sock.send(data)
            print(sock.recv(2048).hex())
        except (TimeoutError, ConnectionRefusedError):
            print("silence")


main()
