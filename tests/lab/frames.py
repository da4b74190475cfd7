# SPDX-License-Identifier: BSD-2-Clause
"""Ethernet frames as bytes: ARP and UDP over IPv4, and names over that."""
import socket
import struct

ARP, IPV4 = b"\x08\x06", b"\x08\x00"
UDP = 17
A, PTR, AAAA = 1, 12, 28  # types of DNS records
NO_SUCH_NAME = 3
DNS_TTL_S = 60


def checksum(data):
    """The Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ethernet(target, source, ethertype, payload):
    return (target + source + ethertype + payload).ljust(60, b"\0")


def arp_answer(frame, mac):
    """To a question for the address in `frame`: it is at `mac`."""
    asker, ip, wanted = frame[22:28], frame[28:32], frame[38:42]
    return ethernet(asker, mac, ARP, b"\0\1\x08\0\6\4\0\2" + mac + wanted +
                    asker + ip)


def udp(target, source, addresses, ports, data):
    """`addresses` and `ports` are (from, to), the addresses as text."""
    packet = struct.pack("!HHHH", *ports, 8 + len(data), 0) + data
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(packet), 0, 0x4000,
                         64, UDP, 0, *map(socket.inet_aton, addresses))
    header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
    return ethernet(target, source, IPV4, header + packet)


def udp_in(frame):
    """(addresses, ports, data) as above, or None when it is something else."""
    if frame[12:14] != IPV4 or frame[23] != UDP:
        return None
    start = 14 + (frame[14] & 15) * 4
    *ports, length, _ = struct.unpack("!HHHH", frame[start:start + 8])
    addresses = [socket.inet_ntoa(frame[at:at + 4]) for at in (26, 30)]
    return addresses, ports, frame[start + 8:start + length]


def labels(name):
    return b"".join(bytes([len(label)]) + label.encode()
                    for label in name.rstrip(".").split(".")) + b"\0"


def dns_answer(question, names):
    """What a server says that knows `names`: name -> addresses, as text. The
    first name of an address is also the name that it has."""
    at, parts = 12, []
    while question[at]:
        parts.append(question[at + 1:at + 1 + question[at]].decode())
        at += 1 + question[at]
    name, kind = ".".join(parts).lower(), question[at + 2]
    asked = question[12:at + 5]
    records = []
    for owner, addresses in names.items():
        for address in addresses:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            raw = socket.inet_pton(family, address)
            if name == owner and kind == (AAAA if ":" in address else A):
                records.append(raw)
            if kind == PTR and name == reverse(raw) and not records:
                records.append(labels(owner))
    known = records or name in names
    header = question[:2] + struct.pack(
        "!HHHHH", 0x8580 | (0 if known else NO_SUCH_NAME), 1, len(records), 0,
        0)
    return header + asked + b"".join(
        b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, DNS_TTL_S, len(record)) +
        record for record in records)


def reverse(raw):
    """The name under which the name of an address is asked for."""
    if len(raw) == 4:
        return ".".join(str(octet) for octet in raw[::-1]) + ".in-addr.arpa"
    return ".".join(raw.hex()[::-1]) + ".ip6.arpa"
