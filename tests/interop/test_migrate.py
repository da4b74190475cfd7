# SPDX-License-Identifier: BSD-2-Clause
"""truechimer-migrate: what it makes is understood by ntpd, every line that it
was given is in it or accounted for, and it can be taken back."""
import re
import subprocess

import pytest

from lab import BUILD
from lab.peers import PEERS

EVERYTHING = """! comment
pool 2.debian.pool.ntp.org iburst maxsources 4
server 192.0.2.1 iburst minpoll 4 maxpoll 6 key 12 xleave polltarget 30
Server 192.0.2.2 ipv4 minpoll -4 prefer trust offset -0.5
server
peer 192.0.2.3 key 3
keyfile /etc/chrony/chrony.keys
driftfile /var/lib/chrony/chrony.drift
makestep 1 3
makestep 0.5 -1
rtcsync
leapsectz right/UTC
allow 192.168
allow 10.0.0.0/8
deny 10.1.2.3
allow 2001:db8::/32
local stratum 10
maxslewrate 1000.5
maxchange 100 1 2
log tracking measurements statistics selection
refclock SHM 0 refid GPS poll 3 offset 0.12 delay 0.2 prefer
refclock PPS /dev/pps0 lock GPS
ratelimit interval 1 burst 16
clientloglimit 128000000
authselectmode require
hwtimestamp *
Foo bar
"""


def migrate(*words):
    return subprocess.run([BUILD / "truechimer-migrate", *words],
                          capture_output=True, text=True, check=False)


def check(path, status=0):
    """What ntpd makes of a file: its normal form, and its complaints."""
    done = subprocess.run([BUILD / "ntpd", "--check", "-c", path],
                          capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stderr
    return done.stdout, done.stderr


@pytest.fixture
def convert(tmp_path):
    """convert(name, text): the lines in effect, and all of the file."""
    def call(name, text, *words):
        (tmp_path / name).write_text(text)
        done = migrate(*words, tmp_path / name)
        assert done.returncode == 0, done.stderr
        made = tmp_path / "made.conf"
        made.write_text(done.stdout)
        normal, complaints = check(made)
        assert complaints == ""
        return normal, done.stdout

    return call


def left(remarks):
    return remarks.partition("NOT CARRIED OVER:")[2]


def test_each_line_of_chronys_is_in_the_file_or_accounted_for(convert):
    normal, remarks = convert("chrony.conf", EVERYTHING)
    for line in """pool 2.debian.pool.ntp.org iburst
server 192.0.2.1 iburst xleave minpoll 4 maxpoll 6 key 12
server 192.0.2.2 prefer minpoll 3 bias -0.5
peer 192.0.2.3 key 3
server 127.127.1.0
fudge 127.127.1.0 stratum 9
server 127.127.28.0 prefer minpoll 3 maxpoll 3
fudge 127.127.28.0 time1 0.12 refid GPS
tinker panic 100 stepback 0.5 stepfwd 0.5 slewrate 1000.5
trustedkey 12 3
discard average 1
tos authselect require
statistics loopstats peerstats rawstats""".splitlines():
        assert line in normal.splitlines(), normal
    assert 'keys "/etc/chrony/chrony.keys"' in normal
    for number, word in ((2, "pool"), (8, "driftfile"), (9, "makestep"),
                         (11, "rtcsync"), (12, "leapsectz")):
        assert f"chrony.conf:{number}: {word}" in remarks
    for number, word in ((4, "Server"), (5, "server"), (19, "maxchange"),
                         (20, "log"), (22, "refclock PPS"), (26, "hwtimestamp"),
                         (27, "Foo bar")):
        assert f"chrony.conf:{number}: {word}" in left(remarks)


@pytest.mark.parametrize("lines,who", [
    ("", {}),
    ("allow", {"-4 default": True, "-6 default": True}),
    ("allow 0/0\n", {"-4 default": True}),
    ("allow\ndeny 10.0.0.0/8", {"-4 default": True, "-6 default": True,
                                "10.0.0.0 mask 255.0.0.0": False}),
    ("allow 1.2.3\nallow 10.9/16\ndeny 1.2.3\nallow 1.2.3.4",
     {"1.2.3.0 mask 255.255.255.0": False, "10.9.0.0 mask 255.255.0.0": True,
      "1.2.3.4": True}),
    ("allow 192.0.2.0/24\ndeny all", {}),
])
def test_who_may_ask_is_who_might_ask_before(convert, lines, who):
    normal, _ = convert("chrony.conf", "server 192.0.2.1\n" + lines + "\n")
    found = {}
    for name, flags in re.findall(
            r"^restrict (.+?) ippeerlimit -1(.*)$", normal, re.M):
        found[name] = "noserve" not in flags
    assert found.pop("127.0.0.1") and found.pop("::1")
    if not (who.get("-4 default") and who.get("-6 default")):
        assert found.pop("source") # our servers' answers are let in
    assert found == {"-4 default": False, "-6 default": False, **who}


def test_a_name_that_is_as_long_as_one_may_be_is_written_whole(convert):
    name = ".".join(["n" * 61] * 4)
    normal, _ = convert("chrony.conf", f"server 192.0.2.1\nallow {name}\n")
    assert name in normal


def test_files_that_chronys_includes_are_read_and_circles_end(convert, tmp_path):
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d/a.conf").write_text("server 192.0.2.7\n")
    (tmp_path / "conf.d/b.sources").write_text("server 192.0.2.8\n")
    normal, _ = convert("chrony.conf", f"confdir {tmp_path}/conf.d\n"
                        f"sourcedir {tmp_path}/conf.d\n"
                        f"include {tmp_path}/chrony.conf\n"
                        "sourcedir /run/chrony-dhcp\n")
    assert "server 192.0.2.7" in normal and "server 192.0.2.8" in normal


def test_timesyncds_servers_and_its_drop_ins(convert, tmp_path):
    (tmp_path / "timesyncd.conf.d").mkdir()
    (tmp_path / "timesyncd.conf.d/10.conf").write_text(
        "[Time]\nNTP=192.0.2.9\nPollIntervalMaxSec=17min 4s\n")
    normal, remarks = convert(
        "timesyncd.conf", "[Time]\n# NTP=no\nNTP=192.0.2.1 192.0.2.2\n"
        "FallbackNTP=192.0.2.3\nRootDistanceMaxSec=2\nSaveIntervalSec=60\n"
        "Whatever=1\n")
    assert [line for line in normal.splitlines() if line.startswith("server")] \
        == [f"server 192.0.2.{n} iburst" for n in (1, 2, 9)] # maxpoll 10
    assert "tos maxdist 2" in normal
    assert "Whatever" in left(remarks) and "SaveInterval" not in left(remarks)
    assert "restrict -4 default ippeerlimit -1 noserve" in normal


def test_an_empty_value_begins_timesyncds_list_anew(convert):
    normal, _ = convert("timesyncd.conf", "[Time]\nNTP=192.0.2.1\nNTP=\n"
                        "FallbackNTP=192.0.2.3\n")
    assert normal.count("\nserver") == 1 and "192.0.2.3" in normal


def test_without_a_server_timesyncd_gets_those_of_the_pool(convert):
    assert convert("timesyncd.conf", "[Time]\n")[0].count("pool.ntp.org") == 4


def test_openntpds(convert):
    normal, remarks = convert(
        "ntpd.conf", "listen on *\nservers pool.ntp.org\nserver 192.0.2.1 "
        "weight 5\nsensor nmea0\nconstraint from \"9.9.9.9\"\n")
    assert "pool pool.ntp.org iburst" in normal
    assert "server 192.0.2.1 iburst" in normal
    assert "noserve" not in normal
    for word in ("weight", "sensor", "constraint"):
        assert word in left(remarks)


# One line each, and words of it that must matter.
MATTERS = {"chrony": """server 192.0.2.1 iburst key 3 minpoll 5 trust
pool ntp.example maxsources 2 prefer ipv6
peer 192.0.2.3 noselect version 3
refclock SHM 1 refid GPS poll 4 offset 0.1 delay 0.2 noselect
refclock PHC /dev/ptp0
local stratum 8 orphan
allow 10.0.0.0/8
deny 10.1.0.0/16
keyfile /etc/chrony.keys
makestep 0.1 -1
leapsectz right/UTC
leapseclist /usr/share/zoneinfo/leap-seconds.list
maxchange 100 1 2
minsources 3
bindaddress 192.0.2.9
ntpsigndsocket /var/lib/samba/ntp_signd
commandkey 1
log tracking rtc
logchange 0.5
ntsdumpdir /var/lib/chrony
hwtimestamp eth0
rtconutc
port 123
include /nonexistent/*.conf
smoothtime 400 0.01 leaponly
user chrony
mailonchange a@b 0.5""", "openntpd": """server 192.0.2.1 weight 2 trusted
servers pool.example
listen on 192.0.2.9
constraint from "192.0.2.8"
sensor nmea0 correction 5
query from 192.0.2.7""", "timesyncd": """NTP=192.0.2.1 ntp.example
FallbackNTP=192.0.2.2
RootDistanceMaxSec=2s
PollIntervalMinSec=64
PollIntervalMaxSec=1h
ConnectionRetrySec=30
SaveIntervalSec=60"""}


@pytest.mark.parametrize("kind", MATTERS)
def test_no_line_and_no_word_is_dropped_silently(tmp_path, kind):
    file = tmp_path / "x"

    def made(lines):
        file.write_text("\n".join(lines) + "\n")
        return migrate("-f", kind, file).stdout

    lines = MATTERS[kind].splitlines()
    whole = made(lines)
    for i, line in enumerate(lines):
        words = line.split()
        assert made(lines[:i] + ["#"] + lines[i + 1:]) != whole, line
        for j in range(1, len(words)):
            less = " ".join(words[:j] + words[j + 1:])
            assert made(lines[:i] + [less] + lines[i + 1:]) != whole, \
                (line, words[j])


def test_what_ntpd_would_not_read_is_not_written(convert):
    normal, remarks = convert(
        "chrony.conf", "server [SERVER] iburst\nserver 192.0.2.1 offset x\n"
        "server 192.0.2.2 # mine\nallow 10.0.0.0/99\nmaxdistance 5000\n"
        "minsources 4\nserver 192.0.2.3 port 123\n")
    assert "tos minclock 5 minsane 4 maxdist 1000" in normal
    for line in ("server 192.0.2.2", "server 192.0.2.3"):
        assert line in normal.splitlines()
    for number, word in ((1, "server"), (2, "server"), (4, "allow"),
                         (5, "maxdistance")):
        assert f"chrony.conf:{number}: {word}" in left(remarks)
    assert normal.count("server 192") == 2 and "mine" not in remarks


def test_samba_goes_on_to_sign_for_who_may_ask(convert):
    normal, _ = convert("chrony.conf", "server 192.0.2.1\nallow 10.0.0.0/8\n"
                        "ntpsigndsocket /var/lib/samba/ntp_signd\n")
    assert 'ntpsigndsocket "/var/lib/samba/ntp_signd"' in normal
    assert re.search("^restrict 10.0.0.0 .*mssntp", normal, re.M)


@pytest.mark.parametrize("bound,listens", [
    ("bindaddress 192.0.2.1", ["192.0.2.1", "ipv6"]),
    ("bindaddress 2001:db8::1", ["2001:db8::1", "ipv4"]),
    ("bindaddress 192.0.2.1\nbindaddress ::1", ["192.0.2.1", "::1"]),
    ("bindaddress 0.0.0.0", []),
    ("binddevice eth0", ["eth0"])])
def test_it_listens_where_it_did(convert, bound, listens):
    normal, _ = convert("chrony.conf", bound + "\n")
    assert re.findall("^interface listen (.+)$", normal, re.M) == listens


@pytest.mark.parametrize("line", ['allow "10.0.0.0/8', "allow 10.0.0.0/8#x",
                                  "server a#b key 5"])
def test_quotes_and_marks_hide_no_words(convert, line):
    normal, remarks = convert("chrony.conf", line + "\n")
    assert "10.0.0.0" not in normal and "server" not in normal
    assert "chrony.conf:1: " in left(remarks)


def test_what_is_no_server_of_timesyncds_is_named(convert):
    normal, remarks = convert("timesyncd.conf",
                              "[Time]\nNTP=192.0.2.1 a/b \"d\nFallbackNTP=c\n")
    assert normal.count("\nserver") + normal.startswith("server") == 1
    assert "timesyncd.conf:2: NTP" in left(remarks)
    assert "timesyncd.conf:3: FallbackNTP" in remarks


def test_a_line_half_understood_is_kept_as_ntpd_takes_it(tmp_path):
    (tmp_path / "ntp.conf").write_text(
        "server 192.0.2.1 ibrust\nserver 127.127.28.0 minpoll 0 prefer\n"
        "fudge 127.127.28.0 refid GPS\nrestrict default kod nomodify\n"
        "includefile /etc/ntp/crypto/pw\nincludefile /nonexistent/x\n"
        f"includefile {tmp_path}/more.d\n")
    (tmp_path / "more.d").mkdir()
    (tmp_path / "more.d/a.conf").write_text("server 192.0.2.77\n")
    assert "server 192.0.2.77" in check(tmp_path / "ntp.conf", 1)[0]
    done = migrate(tmp_path / "ntp.conf")
    (tmp_path / "made.conf").write_text(done.stdout)
    normal, _ = check(tmp_path / "made.conf")
    for line in ("server 192.0.2.1", "server 127.127.28.0 prefer minpoll 3",
                 "server 192.0.2.77",
                 "fudge 127.127.28.0 refid GPS"):
        assert line in normal.splitlines()
    assert "includefile" not in normal
    for number in (1, 2, 6):
        assert f"ntp.conf:{number}: " in left(done.stdout)
    for number in (4, 5): # a remark, no loss
        assert f"ntp.conf:{number}: " not in left(done.stdout)
        assert f"ntp.conf:{number}: " in done.stdout


def test_of_ntpsecs_each_line_is_kept_and_what_is_idle_is_named(tmp_path):
    (tmp_path / "more.conf").write_text("server 192.0.2.3 nts\n")
    (tmp_path / "ntp.conf").write_text(
        "driftfile /var/lib/ntpsec/ntp.drift\nstatsdir /var/log/ntpsec/\n"
        "server 192.0.2.1 iburst\nfudge 127.127.1.0 stratum 12\n"
        "server 127.127.1.0\nrestrict default kod nomodify noquery limited\n"
        f"sever 192.0.2.2\nincludefile {tmp_path}/more.conf\n"
        "nts key /etc/ntpsec/key.pem\n")
    done = migrate(tmp_path / "ntp.conf")
    (tmp_path / "made.conf").write_text(done.stdout)
    normal, _ = check(tmp_path / "made.conf")
    for line in ("server 192.0.2.1 iburst", "fudge 127.127.1.0 stratum 12",
                 'statsdir "/var/log/ntpstats/"', "server 192.0.2.3 nts"):
        assert line in normal.splitlines()
    rest = left(done.stdout)
    assert "ntp.conf:7: " in rest and "did you mean 'server'" in rest
    assert "more.conf:1: " in rest and "not in effect yet" in rest
    assert "ntp.drift" not in normal


@pytest.mark.parametrize("peer,path", [
    ("chrony", "usr/share/chrony/chrony.conf"),
    ("openntpd", "etc/openntpd/ntpd.conf"),
    ("ntpsec", "etc/ntpsec/ntp.conf"),
    ("systemd-timesyncd", "etc/systemd/timesyncd.conf"),
])
def test_debians_own_file_goes_over_whole(tmp_path, peer, path):
    file = PEERS / peer / path
    if not file.exists():
        pytest.skip(f"{path} of {peer} is not here")
    done = migrate(file)
    assert done.returncode == 0
    assert "NOT CARRIED OVER" not in done.stdout, done.stdout
    (tmp_path / "ntp.conf").write_text(done.stdout)
    normal, complaints = check(tmp_path / "ntp.conf")
    assert complaints == "" and len(re.findall(
        r"^(?:server|pool) .*ntp.org", normal, re.M)) >= 1


def test_it_is_written_and_taken_back(tmp_path):
    (tmp_path / "chrony.conf").write_text("server 192.0.2.1\n")
    target = tmp_path / "ntp.conf"
    write = ["--write", "-o", target, tmp_path / "chrony.conf"]
    for before in (None, "server 192.0.2.99\n"):
        if before:
            target.write_text(before)
            target.chmod(0o640)
        assert migrate(*write).returncode == 0
        assert migrate(*write).returncode == 0 # again: keeps the first
        assert "server 192.0.2.1" in target.read_text()
        assert "noserve" in check(target)[0]
        assert not before or target.stat().st_mode & 0o777 == 0o640
        assert migrate("--undo", "-o", target).returncode == 0
        assert (target.read_text() if target.exists() else None) == before
    assert migrate("--undo", "-o", target).returncode == 1
    assert target.read_text() == "server 192.0.2.99\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == \
        ["chrony.conf", "ntp.conf"]


def test_what_cannot_be_written_leaves_all_as_it_was(tmp_path):
    (tmp_path / "chrony.conf").write_text("server 192.0.2.1\n")
    target = tmp_path / "ntp.conf"
    target.write_text("server 192.0.2.99\n")
    (tmp_path / "ntp.conf.before-migrate").mkdir()
    done = migrate("--write", "-o", target, tmp_path / "chrony.conf")
    assert done.returncode == 1 and str(target) in done.stderr
    assert target.read_text() == "server 192.0.2.99\n"
    done = migrate("--write", "-o", tmp_path / "no/ntp.conf",
                   tmp_path / "chrony.conf")
    assert done.returncode == 1 and "No such file" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == \
        ["chrony.conf", "ntp.conf", "ntp.conf.before-migrate"]


@pytest.mark.parametrize("words,says", [
    (["/nonexistent/chrony.conf"], "No such file"),
    (["--from", "sundial", "/etc/hosts"], "no such kind"),
    (["/etc/hosts"], "of which daemon?"),
    (["--undo", "--write"], "usage:"),
    (["a", "b"], "usage:")])
def test_what_cannot_be_is_said(words, says):
    done = migrate(*words)
    assert done.returncode == 1 and says in done.stderr and done.stdout == ""


@pytest.mark.parametrize("kind", ["chrony", "ntp", "openntpd", "timesyncd"])
def test_no_bytes_whatever_break_it(tmp_path, kind):
    file = tmp_path / "x"
    words = ["server", "pool", "allow", "NTP=", "refclock", "listen", "\0", "\x1b[2J",
             "é", "9" * 400, "key", "minpoll", "/", "local", "include", "log"]
    state = 12345
    for _ in range(60):
        text = ""
        for _ in range(200):
            state = (state * 1103515245 + 12345) % 2**31
            text += words[state >> 8 & 15] + (" " if state >> 13 & 3 else "\n")
        file.write_bytes(text.encode())
        done = subprocess.run([BUILD / "truechimer-migrate", "-f", kind, file],
                              capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        assert b"\x1b" not in done.stdout.partition(b"NOT CARRIED")[2]
