"""Words: nothing lost, the two back ends beside one another, threads, processes, side effects.

Where rjieba and jieba differ (both cut Chinese by the same dictionary and HMM):
  - runs of ASCII: rjieba keeps `_`, `-`, `.` and what they join as one word, jieba cuts at them;
  - rare Han outside U+4E00..9FD5: rjieba joins a run of them, jieba gives each its own word.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import re
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import get_args

import jieba
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import jiesu
from jiesu.corpus.read import read_appeals
from jiesu.errors import ConfigError
from jiesu.jurisdiction import load_jurisdiction
from jiesu.resources import resource
from jiesu.text.normalise import normalise
from jiesu.text.segment import BACKENDS, Backend, Segmenter

INVENTED = ("鲲湖坊", "摇光桥", "蓝鲸一号楼", "霁月小区")
_ASCII_RUN = re.compile(r"[0-9A-Za-z_.%+#&-]+")


@pytest.fixture(scope="module", params=BACKENDS)
def segmenter(request: pytest.FixtureRequest) -> Segmenter:
    return Segmenter(INVENTED, backend=request.param)


@pytest.fixture(scope="module")
def both() -> dict[Backend, Segmenter]:
    words = load_jurisdiction("haikou-2018").words
    return {backend: Segmenter(words, backend=backend) for backend in BACKENDS}


@pytest.fixture(scope="module")
def appeals() -> list[str]:
    rows = read_appeals(resource("data", "samples", "appeals.jsonl"))
    batch = normalise([row.appeal.text for row in rows if row.appeal is not None])
    return [batch.row(row) for row in range(len(batch))]


def bounds(words: Sequence[str]) -> set[tuple[int, int]]:
    found, place = set(), 0
    for word in words:
        found.add((place, place + len(word)))
        place += len(word)
    return found


def test_the_back_ends_are_those_of_the_type() -> None:
    assert get_args(Backend) == BACKENDS


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
@settings(max_examples=150, deadline=None)
def test_words_joined_are_the_text(segmenter: Segmenter, text: str) -> None:
    words = segmenter.cut(text)
    assert "".join(words) == text
    assert all(words)


@given(
    texts=st.lists(
        st.text(st.sampled_from("摇光桥路灯坏了没人修aB1.,。 \0😀\ud800"), max_size=20), max_size=6
    )
)
@settings(max_examples=100, deadline=None)
def test_bounds_in_a_batch_tile_every_text(segmenter: Segmenter, texts: list[str]) -> None:
    batch = normalise(texts)
    starts, ends = segmenter.boundaries(batch)
    words = [batch.text[a:b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
    alone = [segmenter.cut(batch.row(row)) for row in range(len(batch))]
    assert words == [word for row in alone for word in row]
    inside = [place for a, b in zip(starts, ends, strict=True) for place in range(a, b)]
    texts_of = zip(batch.starts, batch.ends, strict=True)
    assert inside == [place for a, b in texts_of for place in range(a, b)]


@pytest.mark.parametrize("name", ["haikou-2018", "beijing"])
def test_words_of_a_jurisdiction_stay_whole(name: str, both: dict[Backend, Segmenter]) -> None:
    words = load_jurisdiction(name).words
    for segmenter in both.values():
        own = segmenter if segmenter.words == tuple(sorted(set(words))) else None
        own = own or Segmenter(words, backend=segmenter.backend)
        assert [word for word in own.words if own.cut(word) != [word]] == []


@pytest.mark.parametrize(
    "name",
    [
        "haikou-2018",
        "beijing",
    ],
)
def test_words_of_a_jurisdiction_stay_whole_in_normal_form(name: str) -> None:
    words = load_jurisdiction(name).words
    segmenter, batch = Segmenter(words), normalise(words)
    forms = [batch.row(row) for row in range(len(batch))]
    assert [form for form in forms if segmenter.cut(form) != [form]] == []


@pytest.mark.parametrize("word", INVENTED)
def test_an_invented_word_stays_whole_in_a_sentence(segmenter: Segmenter, word: str) -> None:
    assert word in segmenter.cut(f"我住在{word}旁边，路灯坏了")


def test_without_the_dictionary_it_would_not(both: dict[Backend, Segmenter]) -> None:
    for segmenter in both.values():
        assert "蓝鲸一号楼" not in segmenter.cut("我住在蓝鲸一号楼旁边")


def test_the_back_ends_agree_on_appeals(
    both: dict[Backend, Segmenter], appeals: Sequence[str]
) -> None:
    shared = total = 0
    for text in appeals:
        first, second = (bounds(both[backend].cut(text)) for backend in BACKENDS)
        shared += len(first & second)
        total += len(first) + len(second)
        runs = [run.span() for run in _ASCII_RUN.finditer(text)]
        for start, end in first ^ second:
            assert any(a <= start and end <= b for a, b in runs), "they differ outside ASCII runs"
    assert 2 * shared / total >= 0.995


@pytest.mark.parametrize(
    ("text", "rjieba", "jieba", "reason"),
    [
        ("a_b", ["a_b"], ["a", "_", "b"], "underscore"),
        ("0898-123", ["0898-123"], ["0898", "-", "123"], "hyphen between digits"),
        ("x.cn", ["x.cn"], ["x", ".", "cn"], "full stop between letters"),
        ("㐀㐁", ["㐀㐁"], ["㐀", "㐁"], "rare Han"),
        ("3.5公里", ["3.5", "公里"], ["3.5", "公里"], "the same: decimals"),
        ("12.5%", ["12.5%"], ["12.5%"], "the same: per cent"),
        ("a b", ["a", " ", "b"], ["a", " ", "b"], "the same: spaces"),
        ("qq群123", ["qq", "群", "123"], ["qq", "群", "123"], "the same: mixed scripts"),
        ("😀\0", ["😀", "\0"], ["😀", "\0"], "the same: what is no word"),
    ],
)
def test_where_the_back_ends_differ(
    both: dict[Backend, Segmenter], text: str, rjieba: list[str], jieba: list[str], reason: str
) -> None:
    assert (both["rjieba"].cut(text), both["jieba"].cut(text)) == (rjieba, jieba), reason


def test_a_copy_by_pickle_cuts_alike(segmenter: Segmenter, appeals: Sequence[str]) -> None:
    data = pickle.dumps(segmenter)
    assert len(data) < 1000, "the arguments travel, not the dictionary"
    copy = pickle.loads(data)
    assert (copy.words, copy.backend) == (segmenter.words, segmenter.backend)
    assert [copy.cut(text) for text in appeals[:40]] == [segmenter.cut(t) for t in appeals[:40]]


def test_eight_threads_cut_alike(segmenter: Segmenter, appeals: Sequence[str]) -> None:
    alone = [segmenter.cut(text) for text in appeals]
    with ThreadPoolExecutor(8) as pool:
        runs = [pool.submit(lambda: [segmenter.cut(text) for text in appeals]) for _ in range(8)]
        assert all(run.result() == alone for run in runs)


def test_a_process_pool_cuts_alike(segmenter: Segmenter, appeals: Sequence[str]) -> None:
    texts = appeals[:60]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        # One chunk a process: the segmenter is built anew for each.
        found = list(pool.map(segmenter.cut, texts, chunksize=30))
    assert found == [segmenter.cut(text) for text in texts]


def test_an_unknown_back_end_is_named() -> None:
    with pytest.raises(ConfigError, match=r"found 'thulac', expected one of rjieba, jieba"):
        Segmenter(backend="thulac")  # what a config could hold


def test_the_process_wide_jieba_is_left_alone() -> None:
    before = (jieba.dt.initialized, jieba.dt.total, len(jieba.dt.FREQ))
    own = Segmenter(INVENTED, backend="jieba")
    assert own.cut(INVENTED[2]) == [INVENTED[2]]
    assert (jieba.dt.initialized, jieba.dt.total, len(jieba.dt.FREQ)) == before
    assert INVENTED[2] not in jieba.dt.FREQ


def test_nothing_is_written_or_logged(tmp_path: Path) -> None:
    code = (
        "from jiesu.text.segment import BACKENDS, Segmenter\n"
        "for name in BACKENDS: print(Segmenter(['鲲湖坊'], backend=name).cut('鲲湖坊路灯'))\n"
    )
    source = str(Path(jiesu.__file__).parents[1])
    folders = dict.fromkeys(("TMPDIR", "TEMP", "TMP", "HOME"), str(tmp_path))
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, **folders, "PYTHONPATH": source, "PYTHONUTF8": "1"},
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.splitlines() == ["['鲲湖坊', '路灯']"] * 2
    assert list(tmp_path.iterdir()) == []
