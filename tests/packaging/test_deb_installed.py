# SPDX-License-Identifier: BSD-2-Clause
"""The Debian packages in a real Debian: by dpkg, in an overlay of this one."""
import re
import subprocess

import pytest

from lab.root import ROOT

MINE = "# mine\nserver 192.0.2.1 iburst\n"
TIME_DAEMON = "Provides: time-daemon\n"
# What the system writes whatever is installed, and copies of its own files.
NOT_OURS = re.compile(r"/var/lib/dpkg/|/var/(cache|tmp)/|/etc/.*-$"
                      r"|/var/log/(dpkg|alternatives)\.log"
                      # dh_apparmor's, everywhere: the folder goes when it is empty
                      r"|/etc/apparmor.d/(disable|local)$")


@pytest.fixture
def both(debs, overlay):
    return overlay.take(*sorted(debs[0].glob("truechimer_*.deb")),
                        *sorted(debs[0].glob("truechimer-ntpdate_*.deb")))


def status(overlay, name):
    return overlay.run("dpkg-query", "-W", "-f", "${db:Status-Status}",
                       name).stdout


def other_suite(folder, name, files, provides=""):
    """Another suite's package, with these files; those in /etc are conffiles."""
    tree = folder / name
    for path, text in files.items():
        (tree / path.lstrip("/")).parent.mkdir(parents=True, exist_ok=True)
        (tree / path.lstrip("/")).write_text(text)
    (tree / "DEBIAN").mkdir()
    (tree / "DEBIAN/conffiles").write_text("".join(
        f"{path}\n" for path in files if path.startswith("/etc/")))
    (tree / "DEBIAN/control").write_text(
        f"Package: {name}\nVersion: 1:4.2.8p15\nArchitecture: all\n"
        f"Maintainer: nobody <nobody@example.org>\nDescription: a stand-in\n"
        f"{provides}")
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", tree, folder],
                   check=True, stdout=subprocess.DEVNULL)
    return next(folder.glob(f"{name}_*.deb"))


def install_other(overlay, deb):
    overlay.run("dpkg", "--purge", "systemd-timesyncd")
    overlay.done("dpkg", "-i", *overlay.take(deb))


def everything(overlay):
    """Files, folders, users and groups."""
    names = overlay.done("find", "/etc", "/usr", "/var", "-xdev").splitlines()
    return {name for name in names if not NOT_OURS.search(name)} | {
        f"{file}: {line}" for file in ("/etc/passwd", "/etc/group")
        for line in overlay.text(file).splitlines()}


def test_a_new_system_gets_all_it_needs(both, overlay):
    said = overlay.done("dpkg", "-i", *both)
    assert "Setting up truechimer " in said
    assert overlay.text("/etc/ntp.conf") == (ROOT / "etc/ntp.conf").read_text()
    assert "NTPD_OPTS=" in overlay.text("/etc/default/ntp")
    owners = overlay.done("stat", "-c", "%U:%G %a", "/var/lib/ntp",
                          "/var/log/ntpstats").split("\n")[:2]
    assert owners == ["ntp:ntp 755"] * 2
    assert overlay.done("getent", "passwd", "ntp").endswith("nologin\n")
    said = overlay.done("/usr/sbin/ntpd", "--check", "-c", "/etc/ntp.conf")
    assert "server 0.pool.ntp.org iburst" in said
    assert "usage: ntpdate" in overlay.run("/usr/sbin/ntpdate").stderr


def test_purged_nothing_of_it_is_left(both, overlay):
    overlay.run("dpkg", "--purge", "systemd-timesyncd")
    before = everything(overlay)
    overlay.done("dpkg", "-i", *both)
    overlay.write("/run/ntp.d/dhcp-eth0.conf", "server 192.0.2.1\n")
    overlay.write("/var/lib/ntp/drift", "1.5\n")
    overlay.write("/var/log/ntpstats/loopstats.20261124", "x\n")
    overlay.write("/var/log/ntp.log", "x\n")
    overlay.done("dpkg", "--purge", "truechimer", "truechimer-ntpdate")
    assert sorted(everything(overlay) ^ before) == []


def test_a_user_and_folders_that_were_there_are_used_and_stay(both, overlay):
    overlay.done("useradd", "-u", "4321", "-d", "/nonexistent", "-M", "ntp")
    overlay.done("useradd", "-r", "-M", "ntpsec")
    overlay.write("/var/lib/ntp/ntp.drift", "1.5\n")
    overlay.done("chown", "-R", "ntpsec", "/var/lib/ntp")
    overlay.done("dpkg", "-i", *both)
    assert overlay.done("stat", "-c", "%u", "/var/lib/ntp") == "4321\n"
    assert overlay.text("/var/lib/ntp/ntp.drift") == "1.5\n"
    overlay.done("dpkg", "--purge", "truechimer")
    assert overlay.done("id", "-u", "ntp") == "4321\n"


def newer(deb, version, folder):
    """The same package, of a later version."""
    tree = folder / "tree"
    subprocess.run(["dpkg-deb", "-R", deb, tree], check=True)
    control = tree / "DEBIAN/control"
    control.write_text(re.sub("(?m)^Version: .*", f"Version: {version}",
                              control.read_text()))
    script = tree / "etc/init.d/ntpd"
    script.write_text(script.read_text() + "# newer\n")
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", tree, folder],
                   check=True, stdout=subprocess.DEVNULL)
    return next(folder.glob(f"*_{version}_*.deb"))


def test_an_upgrade_keeps_what_was_changed(both, overlay, debs, tmp_path):
    overlay.done("dpkg", "-i", *both)
    overlay.write("/etc/ntp.conf", MINE)
    overlay.write("/etc/default/ntp", "NTPD_OPTS='-x'\n")
    overlay.write("/var/lib/ntp/drift", "1.5\n")
    deb = newer(next(debs[0].glob("truechimer_*.deb")), "9.9", tmp_path)
    overlay.done("dpkg", "-i", *overlay.take(deb))  # nobody is asked
    assert overlay.done("dpkg-query", "-W", "-f", "${Version}", "truechimer") == "9.9"
    assert overlay.text("/etc/init.d/ntpd").endswith("# newer\n")
    assert overlay.text("/etc/ntp.conf") == MINE
    assert overlay.text("/etc/default/ntp") == "NTPD_OPTS='-x'\n"
    assert overlay.text("/var/lib/ntp/drift") == "1.5\n"
    assert overlay.done("dpkg", "--audit") == ""


def test_a_daemon_that_does_not_start_holds_up_no_installation(both, overlay):
    overlay.write("/etc/default/ntp", "NTPD_OPTS=--nonsense\n")
    overlay.write("/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 0\n")
    overlay.done("dpkg", "-i", *both)
    assert status(overlay, "truechimer") == "installed"
    assert overlay.run("/etc/init.d/ntpd", "status").returncode == 3
    overlay.write("/etc/default/ntp", "NTPD_OPTS=\n")
    overlay.done("dpkg-reconfigure", "truechimer")
    assert overlay.run("/etc/init.d/ntpd", "status").returncode == 0
    overlay.done("dpkg", "--remove", "truechimer")
    assert overlay.run("pidof", "ntpd").stdout == ""


def test_who_is_not_to_start_daemons_is_obeyed(both, overlay):
    overlay.done("dpkg", "-i", *both)  # its policy-rc.d says so
    assert overlay.run("/etc/init.d/ntpd", "status").returncode == 3


def test_the_package_tests_itself(both, overlay):
    overlay.done("dpkg", "-i", *both)
    (script,) = overlay.take(ROOT / "debian/tests/suite")
    said = overlay.done(script)
    assert "it runs as its own user" in said


def test_an_administrators_diversion_is_left_alone(both, overlay):
    overlay.done("dpkg-divert", "--local", "--no-rename", "--divert",
                 "/etc/ntp.conf.mine", "--add", "/etc/ntp.conf")
    overlay.done("dpkg", "-i", *both)
    overlay.done("dpkg", "--purge", "truechimer")
    said = overlay.done("dpkg-divert", "--list", "*ntp*")
    assert said == "local diversion of /etc/ntp.conf to /etc/ntp.conf.mine\n"


def test_removed_it_leaves_what_is_the_operators(both, overlay):
    overlay.done("dpkg", "-i", *both)
    overlay.write("/etc/ntp.conf", MINE)
    overlay.write("/var/lib/ntp/drift", "1.5\n")
    overlay.done("dpkg", "--remove", "truechimer")
    assert overlay.text("/etc/ntp.conf") == MINE
    assert overlay.text("/var/lib/ntp/drift") == "1.5\n"
    overlay.done("dpkg", "-i", *both)  # and goes on from it
    assert overlay.text("/etc/ntp.conf") == MINE


def test_ntpdate_alone(both, overlay):
    overlay.done("dpkg", "-i", both[1])
    assert "usage: ntpdate" in overlay.run("/usr/sbin/ntpdate").stderr
    assert overlay.text("/usr/sbin/ntpd") is None


@pytest.mark.parametrize("changed", [False, True])
def test_the_classic_suite_gives_way_and_its_configuration_stays(
        both, overlay, tmp_path, changed):
    theirs = {"/etc/ntp.conf": "# as shipped\nserver 192.0.2.7\n",
              "/etc/default/ntp": "NTPD_OPTS='-g'\n",
              "/usr/sbin/ntpd": "#!/bin/sh\n"}
    install_other(overlay, other_suite(tmp_path, "ntp", theirs))
    if changed:
        overlay.write("/etc/ntp.conf", MINE)
        overlay.write("/etc/default/ntp", "NTPD_OPTS='-x'\n")
    config, options = map(overlay.text, ("/etc/ntp.conf", "/etc/default/ntp"))
    overlay.done("dpkg", "-i", *both)  # nobody answers: nobody must ask
    assert status(overlay, "ntp") == "config-files"
    assert status(overlay, "truechimer") == "installed"
    assert overlay.text("/etc/ntp.conf") == config
    assert overlay.text("/etc/default/ntp") == options
    overlay.done("dpkg", "-i", *both)
    assert overlay.text("/etc/ntp.conf") == config


def test_purging_the_classic_suite_later_takes_nothing(both, overlay, tmp_path):
    theirs = {"/etc/ntp.conf": MINE, "/etc/default/ntp": "NTPD_OPTS='-g'\n"}
    install_other(overlay, other_suite(tmp_path, "ntp", theirs))
    overlay.done("dpkg", "-i", *both)
    overlay.done("dpkg", "--purge", "ntp")
    assert overlay.text("/etc/ntp.conf") == MINE


def test_what_ntpsec_was_told_is_taken_over(both, overlay, tmp_path):
    theirs = ("driftfile /var/lib/ntpsec/ntp.drift\n"
              "statsdir /var/log/ntpsec/\nserver 192.0.2.8 iburst\n")
    install_other(overlay, other_suite(
        tmp_path, "ntpsec", {"/etc/ntpsec/ntp.conf": theirs}, TIME_DAEMON))
    overlay.done("dpkg", "-i", *both)
    assert status(overlay, "ntpsec") == "config-files"
    assert overlay.text("/etc/ntpsec/ntp.conf") == theirs
    said = overlay.done("/usr/sbin/ntpd", "--check", "-c", "/etc/ntp.conf")
    assert "server 192.0.2.8 iburst" in said
    assert 'driftfile "/var/lib/ntp/ntp.drift"' in said
    assert "/var/log/ntpstats/" in said


def test_of_two_configurations_it_says_which_one_counts(both, overlay, tmp_path):
    install_other(overlay, other_suite(
        tmp_path, "ntpsec", {"/etc/ntpsec/ntp.conf": "server 192.0.2.8\n"},
        TIME_DAEMON))
    overlay.write("/etc/ntp.conf", MINE)
    said = overlay.done("dpkg", "-i", *both)
    assert overlay.text("/etc/ntp.conf") == MINE
    assert "and not /etc/ntpsec/ntp.conf" in said


@pytest.mark.parametrize("name", ["chrony", "ntpsec", "openntpd",
                                  "systemd-timesyncd"])
def test_there_and_back_again(both, overlay, tmp_path, name):
    """Debian's own packages. What they need is of no interest here."""
    if subprocess.run(["apt-get", "download", "-qq", name], cwd=tmp_path,
                      capture_output=True, check=False).returncode:
        pytest.skip(f"{name}: cannot be had here")
    (theirs,) = overlay.take(next(tmp_path.glob("*.deb")))
    install = ["dpkg", "--force-depends", "-i"]
    overlay.done("dpkg", "--purge", "systemd-timesyncd")
    overlay.done(*install, theirs)
    overlay.done(*install, *both)
    assert status(overlay, name) == "config-files"
    assert status(overlay, "truechimer") == "installed"
    overlay.write("/etc/ntp.conf", MINE)
    overlay.done("dpkg", "--remove", "truechimer")  # as apt has it
    overlay.done(*install, theirs)
    assert status(overlay, name) == "installed"
    assert status(overlay, "truechimer") == "config-files"
    assert overlay.text("/etc/ntp.conf") == MINE
    overlay.done("dpkg", "--purge", "truechimer")
    assert "missing" not in overlay.run("dpkg", "-V", name).stdout
    assert overlay.text("/etc/ntp.conf") is None


def test_others_that_keep_the_clock_give_way(both, overlay, tmp_path):
    install_other(overlay, other_suite(
        tmp_path, "chrony", {"/etc/chrony/chrony.conf": "x\n"}, TIME_DAEMON))
    overlay.done("dpkg", "-i", *both)
    assert status(overlay, "chrony") == "config-files"
    assert overlay.text("/etc/chrony/chrony.conf") == "x\n"


def test_links_of_another_suites_unit_do_not_hide_ours(both, overlay):
    """ntpsec calls its unit ntpd.service too, and leaves the links."""
    link = overlay.outside("/etc/systemd/system/ntpd.service")
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to("/lib/systemd/system/ntpsec.service")
    admins = overlay.outside("/etc/systemd/system/ntp.service")
    admins.symlink_to("/etc/systemd/system/my-own.service")
    overlay.done("dpkg", "-i", *both)
    assert not link.is_symlink()
    assert admins.is_symlink()


def test_the_configuration_of_a_successor_is_not_purged(both, overlay, tmp_path):
    overlay.done("dpkg", "-i", *both)
    classic = other_suite(tmp_path, "ntp", {
        "/etc/ntp.conf": MINE, "/usr/sbin/ntpd": "#!/bin/sh\n"},
        "Conflicts: truechimer\nReplaces: truechimer\n")
    overlay.write("/etc/ntp.conf", MINE)
    overlay.done("dpkg", "-i", *overlay.take(classic))
    overlay.done("dpkg", "--purge", "truechimer")
    assert overlay.text("/etc/ntp.conf") == MINE
