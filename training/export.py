"""Makes styles/facets.pb from a checkpoint, and an .onnx from styles/facets.pb.

    python training/export.py --checkpoint FILE...       writes styles/facets.pb
    python training/export.py --onnx facets.onnx         reads styles/facets.pb

Of several checkpoints (of one training) the mean of the weights is taken.  Weights are rounded to
IEEE half and stored as float: every value fits 16 bits without loss.
"""

import argparse
import pathlib

import numpy as np

import graphdef

STYLE = pathlib.Path(__file__).resolve().parent.parent / "styles" / "facets.pb"


def export_graph(checkpoints: list[pathlib.Path], output: pathlib.Path) -> None:
    """Averages and rounds the checkpoints' weights and writes the frozen graph."""
    import torch  # Here, because making an .onnx does not need it.

    import model

    net = model.StyleNet()
    states = [torch.load(checkpoint, map_location="cpu") for checkpoint in checkpoints]
    net.load_state_dict({key: sum(state["net"][key] for state in states) / len(states)
                         for key in states[0]["net"]})
    steps = " and ".join(str(state["step"]) for state in states)
    change = model.round_to_half(net)
    arrays = model.trainable_arrays(net)
    if not all(np.isfinite(array).all() for array in arrays):
        raise ValueError(f"step {steps}: weights are not finite")
    output.write_bytes(graphdef.write(arrays))
    print(f"{output.name}: step {steps}, {output.stat().st_size} bytes; "
          f"rounding to half changed a weight by {change:.2e} at most")


def export_onnx(graph: pathlib.Path, output: pathlib.Path) -> None:
    """Converts a frozen graph of this architecture."""
    import onnx

    import onnx_graph

    onnx.save(onnx_graph.build(graphdef.read(graph.read_bytes())), output)
    print(f"{output.name}: {output.stat().st_size} bytes from {graph.name}")


def main() -> None:
    """Writes the .pb if a checkpoint is given, the .onnx if its name is."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=pathlib.Path, nargs="+", help="of train.py")
    parser.add_argument("--pb", type=pathlib.Path, default=STYLE, help="default: %(default)s")
    parser.add_argument("--onnx", type=pathlib.Path, help="the file to write")
    arguments = parser.parse_args()
    if not arguments.checkpoint and not arguments.onnx:
        parser.error("give --checkpoint, --onnx or both")
    if arguments.checkpoint:
        export_graph(arguments.checkpoint, arguments.pb)
    if arguments.onnx:
        export_onnx(arguments.pb, arguments.onnx)


if __name__ == "__main__":
    main()
