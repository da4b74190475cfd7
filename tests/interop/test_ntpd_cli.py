# SPDX-License-Identifier: BSD-2-Clause
"""ntpd from the outside: options, messages, exit codes, files, sockets.

Every daemon here runs in a network namespace of its own and without the right
to set the clock. Numbers in brackets are those of the seed's checklist."""
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import time
import uuid

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("TRUECHIMER_BUILD", ROOT / "build"))
NTPD = str(BUILD / "ntpd")
NO_CLOCK = ["setpriv", "--bounding-set=-sys_time", "--inh-caps=-sys_time"]
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
          "--bounding-set=-all", "--inh-caps=-all"]
LINE = re.compile(r"^[ 0-9][0-9] [A-Z][a-z]{2} [0-9:]{8} ntpd\[[0-9]+\]: .+$")


def drop_time():
    """Who is not root has nothing to drop."""
    return NO_CLOCK if os.geteuid() == 0 else []


needs_root = pytest.mark.skipif(os.geteuid() != 0,
                                reason="needs root for a network namespace")


def ask(*options, prefix=None):
    """Runs ntpd to its end; never with the right to set the clock."""
    return subprocess.run([*(prefix or drop_time()), NTPD,
                           *map(str, options)], text=True,
                          capture_output=True, timeout=30, check=False,
                          stdin=subprocess.DEVNULL)


def wait_for(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    return condition()


class Host:
    """A network namespace with loopback and one address, and its daemons."""

    def __init__(self, folder):
        self.name = "tc-" + uuid.uuid4().hex[:8]
        self.folder = folder
        self.log = folder / "log"
        self.config = folder / "ntp.conf"
        self.pidfile = folder / "ntpd.pid"
        self.config.write_text("restrict 127.0.0.1\nrestrict ::1\n")
        self.children = []
        subprocess.run(["ip", "netns", "add", self.name], check=True)
        self.ip("link", "set", "lo", "up")
        self.ip("link", "add", "v0", "type", "veth", "peer", "name", "v1")
        self.ip("addr", "add", "10.9.8.7/24", "dev", "v0")
        self.ip("link", "set", "v0", "up")

    def prefix(self):
        return ["ip", "netns", "exec", self.name, *NO_CLOCK]

    def ip(self, *words):
        subprocess.run(["ip", "-n", self.name, *words], check=True)

    def run(self, *command):
        return subprocess.run([*self.prefix(), *map(str, command)], text=True,
                              capture_output=True, timeout=30, check=False)

    def options(self, *options):
        return ["-c", str(self.config), "-l", str(self.log), "--control",
                str(self.folder / "ctl/socket"), *map(str, options)]

    def ntpd(self, *options):
        """Runs a daemon that is expected to end, or to go to the background."""
        return self.run(NTPD, *self.options(*options))

    def start(self, *options):
        """Starts a daemon in the foreground and waits until it serves."""
        child = subprocess.Popen(
            [*self.prefix(), NTPD, "-n", *self.options(*options)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=open(self.folder / "stderr", "w", encoding="utf-8"))
        self.children.append(child)
        assert wait_for(lambda: "proto: precision" in self.text()
                        or child.poll() is not None), self.text()
        assert child.poll() is None, self.text()
        return child

    def text(self):
        return self.log.read_text() if self.log.exists() else ""

    def says(self, words, seconds=10.0):
        return wait_for(lambda: words in self.text(), seconds)

    def stop(self, child):
        child.send_signal(signal.SIGTERM)
        return child.wait(10)

    def background_pid(self):
        return int(self.pidfile.read_text())

    def end(self):
        for child in self.children:
            if child.poll() is None:
                child.kill()
                child.wait()
        if self.pidfile.exists():
            try:
                pid = self.background_pid()
                if pathlib.Path(f"/proc/{pid}/comm").read_text() == "ntpd\n":
                    os.kill(pid, signal.SIGKILL)
            except (OSError, ValueError):
                pass
        subprocess.run(["ip", "netns", "del", self.name], check=True)


@pytest.fixture(name="host")
def _host(tmp_path):
    host = Host(tmp_path)
    yield host
    host.end()


# --- options ---------------------------------------------------------------

def test_help_lists_every_option_and_ends_with_0():
    done = ask("--help")
    table = (ROOT / "src/programs/ntpd_options.def").read_text()
    names = re.findall(r'^OPTION\(\w+, [^,]+, "([a-z0-9-]+)"', table, re.M)
    assert done.returncode == 0 and done.stderr == ""
    assert len(names) > 30
    for name in names:
        assert f"--{name}" in done.stdout
    for other in ("-?", "-!"):
        assert ask(other).stdout == done.stdout


def test_version_is_one_line():
    for option in ("--version", "-V", "--vers"):
        done = ask(option)
        assert done.returncode == 0
        assert re.fullmatch(r"ntpd truechimer-\d+\.\d+\.\d+ \(1\)\n",
                            done.stdout)


@pytest.mark.parametrize("options, first, code", [
    (["-Q"], "ntpd: illegal option -- Q", 1),
    (["-v"], "ntpd: illegal option -- v", 1),
    (["-gnQ"], "ntpd: illegal option -- Q", 1),
    (["--nosuch"], "ntpd: illegal option -- nosuch", 1),
    (["--no"], "ntpd: illegal option -- no", 1),  # nofork? novirtualips? nice?
    (["-c"], "ntpd: option requires an argument -- configfile", 1),
    (["--panicgate=1"], "ntpd: option doesn't take an argument -- panicgate", 1),
    (["-q", "--saveconfigquit", "x"],
     "ntpd error:  the 'quit' and 'saveconfigquit' options conflict", 1),
    (["-4", "-6"], "ntpd error:  the 'ipv4' and 'ipv6' options conflict", 1),
    (["-D", "abc"], "ntpd error:  'abc' is not a recognizable number.", 1),
    (["--port=123x"], "ntpd error:  '123x' is not a recognizable number.", 1),
    (["--port=0"], "ntpd error:  0 is not a port", 1),
    (["-U", "-1"],
     "ntpd: the update interval must not be negative: -1", 2),
])
def test_mistakes_show_the_usage_and_fail(options, first, code):
    done = ask(*options)
    lines = done.stderr.splitlines()
    assert done.returncode == code
    assert done.stdout == ""
    assert lines[0] == first
    assert len(lines) == 5
    assert lines[-1] == "Try 'ntpd --help' for more information."


def test_a_million_letters_are_a_usage_error_and_no_crash():
    # I10; one argument cannot be longer than 128 KiB on Linux.
    assert ask("--" + "x" * 100000).returncode == 1
    assert ask("-" + "Q" * 100000).returncode == 1


# --- configuration ---------------------------------------------------------

def test_the_seeds_configuration_checks_without_a_word():  # [9-24]
    done = ask("--check", "-c", ROOT / "tests/seed/seed.ntp.conf")
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout == (ROOT / "tests/seed/seed.normal.conf").read_text()


def test_check_names_the_place_of_a_mistake(tmp_path):
    config = tmp_path / "bad.conf"
    config.write_text("driftfile /tmp/x\nserver a.example ibrst\nbogus 1\n")
    done = ask("--check", "-c", config)
    assert done.returncode == 1
    assert re.search(rf"^{re.escape(str(config))}:2:\d+: .*ibrst.*iburst",
                     done.stderr, re.M)
    assert re.search(rf"^{re.escape(str(config))}:3:\d+: .*bogus", done.stderr,
                     re.M)


def test_check_of_nothing_fails(tmp_path):
    done = ask("--check", "-c", tmp_path / "none")
    assert done.returncode == 1
    assert "No such file or directory" in done.stderr


def test_saveconfigquit_writes_the_normal_form(tmp_path):  # [11]
    saved = tmp_path / "saved"
    done = ask("--saveconfigquit", saved, "-c",
               ROOT / "tests/seed/seed.ntp.conf")
    assert done.returncode == 0
    assert done.stderr == f"configuration saved to {saved}\n"
    assert saved.read_text() == (
        ROOT / "tests/seed/seed.normal.conf").read_text()


def test_servers_on_the_command_line_get_iburst(tmp_path):
    config = tmp_path / "ntp.conf"
    config.write_text("")
    done = ask("--check", "-c", config, "ntp1.example", "2001:db8::1")
    assert done.returncode == 0
    assert done.stdout == ("server ntp1.example iburst\n"
                           "server 2001:db8::1 iburst\n")


@needs_root
def test_a_missing_configuration_is_said_and_survived(host):
    host.config.unlink()
    child = host.start()
    assert f"Couldn't open <{host.config}>: No such file" in host.text()
    assert host.stop(child) == 0


@needs_root
def test_a_broken_guarding_line_stops_the_start(host):
    host.config.write_text("restrict default noqery\n")
    done = host.ntpd("-n")
    assert done.returncode == 1
    assert f"{host.config}:1:" in done.stderr
    assert "EXITING" in host.text()


@needs_root
def test_interface_rules_and_interface_options_do_not_mix(host):
    host.config.write_text("interface ignore wildcard\n")
    for option in (["-I", "lo"], ["-L"]):
        done = host.ntpd("-n", *option)
        assert done.returncode == 1
        assert ("interface/nic rules are not allowed with --interface (-I) or "
                "--novirtualips (-L), exiting") in done.stderr


# --- start and end ---------------------------------------------------------

@needs_root
@pytest.mark.parametrize("number, name", [
    (signal.SIGTERM, "Terminated"), (signal.SIGINT, "Interrupt"),
    (signal.SIGQUIT, "Quit")])
def test_signals_end_it_with_0(host, number, name):
    child = host.start()
    child.send_signal(number)
    assert child.wait(10) == 0
    assert f"ntpd exiting on signal {int(number)} ({name})" in host.text()


@needs_root
def test_every_line_of_the_log_has_the_classic_form(host):
    child = host.start()
    host.stop(child)
    lines = host.text().splitlines()
    assert lines and all(LINE.match(line) for line in lines), lines
    assert re.search(r"proto: precision = \d+\.\d{3} usec \(-\d+\)",
                     host.text())
    assert ": Starting" in lines[0] and "Command line: " in lines[1]
    assert (host.folder / "stderr").read_text().splitlines()[:2] == lines[:2]


@needs_root
def test_hangup_opens_the_log_again(host):
    child = host.start()
    host.log.rename(host.folder / "log.1")
    child.send_signal(signal.SIGHUP)
    assert host.says("log opened again")
    assert host.stop(child) == 0
    assert "exiting on signal 15" in host.text()


@needs_root
def test_an_unwritable_log_is_no_reason_to_end(host):
    child = subprocess.Popen(
        [*host.prefix(), NTPD, "-n", "-c", str(host.config), "-l",
         "/no/such/dir/log"], text=True, stderr=subprocess.PIPE)
    host.children.append(child)
    seen = ""
    for line in child.stderr:
        seen += line
        if "proto: precision" in line:
            break
    assert "/no/such/dir/log: No such file or directory" in seen
    assert host.stop(child) == 0


@needs_root
def test_not_root_is_refused():
    done = ask("-n", "-c", "/dev/null", prefix=NOBODY)
    assert done.returncode == 1
    assert "must be run as root, not uid 65534" in done.stderr


@needs_root
@pytest.mark.parametrize("how", [["--no-clock"], ["--port", "11123"]])
def test_not_root_may_serve_on_a_free_port_or_only_measure(host, how):
    child = subprocess.Popen(
        ["ip", "netns", "exec", host.name, *NOBODY, NTPD, "-n", "-c",
         "/dev/null", *how], text=True, stderr=subprocess.PIPE)
    host.children.append(child)
    seen = ""
    for line in child.stderr:
        seen += line
        if "proto: precision" in line:
            break
    assert child.poll() is None, seen
    assert ("Listen normally" in seen) == ("--port" in how)
    assert host.stop(child) == 0


@needs_root
def test_without_the_right_to_set_the_clock_it_serves_all_the_same(host):
    child = host.start()
    assert host.says("ntp_adjtime: Operation not permitted")
    assert host.text().count("Operation not permitted") == 1
    assert reply_of(host, "127.0.0.1")
    assert host.stop(child) == 0


# --- background ------------------------------------------------------------

@needs_root
def test_the_parent_ends_with_0_once_the_child_serves(host):  # [29]
    begin = time.monotonic()
    done = host.ntpd("--no-clock", "-p", host.pidfile)
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - begin < 5
    assert done.stdout == "" and done.stderr == ""
    pid = host.background_pid()
    assert host.pidfile.read_text() == str(pid)  # no end of line
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    assert "Name:\tntpd\n" in status  # [31]: init scripts look for the name
    assert os.getsid(pid) == pid
    for fd in range(3):
        assert os.readlink(f"/proc/{pid}/fd/{fd}") == "/dev/null"
    assert reply_of(host, "127.0.0.1")
    os.kill(pid, signal.SIGTERM)
    assert wait_for(lambda: not pathlib.Path(f"/proc/{pid}").exists())
    assert host.pidfile.exists()  # a stale one is harmless


@needs_root
def test_an_unwritable_pid_file_is_said_and_survived(host):
    child = host.start("-p", "/nonexistent/pid")
    assert ("pid file /nonexistent/pid: No such file or directory"
            in host.text())
    assert host.stop(child) == 0


@needs_root
def test_a_second_instance_ends_with_1(host):  # [29], port in use
    host.start("-p", host.pidfile)
    first = host.pidfile.read_text()
    for options in (["-n"], []):
        done = host.ntpd("-p", host.pidfile, *options)
        assert done.returncode == 1
        assert ("unable to bind to wildcard address :: - another process may "
                "be running - EXITING") in done.stderr
    assert "daemon child exited with code 1" in done.stderr
    assert host.pidfile.read_text() == first


@needs_root
@pytest.mark.parametrize("user, words", [
    ("nosuch", "Cannot find user `nosuch'"),
    ("nobody:nosuch", "Cannot find group `nosuch'"),
    ("", "Cannot find user `'"),
    ("4294967295", "Cannot find user `4294967295'"),
])
def test_an_unknown_user_ends_it_with_255(host, user, words):
    for options in (["-n"], []):
        done = host.ntpd("-u", user, *options)
        assert done.returncode == 255
        assert words in done.stderr


@needs_root
def test_a_jail_that_is_not_there_ends_it_with_255(host):
    done = host.ntpd("-n", "-i", "/no/such/jail")
    assert done.returncode == 255
    assert "Cannot chdir() to `/no/such/jail': No such file" in done.stderr


@needs_root
def test_wait_sync_gives_up_and_leaves_the_child_running(host):
    begin = time.monotonic()
    done = host.ntpd("-w", "1", "-p", host.pidfile)
    assert done.returncode == 76
    assert "ntpd: -w/--wait-sync 1 timed out." in done.stderr
    assert 0.9 < time.monotonic() - begin < 5
    assert reply_of(host, "127.0.0.1")


@needs_root
def test_the_port_is_free_at_once_after_the_end(host):  # [47] [49]
    for _ in range(5):
        child = host.start()
        assert host.stop(child) == 0
        host.log.unlink()
        done = host.run("python3", "-c", BIND_LIKE_NTPDATE)
        assert done.returncode == 0, done.stderr


# --- privileges ------------------------------------------------------------

def status_of(pid):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def ntpd_below(pid):
    """The daemon itself: ip and setpriv replace themselves by it."""
    assert pathlib.Path(f"/proc/{pid}/comm").read_text() == "ntpd\n"
    return pid


@needs_root
@pytest.mark.parametrize("rescan, kept", [("300", 1 << 10), ("0", 0)])
def test_a_dropped_root_stays_dropped(host, rescan, kept):
    # K1 (CVE-2005-2496): the named group counts and not the user's.
    child = host.start("-u", "nobody:daemon", "-U", rescan)
    status = status_of(ntpd_below(child.pid))
    assert status["Uid"].split() == ["65534"] * 4
    assert status["Gid"].split() == ["1"] * 4
    assert status["Groups"].split() == ["1"]
    assert int(status["CapEff"], 16) == kept  # the test took CAP_SYS_TIME
    assert int(status["CapPrm"], 16) == kept
    assert int(status["CapBnd"], 16) == 0
    assert int(status["CapAmb"], 16) == 0
    assert status["NoNewPrivs"] == "1"


@needs_root
def test_after_dropping_root_new_addresses_are_still_served(host):
    host.start("-u", "nobody")
    host.ip("addr", "add", "10.9.8.77/24", "dev", "v0")
    assert host.says("v0 10.9.8.77:123", 5)
    assert reply_of(host, "10.9.8.77")


# --- sockets ---------------------------------------------------------------

# As ntpdate does it: with SO_REUSEADDR, on both wildcard addresses.
BIND_LIKE_NTPDATE = """
import socket
for family, host in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
    s = socket.socket(family, socket.SOCK_DGRAM)
    if family == socket.AF_INET6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((host, 123))
"""

ASK = """
import socket, sys
host, mine = sys.argv[1:3]
s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET,
                  socket.SOCK_DGRAM)
if mine:
    s.bind((mine, 0))
s.settimeout(3)
s.sendto(b"\\x23" + bytes(39) + b"\\x11\\x22\\x33\\x44\\x55\\x66\\x77\\x88",
         (host, int(sys.argv[3])))
data, peer = s.recvfrom(1024)
print(data.hex(), peer[0])
"""


def reply_of(host, address, mine="", port=123):
    """The answer to one request, and whom it came from; None: silence."""
    done = host.run("python3", "-c", ASK, address, mine, port)
    if done.returncode:
        return None
    data, peer = done.stdout.split()
    return bytes.fromhex(data), peer


@needs_root
def test_every_address_has_its_socket(host):  # [6] [31]
    child = host.start()
    shown = host.run("ss", "-lunpH").stdout
    for address in ("0.0.0.0", "127.0.0.1", "10.9.8.7", "[::]", "[::1]"):
        assert re.search(rf"\s{re.escape(address)}:123\s.*\"ntpd\",pid="
                         rf"{child.pid},", shown), shown
    text = host.text()
    assert "Listen and drop on 0 v6wildcard [::]:123" in text
    assert "Listen and drop on 1 v4wildcard 0.0.0.0:123" in text
    assert re.search(r"Listen normally on 2 lo 127\.0\.0\.1:123", text)


@needs_root
@pytest.mark.parametrize("config", ["", "interface ignore wildcard\n"
                                        "interface listen all\n"])
def test_ntpdate_finds_the_port_taken(host, config):  # [46]
    host.config.write_text(config)
    host.start()
    done = host.run("python3", "-c", BIND_LIKE_NTPDATE)
    assert done.returncode == 1
    assert "Address already in use" in done.stderr


@needs_root
@pytest.mark.parametrize("options", [["-I", "lo"], ["-I", "127.0.0.1"],
                                     ["-I", "bogus0"]])
def test_only_the_named_interface_listens(host, options):
    host.start(*options)
    assert "127.0.0.1:123" in host.text()
    assert "10.9.8.7:123" not in host.text()
    assert reply_of(host, "127.0.0.1")
    assert not reply_of(host, "10.9.8.7")  # the wildcard drops


@needs_root
@pytest.mark.parametrize("option, there, gone", [
    ("-4", "127.0.0.1:123", "::"), ("-6", "[::1]:123", "127.0.0.1")])
def test_one_family_alone(host, option, there, gone):
    host.start(option)
    listens = [line for line in host.text().splitlines() if "Listen " in line]
    assert any(there in line for line in listens)
    assert not any(gone in line for line in listens)


@needs_root
def test_without_ipv6_it_serves_ipv4(host):
    host.run("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1")
    child = host.start()
    assert reply_of(host, "127.0.0.1")
    assert host.stop(child) == 0


@needs_root
def test_answers_come_from_the_address_that_was_asked(host):  # F14
    host.ip("addr", "add", "10.9.8.70/24", "dev", "v0")
    host.start()
    for address in ("10.9.8.7", "10.9.8.70", "127.0.0.1", "::1"):
        assert reply_of(host, address)[1] == address
    assert reply_of(host, "10.9.8.70", mine="10.9.8.7")[1] == "10.9.8.70"


@needs_root
def test_before_it_knows_the_time_it_says_so(host):  # [59]
    host.start()
    data, _ = reply_of(host, "127.0.0.1")
    assert len(data) == 48
    assert data[0] == 0xe4  # LI 3, version 4, mode 4
    assert data[1] == 0     # stratum 16 is 0 on the wire
    assert data[12:16] == b"INIT"
    assert data[24:32] == bytes.fromhex("1122334455667788")


@needs_root
def test_it_serves_on_another_port_if_told(host):
    host.start("--port", "11123")
    assert reply_of(host, "127.0.0.1", port=11123)
    assert not reply_of(host, "127.0.0.1")


@needs_root
def test_addresses_that_come_and_go_are_followed(host):
    host.start()
    host.ip("addr", "add", "10.9.8.71/24", "dev", "v0")
    assert host.says("Listen normally on 5 v0 10.9.8.71:123", 5) or \
        re.search(r"Listen normally on \d+ v0 10\.9\.8\.71:123", host.text())
    assert reply_of(host, "10.9.8.71")
    host.ip("addr", "del", "10.9.8.71/24", "dev", "v0")
    assert wait_for(lambda: re.search(
        r"Deleting interface #\d+ v0, 10\.9\.8\.71#123, interface stats: "
        r"received=1, sent=1, dropped=0, active_time=\d+ secs", host.text()), 5)


@needs_root
def test_a_start_before_the_network_is_no_failure(host):
    host.ip("link", "set", "lo", "down")
    host.ip("link", "set", "v0", "down")
    host.start()
    assert "127.0.0.1" not in host.text()
    host.ip("link", "set", "lo", "up")
    assert host.says("lo 127.0.0.1:123", 5)
    assert reply_of(host, "127.0.0.1")


@needs_root
@pytest.mark.parametrize("size", [0, 1, 47, 2049, 60000])
def test_wrong_lengths_have_no_effect(host, size):  # F10
    host.start()
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


@needs_root
def test_single_process_is_one_process_on_plain_sockets(host):
    child = host.start("--single-process")
    pid = ntpd_below(child.pid)
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text()
    kinds = {os.readlink(f"/proc/{pid}/fd/{fd}").split(":")[0]
             for fd in os.listdir(f"/proc/{pid}/fd")
             if int(fd) > 2}
    assert children == ""
    assert len(os.listdir(f"/proc/{pid}/task")) == 1
    assert "pipe" not in kinds and "anon_inode" not in kinds
    assert reply_of(host, "127.0.0.1")
    assert host.stop(child) == 0


# --- the control socket ----------------------------------------------------

def control_answer(path):
    """A readvar of the system's variables over the unix socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        s.settimeout(5)
        s.connect(path)
        s.send(struct.pack("!BBHHHHH", 0x16, 2, 4711, 0, 0, 0, 0))
        return s.recv(4096)


@needs_root
def test_the_control_socket_answers_its_group_only(host):  # I1 I7
    host.start()
    path = host.folder / "ctl/socket"
    assert path.stat().st_mode & 0o7777 == 0o660
    assert path.parent.stat().st_mode & 0o7777 == 0o750
    answer = control_answer(str(path))
    assert answer[0] & 7 == 6 and answer[1] == 0x82  # an answer, no error
    assert struct.unpack("!H", answer[2:4]) == (4711,)
    assert b"stratum=" in answer


@needs_root
def test_clients_that_never_read_do_no_harm(host):  # I5
    child = host.start()
    path = str(host.folder / "ctl/socket")
    stuck = []
    for _ in range(50):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        s.setblocking(False)
        stuck.append(s)
        try:
            s.connect(path)
            for _ in range(100):
                s.send(struct.pack("!BBHHHHH", 0x16, 2, 1, 0, 0, 0, 0))
        except OSError:
            pass
    begin = time.monotonic()
    assert reply_of(host, "127.0.0.1")
    assert time.monotonic() - begin < 2
    assert b"stratum=" in control_answer(path)
    for s in stuck:
        s.close()
    assert host.stop(child) == 0


@needs_root
def test_a_stale_control_socket_is_replaced_and_a_file_is_not(host):
    path = host.folder / "ctl/socket"
    child = host.start()
    child.kill()
    child.wait()
    assert path.exists()
    host.log.unlink()
    child = host.start()
    assert control_answer(str(path))
    host.stop(child)
    path.write_text("precious")
    host.log.unlink()
    child = host.start()
    assert "no control socket at" in host.text()
    host.stop(child)
    assert path.read_text() == "precious"


# --- the drift file --------------------------------------------------------

@needs_root
@pytest.mark.parametrize("content, complaint", [
    ("-10.278\n", False), ("12.5 0\n", False), ("", True), ("abc\n", True),
    (None, False)])
def test_a_bad_drift_file_is_said_and_a_missing_one_is_not(host, content,
                                                           complaint):  # [12]
    drift = host.folder / "drift"
    if content is not None:
        drift.write_text(content)
    child = host.start("-f", drift)
    assert host.stop(child) == 0
    assert (f"format error frequency file {drift}"
            in host.text()) == complaint


@needs_root
def test_a_drift_file_that_cannot_be_read_is_no_reason_to_end(host):
    drift = host.folder / "drift"
    drift.mkdir()
    child = host.start("-f", drift)
    assert host.stop(child) == 0
    assert f"format error frequency file {drift}" in host.text()
