"""Where the pages of reports come from: one set-up of their templates."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jiesu.errors import ExtraError

if TYPE_CHECKING:
    from jinja2 import Template


def template(name: str, feature: str, **filters: Callable[..., Any]) -> Template:
    """Return a template beside this module; a name that it uses and nobody gave is an error.

    Raises ExtraError, which names the feature, without jinja2.
    """
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ImportError as error:
        raise ExtraError(feature, "report") from error
    environment = Environment(
        loader=PackageLoader("jiesu.learn", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(filters)
    return environment.get_template(name)
