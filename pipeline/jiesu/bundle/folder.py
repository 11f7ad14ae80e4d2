"""The bundle: one folder that holds all that scoring needs, and a hash of every part.

No pickle: JSON, plain text and numpy arrays read with `allow_pickle=False`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

import jiesu
from jiesu.bundle.hashes import file_hash, hash_of, sha256
from jiesu.bundle.manifest import ConductEntry, HeadEntry, Manifest
from jiesu.errors import BundleError
from jiesu.heads.clauses import ClauseHead
from jiesu.heads.linear import LinearHead, LinearTier, Vocabulary
from jiesu.heads.sounds import Syllables
from jiesu.resources import resource
from jiesu.text.ngrams import NgramSpec, entry_keys

FORMAT = 3
_KINDS = frozenset(NgramSpec().scales())
_LINES = re.compile(rf"(?:[{''.join(sorted(_KINDS))}]\t[^\t\n]+\n)*+")
MANIFEST, WORDS, VOCABULARY, KEYS, WEIGHTS, SCALES, IDF = (
    "manifest.json",
    "words.txt",
    "vocabulary.tsv",
    "keys.npy",
    "weights.npy",
    "scales.npy",
    "idf.npy",
)
_FILES = (WORDS, VOCABULARY, KEYS, WEIGHTS, SCALES, IDF)
CONDUCT, SYLLABLES = "conduct.npy", "syllables.npy"
_CONDUCT_FILES = (CONDUCT, SYLLABLES)
ENCODER, GRAPH, PIECES = "encoder", "encoder.onnx", "tokenizer.json"
_ENCODER_FILES = tuple(f"{ENCODER}/{name}" for name in (GRAPH, PIECES))


@dataclass(frozen=True)
class Bundle:
    """A loaded bundle. words: the dictionary that its texts are cut by, whoever is served."""

    path: Path
    manifest: Manifest
    words: tuple[str, ...]
    linear: LinearTier
    conduct: ClauseHead | None = None

    def encoder_files(self) -> tuple[Path, Path] | None:
        """Return graph and tokenizer of the encoder, None if the bundle or the folder has none."""
        graph, pieces = (self.path / name for name in _ENCODER_FILES)
        there = self.manifest.encoder is not None and graph.is_file() and pieces.is_file()
        return (graph, pieces) if there else None

    @property
    def content_hash(self) -> str:
        """The hash of the manifest, which holds the hash of everything else."""
        return sha256((self.path / MANIFEST).read_bytes())


def save_bundle(
    folder: Path,
    *,
    words: Sequence[str],
    linear: LinearTier,
    conduct: ClauseHead | None = None,
    manifest: Mapping[str, Any],
    pooled: Mapping[str, dict[str, str]],
    floors: Mapping[str, Sequence[float]],
    rows: Mapping[str, int],
) -> Manifest:
    """Write a bundle; `manifest` gives all fields but heads and files. Same input, same bytes.

    The files of an encoder, if the manifest has one, lie in the folder already.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / WORDS).write_bytes("".join(f"{word}\n" for word in words).encode())
    vocabulary = linear.vocabulary
    lines = zip(vocabulary.kinds, vocabulary.entries, strict=True)
    text = "".join(f"{kind}\t{entry}\n" for kind, entry in lines)
    (folder / VOCABULARY).write_bytes(text.encode())
    np.save(folder / KEYS, vocabulary.keys, allow_pickle=False)
    np.save(folder / WEIGHTS, linear.steps, allow_pickle=False)
    np.save(folder / SCALES, linear.scales.astype(np.float16), allow_pickle=False)
    np.save(folder / IDF, vocabulary.idf.astype(np.float32), allow_pickle=False)
    files: tuple[str, ...] = _FILES
    if conduct is not None:
        np.save(folder / CONDUCT, conduct.steps, allow_pickle=False)
        np.save(folder / SYLLABLES, conduct.syllables.table, allow_pickle=False)
        files += _CONDUCT_FILES
    if manifest.get("encoder") is not None:
        files += _ENCODER_FILES
    entries = [
        HeadEntry(
            name=head.name,
            labels=head.labels,
            labels_hash=hash_of(head.labels),
            bias=tuple(round(float(value), 6) for value in head.bias),
            prior=tuple(round(float(value), 6) for value in head.prior),
            calibration=head.calibration,
            floors=tuple(floors[head.name]),
            pooled=dict(pooled.get(head.name, {})),
            rows=rows[head.name],
        )
        for head in linear.heads
    ]
    result = Manifest(
        format=FORMAT,
        package=jiesu.__version__,
        ngrams=vocabulary.spec,
        heads=tuple(entries),
        files={name: file_hash(folder / name) for name in files},
        **manifest,
    )
    dumped = json.dumps(result.model_dump(), ensure_ascii=False, indent=1, sort_keys=True)
    (folder / MANIFEST).write_bytes(dumped.encode() + b"\n")
    return result


def read_manifest(folder: Path) -> Manifest:
    """Read a manifest alone. Raises BundleError if there is none or it is malformed."""
    path = folder / MANIFEST
    if not path.is_file():
        raise BundleError("no_manifest", f"{folder.name}: found no {MANIFEST}, expected a bundle")
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        where = " -> ".join(map(str, first["loc"])) or "the whole file"
        raise BundleError(
            "bad_manifest", f"{folder.name}/{MANIFEST} -> {where}: {first['msg']}"
        ) from None
    if manifest.format != FORMAT:
        raise BundleError(
            "bad_format", f"{folder.name}: found format {manifest.format}, expected {FORMAT}"
        )
    return manifest


def verify_files(folder: Path, manifest: Manifest) -> None:
    """Check that every file is there and unaltered. Raises BundleError naming the file.

    Only the encoder's may be missing: then the linear tier serves alone.
    """
    expected = {
        *_FILES,
        *(_CONDUCT_FILES if manifest.conduct else ()),
        *(_ENCODER_FILES if manifest.encoder else ()),
    }
    if set(manifest.files) != expected:
        raise BundleError(
            "bad_manifest",
            f"{folder.name}: found files {sorted(manifest.files)}, expected {sorted(expected)}",
        )
    for name, digest in manifest.files.items():
        path = folder / name
        if name in _ENCODER_FILES and not path.is_file():
            continue
        if not path.is_file():
            raise BundleError("missing_file", f"{folder.name}: {name} is missing")
        found = file_hash(path)
        if found != digest:
            raise BundleError(
                "altered_file",
                f"{folder.name}: {name} was altered: found sha256 {found[:12]}…, "
                f"expected {digest[:12]}…",
            )
    for head in manifest.heads:
        sizes = {len(head.labels), len(head.bias), len(head.prior), len(head.floors)}
        if hash_of(head.labels) != head.labels_hash or len(sizes) != 1:
            raise BundleError("altered_labels", f"{folder.name}: labels of {head.name} altered")


def load_bundle(source: str | Path = "default") -> Bundle:
    """Load a bundle by shipped name or folder, after checking every hash.

    Raises BundleError if anything is missing, altered or does not fit together.
    """
    folder = Path(source)
    if not folder.is_dir():
        if isinstance(source, str) and "/" not in source and source == "default":
            folder = resource("models", source)
        else:
            raise BundleError("no_bundle", f"no bundle at {source}: expected a folder or 'default'")
    manifest = read_manifest(folder)
    verify_files(folder, manifest)
    words = _text(folder, WORDS).splitlines()
    return Bundle(
        folder,
        manifest,
        tuple(words),
        _linear(folder, manifest),
        _conduct(folder, manifest.conduct),
    )


def _array(folder: Path, name: str, dtype: str) -> NDArray[Any]:
    try:
        # Not np.load, which would also open a zip or a pickle under this name.
        with (folder / name).open("rb") as stream:
            found = np.lib.format.read_array(stream, allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise BundleError(
            "bad_array", f"{folder.name}/{name}: not readable as an array of numbers: {error}"
        ) from None
    if found.dtype != dtype:
        raise BundleError(
            "bad_array", f"{folder.name}/{name}: found numbers of {found.dtype}, expected {dtype}"
        )
    if found.dtype.kind == "f" and not np.isfinite(found).all():
        raise BundleError("bad_array", f"{folder.name}/{name}: found numbers that are not finite")
    return found


def _text(folder: Path, name: str) -> str:
    try:
        return (folder / name).read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise BundleError(
            "bad_vocabulary", f"{folder.name}/{name}: not UTF-8 at byte {error.start}"
        ) from None


def _vocabulary(folder: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    text = _text(folder, VOCABULARY)
    good = _LINES.match(text)
    if good is None or good.end() != len(text):
        number = text.count("\n", 0, good.end() if good else 0) + 1
        raise BundleError(
            "bad_vocabulary",
            f"{folder.name}/{VOCABULARY} line {number}: expected a kind, a tab, an n-gram",
        )
    lines = text.split("\n")[:-1]
    if len(set(lines)) != len(lines):
        raise BundleError(
            "duplicate_entry", f"{folder.name}/{VOCABULARY}: found an entry twice, expected once"
        )
    return tuple([line[0] for line in lines]), tuple([line[2:] for line in lines])


def verify_keys(bundle: Bundle) -> None:
    """Check that the stored hashes are those of the vocabulary. Raises BundleError."""
    vocabulary = bundle.linear.vocabulary
    if not np.array_equal(entry_keys(vocabulary.kinds, vocabulary.entries), vocabulary.keys):
        raise BundleError(
            "altered_keys", f"{bundle.path.name}: {KEYS} are not the hashes of {VOCABULARY}"
        )


def _linear(folder: Path, manifest: Manifest) -> LinearTier:
    kinds, entries = _vocabulary(folder)
    keys = _array(folder, KEYS, "uint64")
    idf = _array(folder, IDF, "float32")
    scales = _array(folder, SCALES, "float16").astype(np.float32)
    steps = _array(folder, WEIGHTS, "int8")
    columns = sum(len(head.labels) for head in manifest.heads)
    expected = {
        KEYS: (keys, (len(entries),)),
        WEIGHTS: (steps, (len(entries), columns)),
        SCALES: (scales, (len(entries), len(manifest.heads))),
        IDF: (idf, (len(entries),)),
    }
    for name, (array, shape) in expected.items():
        if array.shape != shape:
            raise BundleError(
                "bad_shape", f"{folder.name}/{name}: found {array.shape}, expected {shape}"
            )
    spec = manifest.ngrams
    heads = []
    at = 0
    for item in manifest.heads:
        columns_of = slice(at, at + len(item.labels))
        at = columns_of.stop
        bias = np.array(item.bias, dtype=np.float32)
        prior = np.array(item.prior, dtype=np.float32)
        heads.append(LinearHead(item.name, item.labels, columns_of, bias, prior, item.calibration))
    return LinearTier(Vocabulary(kinds, entries, idf, spec, keys), steps, scales, tuple(heads))


def _conduct(folder: Path, entry: ConductEntry | None) -> ClauseHead | None:
    if entry is None:
        return None
    steps = _array(folder, CONDUCT, "int8")
    table = _array(folder, SYLLABLES, "uint16")
    expected = (1 << entry.spec.bits, len(entry.kinds))
    if steps.shape != expected:
        raise BundleError(
            "bad_shape", f"{folder.name}/{CONDUCT}: found {steps.shape}, expected {expected}"
        )
    numbers = {
        name: np.array(getattr(entry, name), dtype=np.float64)
        for name in ("scales", "bias", "slopes", "offsets", "thresholds", "narrow")
    }
    for name, values in numbers.items():
        if len(values) != len(entry.kinds) or not np.isfinite(values).all():
            raise BundleError(
                "bad_manifest",
                f"{folder.name}: conduct -> {name}: expected {len(entry.kinds)} finite numbers",
            )
    try:
        syllables = Syllables(table)
    except ValueError as error:
        raise BundleError("bad_shape", f"{folder.name}/{SYLLABLES}: {error}") from None
    return ClauseHead(
        kinds=entry.kinds, steps=steps, syllables=syllables, spec=entry.spec, **numbers
    )
