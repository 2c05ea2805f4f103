"""What the command line does, for Python: evaluate, train, compare, build a leaderboard."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import UsageError
from harness.files.regular_files import is_file
from harness.leaderboard import Board, assemble
from harness.names.handles import resolve_model
from harness.names.registry import Registry
from harness.progress import ProgressReporter, SilentProgress
from harness.publisher import CORRELATE, SITE, Edition, OutcomeFile, code_of, find_analysis, find_publisher
from harness.results.comparison import CONFIDENCE, Comparison, compare_models, tasks_of
from harness.results.selection import open_to_merge
from harness.running import planning
from harness.running.plan import EvaluationRequest, Plan
from harness.running.runner import Outcome, Runner
from harness.store import Store
from harness.store.reading import Readable, StoreReader
from harness.store.records import CellRecord
from harness.training.fit import fit, train_missing

if TYPE_CHECKING:
    from harness.results.figures import Figures

DEFAULT_STORE = Path(".harness/store.sqlite")


def store_path(registry: Registry, path: str | Path | None = None) -> Path:
    """The store to use: as given, as the last registry file says, or ``.harness/store.sqlite``.

    Raises:
        UsageError: what is given is no name of a file.
    """
    if path is not None:
        given = Path(path).expanduser()
        if not given.name:
            raise UsageError(f"{given}: is a folder; name a file for the store")
        return given
    for file in reversed(registry.files):
        if file.store:
            return (file.folder / Path(file.store).expanduser()).resolve()
    return DEFAULT_STORE


def models_folder(path: Path) -> Path:
    """Where the trained models of a store lie."""
    return path.with_name(path.name + ".files") / "models"


def make_plan(registry: Registry, evaluation: EvaluationRequest, *, store: str | Path | None = None) -> Plan:
    """The plan of an evaluation; nothing is computed.

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
        limit: Only the first items of every task.
        seed: For metrics that resample.
        registry: Where names are looked up; default: installed plugins and registry.yaml.
        progress: Told how far the work is.

    Raises:
        PlanError: everything that is wrong with the request, together.
    """
    registry = registry or Registry()
    evaluation = EvaluationRequest(models, targets, roles=dict(roles or {}), limit=limit, seed=seed)
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
    handle = resolve_model(registry, base, models_folder=models_folder(path)) if base else None
    progress = progress or SilentProgress()
    with Store(path) as opened:
        client = Runner(registry, opened, progress=progress).client()
        if handle is not None:
            train_missing(registry, opened, client, handle, progress=progress)
        return fit(
            registry,
            opened,
            client,
            entry,
            task,
            Path(directory),
            base=handle,
            settings=settings or {},
            progress=progress,
            split=split,
            limit=limit,
        )


def build_leaderboard(
    benchmark: str,
    *,
    store: str | Path | None = None,
    published: Sequence[Path] = (),
    merge: Sequence[str | Path] = (),
    confidence: float | None = None,
    registry: Registry | None = None,
) -> Board:
    """The leaderboard of a benchmark, from what the store holds, and published results beside it.

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
    registry = registry or Registry()
    known = registry.benchmarks().find(benchmark)
    beside = bool(published or merge or (known is not None and known.published))
    with ExitStack() as open_stores:
        others = [open_stores.enter_context(open_to_merge(Path(path).expanduser())) for path in merge]
        options: dict[str, Any] = {"published": published, "merge": others, "confidence": confidence}
        named = bool(merge) and store is not None  # a store that is named has to be there
        if beside and not named and not is_file(store_path(registry, store)):
            return assemble(registry, None, benchmark, **options)
        opened = open_stores.enter_context(existing_store(registry, store))
        return assemble(registry, opened, benchmark, **options)


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
    registry = registry or Registry()
    chosen = find_publisher(registry, publisher)
    known = [benchmark for name in benchmarks if (benchmark := registry.benchmarks().find(name)) is not None]
    shipped = any(benchmark.published for benchmark in known)
    told: dict[str, Any] = {"published": published, "confidence": confidence, "texts": texts, "say": say}
    if outcome is not None:
        told["outcome"] = table = OutcomeFile(Path(outcome), model_column, value_column)
        told["analysis"] = analysis = find_analysis(registry)
        with code_of(registry, "analysis", CORRELATE):
            analysis.check(table)
    place = Path(folder)
    with ExitStack() as open_stores:
        opened: Readable | None = None
        parts: Sequence[Readable] = ()
        if merge:
            tasks = [task for benchmark in known for task in benchmark.tasks]
            opened, parts = open_stores.enter_context(_joined(registry, store, merge, tasks, say))
        elif is_file(store_path(registry, store)) or not (published or shipped):
            opened = open_stores.enter_context(existing_store(registry, store))
        edition = Edition(registry=registry, benchmarks=benchmarks, store=opened, parts=parts, **told)
        with code_of(registry, "publisher", publisher):
            return chosen.publish(edition, place)


@contextmanager
def _joined(
    registry: Registry,
    store: str | Path | None,
    merge: Sequence[str | Path],
    tasks: Sequence[str],
    say: Callable[[str], None],
) -> Iterator[tuple[Store, list[Readable]]]:
    """A store for as long as it is needed, of the whole evaluations that several have of some tasks; and those."""
    from tempfile import TemporaryDirectory

    from harness.results.joining import join
    from harness.tasks.build import task_digest

    with TemporaryDirectory() as place, ExitStack() as open_stores:
        readers: list[Readable] = []
        if store is not None or is_file(store_path(registry, store)):
            readers.append(open_stores.enter_context(existing_store(registry, store)))
        for path in merge:
            readers.append(open_stores.enter_context(open_to_merge(Path(path).expanduser())))
        joined = open_stores.enter_context(Store(Path(place) / "store.sqlite"))
        known = sorted(task for task in set(tasks) if registry.tasks().exists(task))
        for note in join(joined, readers, {task: task_digest(registry, task) for task in known}):
            say(note)
        yield joined, readers


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
        targets: Tasks or benchmarks.
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
    options: dict[str, Any] = {"metrics": metrics, "split": split, "confidence": confidence, "say": say}
    if merge:
        if split != "test":
            raise UsageError(f"stores are merged with their results on the test split, not on {split}")
        with _joined(registry, store, merge, tasks_of(registry, targets), say) as (joined, _):
            return compare_models(registry, joined, first, second, targets, **options)
    with existing_store(registry, store) as opened:
        return compare_models(registry, opened, first, second, targets, **options)


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
    with ExitStack() as open_stores:
        readers: list[Readable] = []
        if not merge or store is not None or is_file(store_path(registry, store)):
            readers.append(open_stores.enter_context(existing_store(registry, store)))
        readers += [open_stores.enter_context(open_to_merge(Path(path).expanduser())) for path in merge]
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
    with ExitStack() as open_stores:
        opened = None
        if store is not None or is_file(store_path(registry)):
            opened = open_stores.enter_context(existing_store(registry, store))
        with code_of(registry, "analysis", CORRELATE):
            return analysis.answer(registry, opened, benchmark, table, **settings)


def existing_store_path(registry: Registry, store: str | Path | None) -> Path:
    """Where a store that must exist lies.

    Raises:
        UsageError: it does not.
    """
    path = store_path(registry, store)
    if not is_file(path) or not path.stat().st_size:
        raise UsageError(f"{path}: there is no store yet; evaluate something first, or name another with --store")
    return path


@contextmanager
def existing_store(registry: Registry, store: str | Path | None) -> Iterator[Readable]:
    """A store that must exist, to read; where it cannot be written, it need not be.

    Raises:
        UsageError: it does not.
    """
    path = existing_store_path(registry, store)
    writable = os.access(path, os.W_OK) and os.access(path.absolute().parent, os.W_OK)
    # Opened for writing, SQLite clears its files beside the store away.
    with Store(path) if writable else StoreReader(path) as opened:
        yield opened
