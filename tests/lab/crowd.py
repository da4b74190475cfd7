# SPDX-License-Identifier: BSD-2-Clause
"""A crowd that asks one server for the time within one second, each from an
address of its own; prints how many were asked for and how many answered.

    crowd.py ADDRESS FIRST COUNT SAMES

FIRST is the lowest IPv4 address of COUNT, all of which this host may use; SAMES
is an address behind which eight more clients ask, four times each at 2 s.
"""
import ipaddress
import json
import selectors
import socket
import struct
import sys
import time

BEHIND_ONE, SAMPLES, SPACING = 8, 4, 2.0


class Crowd:
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


def at_noon(server, first, count):
    """All within a second, as cron starts them."""
    crowd = Crowd(server)
    clients = [crowd.client(str(first + i)) for i in range(count)]
    begun = time.monotonic()
    for i, s in enumerate(clients):
        crowd.ask(s)
        crowd.listen(begun + (i + 1) * 0.9 / count)
    took = time.monotonic() - begun
    crowd.listen(time.monotonic() + 1)
    return {**crowd.told(), "took": took}


def behind_one(server, addr, clients):
    crowd = Crowd(server)
    sockets = [crowd.client(addr) for _ in range(clients)]
    for _ in range(SAMPLES):
        begun = time.monotonic()
        for i, s in enumerate(sockets):
            crowd.ask(s)
            crowd.listen(begun + (i + 1) * 0.5 / clients)
        crowd.listen(begun + SPACING)
    return crowd.told()


def main():
    server, first, count, same = sys.argv[1:]
    print(json.dumps({
        "noon": at_noon(server, ipaddress.ip_address(first), int(count)),
        "same": behind_one(server, same, BEHIND_ONE),
        "alone": behind_one(server, str(ipaddress.ip_address(same) + 1), 1),
    }))


main()
