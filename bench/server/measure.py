# SPDX-License-Identifier: BSD-2-Clause
"""What can be measured of a server on its wire."""
import statistics
import time

from wire import Unable

LOST = 0.01       # of the requests, at most, at the rate that counts
NEAR = 1.015      # how near two rates are to be called one
FIRST_OFFER = 700e3
ASKED = 50e3      # where the latency is looked at
MILLION = 1 << 20
MORE = 1.6        # from one offer to the next, until some are lost


def kept(run):
    """It was asked as often as was meant, and answered."""
    return run.loss < LOST


def overload(wire, rate, **how):
    return wire.run(rate, **how)


def limit(wire, guess=None, **how):
    """The highest rate at which less than LOST is lost, by halving the ratio;
    the run itself, and whether it was the generator that could no more."""
    offer = guess * 2 if guess else FIRST_OFFER
    run = wire.run(offer, **how)
    while kept(run):
        if run.sent / run.seconds < 0.97 * offer:
            run.generator_bound = True
            return run
        offer *= MORE
        run = wire.run(offer, **how)
    best, low, high = None, run.rate / 1.25, run.rate * 1.25
    while high > low * NEAR or best is None:
        rate = (low * high) ** 0.5
        run = wire.run(rate, **how)
        run.generator_bound = False
        if kept(run):
            low, best = rate, run
        else:
            high = rate
            if high < low * NEAR:
                low /= 1.25
        if rate < 1000:
            raise Unable("no rate without loss")
    return best


def us_per_answer(run):
    return run.cpu_s / max(run.answers, 1) * 1e6


def latency(wire):
    """At a moderate rate, of every answer; frames go out one by one."""
    return wire.run(ASKED, sample=1, batch=4)


def remember(wire, rate):
    """Every one of 2^20 clients asks once."""
    return wire.run(rate, seconds=MILLION / rate, sources=MILLION)


def idle(servers, seconds):
    """Wake-ups a second of each, while nobody asks."""
    before = [server.wakeups() for server in servers]
    time.sleep(seconds)
    return [(server.wakeups() - was) / seconds
            for server, was in zip(servers, before)]


def first(wire, argv, folder, seconds):
    """ms from exec to the first answer, and to the first that tells the
    time (None: not within `seconds`)."""
    wire.begin(5000, seconds=seconds, batch=4)
    time.sleep(0.15)
    server = wire.start(argv, folder, real_time=False)
    done = wire.finish()
    server.stop()
    wire.server = None
    return [max((at - server.began_ns) * 1e-6, 0) if at else None
            for at in (done.first_answer_ns, done.first_time_ns)]


def median(values):
    values = [v for v in values if v is not None]
    return statistics.median(values) if values else None
