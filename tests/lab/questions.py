# SPDX-License-Identifier: BSD-2-Clause
"""Asks port 123 of ADDR control questions, one after the other, on one socket.

Usage: questions.py ADDR < [[OPCODE, ASSOCIATION, TEXT], ...]; prints as JSON
for each [ERROR, DATA in hex], ERROR being null when it is none, or null when
nobody answered within 2 s."""
import json
import socket
import struct
import sys

HEAD = "!BBHHHHH"


def ask(sock, number, question):
    opcode, assoc, text = question
    text = text.encode()
    sock.send(struct.pack(HEAD, 0x16, opcode, number, 0, assoc, 0, len(text)) +
              text + bytes(-len(text) % 4))
    parts, end = {}, None
    while end is None or sum(map(len, parts.values())) < end:
        try:
            data = sock.recv(2048)
        except (TimeoutError, ConnectionRefusedError):
            return None
        (_, flags, sequence, status, _, offset,
         count) = struct.unpack(HEAD, data[:12])
        if sequence != number:
            continue
        if flags & 0x40:
            return [status >> 8, ""]
        parts[offset] = data[12:12 + count]
        if not flags & 0x20:
            end = offset + count
    return [None, b"".join(parts[o] for o in sorted(parts)).hex()]


def main():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(2)
        sock.connect((sys.argv[1], 123))
        print(json.dumps([ask(sock, i + 1, q)
                          for i, q in enumerate(json.load(sys.stdin))]))


main()
