"""Cases without a browser: who may do what with whose case, objections, what is alike."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jiesu.engine import Engine
from page_site import APPEALS, Site


@pytest.fixture
def site(tmp_path: Path, tiny_engine: Engine) -> Iterator[Site]:
    made = Site(tmp_path, tiny_engine)
    try:
        made.start()
        for name in ("li", "wang"):
            made.user(name)
        made.user("chief", "admin")
        made.user("guest", "viewer")
        yield made
    finally:
        made.close()


def test_a_viewer_reads_and_claims_nothing(site: Site) -> None:
    site.add(APPEALS[0])
    case = site.case_of("lamp")
    with site.client("guest") as guest:
        shown = guest.get(f"/cases/{case}").text
        listed = guest.get("/queue").text
    assert "仅供查看" in shown
    assert 'id="decision"' not in shown
    assert "开始复核" not in listed
    assert site.reviews.counts(now=datetime.now(UTC)).claimed == 0


def test_a_case_is_kept_by_who_works_on_it_and_by_nobody_else(site: Site) -> None:
    site.add(APPEALS[0])
    case = site.case_of("lamp")
    with site.client("li") as li, site.client("wang") as wang:
        li.get(f"/cases/{case}")
        before = site.reviews.case(case)
        kept = li.post(f"/cases/{case}/claim", headers={"X-CSRF-Token": li.csrf})
        refused = wang.post(f"/cases/{case}/claim", headers={"X-CSRF-Token": wang.csrf})
    after = site.reviews.case(case)
    assert (kept.status_code, refused.status_code) == (204, 409)
    assert before is not None
    assert after is not None
    assert after.claimed_until > before.claimed_until  # type: ignore[operator]
    assert after.claimed_by == before.claimed_by


def test_only_an_administrator_frees_the_case_of_another(site: Site) -> None:
    site.add(APPEALS[0])
    case = site.case_of("lamp")
    with site.client("li") as li, site.client("wang") as wang, site.client("chief") as chief:
        li.get(f"/cases/{case}")
        wang.form(f"/cases/{case}/release")
        assert site.reviews.counts(now=datetime.now(UTC)).claimed == 1
        assert "解除占用" in chief.get(f"/cases/{case}").text
        chief.form(f"/cases/{case}/release")
    assert site.reviews.counts(now=datetime.now(UTC)).claimed == 0


def test_nobody_decides_a_case_that_another_has(site: Site) -> None:
    site.add(APPEALS[0])
    case = site.case_of("lamp")
    with site.client("li") as li, site.client("wang") as wang:
        li.get(f"/cases/{case}")
        sent = wang.form(f"/cases/{case}/decision", version=1)
    assert sent.status_code == 303
    assert "notice=lost" in sent.headers["location"]
    assert site.reviews.of("lamp") == []


def test_the_same_decision_sent_twice_is_one(site: Site) -> None:
    site.add(APPEALS[0])
    case = site.case_of("lamp")
    with site.client("li") as li:
        li.get(f"/cases/{case}")
        for _ in range(2):
            sent = li.form(f"/cases/{case}/decision", version=1, type="suggestion")
            assert "undo=1" in sent.headers["location"]
    (review,) = site.reviews.of("lamp")
    assert review.final.type == "suggestion"


def test_only_ones_own_decision_is_taken_back_and_only_soon(site: Site) -> None:
    site.add(*APPEALS[:2])
    with site.client("li") as li, site.client("wang") as wang:
        case = site.case_of("lamp")
        li.get(f"/cases/{case}")
        li.form(f"/cases/{case}/decision", version=1)
        (review,) = site.reviews.of("lamp")
        assert "too_late" in wang.form(f"/reviews/{review.id}/undo").headers["location"]
        # No toast for another's decision either.
        assert 'class="toast"' not in wang.get(f"/queue?undo={review.id}").text
        assert 'class="toast"' in li.get(f"/queue?undo={review.id}").text
        done = li.form(f"/reviews/{review.id}/undo")
        assert done.headers["location"] == f"/cases/{case}?notice=undone"
        assert site.reviews.of("lamp") == []
        early = datetime.now(UTC) - timedelta(minutes=1)
        other = site.case_of("rent")
        user = site.store.users.get("li")
        assert user is not None
        assert site.reviews.claim(other, user.id, datetime.now(UTC))
        old = site.reviews.decide(other, user.id, "accept", now=early)
        assert "too_late" in li.form(f"/reviews/{old.id}/undo").headers["location"]
    assert len(site.reviews.of("rent")) == 1


def test_an_objection_is_shown_with_its_reason(site: Site) -> None:
    site.add(APPEALS[2], action="auto")
    key = site.store.keys.create("centre", ["review"])
    found = site.store.keys.verify(key, datetime.now(UTC))
    assert found is not None
    site.reviews.feedback(
        "noise",
        found.id,
        "objection",
        {"function": "公安局", "unit": "市公安局"},
        "噪声归公安管",
        now=datetime.now(UTC),
    )
    with site.client("li") as li:
        shown = li.get(f"/cases/{site.case_of('noise')}").text
        listed = li.get("/queue?reason=objection").text
    assert "承办单位提出派单异议" in shown
    assert "噪声归公安管" in shown
    assert "市公安局" in shown
    assert "派单异议" in listed


def test_similar_past_appeals_come_with_their_units(site: Site) -> None:
    site.add(APPEALS[0], {"id": "again", "text": "海垦路的路灯又坏了，晚上很黑，希望尽快维修"})
    with site.client("li") as li:
        text = li.get(f"/cases/{site.case_of('again')}").text
        similar = text[text.index('class="similar"') :]
        similar = similar[: similar.index("</ol>")]
        assert '/appeal?id=lamp"' in similar
        assert "未复核" in similar
        assert li.get("/appeal?id=lamp").status_code == 200


def test_a_case_has_a_place_for_every_key(site: Site) -> None:
    site.add(APPEALS[0])
    with site.client("li") as li:
        text = li.get(f"/cases/{site.case_of('lamp')}").text
    keys = re.findall(r'data-key="([^"]+)"', text)
    assert sorted(keys) == sorted([*"123456", *"asdfg", *"oenq", "Enter", "?"])


def test_a_page_in_english_names_codes_in_english(site: Site) -> None:
    site.add(APPEALS[0])
    with site.client("li") as li:
        li.cookies.set("jiesu_language", "en")
        shown = li.get(f"/cases/{site.case_of('lamp')}").text
    for word in ("Complaint", "Suggestion", "type unsure", "Accept", "Elements and routing"):
        assert word in shown
    assert "确认研判" not in shown
