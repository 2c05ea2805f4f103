"""The place where every response and estimate is kept: one SQLite file by default.

The names that this package exports are public: publishers, analyses and viewers of plugins read stores through them,
and need neither the package's modules nor its tables. Everything is imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.lazy_names import import_on_use

if TYPE_CHECKING:  # the one list of the public names, see `import_on_use`
    from harness.store.cells import cells_of_other_models as cells_of_other_models
    from harness.store.cells import latest_cells as latest_cells
    from harness.store.cells import list_cells as list_cells
    from harness.store.cells import models_and_tasks as models_and_tasks
    from harness.store.cells import read_cell as read_cell
    from harness.store.choosing import EVERY_MODEL as EVERY_MODEL
    from harness.store.choosing import ModelChoice as ModelChoice
    from harness.store.curves import CurveOverview as CurveOverview
    from harness.store.curves import list_curves as list_curves
    from harness.store.curves import read_curve as read_curve
    from harness.store.machine import git_state as git_state
    from harness.store.machine import versions as versions
    from harness.store.origins import AnsweringCost as AnsweringCost
    from harness.store.origins import failures_of_cells as failures_of_cells
    from harness.store.origins import model_description as model_description
    from harness.store.origins import model_descriptions as model_descriptions
    from harness.store.origins import whole_computations as whole_computations
    from harness.store.overview import CellsState as CellsState
    from harness.store.overview import CellSummary as CellSummary
    from harness.store.overview import state_of_cells as state_of_cells
    from harness.store.overview import summarise_cells as summarise_cells
    from harness.store.places import DamagedRecord as DamagedRecord
    from harness.store.reading import Readable as Readable
    from harness.store.reading import StoreReader as StoreReader
    from harness.store.records import CellRecord as CellRecord
    from harness.store.records import Result as Result
    from harness.store.records import StageRecord as StageRecord
    from harness.store.records import now as now
    from harness.store.responses import FiledResponse as FiledResponse
    from harness.store.responses import read_response_texts as read_response_texts
    from harness.store.responses import read_responses as read_responses
    from harness.store.runs import RunOverview as RunOverview
    from harness.store.runs import RunProgress as RunProgress
    from harness.store.runs import RunRecord as RunRecord
    from harness.store.runs import list_runs as list_runs
    from harness.store.runs import read_run as read_run
    from harness.store.runs import runs_of_cells as runs_of_cells
    from harness.store.store import Store as Store

if not TYPE_CHECKING:  # a type checker would take a misspelt name, too, for one that is found here
    __getattr__ = import_on_use(__name__)
