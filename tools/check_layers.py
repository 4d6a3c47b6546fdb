#!/usr/bin/env python3
"""Checks who includes whom: a folder of src/ may include only folders of smaller rank, or itself.

Two pairs of the same rank depend on nothing of each other. The deployed half must not reach the
compiling half at all, whatever the ranks say. Run by ctest; `--self-test` checks the checker.
"""
import pathlib
import re
import sys

RANKS = {
    "base": 0, "ops": 0, "page": 0,
    "kernels": 1, "ir": 1, "program": 1, "proto": 1,
    "import": 2, "passes": 2, "quant": 2,
    "compile": 3, "devices": 3,
    "runtime": 4,
    "capi": 5, "cnrt": 5, "studio": 5,
}
# Of equal rank, and yet one-way.
ALSO_ALLOWED = {("ops", "base")}
DEPLOYED = {"base", "ops", "kernels", "program", "devices", "runtime", "cnrt"}
COMPILING = {"import", "ir", "proto", "passes", "quant", "compile"}
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"/]+)/[^"]*"', re.MULTILINE)


def allowed(user, used):
    if user == used or used not in RANKS:
        return True
    if user in DEPLOYED and used in COMPILING:
        return False
    return RANKS[used] < RANKS[user] or (user, used) in ALSO_ALLOWED


def violations(files):
    """files: (path below src/, text). Yields one line for each include that breaks the rule."""
    for path, text in files:
        user = pathlib.PurePath(path).parts[0]
        if user not in RANKS:
            yield f"src/{path}: folder {user} has no rank in tools/check_layers.py"
            continue
        for match in INCLUDE.finditer(text):
            if not allowed(user, match.group(1)):
                line = text.count("\n", 0, match.start(1)) + 1
                yield f"src/{path}:{line}: {user} must not include {match.group(1)}"


def self_test():
    good = [("ops/a.h", '#include "base/status.h"\n'), ("runtime/a.cc", '#include "kernels/x/y.h"\n'),
            ("compile/a.cc", '#include "ir/graph.h"\n#include "flatbuffers/x.h"\n')]
    bad = [("base/a.h", '#include "ops/ops.h"\n'), ("runtime/a.cc", '\n# include "ir/graph.h"\n'),
           ("ir/a.cc", '#include "kernels/k.h"\n'), ("devices/a.cc", '#include "compile/c.h"\n'),
           ("elsewhere/a.cc", "")]
    assert not list(violations(good)), list(violations(good))
    for case in bad:
        assert len(list(violations([case]))) == 1, case
    assert "runtime/a.cc:2:" in next(violations([bad[1]]))


def main():
    if "--self-test" in sys.argv:
        self_test()
        return 0
    src = pathlib.Path(__file__).resolve().parent.parent / "src"
    paths = sorted(p for p in src.rglob("*") if p.suffix in {".h", ".cc"})
    found = list(violations((p.relative_to(src).as_posix(), p.read_text()) for p in paths))
    print("\n".join(found) if found else f"{len(paths)} files keep to the layers")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
