"""`/open311/v2/requests`: stored appeals as Open311 GeoReport v2 shows service requests.

A read view: `service_code` is the type, `agency_responsible` the unit, `expected_datetime` the end
of the time limit, `description` the text without personal data. A request is open until a
supervisor has decided it.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from jiesu.errors import InputError
from jiesu.schema import Frozen, TypeCode
from jiesu.serve.auth import Principal, needs
from jiesu.serve.routes.appeals import unknown
from jiesu.serve.routes.faults import faults
from jiesu.serve.service import Service, TheService
from jiesu.store import AppealRecord

router = APIRouter(prefix="/open311/v2", tags=["open311"])

_BEIJING = timezone(timedelta(hours=8))
_MOST_IDS = 100


class ServiceRequest(Frozen):
    """A service request of GeoReport v2; what jiesu does not know is null."""

    service_request_id: str
    status: Literal["open", "closed"]
    status_notes: str | None
    service_code: str | None
    service_name: str | None
    description: str
    agency_responsible: str | None
    service_notice: str | None
    requested_datetime: datetime
    updated_datetime: datetime
    expected_datetime: datetime | None
    address: str | None
    address_id: str | None = None
    zipcode: str | None = None
    lat: float | None = None
    long: float | None = None
    media_url: str | None = None
    jurisdiction_id: str


Jurisdiction = Annotated[
    str | None, Query(alias="jurisdiction_id", description="The catalogue; any other has nothing.")
]


@router.get(
    "/requests.json", response_model=list[ServiceRequest], responses=faults(401, 403, 422, 429, 503)
)
def requests(
    service: TheService,
    caller: Annotated[Principal, needs("read")],
    service_request_id: Annotated[
        str | None, Query(description="Ids, separated by commas; other filters are not heeded.")
    ] = None,
    service_code: TypeCode | None = None,
    start_date: Annotated[AwareDatetime | None, Query(description="Received since then.")] = None,
    end_date: Annotated[AwareDatetime | None, Query(description="Received before then.")] = None,
    status: Literal["open", "closed"] | None = None,
    jurisdiction_id: Jurisdiction = None,
    page_size: Annotated[int, Query(ge=1, le=500)] = 50,
    page: Annotated[int, Query(ge=1, le=200)] = 1,
) -> list[ServiceRequest]:
    """Return stored appeals, those received last first."""
    if jurisdiction_id is not None and jurisdiction_id != _catalogue(service):
        return []
    appeals = service.store.appeals
    if service_request_id is not None:
        ids = [part.strip() for part in service_request_id.split(",") if part.strip()]
        if len(ids) > _MOST_IDS:
            raise InputError("too_many_ids", f"found {len(ids)} ids, expected at most {_MOST_IDS}")
        found = appeals.get_many(ids)
        return _shown(service, list(found.values()))
    cursor: str | None = None
    for number in range(page):
        rows = appeals.page(
            since=start_date,
            until=end_date,
            type=service_code,
            is_open=None if status is None else status == "open",
            after=cursor,
            limit=page_size,
        )
        if number == page - 1:
            return _shown(service, rows.items)
        if rows.next is None:
            return []
        cursor = rows.next
    return []


@router.get(
    "/requests/{id:path}.json",
    response_model=list[ServiceRequest],
    responses=faults(401, 403, 404, 422, 429, 503),
)
def one_request(
    id: str,
    service: TheService,
    caller: Annotated[Principal, needs("read")],
    jurisdiction_id: Jurisdiction = None,
) -> list[ServiceRequest]:
    """Return one stored appeal, in a list, as the standard has it."""
    record = service.store.appeals.get(id)
    if record is None or jurisdiction_id not in (None, _catalogue(service)):
        raise unknown()
    return _shown(service, [record])


def _catalogue(service: Service) -> str:
    return service.serving().engine.jurisdiction.catalogue


def _shown(service: Service, records: list[AppealRecord]) -> list[ServiceRequest]:
    waiting = service.store.appeals.open_ids([record.id for record in records])
    return [_request(record, is_open=record.id in waiting) for record in records]


def _request(record: AppealRecord, *, is_open: bool) -> ServiceRequest:
    verdict = record.verdict
    due = verdict.due
    return ServiceRequest(
        service_request_id=record.id,
        status="open" if is_open else "closed",
        status_notes=", ".join(verdict.decision.reasons) or None,
        service_code=verdict.type.code,
        service_name=verdict.type.name,
        description=record.text,
        agency_responsible=verdict.dispatch.unit,
        service_notice=due.rule,
        requested_datetime=record.received,
        updated_datetime=record.stored_at,
        expected_datetime=_moment(due.at),
        address=record.address or verdict.elements.place,
        jurisdiction_id=verdict.dispatch.catalogue,
    )


def _moment(written: str | None) -> datetime | None:
    """Return the end of a time limit as a moment; without a zone it is Beijing time."""
    if written is None:
        return None
    found = datetime.fromisoformat(written)
    return found if found.tzinfo else found.replace(tzinfo=_BEIJING)
