"""Publishers and analyses of plugins: found by name, refused alone, and named where they fail or are left out."""

from __future__ import annotations

import pytest
import yaml

import harness as public

from .messages import saying

PUBLISHER = """
from harness import Publisher, hookimpl


class Names(Publisher):
    def check(self, folder):
        pass

    def own_names(self, folder, benchmarks):
        return {"names.txt"}

    def publish(self, edition, folder):
        folder.mkdir(parents=True, exist_ok=True)
        [table] = [edition.outcome.path.name] if edition.outcome else ["no outcome"]
        text = [*edition.benchmarks, str(edition.confidence), table, type(edition.analysis).__name__]
        (folder / "names.txt").write_text("\\n".join(text))
        return 1


class Fails(Names):
    def publish(self, edition, folder):
        raise ZeroDivisionError("no reader")


class Other:
    pass


@hookimpl
def register_publishers(register):
    register("names", "plugin_press:Names", opens="names.txt", description="one line a benchmark")
    register("fails", "plugin_press:Fails", description="raises")
    register("other", "plugin_press:Other", description="no publisher")
"""


@pytest.fixture
def press(add_plugin, harness):
    """A store with results, and a plugin of publishers."""
    add_plugin("press", PUBLISHER)
    assert harness("eval", "-m", "length", "-t", "quickstart/preferences").code == 0


def test_a_publisher_of_a_plugin_fills_a_folder(press, project, harness):
    (project / "outcome.csv").write_text("model,value\nlength,1\n")
    ran = harness("leaderboard", "quickstart", "-o", "out/", "--publisher", "names", "--confidence", 0.9,
                  "--outcome", "outcome.csv")  # fmt: skip
    assert ran.code == 0, ran.err
    assert (project / "out/names.txt").read_text().split("\n") == ["quickstart", "0.9", "outcome.csv", "Correlate"]
    assert ran.err.splitlines()[-1] == saying("1", "files", "out/names.txt")
    assert public.publish("names", ["quickstart"], project / "again") == 1
    assert (project / "again/names.txt").read_text().split("\n") == ["quickstart", "None", "no outcome", "NoneType"]


@pytest.mark.parametrize(
    ("publisher", "output", "words"),
    [
        (
            "fails",
            "out/",
            ["publisher 'fails'", "plugin 'press'", "ZeroDivisionError", "plugin_press"],
        ),
        ("other", "out/", ["publisher", "harness-press/other", "harness.publisher.Publisher"]),
        ("nmaes", "out/", ["publisher", "'nmaes'", "'names'"]),
        ("names", "out.md", ["--publisher names", "folder"]),
    ],
)
def test_a_publisher_that_cannot_be_used_is_named(press, project, harness, publisher, output, words):
    ran = harness("leaderboard", "quickstart", "-o", output, "--publisher", publisher)
    assert ran.code == 2
    assert [word for word in words if word not in ran.err] == []
    assert not (project / output).exists()


@pytest.mark.parametrize(
    ("arguments", "plugin"),
    [
        (["view"], "view"),
        (["correlate", "quickstart", "--outcome", "outcome.csv"], "outcomes"),
        (["leaderboard", "quickstart", "-o", "site/"], "site"),
    ],
)
def test_a_plugin_that_is_left_out_is_named_by_what_needs_it(project, harness, monkeypatch, arguments, plugin):
    monkeypatch.setenv("HARNESS_PLUGINS", "kinds,baselines")
    ran = harness(*arguments)
    assert ran.code == 2
    assert ran.err == saying(f"{plugin!r}", "HARNESS_PLUGINS", "registry.yaml")


def test_python_names_the_plugin_that_is_left_out(project, monkeypatch):
    monkeypatch.setenv("HARNESS_PLUGINS", "kinds,baselines,site")
    with pytest.raises(public.HarnessError, match="'outcomes'"):
        public.correlate("quickstart", "outcome.csv")
    with pytest.raises(public.HarnessError, match="'outcomes'"):
        public.build_site(["quickstart"], "site", outcome="outcome.csv")
    monkeypatch.setenv("HARNESS_PLUGINS", "kinds,baselines,outcomes")
    with pytest.raises(public.HarnessError, match="'site'"):
        public.build_site(["quickstart"], "site")


def test_a_run_file_says_before_it_computes_that_a_plugin_is_left_out(project, harness, monkeypatch):
    board = {"benchmark": "quickstart", "output": "site/", "outcome": "outcome.csv"}
    run = {"models": ["length"], "tasks": ["quickstart/preferences"], "leaderboards": [board]}
    (project / "run.yaml").write_text(yaml.safe_dump(run))
    (project / "outcome.csv").write_text("model,value\nlength,1\n")
    monkeypatch.setenv("HARNESS_PLUGINS", "kinds,baselines")
    ran = harness("run", "run.yaml")
    assert ran.code == 2
    for key, plugin in (("output", "site"), ("outcome", "outcomes")):
        [line] = [line for line in ran.err.splitlines() if f"leaderboards.0.{key}: " in line]
        assert f"the plugin {plugin!r}" in line
    assert not (project / ".harness").exists()


@pytest.mark.parametrize("command", ["view", "correlate"])
def test_a_broken_registry_file_is_said_where_the_command_of_a_plugin_is_called(project, harness, command):
    (project / "registry.yaml").write_text("models: [\n")
    ran = harness(command)
    assert ran.code == 2
    assert "registry.yaml" in ran.err


def _run_file(project, **keys):
    board = {"benchmark": "quickstart", "output": "out/", **keys}
    run = {"models": ["length"], "tasks": ["quickstart/preferences"], "leaderboards": [board]}
    (project / "run.yaml").write_text(yaml.safe_dump(run))


def test_a_run_file_names_the_publisher_that_fills_a_folder(press, project, harness):
    (project / "outcome.csv").write_text("model,value\nlength,1\n")
    _run_file(project, publisher="names", outcome="outcome.csv")
    ran = harness("run", "run.yaml")
    assert ran.code == 0, ran.err
    assert (project / "out/names.txt").read_text().split("\n") == ["quickstart", "0.95", "outcome.csv", "Correlate"]
    assert ran.err.splitlines()[-1] == "names of 1 files written; open out/names.txt"


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"publisher": "nmaes"}, ["'nmaes'", "'names'"]),
        ({"publisher": "other"}, ["harness-press/other", "harness.publisher.Publisher"]),
        ({"publisher": "names", "output": "out.md"}, ["fills a folder", "names/"]),
    ],
)
def test_a_publisher_of_a_run_file_that_cannot_be_used_is_said_once_of_its_key(press, project, harness, keys, words):
    _run_file(project, **keys)
    ran = harness("run", "run.yaml")
    assert ran.code == 2
    [line] = [line for line in ran.err.splitlines() if "leaderboards.0." in line]
    assert "leaderboards.0.publisher: " in line
    assert [word for word in words if word not in line] == []


def test_a_file_of_a_publisher_s_folder_is_no_place_for_another_board(press, project, harness):
    _run_file(project, publisher="names")
    run = yaml.safe_load((project / "run.yaml").read_text())
    run["leaderboards"].append({"benchmark": "quickstart", "output": "out/names.txt", "format": "table"})
    (project / "run.yaml").write_text(yaml.safe_dump(run))
    ran = harness("run", "run.yaml")
    assert ran.code == 2
    assert "leaderboards.1.output: " in ran.err
