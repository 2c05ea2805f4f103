"""What is wrong with a YAML file is said in words for whoever wrote it, once, with what was given and the mend."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from harness.errors import ConfigurationError
from harness.files.validation import validate
from harness.tasks.schema import BenchmarkFile, PublishedFile, RegistryFile, RunFile, TaskFile

TASK = "kind: x\ndata: {test: {file: a.jsonl}}\n"


@pytest.mark.parametrize(
    ("model", "text", "said"),
    [
        (RunFile, "tasks: demo", "1: tasks: must be a list, got 'demo'; write [demo]"),
        (RunFile, "tasks: {demo: 1}", "1: tasks: must be a list, got {'demo': 1}; begin each entry with '- '"),
        (RunFile, "tasks:", "1: tasks: must be a list, got nothing"),
        (RunFile, "tasks: []", "1: tasks: must not be empty, got []"),
        (
            RunFile,
            "tasks: [a]\nmodels:\n  - shortest: length:sign=-1",
            "3: models.0: must be a text, got {'shortest': 'length:sign=-1'}; quote it if it holds ': '",
        ),
        (RunFile, "tasks: [a]\nstore: 2024-01-01", "2: store: must be a text, got 2024-01-01; write it in quotes"),
        (RunFile, "tasks: [a]\nstore: no", "2: store: must be a text, got false; write it in quotes"),
        (RunFile, "tasks: [a]\nroles: [judge]", "2: roles: must be a mapping of keys to values, got ['judge']"),
        (RunFile, "tasks: [a]\nseed: soon", "2: seed: must be a whole number, got 'soon'"),
        (RunFile, "tasks: [a]\nseed: 1.5", "2: seed: must be a whole number, got 1.5"),
        (RunFile, "tasks: [a]\nlimit: 0", "2: limit: must be at least 1, got 0"),
        (RunFile, "tasks: [a]\nconfidence: 95", "2: confidence: must be at most 0.9999, got 95"),
        (
            RunFile,
            "tasks: [a]\nleaderboards: [a.md]",
            "2: leaderboards.0: must be a mapping of keys to values, got 'a.md'",
        ),
        (BenchmarkFile, "tasks: [a]\ncost: maybe", "2: cost: must be true or false, got 'maybe'"),
        (TaskFile, f"{TASK}columns: {{Prompt: 3}}", "3: columns.Prompt: must be a text, a list or a mapping of keys"),
        (TaskFile, "kind: x\ndata: {test: a}", "2: data.test: must be a mapping of keys to values or a list, got 'a'"),
        (TaskFile, f"{TASK}slices: [{{column: a, name: b, above: true}}]", "3: slices.0.above: must be a number, got"),
        (RegistryFile, "models: {a: 3}", "1: models.a: must be a text or a mapping of keys to values, got 3; write it"),
        (
            PublishedFile,
            "source: x\nfigures:\n  GPT-4:\n    a:b: '0.5'",
            "4: figures.GPT-4.a:b: must be a number, got '0.5'; write it without quotes",
        ),
    ],
)
def test_one_mistake_is_said_once_with_its_line(tmp_path, model, text, said):
    path = tmp_path / "x.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as raised:
        validate(model, yaml.safe_load(text), path)
    (line,) = str(raised.value).splitlines()
    assert line.startswith(f"{path}:{said}")
    assert "Input" not in line


def test_what_was_given_is_shown_by_its_beginning_only():
    with pytest.raises(ConfigurationError) as raised:
        validate(RunFile, {"tasks": ["a"], "store": {"k" * 500: 1}}, Path("none.yaml"))
    assert len(str(raised.value)) < 160
