"""The conformance check of trainers: a training that is killed and goes on must end like an undisturbed one."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from harness.check.finding import Finding
from harness.files.digests import file_identity
from harness.model import MANIFEST
from harness.names.registry import Registry
from harness.names.resolving import resolve_model, resolve_training
from harness.names.specification import specify
from harness.progress import SilentProgress
from harness.running.runner import Runner
from harness.store.store import Store
from harness.training.fit import TrainingRun, ready_request
from harness.training.request import TrainingEnvironment, TrainingRequest

MOMENTS = 8
"""Most moments at which a training is killed; they are spread evenly over all moments, with the first and the last."""
_MAY_DIFFER = ("seconds", "made", "curve", "versions")
"""Keys in which two manifests of the same training may differ."""


class Killed(BaseException):
    """Stands for a kill; a BaseException, so that no trainer may rightly catch it."""


@dataclass(slots=True)
class Moments(SilentProgress):
    """Counts the moments at which a training can be killed, and kills it at one of them.

    Such a moment is a file that was just put in its place below the work directory, or a point of the learning curve.
    """

    fatal: int = 0
    """Number of the moment at which the training is killed, from 1; 0: never."""
    count: int = 0
    files: list[str] = field(default_factory=list)
    """Names of the files that were put in their places."""

    def step(self, what: str, step: int, **values: float) -> None:
        """Count a point of the learning curve as a moment."""
        self._pass()

    @contextlib.contextmanager
    def watching(self, folder: Path) -> Iterator[None]:
        """Count each file that is put in its place below a folder as a moment."""
        real = os.replace

        def replace(source: Any, target: Any, **more: Any) -> None:
            real(source, target, **more)
            if folder in Path(target).parents:
                self.files.append(Path(target).name)
                self._pass()

        os.replace = replace  # type: ignore[assignment]
        try:
            yield
        finally:
            os.replace = real

    def _pass(self) -> None:
        self.count += 1
        if self.count == self.fatal:
            raise Killed


def check_trainer(
    registry: Registry,
    name: str,
    task: str,
    *,
    base: str | None = None,
    settings: Mapping[str, Any] | None = None,
    split: str = "train",
    limit: int | None = None,
    moments: int = MOMENTS,
) -> Iterator[Finding]:
    """Train twice undisturbed, and once more for every moment at which the training is killed.

    Args:
        registry: The registry of names.
        name: Name of the trainer.
        task: Name of the task whose rows the trainer learns from.
        base: The base model, if the trainer needs one.
        settings: Settings of the trainer, by name.
        split: The split of the task to learn from.
        limit: Learn only from the first items; None: from all items.
        moments: Most moments at which a training is killed.

    Raises:
        UsageError: trainer, task, settings and base do not fit together.
        DataError: the split cannot be learned from.
    """
    entry = registry.find("trainer", name)

    def train(place: Path, fatal: int) -> tuple[dict[str, Any], Moments]:
        """Train in a new folder, killed at moment ``fatal`` (0: never); return the product and the moments counted."""
        watched = Moments(fatal)
        place.mkdir()
        # A new store, too: answers that the killed training got are on file when it goes on, as in real use.
        with Store(place / "store.sqlite") as store:
            client, silent = Runner(registry, store).client(), SilentProgress()
            models = resolve_training(registry, entry, settings or {}, base, models_folder=place.parent / "models")
            wanted = TrainingRequest(entry, task, {}, split=split, limit=limit)
            request = ready_request(TrainingEnvironment(registry, store, client, silent), wanted, models)
            target = place / "product"
            with contextlib.suppress(Killed), watched.watching(target.with_name("product.partial")):
                TrainingRun(TrainingEnvironment(registry, store, client, watched), request, target).run()
                return _product(registry, target), watched
            TrainingRun(TrainingEnvironment(registry, store, client, silent), request, target).run()
        return _product(registry, target), watched

    with TemporaryDirectory(prefix="harness-check-") as folder:
        whole, seen = train(Path(folder) / "whole", 0)
        again, _ = train(Path(folder) / "again", 0)
        yield _finding(name, "trains to the same model twice", whole, again)
        for number in _chosen(seen.count, moments):
            product, _ = train(Path(folder) / f"killed-{number}", number)
            rule = f"goes on to the same model after a kill ({number} of {seen.count} moments)"
            yield _finding(name, rule, whole, product)


def _chosen(count: int, most: int) -> Sequence[int]:
    """Return at most ``most`` numbers from 1 to ``count``, evenly spread, the first and the last among them."""
    if count <= most:
        return range(1, count + 1)
    return sorted({1 + round(i * (count - 1) / (most - 1)) for i in range(most)})


def _product(registry: Registry, folder: Path) -> dict[str, Any]:
    """Return all that tells one product from another: files, the manifest without dates, the model's fingerprint."""
    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    files = {str(f.relative_to(folder)): file_identity(f) for f in sorted(folder.rglob("*")) if f.is_file()}
    files.pop(MANIFEST)
    model = resolve_model(registry, specify("product", manifest["model"], folder), models_folder=folder.parent)
    comparable = {key: value for key, value in manifest.items() if key not in _MAY_DIFFER}
    return {"files": files, "manifest": comparable, "fingerprint": model.fingerprint}


def _finding(name: str, rule: str, whole: Mapping[str, Any], product: Mapping[str, Any]) -> Finding:
    differing = [text for key, describe in _DIFFERENCES.items() for text in describe(whole[key], product[key])]
    return Finding(name, rule, not differing, "; ".join(differing))


def _files(one: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    names = sorted(name for name in {*one, *other} if one.get(name) != other.get(name))
    return [f"the files differ: {', '.join(names)}"] if names else []


def _manifests(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    return [f"{key} in its manifest: {one.get(key)} and {other.get(key)}" for key in one if one[key] != other.get(key)]


def _fingerprints(one: str, other: str) -> list[str]:
    return [] if one == other else [f"the fingerprints are {one} and {other}"]


_DIFFERENCES: Mapping[str, Callable[[Any, Any], list[str]]] = {
    "files": _files,
    "manifest": _manifests,
    "fingerprint": _fingerprints,
}
