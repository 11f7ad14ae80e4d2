"""From a record as it was sent to an answer: read, score, store, say what became of it."""

from __future__ import annotations

import hashlib
import unicodedata
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

from jiesu.corpus.columns import field_of
from jiesu.corpus.read import Row, appeal_from
from jiesu.errors import JiesuError
from jiesu.schema import ErrorInfo, Verdict
from jiesu.serve.batcher import Batcher
from jiesu.serve.hotswap import Engines
from jiesu.serve.metrics import Metrics
from jiesu.serve.problems import ServeError, busy
from jiesu.serve.settings import ServeSettings
from jiesu.serve.writer import Outcome, Writer
from jiesu.store import ID_LIMIT, Scored


class Work(NamedTuple):
    """What the batcher scores: a row, and whether its words are wanted too."""

    row: Row
    words: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an answer shows beyond the usual."""

    redact: bool = False
    words: bool = False


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: the API key's id in the store, and the Idempotency-Key of the request."""

    key_id: int | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one appeal. outcome: `new` or `same` if it is stored, else None.

    With a problem there is no verdict, or one that has an `error`.
    """

    id: str
    verdict: Verdict | None
    outcome: Literal["new", "same"] | None = None
    problem: JiesuError | None = None


class Scorer:
    """Answers appeals: one engine, one queue, one writer behind every route that scores."""

    def __init__(
        self,
        settings: ServeSettings,
        engines: Engines,
        writer: Writer,
        metrics: Metrics,
    ) -> None:
        self._settings = settings
        self._engines = engines
        self._writer = writer
        self._metrics = metrics
        self.batcher: Batcher[Work, Verdict] = Batcher(
            self._score, size=_size, settings=settings, metrics=metrics
        )

    async def one(self, record: Mapping[str, Any], *, sender: Sender, wanted: Wanted) -> Answer:
        """Return the answer to one record. Raises JiesuError for what cannot be scored or taken."""
        row = self._read(record, sender, number=1)
        if row.error is not None:
            raise ServeError(422, row.error.code, row.error.message)
        verdict = await self.batcher.one(Work(row, wanted.words))
        (outcome,) = await self._writer.write([self._scored(row, verdict, sender)])
        answer = _answer(row, verdict, outcome, wanted)
        if answer.problem is not None:
            raise answer.problem
        return answer

    async def many(self, records: Sequence[Any], *, sender: Sender, wanted: Wanted) -> list[Answer]:
        """Return one answer a record, in order. Raises ServeError if not all can be taken."""
        rows = [
            self._read(record, _numbered(sender, number), number=number)
            for number, record in enumerate(records, start=1)
        ]
        found = await self.batcher.many([Work(row, wanted.words) for row in rows])
        good = [
            number
            for number, (row, result) in enumerate(zip(rows, found, strict=True))
            if row.error is None and isinstance(result, Verdict)
        ]
        scored = [
            self._scored(rows[number], result, _numbered(sender, number + 1))
            for number in good
            if isinstance(result := found[number], Verdict)
        ]
        outcomes = dict(zip(good, await self._writer.write(scored, bulk=True), strict=True))
        return [
            _answer(row, result, outcomes.get(number), wanted)
            for number, (row, result) in enumerate(zip(rows, found, strict=True))
        ]

    def check_ready(self) -> None:
        """Raise ServeError 503 while no bundle is loaded."""
        if self._engines.current is None:
            raise busy("loading", "the bundle is being loaded, come again", status=503)

    def _read(self, record: Any, sender: Sender, *, number: int) -> Row:
        row = appeal_from(record, number=number)
        if not _has_id(record):
            row = _renamed(row, _new_id(sender))
        if fault := self._fault(row):
            return replace(row, appeal=None, error=fault)
        return row

    def _fault(self, row: Row) -> ErrorInfo | None:
        if row.appeal is None:
            return row.error
        if len(row.id) > ID_LIMIT:
            return ErrorInfo(
                code="bad_id",
                message=f"found an id of {len(row.id)} characters, expected at most {ID_LIMIT}",
            )
        if any(unicodedata.category(character) == "Cc" for character in row.id):
            return ErrorInfo(code="bad_id", message="found a control character in the id")
        most = self._settings.text_limit
        if len(row.appeal.text) > most:
            return ErrorInfo(
                code="too_long",
                message=f"found a text of {len(row.appeal.text)} characters, "
                f"expected at most {most}",
            )
        return None

    def _score(self, items: Sequence[Work]) -> list[Verdict]:
        """Score a batch with the engine of this moment; runs in the batcher's thread."""
        serving = self._engines.current
        if serving is None:
            raise busy("loading", "the bundle is being loaded, come again", status=503)
        words = any(item.words for item in items)
        found = list(
            serving.engine.stream(
                [item.row for item in items], redact=True, words=words, batch=len(items)
            )
        )
        for verdict in found:
            if verdict.error is None:
                self._metrics.scored.labels(verdict.decision.action).inc()
            else:
                self._metrics.failed.inc()
        return found

    def _scored(self, row: Row, verdict: Verdict, sender: Sender) -> Scored:
        if row.appeal is None:
            raise ValueError("found a row without an appeal, expected one that was scored")
        return Scored(
            appeal=row.appeal,
            verdict=verdict,
            key_id=sender.key_id,
            idempotency_key=sender.idempotency_key,
        )


def _answer(row: Row, result: Verdict | Exception, outcome: Outcome, wanted: Wanted) -> Answer:
    if isinstance(result, Exception):
        problem = result if isinstance(result, JiesuError) else _failed()
        return Answer(row.id, None, problem=problem)
    if row.error is not None:
        return Answer(row.id, result, problem=ServeError(422, row.error.code, row.error.message))
    if isinstance(outcome, JiesuError):
        return Answer(row.id, None, problem=outcome)
    if outcome is None:
        return Answer(row.id, _shown(result, result, wanted))
    if outcome.verdict is None or outcome.outcome == "conflict":
        return Answer(outcome.id, None, problem=_conflict(outcome.id))
    return Answer(outcome.id, _shown(outcome.verdict, result, wanted), outcome.outcome)


def _shown(verdict: Verdict, fresh: Verdict, wanted: Wanted) -> Verdict:
    """Leave out of a verdict what was not asked for. Words are not stored: they are the fresh."""
    update: dict[str, Any] = {"words": fresh.words if wanted.words else None}
    if not wanted.redact:
        update |= {"redacted_text": None, "pii": None}
    return verdict.model_copy(update=update)


def _conflict(id: str) -> ServeError:
    return ServeError(
        409,
        "other_text",
        "this id or Idempotency-Key is known with another text; send it under a new one",
        id=id,
    )


def _failed() -> ServeError:
    return ServeError(500, "internal", "this appeal could not be scored; the log knows more")


def _has_id(record: Any) -> bool:
    return isinstance(record, Mapping) and any(
        isinstance(name, str) and field_of(name) == "id" and str(value or "").strip()
        for name, value in record.items()
    )


def _new_id(sender: Sender) -> str:
    """Return an id for an appeal without one: with an Idempotency-Key the same at every retry."""
    if sender.idempotency_key is None:
        return f"a-{uuid.uuid4().hex}"
    named = f"{sender.key_id}\n{sender.idempotency_key}".encode("utf-8", "replace")
    return f"k-{hashlib.sha256(named).hexdigest()[:32]}"


def _renamed(row: Row, id: str) -> Row:
    appeal = row.appeal and row.appeal.model_copy(update={"id": id})
    return replace(row, id=id, appeal=appeal)


def _numbered(sender: Sender, number: int) -> Sender:
    """Return the sender of one item: a batch's Idempotency-Key is one for each of its places."""
    if sender.idempotency_key is None:
        return sender
    return replace(sender, idempotency_key=f"{sender.idempotency_key}#{number}")


def _size(item: Work) -> int:
    return len(item.row.appeal.text) if item.row.appeal is not None else 1
