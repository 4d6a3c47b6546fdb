"""tf.Session: runs the part of a graph that is asked for by picabia.Session."""
from __future__ import annotations

import ctypes
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..errors import InvalidArgument
from ..session import Session as Model
from . import errors, graph_def, offline
from .graph import Graph, Operation, Tensor, full_name, get_default_graph, node_of, sessions
from .graph_def import GraphDef, NodeDef


def environment(name: str) -> str | None:
    """A variable as C sees it: os.putenv() does not change os.environ, and scripts call it after the import."""
    getenv = ctypes.CDLL(None).getenv
    getenv.restype = ctypes.c_char_p
    value = getenv(name.encode())
    return None if value is None else value.decode()


class MluOptions:
    """config.mlu_options: what is read of it is offline_model_name and save_offline_model; the rest is accepted."""

    def __init__(self) -> None:
        self.offline_model_name = ""
        self.save_offline_model = False
        self.data_parallelism = 1
        self.model_parallelism = 1
        self.core_num = 1
        self.core_version = "MLU270"
        self.precision = ""
        self.visible_device_list = ""


class ConfigProto:
    """tf.ConfigProto; of its fields, threads and mlu_options have a meaning here."""

    _FIELDS = {"allow_soft_placement": False, "log_device_placement": False, "inter_op_parallelism_threads": 0,
               "intra_op_parallelism_threads": 0, "device_count": None, "isolate_session_state": False,
               "operation_timeout_in_ms": 0, "use_per_session_threads": False}

    class Options:
        """gpu_options, which scripts also make as tf.GPUOptions, and graph_options: anything may be set in them."""

        def __init__(self, **fields: Any) -> None:
            for name, value in fields.items():
                setattr(self, name, value)

        def __getattr__(self, name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            value = ConfigProto.Options()
            object.__setattr__(self, name, value)
            return value

    def __init__(self, **fields: Any) -> None:
        self.mlu_options = MluOptions()
        self.gpu_options = ConfigProto.Options()
        self.graph_options = ConfigProto.Options()
        for name, value in {**self._FIELDS, **fields}.items():
            if name not in self._FIELDS and name not in ("gpu_options", "graph_options", "mlu_options"):
                raise ValueError(f"Protocol message ConfigProto has no \"{name}\" field.")
            setattr(self, name, value)


class _Plan:
    """A model for one set of fetches and feeds."""

    def __init__(self, model: Model, graph_bytes: bytes, fetches: list[str], feeds: list[str]) -> None:
        self.model, self.graph_bytes, self.fetches, self.feeds = model, graph_bytes, fetches, feeds


class Session:
    """tf.Session on device cpu, or mlu where MLU_VISIBLE_DEVICES names one when the session is made."""

    def __init__(self, target: str = "", graph: Graph | None = None, config: ConfigProto | None = None) -> None:
        self.graph = graph or get_default_graph()
        self.sess_str = target
        self._config = config or ConfigProto()
        self.device = "mlu" if environment("MLU_VISIBLE_DEVICES") else "cpu"
        self._plans: dict[tuple[Any, ...], _Plan] = {}
        self._entered: list[Any] = []
        self._closed = False

    # ---- contexts

    def __enter__(self) -> Session:
        context = self.graph.as_default()
        context.__enter__()
        self._entered.append(context)
        sessions.append(self)
        return self

    def __exit__(self, *error: Any) -> None:
        sessions.remove(self)
        self._entered.pop().__exit__(*error)
        self.close()

    def as_default(self) -> Any:
        return _Default(self)

    def close(self) -> None:
        self._closed = True
        self._plans.clear()

    # ---- running

    def run(self, fetches: Any, feed_dict: Mapping[Any, Any] | None = None, options: Any = None,
            run_metadata: Any = None) -> Any:
        if self._closed:
            raise RuntimeError("Attempted to use a closed Session.")
        wanted: list[str] = []
        for item in _flat(fetches):
            element = self._element(item, "fetch")
            if isinstance(element, Tensor) and element.name not in wanted:
                wanted.append(element.name)
        feeds = {}
        for key, value in (feed_dict or {}).items():
            tensor = self._element(key, "feed")
            if not isinstance(tensor, Tensor):
                raise TypeError(f"Cannot interpret feed_dict key as Tensor: {key!r}")
            feeds[tensor.name] = _value(tensor, value)
        values = {name: value for name, value in feeds.items() if name in wanted}
        computed = [name for name in wanted if name not in values]
        if computed:
            values.update(self._compute(computed, feeds))
        return _nested(fetches, lambda item: self._result(item, values))

    def _element(self, item: Any, what: str) -> Any:
        if isinstance(item, str):
            try:
                item = self.graph.as_graph_element(item)
            except (KeyError, ValueError) as error:
                kind = ValueError if what == "fetch" else TypeError  # as TensorFlow
                raise kind(f"{what} '{item}': {error.args[0]}") from None
        item = getattr(item, "tensor", item)  # tf.Variable
        if not isinstance(item, (Tensor, Operation)):
            raise TypeError(f"{what.capitalize()} argument {item!r} has invalid type {type(item).__name__}, must be a "
                            "string or Tensor.")
        if item.graph is not self.graph:
            raise ValueError(f"{what.capitalize()} argument {item!r} is not an element of this graph.")
        return item

    @staticmethod
    def _result(item: Any, values: Mapping[str, np.ndarray]) -> Any:
        item = getattr(item, "tensor", item)
        if isinstance(item, Operation) or (isinstance(item, str) and ":" not in item):
            return None
        array = values[item if isinstance(item, str) else item.name]
        return array[()] if array.ndim == 0 else array

    def _compute(self, fetches: list[str], feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        with errors.of_runs():
            plan = self._plan(fetches, feeds)
            used = {name: feeds[name] for name in plan.feeds}
            self._save_offline(plan, used)
            return dict(zip(fetches, plan.model.run(fetches, used)))

    def _plan(self, fetches: list[str], feeds: dict[str, np.ndarray]) -> _Plan:
        key = (tuple(fetches), tuple(sorted(feeds)), self.device)
        if key not in self._plans:
            self._plans[key] = self._make_plan(fetches, sorted(feeds))
        return self._plans[key]

    def _make_plan(self, fetches: list[str], feeds: list[str]) -> _Plan:
        fed_nodes = {node_of(name) for name in feeds}
        operations = self.graph.ancestors([node_of(name) for name in fetches], fed_nodes)
        nodes = []
        for operation in operations:
            node = operation.node_def
            fed = [name for name in feeds if node_of(name) == node.name]
            if fed and node.op != "Placeholder":  # what stands in front of a fed tensor is not needed
                if fed != [full_name(node.name)]:
                    raise InvalidArgument(f"feed '{fed[0]}': only output 0 of a node can be fed")
                dtype = self.graph.tensor(node.name, 0).dtype
                node = NodeDef(node.name, "Placeholder", [], {"dtype": graph_def.attr_type(dtype),
                                                              "shape": graph_def.attr_shape(None)})
            elif node.op == "Placeholder" and not fed:
                raise InvalidArgument(f"You must feed a value for placeholder tensor '{node.name}' with dtype "
                                      f"{operation.outputs[0].dtype.name}")
            nodes.append(node)
        if all(node.op == "Const" for node in nodes):  # which by themselves make no model
            nodes += [NodeDef(node.name + "/value", "Identity", [node.name], {"T": node.attr["dtype"]}) for node in nodes]
        # Version 27: shapes that are empty are scalars, and not unknown ones.
        data = GraphDef(nodes).SerializeToString() + graph_def.wire.text(4, graph_def.wire.integer(1, 27))
        threads = int(self._config.intra_op_parallelism_threads or 0)
        model = Model(data, device=self.device, threads=threads, as_cambricon=True)
        names = {operation.name for operation in operations}
        return _Plan(model, data, fetches, [name for name in feeds if node_of(name) in names])

    def _save_offline(self, plan: _Plan, feeds: dict[str, np.ndarray]) -> None:
        options = self._config.mlu_options
        if options.save_offline_model and self.device == "mlu" and feeds:
            offline.save(plan.graph_bytes, plan.fetches, feeds, options)


class InteractiveSession(Session):
    """A session that is the default one from the start."""

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        sessions.append(self)

    def close(self) -> None:
        if self in sessions:
            sessions.remove(self)
        super().close()


class _Default:
    """with sess.as_default()"""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._graph = session.graph.as_default()

    def __enter__(self) -> Session:
        self._graph.__enter__()
        sessions.append(self._session)
        return self._session

    def __exit__(self, *error: Any) -> None:
        sessions.remove(self._session)
        self._graph.__exit__(*error)


def _value(tensor: Tensor, value: Any) -> np.ndarray:
    """A fed value in the tensor's type, as TensorFlow converts it; checks it against the shape that is known."""
    if isinstance(value, Tensor):
        raise TypeError("The value of a feed cannot be a tf.Tensor object.")
    try:
        array = np.asarray(value, dtype=tensor.dtype.as_numpy_dtype)
    except (TypeError, ValueError) as error:
        raise type(error)(f"feed '{tensor.name}': {error}") from None
    known = tensor.shape
    if known.ndims is not None and (len(known) != array.ndim or any(
            k is not None and int(k) != d for k, d in zip(known.as_list(), array.shape))):
        raise ValueError(f"Cannot feed value of shape {array.shape} for Tensor '{tensor.name}', which has shape "
                         f"'{tuple(known.as_list())}'")
    return array


def _flat(fetches: Any) -> Iterator[Any]:
    if isinstance(fetches, Mapping):
        fetches = list(fetches.values())
    if isinstance(fetches, (list, tuple)):
        for item in fetches:
            yield from _flat(item)
    else:
        yield fetches


def _nested(fetches: Any, result: Any) -> Any:
    if isinstance(fetches, Mapping):
        return {key: _nested(item, result) for key, item in fetches.items()}
    if isinstance(fetches, tuple) and hasattr(fetches, "_fields"):
        return type(fetches)(*(_nested(item, result) for item in fetches))
    if isinstance(fetches, (list, tuple)):
        return type(fetches)(_nested(item, result) for item in fetches)
    return result(fetches)
