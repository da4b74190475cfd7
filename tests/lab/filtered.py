# SPDX-License-Identifier: BSD-2-Clause
"""Runs a command under the system call filter of a unit, as systemd would make
it of its SystemCallFilter=, RestrictAddressFamilies= and
MemoryDenyWriteExecute=; but what the filter does not allow kills.

Usage: filtered.py UNIT COMMAND [ARGUMENT...]"""
import ctypes
import os
import pathlib
import socket
import subprocess
import sys

ALLOW, KILL = 0x7fff0000, 0x80000000
EQUAL, MASKED_EQUAL = 4, 7
PROT_EXEC = 4


class Compare(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int),
                ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def settings(unit, name):
    """The words of each line NAME= of a unit."""
    return [line.partition("=")[2].split()
            for line in pathlib.Path(unit).read_text().splitlines()
            if line.startswith(name + "=")]


def group(name):
    """The names in a group, and in the groups in it."""
    told = subprocess.run(["systemd-analyze", "syscall-filter", name],
                          capture_output=True, text=True, check=True).stdout
    return expand(line.strip() for line in told.splitlines()[1:]
                  if not line.strip().startswith("#"))


def expand(names):
    return {call for name in names
            for call in (group(name) if name.startswith("@") else {name})}


def allowed(unit):
    """Lines add, and those that begin with ~ take away again."""
    calls = group("@default")
    for words in settings(unit, "SystemCallFilter"):
        if words[0].startswith("~"):
            calls -= expand([words[0][1:], *words[1:]])
        else:
            calls |= expand(words)
    return calls


class Filter:
    def __init__(self):
        self.lib = ctypes.CDLL("libseccomp.so.2", use_errno=True)
        self.lib.seccomp_init.restype = ctypes.c_void_p
        self.lib.seccomp_rule_add_array.argtypes = [
            ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint,
            ctypes.POINTER(Compare)]
        self.context = ctypes.c_void_p(self.lib.seccomp_init(
            ctypes.c_uint32(KILL)))

    def add(self, action, call, *compares):
        number = self.lib.seccomp_syscall_resolve_name(call.encode())
        if number >= 0:  # else: of another architecture
            array = (Compare * len(compares))(*compares)
            result = self.lib.seccomp_rule_add_array(
                self.context, action, number, len(compares), array)
            assert result == 0, (call, result)

    def load(self):
        assert self.lib.seccomp_load(self.context) == 0


def build(unit):
    made, calls = Filter(), allowed(unit)
    families = settings(unit, "RestrictAddressFamilies")
    if families:
        calls.discard("socket")
        for family in families[0]:
            made.add(ALLOW, "socket", Compare(
                0, EQUAL, getattr(socket, family)))
    if settings(unit, "MemoryDenyWriteExecute") == [["yes"]]:
        calls -= {"mprotect", "pkey_mprotect"}
        # Not executable: bit 2 of the third argument is not set.
        made.add(ALLOW, "mprotect", Compare(2, MASKED_EQUAL, PROT_EXEC, 0))
    for call in sorted(calls):
        made.add(ALLOW, call)
    return made


def main():
    made = build(sys.argv[1])
    ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)  # no new privileges
    made.load()
    os.execvp(sys.argv[2], sys.argv[2:])


if __name__ == "__main__":
    main()
