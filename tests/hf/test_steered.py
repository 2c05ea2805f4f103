"""Steered generation: a rule changes logits of its own rows only, and what it is belongs to the request."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import tiny
from harness_plugins.hf.language_model import LanguageModel

from harness import Conversation, Generation, Sampling, SteeredGeneration, Steering


@dataclass(frozen=True)
class Forced(Steering):
    """Forces one token, and keeps what it was shown."""

    token: int

    def content(self):
        return ["forced", self.token]

    def steer(self, contexts, logits):
        assert len(contexts) == len(logits)
        logits[:] = -np.inf
        logits[:, self.token] = 0


def test_a_rule_decides_over_its_rows_and_leaves_the_others_alone(tmp_path):
    model = LanguageModel(str(tiny.causal(tmp_path / "m")))
    model.load()
    sampling = Sampling(0.7, max_tokens=5)
    prompts = [Conversation.plain(text) for text in ("The quick brown", "Paris is the capital of France", "How do I")]
    (token,) = set(model.token_ids("A"))
    forced = model.steer([SteeredGeneration(prompt, 1, sampling, Forced(token)) for prompt in prompts])
    assert [answer[0].text.strip() for answer in forced] == ["AAAAA"] * 3
    plain = model.generate([Generation(prompt, 1, sampling) for prompt in prompts])
    assert model.steer([SteeredGeneration(prompt, 1, sampling) for prompt in prompts]) == plain
    assert forced != plain


def test_token_ids_are_places_among_the_tokens_and_need_no_weights(tmp_path):
    model = LanguageModel(str(tiny.causal(tmp_path / "m")))
    ids, tokens = model.token_ids("The whale"), model.tokens()
    assert "".join(tokens[number] for number in ids).replace("Ġ", " ") == "The whale"
    assert not hasattr(model, "model")


def test_requests_under_different_rules_are_filed_apart():
    prompt = Conversation.user("Hi")
    keys = {SteeredGeneration(prompt, 1, Sampling(), Forced(token)).part_keys()[0] for token in (1, 2)}
    keys |= {SteeredGeneration(prompt).part_keys()[0], Generation(prompt).part_keys()[0]}
    assert len(keys) == 4
