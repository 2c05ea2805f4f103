"""What a YAML file, or the name of a file, may say is bounded before anything is made of it, in every command."""

from __future__ import annotations

import os
import time

import pytest
import yaml

from harness.errors import ConfigurationError, DataError
from harness.files.validation import validate
from harness.files.yaml_files import DEEPEST, MOST_ENTRIES, Lines, load_yaml
from harness.tasks.data.sources import FileSource
from harness.tasks.schema import TaskFile

from ..messages import saying

TASK = "kind: detection\ndata: {test: {file: rows.jsonl}}\n"
BOMB = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 13))
ITSELF = "a: &a [1, *a]\n"
DEEP = f"a: {'[' * 3000}{']' * 3000}\n"
DEEP_BLOCK = "a:\n" + "".join(f"{' ' * n}-\n" for n in range(1, 300)) + " " * 300 + "- x\n"
NESTED_ON_ONE_LINE = f"a:\n  {'- ' * 3000}x\n"
HUGE = "- a\n" * (MOST_ENTRIES + 10)
UNBOUNDED = {
    "aliases of aliases": (BOMB, r"x\.yaml:\d+: not valid YAML: more than \d+ entries"),
    "itself": (ITSELF, r"x\.yaml:1: not valid YAML: the alias \*a stands inside what it names"),
    "deep": (DEEP, r"x\.yaml:1: not valid YAML: more than \d+ lists or mappings inside each other"),
    "deep block": (DEEP_BLOCK, r"x\.yaml:\d+: not valid YAML: more than \d+ lists or mappings inside each other"),
    "deep line": (NESTED_ON_ONE_LINE, r"x\.yaml:2: not valid YAML: more than \d+ lists or mappings inside each other"),
    "many entries": (HUGE, r"x\.yaml:\d+: not valid YAML: more than \d+ entries"),
    "a whole number of 5,000 digits": (f"a: {'9' * 5000}\n", r"x\.yaml: not valid YAML: "),
    "no day of the calendar": ("a: 2024-13-41\n", r"x\.yaml: not valid YAML: "),
    "more bytes than a file may have": ("# " + "x" * (17 * 2**20), r"x\.yaml: more than 16 MiB"),
}


@pytest.mark.parametrize("name", UNBOUNDED)
def test_yaml_without_bounds_is_refused_with_its_line(tmp_path, name):
    text, problem = UNBOUNDED[name]
    (tmp_path / "x.yaml").write_text(text)
    with pytest.raises(ConfigurationError, match=problem):
        load_yaml(tmp_path / "x.yaml")
    assert Lines(tmp_path / "x.yaml").of(("a",)) in (None, 1)


@pytest.mark.parametrize(
    "text",
    [
        "base: &b {a: 1}\nmore: {<<: *b, c: 2}\nagain: *b\n",
        "a: &x 1\nb: [*x, *x]\n",
        f"a: {'[' * (DEEPEST - 2)}{']' * (DEEPEST - 2)}\n",
        "a: '*x and [[[[[[[[[[[[ are no aliases'\n",
        "a: " + "[1, 2], " * 0 + "[" + "[1, 2], " * 500 + "3]\n",
        "",
        "&a [1]",
    ],
)
def test_yaml_within_bounds_is_read_as_ever(tmp_path, text):
    (tmp_path / "x.yaml").write_text(text)
    assert load_yaml(tmp_path / "x.yaml") == yaml.safe_load(text)


def test_a_file_of_many_mistakes_is_answered_at_once(tmp_path):
    text = TASK + "columns:\n" + "".join(f"  k{n}: {{colum: x}}\n" for n in range(3000))
    (tmp_path / "x.yaml").write_text(text)
    start = time.process_time()
    with pytest.raises(ConfigurationError) as caught:
        validate(TaskFile, load_yaml(tmp_path / "x.yaml"), tmp_path / "x.yaml")
    assert len(caught.value.problems) == 100
    assert time.process_time() - start < 10


def test_a_key_of_a_million_letters_is_answered_at_once(tmp_path):
    (tmp_path / "x.yaml").write_text(f"{TASK}? {'k' * 10**6}\n: 1\n")
    with pytest.raises(ConfigurationError, match="unknown key"):
        validate(TaskFile, load_yaml(tmp_path / "x.yaml"), tmp_path / "x.yaml")


@pytest.mark.parametrize("text", [BOMB, ITSELF, DEEP], ids=["aliases of aliases", "itself", "deep"])
@pytest.mark.parametrize(
    ("place", "arguments", "code"),
    [
        ("registry.yaml", ("list", "models"), 2),
        ("tasks/demo/x.yaml", ("list", "tasks"), 0),
        ("tasks/demo/x.yaml", ("eval", "-m", "toy-reader", "-t", "demo/x"), 2),
        ("tasks/demo/x.yaml", ("show", "demo/x"), 2),
        ("tasks/demo/benchmark.yaml", ("eval", "-m", "toy-reader", "-t", "demo"), 2),
        ("run.yaml", ("run", "run.yaml"), 2),
        ("p.yaml", ("leaderboard", "quickstart", "--published", "p.yaml"), 2),
        ("j.yaml", ("eval", "-m", "judge:base=toy-reader,prompt=j.yaml", "-t", "quickstart/preferences"), 2),
        ("g.yaml", ("eval", "-m", "guard:base=toy-reader,template=g.yaml", "-t", "quickstart/detection"), 2),
    ],
)
def test_no_command_is_held_up_by_yaml(toys, write_task, rows, harness, text, place, arguments, code):
    write_task("demo/plain", rows(3))
    path = toys / place
    begin = "" if place == "registry.yaml" else "extra: 1\n"
    path.write_text(("models:\n  " + text.replace("\n", "\n  ") if place == "registry.yaml" else begin + text).rstrip())
    ran = harness(*arguments)
    assert ran.code == code
    assert f"{path.name}:" in ran.err
    assert "not valid YAML" in ran.err


@pytest.mark.parametrize(
    "block", ["columns", "slices", "options", "brief", "data"], ids=lambda block: f"shared parts in {block}"
)
def test_a_part_that_is_shared_by_aliases_is_a_message_wherever_it_stands(toys, write_task, harness, block):
    write_task("demo/plain")
    text = "".join(
        f"  a{n}: &a{n} {{b: 1, c: 2}}\n" if not n else f"  a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(10)
    )
    (toys / "tasks/demo/plain.yaml").write_text(f"kind: best-of-k\n{block}:\n{text}")
    assert harness("eval", "-m", "toy-reader", "-t", "demo/plain").code == 2


# names that are no files


@pytest.fixture
def pipe(project):
    """A named pipe that nobody writes into: whoever opens it waits for ever."""

    def make(place):
        path = project / place
        path.parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(path)
        return path

    return make


def test_a_pipe_in_a_task_folder_holds_up_no_command(toys, write_task, rows, pipe, harness):
    write_task("demo/plain", rows(3))
    pipe("tasks/demo/pipe.yaml")
    listed = harness("list", "tasks")
    assert listed.code == 0
    assert listed.err == saying("pipe.yaml", "needed")
    assert harness("eval", "-m", "toy-reader", "-t", "demo/plain").code == 0
    asked = harness("eval", "-m", "toy-reader", "-t", "demo/pipe")
    assert (asked.code, "it is a named pipe" in asked.err) == (2, True)


@pytest.mark.parametrize("ending", ["jsonl", "jsonl.gz", "json", "csv", "parquet", "txt"])
def test_a_pipe_or_device_is_no_data(toys, pipe, write_task, harness, ending):
    path = pipe(f"rows.{ending}")
    assert FileSource(path).count() is None
    with pytest.raises(DataError, match="it is a named pipe, and a file is needed"):
        list(FileSource(path).rows())
    device = toys / f"null.{ending}"
    device.symlink_to("/dev/zero")
    with pytest.raises(DataError, match="it is a device"):
        list(FileSource(device).rows())


def test_a_task_over_a_pipe_fails_and_others_go_on(toys, write_task, rows, pipe, harness):
    write_task("demo/plain", rows(3))
    pipe("tasks/demo/rows.jsonl")
    write_task("demo/piped", data={"test": {"file": "rows.jsonl"}})
    ran = harness("eval", "-m", "toy-reader", "-t", "demo/plain", "-t", "demo/piped", "--json")
    assert ran.code == 1
    assert {result["task"] for result in ran.document["results"]} == {"demo/plain"}
    assert "it is a named pipe" in ran.document["failures"][0]["reason"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "PIPE.yaml"),
        ("list", "models", "--registry", "PIPE.yaml"),
        ("leaderboard", "quickstart", "--published", "PIPE.jsonl"),
        ("leaderboard", "quickstart", "--published", "PIPE.yaml"),
        ("correlate", "quickstart", "--outcome", "PIPE.json"),
        ("eval", "-m", "recorded:path=PIPE.jsonl", "-t", "quickstart/preferences"),
        ("eval", "-m", "keyword-list:path=PIPE.txt", "-t", "quickstart/detection"),
        ("eval", "-m", "judge:base=toy-reader,prompt=PIPE.yaml", "-t", "quickstart/preferences"),
        ("eval", "-m", "length", "-t", "quickstart/preferences", "--store", "PIPE.sqlite"),
    ],
)
def test_no_command_waits_for_a_pipe(toys, pipe, harness, arguments):
    names = {part.rpartition("PIPE.")[2] for argument in arguments for part in [argument] if "PIPE." in part}
    for ending in names:
        pipe(f"PIPE.{ending}")
    ran = harness(*arguments)
    assert ran.code in (1, 2)
    assert "PIPE." in ran.err
    assert "internal error" not in ran.err


# what a row of a file can be


def test_a_line_or_document_beyond_all_measure_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("harness.tasks.data.sources.LONGEST_LINE", 1000)
    monkeypatch.setattr("harness.tasks.data.sources.LARGEST_DOCUMENT", 1000)
    import gzip

    for name, problem in (("a.jsonl.gz", "a line of more than"), ("a.txt.gz", "a line of more"), ("a.json.gz", "GiB")):
        with gzip.open(tmp_path / name, "wb") as stream:
            stream.write(b'["' + b"x" * 10**6 + b'"]')
        with pytest.raises(DataError, match=problem):
            list(FileSource(tmp_path / name).rows())
    (tmp_path / "a.csv").write_text("a,b\n" + "x" * 5000 + ",1\n")
    with pytest.raises(DataError, match=r"a\.csv:2: a line of more than"):
        list(FileSource(tmp_path / "a.csv").rows())


def test_a_task_folder_of_too_many_folders_is_said(toys, write_task, rows, harness, monkeypatch):
    monkeypatch.setattr("harness.tasks.index._MOST_FOLDERS", 3)
    write_task("demo/plain", rows(3))
    for number in range(5):
        (toys / f"tasks/f{number}").mkdir()
    assert "holds more than 3 folders" in harness("list", "tasks").err


# names that no file can have


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("eval", "-m", "length", "-t", "quickstart/preferences", "--store", "LONG"), 2),
        (("compare", "a", "b", "-t", "quickstart", "--store", "LONG"), 2),
        (("leaderboard", "quickstart", "--store", "LONG"), 2),
        (("leaderboard", "quickstart", "--merge", "LONG"), 2),
        (("leaderboard", "quickstart", "--published", "LONG"), 1),
        (("leaderboard", "quickstart", "-o", "LONG.md"), 2),
        (("correlate", "quickstart", "--outcome", "LONG"), 1),
        (("train", "bt-linear", "-t", "quickstart/preferences", "-o", "LONG"), 2),
        (("cross-validate", "bt-linear", "-t", "quickstart/preferences", "--store", "LONG"), 2),
        (("view", "--store", "LONG"), 2),
        (("run", "LONG.yaml"), 2),
        (("doctor", "--store", "LONG"), 0),
        (("eval", "-m", "recorded:path=LONG.jsonl", "-t", "quickstart/preferences"), 2),
    ],
)
def test_a_name_of_300_letters_is_one_sentence(project, harness, arguments, code):
    ran = harness(*(argument.replace("LONG", "n" * 300) for argument in arguments))
    assert ran.code == code
    assert "n" * 300 in ran.err + ran.out
    assert "internal error" not in ran.err
