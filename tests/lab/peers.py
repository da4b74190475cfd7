# SPDX-License-Identifier: BSD-2-Clause
"""The programs of other suites, unpacked and not installed."""
import os
import subprocess

import pytest

from lab import PEERS


def find_peer(*words):
    """The path of a peer's program under PEERS, or None."""
    for path in sorted(PEERS.rglob("sbin/" + words[0])) + sorted(
            PEERS.rglob("bin/" + words[0])):
        if len(words) == 1 or is_made_by(path, words[1]):
            return path
    return None


def is_made_by(path, word):
    says = subprocess.run([path, "--version"], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=10, check=False)
    return word in says.stdout + says.stderr


def classic(program):
    """The program of ntp.org that TRUECHIMER_CLASSIC_<PROGRAM> names, or None.
    They are not packaged any more."""
    return os.environ.get("TRUECHIMER_CLASSIC_" + program.upper())


def need_classic(program):
    path = classic(program)
    if path is None:
        pytest.skip(f"no {program} of ntp.org in "
                    f"TRUECHIMER_CLASSIC_{program.upper()}")
    return path


def need_peer(*words):
    path = find_peer(*words)
    if path is None:
        pytest.skip(f"no {' of '.join(words)} under {PEERS}")
    return path
