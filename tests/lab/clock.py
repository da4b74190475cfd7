# SPDX-License-Identifier: BSD-2-Clause
"""The clock as a program under test sees it: by a spy before libc."""
from lab import BUILD


class Clock:
    """What a program did to the clock; start it with `env`."""

    def __init__(self, path):
        self.path = path
        self.env = {"LD_PRELOAD": str(BUILD / "tests/lab/libclockspy.so"),
                    "CLOCKSPY": str(path)}

    def calls(self):
        return self.path.read_text().split() if self.path.exists() else []
