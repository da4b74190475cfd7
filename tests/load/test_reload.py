# SPDX-License-Identifier: BSD-2-Clause
"""SIGHUP with 100,000 restrict lines, under full load: who is denied before and
after is never answered, who is allowed before and after always is."""
import os
import time

import pytest

from lists import KINDS, both, judge, reload

LINES = 100000
CLIENTS = 5000  # of each kind
ROUNDS, SPACING_MS = 40, 100  # each asks ten times a second: 200,000/s in all
RELOADS = 4
TRIES = 4
LOST = 0.001


def under_load(crowd, ours, confs, reloads):
    """What became of them."""
    asking = crowd.begin(ROUNDS, SPACING_MS, SPACING_MS, CLIENTS, *KINDS)
    for i in range(reloads):
        time.sleep(ROUNDS * SPACING_MS / 1000 / (reloads + 2))
        reload(ours, confs[(i + 1) % 2])
    told = crowd.end(asking)
    print(f"{told.sent / told.took:,.0f} requests/s, {reloads} reloads; "
          f"{told.answered} of {told.sent} answered, {told.dropped} dropped "
          f"by the kernel, the slowest after {told.slowest * 1e3:.0f} ms")
    judge(told, reloads)
    return told


@pytest.mark.parametrize("options", [(), ("-P", "10")], ids=["usual", "-P"])
def test_reload_of_a_long_list_under_load(crowd, options):
    """In real time (-P) too, where it could keep threads from serving."""
    confs = both(CLIENTS, LINES)
    ours = crowd.serve(confs[0], *options)
    for _ in range(TRIES):
        quiet = under_load(crowd, ours, confs, 0)
        busy = under_load(crowd, ours, confs, RELOADS)
        real_time = os.sched_getscheduler(ours.process.pid) == os.SCHED_FIFO
        assert real_time == ("-P" in options)
        if busy.dropped <= LOST * busy.sent:
            return
    if quiet.dropped > LOST * quiet.sent:
        pytest.skip("this machine has no room for such a load")
    raise AssertionError(f"{busy.dropped} lost by reloads")
