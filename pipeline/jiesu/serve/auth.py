"""Who calls, and what they may: API keys by `Authorization: Bearer`, browsers by a session cookie.

A key that was found good is not looked up again for `key_cache` seconds, and is then looked up
beside the request, not before it. While the store is down it is taken on trust for `key_grace`
seconds, so that scoring goes on. A key that is revoked opens nothing after twice `key_cache`.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import Depends, Request

from jiesu.errors import StoreError
from jiesu.serve.browser import check_csrf, session_of
from jiesu.serve.limits import RateLimit
from jiesu.serve.metrics import Metrics
from jiesu.serve.problems import ServeError, report
from jiesu.serve.settings import ServeSettings
from jiesu.store import ApiKey, Role, Scope, Session, Store
from jiesu.store.tokens import token_hash

ROLE_SCOPES: dict[Role, frozenset[Scope]] = {
    "viewer": frozenset({"read"}),
    "supervisor": frozenset({"read", "review"}),
    "admin": frozenset({"score", "read", "review", "admin"}),
}
"""What each role may do through the API."""

_MOST = 10_000
_LONGEST_KEY = 256
_PATIENCE = 0.25


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls. id: of the key or the user in the store. session: of a browser."""

    kind: Literal["key", "user"]
    id: int
    name: str
    scopes: frozenset[Scope]
    session: Session | None = field(default=None, repr=False)

    @property
    def actor(self) -> str:
        """How the decision log names them."""
        return f"{self.kind}:{self.name}"

    @property
    def key_id(self) -> int | None:
        """The API key's id, None for a user."""
        return self.id if self.kind == "key" else None

    @property
    def user_id(self) -> int | None:
        """The user's id, None for a key."""
        return self.id if self.kind == "user" else None


@dataclass(slots=True)
class _Known:
    """A key that was found good. retry: when to look it up again, after the store failed."""

    principal: Principal
    checked: float
    refresh: asyncio.Task[None] | None = None
    retry: float = 0.0


class Keys:
    """Tells who a key belongs to, without asking the store for every request."""

    def __init__(self, store: Store, settings: ServeSettings, metrics: Metrics) -> None:
        self._store = store
        self._cache = settings.key_cache
        self._grace = settings.key_grace
        self._retry = settings.store_retry
        self._metrics = metrics
        self._known: OrderedDict[str, _Known] = OrderedDict()

    async def find(self, key: str) -> Principal | None:
        """Return whose key it is, None if nobody's. Raises StoreError if nobody can tell."""
        if len(key) > _LONGEST_KEY:
            return None
        digest = token_hash(key)
        known, now = self._known.get(digest), time.monotonic()
        age = 0.0 if known is None else now - known.checked
        if known is None or age > self._cache + self._grace:
            return await self._look_up(digest, key)
        if age < self._cache:
            return known.principal
        if known.refresh is None and now >= known.retry:
            known.refresh = asyncio.create_task(self._refresh(known, digest, key))
        if age < 2 * self._cache or known.refresh is None:
            return known.principal
        # A store that hangs is as good as one that is down: nobody waits for it.
        await asyncio.wait({known.refresh}, timeout=_PATIENCE)
        again = self._known.get(digest)
        return again.principal if again is not None else await self._look_up(digest, key)

    async def _refresh(self, known: _Known, digest: str, key: str) -> None:
        try:
            await self._look_up(digest, key)
        except StoreError:
            known.retry = time.monotonic() + self._retry
        except Exception as error:  # noqa: BLE001  a key must not be stuck for want of an answer
            report(error, "-")
            known.retry = time.monotonic() + self._retry
        finally:
            known.refresh = None

    async def _look_up(self, digest: str, key: str) -> Principal | None:
        found = await asyncio.to_thread(self._store.keys.verify, key, datetime.now(UTC))
        if found is None:
            self._known.pop(digest, None)
            return None
        principal = _of_key(found)
        self._known[digest] = _Known(principal, time.monotonic())
        while len(self._known) > _MOST:
            self._known.popitem(last=False)
        return principal


def _of_key(key: ApiKey) -> Principal:
    return Principal("key", key.id, key.name, key.scopes)


class Gatekeeper:
    """Answers for one application who calls and whether they may, and counts who may not."""

    def __init__(self, store: Store, settings: ServeSettings, metrics: Metrics) -> None:
        self.store = store
        self.settings = settings
        self.keys = Keys(store, settings, metrics)
        self.calls = RateLimit(settings.rate, settings.burst)
        # A password costs a twentieth of a second to check: nobody may ask for many.
        self.logins = RateLimit(0.2, 10)
        self._metrics = metrics

    async def principal(self, request: Request) -> Principal:
        """Return who calls. Raises ServeError 401 for nobody, 403 for a form without its token."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme:
            found = await self.keys.find(key.strip()) if scheme.lower() == "bearer" else None
            if found is None:
                raise self.denied("bad_key", "found no valid API key, expected `Bearer jsk_…`")
        else:
            session = await session_of(request, self.store)
            if session is None:
                raise self.denied("no_credentials", "expected an API key or a session")
            user = session.user
            found = Principal("user", user.id, user.name, ROLE_SCOPES[user.role], session)
            if request.method not in ("GET", "HEAD", "OPTIONS"):
                await check_csrf(request, session)
        request.state.caller = f"{found.kind}:{found.id}"
        return found

    def denied(self, code: str, message: str) -> ServeError:
        """Return the answer to somebody unknown, and count it."""
        self._metrics.denied.labels(code).inc()
        return ServeError(401, code, message, headers={"WWW-Authenticate": 'Bearer realm="jiesu"'})

    def check_scope(self, caller: Principal, scope: Scope) -> None:
        """Raise ServeError 403 for a caller without a scope."""
        if scope not in caller.scopes:
            self._metrics.denied.labels("no_scope").inc()
            raise ServeError(403, "no_scope", f"this needs the scope {scope}")

    def check_rate(self, caller: Principal, cost: float = 1.0) -> None:
        """Raise ServeError 429 for a caller that calls too often."""
        try:
            self.calls.take(f"{caller.kind}:{caller.id}", time.monotonic(), cost)
        except ServeError:
            self._metrics.refused.labels("rate_limited").inc()
            raise


def gatekeeper(request: Request) -> Gatekeeper:
    """Return the gatekeeper of the application that a request came to."""
    found: Gatekeeper = request.app.state.service.gatekeeper
    return found


def needs(scope: Scope, *, limited: bool = True) -> Any:
    """Return a dependency: the caller, who must have a scope and not call too often."""

    async def caller(request: Request) -> Principal:
        gate = gatekeeper(request)
        found = await gate.principal(request)
        gate.check_scope(found, scope)
        if limited:
            gate.check_rate(found)
        return found

    return Depends(caller)


async def current_user(request: Request) -> Session:
    """Return the session of the browser that asks: a dependency of pages.

    Raises ServeError 401, which for a page becomes a way to the login, and 403 for a form (any
    method that changes something) without its token.
    """
    gate = gatekeeper(request)
    session = await session_of(request, gate.store)
    if session is None:
        raise gate.denied("no_credentials", "expected a session: log in first")
    request.state.caller = f"user:{session.user.id}"
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        await check_csrf(request, session)
    return session


CurrentUser = Annotated[Session, Depends(current_user)]
"""The session of a page's reader, as a parameter's type."""


def require_role(*roles: Role) -> Callable[[Request], Awaitable[Session]]:
    """Return a dependency like `current_user` for those roles alone; the others are told 403."""

    async def allowed(request: Request) -> Session:
        session = await current_user(request)
        if session.user.role not in roles:
            raise ServeError(403, "no_role", f"this is for {' or '.join(roles)}")
        return session

    return allowed
