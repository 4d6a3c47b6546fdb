"""The folder that ./dev neuware makes: what CMake files and makefiles written for Neuware find in it."""
import os
import shutil
import subprocess

import pytest

from conftest import BINARY, ROOT

BUILD = BINARY.parent.parent


@pytest.fixture(scope="module", params=["installed", "of the build"])
def neuware(request, tmp_path_factory):
    if request.param == "of the build":
        return BUILD / "neuware"
    folder = tmp_path_factory.mktemp("neuware")
    subprocess.run(["cmake", "--install", str(BUILD), "--component", "neuware", "--prefix", str(folder)], check=True,
                   capture_output=True)
    return folder


def test_find_package(neuware, tmp_path):
    shutil.copytree(ROOT / "examples/cnrt_inference", tmp_path / "source")
    subprocess.run(["cmake", "-S", tmp_path / "source", "-B", tmp_path / "build", f"-DCMAKE_PREFIX_PATH={neuware}"],
                   check=True, capture_output=True)
    subprocess.run(["cmake", "--build", tmp_path / "build"], check=True, capture_output=True)
    done = subprocess.run([tmp_path / "build/cnrt_style_transfer"], capture_output=True, text=True)
    assert done.returncode == 2 and "usage" in done.stderr


PROGRAM = """
#include "cnrt.h"
int main() {
  unsigned int count = 0;
  return cnrtInit(0) != CNRT_RET_SUCCESS || cnrtGetDeviceCount(&count) != CNRT_RET_SUCCESS || count < 1;
}
"""


def test_compiler_lines(neuware, tmp_path):
    source = tmp_path / "program.cpp"
    source.write_text(PROGRAM)
    by_hand = [f"-I{neuware}/include", f"-L{neuware}/lib64", "-lcnrt", "-lcndrv", "-lpthread"]
    environment = {**os.environ, "PKG_CONFIG_PATH": f"{neuware}/lib64/pkgconfig"}
    asked = subprocess.run(["pkg-config", "--cflags", "--libs", "cnrt"], env=environment, check=True,
                           capture_output=True, text=True).stdout.split()
    for i, flags in enumerate((by_hand, asked)):
        program = tmp_path / f"program{i}"
        subprocess.run(["c++", source, "-o", program, *flags], check=True)
        subprocess.run([program], check=True, env={**os.environ, "LD_LIBRARY_PATH": f"{neuware}/lib64"})


def test_library_needs_only_the_languages_and_tbb(neuware):
    section = subprocess.run(["readelf", "-d", neuware / "lib64/libcnrt.so"], check=True, capture_output=True,
                             text=True).stdout
    needed = {line.split("[")[1].split("]")[0].split(".so")[0] for line in section.splitlines() if "(NEEDED)" in line}
    assert needed <= {"libstdc++", "libm", "libgcc_s", "libc", "ld-linux-x86-64", "libtbb"}, needed
