"""Cutting a pretrained encoder's vocabulary down to what Chinese appeals are written with.

Kept are the special pieces, every single character that the normal form can hold, and every longer
piece that the given texts use often enough. A unigram tokenizer (Kudo 2018) takes the best-scored
path through a text, so a text whose best path needs kept pieces alone is cut as before.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jiesu.errors import ExtraError, InputError
from jiesu.heads.pieces import Pieces, as_written, unigram_tokenizer
from jiesu.text.normalise import fold_table, normalise

_SPACE = "▁"
_SPECIAL = 4
"""<s> <pad> </s> <unk> stand first in the tokenizer and stay there."""
WORDS = "embeddings.word_embeddings.weight"
_CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Pruned:
    """What a cut left: pieces before and after, share of unknown pieces and of equal texts."""

    before: int
    after: int
    unknown: float
    same: float
    texts: int


def choose_pieces(pieces: Sequence[str], used: Counter[int], *, at_least: int) -> list[int]:
    """Return the numbers of the pieces to keep, in their old order."""
    folded = fold_table()
    keep = []
    for number, piece in enumerate(pieces):
        bare = piece.removeprefix(_SPACE)
        single = len(bare) <= 1 and all(folded[ord(char)] == ord(char) for char in bare)
        common = used[number] >= at_least
        if number < _SPECIAL or common or (single and _likely(bare)):
            keep.append(number)
    return keep


def _likely(char: str) -> bool:
    """Say whether a character can stand in a Chinese text at all."""
    return not char or ord(char) < 0x2500 or 0x3000 <= ord(char) < 0xA000 or ord(char) >= 0xFF00


def prune_encoder(source: Path, output: Path, texts: Iterable[str], *, at_least: int = 3) -> Pruned:
    """Write a Hugging Face folder with fewer pieces, and say what the cut costs on the texts.

    Raises InputError for a folder without a unigram tokenizer.json, ExtraError without safetensors.
    """
    try:
        from safetensors.numpy import load_file, save_file
    except ImportError:
        raise ExtraError("pruning an encoder", "train") from None
    vocabulary = _vocabulary(source)
    names = [name for name, _ in vocabulary]
    whole = unigram_tokenizer(vocabulary)
    written = [text for chunk in _chunks(list(texts)) for text in as_written(normalise(chunk))]
    before = [found.ids for found in whole.encode_batch(written, add_special_tokens=False)]
    keep = choose_pieces(names, Counter(i for ids in before for i in ids), at_least=at_least)
    kept = unigram_tokenizer([vocabulary[number] for number in keep])
    after = [found.ids for found in kept.encode_batch(written, add_special_tokens=False)]
    same = sum([keep[i] for i in new] == old for old, new in zip(before, after, strict=True))
    total = sum(map(len, after))
    unknown = sum(ids.count(Pieces.UNKNOWN) for ids in after)
    output.mkdir(parents=True, exist_ok=True)
    weights = load_file(source / "model.safetensors")
    weights[WORDS] = np.ascontiguousarray(weights[WORDS][keep])
    save_file(weights, output / "model.safetensors", metadata={"format": "pt"})
    config: dict[str, Any] = json.loads((source / "config.json").read_text("utf-8"))
    config["vocab_size"] = len(keep)
    (output / "config.json").write_text(json.dumps(config, indent=2) + "\n", "utf-8")
    kept.save(str(output / "tokenizer.json"))
    for extra in source.glob("LICENSE*"):
        shutil.copy(extra, output)
    return Pruned(
        len(names), len(keep), unknown / max(1, total), same / max(1, len(written)), len(written)
    )


def _vocabulary(folder: Path) -> list[tuple[str, float]]:
    path = folder / "tokenizer.json"
    if not path.is_file():
        raise InputError("no_tokenizer", f"{folder.name}: found no tokenizer.json")
    model = json.loads(path.read_text("utf-8"))["model"]
    if model.get("type", "Unigram") != "Unigram":
        raise InputError(
            "other_tokenizer",
            f"{folder.name}: found a tokenizer of type {model['type']}, expected Unigram",
        )
    return [(str(piece), float(score)) for piece, score in model["vocab"]]


def piece_names(folder: Path) -> list[str]:
    """Return the pieces of a folder's tokenizer.json, in order. Raises InputError without one."""
    return [name for name, _ in _vocabulary(folder)]


def pick_pieces(
    words: NDArray[np.float32], names: Sequence[str], wanted: Sequence[str], folder: Path
) -> NDArray[np.float32]:
    """Return the vectors (w, d) of the wanted pieces out of all (n, d), n names.

    Raises InputError for a piece that there is none of.
    """
    places = {name: number for number, name in enumerate(names)}
    missing = [name for name in wanted if name not in places]
    if missing:
        raise InputError(
            "other_base",
            f"{folder}: {len(missing)} of the {len(wanted)} pieces wanted are not among its "
            f"{len(names)}, expected the folder that they were pruned from",
        )
    return np.ascontiguousarray(words[[places[name] for name in wanted]])


def _chunks(texts: Sequence[str]) -> Iterable[Sequence[str]]:
    for start in range(0, len(texts), _CHUNK):
        yield texts[start : start + _CHUNK]
