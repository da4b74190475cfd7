# SPDX-License-Identifier: BSD-2-Clause
"""Statistics files of a real run: column by column, and as ntpviz reads them.

Hosts: 1 chronyd; 2 ours, with all statistics on, as nobody, with LOCAL and a
server that refuses; 3 ours, which may not write where it should."""
import os
import re
import shutil
import tempfile
import time

import pytest

from lab.clock import Clock
from lab.lan import SERVES_ALL, Lan, v4
from lab.namespace import wait_for
from lab.peers import need_peer

NOBODY = 65534
KINDS = ["loopstats", "peerstats", "rawstats", "sysstats", "protostats"]
SAMPLES = 7  # iburst's four, and three more at 8 s

NINE = r"-?\d+\.\d{9}"
SHORT = r"-?\d+\.\d{6}"
ADDR = r"(?:\d+\.){3}\d+"
COLUMNS = {
    "loopstats": [NINE, r"-?\d+\.\d{3}", NINE, SHORT, r"\d+"],
    "peerstats": [ADDR, r"[0-9a-f]{4}", NINE, NINE, NINE, NINE],
    "rawstats": [ADDR, ADDR, *[r"\d{10}\.\d{9}"] * 4, "[0-3]", "4", "4",
                 r"\d+", r"-?\d+", r"-\d+", SHORT, SHORT,
                 rf"(?:{ADDR}|\.[!-~]{{0,4}}\.)"],
    "protostats": [ADDR, "[0-9a-f]{4}", "[0-9a-f]{2}", "(?:[a-z_]+|TAI ).*"],
}


def conf(folder):
    return (f"statsdir {folder}/\nstatistics {' '.join(KINDS)} clockstats\n" +
            "filegen loopstats type week\nfilegen protostats nolink\n" +
            f"server {v4(1)} iburst minpoll 3 maxpoll 3\n" + SERVES_ALL)


def lines(folder, kind):
    path = folder / kind
    return path.read_text().splitlines() if path.exists() else []


@pytest.fixture(scope="module", name="run")
def _run(privileged):
    with tempfile.TemporaryDirectory() as folder, Lan(folder) as lan:
        lan.folder.chmod(0o755)  # pytest's are behind one for root alone
        lan.chronyd(1, "local stratum 1")
        lan.host(1).ip("addr", "add", f"{v4(11)}/24", "dev", "eth0")
        lan.host(1).fake("fakentp.py", [{"addr": v4(11), "act": "deny"}])
        lan.stats = lan.folder / "stats"
        lan.locked = lan.folder / "locked"
        for folder in (lan.stats, lan.locked):
            folder.mkdir()
        os.chown(lan.stats, NOBODY, NOBODY)
        spy = Clock(lan.file("spy", ""))
        os.chown(spy.path, NOBODY, NOBODY)
        lan.began = time.time()
        lan.ours = lan.ntpd(2, conf(lan.stats) + f"server {v4(11)} iburst\n",
                            "-u", "nobody", spy=spy)
        lan.other = lan.ntpd(3, conf(lan.locked), "-u", "nobody")
        assert wait_for(lambda: len(lines(lan.stats, "peerstats")) >= SAMPLES,
                        60), lan.ours.text()
        assert lan.ours.stop() == 0
        lan.ended = time.time()
        yield lan


def test_nothing_is_said_to_be_without_effect(run):
    text = run.ours.text()
    assert "ntp.conf" not in text.split("Starting")[1]
    assert "not in effect" not in text
    assert "can't" not in text


def test_files_have_the_names_of_the_day_and_their_links(run):
    day, week = (time.strftime(f, time.gmtime(run.began))
                 for f in ("%Y%m%d", "%Gw%V"))
    if time.strftime("%Y%m%d", time.gmtime(run.ended)) != day:
        pytest.skip("ran over midnight")
    names = {path.name for path in run.stats.iterdir()}
    assert names == {f"loopstats.{week}", "loopstats", f"peerstats.{day}",
                     "peerstats", f"rawstats.{day}", "rawstats",
                     f"protostats.{day}"}
    for name, link in ((f"loopstats.{week}", "loopstats"),
                       (f"rawstats.{day}", "rawstats")):
        assert (run.stats / name).samefile(run.stats / link)
        assert (run.stats / name).stat().st_nlink == 2
        assert (run.stats / name).stat().st_uid == NOBODY


@pytest.mark.parametrize("kind", COLUMNS)
def test_every_line_has_its_columns(run, kind):
    path = next(p for p in run.stats.iterdir() if p.name.startswith(kind))
    text = path.read_text()
    assert text.endswith("\n")
    form = re.compile(" ".join([r"(\d{5})", r"(\d{1,5}\.\d{3})",
                                *COLUMNS[kind]]))
    last = run.began - 1
    for line in text.splitlines():
        match = form.fullmatch(line)
        assert match, line
        at = (int(match[1]) - 40587) * 86400 + float(match[2])
        assert last <= at <= run.ended + 1, line
        last = at


def test_raw_times_agree_with_what_peers_are_said_to_be(run):
    """chronyd has this machine's clock: the truth is zero."""
    raw = [line.split() for line in lines(run.stats, "rawstats")]
    good = [row for row in raw if row[2] == v4(1)]
    assert len(good) >= SAMPLES
    for row in good:
        t1, t2, t3, t4 = (int(x[:10]) + int(x[11:]) / 1e9 - 4e9
                          for x in row[4:8])
        assert row[3] == v4(2) and row[11] == "1"
        assert -1e-6 < t3 - t2 < t4 - t1 < 0.1
        assert abs((t2 - t1 + t3 - t4) / 2) < 0.005
    # chronyd answers as 127.127.1.1, ours refuses with DENY, once or so.
    assert {row[-1] for row in raw if row[2] == v4(11)} == {".DENY."}
    peers = [line.split() for line in lines(run.stats, "peerstats")]
    assert {row[2] for row in peers} == {v4(1)}
    assert len(peers) == len(good)
    assert all(abs(float(row[4])) < 0.005 for row in peers)
    assert all(0 < float(row[5]) < 0.1 for row in peers)
    assert float(peers[-1][6]) < float(peers[0][6])


def test_each_correction_is_a_line(run):
    loops = [line.split() for line in lines(run.stats, "loopstats")]
    assert len(loops) >= SAMPLES - 3
    assert all(abs(float(row[2])) < 0.005 for row in loops)
    assert {row[6] for row in loops} == {"3"}


def test_events_are_those_of_the_log(run):
    path = next(run.stats.glob("protostats.*"))
    events = [line.split(" ", 2)[2] for line in path.read_text().splitlines()]
    assert "0.0.0.0" in events[0] and "restart" in events[0]
    for event in events:
        assert f": {event}\n" in run.ours.text()
    assert any(e.startswith(f"{v4(1)} ") and e.endswith(" 8a sys_peer")
               for e in events)


def test_who_may_not_write_says_so_once_a_file(run):
    """The directory is root's, and ours has become nobody."""
    assert wait_for(lambda: run.other.text().count("can't open") >= 4, 20)
    assert list(run.locked.iterdir()) == []
    said = re.findall(r"can't open (\S+): (.*)", run.other.text())
    kinds = [name.rsplit("/", 1)[1].split(".")[0] for name, _ in said]
    assert sorted(kinds) == sorted(set(kinds))
    assert set(kinds) <= set(KINDS)
    assert {reason for _, reason in said} == {
        f"Permission denied; uid {NOBODY} must be able to write there"}
    os.chown(run.locked, NOBODY, NOBODY)  # and then it can, unasked
    assert wait_for(lambda: lines(run.locked, "peerstats"), 20)


def test_ntpviz_plots_it_without_a_complaint(run):
    """Debian's, from ntpsec."""
    viz = need_peer("ntpviz")
    if not shutil.which("gnuplot"):
        pytest.skip("no gnuplot")
    pytest.importorskip("ntp.statfiles")
    out = run.folder / "plots"
    done = run.host(2).run(
        "/usr/bin/python3", "-W", "ignore::DeprecationWarning", viz, "-d", run.stats, "-o", out, "-p", "1", "-n",
        "host2", timeout=120)
    assert done.returncode == 0, done.stderr
    said = (done.stdout + done.stderr).splitlines()
    # Temperatures come from another program.
    assert set(said) <= {"ntpviz: WARNING: no temps to graph"}
    plots = {path.name: path.stat().st_size for path in out.glob("*.png")}
    for name in ("local-offset", "local-jitter", "local-stability",
                 "local-offset-histogram", "peer-offsets", "peer-jitters"):
        assert plots.get(name + ".png", 0) > 2000, plots
    page = (out / "index.html").read_text()
    assert "Local Clock Time Offset" in page and v4(1) in page
