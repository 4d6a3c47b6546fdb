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
    for index, node in enumerate(graph.node):
        if node.op != "Placeholder" or node.name + ":0" not in feeds:
            continue
        value = feeds[node.name + ":0"]
        if node.name in exponents:
            graph.node[index] = NodeDef(node.name, "Const", [], {"dtype": node.attr["dtype"],
                                                                 "value": graph_def.attr_tensor(value)})
        else:
            node.attr["shape"] = graph_def.attr_shape(value.shape)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "graph.pb")
        _write(path, graph.SerializeToString())
        functions.compile(path, name, target="mlu270", fetches=fetches, as_cambricon=True)


def _write(path: str, data: bytes) -> None:
    temporary = f"{path}.{os.getpid()}.tmp"
    with open(temporary, "wb") as file:
        file.write(data)
    os.replace(temporary, path)
