# SPDX-License-Identifier: BSD-2-Clause
"""What we put on the wire, read by others and by strict eyes.

tshark decodes a capture of a client, a server and a daemon that is asked about
itself; the rest counts ports and stamps, and shows that what does not answer a
request of ours has no effect (SECURITY.md A).
"""
import collections
import json
import shutil
import subprocess
import sys
import time

import pytest

from lab import BUILD
from lab.lan import SERVES_ALL, v4, v6
from lab.namespace import requests, wait_for
from lab.peers import find_peer

DAY_S = 86400
EPOCH_S = 2208988800


def decoded(path):
    """Packets of a capture as tshark sees them, each a dict of layers."""
    if not shutil.which("tshark"):
        pytest.skip("tshark is not here")
    text = subprocess.run(
        ["tshark", "-r", path, "-T", "json", "-Y",
         "udp.port == 123 && !icmp && !icmpv6", "--no-duplicate-keys"],
        capture_output=True, text=True, check=True, timeout=60).stdout
    return [p["_source"]["layers"] for p in json.loads(text)]


def complaints(node, path=""):
    """Every expert item and malformed mark below a node."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key.startswith(("_ws.expert", "_ws.malformed")):
                yield f"{path}: {key}: {value}"
            else:
                yield from complaints(value, f"{path}/{key}")
    elif isinstance(node, list):
        for value in node:
            yield from complaints(value, path)


def source_of(layers):
    return layers.get("ip", layers.get("ipv6", {})).get(
        "ip.src", layers.get("ipv6", {}).get("ipv6.src"))


def test_tshark_understands_all_that_we_say(lan):
    """Requests, answers of versions 1 to 4, kisses, and mode 6 in parts."""
    lan.chronyd(1, "local stratum 1")
    capture = lan.sniff(2)
    ours = lan.ntpd(2, f"server {v4(1)} iburst\nserver {v6(1)} iburst\n" +
                    SERVES_ALL)
    assert ours.synchronised(), ours.text()
    asker = lan.host(3)
    for to in (v4(2), v6(2)):
        assert asker.run(BUILD / "ntpdate", "-q", to).returncode == 0
    for version in "1234":
        assert asker.run(BUILD / "ntpdate", "-q", "-o", version,
                         v4(2)).returncode == 0
    for program in filter(None, (BUILD / "ntpq",
                                 find_peer("ntpq", "ntpsec"))):
        done = asker.run(program, "-p", "-c", "as", "-c", "rv", "-c", "rv &1",
                         "-c", "rv 0 nonsense", v4(2))
        assert "stratum=2" in done.stdout
    packets = decoded(capture.end())
    seen = collections.Counter(
        (p["ntp"]["ntp.flags_tree"]["ntp.flags.mode"],
         p["ntp"]["ntp.flags_tree"]["ntp.flags.vn"])
        for p in packets if source_of(p) in (v4(2), v6(2)))
    assert seen["3", "4"] >= 4
    assert all(seen["4", v] for v in "1234"), seen
    assert sum(n for (mode, _), n in seen.items() if mode == "6") > 4
    told = [c for p in packets if source_of(p) in (v4(2), v6(2))
            for c in complaints(p)]
    assert told == []


def test_every_request_has_a_port_and_a_stamp_of_its_own(lan):
    """SECURITY.md A1, A7, A8, A16: nothing repeats, nothing tells the time."""
    fakes = lan.host(1)
    addrs = [f"10.98.1.{i}" for i in range(1, 41)]
    for addr in addrs:
        fakes.ip("addr", "add", f"{addr}/32", "dev", "eth0")
    lan.host(2).ip("route", "add", "10.98.1.0/24", "dev", "eth0")
    fake = fakes.fake("fakentp.py", [{"addr": a} for a in addrs])
    ours = lan.ntpd(2, "".join(f"server {a} iburst\n" for a in addrs) +
                    SERVES_ALL)
    assert ours.synchronised(15), ours.text()

    def settled():
        rows = ours.peers()
        return len(rows) == 40 and all(row.reach & 1 for row in rows)

    assert wait_for(settled), ours.text()
    time.sleep(6)  # three requests of each burst

    def quiet():  # an answered request leaves no socket behind
        shown = ours.host.run("ss", "-unpH", "state", "established").stdout
        return "ntpd" not in shown

    assert wait_for(quiet, 15)
    asked = requests(fake)
    assert len(asked) >= 100
    ports = {r["port"] for r in asked}
    stamps = {r["bytes"][80:96] for r in asked}
    assert 123 not in ports and min(ports) > 1023
    assert len(ports) >= 0.96 * len(asked)
    assert len(stamps) == len(asked)
    now = time.time() + EPOCH_S
    near = sum(abs(int(s[:8], 16) - now) < DAY_S for s in stamps)
    assert near <= 2  # by chance: 100 * 2 days of 136 years
    # Nothing else differs but the poll interval.
    assert {r["bytes"][:4] + r["bytes"][6:80] for r in asked} == {
        "230020" + "00" * 36}
    assert {len(r["bytes"]) for r in asked} == {96}


def test_forged_answers_before_the_real_one_have_no_effect(lan):
    """SECURITY.md A1, A2, A4, A14: one sample per request, and the real one."""
    spy = lan.fake(1, act="attacked")
    ours = lan.ntpd(2, f"server {v4(1)} iburst\n" + SERVES_ALL)
    assert ours.synchronised(), ours.text()
    row = ours.peer(v4(1))
    assert abs(row.offset) < 50
    said = ours.rv("sent,bogusorg", "&1")
    assert int(said["bogusorg"]) > 0
    assert int(said["sent"]) == len(requests(spy))
    filled = ours.host.run(BUILD / "ntpq", "-c", "rv &1 filtdisp",
                           "127.0.0.1").stdout.split("=")[1].split()
    samples = [float(word) for word in filled if word != "16000.0"]
    assert 0 < len(samples) <= int(said["sent"])


SWEEP = """
# Off-path: answers in the server's name to every port, with a lie in them.
import os, socket, struct, sys, time
server, victim, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
address = socket.inet_aton
now = time.time() + 2208988800 + 3600
stamp = struct.pack(">Q", int(now * 2**32) & (2**64 - 1))
end, sent = time.monotonic() + seconds, 0
while time.monotonic() < end:
    for origin in (bytes(8), os.urandom(8)):
        ntp = (struct.pack(">BBbbIII", 0x24, 1, 6, -20, 0, 0, 0x47505300) +
               stamp + origin + stamp + stamp)
        for port in range(32768, 61000):
            raw.sendto(struct.pack(
                ">BBHHHBBH4s4sHHHH", 0x45, 0, 76, 0, 0, 64, 17, 0,
                address(server), address(victim), 123, port, 56, 0) + ntp,
                (victim, 0))
            sent += 1
print(sent)
"""


def test_answers_in_the_servers_name_from_off_path_have_no_effect(lan):
    """SECURITY.md A1, A2, A7: all ports, an hour of a lie, while it listens."""
    lan.fake(1, delay=0.4)
    attacker = lan.host(3)
    ours = lan.ntpd(2, f"server {v4(1)} iburst\n" + SERVES_ALL)
    attack = attacker.start(sys.executable, "-c", SWEEP, v4(1), v4(2), "6",
                            stdout=subprocess.PIPE)
    assert ours.synchronised(20), ours.text()
    sent = int(attack.communicate(timeout=30)[0])
    assert sent > 50000
    row = ours.peer(v4(1))
    assert row.tally == "*"
    assert abs(row.offset) < 300  # the way there takes 0.4 s less than back
    assert ours.rv("stratum")["stratum"] == "3"
