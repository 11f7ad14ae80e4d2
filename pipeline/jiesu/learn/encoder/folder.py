"""The folder of a trained encoder: graph, tokenizer, and what they are. Safe files alone."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from jiesu.bundle import ENCODER, GRAPH, PIECES
from jiesu.errors import InputError
from jiesu.heads.transformer import TransformerTier
from jiesu.schema import Appeal, FlagKind

CARD = "encoder.json"


class EncoderCard(BaseModel):
    """encoder.json: labels of every head in order, the longest window, and how it was trained.

    held: hashes of the appeals that it was not trained on, to calibrate and certify with.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    labels: tuple[tuple[str, tuple[str, ...]], ...]
    kinds: tuple[FlagKind, ...]
    pieces: int
    trained: dict[str, Any]
    held: tuple[str, ...]


@dataclass(frozen=True)
class TrainedEncoder:
    """A trained encoder, loaded to read."""

    path: Path
    card: EncoderCard
    tier: TransformerTier

    def held(self, appeals: Sequence[Appeal]) -> NDArray[np.bool_]:
        """Return which appeals (n,) the encoder was kept from."""
        known = frozenset(self.card.held)
        return np.array([text_hash(appeal.text) in known for appeal in appeals], dtype=np.bool_)


def text_hash(text: str) -> str:
    """Return 64 bits of a text's SHA-256: enough to tell appeals apart, and no way back."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def load_encoder(folder: Path) -> TrainedEncoder:
    """Open the folder of a trained encoder. Raises InputError that says what is wrong with it."""
    path = folder / CARD
    missing = [name for name in (CARD, GRAPH, PIECES) if not (folder / name).is_file()]
    if missing:
        raise _missing(folder, missing)
    try:
        card = EncoderCard.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        where = " -> ".join(map(str, first["loc"])) or "the whole file"
        raise InputError(
            "bad_encoder", f"{folder.name}/{CARD} -> {where}: {first['msg']}"
        ) from None
    tier = TransformerTier.load(
        folder / GRAPH, folder / PIECES, labels=dict(card.labels), most=card.pieces
    )
    return TrainedEncoder(folder, card, tier)


def write_card(folder: Path, card: EncoderCard) -> None:
    """Write encoder.json. The same card, the same bytes."""
    dumped = json.dumps(card.model_dump(), ensure_ascii=False, indent=1, sort_keys=True)
    (folder / CARD).write_text(dumped + "\n", "utf-8")


def place_encoder(source: str, bundle: Path) -> Path:
    """Copy a trained encoder into a bundle's folder, unless it is there, and return where.

    source: its folder, or `bundle` for the one that the bundle's folder already holds.
    """
    target = bundle / ENCODER
    if source == "bundle":
        return target
    target.mkdir(parents=True, exist_ok=True)
    for name in (CARD, GRAPH, PIECES):
        if not (Path(source) / name).is_file():
            raise _missing(Path(source), [name])
        shutil.copyfile(Path(source) / name, target / name)
    return target


def _missing(folder: Path, names: Sequence[str]) -> InputError:
    return InputError(
        "no_encoder",
        f"{folder}: found no {', '.join(names)}, expected a folder that "
        "`jiesu encoder train` wrote",
    )
