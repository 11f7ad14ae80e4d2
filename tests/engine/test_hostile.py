"""Ten thousand inputs that nobody should send: a verdict each, in order, and no crash.

Counted below: by hand, pieced together by chance, and by hypothesis.
"""

from __future__ import annotations

import csv
import io
import json
import random
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from jiesu.corpus.read import read_appeals
from jiesu.corpus.record import TEXT_LIMIT
from jiesu.engine import Engine
from jiesu.errors import JiesuError
from jiesu.schema import Appeal, Verdict

BY_CHANCE = 8_000
EXAMPLES, EACH = 64, 20
IN_FILES = 500

NAMES = (
    "id",
    "text",
    "turns",
    "title",
    "address",
    "诉求内容",
    "通话转写",
    "来电时间",
    "关联工单",
    "x",
)


def sound(verdicts: list[Verdict], expected: int) -> None:
    """Assert that nothing is lost and everything may be written down and read again."""
    assert len(verdicts) == expected
    for verdict in verdicts:
        assert verdict.accepted is True
        assert (verdict.error is None) == (verdict.type.code is not None)
        if verdict.error:
            assert len(verdict.error.message) < 2000
        assert Verdict.model_validate_json(verdict.model_dump_json()) == verdict


def pieced(pieces: list[str], samples: list[Appeal], count: int, seed: int) -> list[str]:
    """Return texts pieced together from hostile pieces and ends of real sentences."""
    chance = random.Random(seed)
    short = [piece[:300] for piece in pieces]
    texts = []
    for _ in range(count):
        parts = []
        for _ in range(chance.randint(1, 5)):
            if chance.random() < 0.4:
                text = chance.choice(samples).text
                start = chance.randrange(len(text))
                parts.append(text[start : start + chance.randint(1, 40)])
            else:
                parts.append(chance.choice(short))
        texts.append("".join(parts))
    return texts


def test_everything_by_hand(tiny_engine: Engine, hostile: Callable[[], list[Any]]) -> None:
    items = hostile()
    assert len(items) >= 700
    sound(tiny_engine.score(items, redact=True, words=True), len(items))


def test_texts_pieced_together_by_chance(
    tiny_engine: Engine, hostile_texts: list[str], samples: list[Appeal]
) -> None:
    texts = pieced(hostile_texts, samples, BY_CHANCE, seed=12345)
    items = [{"id": str(number), "text": text} for number, text in enumerate(texts)]
    verdicts = tiny_engine.score(items)
    sound(verdicts, BY_CHANCE)
    assert [verdict.id for verdict in verdicts] == [item["id"] for item in items]
    for text, verdict in zip(texts, verdicts, strict=True):
        for span in (*verdict.explanation.type, *verdict.explanation.unit):
            assert 0 <= span.start < span.end <= len(text)
    # A batch of the worst is no worse than each alone.
    alone = [tiny_engine.score([item])[0] for item in items[:200]]
    assert [v.type.code for v in alone] == [v.type.code for v in verdicts[:200]]


_TEXT = st.text(st.characters(), max_size=30)
_PLAIN = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.binary(max_size=20), _TEXT
)
_VALUE = st.recursive(
    _PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=5,
)
_ITEM = st.one_of(
    _TEXT, _VALUE, st.dictionaries(st.sampled_from(NAMES) | _TEXT, _VALUE, max_size=4)
)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(items=st.lists(_ITEM, min_size=EACH, max_size=EACH))
def test_whatever_hypothesis_thinks_of(tiny_engine: Engine, items: list[Any]) -> None:
    sound(tiny_engine.score(items, redact=True), EACH)


def test_it_is_ten_thousand(hostile: Callable[[], list[Any]]) -> None:
    assert len(hostile()) + BY_CHANCE + EXAMPLES * EACH + 6 * IN_FILES >= 10_000


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param("路灯坏了没人" * 160_000, None, id="a million characters"),
        pytest.param("路" * TEXT_LIMIT, None, id="one character a million times"),
        pytest.param("a" * TEXT_LIMIT, None, id="one endless word"),
        pytest.param("😀" * TEXT_LIMIT, None, id="a million emoji"),
        pytest.param("市民：\n" * 250_000, None, id="a quarter of a million speakers"),
        pytest.param("\u0301" * TEXT_LIMIT, None, id="a million accents"),
        pytest.param("1" * TEXT_LIMIT, None, id="a million digits"),
        pytest.param("路" * (TEXT_LIMIT + 1), "too_long", id="one character too many"),
        pytest.param(" " * TEXT_LIMIT, "no_text", id="a million blanks"),
    ],
)
def test_a_megabyte(text: str, code: str | None, tiny_engine: Engine) -> None:
    before, huge, after = tiny_engine.score(["路灯坏了", text, "路灯坏了"])
    assert (huge.error.code if huge.error else None) == code
    assert before.type == after.type
    sound([before, huge, after], 3)


def as_jsonl(records: list[dict[str, str]]) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def as_json(records: list[dict[str, str]]) -> bytes:
    return json.dumps(records).encode()


def as_csv(records: list[dict[str, str]]) -> bytes:
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, ["id", "text"])
    writer.writeheader()
    writer.writerows(records)
    return stream.getvalue().encode("utf-8", "surrogatepass")


def as_tsv(records: list[dict[str, str]]) -> bytes:
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, ["id", "text"], delimiter="\t")
    writer.writeheader()
    writer.writerows(records)
    return stream.getvalue().encode("utf-8", "surrogatepass")


def as_xlsx(records: list[dict[str, str]]) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(["id", "text"])
    for record in records:
        text = ILLEGAL_CHARACTERS_RE.sub("", record["text"])
        text = text.encode("utf-8", "replace").decode()
        sheet.append([record["id"], "".join(c for c in text if c not in "\ufffe\uffff")[:30_000]])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def as_parquet(records: list[dict[str, str]]) -> bytes:
    stream = io.BytesIO()
    table = pa.table(
        {
            "id": [record["id"] for record in records],
            "text": [record["text"].encode("utf-8", "replace").decode() for record in records],
        }
    )
    pq.write_table(table, stream, row_group_size=97)
    return stream.getvalue()


FORMATS = {
    "jsonl": as_jsonl,
    "json": as_json,
    "csv": as_csv,
    "tsv": as_tsv,
    "xlsx": as_xlsx,
    "parquet": as_parquet,
}


@pytest.mark.parametrize("suffix", FORMATS)
def test_hostile_rows_in_a_file(
    suffix: str,
    tiny_engine: Engine,
    hostile_texts: list[str],
    samples: list[Appeal],
    tmp_path: Path,
) -> None:
    texts = [*hostile_texts, *pieced(hostile_texts, samples, IN_FILES, seed=7)][:IN_FILES]
    records = [{"id": f"r{number}", "text": text} for number, text in enumerate(texts)]
    path = tmp_path / f"rows.{suffix}"
    path.write_bytes(FORMATS[suffix](records))
    verdicts = list(tiny_engine.stream(read_appeals(path), batch=64))
    sound(verdicts, IN_FILES)
    assert [verdict.id for verdict in verdicts] == [record["id"] for record in records]


def damaged(content: bytes, count: int, seed: int) -> Iterator[bytes]:
    """Yield a file cut short, with bits turned, with a piece gone, and with rubbish inside."""
    chance = random.Random(seed)
    for number in range(count):
        at = chance.randrange(len(content))
        yield content[:at]
        turned = bytearray(content)
        for _ in range(1 + number % 8):
            turned[chance.randrange(len(turned))] ^= 1 << chance.randrange(8)
        yield bytes(turned)
        yield content[:at] + content[at + chance.randrange(50) :]
        yield content[:at] + chance.randbytes(chance.randrange(1, 50)) + content[at:]


def scored(engine: Engine, content: bytes, suffix: str | None) -> list[Verdict] | None:
    """Return the verdicts of a file, None if it was refused as a whole."""
    try:
        verdicts = list(engine.stream(read_appeals(io.BytesIO(content), format=suffix)))
    except JiesuError as error:
        refusal = error.message
    else:
        sound(verdicts, len(verdicts))
        return verdicts
    assert len(refusal) < 5000
    return None


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_damaged_file_is_refused_or_read(
    suffix: str, tiny_engine: Engine, samples: list[Appeal]
) -> None:
    records = [{"id": appeal.id, "text": appeal.text} for appeal in samples[:30]]
    content = FORMATS[suffix](records)
    assert scored(tiny_engine, content, suffix) is not None
    for broken in damaged(content, 15, seed=3):
        scored(tiny_engine, broken, suffix)
        scored(tiny_engine, broken, None)


def zipped(name: str, content: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return stream.getvalue()


ROW = "id,text\n1,门口的路灯坏了三天没人修\n"
WHOLE_FILES = [
    pytest.param(b"", id="empty"),
    pytest.param(b"\0" * 10_000, id="only NULs"),
    pytest.param(b"\n" * 10_000, id="only lines"),
    pytest.param(b"\xff" * 10_000, id="no encoding at all"),
    pytest.param(ROW.encode("utf-16"), id="UTF-16"),
    pytest.param(ROW.encode("utf-16-le"), id="UTF-16 without a mark"),
    pytest.param(ROW.encode("utf-32"), id="UTF-32"),
    pytest.param(ROW.encode("gb18030"), id="GB18030"),
    pytest.param(ROW.encode("big5", "replace"), id="Big5"),
    pytest.param(ROW.encode("shift_jis", "replace"), id="Shift JIS"),
    pytest.param(ROW.encode() + ROW.encode("gb18030"), id="two encodings"),
    pytest.param(b"\xef\xbb\xbf" * 5 + ROW.encode(), id="five byte order marks"),
    pytest.param(b"[" * 200_000, id="lists in lists"),
    pytest.param(b'{"text":' * 100_000, id="objects in objects"),
    pytest.param(b'[{"text": ' + b"9" * 10_000 + b"}]", id="a number of ten thousand digits"),
    pytest.param(b'{"text": NaN, "id": Infinity}\n', id="NaN"),
    pytest.param(b'{"text": 1e999999}\n', id="a number out of range"),
    pytest.param(b'{"text": "\\ud800"}\n', id="a lone surrogate"),
    pytest.param(b'{"text": "\\x"}\n{"text": "a"}\n', id="an escape that is none"),
    pytest.param(b'{"text": "a", "text": "b"}\n', id="a key twice"),
    pytest.param(b'null\n1\n[]\n"a"\n{}\n', id="values that are no objects"),
    pytest.param(b'id,text\n1,"' + b"a\n" * 5_000, id="a quote that never ends"),
    pytest.param(b'id,text\n1,"a"b"c,d"\n2,e\n', id="quotes in quotes"),
    pytest.param(b"id,text\n" + b"," * 50_000 + b"\n", id="fifty thousand cells"),
    pytest.param(b"text\n" * 3, id="headings again and again"),
    pytest.param(b"text," * 5_000 + b"\n1,2\n", id="one heading five thousand times"),
    pytest.param(b'text\n"=cmd|calc"\n@a\n+1\n-1\n', id="formula cells"),
    pytest.param("id,text\r1,路灯\r2,坏了\r".encode(), id="lines that end in CR"),
    pytest.param(b"PK\x03\x04" + b"\0" * 100, id="a zip that is none"),
    pytest.param(b"PAR1" + b"\xff" * 100 + b"PAR1", id="a Parquet that is none"),
    pytest.param(b"\x1f\x8b" + b"\0" * 100, id="gzip"),
    pytest.param(zipped("xl/workbook.xml", b"<a/>"), id="a workbook without sheets"),
    pytest.param(zipped("big.txt", b"0" * 20_000_000), id="a small zip bomb"),
    pytest.param(zipped("[Content_Types].xml", b"<Types>" + b"<a/>" * 1_000_000), id="one of XML"),
    pytest.param(b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", id="XML"),
    pytest.param(random.Random(5).randbytes(50_000), id="noise"),
]


@pytest.mark.parametrize("content", WHOLE_FILES)
@pytest.mark.parametrize("suffix", [*FORMATS, None])
def test_a_file_of_another_kind(content: bytes, suffix: str | None, tiny_engine: Engine) -> None:
    scored(tiny_engine, content, suffix)


def test_one_bad_line_costs_one_verdict(tiny_engine: Engine) -> None:
    lines = [
        '{"id": "1", "text": "门口的路灯坏了"}'.encode(),
        b"{broken",
        b'{"id": "3", "text": "\xff\xfe"}',
        '{"id": "4", "text": "没人修"}'.encode(),
    ]
    verdicts = scored(tiny_engine, b"\n".join(lines), "jsonl")
    assert verdicts is not None
    codes = [verdict.error.code if verdict.error else None for verdict in verdicts]
    assert codes == [None, "bad_json", "bad_encoding", None]
    assert [verdict.id for verdict in verdicts] == ["1", "row-2", "3", "4"]
