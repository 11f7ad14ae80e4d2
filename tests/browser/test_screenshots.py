"""The pictures of the documentation, of the shipped samples: `--screenshots docs/images`."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from jiesu.corpus.read import read_appeals
from jiesu.engine import Engine, load
from jiesu.resources import resource
from jiesu.schema import Decision
from jiesu.serve.demo import recent
from jiesu.store import Filters, Sampling, Scored
from page_site import Site

OpenPage = Callable[..., Page]
MOST_BYTES = 300_000
CASE = "sample-136"
SURE = 0.7


@pytest.fixture(scope="module")
def linear_engine() -> Engine:
    """Return the shipped bundle, the tier that is quick everywhere."""
    return load(tier="linear")


@pytest.fixture
def site(tmp_path: Path, linear_engine: Engine) -> Iterator[Site]:
    """Return a site after a week of work: appeals, reviews, second views, audits."""
    made = Site(tmp_path, linear_engine, sampling=Sampling(second=0.25, audit=0.4, seed="week"))
    try:
        made.start()
        work(made)
        yield made
    finally:
        made.close()


def work(site: Site) -> None:
    """Let a week pass. The samples are a third of what a real week would bring."""
    now = datetime.now(UTC)
    chance = random.Random(12345)
    rows = recent(list(read_appeals(resource("data", "samples", "appeals.jsonl"))), now)
    batches: dict[int, list[Scored]] = {}
    for row in rows:
        assert row.appeal is not None
        hours = int(160 * chance.random() ** 1.3)
        if row.id == CASE:
            hours = 2
        received = now - timedelta(hours=hours, minutes=chance.randrange(5, 55))
        appeal = row.appeal.model_copy(update={"received_at": received.isoformat("T", "seconds")})
        (verdict,) = site.engine.score([appeal], redact=True)
        if (
            min(verdict.type.confidence, verdict.dispatch.confidence) > SURE
            and verdict.disposition.code == "normal"
            and not verdict.advisory.flagged
        ):
            verdict = verdict.model_copy(update={"decision": Decision(action="auto")})
        batches.setdefault(hours, []).append(Scored(appeal, verdict))
    people = [site.user(name) for name in ("陈静", "李伟")]
    site.user("王敏", "admin")
    for hours in sorted(batches, reverse=True):
        then = now - timedelta(hours=hours)
        site.store.appeals.put(batches[hours], now=then)
        for turn in range(2):
            if chance.random() < 0.45:
                decide(site, people[turn], then, chance)
    # Somebody else is at work, too.
    site.reviews.claim_next(people[1], now=now)


def decide(site: Site, user: int, then: datetime, chance: random.Random) -> None:
    kind = "audit" if chance.random() < 0.3 else None
    case = site.reviews.claim_next(user, Filters(kind=kind), now=then)  # type: ignore[arg-type]
    if case is None or case.appeal_id == CASE:
        return
    record = site.store.appeals.get(case.appeal_id)
    assert record is not None
    changes: dict[str, Any] = {}
    # Some appeals are easy to get wrong, and both reviewers see it.
    luck = random.Random(case.appeal_id).random() * 0.6 + chance.random() * 0.4
    if case.kind == "audit":
        luck += 0.25
    if luck < 0.22:
        scores = record.verdict.type.scores
        changes["type"] = sorted(scores, key=lambda code: scores[code])[-2]
    elif luck < 0.34:
        second = record.verdict.dispatch.candidates[1]
        changes |= {"function": second.function, "unit": second.unit}
    action = "correct" if changes else "accept"
    site.reviews.decide(case.id, user, action, changes, now=then)


def keep(page: Page, name: str, request: pytest.FixtureRequest) -> None:
    """Take a picture, and write it where the option says."""
    picture = page.screenshot()
    assert len(picture) < MOST_BYTES, name
    folder = request.config.getoption("--screenshots", default=None)
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        (Path(folder) / f"{name}.png").write_bytes(picture)


def test_pictures(site: Site, open_page: OpenPage, request: pytest.FixtureRequest) -> None:
    page = open_page("陈静")
    expect(page.locator(".queue .open").first).to_be_visible()
    keep(page, "queue", request)
    page.goto(f"{site.url}/cases/{site.case_of(CASE)}")
    expect(page.locator(".said mark.m-flag").first).to_be_visible()
    keep(page, "case", request)
    page.get_by_role("button", name=re.compile("放回")).click()
    page.wait_for_url("**/queue")
    page = open_page("王敏", height=1230)
    page.goto(f"{site.url}/dashboard")
    expect(page.locator("svg.plot")).to_have_count(6)
    keep(page, "dashboard", request)
    # On a tablet at night.
    tablet = open_page("王敏", width=820, height=1180, scheme="dark")
    tablet.goto(f"{site.url}/cases/{site.case_of(CASE)}")
    tablet.locator("#submit").wait_for()
    keep(tablet, "tablet", request)
