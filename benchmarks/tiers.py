"""How fast each tier judges, and how many appeals the encoder is asked about.

    python benchmarks/tiers.py --data ../shared/data

Throughput is of whole verdicts in batches, p50 and p95 of one appeal at a time. `100 characters`
are orders joined and cut to that length, read by the encoder alone.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from jiesu.corpus.read import read_appeals
from jiesu.engine import Engine, load
from jiesu.heads.transformer import TransformerTier
from jiesu.schema import Appeal, Tier
from jiesu.text.normalise import normalise

TIERS: tuple[Tier, ...] = ("linear", "cascade", "transformer")


def main() -> None:
    """Print one line of JSON a measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--bundle", default="default")
    parser.add_argument("--rows", type=int, default=600)
    args = parser.parse_args()
    print(json.dumps({"cores": len(os.sched_getaffinity(0)), "load": os.getloadavg()[0]}))
    engines = {tier: load(args.bundle, tier=tier) for tier in TIERS}
    sets = {
        "notes": _appeals(args.data / "haikou" / "dev.jsonl", args.rows),
        "mixed": _appeals(args.data / "types" / "dev.jsonl", args.rows),
    }
    for name, appeals in sets.items():
        for tier, engine in engines.items():
            print(json.dumps({"texts": name, "tier": tier, **_measure(engine, appeals)}))
    encoder = _encoder(engines["transformer"])
    if encoder is not None:
        print(json.dumps(_hundred(encoder, sets["notes"])))


def _appeals(path: Path, count: int) -> list[Appeal]:
    rows = (row.appeal for row in read_appeals(path))
    return list(islice((appeal for appeal in rows if appeal is not None), count))


def _measure(engine: Engine, appeals: Sequence[Appeal]) -> dict[str, float]:
    engine.score(appeals[:50])
    began = time.perf_counter()
    verdicts = engine.score(appeals)
    whole = time.perf_counter() - began
    asked = np.mean([verdict.model.tier != "linear" for verdict in verdicts])
    singles = _times(lambda appeal: engine.score([appeal]), appeals[:200])
    return {
        "asked": round(float(asked), 3),
        "per_second": round(len(appeals) / whole, 1),
        "p50_ms": round(float(np.quantile(singles, 0.5)), 2),
        "p95_ms": round(float(np.quantile(singles, 0.95)), 2),
    }


def _times(call: Callable[[Appeal], object], appeals: Sequence[Appeal]) -> list[float]:
    found = []
    for appeal in appeals:
        began = time.perf_counter()
        call(appeal)
        found.append(1e3 * (time.perf_counter() - began))
    return found


def _encoder(engine: Engine) -> TransformerTier | None:
    files, entry = engine.bundle.encoder_files(), engine.bundle.manifest.encoder
    if files is None or entry is None:
        return None
    return TransformerTier.load(*files, labels=dict(entry.labels), most=entry.pieces)


def _hundred(encoder: TransformerTier, appeals: Sequence[Appeal]) -> dict[str, float | str]:
    texts = [(appeal.text * 8)[:100] for appeal in appeals]
    batch = normalise(texts)
    encoder.read(batch, range(20))
    began = time.perf_counter()
    encoder.read(batch)
    whole = time.perf_counter() - began
    singles = []
    for row in range(100):
        began = time.perf_counter()
        encoder.read(batch, [row])
        singles.append(1e3 * (time.perf_counter() - began))
    return {
        "texts": "100 characters",
        "tier": "encoder alone",
        "per_second": round(len(texts) / whole, 1),
        "p50_ms": round(float(np.quantile(singles, 0.5)), 2),
        "p95_ms": round(float(np.quantile(singles, 0.95)), 2),
    }


if __name__ == "__main__":
    main()
