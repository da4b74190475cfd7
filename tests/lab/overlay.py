# SPDX-License-Identifier: BSD-2-Clause
"""This machine's own Debian once more, to install packages into: an overlay
over its files with namespaces of its own, which is gone afterwards. Nothing in
it can set the clock, load a profile into the kernel or reach a network, and
whatever it starts ends with it."""
import pathlib
import shutil
import signal
import subprocess

import pytest

from lab.namespace import wait_for

HARMLESS = ["setpriv", "--inh-caps=-all",
            "--bounding-set=-sys_time,-mac_admin,-mac_override,-sys_module,-sys_boot"]
# tmpfs: an overlay may not lie upon another one.
MOUNTS = """set -e
mount -t tmpfs tmpfs "$1"
cd "$1"
mkdir upper work root
mount -t overlay overlay -o lowerdir=/,upperdir=upper,workdir=work root
mount -t proc proc root/proc
mount --bind /dev root/dev
mount -t tmpfs tmpfs root/run
mount -t tmpfs tmpfs root/tmp
chmod 1777 root/tmp
ip link set lo up
printf '#!/bin/sh\\nexit 101\\n' >root/usr/sbin/policy-rc.d
chmod 755 root/usr/sbin/policy-rc.d
# Quicker: nobody reads its manual, nor wants it after a crash.
rm -f root/var/lib/man-db/auto-update
echo force-unsafe-io >root/etc/dpkg/dpkg.cfg.d/quick
touch ready
exec sleep 600
"""


class Overlay:
    def __init__(self, place):
        for need in ("unshare", "nsenter", "setpriv", "dpkg"):
            if not shutil.which(need):
                pytest.skip(f"{need}: not here")
        place.mkdir()
        self.outer = subprocess.Popen(
            [*HARMLESS, "unshare", "-mnpi", "--fork", "--kill-child",
             "--propagation", "private", "sh", "-c", MOUNTS, "sh", place],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True)
        self.place, self.inner = place, None
        wait_for(lambda: self.outer.poll() is not None or self.ready(), 30)
        if self.outer.poll() is not None:
            pytest.skip(f"no overlay of / here: {self.outer.stderr.read()}")

    def ready(self):
        with open(f"/proc/{self.outer.pid}/task/{self.outer.pid}/children",
                  encoding="ascii") as children:
            self.inner = children.read().strip()
        return self.inner and self.outside("../ready").exists()

    def outside(self, path):
        """The path by which we, outside, see this one."""
        return pathlib.Path(f"/proc/{self.inner}/root{self.place}/root",
                            str(path).lstrip("/"))

    def run(self, *command):
        """In it; nobody answers a question there."""
        return subprocess.run(
            [*HARMLESS, "nsenter", "-t", self.inner, *"-m -n -p -i -r".split(),
             "chroot", self.place / "root", *map(str, command)],
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            check=False, timeout=120,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C",
                 "DEBIAN_FRONTEND": "noninteractive"})

    def done(self, *command):
        """Likewise, and it must succeed; what it says."""
        done = self.run(*command)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def text(self, path):
        file = self.outside(path)
        return file.read_text() if file.exists() else None

    def write(self, path, text):
        self.outside(path).parent.mkdir(parents=True, exist_ok=True)
        self.outside(path).write_text(text)

    def take(self, *files):
        """Copies of files of ours; their names in there."""
        for file in files:
            shutil.copy(file, self.outside("tmp") / file.name)
        return [f"/tmp/{file.name}" for file in files]

    def close(self):
        self.outer.send_signal(signal.SIGKILL)
        self.outer.wait()
        self.outer.stderr.close()
