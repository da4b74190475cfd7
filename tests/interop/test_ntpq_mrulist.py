# SPDX-License-Identifier: BSD-2-Clause
"""ntpq's mrulist, and what it asks for with a key."""
import resource
import signal
import subprocess
import time

import pytest

from lab import BUILD

NTPQ = BUILD / "ntpq"
SPEC = {"addr": "127.0.0.1", "entries": 10}
HEADER = ["lstint avgint rstr r m v  count rport remote address", 78 * "="]
MARK = "Ctrl-C will stop MRU retrieval and display partial results.\n"


def mrulist(net, spec, *words, before=(), **more):
    net.fake("fakemru.py", {**SPEC, **spec})
    return net.run(NTPQ, "-n", *before, "-c", " ".join(("mrulist", *words)),
                   "127.0.0.1", **more)


def rows(done):
    lines = done.stdout.splitlines()
    assert lines[:2] == HEADER
    return lines[2:]


def test_a_short_list_comes_in_one_answer(net):
    done = mrulist(net, {})
    assert done.stderr == (MARK + "Retrieved 10 unique MRU entries and 0 "
                           "updates.\n")
    assert len(rows(done)) == 10
    assert rows(done)[0] == ("  8000      0  380 . 4 4     10   123 "
                             "2001:db8::9")
    assert rows(done)[-1].endswith("  1024 10.0.0.0")


def test_an_empty_list_is_an_empty_table(net):
    assert rows(mrulist(net, {"entries": 0})) == []


@pytest.mark.parametrize("more", [
    {}, {"lose": [3]}, {"lose": [2, 4, 5]}, {"drop": [2, 6]}])
def test_a_long_list_comes_whole_whatever_happens(net, more):
    """Lost places and lost fragments cost time, and no entry."""
    done = mrulist(net, {"entries": 3000, **more})
    found = [r.split()[-1] for r in rows(done)]
    assert len(found) == len(set(found)) == 3000
    assert "Retrieved 3000 unique MRU entries" in done.stderr


def test_a_place_that_is_always_lost_ends_the_walk(net):
    done = mrulist(net, {"entries": 3000, "lose": list(range(1, 100))})
    assert "Giving up after 8 restarts from the beginning." in done.stderr
    assert done.returncode == 0
    assert len(rows(done)) > 100


def test_sorting_and_filters(net):
    done = mrulist(net, {"entries": 300}, "sort=-count", "mincount=40")
    counts = [int(r.split()[6]) for r in rows(done)]
    assert counts == sorted(counts, reverse=True)
    assert (counts[-1], len(counts)) == (40, 66)


@pytest.mark.parametrize("word", ["sort=name", "bogus", "frags=0", "sort="])
def test_words_that_mean_nothing_are_told(net, word):
    done = mrulist(net, {}, word)
    assert done.stderr == f"***mrulist: `{word}' is not understood\n"


def test_direct_mode_prints_entries_as_they_come(net):
    done = mrulist(net, {"entries": 2000}, before=("-c", "direct"))
    lines = done.stdout.splitlines()
    assert lines[0] == "Direct mode set"
    assert lines[2:4] == HEADER
    assert len(lines) == 2004


@pytest.mark.parametrize("act,text", [
    ("repeating", "brings nothing new"), ("nonceless", "No nonce")])
def test_a_list_without_an_end_ends(net, act, text):
    """SECURITY.md I8."""
    done = mrulist(net, {"entries": 3000, "act": act})
    assert text in done.stderr
    assert done.took < 5


def test_ctrl_c_shows_what_there_is(net):
    net.fake("fakemru.py", {**SPEC, "entries": 100000, "slow": 0.1})
    ntpq = net.start(NTPQ, "-nc", "mrulist", "127.0.0.1",
                     stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(1)
    ntpq.send_signal(signal.SIGINT)
    stdout, stderr = ntpq.communicate(timeout=5)
    assert "interrupted by operator" in stderr
    assert ntpq.returncode == 0
    assert 100 < len(stdout.splitlines()) < 50000


def test_a_million_entries_take_half_a_minute_and_bounded_memory(net):
    """Issue 4, point 8. Most of the time is the fake's."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    done = mrulist(net, {"entries": 1000000}, timeout=120)
    assert "Retrieved 1000000 unique MRU entries" in done.stderr
    assert done.stdout.count("\n") == 1000002
    print(f"{done.took:.1f} s")
    if "asan" not in BUILD.name:
        assert done.took < 30
        used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        assert used < 300 << 10 or used == before


KEY = ["-c", "keyid 1", "-c", "passwd x"]
IFSTATS = ("addr.0=127.0.0.1:123, name.0=\"lo\", en.0=1, flags.0=0x5, "
           "tl.0=0, mc.0=0, rx.0=2, tx.0=1, txerr.0=0, pc.0=0, up.0=9")


def test_lists_and_changes_are_shown(net):
    """By a daemon that trusts every key."""
    net.fake("fakemru.py", {**SPEC, "texts": {
        "11": IFSTATS, "8": "Config Succeeded\r\n%s",
        "9": "Configuration saved to '%s'"}})
    done = net.run(NTPQ, *KEY, "-c", "ifstats", "-c", ":config  server  1.2.3.4 ",
                   "-c", "saveconfig x.conf", "127.0.0.1")
    parts = done.stdout.lstrip("\n").split("\n\n")
    assert parts[0].splitlines()[-2:] == [
        "  0 lo                       .    5   0  0      2      1      0     0"
        "        9", "    127.0.0.1:123"]
    assert parts[1] == "Config Succeeded\nserver  1.2.3.4"
    assert parts[2] == "Configuration saved to 'x.conf'\n"


def test_a_file_is_sent_line_by_line(net, tmp_path):
    net.fake("fakemru.py", {**SPEC, "texts": {"8": "Config Succeeded"}})
    conf = tmp_path / "conf"
    conf.write_text("# nothing\n\nserver 1.2.3.4\n  restrict default\n")
    done = net.run(NTPQ, *KEY, "-c", f"config-from-file {conf}", "127.0.0.1")
    assert done.stdout.lstrip("\n") == ("Sending configuration file, one line at a time.\n"
                           "Line No: 3 Config Succeeded\n"
                           "Line No: 4 Config Succeeded\n"
                           "Done sending file\n")


SECRET = "5f4dcc3b5aa765d61d8327deb882cf995f4dcc3b"


@pytest.mark.parametrize("how", ["options", "commands"])
def test_a_key_signs(net, tmp_path, how):
    """SHA-1 over key, header, data and padding, as the fake counts it."""
    net.fake("fakemru.py", {**SPEC, "texts": {"8": "Config Succeeded"},
                            "key": [8, SECRET]})
    keys = tmp_path / "keys"
    keys.write_text(f"7 MD5 other\n8 SHA1 {SECRET} 127.0.0.1 # ours\n")
    for line in ("a", "server 127.0.0.3", "server 127.0.0.33 iburst"):
        if how == "options":
            done = net.run(NTPQ, "-a", "8", "-k", keys, "-c",
                           f":config {line}", "127.0.0.1")
        else:
            done = net.run(NTPQ, "127.0.0.1", input="keytype sha1\nkeyid 8\n"
                           f"passwd {SECRET}\n:config {line}\n")
        assert (done.stdout, done.stderr) == ("Config Succeeded\n", "")


@pytest.mark.parametrize("text,complaint", [
    ("", "No key 8"), ("9 SHA1 secretsecret\n#8 MD5 x\n", "No key 8"),
    ("8 SHA1\n", "1 error"), ("8 SHA1 " + 22 * "z", "1 error"),
    ("8 SHA1 secretsecret\n9\n", "1 error"), ("8 SHA1 " + 21 * "a", "1 error")])
def test_keys_files_that_are_of_no_use_are_told(net, tmp_path, text,
                                                complaint):
    """C: a broken file is refused whole; no secret is shown."""
    keys = tmp_path / "keys"
    keys.write_text(text)
    done = net.run(NTPQ, "-a", "8", "-k", keys, "-p", "127.0.0.1")
    assert complaint in done.stderr
    assert done.returncode == 1
    assert "secretsecret" not in done.stderr
    assert "zzz" not in done.stderr and "aaa" not in done.stderr


def test_without_a_terminal_nobody_is_asked_for_a_key(net):
    net.fake("fakemru.py", SPEC)
    done = net.run(NTPQ, "-c", ":config x", "127.0.0.1")
    assert done.stderr == "Keyid: Invalid key identifier\n"
    assert done.returncode == 0


def test_small_commands_about_keys_answer_as_ever(net):
    done = net.run(NTPQ, input="keyid\nkeyid 7\nkeyid\nkeytype\nkeytype sha1\n"
                   "keytype\nauthenticate\nauthenticate maybe\nkeyid x\n"
                   "showvars\npoll\nkeytype rot13\n")
    assert done.stdout == ("no keyid defined\nkeyid is 7\n"
                           "keytype is MD5 with 16 octet digests\n"
                           "keytype is SHA1 with 20 octet digests\n"
                           "unauthenticated requests being sent\n"
                           "No variables on list\n"
                           "poll not implemented yet\n")
    assert done.stderr == ("What?\n***Invalid key identifier `x'\n"
                           "***Keytype rot13 is not supported\n")
