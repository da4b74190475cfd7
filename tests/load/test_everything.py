# SPDX-License-Identifier: BSD-2-Clause
"""Everything at once, for five seconds: 250,000 requests a second, reloads,
addresses that come and go, ntpq, and octets of all kinds. Under sanitizers too,
which end the daemon at the first thing that they find."""
import subprocess
import sys
import threading
import time

from lab import BUILD
from lab.crowd import SERVER

from lists import KINDS, both, judge, reload

CLIENTS, LINES = 5000, 25000
ROUNDS, SPACING_MS = 50, 100  # each asks ten times a second: 250,000/s in all
TOO_OFTEN = "10.5.0.0"
LIMITED = f"server-threads 3\nrestrict {TOO_OFTEN} mask 255.255.0.0 limited " \
          "kod\nlimit average 1 burst 8 kod 1\n"
TURN_S = 0.5
QUESTIONS = ["rv", "sysstats", "iostats", "ifstats", "reslist", "mrulist",
             "peers", "monstats"]

# Datagrams of any length and content, some of them nearly right; then, what
# comes back for them must be no more than they were.
MISCHIEF = """
import os, random, socket, sys, time
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.setblocking(False)
end, sent, heard = time.monotonic() + float(sys.argv[2]), 0, 0
while time.monotonic() < end:
    data = bytearray(os.urandom(random.choice((48, 52, 68, 72, 12, 1, 0, 1400))))
    if data:
        data[0] = random.choice((0x23, 0x1b, 0x16, 0x17, 0x21, data[0]))
    try:
        sent += sock.sendto(data, (sys.argv[1], 123))
        while True:
            heard += len(sock.recv(65536))
    except BlockingIOError:
        time.sleep(0.001)
print(sent, heard)
"""


class Curious(threading.Thread):
    """Asks with ntpq, all the time."""

    def __init__(self, host):
        super().__init__()
        self.host, self.over, self.answered = host, False, 0

    def run(self):
        while not self.over:
            for question in QUESTIONS:
                done = self.host.run(BUILD / "ntpq", "-n", "-c", question,
                                     "127.0.0.1", timeout=60)
                self.answered += done.returncode == 0 and bool(done.stdout)


def test_everything_at_once(crowd):
    confs = both(CLIENTS, LINES, LIMITED)
    ours = crowd.serve(confs[0])
    curious = Curious(crowd.server)
    mischief = crowd.clients.start(
        sys.executable, "-c", MISCHIEF, SERVER, ROUNDS * SPACING_MS / 1000,
        stdout=subprocess.PIPE)
    asking = crowd.begin(ROUNDS, SPACING_MS, SPACING_MS, CLIENTS, *KINDS,
                         TOO_OFTEN)
    curious.start()
    reloads = 0
    while asking.poll() is None and reloads < ROUNDS:
        address = f"10.77.0.{reloads // 2 + 1}/32"
        crowd.server.ip("address", "del" if reloads % 2 else "add", address,
                        "dev", "lo")
        reloads += 1
        reload(ours, confs[reloads % 2])
        time.sleep(TURN_S)
    told = crowd.end(asking)
    curious.over = True
    curious.join()
    sent, heard = map(int, mischief.communicate(timeout=60)[0].split())
    often = told.groups[4]
    print(f"{told.answered} of {told.sent} answered, {told.dropped} dropped, "
          f"{reloads} reloads, ntpq answered {curious.answered} times, "
          f"mischief of {sent} octets for {heard}")
    judge(told, reloads)
    assert reloads > 1 and curious.answered > 0
    assert heard <= sent
    assert often.kissed > 0 and often.answered < often.sent
    assert ours.stop() == 0, ours.text()[-4000:]
    assert "Sanitizer" not in ours.text()
