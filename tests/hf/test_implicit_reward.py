"""Implicit rewards equal sums over the tokens' log-probabilities, taken token by token."""

import numpy as np
import pytest
import tiny
import torch
from harness_plugins.hf.implicit_reward import ImplicitReward
from harness_plugins.hf.language_model import LanguageModel
from transformers import AutoModelForCausalLM, AutoTokenizer

from harness import Candidates, Conversation, Failure, Likelihood

from ..messages import saying

ASKED = [
    Candidates(Conversation.user("What is the capital of France?"), ("Paris.", "The whale is a mammal.", "No 1 2 3")),
    Candidates(Conversation.user("How do I bake bread?"), ("Mix flour and water.",)),
]


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    return [tiny.causal(folder / name, seed=seed) for seed, name in enumerate(("policy", "reference"))]


def part(path):
    model = LanguageModel(str(path))
    model.load()
    return lambda capability, requests: getattr(model, capability)(requests)


def made(parts, **arguments):
    model = ImplicitReward("p", "r" if "reference" in parts else "", **arguments)
    model.parts = parts
    return model


def by_hand(path, request, end=""):
    """For each response its tokens' log-probabilities."""
    tokenizer, model = AutoTokenizer.from_pretrained(path), AutoModelForCausalLM.from_pretrained(path).eval()
    found = []
    for response in request.responses:
        messages = [{"role": m.role, "content": m.content} for m in request.prompt.messages]
        head = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        before = len(tokenizer(head, add_special_tokens=False)["input_ids"])
        ids = tokenizer(head + response + end, add_special_tokens=False)["input_ids"]
        with torch.inference_mode():
            logs = torch.log_softmax(model(torch.tensor([ids])).logits[0].double(), -1)
        found.append([float(logs[i - 1, ids[i]]) for i in range(before, len(ids))])
    return found


@pytest.mark.parametrize("end", ["", "<|eot|>"])
def test_scores_are_sums_of_log_ratios_times_beta(paths, end):
    model = made({"policy": part(paths[0]), "reference": part(paths[1])}, beta=0.5, end=end)
    for request, scores in zip(ASKED, model.score(ASKED), strict=True):
        pairs = zip(*(by_hand(path, request, end) for path in paths), strict=True)
        assert scores == pytest.approx([0.5 * (sum(a) - sum(b)) for a, b in pairs], abs=1e-4)
    assert model.remarks() == []


@pytest.mark.parametrize(("reduction", "reduce"), [("sum", np.sum), ("average", np.mean)])
def test_without_a_reference_the_policy_alone_counts(paths, reduction, reduce):
    model = made({"policy": part(paths[0])}, reduction=reduction)
    assert model.asks() == {"policy": ("loglikelihood",)}
    for request, scores in zip(ASKED, model.score(ASKED), strict=True):
        assert scores == pytest.approx([reduce(t) for t in by_hand(paths[0], request)], abs=1e-4)


def test_one_request_at_a_time_gives_the_same(paths):
    model = made({"policy": part(paths[0]), "reference": part(paths[1])})
    alone = [model.score([request])[0] for request in ASKED]
    for a, b in zip(alone[::-1], model.score(ASKED[::-1]), strict=True):
        assert a == pytest.approx(b, abs=1e-4)


def test_a_model_compared_with_itself_implies_no_reward(paths):
    same = part(paths[0])
    assert made({"policy": same, "reference": same}).score(ASKED)[0] == pytest.approx(np.zeros(3), abs=1e-6)


def test_what_one_part_cannot_answer_has_no_score_and_says_so():
    def policy(capability, requests):
        return [Failure("too long") if "whale" in r.continuation else Likelihood(-2.0, 2, False) for r in requests]

    def reference(capability, requests):
        return [Likelihood(-np.inf if "bake" in str(r.context) else -3.0, 2, False) for r in requests]

    model = made({"policy": policy, "reference": reference})
    several, single = model.score(ASKED)
    assert several == pytest.approx([1.0, np.nan, 1.0], nan_ok=True)
    assert (type(single), single.reason) == (Failure, saying("reference:", "finite"))
    assert saying("1 responses", "policy: too long") in model.remarks()
    assert model.remarks() == []


def test_an_empty_response_has_a_sum_but_no_average():
    def policy(capability, requests):
        return [Likelihood(0.0, 0, True) for _ in requests]

    asked = [Candidates(Conversation.user("x"), ("",))]
    assert made({"policy": policy}).score(asked)[0] == pytest.approx([0.0])
    (found,) = made({"policy": policy}, reduction="average").score(asked)
    assert found == Failure("policy: an empty response has no average")
