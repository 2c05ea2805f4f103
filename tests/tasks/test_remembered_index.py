"""Listing many tasks: what is remembered of their files is what the files say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pytest

from harness.names.registry import Registry
from harness.tasks.remembered_index import FEWEST, RememberedIndex

OLD = time.time() - 100


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "harness" / "tasks"


@pytest.fixture
def many(project, cache):
    """A task folder that is large enough to be remembered."""
    for i in range(FEWEST):
        write(project, f"t{i}", f"kind: detection\ndescription: number {i}\n")
    (project / "tasks/many/benchmark.yaml").write_text("tasks: [many/t0]\ndescription: all\n")
    (project / "registry.yaml").write_text("task_folders: [tasks]\n")
    return project


def write(project, name, text, *, when=OLD):
    path = project / "tasks/many" / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (when, when))


def listed():
    return {name: entry for name, entry in Registry().tasks().files().items() if name.startswith("many/")}


def test_what_is_remembered_is_what_the_files_say(many, cache, monkeypatch):
    first = listed()
    assert list(cache.iterdir())
    monkeypatch.setattr("harness.tasks.index.load_yaml", forbid(many))
    assert listed() == first
    assert first["many/t3"].description == "number 3"
    assert len(first) == FEWEST


def forbid(folder):
    """No task file below a folder is read; benchmarks are, for they are used as they were read."""
    from harness.files.yaml_files import load_yaml

    def load(path):
        assert path.name in ("benchmark.yaml", "registry.yaml") or folder not in path.absolute().parents, path
        return load_yaml(path)

    return load


def test_a_file_that_changed_is_read_again(many, cache):
    listed()
    write(many, "t1", "kind: detection\ndescription: anew\n", when=OLD + 1)
    write(many, "t2", "kind: detection\ndescription: a longer one\n")
    (many / "tasks/many/t3.yaml").unlink()
    write(many, "t4", "kind: [\n", when=OLD + 1)
    found = Registry()
    tasks = found.tasks().files()
    assert tasks["many/t1"].description == "anew"
    assert tasks["many/t2"].description == "a longer one"
    assert "many/t3" not in tasks
    assert "many/t4" not in tasks
    assert any("t4.yaml" in problem for problem in found.task_problems)
    assert found.benchmarks().exists("many")


def test_a_file_of_this_moment_is_not_remembered(many, cache):
    write(many, "t1", "kind: detection\ndescription: one\n", when=time.time())
    listed()
    (place,) = [path for path in cache.iterdir() if "number 2" in path.read_text()]
    assert "t1.yaml" not in place.read_text()


@pytest.mark.parametrize("damage", ["", "[]", "{", '{"x": 1}', "\ud800"])
def test_a_damaged_memory_is_none(many, cache, damage):
    first = listed()
    for place in cache.iterdir():
        known = place.read_text()
        place.write_text(damage or known.replace('"number 5"', "5"), errors="surrogatepass")
    assert listed() == first


def test_few_files_and_no_cache_are_no_memory(tmp_path, cache, monkeypatch):
    few = RememberedIndex(tmp_path, FEWEST - 1)
    few.remember(tmp_path, "a", "b")
    few.save()
    assert not cache.exists()
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/nowhere")
    path = tmp_path / "t.yaml"
    path.write_text("x")
    os.utime(path, (OLD, OLD))
    none = RememberedIndex(tmp_path, FEWEST)
    none.remember(path, "a", "b")
    none.save()
    assert none.recall(path) is None


def test_a_list_loads_no_schema(many):
    code = "import sys; from harness.cli.main import run; run(['list', 'tasks']); "
    code += "print([m for m in ('pydantic', 'harness.task', 'harness.tasks.build', 'numpy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


MISTAKES = ["task_folders: tasks\n", "task_folders: [1]\n", "task_folder: [tasks]\ntasks: {}\n"]


@pytest.mark.parametrize("registry", MISTAKES)
def test_a_registry_file_with_a_mistake_is_refused_all_the_same(project, harness, registry):
    (project / "registry.yaml").write_text(registry)
    ran = harness("list", "tasks")
    assert ran.code == 2
    assert "registry.yaml:1: " in ran.err


def test_the_count_of_lm_evals_tasks_is_kept_apart(tmp_path, monkeypatch):
    from harness_plugins.lm_eval import index

    pytest.importorskip("lm_eval")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder, release = index.installed()
    place = index._place(folder, release, (folder.stat().st_mtime_ns,))
    assert index.remembered_count() is None
    entries = {"a": index.ListedName("task"), "b": index.ListedName("group"), "c": index.ListedName("task")}
    index._remember(place, entries)
    assert index.remembered_count() == 2
    place.unlink()  # the large file is not needed for the number
    assert index.remembered_count() == 2
    place.with_suffix(".count").write_text("many")
    place.write_text(json.dumps({}))
    assert index.remembered_count() == 0
