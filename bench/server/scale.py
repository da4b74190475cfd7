#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What a second serving thread adds. See docs/performance.md.

    bench/server/scale.py [--rounds N]

On two processors the generator needs a part of one of them, so the second
thread cannot have a whole one. What the generator ran is therefore taken off:
answers a second for each processor that was left to the server, with two
threads against one. The generator sends by a packet socket and sleeps between
its batches, as it must not keep its processor."""
import sys

import servers
from measure import median
from stage import Stage, arguments
from wire import GENERATOR_CPU, SERVER_CPU

OFFER_ONE, OFFER_TWO, SECONDS = 400e3, 550e3, 0.8
PAIRS = {"ours": ("ours", "ours, 2 threads"),
         "bare": ("bare", "bare, 2 threads")}


class Side:
    """One server, with one thread or two."""

    def __init__(self, stage, name, threads):
        self.offer = OFFER_ONE if threads == 1 else OFFER_TWO
        self.processors = threads
        self.runs = []
        self.wire = stage.serve(servers.known(stage.build)[name](), "packets",
                                real_time=False,
                                cpus=[SERVER_CPU] if threads == 1 else
                                [GENERATOR_CPU, SERVER_CPU])

    def run(self):
        self.runs.append(self.wire.run(self.offer, seconds=SECONDS, batch=32))

    def left(self, run):
        """Processors that were left to it."""
        share = run.load_cpu_s / run.seconds
        return 1 if self.processors == 1 else 2 - share

    def each(self):
        """Answers a second on one processor, by what was left and by what
        the server ran."""
        return (median([run.rate / self.left(run) for run in self.runs]),
                median([run.answers / run.cpu_s for run in self.runs]))

    def row(self, name):
        runs = self.runs
        return (f"| {name} | {self.processors} | "
                f"{median([r.rate for r in runs]):,.0f} | "
                f"{median([r.load_cpu_s / r.seconds for r in runs]):.2f} | "
                f"{self.each()[0]:,.0f} | {self.each()[1]:,.0f} |")


def show(sides, pairs):
    print("| server | threads | answers/s | the generator's share of a "
          "processor | answers/s for each processor left | for each "
          "second run |\n" + "| --- " * 6 + "|")
    for name, side in sides.items():
        print(side.row(name))
    for name, pair in pairs.items():
        one, two = (sides[which].each() for which in pair)
        print(f"{name}: two threads on two processors are worth "
              f"{2 * two[0] / one[0]:.2f} of one on one, by what was left "
              f"to it; {2 * two[1] / one[1]:.2f} by what it ran")


def main():
    parser = arguments(__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--servers", default="ours,bare")
    given = parser.parse_args()
    pairs = {name: PAIRS[name] for name in given.servers.split(",")}
    with Stage(given.build) as stage:
        sides = {which: Side(stage, which, threads)
                 for pair in pairs.values()
                 for threads, which in enumerate(pair, 1)}
        for _ in range(given.rounds):
            for side in sides.values():
                side.run()
        show(sides, pairs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
