"""Detectors without training, against what the language model says."""

import numpy as np
import pytest
from harness_plugins.muli.refusals import OPENINGS, FirstToken, Refusal

from harness import Completion, Conversation, Failure
from harness.errors import CellError, UsageError
from harness.model import Part

PROMPTS = [Conversation.user("one"), Conversation.user("two"), Conversation.user("three")]


def over(model, answers, **facts):
    """The model, over a part whose answers are given by capability."""
    asked = []

    def ask(capability, requests):
        asked.append((capability, requests))
        return [answers(request) for request in requests]

    model.parts = {"base": Part(ask, specification="toy", **facts)}
    return asked


def test_probabilities_of_openings_add_up():
    model = Refusal(base="toy", openings="Sorry|No")
    chances = [[0.1, 0.2, 0.05, 0.15], [1e-30, 0, 0, 0], [0.6, 0.2, 0.1, 0.1]]
    with np.errstate(divide="ignore"):
        rows = dict(zip((p.text for p in PROMPTS), np.log(chances), strict=True))
    asked = over(model, lambda request: rows[request.prompt.text])
    first, second, third = model.detect(PROMPTS)
    assert asked[0][1][0].options == ("Sorry", "No", " Sorry", " No")
    assert first == pytest.approx(0.0, abs=1e-12)
    assert second == pytest.approx(np.log(1e-30))
    assert 20 < third < 30  # as certain as can be, and finite


def test_refusals_are_counted_at_the_beginning_of_sampled_replies():
    model = Refusal(base="toy", samples=4)
    replies = {
        "one": ["I cannot do that", " Sorry, no", "Sure!", "You said: I cannot"],
        "two": ["Sure"] * 4,
        "three": ["I can’t help"] * 4,
    }
    asked = over(model, lambda request: tuple(Completion(text) for text in replies[request.prompt.text]))
    found = model.detect(PROMPTS)
    assert found == pytest.approx([0.0, np.log(0.5 / 4.5), np.log(4.5 / 0.5)])
    assert asked[0][1][0].n == 4
    assert model.asks() == {"base": ("generate",)}
    assert Refusal(base="toy").asks() == {"base": ("choose",)}


def test_a_failed_answer_fails_the_prompt_alone():
    for model in (Refusal(base="toy"), Refusal(base="toy", samples=2)):
        over(model, lambda request: Failure("too long"))
        assert model.detect(PROMPTS[:1]) == [Failure("too long")]
    model = Refusal(base="toy")
    over(model, lambda request: np.full(len(request.options), -np.inf))
    (answer,) = model.detect(PROMPTS[:1])
    assert isinstance(answer, Failure)


def test_no_opening_begins_another():
    assert Refusal(base="toy").listed == OPENINGS
    with pytest.raises(UsageError, match="leave the longer one out"):
        Refusal(base="toy", openings="I|I cannot").offers(())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"samples": 2, "temperature": 0.0}, "samples have to differ"),
        ({"openings": "|"}, "names no opening"),
    ],
)
def test_arguments_without_sense_are_refused_while_planning(arguments, message):
    with pytest.raises(UsageError, match=message):
        Refusal(base="toy", **arguments).offers(())


def test_a_first_token_is_read_by_either_way(language_model):
    from harness_plugins.hf.language_model import LanguageModel

    base = LanguageModel(str(language_model))
    base.load()
    found = {}
    for offers in (("readout",), ("next_token",)):
        model = FirstToken(base="toy", token="is", sign=-1)
        model.parts = {"base": Part(lambda c, r: getattr(base, c)(r), offers=offers, model=base)}
        model.load()
        found[offers] = model.detect(PROMPTS)
    assert found["readout",] == pytest.approx(found["next_token",], abs=1e-4)
    row = base.next_token(PROMPTS[:1])[0].astype(np.float64)
    token = base.tokens().index("Ġis")
    exact = row[token] - np.log1p(-np.exp(row[token]))
    assert found["next_token",][0] == pytest.approx(-exact, abs=1e-5)


def test_a_token_that_is_not_there_is_named(language_model):
    from harness_plugins.hf.language_model import LanguageModel

    base = LanguageModel(str(language_model))
    model = FirstToken(base="toy", token="Sory")
    model.parts = {"base": Part(lambda c, r: [], offers=("readout",), model=base)}
    with pytest.raises(CellError, match="no token 'Sory'"):
        model.load()
    model.parts = {"base": Part(lambda c, r: [], offers=("embed",), model=base)}
    with pytest.raises(CellError, match="neither readout nor next_token"):
        model.load()
    with pytest.raises(UsageError, match="token= is empty"):
        FirstToken(base="toy", token=" ").offers(())
