"""Reads lm-eval's YAML files before any data is read: a task's figures, and the hash of its definition."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness import ConfigurationError
from harness.files import check_yaml
from harness.names import describe

from .index import installed
from .metrics import Figure
from .options import Options

_STRUCTURE = ("tag", "group", "task_list")


def read_definition(path: Path, overrides: Mapping[str, Any] = {}, *, resolve: bool = True) -> dict[str, Any]:
    """Read a task's or group's YAML with its includes and overrides.

    Args:
        path: The file.
        overrides: The keys that a group changes for its member.
        resolve: Import the functions that the file names; else they stay ``FOLDER/module.function``.

    Raises:
        ConfigurationError: the file is not YAML, or names a function that cannot be imported.
    """
    from lm_eval.tasks._yaml_loader import load_yaml

    check_yaml(path)
    try:
        read = load_yaml(path, resolve_func=resolve)
    except FileNotFoundError as error:
        raise ConfigurationError(f"{path}: no such file: {error.filename or path}") from None
    except Exception as error:  # YAML, or the import of a task's own module
        raise ConfigurationError(f"{path}: cannot be read as a task of lm-eval: {describe(error)}") from error
    return {**read, **overrides}


def as_task(definition: Mapping[str, Any], name: str, options: Options) -> dict[str, Any]:
    """Return the configuration that lm-eval makes the task of."""
    metadata = definition.get("metadata") or {}
    metadata = dict(metadata) if isinstance(metadata, Mapping) else {"_metadata": metadata}
    plain = {key: value for key, value in definition.items() if key not in _STRUCTURE}
    return {**plain, "task": name, "metadata": metadata | options.made_from()}


def definition_digest(path: Path | None, overrides: Mapping[str, Any], options: Options) -> str:
    """Hash everything that the figures depend on: YAML, the functions it names, options, lm-eval's version."""
    raw = read_definition(path, overrides, resolve=False) if path is not None else dict(overrides)
    folder, release = installed()
    text = json.dumps(raw, sort_keys=True, default=str)
    files = [Path(found) for found in re.findall(r'"(/[^"]*)\.\w+"', text)]
    modules = [f.with_suffix(".py") for f in files]
    sources = sorted({m.read_text("utf-8") for m in modules if m.is_file()})
    base = str(path.parent) if path is not None else ""
    text = (
        text.replace(str(folder), "lm_eval:").replace(base + "/", "") if base else text.replace(str(folder), "lm_eval:")
    )
    counted = {key: value for key, value in asdict(options).items() if key != "confirm_run_unsafe_code"}
    whole = json.dumps([release, text, sources, counted], sort_keys=True)
    return hashlib.blake2b(whole.encode(), digest_size=16).hexdigest()


def figures_of(definition: Mapping[str, Any], where: str) -> list[Figure]:
    """List every metric behind every filter, the headline first, of a task that is defined in YAML.

    Raises:
        ConfigurationError: a metric without a name, or an aggregation that lm-eval does not know.
    """
    filters = [str(f["name"]) for f in definition.get("filter_list") or ()] or ["none"]
    listed = definition.get("metric_list")
    if listed is None:
        from lm_eval.api.registry import DEFAULT_METRIC_REGISTRY

        listed = [{"metric": name} for name in DEFAULT_METRIC_REGISTRY[definition.get("output_type", "generate_until")]]
    figures = []
    for entry in listed:
        if not isinstance(entry, Mapping) or "metric" not in entry:
            raise ConfigurationError(f"{where}: metric_list: every entry needs the key 'metric', got {entry!r}")
        figures.append(_figure(entry, where))
    return [Figure(f.metric, name, f.aggregate, f.higher_is_better) for name in filters for f in figures]


def _figure(entry: Mapping[str, Any], where: str) -> Figure:
    from lm_eval.api.registry import get_aggregation, get_metric_aggregation, is_higher_better

    metric = entry["metric"]
    name = str(metric.__name__) if callable(metric) else str(metric)
    named = entry.get("aggregation")
    aggregate = named if callable(named) else get_aggregation(named) if named else get_metric_aggregation(name)
    if aggregate is None:
        lacking = f"no aggregation {named!r}" if named else "no aggregation of its own; name one with 'aggregation'"
        raise ConfigurationError(f"{where}: metric_list: {name}: lm-eval has {lacking}")
    higher = entry.get("higher_is_better", is_higher_better(name))
    return Figure(name, "none", aggregate, higher is not False)


def figures_built(task: Any, names: Sequence[str]) -> list[Figure]:
    """List the figures of a built task of lm-eval: the given metrics behind every filter."""
    from lm_eval.api.metrics import mean

    aggregations, higher = task.aggregation(), task.higher_is_better()
    filters = [ensemble.name for ensemble in task._filters]
    return [
        Figure(name, filtered, aggregations.get(name, mean), higher.get(name, True) is not False)
        for filtered in filters
        for name in names
    ]
