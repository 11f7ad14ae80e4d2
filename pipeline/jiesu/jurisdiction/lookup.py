"""From a function unit and a place to the exact unit that receives the order."""

from __future__ import annotations

from jiesu.errors import ConfigError
from jiesu.jurisdiction.model import Jurisdiction, Unit

MUNICIPAL = "市"


def unit_by_name(j: Jurisdiction, name: str) -> Unit:
    """Return the function unit of that name. Raises ConfigError if the catalogue has none."""
    try:
        return j.units_by_name[name]
    except KeyError:
        raise ConfigError(
            "unknown_unit",
            f"found the unit {name!r}, expected one of the {len(j.units)} function units "
            f"of {j.catalogue}",
        ) from None


def successor(label: str, j: Jurisdiction) -> str | None:
    """Return the unit that a label of an earlier or another catalogue now is, None if none is.

    A name still in use means what it says, then `supersedes` counts, then aliases. Of a unit that
    was split the first successor listed inherits the label.
    """
    if label in j.units_by_name:
        return label
    heirs = [unit.name for unit in j.units if label in unit.supersedes]
    heirs += [unit.name for unit in j.units if label in unit.aliases]
    return heirs[0] if heirs else None


def exact_unit(
    j: Jurisdiction, function: str, area: str | None = None, subdistrict: str | None = None
) -> str:
    """Return the exact unit, function x area, by the name that the catalogue records.

    A street or town office is the subdistrict's own office. Other units have an exact name by
    area, or else one for the whole city, or else their own name. An area or subdistrict that the
    jurisdiction does not know counts as not given. Raises ConfigError for an unknown function.
    """
    unit = unit_by_name(j, function)
    if subdistrict is not None and unit.kind in ("subdistrict", "town"):
        office = j.offices.get((area, subdistrict))
        if office is not None:
            return office
    if area is not None and area in unit.exact:
        return unit.exact[area]
    return unit.exact.get(MUNICIPAL, unit.name)
