"""The one contract: what goes in (Appeal) and what comes out (Verdict).

API, batch, store and review all use these models. Field names are fixed by the design; offsets
point into the appeal's `text`, in Unicode code points.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

TypeCode = Literal["consultation", "help", "complaint", "report", "suggestion", "other"]
TYPE_CODES: tuple[TypeCode, ...] = (
    "consultation",
    "help",
    "complaint",
    "report",
    "suggestion",
    "other",
)
Route = Literal["direct", "district", "consult", "answer", "transfer", "none"]
DispositionCode = Literal[
    "normal", "emergency", "statutory", "repeat", "secrecy", "out_of_scope", "unlawful"
]
FlagKind = Literal["abuse", "threat", "obscene", "unlawful_demand", "discrimination", "harassment"]
RiskLevel = Literal["none", "watch", "urgent"]
Tier = Literal["linear", "transformer", "cascade"]
Action = Literal["auto", "review"]
Speaker = Literal["caller", "operator", "unknown"]


class Frozen(BaseModel):
    """A value: immutable, and an unknown field is an error."""

    # What was written stays out of messages: it may be a text or a caller's number.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Turn(Frozen):
    """One utterance of a call."""

    speaker: Speaker
    text: str


class Appeal(Frozen):
    """One appeal, as the hotline records it (Art. 10). `text` or `turns` is required.

    With `turns`, `text` is their transcript, one line a turn; offsets point into that `text`.
    caller: any stable key of who called, a number or an account; only compared, never written.
    """

    id: str
    text: str
    turns: tuple[Turn, ...] = ()
    received_at: str | None = None
    channel: str | None = None
    title: str | None = None
    address: str | None = None
    area: str | None = None
    subdistrict: str | None = None
    registered_type: str | None = None
    related_ids: tuple[str, ...] = ()
    caller: str | None = Field(default=None, repr=False)


class ErrorInfo(Frozen):
    """Why an appeal could not be scored. Never holds its text."""

    code: str
    message: str


class TypeVerdict(Frozen):
    """The appeal's type (Art. 2): calibrated probability of the best label, and all scores."""

    code: TypeCode | None
    name: str | None
    confidence: float
    set: tuple[TypeCode, ...] = ()
    scores: dict[str, float] = {}


class Candidate(Frozen):
    """A unit that could own the appeal."""

    unit: str
    function: str
    confidence: float


class Demand(Frozen):
    """One of several demands of an appeal: where it stands, and which unit it calls for."""

    start: int
    end: int
    unit: str
    function: str
    confidence: float


class Dispatch(Frozen):
    """Who should own the appeal and by which route (Art. 12). `unit` is function x area."""

    route: Route
    unit: str | None
    function: str | None
    area: str | None
    subdistrict: str | None
    confidence: float
    candidates: tuple[Candidate, ...] = ()
    cc: tuple[str, ...] = ()
    co_units: tuple[str, ...] = ()
    demands: tuple[Demand, ...] = ()
    catalogue: str
    reason: str


class Topic(Frozen):
    """The first level of the jurisdiction's topic tree."""

    name: str
    confidence: float


class Span(Frozen):
    """A stretch of the appeal's text."""

    text: str
    start: int
    end: int


class Disposition(Frozen):
    """Which special disposition of Art. 11 applies."""

    code: DispositionCode
    basis: str
    confidence: float
    evidence: tuple[Span, ...] = ()
    script: str | None = None


class Flag(Frozen):
    """A stretch of the caller's own words that calls for advice (Art. 9, 11(6), 37)."""

    kind: FlagKind
    actor: Literal["caller"]
    start: int
    end: int
    text: str
    confidence: float


class Advisory(Frozen):
    """What to say to the caller about the caller's own words. Never a refusal."""

    flagged: bool = False
    flags: tuple[Flag, ...] = ()
    script_id: str | None = None
    basis: tuple[str, ...] = ()


class ReportsIllegality(Frozen):
    """Whether the appeal alleges an illegal act of a third party; None: not judged."""

    value: bool | None = None
    confidence: float = 0.0


class Risk(Frozen):
    """Signs of an incident that must be told onward at once (Art. 29)."""

    level: RiskLevel = "none"
    reasons: tuple[str, ...] = ()


class Elements(Frozen):
    """The elements of a work order (Art. 10)."""

    time: str | None = None
    place: str | None = None
    object: str | None = None
    demand: str | None = None
    missing: tuple[str, ...] = ()


class Due(Frozen):
    """The time limit (Art. 13): rule, hours (working or by the clock, as the rule says), end."""

    rule: str | None = None
    hours: int | None = None
    at: str | None = None


class Decision(Frozen):
    """Whether a supervisor must look, why, and how soon (larger priority first)."""

    action: Action
    reasons: tuple[str, ...] = ()
    priority: float = 0.0


class Evidence(Frozen):
    """A stretch of text and what it added to the margin of the chosen label."""

    text: str
    weight: float
    start: int
    end: int


class Repeated(Frozen):
    """How an appeal repeats the earlier ones in `similar`, and what it says that they do not.

    similarity: 0 to 1, to the first of them. how: `stated` (it names their number), `exact`,
    `near_duplicate`, `same_matter` (same caller, place and matter). other_caller: all of them
    are known to come from others, so this caller does not repeat anything.
    """

    how: Literal["stated", "exact", "near_duplicate", "same_matter"]
    similarity: float
    new_fact: bool
    new: tuple[Span, ...] = ()
    other_caller: bool = False


class Explanation(Frozen):
    """Which words spoke for the chosen labels, and which earlier appeals say the same."""

    type: tuple[Evidence, ...] = ()
    unit: tuple[Evidence, ...] = ()
    similar: tuple[str, ...] = ()
    repeat: Repeated | None = None


class PiiSpan(Frozen):
    """A stretch of text that identifies a person."""

    kind: str
    start: int
    end: int


class ModelInfo(Frozen):
    """What produced the verdict. `labels` maps each head to the hash of its ordered labels."""

    bundle: str
    version: str
    tier: Tier
    labels: dict[str, str] = {}
    jurisdiction: str


class Verdict(Frozen):
    """What jiesu says of one appeal. `accepted` is true by type: no appeal is refused."""

    id: str
    accepted: Literal[True] = True
    error: ErrorInfo | None = None
    type: TypeVerdict
    dispatch: Dispatch
    topic: Topic | None = None
    disposition: Disposition
    advisory: Advisory = Advisory()
    reports_illegality: ReportsIllegality = ReportsIllegality()
    risk: Risk = Risk()
    elements: Elements = Elements()
    due: Due = Due()
    decision: Decision
    explanation: Explanation = Explanation()
    redacted_text: str | None = None
    pii: tuple[PiiSpan, ...] | None = None
    words: tuple[str, ...] | None = None
    model: ModelInfo
