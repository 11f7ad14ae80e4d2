"""What a fine-tuning is: one YAML file, configs/train/encoder.yaml."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from jiesu.learn.config import Part, Source


class EncoderHead(Part):
    """One head over whole appeals. `weight`: what its loss counts beside the others'.

    `balance`: a row counts (mean class size / own class size) ** balance. `second`: a column with
    another label that a fair reader could give, which then is `share` of what is to be learned.
    """

    sources: tuple[Source, ...] = Field(min_length=1)
    weight: float = Field(default=1.0, gt=0)
    balance: float = Field(default=0.0, ge=0, le=1)
    second: str = ""
    share: float = Field(default=0.2, gt=0, lt=1)


class EncoderConduct(Part):
    """The head over pieces: stretches of the caller's own conduct.

    `authored` appeals and `lines` have their stretches marked, as in ConductConfig. `negatives`:
    files of real appeals that hold none, and how many of each are shown.
    """

    authored: tuple[str, ...] = Field(min_length=1)
    lines: tuple[str, ...] = ()
    negatives: dict[str, int] = Field(default_factory=dict)
    weight: float = Field(default=3.0, gt=0)


class Hold(Part):
    """Which share of a file is kept from training, to calibrate and certify on: the latest rows
    `by: time`, or near-duplicate groups drawn by the seed."""

    share: float = Field(gt=0, lt=1)
    by: Literal["time", "groups"]


class EncoderConfig(Part):
    """configs/train/encoder.yaml.

    `base`: a Hugging Face folder with a BERT and a unigram tokenizer.json. `pieces`: the longest
    window; of a longer text the head three quarters and the tail are read. `batch`: pieces of a
    batch, `accumulate` of which make a step. `patience`: epochs without a lower loss on the rows
    held out before the training ends early and keeps the best weights, 0 never: those rows are then
    no longer quite unseen. `repeat`: how often an epoch shows a file's rows, 1 unless named.
    `rate`: of the top layer, each lower one `layer_decay` times the one above; `head_rate` of the
    heads. `warm_up`: share of the steps. `frozen`: lowest layers left as they are (the embeddings
    always are).
    """

    base: str
    data: str
    output: str
    jurisdiction: str
    seed: int = 7
    heads: dict[str, EncoderHead] = Field(min_length=1)
    conduct: EncoderConduct | None = None
    hold: dict[str, Hold] = Field(default_factory=dict)
    exclude: tuple[str, ...] = ()
    repeat: dict[str, float] = Field(default_factory=dict)
    pieces: int = Field(default=192, ge=16, le=510)
    batch: int = Field(default=2048, ge=64)
    accumulate: int = Field(default=1, ge=1)
    patience: int = Field(default=0, ge=0)
    epochs: int = Field(default=3, ge=1)
    rate: float = Field(default=1.2e-4, gt=0)
    layer_decay: float = Field(default=0.9, gt=0, le=1)
    head_rate: float = Field(default=1e-3, gt=0)
    warm_up: float = Field(default=0.06, ge=0, lt=1)
    weight_decay: float = Field(default=0.01, ge=0)
    dropout: float = Field(default=0.1, ge=0, lt=1)
    frozen: int = Field(default=0, ge=0)
    save_every: int = Field(default=200, ge=1)
