# SPDX-License-Identifier: BSD-2-Clause
"""Disks with Debian on them, of the release that this machine has, since our
packages are built here: made by debootstrap from the mirror that apt uses, kept
as disk images in .cache/roots.

A root is made once for each recipe (packages and set-up, see RECIPES); with
packages installed on top, once for each of these packages' bytes. Nothing is
mounted and nothing started: mke2fs reads a folder, and no daemon runs in a
chroot."""
import fcntl
import hashlib
import os
import pathlib
import platform
import re
import shutil
import subprocess

from lab import guest

CACHE = guest.ROOT / ".cache/roots"
RELEASE = platform.freedesktop_os_release().get("VERSION_CODENAME")
KEEP = 8  # images
SIZE = "900M"
MODULES = [*guest.MODULES, "virtio_blk"]

# What the how-to's reader has, and what our packages depend on; by the names of
# Debian 12.
COMMON = """adduser apparmor ifupdown init-system-helpers iproute2 kmod libbpf1
libcap2 libedit2 libjansson4 libnettle8 net-tools netbase procps python3-minimal
tzdata udev util-linux""".split()
PEERS = """libbsd0 libgnutls30 libseccomp2 libssl3 libpython3-stdlib python3
python3-ntp ucf""".split()
SYSTEMD = ["systemd", "systemd-sysv", "dbus", "cron", "logrotate"]
RECIPES = {
    "systemd": SYSTEMD,
    "sysv": ["sysvinit-core", "sysv-rc", "initscripts", "busybox-syslogd",
             "libacl1", "libpopt0"],
    # Who may ask for an address, beside systemd itself.
    "network": [*SYSTEMD, "libpam-systemd", "isc-dhcp-client", "dhcpcd-base",
                "network-manager"],
}

# Nothing that works on its own at times that nobody chose; a line to type on.
SETUP = r"""
set -eu
rm -rf var/lib/apt/lists/* var/cache/apt/* etc/apparmor.d/[a-z]*.d \
	etc/apparmor.d/lsb_release etc/apparmor.d/nvidia_modprobe
echo guest >etc/hostname
echo '127.0.0.1 localhost guest
::1 localhost' >etc/hosts
echo '/dev/vda / ext4 defaults,noatime 0 0' >etc/fstab
echo 'root::19000:0:99999:7:::' >etc/shadow
sed -i 's/^root:[^:]*/root:/' etc/passwd
cat >etc/typist.rc <<'END'
cd; stty cols 200
PS1='<$?># '
echo "@typist $(cat /proc/sys/kernel/random/boot_id)"
END
if [ -L sbin/init ]; then # to systemd
	for unit in e2scrub_reap.service systemd-pstore.service fstrim.timer \
		apt-daily-upgrade.timer apt-daily.timer dpkg-db-backup.timer \
		e2scrub_all.timer getty@.service serial-getty@.service \
		systemd-remount-fs.service; do
		ln -sf /dev/null "etc/systemd/system/$unit"
	done
	cat >etc/systemd/system/typist.service <<'END'
[Unit]
Description=The line that a test types on
After=systemd-user-sessions.service
[Service]
Type=idle
ExecStart=/bin/bash --noediting --noprofile --init-file /etc/typist.rc -i
Environment=HOME=/root TERM=dumb
WorkingDirectory=/root
StandardInput=tty-force
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS1
UtmpIdentifier=S1
SendSIGHUP=yes
TimeoutStopSec=2
Restart=always
[Install]
WantedBy=multi-user.target
END
	ln -sf /etc/systemd/system/typist.service \
		etc/systemd/system/multi-user.target.wants/
else
	echo 'SYSLOG_OPTS="-O /var/log/syslog"' >etc/default/busybox-syslogd
	sed -i '/getty/d' etc/inittab
	echo 'T1:2345:respawn:/sbin/typist' >>etc/inittab
	cat >sbin/typist <<'END'
#!/bin/sh
export HOME=/root TERM=dumb \
	PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
exec setsid -c -w bash --noediting --noprofile --init-file /etc/typist.rc -i \
	<>/dev/ttyS1 >&0 2>&0
END
	chmod +x sbin/typist
fi
"""

# The initramfs of all of them: a disk, and what is on it.
INIT = """#!/bin/busybox sh
b=/bin/busybox
$b mount -t devtmpfs dev /dev
for m in %s; do $b insmod /modules/$m.ko; done
$b mount -t ext4 -o noatime /dev/vda /root
exec $b switch_root /root /sbin/init
"""


def mirror():
    """That of this release, as apt has it configured; None: none."""
    rows = subprocess.run(
        ["apt-get", "indextargets", "--format",
         "$(SITE) $(CODENAME) $(COMPONENT)", "Created-By: Packages"],
        capture_output=True, text=True, check=False).stdout.splitlines()
    for row in rows:
        site, codename, component = row.split(" ")
        if (codename, component) == (RELEASE, "main"):
            return site
    return None


def named_here(packages):
    """Their names in this release: some libraries that know 64 bits of time say
    so in theirs."""
    shown = subprocess.run(
        ["apt-cache", "show", "--no-all-versions", *packages],
        capture_output=True, text=True, check=False).stdout
    real = set(re.findall(r"^Package: (\S+)$", shown, re.M))
    return [name if name in real else f"{name}t64" for name in packages]


def why_not():
    """A reason to skip, or None."""
    if os.geteuid() != 0:
        return "needs root: makes the root of another system"
    for program in ("debootstrap", "mke2fs", "qemu-img", "dpkg-buildpackage",
                    "dh", "dh_apparmor"):
        if not shutil.which(program):
            return f"{program} is not installed"
    if not mirror():
        return f"apt of this machine has no mirror of Debian's {RELEASE}"
    return guest.why_not()


def key_of(*parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part if isinstance(part, bytes) else str(part).encode())
        digest.update(b"\0")
    return digest.hexdigest()[:16]


class Lock:
    """Several runs share the cache: one of them makes what all want."""

    def __enter__(self):
        CACHE.mkdir(parents=True, exist_ok=True)
        self.file = open(CACHE / "lock", "w")
        fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *_):
        self.file.close()


def run(command, log, **options):
    """Into the log; raises with the end of it when it fails."""
    with open(log, "a") as out:
        status = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=out,
                                stderr=subprocess.STDOUT, check=False,
                                **options).returncode
    if status:
        raise RuntimeError(f"{command}: {status}\n" +
                           pathlib.Path(log).read_text()[-2000:])


def tree_of(recipe):
    """The folder of a bare root, made when it is not there."""
    packages = ",".join(named_here([*RECIPES[recipe], *COMMON, *PEERS]))
    tree = CACHE / f"{recipe}-{key_of(RELEASE, packages, SETUP)}"
    if tree.is_dir():
        return tree
    forget(f"{recipe}-*")
    making, log = CACHE / f"making-{recipe}", CACHE / f"{recipe}.log"
    shutil.rmtree(making, ignore_errors=True)
    log.unlink(missing_ok=True)
    (CACHE / "debs").mkdir(exist_ok=True)
    run(["debootstrap", f"--cache-dir={CACHE}/debs", "--variant=minbase",
         f"--include={packages}", RELEASE, making, mirror()], log)
    run(["sh", "-c", SETUP], log, cwd=making)
    making.rename(tree)
    return tree


def image_of(recipe, carried=(), script=""):
    """A disk image of the root with `carried`, files, in its /root and then
    `script`, a shell's, run in it: a machine before it is switched on."""
    with Lock():
        tree = tree_of(recipe)
        image = tree.with_suffix("." + key_of(
            script, *(pathlib.Path(file).read_bytes() for file in carried)) +
            ".img")
        if image.exists():
            image.touch()
            return image
        making, log = CACHE / "making-image", image.with_suffix(".log")
        shutil.rmtree(making, ignore_errors=True)
        log.unlink(missing_ok=True)
        run(["cp", "-a", "--reflink=auto", tree, making], log)
        prepare(making, carried, script, log)
        half = CACHE / "making.img"
        half.unlink(missing_ok=True)
        run(["mke2fs", "-q", "-t", "ext4", "-O", "^has_journal",
             "-d", making, half, SIZE], log)
        shutil.rmtree(making, ignore_errors=True)
        half.rename(image)
        forget_old()
        return image


def prepare(tree, carried, script, log):
    """In a chroot, where no service is started."""
    policy = tree / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    for file in carried:
        shutil.copy(file, tree / "root")
    run(["chroot", tree, "/bin/sh", "-ec", f"cd /root\n{script}"], log, env={
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root",
        "DEBIAN_FRONTEND": "noninteractive"})
    policy.unlink()


def forget(names):
    """What was made of something older."""
    for old in CACHE.glob(names):
        shutil.rmtree(old) if old.is_dir() else old.unlink()


def forget_old():
    images = sorted(CACHE.glob("*.img"), key=lambda path: path.stat().st_mtime)
    for image in images[:-KEEP]:
        image.unlink()


def initramfs():
    """What loads the disk's driver and starts what is on the disk."""
    kernel = next(guest.KERNEL.glob("boot/vmlinuz-*")).name
    init = INIT % " ".join(MODULES)
    image = CACHE / f"initramfs-{key_of(kernel, init)}.gz"
    with Lock():
        if image.exists():
            return image
        tree = CACHE / "making-initramfs"
        shutil.rmtree(tree, ignore_errors=True)
        for folder in ("bin", "dev", "modules", "root"):
            (tree / folder).mkdir(parents=True)
        shutil.copy(shutil.which("busybox"), tree / "bin/busybox")
        guest.unpack_modules(tree / "modules", MODULES)
        (tree / "init").write_text(init)
        (tree / "init").chmod(0o755)
        guest.pack_initramfs(tree, image)
        shutil.rmtree(tree)
        return image
