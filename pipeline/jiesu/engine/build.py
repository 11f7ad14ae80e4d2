"""Contract values without re-validation, for the one place that makes millions of them."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel

Model = TypeVar("Model", bound=BaseModel)

_new = object.__new__
_set = object.__setattr__


def build(model: type[Model], fields_set: set[str], values: dict[str, Any]) -> Model:
    """Return a model from complete, correct values, as `model_construct` would, in a third of
    the time: a verdict has some twenty parts, and validating them costs more than judging.

    `tests/engine` holds that every verdict so built passes validation unchanged.
    """
    made = _new(model)
    _set(made, "__dict__", values)
    _set(made, "__pydantic_fields_set__", fields_set)
    _set(made, "__pydantic_extra__", None)
    _set(made, "__pydantic_private__", None)
    return made


def fields_of(model: type[BaseModel]) -> set[str]:
    """Return the names of all fields of a model."""
    return set(model.model_fields)
