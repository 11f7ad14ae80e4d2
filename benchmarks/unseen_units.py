"""Units that nobody has trained on: left out of training, then found by their duty texts alone.

    python benchmarks/unseen_units.py --data ../shared/data
    python benchmarks/unseen_units.py --data ../shared/data --seed 1 --units 15 --json

Trains a unit head without some units of haikou-2018, gives the engine the whole catalogue, and
measures on haikou/dev: the left-out units' own appeals, and what the others lose by it.
"""

from __future__ import annotations

import json
import logging
import tempfile
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from jiesu.corpus.read import read_appeals
from jiesu.engine import Engine, load
from jiesu.jurisdiction import load_jurisdiction
from jiesu.learn.config import load_config
from jiesu.learn.train import train
from jiesu.schema import Appeal

CONFIG = Path("configs/train/default.yaml")
TRAIN, DEV = "haikou/train.jsonl", "haikou/dev.jsonl"
_DRAWS = 2000


def drawn(units: dict[str, int], count: int, seed: int) -> list[str]:
    """Return `count` units, one from each of as many strata of units of like frequency."""
    random = np.random.default_rng(seed)
    ranked = sorted(units, key=lambda name: (-units[name], name))
    return [str(random.choice(part)) for part in np.array_split(np.array(ranked), count)]


def main(
    data: Annotated[Path, typer.Option(help="The folder that holds haikou/.")],
    units: Annotated[int, typer.Option(help="How many are left out.")] = 15,
    seed: Annotated[int, typer.Option(help="Which are left out.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    jurisdiction = load_jurisdiction("haikou-2018")
    rows = [
        (row.appeal, str(row.extra["unit"])) for row in read_appeals(data / TRAIN) if row.appeal
    ]
    counts: dict[str, int] = {}
    for _, unit in rows:
        counts[unit] = counts.get(unit, 0) + 1
    # The four of kind `outside` are no units of the hotline and have no duty.
    real = {n: c for n, c in counts.items() if jurisdiction.units_by_name[n].kind != "outside"}
    out = drawn(real, units, seed)
    with tempfile.TemporaryDirectory() as folder:
        engines = train_without(out, data, Path(folder))
        dev = [
            (row.appeal, str(row.extra["unit"])) for row in read_appeals(data / DEV) if row.appeal
        ]
        new = [item for item in dev if item[1] in out]
        old = [item for item in dev if item[1] not in out]
        found: dict[str, Any] = {
            "left out": out,
            "appeals": {"theirs": len(new), "others": len(old)},
            "theirs, with duties": top(engines["with"], new),
            "others, with duties": top(engines["with"], old),
            "others, without": top(engines["without"], old),
        }
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    for name, value in found.items():
        typer.echo(f"{name}: {value}")


def train_without(out: list[str], data: Path, folder: Path) -> dict[str, Engine]:
    """Return engines of a unit head that has seen no row of some units."""
    config = load_config(CONFIG).model_dump()
    head = config["heads"]["unit"]
    head["sources"][0]["map"] = dict.fromkeys(out, "")
    head["test"] = None
    config |= {"name": "unseen", "heads": {"unit": head}, "conduct": None, "cascade": None}
    engines = {}
    for name, duties in (("with", {}), ("without", None)):
        made = load_config(CONFIG).model_validate(config | {"duties": duties})
        train(made, data=data, output=folder / name)
        engines[name] = load(folder / name)
    return engines


def top(engine: Engine, rows: list[tuple[Appeal, str]]) -> dict[str, list[float]]:
    """Return top-1 and top-3 of appeals with their units, each with its 95 % interval."""
    labels = engine.labels("unit")
    scores = engine.probabilities([appeal for appeal, _ in rows])["unit"]
    best = np.argsort(-scores, axis=1, kind="stable")[:, :3]
    right = np.array(
        [
            [labels[best[row, 0]] == unit, unit in [labels[k] for k in best[row].tolist()]]
            for row, (_, unit) in enumerate(rows)
        ],
        dtype=np.float64,
    )
    draws = np.random.default_rng(7).integers(0, len(right), (_DRAWS, len(right)))
    spread = right[draws].mean(axis=1)
    return {
        name: [
            round(float(value), 4)
            for value in (right[:, k].mean(), *np.quantile(spread[:, k], (0.025, 0.975)))
        ]
        for k, name in enumerate(("top-1", "top-3"))
    }


if __name__ == "__main__":
    logging.basicConfig()
    typer.run(main)
