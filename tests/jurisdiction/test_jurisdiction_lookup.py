"""From function unit and place to the exact unit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jiesu.errors import ConfigError
from jiesu.jurisdiction import Jurisdiction, exact_unit, load_jurisdiction, unit_by_name


@pytest.fixture
def town(sections: dict[str, Any], write: Callable[[dict[str, Any]], Path]) -> Jurisdiction:
    return load_jurisdiction(write(sections))


@pytest.mark.parametrize(
    ("function", "area", "subdistrict", "expected", "reason"),
    [
        ("城管局", "东区", None, "东区城管局", "a district branch"),
        ("城管局", "东区", "河街道", "东区城管局", "a department has no branch by street"),
        ("城管局", "西区", None, "市城管局", "no branch there: the municipal body"),
        ("城管局", None, None, "市城管局", "no area known"),
        ("城管局", "火星区", None, "市城管局", "an unknown area counts as not given"),
        ("供水公司", "东区", None, "供水公司", "no exact names: the function's own"),
        ("街道办事处", "东区", "河街道", "东区河街道办", "a street's own office"),
        ("街道办事处", "东区", None, "街道办事处", "a street is needed"),
        ("街道办事处", None, "河街道", "东区河街道办", "only one area has that street"),
        ("镇人民政府", "西区", "山镇", "西区山镇政府", "the same town name in two areas"),
        ("镇人民政府", None, "山镇", "镇人民政府", "ambiguous without the area: no guess"),
        ("街道办事处", "东区", "山镇", "东区山镇政府", "street or town: the place decides"),
        ("镇人民政府", "西区", "河街道", "镇人民政府", "a street of another area"),
    ],
)
def test_exact_unit(
    town: Jurisdiction,
    function: str,
    area: str | None,
    subdistrict: str | None,
    expected: str,
    reason: str,
) -> None:
    assert exact_unit(town, function, area, subdistrict) == expected, reason


def test_an_unknown_unit_is_an_error_that_names_it(town: Jurisdiction) -> None:
    assert unit_by_name(town, "供水公司").kind == "company"
    for call in (lambda: unit_by_name(town, "天文台"), lambda: exact_unit(town, "天文台")):
        with pytest.raises(ConfigError, match=r"found the unit '天文台', expected one of the 4"):
            call()
