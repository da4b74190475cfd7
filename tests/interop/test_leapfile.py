# SPDX-License-Identifier: BSD-2-Clause
"""A running daemon takes another table of leap seconds on SIGHUP, refuses a
damaged one (J3), and without a line takes that of the time zones.

The tables are made up."""
import hashlib
import os
import pathlib
import signal

import pytest

from lab.lan import SERVES_ALL, Lan
from lab.namespace import wait_for

UNIX_TO_NTP = 2208988800
USUAL = pathlib.Path("/usr/share/zoneinfo/leap-seconds.list")
NAMES = "tai,leapsec,expire"


def table(*entries, expires=1900000000, damaged=False):
    numbers = [1700000000 + UNIX_TO_NTP, expires + UNIX_TO_NTP]
    for at, tai in entries:
        numbers += [at + UNIX_TO_NTP, tai]
    digest = hashlib.sha1("".join(map(str, numbers)).encode()).hexdigest()
    if damaged:
        digest = digest[1:] + digest[0]
    lines = [f"#$ {numbers[0]}", f"#@ {numbers[1]}"]
    lines += [f"{at + UNIX_TO_NTP} {tai}" for at, tai in entries]
    words = " ".join(digest[i:i + 8] for i in range(0, 40, 8))
    return "\n".join([*lines, f"#h {words}", ""])


@pytest.fixture(scope="module", name="lan")
def _lan(privileged, tmp_path_factory):
    with Lan(tmp_path_factory.mktemp("leapfile")) as lan:
        yield lan


def test_a_new_table_is_taken_and_a_damaged_one_refused(lan):
    path = lan.file("leap-seconds.list", table((1435708800, 36),
                                               (1483228800, 37)))
    ours = lan.ntpd(1, f"leapfile {path}\n" + SERVES_ALL).listening()
    assert wait_for(lambda: ours.rv(NAMES) == {
        "tai": "37", "leapsec": "201701010000", "expire": "203003171746"}, 5), \
        (ours.rv(NAMES), ours.text())
    said = f"leapsecond file ('{path}'): "
    assert said + "good hash signature" in ours.text()
    assert " 0e TAI 37 leap 201701010000 expires 203003171746" in ours.text()

    pathlib.Path(path).write_text(table((1435708800, 36), (1483228800, 37),
                                        (1719792000, 38), damaged=True))
    os.kill(ours.process.pid, signal.SIGHUP)
    assert wait_for(lambda: said + "signature mismatch" in ours.text(), 5)
    assert ours.rv(NAMES)["leapsec"] == "201701010000"

    pathlib.Path(path).write_text(table((1435708800, 36), (1483228800, 37),
                                        (1719792000, 38)))
    os.kill(ours.process.pid, signal.SIGHUP)
    assert wait_for(lambda: ours.rv(NAMES)["tai"] == "38", 5), ours.text()
    assert ours.rv(NAMES)["leapsec"] == "202407010000"
    assert ours.stop() == 0


@pytest.mark.skipif(not USUAL.exists(), reason=f"no {USUAL} here")
def test_without_a_line_that_of_the_time_zones_is_taken(lan):
    ours = lan.ntpd(2, SERVES_ALL).listening()
    assert f"leapsecond file ('{USUAL}'): loaded" in ours.text()
    assert ours.rv(NAMES)["tai"] == "37"
    assert ours.stop() == 0
    ours = lan.ntpd(3, 'leapfile ""\n' + SERVES_ALL).listening()
    assert "leapsecond file" not in ours.text()
    assert ours.stop() == 0
