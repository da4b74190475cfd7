# SPDX-License-Identifier: BSD-2-Clause
"""Items 25 to 28 and 31 to 45: first steps, and looking at the daemon.

What sets a clock is shown in a guest (tests/vm/test_ntpdate.py); what needs
hours, in the simulator. Listings byte by byte: tests/unit/test_peers.c."""
import re

import pytest

import rows
from lab import BUILD
from lab.peers import need_peer
from town import UPSTREAM, figures

ADJUST = re.compile(
    r"[ 0-9][0-9] [A-Z][a-z]{2} [0-9:]{8} ntpdate\[[0-9]+\]: "
    r"adjust time server ([0-9a-f.:]+) offset (-?[0-9]+\.[0-9]{6}) sec\n")


@pytest.fixture
def newcomer(town):
    """The client with the pool in its hosts file and no daemon."""
    kept = town.client.path("etc/hosts").read_text()
    town.client.ip("addr", "add", "10.99.0.50/24", "dev", "eth0")
    town.client.write("etc/hosts", kept +
                      "10.99.0.1 0.centos.pool.ntp.org\n"
                      "10.99.0.2 0.centos.pool.ntp.org\n"
                      "10.99.0.3 0.centos.pool.ntp.org\n")
    yield town.client
    town.client.write("etc/hosts", kept)
    town.client.ip("addr", "del", "10.99.0.50/24", "dev", "eth0")


def test_25_26_27_ntpdate_before_the_daemon_runs(newcomer, clock):
    """One line, in the how-to's form, and the clock was slewed."""
    done = newcomer.run(BUILD / "ntpdate", "0.centos.pool.ntp.org",
                        env=clock.env)
    line = ADJUST.fullmatch(done.stdout)
    assert line, done.stdout + done.stderr
    assert (done.returncode, done.stderr) == (0, "")
    assert line[1] in ("10.99.0.1", "10.99.0.2", "10.99.0.3")
    assert abs(float(line[2])) < 0.05
    assert clock.calls()[0] == "slew"


def test_26_all_addresses_of_a_name_are_asked(newcomer):
    done = newcomer.run(BUILD / "ntpdate", "-q", "0.centos.pool.ntp.org")
    asked = re.findall(r"^server ([0-9.]+), stratum ([0-9]+), offset "
                       r"-?[0-9.]+, delay [0-9.]+$", done.stdout, re.M)
    assert sorted(asked) == [("10.99.0.1", "1"), ("10.99.0.2", "2"),
                             ("10.99.0.3", "3")]
    assert ADJUST.search(done.stdout)


def test_28_a_clock_set_by_hand_is_set_back(ntpsim):
    """By 5 s: measured anew, then stepped, once."""
    said = ntpsim("external-step", "--trace")
    assert re.search(r"0\.0\.0\.0 [0-9a-f]{4} 0c clock_step -[45]\.[0-9]+ s",
                     said)
    assert figures(said)["steps"] == 1


def test_28_beyond_the_panic_threshold_it_ends(ntpsim):
    """By 5000 s: exit code 255 (the scenario's own oracle) and a line."""
    said = ntpsim("external-hour", "--trace")
    assert re.search(r"07 panic_stop -[0-9.]+ s; set clock manually within "
                     r"1000 s\.", said)


@pytest.mark.parametrize("command,form", [
    (["netstat", "-nap"],
     r"udp6? +0 +0 {addr}:123 +\S+:\* +{pid}/ntpd *"),
    (["ss", "-lunp"],
     r"UNCONN +0 +0 +{addr}:123 +\S+:\* +users:\(\(\"ntpd\",pid={pid},.*")])
def test_31_the_port_is_seen_listening(server, command, form):
    """At every address, by the name ntpd."""
    out = server.run(*command).stdout
    lines = [line for line in out.splitlines() if "123" in line]
    v6 = r"\[{}\]" if command[0] == "ss" else "{}"
    for addr in (r"0\.0\.0\.0", r"127\.0\.0\.1", r"192\.168\.11\.23",
                 r"10\.99\.0\.23", v6.format("::"), v6.format("::1")):
        want = re.compile(form.format(addr=addr, pid=server.ntpd_pid()))
        assert any(want.fullmatch(line) for line in lines), (addr, out)


STAT = re.compile(
    r"synchronised to NTP server \(([0-9.]+)\) at stratum ([0-9]+) ?\n"
    r"   time correct to within ([0-9]+) ms\n"
    r"   polling server every 64 s\n")


def ntpstats():
    return [BUILD / "ntpstat", need_peer("ntpstat")]


def test_32_ntpstat_says_to_whom_and_how_well(server):
    """Ours, and the C generation as Debian has it."""
    leader = [row for row in rows.parse(server.ntpq("-pn").stdout).values()
              if row["tally"] == "*"][0]
    for program in ntpstats():
        done = server.run(program)
        said = STAT.fullmatch(done.stdout)
        assert said, done.stdout + done.stderr
        assert done.returncode == 0
        assert said[1] == leader["remote"]
        assert int(said[2]) == int(leader["st"]) + 1
        within_ms = (float(server.variable("rootdisp")) +
                     float(server.variable("rootdelay")) / 2)
        assert abs(int(said[3]) - within_ms) < 3


def test_32_the_shell_generation_finds_what_it_asks_for(server):
    """It runs ntpq -c raw, and looks for names and values in the text."""
    out = server.ntpq("-c", "timeout 100", "-c", "raw", "-c", "rv 0",
                      "127.0.0.1").stdout.replace("\n", " ")
    assert re.search(r"associd=0 status=0x[0-9a-f]{4}|status=0[0-9a-f]{3}\b",
                     out), out
    assert re.search(r"\bleap=0\b|\bleap=00\b", out)
    for name in ("stratum", "rootdelay", "rootdisp", "refid", "tc"):
        assert re.search(rf"\b{name}=[-0-9.]+", out), (name, out)
    peer = re.search(r"\bpeer=([1-9][0-9]*)", out)[1]
    out = server.ntpq("-c", "timeout 100", "-c", "raw", "-c", f"rv {peer}",
                      "127.0.0.1").stdout
    assert re.search(r"\bsrcadr=10\.99\.0\.[123]\b", out)
    assert re.search(r"\bhpoll=6\b", out)


def test_32_other_states_have_other_words_and_codes(town, lonely):
    for program in ntpstats():
        local = lonely.run(program)
        assert local.stdout.startswith("synchronised to local net at stratum "
                                       "11 \n   time correct to within ")
        assert local.returncode == 0
        mute = town.mute.run(program)
        assert mute.stdout.startswith("unsynchronised\n")
        assert mute.returncode == 1
        none = town.client.run(program)
        assert none.returncode == 2
        assert none.stderr == "Unable to talk to NTP daemon. Is it running?\n"


def test_33_the_listing_has_the_columns_of_ever(server):
    """Header, places of the columns, no plus sign anywhere."""
    done = server.ntpq("-p")
    assert (done.returncode, done.stderr) == (0, "")
    listed = rows.parse(done.stdout)
    assert list(listed) == ["time100.stupi.s", "tor.nocabal.de",
                            "time.cloudflare", "localhost.pgw", "LOCAL(0)"]
    assert not any("+" in row["line"][1:] for row in listed.values())


def test_34_who_never_answered(server):
    listed = rows.parse(server.ntpq("-p").stdout)
    assert listed["localhost.pgw"]["line"] == (
        " localhost.pgw   .INIT.          16 u    -   64    0    0.000"
        "    0.000   0.000")


@pytest.mark.parametrize("name,refid", [
    ("time100.stupi.se", ".PPS."), ("tor.nocabal.de", "131.188.3.222"),
    ("time.cloudflare.com", "10.80.8.4")])
def test_35_36_38_who_is_followed(server, name, refid):
    """Names cut at 15, reference clocks between dots, the offset's sign."""
    _, says, delay, offset = UPSTREAM[name]
    row = rows.parse(server.ntpq("-p").stdout)[name[:15]]
    assert row["line"][:38] == (f"{row['tally']}{name[:15]:15} {refid:15} "
                                f"{says['stratum']:2} u ")
    assert row["tally"] in "*+"
    assert re.fullmatch("1|3|7|17|37|77|177|377", row["reach"])
    assert row["poll"] == "64"
    assert abs(float(row["delay"]) - delay) < 20
    assert abs(float(row["offset"]) - offset) < 10
    assert (row["offset"][0] == "-") == (float(row["offset"]) < 0)


def test_36_an_offset_may_be_negative(server):
    row = rows.parse(server.ntpq("-p").stdout)["tor.nocabal.de"]
    assert row["offset"].startswith("-3.") or float(row["offset"]) < -1, row


def test_37_an_ipv6_address_is_cut_too(lonely):
    """Who has no name is shown by address; that hosts file gives it one."""
    hosts = lonely.path("etc/hosts")
    kept = hosts.read_text()
    lonely.write("etc/hosts", kept.replace("2001:", "#"))
    listed = rows.parse(lonely.ntpq("-p").stdout)
    lonely.write("etc/hosts", kept)
    assert listed["2001:440:1880:5"]["line"] == (
        " 2001:440:1880:5 .INIT.          16 u    -   64    0    0.000"
        "    0.000   0.000")


def test_39_who_answers_and_is_not_selected(lonely):
    """Too far from a good clock: reached, measured, not used, and told why."""
    row = rows.parse(lonely.ntpq("-p").stdout)["time-b-g.nist.g"]
    assert row["line"].startswith(" time-b-g.nist.g .NIST.           1 u ")
    assert int(row["reach"], 8) > 0
    assert abs(float(row["delay"]) - 149.759) < 20


def test_40_the_local_clock_is_no_source_while_others_lead(server, lonely):
    """Which digits reach shows, poll by poll: tests/unit/test_refclock.c."""
    row = rows.parse(server.ntpq("-p").stdout)["LOCAL(0)"]
    assert row["line"].startswith(" LOCAL(0)        .LOCL.          10 l ")
    assert row["line"].endswith("    0.000    0.000   0.000")
    assert row["reach"] in ("0", "1", "2", "4", "10")  # one bit, or none
    leads = rows.parse(lonely.ntpq("-p").stdout)["LOCAL(0)"]
    assert leads["tally"] == "*"
    assert re.fullmatch("1|3|7|17|37|77|177|377", leads["reach"])


CONDITION = {"*": "sys.peer", "+": "candidate", "-": "outlier",
             "x": "falsetick", "#": "backup", " ": "reject"}


def test_41_the_marks_mean_what_as_says(server, lonely):
    """`*` the one that leads, `+` those combined with it; not as written."""
    for host in (server, lonely):
        listed = rows.parse(host.ntpq("-pn").stdout)
        words = [line.split()[6] for line in
                 host.ntpq("-c", "as").stdout.splitlines()[3:]]
        marks = [CONDITION[row["tally"]] for row in listed.values()]
        assert marks == words
        assert marks.count("sys.peer") == 1


def test_42_43_45_columns_are_the_variables(server):
    """Reference, stratum, and the offset in milliseconds."""
    listed = list(rows.parse(server.ntpq("-pn").stdout).values())
    for i, row in enumerate(listed, 1):
        assert row["refid"].strip(".") == server.variable("refid", f"&{i}")
        assert row["st"] == server.variable("stratum", f"&{i}")
    first = float(server.variable("offset", "&1"))
    assert abs(first - 1.309) < 10
    assert abs(float(listed[0]["offset"]) - first) < 2


@pytest.mark.parametrize("exponent,shown", [
    (4, "16"), (6, "64"), (10, "1024"), (11, "2048"), (12, "68m"),
    (17, "36h")])
def test_44_poll_is_in_seconds_then_minutes_and_hours(net, exponent, shown):
    peer = (f"srcadr=10.99.0.1, refid=10.0.0.1, stratum=2, hmode=3, "
            f"hpoll={exponent}, ppoll=17, reach=0xff, delay=1.000, "
            f"offset=0.000, jitter=0.000")
    net.fake("fakectl.py", {"addr": "127.0.0.1", "status": 0x0615,
                            "system": "leap=0", "peers": [[1, 0x961a, peer]]})
    out = net.run(BUILD / "ntpq", "-pn", "127.0.0.1").stdout
    assert rows.parse(out)["10.99.0.1"]["poll"] == shown
