"""Where every response and estimate is kept: one SQLite file by default.

What this package exports is public: publishers, analyses and viewers of plugins read stores through it, and need
neither its modules nor the tables. Everything is imported on first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.store.cells import cells_of_other_models, latest_cells, list_cells, models_and_tasks, read_cell
    from harness.store.curves import CurveOverview, list_curves, read_curve
    from harness.store.machine import git_state, versions
    from harness.store.origins import (
        AnsweringCost,
        failures_of_cells,
        model_description,
        model_descriptions,
        whole_computations,
    )
    from harness.store.places import DamagedRecord
    from harness.store.reading import Readable, StoreReader
    from harness.store.records import CellRecord, Result, StageRecord, now
    from harness.store.responses import FiledResponse, read_response_texts, read_responses
    from harness.store.runs import RunOverview, RunProgress, RunRecord, list_runs, read_run, runs_of_cells
    from harness.store.store import Store

_HOMES = {
    "cells": ("cells_of_other_models", "latest_cells", "list_cells", "models_and_tasks", "read_cell"),
    "curves": ("CurveOverview", "list_curves", "read_curve"),
    "machine": ("git_state", "versions"),
    "origins": (
        "AnsweringCost",
        "failures_of_cells",
        "model_description",
        "model_descriptions",
        "whole_computations",
    ),
    "places": ("DamagedRecord",),
    "reading": ("Readable", "StoreReader"),
    "records": ("CellRecord", "Result", "StageRecord", "now"),
    "responses": ("FiledResponse", "read_response_texts", "read_responses"),
    "runs": ("RunOverview", "RunProgress", "RunRecord", "list_runs", "read_run", "runs_of_cells"),
    "store": ("Store",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "AnsweringCost",
    "CellRecord",
    "CurveOverview",
    "DamagedRecord",
    "FiledResponse",
    "Readable",
    "Result",
    "RunOverview",
    "RunProgress",
    "RunRecord",
    "StageRecord",
    "Store",
    "StoreReader",
    "cells_of_other_models",
    "failures_of_cells",
    "git_state",
    "latest_cells",
    "list_cells",
    "list_curves",
    "list_runs",
    "model_description",
    "model_descriptions",
    "models_and_tasks",
    "now",
    "read_cell",
    "read_curve",
    "read_response_texts",
    "read_responses",
    "read_run",
    "runs_of_cells",
    "versions",
    "whole_computations",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'harness.store' has no attribute {name!r}")
    return getattr(importlib.import_module(f"harness.store.{_HOME[name]}"), name)
