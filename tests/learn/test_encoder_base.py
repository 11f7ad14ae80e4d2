"""Getting an encoder: unpacking 4-bit weights, and cutting a vocabulary down."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from jiesu.errors import InputError
from jiesu.heads.pieces import Pieces
from jiesu.learn.encoder.prune import prune_encoder
from jiesu.learn.encoder.unpack import read_weights, state
from jiesu.text.normalise import normalise

TEXTS = ["路灯坏了没人修", "小区的路灯坏了", "路灯没人管", "物业不修路灯"]


def test_pruning_keeps_what_is_used_and_single_characters(tiny_base: Path, tmp_path: Path) -> None:
    found = prune_encoder(tiny_base, tmp_path / "small", TEXTS, at_least=3)
    before, after = (
        Pieces.load(tiny_base / "tokenizer.json"),
        Pieces.load(tmp_path / "small" / "tokenizer.json"),
    )
    names = [piece for piece, _ in _vocabulary(tmp_path / "small")]
    assert "路灯" in names  # used four times
    assert "电梯" not in names  # never used
    assert {"电", "梯"} <= set(names)  # single characters stay
    assert found.before == len(before)
    assert found.after == len(after) == len(names) < found.before
    assert found.same == 0.75  # 物业, used once, is two pieces now
    kept = [number for number, (piece, _) in enumerate(_vocabulary(tiny_base)) if piece in names]
    for text in TEXTS[:3]:
        (old,), (new,) = before.cut(normalise([text])), after.cut(normalise([text]))
        assert [kept[i] for i in new.ids] == old.ids.tolist()


def test_pruning_keeps_each_piece_its_vector(tiny_base: Path, tmp_path: Path) -> None:
    prune_encoder(tiny_base, tmp_path / "small", TEXTS)
    old = load_file(tiny_base / "model.safetensors")
    new = load_file(tmp_path / "small" / "model.safetensors")
    words = "embeddings.word_embeddings.weight"
    places = {piece: number for number, (piece, _) in enumerate(_vocabulary(tiny_base))}
    for number, (piece, _) in enumerate(_vocabulary(tmp_path / "small")):
        assert np.array_equal(new[words][number], old[words][places[piece]])
    config = json.loads((tmp_path / "small" / "config.json").read_text("utf-8"))
    assert config["vocab_size"] == len(new[words])
    assert all(np.array_equal(new[name], old[name]) for name in old if name != words)


@pytest.mark.parametrize(
    ("written", "said"),
    [(None, "found no tokenizer.json"), ({"model": {"type": "BPE"}}, "of type BPE")],
)
def test_a_folder_with_another_tokenizer_is_refused(
    tmp_path: Path, written: dict[str, object] | None, said: str
) -> None:
    if written is not None:
        (tmp_path / "tokenizer.json").write_text(json.dumps(written), "utf-8")
    with pytest.raises(InputError, match=said):
        prune_encoder(tmp_path, tmp_path / "out", TEXTS)


def _vocabulary(folder: Path) -> list[tuple[str, float]]:
    model = json.loads((folder / "tokenizer.json").read_text("utf-8"))["model"]
    return [(piece, score) for piece, score in model["vocab"]]


def _packed(values: np.ndarray) -> bytes:
    """Pack numbers that are whole multiples of their block's scale, as Q4_0."""
    out = b""
    for block in values.reshape(-1, 32):
        scale = 0.5
        steps = np.round(block / scale).astype(int) + 8
        out += np.float16(scale).tobytes()
        out += bytes(int(steps[i]) | int(steps[i + 16]) << 4 for i in range(16))
    return out


def test_weights_are_unpacked_to_the_numbers_packed(tmp_path: Path) -> None:
    hidden, layers, wide, words = 32, 1, 64, 5
    random = np.random.default_rng(0)
    arrays: dict[str, tuple[bytes, np.ndarray]] = {}

    def quantised(name: str, count: int) -> None:
        values = random.integers(-8, 8, count).astype(np.float32) * 0.5
        arrays[name] = (_packed(values), values)

    def plain(name: str, count: int) -> None:
        values = random.normal(size=count).astype(np.float32)
        arrays[name] = (values.tobytes(), values)

    quantised("emb.word", words * hidden)
    for name, count in (("emb.pos", 4 * hidden), ("emb.type", 2 * hidden)):
        plain(name, count)
    for name in ("emb.ln.w", "emb.ln.b", "l0.aln.w", "l0.aln.b", "l0.oln.w", "l0.oln.b"):
        plain(name, hidden)
    for short, (out, into) in {
        "q": (hidden, hidden),
        "k": (hidden, hidden),
        "v": (hidden, hidden),
        "ao": (hidden, hidden),
        "fi": (wide, hidden),
        "fo": (hidden, wide),
    }.items():
        quantised(f"l0.{short}.w", out * into)
        plain(f"l0.{short}.b", out)
    head = b"E5Q4\0\0\0\1" + struct.pack("<7i", hidden, layers, 2, wide, words, 4, 2)
    head += struct.pack("<fi", 1e-12, 32) + struct.pack("<5i", 2, 0, 2, 1, 3)
    head += struct.pack("<Q", 3) + struct.pack("<3I", 0, 1, 3) + struct.pack("<2f", 0, 0) + b"abc"
    head += struct.pack("<iI", 0, 4) + b"rule" + struct.pack("<i", len(arrays))
    table_size = sum(2 + len(name) + 1 + 4 + 16 for name in arrays)
    at, table, body = len(head) + table_size, b"", b""
    for name, (raw, values) in arrays.items():
        table += struct.pack("<H", len(name)) + name.encode() + struct.pack("<BI", 2, len(values))
        table += struct.pack("<QQ", at + len(body), len(raw))
        body += raw
    path = tmp_path / "weights.bin"
    path.write_bytes(head + table + body)
    shape, epsilon, padding, found = read_weights(path)
    assert shape == (hidden, layers, 2, wide, words, 4, 2)
    assert epsilon == pytest.approx(1e-12)
    assert padding == 1
    for name, (_, values) in arrays.items():
        assert np.array_equal(found[name], values), name
    named = state(shape, found)
    assert named["encoder.layer.0.intermediate.dense.weight"].shape == (wide, hidden)
    assert named["embeddings.word_embeddings.weight"].shape == (words, hidden)


def test_a_file_of_another_layout_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.bin"
    path.write_bytes(b"no such thing")
    with pytest.raises(InputError, match="not laid out"):
        read_weights(path)
