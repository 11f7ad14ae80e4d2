"""Evidence on the redacted text: offsets carried over placeholders, segments without gaps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiesu.engine import Engine
from jiesu.review.marks import Mark, Offsets, marks, segments
from jiesu.schema import Appeal, Evidence, Explanation, PiiSpan
from jiesu.text.redact import redact
from store_rows import verdict

TEXT = "打13812345678问路灯，或找张三丰13900000000修"


def test_offsets_are_carried_over() -> None:
    shown, pii = redact(TEXT)
    offsets = Offsets(pii)
    start = TEXT.index("路灯")
    assert shown[offsets.start(start) : offsets.end(start + 2)] == "路灯"
    assert offsets.start(0) == 0
    assert offsets.end(len(TEXT)) == len(shown)


def test_a_stretch_inside_personal_data_is_its_placeholder() -> None:
    shown, pii = redact(TEXT)
    offsets = Offsets(pii)
    assert shown[offsets.start(3) : offsets.end(6)] == "[手机号]"
    assert shown[offsets.start(0) : offsets.end(4)] == "打[手机号]"
    assert shown[offsets.start(11) : offsets.end(13)] == "[手机号]问"


@given(st.text(alphabet="路灯电话1380张三丰，QQ:微信号x@.", max_size=60))
def test_every_stretch_without_personal_data_keeps_its_words(text: str) -> None:
    shown, pii = redact(text)
    offsets = Offsets(pii)
    for start in range(len(text)):
        for end in range(start + 1, min(len(text), start + 5) + 1):
            if not any(span.start < end and start < span.end for span in pii):
                assert shown[offsets.start(start) : offsets.end(end)] == text[start:end]


def test_marks_of_a_verdict() -> None:
    text = "13812345678说路灯坏了"
    shown, pii = redact(text)
    start = text.index("路灯")
    found = marks(
        verdict(
            "1",
            flags=("abuse",),
            redacted_text=shown,
            pii=pii,
            explanation=Explanation(
                type=(Evidence(text="路灯", weight=0.5, start=start, end=start + 2),),
                unit=(Evidence(text="坏了", weight=0.4, start=start + 2, end=start + 4),),
            ),
        ),
        shown,
    )
    said = [(shown[one.start : one.end], one.kind, one.label) for one in found]
    assert said == [
        ("[手机号]", "flag", "abuse"),
        ("[手机号]", "pii", "mobile"),
        ("路灯", "type", "complaint"),
        ("坏了", "unit", "供电局"),
    ]
    assert found[2].weight == 0.5


def test_marks_outside_the_text_are_dropped() -> None:
    found = verdict(
        "1", explanation=Explanation(type=(Evidence(text="x", weight=1, start=90, end=99),))
    )
    assert marks(found, "路灯") == []


def test_segments_cover_the_text_and_overlap_nowhere() -> None:
    text = "路灯坏了三天"
    both = [Mark(0, 4, "type", "help"), Mark(2, 6, "unit", "供电局")]
    found = list(segments(text, both))
    assert [(one.start, one.end, [m.kind for m in one.marks]) for one in found] == [
        (0, 2, ["type"]),
        (2, 4, ["type", "unit"]),
        (4, 6, ["unit"]),
    ]
    assert [one.marks for one in segments(text, [])] == [()]
    assert list(segments("", [])) == []


def test_segments_of_one_turn() -> None:
    found = list(segments("甲：路灯坏了", [Mark(0, 4, "type", "help")], start=2, end=6))
    assert [(one.start, one.end, len(one.marks)) for one in found] == [(2, 4, 1), (4, 6, 0)]


@given(
    st.lists(
        st.tuples(st.integers(0, 20), st.integers(0, 20)).map(lambda pair: tuple(sorted(pair))),
        max_size=8,
    )
)
def test_segments_join_to_the_text(bounds: list[tuple[int, int]]) -> None:
    text = "零一二三四五六七八九零一二三四五六七八九"
    found = list(segments(text, [Mark(a, b, "type", "") for a, b in bounds if a < b]))
    assert "".join(text[one.start : one.end] for one in found) == text


@pytest.mark.parametrize("tail", ["", "，请打13812345678", "\n市民：我叫张三丰"])
def test_real_verdicts(tiny_engine: Engine, samples: list[Appeal], tail: str) -> None:
    appeals = [one.model_copy(update={"text": f"{tail}{one.text}{tail}"}) for one in samples[:25]]
    for one, found in zip(appeals, tiny_engine.score(appeals, redact=True), strict=True):
        shown = found.redacted_text or ""
        words = {m.kind: shown[m.start : m.end] for m in marks(found, shown)}
        for item in found.explanation.type[-1:]:
            if not any(p.start < item.end and item.start < p.end for p in found.pii or ()):
                assert words["type"], one.id
        assert (
            "".join(shown[s.start : s.end] for s in segments(shown, marks(found, shown))) == shown
        )


def test_spans_may_come_in_any_order() -> None:
    spans = [PiiSpan(kind="mobile", start=20, end=31), PiiSpan(kind="person", start=0, end=3)]
    assert Offsets(spans).start(5) == 5 + len("[姓名]") - 3
