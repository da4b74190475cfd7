# SPDX-License-Identifier: BSD-2-Clause
"""ntpq against a daemon that says what we like, and against real ones."""
import pytest

from lab import BUILD
from lab.namespace import CLOCKLESS, wait_for
from lab.peers import need_peer

NTPQ = BUILD / "ntpq"
SYSTEM = ('version="ntpd 9", leap=0, stratum=2, rootdelay=10.268, '
          'rootdisp=11.924, refid=10.99.0.11, '
          'reftime=0xeead82ea.b87c36e4, tc=6, offset=-0.25, '
          'owner="The Boss"')


def peer(srcadr, refid, stratum, reach, delay, offset, jitter, hmode=3,
         more=""):
    return (f"srcadr={srcadr}, srcport=123, dstadr=127.0.0.1, refid={refid}, "
            f"stratum={stratum}, hmode={hmode}, hpoll=6, ppoll=10, "
            f"reach=0x{reach:x}, delay={delay}, offset={offset}, "
            f"jitter={jitter}, dispersion=1.5{more}")


# The block of seed-checklist 7.4, as far as it needs no clock and no name.
PEERS = [
    [101, 0x8011, peer("2001:440:1880:5555::2", "INIT", 16, 0, "0.000",
                       "0.000", "0.000")],
    [102, 0x961a, peer("10.99.0.1", "PPS", 1, 0o77, "84.571", "1.309",
                       "0.604")],
    [103, 0x9414, peer("10.99.0.2", "131.188.3.222", 2, 0o77, "69.126",
                       "-3.367", "0.444")],
    [104, 0x9014, peer("127.127.1.0", "LOCL", 10, 0o100, "0.000", "0.000",
                       "0.000")],
    [105, 0x0011, peer("10.99.0.9", "INIT", 16, 0, "0", "0", "0", hmode=2)],
]
TABLE = """\
     remote           refid      st t when poll reach   delay   offset  jitter
==============================================================================
 2001:440:1880:5 .INIT.          16 u    -   64    0    0.000    0.000   0.000
*10.99.0.1       .PPS.            1 u    -   64   77   84.571    1.309   0.604
+10.99.0.2       131.188.3.222    2 u    -   64   77   69.126   -3.367   0.444
 LOCAL(0)        .LOCL.          10 l    -   64  100    0.000    0.000   0.000
"""
FORM = {"addr": "127.0.0.1", "status": 0x0615, "system": SYSTEM,
        "peers": PEERS}


@pytest.fixture
def daemon(net):
    net.fake("fakectl.py", FORM)
    return net


def q(net, *argv, **more):
    return net.run(NTPQ, *argv, **more)


def test_peers_have_the_columns_of_the_seed(daemon):
    """Seed items 33-40, 42-45."""
    for argv in (["-p"], ["-c", "peers"], ["-c", "pe"]):
        done = q(daemon, *argv, "127.0.0.1")
        assert (done.stdout, done.stderr) == (TABLE, "")
        assert done.returncode == 0


def test_numeric_peers_show_clocks_as_addresses(daemon):
    done = q(daemon, "-pn", "127.0.0.1")
    assert done.stdout == TABLE.replace("LOCAL(0)   ", "127.127.1.0")


def test_localhost_is_asked_by_default_at_whatever_address_answers(daemon):
    """::1 comes first and nobody listens there."""
    assert q(daemon, "-p").stdout == TABLE


def test_lpeers_shows_those_not_in_use_too(daemon):
    lines = q(daemon, "-nc", "lpeers", "127.0.0.1").stdout.splitlines()
    assert lines[-1] == (" 10.99.0.9       .INIT.          16 S    -   64    0"
                         "    0.000    0.000   0.000")


def test_apeers_and_opeers_have_their_own_columns(daemon):
    done = q(daemon, "-n", "-c", "apeers", "-c", "opeers", "127.0.0.1")
    lines = done.stdout.splitlines()
    assert lines[0] == ("     remote       refid   assid  st t when poll reach"
                        "   delay   offset  jitter")
    assert lines[4] == ("+10.99.0.2       83bc03de 103     2 u    -   64   77 "
                        "  69.126   -3.367   0.444")
    assert lines[6] == ""
    assert lines[7] == ("     remote           local      st t when poll reach"
                        "   delay   offset    disp")
    assert lines[10] == ("*10.99.0.1       127.0.0.1        1 u    -   64   77"
                         "   84.571    1.309   1.500")


def test_wide_puts_long_names_on_their_own_line(daemon):
    lines = q(daemon, "-wp", "127.0.0.1").stdout.splitlines()
    assert lines[2] == " 2001:440:1880:5555::2"
    assert lines[3] == 17 * " " + TABLE.splitlines()[2][17:]


def test_associations_and_variables_read_as_ever(daemon):
    done = q(daemon, "-c", "as", "-c", "rv", "-c", "rv &2 stratum,refid",
             "-c", "rv 0 offset leap", "127.0.0.1")
    assert done.stdout == """
ind assid status  conf reach auth condition  last_event cnt
===========================================================
  1   101  8011   yes    no  none    reject    mobilize  1
  2   102  961a   yes   yes  none  sys.peer    sys_peer  1
  3   103  9414   yes   yes  none candidate   reachable  1
  4   104  9014   yes   yes  none    reject   reachable  1

associd=0 status=0615 leap_none, sync_ntp, 1 event, clock_sync,
version="ntpd 9", leap=00, stratum=2, rootdelay=10.268, rootdisp=11.924,
refid=10.99.0.11,
reftime=eead82ea.b87c36e4  Sun, Nov 22 2026 15:04:10.720, tc=6,
offset=-0.25, owner=The Boss

stratum=1, refid=PPS

offset=-0.25, leap=00
"""


def test_raw_shows_what_came(daemon):
    done = q(daemon, "-c", "raw", "-c", "rv 0 leap,reftime", "127.0.0.1")
    assert done.stdout.endswith("\nleap=0, reftime=0xeead82ea.b87c36e4\n")


def test_commands_come_from_standard_input_too(daemon):
    done = q(daemon, "127.0.0.1", input="rv 0 stratum\nquit\nrv\n")
    assert done.stdout == "stratum=2\n"


def test_small_commands_answer_as_ever(daemon):
    done = q(daemon, "127.0.0.1", input="timeout\ndelay\nhostnames\nhost\n"
             "raw\nntpversion\nhostnames no\nhostnames\nhelp rv\n")
    assert done.stdout == """\
primary timeout 5000 ms
delay 20 ms
hostnames being shown
current host is 127.0.0.1
Output set to raw
NTP version being claimed is 2
hostnames not being shown
function: print variables of the system (0) or of an association
usage: rv [ assocID ] [ name,... ]
"""


def test_an_empty_line_stands_between_the_outputs_of_commands(daemon):
    done = q(daemon, "-c", "rv 0 stratum", "-c", "rv 0 stratum", "127.0.0.1")
    assert done.stdout == "stratum=2\n\nstratum=2\n"


def test_several_hosts_get_a_column(daemon):
    lines = q(daemon, "-np", "127.0.0.1", "localhost").stdout.splitlines()
    assert lines[0] == "server (l " + TABLE.splitlines()[0]
    assert lines[1] == 88 * "="
    assert lines[3] == "127.0.0.1 " + TABLE.splitlines()[3]


@pytest.mark.parametrize("argv,text", [
    (["-c", "bogus"], "***Command `bogus' unknown\n"),
    (["-c", "p"], "***Command `p' ambiguous\n"),
    (["-c", "rv 99"], "***Association ID 99 unknown to server\n"),
    (["-c", "rv 0 nonsense"], "***A request variable unknown to the server\n"),
    (["-c", "rv &9"], "***Association for `&9' unknown (max &5)\n"),
])
def test_mistakes_are_told_and_exit_with_0(daemon, argv, text):
    done = q(daemon, *argv, "127.0.0.1")
    assert (done.returncode, done.stderr) == (0, text)


@pytest.mark.parametrize("code,text", [
    (0, "***Server returned an unspecified error\n"),
    (1, "***Server disallowed request (authentication?)\n"),
    (2, "***Server reports a bad format request packet\n"),
    (3, "***Server reports a bad opcode in request\n"),
    (6, "***Server indicates a request variable was bad\n"),
    (99, "***Server returned an unspecified error\n"),
])
def test_every_error_code_has_its_words(net, code, text):
    net.fake("fakectl.py", {**FORM, "error": code})
    done = q(net, "-c", "rv", "127.0.0.1")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", text)


def test_wrong_options_exit_with_1(net):
    assert q(net, "-Z").returncode == 1
    done = q(net, "-p", "-p")
    assert done.returncode == 1
    assert "only one peers option allowed" in done.stderr


def test_version_and_help_need_no_daemon(net):
    assert q(net, "--version").stdout.startswith("ntpq ")
    assert q(net, "--help").returncode == 0
    assert q(net, "-?").stdout.startswith("Usage: ntpq")


def test_nobody_listening_is_told_at_once(net):
    done = q(net, "-p")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "ntpq: read: Connection refused\n"
    assert done.took < 1


def test_an_unknown_host_is_told(net):
    done = q(net, "-p", "no-such-host.invalid")
    assert done.returncode == 0
    assert ("Temporary failure in name resolution" in done.stderr or
            "***Can't find host no-such-host.invalid" in done.stderr)


def test_silence_takes_ten_seconds(net):
    net.fake("fakectl.py", {**FORM, "act": "silent"})
    done = q(net, "-p", "127.0.0.1")
    assert done.stderr == ("127.0.0.1: timed out, nothing received\n"
                           "***Request timed out\n")
    assert done.returncode == 0
    assert 9.5 < done.took < 11


def test_a_daemon_without_associations_is_told(net):
    net.fake("fakectl.py", {**FORM, "peers": []})
    done = q(net, "-p", "127.0.0.1")
    assert (done.returncode, done.stdout, done.stderr) == (
        0, "", "No association ID's returned\n")


@pytest.mark.parametrize("act", ["split", "shuffled"])
def test_fragments_may_be_small_and_come_in_any_order(net, act):
    net.fake("fakectl.py", {**FORM, "act": act})
    done = q(net, "-p", "-c", "rv 0 owner", "127.0.0.1")
    assert (done.stdout, done.stderr) == (TABLE + "\nowner=The Boss\n", "")


def test_a_missing_fragment_is_an_incomplete_answer(net):
    net.fake("fakectl.py", {**FORM, "act": "hole"})
    done = q(net, "-c", "rv", "127.0.0.1")
    assert done.stderr == ("127.0.0.1: timed out with incomplete data\n"
                           "***Response from server was incomplete\n")
    assert done.stdout == ""
    assert done.took < 5.5


@pytest.mark.parametrize("act", ["endless", "overlap", "beyond", "tiny",
                                 "huge", "lying", "flood"])
def test_a_hostile_answer_ends_within_five_seconds(net, act):
    """SECURITY.md I8."""
    net.fake("fakectl.py", {**FORM, "act": act})
    done = q(net, "-c", "rv", "127.0.0.1")
    assert done.stdout == ""
    assert "incomplete" in done.stderr
    assert done.returncode == 1
    assert done.took < 5.5


def test_answers_to_other_questions_do_not_move_the_deadline(net):
    """SECURITY.md I8: the sequence number has to match."""
    net.fake("fakectl.py", {**FORM, "act": "strangers"})
    done = q(net, "-c", "timeout 1000", "-c", "rv", "127.0.0.1")
    assert "timed out, nothing received" in done.stderr
    assert done.took < 3


def test_no_remote_byte_reaches_the_terminal_as_it_is(net):
    """SECURITY.md I9: all 256 bytes in every field, cooked and raw."""
    nasty = "".join(chr(c) for c in range(256) if chr(c) not in ',"')
    text = (f"srcadr={nasty}, refid={nasty}, srchost=\"{nasty}\", "
            f"dstadr={nasty}, stratum={nasty}, reach={nasty}, "
            f"delay={nasty}, filtdelay={nasty}, rec={nasty}, "
            f"{nasty}=1, flash={nasty}, leap={nasty}")
    net.fake("fakectl.py", {**FORM, "system": text,
                            "peers": [[1, 0x961a, text]]})
    for commands in (["-p"], ["-wp"], ["-c", "apeers"], ["-c", "opeers"],
                     ["-c", "rv"], ["-c", "raw", "-c", "rv"],
                     ["-c", "rv &1"]):
        done = q(net, *commands, "127.0.0.1")
        assert done.stdout != ""
        assert all(c == "\n" or " " <= c <= "~"
                   for c in done.stdout + done.stderr)


def test_numbers_beyond_all_bounds_move_no_column(net):
    big = "9" * 400
    text = (f"srcadr=10.99.0.1, refid=1.2.3.4, stratum={big}, hmode=3, "
            f"hpoll={big}, ppoll=4000000000, reach=0x{big}, delay={big}, "
            f"offset=-{big}, jitter=1e999, rec=0x{big}.0")
    net.fake("fakectl.py", {**FORM, "peers": [[1, 0x961a, text]]})
    line = q(net, "-np", "127.0.0.1").stdout.splitlines()[2]
    assert len(line) == 78


CONF = """
restrict default
restrict 127.0.0.1
restrict ::1
server 127.127.1.0
fudge 127.127.1.0 stratum 5
server 127.0.0.2 iburst
"""


def test_ntpsec_answers_ours(net, tmp_path):
    """The rows of a real daemon, and each of its variables."""
    ntpd = need_peer("ntpd", "ntpsec")
    conf = tmp_path / "ntp.conf"
    conf.write_text(CONF)
    net.start(ntpd, "-n", "-c", conf, "-l", tmp_path / "log")

    def table():
        done = q(net, "-np", "-c", "as", "-c", "rv", "-c", "rv &1",
                 "127.0.0.1", timeout=40)
        return done.stdout if ".LOCL." in done.stdout else None

    text = wait_for(table)
    assert text
    rows = text.split("\n\n")[0].splitlines()[2:]
    assert all(len(row) == 78 for row in rows)
    assert any(row.startswith(" 127.127.1.0     .LOCL.           5 l ")
               for row in rows)
    assert 'version="ntpd ntpsec' in text
    assert "\nsrcadr=127." in text


def test_no_test_can_set_the_clock():
    assert "--bounding-set=-sys_time" in CLOCKLESS
