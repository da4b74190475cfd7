# SPDX-License-Identifier: BSD-2-Clause
"""The unix socket that answers control requests: whose it is, who may change
something by it, and what nobody can do to it (threats I1, I5, I7)."""
import contextlib
import os
import pathlib
import shutil
import socket
import struct
import tempfile
import threading
import time

import pytest

from lab import BUILD
from lab.host import reply_of
from lab.lan import v4
from lab.namespace import requests, wait_for

READVAR = struct.pack("!BBHHHHH", 0x16, 2, 4711, 0, 0, 0, 0)
CONNECTIONS = 16  # that the daemon keeps
STUCK = 50


def control_answer(path):
    """A readvar of the system's variables over the unix socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        s.settimeout(5)
        s.connect(str(path))
        s.send(READVAR)
        return s.recv(4096)


def test_the_control_socket_is_for_its_group(host):  # I1 I7
    host.serve()
    path = host.folder / "ctl/socket"
    assert path.stat().st_mode & 0o7777 == 0o660
    assert path.parent.stat().st_mode & 0o7777 == 0o750
    answer = control_answer(path)
    assert answer[0] & 7 == 6 and answer[1] == 0x82  # an answer, no error
    assert struct.unpack("!H", answer[2:4]) == (4711,)
    assert b"stratum=" in answer


@pytest.fixture(name="public")
def _public():
    """A folder that everybody can look through; pytest's own are private."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tc-ctl-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


def test_who_is_in_the_group_may_modify(host, public):  # I1
    """Its groups when it connected, by SO_PEERGROUPS; another user may not,
    even where somebody has let him through the door."""
    path = public / "ctl/socket"
    host.serve("--control", path)
    gid = path.stat().st_gid
    os.chmod(path.parent, 0o755)
    os.chmod(path, 0o666)
    program = public / "ntpq"
    shutil.copy(BUILD / "ntpq", program)
    program.chmod(0o755)

    def change(what, *groups):
        done = host.run("setpriv", "--reuid=65534", "--regid=65534", *groups,
                        program, "-c", f":config restrict {what} ignore", path)
        assert control_answer(path)
        listed = host.run(BUILD / "ntpq", "-n", "-c", "reslist", path).stdout
        return done.stdout + done.stderr, what in listed

    said, changed = change("192.0.2.1", "--clear-groups")
    assert "disallowed request" in said and not changed
    said, changed = change("192.0.2.2", f"--groups={gid + 1}")
    assert "disallowed request" in said and not changed
    said, changed = change("192.0.2.3", f"--groups={gid + 1},{gid}")
    assert "Config Succeeded" in said and changed


def sockets(pid):
    """How many sockets the daemon has open."""
    count = 0
    for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed since
            count += os.readlink(fd).startswith("socket:")
    return count


def never_read(path, stack):
    """A client that asks until nothing more goes in, and reads nothing."""
    s = stack.enter_context(
        socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
    s.setblocking(False)
    with contextlib.suppress(OSError):
        s.connect(path)
        for _ in range(5000):
            s.send(READVAR)
    return s


def ask_on(stop, path):
    """Many that never read, and others in their place, until it is enough."""
    while not stop.wait(0.1):
        with contextlib.ExitStack() as stack:
            for _ in range(STUCK):
                never_read(path, stack)


def test_connections_are_bounded(host):  # I5
    """The one that has been silent longest makes room, whoever it is."""
    child = host.serve()
    path = str(host.folder / "ctl/socket")
    before = sockets(child.pid)
    with contextlib.ExitStack() as stack:
        for _ in range(STUCK):
            stack.enter_context(socket.socket(
                socket.AF_UNIX, socket.SOCK_SEQPACKET)).connect(path)
        assert wait_for(lambda: sockets(child.pid) == before + CONNECTIONS,
                        5)
        assert b"stratum=" in control_answer(path)
    assert wait_for(lambda: sockets(child.pid) == before, 5)


def settled(pid):
    """As many as there are when no address comes up any more."""
    was, now = None, sockets(pid)
    while now != was:
        time.sleep(2)
        was, now = now, sockets(pid)
    return now


def test_clients_that_never_read_do_no_harm(lan):  # I5
    fake = lan.fake(1)
    daemon = lan.ntpd(2, f"restrict 127.0.0.1\nserver {v4(1)} iburst\n")
    path = str(lan.folder / f"{daemon.listening().name}.ctl")
    before = settled(daemon.process.pid)
    stop = threading.Event()
    worker = threading.Thread(target=ask_on, args=(stop, path))
    worker.start()
    took, most = [], 0
    try:
        for _ in range(25):
            begun = time.monotonic()
            assert reply_of(lan.host(2), "127.0.0.1")
            took.append(time.monotonic() - begun)
            most = max(most, sockets(daemon.process.pid))
            time.sleep(0.2)
    finally:
        stop.set()
        worker.join()
    assert max(took) < 2, took  # starting the asker takes most of it
    # And one to ask the server by; an address may have come up meanwhile.
    assert most <= before + CONNECTIONS + 1 + 4
    assert b"stratum=" in control_answer(path)
    at = [request["at"] for request in requests(fake)]
    gaps = [b - a for a, b in zip(at, at[1:])]
    # Bursts are two seconds apart to within a tenth, as with nobody there.
    assert len([gap for gap in gaps if abs(gap - 2) < 0.1]) >= 3, gaps
    assert all(gap > 1.9 for gap in gaps), gaps
    assert daemon.stop() == 0


def test_a_stale_control_socket_is_replaced_and_a_file_is_not(host):  # I7
    path = host.folder / "ctl/socket"
    child = host.serve()
    child.kill()
    child.wait()
    assert path.exists()
    host.log.unlink()
    child = host.serve()
    assert control_answer(path)
    host.stop(child)
    path.write_text("precious")
    host.log.unlink()
    child = host.serve()
    assert "no control socket at" in host.text()
    host.stop(child)
    assert path.read_text() == "precious"


def test_a_living_daemon_keeps_its_socket(host):  # I7
    path = host.folder / "ctl/socket"
    path.parent.mkdir(mode=0o750)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as other:
        other.bind(str(path))
        other.listen(4)
        host.stop(host.serve())
        assert "Address already in use" in host.text()
        inode = path.stat().st_ino
        assert inode and path.is_socket()


@pytest.mark.parametrize("target", ["file", "socket", "nothing"])
def test_a_symlink_is_not_followed(host, target):  # I7
    """In the place of the socket: what it names stays as it is."""
    path, victim = host.folder / "ctl/socket", host.folder / "victim"
    path.parent.mkdir(mode=0o750)
    path.symlink_to(victim)
    if target == "file":
        victim.write_text("precious")
    elif target == "socket":
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as stale:
            stale.bind(str(victim))
    before = victim.lstat() if target != "nothing" else None
    child = host.serve()
    assert "no control socket at" in host.text()
    assert reply_of(host, "127.0.0.1")  # and is no worse a daemon for it
    host.stop(child)
    assert path.is_symlink()
    if before is None:
        assert not victim.exists()
        return
    after = victim.lstat()
    assert (after.st_ino, after.st_mode, after.st_uid, after.st_gid,
            after.st_mtime_ns) == (before.st_ino, before.st_mode,
                                   before.st_uid, before.st_gid,
                                   before.st_mtime_ns)


@pytest.mark.parametrize("spoilt", ["symlink", "writable", "foreign"])
def test_a_folder_that_others_can_write_to_is_not_used(host, spoilt):  # I7
    folder, victim = host.folder / "ctl", host.folder / "victim"
    victim.mkdir(mode=0o750)
    if spoilt == "symlink":
        folder.symlink_to(victim)
    else:
        folder.mkdir()
        folder.chmod(0o770 if spoilt == "writable" else 0o750)
        os.chown(folder, 65534 if spoilt == "foreign" else 0, 0)
    child = host.serve()
    assert wait_for(lambda: "no control socket at" in host.text(), 5)
    host.stop(child)
    assert not list(victim.iterdir()) and not list(folder.iterdir())
