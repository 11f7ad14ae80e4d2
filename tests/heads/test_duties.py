"""Units without training: what their duties and an appeal have in common."""

from __future__ import annotations

import numpy as np
import pytest

from jiesu.heads.duties import BY_SENSE, BY_WORDS, DutyMatcher, Likeness, pair_features


def likeness(words: list[list[float]], *, sense: bool = False) -> Likeness:
    found = np.array(words)
    units = found.shape[1]
    between = np.eye(units)
    if not sense:
        return Likeness(found, np.zeros_like(found), between)
    return Likeness(found, np.zeros_like(found), between, found, found, between)


def test_as_many_features_as_names() -> None:
    scores = np.full((2, 3), 1 / 3)
    words = [[0.1, 0.5, 0.2], [0.3, 0.3, 0.3]]
    assert pair_features(likeness(words), scores, 1).shape == (2, len(BY_WORDS))
    assert pair_features(likeness(words, sense=True), scores, 1).shape == (2, len(BY_SENSE))


def test_what_the_head_says_of_the_unit_itself_is_taken_out() -> None:
    found = likeness([[0.1, 0.5, 0.2]])
    sure = pair_features(found, np.array([[0.1, 0.8, 0.1]]), 1)
    unsure = pair_features(found, np.array([[0.5, 0.0, 0.5]]), 1)
    assert np.allclose(sure, unsure)


def test_an_appeal_that_is_unlike_every_duty_still_tells_who_stands_out() -> None:
    # The same shape, once at a tenth of the size: a vague appeal.
    features = pair_features(
        likeness([[0.1, 0.5, 0.2], [0.01, 0.05, 0.02]]), np.full((2, 3), 1 / 3), 1
    )
    score = features[:, BY_WORDS.index("words_score")]
    assert score[0] == pytest.approx(score[1], rel=1e-4)
    assert score[0] > 1
    raw = features[:, BY_WORDS.index("words")]
    assert raw[0] == pytest.approx(10 * raw[1])


def test_odds_and_the_head_s_probabilities_are_normalised_together() -> None:
    matcher = DutyMatcher(-1.0, {name: 3.0 if name == "words" else 0.0 for name in BY_WORDS})
    trained = np.array([[0.7, 0.3, 0.0], [0.7, 0.3, 0.0]], dtype=np.float32)
    found = matcher.blend(trained, likeness([[0.0, 0.0, 0.9], [0.0, 0.0, 0.0]]), [2])
    assert np.allclose(found.sum(axis=1), 1)
    assert found[0].argmax() == 2
    assert found[1].argmax() == 0
    # Among the others nothing moves.
    assert np.allclose(found[:, 0] / found[:, 1], 7 / 3, atol=1e-4)
