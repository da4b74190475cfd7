# SPDX-License-Identifier: BSD-2-Clause
"""Files that other programs read: in their words, and true of ours."""
import fnmatch
import re
import shutil
import subprocess

import pytest

from lab.root import ROOT

PROFILE = ROOT / "packaging/apparmor/usr.sbin.ntpd"


def tool(name):
    path = shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")
    return path, pytest.mark.skipif(not path, reason=f"{name}: not here")


APPARMOR, needs_apparmor = tool("apparmor_parser")
LOGROTATE, needs_logrotate = tool("logrotate")


@needs_apparmor
def test_the_profile_is_one():
    done = subprocess.run([APPARMOR, "-Q", "-K", PROFILE], text=True,
                          capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


@needs_apparmor
def test_a_broken_profile_would_be_found(tmp_path):
    broken = tmp_path / "profile"
    broken.write_text(PROFILE.read_text().replace(
        "capability sys_time,", "capability set_time,"))
    done = subprocess.run([APPARMOR, "-Q", "-K", broken], text=True,
                          capture_output=True, check=False)
    assert done.returncode != 0


@pytest.mark.parametrize("path", [
    "/etc/ntp.conf r", "/etc/ntp.d/ r", "@{run}/ntp.d/ r", "/etc/ntp.keys r",
    "/var/lib/ntp/** rw", "/var/log/ntpstats/** rwl", "@{run}/truechimer/** rw",
    "/usr/share/zoneinfo/leap-seconds.list r",
    "@{PROC}/sys/kernel/random/boot_id r", "@{run}/ntpd.pid w"])
def test_the_profile_knows_our_places(path):
    assert f"  {path},\n" in PROFILE.read_text()


def test_what_is_named_in_the_profile_is_what_the_sources_name():
    """Each absolute path that the daemon has by itself."""
    sources = "".join(path.read_text() for folder in ("host", "programs")
                      for path in (ROOT / "src" / folder).rglob("*.[ch]"))
    named = set(re.findall(r'"(/(?:etc|usr|run|var|proc/sys)/[^"%]+)"', sources))
    assert "/etc/ntp.conf" in named and len(named) >= 4
    rules = [rule.replace("@{PROC}", "/proc").replace("@{run}", "/run")
             .replace("{,**}", "*")
             for rule in re.findall(r"^  (?:owner )?([/@]\S+) \S+,$",
                                    PROFILE.read_text(), re.M)]
    for path in named:
        assert any(fnmatch.fnmatchcase(path, rule) or
                   rule.startswith(path + "/") for rule in rules), path


@needs_logrotate
def test_statistics_of_a_week_ago_go_and_others_stay(tmp_path):
    """By the real logrotate, with our file moved to a folder of the test."""
    stats = tmp_path / "ntpstats"
    stats.mkdir()
    old, new = stats / "loopstats.20200101", stats / "loopstats.20261124"
    link, log = stats / "loopstats", tmp_path / "ntp.log"
    for file in (old, new, link, log):
        file.write_text("x\n")
    subprocess.run(["touch", "-d", "8 days ago", old, link], check=True)
    config = (ROOT / "packaging/logrotate/ntp").read_text().replace(
        "/var/log", str(tmp_path)).replace("\tsu ntp ntp\n", "").replace(
        "create 664 ntp ntp", "create 664")
    reload = config[config.index("\t\tif "):config.index("\tendscript")]
    config = config.replace(reload, f"\t\techo reloaded >>{tmp_path}/calls\n")
    (tmp_path / "config").write_text(config)
    state = tmp_path / "state"
    state.write_text('logrotate state -- version 2\n' + "".join(
        f'"{file}" 2020-1-1-0:0:0\n' for file in (old, new, log)))
    done = subprocess.run([LOGROTATE, "-s", state, tmp_path / "config"],
                          text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not old.exists() and new.exists() and link.exists()
    assert (tmp_path / "ntp.log.1").read_text() == "x\n"
    assert (tmp_path / "calls").read_text() == "reloaded\n"
