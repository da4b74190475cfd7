# SPDX-License-Identifier: BSD-2-Clause
"""A leap second inserted and one deleted by a real kernel, in one boot.

The guest's date is set shortly before each; its daemon has a table of leap
seconds made for the test. Its clock is judged from outside all the while."""
import hashlib
import re
import time

import pytest

from lab import guest, wire

PROGRAMS = [guest.ROOT / "build/ntpd"]
UNIX_TO_NTP = 2208988800
JANUARY = 1798761600  # 2027: after one second more
JULY = 1814400000     # 2027: after one second less
BEFORE_S, AFTER_S = 35, 20
CLOSE_S = 1e-3

CONF = """leapfile /etc/leap-seconds.list
restrict default nomodify notrap nopeer noquery
server 192.168.77.1 iburst minpoll 3 maxpoll 3
"""

SCRIPT = """
leap() {
    date -s @$2 >/dev/null; echo SET-$1
    ntpd -n -g -c /etc/ntp.conf -l /tmp/$1.log >/dev/null 2>&1 & pid=$!
    sleep %d; echo END-$1
    kill $pid; wait $pid
    sed "s/^/$1 /" /tmp/$1.log
}
leap INSERT %d
leap DELETE %d
dmesg | grep -i leap | sed 's/^/KERNEL /'
""" % (BEFORE_S + AFTER_S + 5, JANUARY - BEFORE_S, JULY - BEFORE_S)

pytestmark = pytest.mark.skipif(guest.why_not() is not None,
                                reason=str(guest.why_not()))


def leap_file():
    numbers = [1798000000 + UNIX_TO_NTP, 1900000000 + UNIX_TO_NTP]
    entries = [(1483228800, 37), (JANUARY, 38), (JULY, 37)]
    for at, tai in entries:
        numbers += [at + UNIX_TO_NTP, tai]
    digest = hashlib.sha1("".join(map(str, numbers)).encode()).hexdigest()
    words = " ".join(digest[i:i + 8] for i in range(0, 40, 8))
    lines = [f"#$ {numbers[0]}", f"#@ {numbers[1]}"]
    lines += [f"{at + UNIX_TO_NTP} {tai}" for at, tai in entries]
    return "\n".join([*lines, f"#h {words}", ""])


def watch(link, seconds):
    """The answers of so long: (when, error, round trip, leap indicator)."""
    until = time.monotonic() + seconds
    answers = []
    while time.monotonic() < until:
        when = link.truth.now()
        answer = link.ask()
        if answer and answer[2] != 3:
            answers.append((when, *answer[:3]))
        time.sleep(0.1)
    return answers


def closest(answers):
    """Of each two seconds the error with the shortest round trip, and that."""
    best = {}
    for when, error, trip, _ in answers:
        slot = int(when) // 2
        if slot not in best or trip < best[slot][1]:
            best[slot] = (error, trip)
    return list(best.values())


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """What was answered around each leap second, and the guest's words."""
    link = wire.Wire(wire.TrueTime())
    image = guest.build_initramfs(
        tmp_path_factory.mktemp("guest"), PROGRAMS,
        {"/etc/ntp.conf": CONF, "/etc/leap-seconds.list": leap_file()}, SCRIPT)
    machine = guest.Guest(image, link, time.time())
    answers = {}
    try:
        for name, midnight, leap in (("INSERT", JANUARY, -1),
                                     ("DELETE", JULY, 1)):
            machine.wait_for(f"^SET-{name}", 120)
            link.truth.set(midnight - BEFORE_S, midnight - (leap > 0), leap)
            answers[name] = watch(link, BEFORE_S + AFTER_S)
            machine.wait_for(f"^END-{name}", 30)
        machine.wait_for("GUEST-DONE", 60)
    finally:
        machine.close()
        link.close()
    return answers, machine.text()


@pytest.mark.parametrize("name,midnight,leap,indicator,words", [
    ("INSERT", JANUARY, -1, 1, "Clock: inserting leap second 23:59:60 UTC"),
    ("DELETE", JULY, 1, 2, "Clock: deleting leap second 23:59:59 UTC"),
])
def test_the_kernel_leaps_and_nobody_is_off(story, name, midnight, leap,
                                            indicator, words):
    answers, text = story[0][name], story[1]
    log = "\n".join(re.findall(f"^{name} (.*)$", text, re.M))
    assert words in text, text
    # Armed before, in good time; over afterwards.
    before = [a for a in answers if midnight - 15 < a[0] < midnight - 2]
    after = [a for a in answers if midnight + 2 < a[0] < midnight + 1000]
    assert before and {a[3] for a in before} == {indicator}, (before, log)
    assert after and {a[3] for a in after} == {0}, (after, log)
    worst = {when: max(wire.sure_error(*each) for each in closest(some))
             for when, some in (("before", before), ("after", after))}
    print(f"\n{name}: off for sure before {worst['before'] * 1e6:.0f} us, "
          f"after {worst['after'] * 1e6:.0f} us")
    assert worst["after"] < CLOSE_S, (worst, log)
    assert "leap_armed" in log and " leap_event" in log, log
    said_after = log[log.index("leap_armed"):]
    assert "clock_step" not in said_after, log
    assert "another program" not in log and "spike" not in log, log
