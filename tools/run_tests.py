#!/usr/bin/env python3
"""Runs every test of one build folder and adds the results up; called by ./dev test.

ctest runs the C++ programs and the scripts of tools/; pytest runs tests/python, and the fuzzers run for
a minute together (release build only).
The last line printed is "N passed, N failed, N skipped". A GoogleTest program counts by its cases.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import fuzz

ROOT = pathlib.Path(__file__).resolve().parent.parent


class Totals:
    def __init__(self):
        self.passed, self.failures, self.skips = 0, [], []

    def add_case(self, case, name):
        """Counts one <testcase> of a JUnit-like file; says whether it failed."""
        failed = case.find("failure") is not None or case.find("error") is not None
        skipped = case.find("skipped")
        if failed:
            self.failures.append(name)
        elif skipped is not None:
            text = skipped.get("message") or skipped.text or "no reason given"
            self.skips.append((name, " ".join(text.split())))
        else:
            self.passed += 1
        return failed


def gtest_cases(path):
    """The cases of a GoogleTest result file, or None when there is none: not such a program, or it died."""
    try:
        return [c for c in ElementTree.parse(path).iter("testcase") if c.get("status") != "notrun"]
    except (OSError, ElementTree.ParseError):
        return None


def add_ctest(totals, junit, gtest_folder):
    for test in ElementTree.parse(junit).iter("testcase"):
        name, ok = test.get("name"), test.get("status") == "run"
        cases = gtest_cases(gtest_folder / f"{name}.xml")
        if cases:
            failed = [totals.add_case(c, f"{name}: {c.get('classname')}.{c.get('name')}") for c in cases]
            if not ok and not any(failed):
                totals.failures.append(f"{name}: failed outside its cases")
        else:
            totals.add_case(test, name)


def run_ctest(totals, build):
    results = build / "test-results"
    shutil.rmtree(results, ignore_errors=True)
    results.mkdir()
    junit = results / "ctest.xml"
    # GoogleTest appends the program's name to a folder given here.
    environment = {**os.environ, "GTEST_OUTPUT": f"xml:{results}/gtest/"}
    command = ["ctest", "--test-dir", str(build), "--output-on-failure", "-j", str(os.cpu_count()),
               "--timeout", "1500", "--output-junit", str(junit)]
    status = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL).returncode
    if junit.exists():
        add_ctest(totals, junit, results / "gtest")
    if not junit.exists() or (status != 0 and not totals.failures):
        totals.failures.append("ctest did not finish")


def run_pytest(totals, build):
    if not any((ROOT / "tests/python").glob("test_*.py")):
        return
    junit = build / "test-results" / "pytest.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={junit}",
               str(ROOT / "tests/python")]
    status = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL).returncode
    before = len(totals.failures)
    if junit.exists():
        for case in ElementTree.parse(junit).iter("testcase"):
            totals.add_case(case, f"{case.get('classname')}.{case.get('name')}")
    if status != 0 and len(totals.failures) == before:
        totals.failures.append(f"pytest ended with status {status}")


def run_fuzzers(totals):
    """About a minute for all targets together, the same inputs each time on one machine; each counts as a test."""
    build = ROOT / "build/fuzz"
    rounds = -(-len(fuzz.TARGETS) // (os.cpu_count() or 1))
    for ok, text in fuzz.fuzz(build, fuzz.TARGETS, 120 // rounds, repeatable=True):
        print(text, flush=True)
        if ok:
            totals.passed += 1
        else:
            totals.failures.append(text)


def main():
    preset = sys.argv[1]
    build = ROOT / "build" / preset
    totals = Totals()
    run_ctest(totals, build)
    if preset == "release":
        run_pytest(totals, build)
        run_fuzzers(totals)
    print()
    for name, reason in totals.skips:
        print(f"skipped: {name}: {reason}")
    for name in totals.failures:
        print(f"failed: {name}")
    print(f"{totals.passed} passed, {len(totals.failures)} failed, {len(totals.skips)} skipped", flush=True)
    return 1 if totals.failures or totals.passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
