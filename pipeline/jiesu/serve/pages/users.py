"""Administration: who may log in, and as what."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, cast

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from jiesu.errors import InputError, StoreError
from jiesu.serve.pages.access import Admin, actor
from jiesu.serve.pages.faults import LOGIN, PageRoute
from jiesu.serve.pages.render import page
from jiesu.serve.problems import ServeError
from jiesu.serve.service import Service, TheService
from jiesu.store import ROLES, Role, Session, User
from jiesu.store.users import LINK_MINUTES, SHORTEST_PASSWORD

router = APIRouter(prefix="/admin/users", route_class=PageRoute)
_SHOWN_AGAIN = ("bad_name", "bad_password", "bad_role", "store_conflict")
HOME = "/admin/users"


@router.get("")
def users(request: Request, service: TheService, session: Admin, notice: str = "") -> Response:
    """Show every user."""
    return _page(request, service, session, notice=notice or None)


@router.post("")
def create(
    request: Request,
    service: TheService,
    session: Admin,
    name: Annotated[str, Form()] = "",
    role: Annotated[str, Form()] = "supervisor",
    password: Annotated[str, Form()] = "",
) -> Response:
    """Create a user; without a password, show the link that lets them in once."""
    now = datetime.now(UTC)
    try:
        made = service.store.users.create(
            name.strip(), password or None, cast("Role", role), actor=actor(session), now=now
        )
    except (InputError, StoreError) as error:
        if error.code not in _SHOWN_AGAIN:
            raise
        notice = "name_taken" if error.code == "store_conflict" else error.code
        return _page(request, service, session, notice=notice, status=422)
    if password:
        return RedirectResponse(f"{HOME}?notice=user_created", 303)
    return _linked(request, service, session, made, now)


@router.post("/{user_id}/link")
def link(user_id: int, request: Request, service: TheService, session: Admin) -> Response:
    """Show a link that lets a user in once."""
    return _linked(request, service, session, _found(service, user_id), datetime.now(UTC))


@router.post("/{user_id}/role")
def set_role(
    user_id: int,
    service: TheService,
    session: Admin,
    role: Annotated[str, Form()] = "",
) -> Response:
    """Give a user another role; it ends their sessions."""
    _not_oneself(user_id, session)
    service.store.users.set_role(user_id, cast("Role", role), actor=actor(session))
    return RedirectResponse(f"{HOME}?notice=role_set", 303)


@router.post("/{user_id}/password")
def set_password(
    user_id: int,
    request: Request,
    service: TheService,
    session: Admin,
    password: Annotated[str, Form()] = "",
) -> Response:
    """Give a user another password; it ends their sessions, one's own included."""
    try:
        service.store.users.set_password(user_id, password, actor=actor(session))
    except InputError as error:
        return _page(request, service, session, notice=error.code, status=422)
    return RedirectResponse(f"{HOME}?notice=password_set", 303)


@router.post("/{user_id}/disable")
def disable(user_id: int, service: TheService, session: Admin) -> Response:
    """Let a user in no more."""
    _not_oneself(user_id, session)
    service.store.users.disable(user_id, actor=actor(session))
    return RedirectResponse(f"{HOME}?notice=user_disabled", 303)


@router.post("/{user_id}/enable")
def enable(user_id: int, service: TheService, session: Admin) -> Response:
    """Let a disabled user in again."""
    service.store.users.enable(user_id, actor=actor(session))
    return RedirectResponse(f"{HOME}?notice=user_enabled", 303)


def _not_oneself(user_id: int, session: Session) -> None:
    # Else the last administrator could lock everybody out.
    if user_id == session.user.id:
        raise ServeError(409, "own_account", "this would change the account in use")


def _found(service: Service, user_id: int) -> User:
    user = service.store.users.get(user_id)
    if user is None:
        raise ServeError(404, "unknown_user", "no such user")
    return user


def _linked(
    request: Request, service: Service, session: Session, user: User, now: datetime
) -> Response:
    token = service.store.users.link(user.id, now=now, actor=actor(session))
    address = f"{str(request.base_url).rstrip('/')}{LOGIN}?link={token}"
    return _page(request, service, session, link=address, linked=user)


def _page(
    request: Request,
    service: Service,
    session: Session,
    *,
    status: int = 200,
    notice: str | None = None,
    link: str | None = None,
    linked: User | None = None,
) -> Response:
    return page(
        request,
        "users.html",
        session=session,
        status=status,
        users=service.store.users.list(),
        roles=ROLES,
        notice=notice,
        link=link,
        linked=linked,
        minutes=LINK_MINUTES,
        shortest=SHORTEST_PASSWORD,
    )
