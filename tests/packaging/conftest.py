# SPDX-License-Identifier: BSD-2-Clause
"""What is installed: a tree made by `make install`, and packages."""
import os
import pathlib
import shutil
import subprocess

import pytest

from lab.overlay import Overlay
from lab.root import ROOT, Root, make

BUILD = ROOT / "build-packaging"


@pytest.fixture(scope="session")
def built():
    """Programs of their own: the prefix of a build is in its files."""
    if not (BUILD / "build.ninja").exists():
        subprocess.run(["meson", "setup", BUILD, "-Dtests=false",
                        "-Dbuildtype=debug", "-Dwerror=false"], cwd=ROOT, check=True,
                       stdout=subprocess.DEVNULL)
    make("all", BUILD=BUILD)
    return BUILD


@pytest.fixture(scope="session")
def tree(built, tmp_path_factory):
    """make install PREFIX=/usr, for many to look at and nobody to change."""
    place = tmp_path_factory.mktemp("tree")
    make("install", BUILD=built, PREFIX="/usr", DESTDIR=place)
    return place


@pytest.fixture
def root(tree, tmp_path):
    """A small system to be root of, with what was installed."""
    if os.geteuid() != 0:
        pytest.skip("needs root: for chroot")
    if not shutil.which("busybox"):
        pytest.skip("busybox: not here")
    return Root(tmp_path / "root", tree)


@pytest.fixture(scope="session")
def debs(tmp_path_factory):
    """The packages, built twice at a time, at places of their own: two folders.
    While you work: TRUECHIMER_DEBS=FOLDER has those that were built before."""
    if "TRUECHIMER_DEBS" in os.environ:
        return [pathlib.Path(os.environ["TRUECHIMER_DEBS"])] * 2
    for need in ("dpkg-buildpackage", "dh", "dh_apparmor"):
        if not shutil.which(need):
            pytest.skip(f"{need}: not here")
    places = [tmp_path_factory.mktemp("debs"),
              tmp_path_factory.mktemp("else where") / "deeper"]
    # By somebody else, too: what is his must not be in them.
    his = {"TZ": "Asia/Kathmandu", "LC_ALL": "C.UTF-8", "USER": "somebody",
           "HOME": "/nonexistent", "DEB_BUILD_OPTIONS": "parallel=1"}
    running = [subprocess.Popen([ROOT / "scripts/deb.sh", places[0]]),
               subprocess.Popen([ROOT / "scripts/deb.sh", places[1]], umask=0o027,
                                env={**os.environ, **his})]
    assert [process.wait() for process in running] == [0, 0]
    return places


@pytest.fixture(scope="session")
def rpms(tmp_path_factory):
    """The RPM packages, compiled in haste: a folder. TRUECHIMER_RPMS likewise."""
    if "TRUECHIMER_RPMS" in os.environ:
        return pathlib.Path(os.environ["TRUECHIMER_RPMS"])
    if not shutil.which("rpmbuild"):
        pytest.skip("rpmbuild: not here")
    place = tmp_path_factory.mktemp("rpms")
    subprocess.run([ROOT / "scripts/rpm.sh", place, "--define", "optflags -O0"],
                   check=True)
    return place


@pytest.fixture
def overlay(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("needs root: for an overlay")
    machine = Overlay(tmp_path / "overlay")
    yield machine
    machine.close()
