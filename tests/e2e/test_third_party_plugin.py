"""Install harness, the example plugin and the package of everything, and use them from an empty folder."""

import json
import os
import shutil
import site
import subprocess
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "passage-ranking"
EVERYTHING = ROOT / "tests" / "third_party" / "package"
SOURCES = ("harness", "plugins", "tasks", "examples")
FILES = ("pyproject.toml", "setup.py", "MANIFEST.in", "registry.yaml", "README.md", "CHANGELOG.md", "LICENSE")
LEAVINGS = shutil.ignore_patterns("__pycache__", "*.egg-info", "build", ".pytest_cache")


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The folder of commands of a fresh environment that holds harness and both packages, none of them editable."""
    folder = tmp_path_factory.mktemp("third-party")
    source = folder / "source"  # building leaves folders behind, which must not lie in the checkout
    source.mkdir()
    for name in SOURCES:
        shutil.copytree(ROOT / name, source / name, ignore=LEAVINGS)
    for name in FILES:
        shutil.copy2(ROOT / name, source / name)
    shutil.copytree(EVERYTHING, folder / "everything", ignore=LEAVINGS)
    environment = folder / "environment"
    venv.create(environment, with_pip=False)
    commands = environment / "bin"
    # The dependencies, pip and setuptools are those of the environment that runs this test, so nothing is downloaded.
    packages = subprocess.run(
        [commands / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    outer = {*site.getsitepackages(), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (Path(packages) / "outer.pth").write_text("\n".join(sorted(outer)) + "\n", encoding="utf-8")
    options = ("--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "--quiet")
    packages_to_install = (source, source / "examples" / EXAMPLE.name, folder / "everything")
    run(commands / "python", "-m", "pip", "install", *options, *packages_to_install, cwd=folder)
    return commands


def run(*command, cwd, status=0):
    """Standard output of a command that must end with that status, in an environment without the tester's settings."""
    left_out = ("PYTHONPATH", "HARNESS_DATA", "HARNESS_PLUGINS", "HARNESS_DEBUG", "VIRTUAL_ENV")
    environment = {name: value for name, value in os.environ.items() if name not in left_out}
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, cwd=cwd, env=environment)
    assert done.returncode == status, f"{' '.join(map(str, command))}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stdout


@pytest.fixture
def harness(installed, tmp_path):
    """The installed command, called in an empty folder."""
    return lambda *arguments, status=0: run(installed / "harness", *arguments, cwd=tmp_path, status=status)


def test_both_are_installed_and_not_the_checkout(installed, tmp_path):
    code = "import harness, harness_plugins, passage_ranking; print(harness.__file__, passage_ranking.__file__)"
    places = run(installed / "python", "-c", code, cwd=tmp_path).split()
    assert all(Path(place).is_relative_to(installed.parent) for place in places), places


def test_the_plugin_and_everything_it_registers_is_found(harness):
    plugins = {plugin["name"]: plugin for plugin in json.loads(harness("plugins", "--json"))["plugins"]}
    assert plugins["passage_ranking"]["distribution"] == "harness-passage-ranking"
    assert plugins["passage_ranking"]["state"] == "loaded"
    assert plugins["passage_ranking"]["registers"] == {
        "model": ["unigram"],
        "adapter": ["query-likelihood"],
        "metric": ["passage_ndcg"],
        "task kind": ["passage-ranking"],
    }
    assert {plugin["state"] for plugin in plugins.values()} == {"loaded"}
    assert "unigram" in harness("list", "models")
    assert "passages/garden" in harness("list", "tasks")
    assert "passages" in harness("list", "benchmarks")


def test_the_plugin_and_its_model_pass_the_conformance_checks(harness):
    findings = json.loads(harness("check", "passage_ranking", "unigram", "--json"))
    assert [finding for finding in findings if not finding["ok"]] == []
    assert {"passage_ranking", "unigram: loglikelihood"} <= {finding["subject"] for finding in findings}


def test_a_language_model_is_evaluated_through_the_adapter_and_resumed(harness):
    wish = ("eval", "-m", "unigram", "-t", "passages/garden", "--json")
    first, second = (json.loads(harness(*wish)) for _ in range(2))
    headline = next(r for r in first["results"] if (r["metric"], r["domain"]) == ("passage_ndcg:depth=3", "overall"))
    assert headline["adapters"] == ["query-likelihood"]
    assert headline["n"] == 16
    assert 0.5 < headline["low"] < headline["value"] < headline["high"] < 1
    assert second["results"] == first["results"]
    assert first["failures"] == []


def test_the_leaderboard_holds_its_model_beside_the_baselines(harness):
    harness("eval", "passages")
    board = json.loads(harness("leaderboard", "passages", "--format", "json"))
    assert {entry["model"] for entry in board["entries"]} == {"random", "length", "tfidf", "unigram"}
    assert board["columns"][0]["key"] == "nDCG@3"


def test_a_regular_install_carries_tasks_data_and_the_registry_file(harness):
    shipped = {"judgebench", "llmbar", "quickstart", "rewardmath", "rm-bench"}
    assert shipped <= {benchmark["name"] for benchmark in json.loads(harness("list", "benchmarks", "--json"))}
    assert "quickstart-reward-model" in harness("list", "models")
    outcome = json.loads(harness("eval", "quickstart", "-m", "random", "--json"))
    assert {result["task"] for result in outcome["results"]} == {
        "quickstart/best-of-16",
        "quickstart/preferences",
        "quickstart/detection",
        "quickstart/duplicates",
    }
    assert outcome["failures"] == []


def test_the_tests_of_the_example_pass(installed, tmp_path):
    shutil.copytree(EXAMPLE / "tests", tmp_path / "tests", ignore=LEAVINGS)
    printed = run(installed / "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests", cwd=tmp_path)
    assert "passed" in printed


def test_the_package_of_everything_passes_its_checks_and_trains_on_first_use(harness):
    findings = json.loads(harness("check", "workshop", "overlap", "critic:base=babbler", "analyser", "--json"))
    assert [finding for finding in findings if not finding["ok"]] == []
    tuned = "tuned=train:tasting:task=workshop/options,base=[babbler],set.iterations=1"
    outcome = json.loads(harness("eval", "-m", tuned, "-t", "workshop/reply", "--role", "judge=length", "--json"))
    assert [(result["metric"], result["n_failed"]) for result in outcome["results"]] == [("mean_worth", 0)]
