# SPDX-License-Identifier: BSD-2-Clause
"""The RPM packages: what they hold and say, and how they install, in an
overlay of this Debian, whose rpm does not know what is installed."""
import pathlib
import subprocess

import pytest

from lab.root import ROOT

# rpm on Debian wants to be told that it is meant.
# Until 4.18 Debian's rpm wants to be told that it is meant.
FORCE = ["--force-debian"] if subprocess.run(
    ["rpm", "--force-debian", "--version"], capture_output=True,
    check=False).returncode == 0 else []
RPM = ["rpm", *FORCE]


def package(folder, name):
    return next(folder.glob(f"{name}-0*.rpm"))


def query(file, *words):
    return subprocess.run(["rpm", "-qp", *words, file], check=True, text=True,
                          capture_output=True).stdout.splitlines()


@pytest.fixture
def both(rpms, overlay):
    return overlay.take(package(rpms, "truechimer"),
                        package(rpms, "truechimer-ntpdate"))


def test_what_is_in_them(rpms):
    suite = set(query(package(rpms, "truechimer"), "-l"))
    ntpdate = set(query(package(rpms, "truechimer-ntpdate"), "-l"))
    assert {"/usr/sbin/ntpd", "/usr/bin/ntpq", "/usr/bin/ntpstat",
            "/etc/ntp.conf", "/etc/sysconfig/ntpd", "/etc/rc.d/init.d/ntpd",
            "/etc/dhcp/dhclient.d/ntp.sh", "/var/lib/ntp",
            "/var/log/ntpstats"} <= suite
    assert any(name.startswith("/usr/share/man/man5/ntp.conf.5") for name in suite)
    assert {"/usr/sbin/ntpdate", "/usr/lib/truechimer/ntpdate-once"} <= ntpdate
    assert any(name.endswith("/ntpdate.service") for name in ntpdate)
    assert suite & ntpdate <= {"/usr/lib/truechimer"}
    assert not any("/etc/default" in name or "apparmor" in name for name in suite)


def test_they_stand_for_the_names_that_one_asks_for(rpms):
    provides = query(package(rpms, "truechimer"), "--provides")
    assert any(line.startswith("ntp = ") for line in provides)
    provides = query(package(rpms, "truechimer-ntpdate"), "--provides")
    assert any(line.startswith("ntpdate = ") for line in provides)
    assert {"ntp", "ntpsec", "openntpd"} <= set(
        query(package(rpms, "truechimer"), "--conflicts"))
    assert {"ntpdate", "ntpsec"} <= set(
        query(package(rpms, "truechimer-ntpdate"), "--conflicts"))


def test_the_operators_files_are_not_replaced(rpms):
    """Flag 16 is noreplace, 1 is config."""
    rows = query(package(rpms, "truechimer"), "--qf",
                 "[%{FILENAMES} %{FILEFLAGS} %{FILEUSERNAME}\n]")
    files = {name: (int(flags), owner) for name, flags, owner in
             (row.split() for row in rows if row)}
    for name in ("/etc/ntp.conf", "/etc/sysconfig/ntpd", "/etc/logrotate.d/ntp"):
        assert files[name][0] == 17, name
    owned = {name for name, (_, owner) in files.items() if owner == "ntp"}
    assert owned == {"/var/lib/ntp", "/var/log/ntpstats"}


def test_the_scripts_are_scripts(rpms):
    for name in ("truechimer", "truechimer-ntpdate"):
        for script in ("PREIN", "POSTIN", "PREUN", "POSTUN"):
            text = "\n".join(query(package(rpms, name), "--qf", f"%{{{script}}}"))
            if text == "(none)":
                assert name != "truechimer", script
                continue
            subprocess.run(["sh", "-n", "-c", text], check=True)
            assert "%{" not in text


def test_no_folder_of_ours_is_left_behind(rpms):
    """rpm takes away only folders that a package has."""
    rows = query(package(rpms, "truechimer"), "--qf", "[%{FILENAMES} %{FILEMODES:perms}\n]")
    folders = {name for name, mode in (row.split() for row in rows if row)
               if mode.startswith("d")}
    files = set(query(package(rpms, "truechimer"), "-l")) - folders
    for name in files:
        for parent in pathlib.PurePath(name).parents:
            if "truechimer" in parent.parts:
                assert str(parent) in folders, name


@pytest.fixture
def systemctl(overlay):
    """What systemctl is told since it was last asked; nothing is done."""
    overlay.outside("/run/systemd/system").mkdir(parents=True)
    stub = overlay.outside("/usr/bin/systemctl")
    stub.unlink(missing_ok=True)
    stub.write_text('#!/bin/sh\necho "$*" >>/run/told\n')
    stub.chmod(0o755)

    def told():
        said = (overlay.text("/run/told") or "").splitlines()
        overlay.outside("/run/told").unlink(missing_ok=True)
        return [line.removeprefix("--no-reload ") for line in said]
    return told


def scripts(file, overlay, count, *names):
    """As rpm runs them when `count` of this package will be there."""
    for name in names:
        text = "\n".join(query(file, "--qf", f"%{{{name}}}"))
        overlay.done("sh", "-c", text, name, count)


def test_the_service_is_told_of_install_upgrade_and_erase(rpms, both, overlay, systemctl):
    suite = package(rpms, "truechimer")
    overlay.done(*RPM, "-i", "--nodeps", *both)
    assert systemctl() == ["preset ntpd.service truechimer-networkd.path "
                           "truechimer-networkmanager.path"]
    scripts(suite, overlay, 2, "PREIN", "POSTIN")
    assert systemctl() == []  # the operator has chosen meanwhile
    scripts(suite, overlay, 1, "PREUN", "POSTUN")
    assert systemctl() == ["daemon-reload", "try-restart ntpd.service"]
    overlay.done(*RPM, "-e", "--nodeps", "truechimer", "truechimer-ntpdate")
    said = systemctl()
    assert "disable --now ntpdate.service" in said
    assert any(line.startswith("disable --now ntpd.service ") for line in said)
    assert not any("restart" in line for line in said)


def test_where_there_is_no_systemd_the_script_is_stopped(both, overlay):
    overlay.done(*RPM, "-i", "--nodeps", *both)
    overlay.done("/etc/rc.d/init.d/ntpd", "start")
    overlay.done(*RPM, "-e", "--nodeps", "truechimer")
    assert overlay.run("pidof", "ntpd").stdout == ""


def test_a_user_by_either_way(both, overlay):
    """sysusers.d says what the script before it does."""
    overlay.done(*RPM, "-i", "--nodeps", *both)
    said = overlay.done("getent", "passwd", "ntp").strip().split(":")
    line = overlay.text("/usr/lib/sysusers.d/truechimer.conf").splitlines()[-1]
    kind, name, _, rest = line.split(" ", 3)
    assert (kind, name) == ("u", said[0])
    assert rest == f'"{said[4]}" {said[5]}'
    folders = {row.split()[1] for row in
               overlay.text("/usr/lib/tmpfiles.d/truechimer.conf").splitlines()
               if row.startswith("d ")}
    assert folders == {"/var/lib/ntp", "/var/log/ntpstats"}


def test_installed_kept_and_erased(both, overlay):
    overlay.write("/etc/ntp.conf", "server 192.0.2.1\n")
    overlay.done(*RPM, "-i", "--nodeps", *both)
    assert overlay.text("/etc/ntp.conf") == "server 192.0.2.1\n"
    assert overlay.text("/etc/ntp.conf.rpmnew") == (ROOT / "etc/ntp.conf").read_text()
    owners = overlay.done("stat", "-c", "%U:%G", "/var/lib/ntp",
                          "/var/log/ntpstats").split()
    assert owners == ["ntp:ntp"] * 2
    assert 'OPTIONS="-g"' in overlay.text("/etc/sysconfig/ntpd")
    said = overlay.done("/usr/sbin/ntpd", "--check", "-c", "/etc/ntp.conf")
    assert "server 192.0.2.1" in said
    overlay.done(*RPM, "-e", "--nodeps", "truechimer", "truechimer-ntpdate")
    assert not overlay.outside("/usr/sbin/ntpd").exists()
    assert not overlay.outside("/usr/sbin/ntpdate").exists()
    assert not overlay.outside("/usr/lib/truechimer").exists()
    # What was changed by hand is not thrown away.
    kept = [overlay.text(name) for name in
            ("/etc/ntp.conf", "/etc/ntp.conf.rpmsave")]
    assert "server 192.0.2.1\n" in kept


def test_into_another_root(both, overlay):
    overlay.done(*RPM, "--root", "/tmp/scratch", "-i", "--nodeps", "--noscripts",
                 *both)
    assert overlay.text("/tmp/scratch/etc/ntp.conf") == (
        ROOT / "etc/ntp.conf").read_text()
    said = overlay.done("/tmp/scratch/usr/sbin/ntpd", "--check", "-c",
                        "/tmp/scratch/etc/ntp.conf")
    assert "server 0.pool.ntp.org iburst" in said
