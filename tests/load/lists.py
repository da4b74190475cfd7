# SPDX-License-Identifier: BSD-2-Clause
"""Long lists of restrict lines, for four kinds of clients: half of them are
denied before and after a reload, some are let in before and after it, and for
some it changes."""
import ipaddress
import signal

from lab.namespace import wait_for

DENIED, LET_IN, CHANGING, SHUT_OUT = KINDS = \
    "10.1.0.0", "10.2.0.0", "10.3.0.0", "10.4.0.0"
CHANGED = "more lines" # ends what the log says of a reload


def hosts(first, count):
    low = ipaddress.ip_address(first)
    return [str(low + i) for i in range(count)]


def lines(shut, clients, count):
    """`shut`: those for whom it changes are denied. Some are denied by a line
    each, some by that of their network, in which others have a line that lets
    them in. The rest of `count` lines is of nobody here; every other one of
    them changes."""
    yield "server 127.127.1.0\nrestrict default\n"
    yield from (f"restrict {net} mask 255.255.0.0 ignore"
                for net in (LET_IN, SHUT_OUT))
    yield from (f"restrict {host} ignore" for host in hosts(DENIED, clients))
    yield from (f"restrict {host}" for host in hosts(LET_IN, clients))
    yield from (f"restrict {host}" + " ignore" * shut
                for host in hosts(CHANGING, clients))
    yield from (f"restrict {host}" for host in hosts("10.4.128.0", clients))
    for i in range((count - 4 * clients) // 2):
        word = "noserve" if i % 2 or shut else "ignore"
        yield f"restrict 172.{16 + i // 65536}.{i // 256 % 256}.{i % 256} " \
              + word
        yield f"restrict 2001:db8:{i:x}::/48 {word}"


def both(clients, count, more=""):
    """The file before, and after."""
    return ["\n".join(lines(shut, clients, count)) + "\n" + more
            for shut in (True, False)]


def reload(ours, conf):
    """Returns when it is the one in force."""
    said = ours.text().count(CHANGED)
    ours.conf.write_text(conf)
    ours.process.send_signal(signal.SIGHUP)
    assert wait_for(lambda: ours.text().count(CHANGED) > said, 60)


def judge(told, reloads):
    """Holds however busy the machine is."""
    denied, let_in, changing, shut_out = told.groups[:4]
    assert told.wrong == told.twice == 0
    assert all(g.timeless == g.kissed == 0 for g in told.groups[:4])
    assert denied.answered == shut_out.answered == 0
    assert let_in.sent - let_in.answered <= told.dropped
    if told.dropped == 0:
        assert changing.changes <= reloads
    if reloads:
        assert 0 < changing.answered < changing.sent
