"""The figures of a model card, tiers side by side, as Markdown tables.

    python benchmarks/card.py --data ../shared/data
    python benchmarks/card.py --data ../shared/data --bundle out/bundle --bootstrap 200

Heads on their dev sets, decisions on the authored test appeals, and what is flagged among the real
appeals, by id.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, get_args

import typer

from jiesu.corpus.read import read_appeals
from jiesu.engine import Engine, load
from jiesu.learn.evaluate import Evaluation, evaluate
from jiesu.resources import resource
from jiesu.schema import Tier

_FIGURES = ("accuracy", "top3", "macro_f1", "either", "ece", "aurc", "augrc", "coverage_at_5")
_REAL = (
    "haikou/dev.jsonl",
    "types/dev.jsonl",
    "tipdm/unlabelled.jsonl",
)
_NOTE = '"source": "haikou"'


def main(
    data: Annotated[Path, typer.Option(help="The folder with haikou/, types/ and tipdm/.")],
    bundle: Annotated[str, typer.Option(help="A bundle folder, or 'default'.")] = "default",
    bootstrap: Annotated[int, typer.Option(min=100)] = 1000,
) -> None:
    engines = {tier: load(bundle, tier=tier) for tier in get_args(Tier)}
    with tempfile.TemporaryDirectory() as folder:
        parts = _parts(data, Path(folder))
        for name, (path, heads) in parts.items():
            print(f"\n**{name}**\n")
            found = {
                tier: evaluate(engine, path, heads=heads, bootstrap=bootstrap)
                for tier, engine in engines.items()
            }
            _heads(found)
            if not heads:
                _decisions(found)
    _flagged(engines["cascade"], data)


def _parts(data: Path, folder: Path) -> dict[str, tuple[Path, list[str] | None]]:
    lines = (data / "types/dev.jsonl").read_text("utf-8").splitlines(keepends=True)
    notes, messages = folder / "notes.jsonl", folder / "messages.jsonl"
    notes.write_text("".join(line for line in lines if _NOTE in line), "utf-8")
    messages.write_text("".join(line for line in lines if _NOTE not in line), "utf-8")
    tests = resource("data", "authored", "test")
    authored, second = folder / "authored.jsonl", tests / "t2.jsonl"
    authored.write_text(
        "".join((tests / f"{name}.jsonl").read_text("utf-8") for name in ("t1", "t2")), "utf-8"
    )
    return {
        "haikou/dev": (data / "haikou/dev.jsonl", ["unit", "topic"]),
        "types/dev": (data / "types/dev.jsonl", ["type", "reports_illegality"]),
        "types/dev, operators' notes": (notes, ["type"]),
        "types/dev, citizens' messages": (messages, ["type"]),
        "authored t2": (second, ["disposition", "risk"]),
        "haikou/dev, decisions": (data / "haikou/dev.jsonl", None),
        "authored t1 and t2, decisions": (authored, None),
    }


def _heads(found: dict[Tier, Evaluation]) -> None:
    print("| head | tier | rows | " + " | ".join(_FIGURES) + " |")
    print("|" + "---|" * (3 + len(_FIGURES)))
    for tier, one in found.items():
        for report in one.reports:
            figures = report.headline.model_dump()
            cells = [_cell(figures[name]) for name in _FIGURES]
            print(f"| {report.head} | {tier} | {report.n:,} | " + " | ".join(cells) + " |")


def _decisions(found: dict[Tier, Evaluation]) -> None:
    names = list(dict.fromkeys(item.name for one in found.values() for item in one.decisions))
    print("\n| decision | " + " | ".join(found) + " |")
    print("|" + "---|" * (1 + len(found)))
    for name in names:
        cells = []
        for one in found.values():
            item = next((item for item in one.decisions if item.name == name), None)
            cells.append(_cell(item._asdict()) if item else "—")
        print(f"| {name} | " + " | ".join(cells) + " |")


def _cell(figure: object) -> str:
    if not isinstance(figure, dict):
        return "—"
    return f"{figure['value']:.3f} [{figure['low']:.3f}, {figure['high']:.3f}]"


def _flagged(engine: Engine, data: Path) -> None:
    for path in _REAL:
        rows, flagged, emergencies, asked = 0, list[str](), 0, 0
        for verdict in engine.stream(read_appeals(data / path), explain=False, elements=False):
            rows += 1
            asked += verdict.model.tier != "linear"
            emergencies += verdict.disposition.code == "emergency"
            if verdict.advisory.flagged:
                kinds = "、".join(sorted({flag.kind for flag in verdict.advisory.flags}))
                flagged.append(f"{verdict.id} ({kinds})")
        print(
            f"\n{path}: {rows:,} rows, {asked / rows:.1%} read by the encoder, "
            f"{emergencies} called an emergency, {len(flagged)} flagged: {', '.join(flagged)}"
        )


if __name__ == "__main__":
    typer.run(main)
