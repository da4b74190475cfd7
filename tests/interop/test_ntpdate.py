# SPDX-License-Identifier: BSD-2-Clause
"""ntpdate against servers of every character, and against real ones."""
import re
import time

import pytest

from lab import BUILD
from lab.namespace import requests, wait_for
from lab.peers import need_peer

NTPDATE = BUILD / "ntpdate"
PREFIX = r"[ 0-9][0-9] [A-Z][a-z]{2} [0-9:]{8} ntpdate\[[0-9]+\]: "
ADJUST = re.compile(PREFIX + r"adjust time server ([0-9a-f.:]+) "
                    r"offset (-?[0-9]+\.[0-9]{6}) sec\n")
STEP = re.compile(PREFIX + r"step time server ([0-9a-f.:]+) "
                  r"offset (-?[0-9]+\.[0-9]{6}) sec\n")
SERVER = re.compile(r"server ([0-9a-f.:]+), stratum ([0-9]+), "
                    r"offset (-?[0-9]+\.[0-9]{6}), delay ([0-9]+\.[0-9]{5})\n")
NONE = re.compile(PREFIX + "no server suitable for synchronization found\n")


def fakes(net, *servers):
    return net.fake("fakentp.py", [{"addr": a, **more} for a, more in servers])


def servers_of(text):
    return {m[1]: (int(m[2]), float(m[3]), float(m[4]))
            for m in SERVER.finditer(text)}


def test_a_small_offset_is_slewed_in_one_line(net, clock):
    """Seed items 25, 27, 48, 60: format, exit code, and quick."""
    fakes(net, ("127.0.0.2", {"offset": 0.25}))
    done = net.run(NTPDATE, "127.0.0.2", env=clock.env)
    line = ADJUST.fullmatch(done.stdout)
    assert line and line[1] == "127.0.0.2"
    assert (done.returncode, done.stderr) == (0, "")
    assert done.took < 2
    call, seconds, micros = clock.calls()
    assert (call, seconds) == ("slew", "0")
    assert abs(int(micros) / 1e6 - 0.25) < 0.01
    assert abs(float(line[2]) - 0.25) < 0.01


def test_a_negative_offset_keeps_its_sign(net, clock):
    fakes(net, ("127.0.0.2", {"offset": -0.25}))
    done = net.run(NTPDATE, "127.0.0.2", env=clock.env)
    assert float(ADJUST.fullmatch(done.stdout)[2]) == pytest.approx(-0.25,
                                                                   abs=0.01)
    call, seconds, micros = clock.calls()
    assert call == "slew"
    assert int(seconds) + int(micros) / 1e6 == pytest.approx(-0.25, abs=0.01)


@pytest.mark.parametrize("offset", [1200, -1200, 0.6])
def test_a_large_offset_is_stepped(net, clock, offset):
    fakes(net, ("127.0.0.2", {"offset": offset}))
    done = net.run(NTPDATE, "127.0.0.2", env=clock.env)
    assert float(STEP.fullmatch(done.stdout)[2]) == pytest.approx(offset,
                                                                 abs=0.01)
    call, seconds, nanos = clock.calls()
    assert call == "step"
    assert 0 <= int(nanos) < 10**9
    assert int(seconds) + int(nanos) / 1e9 == pytest.approx(offset, abs=0.01)
    assert done.returncode == 0


@pytest.mark.parametrize("options,offset,call", [
    (["-b"], 0.1, "step"), (["-B"], 1200, "slew"),
    (["-b", "-B"], 0.1, "slew"), (["-Bb"], 0.1, "step")])
def test_b_and_B_choose_and_the_last_wins(net, clock, options, offset, call):
    fakes(net, ("127.0.0.2", {"offset": offset}))
    done = net.run(NTPDATE, *options, "127.0.0.2", env=clock.env)
    assert clock.calls()[0] == call
    assert (STEP if call == "step" else ADJUST).fullmatch(done.stdout)


@pytest.mark.parametrize("offset,text", [
    (0.1, "Can't adjust the time of day: Operation not permitted\n"),
    (9, "step-systime: Operation not permitted\n")])
def test_a_clock_that_may_not_be_set_exits_with_1(net, offset, text):
    fakes(net, ("127.0.0.2", {"offset": offset}))
    done = net.run(NTPDATE, "127.0.0.2")
    assert done.stderr.endswith(text)
    assert (done.returncode, done.stdout) == (1, "")


@pytest.mark.parametrize("option", ["-q", "-d"])
def test_q_and_d_never_touch_the_clock(net, clock, option):
    fakes(net, ("127.0.0.2", {"offset": 3}))
    done = net.run(NTPDATE, option, "127.0.0.2", env=clock.env)
    assert done.returncode == 0
    assert STEP.search(done.stdout)
    assert clock.calls() == []


def test_q_lists_each_server_that_answers_then_the_choice(net):
    """Seed items 23, 26: all addresses, one line each."""
    fakes(net, ("127.0.0.2", {}), ("127.0.0.3", {"stratum": 11}),
          ("127.0.0.4", {"act": "silent"}), ("fd99::1", {"stratum": 3}))
    done = net.run(NTPDATE, "-q", "127.0.0.2", "127.0.0.3", "127.0.0.4",
                   "fd99::1")
    found = servers_of(done.stdout)
    assert {a: s[0] for a, s in found.items()} == {
        "127.0.0.2": 2, "127.0.0.3": 11, "fd99::1": 3}
    assert all(0.0256 < s[2] < 0.1 for s in found.values())
    assert ADJUST.search(done.stdout.splitlines(True)[-1])[1] == "127.0.0.2"
    assert done.returncode == 0


def test_a_name_with_many_addresses_is_asked_at_all_of_them(net, tmp_path):
    """Seed item 26."""
    hosts = tmp_path / "hosts"
    hosts.write_text("".join(f"127.0.0.{i} pool.test\n" for i in range(2, 6)) +
                     "fd99::1 pool.test\n")
    spec = [(f"127.0.0.{i}", {}) for i in range(2, 6)] + [("fd99::1", {})]
    fakes(net, *spec)

    def ask(*options):
        script = (f"mount --bind {hosts} /etc/hosts && exec {NTPDATE} "
                  f"{' '.join(options)} -q pool.test")
        return net.run("unshare", "-m", "sh", "-c", script)

    assert len(servers_of(ask().stdout)) == 5
    assert len(servers_of(ask("-4").stdout)) == 4
    assert list(servers_of(ask("-6").stdout)) == ["fd99::1"]


def test_several_servers_are_asked_at_once(net, clock):
    """Done in under 2 s, and one dead server does not hold up a majority."""
    fake = fakes(net, *[(f"127.0.0.{i}", {"delay": 0.05})
                        for i in range(2, 7)],
                 ("127.0.0.7", {"act": "silent"}))
    done = net.run(NTPDATE, *[f"127.0.0.{i}" for i in range(2, 8)],
                   env=clock.env)
    assert ADJUST.fullmatch(done.stdout)
    assert done.took < 2
    asked = requests(fake)
    assert len(asked) == 6
    assert max(r["at"] for r in asked) - min(r["at"] for r in asked) < 0.1


def test_requests_are_random_and_come_from_port_123(net, clock):
    """SECURITY.md A1, A8; one packet per server, 48 octets, mode 3."""
    fake = fakes(net, ("127.0.0.2", {}), ("127.0.0.3", {}))
    for _ in range(5):
        net.run(NTPDATE, "127.0.0.2", "127.0.0.3", env=clock.env)
    asked = requests(fake)
    now = int(time.time()) + 2208988800
    seconds = [int(r["bytes"][80:88], 16) for r in asked]
    assert len(asked) == len({r["bytes"][80:] for r in asked}) == 10
    assert all(r["port"] == 123 for r in asked)
    assert all(len(r["bytes"]) == 96 and
               r["bytes"].startswith("e30003fa0001000000010000" + 56 * "0")
               for r in asked)
    assert sum(abs(s - now) < 86400 for s in seconds) <= 1


@pytest.mark.parametrize("option", ["-q", "-d", "-u"])
def test_unprivileged_ports_are_random(net, clock, option):
    fake = fakes(net, ("127.0.0.2", {}))
    for _ in range(3):
        net.run(NTPDATE, option, "127.0.0.2", env=clock.env)
    ports = {r["port"] for r in requests(fake)}
    assert len(ports) > 1 and min(ports) > 1023


def test_the_port_of_a_daemon_is_respected(net, clock):
    """Seed item 46: at once, nothing sent; -q, -d and -u still work."""
    fake = fakes(net, ("127.0.0.2", {}))
    # The port may be ours for a moment when the holder wants it.
    net.start("python3", "-c", "import socket,time\n"
              "s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)\n"
              "held=False\n"
              "while not held:\n"
              "  try: s.bind(('127.0.0.9',123)); held=True\n"
              "  except OSError: time.sleep(0.02)\n"
              "time.sleep(60)")

    def busy():
        done = net.run(NTPDATE, "127.0.0.2", env=clock.env)
        return done if "in use" in done.stderr else None

    done = wait_for(busy)
    assert re.fullmatch(PREFIX + "the NTP socket is in use, exiting\n",
                        done.stderr)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.took < 0.5
    for option in ("-q", "-d", "-u"):
        assert net.run(NTPDATE, option, "127.0.0.2",
                       env=clock.env).returncode == 0
    assert all(r["port"] != 123 for r in requests(fake)[-3:])


def test_the_port_is_free_again_at_once(net, clock):
    """Seed items 47, 49."""
    fakes(net, ("127.0.0.2", {}))
    for _ in range(20):
        assert net.run(NTPDATE, "127.0.0.2", env=clock.env).returncode == 0


def test_without_privilege_the_port_is_refused(net):
    done = net.run("setpriv", "--reuid=65534", "--regid=65534",
                   "--clear-groups", NTPDATE, "127.0.0.2")
    assert re.fullmatch(PREFIX + "bind\\(\\) fails: Permission denied\n",
                        done.stderr)
    assert done.returncode == 1


@pytest.mark.parametrize("more", [
    {"act": "silent"}, {"act": "forged"}, {"act": "garbage"},
    {"act": "short"}, {"act": "mode3"}, {"act": "stranger"},
    {"leap": 3}, {"stratum": 16}, {"stratum": 0}, {"age": 90000},
    {"age": -5}, {"act": "deny"}, {"delay": 9}])
def test_no_usable_answer_is_told_in_the_usual_words(net, more):
    """Seed item 50; at most 8.1 s, with -q 2.1 s."""
    fakes(net, ("127.0.0.2", more))
    done = net.run(NTPDATE, "-q", "127.0.0.2")
    assert NONE.fullmatch(done.stderr)
    assert done.returncode == 1
    assert done.took < 2.3


@pytest.mark.parametrize("more,least,most", [
    ({"act": "silent"}, 7.5, 8.4), ({"leap": 3}, 5.5, 6.4)])
def test_hope_ends_when_it_ended_in_the_classic_tool(net, clock, more, least,
                                                     most):
    """Seed item 50: no more than four requests, two seconds apart."""
    fake = fakes(net, ("127.0.0.2", more))
    done = net.run(NTPDATE, "127.0.0.2", env=clock.env)
    assert NONE.fullmatch(done.stderr)
    assert least < done.took < most
    at = [r["at"] for r in requests(fake)]
    assert len(at) == 4
    assert all(b - a > 1.9 for a, b in zip(at, at[1:]))
    assert clock.calls() == []


def test_a_dead_host_is_told_and_the_others_are_used(net, clock):
    fakes(net, ("127.0.0.2", {}))
    done = net.run(NTPDATE, "127.0.0.2", "127.0.0.3", env=clock.env)
    assert ADJUST.fullmatch(done.stdout)[1] == "127.0.0.2"
    assert done.took < 3


def test_a_server_that_wakes_is_waited_for(net, clock):
    """What it said while it did not know the time does not count."""
    fakes(net, ("127.0.0.2", {"act": "wakes"}))
    done = net.run(NTPDATE, "127.0.0.2", env=clock.env)
    assert abs(float(ADJUST.fullmatch(done.stdout)[2])) < 0.1


def test_a_rate_kiss_is_told_and_obeyed(net, clock):
    fake = fakes(net, ("127.0.0.2", {"act": "rate"}))
    done = net.run(NTPDATE, "127.0.0.2", env=clock.env)
    assert re.fullmatch(PREFIX + "127.0.0.2 rate limit response from server."
                        "\n" + NONE.pattern, done.stderr)
    assert done.returncode == 1
    assert done.took < 1
    assert len(requests(fake)) == 1


def test_samples_are_never_closer_than_two_seconds(net, clock):
    """A server with a limit of one request in 1.9 s sees no reason for it."""
    fake = fakes(net, ("127.0.0.2", {"limit": 1.9}))
    done = net.run(NTPDATE, "-p", "3", "127.0.0.2", env=clock.env)
    assert ADJUST.fullmatch(done.stdout)
    assert len(requests(fake)) == 3
    assert 4 <= done.took < 6.5


@pytest.mark.parametrize("strata", [(2, 1, 3), (1, 2, 3), (3, 2, 1)])
def test_the_lowest_stratum_wins(net, strata):
    fakes(net, *[(f"127.0.0.{i}", {"stratum": s, "offset": i / 1000})
                 for i, s in enumerate(strata, 2)])
    done = net.run(NTPDATE, "-q", "127.0.0.2", "127.0.0.3", "127.0.0.4")
    assert ADJUST.search(done.stdout)[1] == (
        f"127.0.0.{2 + strata.index(1)}")


def test_one_liar_of_three_is_outvoted_whatever_its_stratum(net, clock):
    """SECURITY.md M1."""
    fakes(net, ("127.0.0.2", {"stratum": 3}),
          ("127.0.0.3", {"stratum": 1, "offset": 3600}),
          ("127.0.0.4", {"stratum": 3}))
    done = net.run(NTPDATE, "127.0.0.3", "127.0.0.2", "127.0.0.4",
                   env=clock.env)
    assert ADJUST.fullmatch(done.stdout)
    assert clock.calls()[0] == "slew"
    assert done.took < 2


def test_without_a_majority_the_clock_is_left_alone(net, clock):
    """SECURITY.md M1: three servers, three times."""
    fakes(net, ("127.0.0.2", {}), ("127.0.0.3", {"offset": 60}),
          ("127.0.0.4", {"offset": -60}))
    done = net.run(NTPDATE, "127.0.0.2", "127.0.0.3", "127.0.0.4",
                   env=clock.env)
    assert NONE.fullmatch(done.stderr)
    assert clock.calls() == []
    assert done.took < 8.4


def test_d_shows_everything_in_the_usual_form(net):
    fakes(net, ("127.0.0.2", {"refid": 0x0a630001}))
    done = net.run(NTPDATE, "-d", "-p", "2", "127.0.0.2")
    form = re.compile(
        PREFIX + r"ntpdate .*\n"
        r"Looking for host 127\.0\.0\.2 and service ntp\n"
        r"(127\.0\.0\.2 reversed to .*\n)?host found : .*\n"
        r"(transmit\(127\.0\.0\.2\)\nreceive\(127\.0\.0\.2\)\n){2}"
        r"\nserver 127\.0\.0\.2, port 123\n"
        r"stratum 2, precision -20, leap 00, trust 000\n"
        r"refid \[10\.99\.0\.1\], root delay 0\.009995, "
        r"root dispersion 0\.000992\n"
        r"reference time:      STAMP\n"
        r"originate timestamp: STAMP\n"
        r"transmit timestamp:  STAMP\n"
        r"filter delay:  0\.[0-9]{5}    0\.[0-9]{5}    "
        r"----       ----      \n"
        r"               ----       ----       ----       ----      \n"
        r"filter offset: [-0-9. ]{10} [-0-9. ]{10} ----       ----      \n"
        r"               ----       ----       ----       ----      \n"
        r"delay 0\.[0-9]{5}, dispersion 0\.[0-9]{5}, "
        r"offset -?0\.[0-9]{6}\n\n".replace(
            "STAMP", r"[0-9a-f]{8}\.[0-9a-f]{8}  [A-Z][a-z]{2}, "
            r"[A-Z][a-z]{2} [ 0-9]{2} [0-9]{4} [ 0-9]{2}:[0-9]{2}:[0-9]{2}"
            r"\.[0-9]{3}") + ADJUST.pattern)
    assert form.fullmatch(done.stdout), done.stdout


def test_d_says_why_a_server_is_dropped(net):
    fakes(net, ("127.0.0.2", {"leap": 3}), ("127.0.0.3", {"act": "silent"}),
          ("127.0.0.4", {"age": 90000}), ("127.0.0.5", {"act": "forged"}))
    out = net.run(NTPDATE, "-dp1", *[f"127.0.0.{i}" for i in
                                     range(2, 6)]).stdout
    assert "\n127.0.0.2: Server dropped: Leap not in sync\n" in out
    assert "\n127.0.0.3: Server dropped: no data\n" in out
    assert ("\n127.0.0.4: Server dropped: Server has gone too long without "
            "sync\n") in out
    assert "\nreceive: pkt.org and peer.xmt differ\n" in out


@pytest.mark.parametrize("argv,first", [
    (["-z", "h"], "ntpdate: unknown option -z"),
    (["-p", "9", "h"], "ntpdate: number of samples (9) is invalid"),
    (["-p", "0", "h"], "ntpdate: number of samples (0) is invalid"),
    (["-t", "abc", "h"], "ntpdate: timeout abc is undecodeable"),
    (["-e", "5", "h"], "ntpdate: encryption delay 5 is unlikely"),
    ([], None)])
def test_wrong_use_exits_with_2_and_the_usage(net, argv, first):
    done = net.run(NTPDATE, *argv)
    lines = done.stderr.splitlines()
    assert done.returncode == 2
    assert lines[-1].startswith("usage: ntpdate [-46bBdqsuv] ")
    assert first is None or lines[0] == first


def test_no_server_at_all_exits_with_1(net):
    done = net.run(NTPDATE, "-q")
    assert re.fullmatch(PREFIX + "no servers can be used, exiting\n",
                        done.stderr)
    assert done.returncode == 1


def test_no_way_to_any_server_exits_with_1_at_once(net):
    done = net.run(NTPDATE, "-u", "192.0.2.1")
    assert done.stderr.endswith("no servers can be used, exiting\n")
    assert (done.returncode, done.took < 1) == (1, True)


def test_an_address_of_the_wrong_family_is_an_unknown_host(net):
    done = net.run(NTPDATE, "-q", "-4", "-6", "127.0.0.2")
    lines = done.stderr.splitlines()
    assert lines[0].startswith("Error resolving 127.0.0.2: ")
    assert re.match(PREFIX + "Can't find host 127.0.0.2: ", lines[1])
    assert lines[2].endswith("no servers can be used, exiting")
    assert done.returncode == 1


def test_a_resolver_out_of_order_ends_it_at_once(net, tmp_path):
    """EAI_AGAIN: no newline after the first line, as ever."""
    fakes(net, ("127.0.0.2", {}))
    resolv = tmp_path / "resolv.conf"
    resolv.write_text("nameserver 192.0.2.53\noptions timeout:1 attempts:1\n")
    done = net.run("unshare", "-m", "sh", "-c",
                   f"mount --bind {resolv} /etc/resolv.conf && exec "
                   f"{NTPDATE} -q no.such.host.test 127.0.0.2")
    assert re.fullmatch(
        r"Exiting, name server cannot be used: Temporary failure in name "
        r"resolution \(-3\)" + PREFIX + r"name server cannot be used: "
        r"Temporary failure in name resolution \(-3\)\n", done.stderr)
    assert done.returncode == 1


def test_without_its_key_nobody_is_asked(net, clock):
    fake = fakes(net, ("127.0.0.2", {}))
    done = net.run(NTPDATE, "-a", "1", "-k", "/no/keys", "127.0.0.2",
                   env=clock.env)
    assert "no key file </no/keys>, exiting" in done.stderr
    assert done.returncode == 1
    assert requests(fake) == []
    assert clock.calls() == []


def test_old_options_are_taken(net, clock):
    fake = fakes(net, ("127.0.0.2", {}))
    done = net.run(NTPDATE, "-v", "-U", "ntp", "-e", "0.1", "-o", "3", "-t",
                   "0.2", "127.0.0.2", env=clock.env)
    assert re.match(PREFIX + "ntpdate ", done.stdout)
    assert done.returncode == 0
    assert requests(fake)[0]["bytes"].startswith("db")


def test_s_keeps_the_terminal_clean(net, clock):
    fakes(net, ("127.0.0.2", {}))
    done = net.run(NTPDATE, "-s", "127.0.0.2", env=clock.env)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    done = net.run(NTPDATE, "-qs", "127.0.0.2", env=clock.env)
    assert SERVER.fullmatch(done.stdout)


def test_the_time_zone_of_the_log_line_is_the_local_one(net):
    fakes(net, ("127.0.0.2", {}))
    hours = [net.run(NTPDATE, "-q", "127.0.0.2", env={"TZ": zone})
             .stdout.splitlines()[-1][7:9] for zone in ("UTC", "UTC-5")]
    assert (int(hours[1]) - int(hours[0])) % 24 in (5, 6)


@pytest.mark.parametrize("peer", ["chronyd", "ntpd"])
def test_real_servers_are_understood(net, tmp_path, peer):
    """chronyd and ntpsec serve their own clock, which is ours."""
    conf = tmp_path / "conf"
    if peer == "chronyd":
        program = need_peer("chronyd")
        conf.write_text(f"local stratum 5\nallow all\ncmdport 0\n"
                        f"bindcmdaddress /\npidfile {tmp_path}/pid\n")
        net.start(program, "-d", "-x", "-u", "root", "-f", conf,
                  stderr=(tmp_path / "log").open("w"))
    else:
        program = need_peer("ntpd", "ntpsec")
        conf.write_text("server 127.127.1.0 minpoll 3 maxpoll 3 prefer\n"
                        "fudge 127.127.1.0 stratum 4\ndisable kernel\n"
                        "tos orphanwait 1\nrestrict default\n")
        net.start(program, "-n", "-c", conf, "-l", tmp_path / "log")

    def answered():
        done = net.run(NTPDATE, "-q", "127.0.0.1", "::1")
        return done if done.returncode == 0 else None

    done = wait_for(answered, 30)
    assert done, (tmp_path / "log").read_text()
    found = servers_of(done.stdout)
    assert {a: s[0] for a, s in found.items()} == {"127.0.0.1": 5, "::1": 5}
    assert all(abs(s[1]) < 0.01 for s in found.values())
