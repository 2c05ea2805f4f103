"""Every key that a file may hold acts, or is refused with its line: nothing is accepted and read by nobody.

`CASES` has at least one case for each key of each model of the schema. A key that is added to the schema and not to
the cases fails `test_every_key_of_the_schema_has_a_case`.
"""

from __future__ import annotations

import copy
import inspect
import json
import typing
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from pydantic import BaseModel

from harness.cli.show_command import describe_name
from harness.errors import ConfigurationError
from harness.files.validation import validate
from harness.names.registry import Registry
from harness.names.registry_schema import ModelFile
from harness.task import BadItem
from harness.tasks import schema
from harness.tasks.build import build_task

from ..messages import saying

ROWS = [
    {"id": f"i{n}", "text": f"text {n}", "other": f"other {n}", "label": n % 2, "year": 2020 + n, "topic": "ab"[n % 2]}
    for n in range(4)
]
TASK = {"kind": "detection", "data": {"test": {"file": "rows.jsonl"}}}
ATTEMPTS = {**TASK, "kind": "attempts", "columns": {"prompt": "text"}}


def generated(split, *, n: int = len(ROWS)):
    """Rows that say which split they were asked for."""
    return [{**row, "text": f"{split} {row['text']}"} for row in ROWS[:n]]


@pytest.fixture
def folder(project, monkeypatch):
    """A task folder with rows of every shape that the cases name, and a mirror."""
    monkeypatch.setenv("HARNESS_DATA", str(project / "mirror"))
    lines = "".join(json.dumps(row) + "\n" for row in ROWS)
    changed = "".join(json.dumps({**row, "text": f"copy of {row['text']}"}) + "\n" for row in ROWS)
    for place in ("tasks/m/rows.jsonl", "mirror/o/n/test.jsonl", "mirror/o/n/train.jsonl"):
        (project / place).parent.mkdir(parents=True, exist_ok=True)
        (project / place).write_text(lines)
    (project / "mirror/o/n/other").mkdir()
    for place in ("mirror/mine.jsonl", "mirror/o/n/other/test.jsonl", "mirror/o/n/train.jsonl"):
        (project / place).write_text(changed)
    (project / "tasks/m/rows.json").write_text(json.dumps({"a": ROWS, "b": ROWS[:1]}))
    (project / "mirror/mine.json").write_text(json.dumps({"a": ROWS, "b": ROWS[:1]}))
    (project / "registry.yaml").write_text("task_folders: [tasks]\n")
    return project


def changed(keys, path, value):
    """Keys with one more at a path."""
    keys = copy.deepcopy(keys)
    place = keys
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return keys


def observed_task(folder, keys):
    """Everything that a user can see of a task: its items, its settings, what `harness show` says."""
    (folder / "tasks/m/task.yaml").write_text(yaml.safe_dump(keys))
    registry = Registry()
    task = build_task(registry, "m/task")
    items = {
        split: [
            item.problem
            if isinstance(item, BadItem)
            else (item.id, str(item.fields), item.domains, item.cluster, item.withheld)
            for item in task.items(split)
        ]
        for split in task.splits
    }
    sources = [part.source.description for parts in task.definition.parts.values() for part in parts]
    return items, task.settings, task.metrics, dict(task.definition.brief), sources, describe_name(registry, "m/task")


HUB = {"hub": "o/n", "split": "test"}
S = ("data", "test")


def source(**keys):
    """A task of this source."""
    return {**TASK, "data": {"test": keys}}


def column(spec, **keys):
    """A task whose text is made in this way."""
    return {**TASK, "columns": {"text": spec}, **keys}


def slices(**keys):
    """A task with this slice."""
    return {**TASK, "slices": [{"column": "year", **keys}]}


SL = ("slices", 0)
C = ("columns", "text")
GENERATED = f"{__name__}:generated"
GENERATOR = {"generator": GENERATED}
STORED = source(store="s.sqlite", task="quickstart/detection")
MIRROR = source(mirror="mine.jsonl")
MANY = {"numbered": "t{}", "first": 1, "last": 10**12}

# (model, key): cases of (keys of a task before, the path of the key, its value); "refused" stands for a refusal.
TASK_CASES = [
    ("TaskFile", "kind", TASK, ("kind",), "keyword", "refused"),
    ("TaskFile", "description", TASK, ("description",), "words", "acts"),
    ("TaskFile", "version", TASK, ("version",), "2", "acts"),
    ("TaskFile", "generated", TASK, ("generated",), "a script", "acts"),
    ("TaskFile", "licence", TASK, ("licence",), "MIT", "acts"),
    ("TaskFile", "citation", TASK, ("citation",), "Title", "acts"),
    ("TaskFile", "data", TASK, ("data", "train"), {"file": "rows.jsonl", "rows": [0, 1]}, "acts"),
    ("TaskFile", "data", TASK, ("data", "train"), [], "refused"),
    ("TaskFile", "columns", TASK, ("columns",), {"text": "other"}, "acts"),
    ("TaskFile", "columns", TASK, ("columns",), {"txt": "other"}, "refused"),
    ("TaskFile", "slices", TASK, ("slices",), ["topic"], "acts"),
    ("TaskFile", "cluster", TASK, ("cluster",), "topic", "acts"),
    ("TaskFile", "cluster", TASK, ("cluster",), "{topic", "refused"),
    ("TaskFile", "evaluation_only", TASK, ("evaluation_only",), True, "acts"),
    ("TaskFile", "sensitive", TASK, ("sensitive",), True, "acts"),
    ("TaskFile", "roles", ATTEMPTS, ("roles",), {"grader": "refusal-prefixes"}, "acts"),
    ("TaskFile", "roles", ATTEMPTS, ("roles",), {"greader": "refusal-prefixes"}, "refused"),
    ("TaskFile", "roles", TASK, ("roles",), {"grader": "refusal-prefixes"}, "refused"),
    ("TaskFile", "ordered", TASK, ("ordered",), True, "acts"),
    ("TaskFile", "ordered", {**TASK, "cluster": "topic"}, ("ordered",), True, "refused"),
    ("SequenceFile", "block", {**TASK, "ordered": {"block": 1}}, ("ordered", "block"), 2, "acts"),
    ("SequenceFile", "block", {**TASK, "ordered": {"block": 1}}, ("ordered", "block"), 0, "refused"),
    ("TaskFile", "metrics", TASK, ("metrics",), ["average_precision"], "acts"),
    ("TaskFile", "brief", TASK, ("brief",), {"positive": "bad"}, "acts"),
    ("TaskFile", "options", {**TASK, "kind": "preference"}, ("options",), {"first_label": "A"}, "acts"),
    ("TaskFile", "options", TASK, ("options",), {"frist_label": "A"}, "refused"),
    ("SourceFile", "file", TASK, (*S, "file"), "rows.csv", "refused at items"),
    ("SourceFile", "file", source(**HUB), (*S, "file"), "rows.jsonl", "refused"),
    ("SourceFile", "hub", TASK, (*S, "hub"), "o/n", "refused"),
    ("SourceFile", "hub", source(**HUB), (*S, "hub"), "o/elsewhere", "acts unread"),
    ("SourceFile", "config", source(**HUB), (*S, "config"), "other", "acts"),
    ("SourceFile", "config", TASK, (*S, "config"), "other", "refused"),
    ("SourceFile", "config", source(**GENERATOR), (*S, "config"), "other", "refused"),
    ("SourceFile", "config", source(mirror="mine.jsonl"), (*S, "config"), "other", "refused"),
    ("SourceFile", "split", source(**HUB), (*S, "split"), "train", "acts"),
    ("SourceFile", "split", source(**GENERATOR), (*S, "split"), "validation", "acts"),
    ("SourceFile", "split", TASK, (*S, "split"), "train", "refused"),
    ("SourceFile", "settings", source(**GENERATOR), (*S, "settings"), {"n": 2}, "acts"),
    ("SourceFile", "settings", source(**GENERATOR), (*S, "settings"), {"n": "two"}, "refused"),
    ("SourceFile", "settings", source(**GENERATOR), (*S, "settings"), {"m": 2}, "refused"),
    ("SourceFile", "settings", TASK, (*S, "settings"), {"n": 2}, "refused"),
    ("SourceFile", "store", STORED, (*S, "store"), "other.sqlite", "acts unread"),
    ("SourceFile", "store", TASK, (*S, "store"), "s.sqlite", "refused"),
    ("SourceFile", "task", STORED, (*S, "task"), "quickstart/best-of-16", "acts unread"),
    ("SourceFile", "task", TASK, (*S, "task"), "quickstart/detection", "refused"),
    ("SourceFile", "metric", STORED, (*S, "metric"), "average_precision", "acts unread"),
    ("SourceFile", "models", STORED, (*S, "models"), ["a"], "acts unread"),
    ("SourceFile", "fields", STORED, (*S, "fields"), ["text"], "acts unread"),
    ("SourceFile", "fields", TASK, (*S, "fields"), ["text"], "refused"),
    ("SourceFile", "split", source(mirror="mine.jsonl"), (*S, "split"), "train", "refused"),
    ("SourceFile", "revision", source(hub="o/elsewhere", split="test"), (*S, "revision"), "abc", "acts unread"),
    ("SourceFile", "revision", TASK, (*S, "revision"), "abc", "refused"),
    ("SourceFile", "revision", source(**GENERATOR), (*S, "revision"), "abc", "refused"),
    ("SourceFile", "where", TASK, (*S, "where"), {"year": 2021}, "acts"),
    ("SourceFile", "where", source(**HUB), (*S, "where"), {"year": [2021, "2022"]}, "acts"),
    ("SourceFile", "where", source(**GENERATOR), (*S, "where"), {"topic": "a"}, "acts"),
    ("SourceFile", "where", source(mirror="mine.jsonl"), (*S, "where"), {"topic": "a"}, "refused"),
    ("SourceFile", "rows", TASK, (*S, "rows"), [1, 3], "acts"),
    ("SourceFile", "rows", source(**GENERATOR), (*S, "rows"), [1, 3], "acts"),
    ("SourceFile", "rows", TASK, (*S, "rows"), [1, 10**30], "refused"),
    ("SourceFile", "columns", TASK, (*S, "columns"), {"text": "other"}, "acts"),
    ("SourceFile", "columns", TASK, (*S, "columns"), {"txt": "other"}, "refused"),
    ("SourceFile", "mirror", source(**HUB), (*S, "mirror"), "mine.jsonl", "acts"),
    ("SourceFile", "mirror", TASK, (*S, "mirror"), "mine.jsonl", "refused"),
    ("SourceFile", "mirror", source(**GENERATOR), (*S, "mirror"), "mine.jsonl", "refused"),
    ("SourceFile", "mirror_columns", source(mirror="mine.jsonl"), (*S, "mirror_columns"), {"text": "other"}, "acts"),
    ("SourceFile", "mirror_columns", source(**HUB), (*S, "mirror_columns"), {"text": "other"}, "refused"),
    ("SourceFile", "mirror_columns", TASK, (*S, "mirror_columns"), {"text": "other"}, "refused"),
    (
        "SourceFile",
        "mirror_columns",
        source(mirror="mine.jsonl"),
        (*S, "mirror_columns"),
        {"text": {"colum": "x"}},
        "refused",
    ),
    ("SourceFile", "mirror_where", source(mirror="mine.jsonl"), (*S, "mirror_where"), {"topic": "a"}, "acts"),
    ("SourceFile", "mirror_where", source(**HUB), (*S, "mirror_where"), {"topic": "a"}, "refused"),
    ("SourceFile", "records", source(file="rows.json"), (*S, "records"), "a", "acts"),
    ("SourceFile", "records", source(mirror="mine.json"), (*S, "records"), "a", "acts"),
    ("SourceFile", "records", source(**HUB), (*S, "records"), "a", "refused"),
    ("SourceFile", "records", source(**GENERATOR), (*S, "records"), "a", "refused"),
    ("SourceFile", "records", source(file="rows.jsonl"), (*S, "records"), "a", "refused"),
    (
        "SourceFile",
        "generator",
        source(generator=f"{__name__}:nobody"),
        (*S, "generator"),
        f"{__name__}:generated",
        "acts",
    ),
    ("SourceFile", "generator", TASK, (*S, "generator"), GENERATED, "refused"),
    ("SourceFile", "set", TASK, (*S, "set"), {"text": "always"}, "acts"),
    ("ColumnFile", "column", column({"column": "text"}), (*C, "column"), "other", "acts"),
    ("ColumnFile", "map", column({"column": "topic"}), (*C, "map"), {"a": "x", "b": "y"}, "acts"),
    ("ColumnFile", "map", column({"column": "topic"}), (*C, "map"), {}, "refused"),
    ("ColumnFile", "map", column({"value": "v"}), (*C, "map"), {"a": "x"}, "refused"),
    ("ColumnFile", "map", column({"template": "{text}"}), (*C, "map"), {"a": "x"}, "refused"),
    ("ColumnFile", "value", column({"value": "v"}), (*C, "value"), "w", "acts"),
    ("ColumnFile", "value", column({"column": "text"}), (*C, "value"), "w", "refused"),
    ("ColumnFile", "template", column({"template": "{text}"}), (*C, "template"), "{other}", "acts"),
    ("ColumnFile", "template", column({"template": "{text}"}), (*C, "template"), "{other", "refused"),
    ("ColumnFile", "template", column({"template": "{text}"}), (*C, "template"), "{}", "refused"),
    ("ColumnFile", "template", column({"template": "{text}"}), (*C, "template"), "{text:>99999}", "refused"),
    ("ColumnFile", "template", column({"template": "{text}"}), (*C, "template"), "{text:>{year}}", "refused"),
    ("ColumnFile", "template", column({"template": "{text}"}), (*C, "template"), "{text.__class__}", "refused"),
    ("ColumnFile", "withheld", column({"withheld": 1}), (*C, "withheld"), 10**12, "refused"),
    ("ColumnFile", "withheld", column({"withheld": 1}), (*C, "withheld"), 0, "refused"),
    ("ColumnFile", "withheld", TASK, ("columns",), {"text": {"withheld": 1}}, "acts"),
    ("ColumnFile", "any_of", TASK, ("columns",), {"label": {"any_of": ["label"]}}, "same"),
    ("ColumnFile", "any_of", TASK, ("columns",), {"label": {"any_of": []}}, "refused"),
    ("ColumnFile", "any_of", TASK, ("columns",), {"label": {"any_of": ["year"]}}, "acts"),
    ("ColumnFile", "numbered", TASK, ("columns",), {"text": {"numbered": "t{}", "first": 1, "last": 2}}, "acts"),
    ("ColumnFile", "numbered", TASK, ("columns",), {"text": {"numbered": "t{}{}", "first": 1, "last": 2}}, "refused"),
    (
        "ColumnFile",
        "numbered",
        TASK,
        ("columns",),
        {"text": MANY},
        "refused",
    ),
    ("ColumnFile", "first", TASK, ("columns",), {"text": {"numbered": "t{}", "first": 3, "last": 2}}, "refused"),
    ("ColumnFile", "first", TASK, ("columns",), {"text": {"column": "text", "first": 1}}, "refused"),
    ("ColumnFile", "last", TASK, ("columns",), {"text": {"numbered": "t{}", "first": 1}}, "refused"),
    ("ColumnFile", "last", TASK, ("columns",), {"text": {"value": "x", "last": 1}}, "refused"),
    ("SliceFile", "column", slices(), (*SL, "column"), "topic", "acts"),
    ("SliceFile", "pattern", slices(), (*SL, "pattern"), "^20", "acts"),
    ("SliceFile", "pattern", slices(), (*SL, "pattern"), "(", "refused"),
    ("SliceFile", "name", slices(name="new", above=2021), (*SL, "name"), "newer", "acts"),
    ("SliceFile", "name", slices(), (*SL, "name"), "", "refused"),
    ("SliceFile", "name", slices(), (*SL, "name"), "new", "refused"),
    ("SliceFile", "equals", TASK, ("slices",), [{"column": "year", "name": "n", "equals": "2021"}], "acts"),
    ("SliceFile", "equals", TASK, ("slices",), [{"column": "year", "name": "n", "equals": None}], "refused"),
    ("SliceFile", "equals", slices(), (*SL, "equals"), 1, "refused"),
    ("SliceFile", "differs", TASK, ("slices",), [{"column": "year", "name": "n", "differs": 2021}], "acts"),
    ("SliceFile", "differs", TASK, ("slices",), [{"column": "year", "name": "n", "differs": []}], "refused"),
    ("SliceFile", "above", slices(name="n", above=2022), (*SL, "above"), 2020, "acts"),
    ("SliceFile", "below", slices(name="n", below=2022), (*SL, "below"), 2020, "acts"),
    ("SliceFile", "below", slices(name="n", above=2022), (*SL, "below"), 2024, "refused"),
]


def nobody(split):
    """No rows of that name."""
    return []


def _name(case):
    return f"{case[0]}.{case[1]}-{case[5]}"


@pytest.mark.parametrize(("model", "key", "before", "path", "value", "what"), TASK_CASES, ids=map(_name, TASK_CASES))
def test_a_key_of_a_task_file_acts_or_is_refused(folder, model, key, before, path, value, what):
    from harness.errors import DataError, HarnessError

    after = changed(before, path, value)
    if what == "refused":
        with pytest.raises((ConfigurationError, HarnessError)) as caught:
            observed_task(folder, after)
        named = str(caught.value)
        assert "task.yaml" in named or "no task kind" in named
        return
    if what == "refused at items":
        with pytest.raises(DataError):
            observed_task(folder, after)
        return
    if what == "acts unread":  # it would need the network
        (folder / "tasks/m/task.yaml").write_text(yaml.safe_dump(after))
        shown = value[0] if isinstance(value, list) else value
        assert shown in build_task(Registry(), "m/task").describe_data("test")
        return
    seen = [_observed_or_error(folder, keys) for keys in (before, after)]
    assert (seen[0] == seen[1]) == (what == "same")


def _observed_or_error(folder, keys):
    from harness.errors import DataError

    try:
        return observed_task(folder, keys)
    except DataError as error:
        return str(error)


# the other files


def registered(text, **more):
    """What commands see of a registry file."""
    Path("registry.yaml").write_text(yaml.safe_dump({"task_folders": ["tasks"], **text, **more}))
    registry = Registry()
    return registry


def observed_registry(keys):
    """Everything that a registry file says, as the registry hands it out."""
    from harness.api import store_path

    registry = registered(keys)
    listed = [
        (name, describe_name(registry, name))
        for name in ("m/task", "bench", "mine", "inline")
        if _is_there(registry, name)
    ]
    states = [(plugin.name, plugin.state) for plugin in registry.plugins.found]
    return str(store_path(registry, None)), states, listed, registry.file_problems(), sorted(registry.tasks().files())


def _is_there(registry, name):
    return registry.tasks().exists(name) or registry.benchmarks().exists(name) or name in registry.named_models()


MODEL = {"models": {"mine": {"model": "length"}}}
TRAINED = {"models": {"mine": {"trainer": "bt-linear", "task": "m/task"}}}
BENCH = {"benchmarks": {"bench": {"tasks": ["m/task"]}}}
MEAN = {"name": "mean", "of": ["m/task:auroc"]}
AGGREGATED = {"benchmarks": {"bench": {"tasks": ["m/task"], "aggregates": [MEAN]}}}
M = ("models", "mine")
B = ("benchmarks", "bench")
A = (*B, "aggregates", 0)

REGISTRY_CASES = [
    ("RegistryFile", "store", {}, ("store",), "other.sqlite", "acts"),
    ("RegistryFile", "plugins", {}, ("plugins",), {"disabled": ["muli"]}, "acts"),
    ("RegistryFile", "task_folders", {}, ("task_folders",), [], "acts"),
    ("RegistryFile", "task_folders", {}, ("task_folders",), ["tasks", "nowhere"], "acts"),
    ("RegistryFile", "models", {}, ("models",), {"mine": "length"}, "acts"),
    ("RegistryFile", "tasks", {}, ("tasks",), {"inline": TASK}, "acts"),
    ("RegistryFile", "benchmarks", {}, ("benchmarks",), BENCH["benchmarks"], "acts"),
    ("RegistryFile", "sources", {}, ("sources",), {"lm_evl": {"include": []}}, "acts"),
    ("PluginsFile", "disabled", {"plugins": {}}, ("plugins", "disabled"), ["muli"], "acts"),
    ("PluginsFile", "disabled", {"plugins": {}}, ("plugins", "disabled"), ["nobody"], "acts"),
    ("PluginsFile", "enabled", {"plugins": {"disabled": ["muli"]}}, ("plugins", "enabled"), ["muli"], "acts"),
    ("ModelFile", "model", MODEL, (*M, "model"), "random", "acts"),
    ("ModelFile", "arguments", MODEL, (*M, "arguments"), {"sign": -1}, "acts"),
    ("ModelFile", "arguments", TRAINED, (*M, "arguments"), {"batch_size": 2}, "acts"),
    ("ModelFile", "adapters", MODEL, (*M, "adapters"), ["score-to-compare"], "acts"),
    ("ModelFile", "trainer", TRAINED, (*M, "trainer"), "muli", "acts"),
    ("ModelFile", "trainer", MODEL, (*M, "trainer"), "muli", "refused"),
    ("ModelFile", "task", TRAINED, (*M, "task"), "m/other", "acts"),
    ("ModelFile", "task", MODEL, (*M, "task"), "m/task", "refused"),
    ("ModelFile", "base", TRAINED, (*M, "base"), "length", "acts"),
    ("ModelFile", "base", MODEL, (*M, "base"), "length", "refused"),
    ("ModelFile", "settings", TRAINED, (*M, "settings"), {"penalty": 2}, "acts"),
    ("ModelFile", "settings", MODEL, (*M, "settings"), {"penalty": 2}, "refused"),
    ("ModelFile", "description", MODEL, (*M, "description"), "ours", "acts"),
    ("BenchmarkFile", "description", BENCH, (*B, "description"), "words", "acts"),
    ("BenchmarkFile", "version", BENCH, (*B, "version"), "2", "acts"),
    ("BenchmarkFile", "tasks", BENCH, (*B, "tasks"), ["m/task", "m/other"], "acts"),
    ("BenchmarkFile", "metrics", BENCH, (*B, "metrics"), {"m/tsak": ["auroc"]}, "refused benchmark"),
    ("BenchmarkFile", "metrics", BENCH, (*B, "metrics"), {"m/task": ["average_precision"]}, "acts on the board"),
    ("BenchmarkFile", "aggregates", BENCH, (*B, "aggregates"), [MEAN], "acts"),
    ("BenchmarkFile", "default_models", BENCH, (*B, "default_models"), ["length"], "acts"),
    ("BenchmarkFile", "cost", BENCH, (*B, "cost"), True, "acts on the board"),
    ("BenchmarkFile", "published", BENCH, (*B, "published"), ["published.yaml"], "acts"),
    ("AggregateFile", "name", AGGREGATED, (*A, "name"), "average", "acts"),
    ("AggregateFile", "how", AGGREGATED, (*A, "how"), "minimum", "acts"),
    ("AggregateFile", "of", AGGREGATED, (*A, "of"), ["m/task:average_precision"], "acts"),
    ("AggregateFile", "weights", AGGREGATED, (*A, "weights"), [2], "acts"),
    ("AggregateFile", "weights", AGGREGATED, (*A, "weights"), [1, 2], "refused benchmark"),
    ("AggregateFile", "settings", AGGREGATED, (*A, "settings"), {"anchor": "x"}, "acts"),
    ("AggregateFile", "description", AGGREGATED, (*A, "description"), "words", "acts"),
]


@pytest.mark.parametrize(
    ("model", "key", "before", "path", "value", "what"), REGISTRY_CASES, ids=map(_name, REGISTRY_CASES)
)
def test_a_key_of_a_registry_file_acts_or_is_refused(folder, harness, model, key, before, path, value, what):
    (folder / "tasks/m/task.yaml").write_text(yaml.safe_dump(TASK))
    after = changed(before, path, value)
    if what == "refused":
        registered(after)
        with pytest.raises(ConfigurationError, match=r"registry\.yaml:\d+: "):
            _ = Registry().files
    elif what == "refused benchmark":
        registry = registered(after)
        assert not registry.benchmarks().exists("bench")
        assert any("registry.yaml:" in problem for problem in registry.task_problems)
    elif what == "acts on the board":
        assert harness("eval", "-m", "length", "-m", "random", "-t", "m/task").code in (0, 2)
        boards = []
        for keys in (before, after):
            registered(keys)
            harness("eval", "-m", "keyword-list", "-t", "m/task")
            boards.append(harness("leaderboard", "bench", "--json").out or harness("leaderboard", "bench").out)
        assert boards[0]
        assert boards[0] != boards[1]
    else:
        assert observed_registry(before) != observed_registry(after)


PUBLISHED = {"source": "a paper", "figures": {"A": {"m/task:unknown": 0.5}}}
PUBLISHED_CASES = [
    ("PublishedFile", "source", ("source",), "another paper"),
    ("PublishedFile", "citation", ("citation",), "arXiv 1"),
    ("PublishedFile", "note", ("note",), "rounded"),
    ("PublishedFile", "unit", ("unit",), "nats"),
    ("PublishedFile", "lower_is_better", ("lower_is_better",), ["unknown"]),
    ("PublishedFile", "figures", ("figures",), {"B": {"m/task:unknown": 0.5}}),
]


@pytest.mark.parametrize(("model", "key", "path", "value"), PUBLISHED_CASES)
def test_a_key_of_a_published_file_acts(folder, model, key, path, value):
    from harness.results.published import read_published

    seen = []
    for keys in (PUBLISHED, changed(PUBLISHED, path, value)):
        (folder / "published.yaml").write_text(yaml.safe_dump(keys))
        seen.append(str(read_published(folder / "published.yaml")))
    assert seen[0] != seen[1]


RUN = {"tasks": ["m/task"], "leaderboards": [{"benchmark": "bench", "output": "board.md"}]}
L = ("leaderboards", 0)
RUN_CASES = [
    ("RunFile", "description", ("description",), "words"),
    ("RunFile", "models", ("models",), ["length"]),
    ("RunFile", "tasks", ("tasks",), ["m/other"]),
    ("RunFile", "roles", ("roles",), {"judge": "length"}),
    ("RunFile", "adapters", ("adapters",), ["score-to-detect"]),
    ("RunFile", "metrics", ("metrics",), ["auroc"]),
    ("RunFile", "limit", ("limit",), 2),
    ("RunFile", "split", ("split",), "train"),
    ("RunFile", "seed", ("seed",), 3),
    ("RunFile", "confidence", ("confidence",), 0.9),
    ("RunFile", "store", ("store",), "other.sqlite"),
    ("RunFile", "registry", ("registry",), "other.yaml"),
    ("RunFile", "leaderboards", ("leaderboards",), []),
    ("LeaderboardFile", "benchmark", (*L, "benchmark"), "other"),
    ("LeaderboardFile", "output", (*L, "output"), "other.md"),
    ("LeaderboardFile", "format", (*L, "format"), "csv"),
    ("LeaderboardFile", "publisher", (*L, "publisher"), "other"),
    ("LeaderboardFile", "published", (*L, "published"), ["published.yaml"]),
    ("LeaderboardFile", "merge", (*L, "merge"), ["other.sqlite"]),
    ("LeaderboardFile", "outcome", (*L, "outcome"), "outcome.csv"),
    ("LeaderboardFile", "model_column", (*L, "model_column"), "model"),
    ("LeaderboardFile", "value_column", (*L, "value_column"), "value"),
    ("LeaderboardFile", "texts", (*L, "texts"), True),
    ("LeaderboardFile", "show_sensitive", (*L, "show_sensitive"), True),
    ("LeaderboardFile", "models", (*L, "models"), ["length"]),
    ("LeaderboardFile", "exclude", (*L, "exclude"), ["length"]),
    ("LeaderboardFile", "title", (*L, "title"), "Mine"),
    ("LeaderboardFile", "about", (*L, "about"), "about.md"),
    ("LeaderboardFile", "url", (*L, "url"), "https://example.org/"),
]


@pytest.mark.parametrize(("model", "key", "path", "value"), RUN_CASES)
def test_a_key_of_a_run_file_acts_or_is_refused(folder, monkeypatch, harness, model, key, path, value):
    """What is told to the evaluation and to what writes boards, or the one line that refuses it."""
    from harness.cli import board_order, run_command

    (folder / "tasks/m/task.yaml").write_text(yaml.safe_dump(TASK))
    seen = []
    for keys in (RUN, changed(RUN, path, value)):
        told = []
        keys = {"models": ["random", "length"], **keys} if key != "models" else {"models": ["random"], **keys}
        registered(BENCH)
        (folder / "run.yaml").write_text(yaml.safe_dump(keys))
        monkeypatch.setattr(board_order, "carry_out", lambda registry, order, told=told: told.append(order))
        monkeypatch.setattr(run_command, "_run", _told(told, run_command._write_all))
        ran = harness("run", "run.yaml")
        seen.append((ran.code, ran.err, told))
    assert seen[0] != seen[1]


def _told(told, write_all):
    def run(read, registry, *, dry_run, as_json):
        told.append((str(read.evaluation), str(read.store), str(read.registry), read.file.description))
        write_all(read, registry, SimpleNamespace(cells=[SimpleNamespace(label=name) for name in ("random", "length")]))
        return 0

    return run


def models_in(annotation):
    """The models in a field's annotation."""
    if inspect.isclass(annotation) and typing.get_origin(annotation) is None:
        return {annotation} if issubclass(annotation, BaseModel) else set()
    return {model for part in typing.get_args(annotation) for model in models_in(part)}


def test_every_key_of_the_schema_has_a_case():
    found, open_ = set(), set(schema.SCHEMAS.values()) | {ModelFile}
    while open_:
        model = open_.pop()
        found.add(model)
        open_ |= {inner for field in model.model_fields.values() for inner in models_in(field.annotation)} - found
    keys = {(model.__name__, name) for model in found for name in model.model_fields}
    cases = {case[:2] for case in (*TASK_CASES, *REGISTRY_CASES, *PUBLISHED_CASES, *RUN_CASES)}
    assert keys - cases == set()
    assert cases - keys == set()


def test_a_task_file_reads_keys_of_several_types(folder):
    """Whose keys have no order, in which the definition's hash is made."""
    mapped = {"columns": {"label": {"column": "label", "map": {0: 1, 1: 0, "x": 1}}}}
    items = observed_task(folder, {**TASK, **mapped})[0]["test"]
    assert len(items) == 4


def test_disjoint_splits_stay_disjoint_in_a_file_and_a_generator_is_told_its_split(folder):
    data = {
        "test": {"file": "rows.jsonl", "where": {"topic": "a"}},
        "train": {"file": "rows.jsonl", "where": {"topic": "b"}},
    }
    items = observed_task(folder, {**TASK, "data": data})[0]
    assert {i[0] for i in items["test"]} == {"i0", "i2"}
    assert {i[0] for i in items["train"]} == {"i1", "i3"}
    texts = observed_task(folder, {**TASK, "data": {"test": GENERATOR, "train": GENERATOR}})[0]
    assert ["'train text 0'" in texts["train"][0][1], "'test text 0'" in texts["test"][0][1]] == [True, True]


def test_validation_names_the_line_of_a_key_that_does_nothing(tmp_path):
    path = tmp_path / "task.yaml"
    path.write_text("kind: detection\ndata:\n  test:\n    file: a.jsonl\n    split: train\n")
    with pytest.raises(ConfigurationError, match=saying("task.yaml:3", "data.test", "'split'", "'file'").pattern):
        validate(schema.TaskFile, yaml.safe_load(path.read_text()), path)
