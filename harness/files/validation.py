"""Checks the content of a YAML file against its schema, with errors that name file, line and key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import ConfigurationError, Problem
from harness.files.yaml_files import Lines

if TYPE_CHECKING:
    from pydantic import BaseModel

_MOST_MISTAKES = 100
"""Mistakes of one file that are reported; whoever mends so many asks again."""


def validate(model: type[BaseModel], value: Any, path: Path, *, prefix: Sequence[str | int] = ()) -> Any:
    """Check a value against its schema and return it as an instance of the schema.

    Args:
        model: The schema.
        value: The value as YAML reads it.
        path: The file that the value comes from, for messages.
        prefix: The keys that lead to the value, for a value inside a larger file.

    Raises:
        ConfigurationError: one line for each mistake, with file, line, key, what was expected and the nearest key.
    """
    from pydantic import ValidationError

    from harness.files.mistakes import mistakes_of

    if not isinstance(value, Mapping):
        raise ConfigurationError(f"{path}: expected a mapping of keys to values, got {type(value).__name__}")
    try:
        return model.model_validate(value)
    except ValidationError as error:
        lines = Lines(path)
        problems: list[Problem] = []
        for place, text in islice(mistakes_of(model, error), _MOST_MISTAKES):
            line = lines.of([*prefix, *place])
            problems.append(Problem(f"{path}{f':{line}' if line else ''}: {text}", place))
        problems = list(dict.fromkeys(problems))
        raise ConfigurationError("\n".join(p.text for p in problems), problems) from None


def line_of(path: Path, location: Sequence[str | int]) -> int | None:
    """Return the 1-based line of a key; if the key is absent, the line of the nearest key around it."""
    return Lines(path).of(location)
