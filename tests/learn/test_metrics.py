"""Figures against hand-computed values, scikit-learn and a plain bootstrap."""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as sk

from jiesu.errors import InputError
from jiesu.learn import resample
from jiesu.learn.metrics import HeadScores, evaluate_head


def two_labels(confidence: list[float], correct: list[int], **more: Any) -> HeadScores:
    """A head that always says 甲 with the given confidence (over one half)."""
    p = np.array(confidence)
    truth = np.where(np.array(correct) == 1, 0, 1).astype(np.int64)
    return HeadScores("t", ("甲", "乙"), np.column_stack([p, 1 - p]), truth, **more)


def random_scores(n: int = 400, k: int = 6, seed: int = 0, **more: Any) -> HeadScores:
    rng = np.random.default_rng(seed)
    truth = rng.choice(k - 1, n)  # the last label has no truth
    logits = rng.normal(size=(n, k))
    logits[np.arange(n), truth] += 1.5
    proba = np.exp(logits)
    proba /= proba.sum(axis=1, keepdims=True)
    return HeadScores("t", tuple(f"类{i}" for i in range(k)), proba, truth, **more)


def value(report: Any, name: str) -> float:
    return float(getattr(report.headline, name).value)


CURVES = [
    # correct in order of falling confidence, AURC, AUGRC, coverage at 5 %, why
    ([1, 1, 0], (0 + 0 + 1 / 3) / 3, 0.5 / 9, 2 / 3, "best order: the error comes last"),
    ([0, 1, 1], (1 + 1 / 2 + 1 / 3) / 3, 2.5 / 9, 0.0, "worst order: the error comes first"),
    ([1, 1, 1], 0.0, 0.0, 1.0, "no error"),
    ([0, 0], 1.0, 0.5, 0.0, "all wrong: AUGRC is at most one half"),
    ([1, 0, 1, 0], (0 + 1 / 2 + 1 / 3 + 1 / 2) / 4, (2.5 + 0.5) / 16, 0.25, "mixed"),
]


@pytest.mark.parametrize(("correct", "aurc", "augrc", "coverage", "why"), CURVES)
def test_risk_coverage_by_hand(
    correct: list[int], aurc: float, augrc: float, coverage: float, why: str
) -> None:
    confidence = [0.95 - 0.1 * i for i in range(len(correct))]
    report = evaluate_head(two_labels(confidence, correct), bootstrap=100)
    assert value(report, "aurc") == pytest.approx(aurc), why
    assert value(report, "augrc") == pytest.approx(augrc), why
    assert value(report, "coverage_at_5") == pytest.approx(coverage), why


def test_augrc_equals_its_closed_form() -> None:
    scores = random_scores()
    report = evaluate_head(scores, bootstrap=100)
    correct = scores.proba.argmax(axis=1) == scores.truth
    auroc = sk.roc_auc_score(correct, scores.proba.max(axis=1))
    acc = correct.mean()
    expected = (1 - auroc) * acc * (1 - acc) + (1 - acc) ** 2 / 2
    assert value(report, "augrc") == pytest.approx(expected)


def test_ties_enter_in_random_order() -> None:
    tied = evaluate_head(two_labels([0.9, 0.8, 0.8, 0.8], [1, 1, 0, 1]), bootstrap=100)
    orders = [[1, 0, 1, 1], [1, 1, 0, 1], [1, 1, 1, 0]]
    split = [evaluate_head(two_labels([0.9, 0.8, 0.7, 0.6], o), bootstrap=100) for o in orders]
    for name in ("aurc", "augrc"):
        assert value(tied, name) == pytest.approx(np.mean([value(r, name) for r in split]))
    assert value(tied, "coverage_at_5") == 0.25, "a tie is let through whole or not at all"
    assert tied.threshold_at_5 == pytest.approx(0.9)


def test_coverage_at_5_admits_one_error_in_twenty() -> None:
    confidence = list(np.linspace(0.99, 0.6, 40))
    correct = [1] * 19 + [0] + [0] * 20
    report = evaluate_head(two_labels(confidence, correct), bootstrap=100)
    assert value(report, "coverage_at_5") == 0.5
    assert report.threshold_at_5 == pytest.approx(confidence[19])
    assert report.curve[49].risk.value == pytest.approx(0.05)


def test_no_threshold_if_the_surest_row_is_wrong() -> None:
    assert evaluate_head(two_labels([0.9, 0.8], [0, 1]), bootstrap=100).threshold_at_5 is None


def test_calibration_error_by_hand() -> None:
    # Bins (9/15, 10/15] and (14/15, 1]: |.62 + .64 - 1| and |.95 + .97 + .99 - 2|, over five rows.
    report = evaluate_head(
        two_labels([0.62, 0.64, 0.95, 0.97, 0.99], [1, 0, 1, 1, 0]), bootstrap=100
    )
    assert value(report, "ece") == pytest.approx((0.26 + 0.91) / 5)
    # Fifteen bins for five rows: each row is its own.
    assert value(report, "ece_equal_mass") == pytest.approx((0.38 + 0.64 + 0.05 + 0.03 + 0.99) / 5)
    filled = [b for b in report.equal_width if b.n]
    assert [b.n for b in filled] == [2, 3]
    assert filled[0].confidence == pytest.approx(0.63)
    assert filled[0].accuracy is not None
    assert filled[0].accuracy.value == pytest.approx(0.5)


def test_equal_mass_bins_hold_equal_numbers() -> None:
    report = evaluate_head(random_scores(450), bootstrap=100)
    assert len(report.equal_mass) == 15
    assert max(b.n for b in report.equal_mass) - min(b.n for b in report.equal_mass) <= 1
    assert sum(b.n for b in report.equal_mass) == 450


def test_figures_agree_with_sklearn() -> None:
    scores = random_scores()
    report = evaluate_head(scores, bootstrap=100)
    truth, predicted = scores.truth, scores.proba.argmax(axis=1)
    present = np.unique(truth)
    onehot = np.eye(6)[truth]
    expected = {
        "accuracy": sk.accuracy_score(truth, predicted),
        "macro_f1": sk.f1_score(truth, predicted, labels=present, average="macro"),
        "weighted_f1": sk.f1_score(truth, predicted, labels=present, average="weighted"),
        "log_loss": sk.log_loss(truth, scores.proba, labels=range(6)),
        "brier": np.square(scores.proba - onehot).sum(axis=1).mean(),
        **{
            f"top{k}": sk.top_k_accuracy_score(truth, scores.proba, k=k, labels=range(6))
            for k in (1, 3, 5)
        },
    }
    for name, wanted in expected.items():
        assert value(report, name) == pytest.approx(wanted), name
    precision, recall, f1, support = sk.precision_recall_fscore_support(
        truth, predicted, labels=range(6), zero_division=0
    )
    for i, row in enumerate(report.classes[:5]):
        assert row.support == support[i]
        for metric, wanted in ((row.precision, precision), (row.recall, recall), (row.f1, f1)):
            assert metric is not None
            assert metric.value == pytest.approx(wanted[i])
    confusion = sk.confusion_matrix(truth, predicted, labels=range(6))
    assert np.array_equal(np.array(report.confusion)[:-1], confusion)


def test_intervals_agree_with_a_plain_bootstrap() -> None:
    """The weights do what drawing rows and measuring each draw anew would do."""
    scores = random_scores(120)
    rows = resample.prepare(scores.proba, scores.truth, None)
    (w,) = resample.weights(120, bootstrap=50, seed=3)
    assert (w.sum(axis=1) == 120).all()
    figures = resample.headline(rows, w)
    curve = resample.risk_curve(rows, w)
    for b in range(50):
        drawn = np.repeat(np.arange(120), w[b])
        again = resample.prepare(scores.proba[drawn], scores.truth[drawn], None)
        ones = np.ones((1, 120), dtype=np.int64)
        once = resample.headline(again, ones)
        for name in set(figures) - {"ece_equal_mass"}:  # whose bins stay those of all rows
            assert figures[name][b] == pytest.approx(once[name][0]), name
        assert curve[b] == pytest.approx(resample.risk_curve(again, ones)[0])


def test_interval_of_accuracy_is_about_binomial() -> None:
    correct = [1] * 800 + [0] * 200
    metric = evaluate_head(two_labels([0.7] * 1000, correct)).headline.accuracy
    half = 1.96 * np.sqrt(0.8 * 0.2 / 1000)
    assert metric.low == pytest.approx(0.8 - half, abs=0.004)
    assert metric.high == pytest.approx(0.8 + half, abs=0.004)


def test_top_k_breaks_ties_like_argmax() -> None:
    proba = np.full((4, 4), 0.25)
    report = evaluate_head(
        HeadScores("t", ("a", "b", "c", "d"), proba, np.array([0, 1, 2, 3])), bootstrap=100
    )
    assert [value(report, f"top{k}") for k in (1, 3, 5)] == [0.25, 0.75, 1.0]


def test_unlabelled_rows_are_left_out_and_unknown_labels_are_errors() -> None:
    scores = two_labels([0.9, 0.9, 0.8, 0.7, 0.6], [1, 1, 1, 1, 1])
    truth = np.array([0, 0, -1, -2, 1])
    report = evaluate_head(HeadScores("t", scores.labels, scores.proba, truth), bootstrap=100)
    assert (report.n, report.left_out, report.unknown) == (4, 1, 1)
    assert value(report, "accuracy") == 0.5
    assert value(report, "top5") == 0.75, "an unknown label is in no list, however long"
    first, second = report.classes
    assert first.precision is not None
    assert first.f1 is not None
    assert first.precision.value == 0.5, "the unknown row is a false positive of 甲"
    assert first.f1.value == pytest.approx(4 / 6)
    assert second.f1 is not None
    assert value(report, "macro_f1") == pytest.approx(2 / 6)
    assert value(report, "weighted_f1") == pytest.approx(2 * (4 / 6) / 4)
    assert report.headline.log_loss is not None
    assert report.headline.log_loss.value == pytest.approx(-np.log([0.9, 0.9, 0.4]).mean())
    assert report.confusion == ((2, 0), (1, 0), (1, 0))
    assert {(c.truth, c.predicted, c.n) for c in report.top_confusions} == {
        ("乙", "甲", 1),
        (None, "甲", 1),
    }


def test_second_label_counts_only_in_either() -> None:
    scores = two_labels([0.9] * 4, [1, 0, 0, 0], alt=np.array([-1, 0, 1, -1]))
    report = evaluate_head(scores, bootstrap=100)
    assert value(report, "accuracy") == 0.25
    assert value(report, "either") == 0.5
    assert evaluate_head(two_labels([0.9], [1]), bootstrap=100).headline.either is None


def test_slices_are_the_reports_of_their_rows() -> None:
    source = np.array(
        ["坐席"] * 300 + ["网民"] * 80 + [None] * 12 + [float("nan")] * 8, dtype=object
    )
    scores = random_scores(groups={"来源": source})
    report = evaluate_head(scores, bootstrap=100)
    assert [(s.value, s.n, s.small) for s in report.slices] == [
        ("坐席", 300, False),
        ("网民", 80, False),
        ("（未注明）", 20, True),
    ]
    alone = HeadScores("t", scores.labels, scores.proba[300:380], scores.truth[300:380])
    assert report.slices[1].headline == evaluate_head(alone, bootstrap=100).headline


def test_same_seed_same_report_other_seed_other_interval() -> None:
    scores = random_scores(200)
    first, again = (evaluate_head(scores, bootstrap=200, seed=5) for _ in range(2))
    other = evaluate_head(scores, bootstrap=200, seed=6)
    assert first == again
    assert first.headline.accuracy.value == other.headline.accuracy.value
    assert first.headline.aurc != other.headline.aurc


EDGES = [
    ([0.9], [0], "one row"),
    ([0.8] * 5, [0, 0, 0, 1, 1], "one confidence for all rows"),
    ([1.0, 1.0], [1, 1], "certain and wrong: log loss stays finite"),
    ([0.9, 0.8], [-2, -2], "no label known to the head"),
]


@pytest.mark.parametrize(("confidence", "truth", "why"), EDGES)
def test_report_holds_no_nan(confidence: list[float], truth: list[int], why: str) -> None:
    p = np.array(confidence, dtype=np.float32)
    scores = HeadScores("t", ("甲", "乙"), np.column_stack([p, 1 - p]), np.array(truth))
    report = evaluate_head(scores, bootstrap=100)
    assert json.dumps(report.model_dump(mode="json"), allow_nan=False), why
    for row in report.classes:
        assert (row.f1 is None) == (row.support == 0), why
        assert (row.precision is None) == (row.predicted == 0), why


GOOD = np.array([[0.5, 0.5], [0.2, 0.8]])
FAULTS = [
    ({"proba": GOOD[:, :1]}, "shape", "a column short"),
    ({"proba": GOOD * 0.9}, "sums to 0.9", "not probabilities"),
    ({"proba": GOOD * np.nan}, "non-finite", "NaN"),
    ({"proba": np.array([[1.5, -0.5], [0.5, 0.5]])}, "negative", "sums to 1 all the same"),
    ({"truth": np.array([0, 2])}, "truth spans 0 to 2", "no such label"),
    ({"truth": np.array([0, -3])}, "truth spans -3", "no such mark"),
    ({"alt": np.array([0])}, "alt has 1 rows", "another length"),
    ({"groups": {"来源": np.array(["x"])}}, "group '来源' has 1 rows", "another length"),
]


@pytest.mark.parametrize(("fault", "message", "why"), FAULTS)
def test_scores_that_do_not_fit_are_refused(fault: dict[str, Any], message: str, why: str) -> None:
    whole: dict[str, Any] = {"proba": GOOD, "truth": np.array([0, 1])}
    with pytest.raises(InputError, match=message):
        HeadScores("t", ("甲", "乙"), **whole | fault)


def test_nothing_to_measure_is_refused() -> None:
    with pytest.raises(InputError, match="none of 2 rows has a truth"):
        evaluate_head(HeadScores("t", ("甲", "乙"), GOOD, np.array([-1, -1])))
    with pytest.raises(InputError, match="5 resamples asked"):
        evaluate_head(HeadScores("t", ("甲", "乙"), GOOD, np.array([0, 1])), bootstrap=5)


def test_a_thousand_resamples_of_a_large_head_are_quick() -> None:
    scores = random_scores(2000, 70)
    start = time.perf_counter()
    evaluate_head(scores, bootstrap=1000)
    assert time.perf_counter() - start < 10
