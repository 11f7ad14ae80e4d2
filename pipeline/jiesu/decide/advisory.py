"""What the caller's own words call for (Art. 9, 11(6), 37): advice, never a refusal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jiesu.jurisdiction import AdviceScript, Basis
from jiesu.schema import Advisory, Flag, FlagKind

GRAVITY: tuple[FlagKind, ...] = (
    "threat",
    "unlawful_demand",
    "obscene",
    "abuse",
    "discrimination",
    "harassment",
)
"""Of several kinds the first decides which script is read."""


def advise(flags: Sequence[Flag], scripts: Mapping[FlagKind, AdviceScript]) -> Advisory:
    """Return the flags in order of the text, the script for the gravest, and all their bases."""
    if not flags:
        return Advisory()
    kinds = sorted({flag.kind for flag in flags}, key=GRAVITY.index)
    known = [scripts[kind] for kind in kinds if kind in scripts]
    basis = dict.fromkeys(cite(item) for script in known for item in script.basis)
    return Advisory(
        flagged=True,
        flags=tuple(sorted(flags, key=lambda flag: (flag.start, flag.end, flag.kind))),
        script_id=known[0].id if known else None,
        basis=tuple(basis),
    )


def cite(basis: Basis) -> str:
    """Return a legal basis as it is cited."""
    law = basis.law if basis.law.startswith("《") else f"《{basis.law}》"
    return f"{law}{basis.article or ''}"
