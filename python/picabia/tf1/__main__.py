"""python -m picabia.tf1 SCRIPT ARGS...: runs an inference script of TensorFlow 1 without TensorFlow."""
from __future__ import annotations

import os
import sys
import types

USAGE = """usage: python -m picabia.tf1 SCRIPT ARGS...

Runs an inference script that was written for TensorFlow 1 (also Cambricon's) on Picabia; `import tensorflow` in it
gets a module of this package. MLU_VISIBLE_DEVICES names the device when a session is made: empty or not there is the
CPU, anything else the software MLU. See docs/python.md.
"""


def run(path: str, arguments: list[str]) -> None:
    """Runs a script as __main__; what it raises comes out."""
    from . import legacy, modules, source

    with open(path, "rb") as file:
        data = file.read()
    folder = os.path.dirname(os.path.abspath(path))
    source.folders[:] = [folder]
    legacy.install()
    modules.install()
    sys.argv = [path, *arguments]
    sys.path[0] = folder
    sys.meta_path.insert(0, source.Neighbours())
    code = source.compile_source(data, path)
    main = types.ModuleType("__main__")
    main.__file__ = path
    main.__dict__["__builtins__"] = __builtins__
    sys.modules["__main__"] = main
    exec(code, main.__dict__)


def main() -> int:
    arguments = sys.argv[1:]
    if not arguments or arguments[0] in ("-h", "--help"):
        print(USAGE, end="", file=sys.stdout if arguments else sys.stderr)
        return 0 if arguments else 2
    from .source import ScriptError

    try:
        run(arguments[0], arguments[1:])
    except (OSError, ScriptError) as error:
        if isinstance(error, OSError) and error.filename != arguments[0]:
            raise
        print(f"picabia.tf1: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
