"""A model of harness inside lm-eval gives what the same numbers give lm-eval directly, and is asked once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from toy_tasks import evaluate_directly

pytest.importorskip("lm_eval")
pytestmark = pytest.mark.filterwarnings("default")  # lm-eval and its libraries warn on import

NAMES = ["toy_choice", "toy_rolling", "toy_sampled"]


def scores(folder: Path, model: Any) -> dict[str, Any]:
    return dict(evaluate_directly(folder, model, NAMES)["results"])


def test_scores_equal_those_without_harness_and_nothing_is_asked_twice(folder: Path, direct_model: Any) -> None:
    from harness_plugins.lm_eval.language_model import HarnessLM

    first = HarnessLM("fake", store=folder / "s.sqlite")
    through = scores(folder, first)
    expected = scores(folder, direct_model())
    assert through == expected
    assert 0 < expected["toy_choice"]["acc,none"] < 1
    assert 0 < expected["toy_sampled"]["exact_match,majority"] < 1
    assert first.computed == 20 * 4 + 20 + 20 * 3
    first.close()
    again = HarnessLM("fake", store=folder / "s.sqlite")
    assert scores(folder, again) == expected
    assert again.computed == 0
    again.close()


def test_conversations_reach_the_model_as_such(folder: Path, direct_model: Any) -> None:
    from harness_plugins.lm_eval.language_model import HarnessLM

    from harness.errors import UsageError

    model = HarnessLM("fake", store=folder / "s.sqlite")
    for name in ("toy_shots", "toy_prefixed"):
        settings = {"apply_chat_template": True, "system_instruction": "Think"}
        through = evaluate_directly(folder, model, [name], **settings)["results"]
        assert through == evaluate_directly(folder, direct_model(), [name], **settings)["results"]
    with pytest.raises(UsageError, match="'other' cannot be chosen"):
        model.chat_template("other")
    model.close()


def test_arguments_of_the_model_are_passed_on(folder: Path) -> None:
    from harness_plugins.lm_eval.language_model import HarnessLM
    from lm_eval.api.instance import Instance

    request = Instance("loglikelihood", {}, ("a", "b"), 0)
    one = HarnessLM("fake", store=folder / "s.sqlite")
    two = HarnessLM.create_from_arg_string(
        f"model=fake,scale=2,store={folder / 's.sqlite'}", {"batch_size": 1, "device": None}
    )
    assert two.loglikelihood([request])[0][0] == 2 * one.loglikelihood([request])[0][0]
    one.close()
    two.close()


def test_what_cannot_be_asked_is_refused(folder: Path) -> None:
    from harness_plugins.lm_eval.language_model import HarnessLM
    from harness_plugins.lm_eval.requests import sampling_of

    from harness.errors import UsageError

    with pytest.raises(UsageError, match="offers score"):
        HarnessLM("scores", store=folder / "s.sqlite")
    with pytest.raises(UsageError, match="did you mean"):
        HarnessLM("fakes", store=folder / "s.sqlite")
    with pytest.raises(UsageError, match="'top_k' has no counterpart"):
        sampling_of({"until": ["x"], "top_k": 3})
    assert sampling_of({"until": "x", "max_gen_toks": 7}).stop == ("x",)


def test_the_command_line_of_lm_eval_knows_the_model(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from harness_plugins.lm_eval.__main__ import main
    from lm_eval.api.registry import get_model

    monkeypatch.setattr(sys, "argv", ["lm_eval", "run", "--help"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert get_model("harness").__name__ == "HarnessLM"
