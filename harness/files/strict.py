"""The base of all YAML schemas: no unknown key, and no boolean where a number is meant.

It imports pydantic, which most commands can do without; `harness.files.validation` imports it on use.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Mapping, Sequence, Set
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict


def _no_boolean(what: str) -> BeforeValidator:
    """Refuse true and false where a number is expected, though pydantic takes them for 1 and 0."""

    def check(value: Any) -> Any:
        if isinstance(value, bool):
            raise ValueError(f"must be {what}")
        return value

    return BeforeValidator(check)


Whole = Annotated[int, _no_boolean("a whole number")]
Number = Annotated[float, _no_boolean("a number")]


class Strict(BaseModel):
    """A mapping of a YAML file in which every unknown key is an error."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


def refuse_keys(given: Set[str], needs: Mapping[str, str], form: str) -> None:
    """Refuse keys that would have no effect beside the form that was given.

    Args:
        given: The keys that were written.
        needs: For each key that goes only with certain forms: these forms, separated by blanks.
        form: The form that was given.

    Raises:
        ValueError: a key would have no effect.
    """
    for key in sorted(given & needs.keys()):
        allowed = needs[key].split()
        if form not in allowed:
            goes = " or ".join(map(repr, allowed))
            raise ValueError(f"{key!r} does nothing beside {form!r}; it goes with {goes}: remove it")


def fields_at(model: type[BaseModel], location: Sequence[str | int]) -> list[str]:
    """Return the keys that the schema allows at a place in a file, for suggestions."""
    current: set[type[BaseModel]] = {model}
    for key in location:
        step: set[type[BaseModel]] = set()
        for candidate in current:
            field = candidate.model_fields.get(str(key))
            step |= _models_in(field.annotation) if field else {candidate}
        current = step or current
    return sorted({name for candidate in current for name in candidate.model_fields})


def _models_in(annotation: Any) -> set[type[BaseModel]]:
    if inspect.isclass(annotation) and typing.get_origin(annotation) is None:
        return {annotation} if issubclass(annotation, BaseModel) else set()
    return {model for part in typing.get_args(annotation) for model in _models_in(part)}
