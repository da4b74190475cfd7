# SPDX-License-Identifier: BSD-2-Clause
"""SIGHUP with 100,000 restrict lines, under full load: who is denied before and
after is never answered, who is allowed before and after always is."""
import ipaddress
import signal
import time

import pytest

from lab.namespace import wait_for

LINES = 100000
COUNT = 5000  # clients of each kind
ROUNDS, SPACING_MS = 40, 100  # each asks ten times a second: 200,000/s in all
RELOADS = 4
TRIES = 4
LOST = 0.001
CHANGED = "more lines" # ends what the log says of a reload
DENIED, LET_IN, CHANGING, SHUT_OUT = kinds = \
    "10.1.0.0", "10.2.0.0", "10.3.0.0", "10.4.0.0"


def hosts(first, count):
    low = ipaddress.ip_address(first)
    return [str(low + i) for i in range(count)]


def lines(changing_are_denied):
    """Half of the clients are denied: some by a line each, some by that of
    their network, in which others have a line that lets them in. The rest of
    the lines are of nobody here; every other one of them changes."""
    shut = int(changing_are_denied)
    yield "server 127.127.1.0\nrestrict default\n"
    yield from (f"restrict {net} mask 255.255.0.0 ignore"
                for net in (LET_IN, SHUT_OUT))
    yield from (f"restrict {host} ignore" for host in hosts(DENIED, COUNT))
    yield from (f"restrict {host}" for host in hosts(LET_IN, COUNT))
    yield from (f"restrict {host}" + " ignore" * shut
                for host in hosts(CHANGING, COUNT))
    yield from (f"restrict {host}" for host in hosts("10.4.128.0", COUNT))
    for i in range((LINES - 4 * COUNT) // 2):
        yield f"restrict 172.{16 + i // 65536}.{i // 256 % 256}.{i % 256} " \
              + ("noserve" if i % 2 or shut else "ignore")
        yield f"restrict 2001:db8:{i:x}::/48 " \
              + ("noserve" if i % 2 or shut else "ignore")


def reload(ours, conf):
    said = ours.text().count(CHANGED)
    ours.conf.write_text(conf)
    ours.process.send_signal(signal.SIGHUP)
    assert wait_for(lambda: ours.text().count(CHANGED) > said, 60)


def asked(crowd):
    return crowd.begin(ROUNDS, SPACING_MS, SPACING_MS, COUNT, *kinds)


def under_load(crowd, ours, confs, reloads):
    """What became of them; how many reloads there were meanwhile."""
    asking = asked(crowd)
    for i in range(reloads):
        time.sleep(ROUNDS * SPACING_MS / 1000 / (reloads + 2))
        reload(ours, confs[(i + 1) % 2])
    told = crowd.end(asking)
    print(f"{told.sent / told.took:,.0f} requests/s, {reloads} reloads; "
          f"{told.answered} of {told.sent} answered, {told.dropped} dropped "
          f"by the kernel, the slowest after {told.slowest * 1e3:.0f} ms")
    return told


def judge(told, reloads):
    """Holds however busy the machine is."""
    denied, let_in, changing, shut_out = told.groups
    assert told.wrong == told.twice == 0
    assert all(g.timeless == g.kissed == 0 for g in told.groups)
    assert denied.answered == shut_out.answered == 0
    assert let_in.sent - let_in.answered <= told.dropped
    if told.dropped == 0:
        assert changing.changes <= reloads
        assert let_in.always == COUNT
    if reloads:
        assert 0 < changing.answered < changing.sent


def test_reload_of_a_long_list_under_load(crowd):
    confs = ["\n".join(lines(shut)) + "\n" for shut in (True, False)]
    ours = crowd.serve(confs[0])
    for _ in range(TRIES):
        quiet = under_load(crowd, ours, confs, 0)
        judge(quiet, 0)
        busy = under_load(crowd, ours, confs, RELOADS)
        judge(busy, RELOADS)
        if busy.dropped <= LOST * busy.sent:
            return
    if quiet.dropped > LOST * quiet.sent:
        pytest.skip("this machine has no room for such a load")
    raise AssertionError(f"{busy.dropped} lost by reloads")
