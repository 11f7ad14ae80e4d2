"""What a supervisor does with a case: decide it, take that back, give it away, keep it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import Response

from jiesu.errors import InputError, StoreError
from jiesu.serve.pages.access import Reviewer, sees_kinds
from jiesu.serve.pages.answer import Answer, changes_of
from jiesu.serve.pages.case import show, unknown_case
from jiesu.serve.pages.faults import PageRoute
from jiesu.serve.pages.filters import Wanted
from jiesu.serve.pages.queue import to_case, to_queue
from jiesu.serve.service import Service, TheService
from jiesu.store import Case, Session, VerdictRecord

router = APIRouter(route_class=PageRoute)
_SHOWN_AGAIN = ("unknown_unit", "unknown_place", "bad_changes", "bad_comment")


async def _answer(
    type: Annotated[str, Form()] = "",
    function: Annotated[str, Form()] = "",
    other: Annotated[str, Form()] = "",
    place: Annotated[str, Form()] = "",
    disposition: Annotated[str, Form()] = "",
    route: Annotated[str, Form()] = "",
    risk: Annotated[str, Form()] = "",
    flags: Annotated[list[str] | None, Form()] = None,
    comment: Annotated[str, Form()] = "",
) -> Answer:
    # A browser sends line ends as two characters; the limit counts what was typed.
    said = comment.replace("\r\n", "\n").strip()
    given = tuple(flags or ())
    return Answer(type, function, other, place, disposition, route, risk, given, said)


@router.post("/cases/{case_id}/decision")
def decide(
    case_id: int,
    request: Request,
    service: TheService,
    session: Reviewer,
    answer: Annotated[Answer, Depends(_answer)],
    version: Annotated[int, Form()] = 1,
    queue: Annotated[str, Form()] = "",
) -> Response:
    """Decide a case and open the next; unchanged, the verdict is accepted.

    An answer that the catalogue does not know shows the form again as it was sent.
    """
    now = datetime.now(UTC)
    store = service.store
    case = store.reviews.case(case_id)
    looked_at = _looked_at(service, case, version)
    if case is None or looked_at is None:
        raise unknown_case()
    wanted = Wanted.of_query(queue, sees_kinds=sees_kinds(session))
    try:
        changes = changes_of(answer, looked_at.verdict, service.serving().engine.jurisdiction)
        review = store.reviews.decide(
            case_id,
            session.user.id,
            "correct" if changes else "accept",
            changes,
            answer.comment,
            now=now,
            version=version,
        )
    except InputError as error:
        if error.code not in _SHOWN_AGAIN:
            raise
        return show(
            request,
            service,
            session,
            case,
            now,
            entered=answer,
            query=queue,
            status=422,
            notice=error.code,
        )
    except StoreError as error:
        if error.code != "store_conflict":
            raise
        return _next(service, session, wanted, now, notice="lost")
    return _next(service, session, wanted, now, undo=review.id)


@router.post("/reviews/{review_id}/undo")
def undo(
    review_id: int,
    service: TheService,
    session: Reviewer,
    queue: Annotated[str, Form()] = "",
    case: Annotated[int | None, Form()] = None,
) -> Response:
    """Take a decision back and open its case again; the one opened since goes back."""
    wanted = Wanted.of_query(queue, sees_kinds=sees_kinds(session))
    reviews = service.store.reviews
    review = reviews.get(review_id)
    is_undone = review is not None and reviews.undo(review_id, session.user.id, datetime.now(UTC))
    if not is_undone or review is None or review.case_id is None:
        if case is not None:
            return to_case(case, wanted, notice="too_late")
        return to_queue(wanted, notice="too_late")
    if case is not None and case != review.case_id:
        reviews.release(case, session.user.id)
    return to_case(review.case_id, wanted, notice="undone")


@router.post("/cases/{case_id}/release")
def release(
    case_id: int,
    service: TheService,
    session: Reviewer,
    queue: Annotated[str, Form()] = "",
) -> Response:
    """Give a case back and return to the queue; an administrator may free another's."""
    force = session.user.role == "admin"
    service.store.reviews.release(case_id, session.user.id, force=force)
    return to_queue(Wanted.of_query(queue, sees_kinds=sees_kinds(session)))


@router.post("/cases/{case_id}/claim")
def keep(case_id: int, service: TheService, session: Reviewer) -> Response:
    """Keep a case that one is still working on; 409 if somebody else has it by now."""
    kept = service.store.reviews.claim(case_id, session.user.id, datetime.now(UTC))
    return Response(status_code=204 if kept else 409)


def _looked_at(service: Service, case: Case | None, version: int) -> VerdictRecord | None:
    if case is None:
        return None
    versions = service.store.appeals.history(case.appeal_id)
    return next((one for one in versions if one.version == version), None)


def _next(
    service: Service, session: Session, wanted: Wanted, now: datetime, **more: str | int
) -> Response:
    user = session.user.id
    found = service.store.reviews.claim_next(user, wanted.filters(), now=now)
    return to_case(found.id, wanted, **more) if found else to_queue(wanted, **more)
