"""Counts for the dashboard, made by the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, case, func, select

from jiesu.store.database import Database
from jiesu.store.tables import appeals, cases


@dataclass(frozen=True, slots=True)
class Volume:
    """Appeals of one kind: how many, how many of them decided automatically, how many flagged."""

    name: str
    total: int
    auto: int
    flagged: int


@dataclass(frozen=True, slots=True)
class Volumes:
    """The appeals stored in a period; days and hours are those of receipt, in Beijing."""

    total: Volume
    types: list[Volume]
    functions: list[Volume]
    areas: list[Volume]
    days: list[Volume]
    hours: list[Volume]


class Figures:
    """Counts what is stored."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def volumes(self, since: datetime, until: datetime) -> Volumes:
        """Return the appeals stored from `since` to before `until`, the most frequent first."""
        with self._database.read() as connection:
            total, types, functions, areas, days, hours = (
                _grouped(connection, column, since, until)
                for column in (
                    None,
                    appeals.c.type_code,
                    appeals.c.function,
                    appeals.c.verdict_area,
                    appeals.c.day,
                    appeals.c.hour,
                )
            )
        return Volumes(
            total=total[0],
            types=types,
            functions=functions,
            areas=areas,
            days=sorted(days, key=lambda one: one.name),
            hours=sorted(hours, key=lambda one: int(one.name)),
        )

    def waiting_since(self, now: datetime) -> list[datetime]:
        """Return when each waiting case was opened, oldest first."""
        query = select(cases.c.opened_at).where(cases.c.is_open, cases.c.available_at <= now)
        with self._database.read() as connection:
            return [row.opened_at for row in connection.execute(query.order_by(cases.c.opened_at))]


def _grouped(connection: Connection, column: Any, since: datetime, until: datetime) -> list[Volume]:
    query = select(
        func.count().label("total"),
        func.coalesce(func.sum(case((appeals.c.action == "auto", 1), else_=0)), 0).label("auto"),
        func.coalesce(func.sum(case((appeals.c.flagged, 1), else_=0)), 0).label("flagged"),
    ).where(appeals.c.stored_at >= since, appeals.c.stored_at < until)
    if column is not None:
        query = query.add_columns(column.label("name")).group_by(column)
    rows = connection.execute(query)
    found = [
        Volume("" if column is None else _name(row.name), row.total, row.auto, row.flagged)
        for row in rows
    ]
    return sorted(found, key=lambda one: (-one.total, one.name))


def _name(value: Any) -> str:
    return "" if value is None else str(value)
