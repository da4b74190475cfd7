# SPDX-License-Identifier: BSD-2-Clause
"""Our programs and those of ntp.org, on a wire, with keys and without.

Host 1 is ours, host 2 is theirs. All share this machine's clock: an offset is
an error. TRUECHIMER_CLASSIC_NTPD and _NTPDATE name their programs.
"""
import re

import pytest

from lab import BUILD
from lab.lan import v4
from lab.namespace import wait_for
from lab.ntpd import Row
from lab.peers import need_classic

# Theirs leaves its own clock for any other unless that is preferred.
LOCAL = ("server 127.127.1.0 prefer\nfudge 127.127.1.0 stratum 5\n"
         "tos orphanwait 0\n")
FAST = "minpoll 3 maxpoll 3"
KEYS = "7 MD5 sesame\n8 SHA1 a_secret_of_two\n9 SHA1 " + "5f4dcc3b5aa7" * 3 + \
    "5f4d\n"
AUTH = [("", "none"), ("key 7", "ok"), ("key 8", "ok"), ("key 9", "ok")]
NAMES = ["unsigned", "MD5", "SHA1", "SHA1-hex"]
signed_or_not = pytest.mark.parametrize("key,auth", AUTH, ids=NAMES)


@pytest.fixture(name="keys")
def _keys(lan):
    path = lan.file("keys", KEYS)
    path.chmod(0o600)
    return f"keys {path}\ntrustedkey 7 8 9\n"


def theirs(lan, addr, kind, auth, reach=3, seconds=120):
    """What their ntpd says of its association with us, asked by our ntpq."""
    host = lan.host(2)

    def ask(command):
        return host.run(BUILD / "ntpq", "-n", "-c", command,
                        "127.0.0.1").stdout.splitlines()

    def good():
        rows = [Row(line) for line in ask("peers")[2:]]
        return any(r.remote == addr and r.kind == kind and
                   r.reach & reach == reach and abs(r.offset) < 5
                   for r in rows)

    assert wait_for(good, seconds), (ask("peers"), ask("as"))
    words = [line.split() for line in ask("as")[3:]]
    assert auth in [word[5] for word in words if word[4] == "yes"], words


def ours(daemon, addr, kind, reach=3, seconds=120):
    def good():
        row = daemon.peer(addr)
        if row and row.kind == kind and row.reach & reach == reach:
            return row
        return None

    row = wait_for(good, seconds)
    assert row, ([r.line for r in daemon.peers()], daemon.text())
    assert abs(row.offset) < 5, row.line


@signed_or_not
def test_their_ntpd_is_our_client(lan, keys, key, auth):
    lan.ntpd(1, LOCAL + keys).listening()
    lan.classic(2, keys + f"server {v4(1)} iburst {key} {FAST}\n")
    theirs(lan, v4(1), "u", auth)


@signed_or_not
def test_their_ntpd_is_our_server(lan, keys, key, auth):
    lan.classic(2, LOCAL + keys)
    client = lan.ntpd(1, keys + f"server {v4(2)} iburst {key} {FAST}\n")
    ours(client, v4(2), "u")
    out = client.host.run(BUILD / "ntpq", "-n", "-c", "as",
                          "127.0.0.1").stdout
    assert re.search(rf"yes +yes +{auth} ", out), out


def test_peers_without_a_key(lan, keys):
    """Ours asks as a client asks, and answers in mode 2."""
    lan.classic(2, LOCAL + keys + f"peer {v4(1)} {FAST}\n")
    a = lan.ntpd(1, LOCAL + keys + f"peer {v4(2)} {FAST}\n")
    ours(a, v4(2), "u", 7)
    theirs(lan, v4(1), "s", "none", 7)


@pytest.mark.parametrize("key,auth", AUTH[1:], ids=NAMES[1:])
def test_peers(lan, keys, key, auth):
    lan.classic(2, LOCAL + keys + f"peer {v4(1)} {key} {FAST}\n")
    a = lan.ntpd(1, LOCAL + keys + f"peer {v4(2)} {key} {FAST}\n")
    ours(a, v4(2), "s", 7)
    theirs(lan, v4(1), "s", auth, 7)


@pytest.mark.parametrize("key", ["key 7", "key 8"], ids=NAMES[1:3])
def test_our_broadcast(lan, keys, key):
    lan.classic(2, keys + "broadcastclient\n")
    lan.ntpd(1, LOCAL + keys + f"broadcast 10.98.0.255 {key} minpoll 3\n")
    theirs(lan, v4(1), "b", "ok", 1)


@pytest.mark.parametrize("key", ["key 7", "key 8"], ids=NAMES[1:3])
def test_their_broadcast(lan, keys, key):
    """D5."""
    lan.classic(2, LOCAL + keys + f"broadcast 10.98.0.255 {key} minpoll 3\n")
    a = lan.ntpd(1, keys + "broadcastclient\n")
    ours(a, v4(2), "b", 1)


@pytest.mark.parametrize("number", [7, 8, 9])
def test_their_ntpdate_asks_us(lan, keys, number):
    """C1: and with a key that we do not have it finds no server."""
    program = need_classic("ntpdate")
    daemon = lan.ntpd(1, LOCAL + keys).listening()
    assert daemon.synchronised(20)
    host, path = lan.host(2), lan.folder / "keys"
    done = host.run(program, "-q", "-a", number, "-k", path, v4(1))
    assert re.search(r"stratum 6, offset [+-]?0\.00", done.stdout), done
    assert done.returncode == 0
    wrong = lan.file("wrong", f"{number} SHA1 something_else_here\n")
    done = host.run(program, "-q", "-a", number, "-k", wrong, v4(1))
    assert done.returncode != 0, done


@pytest.mark.parametrize("number", [7, 8, 9])
def test_our_ntpdate_asks_them(lan, keys, number):
    """C1."""
    lan.classic(2, LOCAL + keys)
    host, path = lan.host(1), lan.folder / "keys"

    def ask(file):
        return host.run(BUILD / "ntpdate", "-q", "-a", number, "-k", file,
                        v4(2))

    assert wait_for(lambda: ask(path).returncode == 0, 60)
    assert re.search(r"stratum 6, offset [+-]?0\.00", ask(path).stdout)
    wrong = lan.file("wrong", f"{number} SHA1 something_else_here\n")
    wrong.chmod(0o600)
    assert ask(wrong).returncode != 0
