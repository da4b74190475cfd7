# SPDX-License-Identifier: BSD-2-Clause
"""The servers that can be measured, each with its configuration.

All serve a time that they take for good without asking anybody (openntpd can
not: it answers that it does not know), to everybody, without limits."""
import pathlib
import shlex
import shutil
import sys

from wire import SERVER, Unable

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = ROOT / ".cache/peers"
LOCAL = "server 127.127.1.0\nfudge 127.127.1.0 stratum 5\nrestrict default\n"
OURS = LOCAL + "restrict -6 default\ndriftfile {folder}/drift\n"
MILLION = "mru maxdepth -1\n"  # 2^20
CHRONY = ("local stratum 6\nallow all\ncmdport 0\nbindcmdaddress /\n"
          "pidfile {folder}/pid\n")
# It is `limited` unless told otherwise, at 20 answers to each.
NTPSEC = ("refclock local stratum 5\nunrestrict default limited\n"
          "driftfile {folder}/drift\n")
# As its package would have made user and folder.
OPENNTPD = """
for file in passwd group; do
    cp /etc/$file {folder}/$file && mount --bind {folder}/$file /etc/$file
done
echo ntpd:x:64123:64123::/:/usr/sbin/nologin >>{folder}/passwd
echo ntpd:x:64123: >>{folder}/group
mount -t tmpfs none /var/lib
mkdir -p /var/lib/openntpd/db /var/lib/openntpd/run
exec "$@"
"""


def find(program, package=None):
    """The path of another's program: installed, or unpacked by deps.sh."""
    folder = PEERS / package if package else PEERS
    for path in sorted(folder.rglob("sbin/" + program)):
        return path
    if package is None and shutil.which(program):
        return pathlib.Path(shutil.which(program))
    raise Unable(f"no {package or program} here (scripts/deps.sh test)")


class Kind:
    """How to start one: command(folder, conf) -> argv, and its file."""

    def __init__(self, command, conf="", threads=1):
        self.command, self.conf, self.threads = command, conf, threads

    def argv(self, folder):
        folder = pathlib.Path(folder)
        conf = folder / "conf"
        conf.write_text(self.conf.replace("{folder}", str(folder)))
        return self.command(folder, conf)


def ours(build, more="", conf=OURS):
    return Kind(lambda folder, conf: [
        build / "ntpd", "-n", "--no-clock", "-c", conf,
        "--control", folder / "ctl"], conf + more)


def chrony(more=""):
    program = find("chronyd")
    return Kind(lambda folder, conf: [
        program, "-d", "-x", "-u", "root", "-f", conf], CHRONY + more)


def ntpsec(more=""):
    program = find("ntpd", "ntpsec")
    return Kind(lambda folder, conf: [program, "-n", "-c", conf],
                NTPSEC + more)


def openntpd():
    program = find("ntpd", "openntpd")
    return Kind(lambda folder, conf: [
        "unshare", "-m", "sh", "-ec", OPENNTPD.replace("{folder}",
                                                       str(folder)),
        "sh", program, "-d", "-f", conf], f"listen on {SERVER}\n")


def bare(build, threads=1):
    return Kind(lambda folder, conf: [
        build / "bench/server/bare", SERVER, str(threads)])


def known(build):
    """By name; each is a function, as not all are to be had everywhere."""
    return {
        "ours": lambda: ours(build),
        "ours, 2 threads": lambda: ours(build, "server-threads 2\n"),
        "ours, 10^6 kept": lambda: ours(build, MILLION),
        "ours, XDP": lambda: ours(build, "interface xdp eth0\n"),
        "ours, XDP generic": lambda: ours(
            build, "interface xdp eth0 generic\n"),
        "chrony": chrony,
        "chrony, 10^6 kept": lambda: chrony("clientloglimit 1000000000\n"),
        "ntpsec": ntpsec,
        "openntpd": openntpd,
        "bare": lambda: bare(build),
        "bare, 2 threads": lambda: bare(build, 2),
    }


def named(build, names):
    """Those of known() that are so called, with commas between; as a name has
    commas of its own, they are left out of it."""
    kinds = known(build)
    plain = {name.replace(",", ""): name for name in kinds}
    unknown = [name for name in names.split(",") if name not in plain]
    if unknown:
        sys.exit(f"no server is called {unknown[0]!r} here: "
                 f"{'; '.join(plain)}")
    return {plain[name]: kinds[plain[name]] for name in names.split(",")}


def other(text):
    """NAME=COMMAND, any server at all; {folder} is a folder of its own."""
    name, _, command = text.partition("=")
    return name, lambda: Kind(lambda folder, conf: shlex.split(
        command.replace("{folder}", str(folder))))
