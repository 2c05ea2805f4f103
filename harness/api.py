"""What the command line does, for Python: evaluate, train, compare, build a leaderboard."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from harness.errors import UsageError, did_you_mean
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
from harness.store.choosing import ModelChoice
from harness.store.forgetting import Forgotten
from harness.store.forgetting import forget as take_out
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


class BoardOptions(TypedDict, total=False):
    """What `build_leaderboard`, `build_site` and `publish` take by name: where figures come from, and what is shown."""

    store: str | Path | None
    """The SQLite file; it may be missing if there are published results."""
    published: Sequence[Path]
    """Files of published results, beside those that the benchmarks name themselves."""
    merge: Sequence[str | Path]
    """Stores of other machines, read beside the store, which may then be missing."""
    confidence: float | None
    """Nominal coverage of all intervals, in (0, 1); None: that of most evaluations. Intervals of another level are
    computed anew from the columns in the store."""
    models: Sequence[str]
    """Globs of the labels that are shown, among which ranks and figures of the field are; empty: every model."""
    exclude: Sequence[str]
    """Globs of labels that are left out."""
    title: str
    """What stands above the board in place of the benchmark's name; of a site of several, above the list of them."""
    about: str | Path | None
    """A Markdown file that introduces the board, or the site of several."""
    registry: Registry | None
    """The registry of names; default: installed plugins and registry.yaml."""


class SiteOptions(BoardOptions, total=False):
    """What `build_site` and `publish` take by name beside `BoardOptions`."""

    texts: bool
    """Whether to show the beginnings of the items' texts; their licences have to allow it."""
    show_sensitive: bool
    """Whether to show texts of tasks that are sensitive too, and why their requests failed."""
    outcome: str | Path | None
    """A table with one outcome for each model; each benchmark then has a page of correlations with the outcome."""
    model_column: str | None
    """Column of that table that names the model; None: found as `correlate` finds it."""
    value_column: str | None
    """Column of the outcome; None: found as `correlate` finds it."""
    url: str | None
    """The address at which the folder will be found, for previews of links to it."""
    say: Callable[[str], None]
    """Called with a note about everything that was left out."""


def build_leaderboard(benchmark: str, **options: Unpack[BoardOptions]) -> Board:
    """Return the leaderboard of a benchmark, from the results in the store and published results.

    Args:
        benchmark: Name of the benchmark; or of a task, or a glob of tasks, of which one is made, ranked by headlines.
        options: By name, as `BoardOptions` says: ``store``, ``published``, ``merge``, ``confidence``, ``models``,
            ``exclude``, ``title``, ``about``, ``registry``.

    Raises:
        UsageError: there is no store, one label names different models in two stores, or a glob matches no model.
        StoreError: a store to merge cannot be read.
    """
    _refuse_unknown(options, BoardOptions)
    return make_board(options.get("registry") or Registry(), benchmark, _inputs(options))


def build_site(benchmarks: Sequence[str], folder: str | Path, **options: Unpack[SiteOptions]) -> int:
    """Write the static site of some benchmarks, and return the number of its files.

    Args:
        benchmarks: Names of the benchmarks; or tasks, or globs of tasks.
        folder: The folder of the site; ``index.html`` in the folder is the page to open.
        options: By name, as `BoardOptions` and `SiteOptions` say: those of `build_leaderboard`, ``texts``,
            ``show_sensitive``, ``outcome``, ``model_column``, ``value_column``, ``say``.

    Raises:
        UsageError: there is no store, one label names different models in two stores, a glob matches no model, it is
            unclear which columns of the outcome's table are meant, or the plugin ``site`` is left out.
        DataError: the outcome's table cannot be read.
    """
    return publish(SITE, benchmarks, folder, **options)


def publish(publisher: str, benchmarks: Sequence[str], folder: str | Path, **options: Unpack[SiteOptions]) -> int:
    """Let a plugin's publisher fill a folder, and return the number of files.

    Args:
        publisher: Name of the publisher, such as ``site``.
        benchmarks: Names of the benchmarks; or tasks, or globs of tasks.
        folder: The folder to fill.
        options: By name, as for `build_site`; with an outcome the publisher also gets the analysis `correlate` runs.

    Raises:
        UnknownName: no loaded plugin has a publisher of that name, or the analysis.
        UsageError, DataError: as `build_site`.
    """
    _refuse_unknown(options, SiteOptions)
    outcome = options.get("outcome")
    columns = (options.get("model_column"), options.get("value_column"))
    publication = Publication(
        benchmarks=benchmarks,
        folder=Path(folder),
        inputs=_inputs(options),
        publisher=publisher,
        texts=options.get("texts", False),
        show_sensitive=options.get("show_sensitive", False),
        outcome=None if outcome is None else OutcomeFile(Path(outcome), *columns),
        url=options.get("url"),
    )
    return publish_boards(options.get("registry") or Registry(), publication, options.get("say", lambda text: None))


def _inputs(options: BoardOptions) -> BoardInputs:
    about = options.get("about")
    return BoardInputs(
        StoreFiles(options.get("store"), options.get("merge", ())),
        options.get("published", ()),
        options.get("confidence"),
        choice=ModelChoice(options.get("models", ()), options.get("exclude", ())),
        title=options.get("title", ""),
        about=None if about is None else Path(about),
    )


def _refuse_unknown(options: Mapping[str, Any], known: type[BoardOptions]) -> None:
    """Refuse a keyword that would have no effect.

    Raises:
        TypeError: as Python raises for a keyword that a function does not take.
    """
    names = known.__annotations__
    for name in options:
        if name not in names:
            raise TypeError(f"no option {name!r}{did_you_mean(name, names)}; there are: {', '.join(names)}")


def forget(
    models: Sequence[str],
    tasks: Sequence[str] = (),
    *,
    answers: bool = False,
    dry_run: bool = False,
    store: str | Path | None = None,
    registry: Registry | None = None,
) -> Forgotten:
    """Take the results of models out of the store: cells, their figures, and on request the answers behind them.

    Answers stay unless they are to go, so that evaluating again costs nothing. Trained models stay, and so does the
    record that a run took place.

    Args:
        models: Globs of labels.
        tasks: Names of tasks or benchmarks, or globs of tasks; empty: all tasks.
        answers: Whether the models' answers go too; not together with tasks, since tasks share answers.
        dry_run: Say what would go, and change nothing.
        store: The SQLite file; `store_path` says which is the default.
        registry: The registry of names; default: installed plugins and registry.yaml.

    Raises:
        UsageError: there is no store, a name matches nothing in it, or answers are to go while another process has the
            store open to write.
        StoreError: the store cannot be written.
    """
    registry = registry or Registry()
    index = registry.benchmarks() if tasks else None
    named: list[str] = []
    for task in tasks:
        benchmark = None if index is None else index.find(task)
        held = [] if benchmark is None else benchmark.tasks
        named += held or [task]
    path = existing_store_path(registry, store)
    return take_out(path, models, named, answers=answers, dry_run=dry_run)


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
    models: Sequence[str] = (),
    exclude: Sequence[str] = (),
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
        models: Globs of the labels of the models whose figures are used; empty: every model.
        exclude: Globs of labels that are left out.
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
        "choice": ModelChoice(models, exclude),
        "predict": predict,
        "method": method,
        "level": level,
        "seed": seed,
    }
    # A store that the user names has to exist; without a name, there may be published figures only.
    opened = StoreFiles(store).side_by_side(registry, needed=store is not None)
    with opened as stores, code_of(registry, "analysis", CORRELATE):
        return analysis.answer(registry, stores.own, benchmark, table, **settings)
