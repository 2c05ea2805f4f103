"""What is installed, where data and stores are, and what is broken or stale; each with its mend."""

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
from harness.store import Store
from harness.store.machine import hardware, versions
from harness.tasks.data.sources import MIRROR_VARIABLE


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    topic: str
    text: str
    ok: bool = True


def examine(store: Path | None, registry_file: Path | None, *, strict: bool = False) -> list[Finding]:
    """Everything, in order."""
    findings = [Finding(name, version) for name, version in versions().items()]
    machine = hardware()
    findings.append(Finding("hardware", ", ".join(f"{k} {v}" for k, v in machine.items())))
    findings += _entry_points()
    findings.append(_mirror())
    try:
        registry = Registry(extra=registry_file, strict=strict)
        findings += _registry(registry)
        findings.append(_store(store_path(registry, store)))
    except HarnessError as error:
        findings.append(Finding("registry", str(error), ok=False))
    return findings


def _entry_points() -> Iterator[Finding]:
    """Entry points are frozen at install: a checkout whose pyproject.toml has changed since needs installing again."""
    pyproject = Path(__file__).parents[2] / "pyproject.toml"
    if not pyproject.is_file():
        return
    wanted = tomllib.loads(pyproject.read_text("utf-8"))["project"]["entry-points"]
    for group in (GROUP, TASK_GROUP):
        installed = {p.name: p.value for p in entry_points(group=group) if p.dist and p.dist.name == "harness-eval"}
        if installed == wanted[group]:
            yield Finding(f"entry points {group}", "as in pyproject.toml")
        else:
            stale = sorted(set(wanted[group].items()) ^ set(installed.items()))
            names = ", ".join(dict.fromkeys(name for name, _ in stale))
            yield Finding(
                f"entry points {group}", f"{names} changed since the install; run: pip install -e .", ok=False
            )


def _mirror() -> Finding:
    root = os.environ.get(MIRROR_VARIABLE)
    if not root:
        return Finding("data mirror", f"{MIRROR_VARIABLE} is not set; data sets are read from the hub")
    if not is_folder(Path(root)):
        return Finding("data mirror", f"{MIRROR_VARIABLE}={root} is not a folder; mend or unset it", ok=False)
    return Finding("data mirror", f"{MIRROR_VARIABLE}={root}")


def _registry(registry: Registry) -> Iterator[Finding]:
    for file in registry.files:
        yield Finding("registry file", str(file._path))
    for problem in registry.file_problems():
        yield Finding("registry file", problem, ok=False)
    for plugin in registry.plugins.found:
        text = f"{plugin.state} ({plugin.distribution} {plugin.version})"
        yield Finding(
            f"plugin {plugin.name}",
            f"{text}: {plugin.problem}" if plugin.problem else text,
            plugin not in registry.plugins.troubled,
        )
    for clash in registry.clashes():
        yield Finding("names", clash, ok=False)
    yield Finding("tasks", f"{len(registry.tasks().files())} tasks, {len(registry.benchmarks().files())} benchmarks")
    for problem in registry.task_problems:
        yield Finding("task file", problem, ok=False)


def _store(path: Path) -> Finding:
    if not is_file(path) or not path.stat().st_size:
        return Finding("store", f"{path}: none yet; the first evaluation makes it")
    try:
        with Store(path) as store:
            size = path.stat().st_size / 2**20
            return Finding("store", f"{path}: {store.count_responses()} responses, {size:.1f} MiB")
    except HarnessError as error:
        return Finding("store", str(error), ok=False)
