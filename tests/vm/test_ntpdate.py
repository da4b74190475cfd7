# SPDX-License-Identifier: BSD-2-Clause
"""Clocks that are set by hand and by ntpdate: items 25, 27, 28, 48, 60, 62.

One guest for all of it; it prints "STEP command" and what the command says.
Its clock is an hour ahead at boot."""
import re
import time

import pytest

from lab import guest, wire

PROGRAMS = [guest.ROOT / "build" / name for name in ("ntpd", "ntpdate")]
HOUR = 3600
NUDGE_S = 0.2  # less than what ntpdate steps

CONF = """driftfile /var/lib/ntp/drift
server 192.168.77.1 iburst minpoll 3 maxpoll 3
"""

SCRIPT = """
run() { echo "STEP $1"; shift; "$@"; echo "STATUS $?"; }
run hour ntpdate 192.168.77.1
run small ntpdate 192.168.77.1
run forced ntpdate -b 192.168.77.1
run by-hand date -s "2021-10-30 19:27:16"
run years ntpdate 192.168.77.1
run cron env -i /usr/sbin/ntpdate 192.168.77.1 </dev/null
echo NUDGE; sleep 2
run nudged ntpdate 192.168.77.1
run later ntpdate -q 192.168.77.1
ntpdate -b 192.168.77.1
ntpd -n -g -c /etc/ntp.conf -l /tmp/log >/dev/null 2>&1 & pid=$!
for i in $(seq 20); do grep -q clock_sync /tmp/log && break; sleep 1; done
run beside env -i /usr/sbin/ntpdate 192.168.77.1 </dev/null
run jump date -s "@$(($(date +%s) + 5000))"
run panic wait $pid
sed 's/^/LOG /' /tmp/log
"""

PREFIX = r"[ 0-9][0-9] [A-Z][a-z]{2} [0-9:]{8} ntpdate\[[0-9]+\]: "
SERVER = r" time server 192\.168\.77\.1 offset (-?[0-9]+\.[0-9]{6}) sec"
ADJUST = PREFIX + "adjust" + SERVER
STEP = PREFIX + "step" + SERVER

pytestmark = pytest.mark.skipif(guest.why_not() is not None,
                                reason=str(guest.why_not()))


@pytest.fixture(scope="module")
def steps(tmp_path_factory):
    """What each command said: name -> (lines, status)."""
    truth = wire.TrueTime()
    link = wire.Wire(truth)
    image = guest.build_initramfs(tmp_path_factory.mktemp("guest"), PROGRAMS,
                                  {"/etc/ntp.conf": CONF}, SCRIPT)
    machine = guest.Guest(image, link, time.time() + HOUR)
    try:
        machine.wait_for("^NUDGE", 120)
        truth.start_wall += NUDGE_S
        machine.wait_for("GUEST-DONE", 120)
    finally:
        machine.close()
        link.close()
    found = re.findall(r"^STEP (\S+)\n(.*?)^STATUS (\d+)$", machine.text(),
                       re.M | re.S)
    told = {name: (said.splitlines(), int(code)) for name, said, code in found}
    told["log"] = [line[4:] for _, line in machine.lines
                   if line.startswith("LOG ")]
    return told


def one_line(steps, name, form):
    lines, status = steps[name]
    assert status == 0 and len(lines) == 1, (name, lines)
    match = re.fullmatch(form, lines[0])
    assert match, (name, lines)
    return float(match[1])


def test_25_an_hour_is_stepped(steps):
    assert abs(one_line(steps, "hour", STEP) + HOUR) < 3


def test_27_48_then_there_is_little_to_adjust(steps):
    """The line of the how-to, and the proof that the step was true."""
    assert abs(one_line(steps, "small", ADJUST)) < 0.05


def test_b_steps_what_could_be_slewed(steps):
    assert abs(one_line(steps, "forced", STEP)) < 0.05


def test_28_what_date_set_ntpdate_sets_right(steps):
    """`date -s "2021-10-30 19:27:16"`: years are stepped."""
    lines, status = steps["by-hand"]
    assert status == 0 and "Oct 30 19:27:16" in lines[0]
    then = 1635622036
    assert abs(one_line(steps, "years", STEP) - (time.time() - then)) < 300


def test_60_cron_calls_with_nothing_around(steps):
    assert abs(one_line(steps, "cron", ADJUST)) < 0.05


def test_less_than_half_a_second_is_slewed(steps):
    """The kernel takes 400 s for it: right afterwards it is still there."""
    nudged = one_line(steps, "nudged", ADJUST)
    assert abs(nudged - NUDGE_S) < 0.05
    lines, status = steps["later"]
    later = float(re.fullmatch(ADJUST, lines[-1])[1])
    assert status == 0
    assert abs(later - NUDGE_S) < 0.05


def test_62_beside_the_daemon_it_refuses_each_day(steps):
    lines, status = steps["beside"]
    assert status == 1 and len(lines) == 1
    assert re.fullmatch(PREFIX + "the NTP socket is in use, exiting", lines[0])


def test_28_beyond_the_panic_threshold_the_daemon_ends(steps):
    """Status 255 and a line; the clock is as it was set."""
    assert steps["jump"][1] == 0
    assert steps["panic"][1] == 255, steps["log"]
    said = [line for line in steps["log"] if "panic_stop" in line]
    assert len(said) == 1
    assert re.search(r" 07 panic_stop -(49|50)[0-9]{2}\.[0-9]+ s; set clock "
                     r"manually within 1000 s\.$", said[0])
