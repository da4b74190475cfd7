# SPDX-License-Identifier: BSD-2-Clause
"""`server-threads`: several threads serve as one would. docs/server.md."""
import pathlib
import re
import resource
import signal
import time

import pytest

from lab.lan import v4
from lab.namespace import wait_for

SERVES = "server 127.127.1.0\ntos orphanwait 0\n"

# Asks from many addresses and ports; prints how many were answered, and how
# many by the address that was asked.
ASKER = """
import socket, struct, sys
sent = right = 0
for net in range(int(sys.argv[2])):
    for port in range(int(sys.argv[3])):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.settimeout(float(sys.argv[4]))
        if sys.argv[1].startswith("127."):
            s.bind((f"127.1.{net // 250}.{1 + net % 250}", 0))
        s.sendto(b"\\x23" + bytes(39) + struct.pack(">Q", sent + 1),
                 (sys.argv[1], 123))
        sent += 1
        try:
            data, who = s.recvfrom(100)
            right += who == (sys.argv[1], 123) and \\
                struct.unpack(">Q", data[24:32])[0] == sent
        except TimeoutError:
            pass
        s.close()
print(sent, right)
"""


def ask(host, to, hosts, ports, patience_s=2):
    done = host.run("python3", "-c", ASKER, to, hosts, ports, patience_s,
                    timeout=120)
    assert done.returncode == 0, done.stderr
    return [int(word) for word in done.stdout.split()]


def tasks(daemon):
    return sorted(pathlib.Path(f"/proc/{daemon.process.pid}/task").iterdir())


def names(daemon):
    return [(t / "comm").read_text().strip() for t in tasks(daemon)]


def sleeps(daemon):
    """Of each thread that serves: how often it went to sleep."""
    return [[line for line in (t / "status").read_text().splitlines()
             if line.startswith("voluntary")] for t in tasks(daemon)[1:]]


def serving(daemon):
    assert wait_for(lambda: "serving time" in daemon.text(), 15), daemon.text()
    return daemon


def test_as_many_threads_as_the_line_says(lan):
    assert names(serving(lan.ntpd(2, SERVES + "server-threads 3\n"))) == [
        "ntpd", "ntpd:serve/0", "ntpd:serve/1", "ntpd:serve/2"]
    assert names(serving(lan.ntpd(3, SERVES + "server-threads 0\n"))) == [
        "ntpd"]


def test_auto_has_none_where_nobody_else_is_served(lan):
    refused = SERVES + "restrict default noserve\nrestrict 127.0.0.1\n" \
        "restrict ::1\n"
    assert names(serving(lan.ntpd(2, refused))) == ["ntpd"]
    assert len(names(serving(lan.ntpd(3, SERVES)))) > 1


def test_where_threads_have_no_sockets_one_serves_and_says_so(lan):
    """Sixteen descriptors for each address: there are not as many."""
    daemon = serving(lan.ntpd(
        2, SERVES + "server-threads 8\n",
        before=["prlimit", "--nofile=90:1000"]))
    # A sanitizer wants some when it ends.
    resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (1000, 1000))
    heard = re.findall(r"Listen normally on \d+ \S+ (\S+:123)\n", daemon.text())
    said = re.findall(r"server-threads: (\S+) is served without them.*: "
                      "Too many open files", daemon.text())
    assert said and set(said) < set(heard), daemon.text()
    for addr in heard:
        if "[" not in addr:
            addr = addr.removesuffix(":123")
            assert ask(lan.host(2), addr, 20, 1) == [20, 20]


def test_a_single_process_is_a_single_thread(lan):
    daemon = serving(lan.ntpd(2, SERVES + "server-threads 3\n",
                              "--single-process"))
    assert names(daemon) == ["ntpd"]


def test_answers_leave_from_the_address_that_was_asked(lan):  # F14
    daemon = serving(lan.ntpd(2, SERVES + "server-threads 3\n"))
    assert ask(lan.host(2), "127.0.0.1", 60, 2) == [120, 120]
    for asker in (2, 3):
        assert ask(lan.host(asker), v4(2), 60, 2) == [120, 120]
    # Each was counted, whichever thread it was.
    assert int(daemon.rv("ss_received")["ss_received"]) >= 360


def test_a_host_is_limited_by_one_thread_whatever_its_port(lan):  # F6
    """Were its ports spread, each thread would have an allowance for it."""
    daemon = serving(lan.ntpd(2, SERVES + "server-threads 4\n"
                              "restrict default limited\n"))
    sent, right = ask(lan.host(2), "127.0.0.1", 1, 1200, 0.02)
    limited = int(daemon.rv("ss_limited")["ss_limited"])
    assert sent == 1200
    # 256 at once and some by chance; four allowances would be 1024 at least.
    assert right < 1200 / 2 < limited, (right, limited)


def test_threads_are_not_woken_when_nobody_asks(lan):
    daemon = serving(lan.ntpd(2, SERVES + "server-threads 2\n"))

    def still():
        """A new address, which IPv6 takes its time for, is told to them."""
        before = sleeps(daemon)
        time.sleep(5)
        return sleeps(daemon) == before

    assert wait_for(still, 30)


def test_a_new_address_is_served_and_an_old_one_let_go(lan):
    daemon = serving(lan.ntpd(2, SERVES + "server-threads 2\n"))
    host = lan.host(2)
    host.ip("address", "add", "10.77.0.1/32", "dev", "lo")
    assert wait_for(lambda: "10.77.0.1" in daemon.text(), 10)
    assert ask(host, "10.77.0.1", 20, 1) == [20, 20]
    host.ip("address", "del", "10.77.0.1/32", "dev", "lo")
    assert wait_for(lambda: "Deleting interface" in daemon.text(), 10)
    assert "received=20, sent=20" in daemon.text()
    assert ask(host, "127.0.0.1", 20, 1) == [20, 20]


def free_uid():
    """Of whom nothing runs here: only what is ours counts against him."""
    used = {path.stat().st_uid for path in pathlib.Path("/proc").glob("[0-9]*")}
    return next(uid for uid in range(61000, 62000) if uid not in used)


@pytest.mark.parametrize("tasks_allowed,threads", [(1, 0), (3, 2)])
def test_where_threads_cannot_start_the_rest_serves(lan, tasks_allowed,
                                                    threads):  # K6
    """Of four none can, or two; whoever is there serves all, and knows who
    asked and who asks too often."""
    uid = free_uid()
    lines = SERVES + "server-threads 4\nrestrict default limited\n"
    daemon = serving(lan.ntpd(
        2, lines, "-u", f"{uid}:{uid}",
        # A search for leaks at the end would need one more task.
        before=["env", "ASAN_OPTIONS=detect_leaks=0", "prlimit",
                f"--nproc={tasks_allowed}:{tasks_allowed}"]))
    assert f"only {threads} of 4 could be started" in daemon.text()
    assert names(daemon) == ["ntpd", *(f"ntpd:serve/{i}"
                                       for i in range(threads))]
    assert ask(lan.host(2), "127.0.0.1", 60, 2) == [120, 120]
    for asker in (2, 3):
        assert ask(lan.host(asker), v4(2), 60, 2) == [120, 120]
    assert int(daemon.rv("mru_depth")["mru_depth"]) > 60
    assert ask(lan.host(2), "127.0.0.1", 1, 600, 0.02)[1] < 400
    assert int(daemon.rv("ss_limited")["ss_limited"]) > 100


def test_all_threads_end_at_once(lan):
    daemon = serving(lan.ntpd(2, SERVES + "server-threads 4\n"))
    daemon.process.send_signal(signal.SIGTERM)
    assert daemon.process.wait(2) == 0
