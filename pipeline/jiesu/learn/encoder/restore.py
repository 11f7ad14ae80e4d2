"""A served encoder back in training: its int8 graph as weights that a fine-tuning goes on from."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jiesu.bundle import GRAPH, PIECES
from jiesu.errors import ExtraError, InputError
from jiesu.learn.encoder.folder import CARD, load_encoder
from jiesu.learn.encoder.prune import WORDS, pick_pieces, piece_names

Weights = dict[str, NDArray[np.float32]]
_HEADS = ("whole", "stretches", "offends", "begins")
_EMBEDDINGS = "embeddings."
_SUFFIX = "_quantized"


def restore(trained: Path, base: Path, output: Path) -> int:
    """Write a folder that serves as `--base` and as `--start`; return its number of pieces.

    trained: a folder that `jiesu encoder train` wrote, such as the `encoder` of a bundle. base: the
    pretrained folder that its pieces came from; embeddings, which no training moves, are taken from
    there, layers and heads from the graph, rounded to int8 as they are served.
    Raises InputError for a base of another shape or without one of the pieces, ExtraError without
    torch, onnx and safetensors.
    """
    try:
        import torch
        from safetensors.numpy import load_file, save_file

        from jiesu.learn.encoder.training import CHECKPOINT
    except ImportError:
        raise ExtraError("restoring an encoder", "train") from None
    card = load_encoder(trained).card
    names = piece_names(trained)
    weights: Weights = load_file(base / "model.safetensors")
    weights[WORDS] = pick_pieces(weights[WORDS], piece_names(base), names, base)
    graph = read_graph(trained / GRAPH)
    network: Weights = {f"encoder.{name}": array for name, array in weights.items()}
    for name, array in graph.items():
        bare = name.removeprefix("encoder.")
        if bare.startswith(_EMBEDDINGS):
            continue
        if name.split(".")[0] not in _HEADS and (
            name not in network or network[name].shape != array.shape
        ):
            raise InputError(
                "other_base", f"{base}: found no {bare} of shape {array.shape}, expected one"
            )
        network[name] = array
        if name.startswith("encoder."):
            weights[bare] = array
    output.mkdir(parents=True, exist_ok=True)
    save_file(weights, output / "model.safetensors", metadata={"format": "pt"})
    config: dict[str, Any] = json.loads((base / "config.json").read_text("utf-8"))
    config["vocab_size"] = len(names)
    (output / "config.json").write_text(json.dumps(config, indent=2) + "\n", "utf-8")
    state = {name: torch.from_numpy(np.ascontiguousarray(part)) for name, part in network.items()}
    torch.save({"network": state, "labels": dict(card.labels)}, output / CHECKPOINT)
    for name in (CARD, GRAPH, PIECES):
        shutil.copyfile(trained / name, output / name)
    return len(names)


def read_graph(path: Path) -> Weights:
    """Return the weights in a graph that `jiesu encoder train` wrote, by their names in torch."""
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(str(path)).graph
    arrays = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    found: Weights = {
        name: array.astype(np.float32)
        for name, array in arrays.items()
        if name.startswith(("encoder.", *(f"{head}." for head in _HEADS)))
        and array.dtype == np.float32
        and not name.endswith("_scale")
    }
    for node in graph.node:
        if node.op_type == "MatMulInteger" and node.input[1].endswith(_SUFFIX):
            # /encoder/encoder/layer.0/output/dense/MatMul_quant
            place = node.name.strip("/").split("/")[:-1]
            weight = _floats(arrays, node.input[1].removesuffix(_SUFFIX)).T
            found[".".join([*place, "weight"])] = np.ascontiguousarray(weight)
    return found


def _floats(arrays: Mapping[str, NDArray[Any]], name: str) -> NDArray[np.float32]:
    whole = arrays[name + _SUFFIX].astype(np.float32)
    zero = arrays[f"{name}_zero_point"].astype(np.float32)
    return np.asarray((whole - zero) * arrays[f"{name}_scale"], dtype=np.float32)
