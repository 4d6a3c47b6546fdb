"""tensorflow.contrib.camb_quantize: Cambricon's quantizer as its script drives it, on Picabia's quantizer."""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .. import _core
from .graph import Tensor, full_name
from .graph_def import GraphDef

ALGORITHMS = {"naive": "max", "threshold_search": "mse"}


class QuantizeGraph:
    """A float graph with integer convolutions: get_input_max_min() measures, rewrite_int_graph() gives the GraphDef."""

    QUANTIZATION_TYPE_INT8 = "int8"
    QUANTIZATION_TYPE_INT16 = "int16"

    def __init__(self, input_graph_def: GraphDef, output_tensor_names: Sequence[str], use_convfirst: bool = False,
                 convfirst_params: Any = None, quantization_type: str = "int8", channel_quantization: bool = False,
                 weight_quantization_alg: str = "naive", activation_quantization_alg: str = "naive",
                 device_mode: str = "clean", int_op_list: Sequence[str] = ("Conv", "FC", "LRN"), debug: bool = False,
                 model_name: str = "") -> None:
        if quantization_type not in ("int8", "int16"):
            raise ValueError(f"quantization_type: found {quantization_type!r}, expected int8 or int16")
        for algorithm in (weight_quantization_alg, activation_quantization_alg):
            if algorithm not in ALGORITHMS:
                raise ValueError(f"quantization algorithm: found {algorithm!r}, expected naive or threshold_search")
        if use_convfirst:
            raise NotImplementedError("use_convfirst is not supported: quantize by `picabia quantize CONFIG.ini`")
        if device_mode not in ("clean", "mlu", "origin"):
            raise ValueError(f"device_mode: found {device_mode!r}, expected clean, mlu or origin")
        names = [output_tensor_names] if isinstance(output_tensor_names, str) else list(output_tensor_names)
        self._graph, self._outputs, self._mode = input_graph_def.SerializeToString(), names, device_mode
        self._bits = 8 if quantization_type == "int8" else 16
        self._per_channel = bool(channel_quantization)
        self._weights, self._activations = ALGORITHMS[weight_quantization_alg], ALGORITHMS[activation_quantization_alg]
        kinds = int_op_list.split(",") if isinstance(int_op_list, str) else int_op_list
        self._kinds = {kind.strip() for kind in kinds}
        self._feeds: list[list[tuple[str, np.ndarray]]] = []

    def get_input_max_min(self, num_runs: int, next_feed: Callable[[], Any]) -> None:
        """Takes the feeds of `num_runs` runs from a function: each a mapping of tensors or names to arrays."""
        for _ in range(num_runs):
            feed = next_feed()
            if not isinstance(feed, Mapping):
                raise TypeError(f"the function for feeds returned {type(feed).__name__}, expected a dict of tensors")
            self._feeds.append([(full_name(key.name if isinstance(key, Tensor) else key).removesuffix(":0"),
                                 np.ascontiguousarray(value, np.float32)) for key, value in feed.items()])

    def rewrite_int_graph(self) -> GraphDef:
        """The graph with Int8 or Int16 nodes."""
        if not self._feeds:
            raise RuntimeError("get_input_max_min() comes first")
        graph = GraphDef()
        graph.ParseFromString(_core.quantize_graph(
            self._graph, self._feeds, self._bits, self._per_channel, self._weights, self._activations, self._mode,
            "Conv" in self._kinds, "FC" in self._kinds))
        return graph


