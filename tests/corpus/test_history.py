"""What is the same matter again, what is not, and what a repeat brings that is new."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiesu.corpus.history import History, Repeat
from jiesu.schema import Appeal, Turn

LAMP = "青河区望云路与柳荫街交叉口东侧的三盏路灯从上周起就不亮了，晚上放学的孩子走这里很危险"
PIPE = "晴川小区6号楼2单元楼道的下水管破裂，污水流到一楼住户家里，臭味很大，物业说没有维修的钱"
WAGE = "我在城北物流园给宏达装卸队干活，老板拖欠我4月和5月的工资一共8600元，打电话也不接"
NOISE = "锦绣花园南门外的烧烤店每天营业到凌晨两点，划拳吵闹，油烟直接排到居民楼的窗户下面"
BUS = "建议把26路公交车的末班车推迟到晚上十点半，经济开发区下夜班的工人现在没有车可以回家"
DOG = "碧水湾小区3栋有户人家养了四条大狗，遛狗从来不牵绳，昨天在电梯里扑到了一个小女孩"
CHASE = "之前反映过至今没人管，请尽快处理"


def appeal(text: str, id: str = "new", **fields: object) -> Appeal:
    return Appeal.model_validate({"id": id, "text": text, **fields})


def asked(
    earlier: Sequence[str], text: str, *, caller: str | None = None, again: str | None = None
) -> Repeat | None:
    """What a text repeats where others, of one caller, are known."""
    history = History()
    for number, known in enumerate(earlier):
        history.add(appeal(known, f"old-{number}", caller=caller))
    return history.match(appeal(text, caller=again))


# What any caller may send, without a key of who called: (earlier, later, how, reason).
ANYONE = [
    (LAMP, LAMP, "exact", "the same words"),
    (LAMP, "您好，" + LAMP + "。", "exact", "a greeting and a full stop are not matter"),
    (LAMP, LAMP.replace("，", "！\n"), "exact", "other punctuation"),
    (LAMP, LAMP.replace("灯", "燈").replace("亮", "亮 "), "exact", "script and white space"),
    ("查养老金", "查养老金", "exact", "short, and the same"),
    ("路灯不亮了", "路灯又不亮了", None, "short texts match only exactly"),
    (CHASE, CHASE, "exact", "an identical chase"),
    (LAMP, LAMP + "。" + CHASE, "near_duplicate", "a chase appended"),
    (LAMP, "再次来电：" + LAMP + "，至今仍未解决。", "near_duplicate", "a chase around it"),
    (LAMP, "市民来电反映：" + LAMP + "，存在安全隐患，故来电投诉。", "near_duplicate", "a form"),
    (LAMP, LAMP.replace("走这里很危险", "路过这里很危险"), "near_duplicate", "two words differ"),
    (PIPE, PIPE.replace("臭味很大", "味道很大"), "near_duplicate", "one word differs"),
    (NOISE, "工单内容：" + NOISE + "，影响居民休息，谢谢", "near_duplicate", "formulas differ"),
    (LAMP, LAMP.replace("望云路", "古榕路").replace("柳荫街", "木棉街"), None, "another crossing"),
    (PIPE, PIPE.replace("6号楼", "9号楼"), None, "another building"),
    (PIPE, PIPE.replace("2单元", "五单元"), None, "another entrance"),
    (PIPE, PIPE.replace("晴川小区", "和润小区"), None, "another estate"),
    (PIPE, PIPE.replace("6号楼", "六号楼").replace("2单元", "二单元"), "near_duplicate", "figures"),
    (BUS, BUS.replace("26路", "38路"), None, "another bus"),
    (LAMP, PIPE, None, "another matter"),
    (NOISE, DOG, None, "another matter"),
    ("咨询办理居住证需要什么材料", "咨询办理老年证需要什么材料", None, "another certificate"),
    ("请问违章代码1301是什么意思", "请问违章代码1357是什么意思", None, "another code"),
    ("咨询办理居住证需要什么材料", "办理居住证需要什么材料的问题", "near_duplicate", "formulas"),
    (
        "望云路88号门口有一辆车琼A12345堵住车库，请联系车主移车",
        "望云路88号门口有一辆车琼A67890堵住车库，请联系车主移车",
        None,
        "another car",
    ),
    (
        "我是商贸学院的学生，学校要求必须去学校安排的厂里实习，每月只给五百元，希望得到帮助",
        "我是农林学院的学生，学校要求必须去学校安排的厂里实习，每月只给五百元，希望得到帮助",
        None,
        "another college, though both must go where theirs sends them",
    ),
    (
        "望云路一侧芳园小区临街的烧烤摊全天营业，油烟扰民，楼下没有烟道，凭什么开店",
        "柳荫路魅力之城小区临街的烧烤摊全天营业，油烟扰民，楼下没有烟道，凭什么开店",
        None,
        "another estate; to lie along a street is no name",
    ),
    ("请有关部门尽快处理，谢谢！", "希望相关部门尽快核实处理，谢谢", None, "nothing but pleas"),
]


@pytest.mark.parametrize(("earlier", "later", "how", "reason"), ANYONE)
def test_what_repeats_whoever_calls(earlier: str, later: str, how: str | None, reason: str) -> None:
    found = asked([earlier], later)
    assert (found and found.how) == how, reason
    if found:
        assert found.ids == ("old-0",), reason
        assert (found.similarity == 1.0) if how == "exact" else found.similarity >= 0.6, reason


# The same caller again, in other words: (earlier, later, whether it is the same matter, reason).
ONE_CALLER = [
    (LAMP, "望云路柳荫街路口的三盏路灯还是不亮，晚上孩子放学走这里太危险了", True, "shortened"),
    (LAMP, "又是我，望云路与柳荫街交叉口的路灯不亮，到底什么时候能修好", True, "a chase"),
    (PIPE, "晴川小区6号楼2单元的下水管破裂到今天还没人来，污水还在往一楼住户家里流", True, "still"),
    (WAGE, "城北物流园宏达装卸队老板拖欠我4月和5月的工资，到现在一分没给", True, "the same debt"),
    (NOISE, "锦绣花园南门外的烧烤店又营业到凌晨两点，油烟排到居民楼窗户下面", True, "again"),
    (DOG, "碧水湾小区3栋那户养了四条大狗的人家，遛狗还是不牵绳", True, "the same dogs"),
    (LAMP, "望云路与柳荫街交叉口的井盖丢了，有人骑车摔进去", False, "same place, other matter"),
    (PIPE, "晴川小区的物业费从每平米1块涨到2块，没有开过业主大会", False, "same estate, other"),
    (PIPE, "晴川小区8号楼2单元楼道的下水管破裂，污水流到一楼住户家里", False, "other building"),
    (LAMP, "木棉街与古榕路交叉口东侧的三盏路灯从上周起就不亮了", False, "same matter, elsewhere"),
    (WAGE, "咨询一下医保断缴三个月以后怎么补缴，需要去哪个窗口办理", False, "nothing in common"),
    (DOG, "碧水湾小区地下车库的照明灯坏了一大片，倒车都看不清柱子", False, "same estate, other"),
    (NOISE, "路灯坏了", False, "too short"),
]


@pytest.mark.parametrize(("earlier", "later", "same", "reason"), ONE_CALLER)
def test_what_one_caller_repeats(earlier: str, later: str, same: bool, reason: str) -> None:
    found = asked([earlier], later, caller="139-1", again="139-1")
    assert (found is not None) is same, reason
    for again in (None, "139-2"):
        other = asked([earlier], later, caller="139-1", again=again)
        assert other is None or other.how == "near_duplicate", "needs the same caller"


@pytest.mark.parametrize(
    ("one", "two", "found", "reason"),
    [
        ({"area": "青河区"}, {"area": "青河区"}, True, "the same area"),
        ({"area": "青河区"}, {"area": "松山区"}, False, "another area"),
        ({"area": "青河区"}, {}, True, "one does not say"),
        ({"subdistrict": "北苑街道"}, {"subdistrict": "南苑街道"}, False, "another subdistrict"),
        ({"address": "望云路5号"}, {"address": "望云路5号"}, True, "the same address"),
        ({"address": "望云路5号"}, {"address": "望云路91号"}, False, "another house"),
        ({"address": "望云路5号"}, {"address": "木棉街2号"}, False, "another road"),
    ],
)
def test_the_fields_of_the_record_say_where(
    one: dict[str, str], two: dict[str, str], found: bool, reason: str
) -> None:
    text = "门口的路灯坏了很久，晚上走路看不清台阶，老人容易摔跤"
    history = History()
    history.add(appeal(text, "old", **one))
    assert (history.match(appeal(text, **two)) is not None) is found, reason


# (earlier, later, the new stretches, reason); all of one caller.
NEWS = [
    (LAMP, LAMP, [], "nothing"),
    (LAMP, LAMP + "。" + CHASE, [], "a chase"),
    (
        LAMP,
        LAMP + "。已经过去半个月了还没有解决，要求尽快回复！",
        [],
        "how long it took is a chase",
    ),
    (LAMP, LAMP + "，我是第三次来电反映了，非常不满意。", [], "how often is a chase"),
    (LAMP, LAMP + "。工单号20260102003456，联系电话13900001234", [], "numbers of the form"),
    (LAMP, "三盏路灯从上周起就不亮了，" + LAMP, [], "the same in another order"),
    (LAMP, LAMP + "。谢谢", [], "thanks"),
    (LAMP, LAMP + "。", [], "a full stop"),
    (
        LAMP,
        LAMP + "。昨晚有位老人在这里摔断了腿。",
        ["昨晚有位老人在这里摔断了腿"],
        "somebody was hurt",
    ),
    (LAMP, LAMP + "。3月12日电线垂到了地上。", ["3月12日电线垂到了地上"], "a date"),
    (
        LAMP,
        CHASE + "。供电公司的师傅来看过说是变压器烧坏了。" + LAMP,
        ["供电公司的师傅来看过说是变压器烧坏了"],
        "a cause, in the middle",
    ),
    (
        PIPE,
        PIPE + "；孩子因为污水发烧住院，医院开了诊断证明",
        ["孩子因为污水发烧住院，医院开了诊断证明"],
        "two clauses are one stretch",
    ),
    (WAGE, WAGE.replace("8600元", "12900元"), ["一共12900元"], "another sum"),
    (WAGE, WAGE.replace("4月和5月", "4月、5月和6月"), ["6月"], "another month"),
    (WAGE, WAGE + "，老板昨天威胁要打人", ["老板昨天威胁要打人"], "a threat"),
    (
        NOISE,
        NOISE + "。城管上门以后只安静了一个晚上，店家又在门口加了六张桌子。",
        ["城管上门以后只安静了一个晚上，店家又在门口加了六张桌子"],
        "what happened since",
    ),
    (DOG, DOG + "。嗯，好。", [], "too little to tell"),
    (LAMP, "市民来电撤销：" + LAMP, ["市民来电撤销"], "a withdrawal, however short"),
    (LAMP, "尊敬的王市长：" + LAMP, [], "who is written to"),
    (LAMP, "尊敬的各位领导，您们好！" + LAMP, [], "a greeting behind other words"),
    (CHASE, CHASE, [], "an identical chase"),
]


@pytest.mark.parametrize(("earlier", "later", "new", "reason"), NEWS)
def test_what_is_new(earlier: str, later: str, new: list[str], reason: str) -> None:
    found = asked([earlier], later, caller="a", again="a")
    assert found is not None, reason
    said = [later[start:end] for start, end in found.new]
    assert found.new_fact is bool(new), (reason, said)
    assert len(said) == len(new), (reason, said)
    for part, stretch in zip(new, said, strict=True):
        assert part in stretch, reason


def test_a_fact_that_any_matched_appeal_holds_is_not_new() -> None:
    fact = "。昨晚有位老人在这里摔断了腿。"
    found = asked([LAMP, LAMP + fact], LAMP + fact + CHASE)
    assert found is not None
    assert not found.new_fact
    assert found.ids == ("old-1", "old-0")


@pytest.mark.parametrize(
    ("fields", "text", "how", "reason"),
    [
        ({"related_ids": ("20260101001",)}, PIPE, "stated", "the record names it"),
        ({"related_ids": ("20260101999",)}, PIPE, None, "the record names an unknown one"),
        ({}, "工单20260101001至今没有结果，请尽快处理", "stated", "the text names it"),
        ({"related_ids": ("20260101001",)}, LAMP, "stated", "stated comes before exact"),
    ],
)
def test_stated(fields: dict[str, object], text: str, how: str | None, reason: str) -> None:
    history = History()
    history.add(appeal(LAMP, "20260101001"))
    found = history.match(appeal(text, **fields))
    assert (found and found.how) == how, reason


def test_a_stated_chase_brings_nothing_new_and_another_matter_does() -> None:
    history = History()
    history.add(appeal(LAMP, "old"))
    chase = history.match(appeal(CHASE, related_ids=("old",)))
    other = history.match(appeal(PIPE, related_ids=("old",)))
    assert chase is not None
    assert not chase.new_fact
    assert other is not None
    assert other.new_fact
    assert other.similarity < 0.3


def test_the_best_come_first_and_no_more_than_five() -> None:
    near = [LAMP.replace("三盏", f"{count}盏") for count in "一二四五六七八"]
    found = asked([*near, LAMP], LAMP)
    assert found is not None
    assert len(found.ids) == 5
    assert found.ids[0] == "old-7"
    assert found.how == "exact"


def test_pleas_of_two_callers_are_not_one_matter() -> None:
    assert asked([CHASE], CHASE, caller="a", again="a") is not None
    assert asked([CHASE], CHASE, caller="a", again="b") is None
    assert asked([LAMP], LAMP, caller="a", again="b") is not None, "a matter of the neighbourhood"


def test_an_appeal_does_not_repeat_itself() -> None:
    history = History()
    history.add(appeal(LAMP, "one"))
    assert history.match(appeal(LAMP, "one")) is None
    assert history.match_then_add(appeal(LAMP, "one")) is None
    assert len(history) == 1


def test_sent_again_it_finds_what_it_found_at_first() -> None:
    history = History()
    first = [
        history.match_then_add(appeal(LAMP, "one")),
        history.match_then_add(appeal(LAMP + "。" + CHASE, "two")),
        history.match_then_add(appeal(LAMP, "three")),
    ]
    assert [found and found.ids for found in first] == [None, ("one",), ("one", "two")]
    again = [
        history.match_then_add(appeal(LAMP, "one")),
        history.match_then_add(appeal(LAMP + "。" + CHASE, "two")),
        history.match_then_add(appeal(LAMP, "three", related_ids=("four",))),
    ]
    assert again == first, "a retry is no repeat of those that came between"
    assert len(history) == 3
    fourth = history.match_then_add(appeal(LAMP, "four"))
    assert fourth is not None
    assert fourth.ids == ("three", "one", "two"), "a retry does not make an appeal newer"


def test_adding_an_id_again_replaces_it() -> None:
    history = History()
    history.add(appeal(LAMP, "one"))
    history.add(appeal(PIPE, "one"))
    assert history.match(appeal(LAMP)) is None
    assert history.match(appeal(PIPE)) is not None


def test_match_then_add_does_both() -> None:
    history = History()
    assert history.match_then_add(appeal(LAMP, "one")) is None
    found = history.match_then_add(appeal(LAMP, "two"))
    assert found is not None
    assert found.ids == ("one",)
    again = history.match(appeal(LAMP, "three"))
    assert again is not None
    assert again.ids == ("two", "one"), "of equals the newest first"


def test_together_as_one_by_one() -> None:
    texts = (LAMP, PIPE, "", LAMP + "。" + CHASE, LAMP + "，昨晚有位老人在这里摔断了腿", PIPE)
    appeals = [appeal(text, str(number), caller="a") for number, text in enumerate(texts)]
    history = History()
    one_by_one = [history.match_then_add(one) for one in appeals]
    assert History().match_then_add_all(appeals) == one_by_one
    assert [bool(found) for found in one_by_one] == [False, False, False, True, True, True]


def test_the_oldest_are_dropped() -> None:
    history = History(most=3)
    for number, text in enumerate((LAMP, PIPE, WAGE, NOISE, LAMP, DOG)):
        history.add(appeal(text, str(number)))
    assert len(history) == 3
    matched = {text: history.match(appeal(text)) for text in (LAMP, PIPE, WAGE, NOISE, DOG)}
    assert [found and found.ids for found in matched.values()] == [
        ("4",),
        None,
        None,
        ("3",),
        ("5",),
    ]


def test_only_the_callers_words_of_a_transcript_count() -> None:
    greeting = "您好这里是政务服务热线，请问有什么可以帮您，请您慢慢说，我为您做好记录"
    lines = [f"坐席：{greeting}\n市民：{text}" for text in (LAMP, PIPE)]
    assert asked(lines[:1], lines[1]) is None
    assert asked([LAMP], lines[0]) is not None
    turns = (Turn(speaker="operator", text=greeting), Turn(speaker="caller", text=LAMP))
    history = History()
    history.add(appeal(lines[0], "old", turns=turns))
    assert history.match(appeal(LAMP)) is not None


def test_no_text_is_kept() -> None:
    history = History()
    history.add(appeal(LAMP, "one", address="望云路5号", area="青河区", caller="13900001234"))
    kept = repr(history._packed) + repr(vars(history._chains)) + repr(history._latest)
    assert not any(word in kept for word in ("望云", "青河", "路灯", "13900001234"))


def test_most_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="found most 0, expected at least 1"):
        History(most=0)


def test_growing_forgets_nothing() -> None:
    chance = random.Random(1)
    names = "".join(chr(0x4E00 + 37 * number) for number in range(400))
    texts = ["".join(chance.choices(names, k=25)) for _ in range(2500)]
    history = History(most=2200)
    for number, text in enumerate(texts):
        history.add(appeal(text, str(number)))
    for number in (0, 299, 300, 1023, 1024, 2047, 2048, 2499):
        found = history.match(appeal(texts[number] + "甲"))
        assert (found and found.ids) == (None if number < 300 else (str(number),))


FRAGMENTS = [
    *LAMP,
    *PIPE,
    LAMP,
    PIPE,
    CHASE,
    "。",
    "，",
    "\n",
    "12号楼",
    "3月5日",
    "😀",
    "\0",
    "Ａ",
]
TEXTS = st.lists(st.sampled_from(FRAGMENTS), max_size=30).map("".join) | st.text(max_size=60)


@given(texts=st.lists(TEXTS, min_size=1, max_size=6), caller=st.sampled_from([None, "a"]))
@settings(max_examples=120, deadline=None)
def test_any_text_is_read_and_spans_lie_inside(texts: list[str], caller: str | None) -> None:
    history, twin = History(), History()
    for number, text in enumerate(texts):
        one = appeal(text, str(number), caller=caller)
        found = history.match_then_add(one)
        assert twin.match_then_add(one) == found, "deterministic"
        if found is None:
            continue
        assert 1 <= len(found.ids) <= 5
        assert set(found.ids) <= set(map(str, range(number)))
        assert 0.0 <= found.similarity <= 1.0
        assert found.new_fact is bool(found.new)
        ends = [0, *(place for span in found.new for place in span), len(text)]
        assert ends == sorted(ends)
        assert all(start < end for start, end in found.new)


@given(text=TEXTS)
@settings(max_examples=120, deadline=None)
def test_a_text_with_something_in_it_repeats_itself_without_news(text: str) -> None:
    found = asked([text], text)
    if any("\u4e00" <= char <= "\u9fff" for char in text):
        assert found is not None
        assert (found.how, found.new_fact) == ("exact", False)


@pytest.mark.parametrize(
    "piece", ["一", "1", "没有", "希望", "已经", "影响市民", "请有关部门尽快", "投诉", "又向", "，"]
)
def test_no_text_takes_more_than_its_length(piece: str) -> None:
    text = piece * 100_000
    start = time.perf_counter()
    asked([text], text)
    assert time.perf_counter() - start < 1.0
