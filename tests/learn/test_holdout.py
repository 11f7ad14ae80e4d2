"""What is held out: who judges which rows, and what is read off them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from jiesu.errors import ConfigError, InputError
from jiesu.learn.config import HeadConfig
from jiesu.learn.holdout import HeldOut, find_out

ROWS = 1000


def head(**values: Any) -> HeadConfig:
    source = {"path": "a.jsonl", "label": "l"}
    return HeadConfig.model_validate({"sources": [source], **values})


class Machines:
    """Counts what each machine was trained on; tells two classes apart by the one feature."""

    def __init__(self) -> None:
        self.seen: list[np.ndarray] = []

    def __call__(self, index: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        self.seen.append(index)
        zeros = np.zeros(2, dtype=np.float32)
        return np.array([[-1.0, 1.0]], dtype=np.float32), zeros, zeros


def run(config: HeadConfig, *, noise: float = 0.02, rows: int = ROWS) -> tuple[HeldOut, Machines]:
    rng = np.random.default_rng(0)
    truth = np.arange(rows) % 2
    signal = (truth * 2 - 1) * rng.uniform(0.2, 3, rows)
    wrong = rng.random(rows) < noise
    signal[wrong] *= -1
    machines = Machines()
    found = find_out(
        "h",
        config,
        dates=[f"2018-01-01T{n // 60:02}:{n % 60:02}:00" for n in range(rows)],
        groups=np.arange(rows),
        truth=truth,
        matrix=sp.csr_array(signal[:, None].astype(np.float32)),
        machine=machines,
        seed=1,
        risk=0.05,
        delta=0.05,
        miss=0.1,
    )
    return found, machines


def test_by_time_each_slice_is_judged_by_what_came_before() -> None:
    found, machines = run(head(calibrate="time", share=0.3), noise=0.0)
    early, before = machines.seen
    assert early.tolist() == list(range(400))
    assert before.tolist() == list(range(700))
    assert found.certificate.rows == 300
    assert found.certificate.threshold is not None
    assert found.certificate.coverage > 0.5


def test_in_folds_nobody_judges_what_it_saw() -> None:
    found, machines = run(head(calibrate="folds", folds=5))
    assert len(machines.seen) == 5
    assert all(len(index) == pytest.approx(ROWS * 0.8, abs=1) for index in machines.seen)
    held = [set(range(ROWS)) - set(index.tolist()) for index in machines.seen]
    assert set.union(*held) == set(range(ROWS))
    assert sum(map(len, held)) == ROWS
    assert found.certificate.rows == pytest.approx(ROWS * 0.6, abs=2)


def test_a_noisy_head_is_not_certified() -> None:
    found, _ = run(head(calibrate="folds"), noise=0.15)
    assert found.certificate.threshold is None


def test_a_head_that_need_not_be_certified_is_calibrated_on_the_latest() -> None:
    found, machines = run(head(calibrate="time", share=0.3, certify=False))
    assert [len(index) for index in machines.seen] == [700]
    assert found.certificate.threshold is None


@pytest.mark.parametrize("rows", [1, 2])
def test_too_few_rows_are_refused(rows: int) -> None:
    with pytest.raises(InputError) as caught:
        run(head(calibrate="time"), rows=rows)
    assert caught.value.code == "too_few_rows"


def test_time_needs_dates() -> None:
    with pytest.raises(ConfigError):
        find_out(
            "h",
            head(calibrate="time"),
            dates=[None, None],
            groups=np.arange(2),
            truth=np.arange(2),
            matrix=sp.csr_array(np.ones((2, 1), dtype=np.float32)),
            machine=Machines(),
            seed=1,
            risk=0.05,
            delta=0.05,
            miss=0.1,
        )
