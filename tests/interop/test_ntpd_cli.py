# SPDX-License-Identifier: BSD-2-Clause
"""ntpd from the outside: options, messages, exit codes, files, privileges.
Numbers in brackets are those of the seed's checklist."""
import os
import pathlib
import re
import signal
import subprocess
import time

import pytest

from lab import SOURCE
from lab.host import (BIND_LIKE_NTPDATE, LINE, NOBODY, NTPD, ask, needs_root,
                      reply_of)
from lab.namespace import wait_for


# --- options ---------------------------------------------------------------

def test_help_lists_every_option_and_ends_with_0():
    done = ask("--help")
    table = (SOURCE / "src/programs/ntpd_options.def").read_text()
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


@pytest.mark.parametrize("options, lines, said", [
    (["-b"], "enable bclient\n", ""),
    (["-r", "0.02"], "broadcastdelay 0.02\n", ""),
    (["-b", "-r", "0.02"], "broadcastdelay 0.02\nenable bclient\n", ""),
    (["-r", "far"], "", "'broadcastdelay' needs a number, not 'far'"),
])
def test_broadcasts_by_option(options, lines, said):
    done = ask("--check", "-c", "/dev/null", *options)
    assert done.stdout == lines
    assert said in done.stderr and bool(said) == bool(done.stderr)


# --- configuration ---------------------------------------------------------

def test_the_seeds_configuration_checks_without_a_word():  # [9-24]
    done = ask("--check", "-c", SOURCE / "tests/seed/seed.ntp.conf")
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout == (SOURCE / "tests/seed/seed.normal.conf").read_text()


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
               SOURCE / "tests/seed/seed.ntp.conf")
    assert done.returncode == 0
    assert done.stderr == f"configuration saved to {saved}\n"
    assert saved.read_text() == (
        SOURCE / "tests/seed/seed.normal.conf").read_text()


def test_servers_on_the_command_line_get_iburst(tmp_path):
    config = tmp_path / "ntp.conf"
    config.write_text("")
    done = ask("--check", "-c", config, "ntp1.example", "2001:db8::1")
    assert done.returncode == 0
    assert done.stdout == ("server ntp1.example iburst\n"
                           "server 2001:db8::1 iburst\n")


def test_a_missing_configuration_is_said_and_survived(host):
    host.config.unlink()
    child = host.serve()
    assert f"Couldn't open <{host.config}>: No such file" in host.text()
    assert host.stop(child) == 0


def test_a_broken_guarding_line_is_survived_and_still_guards(host):
    host.config.write_text("restrict default noqery\n")
    child = host.serve()
    assert f"{host.config}:1:17: unknown word 'noqery'" in host.text()
    assert host.stop(child) == 0
    assert "noquery" in ask("--check", "-c", host.config).stdout


def test_a_brace_left_open_stops_the_start(host):
    host.config.write_text("simulate {\nrestrict default ignore\n")
    done = host.ntpd("-n")
    assert done.returncode == 1
    assert "EXITING" in host.text()


def test_interface_rules_and_interface_options_do_not_mix(host):
    host.config.write_text("interface ignore wildcard\n")
    for option in (["-I", "lo"], ["-L"]):
        done = host.ntpd("-n", *option)
        assert done.returncode == 1
        assert ("interface/nic rules are not allowed with --interface (-I) or "
                "--novirtualips (-L), exiting") in done.stderr


# --- start and end ---------------------------------------------------------

@pytest.mark.parametrize("number, name", [
    (signal.SIGTERM, "Terminated"), (signal.SIGINT, "Interrupt"),
    (signal.SIGQUIT, "Quit")])
def test_signals_end_it_with_0(host, number, name):
    child = host.serve()
    child.send_signal(number)
    assert child.wait(10) == 0
    assert f"ntpd exiting on signal {int(number)} ({name})" in host.text()


def test_every_line_of_the_log_has_the_classic_form(host):
    child = host.serve()
    host.stop(child)
    lines = host.text().splitlines()
    assert lines and all(LINE.match(line) for line in lines), lines
    assert re.search(r"proto: precision = \d+\.\d{3} usec \(-\d+\)",
                     host.text())
    assert ": Starting" in lines[0] and "Command line: " in lines[1]
    assert (host.folder / "stderr").read_text().splitlines()[:2] == lines[:2]


def test_hangup_opens_the_log_again(host):
    child = host.serve()
    host.log.rename(host.folder / "log.1")
    child.send_signal(signal.SIGHUP)
    assert host.says("log opened again")
    assert host.stop(child) == 0
    assert "exiting on signal 15" in host.text()


def said_until_it_serves(child):
    """Or until it has ended."""
    seen = ""
    for line in child.stderr:
        seen += line
        if "proto: precision" in line:
            break
    return seen


def test_an_unwritable_log_is_no_reason_to_end(host):
    child = subprocess.Popen(
        [*host.command([NTPD, "-n", "-c", host.config, "-l",
                        "/no/such/dir/log"])], text=True, stderr=subprocess.PIPE)
    host.running.append(child)
    seen = said_until_it_serves(child)
    assert "/no/such/dir/log: No such file or directory" in seen
    assert host.stop(child) == 0


@needs_root
def test_not_root_is_refused():
    done = ask("-n", "-c", "/dev/null", prefix=NOBODY)
    assert done.returncode == 1
    assert "must be run as root, not uid 65534" in done.stderr


@pytest.mark.parametrize("how", [["--no-clock"], ["--port", "11123"]])
def test_not_root_may_serve_on_a_free_port_or_only_measure(host, how):
    child = subprocess.Popen(
        ["ip", "netns", "exec", host.name, *NOBODY, NTPD, "-n", "-c",
         "/dev/null", *how], text=True, stderr=subprocess.PIPE)
    host.running.append(child)
    seen = said_until_it_serves(child)
    assert child.poll() is None, seen
    assert ("Listen normally" in seen) == ("--port" in how)
    assert host.stop(child) == 0


def test_without_the_right_to_set_the_clock_it_serves_all_the_same(host):
    child = host.serve()
    assert host.says("ntp_adjtime: Operation not permitted")
    assert host.text().count("Operation not permitted") == 1
    assert reply_of(host, "127.0.0.1")
    assert host.stop(child) == 0


# --- background ------------------------------------------------------------

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
        assert os.path.samefile(f"/proc/{pid}/fd/{fd}", "/dev/null")
    assert reply_of(host, "127.0.0.1")
    os.kill(pid, signal.SIGTERM)
    assert wait_for(lambda: not pathlib.Path(f"/proc/{pid}").exists())
    assert host.pidfile.exists()  # a stale one is harmless


def test_an_unwritable_pid_file_is_said_and_survived(host):
    child = host.serve("-p", "/nonexistent/pid")
    assert ("pid file /nonexistent/pid: No such file or directory"
            in host.text())
    assert host.stop(child) == 0


def test_a_second_instance_ends_with_1(host):  # [29], port in use
    host.serve("-p", host.pidfile)
    first = host.pidfile.read_text()
    for options in (["-n"], []):
        done = host.ntpd("-p", host.pidfile, *options)
        assert done.returncode == 1
        assert ("unable to bind to wildcard address :: - another process may "
                "be running - EXITING") in done.stderr
    assert "daemon child exited with code 1" in done.stderr
    assert host.pidfile.read_text() == first


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


def test_a_jail_that_is_not_there_ends_it_with_255(host):
    done = host.ntpd("-n", "-i", "/no/such/jail")
    assert done.returncode == 255
    assert "Cannot chdir() to `/no/such/jail': No such file" in done.stderr


def test_wait_sync_gives_up_and_leaves_the_child_running(host):
    begin = time.monotonic()
    done = host.ntpd("-w", "1", "-p", host.pidfile)
    assert done.returncode == 76
    assert "ntpd: -w/--wait-sync 1 timed out." in done.stderr
    assert 0.9 < time.monotonic() - begin < 5
    assert reply_of(host, "127.0.0.1")


def test_the_port_is_free_at_once_after_the_end(host):  # [47] [49]
    for _ in range(5):
        child = host.serve()
        assert host.stop(child) == 0
        host.log.unlink()
        done = host.run("python3", "-c", BIND_LIKE_NTPDATE)
        assert done.returncode == 0, done.stderr


# --- privileges ------------------------------------------------------------

def status_of(pid):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


@pytest.mark.parametrize("rescan, kept", [("300", 1 << 10), ("0", 0)])
def test_a_dropped_root_stays_dropped(host, rescan, kept):
    # K1 (CVE-2005-2496): the named group counts and not the user's.
    child = host.serve("-u", "nobody:daemon", "-U", rescan)
    status = status_of(child.pid)
    assert status["Uid"].split() == ["65534"] * 4
    assert status["Gid"].split() == ["1"] * 4
    assert status["Groups"].split() == ["1"]
    assert int(status["CapEff"], 16) == kept  # the test took CAP_SYS_TIME
    assert int(status["CapPrm"], 16) == kept
    assert int(status["CapBnd"], 16) == 0
    assert int(status["CapAmb"], 16) == 0
    assert status["NoNewPrivs"] == "1"


def test_after_dropping_root_new_addresses_are_still_served(host):
    host.serve("-u", "nobody")
    host.ip("addr", "add", "10.9.8.77/24", "dev", "v0")
    assert host.says("v0 10.9.8.77:123", 5)
    assert reply_of(host, "10.9.8.77")


# --- the drift file --------------------------------------------------------

@pytest.mark.parametrize("content, complaint", [
    ("-10.278\n", False), ("12.5 0\n", False), ("", True), ("abc\n", True),
    (None, False)])
def test_a_bad_drift_file_is_said_and_a_missing_one_is_not(host, content,
                                                           complaint):  # [12]
    drift = host.folder / "drift"
    if content is not None:
        drift.write_text(content)
    child = host.serve("-f", drift)
    assert host.stop(child) == 0
    assert (f"format error frequency file {drift}"
            in host.text()) == complaint


def test_a_drift_file_that_cannot_be_read_is_no_reason_to_end(host):
    drift = host.folder / "drift"
    drift.mkdir()
    child = host.serve("-f", drift)
    assert host.stop(child) == 0
    assert f"format error frequency file {drift}" in host.text()


# --- what the process may use ----------------------------------------------

def test_limits_of_the_process_are_set_before_root_is_dropped(host):
    host.config.write_text("rlimit filenum 200 memlock 1\n")
    child = host.serve()
    proc = pathlib.Path(f"/proc/{child.pid}")
    assert re.search(r"Max open files +200 +200 ",
                     (proc / "limits").read_text())
    locked = int(re.search(r"VmLck:\s+(\d+) kB",
                           (proc / "status").read_text())[1])
    refused = "Cannot set RLIMIT_MEMLOCK: Operation not permitted"
    assert refused in host.text() or locked > 1000
    assert host.stop(child) == 0


def test_a_frequency_in_the_configuration_outranks_the_drift_file(host):
    drift = host.folder / "drift"
    drift.write_text("-10.278\n")
    host.config.write_text(f"driftfile {drift}\ntinker freq 12.5\n")
    child = host.serve()
    assert host.says("freq_set") and "12.500 PPM" in host.text(), host.text()
    assert host.stop(child) == 0
