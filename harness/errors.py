"""Every error a user can meet, with the exit status the command line ends with.

::

    HarnessError                 2   the base; its text is the whole message
    ├── UsageError               2   an option, argument or name that cannot be used
    │   ├── UnknownName          2   no such model, task, metric, ...; names the nearest
    │   └── NameClash            2   two plugins claim one name
    ├── PlanError                2   everything wrong with a plan, reported together
    ├── ConfigurationError       2   a YAML file; names file, line and key
    ├── PluginError              2   a plugin that cannot be imported or breaks its contract
    ├── DataError                1   a data set that cannot be read; names file and row
    ├── CellError                1   one model on one task could not be finished
    └── StoreError               2   a store that cannot be opened, read or written
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.encoding import encodable

_LONGEST_NAME = 500
Place = tuple[str | int, ...]
"""Keys and numbers that lead to an entry: ``("models", 1)`` is the second model."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake, and the entry of the request that the mistake is in."""

    text: str
    place: Place = ()
    """Keys of the entry; empty for a mistake that is in no single entry."""


class HarnessError(Exception):
    """Base of all errors whose text is meant for the user."""

    exit_code = 2

    def __str__(self) -> str:
        """Return the message with half characters as escapes, since the message may quote a server or a file."""
        return encodable(super().__str__())


class UsageError(HarnessError):
    """An option, argument or name that cannot be used."""


class UnknownName(UsageError, LookupError):
    """A name that nothing is registered under.

    Args:
        kind: The kind of thing that was looked for, such as ``"model"``.
        name: The name as given.
        known: The names that exist; the nearest are suggested.
        hint: One more sentence, if a way to mend the mistake is known.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str], *, hint: str = "") -> None:
        self.kind, self.name = kind, name
        super().__init__(f"no {kind} is named {name!r}{did_you_mean(name, known)}{'; ' + hint if hint else ''}")


class NameClash(UsageError):
    """Two plugins claim one name; the qualified name resolves it."""


class PlanError(HarnessError):
    """Everything that is wrong with a plan, found before any work began."""

    def __init__(self, problems: Sequence[str | Problem]) -> None:
        self.located = tuple(dict.fromkeys(p if isinstance(p, Problem) else Problem(p) for p in problems))
        self.problems = tuple(dict.fromkeys(p.text for p in self.located))
        many = f"{len(self.problems)} problems: nothing was run\n" if len(self.problems) > 1 else ""
        super().__init__(many + "\n".join(f"- {p}" if many else p for p in self.problems))


class ConfigurationError(HarnessError):
    """A YAML file that does not follow its schema.

    Args:
        text: The whole message.
        problems: The lines of the message, one for each mistake, if the file was checked against its schema.
    """

    def __init__(self, text: str, problems: Sequence[Problem] = ()) -> None:
        self.problems = tuple(problems)
        super().__init__(text)


class PluginError(HarnessError):
    """A plugin that cannot be imported or does not keep its contract."""


class DataError(HarnessError):
    """A data set that cannot be found or read."""

    exit_code = 1


class CellError(HarnessError):
    """One model on one task could not be finished."""

    exit_code = 1


class StoreError(HarnessError):
    """A store that cannot be opened, read or written."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Write a clause that suggests the nearest names, or lists all names if there are few."""
    names = sorted(set(known))
    hint = nearest(name, names)
    return hint or (f" (there are: {', '.join(names)})" if 0 < len(names) <= 12 else "")


def nearest(name: str, known: Iterable[str]) -> str:
    """Write a clause that suggests the nearest names; empty if none is near."""
    if len(name) > _LONGEST_NAME:  # comparing takes time that grows with the square of the length
        return ""
    names = [n for n in sorted(set(known)) if len(n) <= _LONGEST_NAME]
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.55)
    if not near:
        near = [n for n in names if name and (name in n or n in name)][:3]
    return f" (did you mean {' or '.join(repr(n) for n in near)}?)" if near else ""


class BadValue(ValueError):
    """A row's value is missing or of the wrong type; the text names the column and what was expected.

    Args:
        text: What is wrong.
        fields: Names of the missing fields, if that is the mistake.
        columns: Columns meant for these fields that the row does not have at all, unlike columns without a value.
    """

    def __init__(self, text: str, *, fields: tuple[str, ...] = (), columns: tuple[str, ...] = ()) -> None:
        self.fields, self.columns = fields, columns
        super().__init__(text)


class NoValue(BadValue):
    """A value is missing, though its column may be there."""
