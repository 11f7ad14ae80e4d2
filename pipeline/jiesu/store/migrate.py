"""Brings a store to the tables of this version: Alembic's migrations, shipped in the package."""

from __future__ import annotations

from sqlalchemy import inspect, text

from jiesu.errors import StoreError
from jiesu.store.database import Database

HEAD = "0001"
"""The newest migration; a test holds it equal to the folder's."""

SCRIPTS = "jiesu:store/migrations"


def migrate(database: Database) -> None:
    """Run the migrations that a store lacks, all or none. Several processes may do so at once.

    Raises StoreError `store_version` for a store made by a later version.
    """
    with database.write(chained=True) as connection:
        found = None
        if inspect(connection).has_table("alembic_version"):
            found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        if found == HEAD:
            return
        # Only now: Alembic takes a fifth of a second to import.
        from alembic import command
        from alembic.config import Config
        from alembic.util.exc import CommandError

        config = Config()
        config.set_main_option("script_location", SCRIPTS)
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError:
            raise StoreError(
                "store_version",
                f"found a store at migration {found}, expected {HEAD} or an earlier one",
            ) from None
