# SPDX-License-Identifier: BSD-2-Clause
"""ntpq --json: every command, held to docs/schema/ntpq.json."""
import json
import re

import pytest

from lab import BUILD, SOURCE
from lab.lan import SERVES_ALL
from lab.namespace import wait_for

jsonschema = pytest.importorskip("jsonschema")

NTPQ = BUILD / "ntpq"
SCHEMA = json.loads((SOURCE / "docs/schema/ntpq.json").read_text())
COMMANDS = re.findall(r'^COMMAND\("([^"]+)"', (
    SOURCE / "src/client/ntpq/ntpqcommands.def").read_text(), re.M)
SYSTEM = ("version=\"ntpd 9\", stratum=2, leap=0, rootdelay=10.268, "
          "rootdisp=11.924, refid=192.36.143.130, tc=6, peer=7")
WORDS = {"config-from-file": "/dev/null", "saveconfig": "x", ":config": "tos",
         "watch": "0.1 1", "waitsync": "1", "keyid": "1", "timeout": "1000"}


def lines(done):
    said = [json.loads(line) for line in done.stdout.splitlines()]
    for line in said:
        jsonschema.validate(line, SCHEMA)
    return said


def ask(host, *commands, of="127.0.0.1"):
    words = [w for c in commands for w in ("-c", c)]
    return lines(host.run(NTPQ, "--json", *words, of, timeout=60))


@pytest.fixture
def daemon(lan):
    ours = lan.ntpd(1, "server 127.127.1.0\ntos orphanwait 0\n" + SERVES_ALL)
    assert ours.synchronised(20)
    return lan.host(1)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_speaks_json(net, command):
    net.fake("fakectl.py", {"addr": "127.0.0.1", "status": 0x0615,
                            "system": SYSTEM,
                            "peers": [[7, 0x961a, "srcadr=10.0.0.1, reach=0xff,"
                                       " offset=1.5, stratum=1"]]})
    said = ask(net, f"{command} {WORDS.get(command, '')}")
    assert said and "ok" in said[-1]
    assert said[-1]["command"].split()[0] == command


def test_peers_are_objects_with_numbers(daemon):
    said, = ask(daemon, "peers")
    peer, = said["associations"]
    assert peer["selection"] == "sys.peer"
    assert peer["configured"] and peer["reachable"]
    assert peer["variables"]["srcadr"] == "127.127.1.0"
    assert peer["variables"]["stratum"] == 5
    assert isinstance(peer["variables"]["offset"], float)


def test_several_commands_are_several_lines(daemon):
    said = ask(daemon, "rv 0 stratum", "as", "sysstats")
    assert [s["command"] for s in said] == ["rv 0 stratum", "as", "sysstats"]
    assert said[0]["system"]["variables"] == {"stratum": 6}
    assert said[2]["system"]["variables"]["ss_received"] > 0


def test_clients_are_lines_of_their_own(daemon):
    *clients, end = ask(daemon, "mrulist")
    assert clients[0]["client"]["addr"] == "127.0.0.1"
    assert clients[0]["client"]["mode"] == 6
    assert end["ok"]


def test_errors_are_objects_too(daemon, net):
    said, = ask(daemon, "rv 99")
    assert said["error"] == {"kind": "refused", "reason": "association"}
    assert not said["ok"]
    said, = ask(net, "peers")
    assert said["error"]["kind"] == "system"
    assert "refused" in said["error"]["reason"]


@pytest.mark.parametrize("command,reason", [
    ("rv 70000", "Invalid association ID 70000 specified"),
    ("rv &9", "Association for `&9' unknown (max &1)"),
    ("pstats", "An association is needed"),
    ("timeout soon", "Invalid number of milliseconds `soon'"),
    ("ntpversion 9", "Invalid NTP version `9'"),
    ("mrulist colour=red", "`colour=red' is not understood"),
    ("mrv &1", "Two associations are needed"),
    ("watch soon", "Usage: watch"),
    ("config-from-file /nonexistent", "Could not open `/nonexistent'"),
    ("saveconfig", "The name of a file"),
    ("rmvars none", "Variable `none' not found"),
    ("host no.such.host.invalid", ""),
    ("help nosuch", "Command `nosuch' unknown"),
    ("nosuch", "Command `nosuch' unknown"),
    ("re", "Command `re' ambiguous"),
    ("\x1b[2Jnosuch", "Command `\\x1b[2Jnosuch' unknown"),
])
def test_what_is_not_carried_out_says_so(net, command, reason):
    net.fake("fakectl.py", {"addr": "127.0.0.1", "status": 0x0615,
                            "system": SYSTEM, "peers": [[7, 0x961a, "x=1"]]})
    said, = ask(net, command)
    assert said["ok"] is False
    assert said["error"]["kind"] == "command"
    assert reason in said["error"]["reason"]
    assert not said["error"]["reason"].startswith("*")


def test_a_complaint_is_its_own_commands_only(net):
    net.fake("fakectl.py", {"addr": "127.0.0.1", "status": 0x0615,
                            "system": SYSTEM, "peers": []})
    said = ask(net, "rv 70000", "rv 0 stratum", "waitsync 1 0.0001",
               "rv 0 stratum")
    assert [s["ok"] for s in said] == [False, True, False, True]
    assert "error" not in said[1]


def test_a_host_that_is_not_there_is_an_object_a_command(net):
    net.fake("fakectl.py", {"addr": "127.0.0.1", "status": 0x0615,
                            "system": SYSTEM, "peers": []})
    said = lines(net.run(NTPQ, "--json", "-c", "rv", "-c", "as", "127.0.0.1",
                         "no.such.host.invalid", "127.0.0.1", timeout=60))
    assert [s["host"] for s in said] == ["127.0.0.1"] * 2 + [
        "no.such.host.invalid"] * 2 + ["127.0.0.1"] * 2
    assert [s["command"] for s in said] == ["rv", "as"] * 3
    assert [s["ok"] for s in said] == [True] * 2 + [False] * 2 + [True] * 2
    assert said[2]["error"]["kind"] == "host" and said[2]["error"]["reason"]


@pytest.mark.parametrize("act,kind", [("silent", "silence"),
                                      ("overlap", "malformed"),
                                      ("hole", "incomplete")])
def test_hostile_answers_are_called_what_they_are(net, act, kind):
    """SECURITY.md I8."""
    net.fake("fakectl.py", {"addr": "127.0.0.1", "status": 0x0615, "act": act,
                            "system": SYSTEM + ", x=" + "y" * 900,
                            "peers": []})
    said = ask(net, "timeout 500", "rv")
    assert said[-1]["error"]["kind"] == kind


def test_remote_bytes_stay_in_their_strings(net):
    """SECURITY.md I9: escapes, quotes, C1 as UTF-8, a bidi override."""
    evil = "\x1b[2J\\\x9b\xc2\x9b\xe2\x80\xae"
    net.fake("fakectl.py", {"addr": "127.0.0.1", "status": 0x0615, "peers": [],
                            "system": f'version="{evil}", {evil}=1'})
    done = net.run(NTPQ, "--json", "-c", "rv", "127.0.0.1")
    assert all(c == "\n" or " " <= c <= "~" for c in done.stdout)
    said, = lines(done)
    assert said["system"]["variables"]["version"].startswith("\\x1b[2J")


def test_ntpsecs_daemon_is_understood(lan):
    lan.ntpsec(1, "server 127.127.1.0\ntos orphanwait 1\n"
                  "restrict default\nrestrict 127.0.0.1\n")
    assert wait_for(lambda: lan.host(1).run(
        NTPQ, "-c", "rv", "127.0.0.1").stdout, 20)
    for command in ("peers", "as", "rv", "sysinfo", "sysstats", "kerninfo",
                    "monstats", "mrulist"):
        said = ask(lan.host(1), command)
        assert said[-1]["command"] == command
        assert said[-1]["ok"], said[-1]
