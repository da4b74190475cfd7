# SPDX-License-Identifier: BSD-2-Clause
"""ntpd's sockets from the outside: who may ask where, and what comes back.
Numbers in brackets are those of the seed's checklist."""
import os
import pathlib
import re
import subprocess
import time

import pytest

from lab.host import BIND_LIKE_NTPDATE, reply_of
from lab.namespace import Namespace, wait_for


def test_every_address_has_its_socket(host):  # [6] [31]
    child = host.serve()
    shown = host.run("ss", "-lunpH").stdout
    for address in ("0.0.0.0", "127.0.0.1", "10.9.8.7", "[::]", "[::1]"):
        assert re.search(rf"\s{re.escape(address)}:123\s.*\"ntpd\",pid="
                         rf"{child.pid},", shown), shown
    text = host.text()
    assert "Listen and drop on 0 v6wildcard [::]:123" in text
    assert "Listen and drop on 1 v4wildcard 0.0.0.0:123" in text
    assert re.search(r"Listen normally on 2 lo 127\.0\.0\.1:123", text)


@pytest.mark.parametrize("config", ["", "interface ignore wildcard\n"
                                        "interface listen all\n"])
def test_ntpdate_finds_the_port_taken(host, config):  # [46]
    host.config.write_text(config)
    host.serve()
    done = host.run("python3", "-c", BIND_LIKE_NTPDATE)
    assert done.returncode == 1
    assert "Address already in use" in done.stderr


# A connected socket hears nothing from any other port.
CONNECTED = """
import socket, sys
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET,
                  socket.SOCK_DGRAM)
s.settimeout(3)
s.connect((sys.argv[1], int(sys.argv[2])))
s.send(bytes([0x23]) + bytes(39) + b"12345678")
sys.exit(len(s.recv(1024)) != 48)
"""


def answers(host, address, port):
    return host.run("python3", "-c", CONNECTED, address, port).returncode == 0


def test_a_second_port_is_served_from_itself(host):
    """Where 123 is filtered on the way: F14 holds for the port as well."""
    host.config.write_text("extra port 11123\n")
    host.serve()
    for address, port in (("127.0.0.1", 123), ("127.0.0.1", 11123),
                          ("10.9.8.7", 11123), ("::1", 11123)):
        assert wait_for(lambda: f"{address}:{port}" in host.text() or
                        f"[{address}]:{port}" in host.text()), host.text()
        assert answers(host, address, port), host.text()
    assert not answers(host, "127.0.0.1", 11124)


@pytest.mark.parametrize("options", [["-I", "lo"], ["-I", "127.0.0.1"],
                                     ["-I", "bogus0"]])
def test_only_the_named_interface_listens(host, options):
    host.serve(*options)
    assert "127.0.0.1:123" in host.text()
    assert "10.9.8.7:123" not in host.text()
    assert reply_of(host, "127.0.0.1")
    assert not reply_of(host, "10.9.8.7")  # the wildcard drops


@pytest.mark.parametrize("option, there, gone", [
    ("-4", "127.0.0.1:123", "::"), ("-6", "[::1]:123", "127.0.0.1")])
def test_one_family_alone(host, option, there, gone):
    host.serve(option)
    listens = [line for line in host.text().splitlines() if "Listen " in line]
    assert any(there in line for line in listens)
    assert not any(gone in line for line in listens)


def test_without_ipv6_it_serves_ipv4(host):
    host.run("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1")
    child = host.serve()
    assert reply_of(host, "127.0.0.1")
    assert host.stop(child) == 0


def test_answers_come_from_the_address_that_was_asked(host):  # F14
    host.ip("addr", "add", "10.9.8.70/24", "dev", "v0")
    host.serve()
    for address in ("10.9.8.7", "10.9.8.70", "127.0.0.1", "::1"):
        assert reply_of(host, address)[1] == address
    assert reply_of(host, "10.9.8.70", mine="10.9.8.7")[1] == "10.9.8.70"


def test_before_it_knows_the_time_it_says_so(host):  # [59]
    host.serve()
    data, _ = reply_of(host, "127.0.0.1")
    assert len(data) == 48
    assert data[0] == 0xe4  # LI 3, version 4, mode 4
    assert data[1] == 0     # stratum 16 is 0 on the wire
    assert data[12:16] == b"INIT"
    assert data[24:32] == bytes.fromhex("1122334455667788")


def test_it_serves_on_another_port_if_told(host):
    host.serve("--port", "11123")
    assert reply_of(host, "127.0.0.1", port=11123)
    assert not reply_of(host, "127.0.0.1")


def test_addresses_that_come_and_go_are_followed(host):
    host.serve()
    host.ip("addr", "add", "10.9.8.71/24", "dev", "v0")
    assert host.says("Listen normally on 5 v0 10.9.8.71:123", 5) or \
        re.search(r"Listen normally on \d+ v0 10\.9\.8\.71:123", host.text())
    assert reply_of(host, "10.9.8.71")
    host.ip("addr", "del", "10.9.8.71/24", "dev", "v0")
    assert wait_for(lambda: re.search(
        r"Deleting interface #\d+ v0, 10\.9\.8\.71#123, interface stats: "
        r"received=1, sent=1, dropped=0, active_time=\d+ secs", host.text()), 5)


def test_a_start_before_the_network_is_no_failure(host):
    host.ip("link", "set", "lo", "down")
    host.ip("link", "set", "v0", "down")
    host.serve()
    assert "127.0.0.1" not in host.text()
    host.ip("link", "set", "lo", "up")
    assert host.says("lo 127.0.0.1:123", 5)
    assert reply_of(host, "127.0.0.1")


@pytest.mark.parametrize("size", [0, 1, 47, 2049, 60000])
def test_wrong_lengths_have_no_effect(host, size):  # F10
    host.serve()
    done = host.run("python3", "-c", f"""
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect(("127.0.0.1", 123))
s.settimeout(0.5)
s.send((b"\\x23" + bytes({size}))[:{size}])
try:
    print(len(s.recv(1024)))
except TimeoutError:
    print("silence")
""")
    assert done.stdout == "silence\n", done.stderr
    assert reply_of(host, "127.0.0.1")


# Answers well, and lets the kernel cut the answer up.
FRAGMENTING_SERVER = """
import socket, struct, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IP, 10, 0)  # IP_MTU_DISCOVER: IP_PMTUDISC_DONT
s.bind(("10.9.8.1", 123))
print("ready", flush=True)
while True:
    request, peer = s.recvfrom(1024)
    now = int((time.time() + 2208988800) * 2**32).to_bytes(8, "big")
    s.sendto(struct.pack(">BBbbIII", 0x24, 2, 6, -20, 655, 655, 0x01020304)
             + now + request[40:48] + now + now, peer)
    print("asked", flush=True)
"""


def test_an_answer_in_pieces_is_no_answer(host):  # A11
    other = Namespace()
    try:
        host.ip("link", "set", "v1", "netns", other.name)
        other.ip("addr", "add", "10.9.8.1/24", "dev", "v1")
        other.ip("link", "set", "v1", "up")
        other.ip("route", "add", "10.9.8.7/32", "dev", "v1", "mtu", "lock",
                 "68")
        server = other.start("python3", "-c", FRAGMENTING_SERVER,
                             stdout=subprocess.PIPE)
        assert server.stdout.readline() == "ready\n"
        host.config.write_text("server 10.9.8.1 iburst\n")
        host.serve("--no-clock")
        for _ in range(2):
            assert server.stdout.readline() == "asked\n"
        time.sleep(0.5)
        assert "84 reachable" not in host.text()
        other.ip("route", "del", "10.9.8.7/32", "dev", "v1")
        assert host.says("10.9.8.1", 1) and host.says("84 reachable", 20)
    finally:
        other.close()


def test_single_process_is_one_process_on_plain_sockets(host):
    child = host.serve("--single-process")
    pid = child.pid
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text()
    kinds = {os.readlink(f"/proc/{pid}/fd/{fd}").split(":")[0]
             for fd in os.listdir(f"/proc/{pid}/fd")
             if int(fd) > 2}
    assert children == ""
    assert len(os.listdir(f"/proc/{pid}/task")) == 1
    assert "pipe" not in kinds and "anon_inode" not in kinds
    assert reply_of(host, "127.0.0.1")
    assert host.stop(child) == 0
