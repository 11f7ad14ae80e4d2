"""Blends and reach: pure functions between the two tiers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from jiesu.heads.cascade import Blend, Reach, pooled_columns, softmax
from jiesu.heads.transformer import window

LABELS = 4
rows = arrays(np.float64, (3, LABELS), elements=st.floats(-8, 8))


@given(rows, rows, st.floats(0, 3), st.floats(0, 3))
@settings(deadline=None, max_examples=60)
def test_a_blend_is_a_distribution(a: np.ndarray, b: np.ndarray, x: float, y: float) -> None:
    blend = Blend(x, y, np.arange(LABELS))
    found = blend.probabilities(softmax(a).astype(np.float32), b.astype(np.float32))
    assert found.shape == (3, LABELS)
    assert np.allclose(found.sum(axis=1), 1, atol=1e-5)
    assert (found >= 0).all()


def test_a_tier_without_power_has_no_say() -> None:
    linear = softmax(np.array([[2.0, 0.0, 0.0, 1.0]])).astype(np.float32)
    logits = np.array([[0.0, 5.0, 0.0, 0.0]], dtype=np.float32)
    assert np.allclose(Blend(1, 0, np.arange(4)).probabilities(linear, logits), linear, atol=1e-6)
    encoder = Blend(0, 1, np.arange(4)).probabilities(linear, logits)
    assert np.allclose(encoder, softmax(logits.astype(np.float64)), atol=1e-6)


def test_rare_labels_count_for_the_one_they_pool_in() -> None:
    columns = pooled_columns(("a", "b"), ("a", "rare", "b"), {"rare": "b"})
    assert columns.tolist() == [0, 1, 1]
    blend = Blend(0.0, 1.0, columns)
    found = blend.probabilities(
        np.full((1, 2), 0.5, dtype=np.float32), np.zeros((1, 3), dtype=np.float32)
    )
    assert np.allclose(found, [[1 / 3, 2 / 3]], atol=1e-6)


def test_a_label_of_another_catalogue_is_refused() -> None:
    with pytest.raises(ValueError, match="none of the 2 labels"):
        pooled_columns(("a", "b"), ("a", "c"), {})


@pytest.mark.parametrize(
    ("type_", "special", "worst", "asked"),
    [
        (0.95, 0.0, 0.0, False),  # sure of the type, nothing odd: the linear tier answers
        (0.5, 0.0, 0.0, True),  # unsure of the type
        (0.95, 0.4, 0.0, True),  # may be an emergency
        (0.95, 0.0, 0.7, True),  # a clause looks bad
    ],
)
def test_the_encoder_reads_what_is_open(
    type_: float, special: float, worst: float, asked: bool
) -> None:
    reach = Reach({"type": 0.9}, special=0.1, conduct=0.5)
    probabilities = {
        "type": np.array([[type_, 1 - type_]], dtype=np.float32),
        "disposition": np.array([[1 - special, special]], dtype=np.float32),
    }
    assert reach.rows(probabilities, np.array([worst]), 0, np.array([9])).tolist() == [asked]


def test_long_texts_have_a_limit_of_their_own() -> None:
    reach = Reach({"type": 0.5, "unit": 0.6}, 0.1, 2.0, {"type": 0.9}, 100)
    sure = np.array([[0.7, 0.3]] * 2, dtype=np.float32)
    lengths, calm = np.array([99, 100]), np.zeros(2)
    assert reach.rows({"type": sure}, calm, None, lengths).tolist() == [False, True]
    assert reach.rows({"unit": sure}, calm, None, lengths).tolist() == [False, False]


@given(st.integers(0, 400), st.integers(4, 200))
def test_a_window_is_the_head_and_the_tail(count: int, most: int) -> None:
    chosen = window(count, most).tolist()
    assert chosen == sorted(set(chosen))
    assert len(chosen) == min(count, most)
    if count:
        assert chosen[0] == 0
        assert chosen[-1] == count - 1
