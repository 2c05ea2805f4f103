"""The moderation endpoint gives log-odds of its greatest score, and keeps to the session's rules."""

import json
import math

import numpy as np
import pytest
from harness_plugins.openai.moderation import Moderation
from openai_server import Server

from harness import Conversation, Failure, evaluate
from harness.errors import CellError, UsageError

from ..messages import saying

KEY = "sk-recognisable-0123456789"


def loaded(server, **arguments):
    model = Moderation("tiny", base_url=server.url, **arguments)
    model.load()
    return model


def logit(p):
    return math.log(p) - math.log1p(-p)


def conversations(*texts):
    return [Conversation.user(text) for text in texts]


def test_log_odds_are_those_of_the_greatest_score():
    with Server() as server:
        (plain, hateful) = loaded(server).detect(conversations("x" * 200, "hate hate " + "x" * 90))
        assert plain == pytest.approx(logit(0.2))
        assert hateful == pytest.approx(logit(0.75))


@pytest.mark.parametrize(
    ("category", "score"),
    [("violence", 0.1), ("hate/threatening", 0.5), ("sexual", 1e-7), ("sexual+violence", 0.1)],
)
def test_a_category_or_several_can_be_chosen(category, score):
    with Server() as server:
        (found,) = loaded(server, category=category).detect(conversations("hate" + "x" * 96))
        assert found == pytest.approx(logit(score))


def test_scores_of_0_and_1_give_finite_log_odds():
    with Server() as server:
        low, high = loaded(server, category="violence").detect(conversations("", "x" * 200_000))
        assert -35 < low < -34
        assert 34 < high < 36


@pytest.mark.parametrize("category", ["violense", "illicit"])
def test_a_category_that_the_server_does_not_score_ends_the_run_and_names_those_it_has(category):
    with Server() as server, pytest.raises(CellError, match=saying("hate/threatening", "violence").pattern):
        loaded(server, category=category).detect(conversations("a"))


def test_many_texts_go_together_and_answers_keep_their_places():
    with Server(latency=0.01) as server:
        texts = ["x" * (1 + 7 * i % 500) for i in range(100)]
        model = loaded(server)
        together = model.detect(conversations(*texts))
        assert len(server.seen) == 4
        alone = [model.detect(conversations(text))[0] for text in texts[:5]]
        assert together[:5] == alone
        assert np.argsort(together).tolist() == np.argsort([len(t) for t in texts]).tolist()


def test_a_text_that_is_refused_does_not_take_the_others_along():
    def act(number, path, body):
        return ("status", (400, {}, "too long")) if "bad" in json.dumps(body["input"]) else ("answer", None)

    with Server(act) as server:
        answers = loaded(server).detect(conversations("good", "bad", "fine"))
        assert isinstance(answers[1], Failure)
        assert "too long" in answers[1].reason
        assert [type(a) for a in (answers[0], answers[2])] == [float, float]


@pytest.mark.parametrize(
    "fault",
    [
        ("status", (429, {"retry-after": "0"}, "slow down")),
        ("drop", None),
        ("truncate", None),
        ("rubbish", b"<html>"),
        ("rubbish", b"[1]"),
        ("json", {"results": []}),
        ("json", {"results": [{"category_scores": {"violence": 1.5}}]}),
        ("json", {"results": [{"category_scores": {"violence": float("nan")}}]}),
        ("json", {"results": [{"category_scores": {}}]}),
        ("json", {"nothing": 1}),
    ],
)
def test_what_may_pass_is_tried_again(fault):
    with Server(lambda number, path, body: fault if number < 2 else ("answer", None)) as server:
        model = loaded(server)
        (found,) = model.detect(conversations("x" * 100))
        assert found == pytest.approx(logit(0.1))
        assert "2 attempts were repeated" in model.remarks()[0]


def test_what_never_passes_is_a_failure_never_a_score():
    with Server(lambda number, path, body: ("json", {"results": [{"category_scores": {"violence": 2}}]})) as server:
        (found,) = loaded(server, attempts=2).detect(conversations("a"))
        assert isinstance(found, Failure)
        assert "scores that are none from 0 to 1" in found.reason


def test_the_key_comes_from_the_environment_only(monkeypatch):
    with pytest.raises(UsageError, match="environment variable"):
        Moderation(api_key=KEY)
    with pytest.raises(CellError, match="OPENAI_API_KEY holds no key"):
        Moderation().load()
    monkeypatch.setenv("MY_KEY", KEY)
    with Server(key=KEY) as server:
        (found,) = loaded(server, api_key_variable="MY_KEY").detect(conversations("x" * 100))
        assert found == pytest.approx(logit(0.1))
        monkeypatch.setenv("MY_KEY", "sk-wrong-0123456789")
        with pytest.raises(CellError, match="refuses the key in MY_KEY") as raised:
            loaded(server, api_key_variable="MY_KEY")
        assert "sk-wrong" not in str(raised.value)


def test_a_token_budget_is_not_passed():
    with Server() as server, pytest.raises(CellError, match="token_budget=100"):
        loaded(server, token_budget=100).detect(conversations("x" * 10_000))


def test_it_is_evaluated_and_nothing_is_asked_twice(tmp_path):
    with Server() as server:
        name = f"openai-moderation:model=tiny,base_url={server.url}"
        for _ in range(2):
            outcome = evaluate([name], ["quickstart/detection"], store=tmp_path / "store.sqlite")
        (auroc,) = (r.estimate for r in outcome.results if (r.metric, r.domain) == ("auroc", "overall"))
        assert auroc.n_failed == 0
        asked = [text for _, body, _ in server.seen for text in body["input"]]
        assert len(asked) == len(set(asked))
