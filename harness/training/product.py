"""The folder of a trained model: claimed by one training at a time, whole or not there."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from harness.errors import DataError, StoreError, UsageError
from harness.files.atomic import NO_ROOM, is_full, remove_leftovers, write_atomically
from harness.files.locks import alone
from harness.model import MANIFEST
from harness.names.handles import absolute
from harness.names.registry import Registry
from harness.store.curves import delete_curve
from harness.store.store import Store

SETTINGS = "settings.json"
"""The file in a work directory that says what is being trained there."""


def curve_of(directory: Path) -> str:
    """Name the learning curve of a training into a directory, as the store does: by its place, seen from everywhere."""
    return absolute(str(directory))


class ProductFolder:
    """Where the product of a training goes, and where it is made.

    A training works in a folder beside that of the product, which becomes the product by one rename. Two trainings are
    of the same product if what their weights depend on, here called ``determining``, is the same.

    Args:
        directory: Where the product goes.

    Raises:
        UsageError: the directory has no name of its own, or the folders above it cannot be made.
    """

    def __init__(self, directory: Path) -> None:
        if not directory.name:  # "." and "/", beside which no folder can be named after them
            raise UsageError(f"{directory} exists already; name a folder that is not there yet")
        try:
            directory.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"{directory}: cannot be made: {error.strerror}; choose another place") from error
        self.directory = directory
        self.workdir = directory.with_name(directory.name + ".partial")

    def alone(self, waiting: Callable[[], None]) -> contextlib.AbstractContextManager[bool]:
        """Keep other processes from training into this folder for as long as a block lasts.

        Args:
            waiting: Called once, if another process has to be waited for.

        Returns:
            A context manager, which gives whether another process was waited for.
        """
        return alone(self.directory.with_name(self.directory.name + ".lock"), waiting=waiting)

    def finished(self, determining: Mapping[str, Any]) -> dict[str, Any] | None:
        """Read the manifest of a product that is there; None unless it is the same product."""
        return _manifest_of(self.directory, determining)

    def rescued(self, determining: Mapping[str, Any]) -> dict[str, Any] | None:
        """Put a product in its place that a training finished, and was killed before it could do so itself.

        Returns:
            Its manifest; None where there is no such product.

        Raises:
            StoreError: the product cannot be put in its place.
        """
        manifest = _manifest_of(self.workdir, determining)
        if manifest is None or os.path.lexists(self.directory) or self.workdir.is_symlink():
            return None
        self.finish(manifest)
        return manifest

    def claim(self, determining: Mapping[str, Any], store: Store) -> list[str]:
        """Make the work directory; an unfinished training is taken up only if it was of the same product.

        Returns:
            What the product depends on that was another for the unfinished training that was thrown away: keys, those
            of parts and settings with a dot; empty where there was none, or it is taken up.

        Raises:
            UsageError: a folder or a link of somebody else is in the way, or the folder cannot be made.
        """
        if os.path.lexists(self.directory):
            raise UsageError(f"{self.directory} exists already; choose another place, or delete it to train anew")
        text = json.dumps(determining, sort_keys=True, default=str)
        workdir = self.workdir
        try:
            if workdir.is_symlink():  # else what it leads to would be emptied
                raise UsageError(f"{workdir}: is a link, which is not followed; delete it")
            workdir.mkdir(parents=True, exist_ok=True)
            remove_leftovers(workdir)
            changed: list[str] = []
            if not self._is_of(text):
                changed = _differing(workdir / SETTINGS, text)
                shutil.rmtree(workdir)
                workdir.mkdir()
                delete_curve(store, curve_of(self.directory))
            write_atomically(workdir / SETTINGS, text)
        except OSError as error:
            reason = NO_ROOM if is_full(error) else f"cannot be made: {error.strerror}; choose another place"
            raise UsageError(f"{self.directory}: {reason}") from error
        return changed

    def _is_of(self, text: str) -> bool:
        """Whether the work directory holds an unfinished training of the product that ``text`` determines.

        Raises:
            UsageError: the folder is of somebody else, and is not deleted.
        """
        try:
            return (self.workdir / SETTINGS).read_text("utf-8") == text
        except FileNotFoundError:
            if any(self.workdir.iterdir()) and not (self.workdir / MANIFEST).is_file():
                raise UsageError(
                    f"{self.workdir}: is in the way, and is no unfinished training; move it away"
                ) from None
            return False
        except UnicodeDecodeError:
            return False

    def finish(self, manifest: Mapping[str, Any]) -> None:
        """Make a product of what was trained in the work directory.

        Raises:
            StoreError: the manifest cannot be written, or the folder not moved into its place.
        """
        try:
            write_atomically(self.workdir / MANIFEST, json.dumps(manifest, indent=2, default=str) + "\n")
            (self.workdir / SETTINGS).unlink(missing_ok=True)
            self.workdir.rename(self.directory)
        except OSError as error:
            reason = NO_ROOM if is_full(error) else f"cannot be written: {error.strerror}; the same command goes on"
            raise StoreError(f"{self.directory}: {reason}") from error


def refuse_own_folder(registry: Registry, model: str, workdir: Path) -> None:
    """Refuse a product that is built over a model in its own work directory, which is moved when it is done.

    The product may name what lies in its own folder by its place: ``default_parts`` that begin at its ``path``.

    Raises:
        DataError: it names the work directory; says how it may.
    """
    with TemporaryDirectory(prefix="harness-product-") as folder:
        # Through a link the product lies elsewhere: what still names the work directory names it whole.
        link = Path(folder) / "product"
        try:
            link.symlink_to(absolute(str(workdir)), target_is_directory=True)
            parts = dict(registry.find("model", model).load()(path=str(link)).default_parts())
        except (Exception, SystemExit):  # whoever uses the product is told what is wrong with it
            return
    for name, text in parts.items():
        if absolute(str(workdir)) in str(text):
            raise DataError(
                f"the model {model!r} that was trained is built over {name}={text}, in its work directory; that is "
                "moved when the training is done: keep the path relative to the product, and let default_parts join it "
                "to the product's own path"
            )


def _manifest_of(directory: Path, determining: Mapping[str, Any]) -> dict[str, Any] | None:
    """Read the manifest in a directory; None unless it is of the same product."""
    try:
        manifest: dict[str, Any] = json.loads((directory / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    same = json.loads(json.dumps(dict(determining), default=str))
    return manifest if {key: manifest.get(key) for key in same} == same else None


def _differing(file: Path, text: str) -> list[str]:
    """List the keys under which two trainings differ, those of settings and parts with a dot."""
    try:
        before, now = json.loads(file.read_text("utf-8")), json.loads(text)
    except (OSError, ValueError):
        return []
    if not isinstance(before, dict):
        return []
    return list(dict.fromkeys(_differing_keys(before, now)))


def _differing_keys(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for key in dict.fromkeys((*before, *now)):
        one, other = before.get(key), now.get(key)
        if isinstance(one, dict) and isinstance(other, dict):
            yield from (f"{key}.{inner}" for inner in _differing_keys(one, other))
        elif one != other:
            yield key
