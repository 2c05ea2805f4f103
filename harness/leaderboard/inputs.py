"""What boards are made from, as one value that is built where a user says it and handed on whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from harness.leaderboard.about import read_about
from harness.leaderboard.assembling import assemble
from harness.leaderboard.board import Board
from harness.leaderboard.chosen_models import choose_models, tasks_with_results
from harness.leaderboard.made_benchmarks import tasks_meant, with_made_benchmarks
from harness.leaderboard.outputs import web_address
from harness.leaderboard.published_rows import shipped_files
from harness.publisher import CORRELATE, SITE, Edition, OutcomeFile, code_of, find_analysis, find_publisher
from harness.results.stores import OpenStores, StoreFiles
from harness.store.choosing import EVERY_MODEL, ModelChoice

if TYPE_CHECKING:
    from harness.names.registry import Registry
    from harness.tasks.schema import BenchmarkFile


@dataclass(frozen=True, slots=True)
class BoardInputs:
    """What boards are made from, which models they show, and what stands above them, as the user named it."""

    stores: StoreFiles = field(default_factory=StoreFiles)
    published: Sequence[Path] = ()
    """Files of published results, beside those that the benchmarks name themselves."""
    confidence: float | None = None
    """Nominal coverage of all intervals, in (0, 1); None: that of most evaluations."""
    choice: ModelChoice = EVERY_MODEL
    """The models that boards show, evaluated and published ones."""
    title: str = ""
    """What stands above the board, or above several of a site; empty: the benchmark's name."""
    about: Path | None = None
    """A Markdown file that introduces the board, or several of a site; None: no introduction."""

    def store_is_needed(self, benchmarks: Sequence[BenchmarkFile]) -> bool:
        """Return whether nothing but the store of this machine can have a figure of the benchmarks."""
        shipped = any(benchmark.published for benchmark in benchmarks)
        return not (self.published or self.stores.merge or shipped)


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """An order to a publisher: which boards it makes, from what, into which folder."""

    benchmarks: Sequence[str]
    """Names of benchmarks or tasks, or globs of task names."""
    folder: Path
    inputs: BoardInputs = field(default_factory=BoardInputs)
    publisher: str = SITE
    """Name of the publisher."""
    texts: bool = False
    """Whether the beginnings of the items' texts are shown; their licences have to allow it."""
    show_sensitive: bool = False
    """Whether texts of tasks that are sensitive are shown too."""
    outcome: OutcomeFile | None = None
    """A table of one outcome a model, of which the publisher is given an analysis."""
    url: str | None = None
    """Where the folder will be found, as the user wrote it; None: nobody has said."""


def make_board(registry: Registry, name: str, inputs: BoardInputs) -> Board:
    """Return the leaderboard of a benchmark, or of a task or a glob of tasks, which make a benchmark.

    Args:
        registry: Where names are looked up.
        name: Name of the benchmark or task, or a glob of task names.
        inputs: Where the figures come from, and what stands above them.

    Raises:
        UsageError: there is no store, one label names different models in two stores, a glob matches no model, or the
            introduction cannot be read.
        StoreError: a store to merge cannot be read.
        UnknownName, ConfigurationError, DataError: as `assemble`.
    """
    about = read_about(inputs.about)
    meant = tasks_meant(registry, [name])
    needed = inputs.store_is_needed(_existing(registry, [name]))
    with inputs.stores.side_by_side(registry, needed=needed) as stores:
        registry, stores = _chosen(registry, stores, inputs, meant)
        board = assemble(
            registry,
            stores.own,
            name,
            published=inputs.published,
            merge=stores.others,
            confidence=inputs.confidence,
            choice=inputs.choice,
        )
    board.title, board.about = inputs.title, about
    return board


def _chosen(
    registry: Registry, stores: OpenStores, inputs: BoardInputs, meant: Mapping[str, Sequence[str]]
) -> tuple[Registry, OpenStores]:
    """Return a registry that knows the benchmarks which tasks make, and stores that show the chosen models alone."""
    tasks = list(dict.fromkeys(task for those in meant.values() for task in those))
    shipped = [file for benchmark in _existing(registry, list(meant)) for file in shipped_files(benchmark)]
    files = [*shipped, *inputs.published]
    stores = choose_models(registry, stores, inputs.choice, tasks, files)
    made = [name for name in meant if not registry.benchmarks().exists(name)]
    if made:
        found = tasks_with_results(registry, stores, inputs.choice, tasks, inputs.published)
        registry = with_made_benchmarks(registry, {name: meant[name] for name in made}, found)
    return registry, stores


def publish_boards(registry: Registry, publication: Publication, say: Callable[[str], None]) -> int:
    """Have a publisher fill a folder, and return the number of its files.

    Args:
        registry: Where names are looked up.
        publication: What is published, where, and by whom.
        say: Told what was left out.

    Raises:
        UnknownName: no plugin that is loaded has the publisher, or the analysis of the outcome.
        UsageError: there is no store, or stores contradict each other, or a column of the outcome is not clear, or the
            address is none.
        DataError: the table of the outcome cannot be read.
    """
    address = "" if publication.url is None else web_address(publication.url)
    publisher = find_publisher(registry, publication.publisher)
    analysis = None
    if publication.outcome is not None:
        analysis = find_analysis(registry)
        with code_of(registry, "analysis", CORRELATE):
            analysis.check(publication.outcome)  # before any work
    inputs = publication.inputs
    about = read_about(inputs.about)
    meant = tasks_meant(registry, publication.benchmarks)
    benchmarks = _existing(registry, publication.benchmarks)
    tasks = [task for those in meant.values() for task in those]
    opened = inputs.stores.as_one(registry, tasks, needed=inputs.store_is_needed(benchmarks), say=say)
    with opened as stores:
        registry, stores = _chosen(registry, stores, inputs, meant)
        edition = Edition(
            registry=registry,
            benchmarks=publication.benchmarks,
            store=stores.own,
            parts=stores.others,
            published=inputs.published,
            confidence=inputs.confidence,
            choice=inputs.choice,
            title=inputs.title,
            about=about,
            texts=publication.texts,
            show_sensitive=publication.show_sensitive,
            outcome=publication.outcome,
            analysis=analysis,
            say=say,
            address=address,
        )
        with code_of(registry, "publisher", publication.publisher):
            return publisher.publish(edition, publication.folder)


def _existing(registry: Registry, names: Sequence[str]) -> list[BenchmarkFile]:
    """Return the benchmarks of these names; a name that does not exist is refused by whoever assembles its board."""
    found = (registry.benchmarks().find(name) for name in names)
    return [benchmark for benchmark in found if benchmark is not None]
