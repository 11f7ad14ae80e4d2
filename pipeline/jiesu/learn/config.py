"""What a training is: one YAML file, unknown keys refused, dotted overrides on top."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from jiesu.errors import ConfigError
from jiesu.heads.clauses import ClauseSpec
from jiesu.text.segment import Backend

SHIPPED = "shipped:"
"""A path that begins so is below the `data` that jiesu itself carries."""


class Part(BaseModel):
    """A part of a training file: immutable, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(Part):
    """Rows of one file for one head.

    `path` is below the config's `data` folder, or `shipped:` and a path below jiesu's own.
    `label` is a column; of a list, item `level`.
    `map` translates labels ("" leaves a row out); an unmapped label must be one of the head's.
    `weight` multiplies every row. `where` keeps rows whose column has the value. `labels` is a
    table, tab-separated with `id` first, whose columns are added to the rows of the same id: labels
    that were made apart from the texts.
    """

    path: str
    label: str
    labels: str = ""
    level: int = 0
    map: dict[str, str] = {}
    weight: float = Field(default=1.0, gt=0)
    where: dict[str, str] = {}


class Taught(Part):
    """Appeals without a label whose label the encoder of the cascade says: distillation.

    `paths` are those of a Source. Each appeal is a row of every label that the encoder gives a
    chance of `least`, counting `weight` times that (soft targets, Hinton, arXiv 1503.02531).
    They are trained on, never calibrated or certified on.
    """

    paths: tuple[str, ...] = Field(min_length=1)
    weight: float = Field(default=0.3, gt=0)
    least: float = Field(default=0.1, gt=0, le=0.5)


class HeadConfig(Part):
    """How one head is trained.

    `c`: inverse regularisation of the squared hinge. The weights are the mean of a plain machine,
    one with `softer` times the c (0: none), and one on features scaled `naive_bayes` of the way
    towards log-count ratios (0: none).
    `balance`: a row counts (mean class size / own class size) ** balance. `pool_below`: classes
    with fewer rows join their parent. `calibrate`: on the last `share` by time, or in `folds` by
    near-duplicate group where rows have no date. A shift in label shares seen in the last
    `share` is followed by the probabilities with the power `follow`, and by what a row counts in
    training with the power `reweigh`. `certify`: whether a threshold is sought above which
    the head decides alone. `set_miss`: this head's own. `exclude`: files whose
    rows, and near-duplicates of
    them, must not be trained on. `test`: where the head is measured, or `holdout`: the share of
    near-duplicate groups, drawn by the seed, that is kept from training and measured on. `taught`:
    further appeals, whose label the encoder says.
    """

    sources: tuple[Source, ...] = Field(min_length=1)
    c: float = Field(default=0.3, gt=0)
    softer: float = Field(default=0.0, ge=0, lt=1)
    naive_bayes: float = Field(default=0.0, ge=0, le=1)
    balance: float = Field(default=0.5, ge=0, le=1)
    pool_below: int = Field(default=0, ge=0)
    calibrate: Literal["time", "folds"] = "time"
    share: float = Field(default=0.15, gt=0, lt=1)
    folds: int = Field(default=5, ge=2)
    certify: bool = True
    set_miss: float | None = Field(default=None, gt=0, lt=1)
    follow: float = Field(default=0.0, ge=0, le=1)
    reweigh: float = Field(default=0.0, ge=0, le=1)
    exclude: tuple[str, ...] = ()
    taught: Taught | None = None
    test: Source | None = None
    holdout: float = Field(default=0.0, ge=0, lt=1)


class VocabularyConfig(Part):
    """Which n-grams, seen in at least `min_count` texts, and how many at most."""

    char: int = Field(default=3, ge=1, le=8)
    word: int = Field(default=2, ge=0, le=2)
    word_scale: float = Field(default=0.7, gt=0)
    skip: int = Field(default=2, ge=0, le=4)
    skip_scale: float = Field(default=0.5, gt=0)
    min_count: int = Field(default=3, ge=3)
    max_features: int = Field(default=150_000, ge=1)


class ConductConfig(Part):
    """How the conduct head is trained.

    `authored`: files of appeals with marked stretches, `lines` of single utterances; `negatives`:
    files whose appeals must not be flagged, at most `most` of each, each clause counting
    `negative_weight`. Paths are those of a Source. A kind's threshold is the lowest at
    which at least `precision` of the
    authored appeals that it flags deserve a flag, and at most `real_share` of the real ones get it.
    """

    authored: tuple[str, ...] = Field(min_length=1)
    lines: tuple[str, ...] = ()
    negatives: tuple[str, ...] = ()
    most: int = Field(default=4000, ge=0)
    negative_weight: float = Field(default=0.3, gt=0)
    c: float = Field(default=10.0, gt=0)
    folds: int = Field(default=5, ge=2)
    precision: float = Field(default=0.95, gt=0, lt=1)
    real_share: float = Field(default=0.0005, ge=0, lt=1)
    spec: ClauseSpec = ClauseSpec()


class CascadeConfig(Part):
    """The encoder of a bundle, and which appeals it reads beside the linear tier.

    `encoder`: the folder that `jiesu encoder train` wrote, or `bundle` for the one that the output
    folder already holds. `sure`: below which confidence of the linear tier a head asks the encoder;
    `sure_long` the same for texts of `long` characters and more;
    `special`: from which chance of a disposition other than normal; `conduct_share`: the share of
    ordinary appeals, those whose clauses look worst, that is read for the caller's conduct.
    `keep`: `sure` is then but the most that a head may ask; it is lowered as far as the macro-F1 of
    held-out rows stays at this share of what reading everything gives. 0: taken as given.
    `set_miss`: by head, in place of the head's own. `alarm`: the chance from which an emergency is
    one, in place of what `set_miss` gives; 1 / (1 + c) if missing one costs as much as c false
    alarms. 0: none.
    `precision`, `real_share`: as in ConductConfig, of the flags that the encoder sets.
    """

    encoder: str
    sure: dict[str, float] = {"type": 0.9, "unit": 0.9}
    sure_long: dict[str, float] = {}
    long: int = Field(default=0, ge=0)
    keep: float = Field(default=0.0, ge=0, le=1)
    special: float = Field(default=0.1, gt=0, le=1)
    conduct_share: float = Field(default=0.03, gt=0, lt=1)
    set_miss: dict[str, float] = {}
    alarm: float = Field(default=0.0, ge=0, lt=1)
    precision: float = Field(default=0.95, gt=0, lt=1)
    real_share: float = Field(default=0.001, ge=0, lt=1)


class DutiesConfig(Part):
    """The matcher of duties, for units without training: `most` appeals that it is fitted on."""

    most: int = Field(default=4000, ge=100)
    penalty: float = Field(default=0.01, ge=0)


class TrainConfig(Part):
    """configs/train/<name>.yaml.

    `target_risk`, `delta`: a head decides alone where its share of errors is at most
    `target_risk` with probability 1 - delta. `set_miss`: how often a prediction set may miss the
    truth of any one class.
    """

    name: str
    version: str
    jurisdiction: str
    data: str
    output: str
    seed: int = 7
    segmenter: Backend = "rjieba"
    vocabulary: VocabularyConfig = VocabularyConfig()
    heads: dict[str, HeadConfig] = Field(min_length=1)
    conduct: ConductConfig | None = None
    cascade: CascadeConfig | None = None
    duties: DutiesConfig | None = None
    target_risk: float = Field(default=0.05, gt=0, lt=1)
    delta: float = Field(default=0.05, gt=0, lt=1)
    set_miss: float = Field(default=0.1, gt=0, lt=1)
    bootstrap: int = Field(default=1000, ge=100)


def load_config(path: Path, overrides: Sequence[str] = ()) -> TrainConfig:
    """Read a training file and apply overrides such as `heads.unit.c=0.5`.

    Raises ConfigError that prints the path of the fault, `heads -> unit -> c`.
    """
    if not path.is_file():
        raise ConfigError("no_config", f"no training file {path}")
    try:
        raw = yaml.safe_load(path.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError("bad_yaml", f"{path.name}: not readable as YAML: {error}") from None
    if not isinstance(raw, dict):
        raise ConfigError(
            "bad_yaml", f"{path.name}: found {type(raw).__name__}, expected a mapping"
        )
    for override in overrides:
        _apply(raw, override)
    try:
        return TrainConfig.model_validate(raw)
    except ValidationError as error:
        lines = [
            f"{path.name}: {' -> '.join(map(str, item['loc']))}: {item['msg']}"
            for item in error.errors(include_input=False)
        ]
        raise ConfigError("bad_config", "\n".join(lines)) from None


def _apply(raw: dict[str, Any], override: str) -> None:
    key, equals, value = override.partition("=")
    if not equals:
        raise ConfigError("bad_override", f"found {override!r}, expected a.b.c=value")
    *parents, last = key.split(".")
    place: Any = raw
    for name in parents:
        place = place.setdefault(name, {}) if isinstance(place, dict) else None
        if not isinstance(place, dict):
            raise ConfigError("bad_override", f"{' -> '.join(key.split('.'))}: no such place")
    try:
        place[last] = yaml.safe_load(value)
    except yaml.YAMLError:
        where = " -> ".join(key.split("."))
        raise ConfigError("bad_override", f"{where}: found a value that is no YAML") from None
