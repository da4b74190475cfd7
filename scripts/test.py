#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs every tier of tests and ends with "N passed, N failed, N skipped".

    scripts/test.py              everything
    scripts/test.py unit fuzz    those tiers

Two things run at a time, for two cores; the virtual machines mostly sleep and
run beside them; what looks at how fast we are runs alone, at last. What cannot
run here is skipped by name, never silently."""
import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as xml

ROOT = pathlib.Path(__file__).resolve().parents[1]
FUZZ_SECONDS = os.environ.get("FUZZ_SECONDS", "20")
SANITIZED = {"ASAN_OPTIONS": "detect_leaks=1:abort_on_error=1",
             "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
             "TSAN_OPTIONS": "halt_on_error=1:exitcode=66"}
speaking = threading.Lock()


class Result:
    def __init__(self):
        self.passed, self.failed, self.skipped = 0, [], []
        self.again = []  # failed beside others, passed alone
        self.words = {}  # what is to be said of what failed


def run(command, log, polite=True, **env):
    """Runs to the end, output into `log`; the exit status. The polite ones
    give way to those that measure time: virtual machines."""
    log.parent.mkdir(parents=True, exist_ok=True)
    command = ["nice", "-n", "10", *command] if polite else command
    with open(log, "w") as out:
        return subprocess.run(command, cwd=ROOT, stdout=out,
                              stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                              env={**os.environ, **env}, check=False).returncode


def read_junit(path, result):
    """Adds up a JUnit report; False when there is none to read."""
    if not path.exists():
        return False
    # Programs print what XML may not hold; Meson copies it all the same.
    text = re.sub(r"[^\t\n\r -\ufffd]", "?", path.read_text(errors="replace"))
    for suite in xml.fromstring(text).iter("testsuite"):
        for case in suite.iter("testcase"):
            read_case(case, suite, result)
    return True


def read_case(case, suite, result):
    """Meson keeps what a program says about a failure beside its tests."""
    name = f"{case.get('classname', '')} {case.get('name')}".strip()
    trouble = case.find("failure")
    if trouble is None:
        trouble = case.find("error")
    if trouble is not None:
        result.failed.append(name)
        said = [trouble.text, suite.findtext("system-out"),
                suite.findtext("system-err")]
        result.words[name] = "\n".join(filter(None, said)).strip()
    elif case.find("skipped") is not None:
        reason = case.find("skipped").get("message") or ""
        result.skipped.append(f"{name}: {reason}".rstrip(": "))
    else:
        result.passed += 1


def build(folder, compiler="gcc", **options):
    """Configures once, builds; raises with the compiler's words on failure."""
    log = ROOT / folder / "build.log"
    made = (ROOT / folder / "build.ninja").exists()
    complete = (ROOT / folder / "tests/unit").is_dir() or "fuzz" in options
    if not made or not complete: # made before cmocka was there
        setup = ["meson", "setup", folder] + ["--reconfigure"] * made
        setup += [f"-D{key}={value}" for key, value in options.items()]
        if run(setup, log, CC=compiler):
            raise RuntimeError(log.read_text()[-4000:])
    if run(["ninja", "-C", folder], log):
        raise RuntimeError(log.read_text()[-4000:])


def build_asan():
    build("build-asan", "clang", b_sanitize="address,undefined",
          b_lundef="false")


def build_tsan():
    build("build-tsan", "clang", b_sanitize="thread", b_lundef="false")


def meson_test(folder, suites, **env):
    result = Result()
    report = ROOT / folder / "meson-logs/testlog.junit.xml"
    report.unlink(missing_ok=True)
    arguments = [word for suite in suites for word in ("--suite", suite)]
    log = ROOT / folder / "test.log"
    status = run(["meson", "test", "-C", folder, "--no-rebuild", "--num-processes", "1",
                  "--print-errorlogs", "-t", "4", *arguments], log, **env)
    if not read_junit(report, result) or (status and not result.failed):
        result.failed.append(f"{folder}: see {log}")
    return result


def pytest_command(*words):
    """Debian's packages belong to Debian's interpreter, not to every one."""
    for python in (sys.executable, "/usr/bin/python3"):
        if subprocess.run([python, "-c", "import pytest"], check=False,
                          capture_output=True).returncode == 0:
            return [python, "-m", "pytest", "-q", "-p", "no:cacheprovider",
                    *words]
    raise RuntimeError("no python3 here has pytest")


def pytest(folder, programs, *files, polite=True, **env):
    """All tests of a folder below tests/, or those of some of its files."""
    result = Result()
    name = "-".join([folder, *(file.stem for file in files)])
    report = ROOT / f"build/pytest-{name}.xml"
    report.unlink(missing_ok=True)
    log = ROOT / f"build/pytest-{name}.log"
    status = run(pytest_command(f"--junitxml={report}",
                                *(files or [f"tests/{folder}"])),
                 log, polite, TRUECHIMER_BUILD=str(ROOT / programs), **env)
    if not read_junit(report, result) or (status and not result.failed):
        result.failed.append(f"{name}: see {log}")
    return result


def add(whole, part):
    whole.passed += part.passed
    whole.failed += part.failed
    whole.skipped += part.skipped
    whole.again += part.again
    whole.words.update(part.words)
    return whole


def pytest_beside(folder, programs, at_once, **env):
    """Likewise, some files at a time: for tests that mostly wait."""
    whole = Result()
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        for part in pool.map(
                lambda file: pytest(folder, programs, file, **env),
                sorted((ROOT / "tests" / folder).glob("test_*.py"))):
            add(whole, part)
    return whole


def once_more(result, programs, **env):
    """Real daemons on two busy cores now and then miss a moment that a test
    waits for. What failed is run again, alone; what fails twice has failed."""
    for name in list(result.failed):
        place, _, test = name.partition(" ")
        file = place.replace(".", "/") + ".py"
        if not test or not (ROOT / "tests" / file).exists():
            continue
        log = ROOT / "build/pytest-again.log"
        if run(pytest_command(f"tests/{file}::{test}"), log,
               TRUECHIMER_BUILD=str(ROOT / programs), **env) == 0:
            result.failed.remove(name)
            result.again.append(name)
            result.passed += 1
    return result


def tier_unit():
    """Everything that Meson knows, as released: gcc."""
    return meson_test("build", ["rules", "unit", "sim", "bench", "stress"])


def tier_sanitized():
    """clang with AddressSanitizer and UndefinedBehaviorSanitizer."""
    build_asan()
    return meson_test("build-asan", ["unit", "sim"], **SANITIZED)


def tier_threads():
    """clang with ThreadSanitizer."""
    build_tsan()
    return meson_test("build-tsan", ["stress"])


def tier_fuzz():
    """Each parser and the engine, on random and on kept inputs."""
    build("build-fuzz", "clang", fuzz="true", b_lundef="false",
          b_sanitize="address,undefined")
    result = Result()
    for target in sorted((ROOT / "build-fuzz/tests/fuzz").glob("fuzz_*")):
        if target.is_dir() or not os.access(target, os.X_OK):
            continue
        kept = ROOT / "tests/fuzz/corpus" / target.name[len("fuzz_"):]
        grown = ROOT / "build-fuzz/corpus" / target.name
        grown.mkdir(parents=True, exist_ok=True)
        folders = [grown] + ([kept] if kept.is_dir() else [])
        log = ROOT / f"build-fuzz/{target.name}.log"
        status = run([target, f"-max_total_time={FUZZ_SECONDS}", "-timeout=10",
                      "-rss_limit_mb=2048", "-print_final_stats=1",
                      f"-artifact_prefix={ROOT}/build-fuzz/{target.name}-",
                      *folders], log, **SANITIZED)
        if status:
            result.failed.append(f"{target.name}: see {log}")
        else:
            result.passed += 1
    if result.passed + len(result.failed) == 0:
        result.failed.append("no fuzz target was built")
    return result


def needed(start):
    """A C file and all others behind the headers that it includes."""
    found, waiting = [], [start]
    while waiting:
        file = waiting.pop()
        if file in found or not file.exists():
            continue
        found.append(file)
        for name in re.findall(r'^#include "(\S+)"', file.read_text(), re.M):
            for folder in ("src", "tests"):
                header = ROOT / folder / name
                waiting += [header, header.with_suffix(".c")]
    return sorted(file for file in found if file.suffix == ".c")


def read_narrow(result):
    """Words of 32 bits, and as wide a time in what is shared: each file of ours
    as it is for the build, but read only."""
    stubs = list(pathlib.Path("/usr/include").glob("*/gnu/stubs-32.h"))
    if not stubs:
        result.skipped.append("32 bits: libc6-dev-i386 is not here")
        return
    files = {}  # by the words before them
    for entry in json.loads((ROOT / "build/compile_commands.json").read_text()):
        words = shlex.split(entry["command"])
        if entry["file"].startswith("../src/"):
            known = files.setdefault(tuple(words[:words.index("-MD")]), [])
            known.append(f"build/{entry['file']}")
    log = ROOT / "build/narrow.log"
    for words, names in files.items():
        words = [word.replace("-I", "-Ibuild/", 1) for word in words]
        if run([*words, "-m32", "-msse2", "-mfpmath=sse", "-D_TIME_BITS=64",
                "-USHM_TIME_BYTES", "-DSHM_TIME_BYTES=4", "-idirafter",
                stubs[0].parents[1], "-fsyntax-only", *names], log):
            result.failed.append(f"32 bits: see {log}")
            return
    result.passed += 1


def tier_compilers():
    """The estimator says the same to the last bit, whoever compiled it; and all
    is made for machines of 32 bits, too."""
    result, prints = Result(), {}
    read_narrow(result)
    files = needed(ROOT / "tests/bench/fingerprint.c")
    for compiler in ("gcc", "clang"):
        if not shutil.which(compiler):
            result.skipped.append(f"{compiler}: not here")
            continue
        log = ROOT / f"build/fingerprint-{compiler}.log"
        program = ROOT / f"build/fingerprint-{compiler}"
        if run([compiler, "-std=c11", "-O2", "-ffp-contract=off", "-Isrc",
                "-Itests", *files, "-lm", "-o", program], log) or \
                run([program], log):
            result.failed.append(f"{compiler}: see {log}")
            continue
        prints[compiler] = log.read_text().strip()
    if len(prints) == 2:
        if len(set(prints.values())) == 1:
            result.passed += 1
        else:
            result.failed.append(f"fingerprints differ: {prints}")
    return result


def tier_interop():
    """Against other people's daemons and tools, in network namespaces."""
    build_asan()
    env = {**SANITIZED, "ASAN_OPTIONS": "detect_leaks=0"}
    return once_more(pytest_beside("interop", "build-asan", 3, **env),
                     "build-asan", **env)


def tier_seed():
    """The how-to's statements, by number."""
    return once_more(pytest("seed", "build"), "build")


def tier_load():
    """What depends on how fast we are; nothing else runs meanwhile. And under
    sanitizers, who find races where there is something to do."""
    whole = add(meson_test("build", ["load"]), once_more(
        pytest("load", "build", polite=False), "build"))
    everything = ROOT / "tests/load/test_everything.py"
    build_tsan()
    for programs in "build-asan", "build-tsan":
        add(whole, once_more(pytest("load", programs, everything, **SANITIZED),
                             programs, **SANITIZED))
    return whole


def tier_packaging():
    """What is installed, and the packages."""
    return pytest("packaging", "build")


def tier_vm():
    """Real kernel clocks, in virtual machines."""
    return once_more(pytest("vm", "build", polite=False), "build")


def tier_installed():
    """Whole machines in QEMU, with our packages and the how-to's commands."""
    return once_more(pytest_beside("installed", "build", 2), "build")


def sources():
    listed = subprocess.run(["git", "ls-files", "*.c", "*.h"], cwd=ROOT,
                            capture_output=True, text=True, check=False).stdout
    return listed.split() or [
        str(path.relative_to(ROOT)) for folder in ("src", "bench", "tests")
        for path in (ROOT / folder).rglob("*.[ch]")]


def tier_lint():
    """clang-format and clang-tidy as of LLVM 14."""
    result = Result()
    for tool in ("clang-format", "clang-tidy"):
        version = subprocess.run([tool, "--version"], capture_output=True,
                                 text=True, check=False).stdout
        if "version 14." not in version:
            result.skipped.append(f"{tool}: LLVM 14 is not here")
            continue
        log = ROOT / f"build/{tool}.log"
        if tool == "clang-format":
            command = [tool, "--dry-run", "-Werror", *sources()]
        else:
            command = ["run-clang-tidy-14" if shutil.which("run-clang-tidy-14")
                       else "run-clang-tidy", "-p", "build-asan", "-quiet",
                       "-j", "1", f"{ROOT}/(src|tests/unit)/.*"]
        if run(command, log):
            result.failed.append(f"{tool}: see {log}")
        else:
            result.passed += 1
    return result


# The long ones first; machines run BESIDE the others, ALONE after them.
TIERS = {"vm": tier_vm, "installed": tier_installed,
         "sanitized": tier_sanitized, "unit": tier_unit,
         "interop": tier_interop, "seed": tier_seed, "fuzz": tier_fuzz,
         "packaging": tier_packaging, "lint": tier_lint, "threads": tier_threads,
         "compilers": tier_compilers, "load": tier_load}
BESIDE = {"vm", "installed"}
ALONE = {"load"}


def guarded(name, tier):
    begun = time.monotonic()
    try:
        result = tier()
    except (RuntimeError, OSError) as trouble:
        result = Result()
        result.failed.append(f"{name}: {trouble}")
    with speaking:
        print(f"{name:10} {result.passed} passed, {len(result.failed)} failed, "
              f"{len(result.skipped)} skipped "
              f"({time.monotonic() - begun:.0f} s)", flush=True)
        for line in result.skipped:
            print(f"   skipped: {line}")
        for line in result.again:
            print(f"   passed only when run again, alone: {line}")
        for line in result.failed:
            print(f"   FAILED: {line}")
            show_why(line, result.words.get(line))
    return result


def show_why(line, words):
    """The end of what a failure says, itself or in the log that it names: for
    those who see only this."""
    named = re.search(r"see (\S+)$", line)
    if not words and named and pathlib.Path(named[1]).exists():
        words = pathlib.Path(named[1]).read_text(errors="replace")
    if words:
        print("\n".join("      " + row for row in words.splitlines()[-40:]))


def main():
    chosen = sys.argv[1:] or list(TIERS)
    build("build")
    if {"sanitized", "interop", "lint", "load"} & set(chosen):
        build_asan()
    with concurrent.futures.ThreadPoolExecutor(len(BESIDE)) as beside, \
            concurrent.futures.ThreadPoolExecutor(2) as pool:
        jobs = [(beside if name in BESIDE else pool).submit(
            guarded, name, TIERS[name]) for name in TIERS
            if name in chosen and name not in ALONE]
        results = [job.result() for job in jobs]
    results += [guarded(name, TIERS[name]) for name in TIERS
                if name in chosen and name in ALONE]
    passed = sum(result.passed for result in results)
    failed = sum(len(result.failed) for result in results)
    skipped = sum(len(result.skipped) for result in results)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return failed > 0 or passed == 0


if __name__ == "__main__":
    sys.exit(main())
