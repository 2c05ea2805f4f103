"""What a training is asked for: the surroundings that trainings share, and what is to be trained over what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.names.handles import ReadyModel
from harness.names.registry import Registration, Registry
from harness.progress import ProgressReporter
from harness.store.store import Store
from harness.training.session import TrainingClient


@dataclass(frozen=True, slots=True)
class TrainingEnvironment:
    """What every training of one command shares."""

    registry: Registry
    store: Store
    """Keeps the runs, the learning curves and, beside it, the models that are trained on first use."""
    client: TrainingClient
    """Through which models are asked."""
    progress: ProgressReporter
    """Told how far a training is."""


@dataclass(frozen=True, slots=True)
class TrainingRequest:
    """What is to be trained, over what, and on which items."""

    trainer: Registration
    task: str
    """Name of the task that is learned from."""
    settings: Mapping[str, Any]
    """The trainer's settings, as the user gave them."""
    base: ReadyModel | None = None
    split: str = "train"
    limit: int | None = None
    """How many items are read, the first ones; None for all."""
    without: frozenset[str] = frozenset()
    """Ids of items that are left out, whatever is read."""
    clusters_without: frozenset[str] = frozenset()
    """Clusters of items that are left out of whatever is read besides the split."""
    parts: Mapping[str, ReadyModel] = field(default_factory=dict)
    """The models besides the base, by the setting that names them."""

    @property
    def models(self) -> list[ReadyModel]:
        """The base, if there is one, and the parts."""
        return [*([self.base] if self.base else []), *self.parts.values()]
