"""Evaluate anything that scores, judges, embeds, detects, routes or generates, with honest error bars.

Everything here is imported on first use, so that ``import harness`` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.adapters import Adapter, Unsuitable
    from harness.api import build_leaderboard, build_site, compare, correlate, evaluate, train
    from harness.capabilities import (
        Candidates,
        Capability,
        Choice,
        Completion,
        Continuation,
        Conversation,
        Failure,
        Generation,
        Likelihood,
        LinearReadout,
        Message,
        Origin,
        Pair,
        Query,
        Readout,
        Request,
        Sampling,
        Text,
        Verdict,
    )
    from harness.errors import BadValue, HarnessError
    from harness.files import write_atomically
    from harness.files.digests import file_identity
    from harness.hooks import hookimpl
    from harness.metric import Columns, MeanMetric, Metric
    from harness.model import Model
    from harness.pictures import Matrix, Picture, Series
    from harness.ranges import OneOf, Range
    from harness.stats import Estimate, Linearised
    from harness.task import Answers, FieldSpec, Item, Stage, Task
    from harness.trainer import Trainer

_HOMES = {
    "adapters": ("Adapter", "Unsuitable"),
    "api": ("build_leaderboard", "build_site", "compare", "correlate", "evaluate", "train"),
    "capabilities": (
        "Candidates",
        "Capability",
        "Choice",
        "Completion",
        "Continuation",
        "Conversation",
        "Failure",
        "Generation",
        "Likelihood",
        "LinearReadout",
        "Message",
        "Origin",
        "Pair",
        "Query",
        "Readout",
        "Request",
        "Sampling",
        "Text",
        "Verdict",
    ),
    "errors": ("HarnessError",),
    "files": ("write_atomically",),
    "files.digests": ("file_identity",),
    "hooks": ("hookimpl",),
    "metric": ("Columns", "MeanMetric", "Metric"),
    "model": ("Model",),
    "pictures": ("Matrix", "Picture", "Series"),
    "ranges": ("OneOf", "Range"),
    "stats": ("Estimate", "Linearised"),
    "task": ("Answers", "FieldSpec", "Item", "Stage", "Task"),
    "tasks.data.field_mapping": ("BadValue",),
    "trainer": ("Trainer",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "Adapter",
    "Answers",
    "BadValue",
    "Candidates",
    "Capability",
    "Choice",
    "Columns",
    "Completion",
    "Continuation",
    "Conversation",
    "Estimate",
    "Failure",
    "FieldSpec",
    "Generation",
    "HarnessError",
    "Item",
    "Likelihood",
    "LinearReadout",
    "Linearised",
    "Matrix",
    "MeanMetric",
    "Message",
    "Metric",
    "Model",
    "OneOf",
    "Origin",
    "Pair",
    "Picture",
    "Query",
    "Range",
    "Readout",
    "Request",
    "Sampling",
    "Series",
    "Stage",
    "Task",
    "Text",
    "Trainer",
    "Unsuitable",
    "Verdict",
    "build_leaderboard",
    "build_site",
    "compare",
    "correlate",
    "evaluate",
    "file_identity",
    "hookimpl",
    "train",
    "write_atomically",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'harness' has no attribute {name!r}")
    return getattr(importlib.import_module(f"harness.{_HOME[name]}"), name)
