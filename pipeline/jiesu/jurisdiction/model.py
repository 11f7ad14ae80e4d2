"""What a jurisdiction folder holds, file by file. Unknown keys are errors."""

from __future__ import annotations

from functools import cached_property
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from jiesu.schema import DispositionCode, FlagKind, TypeCode

UnitKind = Literal[
    "department",  # 部门: municipal or district department
    "company",  # 承担公共服务职能的企事业单位
    "district",  # 区人民政府
    "subdistrict",  # 街道办事处
    "town",  # 镇/乡人民政府
    "platform",  # the hotline's own desks
    "outside",  # outside this hotline's units: the route is `transfer`
]


class Section(BaseModel):
    """A part of a jurisdiction file: immutable; an unknown key or an empty text is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_min_length=1)


class Basis(Section):
    """A legal basis. `verified` is false until a lawyer has checked the article."""

    law: str
    article: str | None = None
    text: str | None = None
    verified: bool = Field(default=False, strict=True)


class About(Section):
    """jurisdiction.yaml: who this is and which version of the catalogue."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    version: str
    name: str
    city: str
    description: str
    law: Basis


class AppealType(Section):
    """types.yaml, a list: one of the six codes, what it is called here, and what it means."""

    code: TypeCode
    name: str
    definition: str
    basis: Basis | None = None


class Subdistrict(Section):
    """A 街道, 镇, 乡 or similar inside an area. `unit` is the exact name of its office.

    `places` are roads, estates and villages that lie in it alone (and so in its area alone);
    they are not repeated in the area's own `places`.
    """

    name: str
    kind: Literal["subdistrict", "town"]
    aliases: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    unit: str


class Area(Section):
    """areas.yaml, a list: one 区 (or county) with its subdistricts. `unit`: its government.

    `places` are roads, estates and landmarks that lie in this area alone.
    """

    name: str
    aliases: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    unit: str
    subdistricts: tuple[Subdistrict, ...] = ()


class Unit(Section):
    """units.yaml, a list: one function unit of the dispatch catalogue (派单目录, Art. 11).

    `name` is the function unit. Where districts have branches of their own, `exact` gives the
    exact name by area (key `市` for the municipal body); without an entry the name itself is
    used. For kinds `subdistrict` and `town` the exact unit comes from areas.yaml.
    `parent` names the unit that a rare unit pools to while training. `supersedes`: names of earlier
    catalogues whose labels this unit inherits.
    """

    name: str
    kind: UnitKind
    aliases: tuple[str, ...] = ()
    duty: str
    exact: dict[str, str] = {}
    parent: str | None = None
    supersedes: tuple[str, ...] = ()


class TopicNode(Section):
    """topics.yaml, a list: a first-level topic; `aliases` are labels of older trees."""

    name: str
    aliases: tuple[str, ...] = ()
    parent: str | None = None
    description: str | None = None


class DispositionRule(Section):
    """dispositions.yaml, a list: one disposition of Art. 11, its basis and what to tell the caller.

    `cues` are plain expressions whose presence sends an appeal to a supervisor; they decide
    nothing, but that a bundle without a disposition head calls a possible emergency one.
    """

    code: DispositionCode
    name: str
    basis: Basis
    script: str
    cues: tuple[str, ...] = ()


class AdviceScript(Section):
    """advice.yaml, a list: what the operator reads to the caller for a kind of flag."""

    id: str
    kinds: tuple[FlagKind, ...]
    basis: tuple[Basis, ...]
    script: str


class TimeLimit(Section):
    """time_limits.yaml, a list, first match wins: when it applies, and hours to the answer.

    Empty `types`, `dispositions` or `topics` match everything. `working`: working hours if true,
    else hours by the clock.
    """

    id: str
    types: tuple[TypeCode, ...] = ()
    dispositions: tuple[DispositionCode, ...] = ()
    topics: tuple[str, ...] = ()
    hours: int = Field(ge=0, strict=True)
    working: bool = Field(default=True, strict=True)
    basis: Basis


class Jurisdiction(Section):
    """A whole jurisdiction folder, loaded and checked."""

    about: About
    types: tuple[AppealType, ...]
    units: tuple[Unit, ...]
    areas: tuple[Area, ...]
    topics: tuple[TopicNode, ...]
    dispositions: tuple[DispositionRule, ...]
    advice: tuple[AdviceScript, ...]
    time_limits: tuple[TimeLimit, ...]
    words: tuple[str, ...]
    content_hash: str

    @property
    def catalogue(self) -> str:
        """The catalogue as verdicts name it: `<id>@<version>`."""
        return f"{self.about.id}@{self.about.version}"

    @cached_property
    def units_by_name(self) -> dict[str, Unit]:
        """Function units by name."""
        return {unit.name: unit for unit in self.units}

    @cached_property
    def offices(self) -> dict[tuple[str | None, str], str]:
        """Exact unit of each subdistrict by (area, subdistrict).

        The key (None, subdistrict) is there where only one area has a subdistrict of that name.
        """
        found: dict[tuple[str | None, str], str] = {}
        shared: set[str] = set()
        for area in self.areas:
            for sub in area.subdistricts:
                found[area.name, sub.name] = sub.unit
                if (None, sub.name) in found:
                    shared.add(sub.name)
                found[None, sub.name] = sub.unit
        for name in shared:
            del found[None, name]
        return found
