import numpy as np
import pytest
from harness_plugins.conversions.detections import DetectToScore
from harness_plugins.conversions.embeddings import EmbedToDetect, EmbedToScore, cosine
from harness_plugins.conversions.round_robin import PRIOR, CompareToScore
from harness_plugins.conversions.scores import ScoreToCompare, ScoreToDetect

from harness import Candidates, Conversation, Failure, Origin, Pair, Text, Unsuitable, Verdict, stats
from harness.adapters import Adapter

from ..messages import saying

PROMPT = Conversation.user("Why?")
BRIEF = {"positive": "a threat", "negative": "a greeting"}


def origin(*positions):
    return Origin("suite/task", "7", positions)


def through(adapter, model, request):
    """The adapter around a model given as a function of one request."""
    return adapter.reduce(request, [model(inner) for inner in adapter.expand(request)])


def lengths(request):
    return np.array([float(len(response)) for response in request.responses])


@pytest.mark.parametrize(("first", "second", "p_first"), [("long", "a", 1.0), ("a", "long", 0.0), ("ab", "cd", 0.5)])
def test_the_higher_score_wins_and_equal_ones_tie(first, second, p_first):
    assert through(ScoreToCompare(), lengths, Pair(PROMPT, first, second)) == Verdict(p_first)


def test_exchanging_the_responses_exchanges_a_verdict_from_scores():
    rng = np.random.default_rng(0)
    for _ in range(50):
        first, second = ("x" * n for n in rng.integers(0, 4, 2))
        there, back = (through(ScoreToCompare(), lengths, Pair(PROMPT, *p)) for p in ((first, second), (second, first)))
        assert there.p_first == 1 - back.p_first


def test_a_comparison_is_scored_in_one_request_for_the_same_item():
    (inner,) = ScoreToCompare().expand(Pair(PROMPT, "a", "b", origin=origin(1, 0)))
    assert inner == Candidates(PROMPT, ("a", "b"))
    assert inner.origin == origin(1, 0)


def judged(request):
    """A judge for whom a response is worth its length, ties included."""
    return Verdict(0.5 + 0.5 * float(np.sign(len(request.first) - len(request.second))))


def test_a_round_robin_asks_every_pair_in_both_orders_with_its_positions():
    request = Candidates(PROMPT, ("a", "b", "c"), origin=origin(4, 2, 9))
    asked = [(p.first, p.second, p.origin.positions) for p in CompareToScore().expand(request)]
    assert asked == [
        ("a", "b", (4, 2)),
        ("a", "c", (4, 9)),
        ("b", "a", (2, 4)),
        ("b", "c", (2, 9)),
        ("c", "a", (9, 4)),
        ("c", "b", (9, 2)),
    ]
    assert all(pair.prompt == PROMPT for pair in CompareToScore().expand(request))


def test_a_round_robin_of_no_item_has_no_origin():
    assert [p.origin for p in CompareToScore().expand(Candidates(PROMPT, ("a", "b")))] == [None, None]


def test_transitive_verdicts_give_their_order_and_equal_responses_equal_scores():
    scores = through(CompareToScore(), judged, Candidates(PROMPT, ("ccc", "a", "dddd", "bb", "ee")))
    assert np.argsort(scores, kind="stable")[[0, 3, 4]].tolist() == [1, 0, 2]
    assert scores[3] == pytest.approx(scores[4], abs=1e-12)
    assert sum(scores) == pytest.approx(0, abs=1e-9)


def test_scores_of_a_round_robin_move_with_their_responses():
    rng = np.random.default_rng(1)
    table = rng.random((6, 6))

    def judge(request):
        return Verdict(float(table[int(request.first), int(request.second)]))

    responses = [str(i) for i in range(6)]
    scores = through(CompareToScore(), judge, Candidates(PROMPT, tuple(responses)))
    order = rng.permutation(6)
    shuffled = through(CompareToScore(), judge, Candidates(PROMPT, tuple(responses[i] for i in order)))
    assert shuffled == pytest.approx(scores[order], abs=1e-9)


def test_a_round_robin_is_the_bradley_terry_fit_of_its_battles():
    rng = np.random.default_rng(2)
    requests, answers = [], []
    for k in (2, 5, 3, 5):
        request = Candidates(PROMPT, tuple(map(str, range(k))))
        requests.append(request)
        answers.append([Verdict(float(p)) for p in rng.random(k * (k - 1))])
    scores = CompareToScore().reduce_all(requests, answers)
    for request, verdicts, found in zip(requests, answers, scores, strict=True):
        battles = [(int(p.first), int(p.second)) for p in CompareToScore().expand(request)]
        first, second = zip(*battles, strict=True)
        fitted = stats.fit(first, second, [v.p_first for v in verdicts], prior=PRIOR)
        assert found == pytest.approx(fitted.strengths, abs=1e-9)


def test_a_judge_that_prefers_whatever_is_shown_first_scores_all_alike():
    scores = through(CompareToScore(), lambda pair: Verdict(1.0), Candidates(PROMPT, ("a", "b", "c")))
    assert scores == pytest.approx([0, 0, 0], abs=1e-12)


def test_one_response_needs_no_comparison():
    assert CompareToScore().expand(Candidates(PROMPT, ("a",))) == []
    assert through(CompareToScore(), judged, Candidates(PROMPT, ("a",))) == pytest.approx([0.0])


def test_an_unreadable_verdict_fails_its_own_request_only():
    requests = [Candidates(PROMPT, ("a", "b"))] * 2
    bad, good = CompareToScore().reduce_all(requests, [[Verdict(None), Verdict(1.0)], [Verdict(1.0), Verdict(0.0)]])
    assert (type(bad), bad.reason) == (Failure, saying("verdict", "round robin"))
    assert good[0] > 0 > good[1]


def test_scores_survive_the_way_to_verdicts_and_back_in_order():
    request = Candidates(PROMPT, ("aaa", "b", "cc"))
    scores = through(CompareToScore(), lambda pair: through(ScoreToCompare(), lengths, pair), request)
    assert np.argsort(scores).tolist() == [1, 2, 0]


VECTORS = {"Why?": [1.0, 0.0], "along": [2.0, 0.0], "across": [0.0, 3.0], "against": [-1.0, 0.0], "": [0.0, 0.0]}
VECTORS |= {"a threat": [0.0, 1.0], "a greeting": [1.0, 0.0]}


def embedded(request):
    assert isinstance(request, Text)
    return np.array(VECTORS[request.text], dtype=np.float32)


def test_an_embedder_scores_by_the_cosine_of_prompt_and_response():
    request = Candidates(PROMPT, ("along", "across", "against", ""))
    assert through(EmbedToScore(), embedded, request) == pytest.approx([1.0, 0.0, -1.0, 0.0])


@pytest.mark.parametrize(("a", "b", "expected"), [([3, 4], [3, 4], 1), ([1, 0], [1, 1], 2**-0.5), ([0, 0], [1, 1], 0)])
def test_the_cosine_is_that_of_the_angle_and_0_for_zeros(a, b, expected):
    assert cosine(a, b) == pytest.approx(expected)


def test_an_embedder_detects_what_is_nearer_to_the_positive_class():
    adapter = EmbedToDetect().configure(BRIEF)
    found = [through(adapter, embedded, Conversation.user(text)) for text in ("across", "along", "")]
    assert found == pytest.approx([10.0, -10.0, 0.0])


def test_a_reward_model_detects_by_the_descriptions_as_replies():
    adapter = ScoreToDetect().configure(BRIEF)
    text = Conversation.user("Give me your PIN", origin=origin(0))
    (inner,) = adapter.expand(text)
    assert inner == Candidates(text, ("a threat", "a greeting"))
    assert through(adapter, lengths, text) == len("a threat") - len("a greeting")


@pytest.mark.parametrize("adapter", [EmbedToDetect(), ScoreToDetect()])
@pytest.mark.parametrize("brief", [{}, {"positive": "x"}, {"negative": "x"}, {"positive": "", "negative": "x"}])
def test_detection_by_description_needs_both_descriptions(adapter, brief):
    with pytest.raises(Unsuitable, match="brief must describe its classes"):
        adapter.configure(brief)


def test_a_detector_scores_what_it_finds_low():
    request = Candidates(PROMPT, ("fine", "bad"))

    def detect(conversation):
        return 3.0 if conversation.messages[-1].content == "bad" else -2.0

    assert DetectToScore().expand(request)[1].text == "Why?\n\nbad"
    assert through(DetectToScore(), detect, request) == [2.0, -3.0]


def test_every_adapter_of_the_plugin_gives_and_needs_what_it_registered(registry):
    for entry in registry.entries("adapter"):
        if entry.plugin == "conversions":
            adapter = entry.load()()
            assert isinstance(adapter, Adapter)
            assert (adapter.gives, adapter.needs) == (entry.facts.gives, entry.facts.needs)


# through a plan


@pytest.fixture
def suite(tmp_path, written):
    """A preference, a best-of-k, a detection task with a brief and one without, of a few items each."""
    import json

    from harness.names.registry import Registry

    pairs = [{"id": str(i), "prompt": "p", "chosen": "x" * (i + 2), "rejected": "y"} for i in range(4)]
    lists = [{"id": str(i), "prompt": "p", "responses": ["a", "bbbb", "cc"], "correct": [0, 1, 0]} for i in range(4)]
    texts = [{"id": str(i), "text": f"t{i}", "label": i % 2} for i in range(6)]
    data = {
        name: {"test": {"file": str(written(rows, f"{name}.jsonl"))}}
        for name, rows in {"pairs": pairs, "lists": lists, "texts": texts}.items()
    }
    tasks = {
        "suite/pairs": {"kind": "preference", "data": data["pairs"]},
        "suite/lists": {"kind": "best-of-k", "data": data["lists"]},
        "suite/texts": {"kind": "detection", "data": data["texts"], "brief": BRIEF},
        "suite/bare": {"kind": "detection", "data": data["texts"]},
    }
    file = tmp_path / "registry.yaml"
    file.write_text(json.dumps({"tasks": tasks}), encoding="utf-8")
    return Registry(extra=file)


@pytest.fixture
def cell(suite, tmp_path):
    """The finished cell of a model on a task."""
    from harness import evaluate

    def run(model, task):
        outcome = evaluate([model], [task], store=tmp_path / "store.sqlite", registry=suite)
        assert outcome.exit_code == 0, outcome.failures()
        return outcome.cells[0]

    return run


@pytest.mark.parametrize("task", ["suite/lists", "suite/pairs"])
def test_an_embedder_is_scored_by_its_cosines(cell, task):
    made = cell("tfidf", task)
    assert (made.adapters, made.failed_requests, made.results[0].estimate.n) == (("embed-to-score",), 0, 4)


def test_a_reward_model_detects_by_the_brief(cell, monkeypatch):
    from harness_plugins.baselines.heuristics import Constant

    monkeypatch.setattr(Constant, "offers", lambda self, known: ("score",))
    detects = cell("constant", "suite/texts")
    assert detects.adapters == ("score-to-detect",)
    assert detects.results[0].estimate.value == 0.5  # both descriptions score the same for every text


def test_a_judge_detects_in_two_steps(cell, monkeypatch):
    from harness_plugins.baselines.heuristics import Constant

    monkeypatch.setattr(Constant, "offers", lambda self, known: ("compare",))
    made = cell("constant", "suite/texts")
    assert made.adapters == ("score-to-detect", "compare-to-score")
    assert (made.results[0].estimate.value, made.failed_requests) == (0.5, 0)


def test_a_judge_is_right_about_the_best_of_k_in_one_step(cell, monkeypatch):
    from harness_plugins.baselines.heuristics import Random

    monkeypatch.setattr(Random, "offers", lambda self, known: ("compare",))
    monkeypatch.setattr(
        Random, "compare", lambda self, requests: [Verdict(float(len(r.first) > len(r.second))) for r in requests]
    )
    made = cell("random:seed=5", "suite/lists")
    assert (made.adapters, made.requests) == (("compare-to-score",), 24)
    assert made.results[0].estimate.value == 1.0


@pytest.mark.parametrize("model", ["length", "tfidf"])
def test_a_detection_task_without_a_brief_is_refused_with_the_reason(model, suite, tmp_path):
    from harness import evaluate
    from harness.errors import PlanError

    with pytest.raises(PlanError, match="brief must describe its classes"):
        evaluate([model], ["suite/bare"], store=tmp_path / "store.sqlite", registry=suite)
