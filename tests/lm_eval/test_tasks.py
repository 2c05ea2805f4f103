"""lm-eval's tasks in harness give the values and standard errors that lm-eval itself gives, whatever the task."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from toy_tasks import evaluate_directly

from harness.api import compare, evaluate
from harness.errors import HarnessError, PlanError

from ..messages import saying

pytest.importorskip("lm_eval")
pytestmark = pytest.mark.filterwarnings("default")  # lm-eval and its libraries warn on import


@pytest.fixture
def ours(folder: Path) -> Callable[..., dict[str, Any]]:
    """Estimates by lm-eval's key, ``METRIC,FILTER``, of one task."""

    def run(task: str, model: str = "fake", **settings: Any) -> dict[str, Any]:
        outcome = evaluate([model], [f"lm_eval:{task}"], store=folder / "s.sqlite", **settings)
        assert not outcome.failures(), outcome.failures()
        return {r.metric if "," in r.metric else f"{r.metric},none": r.estimate for r in outcome.results}

    return run


def check_equal(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    values = {key: v for key, v in theirs.items() if "," in key and "_stderr" not in key}
    assert values
    assert {key: estimate.value for key, estimate in ours.items()} == values
    for key, estimate in ours.items():
        metric, _, filtered = key.partition(",")
        given = theirs[f"{metric}_stderr,{filtered}"]
        if given == "N/A":
            assert "lm_eval_stderr" not in estimate.detail
        else:
            assert estimate.detail["lm_eval_stderr"] == pytest.approx(given, rel=1e-12)
        assert estimate.low <= estimate.value <= estimate.high


@pytest.mark.parametrize(
    "name", ["choice", "informed", "binary", "shots", "inputs", "rolling", "last", "sampled", "written", "prefixed"]
)
def test_values_and_standard_errors_equal_lm_evals(folder: Path, ours: Any, direct_model: Any, name: str) -> None:
    theirs = evaluate_directly(folder, direct_model(), [f"toy_{name}"])["results"][f"toy_{name}"]
    check_equal(ours(f"toy_{name}:bootstrap_iters=20"), theirs)


@pytest.mark.parametrize("name", ["choice", "shots", "inputs", "prefixed"])
@pytest.mark.parametrize("turns", [True, False])
def test_so_do_those_of_conversations(folder: Path, ours: Any, direct_model: Any, name: str, turns: bool) -> None:
    settings: dict[str, Any] = {
        "apply_chat_template": True,
        "fewshot_as_multiturn": turns,
        "system_instruction": "Think",
    }
    theirs = evaluate_directly(folder, direct_model(), [f"toy_{name}"], **settings)["results"][f"toy_{name}"]
    options = f"apply_chat_template=true,fewshot_as_multiturn={turns},system_instruction=Think,bootstrap_iters=20"
    check_equal(ours(f"toy_{name}:{options}"), theirs)


def test_options_change_what_is_asked_as_lm_evals_do(folder: Path, ours: Any, direct_model: Any) -> None:
    theirs = evaluate_directly(folder, direct_model(), ["toy_shots"], num_fewshot=4)["results"]["toy_shots"]
    check_equal(ours("toy_shots:num_fewshot=4"), theirs)
    plain = ours("toy_shots")
    assert plain != ours("toy_shots:num_fewshot=4")
    theirs = evaluate_directly(folder, direct_model(), ["toy_shots"], fewshot_random_seed=7)["results"]["toy_shots"]
    check_equal(ours("toy_shots:fewshot_seed=7"), theirs)
    chosen = {"gen_kwargs": {"do_sample": False, "temperature": 0.0}}
    theirs = evaluate_directly(folder, direct_model(), ["toy_sampled"], **chosen)["results"]["toy_sampled"]
    check_equal(ours("toy_sampled:gen_kwargs=[do_sample=false,temperature=0]"), theirs)


def test_a_limit_takes_the_documents_that_lm_eval_takes(folder: Path, ours: Any, direct_model: Any) -> None:
    theirs = evaluate_directly(folder, direct_model(), ["toy_shots"], limit=7)["results"]["toy_shots"]
    check_equal(ours("toy_shots", limit=7), theirs)


def test_a_second_run_asks_nothing(folder: Path, ours: Any) -> None:
    first = ours("toy_sampled")
    outcome = evaluate(["fake"], ["lm_eval:toy_sampled"], store=folder / "s.sqlite")
    assert [cell.computed for cell in outcome.cells] == [0]
    assert outcome.cells[0].requests == 60
    assert {r.estimate.value for r in outcome.results} == {e.value for e in first.values()}


def test_a_failed_request_costs_its_document_only(folder: Path) -> None:
    outcome = evaluate(["fake:broken='is 3?'"], ["lm_eval:toy_choice"], store=folder / "s.sqlite")
    assert [(r.estimate.n, r.estimate.n_failed) for r in outcome.results] == [(19, 1)] * 2
    assert "cannot read this" in outcome.failures()[0]["reason"]


def test_two_models_are_compared_document_by_document(folder: Path) -> None:
    tasks = ["lm_eval:toy_rolling", "lm_eval:toy_written"]
    evaluate(["fake", "other=fake:scale=3"], tasks, store=folder / "s.sqlite")
    found = {c.metric: c for c in compare("fake", "other", tasks, store=folder / "s.sqlite")}
    bits = found["bits_per_byte"]
    assert bits.second == pytest.approx(3 * bits.first)
    assert bits.difference.p_value < 0.001
    assert math.isnan(found["bleu"].difference.value)  # of all documents together, so that there are no pairs


def test_what_cannot_be_asked_is_said_before_any_work(folder: Path) -> None:
    store = folder / "s.sqlite"

    def problem(target: str, model: str = "fake") -> str:
        with pytest.raises(PlanError) as raised:
            evaluate([model], [target], store=store)
        return str(raised.value)

    assert "did you mean 'lm_eval:toy_choice'" in problem("lm_eval:toy_choise")
    assert "no option 'fewshots'" in problem("lm_eval:toy_choice:fewshots=3")
    assert "must be a whole number, not 'many'" in problem("lm_eval:toy_choice:num_fewshot=many")
    assert problem("lm_eval:toy_choice", "scores") == saying("loglikelihood", "score")
    assert "'top_k' has no counterpart" in problem("lm_eval:toy_written:gen_kwargs=[top_k=3]")
    assert "no such file" in problem("lm_eval:nowhere/task.yaml")
    assert "no task matches" in problem("lm_eval:toy_nothing*")


def test_mistakes_in_a_file_name_it(folder: Path) -> None:
    tasks = folder / "tasks"

    def problem(name: str, text: str) -> str:
        path = tasks / f"{name}.yaml"
        path.write_text(f"task: {name}\n{text}\n")
        with pytest.raises(HarnessError) as raised:
            evaluate(["fake"], [f"lm_eval:{path}"], store=folder / "s.sqlite")
        path.unlink()
        assert f"{name}.yaml" in str(raised.value)
        return str(raised.value)

    assert "cannot be read as a task" in problem("broken", "output_type: [")
    assert "none of loglikelihood" in problem("kind", "output_type: pictures")
    assert "no aggregation 'meen'" in problem("way", "metric_list: [{metric: acc, aggregation: meen}]")
    assert "needs the key 'metric'" in problem("nameless", "metric_list: [acc]")
    assert "no_such_function" in problem("function", "doc_to_text: !function no_such_module.no_such_function")


def test_data_out_of_reach_fails_its_task_and_no_other(folder: Path) -> None:
    (folder / "tasks" / "far.yaml").write_text(
        "task: toy_far\ndataset_path: nobody/nothing\ntest_split: test\noutput_type: generate_until\n"
        'doc_to_text: "x"\ndoc_to_target: "y"\nmetric_list: [{metric: exact_match}]\n'
    )
    outcome = evaluate(["fake"], ["lm_eval:toy_far", "lm_eval:toy_choice"], store=folder / "s.sqlite")
    assert [cell.status for cell in outcome.cells] == ["failed", "done"]
    assert "nobody/nothing cannot be loaded" in outcome.cells[0].problem
    assert "dataset_path: json" in outcome.cells[0].problem


def test_a_metric_that_cannot_be_computed_says_why_and_leaves_the_others(folder: Path) -> None:
    (folder / "tasks" / "odd.yaml").write_text(
        "include: toy_choice.yaml\ntask: toy_odd\nmetric_list: [{metric: f1}, {metric: acc}]\n"
    )
    outcome = evaluate(["fake"], ["lm_eval:toy_odd"], store=folder / "s.sqlite")
    f1, accuracy = outcome.results
    assert math.isnan(f1.estimate.value)
    assert "average='binary'" in str(f1.estimate.detail["reason"])
    assert accuracy.estimate.value >= 0


def test_code_that_a_model_wrote_runs_only_on_request(folder: Path) -> None:
    (folder / "tasks" / "unsafe.yaml").write_text(
        "include: toy_written.yaml\ntask: toy_unsafe\nunsafe_code: true\nmetric_list: [{metric: exact_match}]\n"
    )
    with pytest.raises(PlanError, match="toy_unsafe:confirm_run_unsafe_code=true"):
        evaluate(["fake"], ["lm_eval:toy_unsafe"], store=folder / "s.sqlite")
    outcome = evaluate(["fake"], ["lm_eval:toy_unsafe:confirm_run_unsafe_code=true"], store=folder / "s.sqlite")
    assert outcome.exit_code == 0
