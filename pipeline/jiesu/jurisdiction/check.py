"""Finds what a well-formed jurisdiction still gets wrong: references, overlaps, gaps."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol, get_args

from jiesu.errors import ConfigError
from jiesu.jurisdiction.lookup import MUNICIPAL
from jiesu.jurisdiction.model import Jurisdiction, TimeLimit
from jiesu.jurisdiction.strict_yaml import Fault, at
from jiesu.schema import TYPE_CODES, DispositionCode, FlagKind

_MOST_SHOWN = 20
Label = tuple[str, str]


class _Node(Protocol):
    """Units and topics alike: named, aliased, perhaps pooled to a parent."""

    @property
    def name(self) -> str: ...
    @property
    def aliases(self) -> tuple[str, ...]: ...
    @property
    def parent(self) -> str | None: ...


def check_jurisdiction(j: Jurisdiction) -> list[Fault]:
    """Return every fault of a well-formed jurisdiction, in the order of its files."""
    checks: tuple[Callable[[Jurisdiction], Iterator[Fault]], ...] = (
        _types,
        _units,
        _areas,
        _topics,
        _dispositions,
        _advice,
        _time_limits,
    )
    return [fault for check in checks for fault in check(j)]


def require_sound(j: Jurisdiction) -> None:
    """Raise ConfigError that lists the faults, one a line, if there are any."""
    faults = check_jurisdiction(j)
    if faults:
        raise fault_error(faults, j.about.id)


def fault_error(faults: Sequence[Fault], label: str) -> ConfigError:
    """Return the error for these faults; each line starts with the folder, the file, the path."""
    lines = [f"{label}/{fault}" for fault in faults[:_MOST_SHOWN]]
    if len(faults) > _MOST_SHOWN:
        lines.append(f"and {len(faults) - _MOST_SHOWN} more")
    return ConfigError("bad_jurisdiction", "\n".join(lines))


def _types(j: Jurisdiction) -> Iterator[Fault]:
    file = "types.yaml"
    yield from _each_once(
        file, ((at(i, "code"), t.code) for i, t in enumerate(j.types)), TYPE_CODES
    )
    yield from _unique((at(file, i, "name"), t.name) for i, t in enumerate(j.types))


def _units(j: Jurisdiction) -> Iterator[Fault]:
    file = "units.yaml"
    yield from _tree(file, j.units)
    areas = {area.name for area in j.areas} | {MUNICIPAL}
    for i, unit in enumerate(j.units):
        for key in unit.exact:
            if key not in areas:
                yield Fault(
                    at(file, i, "exact", key),
                    f"found the key {key!r}, expected {MUNICIPAL!r} or an area of areas.yaml",
                )


def _areas(j: Jurisdiction) -> Iterator[Fault]:
    """An area's names and places point to it alone; a subdistrict's names to it in its area."""
    file = "areas.yaml"
    names: list[tuple[int, Label]] = []
    places: list[tuple[int, Label]] = []
    homes: dict[str, set[int]] = {}
    for i, area in enumerate(j.areas):
        names += [(i, label) for label in _names(at(file, i), area.name, area.aliases)]
        places += [(i, label) for label in _listed(at(file, i, "places"), area.places)]
        inner: list[Label] = []
        for k, sub in enumerate(area.subdistricts):
            path = at(file, i, "subdistricts", k)
            inner += _names(path, sub.name, sub.aliases)
            places += [(i, label) for label in _listed(at(path, "places"), sub.places)]
        yield from _unique(inner)
        for _, label in inner:
            homes.setdefault(_key(label), set()).add(i)
    yield from _unique(label for _, label in names + places)
    for _, (path, label) in names:
        yield from _also_subdistrict(j, path, label, homes.get(_key(label), set()))
    for i, (path, label) in places:
        yield from _also_subdistrict(j, path, label, homes.get(_key(label), set()) - {i})


def _also_subdistrict(j: Jurisdiction, path: str, label: str, areas: set[int]) -> Iterator[Fault]:
    for i in sorted(areas):
        yield Fault(
            path,
            f"found {label!r}, which is also a subdistrict of {j.areas[i].name}; "
            "expected a name with one meaning",
        )


def _topics(j: Jurisdiction) -> Iterator[Fault]:
    yield from _tree("topics.yaml", j.topics)


def _dispositions(j: Jurisdiction) -> Iterator[Fault]:
    file = "dispositions.yaml"
    codes = ((at(i, "code"), d.code) for i, d in enumerate(j.dispositions))
    yield from _each_once(file, codes, get_args(DispositionCode))
    yield from _unique((at(file, i, "name"), d.name) for i, d in enumerate(j.dispositions))


def _advice(j: Jurisdiction) -> Iterator[Fault]:
    file = "advice.yaml"
    kinds = (
        (at(i, "kinds", k), kind)
        for i, script in enumerate(j.advice)
        for k, kind in enumerate(script.kinds)
    )
    yield from _each_once(file, kinds, get_args(FlagKind))
    yield from _unique((at(file, i, "id"), script.id) for i, script in enumerate(j.advice))


def _time_limits(j: Jurisdiction) -> Iterator[Fault]:
    file = "time_limits.yaml"
    yield from _unique((at(file, i, "id"), rule.id) for i, rule in enumerate(j.time_limits))
    topics = {topic.name for topic in j.topics}
    for i, rule in enumerate(j.time_limits):
        for k, topic in enumerate(rule.topics):
            if topic not in topics:
                yield _dangling(at(file, i, "topics", k), topic, "a topic of topics.yaml")
        for earlier in j.time_limits[:i]:
            if _covers(earlier, rule):
                yield Fault(
                    at(file, i),
                    f"found the rule {rule.id!r} after {earlier.id!r}, which matches all that it "
                    "does; expected the narrower rule first",
                )
                break
    last = j.time_limits[-1] if j.time_limits else None
    if last is None or last.types or last.topics or last.dispositions not in ((), ("normal",)):
        yield Fault(
            at(file, max(len(j.time_limits) - 1, 0)),
            "found no rule for every normal appeal, expected one as the last "
            "(no types, no topics, no dispositions or only 'normal')",
        )
    for code in get_args(DispositionCode):
        if not any(
            not rule.types
            and not rule.topics
            and (not rule.dispositions or code in rule.dispositions)
            for rule in j.time_limits
        ):
            yield Fault(
                file, f"found appeals of disposition {code!r} without a rule, expected one for all"
            )


def _covers(wide: TimeLimit, narrow: TimeLimit) -> bool:
    pairs = (
        (wide.types, narrow.types),
        (wide.dispositions, narrow.dispositions),
        (wide.topics, narrow.topics),
    )
    return all(not a or (b and set(a) >= set(b)) for a, b in pairs)


def _tree(file: str, nodes: Sequence[_Node]) -> Iterator[Fault]:
    yield from _unique(
        label
        for i, node in enumerate(nodes)
        for label in _names(at(file, i), node.name, node.aliases)
    )
    parents = {node.name: node.parent for node in nodes}
    for i, node in enumerate(nodes):
        if node.parent is None:
            continue
        path = at(file, i, "parent")
        if node.parent not in parents:
            yield _dangling(path, node.parent, f"a name of {file}")
            continue
        chain = [node.name]
        step: str | None = node.parent
        while step is not None and step not in chain:
            chain.append(step)
            step = parents.get(step)
        # Reported at each member of the circle, not at the nodes that only lead into it.
        if step == node.name:
            circle = " -> ".join([*chain, node.name])
            yield Fault(path, f"found the circle {circle}, expected parents that end")


def _names(path: str, name: str, aliases: tuple[str, ...]) -> list[Label]:
    return [(at(path, "name"), name), *_listed(at(path, "aliases"), aliases)]


def _listed(path: str, values: tuple[str, ...]) -> list[Label]:
    return [(at(path, i), value) for i, value in enumerate(values)]


def _key(label: str) -> str:
    """Labels that a reader of appeals cannot tell apart: full-width or not, upper case or not."""
    return unicodedata.normalize("NFKC", label).casefold()


def _unique(labels: Iterable[Label]) -> Iterator[Fault]:
    first: dict[str, str] = {}
    for path, label in labels:
        key = _key(label)
        if key in first:
            yield Fault(path, f"found {label!r} again (first at {first[key]}), expected it once")
        else:
            first[key] = path


def _each_once(file: str, found: Iterable[Label], wanted: Sequence[str]) -> Iterator[Fault]:
    places = list(found)
    counts = Counter(code for _, code in places)
    for path, code in places:
        if counts[code] > 1:
            yield Fault(at(file, path), f"found {code!r} {counts[code]} times, expected it once")
    for code in wanted:
        if code not in counts:
            yield Fault(file, f"found no entry for {code!r}, expected one")


def _dangling(path: str, found: str, expected: str) -> Fault:
    return Fault(path, f"found {found!r}, which does not exist; expected {expected}")
