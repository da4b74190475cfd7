# SPDX-License-Identifier: BSD-2-Clause
"""Clients of Active Directory: a Samba of ours signs what ntpd answers them,
late, wrongly or not at all, and everybody else is served meanwhile.

Its wire form is that of Samba's ntp_signd.idl; the code is any function of the
packet here, since only the domain knows the key."""
import hashlib
import socket
import struct
import threading

import pytest

from lab.lan import v4
from lab.namespace import wait_for

CLIENT = bytes([3 << 3 | 3]) + bytes(39) + bytes(range(8))
RID = struct.pack("<I", 1105)
REQUEST = CLIENT + RID + bytes(16)
FREE = "restrict default nomodify noquery mssntp\nrestrict -6 default ignore\n"


class Samba:
    """Signs, unless it is told to do `how` else."""

    def __init__(self, folder):
        folder.mkdir()
        self.how, self.frames, self.socket = "sign", [], socket.socket(
            socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.bind(str(folder / "socket"))
        self.socket.listen(8)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(peer,),
                             daemon=True).start()

    @staticmethod
    def code(packet):
        return hashlib.md5(b"the machine's key" + packet).digest()

    def serve(self, peer):
        with peer:
            while len(head := peer.recv(4, socket.MSG_WAITALL)) == 4:
                frame = peer.recv(struct.unpack(">I", head)[0],
                                  socket.MSG_WAITALL)
                self.frames.append(frame)
                number, key, packet = frame[8:10], frame[12:16], frame[16:]
                reply = struct.pack(">II2x2s", 0, 3, number)
                reply += packet + key + self.code(packet)
                if self.how == "refuse":
                    reply = struct.pack(">II2x2s", 0, 4, number)
                elif self.how == "hang":
                    continue
                elif self.how == "die":
                    return
                peer.sendall(struct.pack(">I", len(reply)) + reply)


def serves(ours):
    assert wait_for(lambda: "serving time" in ours.text()), ours.text()


@pytest.fixture(name="samba")
def _samba(lan):
    samba = Samba(lan.folder / "signd")
    lan.ours = lan.ntpd(1, FREE + f"ntpsigndsocket {lan.folder}/signd\n"
                        "server 127.127.1.0\nfudge 127.127.1.0 stratum 3\n")
    serves(lan.ours)
    yield samba
    samba.socket.close()


def asked(lan, request, seconds=2):
    return lan.host(2).exchange(v4(1), request, seconds) or b""


def test_samba_signs_what_we_answer(lan, samba):
    answer = asked(lan, REQUEST)
    assert len(answer) == 68, answer
    assert answer[0] & 7 == 4 and answer[1] == 4
    assert answer[24:32] == REQUEST[40:48]
    assert answer[48:52] == RID
    assert answer[52:] == samba.code(answer[:48])
    version, wanted = struct.unpack(">II", samba.frames[0][:8])
    assert (version, wanted) == (0, 0)
    assert samba.frames[0][12:16] == RID
    assert samba.frames[0][16:] == answer[:48]


def test_nobody_waits_for_samba(lan, samba):
    for how in ("refuse", "hang", "die"):
        samba.how = how
        assert asked(lan, REQUEST, 0.5) == b""
        assert len(asked(lan, CLIENT)) == 48
    # When it is well again, so are its clients.
    samba.how = "sign"
    assert wait_for(lambda: len(asked(lan, REQUEST, 0.5)) == 68, 20)
    assert len(asked(lan, CLIENT)) == 48


def test_without_samba_others_are_served(lan):
    ours = lan.ntpd(1, FREE + f"ntpsigndsocket {lan.folder}/nothing\n"
                    "server 127.127.1.0\nfudge 127.127.1.0 stratum 3\n")
    serves(ours)
    assert asked(lan, REQUEST, 0.5) == b""
    assert asked(lan, REQUEST, 0.5) == b""
    assert len(asked(lan, CLIENT)) == 48
    assert ours.text().count("Active Directory are not answered") == 1
