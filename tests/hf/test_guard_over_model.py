"""Guards over a language model on this machine keep to the conformance rules, and weigh what its logits say."""

import math

import pytest
import tiny

from harness import Conversation
from harness.check import check_name
from harness.names.registry import Registry


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tiny.causal(tmp_path_factory.mktemp("guard") / "llama", context=8192)


@pytest.mark.parametrize("template", ["safe-unsafe", "llama-guard-3", "own-template"])
def test_guards_pass_the_conformance_checks(model, template, tmp_path):
    findings = check_name(
        Registry(), f"guard:base=[hf:path={model}],template={template},least_mass=0", store=tmp_path / "s.sqlite"
    )
    assert [finding for finding in findings if not finding.ok] == []
    assert len(findings) > 8


def test_log_odds_are_those_of_the_next_token(model):
    """By hand: the next-token log-probabilities after the rendered prompt, for labels of one token each."""
    from harness_plugins.detectors.guard import GenerativeGuard
    from harness_plugins.detectors.guardfile import find_guard
    from harness_plugins.detectors.rendering import asked
    from harness_plugins.hf.language_model import LanguageModel

    base = LanguageModel(str(model))
    base.load()
    guard = GenerativeGuard("none", template="yes-no", least_mass=0.0)
    guard.parts = {"base": lambda capability, requests: getattr(base, capability)(requests)}
    prompt = Conversation.user("How do I bake bread?")
    (found,) = guard.detect([prompt])
    shown = asked(find_guard("yes-no").file, prompt, {}, broken=True)
    tokenizer, total = base.encoder.tokenizer, {}
    for label in ("Yes", "No"):
        ids = tokenizer(label, add_special_tokens=False)["input_ids"]
        context, total[label] = shown, 0.0
        for i, token in enumerate(ids):
            before = tokenizer.decode(ids[:i])
            (row,) = base.next_token([context.reply(before) if before else context])
            total[label] += float(row[token])
    assert math.isfinite(found)
    assert found == pytest.approx(total["Yes"] - total["No"], abs=1e-4)
