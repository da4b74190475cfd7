# SPDX-License-Identifier: BSD-2-Clause
"""Symmetric keys, both ways, with chronyd and ntpsec.

Hosts: 1 chronyd and 2 ntpsec, both with all keys that they share with us; 3
ours, a server with all keys; 4 ours, that asks 1 and 2 once with each key,
with a wrong secret, and without a key; 5 chronyd and 6 ntpsec, that ask 3; 7
asks with ntpdate.
"""
import pytest

from lab import BUILD
from lab.lan import SERVES_ALL, Lan, v4
from lab.namespace import wait_for

# number: type, secret, types of chronyd and of ntpsec (None: not shared)
HEX = "00112233445566778899aabbccddeeff"
KEYS = {1: ("M", "md5-secret", "MD5", "MD5"),
        2: ("SHA1", HEX + "01234567", "SHA1", "SHA1"),
        3: ("SHA256", HEX * 2, "SHA256", "SHA256"),
        4: ("SHA384", HEX * 2, "SHA384", "SHA384"),
        5: ("SHA512", "short-sha512-key", "SHA512", "SHA512"),
        6: ("AES128CMAC", HEX, "AES128", "AES"),
        7: ("AES256CMAC", HEX * 2, "AES256", None)}
WRONG, UNKNOWN = 8, 9
SYNC_S = 40


def secret_of(secret):
    return f"ASCII:{secret}" if len(secret) <= 20 else f"HEX:{secret}"


def our_keys(lan, number, wrong="theirs-is-another"):
    lines = [f"{n} {k[0]} {k[1]}" for n, k in KEYS.items()]
    path = lan.file(f"keys-{number}", "\n".join(
        (*lines, f"{WRONG} SHA1 {wrong}", "")))
    path.chmod(0o600)
    return f"keys {path}\ntrustedkey (1 ... {WRONG})\n"


def chrony_keys(lan, number):
    return "keyfile " + str(lan.file(f"chrony-keys-{number}", "\n".join(
        (*(f"{n} {k[2]} {secret_of(k[1])}" for n, k in KEYS.items() if k[2]),
         f"{WRONG} SHA1 ASCII:the-right-secret", ""))))


def ntpsec_keys(lan, number):
    path = lan.file(f"ntpsec-keys-{number}", "\n".join(
        (*(f"{n} {k[3]} {k[1]}" for n, k in KEYS.items() if k[3]),
         f"{WRONG} SHA1 the-right-secret", "")))
    return f"keys {path}\ntrustedkey " + " ".join(
        str(n) for n, k in KEYS.items() if k[3]) + f" {WRONG}\n"


@pytest.fixture(scope="module", name="lan")
def _lan(privileged, tmp_path_factory):
    with Lan(tmp_path_factory.mktemp("keys")) as lan:
        lan.chronyd(1, "local stratum 1", chrony_keys(lan, 1))
        lan.ntpsec(2, "server 127.127.1.0\nfudge 127.127.1.0 stratum 4\n"
                   "tos orphan 4 orphanwait 1\nrestrict default\n"
                   + ntpsec_keys(lan, 2))
        lan.ours = lan.ntpd(3, f"server {v4(1)} iburst key 6\n" + SERVES_ALL
                            + our_keys(lan, 3))
        yield lan


def asks(lan, number, up, key):
    """Ours at `number`, asking `up` with this key."""
    return lan.ntpd(number, f"server {v4(up)} iburst minpoll 3 maxpoll 4 "
                    f"key {key}\n" + SERVES_ALL + our_keys(lan, number))


def auth_of(daemon):
    """The auth column of `ntpq -c as`, of the one association."""
    done = daemon.host.run(BUILD / "ntpq", "-c", "as", "127.0.0.1")
    rows = [line.split() for line in done.stdout.splitlines()]
    return rows[-1][5] if rows and len(rows[-1]) > 5 else done.stdout


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("up", (1, 2), ids=("chronyd", "ntpsec"))
def test_we_ask_with_each_key(lan, up, key):
    """C5, and every type: signed, answered, and shown to be so."""
    if KEYS[key][1 + up] is None:
        pytest.skip("not a type of that daemon")
    ours = asks(lan, 4, up, key)
    took = ours.synchronised(SYNC_S)
    assert took, ours.text()
    print(f"{KEYS[key][0]}: synchronised after {took:.1f} s")
    assert auth_of(ours) == "ok"
    assert ours.stop() == 0


@pytest.mark.parametrize("up", (1, 2), ids=("chronyd", "ntpsec"))
def test_a_wrong_secret_never_answers(lan, up):
    """C2, B8: whatever that daemon sends, or not, to what it cannot check."""
    ours = asks(lan, 4, up, WRONG)
    assert not ours.synchronised(12)
    assert ours.peer(v4(up)).reach == 0
    assert auth_of(ours) == "bad"
    assert ours.stop() == 0


def test_a_missing_key_is_said_once_and_nothing_is_asked(lan):
    ours = asks(lan, 4, 1, UNKNOWN)
    assert not ours.synchronised(8)
    assert auth_of(ours) == "bad"
    assert ours.peer(v4(1)).refid == ".NKEY."
    assert ours.text().count("is not in the keys file") == 1
    assert ours.stop() == 0


@pytest.mark.parametrize("key", KEYS)
def test_chronyd_asks_us(lan, key):
    assert lan.ours.synchronised(SYNC_S), lan.ours.text()
    child = lan.chronyd(5, f"server {v4(3)} iburst minpoll 0 maxpoll 0 "
                        f"key {key}", chrony_keys(lan, 5))
    log = lan.folder / "chronyd-5.log"
    seen = log.read_text().count("Selected source")
    assert wait_for(lambda: log.read_text().count("Selected source") > seen,
                    20), log.read_text()
    child.terminate()
    child.wait(10)


@pytest.mark.parametrize("key", [n for n, k in KEYS.items() if k[3]])
def test_ntpsec_asks_us(lan, key):
    assert lan.ours.synchronised(SYNC_S), lan.ours.text()
    child = lan.ntpsec(6, f"server {v4(3)} iburst minpoll 3 key {key}\n"
                       "disable ntp\nrestrict default\nrestrict 127.0.0.1\n"
                       + ntpsec_keys(lan, 6))

    def good():
        done = lan.host(6).run(BUILD / "ntpq", "-c", "as", "127.0.0.1")
        return " ".join(done.stdout.split()).count("yes yes ok") == 1

    try:
        assert wait_for(good, 20), lan.host(6).run(
            BUILD / "ntpq", "-c", "as", "127.0.0.1")
    finally:
        child.terminate()
        child.wait(10)


def test_chronyd_with_a_wrong_secret_believes_nothing(lan):
    """C11: and we count it."""
    assert lan.ours.synchronised(SYNC_S), lan.ours.text()
    before = int(lan.ours.rv("ss_badauth")["ss_badauth"])
    child = lan.chronyd(5, f"server {v4(3)} iburst minpoll 0 maxpoll 0 "
                        f"key {WRONG}", chrony_keys(lan, 5))
    log = lan.folder / "chronyd-5.log"
    seen = log.read_text().count("Selected source")
    assert not wait_for(
        lambda: log.read_text().count("Selected source") > seen, 6)
    assert int(lan.ours.rv("ss_badauth")["ss_badauth"]) > before
    child.terminate()
    child.wait(10)


def ntpdate(lan, up, key, *options):
    keys = lan.folder / "keys-7"
    our_keys(lan, 7)
    return lan.host(7).run(BUILD / "ntpdate", "-q", "-t", "1", "-p", "1",
                           *options, "-a", str(key), "-k", keys, v4(up))


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("up", (1, 2, 3), ids=("chronyd", "ntpsec", "ours"))
def test_ntpdate_asks_with_each_key(lan, up, key):
    if up < 3 and KEYS[key][1 + up] is None:
        pytest.skip("not a type of that daemon")
    assert lan.ours.synchronised(SYNC_S), lan.ours.text()
    done = ntpdate(lan, up, key)
    assert f"server {v4(up)}, stratum" in done.stdout, done.stderr
    assert done.returncode == 0 or up == 2  # an orphan may be too far off


@pytest.mark.parametrize("up", (1, 2, 3), ids=("chronyd", "ntpsec", "ours"))
def test_ntpdate_believes_nobody_with_another_secret(lan, up):
    keys = lan.file("keys-other", f"{WRONG} SHA1 neither-of-them\n")
    done = lan.host(7).run(BUILD / "ntpdate", "-q", "-t", "1", "-p", "1", "-a",
                           str(WRONG), "-k", keys, v4(up))
    assert done.returncode == 1
    assert "no server suitable for synchronization found" in done.stderr


def test_ntpdate_needs_its_key(lan):
    done = ntpdate(lan, 1, UNKNOWN)
    assert done.returncode == 1
    assert f"authentication key {UNKNOWN} unknown" in done.stderr
    done = lan.host(7).run(BUILD / "ntpdate", "-q", "-a", "1", "-k",
                           "/nonexistent", v4(1))
    assert done.returncode == 1
    assert "authreadkeys: file '/nonexistent': No such file" in done.stderr
    assert "no key file </nonexistent>, exiting" in done.stderr
