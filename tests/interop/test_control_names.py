# SPDX-License-Identifier: BSD-2-Clause
"""Every name that any ntpq asks for, one by one over the wire (RFC 9327): one
that is unknown fails the whole request that it stands in."""
import json
import re
import sys

import pytest

from lab import HERE
from lab.host import Host

READSTAT, READVAR, READCLOCK = 1, 2, 4
UNKNOWN = 5

# The union of the names of 4.2.8p15 and of ntpsec 1.2.5.
SYSTEM = """
version processor system leap stratum precision rootdelay rootdisp refid
reftime clock peer tc mintc offset frequency sys_jitter clk_jitter clk_wander
tai leapsec expire leapsmearinterval leapsmearoffset host ident flags digest
signature update cert rootdist release lockclock sys_var_list mru_enabled
mru_depth mru_deepest mru_mindepth mru_maxage mru_maxdepth mru_mem mru_maxmem
mru_hashslots mru_minage mru_exists mru_new mru_recycleold mru_recyclefull
mru_none mru_oldest_age ss_uptime ss_reset ss_received ss_thisver ss_oldver
ss_badformat ss_badauth ss_declined ss_restricted ss_limited ss_kodsent
ss_processed ss_lamport ss_tsrounding ss_ver1 ss_ver1client ss_ver1zero
ss_ver1symm ss_numctlreq peeradr peermode bcastdelay authdelay authkeys
authfreek authklookups authknotfound authkuncached authkexpired authencrypts
authdecrypts authreset authdigestencrypts authcmacencrypts authdigestdecrypts
authdigestfails authcmacdecrypts authcmacfails koffset kfreq kmaxerr kesterr
kprecis kfreqtol kstflags ktimeconst kppsfreq kppsstab kppsjitter kppscalibdur
kppscalibs kppscaliberrs kppsjitexc kppsstbexc iostats_reset total_rbuf
free_rbuf used_rbuf rbuf_lowater io_dropped io_ignored io_received io_sent
io_sendfailed io_wakeups io_goodwakeups io_pkt_reads io_ref_reads
timerstats_reset timer_overruns timer_xmts fuzz clk_wander_threshold
nts_client_send nts_client_recv_good nts_client_recv_bad nts_server_send
nts_server_recv_good nts_server_recv_bad nts_cookie_make nts_cookie_not_server
nts_cookie_decode_total nts_cookie_decode_current nts_cookie_decode
nts_cookie_decode_old nts_cookie_decode_old2 nts_cookie_decode_older
nts_cookie_decode_too_old nts_cookie_decode_error nts_ke_serves_good
nts_ke_serves_good_wall nts_ke_serves_good_cpu nts_ke_serves_nossl
nts_ke_serves_nossl_wall nts_ke_serves_nossl_cpu nts_ke_serves_bad
nts_ke_serves_bad_wall nts_ke_serves_bad_cpu nts_ke_probes_good
nts_ke_probes_bad savedconfig settimeofday daemon_version
""".split()
# Since the hour began: ntpsec has both of all these.
TWINS = [name + "_r" for name in SYSTEM if name.startswith("nts_") or
         (name.startswith("ss_") and
          name not in ("ss_uptime", "ss_lamport", "ss_tsrounding"))]
PEER = """
srcadr srcport srchost dstadr dstport out in leap stratum precision rootdelay
rootdisp refid reftime rec reach unreach hmode pmode hpoll ppoll headway flash
keyid ttl offset delay dispersion jitter xleave bias filtdelay filtoffset
filtdisp xmt mode ntscookies org timer timerec timereach received sent badauth
bogusorg oldpkt seldisp selbroken candidate config authenable authentic
peer_var_list flags host valid initsequence initkey timestamp signature ident
""".split()
CLOCK = """
device type timecode poll noreply badformat baddata fudgetime1 fudgetime2
stratum refid flags clock_var_list minjitter name
""".split()

# What the commands of both ask for at once.
REQUESTS = [
    "peeradr,peermode,leap,stratum,precision,rootdelay,rootdisp,rootdist,refid,"
    "reftime,sys_jitter,clk_jitter,clk_wander,bcastdelay,authdelay",
    "ss_uptime,ss_reset,ss_received,ss_thisver,ss_oldver,ss_badformat,"
    "ss_badauth,ss_declined,ss_restricted,ss_limited,ss_kodsent,ss_processed",
    "koffset,kfreq,kmaxerr,kesterr,kstflags,ktimeconst,kprecis,kfreqtol,"
    "kppsfreq,kppsstab,kppsjitter,kppscalibdur,kppscalibs,kppsjitexc,"
    "kppsstbexc,kppscaliberrs",
    "iostats_reset,total_rbuf,free_rbuf,used_rbuf,rbuf_lowater,io_dropped,"
    "io_ignored,io_received,io_sent,io_sendfailed,io_wakeups,io_goodwakeups",
    "timerstats_reset,timer_overruns,timer_xmts",
    "authreset,authkeys,authfreek,authklookups,authknotfound,authkuncached,"
    "authkexpired,authencrypts,authdecrypts",
    "mru_enabled,mru_depth,mru_deepest,mru_maxdepth,mru_mindepth,mru_maxage,"
    "mru_mem,mru_maxmem",
]


@pytest.fixture(scope="module", name="host")
def _host(privileged, tmp_path_factory):
    host = Host(tmp_path_factory.mktemp("names"))
    try:
        host.config.write_text("restrict 127.0.0.1\nserver 127.127.1.0\n"
                               "server 127.0.0.2\n")
        host.serve("--no-clock")
        yield host
    finally:
        host.close()


def ask(host, questions):
    done = host.run(sys.executable, HERE / "questions.py", "127.0.0.1",
                    input=json.dumps(questions))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def associations(host):
    """The associations that there are, in their order."""
    listed = ask(host, [[READSTAT, 0, ""]])[0]
    return [int(pair[:4], 16) for pair in re.findall(".{8}", listed[1])]


def unknown(host, opcode, assoc, names):
    answers = ask(host, [[opcode, assoc, name] for name in names])
    assert None not in answers
    errors = {name: a[0] for name, a in zip(names, answers) if a[0] is not None}
    assert set(errors.values()) <= {UNKNOWN}
    return set(errors)


def test_the_tables_have_every_name(host):
    clock = next(a for a in associations(host)
                 if ask(host, [[READCLOCK, a, ""]])[0][0] is None)
    nobody = ["nobody_knows_this", "offset "]  # the blank belongs to it
    assert unknown(host, READVAR, 0, SYSTEM + TWINS + nobody[:1]) == {nobody[0]}
    assert unknown(host, READVAR, clock, PEER + nobody) == set(nobody)
    assert unknown(host, READCLOCK, clock, CLOCK + nobody[:1]) == {nobody[0]}


def test_an_answer_is_of_the_name_and_no_other(host):
    """What there is not now is left out: nothing else comes in its place."""
    names = SYSTEM + TWINS
    absent = []
    for name, (error, data) in zip(names, ask(
            host, [[READVAR, 0, name] for name in names])):
        text = bytes.fromhex(data).decode()
        assert error is None
        assert not text or text.startswith(name + "="), (name, text)
        if not text:
            absent.append(name)
    assert "ss_received" not in absent and "digest" in absent


def test_the_requests_of_all_clients_are_answered_whole(host):
    for request, (error, data) in zip(REQUESTS, ask(
            host, [[READVAR, 0, text] for text in REQUESTS])):
        assert error is None, request
        got = re.findall(r"(\w+)=", bytes.fromhex(data).decode())
        assert sorted(got) == sorted(request.split(","))


def test_one_unknown_name_fails_a_request(host):
    whole, broken = ask(host, [[READVAR, 0, "stratum,leap"],
                               [READVAR, 0, "stratum,nobody_knows,leap"]])
    assert whole[0] is None and broken == [UNKNOWN, ""]


def test_the_system_tells_what_names_it_has(host):
    said = ask(host, [[READVAR, 0, "sys_var_list"]])[0][1]
    names = re.search(r'"(.*)"', bytes.fromhex(said).decode(), re.S)[1]
    assert set(SYSTEM + TWINS) <= set(names.split(","))

