"""From the trained network to the graph that serves: ONNX, weights in int8."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path

import torch

from jiesu.learn.encoder.net import Network

_OPSET = 17


def export_graph(network: Network, output: Path) -> None:
    """Write the network as an ONNX graph in float32."""
    network.eval()
    network.encoder.set_attn_implementation("eager")
    ids = torch.full((2, 8), 5, dtype=torch.long)
    mask = torch.ones((2, 8), dtype=torch.long)
    axes = {0: "rows", 1: "pieces"}
    with warnings.catch_warnings():
        # The older exporter needs onnx alone; it says that it is old and warns of loops.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network.cpu(),
            (ids, mask),
            str(output),
            input_names=["ids", "mask"],
            output_names=["whole", "stretches", "offends", "begins"],
            dynamic_axes={
                "ids": axes,
                "mask": axes,
                "whole": {0: "rows"},
                "stretches": axes,
                "offends": {0: "rows"},
                "begins": axes,
            },
            opset_version=_OPSET,
            dynamo=False,
        )


def export_int8(network: Network, output: Path) -> None:
    """Write the network with weights in int8, a scale a column, activations quantised as read."""
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with tempfile.TemporaryDirectory() as folder:
        plain, ready = Path(folder) / "plain.onnx", Path(folder) / "ready.onnx"
        export_graph(network, plain)
        quant_pre_process(str(plain), str(ready), skip_symbolic_shape=True)
        quantize_dynamic(
            ready,
            output,
            per_channel=True,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["MatMul", "Gather"],
        )
