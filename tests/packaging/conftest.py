# SPDX-License-Identifier: BSD-2-Clause
"""What is installed: a tree made by `make install`, and packages."""
import os
import pathlib
import shutil
import subprocess

import pytest

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


def tool(name):
    """A mark: this takes a program of Debian's."""
    return pytest.mark.skipif(not shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin"),
                              reason=f"{name}: not here")
