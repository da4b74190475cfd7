#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Where the time of an answer goes: a server under twice what it can do, as
perf sees it, in ns. See docs/performance.md.

    bench/server/profile.py ours
"""
import collections
import shutil
import subprocess
import sys
import time

import measure
import servers
from stage import Stage, arguments
from wire import Unable

RUNS, OFFER, HERTZ, WARM_S = 4, 600e3, 7000, 0.5

# The first whose function is anywhere on the stack has the sample.
PLACES = [
    ("the client's end of the veth", ["veth_poll", "net_rx_action"]),
    ("sending: choosing an IP ident", ["__ip_select_ident"]),
    ("sending: route", ["ip_route_output_flow",
                        "ip_route_output_key_hash"]),
    ("sending: making the packet", ["ip_make_skb", "ip6_make_skb"]),
    ("sending: IP, neighbour, device", ["udp_send_skb", "udp_v6_send_skb"]),
    ("sending: UDP", ["udp_sendmsg", "udpv6_sendmsg"]),
    ("sending: heads in and out", ["__sys_sendmmsg", "__sys_sendmsg",
                                   "__sys_sendto"]),
    ("receiving: stamps and destination", ["__sock_recv_timestamp",
                                           "__sock_recv_cmsgs",
                                           "ip_cmsg_recv_offset"]),
    ("receiving: taking it off the queue", ["udp_recvmsg", "udpv6_recvmsg"]),
    ("receiving: heads in and out", ["__sys_recvmmsg", "do_recvmmsg",
                                     "__sys_recvmsg", "__sys_recvfrom"]),
    ("waiting", ["__x64_sys_ppoll", "__x64_sys_poll", "do_epoll_wait",
                 "do_epoll_pwait", "do_sys_poll", "__x64_sys_pselect6",
                 "schedule"]),
    ("user: the answer", ["server_respond"]),
    ("user: clients ahead", ["server_expect"]),
    ("user: reading the clock", ["__vdso_clock_gettime", "clock_gettime",
                                 "__clock_gettime"]),
    ("entering the kernel", ["do_syscall_64", "entry_SYSCALL_64",
                             "entry_SYSCALL_64_after_hwframe",
                             "syscall_return_via_sysret"]),
]
REST = "user: the rest"


def record(wire, pids, out):
    """RUNS runs under perf; the runs."""
    perf = subprocess.Popen(
        ["perf", "record", "-q", "-F", str(HERTZ), "-g", "-o", out, "-p",
         ",".join(map(str, pids))], stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)
    time.sleep(WARM_S)
    runs = [wire.run(OFFER) for _ in range(RUNS)]
    perf.send_signal(2)
    perf.wait()
    return runs


def stacks(path):
    """Sets of function names, one for each sample."""
    text = subprocess.run(["perf", "script", "-i", path, "-F", "ip,sym"],
                          capture_output=True, text=True, check=True).stdout
    for sample in text.split("\n\n"):
        names = [line.split(None, 1)[1] for line in sample.splitlines()
                 if len(line.split(None, 1)) == 2]
        if names:
            yield names


def place(names):
    for label, functions in PLACES:
        if any(name in functions for name in names):
            return label
    return REST


def show(runs, samples):
    us = measure.median([measure.us_per_answer(run) for run in runs])
    whole = sum(samples.values())
    print(f"{measure.median([run.rate for run in runs]):,.0f} answers/s, "
          f"{us * 1e3:.0f} ns of CPU each, {whole} samples\n")
    print("| where | ns | share |\n| --- | --- | --- |")
    for label in [label for label, _ in PLACES] + [REST]:
        if samples[label]:
            share = samples[label] / whole
            print(f"| {label} | {share * us * 1e3:.0f} | {share:.1%} |")


def main():
    parser = arguments(__doc__)
    parser.add_argument("server")
    given = parser.parse_args()
    with Stage(given.build) as stage:
        if not shutil.which("perf"):
            raise Unable("perf is not here")
        kind, = servers.named(stage.build, given.server).values()
        wire = stage.serve(kind())
        samples = stage.folder / "perf"
        runs = record(wire, wire.server.pids(), samples)
        show(runs, collections.Counter(map(place, stacks(samples))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
