"""`jiesu objections`: every input format, the three outputs, and how it ends."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from jiesu.learn.config import Source
from jiesu.learn.objection_page import SHEETS
from jiesu.learn.rows import read_rows

Jiesu = Callable[..., Any]

HEADINGS = (
    "工单编号",
    "标题",
    "工单内容",
    "派单单位",
    "最终承办单位",
    "审核结果",
    "异议理由",
    "异议时间",
)
LINES = (
    ("甲1", "", "路口红绿灯坏了", "龙华区城管局", "交警", "改派", "不归我管", "2024/1/2 8:00"),
    ("甲2", "学校", "小学何时报名", "公安局", "市教育局", "异议成立", "不归我管", "2024-1-3"),
    ("甲3", "", "楼上半夜放音响", "公安局", "", "维持原派单", "不归我管", ""),
    ("甲4", "", "门口占道摆摊", "龙华区城管局", "美兰区城管局", "改派", "属地不符", ""),
    ("甲5", "", "没有热水", "<b>火星局</b>", "供电局", "", "", ""),
    ("甲6", "", "没人理", "公安局", "", "改派", "", ""),
    ("甲2", "学校", "小学何时报名", "市教育局", "龙华区教育局", "改派", "", "2024-1-9"),
)  # fmt: skip


def write_csv(
    path: Path, lines: Sequence[Sequence[str]] = LINES, encoding: str = "gb18030"
) -> Path:
    with path.open("w", encoding=encoding, newline="") as stream:
        csv.writer(stream).writerows([HEADINGS, *lines])
    return path


def write_xlsx(path: Path) -> Path:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("异议")
    for line in (HEADINGS, *LINES):
        sheet.append(list(line))
    book.save(path)
    return path


def write_jsonl(path: Path) -> Path:
    records = [dict(zip(HEADINGS, line, strict=True)) for line in LINES]
    lines = (json.dumps(record, ensure_ascii=False) for record in records)
    path.write_text("\n".join(lines), "utf-8")
    return path


@pytest.mark.parametrize(
    ("write", "name"),
    [(write_csv, "异议.csv"), (write_xlsx, "异议.xlsx"), (write_jsonl, "异议.jsonl")],
)
def test_every_format_gives_the_same(
    write: Callable[[Path], Path], name: str, jiesu: Jiesu, tmp_path: Path
) -> None:
    write(tmp_path / name)
    done = jiesu("objections", name, "-o", "rows.jsonl", "--no-score", "--json")
    assert done.code == 0, done.err
    assert "5 training rows → rows.jsonl" in done.err
    body = json.loads(done.text)
    assert (body["rows"], body["objections"], body["labels"], body["unused"]) == (7, 5, 5, 1)
    assert body["facts"]["数据"].startswith(f"{name} (sha256 ")
    assert body["facts"]["派单目录"] == "haikou-2018@2018.1"
    assert body["facts"]["异议时间"] == "2024-01-02 – 2024-01-09"
    assert "模型" not in body["facts"]
    found = [(p["number"], p["id"], p["code"], p["used"]) for p in body["problems"]]
    assert found == [
        (2, "甲2", "duplicate_id", True),
        (5, "甲5", "unknown_dispatched", True),
        (6, "甲6", "no_final", False),
    ]
    rows = read_rows(
        tmp_path,
        [Source(path="rows.jsonl", label="unit")],
        head="unit",
        jurisdiction=_haikou(),
    )
    assert rows.labels == [
        "公安局交通警察支队",
        "公安局",
        "城市管理行政执法局",
        "供电局",
        "教育局",
    ]
    assert rows.appeals[-1].text == "学校\n小学何时报名"


def _haikou() -> Any:
    from jiesu.jurisdiction import load_jurisdiction

    return load_jurisdiction("haikou-2018")


def test_the_report_on_disk(jiesu: Jiesu, tiny: Path, tmp_path: Path) -> None:
    write_csv(tmp_path / "in.csv")
    done = jiesu("objections", "in.csv", "--bundle", tiny, "--report", "a/b", "--json")
    assert done.code == 0, done.err
    folder = tmp_path / "a" / "b"
    names = {"report.html", "report.json", *(f"{name}.csv" for name in SHEETS)}
    assert {path.name for path in folder.iterdir()} == names
    body = json.loads(done.text)
    assert body == json.loads((folder / "report.json").read_text("utf-8"))
    assert body["facts"]["模型"].startswith("tiny 1 (")
    first = body["units"][0]
    assert (first["unit"], first["upheld"]["hits"], first["moved"]) == ("城市管理行政执法局", 2, 1)
    assert 0 <= first["wrong"] <= 1
    assert first["top1"]["n"] == 1
    with (folder / "units.csv").open(encoding="utf-8-sig", newline="") as stream:
        line = next(csv.DictReader(stream))
    assert (line["unit"], line["upheld_hits"], line["upheld_n"]) == ("城市管理行政执法局", "2", "2")
    assert line["to"] == "公安局交通警察支队 1"
    page = (folder / "report.html").read_text("utf-8")
    assert page.startswith("<!doctype html>")
    for heading in ("各单位", "误派去向", "逐件误派", "有问题的行", "编号重复"):
        assert heading in page
    assert "&lt;b&gt;火星局&lt;/b&gt;" in page, "names from the data are escaped"
    assert "<b>火星局" not in page
    assert "http" not in page
    for path in folder.iterdir():
        assert "红绿灯" not in path.read_text("utf-8"), f"text of an appeal in {path.name}"


def test_a_page_without_scores_has_no_columns_for_them(jiesu: Jiesu, tmp_path: Path) -> None:
    write_csv(tmp_path / "in.csv")
    assert jiesu("objections", "in.csv", "--no-score", "--report", "out").code == 0
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "异议成立" in page
    assert "现首选即对" not in page


def test_the_tables_on_the_terminal(jiesu: Jiesu, tiny: Path, tmp_path: Path) -> None:
    write_csv(tmp_path / "in.csv")
    done = jiesu("objections", "in.csv", "--bundle", tiny)
    assert done.code == 0, done.err
    for part in ("派单异议 · in.csv", "城市管理行政执法局", "2/2", "top 3", "1.00", "duplicate_id"):
        assert part in done.text
    assert "红绿灯" not in done.text + done.err


def test_markup_in_a_name_is_text(jiesu: Jiesu, tmp_path: Path) -> None:
    line = ("[/red]1", "", "灯坏了", "[bold]局", "交警", "改派", "", "")
    write_csv(tmp_path / "in.csv", [*LINES, line])
    done = jiesu("objections", "in.csv", "--no-score")
    assert done.code == 0, done.err
    assert "[bold]局" in done.text


def test_a_cell_is_no_formula(jiesu: Jiesu, tmp_path: Path) -> None:
    line = ("=1+1", "", "灯坏了", "=cmd()", "交警", "改派", "", "")
    write_csv(tmp_path / "in.csv", [*LINES, line])
    assert jiesu("objections", "in.csv", "--no-score", "--report", "out").code == 0
    text = (tmp_path / "out" / "problems.csv").read_text("utf-8-sig")
    assert "8,'=1+1,unknown_dispatched,'=cmd()" in text


def test_standard_input(jiesu: Jiesu, tmp_path: Path) -> None:
    data = write_csv(tmp_path / "in.csv").read_bytes()
    done = jiesu("objections", "-", "--format", "csv", "--no-score", "--json", stdin=data)
    assert done.code == 0, done.err
    body = json.loads(done.text)
    assert (body["title"], body["facts"]["数据"], body["rows"]) == ("派单异议 · -", "-", 7)


def test_another_catalogue(jiesu: Jiesu, tmp_path: Path) -> None:
    line = ("1", "", "灯坏了", "朝阳区人民政府", "海淀区八里庄街道办事处", "改派", "", "")
    write_csv(tmp_path / "in.csv", [line])
    done = jiesu("objections", "in.csv", "--jurisdiction", "beijing", "--no-score", "--json")
    assert done.code == 0, done.err
    assert json.loads(done.text)["pairs"][0]["final"] == "街道办事处"


def test_columns_are_named(jiesu: Jiesu, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("内容,甲,乙\n灯坏了,城管,交警\n", "utf-8")
    args = ["--column", "dispatched=甲", "--column", "final=乙", "--no-score", "--json"]
    done = jiesu("objections", "in.csv", *args)
    assert done.code == 0, done.err
    assert json.loads(done.text)["objections"] == 1


@pytest.mark.parametrize(
    ("args", "code"),
    [
        pytest.param(["none.csv"], "missing_file", id="no such file"),
        pytest.param(["in.csv", "-o", "rows.csv"], "unknown_format", id="rows are jsonl"),
        pytest.param(["in.csv", "-o", "no/rows.jsonl"], "no_folder", id="no folder"),
        pytest.param(["in.jsonl", "-o", "./in.jsonl"], "same_file", id="the input itself"),
        pytest.param(["in.csv", "--bundle", "none"], "no_bundle", id="no bundle"),
        pytest.param(
            ["in.csv", "--jurisdiction", "none"], "unknown_jurisdiction", id="no catalogue"
        ),
        pytest.param(["bad.csv", "--no-score"], "no_objections", id="no row can be used"),
        pytest.param(["bare.csv", "--no-score"], "no_objections", id="no column of a unit"),
        pytest.param(["empty.jsonl", "--no-score"], "no_objections", id="no row"),
        pytest.param(["empty.csv"], "no_text_column", id="no heading"),
    ],
)
def test_what_is_at_fault_is_1_and_one_line(
    args: list[str], code: str, jiesu: Jiesu, tmp_path: Path
) -> None:
    write_csv(tmp_path / "in.csv")
    write_jsonl(tmp_path / "in.jsonl")
    write_csv(tmp_path / "bad.csv", [("1", "", "灯坏了", "火星局", "金星局", "", "", "")])
    (tmp_path / "bare.csv").write_text("内容\n灯坏了\n", "utf-8")
    for name in ("empty.jsonl", "empty.csv"):
        (tmp_path / name).write_bytes(b"")
    before = (tmp_path / "in.jsonl").read_bytes()
    done = jiesu("objections", *args)
    assert (done.code, done.out) == (1, b"")
    (line,) = done.err.strip().splitlines()
    assert line.startswith(f"error {code} ")
    assert "灯坏了" not in line
    assert (tmp_path / "in.jsonl").read_bytes() == before
    assert not list(tmp_path.glob("rows*"))


@pytest.mark.parametrize(
    "args",
    [
        pytest.param([], id="no input"),
        pytest.param(["a.csv", "--column", "final"], id="no NAME=COLUMN"),
        pytest.param(["a.csv", "--column", "mood=甲"], id="no such name"),
        pytest.param(["a.csv", "--nonsense"], id="no such option"),
    ],
)
def test_wrong_usage_is_2(args: list[str], jiesu: Jiesu) -> None:
    done = jiesu("objections", *args)
    assert (done.code, done.out) == (2, b"")
    assert done.err.startswith("Usage: ")
