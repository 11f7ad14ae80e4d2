"""Explicit rules: groups of expressions, as written or by sound, found in the caller's clauses."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import yaml
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from jiesu.errors import ConfigError
from jiesu.heads.sounds import Syllables
from jiesu.schema import FlagKind
from jiesu.text.clauses import ClauseBatch, tone_table
from jiesu.text.lexicon import Lexicon
from jiesu.text.ngrams import Hashed, Ints


class PatternGroup(BaseModel):
    """A group of configs/patterns/*.yaml. `sound`: homophones of an expression match as well.

    Expressions have two characters or more, and none stands there twice.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_min_length=1)

    name: str
    kinds: tuple[FlagKind, ...] = ()
    sound: bool = False
    expressions: tuple[Annotated[str, Field(min_length=2)], ...]

    @field_validator("expressions")
    @classmethod
    def _unique(cls, found: tuple[str, ...]) -> tuple[str, ...]:
        twice = sorted({words for words in found if found.count(words) > 1})
        if twice:
            raise ValueError(f"found twice: {', '.join(twice)}")
        return found


@dataclass(frozen=True, slots=True)
class Found:
    """Expressions found: group and clause of each, its bounds in the codes, whether by sound."""

    groups: Ints
    clauses: Ints
    starts: Ints
    ends: Ints
    by_sound: NDArray[np.bool_]


class Patterns:
    """Groups of expressions, ready to search a batch for.

    Raises ConfigError for a file that is no list of groups.
    """

    def __init__(self, groups: Sequence[PatternGroup], syllables: Syllables) -> None:
        self.groups = tuple(groups)
        self._syllables = syllables
        written = [(number, e) for number, group in enumerate(groups) for e in group.expressions]
        heard = [(number, e) for number, e in written if groups[number].sound]
        self._written = Lexicon([e for _, e in written], table=tone_table())
        self._heard = Lexicon([syllables.spell(e) for _, e in heard], table=_as_is())
        self._written_group = np.array([number for number, _ in written], dtype=np.int64)
        self._heard_group = np.array([number for number, _ in heard], dtype=np.int64)

    def find(self, cut: ClauseBatch, hashed: Hashed, sounds: Hashed) -> Found:
        """Return what is found within one clause, as written first, then by sound."""
        rows: list[tuple[int, int, int, int, bool]] = []
        sounding = replace(cut.batch, codes=self._syllables.of(cut.batch.codes))
        for lexicon, group, batch, hashes, heard in (
            (self._written, self._written_group, cut.batch, hashed, False),
            (self._heard, self._heard_group, sounding, sounds, True),
        ):
            for match in lexicon.find(batch, hashes):
                clause = int(cut.number[match.start])
                if clause >= 0 and cut.number[match.end - 1] == clause:
                    found = (int(group[match.entry]), clause, match.start, match.end, heard)
                    rows.append(found)
        columns = np.array(rows, dtype=np.int64).reshape(-1, 5).T
        groups, clauses, starts, ends, by_sound = columns
        return Found(groups, clauses, starts, ends, by_sound.astype(np.bool_))


def load_patterns(path: Path) -> tuple[tuple[PatternGroup, ...], str]:
    """Read a file of groups; return them and the hash of what it says."""
    try:
        raw = yaml.safe_load(path.read_text("utf-8"))
        groups = tuple(PatternGroup.model_validate(item) for item in raw)
    except (yaml.YAMLError, UnicodeDecodeError, TypeError) as error:
        raise ConfigError("bad_patterns", f"{path.name}: not a list of groups: {error}") from None
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        where = " -> ".join(map(str, first["loc"]))
        raise ConfigError("bad_patterns", f"{path.name}: {where}: {first['msg']}") from None
    said = "\n".join(group.model_dump_json() for group in groups)
    return groups, hashlib.sha256(said.encode()).hexdigest()


def _as_is() -> NDArray[np.uint32]:
    return np.arange(0x110000, dtype=np.uint32)
