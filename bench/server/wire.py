# SPDX-License-Identifier: BSD-2-Clause
"""A server and its clients on a wire of their own: two network namespaces, a
veth between them, and the load generator at the client's end of it.

The generator has processor 0 to itself, the server processor 1. What a server
receives costs processor 0, which is a network card's share; what it reads,
thinks and sends costs its own."""
import contextlib
import ctypes
import json
import os
import pathlib
import signal
import subprocess
import time
import types

SERVER, CLIENT = "192.0.2.1", "192.0.2.2"
GENERATOR_CPU, SERVER_CPU = 0, 1
REAL_TIME, BEFORE_OTHERS = 10, -19
SETTLES = 50
SKIPPED = 77 # the exit status, for Meson
CLONE_NEWNET, PR_CAPBSET_DROP, CAP_SYS_TIME = 0x40000000, 24, 25
libc = ctypes.CDLL(None, use_errno=True)


class Unable(Exception):
    """This machine cannot do it: no right, no namespaces, no such kernel."""


def ip(*words):
    try:
        done = subprocess.run(["ip", *words], capture_output=True, text=True,
                              check=False)
    except OSError as trouble:
        raise Unable(str(trouble)) from trouble
    if done.returncode != 0:
        raise Unable(f"ip {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


class Wire:
    def __init__(self, tools, number, how="frames"):
        if len(os.sched_getaffinity(0)) < 2:
            raise Unable("two processors are needed")
        self.tools = pathlib.Path(tools)
        self.how = how
        self.net = {end: f"tcb-{os.getpid()}-{number}{end}" for end in "cs"}
        self.load = self.server = None
        try:
            self.lay()
        except Unable:
            self.close()
            raise

    def lay(self):
        for name in self.net.values():
            ip("netns", "add", name)
        ip("link", "add", "eth0", "netns", self.net["c"], "type", "veth",
           "peer", "name", "eth0", "netns", self.net["s"])
        for end, addr in ("c", CLIENT), ("s", SERVER):
            net = self.net[end]
            ip("-n", net, "addr", "add", f"{addr}/24", "dev", "eth0")
            ip("-n", net, "link", "set", "lo", "up")
            ip("-n", net, "link", "set", "eth0", "addrgenmode", "none")
            ip("-n", net, "link", "set", "eth0", "up")
        ip("-n", self.net["s"], "neigh", "replace", CLIENT, "lladdr",
           self.mac("c"), "dev", "eth0", "nud", "permanent")
        ip("-n", self.net["s"], "route", "add", "10.0.0.0/8", "via", CLIENT)
        if not (self.tools / "load").exists():
            raise Unable(f"no load generator in {self.tools}: it needs clang "
                         "and libbpf")
        self.inside("s", "gro", "eth0").wait()
        self.open_load()

    def mac(self, end):
        return json.loads(ip("-j", "-n", self.net[end], "link", "show",
                             "eth0"))[0]["address"]

    def inside(self, end, *words, **more):
        return subprocess.Popen(
            ["ip", "netns", "exec", self.net[end], self.tools / "load",
             *words], text=True, start_new_session=True, **more)

    def open_load(self):
        self.load = self.inside("c", "run", "eth0", self.mac("s"), SERVER,
                                self.how, stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE)
        if self.load.stdout.readline() != "ready\n":
            raise Unable("the load generator cannot be loaded")
        os.sched_setaffinity(self.load.pid, {GENERATOR_CPU})
        self.hurry(True)

    def hurry(self, real_time):
        """Whether the generator lets nobody else have its processor."""
        hurry(self.load.pid, real_time and self.how == "frames")

    def begin(self, rate, seconds=0.6, sources=1000, kind="plain", batch=64,
              sample=16, payload=""):
        self.load.stdin.write(f"{rate:.0f} {seconds:.6f} {sources} {kind} "
                              f"{batch} {sample} {payload}\n")
        self.load.stdin.flush()

    def finish(self):
        line = self.load.stdout.readline()
        if not line:
            raise Unable("the load generator ended")
        return types.SimpleNamespace(**json.loads(line))

    def run(self, rate, **how):
        """One run; what was counted, and the server's and the generator's
        processor time."""
        before = self.server.cpu_s() if self.server else 0
        spent = cpu_s([self.load.pid])
        self.begin(rate, **how)
        done = self.finish()
        done.cpu_s = (self.server.cpu_s() if self.server else 0) - before
        done.load_cpu_s = cpu_s([self.load.pid]) - spent
        done.seconds = max(done.seconds, 1e-6)
        done.rate = done.answers / done.seconds
        done.loss = 1 - done.answers / max(done.sent, 1)
        return done

    def start(self, command, folder, cpus=(SERVER_CPU,), real_time=True):
        self.server = Server(self.net["s"], command, folder, cpus, real_time)
        return self.server

    def settle(self):
        """Returns when the server answers; raises when it never does."""
        for _ in range(SETTLES):
            done = self.run(1000, seconds=0.1)
            if done.answers > 0.9 * done.sent:
                self.server.hurry()
                return
        raise Unable("it does not answer: "
                     + self.server.log.read_text()[-400:])

    def close(self):
        """Another time it does nothing."""
        if self.server:
            self.server.stop()
        if self.load:
            self.load.stdin.close()
            self.load.wait()
            self.load.stdout.close()
        self.server = self.load = None
        for name in self.net.values():
            with contextlib.suppress(Unable):
                ip("netns", "del", name)


class Server:
    """Any server, with all processes it becomes; it cannot set the clock."""

    def __init__(self, net, command, folder, cpus, real_time):
        self.net, self.real_time = net, real_time
        self.log = pathlib.Path(folder) / "log"
        read, write = os.pipe()
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [str(word) for word in command], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
                pass_fds=(write,), preexec_fn=lambda: confine(
                    net, cpus, real_time, write))
        os.close(write)
        with os.fdopen(read, "rb") as pipe:
            self.began_ns = int(pipe.read(20) or 0)

    def pids(self):
        return [int(pid) for pid in ip("netns", "pids", self.net).split()]

    def cpu_s(self):
        return cpu_s(self.pids())

    def hurry(self):
        """All its threads, also those that chose otherwise."""
        for task in tasks(self.pids()):
            hurry(int(task.name), self.real_time)

    def pss_kib(self):
        """Of all processes; what they share with others is shared out."""
        total = 0
        for pid in self.pids():
            rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
            total += int(rollup.partition("\nPss:")[2].split()[0])
        return total

    def wakeups(self):
        total = 0
        for task in tasks(self.pids()):
            for line in (task / "status").read_text().splitlines():
                if line.startswith("voluntary_ctxt_switches"):
                    total += int(line.split()[1])
        return total

    def stop(self):
        """Ends all that it has become."""
        for pid in self.pids():
            try:
                os.kill(pid, signal.SIGTERM)
            except ProcessLookupError:
                pass
        self.wait()

    def end(self):
        """Ends the one process that was started."""
        self.process.terminate()
        self.wait()

    def wait(self):
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def confine(net, cpus, real_time, write):
    """In the child, between fork and exec; tells when that is."""
    with open(f"/run/netns/{net}", "rb") as file:
        if libc.setns(file.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")
    if libc.prctl(PR_CAPBSET_DROP, CAP_SYS_TIME, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    os.sched_setaffinity(0, cpus)
    hurry(0, real_time)
    os.write(write, str(time.monotonic_ns()).encode())
    os.close(write)


def hurry(pid, real_time):
    """Before all others: those get nothing of the processor, or a little."""
    if real_time:
        os.sched_setscheduler(pid, os.SCHED_FIFO, os.sched_param(REAL_TIME))
    else:
        os.sched_setscheduler(pid, os.SCHED_OTHER, os.sched_param(0))
        os.setpriority(os.PRIO_PROCESS, pid, BEFORE_OTHERS)
        group = pathlib.Path(f"/proc/{pid or os.getpid()}/autogroup")
        if group.exists(): # what counts between sessions
            group.write_text(str(BEFORE_OTHERS))


def tasks(pids):
    for pid in pids:
        yield from pathlib.Path(f"/proc/{pid}/task").glob("*")


def cpu_s(pids):
    """What the scheduler says that these have run, to the ns."""
    return sum(int((task / "schedstat").read_text().split()[0])
               for task in tasks(pids)) * 1e-9
