"""What the command line does, for Python: evaluate, train, compare, build a leaderboard."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import UsageError
from harness.leaderboard.board import Board
from harness.leaderboard.field_differences import compare_in_field
from harness.leaderboard.inputs import BoardInputs, Publication, make_board, publish_boards
from harness.names.registry import Registry
from harness.names.resolving import resolve_training
from harness.progress import ProgressReporter, SilentProgress
from harness.publisher import CORRELATE, SITE, OutcomeFile, code_of, find_analysis
from harness.results.comparison import CONFIDENCE, Comparison, compare_models, tasks_of
from harness.results.stores import DEFAULT_STORE as DEFAULT_STORE
from harness.results.stores import StoreFiles
from harness.results.stores import existing_store as existing_store
from harness.results.stores import existing_store_path as existing_store_path
from harness.results.stores import models_folder as models_folder
from harness.results.stores import store_path as store_path
from harness.running import planning
from harness.running.plan import EvaluationRequest, Plan
from harness.running.runner import Outcome, Runner
from harness.store.records import CellRecord
from harness.store.store import Store
from harness.training.fit import TrainingRun, ready_request
from harness.training.request import TrainingEnvironment, TrainingRequest

if TYPE_CHECKING:
    from harness.results.figures import Figures


def make_plan(registry: Registry, evaluation: EvaluationRequest, *, store: str | Path | None = None) -> Plan:
    """Return the plan of an evaluation; nothing is computed.

    Raises:
        PlanError: everything that is wrong, together.
    """
    return planning.make_plan(registry, evaluation, models_folder=models_folder(store_path(registry, store)))


def evaluate(
    models: Sequence[str],
    targets: Sequence[str],
    *,
    store: str | Path | None = None,
    roles: Mapping[str, str] | None = None,
    adapters: Sequence[str] = (),
    limit: int | None = None,
    seed: int = 0,
    registry: Registry | None = None,
    progress: ProgressReporter | None = None,
) -> Outcome:
    """Evaluate models on tasks and benchmarks; what the store holds already is not computed again.

    Args:
        models: Specifications, ``[LABEL=]NAME[:key=value,...]``.
        targets: Names of tasks and benchmarks, or globs of task names.
        store: The SQLite file; default as `store_path` says.
        roles: Models for the other roles of the tasks.
        adapters: Adapters to ask through, ``[ROLE=]NAME[:key=value,...]``.
        limit: Only the first items of every task.
        seed: For metrics that resample.
        registry: Where names are looked up; default: installed plugins and registry.yaml.
        progress: Told how far the work is.

    Raises:
        PlanError: everything that is wrong with the request, together.
    """
    registry = registry or Registry()
    evaluation = EvaluationRequest(models, targets, roles=dict(roles or {}), adapters=adapters, limit=limit, seed=seed)
    return run_plan(registry, make_plan(registry, evaluation, store=store), store=store, progress=progress)


def run_plan(
    registry: Registry,
    plan: Plan,
    *,
    store: str | Path | None = None,
    progress: ProgressReporter | None = None,
    on_cell: Callable[[CellRecord], None] = lambda cell: None,
) -> Outcome:
    """Run a plan on a store."""
    with Store(store_path(registry, store)) as opened:
        return Runner(registry, opened, progress=progress).run(plan, on_cell=on_cell)


def train(
    trainer: str,
    task: str,
    directory: str | Path,
    *,
    base: str | None = None,
    settings: Mapping[str, Any] | None = None,
    split: str = "train",
    limit: int | None = None,
    store: str | Path | None = None,
    registry: Registry | None = None,
    progress: ProgressReporter | None = None,
) -> dict[str, Any]:
    """Train a model into a directory; returns its manifest."""
    registry = registry or Registry()
    path = store_path(registry, store)
    entry = registry.find("trainer", trainer)
    models = resolve_training(registry, entry, settings or {}, base, models_folder=models_folder(path))
    progress = progress or SilentProgress()
    with Store(path) as opened:
        client = Runner(registry, opened, progress=progress).client()
        environment = TrainingEnvironment(registry, opened, client, progress)
        request = ready_request(environment, TrainingRequest(entry, task, {}, split=split, limit=limit), models)
        return TrainingRun(environment, request, Path(directory)).run()


def build_leaderboard(
    benchmark: str,
    *,
    store: str | Path | None = None,
    published: Sequence[Path] = (),
    merge: Sequence[str | Path] = (),
    confidence: float | None = None,
    registry: Registry | None = None,
) -> Board:
    """Return the leaderboard of a benchmark, from what the store holds, with published results beside it.

    Args:
        benchmark: Its name.
        store: The SQLite file; it may be missing where there are published results.
        published: Files of published results, beside those that the benchmark names itself.
        merge: Stores of other machines, read beside it; the store itself may then be missing.
        confidence: Nominal coverage of all intervals, in (0, 1); None: that of most evaluations. Those of another
            level are computed anew from what the store holds.
        registry: Where names are looked up.

    Raises:
        UsageError: there is no store, or one label names different models in two of them.
        StoreError: a store to merge cannot be read.
    """
    inputs = BoardInputs(StoreFiles(store, merge), published, confidence)
    return make_board(registry or Registry(), benchmark, inputs)


def build_site(
    benchmarks: Sequence[str],
    folder: str | Path,
    *,
    store: str | Path | None = None,
    published: Sequence[Path] = (),
    merge: Sequence[str | Path] = (),
    confidence: float | None = None,
    texts: bool = False,
    outcome: str | Path | None = None,
    model_column: str | None = None,
    value_column: str | None = None,
    registry: Registry | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> int:
    """Write the static site of some benchmarks; returns the number of its files.

    Args:
        benchmarks: Their names.
        folder: Where; ``index.html`` in it is the page to open.
        store: The SQLite file; it may be missing where there are published results.
        published: Files of published results, beside those that the benchmarks name themselves.
        merge: Stores of other machines, read beside it; the store itself may then be missing.
        confidence: Nominal coverage of all intervals, as for `build_leaderboard`.
        texts: True to show the beginnings of the items' texts; their licences have to allow it.
        outcome: A table of one outcome a model; each benchmark then has a page of what goes with it.
        model_column: Column of that table that names the model; default: as `correlate` finds it.
        value_column: Column of the outcome; the same.
        registry: Where names are looked up.
        say: Told what was left out.

    Raises:
        UsageError: there is no store, or one label names different models in two of them, or it is not clear which
            columns of the outcome's table are meant, or the plugin ``site`` is left out.
        DataError: the outcome's table cannot be read.
    """
    return publish(
        SITE,
        benchmarks,
        folder,
        store=store,
        published=published,
        merge=merge,
        confidence=confidence,
        texts=texts,
        outcome=outcome,
        model_column=model_column,
        value_column=value_column,
        registry=registry,
        say=say,
    )


def publish(
    publisher: str,
    benchmarks: Sequence[str],
    folder: str | Path,
    *,
    store: str | Path | None = None,
    published: Sequence[Path] = (),
    merge: Sequence[str | Path] = (),
    confidence: float | None = None,
    texts: bool = False,
    outcome: str | Path | None = None,
    model_column: str | None = None,
    value_column: str | None = None,
    registry: Registry | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> int:
    """Have a publisher, which a plugin registers, fill a folder; returns the number of its files.

    Args:
        publisher: Its name, such as ``site``.
        benchmarks: Names of benchmarks.
        folder: Where.
        store: The SQLite file; it may be missing where there are published results.
        published: Files of published results, beside those that the benchmarks name themselves.
        merge: Stores of other machines, read beside it; the store itself may then be missing.
        confidence: Nominal coverage of all intervals, as for `build_leaderboard`.
        texts: True to show the beginnings of the items' texts; their licences have to allow it.
        outcome: A table of one outcome a model; the publisher is given the analysis that `correlate` asks.
        model_column: Column of that table that names the model; default: as `correlate` finds it.
        value_column: Column of the outcome; the same.
        registry: Where names are looked up.
        say: Told what was left out.

    Raises:
        UnknownName: no plugin that is loaded has a publisher of that name, or the analysis.
        UsageError, DataError: as `build_site`.
    """
    publication = Publication(
        benchmarks=benchmarks,
        folder=Path(folder),
        inputs=BoardInputs(StoreFiles(store, merge), published, confidence),
        publisher=publisher,
        texts=texts,
        outcome=None if outcome is None else OutcomeFile(Path(outcome), model_column, value_column),
    )
    return publish_boards(registry or Registry(), publication, say)


def compare(
    first: str,
    second: str,
    targets: Sequence[str],
    *,
    metrics: Sequence[str] = (),
    split: str = "test",
    confidence: float = CONFIDENCE,
    store: str | Path | None = None,
    merge: Sequence[str | Path] = (),
    registry: Registry | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> list[Comparison]:
    """Paired differences of two evaluated models, by their labels, on the items they share.

    Args:
        first: Label of a model, as results call it.
        second: Label of the other.
        targets: Tasks or benchmarks; of a benchmark, its aggregates of the field too.
        metrics: Only these; default: those of each task.
        split: Results on this split.
        confidence: Nominal coverage of the intervals.
        store: The SQLite file; it may be missing where there are stores to merge.
        merge: Stores of other machines, read beside it: their whole evaluations of the test split.
        registry: Where names are looked up.
        say: Told what was left out.

    Raises:
        UsageError: one of the models was not evaluated on any of the tasks, or stores contradict each other.
    """
    registry = registry or Registry()
    if merge and split != "test":
        raise UsageError(f"stores are merged with their results on the test split, not on {split}")
    tasks = tasks_of(registry, targets) if merge else ()
    with StoreFiles(store, merge).as_one(registry, tasks, needed=not merge, say=say) as stores:
        assert stores.own is not None  # needed, or made of those that are merged
        comparisons = compare_models(
            registry, stores.own, first, second, targets, metrics=metrics, split=split, confidence=confidence, say=say
        )
        if split == "test" and not metrics:  # a field is made of whole evaluations, as a leaderboard is
            comparisons += compare_in_field(
                registry, stores.own, first, second, targets, confidence=confidence, say=say
            )
        return comparisons


def figures(
    task: str,
    metric: str | None = None,
    *,
    models: Sequence[str] = (),
    split: str = "test",
    store: str | Path | None = None,
    merge: Sequence[str | Path] = (),
    registry: Registry | None = None,
) -> Figures:
    """What each evaluated model scored on each item of a task, as an array of items x models matched by id.

    Args:
        task: The task's name.
        metric: One that is a mean of figures of items; None: the task's headline.
        models: Labels, in the order of the columns; empty: all, sorted.
        split: Results on this split.
        store: The SQLite file; it may be missing where there are stores to merge.
        merge: Stores of other machines, read beside it; the first that has a model gives it.
        registry: Where names are looked up.

    Raises:
        UsageError: the metric has no figure an item, a model was not evaluated, or stores contradict each other.
        DataError: no model was evaluated on the task as it is defined now.
    """
    from harness.results.figures import read_figures

    registry = registry or Registry()
    with StoreFiles(store, merge).side_by_side(registry, needed=not merge) as stores:
        readers = [*([] if stores.own is None else [stores.own]), *stores.others]
        return read_figures(registry, readers, task, metric, models=models, split=split)


def correlate(
    benchmark: str,
    outcome: str | Path,
    *,
    published: Sequence[str | Path] = (),
    model_column: str | None = None,
    value_column: str | None = None,
    replicates: str | Path | None = None,
    tasks: Sequence[str] = (),
    metrics: Sequence[str] = (),
    domains: Sequence[str] = (),
    curve_domains: Sequence[str] = (),
    predict: Sequence[str] = (),
    method: str = "ridge",
    level: float = 0.95,
    seed: int = 0,
    store: str | Path | None = None,
    registry: Registry | None = None,
) -> Any:
    """Which metric of a benchmark predicts an outcome of the same models, and what it predicts for others.

    The analysis ``correlate`` of the plugin ``outcomes`` answers, with its report.

    Args:
        benchmark: A benchmark, or a task.
        outcome: A table of one outcome a model: CSV, JSON, JSONL or Parquet.
        published: Files of published results, beside those that the benchmark ships.
        model_column: Column of the outcome's file that names the model; default: ``model``, or the one of text.
        value_column: Column of the outcome; default: ``value``, or the one of numbers.
        replicates: A file of draws of the outcome, for its own noise.
        tasks: Patterns; only figures of these tasks.
        metrics: Patterns; only these metrics.
        domains: Patterns; only these domains.
        curve_domains: Patterns of the domains of lower-bound curves.
        predict: Models without outcome, whose outcome is predicted.
        method: The predictor, ``ridge`` or ``pls``.
        level: Coverage of all intervals.
        seed: Of random permutations.
        store: The SQLite file of evaluated models; may be absent where there are published figures.
        registry: Where names are looked up.

    Raises:
        UsageError: fewer than four models have both figures and outcome, or a name or pattern does not exist, or the
            plugin ``outcomes`` is left out.
        DataError: a file cannot be read.
    """
    registry = registry or Registry()
    analysis = find_analysis(registry)
    table = OutcomeFile(Path(outcome), model_column, value_column)
    settings: dict[str, Any] = {
        "published": [Path(file) for file in published],
        "replicates": None if replicates is None else Path(replicates),
        "tasks": tasks,
        "metrics": metrics,
        "domains": domains,
        "curve_domains": curve_domains,
        "predict": predict,
        "method": method,
        "level": level,
        "seed": seed,
    }
    # A store that is named has to be there; without one, published figures may be all there are.
    opened = StoreFiles(store).side_by_side(registry, needed=store is not None)
    with opened as stores, code_of(registry, "analysis", CORRELATE):
        return analysis.answer(registry, stores.own, benchmark, table, **settings)
