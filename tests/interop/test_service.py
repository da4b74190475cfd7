# SPDX-License-Identifier: BSD-2-Clause
"""As a service: what a supervisor is told, and restarts that lose no request.
docs/service.md."""
import json
import re
import signal
import subprocess
import sys
import time

import pytest

from lab import BUILD, HERE
from lab.lan import SERVES_ALL, v4, v6
from lab.namespace import wait_for
from lab.supervisor import Supervisor

SERVES = "server 127.127.1.0\ntos orphanwait 0\n" + SERVES_ALL


@pytest.fixture(name="service")
def _service(lan):
    made = []

    def make(conf=SERVES, *options, number=2, **more):
        made.append(Supervisor(lan, number, conf, *options, **more))
        return made[-1]

    yield make
    for one in made:
        one.close()


def load(lan, number, seconds, to=2, rate=1000):
    """Requests from this host, running."""
    process = lan.host(number).start(sys.executable, HERE / "load.py", v4(to),
                                     rate, seconds, 5, stdout=subprocess.PIPE)
    assert process.stdout.readline() == "ready\n"
    return process


def count(process):
    found = json.loads(process.communicate(timeout=60)[0])
    print(found)
    return found


# --- what it tells ---

def test_a_supervisor_is_told_when_it_serves_reloads_and_ends(service):
    one = service()
    one.start()
    assert "STATUS=synchronised to this host's own clock at stratum 6" in \
        wait_status(one)
    one.said.clear()
    one.process.send_signal(signal.SIGHUP)
    assert wait_for(lambda: "READY=1" in one.said), one.text()
    assert [line.split("=")[0] for line in one.said][:2] == [
        "RELOADING", "MONOTONIC_USEC"]
    since = time.clock_gettime(time.CLOCK_MONOTONIC) - int(
        one.said[1].split("=")[1]) / 1e6
    assert 0 <= since < 20
    one.said.clear()
    assert one.end(signal.SIGTERM) == 0
    assert wait_for(lambda: "STOPPING=1" in one.said)


def wait_status(one):
    assert wait_for(lambda: any(line.startswith("STATUS=sync")
                                for line in one.said), 20), one.text()
    return [line for line in one.said if line.startswith("STATUS=")]


def test_what_it_is_told_once_it_is_not_told_again(lan, service):
    lan.fake(1, stratum=2)
    one = service(f"server {v4(1)} iburst minpoll 3 maxpoll 3\n" + SERVES_ALL)
    one.start()
    said = wait_status(one)
    assert said == ["STATUS=unsynchronised",
                    f"STATUS=synchronised to NTP server ({v4(1)}) "
                    "at stratum 3"]
    time.sleep(10)
    assert [line for line in one.said if line.startswith("STATUS")] == said


def test_a_server_with_an_ipv6_address_has_its_name_too(lan, service):
    lan.host(1).fake("fakentp.py", [{"addr": v6(1), "stratum": 2}])
    one = service(f"server {v6(1)} iburst\n" + SERVES_ALL)
    one.start()
    assert f"STATUS=synchronised to NTP server ({v6(1)}) at stratum 3" in \
        wait_status(one)


def test_an_abstract_name_is_a_name_too(lan, service):
    one = service()
    name = f"\0truechimer-{lan.host(2).name}"
    listens = (
        "import socket, sys\n"
        "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
        "s.bind('\\0' + sys.argv[1])\n"
        "print('ready', flush=True)\n"
        "while True: print(s.recv(4096).decode(), flush=True)\n")
    there = lan.host(2).start(sys.executable, "-c", listens, name[1:],
                              stdout=subprocess.PIPE)
    assert there.stdout.readline() == "ready\n"
    one.address = "@" + name[1:]
    with pytest.raises(AssertionError):
        start_briefly(one)
    one.end(signal.SIGTERM)
    there.kill()
    assert "READY=1\n" in there.stdout.read()


def start_briefly(one):
    """Where somebody else is told."""
    with one.log.open("a") as log:
        one.process = one.host.start(
            "env", "NOTIFY_SOCKET=" + one.address, BUILD / "ntpd",
            *one.options, stdout=subprocess.DEVNULL, stderr=log)
    assert wait_for(lambda: "READY=1" in one.said, 2)


@pytest.mark.parametrize("path", ["", "/", "@", "relative", "/not/there",
                                  "/" + "x" * 200])
def test_a_name_of_nothing_is_survived(lan, service, path):
    one = service()
    one.address = path
    with pytest.raises(AssertionError):
        start_briefly(one)
    assert lan.host(2).exchange(v4(2), b"\x23" + bytes(47))
    assert one.end(signal.SIGTERM) == 0


def test_signs_of_life_end_when_the_loop_is_stuck(service):
    one = service(watchdog_us=1000000)
    one.start()
    alive = lambda: one.said.count("WATCHDOG=1")
    assert wait_for(lambda: alive() >= 4, 20)
    one.process.send_signal(signal.SIGSTOP)
    time.sleep(1.5)
    before = alive()
    time.sleep(2)
    assert alive() == before
    one.process.send_signal(signal.SIGCONT)
    assert wait_for(lambda: alive() > before, 20)


def test_nobody_is_told_of_life_who_did_not_ask(service):
    one = service()
    one.start(WATCHDOG_USEC="0")
    time.sleep(2)
    assert "WATCHDOG=1" not in one.said


def test_no_line_is_in_the_journal_twice(service):
    """What goes to syslog is there already, when the terminal is it too."""
    one = service()
    one.log.touch()
    there = one.log.stat()
    one.start(JOURNAL_STREAM=f"{there.st_dev}:{there.st_ino}")
    assert "Listen normally" not in one.text()
    one.end(signal.SIGTERM)
    one.start(JOURNAL_STREAM=f"{there.st_dev}:{there.st_ino + 1}")
    assert "Listen normally" in one.text()


# --- restarts ---

def restart(one, gap=0.0):
    assert one.end(signal.SIGTERM) == 0
    time.sleep(gap)
    one.start()


def lost(found):
    return sum(each["sent"] - each["answered"] for each in found)


THREADS = pytest.mark.parametrize("threads", [0, 2])


@THREADS
def test_no_request_is_lost_in_a_restart(lan, service, threads):
    one = service(SERVES + f"server-threads {threads}\n")
    one.start()
    wait_status(one)
    loads = [load(lan, number, 5) for number in (3, 4, 5)]
    for _ in range(3):
        time.sleep(0.8)
        restart(one)
    found = [count(each) for each in loads]
    assert all(each["sent"] > 1000 for each in found)
    assert lost(found) == 0, one.text()
    assert sum(each["without_time"] for each in found) == 0


def test_many_are_lost_where_nobody_keeps_the_sockets(lan, service):
    one = service(keeps=False)
    one.start()
    wait_status(one)
    asking = load(lan, 3, 3)
    time.sleep(1)
    restart(one, 0.2)
    assert lost([count(asking)]) > 20


def test_while_it_runs_its_sockets_are_its_own(lan, service):
    """Item 31: who keeps a duplicate is whom netstat names."""
    one = service()
    for _ in range(2):
        one.start()
        wait_status(one)
        assert wait_for(lambda: not one.store, 5), one.store
        assert one.end(signal.SIGTERM) == 0
        assert one.store


@THREADS
def test_who_was_killed_binds_anew(lan, service, threads):
    one = service(SERVES + f"server-threads {threads}\n")
    one.start()
    wait_status(one)
    one.end(signal.SIGKILL)
    assert not one.store
    one.start()
    asking = load(lan, 3, 1)
    assert lost([count(asking)]) == 0, one.text()


@pytest.mark.parametrize("before,after", [(3, 2), (2, 3), (0, 2), (2, 0)])
def test_the_next_life_may_have_other_threads(lan, service, before, after):
    one = service(SERVES + f"server-threads {before}\n")
    one.start()
    wait_status(one)
    one.conf.write_text(SERVES + f"server-threads {after}\n")
    loads = [load(lan, number, 2) for number in (3, 4, 5)]
    restart(one)
    found = [count(each) for each in loads]
    assert lost(found) == 0 and found[0]["sent"] > 200
    assert sockets(lan, v4(2)) == max(2 * after, 1)


def sockets(lan, addr):
    """How many of host 2 are bound to this address and port 123."""
    told = "".join(f"{int(part):02X}" for part in addr.split(".")[::-1])
    table = lan.host(2).run("cat", "/proc/net/udp").stdout
    return table.count(f" {told}:007B ")


# --- what waits ---

ASK = """
import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(20)
s.connect((sys.argv[1], 123))
s.send(b"\\x23" + bytes(39) + b"nonce678")
print("sent", flush=True)
data = s.recv(200)
print(time.time(), data.hex())
"""


def ask(lan, to=None):
    process = lan.host(3).start(sys.executable, "-c", ASK, to or v4(2),
                                stdout=subprocess.PIPE)
    assert process.stdout.readline() == "sent\n"
    return process


def stamp(data, at):
    return int.from_bytes(data[at:at + 8], "big") / 2**32 - 2208988800


def test_who_waited_gets_the_time_he_came(lan, service):
    one = service()
    one.start()
    wait_status(one)
    one.end(signal.SIGTERM)
    asked = time.time()
    waits = ask(lan)
    sent = time.time()
    time.sleep(1)
    one.start()
    when, answer = waits.communicate(timeout=30)[0].split()
    data = bytes.fromhex(answer)
    assert data[24:32] == b"nonce678" and data[0] >> 6 == 0
    assert asked - 0.01 <= stamp(data, 32) <= sent + 0.01
    assert stamp(data, 40) - stamp(data, 32) >= 1
    assert stamp(data, 40) <= float(when) + 0.01


def test_who_waited_too_long_is_gone(lan, service):
    one = service()
    one.start()
    wait_status(one)
    one.end(signal.SIGTERM)
    early = [ask(lan) for _ in range(3)]
    time.sleep(10.2)
    late = ask(lan)
    one.start()
    assert late.communicate(timeout=30)[0]
    assert all(process.poll() is None for process in early)


def test_the_port_is_in_use_meanwhile(lan, service):
    """And it is free when the service was stopped."""
    one = service()
    one.start()

    def ntpdate():
        return lan.host(2).run(BUILD / "ntpdate", "-t", "0.2", v4(99))

    said = "the NTP socket is in use, exiting"
    assert said in ntpdate().stderr
    one.end(signal.SIGTERM)
    assert said in ntpdate().stderr
    one.start()
    assert said in ntpdate().stderr
    one.end(signal.SIGTERM)
    one.forget()
    assert said not in ntpdate().stderr
    one.start()


# --- addresses that come and go ---

def test_an_address_that_went_meanwhile_is_kept_no_longer(lan, service):
    one = service(SERVES + "server-threads 2\n", "-U", "1")
    host, name = lan.host(2), v4(77) + "_123"
    host.ip("addr", "add", v4(77) + "/24", "dev", "eth0")
    one.start()
    assert one.end(signal.SIGTERM) == 0
    assert name in one.store
    host.ip("addr", "del", v4(77) + "/24", "dev", "eth0")
    one.start()
    assert wait_for(lambda: name not in one.store)
    assert answers(lan, v4(2))


def answers(lan, addr):
    return lan.host(3).exchange(addr, b"\x23" + bytes(47))


def test_an_address_that_came_late_is_shared_too(lan, service):
    """Its socket is of the user whom we had become."""
    one = service(SERVES + "server-threads 2\n", "-U", "1", "-u",
                  "nobody:nogroup")
    lan.folder.chmod(0o777)
    one.start()
    lan.host(2).ip("addr", "add", v4(77) + "/24", "dev", "eth0")
    assert wait_for(lambda: sockets(lan, v4(77)) == 4), one.text()
    for _ in range(2):
        restart(one)
        assert sockets(lan, v4(77)) == 4 and sockets(lan, v4(2)) == 4
        assert answers(lan, v4(77)) and answers(lan, v4(2))


# --- what an admin, or somebody else, hands to us ---

OPEN = """
import socket, sys
for what in sys.argv[2:]:
    kind, addr, port = what.split(",")
    s = socket.socket(socket.AF_INET6 if ":" in addr else socket.AF_INET,
                      socket.SOCK_STREAM if kind == "tcp" else
                      socket.SOCK_DGRAM)
    if kind == "stamped":
        s.setsockopt(socket.SOL_SOCKET, 35, 1)
    s.bind((addr, int(port)))
    if kind == "connected":
        s.connect(("127.0.0.1", 9))
    to = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    to.connect(sys.argv[1])
    socket.send_fds(to, [f"FDSTORE=1\\nFDPOLL=0\\nFDNAME=ntpd.socket"
                         .encode()], [s.fileno()])
"""


def hand(one, *what):
    done = one.host.run(sys.executable, "-c", OPEN, one.path, *what)
    assert done.returncode == 0, done.stderr
    assert wait_for(lambda: len(one.passed()) == len(what))


@pytest.mark.parametrize("what", [f"plain,{v4(2)},123", "plain,::,123",
                                  "plain,0.0.0.0,123"])
@THREADS
def test_sockets_of_an_admin_are_as_good_as_ours(lan, service, what, threads):
    one = service(SERVES + f"server-threads {threads}\n")
    hand(one, what)
    one.start()
    wait_status(one)
    assert "of no use" not in one.text()
    for addr in (v4(2), v6(2)):
        assert answers(lan, addr), one.text()
    assert "the NTP socket is in use" in lan.host(2).run(
        BUILD / "ntpdate", v4(99)).stderr


@pytest.mark.parametrize("kind", ["stamped", "plain"])
def test_who_woke_us_is_told_when_he_came_or_nothing(lan, service, kind):
    """The kernel stamps what a plain socket gets while anybody wants stamps."""
    one = service()
    hand(one, f"{kind},{v4(2)},123")
    waits = ask(lan)
    time.sleep(0.5)
    one.start()
    assert wait_for(lambda: answers(lan, v4(2)))
    if kind == "stamped" or waits.poll() is not None:
        data = bytes.fromhex(waits.communicate(timeout=30)[0].split()[1])
        assert stamp(data, 40) - stamp(data, 32) >= 0.5


def test_what_is_of_no_use_is_closed(lan, service):
    one = service()
    strange = ["plain,0.0.0.0,124", f"tcp,{v4(2)},123",
               "connected,127.0.0.1,123", "plain,127.0.0.9,123"]
    hand(one, *strange)
    one.start()
    assert one.text().count("of no use: ntpd.socket") == len(strange)
    held = one.host.run("sh", "-c", "cat /proc/net/udp /proc/net/tcp").stdout
    assert answers(lan, v4(2))
    assert "ntpd.socket" not in one.store
    assert re.search(":007C ", held) is None


def test_what_is_meant_for_another_is_left_alone(lan, service):
    one = service()
    hand(one, "plain,127.0.0.9,124")
    one.start(before=("env", "-u", "LISTEN_FDS"))
    assert "of no use" not in one.text()


@pytest.mark.parametrize("count", ["-1", "0", "x", "", "60", "70000",
                                   "18446744073709551617"])
def test_nonsense_about_sockets_is_survived(lan, service, count):
    one = service()
    one.start(LISTEN_FDS=count, LISTEN_FDNAMES=":::a" * 9)
    assert answers(lan, v4(2))
