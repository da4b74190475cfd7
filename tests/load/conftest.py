# SPDX-License-Identifier: BSD-2-Clause
import pytest

from lab.crowd import Crowd


@pytest.fixture
def crowd(privileged, tmp_path):
    with Crowd(tmp_path) as made:
        yield made
