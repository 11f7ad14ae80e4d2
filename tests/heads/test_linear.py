"""The linear tier against a slow reference that counts n-grams in dicts."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from jiesu.corpus.read import read_appeals
from jiesu.errors import BundleError
from jiesu.heads.linear import Calibration, LinearHead, LinearTier, Vocabulary
from jiesu.heads.prepare import Prepared, prepare
from jiesu.resources import resource
from jiesu.text.ngrams import NgramSpec
from jiesu.text.segment import Segmenter

SPEC = NgramSpec(char=3, word=2, word_scale=0.7, skip=2, skip_scale=0.5)
ENTRIES = (
    *(
        ("c", entry)
        for entry in ("路", "灯", "坏", "没", "人", "修", "水", "路灯", "没人修", "坏了")
    ),
    *(("w", entry) for entry in ("路灯", "坏", "修", "没人", "停水", "路灯 坏", "没人 修")),
    *(("s", entry) for entry in ("路灯 没人", "路灯 修", "小区 停水", "坏 修")),
)
TEXTS = [
    "路灯坏了没人修",
    "路燈壞了，沒人修！",
    "小区昨天停水，路灯也坏了，没人修，没人管",
    "路路路灯灯坏",
    "您好，路灯坏了",
    "坐席：停水了吗\n市民：路灯坏了\n坐席：好\n市民：没人修",
    "与此无关",
    "",
    "😀",
]


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return Segmenter()


@pytest.fixture(scope="module")
def tier() -> LinearTier:
    rng = np.random.default_rng(7)
    idf = rng.uniform(1, 6, len(ENTRIES)).astype(np.float32)
    weights = rng.normal(0, 1, (len(ENTRIES), 5)).astype(np.float32)
    kinds, entries = zip(*ENTRIES, strict=True)
    heads = (
        LinearHead(
            name="type",
            labels=("help", "complaint"),
            columns=slice(0, 2),
            bias=np.array([0.3, -0.2], dtype=np.float32),
            prior=np.zeros(2, dtype=np.float32),
            calibration=Calibration(slope=2.0, shift=0.5, power=1.5),
        ),
        LinearHead(
            name="unit",
            labels=("甲", "乙", "丙"),
            columns=slice(2, 5),
            bias=np.zeros(3, dtype=np.float32),
            prior=np.array([0.0, -1.0, 0.5], dtype=np.float32),
            calibration=Calibration(slope=1.0, shift=4.0, power=3.0),
        ),
    )
    return LinearTier.quantised(Vocabulary(kinds, entries, idf, SPEC), weights, heads)


@pytest.fixture(scope="module")
def appeals() -> list[str]:
    rows = read_appeals(resource("data", "samples", "appeals.jsonl"))
    return [row.appeal.text for row in rows if row.appeal is not None]


def words_of(prepared: Prepared, row: int) -> list[tuple[int, int]]:
    start, end = prepared.batch.starts[row], prepared.batch.ends[row]
    pairs = zip(prepared.words[0].tolist(), prepared.words[1].tolist(), strict=True)
    return [(a, b) for a, b in pairs if start <= a and b <= end]


def ngrams(prepared: Prepared, row: int) -> list[tuple[str, str, int, int]]:
    """Kind, n-gram and bounds of every n-gram of one text, straight from the definition."""
    batch, text = prepared.batch, prepared.batch.text
    start, end = int(batch.starts[row]), int(batch.ends[row])
    found = [
        ("c", text[a : a + size], a, a + size)
        for size in range(1, SPEC.char + 1)
        for a in range(start, end - size + 1)
    ]
    words = words_of(prepared, row)
    found += [("w", text[a:b], a, b) for a, b in words]
    found += [("w", f"{text[a:b]} {text[c:d]}", a, d) for (a, b), (c, d) in pairwise(words)]
    said = [(a, b) for a, b in words if b - a > 1 or "\u4e00" <= text[a] < "\ua000"]
    found += [
        ("s", f"{text[a:b]} {text[c:d]}", a, d)
        for apart in range(2, SPEC.skip + 2)
        for (a, b), (c, d) in zip(said[:-apart], said[apart:], strict=True)
    ]
    return found


def slow_vector(tier: LinearTier, prepared: Prepared, row: int) -> dict[int, float]:
    """Feature number to value of one text."""
    number = {pair: at for at, pair in enumerate(ENTRIES)}
    idf = tier.vocabulary.idf.astype(float)
    counts = Counter((kind, entry) for kind, entry, _, _ in ngrams(prepared, row))
    vector: dict[int, float] = {}
    for block, scale in (("c", 1.0), ("w", SPEC.word_scale), ("s", SPEC.skip_scale)):
        known = {
            number[pair]: n for pair, n in counts.items() if pair in number and pair[0] == block
        }
        length = math.sqrt(sum(n * idf[feature] ** 2 for feature, n in known.items()))
        vector |= {feature: scale * n * idf[feature] / length for feature, n in known.items()}
    return vector


def test_margins_and_matrix_are_the_slow_references(tier: LinearTier, segmenter: Segmenter) -> None:
    prepared = prepare(TEXTS, segmenter)
    margins, _, _ = tier.margins(prepared)
    matrix = tier.vocabulary.matrix(prepared).toarray()
    kinds = Counter[str]()
    for row in range(len(TEXTS)):
        vector = slow_vector(tier, prepared, row)
        kinds.update(ENTRIES[feature][0] for feature in vector)
        expected = np.zeros(len(ENTRIES))
        expected[list(vector)] = list(vector.values())
        np.testing.assert_allclose(matrix[row], expected, atol=1e-6)
        np.testing.assert_allclose(margins[row], expected @ tier.weights(), atol=2e-6)
    assert set(kinds) == {"c", "w", "s"}, "the texts meet every block"


def test_a_text_without_known_n_grams_has_the_bias_alone(
    tier: LinearTier, segmenter: Segmenter
) -> None:
    margins, _, _ = tier.margins(prepare(TEXTS, segmenter))
    assert not margins[6:].any()
    with_bias = tier.heads[0].probabilities(margins)[6:]
    assert (with_bias == with_bias[0]).all()
    assert with_bias[0, 0] > 0.5, "the bias speaks for the first label"


def test_probabilities_sum_to_one(tier: LinearTier, segmenter: Segmenter) -> None:
    margins, _, _ = tier.margins(prepare(TEXTS, segmenter))
    for head in tier.heads:
        found = head.probabilities(margins)
        assert found.shape == (len(TEXTS), len(head.labels))
        assert (found > 0).all()
        np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)


def test_a_batch_is_its_texts_one_by_one(
    tier: LinearTier, segmenter: Segmenter, appeals: list[str]
) -> None:
    texts = TEXTS + appeals
    together, _, _ = tier.margins(prepare(texts, segmenter))
    for row, text in enumerate(texts):
        alone, _, _ = tier.margins(prepare([text], segmenter))
        np.testing.assert_allclose(alone[0], together[row], atol=1e-6)


def test_no_texts_have_no_margins(tier: LinearTier, segmenter: Segmenter) -> None:
    margins, _, _ = tier.margins(prepare([], segmenter))
    assert margins.shape == (0, 5)
    assert tier.heads[1].probabilities(margins).shape == (0, 3)


def test_words_share_out_the_whole_margin(
    tier: LinearTier, segmenter: Segmenter, appeals: list[str]
) -> None:
    """Words tile a text, so that nothing of a margin is lost but the head's bias."""
    texts = TEXTS + appeals
    prepared = prepare(texts, segmenter)
    margins, hits, scales = tier.margins(prepared)
    rows = np.searchsorted(prepared.batch.starts, prepared.words[0], side="right") - 1
    for head in tier.heads:
        chosen = np.arange(len(texts)) % len(head.labels)
        weights = tier.word_weights(head, chosen, hits, scales, prepared)
        total = np.bincount(rows, weights, len(texts))
        expected = margins[:, head.columns][np.arange(len(texts)), chosen]
        np.testing.assert_allclose(total, expected, atol=1e-5)


def test_a_word_gets_the_share_of_its_characters(tier: LinearTier, segmenter: Segmenter) -> None:
    prepared = prepare(TEXTS, segmenter)
    _, hits, scales = tier.margins(prepared)
    head, number = tier.heads[1], {pair: at for at, pair in enumerate(ENTRIES)}
    chosen = np.ones(len(TEXTS), dtype=np.int64)
    weights = iter(tier.word_weights(head, chosen, hits, scales, prepared).tolist())
    for row in range(len(TEXTS)):
        per_char: Counter[int] = Counter()
        for kind, entry, a, b in ngrams(prepared, row):
            if (kind, entry) in number:
                feature = number[kind, entry]
                gain = tier.weights()[feature, 3] * tier.vocabulary.idf[feature] * scales[kind][row]
                per_char.update(dict.fromkeys(range(a, b), float(gain) / (b - a)))
        for a, b in words_of(prepared, row):
            assert next(weights) == pytest.approx(sum(per_char[at] for at in range(a, b)), abs=1e-5)


def test_hits_are_in_text_order_and_counted_by_text(tier: LinearTier, segmenter: Segmenter) -> None:
    prepared = prepare(TEXTS, segmenter)
    for hits in tier.vocabulary.hits(prepared):
        assert len(hits.rows) == len(TEXTS) + 1
        assert hits.rows[0] == 0
        assert hits.rows[-1] == len(hits.features)
        for row in range(len(TEXTS)):
            part = slice(int(hits.rows[row]), int(hits.rows[row + 1]))
            assert (np.diff(hits.starts[part]) >= 0).all()
            assert (hits.starts[part] >= prepared.batch.starts[row]).all()
            assert (hits.ends[part] <= prepared.batch.ends[row]).all()
            for feature, a, b in zip(
                hits.features[part], hits.starts[part], hits.ends[part], strict=True
            ):
                kind, entry = ENTRIES[feature]
                stretch = prepared.batch.text[a:b]
                assert kind == hits.kind
                first, _, last = entry.partition(" ")
                assert stretch.startswith(first)
                assert stretch.endswith(last)


@pytest.mark.parametrize(
    ("spec", "kinds", "reason"),
    [
        (NgramSpec(char=1, word=0, skip=0), {"c"}, "characters alone"),
        (NgramSpec(char=3, word=1, skip=0), {"c", "w"}, "no pairs over a gap"),
        (NgramSpec(char=3, word=2, skip=2), {"c", "w", "s"}, "all"),
    ],
)
def test_the_spec_says_which_n_grams_count(
    tier: LinearTier, segmenter: Segmenter, spec: NgramSpec, kinds: set[str], reason: str
) -> None:
    known = tier.vocabulary
    vocabulary = Vocabulary(known.kinds, known.entries, known.idf, spec)
    found = {hits.kind for hits in vocabulary.hits(prepare(TEXTS, segmenter)) if len(hits.features)}
    assert found == kinds, reason
    matrix = vocabulary.matrix(prepare(TEXTS, segmenter)).toarray()
    sizes = {len(known.entries[feature]) for feature in np.flatnonzero(matrix.any(axis=0))}
    assert max(sizes) <= spec.char or spec.word


def test_a_vocabulary_with_an_entry_twice_is_refused() -> None:
    twice = Vocabulary(("c", "c"), ("路灯", "路灯"), np.ones(2, dtype=np.float32), SPEC)
    with pytest.raises(BundleError, match="found an entry twice"):
        _ = twice.table


@pytest.mark.parametrize("calibration", [(1.0, 0.0, 1.0), (8.0, 0.0, 0.5), (0.5, 20.0, 40.0)])
def test_calibration_keeps_order_and_stays_finite(calibration: tuple[float, float, float]) -> None:
    margins = np.array([[-0.5, 0.0, 1.5], [3.0, 1.0, 2.0], [0.0, 0.0, 0.0]], dtype=np.float32)
    found = Calibration(*calibration).probabilities(margins, np.zeros(3, dtype=np.float32))
    assert found[:2].argsort(axis=1).tolist() == margins[:2].argsort(axis=1).tolist()
    np.testing.assert_allclose(found[2], 1 / 3, atol=1e-6)
    extreme = np.array([[-1e6, 0.0, 1e6]], dtype=np.float32)
    far = Calibration(*calibration).probabilities(extreme, np.zeros(3, dtype=np.float32))
    assert np.isfinite(far).all()
    assert far[0].argmax() == 2


def test_calibration_by_hand() -> None:
    margins = np.array([[0.0, 1.0]], dtype=np.float32)
    prior = np.array([0.0, math.log(2)], dtype=np.float32)
    found = Calibration(slope=2.0, shift=-1.0, power=3.0).probabilities(margins, prior)
    first = math.log1p(math.exp(-1.0)) ** 3
    second = 2 * math.log1p(math.exp(1.0)) ** 3
    np.testing.assert_allclose(
        found[0], [first / (first + second), second / (first + second)], rtol=1e-5
    )


def test_weights_are_rounded_by_feature_and_head(tier: LinearTier) -> None:
    rng = np.random.default_rng(1)
    # Heads and features differ in size by orders of magnitude; a feature may say nothing.
    size = 10.0 ** rng.integers(-3, 2, (len(ENTRIES), 1))
    weights = (rng.normal(0, 1, (len(ENTRIES), 5)) * size * [1, 1, 9, 9, 9]).astype(np.float32)
    weights[3] = 0
    made = LinearTier.quantised(tier.vocabulary, weights, tier.heads)
    for head in made.heads:
        part = weights[:, head.columns]
        most = np.abs(part).max(axis=1, keepdims=True)
        error = np.abs(made.weights()[:, head.columns] - part)
        assert (error <= 0.01 * most).all()
    assert not made.weights()[3].any()
    again = LinearTier.quantised(tier.vocabulary, made.weights(), tier.heads)
    np.testing.assert_allclose(again.weights(), made.weights(), rtol=2e-3)
