"""The engine: batches change nothing, order holds, spans are exact, and nothing is refused."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jiesu
from jiesu.corpus.read import appeal_from, read_appeals
from jiesu.engine import Engine
from jiesu.errors import JiesuError
from jiesu.resources import resource
from jiesu.schema import TYPE_CODES, Appeal, Turn, Verdict
from jiesu.text.turns import transcript

STRETCH = 8
LAMP = "小区门口的路灯坏了三天没人修"


def judged(verdicts: list[Verdict]) -> list[tuple[Any, ...]]:
    """Return what a verdict says, without confidences that may differ in the last digit."""
    return [
        (
            v.id,
            v.type.code,
            v.dispatch.function,
            v.dispatch.unit,
            v.dispatch.route,
            v.decision.action,
        )
        for v in verdicts
    ]


def type_scores(verdicts: list[Verdict]) -> np.ndarray[Any, Any]:
    return np.array([[v.type.scores[code] for code in TYPE_CODES] for v in verdicts])


def test_one_by_one_is_the_batch(tiny_engine: Engine, samples: list[Appeal]) -> None:
    together = tiny_engine.probabilities(samples)
    for number, appeal in enumerate(samples):
        for head, alone in tiny_engine.probabilities([appeal]).items():
            assert np.abs(alone[0] - together[head][number]).max() <= 1e-6, (appeal.id, head)


@pytest.mark.parametrize("size", [1, 2, 7, 64, 1000])
def test_the_batch_size_changes_nothing(
    size: int, default_engine: Engine, samples: list[Appeal]
) -> None:
    rows = [appeal_from(appeal.model_dump(), number=1) for appeal in samples]
    whole = default_engine.score([row.appeal for row in rows if row.appeal])
    parts = list(default_engine.stream(rows, batch=size))
    assert judged(parts) == judged(whole)
    assert np.abs(type_scores(parts) - type_scores(whole)).max() <= 2e-6


def test_neighbours_in_a_batch_change_nothing(tiny_engine: Engine, samples: list[Appeal]) -> None:
    forward = tiny_engine.score(samples)
    backward = tiny_engine.score(samples[::-1])[::-1]
    assert judged(forward) == judged(backward)
    assert np.abs(type_scores(forward) - type_scores(backward)).max() <= 2e-6


def test_order_holds_with_bad_rows_between(tiny_engine: Engine, samples: list[Appeal]) -> None:
    items: list[Any] = []
    for number, appeal in enumerate(samples):
        items.append(appeal)
        items.append((None, "", {"id": f"bad-{number}"}, 3)[number % 4])
    verdicts = tiny_engine.score(items)
    assert len(verdicts) == len(items)
    assert [v.id for v in verdicts[::2]] == [appeal.id for appeal in samples]
    assert not any(v.error for v in verdicts[::2])
    assert {v.error.code for v in verdicts[1::2] if v.error} == {"no_text", "bad_type"}
    assert all(v.error for v in verdicts[1::2])
    assert judged(verdicts[::2]) == judged(tiny_engine.score(samples))


def test_verdicts_built_without_validation_pass_it_unchanged(
    default_engine: Engine, samples: list[Appeal]
) -> None:
    items = [*samples, "", None, {"id": "7", "text": ["list"]}]
    for verdict in default_engine.score(items, redact=True, words=True):
        again = Verdict.model_validate(verdict.model_dump())
        assert again == verdict
        # model_construct would let a wrong type through, which equality does not see.
        assert again.model_dump_json() == verdict.model_dump_json()
        assert Verdict.model_validate_json(verdict.model_dump_json()) == verdict
        assert set(json.loads(verdict.model_dump_json())) == set(Verdict.model_fields)


def test_every_span_is_in_the_text_where_it_says(
    default_engine: Engine, tiny_engine: Engine, samples: list[Appeal]
) -> None:
    for engine in (default_engine, tiny_engine):
        explained = 0
        for appeal, verdict in zip(samples, engine.score(samples, redact=True), strict=True):
            spans = [
                *verdict.explanation.type,
                *verdict.explanation.unit,
                *verdict.disposition.evidence,
            ]
            for span in spans:
                assert 0 <= span.start < span.end <= len(appeal.text), appeal.id
                assert appeal.text[span.start : span.end] == span.text, appeal.id
            explained += bool(verdict.explanation.type and verdict.explanation.unit)
            for item in verdict.pii or ():
                assert 0 <= item.start < item.end <= len(appeal.text), appeal.id
        assert explained > 0.9 * len(samples)


def test_explanations_come_heaviest_first_and_speak_for_the_label(
    default_engine: Engine, samples: list[Appeal]
) -> None:
    for verdict in default_engine.score(samples):
        for items in (verdict.explanation.type, verdict.explanation.unit):
            weights = [item.weight for item in items]
            assert weights == sorted(weights, reverse=True)
            assert all(weight > 0 for weight in weights)


def test_no_appeal_is_refused(default_engine: Engine, samples: list[Appeal]) -> None:
    items = [*samples, "", None, "骂人的话一大堆", {"text": 7}, "😀"]
    verdicts = default_engine.score(items)
    assert all(verdict.accepted is True for verdict in verdicts)
    assert all('"accepted":true' in verdict.model_dump_json() for verdict in verdicts)


def test_an_error_is_a_verdict_that_asks_for_a_supervisor(tiny_engine: Engine) -> None:
    (verdict,) = tiny_engine.score([{"诉求编号": "A-1", "诉求内容": ""}])
    assert verdict.id == "A-1"
    assert verdict.error is not None
    assert verdict.error.code == "no_text"
    assert (verdict.type.code, verdict.dispatch.unit, verdict.dispatch.route) == (
        None,
        None,
        "none",
    )
    assert verdict.decision.action == "review"
    assert verdict.decision.reasons == ("error",)


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(Appeal(id="1", text=LAMP), id="an appeal"),
        pytest.param({"id": "1", "text": LAMP}, id="a mapping"),
        pytest.param({"诉求编号": "1", "诉求内容": LAMP}, id="Chinese column names"),
        pytest.param(
            {"工单编号": 1, "留言详情": LAMP, "不认识": "列"}, id="a number, an odd column"
        ),
        pytest.param(
            {
                "id": "1",
                "turns": [{"说话人": "坐席", "内容": "请讲"}, {"说话人": "市民", "内容": LAMP}],
            },
            id="turns",
        ),
        pytest.param(
            {"id": "1", "turns": [{"speaker": "市民", "text": LAMP}]},
            id="a call of one turn",
        ),
        pytest.param({"id": "1", "通话转写": f"坐席：您好\n市民：{LAMP}"}, id="a transcript"),
    ],
)
def test_every_form_of_an_appeal_is_judged_alike(item: Any, tiny_engine: Engine) -> None:
    (verdict,) = tiny_engine.score([item])
    (plain,) = tiny_engine.score([LAMP])
    assert (verdict.id, plain.id) == ("1", "row-1")
    assert verdict.type.scores == pytest.approx(plain.type.scores, abs=1e-6)
    assert verdict.dispatch.function == plain.dispatch.function


def test_no_appeals_give_no_verdicts(tiny_engine: Engine) -> None:
    assert tiny_engine.score([]) == []
    assert list(tiny_engine.stream([])) == []
    assert {part.shape[0] for part in tiny_engine.probabilities([]).values()} == {0}


def test_probabilities_are_probabilities(tiny_engine: Engine, samples: list[Appeal]) -> None:
    for part in tiny_engine.probabilities(samples).values():
        assert np.abs(part.sum(axis=1) - 1).max() < 1e-5
        assert part.min() >= 0


def test_the_best_guess_is_the_first_candidate(
    default_engine: Engine, samples: list[Appeal]
) -> None:
    for verdict in default_engine.score(samples):
        dispatch = verdict.dispatch
        first = dispatch.candidates[0]
        assert (first.unit, first.function) == (dispatch.unit, dispatch.function)
        assert first.confidence == dispatch.confidence
        shares = [candidate.confidence for candidate in dispatch.candidates]
        assert shares == sorted(shares, reverse=True)
        assert len(shares) == 5
        assert verdict.type.confidence == max(verdict.type.scores.values())
        assert sum(verdict.type.scores.values()) == pytest.approx(1, abs=1e-5)


def test_threads_share_one_engine(default_engine: Engine, samples: list[Appeal]) -> None:
    alone = default_engine.score(samples)

    def score(number: int) -> list[Verdict]:
        turned = samples[number:] + samples[:number]
        verdicts = default_engine.score(turned)
        return verdicts[len(samples) - number :] + verdicts[: len(samples) - number]

    with ThreadPoolExecutor(8) as pool:
        for verdicts in pool.map(score, range(0, 80, 5)):
            assert judged(verdicts) == judged(alone)
            assert np.abs(type_scores(verdicts) - type_scores(alone)).max() <= 2e-6


@pytest.mark.parametrize(
    ("fields", "area", "subdistrict"),
    [
        pytest.param({"area": "美兰区"}, "美兰区", None, id="the area field"),
        pytest.param({"辖区": "美兰区"}, "美兰区", None, id="the area field in Chinese"),
        pytest.param(
            {"address": "海口市龙华区某处"}, "龙华区", None, id="the address names the area"
        ),
        pytest.param({"area": "不存在区"}, None, None, id="an area that nobody knows"),
        pytest.param({}, None, None, id="nothing said"),
    ],
)
def test_the_place_fields_are_read(
    fields: dict[str, str], area: str | None, subdistrict: str | None, tiny_engine: Engine
) -> None:
    (verdict,) = tiny_engine.score([{"text": LAMP, **fields}])
    assert (verdict.dispatch.area, verdict.dispatch.subdistrict) == (area, subdistrict)


def test_the_fields_beat_the_text_and_the_unit_follows(default_engine: Engine) -> None:
    jurisdiction = default_engine.jurisdiction
    area = jurisdiction.areas[0]
    other = jurisdiction.areas[1]
    sub = area.subdistricts[0]
    (verdict,) = default_engine.score(
        [{"text": f"{other.name}{LAMP}", "area": area.name, "subdistrict": sub.name}]
    )
    assert (verdict.dispatch.area, verdict.dispatch.subdistrict) == (area.name, sub.name)
    streets = {"subdistrict", "town"}
    for candidate in verdict.dispatch.candidates:
        unit = jurisdiction.units_by_name[candidate.function]
        expected = (
            sub.unit
            if unit.kind in streets
            else unit.exact.get(area.name, unit.exact.get("市", unit.name))
        )
        assert candidate.unit == expected


@pytest.mark.parametrize(
    "said",
    [
        "您要投诉还是举报？我要举报违法行为！",
        "谢谢谢谢，非常满意，表扬你们",
        "请问咨询什么政策",
        "停水停电噪音扰民",
    ],
)
def test_what_the_operator_says_does_not_count(
    said: str, default_engine: Engine, samples: list[Appeal]
) -> None:
    calls = [appeal for appeal in samples if appeal.turns]
    loud = []
    for appeal in calls:
        turns = tuple(
            turn.model_copy(update={"text": said}) if turn.speaker == "operator" else turn
            for turn in (*appeal.turns, Turn(speaker="operator", text=said))
        )
        loud.append(appeal.model_copy(update={"turns": turns, "text": transcript(turns)}))
    before, after = default_engine.score(calls), default_engine.score(loud)
    assert len(calls) > 50
    assert np.abs(type_scores(before) - type_scores(after)).max() <= 2e-6
    assert [v.dispatch.unit for v in before] == [v.dispatch.unit for v in after]
    assert [v.disposition.code for v in before] == [v.disposition.code for v in after]
    for appeal, verdict in zip(loud, after, strict=True):
        for span in (*verdict.explanation.type, *verdict.explanation.unit):
            assert appeal.text[span.start : span.end] == span.text


def test_options_add_what_they_say(tiny_engine: Engine) -> None:
    text = "联系电话19900001234，" + LAMP
    (bare,) = tiny_engine.score([text], explain=False)
    assert (bare.redacted_text, bare.pii, bare.words) == (None, None, None)
    assert (bare.explanation.type, bare.explanation.unit) == ((), ())
    (full,) = tiny_engine.score([text], redact=True, words=True)
    assert full.explanation.type
    assert full.redacted_text is not None
    assert "19900001234" not in full.redacted_text
    assert full.pii is not None
    assert text[full.pii[0].start : full.pii[0].end] == "19900001234"
    assert full.words is not None
    assert "路灯" in full.words
    assert bare.type == full.type


def test_the_library_as_the_readme_shows_it() -> None:
    (verdict,) = jiesu.load().score([LAMP])
    assert verdict.accepted is True
    assert verdict.type.code in TYPE_CODES
    assert verdict.dispatch.catalogue.startswith("haikou-2018@")
    with pytest.raises(AttributeError):
        _ = jiesu.nothing


def stretches(text: str) -> set[str]:
    return {text[at : at + STRETCH] for at in range(len(text) - STRETCH + 1)}


def test_no_text_reaches_a_log_or_an_error(
    default_engine: Engine,
    samples: list[Appeal],
    hostile: Callable[[], list[Any]],
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    secret = "这一句只在这里出现绝不能进日志"
    items: list[Any] = [
        *samples,
        *hostile(),
        {"id": "1", "text": [secret]},
        {"id": "2", "turns": [{"speaker": "市民", "text": [secret]}]},
        {"id": "3", "turns": [secret, 7]},
        {"id": "4", "text": {secret: secret}},
        {"id": "5", "text": secret * 80_000},
        {"id": "6", "received_at": secret, "turns": {secret: secret}},
    ]
    messages: list[str] = []
    with caplog.at_level(logging.DEBUG):
        for verdict in default_engine.score(items, redact=True):
            messages += [verdict.error.message] if verdict.error else []
        for name, content in {
            "broken.jsonl": f'{{"id": "1", "text": "{secret}\n{{"text": {secret}}}\n',
            "quotes.csv": f'id,text\n1,"{secret}\n2,{secret}"x,{secret}\n',
            "list.json": f'[{{"text": "{secret}"}}, {{"text": {secret}, ]',
            "ragged.csv": f"id,text\n1,{secret},{secret},{secret}\n",
            "wrong.xlsx": secret,
            "wrong.parquet": secret,
        }.items():
            path = tmp_path / name
            path.write_text(content, "utf-8")
            try:
                verdicts = list(default_engine.stream(read_appeals(path)))
            except JiesuError as error:
                messages.append(str(error))
            else:
                messages += [v.error.message for v in verdicts if v.error]
    texts = {secret, *(appeal.text for appeal in samples)}
    texts |= {item for item in items if isinstance(item, str) and len(set(item)) > 4}
    logged = "\n".join([*messages, caplog.text, *map(repr, caplog.records)])
    assert len(messages) > 50
    assert stretches(logged).isdisjoint(set().union(*map(stretches, texts)))


def test_samples_in_every_format_get_the_same_verdicts(tiny_engine: Engine) -> None:
    found = [
        judged(list(tiny_engine.stream(read_appeals(resource("data", "samples", name)))))
        for name in ("appeals.jsonl", "appeals.csv", "appeals.xlsx")
    ]
    assert found[0] == found[1] == found[2]
