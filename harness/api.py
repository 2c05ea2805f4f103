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
        PlanError: everything that is wrong with the request, together.
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
    """Evaluate models on tasks and benchmarks; answers that the store holds are not computed again.

    Args:
        models: Specifications, ``[LABEL=]NAME[:key=value,...]``.
        targets: Names of tasks and benchmarks, or globs of task names.
        store: The SQLite file; `store_path` says which is the default.
        roles: Models for the other roles of the tasks, by role.
        adapters: Adapters to ask through, ``[ROLE=]NAME[:key=value,...]``.
        limit: Evaluate only the first items of every task; None: all items.
        seed: Seed for metrics that resample.
        registry: The registry of names; default: installed plugins and registry.yaml.
        progress: Shows how far the work is.

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
    """Run a plan on a store.

    Args:
        registry: The registry that the plan was made with.
        plan: The plan.
        store: The SQLite file; `store_path` says which is the default.
        progress: Shows how far the work is.
        on_cell: Called with each cell when it is done or has failed.

    Raises:
        StoreError: the store cannot be opened or written.
    """
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
    """Train a model into a directory, and return its manifest.

    Args:
        trainer: Name of the trainer.
        task: Name of the task whose rows the model is trained on.
        directory: The directory of the trained model; a training that was interrupted there goes on.
        base: Specification of the base model; None for trainers without one.
        settings: Settings of the trainer, by name.
        split: The split of the task to train on.
        limit: Train only on the first items; None: on all items.
        store: The SQLite file for the learning curve and for answers; `store_path` says which is the default.
        registry: The registry of names; default: installed plugins and registry.yaml.
        progress: Shows how far the training is.

    Raises:
        HarnessError: a name is unknown, a setting is refused, or the training cannot be finished.
    """
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
    """Return the leaderboard of a benchmark, from the results in the store and published results.

    Args:
        benchmark: Name of the benchmark.
        store: The SQLite file; it may be missing if there are published results.
        published: Files of published results, beside those that the benchmark names itself.
        merge: Stores of other machines, read beside the store, which may then be missing.
        confidence: Nominal coverage of all intervals, in (0, 1); None: that of most evaluations. Intervals of another
            level are computed anew from the columns in the store.
        registry: The registry of names; default: installed plugins and registry.yaml.

    Raises:
        UsageError: there is no store, or one label names different models in two stores.
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
    url: str | None = None,
    registry: Registry | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> int:
    """Write the static site of some benchmarks, and return the number of its files.

    Args:
        benchmarks: Names of the benchmarks.
        folder: The folder of the site; ``index.html`` in the folder is the page to open.
        store: The SQLite file; it may be missing if there are published results.
        published: Files of published results, beside those that the benchmarks name themselves.
        merge: Stores of other machines, read beside the store, which may then be missing.
        confidence: Nominal coverage of all intervals, as for `build_leaderboard`.
        texts: Whether to show the beginnings of the items' texts; their licences have to allow it.
        outcome: A table with one outcome for each model; each benchmark then has a page of correlations with the
            outcome.
        model_column: Column of that table that names the model; None: found as `correlate` finds it.
        value_column: Column of the outcome; None: found as `correlate` finds it.
        url: The address at which the folder will be found, for previews of links to it.
        registry: The registry of names; default: installed plugins and registry.yaml.
        say: Called with a note about everything that was left out.

    Raises:
        UsageError: there is no store, one label names different models in two stores, it is unclear which columns
            of the
            outcome's table are meant, or the plugin ``site`` is left out.
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
        url=url,
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
    url: str | None = None,
    registry: Registry | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> int:
    """Let a plugin's publisher fill a folder, and return the number of files.

    Args:
        publisher: Name of the publisher, such as ``site``.
        benchmarks: Names of the benchmarks.
        folder: The folder to fill.
        store: The SQLite file; it may be missing if there are published results.
        published: Files of published results, beside those that the benchmarks name themselves.
        merge: Stores of other machines, read beside the store, which may then be missing.
        confidence: Nominal coverage of all intervals, as for `build_leaderboard`.
        texts: Whether to show the beginnings of the items' texts; their licences have to allow it.
        outcome: A table with one outcome for each model; the publisher also gets the analysis that `correlate` runs.
        model_column: Column of that table that names the model; None: found as `correlate` finds it.
        value_column: Column of the outcome; None: found as `correlate` finds it.
        url: The address at which the folder will be found, for previews of links to it.
        registry: The registry of names; default: installed plugins and registry.yaml.
        say: Called with a note about everything that was left out.

    Raises:
        UnknownName: no loaded plugin has a publisher of that name, or the analysis.
        UsageError, DataError: as `build_site`.
    """
    publication = Publication(
        benchmarks=benchmarks,
        folder=Path(folder),
        inputs=BoardInputs(StoreFiles(store, merge), published, confidence),
        publisher=publisher,
        texts=texts,
        outcome=None if outcome is None else OutcomeFile(Path(outcome), model_column, value_column),
        url=url,
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
    """Return the paired differences of two evaluated models, by their labels, on the items that both answered.

    Args:
        first: Label of the first model, as results call it.
        second: Label of the second model.
        targets: Tasks or benchmarks; the aggregates of the field of a benchmark are compared too.
        metrics: Names of the metrics to compare; default: the metrics of each task.
        split: The split whose results are compared.
        confidence: Nominal coverage of the intervals.
        store: The SQLite file; it may be missing if there are stores to merge.
        merge: Stores of other machines, read beside the store: their whole evaluations of the test split.
        registry: The registry of names; default: installed plugins and registry.yaml.
        say: Called with a note about everything that was left out.

    Raises:
        UsageError: one of the models was not evaluated on any of the tasks, or stores contradict each other.
    """
    registry = registry or Registry()
    if merge and split != "test":
        raise UsageError(f"stores are merged with their results on the test split, not on {split}")
    tasks = tasks_of(registry, targets) if merge else ()
    with StoreFiles(store, merge).as_one(registry, tasks, needed=not merge, say=say) as stores:
        assert stores.own is not None  # the store is needed without `merge`, and made from the merged ones with it
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
    """Return the figure of each evaluated model on each item of a task, as an array of items x models matched by id.

    Args:
        task: Name of the task.
        metric: A metric that is a mean of figures of items; None: the task's headline.
        models: Labels, in the order of the columns; empty: all, sorted.
        split: The split whose results are read.
        store: The SQLite file; it may be missing if there are stores to merge.
        merge: Stores of other machines, read beside the store; a model's figures come from the first store that has
            some.
        registry: The registry of names; default: installed plugins and registry.yaml.

    Raises:
        UsageError: the metric has no figures of items, a model was not evaluated, or stores contradict each other.
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
    """Find which metric of a benchmark predicts an outcome of the same models, and predict it for other models.

    The analysis ``correlate`` of the plugin ``outcomes`` makes the report that is returned.

    Args:
        benchmark: A benchmark, or a task.
        outcome: A table with one outcome for each model: CSV, JSON, JSONL or Parquet.
        published: Files of published results, beside those that the benchmark ships.
        model_column: Column of the table that names the model; default: ``model``, or the only column of texts.
        value_column: Column of the outcome; default: ``value``, or the only column of numbers.
        replicates: A file of draws of the outcome, which show its own noise.
        tasks: Patterns; only figures of these tasks are used.
        metrics: Patterns; only figures of these metrics are used.
        domains: Patterns; only figures on these domains are used.
        curve_domains: Patterns of the domains of lower-bound curves.
        predict: Models without an outcome, whose outcome is predicted.
        method: The predictor, ``ridge`` or ``pls``.
        level: Nominal coverage of all intervals.
        seed: Seed of random permutations.
        store: The SQLite file of evaluated models; it may be missing if there are published figures.
        registry: The registry of names; default: installed plugins and registry.yaml.

    Raises:
        UsageError: fewer than four models have both figures and outcome, a name or pattern does not exist, or the
            plugin
            ``outcomes`` is left out.
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
    # A store that the user names has to exist; without a name, there may be published figures only.
    opened = StoreFiles(store).side_by_side(registry, needed=store is not None)
    with opened as stores, code_of(registry, "analysis", CORRELATE):
        return analysis.answer(registry, stores.own, benchmark, table, **settings)
