"""Repeats of earlier appeals: who said it before, and whether there is anything new."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from jiesu import History
from jiesu.corpus.read import appeal_from
from jiesu.engine import Engine
from jiesu.schema import Appeal

LAMP = (
    "龙华区海垦路金山小区三号楼门口的路灯坏了半个月，晚上漆黑一片，老人出门容易摔倒，希望尽快维修"
)
NEAR = LAMP.replace("半个月", "半个月了").replace("容易", "很容易").replace("尽快", "尽快来")
NEWS = LAMP + "。昨天晚上我母亲在那里摔断了腿，已经住院"
ELSEWHERE = LAMP.replace("海垦路金山小区三号楼", "滨海大道银湖小区九号楼")
SHORT = "海垦路金山小区三号楼门口路灯坏了，晚上漆黑一片，到底什么时候能修好"
TURN = {"speaker": "市民", "text": LAMP}
FIRE = "龙华区金山小区三号楼着火了，火很大，有人被困，快来人"
BUS = "公交二十一路早高峰半小时不来一班，学生上学总是迟到，建议增加班次"


def asked(engine: Engine, earlier: list[dict[str, Any]], now: dict[str, Any]) -> Any:
    history = History()
    engine.score(earlier, history=history)
    (verdict,) = engine.score([now], history=history)
    return verdict


@pytest.mark.parametrize(
    ("earlier", "now", "code", "similar", "reason"),
    [
        ({"text": LAMP}, {"text": LAMP}, "repeat", True, "word for word"),
        ({"text": LAMP}, {"text": NEAR}, "repeat", True, "nearly word for word"),
        ({"text": LAMP}, {"text": NEWS}, "normal", True, "with a new fact it is no repeat"),
        ({"text": LAMP}, {"text": BUS}, "normal", False, "another matter"),
        ({"text": LAMP}, {"text": ELSEWHERE}, "normal", False, "another place"),
        (
            {"text": LAMP, "caller": "139-1"},
            {"text": NEAR, "caller": "139-2"},
            "normal",
            True,
            "a neighbour says it for the first time",
        ),
        (
            {"text": LAMP, "caller": "139-1"},
            {"text": NEAR, "caller": "139-1"},
            "repeat",
            True,
            "the same caller says it again",
        ),
        (
            {"text": LAMP, "caller": "1XXXXXXXXXX"},
            {"text": NEAR, "caller": "2XXXXXXXXXX"},
            "repeat",
            True,
            "a masked number tells callers apart no more than none",
        ),
        (
            {"text": LAMP, "来电号码": "139-1"},
            {"text": NEAR, "来电号码": "139-2"},
            "normal",
            True,
            "under a Chinese heading too",
        ),
        (
            {"text": LAMP, "诉求人": "张先生"},
            {"text": NEAR, "诉求人": "李女士"},
            "repeat",
            True,
            "a surname with a title tells nobody apart",
        ),
        ({"text": LAMP, "caller": "a"}, {"text": SHORT, "caller": "a"}, "repeat", True, "in short"),
        ({"text": LAMP, "caller": "a"}, {"text": SHORT}, "normal", False, "in short, by anybody"),
        ({"text": LAMP}, {"text": "", "turns": [TURN]}, "repeat", True, "as a transcript"),
        (
            {"text": LAMP, "area": "龙华区"},
            {"text": LAMP, "area": "美兰区"},
            "normal",
            False,
            "the record says that it is elsewhere",
        ),
        ({"text": LAMP}, {"text": FIRE}, "emergency", False, "an emergency is one"),
        ({"text": FIRE}, {"text": FIRE}, "emergency", True, "told twice it is still one"),
    ],
)
def test_what_counts_as_a_repeat(
    tiny_engine: Engine,
    earlier: dict[str, Any],
    now: dict[str, Any],
    code: str,
    similar: bool,
    reason: str,
) -> None:
    verdict = asked(tiny_engine, [{"id": "old", **earlier}], {"id": "new", **now})
    assert verdict.disposition.code == code, reason
    assert verdict.explanation.similar == (("old",) if similar else ()), reason
    assert (verdict.explanation.repeat is not None) is similar
    assert verdict.accepted
    if code == "repeat":
        assert verdict.disposition.script
        assert "disposition_repeat" in verdict.decision.reasons


def test_a_new_fact_is_quoted(tiny_engine: Engine) -> None:
    verdict = asked(tiny_engine, [{"id": "old", "text": LAMP}], {"id": "new", "text": NEWS})
    repeat = verdict.explanation.repeat
    assert repeat.new_fact
    assert any("摔断了腿" in span.text for span in repeat.new)
    assert all(NEWS[span.start : span.end] == span.text for span in repeat.new)


def test_an_appeal_sent_twice_under_its_id_repeats_nothing(tiny_engine: Engine) -> None:
    verdict = asked(tiny_engine, [{"id": "one", "text": LAMP}], {"id": "one", "text": LAMP})
    assert verdict.explanation.similar == ()
    assert verdict.disposition.code == "normal"


def test_a_retry_gets_the_verdict_that_it_got_at_first(tiny_engine: Engine) -> None:
    history = History()
    rows = [{"id": "a", "text": LAMP}, {"id": "b", "text": NEAR}, {"id": "c", "text": LAMP}]
    first = tiny_engine.score(rows, history=history)
    assert tiny_engine.score(rows[::-1], history=history) == first[::-1]
    assert [verdict.disposition.code for verdict in first] == ["normal", "repeat", "repeat"]


def test_only_the_latest_are_remembered(tiny_engine: Engine) -> None:
    rows = [{"id": str(n), "text": text} for n, text in enumerate([LAMP, BUS, FIRE, LAMP, BUS])]
    short = tiny_engine.score(rows, history=History(2))
    long = tiny_engine.score(rows, history=History(3))
    assert [verdict.explanation.similar for verdict in short] == [()] * 5
    assert [verdict.explanation.similar for verdict in long] == [(), (), (), ("0",), ("1",)]


def test_the_order_of_the_rows_holds_across_batches_and_bad_rows(tiny_engine: Engine) -> None:
    texts = [LAMP, "", NEAR, None, BUS, LAMP, "", BUS]
    records = [{"id": str(n), "text": text} for n, text in enumerate(texts)]

    def scored(batch: int) -> list[Any]:
        rows = (appeal_from(record, number=n) for n, record in enumerate(records, start=1))
        return list(tiny_engine.stream(rows, history=History(), batch=batch))

    found = scored(512)
    assert [verdict.id for verdict in found] == [record["id"] for record in records]
    assert [bool(verdict.error) for verdict in found] == [not text for text in texts]
    assert found[2].explanation.similar == ("0",)
    assert found[7].explanation.similar == ("4",)
    assert all(scored(batch) == found for batch in (1, 2, 3))


def test_without_a_history_nothing_is_compared(tiny_engine: Engine) -> None:
    for verdict in tiny_engine.score([LAMP, LAMP]):
        assert verdict.explanation.similar == ()
        assert verdict.explanation.repeat is None


def test_one_by_one_as_in_a_batch(tiny_engine: Engine) -> None:
    rows = [{"id": str(n), "text": text} for n, text in enumerate([LAMP, BUS, NEAR, NEWS, BUS])]
    together = tiny_engine.score(rows, history=History())
    history = History()
    assert [tiny_engine.score([row], history=history)[0] for row in rows] == together
    assert together[2].explanation.similar == ("0",)
    assert together[4].explanation.similar == ("1",)


def test_similar_is_told_without_other_explanations(tiny_engine: Engine) -> None:
    rows = [{"id": "a", "text": LAMP}, {"id": "b", "text": LAMP}]
    first, second = tiny_engine.score(rows, explain=False, history=History())
    assert first.explanation.similar == ()
    assert second.explanation.similar == ("a",)


def test_new_stretches_are_masked_where_they_identify_someone(tiny_engine: Engine) -> None:
    history = History()
    tiny_engine.score([{"id": "old", "text": LAMP}], history=history)
    text = LAMP + "。请打我电话13812345678，我母亲昨天晚上在那里摔断了腿"
    (verdict,) = tiny_engine.score([{"id": "new", "text": text}], history=history, redact=True)
    assert "13812345678" not in verdict.model_dump_json()
    assert verdict.explanation.similar == ("old",)


def test_the_caller_is_never_written(tiny_engine: Engine) -> None:
    rows = [{"id": "a", "text": LAMP, "caller": "13987654321"}, {"id": "b", "text": ""}]
    for verdict in tiny_engine.score(rows, history=History()):
        assert "13987654321" not in verdict.model_dump_json()


def test_the_caller_stands_in_no_message() -> None:
    with pytest.raises(ValidationError) as raised:
        Appeal.model_validate({"id": "a", "text": LAMP, "caller": 13987654321})
    assert "13987654321" not in str(raised.value)
    assert "13987654321" not in repr(Appeal(id="a", text=LAMP, caller="13987654321"))
    row = appeal_from({"id": "a", "text": LAMP, "caller": ["13987654321"]}, number=1)
    assert row.error is not None
    assert "13987654321" not in row.error.message


def test_threads_share_a_history(tiny_engine: Engine) -> None:
    history = History()
    rows = [{"id": str(n), "text": f"{LAMP}{n // 2}"} for n in range(60)]
    with ThreadPoolExecutor(4) as pool:
        verdicts = list(pool.map(lambda row: tiny_engine.score([row], history=history)[0], rows))
    assert len(history) == 60
    assert [verdict.id for verdict in verdicts] == [row["id"] for row in rows]


def test_of_many_at_once_one_is_the_first(tiny_engine: Engine) -> None:
    history = History()
    rows = [{"id": str(n), "text": LAMP} for n in range(40)]
    with ThreadPoolExecutor(8) as pool:
        verdicts = list(pool.map(lambda row: tiny_engine.score([row], history=history)[0], rows))
    assert [verdict.disposition.code for verdict in verdicts].count("normal") == 1
    for verdict in verdicts:
        assert verdict.id not in verdict.explanation.similar


@given(texts=st.lists(st.sampled_from([LAMP, NEAR, NEWS, BUS, "", "火"]) | st.text(max_size=30)))
@settings(max_examples=40, deadline=None)
def test_nothing_is_refused_or_lost(tiny_engine: Engine, texts: list[str]) -> None:
    verdicts = tiny_engine.score(texts, history=History(3))
    assert len(verdicts) == len(texts)
    assert all(verdict.accepted for verdict in verdicts)


def test_no_input_breaks_a_history(
    tiny_engine: Engine, hostile: Callable[[], list[Any]], hostile_texts: list[str]
) -> None:
    items = [*hostile(), *hostile_texts, *hostile_texts]
    verdicts = tiny_engine.score(items, history=History())
    assert len(verdicts) == len(items)
    assert all(verdict.accepted for verdict in verdicts)
