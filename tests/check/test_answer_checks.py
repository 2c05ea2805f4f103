"""What is no answer becomes a failure with a reason, for every core capability, and what is one passes."""

import math
from dataclasses import dataclass

import numpy as np
import pytest

from harness import (
    Candidates,
    Choice,
    Completion,
    Continuation,
    Conversation,
    Failure,
    Generation,
    Likelihood,
    LinearReadout,
    Pair,
    Query,
    Readout,
    SteeredGeneration,
    Text,
    Verdict,
)
from harness.capabilities import CORE
from harness.running.filing import checked

CAPABILITIES = {capability.name: capability for capability in CORE}
PROMPT = Conversation.user("hi")
REQUESTS = {
    "score": Candidates(PROMPT, ("a", "b")),
    "compare": Pair(PROMPT, "a", "b"),
    "embed": Text("a"),
    "detect": PROMPT,
    "generate": Generation(PROMPT, 1),
    "steer": SteeredGeneration(PROMPT, 1),
    "loglikelihood": Continuation("a", " b"),
    "next_token": PROMPT,
    "choose": Choice(PROMPT, ("Yes", "No")),
    "readout": Readout(PROMPT, LinearReadout((0,), (1.0,))),
    "route": Query(PROMPT, ("m", "n")),
}
NAN, INF = math.nan, math.inf


def answers(name, response):
    capability, request = CAPABILITIES[name], REQUESTS[name]
    return list(checked(capability, request, response, 2 if name == "score" else 1))


@pytest.mark.parametrize(
    ("name", "response"),
    [
        ("score", [1.0]),
        ("score", "no"),
        ("score", [10**400, 1]),
        ("compare", Verdict(NAN)),
        ("compare", Verdict(1.5)),
        ("compare", Verdict(True)),
        ("compare", Verdict("0.5")),
        ("compare", Verdict(0.5, None)),
        ("compare", Verdict(1.0, "", "much first")),
        ("compare", Verdict(1.0, "", None)),
        ("compare", Verdict(1.0, "", "second")),
        ("compare", Verdict(0.9, "", "tie")),
        ("compare", Verdict(None, "", "first")),
        ("compare", 0.5),
        ("embed", [1.0, NAN]),
        ("embed", [1.0, INF]),
        ("embed", []),
        ("embed", [1e300, 1.0]),  # infinite as float32
        ("detect", NAN),
        ("detect", INF),
        ("detect", 10**400),
        ("detect", None),
        ("generate", (Completion(None),)),
        ("generate", (Completion("a", "error"),)),
        ("generate", (Completion("a", "stop", -1),)),
        ("generate", (Completion("a", "stop", 1, NAN),)),
        ("generate", (Completion("a", "stop", "12"),)),
        ("generate", ()),
        ("generate", ("a",)),
        ("loglikelihood", Likelihood(NAN, 1, True)),
        ("loglikelihood", Likelihood(-INF, 1, True)),
        ("loglikelihood", Likelihood(INF, 1, True)),
        ("loglikelihood", Likelihood(0.5, 1, True)),
        ("loglikelihood", Likelihood(-1.0, -1, True)),
        ("loglikelihood", Likelihood("-1", 1, True)),
        ("loglikelihood", -1.0),
        ("next_token", [-1.0, NAN]),
        ("next_token", [-1.0, INF]),
        ("next_token", [-1.0, 0.5]),
        ("next_token", [-INF, -INF]),
        ("choose", [-1.0, NAN]),
        ("choose", [-1.0, INF]),
        ("choose", [-1.0, 0.5]),
        ("choose", [-1.0]),
        ("readout", NAN),
        ("readout", -INF),
        ("route", [0.5, NAN]),
        ("route", [0.5]),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow")
def test_what_is_no_answer_is_a_failure_with_a_reason(name, response):
    for answer in answers(name, response):
        assert isinstance(answer, Failure)
        assert answer.reason


@pytest.mark.parametrize(
    ("name", "response"),
    [
        ("compare", Verdict(None)),
        ("compare", Verdict(np.float32(0.5))),
        ("compare", Verdict(1)),
        ("compare", Verdict(0.5, "", "slightly second")),
        ("compare", Verdict(0.5, "", "tie")),
        ("generate", (Completion("", "length", 0, None),)),
        ("loglikelihood", Likelihood(0.0, 0, True)),
        ("loglikelihood", Likelihood(1e-6, 1, np.bool_(True))),
        ("next_token", [0.0, -INF]),
        ("choose", [-INF, -INF]),
        ("route", [0.5, 0.0]),
    ],
)
def test_what_is_an_answer_passes(name, response):
    assert not any(isinstance(answer, Failure) for answer in answers(name, response))


def test_one_score_that_is_none_fails_alone():
    one, other = answers("score", [INF, 2.0])
    assert "inf" in one.reason
    assert other == 2.0


def test_a_check_that_raises_fails_its_answer_and_not_the_batch():
    @dataclass
    class Odd:
        def __float__(self):
            raise RecursionError("deep")

    assert "deep" in answers("detect", Odd())[0].reason


ADAPTER = """
import math
from harness import Adapter, Candidates
from harness.hooks import hookimpl


class Odd(Adapter):
    gives, needs = "detect", "score"

    def expand(self, request):
        return [Candidates(request, ("yes", "no"))]

    def reduce(self, request, responses):
        return math.inf if request.text == "B" else 1.0


@hookimpl
def register_adapters(register):
    register("odd-adapter", "plugin_odd:Odd", gives="detect", needs="score", cost=9.0)
"""


def test_what_an_adapter_makes_is_checked_like_a_models_answer(harness, write_task, add_plugin):
    add_plugin("odd", ADAPTER)
    write_task("demo/plain", [{"text": t, "label": t == "A", "id": t} for t in "ABC"], kind="detection")
    ran = harness("eval", "-m", "quickstart-reward-model", "-t", "demo/plain", "--adapter", "odd-adapter", "--json")
    failures = {failure["item"]: failure["reason"] for failure in ran.document["failures"]}
    assert failures == {"B": "expected a finite number, got inf"}
