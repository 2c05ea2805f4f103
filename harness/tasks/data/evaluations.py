"""Rows that are the figures of other evaluations: what each model scored on each item of a task, from stores."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import ConfigurationError, DataError, HarnessError, StoreError
from harness.files.generated_data import GeneratedData
from harness.names.plugins import import_attribute
from harness.tasks.data.rows import DataRow

if TYPE_CHECKING:
    from harness.names.registry import Registry

# `harness.results` imports tasks, so tasks cannot import it: its functions are named as texts and imported on use.
_ROWS = "harness.results.figure_rows:figure_rows"
_DIGEST = "harness.results.figure_rows:figure_digest"
_GENERATED = "harness.results.figure_rows:figures_are_generated"
_under_way: ContextVar[tuple[str, ...]] = ContextVar("tasks whose figures are being read", default=())


@dataclass(frozen=True, slots=True)
class EvaluationSource:
    """One row for each item of an evaluated task: the item's id, the figure of each model, and fields of the item."""

    registry: Registry
    owner: str
    """The task whose data these are."""
    stores: Sequence[Path]
    task: str
    metric: str | None = None
    """None: the task's headline."""
    models: Sequence[str] = ()
    """Labels; empty: all, sorted."""
    split: str = "test"
    fields: Sequence[str] = ()

    @property
    def description(self) -> str:
        """Return the metric, the models, the task and the stores."""
        stores = " and ".join(map(str, self.stores))
        models = ", ".join(self.models) or "every model"
        beside = f" with {', '.join(self.fields)}" if self.fields else ""
        return f"{self.metric or 'the headline'} of {models} on {self.task} [{self.split}]{beside} in {stores}"

    def rows(self) -> Iterator[DataRow]:
        """Stream one row for each item of the evaluated task.

        Raises:
            DataError: a store is missing, or holds no such figures.
            HarnessError: there is no such task, metric or model.
        """
        rows: list[dict[str, Any]] = self._call(_ROWS)
        for number, values in enumerate(rows):
            yield DataRow(number, f"{self.task} item {values['id']!r}", values)

    def digest(self) -> str:
        """Return a hash of all rows, so that results made of other figures are of another definition.

        Raises:
            HarnessError: there is no such task, metric or model; a store that is missing has a hash too.
        """
        try:
            return str(self._call(_DIGEST))
        except (DataError, StoreError):  # said where the rows are read, not where the task is only looked at
            return "no figures"

    def generated(self) -> GeneratedData | None:
        """Return the mark of the data that the models were evaluated on; None for real data, and for no figures."""
        try:
            found: GeneratedData | None = self._call(_GENERATED)
        except HarnessError:  # said where the rows are read
            return None
        return found

    def _call(self, reference: str) -> Any:
        with self._not_of_itself():
            read: Any = import_attribute(reference)
            return read(self.registry, self.stores, self.task, self.metric, self.models, self.split, self.fields)

    @contextlib.contextmanager
    def _not_of_itself(self) -> Iterator[None]:
        """Refuse a task that is made of its own figures, even through other tasks: reading it would never end.

        Raises:
            ConfigurationError: the task is among the tasks whose figures are being read.
        """
        above = (*_under_way.get(), self.owner)
        if self.task in above:
            raise ConfigurationError(
                f"{self.task} would be made of its own figures: {' of '.join((*above, self.task))}"
            )
        token = _under_way.set(above)
        try:
            yield
        finally:
            _under_way.reset(token)
