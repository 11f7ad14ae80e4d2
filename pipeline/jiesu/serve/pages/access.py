"""Who may see or do what on the pages, as types of parameters."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from jiesu.serve.auth import CurrentUser, require_role
from jiesu.serve.pages.render import REVIEWERS
from jiesu.store import Session

Reader = CurrentUser
"""Anybody who is logged in."""

Reviewer = Annotated[Session, Depends(require_role(*REVIEWERS))]
"""Supervisors and administrators."""

Admin = Annotated[Session, Depends(require_role("admin"))]
"""Administrators alone."""


def actor(session: Session) -> str:
    """Return how the decision log names who uses a page."""
    return f"user:{session.user.name}"


def sees_kinds(session: Session) -> bool:
    """Return whether somebody may tell an audit or a check from a usual case."""
    return session.user.role == "admin"
