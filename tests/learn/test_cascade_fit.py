"""Fitting the cascade: blends, how little the encoder may be asked, macro-F1."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score

from jiesu.heads.cascade import softmax
from jiesu.learn.cascade import fit_blend, least_sure, macro_f1

LABELS = 4


def judged(rows: int, sharpness: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return truth (n,) and logits (n, k) that know of it as much as `sharpness` says."""
    random = np.random.default_rng(seed)
    truth = random.integers(0, LABELS, rows)
    logits = random.normal(0, 1, (rows, LABELS))
    logits[np.arange(rows), truth] += sharpness
    return truth, logits


def test_macro_f1_is_the_usual_one() -> None:
    truth, logits = judged(300, 1.0, 1)
    said = logits.argmax(axis=1)
    wanted = f1_score(truth, said, average="macro", labels=np.unique(truth))
    assert macro_f1(truth, said) == pytest.approx(wanted)


def test_a_blend_leans_on_the_tier_that_knows_more() -> None:
    truth, strong = judged(600, 3.0, 2)
    weak = np.random.default_rng(3).normal(0, 1, strong.shape)
    columns = np.arange(LABELS)
    by_encoder = fit_blend(
        softmax(weak).astype(np.float32), strong.astype(np.float32), truth, columns
    )
    by_linear = fit_blend(
        softmax(strong).astype(np.float32), weak.astype(np.float32), truth, columns
    )
    assert by_encoder.encoder > 5 * by_encoder.linear
    assert by_linear.linear > 5 * by_linear.encoder


def test_an_encoder_that_adds_nothing_need_not_be_asked() -> None:
    truth, logits = judged(400, 2.0, 4)
    scores = softmax(logits).astype(np.float32)
    assert least_sure(scores, scores, truth, most=0.9, keep=0.995) == pytest.approx(0.1)


def test_an_encoder_that_knows_better_is_asked_where_the_linear_tier_is_unsure() -> None:
    truth, logits = judged(4000, 1.5, 5)
    linear = softmax(logits).astype(np.float32)
    perfect = np.eye(LABELS, dtype=np.float32)[truth]
    limits = [
        least_sure(linear, perfect, truth, most=0.99, keep=keep) for keep in (0.8, 0.95, 0.999)
    ]
    assert limits == sorted(limits)
    assert limits[0] < limits[2] <= 0.99
    asked = linear.max(axis=1) < limits[1]
    said = np.where(asked, truth, linear.argmax(axis=1))
    assert macro_f1(truth, said) >= 0.95


def test_no_head_asks_more_than_it_may() -> None:
    truth, logits = judged(1000, 0.5, 6)
    linear = softmax(logits).astype(np.float32)
    perfect = np.eye(LABELS, dtype=np.float32)[truth]
    assert least_sure(linear, perfect, truth, most=0.6, keep=0.999) == 0.6
