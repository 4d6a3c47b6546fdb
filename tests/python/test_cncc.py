"""cncc and cnas seen from outside: command lines, programs by a makefile's rules, messages, names, profiles."""
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
NEUWARE = pathlib.Path(os.environ.get("PICABIA_BIN", ROOT / "build/release/bin/picabia")).parent.parent / "neuware"

KERNEL = """
__mlu_entry__ void Twice(half* x, half* y, int n) {
  __nram__ half a[1024];
  __memcpy(a, x, n * sizeof(half), GDRAM2NRAM);
  __bang_add(a, a, a, n);
  __memcpy(y, a, n * sizeof(half), NRAM2GDRAM);
}
"""

HOST = r"""
#include <stdio.h>
#include "cnrt.h"
typedef unsigned short half;
#ifdef MANGLED
void Twice(half* x, half* y, int n);
#else
extern "C" { void Twice(half* x, half* y, int n); }
#endif
int main() {
  cnrtInit(0);
  cnrtDev_t dev;
  cnrtGetDeviceHandle(&dev, 0);
  CNRT_CHECK(cnrtSetCurrentDevice(dev));
  int n = 64;
  half host[64], *x, *y;
  for (int i = 0; i < n; ++i) cnrtConvertFloatToHalf(&host[i], i);
  CNRT_CHECK(cnrtMalloc((void**)&x, sizeof(host)));
  CNRT_CHECK(cnrtMalloc((void**)&y, sizeof(host)));
  CNRT_CHECK(cnrtMemcpy(x, host, sizeof(host), CNRT_MEM_TRANS_DIR_HOST2DEV));
  cnrtKernelParamsBuffer_t params;
  cnrtGetKernelParamsBuffer(&params);
  cnrtKernelParamsBufferAddParam(params, &x, sizeof(half*));
  cnrtKernelParamsBufferAddParam(params, &y, sizeof(half*));
  cnrtKernelParamsBufferAddParam(params, &n, sizeof(int));
  cnrtQueue_t queue;
  cnrtCreateQueue(&queue);
  cnrtDim3_t dim = {1, 1, 1};
  int code = cnrtInvokeKernel_V2(reinterpret_cast<void**>(&Twice), dim, params, CNRT_FUNC_TYPE_BLOCK, queue);
  cnrtDestroyKernelParamsBuffer(params);
  code += cnrtSyncQueue(queue);
  cnrtMemcpy(host, y, sizeof(host), CNRT_MEM_TRANS_DIR_DEV2HOST);
  float last;
  cnrtConvertHalfToFloat(&last, host[63]);
  printf("%d %g\n", code, last);
  cnrtFree(x);
  cnrtFree(y);
  cnrtDestroyQueue(queue);
  cnrtDestroy();
}
"""


@pytest.fixture
def cncc(tmp_path):
    """cncc("-c", ...) in a folder of its own, without a shell."""
    assert (NEUWARE / "bin/cncc").exists(), "./dev build makes cncc"

    def run(*args, tool="cncc", **options):
        return subprocess.run([str(NEUWARE / "bin" / tool), *map(str, args)], cwd=tmp_path, capture_output=True,
                              text=True, timeout=300, stdin=subprocess.DEVNULL, **options)
    return run


@pytest.fixture
def kernel(tmp_path):
    path = tmp_path / "twice.mlu"
    path.write_text(KERNEL)
    return path


def link_and_run(tmp_path, objects, *flags, **environment):
    (tmp_path / "host.cpp").write_text(HOST)
    subprocess.run(["g++", *flags, "host.cpp", *objects, "-o", "program", f"-I{NEUWARE}/include", f"-L{NEUWARE}/lib64",
                    "-lcnrt", "-lpthread"], cwd=tmp_path, check=True, timeout=300)
    done = subprocess.run(["./program"], cwd=tmp_path, capture_output=True, text=True, timeout=60,
                          env={**os.environ, "LD_LIBRARY_PATH": str(NEUWARE / "lib64"), **environment})
    return done


@pytest.mark.parametrize("line", [
    "-c twice.mlu -o k.o",
    "-c --bang-mlu-arch=MLU200 twice.mlu -o k.o",
    "--bang-mlu-arch=MLU200 -O3 twice.mlu -o k.o",
    "-c twice.mlu -o k.o -O2 -g -D__DEBUG --bang-mlu-arch=mtp_220 --bang-mlu-arch=mtp_270",
    "-std=c++11 -Os -fPIC -pthread -Wall -Werror -DNDEBUG --bang-mlu-arch=mtp_270 -c twice.mlu -o k.o",
    "-c --bang-arch=compute_30 -Xbang-cnas -fno-soft-pipeline -mllvm -some-option --neuware-path=/usr/local/neuware "
    "--no-neuware-version-check twice.mlu -o k.o",
])
def test_command_lines_of_the_card(line, cncc, kernel, tmp_path):
    done = cncc(*line.split())
    assert done.returncode == 0 and done.stderr == "", done.stderr
    ran = link_and_run(tmp_path, ["k.o"])
    assert ran.stdout == "0 126\n", ran.stderr


def test_the_mangled_name_links_too(cncc, kernel, tmp_path):
    assert cncc("-c", "twice.mlu").returncode == 0
    assert link_and_run(tmp_path, ["twice.o"], "-DMANGLED").stdout == "0 126\n"


def test_a_linker_that_drops_what_nobody_names(cncc, kernel, tmp_path):
    # lld takes a list of variables that only its __start_ symbol names for garbage.
    lld = shutil.which("ld.lld-19") or shutil.which("ld.lld")
    assert lld, "./dev installs lld"
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/ld.lld").symlink_to(lld)
    assert cncc("-c", "twice.mlu").returncode == 0
    flags = [f"-B{tmp_path}/bin", "-fuse-ld=lld", "-ffunction-sections", "-Wl,--gc-sections"]
    assert link_and_run(tmp_path, ["twice.o"], *flags).stdout == "0 126\n"


def test_assembly_and_cnas(cncc, kernel, tmp_path):
    done = cncc("-S", "-O3", "--bang-mlu-arch=MLU270", "--bang-device-only", "twice.mlu", "-o", "k.s")
    assert done.returncode == 0, done.stderr
    done = cncc("-O2", "--mcpu", "x86_64", "-i", "k.s", "-o", "k.o", tool="cnas")
    assert done.returncode == 0, done.stderr
    assert link_and_run(tmp_path, ["k.o"]).stdout == "0 126\n"
    assert link_and_run(tmp_path, ["k.o"], PICABIA_BANG_CHECK="error").stdout == "0 126\n"


@pytest.mark.parametrize("name", ["with space.mlu", "quote'\".mlu", "semi;echo $(touch x).mlu", "-leading.mlu", "new\nline.mlu"])
def test_any_name_is_safe(name, cncc, tmp_path):
    (tmp_path / name).write_text(KERNEL)
    done = cncc("-c", "-o", "k.o", "--", name)
    assert done.returncode == 0, done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([name, "k.o"])
    assert link_and_run(tmp_path, ["k.o"]).stdout == "0 126\n"


@pytest.mark.parametrize("source, message", [
    ("__mlu_entry__ void K(half* x) {\n  __bang_ad(x, x, x, 64);\n}\n",
     ["bad.mlu:2: error: '__bang_ad' is no builtin", "did you mean '__bang_add'"]),
    ("\n__mlu_entry__ void K(int* x) { x[0] = y; }\n", ["bad.mlu:2:", "'y'"]),
    ("__mlu_func__ int f(int n) {\n  return n ? f(n - 1) : 0;\n}\n__mlu_entry__ void K(int* x) { x[0] = f(3); }\n",
     ["bad.mlu:1: error: recursion: f calls f"]),
    ("__mlu_func__ int g(int n);\n__mlu_func__ int f(int n) { return g(n); }\n__mlu_func__ int g(int n) { return f(n); }\n"
     "__mlu_entry__ void K(int* x) { x[0] = f(3); }\n", ["error: recursion: f calls g calls f"]),
    ("__mlu_entry__ void K(int* x) {\n  asm(\"fancy.instruction %r1;\");\n}\n",
     ["bad.mlu:2: error: inline assembly", "fancy.instruction"]),
    ("struct S {\n  __nram__ half a[4];\n};\n", ["bad.mlu:2: error: __nram__ cannot be used on a member"]),
    ("__mlu_entry__ void K(int* x) {\n  __nram__ half (*p)[4];\n}\n", ["bad.mlu:2: error: in a declaration with __nram__"]),
    ("__mlu_entry__ void K(int* x) {\n", ["bad.mlu:"]),
    ("#include \"no_such_file.h\"\n", ["bad.mlu:1:", "no_such_file.h"]),
    ("__mlu_entry__ void K(half* x) {\n  __bang_printf(\"\", 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17);\n}\n",
     ["__bang_printf takes at most 16 values", "bad.mlu:2:"]),
    ("\n__mlu_entry__ void Many(" + ", ".join(f"int p{i}" for i in range(129)) + ") {}\n",
     ["bad.mlu:2: error: kernel Many has 129 parameters, at most 128 are expected"]),
    ("__mlu_entry__ void K(half* x) {\n  __sync_copy_dram_to_nrma();\n}\n",
     ["bad.mlu:2: error: '__sync_copy_dram_to_nrma' is no builtin", "did you mean '__sync_copy_dram_to_nram'"]),
    ("__mlu_entry__ void K(half* x) {\n#define TWICE(a) __bang_add(a, a)\n\n  TWICE(x);\n}\n", ["bad.mlu:4:", "__bang_add"]),
    ("template <int n> struct A { static constexpr int v = A<n + 1>::v; };\n__mlu_entry__ void K(int* x) { x[0] = A<0>::v; }\n",
     ["bad.mlu:1:", "recursive template instantiation"]),
    ('#include "bad.mlu"\n', ["bad.mlu:1:", "nested too deeply"]),
    ("__mlu_entry__ void K(int* p) " + "{" * 100000 + "}" * 100000 + "\n", ["bad.mlu:1:", "nesting level"]),
    ("__mlu_entry__ void K(int* p) { p[0] = " + "(" * 100000 + "1" + ")" * 100000 + "; }\n", ["bad.mlu:1:", "nesting level"]),
])
def test_errors_name_the_users_line(source, message, cncc, tmp_path):
    (tmp_path / "bad.mlu").write_text(source)
    done = cncc("-c", "bad.mlu", "-o", "bad.o")
    assert done.returncode == 1
    for part in message:
        assert part in done.stderr, done.stderr
    assert not (tmp_path / "bad.o").exists()


def limited(cncc, tmp_path, source, **limits):
    """Compiles a source that must fail within seconds and some hundred MiB, and leave nothing behind."""
    (tmp_path / "bad.mlu").write_text(source)
    (tmp_path / "tmp").mkdir()
    done = cncc("-c", "bad.mlu", "-o", "bad.o", env={**os.environ, "TMPDIR": str(tmp_path / "tmp"), **limits})
    assert done.returncode == 1 and not (tmp_path / "bad.o").exists() and not list((tmp_path / "tmp").iterdir())
    return done.stderr


def test_a_source_that_never_ends(cncc, tmp_path):
    os.mkfifo(tmp_path / "pipe")  # nobody writes into it
    said = limited(cncc, tmp_path, '#include "pipe"\n', PICABIA_CNCC_TIMEOUT="1")
    assert "bad.mlu: " in said and "still running after 1 s, ended (PICABIA_CNCC_TIMEOUT)" in said


def test_a_source_that_wants_all_memory(cncc, tmp_path):
    tens = "".join(f"#define A{i} {f'A{i - 1} ' * 10}\n" for i in range(1, 10))
    said = limited(cncc, tmp_path, f"#define A0 x += 1;\n{tens}__mlu_entry__ void K(int* p) {{ int x = 0; A9 *p = x; }}\n",
                   PICABIA_CNCC_MEMORY="512")
    assert "bad.mlu: " in said and "needs more than 512 MiB (PICABIA_CNCC_MEMORY)" in said


def test_a_source_that_grows(cncc, tmp_path):
    tens = "".join(f"#define A{i} {f'A{i - 1} ' * 10}\n" for i in range(1, 7))
    said = limited(cncc, tmp_path, f"#define A0 {'x' * 100}\n{tens}A6\n")
    assert "bad.mlu: the source has 9" in said and "at most 64 are expected" in said


@pytest.mark.parametrize("name", ["with space.o", "quote'\".o", "semi;echo $(touch x).o", "--leading.o", "new\nline.o"])
def test_any_name_of_an_object_is_safe(name, cncc, kernel, tmp_path):
    done = cncc("-c", "twice.mlu", "-o", name)
    assert done.returncode == 0, done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(["twice.mlu", name])
    assert link_and_run(tmp_path, ["./" + name]).stdout == "0 126\n"


def test_any_name_of_a_folder_is_safe(cncc, kernel, tmp_path):
    folder = tmp_path / "a; 'b\" $(touch x)"
    folder.mkdir()
    (folder / "own.h").write_text("#define OWN 1\n")
    kernel.write_text('#include "own.h"\n' + KERNEL)
    assert cncc("-c", f"-I{folder}", "-DTEXT='; touch x'", "twice.mlu", "-o", folder / "k.o").returncode == 0
    ran = link_and_run(tmp_path, [str(folder / "k.o")], PICABIA_BANG_PROFILE=str(folder / "<profile>"))
    assert ran.stdout == "0 126\n" and (folder / "<profile>/Twice-0.html").exists()
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("args, code, message", [
    ([], 2, "no input file"),
    (["-c", "none.mlu"], 1, "none.mlu: no such file"),
    (["-c", "."], 1, "is a folder"),
    (["--bang-mlu-arch=nonsense", "twice.mlu"], 2, "MLU200"),
    (["--bang-nonsense", "twice.mlu"], 2, "--bang-nonsense"),
    (["-o"], 2, "a value is expected"),
    (["-c", "twice.mlu", "twice.mlu", "-o", "x.o"], 2, "one by one"),
    (["-c", "twice.mlu", "-o", "no/folder/x.o"], 1, "no/folder/x.o"),
])
def test_misuse(args, code, message, cncc, kernel):
    done = cncc(*args)
    assert done.returncode == code and message in done.stderr, done.stderr


def test_an_old_object_survives_a_failed_compilation(cncc, kernel, tmp_path):
    assert cncc("-c", "twice.mlu", "-o", "k.o").returncode == 0
    before = (tmp_path / "k.o").read_bytes()
    kernel.write_text("nonsense")
    assert cncc("-c", "twice.mlu", "-o", "k.o").returncode == 1
    assert (tmp_path / "k.o").read_bytes() == before


def test_empty_and_hostless_files(cncc, tmp_path):
    (tmp_path / "empty.mlu").write_text("")
    assert cncc("-c", "empty.mlu").returncode == 0
    (tmp_path / "helpers.mlu").write_text('#include <algorithm>\n#include "mlu.h"\n#include <bang.h>\n#include <kernel.h>\n'
                                          "int help(int a) { return std::max(a, 3); }\n")
    done = cncc("-c", "helpers.mlu", "-Wall", "-Wextra", "-Werror")
    assert done.returncode == 0, done.stderr


SINGLE = r"""
#include <bang.h>
#include <cnrt.h>
#include <stdio.h>
namespace deep {
template <typename T>
__mlu_global__ void Add(T* x, T y, int n) {
  for (int i = taskId; i < n; i += taskDim) x[i] += y;
}
}
struct Big { int values[10]; };
__mlu_global__ void ByStruct(int* out, Big big) { out[taskId] = big.values[taskId]; }
int main() {
  float* x;
  int* y;
  cnrtSetDevice(0);
  cnrtQueue_t queue;
  cnrtQueueCreate(&queue);
  cnrtMalloc((void**)&x, 40);
  cnrtMalloc((void**)&y, 40);
  float zero[10] = {0};
  cnrtMemcpy(x, zero, 40, cnrtMemcpyHostToDev);
  cnrtDim3_t dim = {4, 1, 1};
  deep::Add<float><<<dim, cnrtFuncTypeUnion1, queue>>>(x, 1.5f, 10);
  deep::Add<float><<<2, CNRT_FUNC_TYPE_BLOCK, queue>>>(x, 1, 5);
  Big big = {{5, 4, 3, 2, 1, 0, 9, 8, 7, 6}};
  ByStruct<<<10, CNRT_FUNC_TYPE_BLOCK, queue>>>(y, big);
  printf("%d\n", cnrtQueueSync(queue));
  float out[10];
  int numbers[10];
  cnrtMemcpy(out, x, 40, cnrtMemcpyDevToHost);
  cnrtMemcpy(numbers, y, 40, cnrtMemcpyDevToHost);
  for (int i = 0; i < 10; ++i) printf("%g %d\n", out[i], numbers[i]);
  ByStruct<<<10, CNRT_FUNC_TYPE_BLOCK, queue>>>((int*)&big, big);
  printf("%d\n", cnrtPeekLastErr() == CNRT_RET_ERR_INVALID);
}
"""


def test_single_source_programs(cncc, tmp_path):
    (tmp_path / "a.mlu").write_text(SINGLE)
    done = cncc("a.mlu", "-o", "a", "--bang-mlu-arch=mtp_372", "-O3", "-lm")
    assert done.returncode == 0, done.stderr
    ran = subprocess.run(["./a"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    expected = ["0"] + [f"{3 if i >= 5 else 4:g}".replace("3", "1.5").replace("4", "2.5") + f" {v}"
                        for i, v in enumerate([5, 4, 3, 2, 1, 0, 9, 8, 7, 6])] + ["1"]
    assert ran.stdout.splitlines() == expected, ran.stderr


CHECKED_TEMPLATES = r"""
#include <stdio.h>
#include "cnrt.h"
template <typename T> __mlu_global__ void Fill(T* out, int n) {
  __nram__ T a[64];
  for (int i = 0; i < n; ++i) a[i] = (T)i;
  __memcpy(out, a, 64 * sizeof(T), NRAM2GDRAM);
}
int main(int argc, char**) {
  float* x;
  cnrtSetDevice(0);
  cnrtQueue_t queue;
  cnrtQueueCreate(&queue);
  cnrtMalloc((void**)&x, 256);
  Fill<<<1, CNRT_FUNC_TYPE_BLOCK, queue>>>(x, argc == 1 ? 64 : 65);
  Fill<int><<<1, CNRT_FUNC_TYPE_BLOCK, queue>>>((int*)x, argc == 1 ? 64 : 65);
  cnrtQueueSync(queue);
}
"""


def test_the_checker_sees_stores_of_templates(cncc, tmp_path):
    (tmp_path / "t.mlu").write_text(CHECKED_TEMPLATES)
    done = cncc("t.mlu", "-o", "t")
    assert done.returncode == 0, done.stderr
    environment = {**os.environ, "PICABIA_BANG_CHECK": "1"}
    right = subprocess.run(["./t"], cwd=tmp_path, capture_output=True, text=True, timeout=60, env=environment)
    assert right.returncode == 0 and right.stderr == ""
    wrong = subprocess.run(["./t", "x"], cwd=tmp_path, capture_output=True, text=True, timeout=60, env=environment)
    assert wrong.stderr.count("bang-check: t.mlu:6: out-of-bounds: index 64") == 2, wrong.stderr


def test_the_profile_adds_up(cncc, kernel, tmp_path):
    assert cncc("-c", "twice.mlu", "-o", "k.o").returncode == 0
    ran = link_and_run(tmp_path, ["k.o"], PICABIA_BANG_PROFILE=str(tmp_path / "profile"))
    assert ran.stdout == "0 126\n" and "bang-profile: kernel Twice: " in ran.stderr
    events = json.loads((tmp_path / "profile/Twice-0.trace.json").read_text())["traceEvents"]
    work = [e for e in events if e["ph"] == "X"]
    assert [e["name"] for e in work] == ["GDRAM2NRAM", "__bang_add", "NRAM2GDRAM"]
    assert [e["args"]["line"] for e in work] == ["twice.mlu:4", "twice.mlu:5", "twice.mlu:6"]
    assert [e["args"]["bytes"] for e in work] == [128, 128, 128]
    # One after the other, each at least as long as its bytes need at 102.4 or 128 bytes a nanosecond.
    for one, next_one in zip(work, work[1:]):
        assert next_one["ts"] >= one["ts"] + one["dur"] - 0.002
    assert all(e["dur"] >= 0.001 for e in work)
    page = (tmp_path / "profile/Twice-0.html").read_text()
    assert "bound by" in page and "<svg" in page and "2.0 KiB of 512.0 KiB" in page


def test_the_checker_reaches_objects_that_were_linked_long_ago(cncc, tmp_path, kernel):
    kernel.write_text(KERNEL.replace("__bang_add(a, a, a, n)", "__bang_add(a, a, a, n + 64)"))
    assert cncc("-c", "twice.mlu", "-o", "k.o").returncode == 0
    assert link_and_run(tmp_path, ["k.o"]).stderr == ""
    ran = link_and_run(tmp_path, ["k.o"], PICABIA_BANG_CHECK="1")
    assert "twice.mlu:5: uninitialised: __bang_add reads 'a'" in ran.stderr and ran.stdout == "0 126\n"


def expand(name):
    """`__bang_{a,b}_R` -> the names that it stands for."""
    if brace := re.search(r"\{([^{}]*)\}", name):
        return [n for part in brace[1].split(",") for n in expand(name[:brace.start()] + part + name[brace.end():])]
    return [name[:-1] + r for r in ("tz", "oz", "up", "dn", "rd", "rn")] if name.endswith("_R") else [name]


def test_the_page_of_builtins_has_all_and_no_others(cncc, tmp_path):
    (tmp_path / "empty.mlu").write_text("")
    text = cncc("-E", "empty.mlu").stdout
    start = r"__(?:bang_|memcpy|mlvm_|nramset|sramset|gdramset|ldramset|sync|half2|float2|int2|is_[im]pu)"
    accepted = set(re.findall(rf"\binline \w+ ({start}\w*)\(", text))
    page = (ROOT / "docs/bang-builtins.md").read_text()
    listed = [n for row in re.findall(r"^\| (`__.*?`) \|", page, re.MULTILINE) for code in re.findall(r"`([^`]+)`", row)
              for n in expand(code)]
    assert len(listed) == len(set(listed)) > 400
    # What cncc puts in the place of the C library's functions has no name of its own for kernels.
    hidden = {f"__bang_{n}" for n in ("exit", "abort", "assert_fail", "gettimeofday")}
    assert set(listed) == accepted - hidden


def test_the_commands_of_the_page(kernel, cncc, tmp_path):
    """docs/bang.md, from the root of a tree: its block of commands, and a single source."""
    page = (ROOT / "docs/bang.md").read_text()
    kernel.rename(tmp_path / "kernel.mlu")
    (tmp_path / "host.cpp").write_text(HOST)
    (tmp_path / "build/release").mkdir(parents=True)
    (tmp_path / "build/release/neuware").symlink_to(NEUWARE)
    [block] = [b for b in re.findall(r"^```\n(.*?)^```", page, re.MULTILINE | re.DOTALL) if "NEUWARE_HOME=" in b]
    done = subprocess.run(["sh", "-e", "-c", block], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 and done.stdout == "0 126\n" * 3, done.stdout + done.stderr
    assert (tmp_path / "profile/Twice-0.html").exists()
    (tmp_path / "a.mlu").write_text(SINGLE)
    [single] = re.findall(r"link at once: `cncc (.*?)`", page)
    assert cncc(*single.split()).returncode == 0 and (tmp_path / "a").exists()
    sources = [p.read_text() for folder in ("src", "apps") for p in (ROOT / folder).rglob("*.cc")]
    for variable in set(re.findall(r"^\| `(PICABIA_\w+)` \|", page, re.MULTILINE)):
        assert any(f'"{variable}"' in text for text in sources), variable


PROGRAMS = ROOT / "tests/bang/programs"


def build_commands(folder):
    """The lines of build.txt; without one, what the folder's files ask for: kernels and a host, or a single source."""
    if (folder / "build.txt").exists():
        return (folder / "build.txt").read_text().splitlines()
    link = "-o program -I$NEUWARE_HOME/include -L$NEUWARE_HOME/lib64 -lcnml -lcnplugin -lcnrt"
    hosts = [p.name for p in folder.iterdir() if p.suffix in (".c", ".cc", ".cpp")]
    [kernel] = [p.name for p in folder.glob("*.mlu")]
    if not hosts:
        return [f"cncc {kernel} -o program --bang-mlu-arch=mtp_372 -O3"]
    compiler = "gcc -std=c99" if hosts[0].endswith(".c") else "g++"
    return [f"cncc -c --bang-mlu-arch=MLU270 {kernel} -o kernel.o", f"{compiler} {' '.join(hosts)} kernel.o {link}"]


@pytest.mark.parametrize("name", sorted(p.name for p in PROGRAMS.iterdir()))
@pytest.mark.parametrize("check", ["0", "1"])
def test_whole_programs(name, check, tmp_path):
    """Each compares what its kernels compute with a loop of its own, and prints PASS; the checker changes no number."""
    shutil.copytree(PROGRAMS / name, tmp_path, dirs_exist_ok=True)
    environment = {**os.environ, "NEUWARE_HOME": str(NEUWARE), "LD_LIBRARY_PATH": str(NEUWARE / "lib64"),
                   "PATH": f"{NEUWARE / 'bin'}:{os.environ['PATH']}", "PICABIA_BANG_CHECK": check}
    for line in build_commands(tmp_path):
        done = subprocess.run(["sh", "-c", line], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0 and not done.stderr, f"{line}\n{done.stdout}{done.stderr}"
    ran = subprocess.run(["./program"], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0 and ran.stdout.endswith("PASS\n"), ran.stdout + ran.stderr
