"""Tasks of lm-eval in which a model writes, asked of a model behind a firewall."""

from pathlib import Path

import pytest

from harness.api import evaluate
from harness.errors import PlanError

from ..messages import saying

pytest.importorskip("lm_eval")
pytestmark = pytest.mark.filterwarnings("default")  # lm-eval and its libraries warn on import

LIST = "[keyword-list:path={}]"


def firewall(terms: str, output: bool = False) -> str:
    where = "output" if output else "input"
    return f"firewall:base=[fake],{where}=[{LIST.format(terms)}]"


@pytest.fixture
def terms(folder: Path) -> Path:
    """Lists of terms that no question holds, that every one holds, and that every answer holds."""
    for name, term in (("nothing", "never met"), ("questions", "Q"), ("answers", "two of them")):
        (folder / f"{name}.txt").write_text(f"{term}\n")
    return folder


@pytest.mark.parametrize("task", ["sampled", "written", "prefixed", "sampled:apply_chat_template=true"])
def test_a_firewall_that_stops_nothing_changes_no_figure(terms: Path, task: str) -> None:
    guarded = firewall("nothing.txt").replace(",input", f",output=[{LIST.format('nothing.txt')}],input")
    outcome = evaluate(["fake", f"guarded={guarded}"], [f"lm_eval:toy_{task}"], store=terms / "s.sqlite")
    assert not outcome.failures(), outcome.failures()
    bare, behind = (
        {result.metric: result.estimate.value for result in outcome.results if result.model == name}
        for name in ("fake", "guarded")
    )
    assert bare
    assert bare == behind


@pytest.mark.parametrize("output", [False, True])
def test_what_is_stopped_is_answered_by_a_refusal_and_counts(terms: Path, output: bool) -> None:
    guarded = firewall("answers.txt" if output else "questions.txt", output)
    outcome = evaluate(["fake", f"guarded={guarded}"], ["lm_eval:toy_sampled"], store=terms / "s.sqlite")
    assert not outcome.failures(), outcome.failures()
    values = {(r.model, r.metric): r.estimate.value for r in outcome.results}
    assert {value for (model, _), value in values.items() if model == "guarded"} == {0.0}
    assert max(value for (model, _), value in values.items() if model == "fake") > 0


def test_tasks_that_ask_for_likelihoods_are_refused_in_a_sentence(terms: Path) -> None:
    with pytest.raises(PlanError) as error:
        evaluate([f"guarded={firewall('nothing.txt')}"], ["lm_eval:toy_choice"], store=terms / "s.sqlite")
    assert str(error.value) == saying("guarded", "lm_eval:toy_choice", "loglikelihood", "generate")
