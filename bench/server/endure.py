#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Ten seconds of twice what our server can do: its rate must not fall, its
answers must not grow old, it must go on asking its own server for the time,
and ntpq must be answered within a second. See docs/performance.md.

    bench/server/endure.py [--strict] [-- more words of ntp.conf]

A test of the load suite; --strict holds it to what a quiet machine shows."""
import re
import subprocess
import sys
import threading
import time

import measure
import servers
from stage import Stage, arguments
from wire import CLIENT, GENERATOR_CPU, Server

UPSTREAM = (f"server {CLIENT} iburst minpoll 3 maxpoll 3\nrestrict default\n"
            "driftfile {folder}/drift\n")
SECONDS, BEFORE, OFFER = 10, 3, 700e3
ASK_S = 1
TRIES = 2 # on a machine that has other things to do too
KEPT, KEPT_STRICT = 0.8, 0.95 # of the rate of short runs
OLD_US = 20e3  # the latency of one answer in a hundred, at most


class Asking(threading.Thread):
    """Asks with ntpq, once a second; what was said, and how long it took."""

    def __init__(self, net, ntpq):
        super().__init__()
        self.words = ["ip", "netns", "exec", net, ntpq, "-c",
                      "rv &1 reach,rec", "127.0.0.1"]
        self.said, self.took, self.over = [], [], False

    def ask(self):
        begun = time.monotonic()
        done = subprocess.run(self.words, capture_output=True, text=True,
                              check=False)
        self.took.append(time.monotonic() - begun)
        found = re.search(r"rec=(\S+?),?\s", done.stdout + "\n")
        self.said.append(found[1] if found else None)

    def run(self):
        while not self.over:
            self.ask()
            time.sleep(ASK_S)


def wait_until_synchronised(wire, asking):
    """Its own server has told it the time, and clients are told."""
    for _ in range(SECONDS * 10):
        done = wire.run(1000, seconds=0.1)
        asking.ask()
        if done.answers and not done.timeless and asking.said[-1]:
            break
    else:
        raise RuntimeError("never synchronised:\n"
                           + wire.server.log.read_text())
    asking.said.clear()
    asking.took.clear()


def endure(wire, build):
    asking = Asking(wire.net["s"], build / "ntpq")
    wait_until_synchronised(wire, asking)
    short = [wire.run(OFFER) for _ in range(BEFORE)]
    best = measure.median([run.rate for run in short])
    asking.start()
    long = wire.run(2 * best, seconds=SECONDS)
    asking.over = True
    asking.join()
    print(f"{best:,.0f} answers/s in short runs, {long.rate:,.0f} in "
          f"{SECONDS} s of {long.sent / long.seconds:,.0f} requests/s, "
          f"{long.rate / best:.2f} of it")
    print(f"latency: median {long.p50_us / 1e3:.2f} ms, 99 in 100 below "
          f"{long.p99_us / 1e3:.2f} ms")
    print(f"ntpq: {len(asking.took)} times, the slowest after "
          f"{max(asking.took):.2f} s")
    print(f"its own server was heard at {len(set(asking.said) - {None})} "
          "different times")
    return long, best, asking


def judge(long, best, asking, kept):
    """What is wrong, in words."""
    return [what for wrong, what in (
        (long.rate < kept * best, f"the rate fell below {kept}"),
        (long.wrong, f"{long.wrong} wrong answers"),
        (long.timeless, f"{long.timeless} answers without the time"),
        (long.octets_in > long.octets_out, "more octets out than in"),
        (long.p99_us > OLD_US, "answers grew old"),
        (None in asking.said, "ntpq was not answered"),
        (max(asking.took) > ASK_S, "ntpq waited too long"),
        (len(set(asking.said)) < 2, "its own server was not asked"),
    ) if wrong]


def start(stage, more):
    """Ours on its wire, and at the other end the server that it asks."""
    wire, folder = stage.wire(), stage.folder
    wire.hurry(False)
    upstream = Server(wire.net["c"], [stage.build / "bench/server/bare",
                                      CLIENT], folder, [GENERATOR_CPU], False)
    stage.callback(upstream.end)
    kind = servers.ours(stage.build, "\n".join(more) + "\n", UPSTREAM)
    wire.start(kind.argv(folder), folder, real_time=False)
    return wire


def main():
    parser = arguments(__doc__)
    parser.add_argument("--strict", action="store_true")
    parser.add_argument("more", nargs="*", help="more lines of ntp.conf")
    given = parser.parse_args()
    kept = KEPT_STRICT if given.strict else KEPT
    with Stage(given.build) as stage:
        wire = start(stage, given.more)
        for _ in range(TRIES):
            bad = judge(*endure(wire, stage.build), kept)
            if not bad:
                return 0
            print("\n".join(bad))
    return 1


if __name__ == "__main__":
    sys.exit(main())
