# SPDX-License-Identifier: BSD-2-Clause
"""Names on restrict lines, while the daemon runs: looked up without anybody
waiting, and in effect when they have an address (SECURITY.md H6).

The server is a machine with /etc/hosts of its own; the switch asks it, from the
address that the names mean."""
import os
import signal
import time

import pytest

from lab.machine import Machine, Switch
from lab.namespace import wait_for

SERVER, ASKER = "10.97.0.2", "10.97.0.9"
REQUEST = bytes([4 << 3 | 3]) + bytes(39) + bytes(range(8))
BASE = ("driftfile /var/lib/ntp/drift\nserver 127.127.1.0\n"
        "restrict default\nrestrict 127.0.0.1\n")


class Pair:
    def __init__(self, root):
        self.switch = Switch()
        self.switch.add(f"{ASKER}/24")
        self.machine = Machine(root, self.switch, f"{SERVER}/24")
        self.names()

    def names(self, *names):
        self.machine.write("etc/hosts", "127.0.0.1 localhost\n" + "".join(
            f"{ASKER} {name}\n" for name in names))

    def conf(self, *lines):
        self.machine.write("etc/ntp.conf", BASE + "".join(
            f"{line}\n" for line in lines))

    def reload(self, *lines):
        self.conf(*lines)
        os.kill(self.machine.ntpd_pid(), signal.SIGHUP)

    def serves(self):
        return self.switch.exchange(SERVER, REQUEST, 0.5) is not None

    def says(self, words, seconds=20):
        return wait_for(lambda: words in self.machine.log(), seconds)

    def close(self):
        self.machine.close()
        self.switch.close()


@pytest.fixture(name="pair")
def _pair(privileged, tmp_path):
    pair = Pair(tmp_path / "root")
    # Nobody answers there: a name that hosts does not have takes its time.
    pair.machine.write("etc/resolv.conf", "nameserver 10.97.0.77\n"
                       "options timeout:2 attempts:1\n")
    yield pair
    pair.close()


def test_a_new_name_is_looked_up_and_then_guards(pair):
    pair.conf()
    pair.machine.start_ntpd()
    assert wait_for(pair.serves), pair.machine.log()
    pair.names("guarded.example")
    pair.reload("restrict guarded.example ignore")
    assert wait_for(lambda: not pair.serves(), 20), pair.machine.log()
    assert pair.says("it holds now")
    # What is known is not forgotten by the next reload, or by a line by hand.
    pair.names()
    done = pair.machine.ntpq("-c", ":config setvar a = b", "-c", "rv 0 a")
    pair.reload("restrict guarded.example ignore", "setvar c = d")
    assert wait_for(lambda: pair.machine.variable("c") == "d"), done
    for _ in range(3):
        assert not pair.serves()
    # And is let go with its line.
    pair.reload()
    assert wait_for(pair.serves, 20), pair.machine.log()


def test_nobody_waits_for_a_name(pair):
    pair.conf()
    pair.machine.start_ntpd()
    assert wait_for(pair.serves), pair.machine.log()
    pair.reload("restrict later.example ignore", "setvar e = f")
    start = time.monotonic()
    assert wait_for(lambda: pair.machine.variable("e") == "f"), \
        pair.machine.log()
    while "guards nothing" not in pair.machine.log():
        assert pair.serves()
        assert time.monotonic() < start + 60, pair.machine.log()
    pair.names("later.example")
    assert wait_for(lambda: not pair.serves(), 60), pair.machine.log()


def test_what_the_start_could_not_find_is_looked_up_again(pair):
    pair.conf("restrict early.example ignore")
    pair.machine.start_ntpd()
    assert wait_for(pair.serves), pair.machine.log()
    pair.names("early.example")
    assert wait_for(lambda: not pair.serves(), 60), pair.machine.log()
