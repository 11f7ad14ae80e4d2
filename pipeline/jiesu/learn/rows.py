"""Training rows: appeals with the label of one head, from the files that a config names."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from jiesu.corpus.columns import field_of
from jiesu.corpus.read import Row, read_appeals
from jiesu.errors import ConfigError, InputError
from jiesu.jurisdiction import Jurisdiction
from jiesu.learn.config import SHIPPED, HeadConfig, Source
from jiesu.learn.labels import label_names
from jiesu.resources import resource
from jiesu.schema import Appeal


@dataclass(slots=True)
class Rows:
    """Rows of one head, in file order: what was said, the label, what the row counts."""

    appeals: list[Appeal] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    alternatives: list[str | None] = field(default_factory=list)
    extras: list[Mapping[str, Any]] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    skipped: int = 0

    def __len__(self) -> int:
        return len(self.appeals)

    def take(self, index: Sequence[int]) -> Rows:
        """Return the rows of the given numbers."""
        return Rows(
            appeals=[self.appeals[i] for i in index],
            labels=[self.labels[i] for i in index],
            alternatives=[self.alternatives[i] for i in index],
            extras=[self.extras[i] for i in index],
            weights=[self.weights[i] for i in index],
            skipped=self.skipped,
        )


def data_file(root: Path, path: str) -> Path:
    """Return where a file of a config lies: below `root`, or among what jiesu itself carries."""
    _, shipped, name = path.partition(SHIPPED)
    return resource("data", *name.split("/")) if shipped else root / path


def read_rows(
    root: Path, sources: Iterable[Source], *, head: str, jurisdiction: Jurisdiction
) -> Rows:
    """Read the labelled rows of a head. Rows without a label are counted as skipped.

    Raises ConfigError for a label that the jurisdiction does not know, InputError for a file that
    cannot be read.
    """
    rows = Rows()
    names = label_names(head, jurisdiction)
    for source in sources:
        for row in labelled_rows(root, source.path, [source.labels]):
            label = label_of(row, source)
            if row.appeal is None or label is None:
                rows.skipped += 1
                continue
            rows.appeals.append(words_only(row.appeal))
            rows.labels.append(_known(label, names, head=head, source=source, number=row.number))
            alternative = row.extra.get("alt")
            rows.alternatives.append(alternative if isinstance(alternative, str) else None)
            rows.extras.append(row.extra)
            rows.weights.append(source.weight)
    if not rows.appeals:
        raise InputError("no_rows", f"head {head}: found no row with a label, expected some")
    return rows


def labelled_rows(root: Path, path: str, tables: Iterable[str] = ()) -> Iterator[Row]:
    """Yield the rows of a file, with the columns of label tables added by id.

    An id that stands on several texts labels each. Raises InputError for a table that cannot be
    read, or none of whose ids is in the file.
    """
    added: dict[str, dict[str, str]] = {}
    for table in sorted({table for table in tables if table}):
        for key, columns in read_labels(data_file(root, table)).items():
            added.setdefault(key, {}).update(columns)
    met = False
    for row in read_appeals(data_file(root, path)):
        labels = added.get(row.id)
        met |= labels is not None
        yield replace(row, extra={**row.extra, **labels}) if labels else row
    if added and not met:
        raise InputError(
            "no_rows", f"{path}: found none of the {len(added)} ids of its label table"
        )


def read_labels(path: Path) -> dict[str, dict[str, str]]:
    """Return the columns of a label table by id; `-` is no value.

    Raises InputError for one that cannot be read, or gives an id twice.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("bad_labels", f"{path.name}: not readable: {error}") from None
    names = lines[0].split("\t") if lines else []
    if names[:1] != ["id"] or len(names) < 2:
        raise InputError(
            "bad_labels", f"{path.name} line 1: found {names}, expected `id` and names of labels"
        )
    found: dict[str, dict[str, str]] = {}
    for number, line in enumerate(lines[1:], start=2):
        key, *values = line.split("\t")
        if len(values) != len(names) - 1 or key in found:
            raise InputError(
                "bad_labels",
                f"{path.name} line {number}: found {len(values)} labels of {key!r}, expected "
                f"{len(names) - 1} of an id that is not given yet",
            )
        pairs = zip(names[1:], values, strict=True)
        found[key] = {name: value for name, value in pairs if value not in ("-", "")}
    return found


def _known(label: str, names: Mapping[str, str], *, head: str, source: Source, number: int) -> str:
    if not names or label in names:
        return names.get(label, label)
    raise ConfigError(
        "unknown_label",
        f"heads -> {head} -> {source.path} row {number}: found label {label!r}, expected one of "
        f"the {len(set(names.values()))} that the jurisdiction lists, or a `map` for it",
    )


def words_only(appeal: Appeal) -> Appeal:
    """Return an appeal without the fields of its record that say where it belongs.

    In recorded orders area and subdistrict are often copied from the unit that got the order:
    read when measuring, they would give the answer away.
    """
    return appeal.model_copy(
        update={"area": None, "subdistrict": None, "address": None, "registered_type": None}
    )


def label_of(row: Row, source: Source) -> str | None:
    """Return a row's label in a source's column, translated; None if it has none."""
    for column, wanted in source.where.items():
        if str(value_of(row, column)) != wanted:
            return None
    value = value_of(row, source.label)
    if isinstance(value, str) and value.startswith("["):
        with suppress(json.JSONDecodeError):  # else it is a label that begins so
            value = json.loads(value)
    if isinstance(value, (list, tuple)):
        value = value[source.level] if len(value) > source.level else None
    if value is None or value == "":
        return None
    return source.map.get(str(value), str(value)) or None


def value_of(row: Row, column: str) -> Any:
    """Return what a row has in a column, under the file's own name for it or the field's."""
    if column in row.extra:
        return row.extra[column]
    # A column with an accepted name has become a field of the appeal.
    return getattr(row.appeal, field_of(column) or column, None) if row.appeal else None


def excluded_texts(root: Path, config: HeadConfig) -> list[Appeal]:
    """Return the appeals of the files that a head must not be trained on."""
    return [
        row.appeal
        for path in config.exclude
        for row in read_appeals(data_file(root, path))
        if row.appeal
    ]
