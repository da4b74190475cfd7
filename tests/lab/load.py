# SPDX-License-Identifier: BSD-2-Clause
"""Asks one server for the time, so many times a second for so many seconds,
each time under another name; prints how many requests had their answer, at most
PATIENCE (1) s after the last.

    load.py ADDRESS RATE SECONDS [PATIENCE]
"""
import json
import selectors
import socket
import struct
import sys
import time


def main():
    host, rate, seconds = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
    patience = float(sys.argv[4]) if len(sys.argv) > 4 else 1
    s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET,
                      socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    s.connect((host, 123))
    s.setblocking(False)
    wait = selectors.DefaultSelector()
    wait.register(s, selectors.EVENT_READ)
    begun = time.monotonic()
    sent, answered, deaf = 0, set(), 0
    print("ready", flush=True)
    while True:
        now = time.monotonic() - begun
        if now < seconds and now * rate >= sent:
            try:
                s.send(b"\x23" + bytes(39) +
                       struct.pack(">Q", (7 << 40) + sent))
            except ConnectionRefusedError:  # of the last
                pass
            except BlockingIOError:  # the way is full: a moment later
                time.sleep(0.001)
                continue
            sent += 1
        elif now >= seconds + patience or \
                len(answered) == sent > 0 and now > seconds:
            break
        if wait.select(max(0, min(sent / rate - now, 0.1))):
            try:
                data = s.recv(1024)
            except ConnectionRefusedError:
                continue
            answered.add(struct.unpack(">Q", data[24:32])[0])
            deaf += data[1] == 0 or data[0] >> 6 == 3
    missed = sorted(set(range(7 << 40, (7 << 40) + sent)) - answered)
    print(json.dumps({"sent": sent, "answered": len(answered),
                      "without_time": deaf,
                      "missed": [n - (7 << 40) for n in missed[:9]]}))


main()
