# SPDX-License-Identifier: BSD-2-Clause
"""Where the tools of this folder measure: servers, each on a wire of its own,
and a folder for their files. At the end nothing is left of it."""
import argparse
import contextlib
import pathlib
import sys
import tempfile

from wire import SKIPPED, Unable, Wire

ROOT = pathlib.Path(__file__).resolve().parents[2]


def arguments(doc):
    """What every tool can be told: where the build is."""
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    return parser


class Stage(contextlib.ExitStack):
    """For `with`: what this machine is Unable to do ends the program there, as a
    test that was skipped."""

    def __init__(self, build):
        super().__init__()
        self.build = build.resolve()
        self.folder, self.wires = None, 0

    def __enter__(self):
        super().__enter__()
        self.folder = pathlib.Path(self.enter_context(
            tempfile.TemporaryDirectory(prefix="bench-server-",
                                        ignore_cleanup_errors=True)))
        return self

    def __exit__(self, kind, trouble, trace):
        super().__exit__(kind, trouble, trace)
        if isinstance(trouble, Unable):
            print(f"skipped: {trouble}", file=sys.stderr)
            sys.exit(SKIPPED)

    def wire(self, how="frames"):
        self.wires += 1
        made = Wire(self.build / "bench/server", self.wires, how)
        self.callback(made.close)
        return made

    def serve(self, kind, how="frames", **more):
        """The wire of such a server, which answers."""
        wire = self.wire(how)
        place = self.folder / str(self.wires)
        place.mkdir()
        try:
            wire.start(kind.argv(place), place, **more)
            wire.settle()
        except Unable:
            wire.close() # it may be busy, beside the others
            raise
        return wire
