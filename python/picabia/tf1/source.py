"""Scripts as Python 3 reads them: Python 2's grammar is accepted where it can be translated."""
from __future__ import annotations

import ast
import importlib.machinery
import importlib.util
import operator
import os
import re
import sys
import types
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

# Fixes of lib2to3 that only spell names otherwise; `import` would turn imports of neighbours into relative ones.
LEFT_OUT = {"import", "imports2", "asserts", "buffer", "callable", "intern", "itertools", "itertools_imports",
            "metaclass", "nonzero", "operator", "reload", "sys_exc", "throw", "types", "ws_comma", "idioms",
            "set_literal"}


class ScriptError(Exception):
    """A script that cannot be read."""


def _refactoring() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            from lib2to3 import refactor
            package = "lib2to3.fixes"
        except ImportError:
            try:
                from fissix import refactor
                package = "fissix.fixes"
            except ImportError:
                raise ScriptError("it is written for Python 2, and nothing here translates it: pip install fissix") \
                    from None
    names = [name for name in refactor.get_fixers_from_package(package)
             if name.rpartition(".fix_")[2] not in LEFT_OUT]
    return refactor.RefactoringTool(names)


def translate(text: str, name: str) -> str:
    """Python 2 source as Python 3 source."""
    tool = _refactoring()
    expanded = "\n".join(line.expandtabs(8) for line in text.split("\n"))  # as Python 2 counts tabs
    return str(tool.refactor_string(expanded.rstrip("\n") + "\n", name))


def divide(x: Any, y: Any) -> Any:
    """x / y as Python 2 has it: whole numbers, and arrays of them, give whole ones."""
    if _is_whole(x) and _is_whole(y):
        return x // y
    if hasattr(type(x), "__div__"):
        return type(x).__div__(x, y)
    return x / y


def divide_in_place(x: Any, y: Any) -> Any:
    """What `x /= y` leaves in x."""
    if _is_whole(x) and _is_whole(y):
        return operator.ifloordiv(x, y)
    return operator.itruediv(x, y)


def _is_whole(x: Any) -> bool:
    if isinstance(x, (int, np.integer)):
        return True
    return isinstance(x, np.ndarray) and x.dtype.kind in "biu"


class _Divisions(ast.NodeTransformer):
    """`/` becomes calls of divide(), by names that legacy.install() has put where every module finds them."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        return _call(DIVIDE, node, node.left, node.right) if isinstance(node.op, ast.Div) else node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.op, ast.Div):
            return node
        # A target that is read as well: its text is evaluated twice.
        read = ast.parse(ast.unparse(node.target), mode="eval").body
        value = _call(DIVIDE_IN_PLACE, node, _Divisions().visit(read), node.value)
        return ast.fix_missing_locations(ast.copy_location(ast.Assign([node.target], value), node))


class _DictMethods(ast.NodeTransformer):
    """d.has_key(k), d.iteritems() and their like, which Python 3 reads but has not, also in scripts that are not
    translated. An object that has the method keeps it."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        method = node.func
        if not isinstance(method, ast.Attribute) or method.attr not in DICT_METHODS or node.keywords:
            return node
        return _call(DICT_METHOD, node, method.value, ast.copy_location(ast.Constant(method.attr), node), *node.args)


DICT_METHODS = {"has_key": lambda d, key: key in d, "iteritems": lambda d: iter(d.items()),
                "iterkeys": lambda d: iter(d.keys()), "itervalues": lambda d: iter(d.values())}
DICT_METHOD = "__picabia_dict_method__"


def dict_method(x: Any, name: str, *arguments: Any) -> Any:
    """x.name(*arguments), or what Python 2 does of a dict."""
    if not isinstance(x, Mapping) or hasattr(x, name):
        return getattr(x, name)(*arguments)
    return DICT_METHODS[name](x, *arguments)


DIVIDE, DIVIDE_IN_PLACE = "__picabia_divide__", "__picabia_divide_in_place__"


def _call(name: str, at: ast.AST, *arguments: ast.expr) -> ast.expr:
    call = ast.Call(ast.Name(name, ast.Load()), list(arguments), [])
    return ast.fix_missing_locations(ast.copy_location(call, at))


def compile_source(data: bytes, name: str) -> types.CodeType:
    """The code of a file. Raises SyntaxError as Python 3 does where Python 2 would not accept it either."""
    try:
        return compile(_DictMethods().visit(ast.parse(data, name)), name, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        first = error
    text = data.decode("utf-8", "replace")
    if text.startswith("#!") and "python" not in text.split("\n", 1)[0]:
        raise ScriptError(f"{name}: it is no Python script, but one for {text.split(chr(10), 1)[0][2:].strip()}")
    try:
        truly = re.search(r"^from __future__ import .*\bdivision\b", text, re.MULTILINE)
        tree = ast.parse(translate(text, name), name)
    except ScriptError as error:
        raise ScriptError(f"{name}: {error}") from first
    except Exception:  # noqa: BLE001: the parser of lib2to3 has errors of its own
        raise first from None
    # Only here is it certain that the script was written for Python 2.
    return compile(tree if truly else _Divisions().visit(tree), name, "exec", dont_inherit=True)


class _Loader(importlib.machinery.SourceFileLoader):
    """Reads modules beside a script; remembers where they stand."""

    def source_to_code(self, data: Any, path: Any, *, _optimize: int = -1) -> types.CodeType:
        folder = os.path.dirname(os.path.abspath(path))
        if folder not in folders:
            folders.append(folder)
        return compile_source(bytes(data), os.fspath(path))

    def get_code(self, fullname: str) -> types.CodeType | None:
        path = self.get_filename(fullname)  # no file of byte code: nothing is written beside scripts
        return self.source_to_code(self.get_data(path), path)


folders: list[str] = []  # of the script and of the modules that it has imported


class Neighbours:
    """Finds modules beside the script, and beside modules found so: Python 2's implicit relative imports."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        last = name.rpartition(".")[2]
        for folder in list(path or folders):
            for file, is_package in ((os.path.join(folder, last, "__init__.py"), True),
                                     (os.path.join(folder, last + ".py"), False)):
                if os.path.isfile(file):
                    return importlib.util.spec_from_file_location(
                        name, file, loader=_Loader(name, file),
                        submodule_search_locations=[os.path.dirname(file)] if is_package else None)
            whole = os.path.join(folder, last)
            if os.path.isdir(whole) and name not in sys.builtin_module_names and any(
                    entry.endswith(".py") for entry in os.listdir(whole)):  # a package without __init__.py
                spec = importlib.machinery.ModuleSpec(name, None, is_package=True)
                spec.submodule_search_locations = [whole]
                return spec
        return None
