"""Offline models: what save_offline_model of the lab's TensorFlow leaves beside a run."""
from __future__ import annotations

import os
import tempfile
from typing import Any

import numpy as np

from .. import functions
from . import graph_def
from .graph_def import GraphDef, NodeDef

NAMELESS = "offline_model"


def save(graph_bytes: bytes, fetches: list[str], feeds: dict[str, np.ndarray], options: Any) -> None:
    """Compiles what a run computes for an MLU270, at the sizes of the run, and writes NAME and NAME_twins.

    Exponents of PowerDifference become part of the model, as with Cambricon's own; all other feeds are its inputs.
    The picture's size comes from the graph's declared shape or from the feed.
    """
    name = options.offline_model_name or NAMELESS
    graph = GraphDef()
    graph.ParseFromString(graph_bytes)
    exponents = {node.input[2].removesuffix(":0") for node in graph.node
                 if node.op == "PowerDifference" and len(node.input) > 2}
    inputs = []
    for index, node in enumerate(graph.node):
        if node.op != "Placeholder" or node.name + ":0" not in feeds:
            continue
        value = feeds[node.name + ":0"]
        if node.name in exponents:
            graph.node[index] = NodeDef(node.name, "Const", [], {"dtype": node.attr["dtype"],
                                                                 "value": graph_def.attr_tensor(value)})
        else:
            node.attr["shape"] = graph_def.attr_shape(value.shape)
            inputs.append((node.name, value.shape))
    compile_mlu270(graph.SerializeToString(), name)
    _write(name + "_twins", _twins(inputs, fetches, options))


def compile_mlu270(graph_bytes: bytes, output: str) -> None:
    """The graph as an offline model file."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "graph.pb")
        _write(path, graph_bytes)
        functions.compile(path, output, target="mlu270")


def _write(path: str, data: str | bytes) -> None:
    mode = "wb" if isinstance(data, bytes) else "w"
    temporary = f"{path}.{os.getpid()}.tmp"
    with open(temporary, mode) as file:
        file.write(data)
    os.replace(temporary, path)


def _twins(inputs: list[tuple[str, tuple[int, ...]]], fetches: list[str], options: Any) -> str:
    """The text beside an offline model that says what is in it."""
    lines = ["Function number: 1", "Name: subnet0", f"Input number: {len(inputs)}"]
    for index, (name, shape) in enumerate(inputs):
        lines += [f"Input {index} name: {name}", f"Input {index} shape: {'x'.join(map(str, shape))}"]
    lines.append(f"Output number: {len(fetches)}")
    lines += [f"Output {index} name: {name}" for index, name in enumerate(fetches)]
    lines += ["Data type: CNRT_FLOAT16", "Dim Order: CNRT_NHWC",
              f"Model Parallelism: {options.model_parallelism}", f"Core limit: {options.core_num}"]
    return "\n".join(lines) + "\n"
