# SPDX-License-Identifier: BSD-2-Clause
"""The configuration changes while ntpd runs: SIGHUP, ntpq -c reload, lines
that come with a request. docs/reload.md is what is promised.

Hosts: 1 ours; 2, 3 and 4 servers that follow their own clocks; 5 asks."""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

import pytest

from lab import BUILD, HERE
from lab.host import Host, NTPD, ask, needs_root
from lab.lan import SERVES_ALL, Lan, v4
from lab.namespace import wait_for

LOCAL = "server 127.127.1.0\nfudge 127.127.1.0 stratum 5\n" + SERVES_ALL
KEPT = "".join(f"server {v4(n)} iburst minpoll 3 maxpoll 3\n" for n in (2, 3))
TOO_MANY = 32769  # ENGINE_MOST and one
PATIENT = "timeout 60000"  # so many lines take long under a sanitizer
REFUSED = "config: refused as a whole: all stays as it was"


@pytest.fixture(name="town")
def _town(privileged, tmp_path):
    with Lan(tmp_path) as lan:
        for number in (2, 3, 4):
            lan.ntpd(number, LOCAL)
        yield lan


@pytest.fixture(name="host")
def _host(tmp_path):
    host = Host(tmp_path)
    yield host
    host.close()


def conf_of(lan, ours):
    return lan.folder / f"{ours.name}.conf"


def ntpq(lan, ours, *commands):
    """ntpq's exit code and what it printed, by the control socket."""
    words = [w for c in commands for w in ("-c", c)]
    done = ours.host.run(BUILD / "ntpq", *words,
                         lan.folder / f"{ours.name}.ctl")
    return done.returncode, done.stdout, done.stderr


def assocs(ours):
    """Association by address, as `ntpq -c apeers` numbers them."""
    done = ours.host.run(BUILD / "ntpq", "-n", "-c", "apeers", "127.0.0.1")
    rows = [line[1:].split() for line in done.stdout.splitlines()[2:]]
    return {row[0]: row[2] for row in rows}


def test_a_hundred_reloads_under_load_lose_nothing(town):
    """Bad input of the issue: reload in a loop under load, no lost answer."""
    record = town.folder / "record"
    ours = town.ntpd(1, KEPT + SERVES_ALL, "--record", record)
    assert ours.synchronised(40) is not None, ours.text()
    assert wait_for(lambda: ours.peer(v4(2)).reach >= 0o7
                    and ours.peer(v4(3)).reach >= 0o7, 60)
    before = assocs(ours)
    client = town.host(5).start(sys.executable, HERE / "load.py", v4(1),
                                "300", "11", stdout=subprocess.PIPE)
    assert client.stdout.readline() == "ready\n"
    begun = time.monotonic()
    for i in range(100):
        extra = (f"server {v4(4)} iburst\nrestrict 10.1.{i}.0 mask "
                 f"255.255.255.0 nomodify\ntos minclock {2 + i % 5}\n"
                 if i % 2 == 0 else f"setvar turn = {i}\n")
        # In one piece: the reload before may not be over yet.
        town.file("next.conf", KEPT + SERVES_ALL + extra).rename(
            conf_of(town, ours))
        os.kill(ours.process.pid, signal.SIGHUP)
        time.sleep(max(0, begun + 0.1 * (i + 1) - time.monotonic()))
    out = json.loads(client.stdout.read())
    print(out)
    assert out["answered"] == out["sent"] > 3000
    assert out["without_time"] == 0
    assert ours.text().count("log opened again on signal 1") >= 95
    assert REFUSED not in ours.text()
    assert {a: n for a, n in assocs(ours).items() if a in before} == before
    for number in (2, 3):
        assert ours.peer(v4(number)).reach >= 0o7
    assert ours.rv("turn") == {"turn": "99"}
    assert ours.rv("leap")["leap"] == "00"
    assert ours.stop() == 0
    done = subprocess.run([BUILD / "ntpsim", "--replay", record], text=True,
                          capture_output=True, timeout=120, check=False)
    assert done.returncode == 0 and "all the same\n" in done.stdout, \
        done.stdout + done.stderr


def test_what_changed_is_told_and_a_broken_file_refused(town):
    """K10: a failure keeps the old configuration, whole."""
    ours = town.ntpd(1, KEPT + SERVES_ALL).listening()
    conf = conf_of(town, ours)
    conf.write_text(f"server {v4(2)} iburst minpoll 3 maxpoll 3\n"
                    f"server {v4(4)} iburst\n{SERVES_ALL}")
    code, out, err = ntpq(town, ours, "reload")
    assert (code, err) == (0, ""), (code, err)
    assert out == (f"Config Succeeded\n- server {v4(3)} iburst minpoll 3 "
                   f"maxpoll 3\n+ server {v4(4)} iburst\n")
    assert wait_for(lambda: ours.peer(v4(4)) is not None
                    and ours.peer(v4(3)) is None, 5)
    known = assocs(ours)

    broken = ("sevrer 10.98.0.3\n", "restrict defualt ignore\n",
              "tos minclock 3 minsane 9\n", "server 10.98.0.3 minpol 3\n",
              "includefile /nonexistent\n")
    for count, line in enumerate(broken, 1):
        conf.write_text(line + SERVES_ALL)
        code, out, err = ntpq(town, ours, "reload")
        assert code == 1 and out == "", (line, out)
        assert f"{conf}:1:" in err or ":1:" in err, err
        assert assocs(ours) == known
        assert ours.text().count(REFUSED) == count
    os.kill(ours.process.pid, signal.SIGHUP)
    assert wait_for(lambda: ours.text().count(REFUSED) == len(broken) + 1, 5)
    conf.unlink()
    code, out, err = ntpq(town, ours, "reload")
    assert code == 1 and f"Couldn't open <{conf}>: No such file" in err
    assert assocs(ours) == known
    assert ours.rv("stratum")  # it goes on


def test_what_was_wrong_at_the_start_refuses_nothing(town):
    """Files that start unchanged must be of use while ntpd runs, too."""
    wrong = "sevrer 10.98.0.9\nincludefile /nonexistent\n"
    ours = town.ntpd(1, wrong + KEPT + SERVES_ALL).listening()
    conf = conf_of(town, ours)
    more = f"server {v4(4)} iburst\n"
    conf.write_text(more + KEPT + SERVES_ALL + wrong)
    code, out, err = ntpq(town, ours, "reload")
    assert (code, err) == (0, ""), (code, err)
    assert f"+ {more}" in out
    assert re.search(r"^\S+conf:\d+:0: unknown word 'sevrer'", out, re.M), out
    assert "/nonexistent" in out
    assert wait_for(lambda: v4(4) in assocs(ours), 5)
    # A new one refuses, and is all that is told; no more of the old is right.
    known = assocs(ours)
    conf.write_text("resrict 10.0.0.0\n" + KEPT + SERVES_ALL + wrong)
    code, out, err = ntpq(town, ours, "reload")
    assert code == 1 and "'resrict'" in err and "sevrer" not in err, err
    assert assocs(ours) == known
    # Mended once, it would be new again.
    conf.write_text(more + KEPT + SERVES_ALL)
    assert ntpq(town, ours, "reload")[0] == 0
    conf.write_text(more + KEPT + SERVES_ALL + wrong)
    code, _, err = ntpq(town, ours, "reload")
    assert code == 1 and "sevrer" in err and assocs(ours) == known
    # A request is another matter: its lines are of this moment.
    code, out, _ = ntpq(town, ours, ":config sevrer 10.98.0.9")
    assert "syntax error" in out


def test_lines_by_request(town):
    ours = town.ntpd(1, KEPT + SERVES_ALL + "setvar owner = me default\n")
    ours.listening()

    def config(line):
        code, out, err = ntpq(town, ours, f":config {line}")
        assert (code, err) == (0, "")
        return out.strip()

    assert config(f"server {v4(4)} iburst") == "Config Succeeded"
    assert wait_for(lambda: v4(4) in assocs(ours), 5)
    assert f"local uid 0 config: server {v4(4)} iburst\n" in ours.text()
    kept = {a: n for a, n in assocs(ours).items() if a != v4(4)}
    number = assocs(ours)[v4(4)]
    assert config(f"unpeer {number}") == "Config Succeeded"
    assert assocs(ours) == kept
    assert re.fullmatch(r"column \d+ syntax error, .*", config("tos nonsense"))
    # I2: no word of a request names a file
    for line in ("logfile /etc/passwd", "driftfile /x", "keys /etc/shadow",
                 "includefile /etc/passwd", "saveconfigdir /"):
        assert config(line).endswith("remote configuration ignored")
    # I3: each an error reply, and nothing has changed
    for line in ("unpeer 0", "unpeer 65536", "server 10.98.0.9 key x",
                 "restrict 10.0.0.0 mask 10.1.0.0", "setvar a", "logconfig ==",
                 "fudge 127.127.1.3 stratum 2", f"tos orphan 5 {'x' * 300}"):
        assert "syntax error" in config(line), line
        assert assocs(ours) == kept
    code, out, _ = ntpq(town, ours, "writevar 0 owner=you", "rv 0 owner")
    assert code == 0 and "owner=you" in out
    code, _, err = ntpq(town, ours, "writevar 0 stratum=1")
    assert "unspecified error" in err
    # A reload goes back to the file.
    code, out, _ = ntpq(town, ours, "reload")
    assert code == 0 and "+ setvar owner = \"me\" default\n" in out


def test_nobody_else_may(town):
    """I1, I2, I4: over the network nothing is changed without a key."""
    ours = town.ntpd(1, KEPT + SERVES_ALL).listening()
    known = assocs(ours)
    for opcode, data in ((3, b"owner=x"), (8, b"reload"), (8, b"unpeer 10.98"),
                         (8, b"server 10.98.0.4"), (9, b"x.conf")):
        body = data + bytes(-len(data) % 4)
        reply = town.host(5).exchange(v4(1), bytes((0x16, opcode, 0, 1, 0, 0,
                                                    0, 0, 0, 0, 0, len(data)))
                                      + body)
        assert reply is not None and len(reply) == 12
        assert reply[1] == 0xc0 | opcode and reply[4] == 1, reply
    assert assocs(ours) == known


def test_who_has_the_control_key_may_until_nomodify(town):
    """I2, I4: with a valid MAC, yes; but no files, and none read again."""
    keys = town.file("keys", "5 MD5 swordfish\n")
    keys.chmod(0o600)
    ours = town.ntpd(1, f"{KEPT}{SERVES_ALL}restrict 127.0.0.1\nkeys {keys}\n"
                     "trustedkey 5\ncontrolkey 5\n").listening()

    def asked(command, password="swordfish"):
        done = ours.host.run(BUILD / "ntpq", "-c", "keyid 5", "-c",
                             f"passwd {password}", "-c", command, "127.0.0.1")
        return done.stdout.strip() + done.stderr.strip()

    line = f":config server {v4(4)}"
    assert "disallowed" in asked(line, "wrong") and v4(4) not in assocs(ours)
    assert asked(line) == "Config Succeeded" and v4(4) in assocs(ours)
    assert f"127.0.0.1 config: server {v4(4)}\n" in ours.text()
    assert "unknown word 'reload'" in asked(":config reload")
    assert "disallowed" in asked("saveconfig x")
    assert asked(":config controlkey 6") == \
        "column 0 controlkey remote configuration ignored"
    assert asked(":config restrict 127.0.0.1 nomodify") == "Config Succeeded"
    assert asked(f":config unpeer {v4(4)}") == \
        "runtime configuration prohibited by restrict ... nomodify"
    assert v4(4) in assocs(ours)
    assert ntpq(town, ours, "reload")[0] == 0  # back to the file
    assert asked(line) == "Config Succeeded"


def test_files_that_are_refused_leave_the_old_keys_too(town):
    """C8, K10: whatever it is that they are refused for."""
    keys = town.file("keys", "5 MD5 swordfish\n")
    keys.chmod(0o600)
    ours = town.ntpd(1, f"{KEPT}{SERVES_ALL}restrict 127.0.0.1\nkeys {keys}\n"
                     "trustedkey 5\ncontrolkey 5\n").listening()
    conf = conf_of(town, ours)
    good = conf.read_text()

    def succeeds(password):
        done = ours.host.run(BUILD / "ntpq", "-c", PATIENT, "-c", "keyid 5",
                             "-c", f"passwd {password}", "-c",
                             ":config tos minsane 1", "127.0.0.1", timeout=150)
        return "Config Succeeded" in done.stdout

    keys.write_text("5 MD5 trout\n")
    # More than ntpd can ask: known only when the keys have been read.
    conf.write_text(good + "".join(f"server 10.9.{i >> 8}.{i & 255}\n"
                                   for i in range(TOO_MANY)))
    assert ntpq(town, ours, "reload")[0] == 1
    assert not succeeds("trout")
    assert succeeds("swordfish") and succeeds("swordfish")  # by a new ring
    conf.write_text(good)
    code, out, err = ntpq(town, ours, "reload")
    assert (code, err) == (0, "") and "easily guessed\nnothing has" in out
    assert succeeds("trout") and not succeeds("swordfish")


def test_the_configuration_is_saved_for_root_of_this_host(town):
    folder = town.folder / "saved"
    folder.mkdir()
    ours = town.ntpd(1, KEPT + SERVES_ALL).listening()
    assert ntpq(town, ours, "saveconfig x.conf")[1].strip() == \
        "saveconfig prohibited, no saveconfigdir configured"
    conf_of(town, ours).write_text(KEPT + SERVES_ALL +
                                   f"saveconfigdir {folder}\n")
    code, out, err = ntpq(town, ours, "reload")
    assert (code, err) == (0, "") and "+ saveconfigdir" in out
    for name in ("../x", "/etc/x", ".x", "a/b", "a b", "a;b", "-x", "x" * 200,
                 "%n", "a%2fb"):
        said = ntpq(town, ours, f'saveconfig "{name}"')[1]
        assert "rejects unsafe file name" in said, (name, said)
    assert ntpq(town, ours, "saveconfig now-%Y.conf")[1].strip() == \
        f"Configuration saved to 'now-{time.gmtime().tm_year}.conf'"
    (saved,) = folder.iterdir()
    assert saved.stat().st_mode & 0o777 == 0o600
    assert f"server {v4(2)} iburst minpoll 3 maxpoll 3\n" in saved.read_text()
    # Nothing is overwritten, and no link followed.
    assert "File exists" in ntpq(town, ours, "saveconfig now-%Y.conf")[1]
    (folder / "link.conf").symlink_to(town.folder / "target")
    assert "File exists" in ntpq(town, ours, "saveconfig link.conf")[1]
    assert not (town.folder / "target").exists()


@needs_root
def test_logrotate_moves_log_and_statistics_away(host):
    stats = host.folder / "stats"
    stats.mkdir()
    base = (f"server 127.127.1.0 minpoll 3\nstatsdir {stats}/\n"
            "statistics protostats peerstats\n"
            "filegen protostats type none\nfilegen peerstats type none\n")
    host.config.write_text(base)
    child = host.serve("--no-clock")
    old = host.log.rename(host.folder / "log.1")
    assert wait_for(lambda: (stats / "protostats").exists(), 20)
    rotated = (stats / "protostats").rename(stats / "protostats.1")
    host.config.write_text(base + "logconfig =all\n")
    os.kill(child.pid, signal.SIGHUP)
    assert host.says("log opened again on signal 1 (Hangup)")
    assert "Hangup" not in old.read_text()
    assert rotated.read_text()
    # Another log file by the file itself is for who has no -l.
    assert host.stop(child) == 0
    assert "exiting on signal 15" in host.text()


@needs_root
def test_after_privileges_went_files_must_be_readable(host):
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        host.config = pathlib.Path(folder, "ntp.conf")
        host.config.write_text("restrict 127.0.0.1\n")
        may_not_be_read_then_may(host)


def may_not_be_read_then_may(host):
    host.config.chmod(0o600)
    child = host.serve("--no-clock", "-u", "nobody")
    os.kill(child.pid, signal.SIGHUP)
    assert host.says(f"config: getconfig: Couldn't open <{host.config}>: "
                     "Permission denied; uid 65534 must be able to read it")
    assert host.says(REFUSED)
    host.config.chmod(0o644)
    os.kill(child.pid, signal.SIGHUP)
    assert host.says("config: nothing has changed")
    assert host.stop(child) == 0


@needs_root
def test_another_log_file_holds_at_once(host):
    one, two = host.folder / "one", host.folder / "two"
    host.config.write_text(f"logfile {one}\nrestrict 127.0.0.1\n")
    child = host.start(NTPD, "-n", "--no-clock", "-c", host.config,
                       "--control", host.folder / "ctl/socket",
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert wait_for(lambda: one.exists()
                    and "proto: precision" in one.read_text())
    host.config.write_text(f"logfile {two}\nrestrict 127.0.0.1\n"
                           f"pidfile {host.folder}/x\n")
    os.kill(child.pid, signal.SIGHUP)
    assert wait_for(lambda: two.exists() and "config: pidfile: takes effect "
                    "at the next start" in two.read_text())
    assert host.stop(child) == 0
    assert "exiting on signal 15" in two.read_text()
    assert "exiting" not in one.read_text()
    assert not (host.folder / "x").exists()


def test_pieces_beside_the_file_are_read_in_the_order_of_their_names(tmp_path):
    main, pieces = tmp_path / "ntp.conf", tmp_path / "ntp.d"
    pieces.mkdir()
    main.write_text("server 192.0.2.1\ntos minclock 4\n")
    (pieces / "20-b.conf").write_text("server 192.0.2.3\ntos minclock 6\n")
    (pieces / "10-a.conf").write_text("server 192.0.2.2\ntos minclock 5\n")
    (pieces / "30-c.conf.dpkg-old").write_text("nonsense\n")
    (pieces / ".hidden.conf").write_text("nonsense\n")
    (pieces / "README").write_text("nonsense\n")
    done = ask("--check", "-c", main)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == ("tos minclock 6\nserver 192.0.2.1\n"
                           "server 192.0.2.2\nserver 192.0.2.3\n")
    (pieces / "40-d.conf").write_text("\nnonsense\n")
    done = ask("--check", "-c", main)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{pieces}/40-d.conf:2:0: unknown word")
    (pieces / "40-d.conf").unlink()
    (pieces / "40-d.conf").mkdir()
    done = ask("--check", "-c", main)
    assert done.stderr == f"{pieces}/40-d.conf:0:0: it cannot be read\n"


GROUP = "224.0.1.1"


def test_what_is_said_to_many_and_heard_of_many(town):
    """broadcast, broadcastclient, multicastclient, manycastserver and peer
    lines come and go, each without a restart."""
    ours = town.ntpd(1, SERVES_ALL).listening()
    base = f"{SERVES_ALL}disable auth\n"
    open_on = f"Listen normally on \\d+ group {re.escape(GROUP)}:123"

    def now(lines):
        conf_of(town, ours).write_text(base + lines)
        code, _, err = ntpq(town, ours, "reload")
        assert (code, err) == (0, "") and "next start" not in ours.text()

    def heard(addr, seconds=60):
        return wait_for(lambda: ours.peer(addr) is not None, seconds)

    now(f"multicastclient {GROUP}\n")
    assert wait_for(lambda: re.search(open_on, ours.text()), 10), ours.text()
    town.ntpd(6, LOCAL + f"broadcast {GROUP} minpoll 3\n")
    assert heard(v4(6)), ours.text()
    now("")
    assert wait_for(lambda: ours.peer(v4(6)) is None, 10)
    assert wait_for(lambda: f"group, {GROUP}#123" in ours.text(), 10)
    # The same group is for calls now, and no broadcast is heard any more.
    now(f"multicastclient {GROUP}\n")
    assert heard(v4(6))
    now(f"manycastserver {GROUP}\nbroadcastclient\n"
        "server 127.127.1.0\ntos orphanwait 0\n")
    caller = town.ntpd(7, f"manycastclient {GROUP} iburst minpoll 3\n")
    assert wait_for(lambda: caller.peer(v4(1)) is not None, 60), ours.text()
    # One of each that we send to.
    now(f"broadcast {GROUP} minpoll 3\npeer {v4(3)}\n"
        "server 127.127.1.0\ntos orphanwait 0\n")
    assert ours.peer(GROUP).kind == "M" and ours.peer(v4(3)) is not None
    now("")
    assert ours.peers() == []
