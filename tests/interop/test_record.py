# SPDX-License-Identifier: BSD-2-Clause
"""What a real ntpd recorded, once more through ntpsim: the same, bit by bit.

Hosts: 1 a server that follows its own clock; 2 its recorded client."""
import os
import signal
import stat
import subprocess

from lab import BUILD
from lab.lan import SERVES_ALL, v4, v6
from lab.namespace import wait_for

SECRETS = ["Swordfish", "a1b2c3d4e5f6a7b8c9d0", "Rosebud"]
LOCAL = "server 127.127.1.0\nfudge 127.127.1.0 stratum 5\n" + SERVES_ALL


def sim(*options):
    return subprocess.run([BUILD / "ntpsim", *map(str, options)], text=True,
                          capture_output=True, timeout=60, check=False)


def client(lan, record, conf=""):
    lan.ntpd(1, LOCAL)
    return lan.ntpd(
        2, f"server {v4(1)} iburst minpoll 3 maxpoll 3\nserver {v6(1)} iburst minpoll 3 maxpoll 3\n"
        f"server nobody.invalid iburst\n{conf}{SERVES_ALL}",
        "--record", record)


def test_a_recorded_daemon_replays_exactly(lan, tmp_path):
    record = tmp_path / "record"
    ours = client(lan, record)
    assert ours.synchronised(40), ours.text()
    assert ours.rv("stratum,version")["stratum"] == "7"
    assert wait_for(lambda: record.stat().st_size > 14000, 60)
    assert len(ours.peers()) == 3
    assert stat.S_IMODE(record.stat().st_mode) == 0o600
    assert ours.stop() == 0
    done = sim("--replay", record)
    print(done.stdout, record.stat().st_size, "bytes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "all the same\n" in done.stdout
    events = int(done.stdout.split(": ")[1].split()[0])
    assert events > 50  # questions, answers, names and ntpq's requests
    done = sim("--resteer", record)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line.rsplit(None, 2) for line in done.stdout.splitlines()[3:]
            if "(" not in line and "moved" not in line
            and "as it was recorded" not in line]
    assert len(rows) > 10
    for what, was, now in rows:  # one build, hence one column twice
        assert was == now, what


def test_after_a_sudden_end_the_next_run_is_appended(lan, tmp_path):
    record = tmp_path / "record"
    ours = client(lan, record)
    assert wait_for(lambda: "System Peer" in ours.text()
                    or ours.synchronised(1), 40), ours.text()
    ours.stop(signal.SIGKILL)
    first = record.stat().st_size
    again = lan.ntpd(2, f"server {v4(1)} iburst\n" + SERVES_ALL,
                     "--record", record)
    again.listening()
    assert wait_for(lambda: record.stat().st_size > first + 1000, 20)
    assert again.stop() == 0
    done = sim("--replay", record)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("run 1, ") and "\nrun 2, " in done.stdout


def test_no_secret_is_in_a_record(lan, tmp_path):
    keys, record = tmp_path / "keys", tmp_path / "record"
    keys.write_text(f"1 M {SECRETS[0]}\n2 SHA1 {SECRETS[1]}\n")
    os.chmod(keys, 0o600)
    ours = client(lan, record, f"keys {keys}\ntrustedkey 1 2\n"
                  f"crypto pw {SECRETS[2]}\n")
    assert ours.synchronised(40), ours.text()
    assert ours.stop() == 0
    data = record.read_bytes()
    assert str(keys).encode() in data  # where they are, not what they are
    for secret in SECRETS:
        assert secret.encode() not in data
        assert bytes.fromhex(secret) not in data \
            if secret.startswith("a1") else True


def test_a_record_that_cannot_be_kept_is_said_and_survived(host):
    """A9: least of all through a link, to where others may read it."""
    link = host.folder / "link"
    link.symlink_to(host.folder / "elsewhere")
    for path in (link, "/no/such/dir/record", host.config):
        before = host.config.read_text()
        child = host.serve("--record", path)
        assert f"record {path}: " in host.text()
        assert host.stop(child) == 0
        assert host.config.read_text() == before
        host.log.unlink()
    assert not (host.folder / "elsewhere").exists()


def test_what_is_no_record_is_told(tmp_path):
    nothing = tmp_path / "nothing"
    nothing.write_text("this is not one\n")
    done = sim("--replay", nothing)
    assert (done.returncode, done.stdout) == (2, "this is no record\n")
    assert sim("--replay", tmp_path / "none").returncode == 2
