# SPDX-License-Identifier: BSD-2-Clause
"""What sniff.py recorded."""
import signal


class Capture:
    """What sniff.py records."""

    def __init__(self, process, path):
        self.process, self.path = process, path

    def end(self):
        """Stops recording; the file."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)
        return self.path
