# SPDX-License-Identifier: BSD-2-Clause
"""ntp-keygen -M and ntpkeygen: files of symmetric keys (SECURITY.md C7)."""
import collections
import os
import re
import subprocess

import pytest

from lab import BUILD


def keygen(folder, program, *options):
    return subprocess.run([BUILD / program, *options], cwd=folder, text=True,
                          capture_output=True, timeout=20, check=False)


def keys_of(folder):
    lines = (folder / "ntp.keys").read_text().splitlines()
    return [line.split(None, 2) for line in lines
            if line and not line.startswith("#")]


def test_the_classic_tool_makes_ten_of_both_kinds(tmp_path):
    done = keygen(tmp_path, "ntp-keygen", "-M")
    assert done.returncode == 0, done.stderr
    name = os.readlink(tmp_path / "ntp.keys")
    assert re.fullmatch(r"ntpkey_MD5key_\S+\.4[0-9]{9}", name)
    assert done.stdout == ("Generating new md5 file and link\n"
                           f"ntp.keys->{name}\n")
    assert (tmp_path / name).stat().st_mode & 0o777 == 0o640
    keys = keys_of(tmp_path)
    assert [int(k[0]) for k in keys] == list(range(1, 21))
    assert all(k[1] == "MD5" and re.fullmatch(r"[!-\"$-~]{20}", k[2])
               for k in keys[:10])
    assert all(k[1] == "SHA1" and re.fullmatch(r"[0-9a-f]{40}", k[2])
               for k in keys[10:])


@pytest.mark.parametrize("program,options", [
    ("ntpkeygen", []), ("ntpkeygen", ["-M"]), ("ntp-keygen", ["--aes"])])
def test_the_later_one_makes_keys_for_cmac(tmp_path, program, options):
    assert keygen(tmp_path, program, *options).returncode == 0
    keys = keys_of(tmp_path)
    assert len(keys) == 20
    assert all(k[1] == "AES" and re.fullmatch(r"[0-9a-f]{32}", k[2])
               for k in keys)


def test_an_old_file_is_kept_and_the_link_renewed(tmp_path):
    (tmp_path / "ntpkey_old").write_text("mine\n")
    (tmp_path / "ntp.keys").symlink_to("ntpkey_old")
    assert keygen(tmp_path, "ntp-keygen", "-M").returncode == 0
    assert (tmp_path / "ntpkey_old").read_text() == "mine\n"
    assert os.readlink(tmp_path / "ntp.keys") != "ntpkey_old"


def test_no_two_keys_are_alike_and_no_letter_is_preferred(tmp_path):
    secrets, letters = set(), collections.Counter()
    runs = 40
    for i in range(runs):
        folder = tmp_path / str(i)
        folder.mkdir()
        assert keygen(folder, "ntp-keygen", "-M").returncode == 0
        keys = keys_of(folder)
        secrets.update(k[2] for k in keys)
        letters.update("".join(k[2] for k in keys[:10]))
    assert len(secrets) == runs * 20
    mean = runs * 10 * 20 / 93  # 86: six sigma are 56
    assert len(letters) == 93
    assert all(abs(n - mean) < 56 for n in letters.values()), letters


def test_wrong_use_and_a_folder_that_cannot_be_written(tmp_path):
    done = keygen(tmp_path, "ntp-keygen")
    assert done.returncode == 1
    assert "usage:" in done.stderr
    assert "Autokey" in done.stderr
    done = keygen("/proc", "ntp-keygen", "-M")
    assert done.returncode == 1
    assert "cannot make ntpkey_" in done.stderr
