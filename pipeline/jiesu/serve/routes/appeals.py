"""`/v1/appeals`: score, look up, and say what became of it."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response

from jiesu.schema import Verdict
from jiesu.serve import payloads, problems
from jiesu.serve.auth import Principal, gatekeeper, needs
from jiesu.serve.limits import read_body
from jiesu.serve.problems import ServeError
from jiesu.serve.routes.faults import faults
from jiesu.serve.scoring import Answer, Sender, Wanted
from jiesu.serve.service import TheService
from jiesu.store import AppealRecord, Review

router = APIRouter(prefix="/v1", tags=["appeals"])
JSON = "application/json"

Redact = Annotated[bool, Query(description="Show `redacted_text` and `pii` too.")]
Words = Annotated[bool, Query(description="Show the words as the model cut them.")]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="The same key with the same text is one appeal, whatever its id; with another "
        "text it is 409.",
    ),
]


@router.post(
    "/appeals",
    summary="Score one appeal",
    openapi_extra=payloads.one_body(),
    response_model=payloads.Scored,
    responses={
        201: {"model": payloads.Scored, "description": "Scored and stored as new"},
        200: {"description": "Known already, or scored and not stored"},
        **faults(400, 401, 403, 408, 409, 413, 422, 429, 503),
    },
)
async def score(
    request: Request,
    service: TheService,
    caller: Annotated[Principal, needs("score")],
    redact: Redact = False,
    words: Words = False,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Return the verdict of one appeal, once it is stored.

    The same `id` with the same text is one record and has the stored verdict; with another text it
    is 409. An appeal without an id is given one. Whatever a verdict quotes has its personal data
    masked. `stored: false` says that the store is down: send the appeal again later.
    """
    service.scorer.check_ready()
    record = payloads.one_record(await _body(request, service.settings.body_seconds))
    sender = Sender(caller.key_id, idempotency_key)
    answer = await service.scorer.one(record, sender=sender, wanted=Wanted(redact, words))
    headers = {"Location": _path(answer.id)} if answer.outcome else {}
    return Response(_scored(answer), _status(answer), headers, JSON)


@router.post(
    "/appeals:batch",
    summary="Score up to 1,000 appeals",
    openapi_extra=payloads.many_body(),
    response_model=payloads.Batch,
    responses=faults(400, 401, 403, 408, 413, 422, 429, 503),
)
async def score_batch(
    request: Request,
    service: TheService,
    caller: Annotated[Principal, needs("score", limited=False)],
    redact: Redact = False,
    words: Words = False,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Return one item an appeal, in order; `status` is what the appeal alone would have had.

    One bad appeal fails none of the others. A thousand wait behind single appeals. Each counts as
    a request against the rate of the key.
    """
    service.scorer.check_ready()
    records = payloads.many_records(await _body(request, service.settings.body_seconds))
    gatekeeper(request).check_rate(caller, len(records))
    sender = Sender(caller.key_id, idempotency_key)
    answers = await service.scorer.many(records, sender=sender, wanted=Wanted(redact, words))
    # A thousand verdicts are some megabytes of JSON: not on the event loop.
    return Response(await asyncio.to_thread(_batch, answers), 200, media_type=JSON)


# An id may hold a slash: the longer paths come first.
@router.get(
    "/appeals/{id:path}/history",
    summary="Every version of a verdict",
    response_model=payloads.History,
    responses=faults(401, 403, 404, 422, 429, 503),
)
def history(
    id: str, service: TheService, caller: Annotated[Principal, needs("read")]
) -> payloads.History:
    """Return every verdict that an appeal has had, and what reviewers said of it.

    While an appeal waits for a blind second view, a browser is shown its own reviews alone.
    """
    versions = service.store.appeals.history(id)
    if not versions:
        raise unknown()
    return payloads.History(
        id=id,
        versions=tuple(
            payloads.Version(version=one.version, created_at=one.created_at, verdict=one.verdict)
            for one in versions
        ),
        reviews=tuple(
            review_page(one) for one in service.store.reviews.of(id, viewer=caller.user_id)
        ),
    )


@router.get(
    "/appeals/{id:path}",
    summary="A stored appeal with its verdict",
    response_model=payloads.StoredAppeal,
    responses=faults(401, 403, 404, 422, 429, 503),
)
def appeal(
    id: str, service: TheService, caller: Annotated[Principal, needs("read")]
) -> payloads.StoredAppeal:
    """Return an appeal as it is stored, personal data replaced, and its latest verdict."""
    record = service.store.appeals.get(id)
    if record is None:
        raise unknown()
    return stored_appeal(record)


def stored_appeal(record: AppealRecord) -> payloads.StoredAppeal:
    """Return a record of the store as the API shows it."""
    names = set(payloads.StoredAppeal.model_fields)
    return payloads.StoredAppeal(**{name: getattr(record, name) for name in names})


def review_page(review: Review) -> payloads.Review:
    """Return a review of the store as the API shows it."""
    return payloads.Review(
        id=review.id,
        kind=review.kind,
        action=review.action,
        by=review.actor,
        version=review.version,
        changes=dict(review.changes),
        comment=review.comment,
        decided_at=review.decided_at,
    )


def unknown() -> ServeError:
    """Return the answer to an id under which nothing is stored."""
    return ServeError(404, "unknown_appeal", "no appeal is stored under this id")


async def _body(request: Request, seconds: float) -> bytes:
    return await read_body(request, seconds=seconds)


def _scored(answer: Answer) -> bytes:
    head = {"id": answer.id, "stored": answer.outcome is not None, "outcome": answer.outcome}
    return _with_verdict(head, answer.verdict)


def _with_verdict(head: dict[str, Any], verdict: Verdict | None) -> bytes:
    """Return an object whose last member is a verdict, without parsing what pydantic wrote."""
    said = b"null" if verdict is None else verdict.model_dump_json().encode()
    begun = json.dumps(head, ensure_ascii=False).encode()[:-1]
    return begun + b', "verdict": ' + said + b"}"


def _batch(answers: list[Answer]) -> bytes:
    return b'{"items": [' + b", ".join(map(_item, answers)) + b"]}"


def _item(answer: Answer) -> bytes:
    problem = answer.problem
    stored = answer.outcome is not None
    head = {
        "id": answer.id,
        "status": problems.status_of(problem)
        if problem
        else 201
        if answer.outcome == "new"
        else 200,
        "stored": stored,
        "outcome": answer.outcome,
        "problem": problems.document(problem) if problem else None,
    }
    return _with_verdict(head, answer.verdict)


def _status(answer: Answer) -> int:
    return 201 if answer.outcome == "new" else 200


def _path(id: str) -> str:
    return f"/v1/appeals/{quote(id, safe='')}"
