"""Makes the INT8 form of an ONNX model the way a peer recommends, in a process of its own.

    python bench/peer_quantize.py openvino|onnxruntime MODEL.onnx OUTPUT FEEDS.npz...

FEEDS are the calibration pictures, one a file, with the model's other inputs.
"""

import pathlib
import sys

import numpy as np


def quantize_openvino(model: str, output: str, feeds: list[dict]) -> None:
    """NNCF's post-training quantization at its defaults."""
    import nncf
    import openvino

    net = openvino.Core().read_model(model)
    quantized = nncf.quantize(net, nncf.Dataset(feeds), preset=nncf.QuantizationPreset.PERFORMANCE,
                              subset_size=len(feeds))
    openvino.save_model(quantized, output)


def quantize_onnxruntime(model: str, output: str, feeds: list[dict]) -> None:
    """quantize_static: QDQ, one scale a channel of the weights, the types that its x86 kernels are fastest at."""
    from onnxruntime import quantization
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(quantization.CalibrationDataReader):
        left = list(feeds)

        def get_next(self) -> dict | None:
            return self.left.pop() if self.left else None

    prepared = pathlib.Path(output).with_name("prepared.onnx")
    quant_pre_process(model, prepared, skip_symbolic_shape=True)
    quantization.quantize_static(prepared, output, Reader(), quant_format=quantization.QuantFormat.QDQ,
                                 per_channel=True, activation_type=quantization.QuantType.QUInt8,
                                 weight_type=quantization.QuantType.QInt8)


def main() -> None:
    """Quantizes at the arguments' wish."""
    engine, model, output, *feeds = sys.argv[1:]
    pathlib.Path("/proc/self/oom_score_adj").write_text("1000")
    quantize = {"openvino": quantize_openvino, "onnxruntime": quantize_onnxruntime}[engine]
    quantize(model, output, [dict(np.load(path)) for path in feeds])


if __name__ == "__main__":
    main()
