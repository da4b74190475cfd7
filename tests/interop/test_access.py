# SPDX-License-Identifier: BSD-2-Clause
"""Who is served and who may ask: restrict and interface lines, on the wire.

Host 2 is the server at the how-to's address, 192.168.11.23; host 3 speaks from
whichever address a test gives it. An answer that says "not synchronised" is an
answer: nothing here needs the time.
"""
import json
import os
import signal
import subprocess
import sys

import pytest

from lab import BUILD
from lab.lan import Lan, v4, v6
from lab.namespace import wait_for
from lab.peers import find_peer

SERVER = "192.168.11.23"
SEED = """
restrict default nomodify notrap nopeer noquery
restrict 127.0.0.1
restrict ::1
restrict 192.168.11.0 mask 255.255.255.0
restrict 192.168.10.25
"""
# From an address: a request for the time, and one to read the variables.
ASK = """
import json, socket, sys
to, mine = sys.argv[1:]
family = socket.AF_INET6 if ":" in to else socket.AF_INET
answers = []
for first in (0x23, 0x16):
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.bind((mine, 0))
    s.settimeout(0.5)
    s.sendto(bytes([first]) + (bytes(39) + b"12345678" if first == 0x23 else
                               bytes([2, 0, 1]) + bytes(8)), (to, 123))
    try:
        answers.append(len(s.recv(2048)) > 0)
    except (socket.timeout, ConnectionRefusedError):
        answers.append(False)
print(json.dumps(answers))
"""
# From these addresses, until a signal comes: how often each asked, and how
# often it was answered.
ASK_ON = """
import json, select, signal, socket, sys, time
to, *mine = sys.argv[1:]
all_ = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for m in mine]
for s, m in zip(all_, mine):
    s.bind((m, 0))
asked, answered, end = 0, [0] * len(mine), None
def stop(*_):
    global end
    end = time.monotonic() + 3
signal.signal(signal.SIGTERM, stop)
print("ready", flush=True)
while end is None or time.monotonic() < end:
    if end is None:
        asked += 1
        for s in all_:
            s.sendto(b"\\x23" + bytes(39) + b"12345678", (to, 123))
    for s in select.select(all_, [], [], 0.01)[0]:
        s.recv(2048)
        answered[all_.index(s)] += 1
    time.sleep(0.005)
print(json.dumps([asked, *answered]))
"""
LINES = 100000


class Pair:
    """The server, and who asks it."""

    def __init__(self, lan):
        self.lan = lan
        self.client = self.lan.host(3)
        self.server = self.lan.host(2)
        for host, number in ((self.server, 23), (self.client, 50)):
            host.ip("addr", "add", f"192.168.11.{number}/24", "dev", "eth0")
        # Any address may ask, and is answered.
        self.server.ip("route", "add", "default", "dev", "eth0")
        for addr in ("192.168.10.25", "192.168.10.26", "10.0.0.5"):
            self.client.ip("addr", "add", f"{addr}/32", "dev", "eth0")

    def ask(self, mine, to=SERVER):
        """(the time is told, questions are answered) to this address."""
        done = self.client.run(sys.executable, "-c", ASK, to, mine)
        return tuple(json.loads(done.stdout))


@pytest.fixture(scope="module", name="pair")
def _pair(privileged, tmp_path_factory):
    with Lan(tmp_path_factory.mktemp("access")) as lan:
        yield Pair(lan)


@pytest.fixture(name="served")
def _served(pair):
    """Starts ntpd with these lines; ends it after the test."""
    running = []

    def start(conf, *options):
        running.append(pair.lan.ntpd(2, conf, *options).listening())
        return running[-1]

    yield start
    for daemon in running:
        assert daemon.stop() == 0


def test_the_seeds_lines_mean_what_the_how_to_says(pair, served):
    """Seed items 13, 14, 16, 17, 18: most specific line, whatever order."""
    daemon = served(SEED)
    assert pair.ask("10.0.0.5") == (True, False)
    assert pair.ask("192.168.11.50") == (True, True)
    assert pair.ask("192.168.10.25") == (True, True)
    assert pair.ask("192.168.10.26") == (True, False)
    for local in ("127.0.0.1", "::1"):
        done = daemon.host.run(BUILD / "ntpq", "-c", "rv 0 stratum", local)
        assert "stratum=" in done.stdout


def test_a_default_after_its_exceptions_does_not_undo_them(pair, served):
    """Seed item 16: it is no list that is read from top to bottom."""
    served("\n".join(reversed(SEED.splitlines())))
    assert pair.ask("192.168.11.50") == (True, True)
    assert pair.ask("10.0.0.5") == (True, False)


def test_ntpq_is_not_answered_where_noquery_holds(pair, served):
    """Seed item 13: other people's ntpq gives up, and so does ours."""
    served(SEED)
    pair.client.ip("route", "replace", f"{SERVER}/32", "dev", "eth0", "src",
                   "10.0.0.5")
    try:
        programs = [BUILD / "ntpq", find_peer("ntpq", "ntpsec")]
        for program in filter(None, programs):
            done = pair.client.run(program, "-c", "timeout 500", "-c", "peers",
                                   SERVER)
            assert "timed out" in done.stderr
            assert "remote" not in done.stdout
    finally:
        pair.client.ip("route", "del", f"{SERVER}/32", "dev", "eth0")
    assert pair.client.run(BUILD / "ntpq", "-c", "rv 0 stratum",
                           SERVER).stdout == "stratum=16\n"


def test_flags_on_localhost_hold_there(pair, served):
    """Seed item 15."""
    daemon = served("restrict default\nrestrict 127.0.0.1 noquery\n")
    done = daemon.host.run(BUILD / "ntpq", "-c", "timeout 300", "-c",
                           "rv 0 stratum", "127.0.0.1")
    assert "timed out" in done.stderr
    assert pair.ask("10.0.0.5") == (True, True)


@pytest.mark.parametrize("flag,expected", [
    ("ignore", (False, False)), ("noserve", (False, True)),
    ("noquery", (True, False)), ("", (True, True))])
def test_each_flag_takes_what_it_says(pair, served, flag, expected):
    served(f"restrict default\nrestrict 192.168.10.25 {flag}\n")
    assert pair.ask("192.168.10.25") == expected
    assert pair.ask("10.0.0.5") == (True, True)


def test_ignore_by_default_and_a_host_let_through(pair, served):
    served("restrict default ignore\nrestrict 192.168.10.25 noquery\n")
    assert pair.ask("192.168.10.25") == (True, False)
    assert pair.ask("10.0.0.5") == (False, False)


def test_the_families_have_their_own_lines(pair, served):
    served("restrict -4 default ignore\nrestrict -6 default noquery\n"
           f"restrict {v6(3)} ignore\n")
    assert pair.ask("10.0.0.5") == (False, False)
    assert pair.ask(v6(3), v6(2)) == (False, False)
    pair.client.ip("addr", "add", f"{v6(33)}/64", "dev", "eth0", "nodad")
    assert pair.ask(v6(33), v6(2)) == (True, False)


@pytest.mark.parametrize("lines,open_,shut", [
    ("interface ignore all\ninterface listen 192.168.11.23\n", SERVER,
     v4(2)),
    (f"interface listen all\ninterface drop {v4(2)}\n", SERVER, v4(2)),
    (f"interface listen all\ninterface ignore {v4(2)}/32\n", SERVER, v4(2)),
    ("nic listen all\nnic ignore ipv4\n", v6(2), SERVER),
    ("nic listen all\nnic ignore ipv6\n", SERVER, v6(2)),
    ("interface listen eth*\n", SERVER, None),
    ("interface listen all\ninterface ignore eth0\n", None, SERVER),
    ("interface listen bogus0\n", None, SERVER),
])
def test_interfaces_listen_as_their_rules_say(pair, served, lines, open_,
                                              shut):
    served("restrict default\n" + lines)
    mine = {SERVER: "192.168.11.50", v4(2): v4(3), v6(2): v6(3)}
    if open_:
        assert pair.ask(mine[open_], open_) == (True, True)
    if shut:
        assert pair.ask(mine[shut], shut) == (False, False)


def test_refusals_are_counted(pair, served):
    """Each under its own name, and none answered."""
    daemon = served("restrict default\nrestrict 192.168.10.25 ignore\n"
                    "restrict 192.168.10.26 noserve noquery\n")
    names = "ss_restricted,ss_processed,ss_numctlreq"
    before = {k: int(v) for k, v in daemon.rv(names).items()}
    assert pair.ask("192.168.10.25") == (False, False)
    assert pair.ask("192.168.10.26") == (False, False)
    assert pair.ask("10.0.0.5") == (True, True)
    after = {k: int(v) for k, v in daemon.rv(names).items()}
    assert after["ss_restricted"] - before["ss_restricted"] == 4
    assert after["ss_processed"] - before["ss_processed"] == 1
    assert after["ss_numctlreq"] - before["ss_numctlreq"] == 2


def long_list(first):
    """Many networks with one word, and a host that is shut out among them."""
    lines = [f"restrict {first}.{i >> 8 & 255}.{i & 255}.{i >> 16} noserve"
             for i in range(LINES)]
    lines.insert(LINES // 2, "restrict 192.168.10.25 ignore")
    return "restrict default\n" + "\n".join(lines) + "\n"


def test_a_long_list_is_read_again_as_requests_come(pair, served):
    """100,000 lines for 100,000 others: none lost, nobody let in meanwhile."""
    lists = [long_list(first) for first in (10, 11)]
    daemon = served(lists[0])
    conf = pair.lan.folder / f"{daemon.name}.conf"
    assert pair.ask("192.168.10.25") == (False, False)
    assert pair.ask("10.0.0.5") == (True, True)
    client = pair.client.start(
        sys.executable, "-c", ASK_ON, SERVER, "192.168.10.25", "192.168.11.50",
        stdout=subprocess.PIPE)
    assert client.stdout.readline() == "ready\n"
    for turn in (1, 2, 3):
        conf.write_text(lists[turn % 2])
        os.kill(daemon.process.pid, signal.SIGHUP)
        assert wait_for(lambda: daemon.text().count(" more lines") == turn, 60)
    client.terminate()
    asked, shut_out, let_in = json.loads(client.communicate()[0])
    assert asked > 20 and shut_out == 0 and let_in == asked
    clock = os.sysconf("SC_CLK_TCK")
    with open(f"/proc/{daemon.process.pid}/stat", encoding="ascii") as stat:
        words = stat.read().split()
    # A start and three reloads; one took minutes when lines were searched.
    assert (int(words[13]) + int(words[14])) / clock < 10
