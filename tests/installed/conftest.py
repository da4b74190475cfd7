# SPDX-License-Identifier: BSD-2-Clause
"""Whole machines with our packages on them: see disk.py and machine.py."""
import os
import pathlib

import pytest

import disk
from lab import guest, wire
from story import GATEWAY

# What the packages are made of.
MADE_OF = ["src", "packaging", "debian", "man", "docs", "etc", "meson.build",
           "meson_options.txt", "scripts", "README.md", "CHANGELOG.md"]


def pytest_collection_modifyitems(items):
    reason = disk.why_not()
    if reason:
        for item in items:
            item.add_marker(pytest.mark.skip(reason=reason))


def packages_in(folder):
    return [next(folder.glob(f"{name}_*.deb"))
            for name in ("truechimer-ntpdate", "truechimer")]


@pytest.fixture(scope="session")
def debs():
    """Our packages: those of TRUECHIMER_DEBS, a folder, or built once for each
    state of the tree."""
    if "TRUECHIMER_DEBS" in os.environ:
        return packages_in(pathlib.Path(os.environ["TRUECHIMER_DEBS"]))
    files = sorted(path for name in MADE_OF
                   for path in [guest.ROOT / name, *(guest.ROOT / name).rglob("*")]
                   if path.is_file() and "__pycache__" not in path.parts)
    folder = disk.CACHE / ("packages-" + disk.key_of(*(
        str(file.relative_to(guest.ROOT)).encode() + file.read_bytes()
        for file in files)))
    with disk.Lock():
        if not folder.exists():
            disk.forget("packages-*")
            making = disk.CACHE / "making-packages"
            disk.run([guest.ROOT / "scripts/deb.sh", making],
                     disk.CACHE / "packages.log")
            making.rename(folder)
    return packages_in(folder)


@pytest.fixture(scope="module")
def ether():
    """A network with a gateway and the world behind it, which tells the time."""
    link = wire.Wire(wire.TrueTime(), GATEWAY)
    yield link
    link.close()
