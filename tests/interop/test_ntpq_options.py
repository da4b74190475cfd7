# SPDX-License-Identifier: BSD-2-Clause
"""ntpq's options, its prompt, and many associations."""
import os
import pty
import select
import subprocess
import sys
import time

import pytest

from lab import BUILD

NTPQ = BUILD / "ntpq"
SYSTEM = "leap=0, stratum=2, refid=10.99.0.11, offset=-0.25, rootdelay=10.268"


def peer(addr, refid="10.0.0.1", offset="-3.367"):
    return (f"srcadr={addr}, srcport=123, dstadr=127.0.0.1, refid={refid}, "
            f"stratum=2, hmode=3, hpoll=6, ppoll=10, reach=0x3f, "
            f"delay=69.126, offset={offset}, jitter=0.444")


FORM = {"addr": "127.0.0.1", "status": 0x0615, "system": SYSTEM,
        "peers": [[7, 0x961a, peer("10.99.0.1")]]}


@pytest.fixture
def daemon(net):
    net.fake("fakectl.py", FORM)
    return net


@pytest.mark.parametrize("argv", [
    ["-pn"], ["-np"], ["-n", "--peers"], ["--pee", "--num"], ["-4pn"],
    ["--command=peers", "-n"], ["-ncpeers"], ["-n", "--command", "peers"]])
def test_options_may_be_long_short_and_together(daemon, argv):
    for words in (argv + ["127.0.0.1"], ["127.0.0.1"] + argv,
                  argv + ["--", "127.0.0.1"]):
        done = daemon.run(NTPQ, *words)
        assert done.stdout.splitlines()[2].startswith("*10.99.0.1 ")
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("argv,text", [
    (["-p", "-c", "rv", "-p"], "only one peers option allowed"),
    (["--peers", "-p"], "only one peers option allowed"),
    (["-i", "-p"], "-i excludes -c and -p"), (["--bogus"], "illegal option"),
    (["-D", "x"], "debug level"), (["-r", "x"], "hash or as ipv4"),
    (["-W", "3"], "width"), (["--port", "0"], "port"), (["-c"], "illegal"),
    (["-a", "x"], "Invalid key"), (["-a", "8", "-k", "/nowhere"], "/nowhere"),
    (["x" * 100000], "argument too long"),
    (["-l", "/nowhere/log", "-p"], "/nowhere/log")])
def test_wrong_options_are_told_and_exit_with_1(net, argv, text):
    """Also SECURITY.md I10: an argument of any length."""
    done = net.run(NTPQ, *argv)
    assert text in done.stderr
    assert done.returncode == 1


@pytest.mark.parametrize("option", ["-V", "--version", "-h", "--help", "-?",
                                    "-!", "--more-help"])
def test_version_and_help_need_no_daemon(net, option):
    done = net.run(NTPQ, option)
    assert done.stdout.startswith(("ntpq ", "Usage: ntpq"))
    assert (done.returncode, done.stderr) == (0, "")


def test_neither_files_nor_environment_add_options(daemon, tmp_path):
    """SECURITY.md I10, I12: nothing is read from there, nothing written."""
    (tmp_path / ".ntprc").write_text("peers\n")
    (tmp_path / ".editrc").write_text("bind -v\n")
    done = daemon.run(NTPQ, "127.0.0.1", input="rv 0 leap\n", cwd=tmp_path,
                      env={"HOME": str(tmp_path), "NTPQ_PEERS": "1",
                           "NTPQ": "--peers"})
    assert done.stdout == "leap=00\n"
    assert sorted(os.listdir(tmp_path)) == [".editrc", ".ntprc"]


def test_families_are_of_the_hosts_that_follow(daemon):
    done = daemon.run(NTPQ, "-c", "host", "-6", "127.0.0.1", "-4",
                      "127.0.0.1")
    assert done.stdout == "current host is 127.0.0.1\n"
    assert done.stderr != ""


def test_units_widths_and_hashes(daemon):
    line = daemon.run(NTPQ, "-nup", "127.0.0.1").stdout.splitlines()[2]
    assert line.endswith("   77  69.13ms -3.367ms 444.0us")
    done = daemon.run(NTPQ, "-u", "-c", "rv 0 offset,rootdelay", "127.0.0.1")
    assert done.stdout == "offset=-250.0us, rootdelay=10.27ms\n"
    done = daemon.run(NTPQ, "-W", "40", "-c", "rv 0", "127.0.0.1")
    assert max(map(len, done.stdout.splitlines()[1:])) <= 41
    done = daemon.run(NTPQ, "-r", "hash", "-np", "127.0.0.1")
    assert done.stdout.splitlines()[2].split()[1] == "0a000001"
    done = daemon.run(NTPQ, "--old-rv", "-c", "rv 0 leap", "127.0.0.1")
    assert done.stdout.startswith("associd=0 status=0615 leap_none,")


def test_pstats_shows_ports_and_clocks_have_names(net):
    """As classic: the port is the usual one; a clock is never an address."""
    net.fake("fakectl.py", {
        "addr": "127.0.0.1", "status": 0x0615,
        "system": SYSTEM.replace("10.99.0.11", "127.127.28.1"),
        "peers": [[7, 0x961a, peer("10.99.0.1")], [8, 0x961a, peer("fd99::7")],
                  [9, 0x961a, peer("127.127.1.0")]]})

    def told(*argv):
        return net.run(NTPQ, *argv, "127.0.0.1").stdout

    for number, remote in ((1, "10.99.0.1:123"), (2, "[fd99::7]:123"),
                           (3, "127.127.1.0:123")):
        assert (f"remote host:           {remote}\n"
                "local address:         127.0.0.1:123\n"
                ) in told("-n", "-c", f"pstats &{number}")
    assert "remote host:           LOCAL(0)\n" in told("-c", "pstats &3")
    assert "refid=SHM(1)," in told("-n", "-c", "rv")
    assert "refid=127.127.28.1," in told("-c", "raw", "-c", "rv")


@pytest.mark.parametrize("command,usage", [
    ("pstats", "pstats assocID"), ("saveconfig", "saveconfig filename"),
    ("config-from-file", "config-from-file <configuration filename>"),
    (":config", ":config <configuration command line>"),
    ("mrv 1", "mreadvar assocIDlow assocIDhigh [ name=value[,...] ]")])
def test_what_is_missing_is_told_with_the_use(daemon, command, usage):
    done = daemon.run(NTPQ, "-c", command, "127.0.0.1")
    assert f"usage: {usage}\n" in done.stderr
    assert (done.stdout, done.returncode) == ("", 0)


def test_debugging_tells_of_packets(daemon, tmp_path):
    done = daemon.run(NTPQ, "-d", "-c", "rv 0 leap", "127.0.0.1")
    assert done.stdout == "leap=00\n"
    assert "sent 16 octets: opcode 2" in done.stderr
    assert "received 20 octets: response, opcode 2" in done.stderr
    done = daemon.run(NTPQ, "-D1", "-l", tmp_path / "log", "-c", "rv 0 leap",
                      "127.0.0.1")
    assert done.stderr == ""
    assert "sent 16 octets" in (tmp_path / "log").read_text()


def test_strangers_ask_again_with_padding(net):
    """SECURITY.md F4: no more octets come than were sent."""
    net.fake("fakectl.py", {**FORM, "least": 1400})
    done = net.run(NTPQ, "-d", "-np", "-c", "rv 0 leap", "127.0.0.1")
    assert "*10.99.0.1 " in done.stdout
    assert done.stdout.endswith("\nleap=00\n")
    sent = [line.split()[1] for line in done.stderr.splitlines()
            if line.startswith("sent")]
    assert sent == ["12", "1400", "1400", "1400"]


def test_a_refusal_that_is_meant_stays_one(net):
    net.fake("fakectl.py", {**FORM, "least": 9999})
    done = net.run(NTPQ, "-p", "127.0.0.1")
    assert done.stderr == "***Server disallowed request (authentication?)\n"


@pytest.mark.parametrize("word,sent", [(8, ["44", "44"]), (4, ["44", "40", "40"])])
def test_a_code_stands_where_the_daemon_looks_for_it(net, tmp_path, word, sent):
    """Classic behind a multiple of 8 octets, ntpsec from 1.2.3 on of 4."""
    (tmp_path / "keys").write_text("7 MD5 sesame\n")
    net.fake("fakectl.py", {**FORM, "word": word})
    done = net.run(NTPQ, "-d", "-k", tmp_path / "keys", "-a", "7", "-c", "ifstats",
                   "-c", "ifstats", "127.0.0.1")
    assert "disallowed" not in done.stderr
    assert [line.split()[1] for line in done.stderr.splitlines()
            if line.startswith("sent")] == sent


def test_two_thousand_associations_in_a_second(net):
    """Issue 4, point 8."""
    net.fake("fakectl.py", {**FORM, "copies": 1999, "peers": [
        [7, 0x9414, peer("10.%.1")]]})
    done = net.run(NTPQ, "-np", "127.0.0.1")
    assert done.stdout.count("\n") == 2002
    print(f"{done.took:.2f} s")
    assert done.took < 2  # of which the fake has more than half


def test_names_that_nobody_tells_are_waited_for_together(net, tmp_path):
    """A resolver that is silent, and a hundred addresses to ask it about."""
    peers = [[i + 1, 0x9414, peer(f"10.99.1.{i}")] for i in range(1, 101)]
    net.fake("fakectl.py", {**FORM, "peers": peers})
    mute = net.start(sys.executable, "-c", "import socket, time\n"
                     "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
                     "s.bind(('127.0.0.53', 53))\n"
                     "print('ready', flush=True)\ntime.sleep(60)",
                     stdout=subprocess.PIPE)
    assert mute.stdout.readline() == "ready\n"
    resolv = tmp_path / "resolv.conf"
    resolv.write_text("nameserver 127.0.0.53\noptions timeout:30\n")
    done = net.run("unshare", "-m", "sh", "-c",
                   f"mount --bind {resolv} /etc/resolv.conf && "
                   f"exec {NTPQ} -p -c as 127.0.0.1", timeout=60)
    rows = done.stdout.split("\n\n")[0].splitlines()[2:]
    assert [r[1:16].strip() for r in rows] == [f"10.99.1.{i}"
                                               for i in range(1, 101)]
    assert 9 < done.took < 13


class Terminal:
    """ntpq with somebody who types."""

    def __init__(self, net, *argv, **env):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            command = net.command([NTPQ, *argv])
            os.execvpe(command[0], command,
                       {**os.environ, "TERM": "vt100", **env})

    def type(self, keys, until):
        """What appears from now on until this text does."""
        os.write(self.fd, keys.encode())
        seen, end = "", time.monotonic() + 10
        while until not in seen:
            ready, _, _ = select.select([self.fd], [], [],
                                        end - time.monotonic())
            assert ready, seen
            seen += os.read(self.fd, 4096).decode()
        return seen

    def end(self):
        os.write(self.fd, b"quit\n")
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def test_the_prompt_edits_completes_and_remembers(daemon, tmp_path):
    """SECURITY.md I12: the history goes nowhere."""
    t = Terminal(daemon, "127.0.0.1", HOME=str(tmp_path))
    t.type("", "ntpq> ")
    assert "primary timeout 5000 ms" in t.type("timeo\t\n", "ms\r\nntpq> ")
    assert "primary timeout" in t.type("\x1b[A\n", "ms\r\nntpq> ")
    assert "sysinfo  sysstats" in t.type("sys\t\t", "sysstats")
    t.type("\x15rv 0 leap\n", "leap=00\r\nntpq> ")
    assert t.end() == 0
    assert not os.listdir(tmp_path)


def test_ctrl_c_goes_back_to_the_prompt(net):
    net.fake("fakectl.py", {**FORM, "act": "silent"})
    t = Terminal(net, "127.0.0.1")
    t.type("", "ntpq> ")
    t.type("half a line\x03", "ntpq> ")
    begun = time.monotonic()
    os.write(t.fd, b"rv\n")
    time.sleep(0.5)
    assert "***Command interrupted" in t.type("\x03", "ntpq> ")
    assert time.monotonic() - begun < 4
    assert "delay 20 ms" in t.type("delay\n", "ms\r\n")
    assert t.end() == 0


def test_help_lists_every_command_and_explains_each(net):
    done = net.run(NTPQ, input="help\n")
    names = done.stdout.split()[2:]
    assert len(names) == len(set(names))
    assert {"peers", "mrulist", ":config", "sysinfo", "writevar"} <= set(names)
    done = net.run(NTPQ, input="".join(f"help {n}\n" for n in names))
    assert done.stdout.count("function: ") == len(names)
    assert done.stdout.count("\nusage: ") == len(names)
    assert done.stderr == ""


# Every command of spec and of both classic tools, by its usual names.
@pytest.mark.parametrize("name", """
? :config addvars apeers associations as authenticate authinfo cl clearvars
clocklist clockvar config-from-file cooked cv debug delay drefid exit help host
hostnames ifstats iostats kerninfo keyid keytype las lassociations lopeers
lpas lpassociations lpeers monstats mreadlist mreadvar mrl mrulist mrv ntpversion
ntsinfo opeers pas passociations passwd peers poll pstats quit raw readlist
readvar reslist rl rmvars rv saveconfig showvars sysinfo sysstats timeout
timerstats units version writelist writevar""".split())
def test_the_command_is_there(net, name):
    done = net.run(NTPQ, input=f"help {name}\n")
    assert done.stdout.startswith("function: "), done.stderr
