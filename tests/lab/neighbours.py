# SPDX-License-Identifier: BSD-2-Clause
"""Clients behind one address, as a NAT has them, that ask one server four times
each at 2 s, as ntpdate does; prints how many requests were sent and answered.

    neighbours.py SERVER ADDRESS CLIENTS
"""
import json
import selectors
import socket
import struct
import sys
import time

SAMPLES, SPACING = 4, 2.0


class Neighbours:
    def __init__(self, server):
        self.server = server
        self.wait = selectors.DefaultSelector()
        self.sent, self.answered, self.deaf = 0, 0, 0

    def client(self, addr):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind((addr, 0))
        s.connect((self.server, 123))
        s.setblocking(False)
        self.wait.register(s, selectors.EVENT_READ)
        return s

    def ask(self, s):
        s.send(b"\x23" + bytes(39) + struct.pack(">Q", (7 << 40) + self.sent))
        self.sent += 1

    def listen(self, until):
        while (left := until - time.monotonic()) > 0:
            for key, _ in self.wait.select(left):
                data = key.fileobj.recv(1024)
                self.answered += 1
                self.deaf += data[1] == 0 or data[0] >> 6 == 3

    def told(self):
        return {"sent": self.sent, "answered": self.answered,
                "without_time": self.deaf}


def behind_one(server, addr, clients):
    street = Neighbours(server)
    sockets = [street.client(addr) for _ in range(clients)]
    for _ in range(SAMPLES):
        begun = time.monotonic()
        for i, s in enumerate(sockets):
            street.ask(s)
            street.listen(begun + (i + 1) * 0.5 / clients)
        street.listen(begun + SPACING)
    return street.told()


def main():
    server, addr, clients = sys.argv[1:]
    print(json.dumps(behind_one(server, addr, int(clients))))


main()
