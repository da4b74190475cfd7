# SPDX-License-Identifier: BSD-2-Clause
"""Other people's ntpq and ntpstat ask our ntpd about itself.

Host 1 is a chronyd of stratum 1, host 2 ours behind it, with a dead server and
a LOCAL clock beside; host 3 asks from outside.
"""
import re

import pytest

from lab import BUILD
from lab.lan import SERVES_ALL, Lan, v4, v6
from lab.namespace import wait_for
from lab.peers import need_peer

COLUMNS = "remote refid st t when poll reach delay offset jitter"


@pytest.fixture(scope="module", name="ours")
def _ours(privileged, tmp_path_factory):
    with Lan(tmp_path_factory.mktemp("control")) as lan:
        lan.chronyd(1, "local stratum 1")
        ours = lan.ntpd(2, f"server {v4(1)} iburst\nserver {v6(99)}\n"
                        "server 127.127.1.0\nfudge 127.127.1.0 stratum 10\n" +
                        SERVES_ALL)
        ours.outside = lan.host(3)
        assert ours.synchronised(20), ours.text()  # one server is silent
        yield ours


def theirs(ours, *argv):
    """What ntpsec's ntpq shows of ours."""
    done = ours.host.run(need_peer("ntpq", "ntpsec"), *argv)
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_their_billboard_shows_our_peers(ours, host):
    """Seed items 33-37, 40, 42-45, as ntpsec lays them out."""
    lines = theirs(ours, "-pn", host).splitlines()
    assert lines[0].split() == COLUMNS.split()
    assert set(lines[1]) == {"="}
    rows = {line[1:].split()[0]: line for line in lines[2:]}
    assert sorted(rows) == sorted([v4(1), v6(99), "LOCAL(0)"])
    good = rows[v4(1)].split()
    assert rows[v4(1)][0] == "*"
    assert (good[2], good[3], good[5]) == ("1", "u", "64")
    assert int(good[6], 8) & 1
    assert abs(float(good[8])) < 2
    dead = rows[v6(99)].split()
    assert dead[1:4] == [".INIT.", "16", "u"]
    assert dead[4] == "-" and dead[6] == "0"
    assert rows["LOCAL(0)"].split()[1:4] == [".LOCL.", "10", "l"]


def test_their_billboard_shows_names(ours):
    rows = theirs(ours, "-p", "127.0.0.1")
    assert re.search(r"^.LOCAL\(0\) +\.LOCL\. +10 l ", rows, re.M)


def test_they_number_our_associations(ours):
    text = theirs(ours, "-c", "as", "127.0.0.1")
    rows = [line.split() for line in text.splitlines() if
            re.match(r" +\d+ +\d+ +[0-9a-f]{4} ", line)]
    assert len(rows) == 3
    assert len({row[1] for row in rows}) == 3
    conditions = {row[6] for row in rows}
    assert "sys.peer" in conditions and "reject" in conditions
    assert all(row[3] == "yes" for row in rows)


def test_they_read_our_variables(ours):
    text = theirs(ours, "-c", "rv", "127.0.0.1")
    assert re.match(r"associd=0 status=06[0-9a-f]{2} leap_none, sync_ntp, "
                    r"\d+ events?, \w+,\n", text)
    for form in (r'version="ntpd truechimer-', r"\bleap=00\b",
                 r"\bstratum=2\b", r"\bprecision=-\d+\b", r"\brootdelay=0\.",
                 rf"\brefid={re.escape(v4(1))}\b", r"\btc=\d+\b",
                 r"\bmintc=3\b", r"\breftime=[0-9a-f]{8}\.[0-9a-f]{8}\b",
                 r"\bclock=[0-9a-f]{8}\.[0-9a-f]{8}\b"):
        assert re.search(form, text), (form, text)


def test_they_read_one_variable(ours):
    """Seed item 5's question."""
    assert theirs(ours, "-c", "rv 0 stratum",
                  "127.0.0.1").strip().splitlines()[-1] == "stratum=2"


def test_they_read_the_variables_of_each_association(ours):
    for index in (1, 2, 3):
        text = theirs(ours, "-c", "as", "-c", f"rv &{index}", "127.0.0.1")
        assert re.search(r"\bassocid=\d+|associd=\d+", text), text
        assert re.search(r"\bsrcadr=\S+", text), text
        assert re.search(r"\breach=\d+", text), text


@pytest.mark.parametrize("command,lines", [
    ("sysinfo", 10), ("sysstats", 10), ("kerninfo", 10), ("iostats", 6),
    ("timerstats", 2), ("authinfo", 8), ("monstats", 8)])
def test_their_summaries_are_filled(ours, command, lines):
    text = theirs(ours, "-c", command, "127.0.0.1")
    assert len(text.strip().splitlines()) >= lines
    assert "***" not in text


def test_their_ntpstat_is_content(ours):
    """Seed item 32: Debian's program in C."""
    done = ours.host.run(need_peer("ntpstat"))
    lines = done.stdout.splitlines()
    assert lines[0].strip() == (
        f"synchronised to NTP server ({v4(1)}) at stratum 2")
    assert re.fullmatch(r" +time correct to within \d+ ms", lines[1])
    assert re.fullmatch(r" +polling server every \d+ s", lines[2])
    assert done.returncode == 0
    own = ours.host.run(BUILD / "ntpstat").stdout
    assert own.splitlines()[0] == lines[0]


def test_their_ntpq_asks_from_outside_where_that_is_allowed(ours):
    done = ours.outside.run(need_peer("ntpq", "ntpsec"), "-pn", v4(2))
    assert f"*{v4(1)} " in done.stdout
    done = ours.outside.run(BUILD / "ntpq", "-pn", v6(2))
    assert f"*{v4(1)} " in done.stdout


def test_ours_reads_ntpsec(lan):
    """The other way round: a synchronised ntpsec, read by our ntpq."""
    lan.chronyd(1, "local stratum 1")
    lan.ntpsec(2, f"server {v4(1)} iburst\nrestrict default\n"
               "restrict 127.0.0.1\n")

    def rows():
        done = lan.host(2).run(BUILD / "ntpq", "-pn", "127.0.0.1")
        return done.stdout if f"\n*{v4(1)}" in done.stdout else None

    table = wait_for(rows, 25)
    assert table
    row = table.splitlines()[2]
    assert len(row) == 78
    assert row.split()[2:4] == ["1", "u"]
    # Which kind of source it has it does not say: it cannot set this clock.
    done = lan.host(2).run(BUILD / "ntpstat")
    assert re.match(r"synchronised to .* at stratum 2 \n", done.stdout)
    assert done.returncode == 0
