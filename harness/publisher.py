"""What plugins make of boards: publishers, which fill a folder, and analyses, which set figures against an outcome."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import UsageError

if TYPE_CHECKING:
    from harness.names.registry import Registry
    from harness.store.reading import Readable

SITE = "site"
"""The publisher that fills a folder unless another is named."""
CORRELATE = "correlate"
"""The analysis that `harness.correlate` asks, and that publishers are handed together with an outcome."""
THEME = Path(__file__).parent / "leaderboard" / "assets" / "theme.js"
"""A script that switches a page between light and dark, for whatever plugin makes pages."""


class UnclearColumn(UsageError):
    """A column that is not there, or of which it is not clear which is meant.

    Args:
        text: The whole message.
        key: The field of `OutcomeFile` that says it: ``model_column`` or ``value_column``.
    """

    def __init__(self, text: str, key: str) -> None:
        self.key = key
        super().__init__(text)


@dataclass(frozen=True, slots=True)
class OutcomeFile:
    """A table of one outcome a model, and which of its columns are meant."""

    path: Path
    model_column: str | None = None
    """Column that names the model; None: the analysis finds it."""
    value_column: str | None = None
    """Column of the outcome; None: the analysis finds it."""


@dataclass(frozen=True, slots=True)
class Section:
    """What a publisher shows of an analysis, below a heading of its own."""

    outcome: str
    """What the outcome is called, as text."""
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
        """Read a table of outcomes, to find what is wrong with it before any work.

        Raises:
            DataError: it cannot be read.
            UnclearColumn: a column is missing, or it is not clear which is meant.
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
        """Return a report, of whatever class the analysis chooses.

        Args:
            registry: Where names are looked up.
            store: Holds the results of evaluated models; None where all figures are published.
            benchmark: A benchmark, or a task.
            outcome: The outcome.
            published: Files of published results, beside those that the benchmark ships.
            settings: What else `harness.correlate` was told, by its names.

        Raises:
            UsageError: too few models have both figures and outcome.
            DataError: a file cannot be read.
        """

    @abstractmethod
    def section(self, report: Any) -> Section:
        """Return what a publisher shows of a report that `answer` gave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """What is to be published: benchmarks, where their figures come from, and what stands beside them."""

    registry: Registry
    benchmarks: Sequence[str]
    """Their names."""
    store: Readable | None
    """Holds the results; None where all are published."""
    parts: Sequence[Readable] = ()
    """The stores whose newest cells `store` holds, where it holds those of several.

    They know what it took to compute the answers, and where a page names a command it says so.
    """
    published: Sequence[Path] = ()
    """Files of published results, beside those that the benchmarks ship."""
    confidence: float | None = None
    """Nominal coverage of all intervals, in (0, 1); None: for each benchmark, that of most of its cells."""
    texts: bool = False
    """Whether the beginnings of the items' texts may be shown; their licences have to allow it."""
    outcome: OutcomeFile | None = None
    """A table that the analysis has checked, where there is to be a page of what goes with it."""
    analysis: Analysis | None = None
    """What sets the figures against the outcome; None only where there is no outcome."""
    say: Callable[[str], None] = lambda text: None
    """Told what was left out."""


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
        """Make sure that the folder may be written into; nothing is made.

        Raises:
            UsageError: it holds what somebody else put there.
            OSError: it cannot be looked at.
        """

    @abstractmethod
    def own_names(self, folder: Path, benchmarks: Sequence[str]) -> set[str]:
        """Names, directly in the folder, of whatever publishing these benchmarks writes, replaces or removes.

        Raises:
            UsageError: as `check`.
            OSError: as `check`.
        """

    @abstractmethod
    def publish(self, edition: Edition, folder: Path) -> int:
        """Write everything into the folder, which is made where it does not exist; return the number of files.

        Raises:
            UsageError: a benchmark has no result, or the folder cannot be written.
        """


def find_publisher(registry: Registry, name: str = SITE) -> Publisher:
    """Make the publisher of that name.

    Raises:
        UnknownName: no plugin that is loaded registers it; says which would.
        PluginError: it cannot be imported or made.
    """
    made: Publisher = _made(registry, "publisher", name)
    return made


def find_analysis(registry: Registry, name: str = CORRELATE) -> Analysis:
    """Make the analysis of that name.

    Raises:
        UnknownName: no plugin that is loaded registers it; says which would.
        PluginError: it cannot be imported or made.
    """
    made: Analysis = _made(registry, "analysis", name)
    return made


def code_of(registry: Registry, kind: str, name: str) -> AbstractContextManager[None]:
    """Turn whatever a publisher or an analysis raises by mistake into a `PluginError` that says whose code it was."""
    from harness.names.plugins import plugin_code

    entry = registry.find(kind, name)
    return plugin_code(f"the {kind} {entry.name!r} of the plugin {entry.plugin!r} of {entry.distribution}")


def _made(registry: Registry, kind: str, name: str) -> Any:
    kept = registry.find(kind, name).load()
    with code_of(registry, kind, name):
        return kept()
