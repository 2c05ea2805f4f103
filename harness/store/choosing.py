"""The choice of the models whose results are read: by globs of their labels, and a view of a store that shows them."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import sqlalchemy as sa

from harness.errors import UsageError, nearest
from harness.store.reading import Readable

_LISTED = 40
"""Labels that a refusal lists."""


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """Which models are read, by globs of their labels; a label that is written out means that model alone.

    >>> chosen = ModelChoice(["skywork-*", "length"], exclude=["*-trial"])
    >>> [label for label in ("skywork-8b", "skywork-trial", "length", "random") if chosen.takes(label)]
    ['skywork-8b', 'length']
    """

    models: Sequence[str] = ()
    """Globs of labels; empty: every model."""
    exclude: Sequence[str] = ()
    """Globs of labels that are left out, whatever ``models`` says."""

    def __post_init__(self) -> None:
        """Refuse a text in place of a list, of which each character would be a glob.

        Raises:
            UsageError: a text is given, or a glob is empty.
        """
        for name, globs in (("models", self.models), ("exclude", self.exclude)):
            if isinstance(globs, str):
                raise UsageError(f"{name}: expected a list of globs, got the text {globs!r}; write [{globs!r}]")
            if "" in globs:
                raise UsageError(f"{name}: a glob is empty; write '*' for every model")

    def __bool__(self) -> bool:
        """Whether it can leave anything out."""
        return bool(self.models or self.exclude)

    def takes(self, label: str) -> bool:
        """Return whether a model is chosen."""
        chosen = not self.models or any(matches(label, glob) for glob in self.models)
        return chosen and not any(matches(label, glob) for glob in self.exclude)

    def useless(self, labels: Collection[str]) -> list[str]:
        """Return the globs that match none of some labels: misspelt, they would choose or leave out nobody unseen."""
        globs = dict.fromkeys([*self.models, *self.exclude])
        return [glob for glob in globs if not any(matches(label, glob) for label in labels)]

    def check(self, labels: Collection[str]) -> None:
        """Make sure that every glob matches some of the labels there are, and that a model is left.

        Raises:
            UsageError: says the labels that there are.
        """
        for glob in self.useless(labels):
            raise UsageError(self.refusal(glob, labels))
        if labels and not any(map(self.takes, labels)):
            raise UsageError(f"no model is left: all are excluded of {listed(labels)}")

    @staticmethod
    def refusal(glob: str, labels: Collection[str]) -> str:
        """Return what is said of a glob that matches no model."""
        return f"no model matches {glob!r}{nearest(glob, sorted(labels))}; there are: {listed(labels) or 'none'}"


EVERY_MODEL = ModelChoice()
"""The choice that leaves nobody out."""


def matches(label: str, glob: str) -> bool:
    """Return whether a glob matches a label; brackets in a label that is written out are no glob."""
    return label == glob or fnmatchcase(label, glob)


def listed(names: Iterable[str]) -> str:
    """Return names in a row, sorted; of many the first, and how many more there are."""
    every = sorted(set(names))
    more = f" and {len(every) - _LISTED} more" if len(every) > _LISTED else ""
    return ", ".join(every[:_LISTED]) + more


class ChosenModels:
    """A store that shows the cells of some models only, to whatever reads cells from it.

    Args:
        store: The store.
        labels: Labels of the models that are seen.
    """

    def __init__(self, store: Readable, labels: Iterable[str]) -> None:
        self.whole = store
        self.path: Path = store.path
        self.folder: Path = store.folder
        self.others: list[Path] = store.others  # the same list: who merges stores adds to it
        shown = frozenset(labels)
        self.chosen: frozenset[str] | None = shown if store.chosen is None else shown & store.chosen

    def reading(self) -> contextlib.AbstractContextManager[sa.Connection]:
        """Open a connection to read with."""
        return self.whole.reading()


def whole_of(store: Readable) -> Readable:
    """Return the store behind a view of some of its models."""
    while isinstance(store, ChosenModels):
        store = store.whole
    return store
