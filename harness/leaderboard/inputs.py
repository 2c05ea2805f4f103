"""What boards are made from, as one value that is built where a user says it and handed on whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from harness.leaderboard.assembling import assemble
from harness.leaderboard.board import Board
from harness.leaderboard.outputs import web_address
from harness.publisher import CORRELATE, SITE, Edition, OutcomeFile, code_of, find_analysis, find_publisher
from harness.results.stores import OpenStores, StoreFiles

if TYPE_CHECKING:
    from harness.names.registry import Registry
    from harness.tasks.schema import BenchmarkFile


@dataclass(frozen=True, slots=True)
class BoardInputs:
    """Where the figures of a board come from, and the level of its intervals, as the user named them."""

    stores: StoreFiles = field(default_factory=StoreFiles)
    published: Sequence[Path] = ()
    """Files of published results, beside those that the benchmarks name themselves."""
    confidence: float | None = None
    """Nominal coverage of all intervals, in (0, 1); None: that of most evaluations."""

    def store_is_needed(self, benchmarks: Sequence[BenchmarkFile]) -> bool:
        """Return whether nothing but the store of this machine can have a figure of the benchmarks."""
        shipped = any(benchmark.published for benchmark in benchmarks)
        return not (self.published or self.stores.merge or shipped)


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """An order to a publisher: which boards it makes, from what, into which folder."""

    benchmarks: Sequence[str]
    """Names of benchmarks."""
    folder: Path
    inputs: BoardInputs = field(default_factory=BoardInputs)
    publisher: str = SITE
    """Name of the publisher."""
    texts: bool = False
    """Whether the beginnings of the items' texts are shown; their licences have to allow it."""
    outcome: OutcomeFile | None = None
    """A table of one outcome a model, of which the publisher is given an analysis."""
    url: str | None = None
    """Where the folder will be found, as the user wrote it; None: nobody has said."""


def make_board(registry: Registry, benchmark: str, inputs: BoardInputs) -> Board:
    """Return the leaderboard of a benchmark.

    Args:
        registry: Where names are looked up.
        benchmark: Name of the benchmark.
        inputs: Where the figures come from.

    Raises:
        UsageError: there is no store, or one label names different models in two stores.
        StoreError: a store to merge cannot be read.
        UnknownName, ConfigurationError, DataError: as `assemble`.
    """
    needed = inputs.store_is_needed(_existing(registry, [benchmark]))
    with inputs.stores.side_by_side(registry, needed=needed) as stores:
        return assemble(
            registry,
            stores.own,
            benchmark,
            published=inputs.published,
            merge=stores.others,
            confidence=inputs.confidence,
        )


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
    with _one_store(registry, publication, say) as stores:
        edition = Edition(
            registry=registry,
            benchmarks=publication.benchmarks,
            store=stores.own,
            parts=stores.others,
            published=publication.inputs.published,
            confidence=publication.inputs.confidence,
            texts=publication.texts,
            outcome=publication.outcome,
            analysis=analysis,
            say=say,
            address=address,
        )
        with code_of(registry, "publisher", publication.publisher):
            return publisher.publish(edition, publication.folder)


@contextmanager
def _one_store(registry: Registry, publication: Publication, say: Callable[[str], None]) -> Iterator[OpenStores]:
    benchmarks = _existing(registry, publication.benchmarks)
    tasks = [task for benchmark in benchmarks for task in benchmark.tasks]
    needed = publication.inputs.store_is_needed(benchmarks)
    with publication.inputs.stores.as_one(registry, tasks, needed=needed, say=say) as stores:
        yield stores


def _existing(registry: Registry, names: Sequence[str]) -> list[BenchmarkFile]:
    """Return the benchmarks of these names; a name that does not exist is refused by whoever assembles its board."""
    found = (registry.benchmarks().find(name) for name in names)
    return [benchmark for benchmark in found if benchmark is not None]
