# SPDX-License-Identifier: BSD-2-Clause
"""ntptime: what the kernel says; nobody here may set anything."""
import re

from lab import BUILD

NTPTIME = BUILD / "ntptime"
SHOWN = re.compile(
    r"ntp_gettime\(\) returns code ([0-5]) \(([A-Z]+)\)\n"
    r"  time [0-9a-f]{8}\.[0-9a-f]{8}  [A-Z][a-z]{2}, .*, \(\.[0-9]{6,9}\),\n"
    r"  maximum error [0-9]+ us, estimated error [0-9]+ us, TAI offset "
    r"-?[0-9]+\n"
    r"ntp_adjtime\(\) returns code \1 \(\2\)\n"
    r"  modes 0x0 \(\),\n"
    r"  offset -?[0-9.]+ us, frequency -?[0-9.]+ ppm, interval [0-9]+ s,\n"
    r"  maximum error [0-9]+ us, estimated error [0-9]+ us,\n"
    r"  status 0x[0-9a-f]+ \([A-Z=,]*\),\n"
    r"  time constant [0-9]+, precision [0-9.]+ us, tolerance 500 ppm,\n")


def test_the_kernels_clock_is_shown(net):
    done = net.run(NTPTIME)
    assert SHOWN.match(done.stdout), done.stdout
    assert (done.returncode, done.stderr) == (0, "")
    assert "unixtime=" in net.run(NTPTIME, "-r").stdout


def test_who_is_not_allowed_sets_nothing(net):
    before = net.run(NTPTIME).stdout.splitlines()[-5:-3]
    for letter in "efmostT":
        done = net.run(NTPTIME, f"-{letter}", "1")
        assert done.returncode == 1
        assert done.stderr.startswith("ntptime: must be root")
    assert net.run(NTPTIME).stdout.splitlines()[-5:-3] == before


def test_wrong_use_is_said(net):
    for options in (["-f", "x"], ["-z"], ["-f"]):
        done = net.run(NTPTIME, *options)
        assert done.returncode == 1
        assert "usage: ntptime" in done.stderr
