"""The command ``harness show``."""

from __future__ import annotations

import inspect
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import click

from harness.cli.options import json_option, open_registry, print_json, registry_options, store_option
from harness.cli.product import curve_table, describe_product
from harness.errors import DataError, PluginError, UnknownName
from harness.names.arguments import forms_of
from harness.names.plugins import describe, plugin_code
from harness.names.registry import KINDS, Registration, Registry
from harness.terminal import say

if TYPE_CHECKING:
    from harness.task import Task
    from harness.tasks.schema import AggregateFile, BenchmarkFile


@click.command("show")
@click.argument("name")
@store_option
@registry_options
@json_option
def command(name: str, store: Path | None, registry_file: Path | None, strict: bool, as_json: bool) -> None:
    """Show all facts about a task, benchmark, model, metric, trainer or adapter, or about a trained model.

    For the folder of a trained model, these are the data and settings of its training, and its learning curve.

    \b
    Examples:
      harness show judgebench/gpt-4o
      harness show bt-linear
      harness show my-reward-model/
    """
    registry = open_registry(registry_file, strict)
    product = describe_product(registry, Path(name), store)
    try:
        descriptions = describe_name(registry, name)
    except UnknownName:
        if product is None:
            raise
        descriptions = []
    descriptions += [product] if product is not None else []
    if as_json:
        print_json(descriptions)
        return
    for i, facts in enumerate(descriptions):
        if i:
            say()
        for key, value in facts.items():
            if value not in ("", None, [], {}):
                _print(key, curve_table(value) if facts is product and key == "curve" else value)


def _print(key: str, value: Any) -> None:
    if isinstance(value, dict):
        say("\n".join([f"{key}:", *(f"  {inner}: {text}" for inner, text in value.items())]))
    elif isinstance(value, list):
        say(f"{key}: {', '.join(map(str, value))}")
    else:
        text = str(value)
        say(f"{key}: {text}" if "\n" not in text else f"{key}:\n  " + text.replace("\n", "\n  "))


def describe_name(registry: Registry, name: str) -> list[dict[str, Any]]:
    """Return the facts about everything with a name: a task, a benchmark, and things of other kinds.

    Raises:
        UnknownName: nothing has the name.
    """
    descriptions = []
    if registry.tasks().exists(name):
        descriptions.append(_task(registry, name))
    if (benchmark := registry.benchmarks().find(name)) is not None:
        descriptions.append(_benchmark(name, benchmark))
    if name in registry.named_models():
        model = registry.named_models()[name]
        facts = {"model": model} if isinstance(model, str) else model.model_dump(exclude_unset=True)
        descriptions.append({"named model": name, **facts})
    named = [entry for kind in KINDS for entry in registry.entries(kind) if name in (entry.name, entry.qualified)]
    for entry in named:
        try:
            descriptions.append(_entry(entry))
        except PluginError as error:
            if len(descriptions) + len(named) == 1:
                raise
            # One thing that cannot be loaded must not hide the others with the same name.
            descriptions.append({entry.kind: entry.name, "reference": entry.reference, "problem": str(error)})
    if not descriptions:
        names = [*registry.known_names(name), *registry.named_models()]
        raise registry.unknown(name, "thing", [*names, *(n for kind in KINDS for n in registry.names(kind))])
    return descriptions


def _entry(entry: Registration) -> dict[str, Any]:
    facts: dict[str, Any] = {entry.kind: entry.name, "description": entry.description}
    facts |= {k: list(v) if isinstance(v, tuple) else v for k, v in entry.facts.as_json().items()}
    facts |= {
        "plugin": f"{entry.plugin} ({entry.distribution} {entry.version})",
        "reference": entry.reference,
    }
    thing = entry.load()
    if inspect.isclass(thing):
        if thing.__init__ is not object.__init__:
            parameters = [p for p in inspect.signature(thing).parameters.values() if p.kind is not p.VAR_KEYWORD]
            facts["arguments"] = {p.name: _argument(thing, p) for p in parameters}
        if entry.kind == "trainer":  # what is registered as one is of its class
            facts |= _needs(thing)
        if entry.kind == "metric":
            facts |= _of_metric(thing)
        facts["documentation"] = inspect.getdoc(thing) or ""
    elif entry.kind in ("aggregate", "importer"):  # functions that users give settings
        facts["settings"] = _settings(entry.kind, thing)
        facts["documentation"] = inspect.getdoc(thing) or ""
    return facts


def _of_metric(metric: Any) -> dict[str, Any]:
    """What a metric's figures are counted in, which way is better, and what answers that know nothing would give."""
    from harness.results.numbers import level_figure

    chance = metric.chance
    if callable(chance):
        said = f"computed of the columns: {(inspect.getdoc(chance) or '').partition(chr(10))[0]}".rstrip(": ")
    else:
        said = "none" if chance is None else level_figure(chance, metric.unit)
    return {"unit": metric.unit, "higher is better": bool(metric.higher_is_better), "chance": said}


def _settings(kind: str, function: Any) -> dict[str, str]:
    """List the settings of a function that aggregates or imports, with their defaults and what they may be."""
    from harness.tasks.selectors import GIVEN_TO_AGGREGATES

    given = GIVEN_TO_AGGREGATES if kind == "aggregate" else {}
    parameters = list(inspect.signature(function).parameters.values())[1:]
    owner = SimpleNamespace(__init__=function)
    return {p.name: _argument(owner, p) for p in parameters if p.name not in given and p.kind is not p.VAR_KEYWORD}


def _needs(trainer: Any) -> dict[str, Any]:
    """What a trainer learns from, and what it asks."""
    from harness.names.trainings import base_rule

    parts = {name: " and ".join(trainer.parts_ask.get(name, ())) or "any model" for name in trainer.part_names}
    return {
        "learns from": list(trainer.trains_on),
        "base": base_rule(trainer) + (f"; asked for {' and '.join(trainer.asks)}" if trainer.asks else ""),
        "parts": parts,
        "further data": list(trainer.data_names),
    }


def _task(registry: Registry, name: str) -> dict[str, Any]:
    from harness.running.rounds import told
    from harness.task import BadItem
    from harness.tasks.build import build_task

    task, entry = build_task(registry, name), registry.tasks().find(name)
    assert entry is not None
    d = task.definition
    facts: dict[str, Any] = {
        "task": name,
        "description": d.description,
        "kind": entry.kind,
        "version": d.version,
        "licence": d.licence,
        "citation": d.citation,
        "file": _shown(entry.path),
        "data": {split: _describe_data(task, split) for split in task.splits},
        "generated data": {split: mark.words for split in task.splits if (mark := task.generated_data(split))},
        "asks": told([f"{stage.role}: {' or '.join(stage.accepts)}" for stage in task.stages]),
        "metrics": list(task.metrics),
        "columns": list(task.columns),
        "columns until settle()": list(task.interim),
        "to train on": "never: for evaluation only" if d.evaluation_only else "",
        "rows in sequence": _blocks(task) if task.is_sequence else "",
        "brief": dict(d.brief),
        "roles by default": dict(d.roles),
        "texts on pages": "only on request: sensitive" if d.sensitive else "",
    }
    try:
        first = next(iter(task.items("test", limit=1)), None)
        facts["first item"] = (
            first.problem
            if isinstance(first, BadItem)
            else f"{first.id} at {first.where}".removesuffix(" at ")  # one that is made is nowhere
            if first
            else "none"
        )
    except DataError as error:
        facts["first item"] = f"cannot be read: {error}"
    except (Exception, SystemExit) as error:  # a plugin's kind of task
        facts["first item"] = f"cannot be read: {describe(error)}"
    return facts


def _shown(path: Path) -> str:
    """Show the path of a file; what a library of tasks made has none."""
    return "" if path == Path() else str(path)


def _blocks(task: Task) -> str:
    """Write how long the blocks are that intervals are made from."""
    block = task.definition.block
    return "blocks of the square root of their number" if block is None else f"blocks of {block} at least"


def _argument(thing: Any, parameter: inspect.Parameter) -> str:
    """Write the default of an argument, and the values that it may have."""
    forms = forms_of(thing, parameter.annotation) or ()
    allowed = " or ".join(str(form) for form in forms if form.range is not None or form.choices)
    default = "required" if parameter.default is parameter.empty else f"default {parameter.default!r}"
    return f"{default}; {allowed}" if allowed else default


def _describe_data(task: Task, split: str) -> str:
    with plugin_code(f"{task.name}: describe_data()"):
        return task.describe_data(split)


def _aggregate(aggregate: AggregateFile) -> str:
    """Write how an aggregate combines its selectors, with the weights that it gives."""
    if aggregate.weights is None:
        of = ", ".join(aggregate.of)
    else:
        weighed = zip(aggregate.weights_in_order, aggregate.of, strict=True)
        of = ", ".join(f"{weight:g} x {selector}" for weight, selector in weighed)
    settings = ", ".join(f"{name}={value}" for name, value in aggregate.settings.items())
    how = f"{aggregate.how} ({settings})" if settings else aggregate.how
    return f"{how} of {of}" + (f": {aggregate.description}" if aggregate.description else "")


def _benchmark(name: str, benchmark: BenchmarkFile) -> dict[str, Any]:
    return {
        "benchmark": name,
        "description": benchmark.description,
        "version": benchmark.version,
        "tasks": list(benchmark.tasks),
        "aggregates": {a.name: _aggregate(a) for a in benchmark.aggregates},
        "default models": list(benchmark.default_models),
        "published results": list(benchmark.published),
        "file": _shown(benchmark._path),
    }
