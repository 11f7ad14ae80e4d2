import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiesu.corpus.split import random_group_split, time_split
from jiesu.errors import InputError

groups_of = st.lists(st.integers(0, 12), min_size=1, max_size=60)
shares = st.floats(0.05, 0.95)


@given(groups_of, shares, st.integers(0, 99))
def test_a_random_split_keeps_groups_whole(groups: list[int], share: float, seed: int) -> None:
    train, test = random_group_split(groups, share=share, seed=seed)
    assert sorted([*train, *test]) == list(range(len(groups)))
    numbers = np.array(groups)
    assert not set(numbers[train]) & set(numbers[test])
    largest = max(map(groups.count, groups))
    assert abs(len(test) - share * len(groups)) <= largest / 2 + 1e-9


def test_the_seed_decides() -> None:
    groups = list(range(1000))
    one, two, other = (random_group_split(groups, share=0.2, seed=s)[1] for s in (1, 1, 2))
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)
    assert len(one) == 200


def test_no_rows_is_an_empty_split() -> None:
    train, test = random_group_split([], share=0.2, seed=1)
    assert (len(train), len(test)) == (0, 0)
    train, test = time_split([], [], share=0.2)
    assert (len(train), len(test)) == (0, 0)


def test_the_latest_part_is_held_out() -> None:
    days = [f"2018-05-{day:02}" for day in range(1, 11)]
    train, test = time_split(days[::-1], range(10), share=0.3)
    assert test.tolist() == [0, 1, 2]
    assert train.tolist() == list(range(3, 10))


@pytest.mark.parametrize(
    ("times", "groups", "test_rows", "reason"),
    [
        (
            ["2018-01-01", "2018-02-01", "2018-03-01", "2018-04-01"],
            [0, 1, 2, 0],
            [0, 2, 3],
            "straddles",
        ),
        (
            ["2018-01-01", "2018-02-01", "2018-02-01", "2018-02-01"],
            [0, 1, 2, 3],
            [1, 2, 3],
            "one day",
        ),
        (["2018-04-01", None, "2018-01-01", None], [0, 1, 2, 0], [0, 3], "no time: with its group"),
        ([None, None], [0, 1], [], "no times at all"),
        (["2018-04-01T00:30:00+00:00", "2018-04-01T08:00:00"], [0, 1], [0], "zones"),
    ],
)
def test_ties_twins_and_missing_times(
    times: list[str | None], groups: list[int], test_rows: list[int], reason: str
) -> None:
    train, test = time_split(times, groups, share=0.4)
    assert test.tolist() == test_rows, reason
    assert len(train) + len(test) == len(times)


@given(st.lists(st.tuples(st.integers(1, 28), st.integers(0, 9)), min_size=2, max_size=50), shares)
def test_train_never_sees_the_future_nor_a_twin(rows: list[tuple[int, int]], share: float) -> None:
    days = [day for day, _ in rows]
    groups = np.array([group for _, group in rows])
    train, test = time_split([f"2018-02-{day:02}" for day in days], groups, share=share)
    assert not set(groups[train]) & set(groups[test])
    if len(test) and len(train):
        assert max(days[row] for row in train) < max(days[row] for row in test)


def test_a_time_that_is_none_is_an_error() -> None:
    with pytest.raises(InputError, match="row 2") as caught:
        time_split(["2018-05-05", "昨天"], [0, 1], share=0.5)
    assert caught.value.code == "bad_time"
    assert "昨天" not in caught.value.message


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0, 2.0])
def test_shares_out_of_range(share: float) -> None:
    with pytest.raises(ValueError, match="expected one between 0 and 1"):
        random_group_split([0, 1], share=share, seed=1)
    with pytest.raises(ValueError, match="expected one between 0 and 1"):
        time_split(["2018-05-05", "2018-05-06"], [0, 1], share=share)


def test_lengths_that_differ() -> None:
    with pytest.raises(ValueError, match="2 times and 1 groups"):
        time_split(["2018-05-05", "2018-05-06"], [0], share=0.5)
