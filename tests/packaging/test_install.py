# SPDX-License-Identifier: BSD-2-Clause
"""make install and make uninstall."""
import fnmatch
import os
import pathlib
import re
import stat
import subprocess

import pytest

from lab.root import ROOT, make

LIST = pathlib.Path(__file__).parent / "installed.txt"


def files(place):
    return sorted(str(path.relative_to(place)) for path in place.rglob("*")
                  if path.is_symlink() or not path.is_dir())


def listed():
    return [line for line in LIST.read_text().splitlines()
            if line and not line.startswith("#")]


def test_everything_is_where_it_is_looked_for(tree):
    there = files(tree)
    unknown = [name for name in there if not any(
        fnmatch.fnmatchcase(name, line) for line in listed())]
    assert unknown == []
    assert [line for line in listed() if not fnmatch.filter(there, line)] == []


def test_nobody_else_may_write_and_everybody_may_run(tree):
    for name in files(tree):
        path = tree / name
        mode = path.stat().st_mode
        assert not mode & (stat.S_IWGRP | stat.S_IWOTH | stat.S_ISUID), name
        program = path.read_bytes()[:2] in (b"#!", b"\x7fE")
        hook = "/dhclient" in name or "/dhcpcd" in name
        if not hook:
            assert bool(mode & stat.S_IXOTH) == program, name


def test_no_file_names_what_is_not_on_that_system(tree):
    """Neither a pattern that was left, nor a place that was not chosen."""
    for name in files(tree):
        text = (tree / name).read_bytes()
        if text.startswith(b"\x7fELF") or name.startswith("usr/share/doc/"):
            continue
        assert not re.search(rb"@[A-Z]+@|/usr/local|" + str(ROOT).encode(),
                             text), name
        for path in re.findall(rb"/usr/(?:lib/truechimer/|s?bin/s?ntp)[a-z-]+\b", text):
            assert (tree / path.decode().lstrip("/")).exists(), (name, path)


def test_names_of_the_modern_suite_lead_to_ours(tree):
    for name, target in (("usr/sbin/ntpwait", "ntp-wait"),
                         ("usr/sbin/ntpkeygen", "ntp-keygen"),
                         ("usr/bin/ntpdig", "sntp"),
                         ("usr/lib/systemd/system/ntp.service", "ntpd.service")):
        assert (tree / name).is_symlink()
        assert (tree / name).resolve() == (tree / name).parent / target


def test_another_prefix_is_another_place_everywhere(built, tmp_path):
    make("install", BUILD=built, PREFIX="/opt/time", SYSCONFDIR="/opt/etc",
         DESTDIR=tmp_path)
    assert files(tmp_path / "opt/time/sbin")
    assert (tmp_path / "opt/etc/ntp.conf").exists()
    outside = [name for name in files(tmp_path) if not name.startswith("opt/")]
    assert outside == []
    hook = tmp_path / "opt/etc/dhcp/dhclient-exit-hooks.d/truechimer"
    assert "/opt/time/lib/truechimer/dhcp-servers" in hook.read_text()
    # A profile is for /usr/sbin/ntpd alone.
    assert not list(tmp_path.rglob("usr.sbin.ntpd"))


def test_what_was_installed_is_removed_and_nothing_else(built, tmp_path):
    place = {"BUILD": built, "PREFIX": "/usr", "DESTDIR": tmp_path}
    others = ["usr/bin/ls", "etc/ntp.keys", "etc/ntp.d/mine.conf",
              "usr/lib/truechimer-other/file", "var/lib/ntp/drift"]
    for name in others:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("mine\n")
    make("install", **place)
    assert "usr/sbin/ntpd" in files(tmp_path)
    make("uninstall", **place)
    assert files(tmp_path) == sorted(others)
    assert not (tmp_path / "usr/lib/truechimer").exists()
    make("uninstall", **place)  # once more does no harm
    assert files(tmp_path) == sorted(others)


def test_blanks_are_no_trouble_in_destdir_and_none_are_in_prefix(built, tmp_path):
    place = {"BUILD": built, "PREFIX": "/usr", "DESTDIR": tmp_path / "a tree"}
    make("install", **place)
    make("install", **place)  # once more is no trouble either
    assert "usr/sbin/ntpd" in files(tmp_path / "a tree")
    make("uninstall", **place)
    assert files(tmp_path) == []
    with pytest.raises(subprocess.CalledProcessError):
        make("install", BUILD=built, PREFIX="/opt/a tree", DESTDIR=tmp_path)
    assert files(tmp_path) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: to be two users")
def test_root_leaves_the_build_to_whom_it_belongs(built, tmp_path):
    def owners(place):
        return {path.lstat().st_uid for path in [place, *place.rglob("*")]}

    def give(user):
        for path in [built, *built.rglob("*")]:
            os.chown(path, user, -1, follow_symlinks=False)

    give(4321)
    try:
        make("install", BUILD=built, PREFIX="/usr", DESTDIR=tmp_path / "tree")
        assert owners(built) == {4321}
        assert owners(tmp_path / "tree") == {0}
    finally:
        give(0)


def test_the_operators_configuration_stays(built, tmp_path):
    place = {"BUILD": built, "PREFIX": "/usr", "DESTDIR": tmp_path}
    rotated = tmp_path / "etc/logrotate.d/ntp"
    rotated.parent.mkdir(parents=True)
    rotated.write_text("# mine\n")
    config = tmp_path / "etc/ntp.conf"
    config.write_text("server 192.0.2.1\n")
    make("install", **place)
    assert config.read_text() == "server 192.0.2.1\n"
    pattern = tmp_path / "usr/share/truechimer/ntp.conf"
    assert pattern.read_bytes() == (ROOT / "etc/ntp.conf").read_bytes()
    make("uninstall", **place)
    assert files(tmp_path) == ["etc/logrotate.d/ntp", "etc/ntp.conf"]
    assert rotated.read_text() == "# mine\n"
    assert config.read_text() == "server 192.0.2.1\n"
