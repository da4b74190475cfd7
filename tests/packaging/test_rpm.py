# SPDX-License-Identifier: BSD-2-Clause
"""The RPM packages: what they hold and say, and how they install, in an
overlay of this Debian, whose rpm does not know what is installed."""
import subprocess

import pytest

from lab.root import ROOT

# rpm on Debian wants to be told that it is meant.
RPM = ["rpm", "--force-debian"]


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
    assert "ntp" in query(package(rpms, "truechimer"), "--conflicts")


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
