# SPDX-License-Identifier: BSD-2-Clause
"""A machine with one of the roots, and a keyboard: a serial line on which a
test types commands and reads what they say."""
import codecs
import os
import re
import socket
import subprocess
import time

import disk
from lab import guest

MEGABYTES = 512
APPARMOR = "security=apparmor "
BOOT_S = 240  # patience; 20 s on an idle machine
PROMPT = re.compile(r"<(\d+)># $")


class Machine:
    """Boots at once; `ready` waits until somebody can type. Its disk is its
    own: an overlay in `folder` over the image."""

    def __init__(self, folder, image, port, number=1, rtc=None, append="",
                 plugged=True):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        overlay = folder / "disk.qcow2"
        if not overlay.exists():
            subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F",
                            "raw", "-b", image, overlay], check=True)
        self.console = folder / "console.log"
        self.said = ""  # all that came over the line
        self.typed = open(folder / "typed.log", "w", buffering=1)
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.boot = None  # the kernel's name of this boot
        command = guest.qemu(disk.initramfs(), port,
                             time.time() if rtc is None else rtc, MEGABYTES,
                             "net.ifnames=0 systemd.show_status=0 " + APPARMOR + append)
        mac = f"52:54:00:12:34:{number:02x}"
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [*command,
             "-device", f"virtio-net-pci,id=card,netdev=n,mac={mac},romfile=",
             "-drive", f"file={overlay},if=virtio,format=qcow2,cache=unsafe",
             "-serial", f"file:{self.console}",
             "-chardev", f"socket,id=line,path={folder}/line,server=on,wait=off",
             "-serial", "chardev:line",
             "-chardev", f"socket,id=mon,path={folder}/mon,server=on,wait=off",
             "-mon", "chardev=mon"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=open(folder / "qemu.log", "a"), env=os.environ)
        self.line = self._connect("line")
        self.monitor = self._connect("mon")
        if not plugged:
            self.plug(False)

    def _connect(self, name):
        until = time.monotonic() + 30
        while True:
            end = socket.socket(socket.AF_UNIX)
            try:
                end.connect(str(self.folder / name))
                end.settimeout(0.2)
                return end
            except OSError as trouble:
                end.close()
                if time.monotonic() > until or self.process.poll() is not None:
                    words = (self.folder / "qemu.log").read_text()
                    raise AssertionError(f"no machine: {trouble} {words}")
                time.sleep(0.05)

    def plug(self, into):
        """The cable of the network card."""
        self.monitor.sendall(b"set_link card %s\n" % (b"on" if into else b"off"))

    def _until(self, form, start, patience):
        """The first match of a pattern in what is said after `start`."""
        until = time.monotonic() + patience
        while True:
            match = form.search(self.said, start)
            if match:
                return match
            if time.monotonic() > until or self.process.poll() is not None:
                raise AssertionError(
                    f"waited {patience} s for {form.pattern!r}:\n"
                    f"{self.said[-3000:]}\n--- console:\n"
                    f"{self.console.read_text(errors='replace')[-3000:]}")
            try:
                heard = self.line.recv(65536)
            except TimeoutError:
                continue
            heard = self.decoder.decode(heard).replace("\r", "")
            self.said += heard
            self.typed.write(heard)

    def ready(self, patience=BOOT_S):
        """Somebody can type; the seconds since it was switched on."""
        begun = self.started
        match = self._until(re.compile(r"@typist (\S+)\n<0># $"), 0, patience)
        self.boot = match[1]
        return time.monotonic() - begun

    def type(self, command, patience=60):
        """What a command says, and its exit status."""
        start = len(self.said)
        self.line.sendall(command.encode() + b"\n")
        match = self._until(PROMPT, start, patience)
        _, _, said = self.said[start:match.start()].partition("\n")
        return said, int(match[1])

    def say(self, command, patience=60):
        """Likewise, of a command that must not fail."""
        said, status = self.type(command, patience)
        assert status == 0, f"{command}: {status}\n{said}"
        return said

    def wait(self, command, wanted, patience=60, pause=0.5):
        """Types the command until it says what matches `wanted`; the match."""
        until = time.monotonic() + patience
        while True:
            said, _ = self.type(command)
            match = re.search(wanted, said, re.M)
            if match:
                return match
            if time.monotonic() > until:
                raise AssertionError(
                    f"{command}: no {wanted!r} in {patience} s:\n{said}")
            time.sleep(pause)

    def reboot(self, patience=BOOT_S):
        """Types `reboot`; the seconds until somebody can type again."""
        start, before = len(self.said), self.boot
        begun = time.monotonic()
        self.line.sendall(b"reboot\n")
        match = self._until(
            re.compile(rf"@typist (?!{before})(\S+)\n<0># $"), start, patience)
        self.boot = match[1]
        return time.monotonic() - begun

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Cut off; the disk stays."""
        self.process.kill()
        self.process.wait()
        self.line.close()
        self.monitor.close()
        self.typed.close()
