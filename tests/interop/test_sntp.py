# SPDX-License-Identifier: BSD-2-Clause
"""sntp and ntpdig, one program: the lines and exit codes of both."""
import json
import re

import pytest

from lab import BUILD
from lab.peers import need_peer

LINE = re.compile(
    r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}) \(\+0000\) ([+-]\d+\.\d{6}) "
    r"\+/- (\d+\.\d{6}) (?:(\S+) )?([0-9a-f.:]+) s(\d+) (\S+)\n")
SNTP, NTPDIG = BUILD / "sntp", BUILD / "ntpdig"


def fakes(net, *servers):
    return net.fake("fakentp.py", [{"addr": a, **more} for a, more in servers])


def test_sntp_says_its_version_and_a_line_for_each_server(net):
    fakes(net, ("127.0.0.2", {"offset": 0.25, "stratum": 3}),
          ("127.0.0.3", {"offset": -0.5}))
    done = net.run(SNTP, "127.0.0.2", "127.0.0.3")
    first, *rest = done.stdout.splitlines(keepends=True)
    assert first.startswith("sntp ")
    lines = [LINE.fullmatch(line) for line in rest]
    assert [m[5] for m in lines] == ["127.0.0.2", "127.0.0.3"]
    assert float(lines[0][2]) == pytest.approx(0.25, abs=0.01)
    assert float(lines[1][2]) == pytest.approx(-0.5, abs=0.01)
    assert (lines[0][6], lines[0][7]) == ("3", "no-leap")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.took < 2


def test_ntpdig_says_the_best_only(net):
    fakes(net, ("127.0.0.2", {"offset": 0.25, "stratum": 3}),
          ("127.0.0.3", {"offset": 0.25, "stratum": 1}))
    done = net.run(NTPDIG, "127.0.0.2", "127.0.0.3")
    assert LINE.fullmatch(done.stdout)[5] == "127.0.0.3"


def test_the_error_covers_the_way_and_what_the_server_owns_up_to(net):
    """The fake has 1 ms of dispersion and 10 ms of root delay."""
    fakes(net, ("127.0.0.2", {"delay": 0.1}))
    line = LINE.fullmatch(net.run(NTPDIG, "127.0.0.2").stdout)
    assert float(line[3]) == pytest.approx(0.050 + 0.005 + 0.001, abs=0.02)
    assert abs(float(line[2])) <= float(line[3])


def test_json_is_one_object_on_a_line(net):
    fakes(net, ("127.0.0.2", {"offset": 0.25, "leap": 1}))
    done = net.run(NTPDIG, "-j", "127.0.0.2")
    said = json.loads(done.stdout)
    assert done.stdout.count("\n") == 1
    assert said["offset"] == pytest.approx(0.25, abs=0.01)
    assert (said["ip"], said["stratum"], said["leap"], said["adjusted"]) == (
        "127.0.0.2", 2, "add-leap", False)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[0-9:.]{15}\+0000", said["time"])


def test_silence_is_told_by_both_and_fails_one(net):
    fakes(net, ("127.0.0.2", {"act": "silent"}))
    done = net.run(SNTP, "-t", "1", "127.0.0.2")
    assert done.stdout.endswith("127.0.0.2 no UCST response after 1 seconds\n")
    assert done.returncode == 0
    assert 0.9 < done.took < 2
    done = net.run(NTPDIG, "-t", "1", "127.0.0.2")
    assert (done.returncode, done.stdout) == (1, "")
    assert "ntpdig[" in done.stderr
    assert done.stderr.endswith(": no eligible servers\n")


def test_a_server_that_does_not_know_the_time_is_not_used(net):
    fakes(net, ("127.0.0.2", {"leap": 3, "stratum": 0}))
    assert net.run(NTPDIG, "127.0.0.2").returncode == 1
    assert "Leap not in sync" in net.run(SNTP, "127.0.0.2").stdout


@pytest.mark.parametrize("options,offset,call", [
    (["-S"], 0.1, "step"), (["-s"], 3, "slew"), (["-s", "-S"], 0.1, "slew"),
    (["-s", "-S"], 0.6, "step"), (["-sSM", "50"], 0.1, "step")])
def test_the_clock_is_set_as_the_letters_say(net, clock, options, offset, call):
    fakes(net, ("127.0.0.2", {"offset": offset}))
    done = net.run(SNTP, *options, "127.0.0.2", env=clock.env)
    assert done.returncode == 0, done.stderr
    assert clock.calls()[0] == call


def test_nothing_is_set_without_them(net, clock):
    fakes(net, ("127.0.0.2", {"offset": 3}))
    assert net.run(SNTP, "127.0.0.2", env=clock.env).returncode == 0
    assert not clock.calls()


def test_who_may_not_set_the_clock_is_told(net):
    fakes(net, ("127.0.0.2", {"offset": 3}))
    done = net.run(SNTP, "-S", "127.0.0.2")
    assert done.returncode == 1
    assert "Operation not permitted" in done.stderr


@pytest.mark.parametrize("options", [
    ["-K", "/nonexistent", "-c", "x", "-g", "10", "-r", "-w", "-d"],
    ["--kod=/dev/null", "--gap=3", "--usereservedport"]])
def test_options_of_old_scripts_are_accepted(net, options):
    fakes(net, ("127.0.0.2", {}))
    done = net.run(SNTP, *options, "127.0.0.2")
    assert done.returncode == 0
    assert LINE.search(done.stdout)


@pytest.mark.parametrize("options", [["-t", "x"], ["-p", "9"], ["-M", "-1"],
                                     ["-Q"], []])
def test_wrong_use_is_said(net, options):
    done = net.run(SNTP, *options)
    assert done.returncode == 1
    assert "usage: sntp" in done.stderr


def test_remote_bytes_are_escaped(net):
    """SECURITY.md I9: a refid and a host name of somebody's choice."""
    fakes(net, ("127.0.0.2", {"stratum": 1, "refid": 0x1b5b324a}))
    done = net.run(SNTP, "-d", "127.0.0.2", "\x1b[2J.invalid")
    for text in (done.stdout, done.stderr):
        assert all(c == "\n" or " " <= c <= "~" for c in text)


def test_ntpsecs_own_says_the_same(net):
    """Its line, but for the moment and the figures after the fourth digit."""
    theirs = need_peer("ntpdig")
    fakes(net, ("127.0.0.2", {"offset": 0.25}))
    other = net.run(theirs, "127.0.0.2")
    line = LINE.fullmatch(other.stdout)
    if not line:
        pytest.skip(f"it does not run here: {other.stdout}{other.stderr}")
    ours = LINE.fullmatch(net.run(NTPDIG, "127.0.0.2").stdout)
    assert ours.group(5, 6, 7) == line.group(5, 6, 7)
    assert float(ours[2]) == pytest.approx(float(line[2]), abs=0.005)
