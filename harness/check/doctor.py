"""The doctor: lists what is installed, where data and stores are, and how to mend what is broken or stale."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path

from harness.api import store_path
from harness.errors import HarnessError
from harness.files.regular_files import is_file, is_folder
from harness.names.plugins import GROUP, TASK_GROUP
from harness.names.registry import Registry
from harness.store.machine import hardware, versions
from harness.store.store import Store
from harness.tasks.data.sources import MIRROR_VARIABLE


@dataclass(frozen=True, slots=True)
class Observation:
    """One fact about the installation; ``ok`` is False for a fact that needs mending."""

    topic: str
    text: str
    ok: bool = True


def examine(store: Path | None, registry_file: Path | None, *, strict: bool = False) -> list[Observation]:
    """Examine versions, hardware, entry points, data mirror, plugins, tasks and store, in this order."""
    findings = [Observation(name, version) for name, version in versions().items()]
    machine = hardware()
    findings.append(Observation("hardware", ", ".join(f"{k} {v}" for k, v in machine.items())))
    findings += _entry_points()
    findings.append(_mirror())
    try:
        registry = Registry(extra=registry_file, strict=strict)
        findings += _registry(registry)
        findings.append(_store(store_path(registry, store)))
    except HarnessError as error:
        findings.append(Observation("registry", str(error), ok=False))
    return findings


def _entry_points() -> Iterator[Observation]:
    """Compare the installed entry points with pyproject.toml; a change there takes effect at the next install."""
    pyproject = Path(__file__).parents[2] / "pyproject.toml"
    if not pyproject.is_file():
        return
    declared = tomllib.loads(pyproject.read_text("utf-8"))["project"]["entry-points"]
    for group in (GROUP, TASK_GROUP):
        installed = {p.name: p.value for p in entry_points(group=group) if p.dist and p.dist.name == "harness-eval"}
        if installed == declared[group]:
            yield Observation(f"entry points {group}", "as in pyproject.toml")
        else:
            stale = sorted(set(declared[group].items()) ^ set(installed.items()))
            names = ", ".join(dict.fromkeys(name for name, _ in stale))
            yield Observation(
                f"entry points {group}", f"{names} changed since the install; run: pip install -e .", ok=False
            )


def _mirror() -> Observation:
    root = os.environ.get(MIRROR_VARIABLE)
    if not root:
        return Observation("data mirror", f"{MIRROR_VARIABLE} is not set; data sets are read from the hub")
    if not is_folder(Path(root)):
        return Observation("data mirror", f"{MIRROR_VARIABLE}={root} is not a folder; mend or unset it", ok=False)
    return Observation("data mirror", f"{MIRROR_VARIABLE}={root}")


def _registry(registry: Registry) -> Iterator[Observation]:
    for file in registry.files:
        yield Observation("registry file", str(file._path))
    for problem in registry.file_problems():
        yield Observation("registry file", problem, ok=False)
    for plugin in registry.plugins.found:
        text = f"{plugin.state} ({plugin.distribution} {plugin.version})"
        yield Observation(
            f"plugin {plugin.name}",
            f"{text}: {plugin.problem}" if plugin.problem else text,
            plugin not in registry.plugins.troubled,
        )
    for clash in registry.clashes():
        yield Observation("names", clash, ok=False)
    yield Observation(
        "tasks", f"{len(registry.tasks().files())} tasks, {len(registry.benchmarks().files())} benchmarks"
    )
    for problem in registry.task_problems:
        yield Observation("task file", problem, ok=False)


def _store(path: Path) -> Observation:
    if not is_file(path) or not path.stat().st_size:
        return Observation("store", f"{path}: none yet; the first evaluation makes it")
    try:
        with Store(path) as store:
            size = path.stat().st_size / 2**20
            return Observation("store", f"{path}: {store.count_responses()} responses, {size:.1f} MiB")
    except HarnessError as error:
        return Observation("store", str(error), ok=False)
