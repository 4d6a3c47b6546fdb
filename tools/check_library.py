#!/usr/bin/env python3
"""Checks what a shared library needs to be loaded, by its dynamic section, and how large it is when stripped.

usage: check_library.py LIBRARY [MAX_BYTES]. Run by ctest on libcnrt.so; MAX_BYTES only where it is built for release.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

# The C++ library with what it stands on, and oneTBB.
ALLOWED = re.compile(r"(libtbb|libstdc\+\+|libc\+\+|libc\+\+abi|libunwind|libm|libgcc_s|libc|libdl|libpthread|"
                     r"ld-linux[-\w]*)\.so\.\d+$")
NEEDED = re.compile(r"\(NEEDED\).*\[(.+)\]")


def judge(dynamic):
    needed = NEEDED.findall(dynamic)
    found = [f"needs {name}" for name in needed if not ALLOWED.match(name)]
    if not any(name.startswith("libtbb") for name in needed):
        found.append("does not need oneTBB: is this the library?")
    return found


def self_test():
    line = " 0x1 (NEEDED)             Shared library: [{}]\n"
    good = line.format("libtbb.so.12") + line.format("libc.so.6") + line.format("ld-linux-x86-64.so.2")
    assert not judge(good), judge(good)
    assert judge("") and judge(good + line.format("libfmt.so.9")) and judge(good + line.format("libm.so"))


def stripped_bytes(library):
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "stripped.so"
        subprocess.run(["strip", "-o", str(out), library], check=True)
        return out.stat().st_size


def main():
    self_test()
    library, limit = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else None
    dynamic = subprocess.run(["readelf", "-dW", library], capture_output=True, text=True, check=True).stdout
    found = judge(dynamic)
    size = stripped_bytes(library)
    if limit is not None and size > limit:
        found.append(f"{size} bytes when stripped, more than {limit}")
    print("\n".join(found) if found else f"{size} bytes when stripped; needs {', '.join(NEEDED.findall(dynamic))}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
