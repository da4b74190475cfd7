# SPDX-License-Identifier: BSD-2-Clause
"""The Debian packages as files: what is in them, and what they say."""
import shutil
import subprocess

import pytest

NAMES = ["truechimer", "truechimer-ntpdate"]
# The operator's: made where they are missing, by set-up.
NOT_CARRIED = {"etc/ntp.conf", "etc/default/ntp"}


def package(folder, name):
    return next(folder.glob(f"{name}_*.deb"))


def contents(deb):
    """Every file and link in it."""
    done = subprocess.run(["dpkg-deb", "-c", deb], check=True, text=True,
                          capture_output=True)
    rows = [line.split(None, 5) for line in done.stdout.splitlines()]
    assert {row[1] for row in rows} == {"root/root"}
    return {row[5].split(" -> ")[0].removeprefix("./") for row in rows
            if not row[0].startswith("d")}


def field(deb, name):
    return subprocess.run(["dpkg-deb", "-f", deb, name], check=True, text=True,
                          capture_output=True).stdout.strip()


def names(deb, name):
    return {word.split(" ")[0] for word in field(deb, name).replace("\n", " ").split(", ")}


def test_the_two_hold_all_that_is_installed_and_share_nothing(debs, tree):
    installed = {str(path.relative_to(tree)) for path in tree.rglob("*")
                 if path.is_symlink() or not path.is_dir()}
    carried = [{name.removesuffix(".gz") for name in
                contents(package(debs[0], name))} for name in NAMES]
    assert not carried[0] & carried[1]

    def plain(files):
        return {name.removeprefix("usr/") if name.startswith("usr/lib/systemd/system/")
                else name for name in files
                if not name.startswith(("usr/share/doc/", "usr/share/lintian/"))}
    assert plain(carried[0] | carried[1]) == plain(installed - NOT_CARRIED)


def test_ntpdate_is_whole_by_itself(debs):
    assert "usr/sbin/ntpdate" in contents(package(debs[0], "truechimer-ntpdate"))
    depends = names(package(debs[0], "truechimer-ntpdate"), "Depends")
    assert all(name.startswith("lib") for name in depends), depends


def test_it_stands_in_for_other_suites(debs):
    deb = package(debs[0], "truechimer")
    assert {"ntp", "time-daemon"} <= names(deb, "Provides")
    others = {"ntp", "ntpsec", "chrony", "openntpd", "systemd-timesyncd",
              "time-daemon"}
    # One by one, so that dpkg alone, without apt, may take them away.
    assert others <= names(deb, "Conflicts")
    assert others <= names(deb, "Replaces")
    deb = package(debs[0], "truechimer-ntpdate")
    assert "ntpdate" in names(deb, "Provides")
    assert {"ntpdate", "ntpsec-ntpdate"} <= names(deb, "Conflicts")


def test_little_is_pulled_in(debs):
    for name in NAMES:
        for wanted in names(package(debs[0], name), "Depends"):
            assert wanted.startswith("lib") or wanted == "adduser", wanted


def test_nobody_is_asked_about_the_configuration(debs):
    """What dpkg calls a conffile it asks about when it was changed."""
    done = subprocess.run(["dpkg-deb", "-I", package(debs[0], "truechimer"),
                           "conffiles"], check=True, text=True,
                          capture_output=True)
    assert not {f"/{name}" for name in NOT_CARRIED} & set(done.stdout.split())


def test_two_builds_are_the_same_to_the_last_byte(debs):
    for name in NAMES:
        one, other = (package(folder, name) for folder in debs)
        assert one.read_bytes() == other.read_bytes(), name


def test_no_file_is_in_a_package_that_may_be_there_too(debs):
    """bash-completion has one for ntpdate; ours would stop both."""
    carried = set().union(*(contents(package(debs[0], name)) for name in NAMES))
    assert "usr/share/bash-completion/completions/ntpq" in carried
    assert "usr/share/bash-completion/completions/ntpdate" not in carried


@pytest.mark.skipif(not shutil.which("lintian"), reason="lintian: not here")
def test_lintian_finds_nothing_wrong(debs):
    """Of the sources, too."""
    done = subprocess.run(["lintian", "--fail-on", "error,warning", "--allow-root",
                           *debs[0].glob("*.changes")], text=True,
                          capture_output=True, check=False)
    assert done.returncode == 0, done.stdout
