"""lm-eval's groups as benchmarks: the same averages, with what a group says otherwise of its members."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from toy_tasks import CHOICE, DATA, evaluate_directly, write_documents, write_task

from harness.api import build_leaderboard, evaluate
from harness.errors import ConfigurationError
from harness.names.registry import Registry

from ..messages import saying

pytest.importorskip("lm_eval")
pytestmark = pytest.mark.filterwarnings("default")  # lm-eval and its libraries warn on import

GROUPS = {
    "toy_outer": """
task:
  - toy_choice
  - toy_inner
  - task: toy_shots
    num_fewshot: 3
aggregate_metric_list:
  - {metric: acc, weight_by_size: true}
""",
    "toy_inner": """
task: [toy_small, toy_tag]
aggregate_metric_list:
  - {metric: acc, weight_by_size: false, filter_list: none}
  - {metric: acc_norm, weight_by_size: true}
""",
}


@pytest.fixture
def grouped(folder: Path) -> Path:
    tasks = folder / "tasks"
    write_documents(folder / "small.jsonl", 5, first=40)
    write_documents(folder / "middle.jsonl", 11, first=60)
    metrics = "metric_list: [{{metric: acc}}, {{metric: acc_norm}}]"
    write_task(tasks, "toy_small", DATA + CHOICE + metrics, documents="small.jsonl")
    write_task(tasks, "toy_middle", DATA + CHOICE + metrics + "\ntag: toy_tag", documents="middle.jsonl")
    for name, text in GROUPS.items():
        (tasks / f"{name}.yaml").write_text(f"group: {name}\n{text}")
    return folder


def averages(folder: Path, target: str) -> dict[str, Any]:
    board = build_leaderboard(target, store=folder / "s.sqlite")
    return {name: figure for name, figure in board.entries[0].figures.items() if " " in name and ":" not in name}


def test_averages_and_their_errors_equal_lm_evals(grouped: Path, direct_model: Callable[[], Any]) -> None:
    outcome = evaluate(["fake"], ["lm_eval:toy_outer"], store=grouped / "s.sqlite")
    assert not outcome.failures()
    theirs = evaluate_directly(grouped, direct_model(), ["toy_outer"])
    ours = averages(grouped, "lm_eval:toy_outer")
    groups = theirs["groups"]
    expected = {
        "toy_outer acc": (groups["toy_outer"]["acc,none"], groups["toy_outer"]["acc_stderr,none"]),
        "toy_inner acc": (groups["toy_inner"]["acc,none"], groups["toy_inner"]["acc_stderr,none"]),
        "toy_inner acc_norm": (groups["toy_inner"]["acc_norm,none"], groups["toy_inner"]["acc_norm_stderr,none"]),
    }
    assert ours.keys() == expected.keys()
    for name, (value, stderr) in expected.items():
        assert ours[name].value == pytest.approx(value, rel=1e-15)
        # An unweighted mean has the same error in both; a weighted one has lm-eval's beside ours.
        assert ours[name].detail.get("lm_eval_stderr", ours[name].stderr) == pytest.approx(stderr, rel=1e-12)
    by_task = {cell.task: cell.results[0].estimate.value for cell in outcome.cells}
    assert by_task["lm_eval:toy_outer/toy_shots"] == theirs["results"]["toy_shots"]["acc,none"]


def test_options_hold_for_every_task_of_a_group(grouped: Path, direct_model: Callable[[], Any]) -> None:
    evaluate(["fake"], ["lm_eval:toy_inner:system_instruction=Think"], store=grouped / "s.sqlite")
    theirs = evaluate_directly(grouped, direct_model(), ["toy_inner"], system_instruction="Think")["groups"]
    ours = averages(grouped, "lm_eval:toy_inner:system_instruction=Think")
    assert ours["toy_inner acc"].value == pytest.approx(theirs["toy_inner"]["acc,none"], rel=1e-15)


def test_a_tag_is_its_tasks_and_a_glob_finds_no_groups(grouped: Path) -> None:
    registry = Registry()
    assert registry.benchmarks().find("lm_eval:toy_tag").tasks == ["lm_eval:toy_middle"]
    assert registry.matching("lm_eval:toy_m*") == ["lm_eval:toy_middle"]
    assert registry.matching("lm_eval:toy_[is]*:num_fewshot=1") == [
        f"lm_eval:toy_{name}:num_fewshot=1" for name in ("informed", "inputs", "sampled", "shots", "small")
    ]


def test_mistakes_in_a_group_are_named(grouped: Path) -> None:
    registry = Registry()
    (grouped / "tasks" / "toy_inner.yaml").write_text("group: toy_inner\ntask: [toy_smal]\n")
    with pytest.raises(ConfigurationError, match=saying("toy_inner.yaml", "task", "'toy_smal'", "'toy_small'").pattern):
        _ = registry.benchmarks().find("lm_eval:toy_inner")
    (grouped / "tasks" / "toy_inner.yaml").write_text("group: toy_inner\ntask: [toy_outer]\n")
    with pytest.raises(ConfigurationError, match="toy_outer -> toy_inner -> toy_outer"):
        _ = registry.benchmarks().find("lm_eval:toy_outer")
    assert not registry.benchmarks().exists("lm_eval:toy_choice")
