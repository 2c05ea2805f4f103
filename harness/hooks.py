"""The hooks a plugin may implement; each registers names lazily, as ``"module:attribute"`` strings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import pluggy

PROJECT = "harness"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class Register(Protocol):
    """What a hook is called with: it collects the names of one plugin and one kind."""

    def __call__(self, name: str, reference: str, *, description: str = "", **facts: Any) -> None:
        """Register ``name`` for the object that ``"module:attribute"`` names, without importing it.

        Args:
            name: What users write.
            reference: Where the object is; imported when the name is first used.
            description: One line for lists.
            facts: What else is known without importing it, such as ``offers=("score",)``; each kind has its own.
        """


@hookspec
def register_capabilities(register: Register) -> None:
    """Add capabilities: ``register(name, "module:CAPABILITY")``."""


@hookspec
def register_models(register: Register) -> None:
    """Add models: ``register(name, "module:Class", offers=("score",), description=...)``."""


@hookspec
def register_tasks(register: Register) -> None:
    """Add task kinds, which YAML files name as ``kind``: ``register(name, "module:Class", description=...)``."""


@hookspec
def register_task_sources(register: Register) -> None:
    """Add libraries of tasks named ``NAME:TASK``: ``register(name, "module:Class", description=...)``."""


@hookspec
def register_metrics(register: Register) -> None:
    """Add metrics: ``register(name, "module:Class")``; the class has the description."""


@hookspec
def register_trainers(register: Register) -> None:
    """Add trainers: ``register(name, "module:Class", model=..., description=...)``."""


@hookspec
def register_adapters(register: Register) -> None:
    """Add adapters: ``register(name, "module:Class", gives="compare", needs="score", cost=2.0)``."""


@hookspec
def register_benchmarks(register: Register) -> None:
    """Add aggregates, which benchmark files name: ``register(name, "module:function", description=...)``."""


@hookspec
def register_importers(register: Register) -> None:
    """Add converters of published results: ``register(name, "module:function", writes="recorded" or "published")``."""


@hookspec
def register_publishers(register: Register) -> None:
    """Add publishers of boards: ``register(name, "module:Class", opens="index.html", description=...)``."""


@hookspec
def register_analyses(register: Register) -> None:
    """Add analyses of figures against an outcome: ``register(name, "module:Class", description=...)``."""


@hookspec
def register_commands(register: Register) -> None:
    """Add sub-commands: ``register(name, "module:command", description=...)``, each a click command."""


@hookspec
def run_started(run: Mapping[str, Any]) -> None:
    """A run began; ``run`` is what the store keeps of it."""


@hookspec
def batch_stored(model: str, capability: str, count: int, seconds: float) -> None:
    """A batch of responses was filed; ``count`` requests took the model ``seconds``."""


@hookspec
def cell_finished(cell: Mapping[str, Any]) -> None:
    """One model on one task is done; ``cell`` holds its estimates."""


@hookspec
def run_finished(run: Mapping[str, Any], status: str) -> None:
    """A run ended; ``status`` is ``"done"``, ``"failed"`` or ``"interrupted"``."""
