"""Which stores a command reads: the one of this machine, and those of other machines to merge; all are opened here."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import UsageError
from harness.files.regular_files import is_file
from harness.results.selection import open_to_merge
from harness.store.choosing import ChosenModels
from harness.store.reading import Readable, StoreReader
from harness.store.store import Store

if TYPE_CHECKING:
    from harness.names.registry import Registry

DEFAULT_STORE = Path(".harness/store.sqlite")


def store_path(registry: Registry, path: str | Path | None = None) -> Path:
    """Return the path of the store: as given, as the last registry file says, or ``.harness/store.sqlite``.

    Raises:
        UsageError: the path that is given names a folder, not a file.
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
    """Return the folder of the trained models of a store, which lies beside the store's file."""
    return path.with_name(path.name + ".files") / "models"


def existing_store_path(registry: Registry, store: str | Path | None) -> Path:
    """Return the path of a store that must exist.

    Raises:
        UsageError: there is no store at that path, or the file is empty.
    """
    path = store_path(registry, store)
    if not is_file(path) or not path.stat().st_size:
        raise UsageError(f"{path}: there is no store yet; evaluate something first, or name another with --store")
    return path


@contextmanager
def existing_store(registry: Registry, store: str | Path | None) -> Iterator[Readable]:
    """Open a store that must exist, to read; a store that cannot be written is opened for reading alone.

    Raises:
        UsageError: there is no such store.
    """
    path = existing_store_path(registry, store)
    writable = os.access(path, os.W_OK) and os.access(path.absolute().parent, os.W_OK)
    # Opened for writing, SQLite clears its files beside the store away.
    with Store(path) if writable else StoreReader(path) as opened:
        yield opened


@dataclass(frozen=True, slots=True)
class OpenStores:
    """Stores that are open, for as long as a command reads them."""

    own: Readable | None
    """The store of this machine, or the store that all were joined into; None where everything is published."""
    others: Sequence[Readable] = ()
    """Beside a store of this machine, the stores to merge; of a joined store, all stores that it was joined from."""


@dataclass(frozen=True, slots=True)
class StoreFiles:
    """The store of this machine, and the stores of other machines to read beside it, as the user named them."""

    store: str | Path | None = None
    """The SQLite file; None: the default, as `store_path` says."""
    merge: Sequence[str | Path] = ()
    """Stores of other machines; of cells that several have, the first store's counts."""
    own_models: Sequence[str] | None = None
    """Labels of the models that are read from the store of this machine; None: all."""

    def paths(self, registry: Registry) -> list[Path]:
        """Return the files that are read, whether they exist or not."""
        return [store_path(registry, self.store), *(Path(path).expanduser() for path in self.merge)]

    @contextmanager
    def side_by_side(self, registry: Registry, *, needed: bool) -> Iterator[OpenStores]:
        """Open each store by itself.

        Args:
            registry: Says where the default store is.
            needed: True where nothing else has results, so that the store of this machine must exist.

        Raises:
            UsageError: the store of this machine must exist and does not.
            StoreError: a store to merge cannot be read.
        """
        with ExitStack() as stack:
            others = [stack.enter_context(open_to_merge(Path(path).expanduser())) for path in self.merge]
            own = stack.enter_context(existing_store(registry, self.store)) if self._opens(registry, needed) else None
            if own is not None and self.own_models is not None:
                own = ChosenModels(own, self.own_models)
            yield OpenStores(own, others)

    @contextmanager
    def as_one(
        self, registry: Registry, tasks: Sequence[str], *, needed: bool, say: Callable[[str], None]
    ) -> Iterator[OpenStores]:
        """Open the store; where others are to be merged, join the whole evaluations of all into a temporary store.

        Args:
            registry: Says where the default store is, and how tasks are defined now.
            tasks: Names of the tasks whose evaluations are joined; a name that does not exist is passed over.
            needed: True where nothing else has results, so that the store of this machine must exist.
            say: Told which evaluations were left out.

        Raises:
            UsageError: the store of this machine must exist and does not, or stores contradict each other.
            StoreError: a store to merge cannot be read.
        """
        with self.side_by_side(registry, needed=needed) as stores:
            if not self.merge:
                yield stores
                return
            readers = [*([] if stores.own is None else [stores.own]), *stores.others]
            with _joined(registry, readers, tasks, say) as joined:
                yield OpenStores(joined, readers)

    def _opens(self, registry: Registry, needed: bool) -> bool:
        # A store that is named beside stores to merge has to be there: a misspelt path would drop its results unseen.
        named = bool(self.merge) and self.store is not None
        return needed or named or is_file(store_path(registry, self.store))


@contextmanager
def _joined(
    registry: Registry, readers: Sequence[Readable], tasks: Sequence[str], say: Callable[[str], None]
) -> Iterator[Store]:
    """Join the whole evaluations that stores hold of some tasks, into a store that is removed afterwards."""
    from tempfile import TemporaryDirectory

    from harness.results.joining import join
    from harness.tasks.build import task_digest

    with TemporaryDirectory() as place, Store(Path(place) / "store.sqlite") as store:
        existing = sorted(task for task in set(tasks) if registry.tasks().exists(task))
        for note in join(store, readers, {task: task_digest(registry, task) for task in existing}):
            say(note)
        yield store
