"""YAML read strictly: a duplicate key is a fault, and every fault knows its path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

# The C parser is ten times as fast; a PyYAML built without libyaml has only the other one.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_STR = "tag:yaml.org,2002:str"
_DEEPEST = 12


class Fault(NamedTuple):
    """What is wrong and where: `units.yaml -> [12] -> aliases -> [0]`."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


def at(*steps: str | int) -> str:
    """Join the steps of a path; a number is a place in a list, counted from 0."""
    return " -> ".join(f"[{s}]" if isinstance(s, int) else s for s in steps)


def parse_yaml(text: str, name: str) -> tuple[Any, list[Fault]]:
    """Return the document of a YAML text and the faults of its form; `name` starts each path.

    Only mappings with text keys, lists and plain values are known. A text that YAML cannot read
    gives None and one fault with line and column.
    """
    loader = _Loader(text)
    faults: list[Fault] = []
    try:
        node = loader.get_single_node()
        value = None if node is None else _build(loader, node, (name,), faults)
    except (yaml.YAMLError, ValueError) as error:
        return None, [Fault(name, _unreadable(error))]
    finally:
        loader.dispose()
    return value, faults


def _build(loader: Any, node: yaml.Node, path: tuple[str | int, ...], faults: list[Fault]) -> Any:
    if len(path) > _DEEPEST:
        raise yaml.YAMLError(f"nested deeper than {_DEEPEST} levels")
    if isinstance(node, yaml.MappingNode):
        built: dict[str, Any] = {}
        for key, value in _text_keys(node, path, faults):
            if key in built:
                faults.append(Fault(at(*path, key), "found this key twice, expected it once"))
            built[key] = _build(loader, value, (*path, key), faults)
        return built
    if isinstance(node, yaml.SequenceNode):
        return [_build(loader, item, (*path, i), faults) for i, item in enumerate(node.value)]
    return node.value if node.tag == _STR else loader.construct_object(node)


def _text_keys(
    node: yaml.MappingNode, path: tuple[str | int, ...], faults: list[Fault]
) -> Iterator[tuple[str, yaml.Node]]:
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode) and key.tag == _STR:
            yield key.value, value
        else:
            found = key.value if isinstance(key, yaml.ScalarNode) else "a list or mapping"
            faults.append(
                Fault(at(*path), f"found the key {found}, expected a text (put it in quotes)")
            )


def _unreadable(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    return f"found unreadable YAML{where} ({problem}), expected a YAML document"
