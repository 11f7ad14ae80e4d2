"""The store as one thing: opened by URL, brought up to date, handed round."""

from __future__ import annotations

import secrets
from datetime import datetime
from types import TracebackType

from sqlalchemy import Connection, insert, select, text

from jiesu.store.appeals import Appeals
from jiesu.store.database import Database
from jiesu.store.draw import Sampling
from jiesu.store.figures import Figures
from jiesu.store.keys import ApiKeys
from jiesu.store.location import store_url
from jiesu.store.log import DecisionLog
from jiesu.store.migrate import migrate
from jiesu.store.purge import Purged, purge
from jiesu.store.reviews import Reviews
from jiesu.store.sessions import Sessions
from jiesu.store.tables import meta
from jiesu.store.texts import Texts
from jiesu.store.users import Users
from jiesu.store.vault import Vault, key_from_environment, no_key


class Store:
    """What one deployment remembers. Threads may share it; `close` it at the end."""

    def __init__(
        self, database: Database, vault: Vault, sampling: Sampling, *, store_original: bool
    ) -> None:
        self._database = database
        self.log = DecisionLog(database)
        self.appeals = Appeals(
            database, self.log, vault, store_original=store_original, sampling=sampling
        )
        self.reviews = Reviews(database, self.log, sampling)
        self.users = Users(database, self.log)
        self.keys = ApiKeys(database, self.log)
        self.sessions = Sessions(database)
        self.figures = Figures(database)
        self.texts = Texts(database)

    def ping(self) -> None:
        """Ask the store for a sign of life. Raises StoreError."""
        with self._database.read() as connection:
            connection.execute(text("SELECT 1"))

    def purge(self, before: datetime, *, actor: str = "cli", now: datetime | None = None) -> Purged:
        """Delete appeals stored before a moment, with verdicts and reviews; the log is kept."""
        return purge(self._database, self.log, before, actor=actor, now=now)

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_store(
    url: str | None = None,
    *,
    store_original: bool = False,
    key: bytes | None = None,
    sampling: Sampling | None = None,
) -> Store:
    """Open the store at a URL, made and brought up to date if need be.

    url: `sqlite:///FILE` or `postgresql://…`; None is JIESU_STORE, else a file in the user's data
    directory. store_original: keep texts as they came too, encrypted with `key`, by default that
    of the variable JIESU_STORE_KEY. Raises StoreError with the reason.
    """
    database = Database(store_url(url))
    try:
        migrate(database)
        # Chained: of several processes on a new store, one makes the secrets.
        with database.write(chained=True) as connection:
            salt, seed = (_secret(connection, name) for name in ("salt", "seed"))
        vault = Vault(bytes.fromhex(salt), key or key_from_environment())
        if store_original and not vault.can_encrypt:
            raise no_key()
    except BaseException:
        database.close()
        raise
    drawn = sampling or Sampling()
    if drawn.seed is None:
        drawn = drawn._replace(seed=seed)
    return Store(database, vault, drawn, store_original=store_original)


def _secret(connection: Connection, name: str) -> str:
    """Return a random secret of the store, made when it is first asked for."""
    query = select(meta.c.value).where(meta.c.name == name)
    found = connection.execute(query).scalar()
    if found is None:
        found = secrets.token_hex(32)
        connection.execute(insert(meta).values(name=name, value=found))
    return found
