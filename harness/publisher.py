"""Interfaces of plugins that use leaderboards: publishers fill a folder, analyses compare figures with an outcome."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import UsageError
from harness.store.choosing import EVERY_MODEL, ModelChoice

if TYPE_CHECKING:
    from harness.names.registry import Registry
    from harness.store.reading import Readable

SITE = "site"
"""Name of the publisher that fills a folder unless the user names another."""
CORRELATE = "correlate"
"""Name of the analysis that `harness.correlate` runs, and that publishers get together with an outcome."""
THEME = Path(__file__).parent / "leaderboard" / "assets" / "theme.js"
"""A script that switches a page between light and dark, for all plugins that make pages."""


class UnclearColumn(UsageError):
    """A named column does not exist, or no column is named and it is unclear which one is meant.

    Args:
        text: The whole message.
        key: The field of `OutcomeFile` that names the column: ``model_column`` or ``value_column``.
    """

    def __init__(self, text: str, key: str) -> None:
        self.key = key
        super().__init__(text)


@dataclass(frozen=True, slots=True)
class OutcomeFile:
    """A table with one outcome for each model, and the names of its columns."""

    path: Path
    model_column: str | None = None
    """Column that names the model; None: the analysis finds it."""
    value_column: str | None = None
    """Column of the outcome; None: the analysis finds it."""


@dataclass(frozen=True, slots=True)
class Section:
    """The part of a page that shows an analysis, below the publisher's heading."""

    outcome: str
    """Name of the outcome, as plain text."""
    models: int
    """Number of models that have both figures and outcome."""
    html: str
    """Markup, in which the analysis has escaped every text."""


class Analysis(ABC):
    """Sets the figures of a benchmark against an outcome of the same models.

    A plugin registers the class, which is made without arguments: ``register("correlate", "module:Class")``.

    >>> import tempfile
    >>> from pathlib import Path
    >>> class Counted(Analysis):
    ...     def check(self, outcome):
    ...         if not outcome.path.is_file():
    ...             raise UsageError(f"{outcome.path}: no such file")
    ...
    ...     def answer(self, registry, store, benchmark, outcome, *, published=(), **settings):
    ...         return len(outcome.path.read_text().splitlines()) - 1  # one line is the header
    ...
    ...     def section(self, report):
    ...         return Section("outcome", report, f"<p>{report} models have an outcome.</p>")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     outcome = OutcomeFile(Path(folder) / "ratings.csv")
    ...     characters = outcome.path.write_text("model,rating\\na,1.5\\nb,2.5\\n")
    ...     Counted().answer(None, None, "quickstart", outcome)
    2
    """

    @abstractmethod
    def check(self, outcome: OutcomeFile) -> None:
        """Read a table of outcomes, so that mistakes in it are found before any work.

        Raises:
            DataError: the table cannot be read.
            UnclearColumn: a column is missing, or it is unclear which column is meant.
        """

    @abstractmethod
    def answer(
        self,
        registry: Registry,
        store: Readable | None,
        benchmark: str,
        outcome: OutcomeFile,
        *,
        published: Sequence[Path] = (),
        **settings: Any,
    ) -> Any:
        """Return a report, of a class that the analysis chooses.

        Args:
            registry: The registry of names.
            store: The store with the results of evaluated models; None if all figures are published.
            benchmark: A benchmark, or a task.
            outcome: The outcome.
            published: Files of published results, beside those that the benchmark ships.
            settings: All other arguments of `harness.correlate`, by name.

        Raises:
            UsageError: too few models have both figures and outcome.
            DataError: a file cannot be read.
        """

    @abstractmethod
    def section(self, report: Any) -> Section:
        """Return the part of a page that shows a report of `answer`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """The request to a publisher: benchmarks, the sources of their figures, and what to show beside the figures."""

    registry: Registry
    benchmarks: Sequence[str]
    """Names of the benchmarks, all of which the registry knows: it makes those of a task, or of a glob of tasks."""
    store: Readable | None
    """The store with the results, which shows the chosen models alone; None if all results are published."""
    parts: Sequence[Readable] = ()
    """The stores that `store` was merged from; empty if it was not merged.

    Only these stores know what it took to compute the answers. A page that names a command says that it was merged.
    """
    published: Sequence[Path] = ()
    """Files of published results, beside those that the benchmarks ship."""
    confidence: float | None = None
    """Nominal coverage of all intervals, in (0, 1); None: for each benchmark, that of most cells."""
    choice: ModelChoice = EVERY_MODEL
    """Which published models are shown; of evaluated ones the store shows no others."""
    title: str = ""
    """What stands above the pages in place of a benchmark's name; empty: that name."""
    about: str = ""
    """An introduction, as Markdown that somebody wrote: its HTML is text; empty: none."""
    texts: bool = False
    """Whether the beginnings of the items' texts may be shown; their licences have to allow it."""
    show_sensitive: bool = False
    """Whether texts of tasks that are sensitive may be shown too, and reasons of failures, which may quote them."""
    outcome: OutcomeFile | None = None
    """A table of outcomes that the analysis has checked, for a page of correlations; None: no such page."""
    analysis: Analysis | None = None
    """The analysis that sets the figures against the outcome; None only without an outcome."""
    say: Callable[[str], None] = lambda text: None
    """To be called with a note about everything that was left out."""
    address: str = ""
    """Where the folder will be found, ``https://HOST/PATH/`` with a slash at its end; empty: nobody has said."""


class Publisher(ABC):
    """Fills a folder with what readers of boards open: pages, documents, cards.

    A plugin registers the class, which is made without arguments, and the file to open:
    ``register("site", "module:Class", opens="index.html")``.

    A folder with one line a benchmark:

    >>> import tempfile
    >>> from pathlib import Path
    >>> from harness import write_atomically
    >>> class Names(Publisher):
    ...     def check(self, folder):
    ...         if folder.is_file():
    ...             raise UsageError(f"{folder}: is a file; name a folder")
    ...
    ...     def own_names(self, folder, benchmarks):
    ...         return {"names.txt"}
    ...
    ...     def publish(self, edition, folder):
    ...         folder.mkdir(parents=True, exist_ok=True)
    ...         write_atomically(folder / "names.txt", "\\n".join(edition.benchmarks))
    ...         return 1
    >>> edition = Edition(registry=None, benchmarks=["quickstart", "ppe"], store=None)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Names().publish(edition, Path(folder))
    ...     (Path(folder) / "names.txt").read_text().splitlines()
    1
    ['quickstart', 'ppe']
    """

    @abstractmethod
    def check(self, folder: Path) -> None:
        """Make sure that the publisher may write into the folder; nothing is made.

        Raises:
            UsageError: the folder holds files that somebody else put there.
            OSError: the folder cannot be read.
        """

    @abstractmethod
    def own_names(self, folder: Path, benchmarks: Sequence[str]) -> set[str]:
        """Return the names, directly in the folder, that publishing these benchmarks writes, replaces or removes.

        Raises:
            UsageError: as `check`.
            OSError: as `check`.
        """

    @abstractmethod
    def publish(self, edition: Edition, folder: Path) -> int:
        """Write all files into the folder, and return their number; a folder that does not exist is made.

        Raises:
            UsageError: a benchmark has no result, or the folder cannot be written.
        """


def find_publisher(registry: Registry, name: str = SITE) -> Publisher:
    """Make the publisher with a name.

    Raises:
        UnknownName: no loaded plugin registers the name; the message says which plugin would.
        PluginError: the publisher cannot be imported or made.
    """
    made: Publisher = _made(registry, "publisher", name)
    return made


def find_analysis(registry: Registry, name: str = CORRELATE) -> Analysis:
    """Make the analysis with a name.

    Raises:
        UnknownName: no loaded plugin registers the name; the message says which plugin would.
        PluginError: the analysis cannot be imported or made.
    """
    made: Analysis = _made(registry, "analysis", name)
    return made


def code_of(registry: Registry, kind: str, name: str) -> AbstractContextManager[None]:
    """Turn unexpected errors of a publisher or an analysis into a `PluginError` that says whose code raised them."""
    from harness.names.plugins import plugin_code

    entry = registry.find(kind, name)
    return plugin_code(f"the {kind} {entry.name!r} of the plugin {entry.plugin!r} of {entry.distribution}")


def _made(registry: Registry, kind: str, name: str) -> Any:
    kept = registry.find(kind, name).load()
    with code_of(registry, kind, name):
        return kept()
