"""What the service logs, and what it never does: no library may log what it is given."""

from __future__ import annotations

import logging
import logging.config

# At debug level these write SQL rows, form fields or bodies: texts of appeals, all of them.
SILENT = (
    "sqlalchemy",
    "alembic",
    "psycopg",
    "multipart",
    "python_multipart",
    "httpx",
    "httpcore",
    "asyncio",
    "jieba",
    "urllib3",
)


def set_up(level: str) -> None:
    """Send the log of the service and its server to standard error, of `level` and above."""
    shown = level.upper()
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "line": {"format": "%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s"}
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"level": "WARNING", "handlers": ["stderr"]},
            "loggers": {
                "jiesu": {"level": shown},
                # Below info the server lists every byte count and header; nothing of use.
                "uvicorn": {"level": "INFO" if shown == "DEBUG" else shown, "propagate": True},
                **{name: {"level": "WARNING"} for name in SILENT},
            },
        }
    )
