"""From a config and a pretrained folder to the folder of a trained encoder."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from jiesu.bundle import GRAPH, PIECES, file_hash
from jiesu.errors import ConfigError, ExtraError, InputError
from jiesu.heads.pieces import Pieces
from jiesu.jurisdiction import load_jurisdiction
from jiesu.learn.conduct import KINDS
from jiesu.learn.encoder.config import EncoderConfig
from jiesu.learn.encoder.examples import Examples, make_examples
from jiesu.learn.encoder.folder import EncoderCard, load_encoder, text_hash, write_card
from jiesu.learn.rows import data_file

Progress = Callable[[str], None]


def load_encoder_config(path: Path, **changes: Any) -> EncoderConfig:
    """Read configs/train/encoder.yaml; a change of None is none. Raises ConfigError."""
    if not path.is_file():
        raise ConfigError("no_config", f"no training file {path}")
    try:
        raw = yaml.safe_load(path.read_text("utf-8"))
        if not isinstance(raw, dict):
            raise ConfigError("bad_yaml", f"{path.name}: expected a mapping")
        given = {key: value for key, value in changes.items() if value is not None}
        return EncoderConfig.model_validate(raw | given)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError("bad_yaml", f"{path.name}: not readable as YAML: {error}") from None
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        where = " -> ".join(map(str, first["loc"]))
        raise ConfigError("bad_config", f"{path.name}: {where}: {first['msg']}") from None


def train_encoder(
    config: EncoderConfig,
    *,
    data: Path,
    output: Path,
    start: Path | None = None,
    tell: Progress = lambda _: None,
) -> EncoderCard:
    """Fine-tune, or go on where a stopped run left off, and write graph, tokenizer and card.

    start: the output of an earlier training to begin with, in place of the base's weights.
    Raises ConfigError, InputError, ExtraError (torch, transformers or onnx missing).
    """
    try:
        from jiesu.learn.encoder.export import export_int8
        from jiesu.learn.encoder.training import CHECKPOINT, fine_tune
    except ImportError:
        raise ExtraError("fine-tuning an encoder", "train") from None
    base = Path(config.base)
    if not (base / PIECES).is_file():
        raise InputError(
            "no_tokenizer",
            f"{base}: found no {PIECES}, expected a folder that `jiesu encoder prune` wrote",
        )
    if start is not None and not (start / CHECKPOINT).is_file():
        raise InputError(
            "no_checkpoint",
            f"{start}: found no {CHECKPOINT}, expected the output of `jiesu encoder train`",
        )
    tell("reading")
    # As they are now: hours later somebody may have changed them.
    hashes = {path: file_hash(data_file(data, path)) for path in sorted(_paths(config))}
    pieces = Pieces.load(base / PIECES)
    before = load_encoder(start).card if start is not None else None
    examples = make_examples(
        config, data, load_jurisdiction(config.jurisdiction), pieces, start=before
    )
    tell(f"{len(examples.train)} appeals to train on, {len(examples.held)} held out")
    network = fine_tune(config, examples, output, start=start, tell=tell)
    tell("exporting")
    export_int8(network, output / GRAPH)
    shutil.copyfile(base / PIECES, output / PIECES)
    card = describe(config, examples, hashes, start=before)
    write_card(output, card)
    return card


def describe(
    config: EncoderConfig,
    examples: Examples,
    hashes: Mapping[str, str],
    *,
    start: EncoderCard | None = None,
) -> EncoderCard:
    """Return what is to be known of a trained encoder. start: the one that it went on from.

    hashes: of the files that it learned from.
    """
    trained = {
        "config": config.model_dump(mode="json", exclude={"base", "data", "output"}),
        "data": dict(hashes),
        "base": file_hash(Path(config.base) / "model.safetensors"),
        "appeals": len(examples.train),
        "share_cut": round(examples.cut, 4),
    }
    if start is not None:
        trained["start"] = start.trained
    held = sorted({text_hash(row.appeal.text) for row in examples.held_rows})
    return EncoderCard(
        labels=tuple(examples.labels.items()),
        kinds=KINDS,
        pieces=config.pieces,
        trained=trained,
        held=tuple(held),
    )


def _paths(config: EncoderConfig) -> set[str]:
    sources = [source for head in config.heads.values() for source in head.sources]
    paths = {path for source in sources for path in (source.path, source.labels) if path}
    if config.conduct is not None:
        paths |= {*config.conduct.authored, *config.conduct.lines, *config.conduct.negatives}
    return paths | set(config.exclude)
