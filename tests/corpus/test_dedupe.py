import random
import re

import numpy as np
import pytest

from jiesu.corpus.dedupe import bands, near_duplicate_groups

PLACES = ["滨江路", "和平巷", "东风小区", "长青街", "北苑家园", "西河村", "安康里", "新华大厦"]
WRONGS = ["路灯不亮", "井盖缺失", "水管破裂", "夜间施工", "占道经营", "垃圾未清", "电梯停运"]
PLEAS = ["居民出行不便请尽快处理", "多次反映没有结果希望核实", "老人孩子都受影响盼望回复"]


def appeals(count: int, seed: int) -> list[str]:
    chance = random.Random(seed)
    texts: list[str] = []
    for number in range(count):
        if texts and chance.random() < 0.4:
            words = list(chance.choice(texts))
            for _ in range(chance.randrange(4)):
                words[chance.randrange(len(words))] = chance.choice("甲乙丙丁")
            texts.append("".join(words))
        else:
            parts = [chance.choice(part) for part in (PLACES, WRONGS, PLACES, WRONGS, PLEAS)]
            texts.append("".join(parts) + str(number * 7919))
    return texts


def brute_force(texts: list[str], threshold: float) -> list[int]:
    folded = [re.sub(r"\d", "0", text) for text in texts]  # the normal form knows one digit
    grams = [{text[i : i + 3] for i in range(len(text) - 2)} for text in folded]
    group = list(range(len(texts)))
    for one in range(len(texts)):
        for two in range(one):
            shared = len(grams[one] & grams[two])
            if shared >= threshold * len(grams[one] | grams[two]):
                old, new = group[one], group[two]
                group = [new if number == old else number for number in group]
    return [sorted(set(group), key=group.index).index(number) for number in group]


@pytest.mark.parametrize("threshold", [0.6, 0.8, 0.95])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_groups_are_those_of_all_pairs(threshold: float, seed: int) -> None:
    texts = appeals(250, seed)
    found = near_duplicate_groups(texts, threshold=threshold)
    assert found.tolist() == brute_force(texts, threshold)
    assert 20 < found.max() < 249


@pytest.mark.parametrize(
    ("one", "two", "same", "reason"),
    [
        ("东门路灯不亮了", "东门路灯不亮了", True, "the same"),
        ("东门路灯不亮了ＡＢ", "東門路燈不亮了ab", True, "width, script and case"),
        ("您好，东门路灯不亮了", "东门路灯\n不亮了", True, "greeting and white space"),
        ("东门路灯不亮了", "西门水管破裂了", False, "another matter"),
        ("灯", "灯", True, "shorter than an n-gram"),
        ("灯", "灯亮", False, "shorter than an n-gram, and not the same"),
        ("", "", False, "nothing is like nothing"),
        ("😀", "", False, "nothing left of the text"),
    ],
)
def test_what_counts_as_near(one: str, two: str, same: bool, reason: str) -> None:
    first, _, second = near_duplicate_groups([one, "全然不同的另一件事情", two]).tolist()
    assert (first == second) is same, reason


def test_groups_connect_over_a_third_text() -> None:
    base = "".join(chr(0x4E00 + n) for n in range(60))
    chain = [base, base[3:] + "甲乙丙", base[6:] + "甲乙丙丁戊己"]
    assert near_duplicate_groups(chain).tolist() == [0, 0, 0]
    assert near_duplicate_groups([chain[0], chain[2]], threshold=0.85).tolist() == [0, 1]


def test_the_same_call_gives_the_same_groups() -> None:
    texts = appeals(300, seed=3)
    assert np.array_equal(near_duplicate_groups(texts), near_duplicate_groups(texts))


def test_no_texts() -> None:
    assert near_duplicate_groups([]).shape == (0,)


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.8, 0.9, 1.0])
def test_the_bands_offer_pairs_at_the_threshold(threshold: float) -> None:
    count, rows = bands(threshold)
    assert count * rows <= 128
    assert 1 - (1 - threshold**rows) ** count >= 0.99


def test_form_letters_are_not_quadratic() -> None:
    chance = random.Random(5)
    texts = [
        f"市民反映甲区某小区{chance.randrange(10**6)}号楼旁的路灯长期不亮，影响居民夜间出行，"
        "附近老人和孩子晚上回家都看不清台阶，物业说不归他们管，希望有关部门尽快来人维修并给予答复。"
        for _ in range(5000)
    ]
    assert near_duplicate_groups(texts).max() == 0


@pytest.mark.parametrize(("threshold", "ngram"), [(0.0, 3), (1.1, 3), (0.8, 0)])
def test_settings_out_of_range(threshold: float, ngram: int) -> None:
    with pytest.raises(ValueError, match="expected"):
        near_duplicate_groups(["a"], threshold=threshold, ngram=ngram)
