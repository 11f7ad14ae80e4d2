"""Objections: whose label an appeal gets, what is counted, and that no row is lost on the way."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiesu.corpus.read import appeal_from, read_appeals
from jiesu.engine import Engine
from jiesu.errors import InputError
from jiesu.jurisdiction import Jurisdiction, load_jurisdiction
from jiesu.learn.config import Source
from jiesu.learn.objection_report import (
    Scored,
    count_errors,
    report_json,
    score_objections,
    share,
)
from jiesu.learn.objection_rows import write_training
from jiesu.learn.objections import Reading, outcome_of, read_objections
from jiesu.learn.rows import read_rows
from jiesu.learn.unit_names import Owner, UnitNames

HAIKOU = load_jurisdiction("haikou-2018")
BEIJING = load_jurisdiction("beijing")
NAMES = UnitNames(HAIKOU)
Cells = dict[str, Any]


def reading(*rows: Cells, **columns: str) -> Reading:
    """Read rows of (id, dispatched, final) and whatever else stands in them."""
    made = [{"text": "路口的红绿灯坏了", **row} for row in rows]
    records = (appeal_from(row, number=number) for number, row in enumerate(made, start=1))
    return read_objections(records, NAMES, columns=columns)


def problems(found: Reading) -> list[tuple[int, str, bool]]:
    return [(problem.number, problem.code, problem.used) for problem in found.problems]


CITY = "城市管理行政执法局"


@pytest.mark.parametrize(
    ("catalogue", "written", "expected", "reason"),
    [
        (HAIKOU, "公安局交通警察支队", Owner("公安局交通警察支队"), "the function unit"),
        (HAIKOU, "交警", Owner("公安局交通警察支队"), "an alias"),
        (HAIKOU, " 交 警\n", Owner("公安局交通警察支队"), "white space"),
        (HAIKOU, "12315", Owner("工商行政管理局"), "an alias of digits"),
        (HAIKOU, "１２３１５", Owner("工商行政管理局"), "full width"),
        (HAIKOU, "龙华区城管局", Owner(CITY, "龙华区"), "the exact name of a branch"),
        (HAIKOU, "琼山区城管局", Owner(CITY, "琼山区"), "an area before an alias"),
        (HAIKOU, "海口市美兰区城管局", Owner(CITY, "美兰区"), "the city before it"),
        (HAIKOU, "海口市公安局", Owner("公安局"), "the city before an alias"),
        (HAIKOU, "市教育局", Owner("教育局"), "both alias and exact name"),
        (HAIKOU, "市住房和城乡建设局", Owner("住房和城乡建设局", "市"), "the municipal body"),
        (HAIKOU, "龙华区金贸街道办", Owner("街道办事处", "龙华区", "金贸街道"), "an office"),
        (HAIKOU, "金贸街道办事处", Owner("街道办事处", "龙华区", "金贸街道"), "in other words"),
        (HAIKOU, "龙桥镇人民政府", Owner("镇人民政府", "龙华区", "龙桥镇"), "a town"),
        (HAIKOU, "龙华区城管局、公安局", Owner(CITY, "龙华区"), "of a list the first leads"),
        (HAIKOU, "火星管理局、公安局", None, "the lead is unknown, the second is not taken for it"),
        (HAIKOU, "火星管理局", None, "no such unit"),
        (HAIKOU, "龙华区人民政府", None, "this catalogue has no district governments"),
        (HAIKOU, "龙华区", None, "an area is no unit"),
        (HAIKOU, "市", None, "nor is this"),
        (HAIKOU, "、", None, "nothing but a mark"),
        (HAIKOU, "", None, "nothing"),
        (BEIJING, "朝阳区人民政府", Owner("区人民政府", "朝阳区"), "a district government"),
        (BEIJING, "首都机场", Owner("首都机场"), "a street is so called too"),
        (BEIJING, "八里庄街道办事处", Owner("街道办事处"), "two areas have an office so named"),
        (
            BEIJING,
            "海淀区八里庄街道办事处",
            Owner("街道办事处", "海淀区", "八里庄街道"),
            "the area tells them apart",
        ),
    ],
)
def test_names(catalogue: Jurisdiction, written: str, expected: Owner | None, reason: str) -> None:
    assert UnitNames(catalogue).find(written) == expected, reason


@pytest.mark.parametrize("catalogue", [HAIKOU, BEIJING])
def test_every_name_that_a_catalogue_lists_is_found(catalogue: Jurisdiction) -> None:
    names = UnitNames(catalogue)
    for unit in catalogue.units:
        for name in (unit.name, *unit.aliases, *unit.exact.values()):
            found = names.find(name)
            assert found is not None, name
            assert found.function == unit.name, name
    shared = Counter(sub.unit for area in catalogue.areas for sub in area.subdistricts)
    for area in catalogue.areas:
        for sub in area.subdistricts:
            found = names.find(sub.unit)
            assert found is not None, sub.unit
            # An exact name that two areas share (八里庄街道办事处) leaves the place open.
            place = (area.name, sub.name) if shared[sub.unit] == 1 else (None, None)
            assert (found.area, found.subdistrict) == place, sub.unit


@given(st.text(max_size=30))
@settings(deadline=None, max_examples=200)
def test_any_name_can_be_asked_for(name: str) -> None:
    found = NAMES.find(name)
    assert found is None or found.function in HAIKOU.units_by_name


@pytest.mark.parametrize(
    ("written", "expected", "reason"),
    [
        ("upheld", True, "the word"),
        ("UPHELD ", True, "in any case"),
        ("rejected", False, "the word"),
        ("改派", True, "the order moves"),
        ("维持", False, "the order stays"),
        ("维持原派单", False, "in more words"),
        ("不予维持", True, "a denial of staying"),
        ("异议成立", True, "upheld"),
        ("异议不成立", False, "a denial"),
        ("不同意改派", False, "a denial of moving"),
        ("未予改派", False, "a denial with a word between"),
        ("审核未通过", False, "a denial"),
        ("审核通过", True, "upheld"),
        ("驳回", False, "rejected"),
        ("不属于我单位职责，同意改派", True, "the denial is of another clause"),
        ("是", True, "the whole cell"),
        ("否", False, "the whole cell"),
        ("true", True, "as a program writes it"),
        ("审核中", None, "not yet"),
        ("待审核通过", None, "not yet"),
        ("是否改派", True, "否 inside a word is no denial"),
        ("nothing", None, "no inside a word is none either"),
        ("退回", None, "it could mean both"),
        ("1", None, "a code that nobody explained"),
        ("", None, "nothing"),
    ],
)
def test_outcomes(written: str, expected: bool | None, reason: str) -> None:
    assert outcome_of(written) is expected, reason


# unit, final, outcome -> the label, whether it was upheld, the problems
ROWS = [
    ("交警", "公安局", "改派", "公安局", True, [], "upheld"),
    ("交警", "公安局", "", "公安局", True, [], "no outcome, another unit"),
    ("交警", "公安局交通警察支队", "", "公安局交通警察支队", False, [], "no outcome, the same"),
    ("交警", "", "维持", "公安局交通警察支队", False, [], "rejected, so it stays"),
    ("交警", "交警支队", "维持", "公安局交通警察支队", False, [], "and under another name"),
    ("龙华区城管局", "美兰区城管局", "", CITY, True, [], "another branch of one unit"),
    ("龙华区城管局", "城管局", "", CITY, False, [], "a name that leaves the branch open"),
    ("城管", "龙华区城管局", "改派", CITY, True, [], "moved inside the unit, the row says"),
    ("市住房和城乡建设局", "龙华区住建局", "", "住房和城乡建设局", True, [], "city to area"),
    ("火星局", "公安局", "改派", "公安局", True, ["unknown_dispatched"], "the owner is known"),
    ("火星局", "公安局", "", "公安局", None, ["unknown_dispatched"], "but not whether upheld"),
    ("", "公安局", "", "公安局", None, ["no_dispatched"], "no unit before"),
    ("交警", "", "改派", None, None, ["no_final"], "upheld, to nobody"),
    ("交警", "", "", None, None, ["no_final"], "not settled"),
    ("交警", "火星局", "改派", None, None, ["unknown_final"], "the owner is unknown"),
    ("交警", "火星局", "维持", None, None, ["unknown_final"], "it stays, with whom?"),
    ("火星局", "", "维持", None, None, ["unknown_dispatched"], "stays with an unknown unit"),
    ("", "", "", None, None, ["no_dispatched", "no_final"], "nothing at all"),
    ("交警", "公安局", "审核中", None, None, ["unknown_outcome"], "who proposes is no owner"),
    ("交警", "公安局", "维持", None, None, ["contradiction"], "stays, yet moved"),
    ("交警", "交警", "改派", None, None, ["contradiction"], "moved to itself"),
]


@pytest.mark.parametrize(("unit", "final", "outcome", "label", "upheld", "codes", "reason"), ROWS)
def test_what_a_row_means(
    unit: str,
    final: str,
    outcome: str,
    label: str | None,
    upheld: bool | None,
    codes: list[str],
    reason: str,
) -> None:
    good = {"id": "good", "unit": "交警", "final_unit": "公安局"}
    row = {"id": "asked", "unit": unit, "final_unit": final, "outcome": outcome}
    found = reading(good, row)
    items = {item.appeal.id: item for item in found.objections}
    assert sorted(code for _, code, _ in problems(found)) == codes, reason
    if label is None:
        assert set(items) == {"good"}, reason
        assert {used for _, _, used in problems(found)} == {False}, reason
    else:
        assert (items["asked"].owner.function, items["asked"].upheld) == (label, upheld), reason
        assert False not in {used for _, _, used in problems(found)}, reason


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"派单单位": "交警", "最终承办单位": "公安局"}, "Chinese headings"),
        ({"承办单位": "交警", "改派单位": "公安局"}, "others"),
        ({"派单 单位（必填）": "交警", "最终承办单位*": "公安局"}, "marks and brackets"),
        ({"Dispatched_Unit": "交警", "FINAL UNIT": "公安局"}, "English in any case"),
        (
            {"承办单位": "公安局", "原承办单位": "交警", "最终承办单位": "公安局"},
            "the former unit goes before the one that has it now",
        ),
        ({"unit": "", "承办单位": "交警", "final_unit": "公安局"}, "an empty cell is passed over"),
        ({"unit": 7, "承办单位": "交警", "final_unit": "公安局", "outcome": True}, "other values"),
    ],
)
def test_headings(row: Cells, reason: str) -> None:
    (item,) = reading({"id": "a", **row}).objections
    assert (item.unit, item.owner.function, item.upheld) == (
        "公安局交通警察支队",
        "公安局",
        True,
    ), reason


def test_columns_can_be_named() -> None:
    row = {"id": "a", "甲": "交警", "乙": "公安局", "unit": "教育局"}
    (item,) = reading(row, dispatched="甲", final="乙").objections
    assert (item.unit, item.final.function) == ("公安局交通警察支队", "公安局")


def test_a_row_that_cannot_be_read_is_listed() -> None:
    row = {"id": "b", "text": " ", "unit": "交警", "final_unit": "公安局"}
    found = reading({"id": "a", "unit": "交警", "final_unit": "公安局"}, row)
    assert problems(found) == [(2, "no_text", False)]
    assert (found.rows, len(found.objections)) == (2, 1)


def chain(*times: str) -> Reading:
    """Three objections to one order: to the police, to the city's inspectors, to the school."""
    units = ["交警", "公安局", "城管", "教育局"]
    return reading(
        *(
            {"id": "a", "unit": before, "final_unit": after, "objected_at": time}
            for (before, after), time in zip(pairwise(units), times, strict=True)
        )
    )


@pytest.mark.parametrize(
    ("times", "owner", "reason"),
    [
        (("", "", ""), "教育局", "without times the last row decides"),
        (("2024-01-01", "2024/1/3 8:00", "2024-01-02T09:00:00"), CITY, "else the latest"),
        (("2024-01-01", "2024-01-03", "soon"), "教育局", "one time unreadable: the last row"),
        ((datetime(2024, 5, 1).isoformat(), "2024-01-03", "2024-01-02"), "公安局", "any order"),
    ],
)
def test_an_order_objected_to_again_has_one_label(
    times: tuple[str, ...], owner: str, reason: str
) -> None:
    found = chain(*times)
    assert {item.owner.function for item in found.objections} == {owner}, reason
    (label,) = [item for item in found.objections if item.latest]
    assert label.final.function == owner, reason
    assert [code for _, code, _ in problems(found)] == ["duplicate_id"] * 2
    # Each unit objected, and rightly: all three are errors of those who dispatched.
    report = count_errors(found, title="t", facts={})
    assert (report.objections, report.labels, report.unused) == (3, 1, 0)


def test_the_same_objection_twice_counts_once() -> None:
    row = {"id": "a", "unit": "交警", "final_unit": "公安局"}
    found = reading(row, row)
    assert [item.number for item in found.objections] == [2]
    assert problems(found) == [(1, "duplicate_id", False)]


def test_no_usable_row_is_an_error_that_counts() -> None:
    with pytest.raises(InputError, match=r"found 2 rows.*unknown_final 1.*派单单位") as caught:
        reading({"unit": "交警", "final_unit": "秘密" * 30}, {"text": "", "unit": "交警"})
    assert caught.value.code == "no_objections"
    assert "秘密" not in caught.value.message
    with pytest.raises(InputError, match="found 0 rows"):
        reading()


def test_a_cell_too_long_for_a_name_is_not_shown() -> None:
    long = "我住在龙华区，楼下的路灯坏了，天天摔跤，请尽快来修，谢谢你们了，很着急"
    phone = "打13800138000"
    good = {"id": "a", "unit": "交警", "final_unit": "公安局"}
    found = reading(good, {"unit": long, "final_unit": phone}, {"unit": "火星局"})
    details = {problem.detail for problem in found.problems}
    assert details == {f"({len(long)} characters)", f"({len(phone)} characters)", "火星局", ""}


CELL = st.sampled_from(
    [
        "",
        "交警",
        "公安局",
        "火星局",
        "龙华区城管局",
        "美兰区城管局",
        "、",
        None,
        3,
        float("nan"),
        [],
    ]
)
ROW = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["a", "b", "c", None]),
        "text": st.sampled_from(["路灯坏了", "", "学校门口堵车"]),
        "unit": CELL,
        "final_unit": CELL,
        "outcome": st.sampled_from(["", "改派", "维持", "待审", "?", None, True]),
        "objected_at": st.sampled_from(["", "2024-01-01", "0001-01-01 00:00+14:00", "?", None]),
        "reason": st.sampled_from(["", "不在辖区", None]),
    }
)


@given(st.lists(ROW, max_size=12))
@settings(deadline=None, max_examples=200)
def test_no_row_is_lost(rows: list[Cells]) -> None:
    good = {"id": "z", "unit": "交警", "final_unit": "公安局"}
    found = reading(*rows, good)
    kept = {item.number for item in found.objections}
    dropped = {problem.number for problem in found.problems if not problem.used}
    assert kept | dropped == set(range(1, len(rows) + 2)), "a row counts or is listed"
    assert not kept & dropped
    ids = [item.appeal.id for item in found.objections if item.latest]
    assert sorted(ids) == sorted({item.appeal.id for item in found.objections}), "one label an id"
    report = count_errors(found, title="t", facts={})
    assert sum(unit.objected for unit in report.units) == report.objections
    upheld = sum(unit.upheld.hits for unit in report.units if unit.upheld)
    assert sum(pair.share.hits for pair in report.pairs if pair.share) == upheld
    assert sum(unit.received + unit.moved for unit in report.units) == upheld
    json.dumps(report_json(report), allow_nan=False)


def test_training_rows_are_read_as_they_were_meant(tmp_path: Path) -> None:
    said = [
        {"id": "a", "text": "灯坏了", "title": "路口", "unit": "城管", "final_unit": "交警",
         "received_at": "2024/1/2 3:04", "area": "美兰区"},
        {"id": "b", "text": "噪声大", "unit": "交警", "final_unit": "龙华区金贸街道办"},
        {"id": "c", "text": None, "unit": "教育局", "outcome": "维持",
         "turns": [{"speaker": "市民", "text": "学校收费"}]},
        {"id": "d", "text": "房子漏水", "unit": "公安局", "final_unit": "市住房和城乡建设局"},
    ]  # fmt: skip
    found = reading(*said)
    path = tmp_path / "rows.jsonl"
    assert write_training(found, path, HAIKOU) == 4
    assert [p.name for p in tmp_path.iterdir()] == ["rows.jsonl"], "nothing is left beside it"
    back = list(read_appeals(path))
    assert [row.appeal.text for row in back if row.appeal] == [
        item.appeal.text for item in found.objections
    ]
    keys = ("unit", "unit_name", "source", "outcome", "dispatched")
    assert [tuple(row.extra[key] for key in keys) for row in back] == [
        ("公安局交通警察支队", "市公安局交通警察支队", "objection", "upheld", CITY),
        ("街道办事处", "龙华区金贸街道办", "objection", "upheld", "公安局交通警察支队"),
        ("教育局", "市教育局", "objection", "rejected", "教育局"),
        ("住房和城乡建设局", "市住房和城乡建设局", "objection", "upheld", "公安局"),
    ]
    appeals = [row.appeal for row in back if row.appeal]
    assert [(a.area, a.subdistrict) for a in appeals] == [
        ("美兰区", None),
        ("龙华区", "金贸街道"),
        (None, None),
        (None, None),
    ]
    assert appeals[0].received_at == "2024-01-02T03:04:00"
    assert appeals[2].turns[0].speaker == "caller"
    source = Source(path=path.name, label="unit", where={"outcome": "upheld"})
    rows = read_rows(tmp_path, [source], head="unit", jurisdiction=HAIKOU)
    assert rows.labels == ["公安局交通警察支队", "街道办事处", "住房和城乡建设局"]


def test_a_failure_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("old", "utf-8")
    found = reading({"id": "a", "unit": "交警", "final_unit": "公安局"})

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("jiesu.learn.objection_rows.training_row", fail)
    with pytest.raises(OSError, match="disk full"):
        write_training(found, path, HAIKOU)
    assert [(p.name, p.read_text("utf-8")) for p in tmp_path.iterdir()] == [("rows.jsonl", "old")]


@pytest.mark.parametrize(
    ("name", "code"), [("rows.csv", "unknown_format"), ("no/rows.jsonl", "no_folder")]
)
def test_where_rows_cannot_go(name: str, code: str, tmp_path: Path) -> None:
    found = reading({"id": "a", "unit": "交警", "final_unit": "公安局"})
    with pytest.raises(InputError) as caught:
        write_training(found, tmp_path / name, HAIKOU)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("hits", "n", "low", "high", "reason"),
    [
        (5, 10, 0.2366, 0.7634, "a half of ten"),
        (1, 1, 0.2065, 1.0, "one of one is no certainty"),
        (0, 10, 0.0, 0.2775, "none of ten"),
        (81, 263, 0.2553, 0.3662, "Newcombe 1998, table I"),
        (15, 148, 0.0624, 0.1605, "Newcombe 1998, table I"),
    ],
)
def test_wilson(hits: int, n: int, low: float, high: float, reason: str) -> None:
    found = share(hits, n)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5), reason


@given(st.integers(0, 500), st.integers(1, 500))
@settings(deadline=None, max_examples=100)
def test_an_interval_holds_its_share(hits: int, n: int) -> None:
    found = share(min(hits, n), n)
    assert found is not None
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_of_nothing_there_is_no_share() -> None:
    assert share(0, 0) is None


@pytest.fixture(scope="module")
def counted() -> Reading:
    rows = [
        ("交警", "公安局", "改派", "不属于本单位职责"),
        ("交警", "公安局", "改派", "不属于本单位职责"),
        ("交警", "城管", "改派", "见附件"),
        ("交警", "", "维持", "不属于本单位职责"),
        ("龙华区城管局", "美兰区城管局", "改派", "不在辖区"),
        ("龙华区城管局", "交警", "改派", ""),
        ("火星局", "交警", "改派", ""),
    ]
    return reading(
        *(
            {"id": str(place), "unit": a, "final_unit": b, "outcome": c, "reason": d}
            for place, (a, b, c, d) in enumerate(rows)
        )
    )


def test_counts_by_hand(counted: Reading) -> None:
    report = count_errors(counted, title="t", facts={"a": "b"})
    assert (report.rows, report.objections, report.labels, report.unused) == (7, 6, 7, 0)
    assert report.upheld == share(5, 6)
    assert (report.top1, report.top3, report.kept) == (None, None, None), "no bundle was asked"
    traffic, city, police = report.units
    assert (traffic.unit, traffic.objected, traffic.upheld) == (
        "公安局交通警察支队",
        4,
        share(3, 4),
    )
    assert traffic.to == (("公安局", 2), (CITY, 1))
    assert (traffic.received, traffic.moved) == (1, 0), "an unknown sender is no error of a unit"
    assert traffic.reasons == (("不属于本单位职责", 3),), "what only one wrote is not shown"
    assert (city.unit, city.upheld, city.moved, city.received) == (CITY, share(2, 2), 1, 1)
    assert (police.unit, police.objected, police.upheld, police.received) == ("公安局", 0, None, 2)
    assert [(pair.dispatched, pair.final, pair.share) for pair in report.pairs] == [
        ("公安局交通警察支队", "公安局", share(2, 4)),
        ("公安局交通警察支队", CITY, share(1, 4)),
        (CITY, "公安局交通警察支队", share(1, 2)),
        (CITY, CITY, share(1, 2)),
    ]
    assert [(row.id, row.best) for row in report.wrong] == [
        (key, None) for key in ("0", "1", "2", "5")
    ]


def test_what_the_bundle_says_is_over_the_wrong_dispatches(counted: Reading) -> None:
    scored = [
        Scored("公安局", 1, 0.2, 0.7),
        Scored("教育局", 3, 0.4, 0.1),
        Scored("教育局", None, 0.3, 0.0),
        Scored("公安局交通警察支队", 1, 0.9, 0.9),
        Scored(CITY, 1, 0.8, 0.8),
        Scored("教育局", 4, 0.1, 0.05),
        Scored("公安局", 2, 0.0, 0.3),
    ]
    report = count_errors(counted, scored, title="t", facts={})
    traffic, city, police = report.units
    assert (traffic.top1, traffic.top3) == (share(1, 3), share(2, 3))
    assert (traffic.wrong, traffic.right) == pytest.approx((0.3, 0.8 / 3), abs=1e-6)
    assert (city.top1, city.wrong, city.right) == (share(0, 1), 0.1, 0.05), "a branch is no error"
    assert (police.top1, police.wrong) == (None, None)
    assert (report.top1, report.top3, report.kept) == (share(1, 4), share(2, 4), share(1, 1))
    assert report.pairs[0].top1 == share(1, 2)
    assert report.pairs[-1].top1 is None, "nothing to get right among branches"
    assert [(row.id, row.rank) for row in report.wrong] == [
        ("0", 1),
        ("1", 3),
        ("5", 4),
        ("2", None),
    ]


@pytest.mark.parametrize("with_fields", [False, True])
def test_scores_are_the_engine_s(tiny_engine: Engine, with_fields: bool) -> None:
    rows = [
        {"id": "a", "text": "路口红绿灯坏了", "unit": "教育局", "final_unit": "交警"},
        {"id": "b", "text": "楼道堆杂物", "unit": "城管", "final_unit": "金贸街道办",
         "area": "龙华区", "subdistrict": "金贸街道"},
        {"id": "c", "text": "没有发票", "unit": "火星局", "final_unit": "工商局"},
    ]  # fmt: skip
    found = reading(*rows)
    scored = score_objections(tiny_engine, found.objections, with_fields=with_fields)
    labels = next(h.labels for h in tiny_engine.bundle.linear.heads if h.name == "unit")
    asked = [row if with_fields else {"text": row["text"]} for row in rows]
    for item, one, verdict in zip(
        found.objections, scored, tiny_engine.score(asked, explain=False), strict=True
    ):
        best = verdict.dispatch.candidates
        assert one.best == best[0].function
        places = {c.function: (rank, c.confidence) for rank, c in enumerate(best, start=1)}
        if item.owner.function in places:
            rank, confidence = places[item.owner.function]
            assert one.rank == rank
            assert one.right == pytest.approx(confidence, abs=1e-5)
        if item.owner.function not in labels:
            assert (one.rank, one.right) == (None, 0.0)
    assert scored[2].wrong == 0.0


def test_no_text_gets_into_a_report(counted: Reading, tiny_engine: Engine) -> None:
    scored = score_objections(tiny_engine, counted.objections)
    body = json.dumps(
        report_json(count_errors(counted, scored, title="t", facts={})), ensure_ascii=False
    )
    assert "红绿灯" not in body
    assert "见附件" not in body
    assert json.loads(body)["schema"] == "jiesu-objections/1"


def test_the_same_rows_give_the_same_report() -> None:
    first, second = chain("", "", ""), chain("", "", "")
    reports = [report_json(count_errors(found, title="t", facts={})) for found in (first, second)]
    assert reports[0] == reports[1]
    assert first == second
