# SPDX-License-Identifier: BSD-2-Clause
"""Every ntpq against every ntpd, question by question.

Classic's programs are not packaged any more: they take their row and column
when TRUECHIMER_CLASSIC_NTPQ and TRUECHIMER_CLASSIC_NTPD name binaries.
"""
import re
import subprocess

import pytest

from lab import BUILD
from lab.namespace import Namespace, wait_for
from lab.peers import classic, find_peer

KEYS = """\
7 MD5 sesame
8 SHA1 a_secret_of_three
"""
CONF = """\
restrict default
restrict 127.0.0.1
restrict ::1
server 127.127.1.0
fudge 127.127.1.0 stratum 5
server 127.0.0.2
keys {keys}
trustedkey 7 8
controlkey 8
"""
PEERS_HEADER = (r"     remote +refid +st t when poll reach +delay +offset +"
                r"jitter\n=+\n")
LABEL = r"(?m)^{}:? +\S"

# command -> what an answer looks like, whoever asks and whoever answers
QUESTIONS = {
    "peers": PEERS_HEADER + r"(.*\n)*.(127\.127\.1\.0|LOCAL\(0\)) +\.LOCL\. +5 [lu]",
    "as": r"ind assid status  conf reach auth condition  last_event cnt\n=+\n"
          r"  1 +\d+  [0-9a-f]{4}   yes",
    "rv": r"associd=0 status=[0-9a-f]{4} leap_(.*\n)+.*stratum=\d+",
    "rv &1": r"srcadr=127\.\d+\.\d+\.\d+(.*\n)*.*filtdisp ?=",
    "mrulist": r"remote address\n=+\n(.*\n)*.*127\.0\.0\.1",
    "sysinfo": LABEL.format("leap indicator"),
    "sysstats": LABEL.format("(packets received|received packets)"),
    "kerninfo": LABEL.format("pll time constant"),
    "iostats": LABEL.format("received packets"),
    "timerstats": LABEL.format("timer overruns"),
    "authinfo": LABEL.format("stored keys"),
    "monstats": LABEL.format("(maximum )?addresses"),
    "pstats &1": LABEL.format("packets sent"),
    # these with a key
    "ifstats": r"address/broadcast(.*\n)+.*127\.0\.0\.1:123",
    "reslist": r"restrictions\n=+\n(.*\n)+.*127\.0\.0\.1",
    ":config server 127.0.0.3": r"(?i)config succeeded",
}
SECRET = "00112233445566778899aabbccddeeff"
# Every type that both know, by a word that both know. A secret of AES is
# whole: ntpsec's own ntpd and ntpq fill a shorter one up differently.
TYPES = {"MD5": SECRET, "SHA1": SECRET, "RIPEMD160": SECRET, "SHA224": "sesame",
         "SHA256": "sesame", "SHA384": SECRET, "SHA512": SECRET,
         "AES": SECRET, "AES128CMAC": SECRET, "AES-128": SECRET,
         "AES-256": SECRET + SECRET}
SIGNED = {"ifstats", "reslist", ":config server 127.0.0.3"}

# What classic's and ntpsec's cannot say to each other (mode6.md 5.5).
IMPOSSIBLE = {("classic", "ntpsec", "sysinfo"),
              ("classic", "ntpsec", "ifstats"),
              ("classic", "ntpsec", "authinfo")}


def daemon_path(name):
    return {"ours": BUILD / "ntpd",
            "ntpsec": find_peer("ntpd", "ntpsec"),
            "classic": classic("ntpd")}[name]


def client_path(name):
    return {"ours": BUILD / "ntpq",
            "ntpsec": find_peer("ntpq", "ntpsec"),
            "classic": classic("ntpq")}[name]


class Cell:
    """A daemon in a network of its own, asked by any client."""

    def __init__(self, name, path, folder, keys=KEYS):
        self.name, self.keys = name, folder / "keys"
        self.socket = folder / "ctl"
        self.net = Namespace()
        self.keys.write_text(keys)
        self.keys.chmod(0o600)
        (folder / "conf").write_text(CONF.format(keys=self.keys))
        more = (["--no-clock", "--control", self.socket] if name == "ours"
                else ["-l", folder / "log"])
        self.net.start(path, "-n", "-c", folder / "conf", *more,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def ready(self):
        """It also has been asked for the time: theirs lists nobody else."""
        self.net.exchange("127.0.0.1", b"\x23" + bytes(47))
        return wait_for(lambda: ".LOCL." in self.ask("ours", "peers").stdout)

    def ask(self, client, question):
        path = client_path(client)
        if path is None:
            pytest.skip(f"no ntpq of {client}")
        key = []
        stdin = ""
        if question in SIGNED and client == "classic":
            stdin = f"keytype SHA1\nkeyid 8\npasswd {KEYS.split()[-1]}\n"
            return self.net.run(path, "-n", "127.0.0.1",
                                input=stdin + question + "\n")
        if question in SIGNED:
            key = ["-a", "8", "-k", self.keys]
        return self.net.run(path, "-n", *key, "-c", question, "127.0.0.1")


@pytest.fixture(scope="module", params=["ours", "ntpsec", "classic"])
def daemon(request, privileged, tmp_path_factory):
    path = daemon_path(request.param)
    if path is None:
        pytest.skip(f"no ntpd of {request.param}")
    cell = Cell(request.param, path, tmp_path_factory.mktemp("daemon"))
    try:
        assert cell.ready()
        yield cell
    finally:
        cell.net.close()


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("client", ["ours", "ntpsec", "classic"])
def test_cell(daemon, client, question):
    if (client, daemon.name, question) in IMPOSSIBLE:
        pytest.skip("these two lack a common variable")
    done = daemon.ask(client, question)
    found = re.search(QUESTIONS[question], done.stdout)
    assert found, (done.stdout, done.stderr)
    assert done.returncode == 0
    if client == "ours":
        assert "***" not in done.stderr


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("name", ["ours", "ntpsec"])
def test_each_type_of_key(privileged, tmp_path, name, kind):
    """As the control key, to and from ntpsec (RFC 8573 for AES); what it says
    to itself is its own affair: it cannot with SHA-2."""
    path = daemon_path(name)
    if path is None:
        pytest.skip(f"no ntpd of {name}")
    cell = Cell(name, path, tmp_path, f"7 MD5 sesame\n8 {kind} {TYPES[kind]}\n")
    try:
        assert cell.ready()
        for client in ("ours", "ntpsec") if name == "ours" else ("ours",):
            done = cell.ask(client, "ifstats")
            assert re.search(QUESTIONS["ifstats"], done.stdout), (client, done)
    finally:
        cell.net.close()


@pytest.mark.parametrize("question", [
    q for q in QUESTIONS if not q.startswith("mrulist")])
def test_our_socket_needs_no_key(daemon, question):
    if daemon.name != "ours":
        pytest.skip("others have no control socket")
    done = daemon.net.run(BUILD / "ntpq", "-n", "-c", question, daemon.socket)
    assert re.search(QUESTIONS[question], done.stdout), (
        done.stdout, done.stderr)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_wrong_key_is_refused(daemon, tmp_path):
    wrong = tmp_path / "keys"
    wrong.write_text("8 SHA1 00000000000000000000000000000000000000aa\n")
    done = daemon.net.run(BUILD / "ntpq", "-a", "8", "-k", wrong, "-c",
                          ":config server 127.0.0.4", "127.0.0.1")
    assert "disallowed request" in done.stderr
    assert "127.0.0.4" not in daemon.ask("ours", "peers").stdout
