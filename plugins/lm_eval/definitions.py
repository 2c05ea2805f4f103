"""What lm-eval's YAML files say about a task, before any data is read: its figures, and the hash of its definition."""

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
    """A task's or group's YAML with its includes and overrides.

    Args:
        path: The file.
        overrides: What a group says otherwise of its member.
        resolve: Import the functions it names; else they stay ``FOLDER/module.function``.

    Raises:
        ConfigurationError: it is not YAML, or names a function that cannot be imported.
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
    """What lm-eval makes the task of."""
    metadata = definition.get("metadata") or {}
    metadata = dict(metadata) if isinstance(metadata, Mapping) else {"_metadata": metadata}
    plain = {key: value for key, value in definition.items() if key not in _STRUCTURE}
    return {**plain, "task": name, "metadata": metadata | options.made_from()}


def definition_digest(path: Path | None, overrides: Mapping[str, Any], options: Options) -> str:
    """Hash of all that the figures depend on: the YAML, the functions it names, the options, lm-eval's version."""
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
    """Every metric behind every filter, the first the headline; of a task that is defined in YAML.

    Raises:
        ConfigurationError: a metric without a name, or an aggregation that lm-eval does not know.
    """
    filters = [str(f["name"]) for f in definition.get("filter_list") or ()] or ["none"]
    listed = definition.get("metric_list")
    if listed is None:
        from lm_eval.api.registry import DEFAULT_METRIC_REGISTRY

        listed = [{"metric": name} for name in DEFAULT_METRIC_REGISTRY[definition.get("output_type", "generate_until")]]
    found = []
    for entry in listed:
        if not isinstance(entry, Mapping) or "metric" not in entry:
            raise ConfigurationError(f"{where}: metric_list: every entry needs the key 'metric', got {entry!r}")
        found.append(_figure(entry, where))
    return [Figure(f.metric, name, f.aggregate, f.higher_is_better) for name in filters for f in found]


def _figure(entry: Mapping[str, Any], where: str) -> Figure:
    from lm_eval.api.registry import get_aggregation, get_metric_aggregation, is_higher_better

    metric = entry["metric"]
    name = str(metric.__name__) if callable(metric) else str(metric)
    wanted = entry.get("aggregation")
    aggregate = wanted if callable(wanted) else get_aggregation(wanted) if wanted else get_metric_aggregation(name)
    if aggregate is None:
        known = f"no aggregation {wanted!r}" if wanted else "no aggregation of its own; name one with 'aggregation'"
        raise ConfigurationError(f"{where}: metric_list: {name}: lm-eval has {known}")
    higher = entry.get("higher_is_better", is_higher_better(name))
    return Figure(name, "none", aggregate, higher is not False)


def figures_built(task: Any, names: Sequence[str]) -> list[Figure]:
    """The same for a task of lm-eval that has been built, of the metrics of those names."""
    from lm_eval.api.metrics import mean

    aggregations, higher = task.aggregation(), task.higher_is_better()
    filters = [ensemble.name for ensemble in task._filters]
    return [
        Figure(name, filtered, aggregations.get(name, mean), higher.get(name, True) is not False)
        for filtered in filters
        for name in names
    ]
