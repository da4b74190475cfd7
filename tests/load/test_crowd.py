# SPDX-License-Identifier: BSD-2-Clause
"""At twelve o'clock everybody's cron asks: 50,000 hosts, four times each, and
all within a second. docs/performance.md."""
import pytest

CLIENTS, ROUNDS, SPACING_MS, FIRST = 50000, 4, 250, "10.1.0.0"
AT_ONCE, BURST_MS = 10000, 50
UNANSWERED, ON_TIME_S = 0.001, 1.1
TRIES = 8
LOCAL = "server 127.127.1.0\n"
CONFS = {
    "everybody": LOCAL + "restrict default\n",
    "limits": LOCAL + "restrict default limited kod nomodify notrap nopeer "
    "noquery\nrestrict 127.0.0.1\n",
}


@pytest.fixture(name="noon", params=CONFS)
def fixture_noon(crowd, request):
    crowd.serve(CONFS[request.param])
    return crowd


def show(told):
    print(f"{told.answered} of {told.sent} in {told.took:.3f} s; late "
          f"{told.late * 1e3:.0f} ms at most; {told.most_waiting} waited at "
          f"most, {told.slowest * 1e3:.1f} ms; the kernel dropped "
          f"{told.dropped}")


def sound(told):
    """Whatever the machine can do: nobody is answered wrongly, and whom the
    kernel had room for is answered."""
    assert told.wrong == told.twice == 0
    assert all(g.kissed == g.timeless == 0 for g in told.groups)
    assert told.sent - told.answered <= told.dropped


def served(told):
    return told.answered >= (1 - UNANSWERED) * told.sent


def best_of(noon, *words):
    """The best of those that asked as fast as they were to."""
    best = None
    for _ in range(TRIES):
        told = noon.ask(*words)
        show(told)
        sound(told)
        if told.took < ON_TIME_S and (not best or
                                      told.answered > best.answered):
            best = told
        if best and served(best):
            break
    if not best:
        pytest.skip("this machine cannot ask so often")
    return best


def test_fifty_thousand_ask_within_a_second(noon):
    told = best_of(noon, ROUNDS, SPACING_MS, SPACING_MS, CLIENTS, FIRST)
    assert told.sent == CLIENTS * ROUNDS
    assert served(told)


def test_ten_thousand_ask_at_the_same_moment(noon):
    told = best_of(noon, ROUNDS, SPACING_MS, BURST_MS, AT_ONCE, FIRST)
    assert served(told)
