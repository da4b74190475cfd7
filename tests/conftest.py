# SPDX-License-Identifier: BSD-2-Clause
"""Fixtures of all tests of whole programs; what they are made of is in lab/."""
import os

import pytest

from lab.clock import Clock
from lab.host import Host
from lab.lan import Lan
from lab.namespace import Namespace


@pytest.fixture(scope="session")
def privileged():
    if os.geteuid() != 0:
        pytest.skip("needs root: makes network namespaces and binds port 123")


@pytest.fixture
def net(privileged):
    namespace = Namespace()
    yield namespace
    namespace.close()


@pytest.fixture
def lan(privileged, tmp_path):
    with Lan(tmp_path) as wire:
        yield wire


@pytest.fixture
def clock(tmp_path):
    return Clock(tmp_path / "clock")


@pytest.fixture
def host(privileged, tmp_path):
    one = Host(tmp_path)
    yield one
    one.close()
