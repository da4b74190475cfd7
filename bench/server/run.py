#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""How many answers servers give, side by side: see docs/performance.md.

    bench/server/run.py                   the table, about four minutes
    bench/server/run.py --quick           rates alone, half a minute
    bench/server/run.py --guard           a test: ours against chronyd
    bench/server/run.py --servers ours,chrony --rounds 9
    bench/server/run.py --server 'mine=/usr/sbin/mine -f {folder}/conf'

Needs root, network namespaces, and a kernel that runs XDP programs with live
frames (5.18). All servers run at the same time, each on its own wire, and are
asked in turn, so that what disturbs one round disturbs all of them."""
import json
import pathlib
import subprocess
import sys

import measure
import servers
from measure import median
from stage import ROOT, Stage, arguments
from wire import Unable

USUAL = "ours,chrony,ntpsec,openntpd,bare"
QUICK = "ours,chrony,bare"
STARTS, START_S, IDLE_S, OVERLOAD_S = 3, 1.2, 10, 0.8
GENERATOR_OFFER = 9e6
GUARD_TRIES, GUARD_ROUNDS, GUARD_RATE, GUARD_S = 3, 8, 600e3, 0.3
GUARDED = 1.05 # what an answer costs chronyd, in ours, at least


class Bench:
    """Some servers, each on its wire, and what was seen of them."""

    def __init__(self, stage, kinds):
        self.folder = stage.folder
        self.kinds, self.wires, self.seen = {}, {}, {}
        for name, kind in kinds.items():
            try:
                self.kinds[name] = kind()
                self.wires[name] = stage.wire()
                self.seen[name] = {}
            except Unable as trouble:
                print(f"{name}: skipped: {trouble}", file=sys.stderr)
        if not self.wires:
            raise Unable("no server to measure")

    def argv(self, name):
        self.place(name).mkdir(exist_ok=True)
        return self.kinds[name].argv(self.place(name))

    def place(self, name):
        return self.folder / "".join(c for c in name if c.isalnum())

    def note(self, name, what, value):
        self.seen[name].setdefault(what, []).append(value)

    def start(self, real_time=True):
        for name, wire in self.wires.items():
            wire.hurry(real_time)
            wire.start(self.argv(name), self.place(name), real_time=real_time)
        for name, wire in list(self.wires.items()):
            self.wait_for(name, wire)

    def wait_for(self, name, wire):
        """Until it answers; who never does is left out, with its words."""
        try:
            wire.settle()
        except Unable as trouble:
            self.leave_out(name, trouble)

    def leave_out(self, name, trouble):
        print(f"{name}: skipped: {trouble}", file=sys.stderr)
        self.wires.pop(name).close()
        del self.seen[name]

    def each(self, what, function):
        for name, wire in list(self.wires.items()):
            try:
                self.note(name, what, function(name, wire))
            except Unable as trouble:
                self.leave_out(name, trouble)

    def starts(self):
        def one(name, wire):
            return measure.first(wire, self.argv(name), self.place(name),
                                 START_S)
        for _ in range(STARTS):
            self.each("start", one)

    def rates(self, what, **how):
        def one(name, wire):
            known = self.seen[name].get(what)
            return measure.limit(wire, known and known[-1].rate, **how)
        self.each(what, one)

    def overloads(self):
        self.each("overload", lambda name, wire: measure.overload(
            wire, 2 * self.rate(name), seconds=OVERLOAD_S))

    def idle(self):
        running = [wire.server for wire in self.wires.values()]
        for name, value in zip(self.wires, measure.idle(running, IDLE_S)):
            self.note(name, "idle", value)

    def rate(self, name, what="plain"):
        return median([run.rate for run in self.seen[name].get(what, [])])


def show(bench, against):
    """The table, in Markdown."""
    heads = ["server", "answers/s", "range, k", f"/ {against}",
             "10^6 clients", "/ 10^3", "at 2x", "us of CPU", "p50, us",
             "p99, us", "PSS, KiB", "after 10^6", "wake-ups/s",
             "first answer, ms", "first time, ms"]
    rows = [row(bench, name, against) for name in bench.wires]
    used = [i for i in range(len(heads)) if any(r[i] for r in rows)]
    lines = [[heads[i] for i in used], ["---" for i in used],
             *[[r[i] for i in used] for r in rows]]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def row(bench, name, against):
    seen = bench.seen[name]
    plain = seen.get("plain", [])
    rates = [run.rate for run in plain]
    bound = ">= " if any(run.generator_bound for run in plain) else ""
    base = bench.rate(against) if against in bench.seen else None
    million = bench.rate(name, "million")
    over, slow = seen.get("overload", []), seen.get("latency", [])

    def text(form, value):
        return "" if value is None else form.format(value)

    return [name, text(bound + "{:,.0f}", median(rates)),
            f"{min(rates) / 1e3:.0f}-{max(rates) / 1e3:.0f}" if rates else "",
            text("{:.2f}", base and rates and median(rates) / base),
            text("{:,.0f}", million),
            text("{:.2f}", million and million / median(rates)),
            text("{:,.0f}", median([run.rate for run in over])),
            text("{:.2f}", median(map(measure.us_per_answer, over))),
            text("{:.0f}", median([run.p50_us for run in slow])),
            text("{:.0f}", median([run.p99_us for run in slow])),
            text("{:,.0f}", median(seen.get("pss", []))),
            text("{:,.0f}", median(seen.get("pss, 10^6", []))),
            text("{:.2f}", median(seen.get("idle", []))),
            text("{:.0f}", median(s[0] for s in seen.get("start", []))),
            text("{:.0f}", median(s[1] for s in seen.get("start", [])))]


def whole(bench, rounds):
    bench.starts()
    bench.start()
    bench.each("pss", lambda name, wire: wire.server.pss_kib())
    bench.idle()
    for _ in range(rounds):
        bench.rates("plain")
        bench.overloads()
        bench.each("latency", lambda name, wire: measure.latency(wire))
    bench.each("remember", lambda name, wire: measure.remember(
        wire, 0.6 * min(bench.rate(name), 400e3)))
    bench.each("pss, 10^6", lambda name, wire: wire.server.pss_kib())
    for _ in range(rounds):
        bench.rates("million", sources=measure.MILLION)


def quick(bench, rounds):
    bench.start()
    for _ in range(rounds):
        bench.rates("plain")
        bench.overloads()


def guard(bench):
    """What an answer costs, the least of some rounds: steadier than a rate on
    a machine that does other things too, and needs no real time, in which we
    would keep those from the processors. True: ours costs no more."""
    bench.start(real_time=False)
    if len(bench.wires) < 2:
        raise Unable("one of the two is missing")
    return any(guard_rounds(bench) for _ in range(GUARD_TRIES))


def guard_rounds(bench):
    for _ in range(GUARD_ROUNDS):
        bench.each("overload", lambda name, wire: measure.overload(
            wire, GUARD_RATE, seconds=GUARD_S))
    ours, theirs = (min(measure.us_per_answer(run) for run in
                        bench.seen[name]["overload"])
                    for name in ("ours", "chrony"))
    print(f"us an answer: ours {ours:.2f}, chronyd {theirs:.2f}, ratio "
          f"{theirs / ours:.2f}, at least {GUARDED} is asked for")
    return theirs / ours >= GUARDED


def generator(wire):
    """Requests a second, when nobody has any work with them."""
    nobody = wire.inside("s", "swallow", "eth0", stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE)
    if nobody.stdout.readline() != "ready\n":
        raise Unable("the program that drops cannot be loaded")
    runs = [wire.run(GENERATOR_OFFER) for _ in range(STARTS)]
    nobody.communicate()
    return median([run.sent / run.seconds for run in runs])


def options():
    parser = arguments(__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--guard", action="store_true")
    parser.add_argument("--generator", action="store_true",
                        help="how fast the load generator alone is")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--servers", help="names, with commas between: "
                        f"{'; '.join(servers.known(ROOT))}")
    parser.add_argument("--server", action="append", default=[],
                        help="NAME=COMMAND, any other")
    parser.add_argument("--against", default="chrony")
    parser.add_argument("--json", type=pathlib.Path,
                        help="every run, into this file")
    return parser.parse_args()


def chosen(given, build):
    """What makes each, by name."""
    names = given.servers or ("ours,chrony" if given.guard else
                              QUICK if given.quick else USUAL)
    return servers.named(build, names) | dict(map(servers.other, given.server))


def main():
    given = options()
    with Stage(given.build) as stage:
        if given.generator:
            print(f"{generator(stage.wire()):,.0f} requests/s")
            return 0
        bench = Bench(stage, chosen(given, stage.build))
        if given.guard:
            return 0 if guard(bench) else 1
        if given.quick:
            quick(bench, given.rounds or 3)
        else:
            whole(bench, given.rounds or 5)
        print(show(bench, given.against))
        if given.json:
            given.json.write_text(json.dumps(bench.seen, default=vars))
    return 0


if __name__ == "__main__":
    sys.exit(main())
