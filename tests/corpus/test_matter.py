"""What an appeal is about: the same alone as among others, and the same after it is put away."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiesu.corpus.matter import _band_keys, _shingles, grams_of, pack, read_matters, stored, unpack
from jiesu.schema import Appeal

TEXTS = st.lists(st.text(max_size=40), max_size=5)


@given(texts=TEXTS, address=st.none() | st.text(max_size=8))
def test_alone_as_among_others(texts: list[str], address: str | None) -> None:
    appeals = [Appeal(id="", text=text, address=address) for text in texts]
    together = read_matters(appeals, [7] * len(appeals))
    for one, appeal in zip(together, appeals, strict=True):
        (alone,) = read_matters([appeal], [7])
        assert one.earlier == alone.earlier
        assert one.keys.tolist() == alone.keys.tolist()
        assert one.grams == alone.grams


@given(st.text(max_size=60))
def test_what_is_put_away_comes_back(text: str) -> None:
    (matter,) = read_matters([Appeal(id="", text=text, area="青河区")], [7])
    earlier = unpack(pack(matter.earlier))
    assert earlier[:5] == matter.earlier[:5]
    assert frozenset(earlier.marks) == matter.earlier.marks
    assert frozenset(earlier.shingles) == matter.earlier.shingles


@pytest.mark.parametrize("text", ["", "路", "路灯", "望云路的路灯不亮了"])
def test_the_shingles_of_a_whole_text_are_those_of_its_stretches(text: str) -> None:
    codes = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
    assert _shingles(codes).tolist() == stored(grams_of(codes, [0], [len(codes)])[0])


def test_the_bands_find_what_is_alike() -> None:
    random = np.random.default_rng(3)
    found = []
    for _ in range(400):
        both, rest = (
            random.integers(2**32, size=90, dtype=np.uint32),
            random.integers(2**32, size=(2, 15), dtype=np.uint32),
        )
        one, two = (_band_keys(np.concatenate([both, own])) for own in rest)
        found.append(bool((one == two).any()))
    assert np.mean(found) > 0.98, "of pairs at a Jaccard of .75"
    other = _band_keys(random.integers(2**32, size=100, dtype=np.uint32))
    assert not (one == other).any()
