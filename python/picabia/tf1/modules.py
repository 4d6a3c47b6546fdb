"""The module `tensorflow` and its submodules, as the lab's inference scripts import them."""
from __future__ import annotations

import contextlib
import importlib.abc
import importlib.machinery
import sys
import types
from typing import Any

from . import (arrays, dtypes, errors, files, flags, graph, graph_def, messages, networks, operators, quantize, session,
               shapes)

TRAINING = {"gradients", "train", "losses", "optimizers", "l2_loss", "assign",
            "trainable_variables", "random_normal", "truncated_normal", "get_variable", "control_dependencies"}


class MissingSymbol(AttributeError):
    """A symbol of TensorFlow that is not here."""


class Module(types.ModuleType):
    """A module that says what it has when it is asked for something else."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        have = ", ".join(sorted(key for key in vars(self) if not key.startswith("_")))
        training = " (it is for training)" if name in TRAINING or self.__name__.endswith(".train") else ""
        raise MissingSymbol(f"{self.__name__}.{name} is not supported{training}: picabia.tf1 runs inference scripts of "
                            f"TensorFlow 1. {self.__name__} has: {have}")


@contextlib.contextmanager
def _nothing(*_: Any, **__: Any) -> Any:
    yield


class _Logging(types.SimpleNamespace):
    """tf.logging: nothing is logged."""

    DEBUG, INFO, WARN, WARNING, ERROR, FATAL = 10, 20, 30, 30, 40, 50

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *_, **__: None


def _top() -> dict[str, Any]:
    """What tf, tf.compat.v1 and tensorflow.python have in common."""
    o = operators
    own = {
        "Graph": graph.Graph, "GraphDef": graph_def.GraphDef, "NodeDef": graph_def.NodeDef,
        "AttrValue": graph_def.AttrValue, "Operation": graph.Operation, "Tensor": graph.Tensor,
        "TensorShape": shapes.TensorShape, "Dimension": shapes.Dimension, "DType": dtypes.DType,
        "make_ndarray": messages.make_ndarray, "make_tensor_proto": graph_def.make_tensor_proto,
        "GPUOptions": session.ConfigProto.Options,
        "Session": session.Session, "InteractiveSession": session.InteractiveSession,
        "ConfigProto": session.ConfigProto, "Variable": o.Variable,
        "as_dtype": dtypes.as_dtype, "import_graph_def": graph.import_graph_def,
        "get_default_graph": graph.get_default_graph, "reset_default_graph": graph.reset_default_graph,
        "get_default_session": o.get_default_session,
        "global_variables_initializer": o.global_variables_initializer,
        "initialize_all_variables": o.global_variables_initializer,
        "local_variables_initializer": o.global_variables_initializer,
        "disable_v2_behavior": lambda: None, "disable_eager_execution": lambda: None,
        "name_scope": lambda name, *_: graph.get_default_graph().name_scope(name),
        "variable_scope": lambda name, *_, **__: graph.get_default_graph().name_scope(name),
        "device": _nothing, "logging": _Logging(), "__version__": "1.14.0", "VERSION": "1.14.0",
    }
    for name in ("placeholder", "constant", "convert_to_tensor", "zeros", "ones", "no_op", "group", "power_difference",
                 "identity", "cast", "to_float", "clip_by_value", "reshape", "transpose", "expand_dims", "squeeze",
                 "concat", "shape", "argmax", "matmul"):
        own[name] = getattr(o, name)
    own.update({name: dtype for name, dtype in dtypes.ALL.items()})
    own["double"], own["half"] = dtypes.ALL["float64"], dtypes.ALL["float16"]
    own.update(o.MATH)
    own.update(arrays.ALL)
    return own


def _gfile(v2: bool) -> dict[str, Any]:
    f = files
    if v2:
        return {"GFile": f.GFile, "exists": f.exists, "isdir": f.is_directory, "listdir": f.list_directory,
                "makedirs": f.make_dirs, "remove": f.remove, "rmtree": f.delete_recursively, "glob": f.glob}
    return {"FastGFile": f.GFile, "GFile": f.GFile, "Open": f.GFile, "Exists": f.exists,
            "IsDirectory": f.is_directory, "ListDirectory": f.list_directory, "MakeDirs": f.make_dirs,
            "MkDir": f.make_dirs, "Copy": f.copy, "Walk": f.walk, "Remove": f.remove,
            "DeleteRecursively": f.delete_recursively, "Glob": f.glob}


def contents() -> dict[str, dict[str, Any]]:
    """What each module has, by its full name; submodules become attributes of their parents."""
    graph_util = {"convert_variables_to_constants": operators.convert_variables_to_constants,
                  "extract_sub_graph": operators.extract_sub_graph, "remove_training_nodes": lambda g, *_: g}
    math = dict(operators.MATH)
    nn = {**operators.NN, **networks.NN}
    app = {"run": flags.run}
    return {
        "tensorflow": _top(),
        "tensorflow.compat": {},
        "tensorflow.compat.v1": _top(),
        "tensorflow.compat.v1.gfile": _gfile(False),
        "tensorflow.compat.v1.nn": dict(nn),
        "tensorflow.compat.v1.train": {"write_graph": files.write_graph},
        "tensorflow.compat.v1.graph_util": dict(graph_util),
        "tensorflow.compat.v1.io": {"write_graph": files.write_graph},
        "tensorflow.compat.v1.io.gfile": _gfile(True),
        "tensorflow.compat.v1.errors": dict(errors.ALL),
        "tensorflow.compat.v1.image": dict(networks.IMAGE),
        "tensorflow.compat.v1.app": dict(app),
        "tensorflow.compat.v1.app.flags": flags.contents(),
        "tensorflow.compat.v1.flags": flags.contents(),
        "tensorflow.errors": dict(errors.ALL),
        "tensorflow.image": dict(networks.IMAGE),
        "tensorflow.app": dict(app),
        "tensorflow.app.flags": flags.contents(),
        "tensorflow.flags": flags.contents(),
        "tensorflow.gfile": _gfile(False),
        "tensorflow.io": {"write_graph": files.write_graph},
        "tensorflow.io.gfile": _gfile(True),
        "tensorflow.nn": dict(nn),
        "tensorflow.math": math,
        "tensorflow.train": {"write_graph": files.write_graph},
        "tensorflow.graph_util": dict(graph_util),
        "tensorflow.python": {},
        "tensorflow.python.platform": {},
        "tensorflow.python.platform.gfile": _gfile(False),
        "tensorflow.python.platform.app": dict(app),
        "tensorflow.python.platform.flags": flags.contents(),
        "tensorflow.python.framework": {},
        "tensorflow.python.framework.tensor_util": {"MakeNdarray": messages.make_ndarray,
                                                    "make_tensor_proto": graph_def.make_tensor_proto},
        "tensorflow.python.framework.graph_util": dict(graph_util),
        "tensorflow.python.framework.dtypes": {**dtypes.ALL, "as_dtype": dtypes.as_dtype},
        "tensorflow.python.framework.ops": {"Graph": graph.Graph, "Tensor": graph.Tensor,
                                            "Operation": graph.Operation,
                                            "get_default_graph": graph.get_default_graph},
        "tensorflow.core": {},
        "tensorflow.core.framework": {},
        "tensorflow.core.framework.graph_pb2": {"GraphDef": graph_def.GraphDef},
        "tensorflow.core.framework.node_def_pb2": {"NodeDef": graph_def.NodeDef},
        "tensorflow.core.framework.attr_value_pb2": {"AttrValue": graph_def.AttrValue},
        "tensorflow.core.protobuf": {},
        "tensorflow.core.protobuf.config_pb2": {"ConfigProto": session.ConfigProto},
        "tensorflow.contrib": {},
        "tensorflow.contrib.camb_quantize": {"QuantizeGraph": quantize.QuantizeGraph},
    }


def text_format() -> types.ModuleType:
    """google.protobuf.text_format for the GraphDef of this package."""
    module = Module("google.protobuf.text_format")
    vars(module).update(Merge=graph_def.merge_text, Parse=graph_def.merge_text,
                        MessageToString=graph_def.message_to_text)
    return module


class _Finder(importlib.abc.MetaPathFinder):
    """Says which modules of tensorflow there are when another one is imported."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if name.split(".")[0] != "tensorflow" or name in sys.modules:
            return None
        parent, _, child = name.rpartition(".")
        if parent in sys.modules:  # from PARENT import CHILD
            try:
                getattr(sys.modules[parent], child)
            except AttributeError as error:
                raise ImportError(str(error), name=name) from None
        have = ", ".join(sorted(contents()))
        raise ImportError(f"module {name} is not supported: picabia.tf1 runs inference scripts of TensorFlow 1, with the "
                          f"modules {have}", name=name)


def install() -> None:
    """Puts the modules where `import tensorflow` finds them."""
    for name, symbols in contents().items():
        module = Module(name)
        module.__path__ = []  # a package: submodules may be imported
        vars(module).update(symbols)
        sys.modules[name] = module
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], child, module)
    sys.meta_path.insert(0, _Finder())
    google = sys.modules.setdefault("google", types.ModuleType("google"))
    protobuf = Module("google.protobuf")
    protobuf.__path__ = []
    protobuf.text_format = text_format()
    google.protobuf = protobuf
    sys.modules["google.protobuf"] = protobuf
    sys.modules["google.protobuf.text_format"] = protobuf.text_format

