"""Nothing heavy is imported before it is used, and what is registered is what is there."""

from __future__ import annotations

import ast
import importlib.metadata
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

import harness
from harness.check.conformance import HEAVY

ROOT = Path(__file__).parents[1]


def heavy_after(code: str) -> list[str]:
    script = f"{code}\nimport sys\nprint('HEAVY', *[m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.splitlines()[-1].split()[1:]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["eval", "--help"],
        ["list", "tasks"],
        ["list", "models"],
        ["list", "benchmarks"],
        ["list", "metrics"],
        ["plugins"],
        ["schema", "task"],
        ["schema", "run"],
        ["docs", "detectable"],
        ["view", "--help"],
        ["run", "--help"],
    ],
    ids=" ".join,
)
def test_a_command_that_computes_nothing_imports_nothing_heavy(project, arguments):
    assert heavy_after(f"from harness.cli.main import run; assert run({arguments!r}) == 0") == []


LIGHT = ("harness", "harness.kinds", "harness.hooks", "harness.names.registry", "harness.errors")


@pytest.mark.parametrize("module", LIGHT)
def test_a_module_that_plugins_import_at_registration_imports_nothing_heavy(project, module):
    assert heavy_after(f"import {module}") == []


def plugin_folders() -> list[str]:
    """Folders below plugins/ whose package implements hooks."""
    found = []
    for init in sorted((ROOT / "plugins").glob("*/__init__.py")):
        if "@hookimpl" in init.read_text("utf-8"):
            found.append(init.parent.name)
    return found


def test_every_plugin_folder_is_an_entry_point_and_installed():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]
    wanted = {name: f"harness_plugins.{name}" for name in plugin_folders()} | {"kinds": "harness.kinds"}
    assert declared["harness.plugins"] == wanted
    installed = {
        group: {
            point.name: point.value
            for point in importlib.metadata.distribution("harness-eval").entry_points
            if point.group == group
        }
        for group in declared
    }
    assert installed == declared


def test_a_plugin_folder_without_hooks_holds_data_or_is_a_command():
    folders = {path.name for path in (ROOT / "plugins").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders - set(plugin_folders()) == {"quickstart"}
    assert (ROOT / "plugins/quickstart/data").is_dir()
    assert (ROOT / "plugins/lm_eval/__main__.py").is_file()


def test_every_entry_point_loads(project):
    from harness.names.registry import Registry

    registry = Registry()
    assert [(plugin.name, plugin.problem) for plugin in registry.plugins.failed] == []
    assert registry.clashes() == []
    assert registry.task_problems == []


def test_the_projects_registry_yaml_names_only_what_exists(project):
    from harness.names.registry import Registry

    registry = Registry()
    declared = yaml.safe_load((ROOT / "registry.yaml").read_text("utf-8"))
    for name, model in declared["models"].items():
        if isinstance(model, str):
            registry.find("model", model.partition(":")[0])
        elif "trainer" in model:
            registry.find("trainer", model["trainer"])
            assert registry.tasks().exists(model["task"]), name
        else:
            registry.find("model", model["model"].partition(":")[0])


def test_every_registered_name_can_be_imported_and_is_described(project):
    from harness.names.registry import KINDS, Registry

    registry = Registry()
    for kind in KINDS:
        for entry in registry.entries(kind):
            assert entry.load() is not None
            assert entry.description, entry.qualified


def test_every_benchmark_names_tasks_metrics_and_aggregates_that_exist(project):
    from harness.leaderboard.aggregates import selected_aggregate, split_selector
    from harness.names.registry import Registry
    from harness.names.specification import parse_specification
    from harness.tasks.build import build_task
    from harness.tasks.build_metric import build_metric

    registry = Registry()
    for benchmark in registry.benchmarks().files().values():
        for name in benchmark.tasks:
            task = build_task(registry, name)
            for metric in [*task.metrics, *benchmark.metrics.get(name, [])]:
                assert set(build_metric(registry, metric).needs) <= set(task.columns)
        assert set(benchmark.metrics) <= set(benchmark.tasks)
        for aggregate in benchmark.aggregates:
            registry.find("aggregate", aggregate.how)
            for selector in aggregate.of:
                if selected_aggregate(benchmark, selector) is not None:
                    continue
                task_name, metric, _ = split_selector(benchmark, selector)
                assert metric in build_task(registry, task_name).metrics, selector
        for model in benchmark.default_models:
            given = parse_specification(model)
            kind, name = ("trainer", given.trainer) if given.trainer else ("model", given.name)
            assert name in registry.named_models() or registry.find(kind, name)


def test_every_task_file_follows_its_kind(project):
    from harness.names.registry import Registry
    from harness.tasks.build import build_task

    registry = Registry()
    for name in registry.tasks().files():
        assert build_task(registry, name).metrics


def test_the_public_names_are_complete_and_importable():
    block = next(node for node in ast.parse(Path(harness.__file__).read_text("utf-8")).body if isinstance(node, ast.If))
    listed = [alias.asname for node in block.body for alias in node.names]
    assert sorted(listed) == harness.__all__
    assert len(set(listed)) == len(listed)
    for name in harness.__all__:
        assert getattr(harness, name) is not None
    with pytest.raises(AttributeError, match="module 'harness' has no attribute 'evalaute'"):
        harness.evalaute  # noqa: B018
