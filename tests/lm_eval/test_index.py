"""Finding tasks by name is quick, and follows the files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness.errors import DataError
from harness.names.registry import Registry

pytest.importorskip("lm_eval")
pytestmark = pytest.mark.filterwarnings("default")  # lm-eval and its libraries warn on import


def test_own_names_win_and_new_files_are_seen(folder: Path) -> None:
    tasks = Registry().tasks()
    assert tasks.exists("lm_eval:toy_choice")
    assert not tasks.exists("lm_eval:toy_new")
    (folder / "tasks" / "new.yaml").write_text("include: toy_choice.yaml\ntask: toy_new\n")
    assert Registry().tasks().exists("lm_eval:toy_new")
    (folder / "tasks" / "arc.yaml").write_text("include: toy_choice.yaml\ntask: arc_easy\n")
    assert Registry().tasks().find("lm_eval:arc_easy").path == folder / "tasks" / "arc.yaml"
    (folder / "tasks" / "arc.yaml").unlink()
    assert Registry().tasks().find("lm_eval:arc_easy").path.parts[-2:] == ("arc", "arc_easy.yaml")


@pytest.mark.slow
def test_every_name_that_lm_eval_lists_is_listed(folder: Path) -> None:
    from lm_eval.tasks import TaskManager

    found = Registry().source_of("lm_eval:")
    assert found is not None
    assert {*TaskManager(include_path=str(folder / "tasks")).all_tasks} == {*found[0].names()}


def test_listing_does_not_import_lm_eval(folder: Path) -> None:
    assert Registry().tasks().exists("lm_eval:toy_choice")  # the index is there now
    code = (
        "import sys; from harness.cli.main import main\n"
        "try: main(['list', 'tasks', '--filter', 'lm_eval:toy_c', '--json'])\n"
        "except SystemExit: pass\n"
        "assert 'lm_eval' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=folder, check=False)
    assert done.returncode == 0, done.stderr
    assert [row["name"] for row in json.loads(done.stdout)] == ["lm_eval:toy_choice"]


def test_a_folder_that_is_not_there_is_named(folder: Path) -> None:
    (folder / "registry.yaml").write_text("sources: {lm_eval: {include: [elsewhere]}}\n")
    with pytest.raises(DataError, match="elsewhere: no such folder"):
        _ = Registry().tasks().exists("lm_eval:toy_choice")
    (folder / "registry.yaml").write_text("sources: {lm_eval: {included: [tasks]}}\n")
    with pytest.raises(Exception, match=r"included.*did you mean 'include'"):
        _ = Registry().tasks().exists("lm_eval:toy_choice")


def test_the_definition_follows_what_it_depends_on(folder: Path) -> None:
    tasks = folder / "tasks"
    (tasks / "own.py").write_text("def text(doc):\n    return 'A'\n")
    (tasks / "coded.yaml").write_text("include: toy_choice.yaml\ntask: toy_coded\ndoc_to_text: !function own.text\n")

    def digest(name: str = "toy_coded") -> str:
        found = Registry().source_of(f"lm_eval:{name}")
        assert found is not None
        return found[0].digest(found[1])

    first = digest()
    assert digest() == first
    assert digest("toy_coded:num_fewshot=1") != first
    (tasks / "own.py").write_text("def text(doc):\n    return 'B'\n")
    second = digest()
    assert second != first
    included = tasks / "toy_choice.yaml"
    included.write_text(included.read_text() + "target_delimiter: '  '\n")
    assert digest() not in (first, second)
