# SPDX-License-Identifier: BSD-2-Clause
"""Other people's monitoring against our daemon, and with our ntpq."""
import os
import pty
import re
import select
import signal
import subprocess
import time

import pytest

from lab import BUILD, PEERS
from lab.namespace import Namespace, wait_for
from lab.peers import find_peer

CONF = """\
restrict default
server 127.127.1.0
fudge 127.127.1.0 stratum 5
server 127.0.0.2
"""


@pytest.fixture(scope="module")
def net(privileged, tmp_path_factory):
    """A daemon that follows its own clock: after a grace, as all do."""
    folder = tmp_path_factory.mktemp("daemon")
    (folder / "conf").write_text(CONF)
    namespace = Namespace()
    namespace.start(BUILD / "ntpd", "-n", "--no-clock", "-c", folder / "conf",
                    "--control", folder / "ctl", stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL)
    try:
        assert wait_for(lambda: "\n*" in namespace.run(
            BUILD / "ntpq", "-pn", "127.0.0.1").stdout, 40)
        yield namespace
    finally:
        namespace.close()


def plugin(name):
    path = next(PEERS.rglob("nagios/plugins/" + name), None)
    if path is None:
        pytest.skip(f"no {name} under {PEERS}")
    return path


def ntpsec(name):
    path = find_peer(name)
    if path is None:
        pytest.skip(f"no {name} under {PEERS}")
    return path


def test_check_ntp_peer_finds_the_system_peer(net):
    done = net.run(plugin("check_ntp_peer"), "-H", "127.0.0.1", "-w", 0.5,
                   "-c", 1, "-W", 6, "-C", 8, "-j", 5000, "-k", 10000, "-v")
    assert "synchronization source found" in done.stdout
    assert "NTP OK: Offset 0 secs, jitter=0.000000, stratum=5" in done.stdout
    assert done.returncode == 0


def test_check_ntp_peer_warns_of_a_high_stratum(net):
    done = net.run(plugin("check_ntp_peer"), "-H", "127.0.0.1", "-W", 2, "-C",
                   4)
    assert done.returncode == 2
    assert "CRITICAL" in done.stdout


def test_check_ntp_time_measures_us(net):
    done = net.run(plugin("check_ntp_time"), "-H", "127.0.0.1", "-w", 0.5,
                   "-c", 1)
    assert done.stdout.startswith("NTP OK: Offset ")
    assert done.returncode == 0


def test_nmap_reads_our_variables_and_no_list_of_clients(net):
    nmap = find_peer("nmap")
    data = next(PEERS.rglob("share/nmap/nmap-services"), None)
    if nmap is None or data is None:
        pytest.skip(f"no nmap under {PEERS}")
    done = net.run(nmap, "-sU", "-p123", "-Pn", "-n", "--datadir",
                   data.parent, "--script", "ntp-info,ntp-monlist",
                   "127.0.0.1", timeout=90)
    assert re.search(r"version: ntpd ", done.stdout), done.stderr
    assert re.search(r"stratum: 6\b", done.stdout)
    assert re.search(r"refid: 127\.127\.1\.0", done.stdout)
    assert "ntp-monlist" not in done.stdout


def telegraf(line):
    """Fields of a row as telegraf's input cuts them: at blanks."""
    tally, fields = line[0], line[1:].split()
    names = ["remote", "refid", "stratum", "type", "when", "poll", "reach",
             "delay", "offset", "jitter"]
    assert len(fields) == len(names)
    return {**dict(zip(names, fields)), "state": tally}


def seconds(text):
    return 0 if text == "-" else int(text.rstrip("mhd")) * {
        "m": 60, "h": 3600, "d": 86400}.get(text[-1], 1)


def test_rows_are_cut_as_telegraf_and_its_like_cut_them(net):
    done = net.run(BUILD / "ntpq", "-p", "-n", "127.0.0.1")
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["remote", "refid", "st", "t", "when", "poll",
                                "reach", "delay", "offset", "jitter"]
    assert lines[1] == 78 * "="
    rows = [telegraf(line) for line in lines[2:]]
    assert [r["state"] for r in rows].count("*") == 1
    for row in rows:
        assert row["stratum"] in ("5", "16")
        assert 0 <= seconds(row["when"]) < 100
        assert seconds(row["poll"]) == 64
        assert 0 <= int(row["reach"], 8) <= 255
        for name in ("delay", "offset", "jitter"):
            assert float(row[name]) == 0


def with_ours():
    return {"PATH": f"{BUILD}:{os.environ['PATH']}"}


def test_ntptrace_of_ntpsec_runs_our_ntpq(net):
    done = net.run(ntpsec("ntptrace"), "-n", "127.0.0.1", env=with_ours())
    assert re.match(r"127\.0\.0\.1: stratum 6, offset -?0\.0000\d\d, "
                    r"synch distance \d\.\d+", done.stdout), done.stderr


def test_ntpwait_of_ntpsec_sees_that_we_are_synchronised(net):
    done = net.run(ntpsec("ntpwait"), "-n", 2, "-s", 1, "-v")
    assert "OK!" in done.stdout
    assert done.returncode == 0


def test_ntpmon_of_ntpsec_shows_our_peers_and_clients(net):
    command = net.command([ntpsec("ntpmon"), "-n", "127.0.0.1"])
    pid, fd = pty.fork()
    if pid == 0:
        os.execvpe(command[0], command, {
            **os.environ, "TERM": "vt100", "LINES": "40", "COLUMNS": "120"})
    seen, end = "", time.monotonic() + 20
    while time.monotonic() < end and not (
            ".LOCL." in seen and "lstint" in seen):
        if select.select([fd], [], [], 1)[0]:
            try:
                seen += os.read(fd, 4096).decode(errors="replace")
            except OSError:
                break
    os.write(fd, b"q")
    if not wait_for(lambda: os.waitpid(pid, os.WNOHANG)[0], 5):
        os.kill(pid, signal.SIGKILL) # busy: it did not look at the key
        os.waitpid(pid, 0)
    os.close(fd)
    assert ".LOCL." in seen and "lstint" in seen, seen
