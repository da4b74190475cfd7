# SPDX-License-Identifier: BSD-2-Clause
"""What systemd does for a service of Type=notify, as far as we need it: it is
told how the service is, keeps descriptors for it and gives them to its next
life, with their names."""
import fcntl
import os
import socket
import subprocess
import threading

from lab import BUILD
from lab.namespace import wait_for

# The number of the process is known when it is there.
BY_PID = 'LISTEN_PID=$$ WATCHDOG_PID=$$ exec "$@"'
HIGH = 500  # descriptors of ours, out of the way of those that are passed


class Supervisor:
    def __init__(self, lan, number, conf, *options, keeps=True, watchdog_us=0):
        self.host, self.keeps, self.watchdog_us = (lan.host(number), keeps,
                                                   watchdog_us)
        self.log = lan.folder / f"service-{number}.log"
        self.conf = lan.file(f"service-{number}.conf", conf)
        self.options = ["-n", "--no-clock", "-c", self.conf, "--control",
                        lan.folder / f"service-{number}.ctl", *options]
        self.path = lan.folder / f"notify-{number}"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))
        self.address = str(self.path)
        self.said, self.store, self.process = [], {}, None
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            try:
                data, fds, _, _ = socket.recv_fds(self.socket, 4096, 8)
            except OSError:
                return
            if not data:
                return
            lines = data.decode().split("\n")
            says = dict(line.split("=", 1) for line in lines)
            self.said.extend(lines)
            if says.get("FDSTORE") == "1":
                assert says["FDPOLL"] == "0" and ":" not in says["FDNAME"]
                self.keep(says["FDNAME"], fds)
            elif says.get("FDSTOREREMOVE") == "1":
                for fd in self.store.pop(says["FDNAME"], []):
                    os.close(fd)

    def keep(self, name, fds):
        kept = self.store.setdefault(name, [])
        for fd in fds:
            if self.keeps and not any(same(fd, old) for old in kept):
                kept.append(fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, HIGH))
            os.close(fd)

    def passed(self):
        """Names and descriptors, one beside the other."""
        return [(name, fd) for name, fds in self.store.items() for fd in fds]

    def start(self, before=(), **env):
        passed = self.passed()

        def place():
            for i, (_, fd) in enumerate(passed):
                os.dup2(fd, 3 + i)

        if passed:
            env |= {"LISTEN_FDS": str(len(passed)),
                    "LISTEN_FDNAMES": ":".join(name for name, _ in passed)}
        if self.watchdog_us:
            env["WATCHDOG_USEC"] = str(self.watchdog_us)
        self.said.clear()
        with self.log.open("a") as log:
            self.process = self.host.start(
                *before, "sh", "-c", BY_PID, "sh", BUILD / "ntpd",
                *self.options, stdout=subprocess.DEVNULL, stderr=log,
                close_fds=False, preexec_fn=place,
                env={**os.environ, "NOTIFY_SOCKET": self.address, **env})
        assert wait_for(lambda: "READY=1" in self.said, 20), self.text()
        return self

    def end(self, number):
        """Sends a signal; its exit status, when all it said was heard."""
        self.process.send_signal(number)
        status = self.process.wait(20)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as us:
            us.sendto(b"X_ENDED=1", str(self.path))
        assert wait_for(lambda: "X_ENDED=1" in self.said, 20)
        return status

    def text(self):
        return self.log.read_text(errors="replace")

    def forget(self):
        """As when a service is stopped, not restarted."""
        for _, fd in self.passed():
            os.close(fd)
        self.store.clear()

    def close(self):
        if self.process and self.process.poll() is None:
            assert self.end(15) == 0, self.text()
        self.forget()
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def same(one, other):
    """Two descriptors of one socket."""
    return os.fstat(one).st_ino == os.fstat(other).st_ino
