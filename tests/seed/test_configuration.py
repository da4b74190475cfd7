# SPDX-License-Identifier: BSD-2-Clause
"""Items 9 to 24: the configuration, line by line."""
import re
import struct

import pytest

import rows
from lab import BUILD, HERE
from town import CONF, DRIFT_PPM, UPSTREAM, figures

NORMAL = (HERE.parent / "seed/seed.normal.conf").read_text()
SERVER = "192.168.11.23"
SHORT = ["-c", "timeout 400"]  # for those who will get no answer
CONTROL = struct.pack("!BBHHHHH", 0x16, 2, 1, 0, 0, 0, 0)  # READVAR, mode 6
SYMMETRIC = bytes([0x21, 2, 6, 0xec]) + bytes(36) + bytes(range(1, 9))


def answers_queries(client, addr=SERVER):
    done = client.ntpq(*SHORT, "-p", addr)
    if done.stdout.startswith("\n" + rows.HEADER):
        return True
    assert "timed out, nothing received" in done.stderr
    assert done.stdout.strip() == ""
    return False


def answers_time(client, addr=SERVER):
    return client.run(BUILD / "ntpdate", "-q", addr).returncode == 0


def test_09_etc_ntp_conf_is_read_without_c(server):
    """The town's daemons were started without -c."""
    assert "-c" not in server.log().split("Command line: ")[1].split("\n")[0]
    assert server.path("etc/ntp.conf").read_bytes() == CONF
    assert len(rows.parse(server.ntpq("-pn").stdout)) == 5


def test_10_comments_mean_nothing(server):
    """As the configuration has them: at the start, after words, indented."""
    server.write("etc/bare.conf", b"\n".join(
        line.split(b"#")[0] for line in CONF.split(b"\n")))
    for name in ("ntp.conf", "bare.conf"):
        done = server.run(BUILD / "ntpd", "--check", "-c", "/etc/" + name)
        assert done.stdout == NORMAL


def test_11_the_whole_loads_without_a_complaint(server):
    """Byte for byte, with U+00A0 between words; section 7.5."""
    assert "\u00a0".encode() in CONF and "允许".encode() in CONF
    check = server.run(BUILD / "ntpd", "--check")
    assert (check.returncode, check.stderr) == (0, "")
    assert check.stdout == NORMAL
    save = server.run(BUILD / "ntpd", "-c", "/etc/ntp.conf",
                      "--saveconfigquit", "/run/saved")
    assert save.returncode == 0
    assert save.stderr == "configuration saved to /run/saved\n"
    assert server.path("run/saved").read_text() == NORMAL
    assert "ntp.conf:" not in server.log()


def test_11_what_is_wrong_would_be_said(server):
    """The check can fail: the same with one letter gone."""
    server.write("etc/wrong.conf", CONF.replace(b"driftfile", b"driftfle"))
    check = server.run(BUILD / "ntpd", "--check", "-c", "/etc/wrong.conf")
    assert check.returncode == 1
    assert re.match(r".*/etc/wrong\.conf:4:0: .*driftfle.*driftfile",
                    check.stderr)


def test_12_the_drift_file_is_read_at_the_start(server):
    assert f"freq_set kernel {DRIFT_PPM} PPM" in server.log()


def test_12_and_kept_over_a_restart(ntpsim):
    """Its form and its writing are test_store's and the guests' (tests/vm)."""
    ntpsim("restart")


def test_13_strangers_get_time_and_nothing_else(server, as_client):
    stranger = as_client("10.0.0.5")
    assert answers_time(stranger)
    assert not answers_queries(stranger)
    assert stranger.exchange(SERVER, CONTROL) is None


def test_13_nobody_makes_himself_a_peer(server, as_client):
    """nopeer, and noquery even for :config, which is mode 6 too."""
    stranger = as_client("10.0.0.5")
    before = server.ntpq("-c", "as").stdout
    answer = stranger.exchange(SERVER, SYMMETRIC)
    assert answer is None or len(answer) == 48
    configure = struct.pack("!BBHHHHH", 0x16, 8, 1, 0, 0, 0, 4) + b"tos "
    assert stranger.exchange(SERVER, configure) is None
    # Nor is who may ask allowed to change, without a key.
    friend = as_client("192.168.11.50")
    refused = friend.exchange(SERVER, configure)
    assert refused and refused[1] & 0xc0 == 0xc0  # a response, an error
    count = before.count("\n")
    assert server.ntpq("-c", "as").stdout.count("\n") == count


def test_14_localhost_may_ask_everything(server):
    for addr in ("127.0.0.1", "::1", "localhost"):
        assert answers_queries(server, addr)


@pytest.mark.parametrize("flags,queries,time", [
    ("noquery", False, True), ("noserve", True, False),
    ("ignore", False, False), ("", True, True)])
def test_15_flags_on_localhost_count(town, flags, queries, time):
    """It "could be tightened"."""
    client = town.client
    client.write("run/tight.conf", f"restrict default\nrestrict 127.0.0.1 "
                 f"{flags}\nserver 127.127.1.0\n")
    client.start_ntpd("-c", "/run/tight.conf")
    try:
        assert answers_queries(client, "127.0.0.1") == queries
        answer = client.exchange("127.0.0.1", bytes([0x23]) + bytes(47), 0.5)
        assert (answer is not None) == time
    finally:
        client.stop_ntpd()


@pytest.mark.parametrize("addr,allowed", [
    ("192.168.11.50", True), ("192.168.11.60", True), ("10.0.0.5", False)])
def test_16_the_segment_may_ask_everything(server, as_client, addr, allowed):
    client = as_client(addr)
    assert answers_time(client)
    assert answers_queries(client) == allowed


@pytest.mark.parametrize("addr,allowed", [
    ("192.168.10.25", True), ("192.168.10.26", False)])
def test_17_a_single_host_may_ask_everything(server, as_client, addr,
                                             allowed):
    client = as_client(addr)
    assert answers_time(client)
    assert answers_queries(client) == allowed


def test_18_what_is_commented_out_is_not_in_effect(server, as_client):
    assert not answers_queries(as_client("192.168.1.5"))


def test_16_17_18_the_table_has_what_is_written(server):
    """And not what is commented out."""
    listed = server.ntpq("-c", "reslist").stdout
    written = dict(re.findall(r"^ +\d+ (\S+/\d+)\n +(.*)", listed, re.M))
    for addr in ("192.168.11.0/24", "192.168.10.25/32", "127.0.0.1/32",
                 "::1/128"):
        assert "no" not in written[addr], (addr, listed)  # noquery, nomodify
    assert "noquery" in written["0.0.0.0/0"] and "nomodify" in written["::/0"]
    assert "192.168.1.0" not in listed


def test_19_20_four_servers_with_iburst_are_asked_at_once(server):
    """One association each, configured; answers within three seconds."""
    listed = server.ntpq("-c", "as").stdout.splitlines()
    assert listed[1] == ("ind assid status  conf reach auth condition  "
                         "last_event cnt")
    assert [line.split()[3] for line in listed[3:]] == 5 * ["yes"]
    assert server.first_reach_s < 3
    assert list(rows.parse(server.ntpq("-pn").stdout)) == [
        "10.99.0.1", "10.99.0.2", "10.99.0.3", "10.99.0.9", "127.127.1.0"]


def test_21_a_dead_server_is_passed_over_wherever_it_stands(server, lonely):
    """Not "from top to bottom": all are asked, the best are combined."""
    used = [row["remote"] for row in rows.parse(
        server.ntpq("-p").stdout).values() if row["tally"] in "*+"]
    assert len(used) == 3 and "localhost.pgw" not in used


def test_21_the_first_one_may_die(ntpsim):
    told = figures(ntpsim("first-dies"))
    assert told["steps"] == 0


def test_22_local_takes_over_and_gives_back(ntpsim):
    said = ntpsim("local-return", "--trace")
    events = re.findall(r"^ *[0-9.]+ node 4: (.*)", said, re.M)

    def after(words, start=0):
        found = [i for i in range(start, len(events)) if words in events[i]]
        assert found, (words, events[start:])
        return found[0]

    lost = after("no_sys_peer")
    free = after("no peer for too long, server running free now", lost)
    local = after("127.127.1.0", free)
    assert events[local].endswith("sys_peer")
    back = after("sys_peer", local + 1)
    assert events[back].startswith("10.0.")


def test_23_on_its_own_clock_it_is_stratum_eleven(lonely, town):
    assert lonely.variable("stratum") == "11"
    assert lonely.variable("refid") == "LOCAL(0)"
    done = town.client.run(BUILD / "ntpdate", "-q", "192.168.11.24")
    assert done.returncode == 0
    assert done.stdout.startswith("server 192.168.11.24, stratum 11, offset ")


def test_24_stratum_sixteen_is_nobodys_choice(lonely):
    """They answer, and are not used; nor is one of stratum 15."""
    listed = rows.parse(lonely.ntpq("-p").stdout)
    for name, stratum in (("fifteen.example", "15"), ("sixteen.example", "16")):
        row = listed[name]
        assert row["tally"] == " "
        assert row["st"] == stratum
        assert UPSTREAM[name][1]["stratum"] == int(stratum)
    assert listed["fifteen.example"]["reach"] != "0"


def test_24_not_even_when_there_is_nothing_else(ntpsim):
    ntpsim("strata-15-16")
