# SPDX-License-Identifier: BSD-2-Clause
"""Answers in the driver by the kernel of Debian 12, 6.1: the oldest that has
all that the program needs.

In the guest there are a virtual cable to a namespace that asks, a VLAN on it,
and the guest's own card, through which the test asks. It prints "STEP name" and
what came of it. A card or a cable that takes tags off hands them over beside the
frame, where the program does not see them: that is tried, too."""
import pathlib
import re
import shutil
import time

import pytest

from lab import guest, wire

BUILD = guest.ROOT / "build"
IP = shutil.which("ip")
PASS = BUILD / "tests/lab/xdppass"
PROGRAMS = [BUILD / "ntpd", BUILD / "ntpdate", BUILD / "ntpq", PASS, IP]
MODULES = ["llc", "stp", "garp", "mrp", "8021q", "veth"]
OURS, TAGGED, OURS6 = "10.97.0.1", "10.96.0.1", "fd97::1"

CONF = """server 127.127.1.0
fudge 127.127.1.0 stratum 4
restrict default
restrict -6 default
interface xdp eth0
"""

SCRIPT = f"""
IP=/usr/sbin/ip
{{
$IP netns add asker
$IP link add cable type veth peer name cable netns asker
$IP addr add {OURS}/24 dev cable; $IP addr add {OURS6}/64 dev cable nodad
$IP link set cable up
$IP link add link cable name cable.7 type vlan id 7
$IP addr add {TAGGED}/24 dev cable.7; $IP link set cable.7 up
$IP -n asker addr add 10.97.0.2/24 dev cable
$IP -n asker addr add fd97::2/64 dev cable nodad
$IP -n asker link set cable up
$IP -n asker link add link cable name cable.7 type vlan id 7
$IP -n asker addr add 10.96.0.2/24 dev cable.7
$IP -n asker link set cable.7 up
}} 2>&1
counts() {{
    echo "ANSWERED $(ntpq -c "rv 0 xdp_answered" 127.0.0.1)"
}}
ask() {{
    for to in {OURS} {TAGGED} {OURS6}; do
        echo "STEP $1 $to"; counts
        $IP netns exec asker ntpdate -q -p 1 $to; counts
    done
}}
begin() {{
    echo "interface xdp cable $1" | cat /etc/base - >/etc/ntp.conf
    ntpd -n -c /etc/ntp.conf -l /tmp/$1.log >/dev/null 2>&1 & pid=$!
    for i in $(seq 100); do
        grep -qs "serving time" /tmp/$1.log && break; sleep 0.2
    done
    sed "s/^/LOG /" /tmp/$1.log
    $IP link show cable | grep xdp
}}
pass() {{
    $IP netns exec asker xdppass cable $1 >/tmp/pass & passer=$!
    for i in $(seq 40); do grep -q ready /tmp/pass && break; sleep 0.1; done
}}
uname -r | sed "s/^/KERNEL /"
pass as-it-is; begin native
echo "STEP stripped"; counts
$IP netns exec asker ntpdate -q -p 1 {TAGGED}; counts
kill $passer; wait $passer; pass tags
ask native
echo "STEP card"; counts
ping -c 1 192.168.77.1 >/dev/null; echo CARD; sleep 3; echo CARD-DONE
counts
kill $pid; wait $pid
echo "STEP gone"; $IP link show cable
begin generic
ask generic
"""

pytestmark = pytest.mark.skipif(
    guest.why_not() is not None or IP is None or not PASS.exists(),
    reason=guest.why_not() or "needs iproute2, clang and libbpf")


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """What the guest said, and what its card answered."""
    link = wire.Wire(wire.TrueTime())
    image = guest.build_initramfs(tmp_path_factory.mktemp("guest"), PROGRAMS,
                                  {"/etc/base": CONF}, SCRIPT, MODULES)
    machine = guest.Guest(image, link, time.time())
    answers = []
    try:
        machine.wait_for("^CARD$", 120)
        while "CARD-DONE" not in machine.text():
            answers.append(link.ask(0.5))
            time.sleep(0.2)
        machine.wait_for("GUEST-DONE", 60)
    finally:
        machine.close()
        link.close()
    return machine.text(), answers


def step(text, name):
    """What was said between a step and the next, and how many answers came
    from the driver meanwhile."""
    said = re.search(rf"^STEP {name}\n(.*?)^(STEP|LOG|GUEST-DONE)", text,
                     re.M | re.S)[1]
    counts = [int(n) for n in
              re.findall(r"^ANSWERED .*xdp_answered=(\d+)", said, re.M)]
    return said, counts[-1] - counts[0] if counts else None


def test_it_is_the_kernel_of_this_debian(story):
    """6.1 is Debian 12's, and the oldest that we promise."""
    minor = re.search(r"^KERNEL 6\.(\d+)\.", story[0], re.M)
    twelve = "VERSION_ID=\"12\"" in pathlib.Path("/etc/os-release").read_text()
    assert minor and (int(minor[1]) == 1) == twelve, story[0]


@pytest.mark.parametrize("to", [OURS, TAGGED, OURS6])
@pytest.mark.parametrize("mode, shown", [("native", "xdp"),
                                         ("generic", "xdpgeneric")])
def test_the_time_comes_from_the_driver(story, mode, shown, to):
    """Over IPv4, with a tag, and over IPv6."""
    text = story[0]
    assert f"xdp: cable: plain requests are answered in the kernel ({mode})" \
        in text, text
    assert re.search(rf"cable@.* {shown} ", text), text
    said, answered = step(text, f"{mode} {to}")
    assert f"server {to}, stratum 5" in said, text
    assert answered >= 1, said


def test_a_tag_out_of_sight_is_for_the_sockets(story):
    said, answered = step(story[0], "stripped")
    assert f"server {TAGGED}, stratum 5" in said and answered == 0, said


def test_a_card_answers(story):
    """virtio_net; what it counted was asked from here."""
    text, answers = story
    assert "xdp: eth0: plain requests are answered in the kernel" in text, text
    heard = [answer for answer in answers if answer]
    _, answered = step(text, "card")
    assert len(heard) > 3 and {answer[3] for answer in heard} == {5}, text
    assert answered >= len(heard), text
    print(f"\n{answered} answers; off by {min(heard, key=lambda a: a[1])}")


def test_it_goes_with_the_daemon(story):
    said, _ = step(story[0], "gone")
    assert "cable@" in said and "xdp" not in said, said
