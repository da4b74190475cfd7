# SPDX-License-Identifier: BSD-2-Clause
"""Our ntpd as the server of other people's clients.

Host 1 is a chronyd of stratum 1, host 2 ours behind it, at two addresses of
each family; host 3 is where the clients run; host 5 is ours with nothing but
its LOCAL clock. No client here may set a clock; those that try are told so by
the kernel, and say what they measured first.
"""
import os
import pathlib
import re
import shutil
import struct
import sys

import pytest

from lab import BUILD, NPM, PEERS
from lab.lan import SERVES_ALL, Lan, v4, v6
from lab.namespace import wait_for
from lab.peers import need_peer

OURS = 2
OTHER = 22  # the second pair of addresses of host 2
CLIENT = 3
LONELY = 5
NEAR = 0.05  # s; nearly all of it is the client's own slowness


@pytest.fixture(scope="module", name="lan")
def _lan(privileged, tmp_path_factory):
    with Lan(tmp_path_factory.mktemp("server")) as lan:
        lan.address(lan.host(OURS), OTHER)
        lan.chronyd(1, "local stratum 1")
        lan.server = lan.ntpd(OURS, f"server {v4(1)} iburst\n" + SERVES_ALL)
        lan.lonely = lan.ntpd(LONELY, "server 127.127.1.0\nfudge 127.127.1.0 "
                              "stratum 10\n" + SERVES_ALL)
        assert lan.server.synchronised(), lan.server.text()
        yield lan


def offset_in(form, text):
    found = re.search(form, text)
    assert found, text
    return float(found[1])


# --- clients that ask once ---------------------------------------------------

def ntpdate(address):
    return [BUILD / "ntpdate", "-q", address]


def chronyd(address):
    return [need_peer("chronyd"), "-Q", "-t", "10", "-u", "root",
            f"server {address} iburst"]


def ntpdig(address):
    return [need_peer("ntpdig"), address]


def rdate(address):
    return [need_peer("rdate"), "-n", "-p", "-v", address]


def toybox(address):
    return [need_peer("toybox"), "sntp", address]


def busybox(address):
    program = shutil.which("busybox")
    applets = os.popen(f"{program} --list").read().split() if program else []
    if "ntpd" not in applets:
        pytest.skip("Debian's busybox has no ntpd in it")
    return ["timeout", "5", program, "ntpd", "-n", "-d", "-w", "-p", address]


def ntplib(address):
    found = sorted(PEERS.rglob("dist-packages/ntplib.py"))
    if not found:
        pytest.skip(f"no ntplib under {PEERS}")
    return ["env", f"PYTHONPATH={found[0].parent}", "/usr/bin/python3", "-c",
            "import ntplib, sys\n"
            "r = ntplib.NTPClient().request(sys.argv[1], version=3)\n"
            "assert (r.version, r.leap, r.mode, r.stratum) == (3, 0, 4, 2), r\n"
            "print('offset', r.offset)", address]


def net_ntp(address):
    found = sorted(PEERS.rglob("perl5/Net/NTP.pm"))
    if not found:
        pytest.skip(f"no Net::NTP under {PEERS}")
    return ["perl", f"-I{found[0].parents[1]}", "-MNet::NTP", "-e",
            "my %r = get_ntp_response($ARGV[0]);"
            "die unless $r{Stratum} == 2 and $r{Mode} == 4;"
            "print 'offset ', $r{Offset};", address]


def node(package, script):
    def argv(address):
        if not (shutil.which("node") and (NPM / package).is_dir()):
            pytest.skip(f"no {package} of npm under {NPM}")
        return ["node", "--no-deprecation", "-e",
                f"const ntp = require({str(NPM / package)!r});"
                "const to = process.argv[1];" + script, address]
    return argv


ONCE = [
    (ntpdate, r"adjust time server \S+ offset (\S+) sec"),
    (chronyd, r"System clock wrong by (\S+) seconds \(ignored\)"),
    (ntpdig, r"\([+-]\d{4}\) ([+-]\d+\.\d+) \+/- \d+\.\d+ "),
    (rdate, r"adjust local clock by (\S+) seconds"),
    (toybox, r" offset (\S+) secs"),
    (busybox, r"reply from .* offset:(\S+) "),
    (ntplib, r"offset (\S+)"),
    (net_ntp, r"offset (\S+)"),
    (node("ntp-client",
          "ntp.getNetworkTime(to, 123, (e, d) => { if (e) throw e;"
          "console.log('offset', (d - Date.now()) / 1000); });"),
     r"offset (\S+)"),
    (node("ntp-time",
          "new ntp.Client(to, 123, { timeout: 3000 }).syncTime().then(r => {"
          "console.log('offset', (r.time - Date.now()) / 1000); });"),
     r"offset (\S+)"),
    (node("@hapi/sntp",
          "ntp.time({ host: to, timeout: 3000 }).then(r => {"
          "if (!r.isValid || r.stratum !== 'secondary') throw r;"
          "console.log('offset', r.t / 1000); });"), r"offset (\S+)"),
]
NAMES = ["ntpdate", "chronyd", "ntpdig", "rdate", "toybox", "busybox",
         "ntplib", "net-ntp", "ntp-client", "ntp-time", "hapi-sntp"]


@pytest.mark.parametrize("argv,form", ONCE, ids=NAMES)
def test_a_client_that_asks_once_learns_the_time(lan, argv, form):
    done = lan.host(CLIENT).run(*argv(v4(OURS)))
    assert done.returncode == 0, done.stdout + done.stderr
    assert abs(offset_in(form, done.stdout + done.stderr)) < NEAR


@pytest.mark.parametrize("argv,form", ONCE[:3], ids=NAMES[:3])
def test_it_learns_it_over_ipv6_too(lan, argv, form):
    done = lan.host(CLIENT).run(*argv(v6(OURS)))
    assert done.returncode == 0, done.stdout + done.stderr
    assert abs(offset_in(form, done.stdout + done.stderr)) < NEAR


# --- daemons that stay -------------------------------------------------------

def test_chronyd_chooses_us(lan):
    """A daemon and not a query: it follows us, and would say so if not."""
    sock = lan.folder / "chronyd.sock"
    conf = lan.file("client.conf", f"server {v4(OURS)} iburst\ncmdport 0\n"
                    f"bindcmdaddress {sock}\nport 0\n"
                    f"pidfile {lan.folder}/client.pid\n")
    client = lan.log(CLIENT, "chronyd", need_peer("chronyd"), "-d", "-x",
                     "-u", "root", "-f", conf)

    def chosen():
        said = lan.host(CLIENT).run(need_peer("chronyc"), "-h", sock, "-n",
                                    "-c", "sources").stdout
        return f"^,*,{v4(OURS)},2," in said

    assert wait_for(chosen, 15), (lan.folder / "chronyd-3.log").read_text()
    client.kill()
    client.wait()


def test_ntpsec_chooses_us(lan):
    client = lan.ntpsec(4, f"server {v4(OURS)} iburst\n"
                        "restrict default\nrestrict 127.0.0.1\n")

    def chosen():
        said = lan.host(4).run(BUILD / "ntpq", "-pn", "127.0.0.1").stdout
        return f"\n*{v4(OURS)}" in said

    assert wait_for(chosen, 25), (lan.folder / "ntpsec-4.log").read_text()
    client.kill()
    client.wait()


def test_openntpd_hears_us(lan):
    """It runs as a user and in a folder that its package would have made."""
    program = need_peer("openntpd")
    conf = lan.file("openntpd.conf", f"server {v4(OURS)}\n")
    users = pathlib.Path("/etc/passwd").read_text()
    groups = pathlib.Path("/etc/group").read_text()
    prefix = lan.files({
        "/etc/passwd": users + "ntpd:x:64123:64123::/:/usr/sbin/nologin\n",
        "/etc/group": groups + "ntpd:x:64123:\n"},
        "mount -t tmpfs none /var/lib && "
        "mkdir -p /var/lib/openntpd/db /var/lib/openntpd/run")
    lan.log(6, "openntpd", *prefix, program, "-d", "-v", "-f", conf)
    log = lan.folder / "openntpd-6.log"
    form = rf"reply from {re.escape(v4(OURS))}: offset (\S+) delay "
    assert wait_for(lambda: re.search(form, log.read_text()), 10), \
        log.read_text()
    assert abs(offset_in(form, log.read_text())) < NEAR


def test_systemd_timesyncd_hears_us(lan):
    found = sorted(PEERS.rglob("systemd/systemd-timesyncd"))
    if not found or not any(
            library.name.encode() in found[0].read_bytes() for library in
            pathlib.Path("/usr/lib").glob("*/systemd/libsystemd-shared-*.so")):
        pytest.skip("no systemd-timesyncd, or not the systemd it is made for")
    etc = lan.folder / "systemd"  # there need not be a file to mount upon
    etc.mkdir()
    (etc / "timesyncd.conf").write_text(
        f"[Time]\nNTP={v4(OURS)}\nFallbackNTP={v4(9)}\n")
    prefix = lan.files({}, f"mount --bind {etc} /etc/systemd")
    lan.log(7, "timesyncd", *prefix, "env", "SYSTEMD_LOG_LEVEL=debug",
            "SYSTEMD_LOG_TARGET=console", "setpriv", "--reuid=65534",
            "--regid=65534", "--clear-groups", found[0])
    log = lan.folder / "timesyncd-7.log"
    told = f"Contacted time server {v4(OURS)}:123"
    assert wait_for(lambda: told in log.read_text(), 10), log.read_text()
    assert re.search(r"stratum +: 2\n", log.read_text())
    assert abs(offset_in(r"offset +: (\S+) sec", log.read_text())) < NEAR


# --- requests octet by octet -------------------------------------------------

ASK = """
import socket, struct, sys, time
to, first, rest = sys.argv[1], int(sys.argv[2]), bytes.fromhex(sys.argv[3])
s = socket.socket(socket.AF_INET6 if ":" in to else socket.AF_INET,
                  socket.SOCK_DGRAM)
s.settimeout(0.5)
s.sendto(bytes([first]) + rest, (to, 123))
try:
    data, peer = s.recvfrom(2048)
    print(data.hex(), peer[0], time.time())
except socket.timeout:
    pass
"""
REQUEST = bytes(39) + bytes.fromhex("0123456789abcdef")


def ask(lan, to, first, rest=REQUEST):
    """(answer, who answers, when) to one datagram; None for silence."""
    words = lan.host(CLIENT).run(sys.executable, "-c", ASK, to, first,
                                 rest.hex()).stdout.split()
    return words and (bytes.fromhex(words[0]), words[1], float(words[2]))


@pytest.mark.parametrize("version", [1, 2, 3, 4])
def test_every_version_is_answered_in_kind(lan, version):
    """48 octets in, 48 out; the classic SNTP client is of version 3."""
    data, _, now = ask(lan, v4(OURS), version << 3 | 3)
    assert len(data) == 48
    assert data[0] == version << 3 | 4
    assert data[1] == 2
    assert data[24:32] == REQUEST[39:]
    received, sent = struct.unpack(">QQ", data[32:])
    assert received <= sent < received + 2**32
    assert abs(sent / 2**32 - 2208988800 - now) < NEAR


def test_mode_1_is_answered_and_remembered_nowhere(lan):
    """SECURITY.md D1; Windows asks in this mode."""
    before = lan.server.peers()
    data, _, _ = ask(lan, v4(OURS), 4 << 3 | 1)
    assert (len(data), data[0]) == (48, 4 << 3 | 2)
    assert len(lan.server.peers()) == len(before) == 1


@pytest.mark.parametrize("first", [
    4 << 3 | 0, 4 << 3 | 2, 4 << 3 | 4, 4 << 3 | 5, 4 << 3 | 7,
    0 << 3 | 3, 5 << 3 | 3, 7 << 3 | 3, 0xd7])
def test_what_is_no_request_gets_no_answer(lan, first):
    """SECURITY.md F1, D5, D6: modes, and versions that are not served."""
    assert not ask(lan, v4(OURS), first)


@pytest.mark.parametrize("size", [0, 1, 12, 46])
def test_a_short_request_gets_no_answer(lan, size):
    assert not ask(lan, v4(OURS), 4 << 3 | 3, REQUEST[:size])


@pytest.mark.parametrize("size", [48 + 20, 48 + 24, 48 + 28, 548])
def test_no_answer_is_longer_than_its_request(lan, size):
    """SECURITY.md F3."""
    answer = ask(lan, v4(OURS), 4 << 3 | 3, REQUEST + bytes(size - 48))
    assert not answer or len(answer[0]) <= size


@pytest.mark.parametrize("address", [v4(OURS), v4(OTHER), v6(OURS),
                                     v6(OTHER)])
def test_the_answer_comes_from_the_address_that_was_asked(lan, address):
    """Seed item 31; SECURITY.md F14."""
    assert ask(lan, address, 4 << 3 | 3)[1] == address


# --- what is said of the source of time --------------------------------------

def test_the_local_clock_is_served_soon_and_honestly(lan):
    """Seed items 22, 23, 55, 59: LI 3 at first, then stratum 11."""
    took = lan.lonely.synchronised(30)
    assert took, lan.lonely.text()
    said = lan.host(CLIENT).run(BUILD / "ntpdate", "-q", v4(LONELY)).stdout
    assert f"server {v4(LONELY)}, stratum 11, offset" in said
    assert "*LOCAL(0)" in lan.lonely.host.run(BUILD / "ntpq", "-p",
                                              "127.0.0.1").stdout


def test_before_it_knows_the_time_it_says_so(lan):
    """Seed items 50, 59."""
    lan.ntpd(8, f"server {v4(99)}\n" + SERVES_ALL).listening()
    data, _, _ = ask(lan, v4(8), 4 << 3 | 3)
    assert (data[0], data[1]) == (3 << 6 | 4 << 3 | 4, 0)
    assert data[12:16] == b"INIT"
    done = lan.host(CLIENT).run(BUILD / "ntpdate", "-q", v4(8))
    assert done.returncode == 1
    assert "no server suitable for synchronization found" in done.stderr
