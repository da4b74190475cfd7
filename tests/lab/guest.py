# SPDX-License-Identifier: BSD-2-Clause
"""A Debian kernel in QEMU with our programs in its initramfs.

Software emulation only (-accel tcg). The guest's clock is its own: nothing in
here can touch the clock of the machine that runs the test."""
import lzma
import os
import pathlib
import re
import shutil
import socket
import subprocess
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
KERNEL = ROOT / ".cache/kernel"
MODULES = ["virtio_ring", "virtio", "virtio_pci_modern_dev",
           "virtio_pci_legacy_dev", "virtio_pci", "failover", "net_failover",
           "virtio_net"]

INIT = """#!/bin/sh
export PATH=/bin:/sbin:/usr/bin:/usr/sbin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
for m in %(modules)s; do [ -e /modules/$m.ko ] && insmod /modules/$m.ko; done
ip link set lo up; ip link set eth0 up; ip addr add 192.168.77.2/24 dev eth0
echo GUEST-UP
%(script)s
echo GUEST-DONE
poweroff -f
"""


def why_not():
    """A reason to skip, or None."""
    if not shutil.which("qemu-system-x86_64"):
        return "qemu-system-x86_64 is not installed"
    if not list(KERNEL.glob("boot/vmlinuz-*")):
        return "Debian's kernel is not unpacked (make test does it)"
    if not shutil.which("busybox"):
        return "busybox is not installed"
    return None


def unpack_modules(where, names):
    """Those of the kernel's modules that are files, into the folder `where`."""
    for name in names:
        for path in KERNEL.glob(f"**/modules/*/kernel/**/{name}.ko*"):
            packed = path.read_bytes()  # of Debian 13: packed
            (where / f"{name}.ko").write_bytes(
                lzma.decompress(packed) if path.suffix == ".xz" else packed)


def pack_initramfs(tree, image):
    subprocess.run(f"cd {tree} && find . | cpio -o -H newc --quiet | gzip -1 "
                   f"> {image}", shell=True, check=True)
    return image


def shared_libraries(program):
    out = subprocess.run(["ldd", program], capture_output=True, text=True,
                         check=True).stdout
    return re.findall(r"(/\S+) \(0x", out)


def build_initramfs(where, programs, files, script, more=()):
    """A gzipped cpio archive of busybox, `programs`, their libraries, `files`
    (guest path -> text) and `more` modules, in the order they need."""
    tree = where / "root"
    for folder in ("bin sbin proc sys dev etc tmp run modules var/lib/ntp "
                   "usr/sbin usr/bin").split():
        (tree / folder).mkdir(parents=True, exist_ok=True)
    shutil.copy(shutil.which("busybox"), tree / "bin/busybox")
    subprocess.run(["chroot", tree, "/bin/busybox", "--install", "-s", "/bin"],
                   check=True)
    for program in programs:
        shutil.copy(program, tree / "usr/sbin")
        for library in shared_libraries(program):
            target = tree / library.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(library, target)
    modules = [*MODULES, *more]
    unpack_modules(tree / "modules", modules)
    for path, text in files.items():
        (tree / path.lstrip("/")).write_text(text)
    (tree / "etc/passwd").write_text("root:x:0:0::/:/bin/sh\n"
                                     "ntp:x:38:38::/var/lib/ntp:/bin/false\n")
    (tree / "etc/hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")
    (tree / "etc/group").write_text("root:x:0:\nntp:x:38:\n")
    init = tree / "init"
    init.write_text(INIT % {"modules": " ".join(modules), "script": script})
    init.chmod(0o755)
    return pack_initramfs(tree, where / "initramfs.gz")


def qemu(image, port, rtc, megabytes=256, append=""):
    """The command of a guest that boots from an initramfs, its network card
    plugged in at `port`, its clock set to `rtc`."""
    kernel = next(KERNEL.glob("boot/vmlinuz-*"))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        ours = probe.getsockname()[1]
    network = (f"dgram,id=n,local.type=inet,local.host=127.0.0.1,"
               f"local.port={ours},remote.type=inet,"
               f"remote.host=127.0.0.1,remote.port={port}")
    return ["qemu-system-x86_64", "-accel", "tcg", "-m", str(megabytes),
            "-display", "none", "-rtc",
            "base=" + time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(rtc)),
            # Each boot measures the rate of the TSC anew, some ppm off; the
            # HPET's is this machine's.
            "-kernel", kernel, "-initrd", image, "-append",
            "console=ttyS0 quiet panic=-1 tsc=reliable clocksource=hpet " +
            append, "-netdev", network]


class Guest:
    """A running guest; its serial console is `lines`, with arrival times."""

    def __init__(self, image, wire, rtc):
        self.process = subprocess.Popen(
            [*qemu(image, wire.port, rtc), "-no-reboot", "-monitor", "none",
             "-serial", "stdio", "-device",
             "virtio-net-pci,netdev=n,romfile="],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace",
            env={**os.environ, "TMPDIR": "/tmp"})
        self.lines = []
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append((time.monotonic(), line.rstrip()))

    def text(self):
        return "\n".join(line for _, line in self.lines)

    def wait_for(self, pattern, patience):
        """The moment and the match of the first line that has `pattern`."""
        until = time.monotonic() + patience
        while time.monotonic() < until:
            for moment, line in list(self.lines):
                match = re.search(pattern, line)
                if match:
                    return moment, match
            if self.process.poll() is not None and not self.reader.is_alive():
                break
            time.sleep(0.1)
        raise AssertionError(f"no {pattern!r} from the guest:\n{self.text()}")

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.reader.join()
