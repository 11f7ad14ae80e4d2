"""`jiesu score`: every input to every output, pipes, order, and spreadsheets that run nothing."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest

from jiesu.engine import Engine
from jiesu.resources import resource
from jiesu.schema import Appeal, Verdict

Jiesu = Callable[..., Any]
SAMPLES = ["appeals.csv", "appeals.xlsx", "appeals.jsonl"]


def verdicts_of(lines: bytes) -> list[Verdict]:
    return [Verdict.model_validate_json(line) for line in lines.splitlines()]


def ids_of(path: Path) -> list[str]:
    if path.suffix == ".jsonl":
        return [verdict.id for verdict in verdicts_of(path.read_bytes())]
    if path.suffix == ".csv":
        return [row["id"] for row in csv.DictReader(path.read_text("utf-8-sig").splitlines())]
    if path.suffix == ".parquet":
        return list(pq.read_table(path).column("id").to_pylist())
    book = openpyxl.load_workbook(path, read_only=True)
    ids = [row[0] for row in book.worksheets[0].iter_rows(min_row=2, values_only=True)]
    book.close()
    return ids


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "xlsx", "parquet"])
@pytest.mark.parametrize("name", SAMPLES)
def test_every_format_to_every_format(
    name: str, suffix: str, jiesu: Jiesu, tiny: Path, samples: list[Appeal], tmp_path: Path
) -> None:
    target = tmp_path / f"out.{suffix}"
    found = jiesu("score", resource("data", "samples", name), "-o", target, "--bundle", tiny)
    assert (found.code, found.out) == (0, b"")
    assert found.err.strip() == f"{len(samples)} verdicts → out.{suffix}"
    assert ids_of(target) == [appeal.id for appeal in samples]
    assert [path.name for path in tmp_path.iterdir()] == [target.name]


def test_one_verdict_a_line_as_the_engine_says(
    jiesu: Jiesu, tiny: Path, tiny_engine: Engine, samples: list[Appeal]
) -> None:
    found = jiesu("score", resource("data", "samples", "appeals.jsonl"), "--bundle", tiny)
    assert found.code == 0
    assert verdicts_of(found.out) == tiny_engine.score(samples)


@pytest.mark.parametrize("extra", [[], ["-o", "-"], ["--json"]], ids=["pipe", "-o -", "--json"])
def test_standard_input_and_output(extra: list[str], jiesu: Jiesu, tiny: Path) -> None:
    lines = '{"id": "1", "text": "路灯坏了"}\n{"id": "2"}\n{"id": "3", "text": "停水了"}\n'
    found = jiesu("score", "-", "--bundle", tiny, *extra, stdin=lines.encode())
    assert (found.code, found.err) == (0, "")
    verdicts = verdicts_of(found.out)
    assert [verdict.id for verdict in verdicts] == ["1", "2", "3"]
    assert [bool(verdict.error) for verdict in verdicts] == [False, True, False]


@pytest.mark.parametrize(
    ("content", "args"),
    [
        pytest.param("id,text\n1,路灯坏了\n".encode("gb18030"), [], id="csv in GB18030, found out"),
        pytest.param('[{"id": "1", "text": "路灯坏了"}]'.encode(), [], id="a JSON list, found out"),
        pytest.param("编号\t内容\n1\t路灯坏了\n".encode(), ["--format", "tsv"], id="tsv, said"),
        pytest.param(b"\xef\xbb\xbfid,text\n1,abc\n", [], id="a byte order mark"),
    ],
)
def test_what_comes_through_a_pipe(
    content: bytes, args: list[str], jiesu: Jiesu, tiny: Path
) -> None:
    found = jiesu("score", "-", "--bundle", tiny, *args, stdin=content)
    assert [verdict.id for verdict in verdicts_of(found.out)] == ["1"]


def test_an_empty_input_is_an_empty_output(jiesu: Jiesu, tiny: Path) -> None:
    found = jiesu("score", "-", "--bundle", tiny)
    assert (found.code, found.out) == (0, b"")


def test_csv_is_safe_and_chinese_in_a_spreadsheet(jiesu: Jiesu, tiny: Path, tmp_path: Path) -> None:
    rows = [{"id": "=1+1", "text": "=cmd|' /C calc'!A0 路灯坏了"}, {"id": "@x", "text": "+86 停水"}]
    stdin = "\n".join(map(json.dumps, rows)).encode()
    jiesu("score", "-", "-o", "o.csv", "--redact", "--words", "--bundle", tiny, stdin=stdin)
    raw = (tmp_path / "o.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    found = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    assert [row["id"] for row in found] == ["'=1+1", "'@x"]
    cells = [cell for row in found for cell in row.values()]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_options_reach_the_engine(jiesu: Jiesu, tiny: Path) -> None:
    line = '{"text": "我的电话19900001234，路灯坏了"}'.encode()
    (bare,) = verdicts_of(jiesu("score", "-", "--bundle", tiny, "--no-explain", stdin=line).out)
    assert (bare.explanation.type, bare.redacted_text, bare.words) == ((), None, None)
    (full,) = verdicts_of(
        jiesu("score", "-", "--bundle", tiny, "--redact", "--words", stdin=line).out
    )
    assert full.explanation.type
    assert full.words
    assert full.redacted_text
    assert "19900001234" not in full.redacted_text


def test_a_bad_file_leaves_the_old_output_alone(jiesu: Jiesu, tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("a,b\n1,2\n", "utf-8")
    (tmp_path / "out.csv").write_text("old", "utf-8")
    found = jiesu("score", "in.csv", "-o", "out.csv", "--bundle", tiny)
    assert found.code == 1
    assert "found the columns a, b" in found.err
    assert "诉求内容" in found.err
    assert (tmp_path / "out.csv").read_text("utf-8") == "old"


def test_input_and_output_may_be_one_file(
    jiesu: Jiesu, tiny: Path, samples: list[Appeal], tmp_path: Path
) -> None:
    path = tmp_path / "both.jsonl"
    path.write_bytes(resource("data", "samples", "appeals.jsonl").read_bytes())
    assert jiesu("score", path, "-o", path, "--bundle", tiny).code == 0
    assert ids_of(path) == [appeal.id for appeal in samples]


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a pseudo-terminal")
def test_a_terminal_gets_a_table(child_env: dict[str, str], tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(
        '{"id": "A-1", "text": "路灯坏了"}\n{"id": "A-2"}\n', "utf-8"
    )
    mine, its = os.openpty()
    code = "from jiesu.cli.app import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", code, "score", "in.jsonl", "--bundle", str(tiny)],
        cwd=tmp_path,
        env=child_env,
        stdout=its,
        stderr=subprocess.PIPE,
    ) as process:
        os.close(its)
        shown = b""
        while True:
            try:
                piece = os.read(mine, 65536)
            except OSError:
                break
            if not piece:
                break
            shown += piece
        assert process.wait() == 0
    os.close(mine)
    text = shown.decode("utf-8")
    assert "A-1" in text
    assert "no_text" in text
    assert "承办单位" in text
    assert '"accepted"' not in text


def test_repeats_of_the_same_file_and_of_earlier_ones(
    jiesu: Jiesu, tiny: Path, tmp_path: Path
) -> None:
    lamp = "龙华区海垦路金山小区三号楼门口的路灯坏了半个月，晚上漆黑一片，希望尽快维修"
    bus = "公交二十一路早高峰半小时不来一班，学生上学总是迟到，建议增加班次"
    (tmp_path / "may.csv").write_text(f"诉求内容\n{lamp}\n", "utf-8")
    (tmp_path / "june.csv").write_text(f"工单编号,诉求内容\na,{lamp}\nb,{bus}\nc,{bus}\n", "utf-8")
    at = tmp_path / "june.csv"

    def similar(*options: Any) -> list[tuple[str, ...]]:
        found = jiesu("score", at, "--bundle", tiny, *options)
        assert found.code == 0
        return [verdict.explanation.similar for verdict in verdicts_of(found.out)]

    assert similar() == [(), (), ()]
    assert similar("--repeats") == [(), (), ("b",)]
    assert similar("--history", tmp_path / "may.csv") == [("may.csv#row-1",), (), ("b",)]
    assert similar("--repeats", "--remember", 1) == [(), (), ("b",)]
    assert similar("--history", at) == [(), (), ("b",)], "the file itself, sent again"


def test_rows_without_ids_of_two_files_of_one_name(
    jiesu: Jiesu, tiny: Path, tmp_path: Path
) -> None:
    bus = "公交二十一路早高峰半小时不来一班，学生上学总是迟到，建议增加班次"
    files = [tmp_path / month / "工单.csv" for month in ("may", "june")]
    for file, text in zip(files, (bus, "另外的一件事，与它无关"), strict=True):
        file.parent.mkdir()
        file.write_text(f"诉求内容\n{text}\n", "utf-8")
    (tmp_path / "now.csv").write_text(f"诉求内容\n{bus}\n", "utf-8")
    options = [part for file in files for part in ("--history", file)]
    found = jiesu("score", tmp_path / "now.csv", "--bundle", tiny, *options)
    (verdict,) = verdicts_of(found.out)
    assert verdict.explanation.similar == (f"{files[0]}#row-1",)


def test_an_earlier_file_that_is_not_there(jiesu: Jiesu, tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "now.csv").write_text("诉求内容\n路灯坏了\n", "utf-8")
    found = jiesu(
        "score", tmp_path / "now.csv", "--bundle", tiny, "--history", tmp_path / "gone.csv"
    )
    assert found.code == 1
    assert "gone.csv" in found.err
