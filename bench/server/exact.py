#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""How exact the time is that servers tell: when each answer really left, less
what its transmit timestamp says, while they have nothing to do and much. See
docs/performance.md.

    bench/server/exact.py [--rounds N] [--servers ours,chrony,ntpsec,bare]
    bench/server/exact.py --guard           a test: ours under too much load

Server and clients share a clock, so the answer's own stamps are held against
it: a BPF program on the client's end of the wire reads it as the answer comes
through, half a microsecond after it has left. In the interleaved mode a
transmit timestamp is the kernel's of the answer before, and is held against
when that one came through. A negative figure is an answer that was gone before
the time that it tells."""
import sys

import measure
import servers
from measure import median
from stage import Stage, arguments
from wire import Unable

USUAL = "ours,chrony,ntpsec,bare"
IDLE, IDLE_S, SECONDS = 1000, 1, 0.5
# Requests a second, of what it can. Of twice that many some are lost, and who
# is not answered cannot know of which answer the next one tells.
LOADS = {"idle": None, "half": 0.5, "full": 0.95, "twice": 2}
KINDS = {"plain": ["idle", "half", "full", "twice"],
         "interleaved": ["idle", "half", "full"]}
INTERLEAVE = ["ours", "chrony"]
GUARDED_US = 15  # of half of our answers, whatever else the machine does
MEASURED = {"left_ns": "left after its transmit stamp, us",
            "came_ns": "receive stamp after the request was sent, us"}
QUANTILES = ["least", "p1", "p50", "p99", "worst"]


class Side:
    """One server on its wire, and the runs of each load."""

    def __init__(self, stage, kind):
        self.runs, self.limits = {}, {}
        self.wire = stage.serve(kind())

    def limit(self, kind):
        """The most that it answers, when that is too much for it."""
        if kind not in self.limits:
            self.limits[kind] = max(
                self.wire.run(measure.FIRST_OFFER, kind=kind).rate
                for _ in range(2))
        return self.limits[kind]

    def run(self, load, kind):
        if LOADS[load] is None:
            done = self.wire.run(IDLE, seconds=IDLE_S, kind=kind, sample=1,
                                 batch=4, sources=IDLE // 10)
        else:
            done = self.wire.run(LOADS[load] * self.limit(kind), kind=kind,
                                 seconds=SECONDS, sample=4)
        self.runs.setdefault((kind, load), []).append(done)

    def row(self, what, kind, load):
        """Of the rounds the median, and of the extremes the extremes."""
        seen = [getattr(run, what) for run in self.runs[kind, load]]
        seen = [quantiles for quantiles in seen if quantiles]
        if not seen:
            return ["" for _ in QUANTILES]
        each = list(zip(*seen))
        return [f"{value * 1e-3:.1f}" for value in
                (min(each[0]), *map(median, each[1:-1]), max(each[-1]))]


def measure_all(sides, rounds):
    for kind, loads in KINDS.items():
        chosen = [side for name, side in sides.items()
                  if kind == "plain" or name in INTERLEAVE]
        for load in loads:
            for _ in range(rounds):
                for side in chosen:
                    side.run(load, kind)


def guard(side, rounds):
    """Under twice what it can; the best round of some, as others disturb us.
    True: as good as it has to be."""
    for _ in range(rounds):
        side.run("twice", "plain")
    median_us = min((run.left_ns[2] * 1e-3
                     for run in side.runs["plain", "twice"]), key=abs)
    print(f"half of the answers left {median_us:.1f} us or more after their "
          f"transmit timestamp, {GUARDED_US} at most is asked for")
    return abs(median_us) <= GUARDED_US


def show(sides):
    for what, words in MEASURED.items():
        print(f"\n| {words} | load | answers/s | "
              + " | ".join(QUANTILES) + " |\n" + "| --- " * 8 + "|")
        for name, side in sides.items():
            for (kind, load), runs in side.runs.items():
                rate = median([run.rate for run in runs])
                label = name if kind == "plain" else f"{name}, {kind}"
                print(f"| {label} | {load} | {rate:,.0f} | "
                      + " | ".join(side.row(what, kind, load)) + " |")


def sides_of(stage, names):
    """By name; who cannot be had is left out, and that is said."""
    sides = {}
    for name, kind in servers.named(stage.build, names).items():
        try:
            sides[name] = Side(stage, kind)
        except Unable as trouble:
            print(f"{name}: skipped: {trouble}", file=sys.stderr)
    if not sides:
        raise Unable("no server to measure")
    return sides


def main():
    parser = arguments(__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--servers", default=USUAL)
    parser.add_argument("--guard", action="store_true")
    given = parser.parse_args()
    if given.guard:
        given.servers = "ours"
    with Stage(given.build) as stage:
        sides = sides_of(stage, given.servers)
        if given.guard:
            return 0 if guard(sides["ours"], given.rounds) else 1
        measure_all(sides, given.rounds)
        show(sides)
    return 0


if __name__ == "__main__":
    sys.exit(main())
