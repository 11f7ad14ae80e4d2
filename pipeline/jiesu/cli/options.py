"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

TierOption = Annotated[
    str | None,
    typer.Option(
        "--tier",
        help="Who judges: linear, cascade (asks the encoder where that is unsure) or transformer.",
    ),
]

JurisdictionOption = Annotated[
    str | None,
    typer.Option(
        "--jurisdiction",
        help="Whom it serves: a shipped id or a folder; the bundle's own if not given.",
    ),
]
