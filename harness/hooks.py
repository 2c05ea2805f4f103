"""The hooks a plugin may implement; each registers names lazily, as ``"module:attribute"`` strings.

A plugin is a module, named by an entry point of the group ``harness.plugins``, that defines some of these hooks:

>>> from harness import hookimpl
>>> @hookimpl
... def register_models(register):
...     register("shout", "my_plugin.models:Shout", offers=("score",), description="counts the capital letters")

Nothing is imported by that; here it only prints what it is told:

>>> register_models(lambda name, reference, **facts: print(name, reference, facts["offers"]))
shout my_plugin.models:Shout ('score',)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import pluggy

PROJECT = "harness"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class Register(Protocol):
    """The function that a hook gets: it collects the names of one plugin and one kind."""

    def __call__(self, name: str, reference: str, *, description: str = "", **facts: Any) -> None:
        """Register ``name`` for the object that ``"module:attribute"`` names, without importing it.

        Args:
            name: The name that users write.
            reference: Module and attribute of the object, which is imported when the name is first used.
            description: One line for lists.
            facts: Facts that are needed without importing the object, such as ``offers=("score",)``; they differ from
                kind to kind (`harness.names.facts`).
        """


@hookspec
def register_capabilities(register: Register) -> None:
    """Register capabilities, each a `harness.Capability`: ``register(name, "module:CAPABILITY", description=...)``."""


@hookspec
def register_models(register: Register) -> None:
    """Register models, each a class derived from `harness.Model`.

    ``register(name, "module:Class", offers=("score",), description=...)``; ``offers`` are its capabilities.
    """


@hookspec
def register_tasks(register: Register) -> None:
    """Register kinds of task, each a class derived from `harness.Task`, which YAML files name as ``kind``.

    ``register(name, "module:Class", description=...)``
    """


@hookspec
def register_task_sources(register: Register) -> None:
    """Register libraries of tasks, each a class derived from `harness.TaskSource`; its tasks are named ``NAME:TASK``.

    ``register(name, "module:Class", description=...)``
    """


@hookspec
def register_metrics(register: Register) -> None:
    """Register metrics, each a class derived from `harness.Metric`.

    ``register(name, "module:Class")``; the class has the description.
    """


@hookspec
def register_trainers(register: Register) -> None:
    """Register trainers, each a class derived from `harness.Trainer`.

    ``register(name, "module:Class", model=..., description=...)``; ``model`` names the model that loads the product.
    """


@hookspec
def register_adapters(register: Register) -> None:
    """Register adapters, each a class derived from `harness.Adapter`.

    ``register(name, "module:Class", gives="compare", needs="score", cost=2.0)``; of two ways the cheaper is taken.
    """


@hookspec
def register_benchmarks(register: Register) -> None:
    """Register aggregates, which benchmark files name: ``register(name, "module:function", description=...)``.

    The function makes one `harness.Estimate` of a model's estimates. With ``field=True`` it is given the rows of all
    models at once and makes a `harness.Field`: ``register(name, "module:function", field=True, unit="nats")``.
    """


@hookspec
def register_importers(register: Register) -> None:
    """Register converters of published results.

    ``register(name, "module:function", writes="recorded" or "published")``
    """


@hookspec
def register_publishers(register: Register) -> None:
    """Register publishers of boards, each a class derived from `harness.Publisher`.

    ``register(name, "module:Class", opens="index.html", description=...)``; ``opens`` is the file to look at.
    """


@hookspec
def register_analyses(register: Register) -> None:
    """Register analyses of figures against an outcome, each a class derived from `harness.Analysis`.

    ``register(name, "module:Class", description=...)``
    """


@hookspec
def register_commands(register: Register) -> None:
    """Register sub-commands, each a click command: ``register(name, "module:command", description=...)``."""


@hookspec
def run_started(run: Mapping[str, Any]) -> None:
    """Take notice that a run began.

    Args:
        run: The record of the run in the store.
    """


@hookspec
def batch_stored(model: str, capability: str, count: int, seconds: float) -> None:
    """Take notice that a batch of responses was filed.

    Args:
        model: Label of the model.
        capability: Name of the capability that the model was asked for.
        count: Number of requests in the batch.
        seconds: Time that the model took for the batch.
    """


@hookspec
def cell_finished(cell: Mapping[str, Any]) -> None:
    """Take notice that one model is done with one task.

    Args:
        cell: The record of the cell, with its estimates.
    """


@hookspec
def run_finished(run: Mapping[str, Any], status: str) -> None:
    """Take notice that a run ended.

    Args:
        run: The record of the run in the store.
        status: ``"done"``, ``"failed"`` or ``"interrupted"``.
    """
