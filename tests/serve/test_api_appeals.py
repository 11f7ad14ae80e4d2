"""`/v1/appeals` as a caller meets it: one record an appeal, whatever is sent how often."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from jiesu.engine import Engine
from jiesu.schema import Verdict
from jiesu.store import Store

TEXT = "龙华区海垦路的路灯坏了三天，晚上很黑，希望尽快维修"
PRIVATE = "我叫张三，电话13800138000，家门口路灯坏了"


def score(api: httpx.Client, record: Any, **options: Any) -> httpx.Response:
    return api.post("/v1/appeals", json=record, **options)


def rounded(verdict: Verdict) -> dict[str, float]:
    return {code: round(value, 6) for code, value in verdict.type.scores.items()}


def test_one_appeal(api: httpx.Client, tiny_engine: Engine) -> None:
    found = score(api, {"id": "one", "text": TEXT})
    assert found.status_code == 201
    assert found.headers["location"] == "/v1/appeals/one"
    answer = found.json()
    assert (answer["id"], answer["stored"], answer["outcome"]) == ("one", True, "new")
    verdict = Verdict.model_validate(answer["verdict"])
    assert verdict.accepted is True
    assert verdict.redacted_text is None
    assert verdict.words is None
    (alone,) = tiny_engine.score([{"id": "one", "text": TEXT}])
    assert rounded(verdict) == rounded(alone), "the same online as in a batch"
    assert verdict.dispatch == alone.dispatch
    assert verdict.decision == alone.decision


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"诉求编号": "alias", "诉求内容": TEXT, "辖区": "龙华区"}, "Chinese names"),
        ({"id": "turns", "turns": [{"speaker": "市民", "text": TEXT}]}, "turns"),
        ({"id": "lines", "通话转写": f"坐席：您好\n市民：{TEXT}"}, "lines of a transcript"),
        ({"id": 20180101, "text": TEXT, "备注": "x"}, "a number for an id, and an unknown column"),
    ],
)
def test_accepted_forms(api: httpx.Client, record: dict[str, Any], reason: str) -> None:
    found = score(api, record)
    assert found.status_code == 201, reason
    assert found.json()["verdict"]["error"] is None


def test_what_is_shown_on_request(api: httpx.Client) -> None:
    found = score(api, {"id": "private", "text": PRIVATE}, params={"redact": True, "words": True})
    verdict = found.json()["verdict"]
    assert "13800138000" not in found.text
    assert "[手机号]" in verdict["redacted_text"]
    assert {item["kind"] for item in verdict["pii"]} >= {"mobile"} or verdict["pii"]
    assert "路灯" in verdict["words"]
    again = score(api, {"id": "private", "text": PRIVATE}, params={"words": True}).json()
    assert again["outcome"] == "same"
    assert again["verdict"]["words"] == verdict["words"]
    assert again["verdict"]["redacted_text"] is None


def test_the_same_appeal_twice_is_one_record(api: httpx.Client, serving_store: Store) -> None:
    before = serving_store.appeals.count()
    first, second = (score(api, {"id": "twice", "text": TEXT}) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json()["outcome"] == "same"
    assert second.json()["verdict"] == first.json()["verdict"]
    assert serving_store.appeals.count() == before + 1


def test_the_same_id_with_another_text_is_a_conflict(api: httpx.Client) -> None:
    score(api, {"id": "other", "text": TEXT})
    found = score(api, {"id": "other", "text": PRIVATE})
    assert found.status_code == 409
    problem = found.json()
    assert (problem["code"], problem["id"]) == ("other_text", "other")
    assert "路灯" not in found.text
    kept = api.get("/v1/appeals/other").json()
    assert kept["text"] == TEXT


def test_an_idempotency_key_stands_for_an_id(api: httpx.Client) -> None:
    headers = {"Idempotency-Key": "key-1"}
    first = score(api, {"text": TEXT}, headers=headers).json()
    second = score(api, {"text": TEXT}, headers=headers)
    assert second.status_code == 200
    assert second.json()["id"] == first["id"]
    assert score(api, {"text": PRIVATE}, headers=headers).status_code == 409
    named = score(api, {"id": "named otherwise", "text": TEXT}, headers=headers).json()
    assert (named["id"], named["outcome"]) == (first["id"], "same")
    without = {score(api, {"text": TEXT}).json()["id"] for _ in range(2)}
    assert len(without) == 2


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param(b"", 400, "bad_json", id="nothing"),
        pytest.param(b"{", 400, "bad_json", id="half"),
        pytest.param("{'路灯坏了'}".encode("gb18030"), 400, "bad_json", id="another encoding"),
        pytest.param("“路灯坏了”".encode(), 400, "bad_json", id="a text alone"),
        pytest.param('"路灯坏了"'.encode(), 422, "bad_type", id="a JSON text alone"),
        pytest.param(b"[]", 422, "bad_type", id="a list"),
        pytest.param(b"{}", 422, "no_text", id="no field"),
        pytest.param(b'{"text": "  "}', 422, "no_text", id="a blank text"),
        pytest.param(b'{"text": 7}', 422, "bad_type", id="a number for a text"),
        pytest.param(b'{"text": "x", "id": ["a"]}', 422, "bad_type", id="a list for an id"),
        pytest.param(b'{"text": "x", "id": "%s"}' % (b"a" * 256), 422, "bad_id", id="a long id"),
        pytest.param(b'{"text": "x", "id": "a\\nb"}', 422, "bad_id", id="a line break in an id"),
        pytest.param(b'{"text": "%s"}' % (b"x" * 100_001), 422, "too_long", id="too long"),
    ],
)
def test_what_cannot_be_scored_is_a_problem(
    api: httpx.Client, body: bytes, status: int, code: str
) -> None:
    found = api.post("/v1/appeals", content=body)
    assert (found.status_code, found.json()["code"]) == (status, code)
    assert found.headers["content-type"] == "application/problem+json"
    assert "路灯" not in found.text


def test_hostile_texts_are_texts(api: httpx.Client) -> None:
    for number, text in enumerate(
        (
            "<script>alert(1)</script>路灯坏了",
            '"><img src=x onerror=alert(1)>',
            "\u202e路灯坏了\u202c\u0000\u200b",
            "路灯坏了\ud800",
            "坏" * 10_000,
            "🀄️" * 100,
        )
    ):
        body = json.dumps({"id": f"hostile-{number}", "text": text})
        found = api.post("/v1/appeals", content=body)
        assert found.status_code == 201
        assert api.get(f"/v1/appeals/hostile-{number}").status_code == 200


def test_a_batch_keeps_order_and_one_bad_item_fails_alone(api: httpx.Client) -> None:
    score(api, {"id": "known", "text": TEXT})
    records: list[Any] = [
        {"id": "b-1", "text": TEXT},
        {"id": "b-2"},
        "路灯坏了",
        {"id": "known", "text": TEXT},
        {"id": "known", "text": "另外一件事"},
        {"id": "b-1", "text": "同一批里的另一件事"},
        {"诉求编号": "b-3", "诉求内容": "我想咨询公租房怎么申请"},
    ]
    found = api.post("/v1/appeals:batch", json={"appeals": records})
    assert found.status_code == 200
    items = found.json()["items"]
    assert [item["status"] for item in items] == [201, 422, 422, 200, 409, 409, 201]
    assert [item["stored"] for item in items] == [True, False, False, True, False, False, True]
    assert [items[place]["id"] for place in (0, 1, 3, 4, 5, 6)] == [
        *("b-1", "b-2", "known", "known", "b-1", "b-3")
    ]
    codes = [item["problem"] and item["problem"]["code"] for item in items]
    assert codes == [None, "no_text", "bad_type", None, "other_text", "other_text", None]
    failed = Verdict.model_validate(items[1]["verdict"])
    assert failed.accepted is True
    assert failed.error is not None
    assert items[4]["verdict"] is None
    assert items[3]["verdict"]["id"] == "known"


def test_a_batch_of_a_thousand(api: httpx.Client) -> None:
    records = [{"id": f"k-{number}", "text": f"{TEXT}，第{number}次"} for number in range(1000)]
    found = api.post("/v1/appeals:batch", json={"appeals": records})
    items = found.json()["items"]
    assert [item["id"] for item in items] == [record["id"] for record in records]
    assert {item["status"] for item in items} == {201}
    again = api.post("/v1/appeals:batch", json=records)
    assert {item["outcome"] for item in again.json()["items"]} == {"same"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"appeals": []}, "bad_count"),
        ({"appeals": [{"text": "x"}] * 1001}, "bad_count"),
        ({"appeals": {"text": "x"}}, "bad_type"),
        ({"text": "x"}, "bad_type"),
        (7, "bad_type"),
    ],
)
def test_what_is_no_batch(api: httpx.Client, body: Any, code: str) -> None:
    found = api.post("/v1/appeals:batch", json=body)
    assert (found.status_code, found.json()["code"]) == (422, code)


def test_a_batch_without_ids_may_be_sent_again(api: httpx.Client) -> None:
    records = [{"text": TEXT}, {"text": TEXT}]
    headers = {"Idempotency-Key": "batch-1"}
    first, second = (
        api.post("/v1/appeals:batch", json=records, headers=headers).json()["items"]
        for _ in range(2)
    )
    assert [item["outcome"] for item in first] == ["new", "new"]
    assert [item["outcome"] for item in second] == ["same", "same"]
    assert [item["id"] for item in first] == [item["id"] for item in second]


def test_a_stored_appeal_is_without_personal_data(api: httpx.Client) -> None:
    record = {"id": "海/2018 1", "text": PRIVATE, "address": "海垦路1号", "来电号码": "13900139000"}
    location = score(api, record).headers["location"]
    found = api.get(location)
    assert found.status_code == 200
    page = found.json()
    assert page["id"] == "海/2018 1"
    assert page["version"] == 1
    assert "13800138000" not in found.text
    assert "13900139000" not in found.text
    assert "张三" not in found.text


@pytest.mark.parametrize("path", ["", "/history"])
def test_what_is_not_stored_is_not_found(api: httpx.Client, path: str) -> None:
    found = api.get(f"/v1/appeals/nobody-knows{path}")
    assert (found.status_code, found.json()["code"]) == (404, "unknown_appeal")


def test_feedback_and_history(api: httpx.Client, tiny_engine: Engine) -> None:
    score(api, {"id": "fed back", "text": TEXT})
    function = tiny_engine.jurisdiction.units[0].name
    path = "/v1/appeals/fed back/feedback"
    said = {
        "action": "correct",
        "changes": {"type": "help", "function": function},
        "comment": "来电人张三，电话13800138000",
    }
    first, again = (api.post(path, json=said) for _ in range(2))
    assert first.status_code == 201
    assert again.json()["id"] == first.json()["id"], "the same again is one record"
    objected = api.post(path, json={"action": "objection"})
    assert objected.status_code == 201
    history = api.get("/v1/appeals/fed back/history").json()
    assert [one["version"] for one in history["versions"]] == [1]
    assert [one["action"] for one in history["reviews"]] == ["correct", "objection"]
    assert history["reviews"][0]["changes"] == {"type": "help", "function": function}
    assert "13800138000" not in json.dumps(history)


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ({"action": "refuse"}, 422, "bad_request"),
        ({"action": "accept", "changes": {"type": "help"}}, 422, "bad_changes"),
        ({"action": "correct"}, 422, "bad_changes"),
        ({"action": "correct", "changes": {"function": "没有这个局"}}, 422, "unknown_name"),
        ({"action": "correct", "changes": {"area": "没有这个区"}}, 422, "unknown_name"),
        ({"action": "correct", "changes": {"subdistrict": "没有这里"}}, 422, "unknown_name"),
        ({"action": "correct", "changes": {"unit": "某局"}}, 422, "bad_changes"),
        ({"action": "accept", "comment": "路" * 2001}, 422, "bad_request"),
    ],
)
def test_feedback_that_does_not_fit(
    api: httpx.Client, said: dict[str, Any], status: int, code: str
) -> None:
    score(api, {"id": "wrongly fed back", "text": TEXT})
    found = api.post("/v1/appeals/wrongly fed back/feedback", json=said)
    assert (found.status_code, found.json()["code"]) == (status, code)
    assert "没有" not in found.text


def test_feedback_on_what_is_not_stored(api: httpx.Client) -> None:
    found = api.post("/v1/appeals/nobody-knows/feedback", json={"action": "accept"})
    assert (found.status_code, found.json()["code"]) == (404, "store_missing")
