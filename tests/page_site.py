"""A site with the supervisors' pages, in this process, and what tests do with its store."""

from __future__ import annotations

import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from jiesu.corpus.record import appeal_from
from jiesu.engine import Engine
from jiesu.serve.app import create_app
from jiesu.serve.settings import ServeSettings
from jiesu.store import Role, Sampling, Scored, Store, open_store
from jiesu.store.reviews import Reviews

PASSWORD = "correct horse battery"
SECONDS = 60.0
NO_SAMPLING = Sampling(second=0.0, audit=0.0, seed="test")

APPEALS: tuple[dict[str, Any], ...] = (
    {
        "id": "lamp",
        "text": "龙华区海垦路的路灯坏了三天，晚上很黑，希望尽快维修，联系电话13812345678。",
    },
    {"id": "rent", "text": "我想咨询公租房怎么申请，需要准备什么材料。"},
    {"id": "noise", "text": "投诉楼下烧烤摊每晚营业到两点，油烟和喧哗让人无法入睡，请城管查处。"},
    {
        "id": "call",
        "turns": [
            {"speaker": "operator", "text": "您好，请讲。"},
            {"speaker": "caller", "text": "我家这边停水两天了也没人来通知一声"},
            {"speaker": "operator", "text": "请问是在哪个小区？"},
            {"speaker": "caller", "text": "美兰区和平大道这边"},
        ],
    },
    {"id": "bus", "text": "建议在海秀中路增设一个公交站，上下班的人太多了。"},
)
"""Appeals that a case can be made of; the first names a telephone number."""


class Site:
    """One service on a free loopback port, over a SQLite store of its own. Close it."""

    def __init__(self, folder: Path, engine: Engine, *, sampling: Sampling = NO_SAMPLING) -> None:
        url = f"sqlite:///{folder / 'store.db'}"
        self.engine = engine
        # The service closes its store; this one outlives it.
        self.store: Store = open_store(url, sampling=sampling)
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(64)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        settings = ServeSettings(store=url, tier="linear", lame_duck=0.0, watch=0.0)
        app = create_app(settings, open_store(url, sampling=sampling), load=lambda _: engine)
        config = uvicorn.Config(app, lifespan="on", log_config=None, access_log=False, ws="none")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._listener]}, daemon=True
        )

    def start(self) -> None:
        """Start, and return when the service is ready."""
        self._thread.start()
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            try:
                if self._server.started and httpx.get(f"{self.url}/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.02)
        raise AssertionError("the site did not start")

    def close(self) -> None:
        """Stop the service and close the store."""
        self._server.should_exit = True
        self._thread.join(SECONDS)
        self._listener.close()
        self.store.close()

    @property
    def reviews(self) -> Reviews:
        """The reviews of the store."""
        return self.store.reviews

    def add(self, *records: dict[str, Any], action: str | None = "review", **when: Any) -> None:
        """Score records and store them, the first as the most pressing of them.

        action: what becomes of them; None leaves it to the engine.
        """
        rows = []
        now = datetime.now(UTC)
        for place, record in enumerate(records):
            received = now - timedelta(hours=3, minutes=place)
            given = {"received_at": received.isoformat(timespec="seconds"), **record}
            row = appeal_from(given, number=place + 1)
            assert row.appeal is not None, row.error
            (verdict,) = self.engine.score([row.appeal], redact=True)
            if action is not None:
                reasons = ("type_unsure", "unit_unsure") if action == "review" else ()
                decision = verdict.decision.model_copy(
                    update={"action": action, "reasons": reasons}
                )
                verdict = verdict.model_copy(update={"decision": decision})
            rows.append(Scored(row.appeal, verdict))
        self.store.appeals.put(rows, **when)

    def user(self, name: str, role: Role = "supervisor", *, password: str | None = None) -> int:
        """Create a user and return the id; without a password, which costs time, by link only."""
        return self.store.users.create(name, password, role).id

    def link(self, name: str) -> str:
        """Return the address that lets a user in once."""
        token = self.store.users.link(name, now=datetime.now(UTC))
        return f"{self.url}/login?link={token}"

    def client(self, name: str) -> PageClient:
        """Return a browser without scripts that is logged in. Close it."""
        return PageClient(self, name)

    def case_of(self, appeal_id: str) -> int:
        """Return the id of the last case of an appeal."""
        return self.reviews.cases_of(appeal_id)[-1].id


class PageClient(httpx.Client):
    """A logged-in browser that runs no script. csrf: the token of its forms."""

    def __init__(self, site: Site, name: str) -> None:
        super().__init__(
            base_url=site.url, timeout=60, headers={"Accept": "text/html,application/xhtml+xml"}
        )
        token = site.store.users.link(name, now=datetime.now(UTC))
        entered = httpx.post(f"{site.url}/v1/session/link", json={"token": token}, timeout=60)
        assert entered.status_code == 200, entered.text
        self.cookies.update(entered.cookies)
        self.csrf: str = entered.json()["csrf"]

    def form(self, path: str, **fields: Any) -> httpx.Response:
        """Send a form with its token; the answer is not followed."""
        return self.post(path, data={"csrf_token": self.csrf, **fields})
