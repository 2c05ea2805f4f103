"""Data sets on the hub, read by ``datasets``, and snapshots below ``$HARNESS_DATA`` in the layout of the hub."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from harness.errors import DataError
from harness.files.generated_data import GeneratedData, find_generated
from harness.files.regular_files import is_folder
from harness.tasks.data.rows import DataRow
from harness.tasks.data.sources import MIRROR_VARIABLE, FileSource, copied, mirror_root
from harness.tasks.data.values import plain


@dataclass(frozen=True, slots=True)
class HubSource:
    """Rows of a data set on the hub, or of a local folder laid out like one, streamed by ``datasets``."""

    name: str
    split: str
    config: str | None = None
    revision: str | None = None
    looked_in: str = ""
    """The place in the mirror that was searched first, for the message when there is no network."""

    @property
    def description(self) -> str:
        """Name hub id, config, split and revision."""
        config = f":{self.config}" if self.config else ""
        return f"hub data set {self.name}{config} split {self.split} revision {self.revision or 'latest'}"

    def rows(self) -> Iterator[DataRow]:
        """Yield all rows of the split.

        Raises:
            DataError: the data set cannot be reached or has no such split.
        """
        if not Path(self.name).is_dir() and not _hub_answers():
            raise DataError(self._unreadable("the hub does not answer"))
        import datasets

        try:
            with _no_progress_bars():
                stream = datasets.load_dataset(
                    self.name, self.config, split=self.split, revision=self.revision, streaming=True
                )
                for number, value in enumerate(stream):
                    yield DataRow(number, f"{self.name}[{self.split}] row {number}", plain(value))
        except DataError:
            raise
        except Exception as error:  # the library raises many kinds, from three packages
            first = (str(error).splitlines() or [""])[0]
            raise DataError(self._unreadable(f"{type(error).__name__}: {first}")) from error

    def generated(self) -> GeneratedData | None:
        """Return what a marker says of a local folder, if a program made it; None for what is on the hub."""
        folder = Path(self.name)
        return find_generated(folder) if is_folder(folder) else None

    def _unreadable(self, reason: str) -> str:
        looked = f"; looked first for {self.looked_in}" if self.looked_in else ""
        return (
            f"{self.description} cannot be read: {reason}{looked}. "
            f"Connect to the network, or set {MIRROR_VARIABLE} to a folder that holds a copy"
        )


@cache
def _hub_answers() -> bool:
    """Tell whether the hub can be reached, asked once a process.

    Without this question, the library would try for most of a minute for every data set of an offline machine.
    """
    if os.environ.get("HF_HUB_OFFLINE") or os.environ.get("HF_DATASETS_OFFLINE"):
        return True  # the library knows these variables: it fails at once, or finds the data in its cache
    import urllib.error
    import urllib.request

    try:
        with urllib.request.urlopen(os.environ.get("HF_ENDPOINT", "https://huggingface.co"), timeout=10):
            return True
    except urllib.error.HTTPError:  # an error status is an answer too: only the data set is out of reach
        return True
    except OSError:
        return False


class _no_progress_bars:
    """Keeps the streaming of a data set from drawing bars over the harness's own."""

    def __enter__(self) -> None:
        import datasets

        self._enabled = datasets.is_progress_bar_enabled()
        datasets.disable_progress_bars()

    def __exit__(self, *_: object) -> None:
        import datasets

        if self._enabled:
            datasets.enable_progress_bars()


@dataclass(frozen=True, slots=True)
class SnapshotSource:
    """The rows of the files of one split as the hub cuts it, in order, numbered through as on the hub."""

    files: tuple[Path, ...]
    copy_of: str = ""
    """The data set on the hub whose snapshot it is."""

    @property
    def description(self) -> str:
        """Name the first file, and how many more there are."""
        return f"{self.files[0]}" + (f" and {len(self.files) - 1} more" if len(self.files) > 1 else "")

    def rows(self) -> Iterator[DataRow]:
        """Yield all rows of the files.

        Raises:
            DataError: a file is missing, or cannot be read.
        """
        _check_complete(self.files)
        first = 0
        for path in self.files:
            number = -1
            for row in FileSource(path).rows():
                number = row.number
                yield DataRow(first + number, row.where, row.values, row.problem)
            first += number + 1

    def generated(self) -> GeneratedData | None:
        """Return what a marker says of the first file, if a program made it; None for real data."""
        return copied(find_generated(self.files[0], mirror_root()), self.copy_of)

    def count(self) -> int | None:
        """Return the number of rows; None if a file does not say it."""
        counts = [FileSource(path).count() for path in self.files]
        return None if None in counts else sum(count or 0 for count in counts)


_SHARD = re.compile(r"(?P<stem>.*-)(?P<number>\d{5})-of-(?P<all>\d{5})(?P<rest>\D.*)")


def snapshot_files(hub: str, config: str | None, split: str) -> tuple[tuple[Path, ...], str]:
    """Find the Parquet files of a split in a snapshot below ``$HARNESS_DATA``; also return the place searched.

    Args:
        hub: Id of the data set.
        config: The data set's configuration; files of another configuration are other data, and never used instead.
        split: The data set's split.

    Returns:
        The files, none if there is no such snapshot; and the place, empty without a snapshot of the data set.
    """
    root = os.environ.get(MIRROR_VARIABLE)
    if not root or not is_folder(Path(root) / hub):
        return (), ""
    snapshot = Path(root) / hub
    plain_folders = [snapshot / "data", snapshot, snapshot / "default"]
    folders = plain_folders if config is None else [snapshot / config, snapshot / "data" / config]
    if config == "default":  # the default configuration may lie in data/ without a folder of its own
        folders += plain_folders[:1]
    for folder in folders:
        # data/test-00000-of-00002.parquet is what push_to_hub writes, test/0000.parquet the hub's own conversion
        for parent, name in ((folder, re.escape(split) + r"-\d+(-of-\d+)?(-[0-9a-f]+)?"), (folder / split, r"\d+")):
            paths = parent.glob("*.parquet") if is_folder(parent) else ()
            files = tuple(sorted(path for path in paths if re.fullmatch(name, path.stem) and path.is_file()))
            if files:
                return files, str(files[0])
    return (), f"{folders[0]}/{split}-*.parquet"


def _check_complete(files: tuple[Path, ...]) -> None:
    """Refuse a snapshot with a missing part: its figures would be those of other data.

    Raises:
        DataError: a shard is missing.
    """
    match = _SHARD.fullmatch(files[0].name)
    present = set(files)
    if match is None:
        return
    for number in range(int(match["all"])):
        shard = files[0].with_name(f"{match['stem']}{number:05d}-of-{match['all']}{match['rest']}")
        if shard not in present:
            raise DataError(f"{shard}: no such file, though {files[0].name} says that there is; download it too")
