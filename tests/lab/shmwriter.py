# SPDX-License-Identifier: BSD-2-Clause
"""Writes time into shared memory, ten times a second, as gpsd does.

Arguments: the unit, the mode of the protocol, what to add to this host's own
clock, and the precision. Says "ready" when the segment is there."""
import ctypes
import sys
import time

IPC_CREAT = 0o1000
KEY = 0x4e545030


class ShmTime(ctypes.Structure):
    _fields_ = [("mode", ctypes.c_int), ("count", ctypes.c_int),
                ("clock_s", ctypes.c_long), ("clock_us", ctypes.c_int),
                ("received_s", ctypes.c_long), ("received_us", ctypes.c_int),
                ("leap", ctypes.c_int), ("precision", ctypes.c_int),
                ("nsamples", ctypes.c_int), ("valid", ctypes.c_int),
                ("clock_ns", ctypes.c_uint), ("received_ns", ctypes.c_uint),
                ("reserved", ctypes.c_int * 8)]


def attach(unit):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.shmat.restype = ctypes.c_void_p
    segment = libc.shmget(KEY + unit, ctypes.sizeof(ShmTime),
                          IPC_CREAT | (0o600 if unit < 2 else 0o666))
    address = libc.shmat(segment, None, 0) if segment >= 0 else None
    if address in (None, ctypes.c_void_p(-1).value):
        sys.exit(f"shm: errno {ctypes.get_errno()}")
    return ShmTime.from_address(address)


def write(shared, offset_ns):
    shared.valid = 0
    shared.count += 1
    received = time.time_ns()
    clock = received + offset_ns
    shared.clock_s, rest = divmod(clock, 10**9)
    shared.clock_us, shared.clock_ns = rest // 1000, rest
    shared.received_s, rest = divmod(received, 10**9)
    shared.received_us, shared.received_ns = rest // 1000, rest
    shared.count += 1
    shared.valid = 1


def main(unit, mode, offset, precision):
    shared = attach(int(unit))
    shared.mode, shared.leap = int(mode), 0
    shared.precision = int(precision)
    print("ready", flush=True)
    while True:
        write(shared, round(float(offset) * 1e9))
        time.sleep(0.1)


main(*sys.argv[1:])
