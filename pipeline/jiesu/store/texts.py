"""Stored texts without their verdicts, for what compares one appeal with many."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select

from jiesu.store.database import Database
from jiesu.store.tables import appeals


class StoredText(NamedTuple):
    """The beginning of an appeal's redacted text."""

    id: str
    stored_at: datetime
    text: str


class Texts:
    """Reads texts as they are stored: redacted."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def latest(
        self, limit: int, *, since: datetime | None = None, length: int = 1_000
    ) -> list[StoredText]:
        """Return the `limit` appeals stored last, the latest first, `length` characters of each.

        since: none that was stored before. Raises StoreError.
        """
        query = select(
            appeals.c.id, appeals.c.stored_at, func.substr(appeals.c.text, 1, length).label("text")
        )
        if since is not None:
            query = query.where(appeals.c.stored_at >= since)
        query = query.order_by(appeals.c.stored_at.desc()).limit(limit)
        with self._database.read() as connection:
            return [StoredText(*row) for row in connection.execute(query)]
