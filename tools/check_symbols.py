#!/usr/bin/env python3
"""Checks that a program of the deployed half has nothing of the compiling half in it, by its symbols.

usage: check_symbols.py PROGRAM. Run by ctest on a program that links every deployed library whole.
"""
import re
import subprocess
import sys

MUST_NOT = re.compile(r"\bpicabia::(import|ir|passes|quant|compile)::|\bprotozero::")
MUST = re.compile(r"\bpicabia::(runtime::Session|mlu::Device)::Create\b")  # else it is stripped: nothing was checked


def judge(symbols):
    if not MUST.search(symbols):
        return ["no symbol of the runtime: is the program stripped?"]
    return sorted({line.strip() for line in symbols.splitlines() if MUST_NOT.search(line)})


def self_test():
    assert judge("") and judge("0 T main\n")
    good = "0 T picabia::runtime::Session::Create(int)\n0 T picabia::program::ReadProgram()\n"
    assert not judge(good)
    assert judge(good + "0 T picabia::compile::LoadModel()\n")
    assert judge(good + "0 t std::vector<picabia::ir::Node>::size()\n")


def main():
    self_test()
    symbols = subprocess.run(["nm", "-C", sys.argv[1]], capture_output=True, text=True, check=True).stdout
    found = judge(symbols)
    print("\n".join(found[:20]) if found else "nothing of the compiling half")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
