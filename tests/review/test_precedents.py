"""Earlier appeals that read alike, with the units that had them in the end."""

from __future__ import annotations

from datetime import timedelta

from jiesu.review.precedents import LEAST_ALIKE, Precedents
from jiesu.store import Store
from store_rows import HOUR, NOW, scored, take, user

TEXTS = {
    "lamp": "龙华区海垦路的路灯坏了三天，晚上很黑",
    "lamp again": "海垦路的路灯又坏了，晚上一片黑，盼维修",
    "lamp elsewhere": "秀英区长滨路的路灯坏了，晚上不亮",
    "rent": "咨询公租房怎么申请，需要什么材料",
    "noise": "楼下烧烤摊每晚喧哗到凌晨，油烟扰民",
}


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def filled(store: Store) -> Precedents:
    store.appeals.put([scored(id, text) for id, text in TEXTS.items()], now=NOW)
    return Precedents(store)


def test_the_likest_come_first_and_the_unlike_not_at_all(store: Store) -> None:
    found = filled(store).like("lamp")
    assert [one.id for one in found][:2] == ["lamp again", "lamp elsewhere"]
    assert "rent" not in {one.id for one in found}
    assert found[0].likeness > found[1].likeness >= LEAST_ALIKE


def test_the_same_text_is_wholly_alike(store: Store) -> None:
    filled(store)
    store.appeals.put([scored("lamp twice", TEXTS["lamp"])], now=NOW)
    best = Precedents(store).like("lamp")[0]
    assert best.id == "lamp twice"
    assert best.likeness > 0.99


def test_an_undecided_one_has_the_unit_of_its_verdict(store: Store) -> None:
    best = filled(store).like("lamp")[0]
    assert (best.unit, best.state) == ("海口供电局", None)


def test_a_decided_one_has_the_unit_that_stands(store: Store) -> None:
    precedents = filled(store)
    li = user(store)
    case = next(c for c in store.reviews.queue(now=NOW).items if c.appeal_id == "lamp again")
    assert store.reviews.claim(case.id, li, NOW)
    change = {"function": "市政维修管理中心", "unit": "龙华区市政维修管理中心"}
    store.reviews.decide(case.id, li, "correct", change, now=NOW)
    best = precedents.like("lamp")[0]
    assert (best.unit, best.state) == ("龙华区市政维修管理中心", "single")


def test_a_blind_view_of_the_other_is_kept_blind(store: Store) -> None:
    precedents = filled(store)
    li, wang = user(store), user(store, "wang")
    case = next(c for c in store.reviews.queue(now=NOW).items if c.appeal_id == "lamp again")
    assert store.reviews.claim(case.id, li, NOW)
    change = {"function": "市政维修管理中心", "unit": "龙华区市政维修管理中心"}
    store.reviews.decide(case.id, li, "correct", change, now=NOW)
    store.reviews.sample_second(1.0, "seed", now=NOW)
    assert precedents.like("lamp", viewer=wang)[0].unit == "海口供电局"
    assert precedents.like("lamp", viewer=li)[0].unit == "龙华区市政维修管理中心"


def test_while_two_differ_no_unit_is_named(store: Store) -> None:
    store.appeals.put([scored("lamp again", TEXTS["lamp again"])], now=NOW)
    first, second = user(store), user(store, "wang")
    case = take(store, first)
    store.reviews.decide(case.id, first, "correct", {"function": "教育局"}, now=NOW)
    store.reviews.sample_second(1.0, "seed", now=NOW)
    case = take(store, second, NOW + HOUR)
    store.reviews.decide(case.id, second, "accept", now=NOW + HOUR)
    store.appeals.put([scored("lamp", TEXTS["lamp"])], now=NOW + HOUR)
    store.appeals.put([scored("rent", TEXTS["rent"])], now=NOW + HOUR)
    best = Precedents(store).like("lamp")[0]
    assert (best.id, best.unit, best.state) == ("lamp again", None, "disputed")


def test_what_came_in_since_is_found_after_a_while(store: Store) -> None:
    clock = Clock()
    store.appeals.put([scored(id, text) for id, text in TEXTS.items()], now=NOW)
    precedents = Precedents(store, clock=clock)
    before = precedents.like("rent")
    # Committed late, with an earlier time.
    late = NOW - timedelta(minutes=2)
    store.appeals.put([scored("rent again", "公租房怎么申请，要准备什么材料")], now=late)
    assert precedents.like("rent") == before
    clock.now = 60.0
    assert precedents.like("rent")[0].id == "rent again"


def test_only_the_latest_are_held(store: Store) -> None:
    for number, (id, text) in enumerate(TEXTS.items()):
        store.appeals.put([scored(id, text)], now=NOW + number * HOUR)
    found = Precedents(store, most=2).like("lamp")
    assert found == []


def test_what_was_purged_is_not_shown(store: Store) -> None:
    precedents = filled(store)
    store.appeals.put([scored("lamp third", TEXTS["lamp"])], now=NOW + HOUR)
    later = Precedents(store)
    assert later.like("lamp third")
    store.purge(NOW + timedelta(minutes=1))
    assert later.like("lamp third") == []
    assert precedents.like("unheard of") == []


def test_an_empty_store_and_an_empty_text(store: Store) -> None:
    assert Precedents(store).like("lamp") == []
    store.appeals.put([scored("blank", " "), scored("lamp", TEXTS["lamp"])], now=NOW)
    assert Precedents(store).like("blank") == []
