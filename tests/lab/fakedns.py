# SPDX-License-Identifier: BSD-2-Clause
"""Answers for names: {"addr": where, "names": {name: [addresses]}}."""
import contextlib
import json
import socket
import sys

from frames import dns_answer


def main():
    spec = json.loads(sys.argv[1])
    us = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    us.bind((spec["addr"], 53))
    print("ready", flush=True)
    while True:
        question, asker = us.recvfrom(512)
        with contextlib.suppress(OSError):  # who asks cannot be reached
            us.sendto(dns_answer(question, spec["names"]), asker)


if __name__ == "__main__":
    main()
