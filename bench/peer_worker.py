"""Runs one peer in a process of its own: answers all feeds, then times the last.

    python bench/peer_worker.py SPEC      SPEC is JSON; see peers.py, which starts this
"""

import json
import pathlib
import sys
import time

import numpy as np


class OpenVino:
    """OpenVINO for the least latency; its input is set once, so that no run copies it."""

    def __init__(self, model: str, threads: int, feeds: dict):
        import openvino

        self._tensor = openvino.Tensor
        core = openvino.Core()
        net = core.read_model(model)
        net.reshape({name: list(value.shape) for name, value in feeds.items()})
        compiled = core.compile_model(net, "CPU", {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads})
        self.precision = compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name()
        self._request = compiled.create_infer_request()

    def feed(self, feeds: dict) -> None:
        self._feeds = {name: self._tensor(value, shared_memory=True) for name, value in feeds.items()}
        for name, tensor in self._feeds.items():
            self._request.set_tensor(name, tensor)

    def run(self) -> None:
        self._request.start_async()
        self._request.wait()

    def answer(self) -> np.ndarray:
        return self._request.get_output_tensor(0).data


class OnnxRuntime:
    """ONNX Runtime's CPU provider as it comes."""

    def __init__(self, model: str, threads: int, feeds: dict):
        import onnxruntime

        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = threads
        self._session = onnxruntime.InferenceSession(model, settings, providers=["CPUExecutionProvider"])
        self.precision = "f32"

    def feed(self, feeds: dict) -> None:
        self._feeds = feeds

    def run(self) -> None:
        self._outputs = self._session.run(None, self._feeds)

    def answer(self) -> np.ndarray:
        return self._outputs[0]


def peak_bytes() -> int:
    """The peak of this process; getrusage() would count that of the program that started it, too."""
    status = pathlib.Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))


def run_ms(engine) -> float:
    start = time.perf_counter()
    engine.run()
    return (time.perf_counter() - start) * 1e3


def main() -> None:
    """Prints the times and the peak as JSON; writes the answers where the spec says."""
    pathlib.Path("/proc/self/oom_score_adj").write_text("1000")  # if memory ends, this process goes first
    spec = json.loads(sys.argv[1])
    engine = None
    for feeds_file, answer in zip(spec["feeds"], spec["answers"]):
        feeds = dict(np.load(feeds_file))
        engine = engine or {"openvino": OpenVino, "onnxruntime": OnnxRuntime}[spec["engine"]](
            spec["model"], spec["threads"], feeds)
        engine.feed(feeds)
        first = run_ms(engine)
        if answer:
            np.save(answer, engine.answer())
    times = [run_ms(engine) for _ in range(spec["runs"])]
    print(json.dumps({"ms_first": first, "ms": times, "peak_rss_bytes": peak_bytes(), "runs_in": engine.precision}))


if __name__ == "__main__":
    main()
