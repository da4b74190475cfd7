# SPDX-License-Identifier: BSD-2-Clause
"""A root directory with an installed tree in it, a shell and a few tools, to
run scripts in that name files of a system by their whole paths. A stub stands
for ntpq and notes what it is asked."""
import os
import pathlib
import re
import shutil
import socket
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHROOT = shutil.which("chroot", path="/usr/sbin:/usr/bin:/sbin:/bin")
STUB = "#!/bin/sh\necho \"$*\" >>/calls\n"


def make(target, **variables):
    """make TARGET VARIABLE=value... in the tree of the sources."""
    words = [f"{name}={value}" for name, value in variables.items()]
    subprocess.run(["make", "-s", "-C", ROOT, target, *words], check=True,
                   stdout=subprocess.DEVNULL)


class Root:
    def __init__(self, place, tree):
        self.place = place
        shutil.copytree(tree, place, symlinks=True, copy_function=os.link)
        (place / "bin").mkdir()
        shutil.copy("/bin/busybox", place / "bin/busybox")
        self.inside("/bin/busybox", "--install", "-s", "/bin")
        self.write("dev/null", "")  # a plain file is enough to be written to
        shutil.copy(shutil.which("flock"), place / "bin/flock")
        for program in ("usr/sbin/ntpd", "bin/flock"):
            self.add_libraries(program)
        self.stub("usr/bin/ntpq")

    def add_libraries(self, program):
        """So that this program runs here, as it is."""
        listed = subprocess.run(["ldd", self.place / program], check=True,
                                capture_output=True, text=True).stdout
        for library in re.findall(r"(/\S+) \(0x", listed):
            target = self.place / library.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(library, target)

    def stub(self, path):
        """A program that only notes how it is called."""
        self.write(path, STUB)
        self.path(path).chmod(0o755)

    def run(self, *command, **env):
        """In this root, with this environment only."""
        env.setdefault("PATH", "/bin")
        return subprocess.run([CHROOT, self.place, *map(str, command)],
                              env=env, text=True, capture_output=True,
                              check=False, timeout=30)

    def inside(self, *command, **env):
        """Likewise, and it must succeed; what it says."""
        done = self.run(*command, **env)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def source(self, file, *after, **env):
        """As a script does that reads hooks; then lines of its own."""
        return self.inside("/bin/sh", "-c", "; ".join([f". {file}", *after]),
                           **env)

    def path(self, name):
        return self.place / name.lstrip("/")

    def text(self, name):
        file = self.path(name)
        return file.read_text() if file.exists() else None

    def write(self, name, text):
        """A file of this root alone: the installed ones are links."""
        self.path(name).parent.mkdir(parents=True, exist_ok=True)
        self.path(name).unlink(missing_ok=True)
        self.path(name).write_text(text)

    def daemon_runs(self):
        """As far as a script can tell: its control socket is there."""
        folder = self.path("run/truechimer")
        folder.mkdir(parents=True, exist_ok=True)
        place = os.open(folder, os.O_PATH)  # a socket's path is a short one
        with socket.socket(socket.AF_UNIX) as control:
            control.bind(f"/proc/self/fd/{place}/ctl")
        os.close(place)

    def calls(self):
        """How the stubs were called since this was last asked."""
        lines = (self.text("calls") or "").splitlines()
        self.path("calls").unlink(missing_ok=True)
        return lines
