"""Evaluate anything that scores, judges, embeds, detects, routes or generates, with honest error bars.

Everything here is imported on first use, so that ``import harness`` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.adapters import Adapter, Unsuitable
    from harness.api import build_leaderboard, build_site, compare, correlate, evaluate, figures, publish, train
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
        Response,
        Sampling,
        Text,
        Verdict,
    )
    from harness.errors import BadValue, CellError, ConfigurationError, DataError, HarnessError, UsageError
    from harness.files import write_atomically
    from harness.files.digests import file_identity
    from harness.hooks import Register, hookimpl
    from harness.metric import Columns, FloatArray, MeanMetric, Metric, mean_metric
    from harness.model import Model, Part
    from harness.names.registry import Registry
    from harness.pictures import Matrix, Picture, Series
    from harness.publisher import Analysis, Edition, OutcomeFile, Publisher, Section, UnclearColumn
    from harness.ranges import ANY, COUNT, COUNT_OR_NONE, INSIDE, SEED, SHARE, OneOf, Range
    from harness.stats import Estimate, Linearised
    from harness.task import Answers, BadItem, DataPart, Definition, FieldSpec, Item, Stage, Task
    from harness.tasks.library import SourcedTask, TaskSource
    from harness.trainer import Ask, Progress, Trainer

_HOMES = {
    "adapters": ("Adapter", "Unsuitable"),
    "api": ("build_leaderboard", "build_site", "compare", "correlate", "evaluate", "figures", "publish", "train"),
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
        "Response",
        "Sampling",
        "Text",
        "Verdict",
    ),
    "errors": (
        "BadValue",
        "CellError",
        "ConfigurationError",
        "DataError",
        "HarnessError",
        "UsageError",
    ),
    "files": ("write_atomically",),
    "files.digests": ("file_identity",),
    "hooks": ("Register", "hookimpl"),
    "metric": ("Columns", "FloatArray", "MeanMetric", "Metric", "mean_metric"),
    "model": ("Model", "Part"),
    "names.registry": ("Registry",),
    "pictures": ("Matrix", "Picture", "Series"),
    "publisher": ("Analysis", "Edition", "OutcomeFile", "Publisher", "Section", "UnclearColumn"),
    "ranges": ("ANY", "COUNT", "COUNT_OR_NONE", "INSIDE", "OneOf", "Range", "SEED", "SHARE"),
    "stats": ("Estimate", "Linearised"),
    "task": ("Answers", "BadItem", "DataPart", "Definition", "FieldSpec", "Item", "Stage", "Task"),
    "tasks.library": ("SourcedTask", "TaskSource"),
    "trainer": ("Ask", "Progress", "Trainer"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "ANY",
    "COUNT",
    "COUNT_OR_NONE",
    "INSIDE",
    "SEED",
    "SHARE",
    "Adapter",
    "Analysis",
    "Answers",
    "Ask",
    "BadItem",
    "BadValue",
    "Candidates",
    "Capability",
    "CellError",
    "Choice",
    "Columns",
    "Completion",
    "ConfigurationError",
    "Continuation",
    "Conversation",
    "DataError",
    "DataPart",
    "Definition",
    "Edition",
    "Estimate",
    "Failure",
    "FieldSpec",
    "FloatArray",
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
    "OutcomeFile",
    "Pair",
    "Part",
    "Picture",
    "Progress",
    "Publisher",
    "Query",
    "Range",
    "Readout",
    "Register",
    "Registry",
    "Request",
    "Response",
    "Sampling",
    "Section",
    "Series",
    "SourcedTask",
    "Stage",
    "Task",
    "TaskSource",
    "Text",
    "Trainer",
    "UnclearColumn",
    "Unsuitable",
    "UsageError",
    "Verdict",
    "build_leaderboard",
    "build_site",
    "compare",
    "correlate",
    "evaluate",
    "figures",
    "file_identity",
    "hookimpl",
    "mean_metric",
    "publish",
    "train",
    "write_atomically",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'harness' has no attribute {name!r}")
    return getattr(importlib.import_module(f"harness.{_HOME[name]}"), name)
