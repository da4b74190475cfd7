# SPDX-License-Identifier: BSD-2-Clause
"""What tests of whole machines share: a record of what was typed, and the
how-to's network."""
import re
import threading
import time

GATEWAY = "192.168.11.1"
SERVER, CLIENT = "192.168.11.23", "192.168.11.50"
SYNCHRONISED = "^synchronised to "

PREFIX = r"[ 0-9][0-9] [A-Z][a-z]{2} [0-9:]{8} ntpdate\[[0-9]+\]: "
OFFSET = r" offset (-?[0-9]+\.[0-9]{6}) sec\n"
ADJUST = re.compile(PREFIX + "adjust time server ([0-9a-f.:]+)" + OFFSET)
STEP = re.compile(PREFIX + "step time server ([0-9a-f.:]+)" + OFFSET)
IN_USE = re.compile(PREFIX + "the NTP socket is in use, exiting\n")
NO_SERVER = re.compile(
    PREFIX + "no server suitable for synchronization found\n")

# Somebody else has port 123, until `kill %1`.
HOLD = ("rm -f held; python3 -c 'import socket, time; s = socket.socket(2, 2);"
        ' s.bind(("0.0.0.0", 123)); open("held", "w"); time.sleep(600)\' & '
        "until [ -e held ]; do sleep 0.2; done")


def card(address):
    """A script: the network card of a machine, and who knows names."""
    return f"""
cat >/etc/network/interfaces <<END
auto lo eth0
iface lo inet loopback
iface eth0 inet static
	address {address}/24
	gateway {GATEWAY}
iface eth0 inet6 static
	address fd00:11::{address.rsplit(".", 1)[1]}/64
	gateway fd00:11::1
	dad-attempts 0
END
echo nameserver {GATEWAY} >/etc/resolv.conf
"""


def side_by_side(*jobs):
    """Runs all of them; raises what one of them raised."""
    troubles = []

    def guarded(job):
        try:
            job()
        except BaseException as trouble:
            troubles.append(trouble)

    threads = [threading.Thread(target=guarded, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if troubles:
        raise troubles[0]


class Story:
    """What was said and how long it took: name -> (text, status), seconds."""

    def __init__(self, ether):
        self.ether = ether
        self.said, self.took = {}, {}

    def type(self, machine, name, command, patience=60):
        begun = time.monotonic()
        self.said[name] = machine.type(command, patience)
        self.took[name] = time.monotonic() - begun

    def watch(self, name, host=SERVER, patience=240):
        """Asks a machine from outside until it tells the time; how long that
        takes from its first answer, of whatever kind."""
        until, first = time.monotonic() + patience, None
        while time.monotonic() < until:
            answer = self.ether.ask(0.5, host)
            if answer and first is None:
                first = time.monotonic()
            if answer and answer[2] != 3:
                self.took[name] = time.monotonic() - first
                self.said[name] = answer
                return
            time.sleep(0.1)

    def text(self, name):
        """What a command said that must not have failed."""
        said, status = self.said[name]
        assert status == 0, (name, status, said)
        return said

    def match(self, name, form):
        said, status = self.said[name]
        found = re.search(form, said, re.M)
        assert found, (name, status, said)
        return found
