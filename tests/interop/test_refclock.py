# SPDX-License-Identifier: BSD-2-Clause
"""Reference clocks in shared memory, each daemon with an IPC namespace of its
own: what is written there is measured, served and told of."""
import os
import re
import subprocess
import sys

import pytest

from lab import BUILD, HERE
from lab.lan import SERVES_ALL, v4
from lab.namespace import wait_for
from lab.peers import need_peer

OWN_IPC = ("unshare", "--ipc")
ANYBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
# As a text: who writes need not be able to read this folder.
WRITER = (sys.executable, "-c", (HERE / "shmwriter.py").read_text())
SHM = "server 127.127.28.0 minpoll 4\n"


def writer(ours, *arguments, before=()):
    """Writes into the segments that `ours` sees."""
    process = ours.host.start(
        "nsenter", "--ipc", "-t", ours.process.pid, *before, *WRITER,
        *arguments, stdout=subprocess.PIPE)
    assert process.stdout.readline() == "ready\n"
    return process


def billboard(ours, program):
    done = ours.host.run(program, "-p", "127.0.0.1")
    assert done.returncode == 0, done
    return {line[1:].split()[0]: line for line in done.stdout.splitlines()[2:]}


@pytest.fixture(name="ours")
def _ours(lan):
    """As root at first: the segment is made before the rights are given up."""
    ours = lan.ntpd(1, SHM + "fudge 127.127.28.0 time1 0.001 flag4 1\n" +
                    SERVES_ALL, "-u", "nobody", before=OWN_IPC)
    ours.listening()
    assert os.stat(f"/proc/{ours.process.pid}").st_uid != 0
    return ours


def test_a_clock_in_shared_memory_leads(ours):
    """Seed item 1: a clock source. The writer comes after the reader."""
    writer(ours, 0, 1, 0.002, -20)
    took = ours.synchronised(20)
    assert took, ours.text()
    print(f"synchronised after {took:.1f} s")
    line = billboard(ours, BUILD / "ntpq")["SHM(0)"]
    fields = line[1:].split()
    assert line[0] == "*"
    assert fields[1:4] == [".SHM.", "0", "l"]
    assert fields[5] == "16" and int(fields[6], 8) & 1
    assert float(fields[7]) == 0
    assert abs(float(fields[8]) - 3) < 0.1
    row = ours.peer("127.127.28.0")
    assert row.refid == ".SHM."
    said = ours.rv("stratum,refid,leap")
    assert said == {"stratum": "1", "refid": "SHM", "leap": "00"}
    whole = ours.host.run(BUILD / "ntpq", "-c", "rv", "127.0.0.1").stdout
    assert "sync_uhf_radio" in whole
    client = ours.host.run(BUILD / "ntpdate", "-q", "127.0.0.1").stdout
    assert "server 127.0.0.1, stratum 1, offset" in client


def test_it_tells_of_the_clock(ours):
    """Readings, good, not ready, bad, clash: as the classic driver counts."""
    writer(ours, 0, 0, 0, -10)

    def told():
        return ours.host.run(BUILD / "ntpq", "-c", "cv", "127.0.0.1").stdout

    assert wait_for(lambda: 'timecode=" 1' in told(), 30), told()
    said = told()
    print(said)
    assert 'device="SHM/Shared memory interface"' in said
    counts = [int(n) for n in
              re.search(r'timecode="([ \d]+)"', said).group(1).split()]
    assert len(counts) == 5
    assert counts[0] == sum(counts[1:]) and counts[1] >= 10
    assert counts[3] == 0
    assert re.search(r"poll=1, noreply=0, badformat=\d+, baddata=0", said)
    assert "fudgetime1=1.000" in said and "flags=8" in said
    assert int(ours.rv("io_ref_reads")["io_ref_reads"]) >= counts[0]


def test_debians_ntpq_agrees(ours):
    program = need_peer("ntpq", "ntpsec")
    writer(ours, 0, 1, 0, -20)
    assert ours.synchronised(20), ours.text()
    line = billboard(ours, program)["SHM(0)"]
    assert line[0] == "*"
    assert line[1:].split()[1:4] == [".SHM.", "0", "l"]
    assert 'device="SHM/Shared memory interface"' in ours.host.run(
        program, "-c", "cv &1", "127.0.0.1").stdout


def test_a_client_sees_stratum_two_behind_it(ours, lan):
    writer(ours, 0, 1, 0, -20)
    below = lan.ntpd(2, f"server {v4(1)} iburst\n" + SERVES_ALL)
    assert ours.synchronised(20), ours.text()
    assert below.synchronised(30), below.text()
    assert below.rv("stratum")["stratum"] == "2"
    assert below.peer(v4(1)).refid == ".SHM."


def test_the_line_of_ntpsec_is_understood(lan):
    ours = lan.ntpd(1, "refclock shm unit 2 refid GPS stratum 3 minpoll 4\n" +
                    SERVES_ALL, before=OWN_IPC).listening()
    writer(ours, 2, 1, 0, -20, before=ANYBODY)  # unit 2: whoever likes
    assert ours.synchronised(20), ours.text()
    assert ours.rv("stratum,refid")["stratum"] == "4"
    row = ours.peer("127.127.28.2")
    assert (row.tally, row.refid, row.stratum) == ("*", ".GPS.", 3)


def test_a_segment_of_somebody_else_is_not_believed(lan):
    """Whoever is first makes it: units 0 and 1 must be root's or ours."""
    holder = lan.host(1).start(
        *OWN_IPC, *ANYBODY, *WRITER, 0, 1, 0.1, -20, stdout=subprocess.PIPE)
    assert holder.stdout.readline() == "ready\n"
    enter = ("nsenter", "--ipc", "-t", holder.pid)
    ours = lan.ntpd(1, SHM + SERVES_ALL, before=enter).listening()
    assert "SHM(0): no shared memory: it belongs to user 65534" in ours.text()
    assert ours.synchronised(8) is None
    assert ours.peer("127.127.28.0").reach == 0
