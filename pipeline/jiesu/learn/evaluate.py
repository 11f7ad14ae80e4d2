"""How good a bundle's heads are on labelled rows, with intervals."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jiesu.bundle import file_hash
from jiesu.corpus.read import Row, read_appeals
from jiesu.engine import Engine
from jiesu.errors import ConfigError, InputError
from jiesu.learn.config import Source
from jiesu.learn.decisions import Decision, Labelled, measure_decisions
from jiesu.learn.labels import label_names
from jiesu.learn.metrics import HeadReport, HeadScores, evaluate_head
from jiesu.learn.report import Mistake, render_report, report_json
from jiesu.learn.rows import Rows, label_of, value_of, words_only

UNLABELLED, UNKNOWN = -1, -2
"""A row without a label is left out; one whose label the head does not have counts as an error."""

SLICES = ("source", "form", "area", "sampling")
"""Columns by which figures are also given apart, where the data have them."""

_LENGTHS = ((50, "1-50"), (200, "51-200"), (500, "201-500"), (1 << 60, "over 500"))
_MOST_MISTAKES = 50


@dataclass(frozen=True)
class Evaluation:
    """Reports by head, the decisions, the surest mistakes (ids only), and what was measured."""

    reports: tuple[HeadReport, ...]
    decisions: tuple[Decision, ...]
    mistakes: tuple[Mistake, ...]
    facts: dict[str, str]


def evaluate(
    engine: Engine,
    data: Path,
    *,
    columns: Mapping[str, str] | None = None,
    heads: Sequence[str] | None = None,
    slices: Sequence[str] = SLICES,
    with_fields: bool = False,
    bootstrap: int = 1000,
    seed: int = 0,
) -> Evaluation:
    """Measure every head whose label column the data have. columns: label column by head name;
    heads: only these.

    Only title, text and turns are read, unless `with_fields` lets area, subdistrict and address
    help: sound only where they were known before the order was dispatched.

    Raises InputError if the data have no label of any head, or rows that cannot be read only.
    """
    bundle, jurisdiction = engine.bundle, engine.jurisdiction
    named = {head.name: head.name for head in bundle.linear.heads} | dict(columns or {})
    has = {head.name for head in bundle.linear.heads}
    unknown = {*named, *(heads or ())} - has
    if unknown:
        raise ConfigError(
            "unknown_head", f"found head {sorted(unknown)}, the bundle has {sorted(has)}"
        )
    rows = list(read_appeals(data))
    good = [row for row in rows if row.appeal is not None]
    missing = [
        column
        for column in slices
        if column not in SLICES and not any(value_of(row, column) for row in good)
    ]
    if missing:
        raise InputError(
            "no_column",
            f"{data.name}: found no column {', '.join(missing)} with a value to give figures by",
        )
    appeals = [
        row.appeal if with_fields else words_only(row.appeal)
        for row in good
        if row.appeal is not None
    ]
    scored = engine.probabilities(appeals)
    reports, mistakes, strangers = [], [], list[str]()
    labels: dict[str, list[str | None]] = {}
    for head in bundle.linear.heads:
        truth = [label_of(row, Source(path=data.name, label=named[head.name])) for row in good]
        if not any(truth) or (heads and head.name not in heads):
            continue
        names = label_names(head.name, jurisdiction)
        known = engine.labels(head.name)
        if not any(names.get(label, label) in known for label in truth if label):
            # Labels of another scheme under the same name: every figure would be nought.
            strangers.append(head.name)
            continue
        labels[head.name] = truth
        scores = head_scores(
            head.name,
            known,
            scored[head.name],
            truth,
            alternatives=[row.extra.get("alt") for row in good] if head.name == "type" else None,
            groups=_groups(good, slices),
            names=names,
        )
        reports.append(evaluate_head(scores, bootstrap=bootstrap, seed=seed))
        mistakes += _mistakes(scores, [row.id for row in good], truth)
    if not reports:
        raise InputError(
            "no_labels",
            f"{data.name}: found no label column, expected one of {sorted(named.values())}",
        )
    manifest = bundle.manifest
    facts = {
        "bundle": f"{manifest.name} {manifest.version} ({bundle.content_hash[:12]})",
        "jurisdiction": jurisdiction.catalogue,
        "data": f"{data.name} (sha256 {file_hash(data)[:12]})",
        "rows": f"{len(rows)}, of which {len(rows) - len(good)} could not be read",
    }
    if strangers:
        facts["left out"] = f"{', '.join(strangers)}: the head knows none of the labels"
    decisions: list[Decision] = []
    if not heads and {"type", "unit"} <= set(scored):
        verdicts = engine.score(appeals, explain=False)
        decisions = measure_decisions(
            [Labelled(v, a.text, r.extra) for v, a, r in zip(verdicts, appeals, good, strict=True)],
            {
                name: [label and label_names(name, jurisdiction).get(label, label) for label in own]
                for name, own in labels.items()
            },
            [
                name
                for entries in (manifest.thresholds_of(engine.tier), manifest.read_thresholds())
                for name, entry in entries.items()
                if entry.confidence is not None and engine.certifies(name)
            ],
            bootstrap=bootstrap,
            seed=seed,
        )
    return Evaluation(tuple(reports), tuple(decisions), tuple(mistakes), facts)


def evaluation_json(found: Evaluation, *, title: str) -> dict[str, Any]:
    """Return everything measured as a JSON-ready dict."""
    return report_json(
        found.reports,
        title=title,
        facts=found.facts,
        errors=found.mistakes,
        decisions=found.decisions,
    )


def write_report(found: Evaluation, folder: Path, *, title: str) -> Path:
    """Write report.html and report.json to a folder and return the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    body = evaluation_json(found, title=title)
    text = json.dumps(body, ensure_ascii=False, indent=1)
    (folder / "report.json").write_text(text + "\n", "utf-8")
    page = folder / "report.html"
    page.write_text(
        render_report(
            found.reports,
            title=title,
            facts=found.facts,
            errors=found.mistakes,
            decisions=found.decisions,
        ),
        "utf-8",
    )
    return page


def head_scores(
    name: str,
    labels: tuple[str, ...],
    proba: NDArray[np.float32],
    truth: Sequence[str | None],
    *,
    alternatives: Sequence[Any] | None = None,
    groups: Mapping[str, NDArray[Any]] | None = None,
    names: Mapping[str, str] | None = None,
) -> HeadScores:
    """Return scores and truth of one head as numbers, ready to be measured."""
    number = {label: index for index, label in enumerate(labels)}

    def code(label: Any, missing: int) -> int:
        if not isinstance(label, str) or not label:
            return UNLABELLED
        return number.get((names or {}).get(label, label), missing)

    alt = None
    if alternatives is not None and any(alternatives):
        alt = np.array([code(label, UNLABELLED) for label in alternatives], dtype=np.int64)
    numbers = np.array([code(label, UNKNOWN) for label in truth], dtype=np.int64)
    return HeadScores(name, labels, proba, numbers, alt, groups or {})


def measure(engine: Engine, head: str, rows: Rows, *, bootstrap: int = 1000) -> HeadReport:
    """Measure one head on labelled rows."""
    labels = engine.labels(head)
    proba = engine.probabilities(rows.appeals)[head]
    scores = head_scores(head, labels, proba, rows.labels, alternatives=rows.alternatives)
    return evaluate_head(scores, bootstrap=bootstrap)


def _groups(rows: Sequence[Row], slices: Sequence[str]) -> dict[str, NDArray[Any]]:
    groups: dict[str, NDArray[Any]] = {}
    for column in slices:
        values = [value_of(row, column) or "" for row in rows]
        if any(values):
            groups[column] = np.array([str(value) for value in values], dtype=object)
    lengths = [len(row.appeal.text) if row.appeal else 0 for row in rows]
    groups["length"] = np.array(
        [next(name for most, name in _LENGTHS if length <= most) for length in lengths],
        dtype=object,
    )
    return groups


def _mistakes(scores: HeadScores, ids: Sequence[str], truth: Sequence[str | None]) -> list[Mistake]:
    best = scores.proba.argmax(axis=1)
    confidence = scores.proba.max(axis=1)
    wrong = np.flatnonzero((scores.truth != UNLABELLED) & (best != scores.truth))
    surest = wrong[np.argsort(-confidence[wrong], kind="stable")][:_MOST_MISTAKES]
    return [
        Mistake(
            id=ids[row],
            head=scores.name,
            truth=str(truth[row]),
            predicted=scores.labels[best[row]],
            confidence=float(confidence[row]),
        )
        for row in surest.tolist()
    ]
