"""manifest.json: all that a bundle says of itself, unknown keys refused."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from jiesu.heads.clauses import ClauseSpec
from jiesu.heads.linear import Calibration
from jiesu.schema import FlagKind, Tier
from jiesu.text.ngrams import NgramSpec
from jiesu.text.segment import Backend


class Part(BaseModel):
    """A part of the manifest: immutable, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class HeadEntry(Part):
    """One head: labels in order, bias, calibration, and which rare labels were pooled where.

    floors: from which probability a label belongs to the prediction set.
    """

    name: str
    labels: tuple[str, ...]
    labels_hash: str
    bias: tuple[float, ...]
    prior: tuple[float, ...]
    calibration: Calibration
    floors: tuple[float, ...]
    pooled: dict[str, str] = {}
    rows: int


class ThresholdEntry(Part):
    """Above which confidence a head decides alone; None: never, nothing could be certified.

    Certified: among the rows that it decides, the share of errors is at most `target_risk` with
    probability 1 - delta. coverage, errors: on the `rows` that it was certified on.
    """

    confidence: float | None
    target_risk: float
    delta: float
    coverage: float
    errors: int
    rows: int
    certified: bool


class ConductEntry(Part):
    """The conduct head: kinds in order, its numbers (one a kind), the patterns that it reads.

    thresholds: the probability from which a clause is flagged. appeals, lines: trained on.
    """

    kinds: tuple[FlagKind, ...]
    spec: ClauseSpec
    patterns_hash: str
    scales: tuple[float, ...]
    bias: tuple[float, ...]
    slopes: tuple[float, ...]
    offsets: tuple[float, ...]
    thresholds: tuple[float, ...]
    narrow: tuple[float, ...]
    appeals: int
    lines: int


class BlendEntry(Part):
    """A head of both tiers: the powers of their probabilities, and its floors in the cascade."""

    linear: float
    encoder: float
    floors: tuple[float, ...]


class EncoderEntry(Part):
    """The encoder: its heads' labels in the graph's order, the longest window, and the cascade.

    sure, sure_long, long, special, conduct: see heads.cascade.Reach. flag (thresholds), cutting,
    mix (weights): see heads.stretches.Stretches.
    thresholds: by tier and head; of a head in `sure`, the cascade's are of what the encoder reads.
    trained: what the encoder's card says of its training.
    """

    labels: tuple[tuple[str, tuple[str, ...]], ...]
    kinds: tuple[FlagKind, ...]
    pieces: int
    blends: dict[str, BlendEntry]
    sure: dict[str, float]
    sure_long: dict[str, float]
    long: int
    special: float
    conduct: float
    flag: tuple[float, ...]
    cutting: tuple[float, float, float, float]
    mix: tuple[float, float, float, float]
    thresholds: dict[str, dict[str, ThresholdEntry]]
    trained: dict[str, Any]


class DutyEntry(Part):
    """Log-odds that an untrained unit owns an appeal: see heads.duties. sense: with sentences."""

    bias: float
    weights: dict[str, float]


class DutiesEntry(Part):
    """The matcher of duties: by words alone, and with a sentence encoder if it was there.

    rows: appeals that it was fitted on.
    """

    words: DutyEntry
    sense: DutyEntry | None = None
    rows: int


def _from(entry: ThresholdEntry, limit: float) -> ThresholdEntry:
    """Return a certificate as it holds of rows from `limit` on: not, if it was found on more."""
    if entry.confidence is not None and limit > entry.confidence:
        return entry.model_copy(update={"confidence": None, "certified": False})
    return entry


class TokeniserEntry(Part):
    """How words are cut: back end, its version, and a hash of the jurisdiction's dictionary."""

    backend: Backend
    version: str
    words_hash: str


class Manifest(Part):
    """manifest.json."""

    format: int
    name: str
    version: str
    package: str
    jurisdiction: str
    jurisdiction_hash: str
    tokeniser: TokeniserEntry
    ngrams: NgramSpec
    min_count: int
    heads: tuple[HeadEntry, ...]
    conduct: ConductEntry | None = None
    encoder: EncoderEntry | None = None
    duties: DutiesEntry | None = None
    thresholds: dict[str, ThresholdEntry]
    seed: int
    config: dict[str, Any]
    data: dict[str, str]
    metrics: dict[str, Any]
    files: dict[str, str]

    def thresholds_of(self, tier: Tier) -> dict[str, ThresholdEntry]:
        """Return the threshold of each head that a tier is certified for.

        In the cascade, of a head that the linear tier may be `sure` of, it is the linear tier's, of
        the appeals that the linear tier answers; `read_thresholds` has the others'.
        """
        if tier == "linear" or self.encoder is None:
            return self.thresholds
        found = self.thresholds | self.encoder.thresholds[tier]
        if tier == "cascade":
            sure = {
                head: max(limit, self.encoder.sure_long.get(head, 0.0))
                for head, limit in self.encoder.sure.items()
                if head in self.thresholds
            }
            found |= {head: _from(self.thresholds[head], limit) for head, limit in sure.items()}
        return found

    def read_thresholds(self) -> dict[str, ThresholdEntry]:
        """Return by head what is certified in the cascade of the appeals that the encoder read."""
        return {} if self.encoder is None else self.encoder.thresholds["cascade"]

    def floors_of(self, tier: Tier) -> dict[str, tuple[float, ...]]:
        """Return the floors of each head's prediction sets in a tier."""
        floors = {head.name: head.floors for head in self.heads}
        if tier != "linear" and self.encoder is not None:
            floors |= {name: blend.floors for name, blend in self.encoder.blends.items()}
        return floors
