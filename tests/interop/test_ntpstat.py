# SPDX-License-Identifier: BSD-2-Clause
"""ntpstat: seed item 32; each case also by Debian's, where it is at hand."""
import itertools
import json

import pytest

from lab import BUILD
from lab.peers import find_peer

SYSTEM = ('version="ntpd 9", stratum=2, rootdelay=10.268, rootdisp=11.924, '
          'refid=192.36.143.130, tc=6, mintc=3')
REST = ("   time correct to within 17 ms\n"
        "   polling server every 64 s\n")


def ask(net, status, system, **more):
    """The answer of ours; it has to be that of theirs."""
    net.fake("fakectl.py", {"addr": "127.0.0.1", "status": status,
                            "system": system, "peers": [], **more})
    done = net.run(BUILD / "ntpstat")
    theirs = find_peer("ntpstat")
    if theirs:
        other = net.run(theirs)
        assert done.stdout == other.stdout
        assert done.returncode == other.returncode
    return done


def test_synchronised_prints_three_lines_and_exits_with_0(net):
    done = ask(net, 0x0615, SYSTEM)
    assert done.stdout == ("synchronised to NTP server (192.36.143.130) at "
                           "stratum 2 \n" + REST)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("source,name", [
    (0, "unspecified"), (1, "atomic clock"), (2, "VLF radio"),
    (3, "HF radio"), (4, "UHF radio"), (5, "local net"), (7, "UDP/TIME"),
    (8, "wristwatch"), (9, "modem"), (10, "unknown source")])
def test_every_kind_of_source_has_its_words(net, source, name):
    done = ask(net, source << 8 | 0x15, SYSTEM)
    assert done.stdout == f"synchronised to {name} at stratum 2 \n" + REST
    assert done.returncode == 0


@pytest.mark.parametrize("status,extra", [
    (0xc016, ""), (0xc011, "  time server re-starting\n"), (0xc615, "")])
def test_unsynchronised_exits_with_1(net, status, extra):
    done = ask(net, status, SYSTEM)
    assert done.stdout == ("unsynchronised\n" + extra +
                           "   polling server every 64 s\n")
    assert done.returncode == 1


def test_what_is_missing_is_called_unknown_and_exits_with_1(net):
    done = ask(net, 0x0615, "refid=1.2.3.4")
    assert done.stdout == ("synchronised to NTP server (1.2.3.4), stratum "
                           "unknown\naccuracy unknown\npoll interval unknown\n")
    assert done.returncode == 1


def test_an_answer_in_fragments_is_understood(net):
    net.fake("fakectl.py", {"addr": "127.0.0.1", "status": 0x0615,
                            "act": "shuffled", "peers": [],
                            "system": "x=" + "y" * 900 + ", " + SYSTEM})
    assert net.run(BUILD / "ntpstat").stdout.endswith(REST)


def test_no_daemon_exits_with_2(net):
    done = net.run(BUILD / "ntpstat")
    assert (done.returncode, done.stdout, done.stderr) == (
        2, "", "Unable to talk to NTP daemon. Is it running?\n")


def test_silence_exits_with_2_after_a_second(net):
    net.fake("fakectl.py", {"addr": "127.0.0.1", "act": "silent"})
    done = net.run(BUILD / "ntpstat")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "timeout\n")
    assert 0.9 < done.took < 2


def test_an_error_exits_with_2(net):
    done = ask(net, 0, "", error=3)
    assert done.returncode == 2
    assert done.stderr.startswith("status word is 0x")
    assert done.stderr.endswith("return data appears to be invalid based on "
                                "status word\n")


def test_remote_bytes_are_escaped(net):
    """SECURITY.md I9."""
    net.fake("fakectl.py", {"addr": "127.0.0.1", "status": 0x0615,
                            "peers": [], "system": SYSTEM.replace(
                                "192.36.143.130", "\x1b[2J\x9b\xe2\x80\xae")})
    out = net.run(BUILD / "ntpstat").stdout
    assert all(c == "\n" or " " <= c <= "~" for c in out)
    assert r"(\x1b[2J\x9b\xe2\x80\xae)" in out


def test_every_truncation_of_the_answer_is_survived(net):
    for cut in itertools.chain(range(0, len(SYSTEM), 9)):
        fake = net.fake("fakectl.py", {
            "addr": "127.0.0.1", "status": 0x0615, "peers": [],
            "system": SYSTEM[:cut]})
        assert net.run(BUILD / "ntpstat").returncode in (0, 1)
        fake.kill()
        fake.wait()


def test_a_limit_decides_the_exit_code(net):
    """The later ntpstat's -m, and its lines."""
    net.fake("fakectl.py", {"addr": "127.0.0.1", "status": 0x0615,
                            "system": SYSTEM, "peers": []})
    first = "synchronised to NTP server (192.36.143.130) at stratum 2\n"
    done = net.run(BUILD / "ntpstat", "-m", "10")
    assert done.stdout == first + (
        "   time correct to within 17 ms (exceeded maximum of 10 ms)\n"
        "   polling server every 64 s\n")
    assert done.returncode == 1
    done = net.run(BUILD / "ntpstat", "--maxerror=100")
    assert (done.stdout, done.returncode) == (first + REST, 0)


@pytest.mark.parametrize("options", [["-m"], ["-m", "x"], ["-m", "-1"], ["x"]])
def test_wrong_use_exits_with_2(net, options):
    done = net.run(BUILD / "ntpstat", *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert "ntpstat" in done.stderr


def test_json_has_it_all_in_seconds(net):
    net.fake("fakectl.py", {"addr": "127.0.0.1", "status": 0x0615,
                            "system": SYSTEM, "peers": []})
    done = net.run(BUILD / "ntpstat", "--json", "-m", "10")
    assert json.loads(done.stdout) == {
        "synchronised": True, "source": "NTP server",
        "server": "192.36.143.130", "stratum": 2,
        "max_error_s": pytest.approx(0.017058), "poll_s": 64,
        "limit_s": 0.01, "ok": False}
    assert done.returncode == 1


def test_json_of_silence_has_the_reason(net):
    done = net.run(BUILD / "ntpstat", "--json")
    said = json.loads(done.stdout)
    assert not said["ok"]
    assert "Is it running?" in said["error"]
    assert done.returncode == 2


def test_an_ipv6_server_is_named_by_its_address(net):
    """Its reference id is a hash, which nobody can read."""
    net.fake("fakectl.py", {
        "addr": "127.0.0.1", "status": 0x0615, "system": SYSTEM + ", peer=7",
        "peers": [[7, 0x961a, "srcadr=2001:db8::7"]]})
    assert "(2001:db8::7)" in net.run(BUILD / "ntpstat").stdout


def test_a_daemon_on_ipv6_only_is_found(net):
    net.fake("fakectl.py", {"addr": "::1", "status": 0x0615,
                            "system": SYSTEM, "peers": []})
    assert net.run(BUILD / "ntpstat").returncode == 0
