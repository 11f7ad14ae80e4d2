"""Speed of the linear tier against a common baseline, side by side in one process on one core.

    python benchmarks/linear.py [--data ../shared/data]

Ours: raw text to full verdict (normalise, turns, segment, three heads, calibration, place, cues,
route, triage, explanation, contract objects). Baseline: rjieba and one fastText prediction of one
label. Both see the same texts in turn, round by round; the medians and the ratio are printed.
Needs `pip install fasttext-numpy2-wheel` beside the package.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

COLD = "import jiesu; jiesu.load().score(['小区门口的路灯坏了三天没人修'])"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, help="folder with haikou/ and types/; default: samples"
    )
    parser.add_argument("--rounds", type=int, default=15)
    args = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    for name, texts in _texts(args.data).items():
        _compare(name, texts, args.rounds)
    print(f"import jiesu: {_cold('import jiesu'):.3f} s; python alone {_cold('pass'):.3f} s")
    print(f"one verdict from a cold start: {_cold(COLD):.2f} s")
    with (Path(__file__).parent.parent / "data/samples/appeals.jsonl").open("rb") as rows:
        sample = rows.read()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "in.jsonl")
        source.write_bytes(sample * (20_000 // len(sample.splitlines()) + 1))
        code = (
            "import sys; from jiesu.cli.app import main; "
            f"sys.argv = ['jiesu', 'score', {str(source)!r}, '-o', {f'{source}.out.jsonl'!r}]; "
            "import atexit; atexit.register(lambda: print(next(line for line in "
            "open('/proc/self/status') if line.startswith('VmHWM')).split()[1])); main()"
        )
        run = [sys.executable, "-c", code]
        found = subprocess.run(run, capture_output=True, text=True, check=True)
    print(f"peak memory of `jiesu score` on 20,000 rows: {int(found.stdout) / 1024:.0f} MB")


def _compare(name: str, texts: list[str], rounds: int) -> None:
    import fasttext
    import rjieba

    import jiesu
    from jiesu.engine import Engine
    from jiesu.schema import Appeal

    engine = jiesu.load(tier="linear")
    appeals = [Appeal(id=str(number), text=text) for number, text in enumerate(texts)]
    labels = [verdict.dispatch.function for verdict in engine.score(appeals)]
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        for text, label in zip(texts, labels, strict=True):
            file.write(f"__label__{label} {_cut(rjieba, text)}\n")
        file.flush()
        model = fasttext.train_supervised(file.name, wordNgrams=2, epoch=5, thread=1, verbose=0)

    def baseline() -> None:
        for text in texts:
            model.predict(_cut(rjieba, text))

    ways: dict[str, Callable[[], object]] = {
        "jiesu, full verdict": lambda: engine.score(appeals),
        "jiesu, no elements": lambda: engine.score(appeals, elements=False),
        "jiesu, neither they nor why": lambda: engine.score(appeals, explain=False, elements=False),
        "rjieba + fastText": baseline,
    }
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, run in ways.items():
            start = time.perf_counter()
            run()
            times[way].append((time.perf_counter() - start) / len(texts) * 1e6)
    mean = sum(map(len, texts)) / len(texts)
    print(f"\n{name}: {len(texts)} texts, {mean:.0f} characters on average, {rounds} rounds")
    for way, values in times.items():
        middle = statistics.median(values)
        print(f"  {way:28} {middle:7.1f} us a text  {1e6 / middle:8.0f} texts/s")
    for way in list(times)[:3]:
        ratios = [a / b for a, b in zip(times[way], times["rjieba + fastText"], strict=True)]
        print(f"  {way} / baseline: median of {statistics.median(ratios):.2f}")
    # What the conduct head costs; the other heads are columns of one matrix.
    bare = Engine(replace(engine.bundle, conduct=None), engine.jurisdiction, tier="linear")
    with_it, without = (_median(partial(e.score, appeals), rounds) for e in (engine, bare))
    added = (with_it - without) / len(texts) * 1e6
    print(f"  reading the caller's conduct adds {added:.0f} us a text")
    compared = _median(lambda: engine.score(appeals, history=jiesu.History()), rounds)
    added = (compared - with_it) / len(texts) * 1e6
    print(f"  comparing with earlier appeals adds {added:.0f} us a text")
    single = []
    for appeal in appeals[:300]:
        start = time.perf_counter()
        engine.score([appeal])
        single.append((time.perf_counter() - start) * 1e3)
    print(f"  one at a time: median {statistics.median(single):.2f} ms")


def _median(run: Callable[[], object], rounds: int) -> float:
    times = []
    for _ in range(max(3, rounds // 3)):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def _cut(rjieba: object, text: str) -> str:
    return " ".join(rjieba.cut(text)).replace("\n", " ")


def _texts(data: Path | None) -> dict[str, list[str]]:
    if data is None:
        path = Path(__file__).parent.parent / "data" / "samples" / "appeals.jsonl"
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        return {"samples": [row["text"] for row in rows if row.get("text")] * 5}
    notes = [json.loads(line) for line in (data / "haikou/dev.jsonl").open(encoding="utf-8")]
    mixed = [json.loads(line) for line in (data / "types/dev.jsonl").open(encoding="utf-8")]
    return {
        "operators' notes (haikou/dev)": [row["text"] for row in notes],
        "notes and messages (types/dev)": [f"{row['title']}\n{row['text']}" for row in mixed],
    }


def _cold(code: str) -> float:
    times = []
    for _ in range(5):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


if __name__ == "__main__":
    main()
