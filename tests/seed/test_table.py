# SPDX-License-Identifier: BSD-2-Clause
"""The table of README.md: all statements, and only tests that there are."""
import pathlib
import re

from lab import SOURCE

HERE = pathlib.Path(__file__).parent
ROWS = re.findall(r"^\| (\d+) \|(.*)\|(.*)\|(.*)\|$",
                  (HERE / "README.md").read_text(), re.M)


def test_every_statement_has_a_row_and_a_holder():
    assert [int(row[0]) for row in ROWS] == list(range(1, 63))
    assert all(row[2].strip() or row[3].strip() for row in ROWS)


def exists(name):
    file, _, test = name.partition("::")
    path = SOURCE / file if "/" in file else HERE / file
    head = "static void " if path.suffix == ".c" else "def "
    return path.exists() and f"{head}{test}(" in path.read_text()


def test_every_test_named_exists():
    named = [name for row in ROWS for name in re.findall(r"`(\S+::\S+)`",
                                                         row[2])]
    assert len(named) > 60
    assert [name for name in named if not exists(name)] == []


def test_every_world_named_exists():
    told = (SOURCE / "src/sim/scenarios.def").read_text()
    named = [name for row in ROWS
             for name in re.findall(r"`ntpsim (\S+)`", row[2])]
    assert [name for name in named if f'"{name}"' not in told] == []


def test_every_numbered_test_is_in_the_table():
    table = (HERE / "README.md").read_text()
    installed = SOURCE / "tests/installed"
    for path in [*HERE.glob("test_*.py"), *installed.glob("test_*.py")]:
        name = path.relative_to(HERE if path.parent == HERE else SOURCE)
        for test in re.findall(r"^def (test_\d\d_\w+)", path.read_text(),
                               re.M):
            assert f"`{name}::{test}`" in table, test
