# SPDX-License-Identifier: BSD-2-Clause
"""What Tab offers, typed at a prompt of bash and of zsh."""
import os
import pty
import re
import select
import shutil
import time

import pytest

from lab import BUILD

COMPLETION = BUILD / "packaging/completion"
PROGRAMS = sorted(path.name for path in COMPLETION.glob("[a-z]*")
                  if "." not in path.name)
# A program says what it was given: once the line is complete.
SHOW = "".join(f"{name}() {{ printf '<%s>' \"$@\"; echo; }}; "
               for name in PROGRAMS if name != "ntpsim")
NTPSIM = ("ntpsim() { if [ \"$1\" = --list ]; then command ntpsim --list; "
          "else printf '<%s>' \"$@\"; echo; fi; }; ")
SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"],
             f"for f in {COMPLETION}/[a-z]*; do . $f; done; "),
    "zsh": (["zsh", "-f", "-i"],
            f"unsetopt zle_bracketed_paste; fpath=({COMPLETION} $fpath); "
            "autoload -Uz compinit; compinit -D -u; "),
}


class Prompt:
    """A shell on a terminal of its own, in a folder."""

    def __init__(self, kind, folder):
        command, setup = SHELLS[kind]
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execvpe(command[0], command, {
                "PATH": f"{BUILD}:{os.environ['PATH']}", "TERM": "dumb",
                "HOME": str(folder), "HOSTFILE": str(folder / "hosts"),
                "COLUMNS": "200"})
        self.say(SHOW + NTPSIM + setup + "echo re''ady\n")
        assert "ready\r" in self.hear("ready\r")

    def say(self, text):
        os.write(self.fd, text.encode())

    def hear(self, wanted, seconds=20):
        """What it writes, until that comes."""
        seen, end = "", time.monotonic() + seconds
        while not re.search(wanted, seen) and time.monotonic() < end:
            if select.select([self.fd], [], [], 0.2)[0]:
                seen += os.read(self.fd, 65536).decode(errors="replace")
        return seen

    def complete(self, line):
        """The words of this line, completed."""
        self.say(line + "\t\n")
        heard = self.hear(r"\n?<[^\n]*>\r?\n")
        found = re.search(r"(?m)^(<[^\n]*>)\r?$", heard.replace("\r\n", "\n"))
        assert found, heard
        return re.findall("<([^>]*)>", found[1])

    def close(self):
        os.close(self.fd)
        os.waitpid(self.pid, 0)


@pytest.fixture(scope="module", params=SHELLS)
def prompt(request, tmp_path_factory):
    if not shutil.which(request.param):
        pytest.skip(f"no {request.param} here")
    folder = tmp_path_factory.mktemp("folder")
    for name in ("my keys", "night.rec"):
        (folder / name).touch()
    (folder / "only").mkdir()
    (folder / "hosts").write_text("192.0.2.1 timehost.example\n")
    made = Prompt(request.param, folder)
    made.kind = request.param
    yield made
    made.close()


@pytest.mark.parametrize("line,words", [
    ("ntpq --pe", ["--peers"]),
    ("ntpq -c relo", ["-c", "reload"]),
    ("ntpq -n -c mruli", ["-n", "-c", "mrulist"]),
    ("ntpq doc", ["doctor"]),
    ("ntpq -r ipv", ["-r", "ipv4"]),
    ("ntpq -k my", ["-k", "my keys"]),
    ("ntpd --configfile=nig", ["--configfile=night.rec"]),
    ("ntpd -i on", ["-i", "only"]),
    ("ntpd -I l", ["-I", "lo"]),
    ("ntpd -u roo", ["-u", "root"]),
    ("ntpd --no-c", ["--no-clock"]),
    ("ntpdate -k my", ["-k", "my keys"]),
    ("ntpstat --max", ["--maxerror"]),
    ("ntp-wait --ver", ["--ver"]), # verbose or version
    ("ntp-wait --verb", ["--verbose"]),
    ("ntpwait --tri", ["--tries"]),
    ("ntp-keygen --ae", ["--aes"]),
    ("ntpsim xleave-late", ["xleave-late"]),
    ("ntpsim leap-smear", ["leap-smeared"]),
    ("ntpsim --replay nig", ["--replay", "night.rec"]),
    ("ntptrace --max", ["--max-hosts"]),
    ("sntp --steplim", ["--steplimit"]),
    ("ntpdig --concurr", ["--concurr"]), # accepted and not shown
    ("truechimer-migrate --from openn", ["--from", "openntpd"]),
    ("truechimer-migrate nig", ["night.rec"]),
])
def test_what_is_unique_is_completed(prompt, line, words):
    if words[-1] == "lo" and len([name for name in os.listdir("/sys/class/net")
                                  if name.startswith("l")]) > 1:
        pytest.skip("another network interface begins with l")
    # A shell may leave `=` or `/` behind a word, for what comes next.
    assert [re.sub("[=/]$", "", word) for word in prompt.complete(line)] == words


def test_hosts_are_offered(prompt):
    if prompt.kind == "zsh":
        pytest.skip("zsh takes its hosts from /etc/hosts")
    assert prompt.complete("ntpdate timeh") == ["timehost.example"]


@pytest.mark.parametrize("name", PROGRAMS)
def test_each_program_has_its_options(prompt, name):
    option = {"ntpdate": "-b"}.get(name, "--hel") # which has no --help
    assert prompt.complete(f"{name} {option}") in (["-b"], ["--help"])
