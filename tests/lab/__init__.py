# SPDX-License-Identifier: BSD-2-Clause
"""What tests of whole programs share: networks, fakes, peers, a spy.

Environment: TRUECHIMER_BUILD, the build directory (default: build in the
source tree); TRUECHIMER_PEERS, where the programs of other suites are
unpacked (default: .cache/peers in the source tree); TRUECHIMER_NPM, where
clients of npm are installed (default: .cache/npm in the source tree);
TRUECHIMER_CLASSIC_NTPD, _NTPQ and _NTPDATE, programs of ntp.org (default:
none; what needs them is skipped).
"""
import os
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parents[1]
BUILD = pathlib.Path(os.environ.get("TRUECHIMER_BUILD", SOURCE / "build"))
PEERS = pathlib.Path(os.environ.get("TRUECHIMER_PEERS",
                                    SOURCE / ".cache/peers"))
NPM = pathlib.Path(os.environ.get("TRUECHIMER_NPM", SOURCE / ".cache/npm"),
                   "node_modules")
