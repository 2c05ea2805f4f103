"""Heuristics, TF-IDF and the two linear models."""

import math

import harness_plugins.baselines.linear as linear
import numpy as np
import pytest
from harness_plugins.baselines.detector import LinearDetector, LinearDetectorTrainer
from harness_plugins.baselines.heuristics import Constant, Length, Random
from harness_plugins.baselines.reward_model import (
    STYLE_FEATURES,
    Features,
    LinearRewardModel,
    LinearRewardTrainer,
    style,
)
from harness_plugins.baselines.tfidf import Tfidf
from scipy import sparse
from scipy.optimize import check_grad
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from harness import Candidates, Conversation, Item, Pair, Text, Verdict, compare, evaluate, train
from harness.errors import DataError, UsageError

from ..messages import saying

PROMPT = Conversation.user("Why?")


def no_progress(step, **values):
    pass


# heuristics


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [({}, [7.0, 0.0, 3.0]), ({"unit": "words"}, [2.0, 0.0, 1.0]), ({"sign": -1}, [-7.0, 0.0, -3.0])],
)
def test_length_counts_characters_or_words(arguments, expected):
    model = Length(**arguments)
    model.load()
    assert model.score([Candidates(PROMPT, ("one two", "", "東京🚀"))]) == [expected]


def test_random_answers_depend_on_the_text_and_the_seed_only():
    request = Candidates(PROMPT, ("a", "b", "a"))
    (scores,) = Random().score([request])
    assert scores[0] == scores[2] != scores[1]
    assert Random().score([Candidates(PROMPT, ("b",))]) == [[scores[1]]]
    assert Random(seed=1).score([request]) != [scores]
    assert Random().score([Candidates(Conversation.user("How?"), ("a",))]) != [[scores[0]]]


def test_random_answers_are_spread_evenly():
    texts = [str(i) for i in range(4000)]
    (scores,) = Random().score([Candidates(PROMPT, tuple(texts))])
    assert np.histogram(scores, bins=4, range=(0, 1))[0] == pytest.approx([1000] * 4, abs=100)
    log_odds = Random().detect([Conversation.user(t) for t in texts])
    assert np.mean(1 / (1 + np.exp(-np.array(log_odds)))) == pytest.approx(0.5, abs=0.02)
    firsts = [v.p_first for v in Random().compare([Pair(PROMPT, t, "x") for t in texts])]
    assert set(firsts) == {0.0, 1.0}
    assert np.mean(firsts) == pytest.approx(0.5, abs=0.03)


def test_a_constant_ties_everything():
    model = Constant(value=2)
    assert model.score([Candidates(PROMPT, ("a", "b"))]) == [[2.0, 2.0]]
    assert model.compare([Pair(PROMPT, "a", "b")]) == [Verdict(0.5)]
    assert model.detect([PROMPT]) == [2.0]


# TF-IDF


def embedded(model, *texts):
    model.load()
    return np.array(model.embed([Text(text) for text in texts]))


def test_without_a_corpus_words_weigh_the_same_and_stop_words_nothing():
    vectors = embedded(Tfidf(), "The red house", "a house, red", "red red red house", "blue sky", "the of and", "")
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 1, 1, 0, 0], abs=1e-6)
    similar = vectors @ vectors[0]
    thrice = 1 + math.log(3)
    assert similar[:4] == pytest.approx([1, 1, (thrice + 1) / math.sqrt(2 * (thrice**2 + 1)), 0], abs=1e-6)
    assert {"the", "of", "and"} <= ENGLISH_STOP_WORDS


def test_words_that_are_rare_in_the_corpus_weigh_more(tmp_path):
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("red house\nred sky\nred sea\n", encoding="utf-8")
    vector = embedded(Tfidf(corpus=str(corpus)), "red house")[0]
    common, rare = math.log(4 / 4) + 1, math.log(4 / 2) + 1
    assert sorted(vector[vector > 0]) == pytest.approx(np.array([common, rare]) / math.hypot(common, rare), abs=1e-6)


def test_a_vector_does_not_depend_on_its_neighbours(tmp_path):
    texts = ["red house", "", "blue sky over the sea", "red"]
    alone = [embedded(Tfidf(ngrams=2), text)[0] for text in texts]
    assert np.array_equal(embedded(Tfidf(ngrams=2), *texts), alone)


def test_another_corpus_is_another_model(tmp_path):
    for name, text in (("a.txt", "red"), ("b.txt", "red"), ("c.txt", "blue")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    a, b, c = (Tfidf(corpus=str(tmp_path / name)).identity() for name in ("a.txt", "b.txt", "c.txt"))
    assert a == b != c
    assert Tfidf().identity() == {}


def test_a_corpus_that_is_missing_or_empty_is_a_clear_error(tmp_path):
    with pytest.raises(UsageError, match=r"nowhere.txt is no file; give corpus=FILE"):
        Tfidf(corpus=str(tmp_path / "nowhere.txt")).identity()
    (tmp_path / "empty.txt").touch()
    with pytest.raises(ValueError, match=r"empty.txt is empty"):
        Tfidf(corpus=str(tmp_path / "empty.txt")).load()


# logistic regression


@pytest.fixture
def separable():
    rng = np.random.default_rng(0)
    features = sparse.csr_array(rng.standard_normal((200, 6)))
    labels = (rng.random(200) < 1 / (1 + np.exp(-(features @ np.arange(6.0))))).astype(float)
    return features, labels


def objective(features, labels, penalty):
    def loss(weights):
        margins = (2 * labels - 1) * (features @ weights)
        return np.logaddexp(0, -margins).mean() + penalty / 2 * weights @ weights

    return loss


def test_the_fit_is_the_minimum_of_its_objective_by_finite_differences(separable):
    features, labels = separable
    weights, loss = linear.fit_logistic(features, labels, 0.01, no_progress)
    value = objective(features, labels, 0.01)
    assert loss == pytest.approx(value(weights), abs=1e-12)
    assert check_grad(value, lambda w: np.zeros(6), weights) < 1e-5


def test_the_gradient_given_to_the_optimiser_is_that_of_finite_differences(separable, monkeypatch):
    import scipy.optimize

    found = {}
    real = scipy.optimize.minimize

    def spy(function, start, **options):
        at = np.linspace(-1, 1, 6)
        found["error"] = check_grad(lambda w: function(w)[0], lambda w: function(w)[1], at)
        return real(function, start, **options)

    monkeypatch.setattr(scipy.optimize, "minimize", spy)
    linear.fit_logistic(*separable, 0.1, no_progress)
    assert found["error"] < 1e-6


@pytest.mark.parametrize("content", [b"", b"junk", b"PK\x03\x04 half a file"])
def test_damaged_weights_are_a_clear_error(content, tmp_path):
    (tmp_path / linear.WEIGHTS).write_bytes(content)
    with pytest.raises(ValueError, match="holds a damaged model"):
        linear.load_model(tmp_path)


# the reward model


def pairs(prompts, chosen, rejected, flipped):
    return [
        Item(
            str(i), {"prompt": Conversation.user(p), "first": r if f else c, "second": c if f else r, "better": int(f)}
        )
        for i, (p, c, r, f) in enumerate(zip(prompts, chosen, rejected, flipped, strict=True))
    ]


def test_style_has_a_figure_for_each_name():
    assert len(style("Why now?", "Because. **Yes**?\n- one")) == len(STYLE_FEATURES)
    assert all(map(math.isfinite, style("", "")))


def test_the_reward_model_recovers_the_weights_that_made_its_preferences(tmp_path):
    """Responses of two words out of ten; P(first preferred) = sigmoid of the difference of the words' worths."""
    rng = np.random.default_rng(4)
    words = [f"word{i}" for i in range(10)]
    worth = np.linspace(-3, 3, 10)
    first, second = (rng.integers(0, 10, (6000, 2)) for _ in range(2))
    gap = (worth[first].sum(1) - worth[second].sum(1)) / math.sqrt(2)
    wins = rng.random(6000) < 1 / (1 + np.exp(-gap))
    texts = [[" ".join(words[i] for i in row) for row in side] for side in (first, second)]
    better, worse = ([a if w == k else b for a, b, w in zip(*texts, wins, strict=True)] for k in (True, False))
    items = pairs(["p"] * 6000, better, worse, rng.random(6000) < 0.5)
    trainer = LinearRewardTrainer(penalty=1e-5, ngrams=1, style_weight=0.0)
    figures = trainer.fit(None, items, tmp_path, ask=None, progress=no_progress)
    model = LinearRewardModel(str(tmp_path))
    model.load()
    pairs_of_words = tuple(f"{a} {b}" for a in words for b in words if a < b)
    (rewards,) = model.score([Candidates(Conversation.user("p"), pairs_of_words)])
    truth = np.array([worth[i] + worth[j] for i in range(10) for j in range(i + 1, 10)]) / math.sqrt(2)
    slope, offset = np.polyfit(truth, rewards, 1)
    assert slope == pytest.approx(1, abs=0.1)
    assert np.abs(rewards - slope * truth - offset).max() < 0.3
    assert figures["pairs"] == 6000
    assert figures["train_accuracy"] > 0.8


def test_rewards_do_not_depend_on_how_responses_are_grouped(tmp_path):
    items = pairs(["p", "q"] * 5, ["good answer"] * 10, ["bad"] * 10, [False, True] * 5)
    LinearRewardTrainer().fit(None, items, tmp_path, ask=None, progress=no_progress)
    model = LinearRewardModel(str(tmp_path))
    model.load()
    together = model.score([Candidates(PROMPT, ("good", "bad", "")), Candidates(PROMPT, ("other",))])
    apart = [model.score([Candidates(PROMPT, (text,))])[0][0] for text in ("good", "bad", "", "other")]
    assert [len(rewards) for rewards in together] == [3, 1]
    assert np.concatenate(together).tolist() == apart
    assert apart[0] > apart[1]


def test_words_and_style_are_weighed_apart():
    features = Features(dimensions=64, ngrams=1, style_weight=0.5).matrix(["p"], ["one two"])
    assert features.shape == (1, 64 + len(STYLE_FEATURES))
    assert features.toarray()[0, 64:] == pytest.approx([0.5 * f for f in style("p", "one two")])


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The reward model and the detector of the quickstart, with their store."""
    folder = tmp_path_factory.mktemp("trained")
    store = folder / "store.sqlite"
    train("bt-linear", "quickstart/preferences", folder / "rm", store=store)
    train("linear-detector", "quickstart/detection", folder / "detector", store=store)
    return folder


def test_the_reward_model_of_the_quickstart_beats_chance_and_the_random_model(trained):
    store = trained / "store.sqlite"
    outcome = evaluate(["random", f"rm=bt-linear:path={trained / 'rm'}"], ["quickstart/preferences"], store=store)
    accuracy = {r.model: r.estimate for r in outcome.results if (r.metric, r.domain) == ("accuracy", "overall")}
    assert accuracy["random"].low < 0.5 < accuracy["random"].high
    assert accuracy["rm"].low > 0.5
    (overall,) = (c for c in compare("rm", "random", ["quickstart/preferences"], store=store) if c.domain == "overall")
    assert overall.difference.low > 0


def test_training_twice_gives_the_same_model(trained, tmp_path):
    manifest = train("bt-linear", "quickstart/preferences", tmp_path / "rm", store=tmp_path / "store.sqlite")
    first, second = (LinearRewardModel(str(folder / "rm")) for folder in (trained, tmp_path))
    assert manifest["figures"]["pairs"] > 100
    for model in (first, second):
        model.load()
    request = Candidates(PROMPT, ("Because it rains.", "No."))
    assert np.array_equal(first.score([request])[0], second.score([request])[0])


@pytest.mark.parametrize("model", [LinearRewardModel, LinearDetector])
def test_a_folder_without_a_model_says_how_to_train_one(model, tmp_path):
    with pytest.raises(UsageError, match=saying("trained", "harness train").pattern):
        model(str(tmp_path)).identity()


# the detector


def texts(rows):
    return [Item(str(i), {"text": Conversation.user(t), "label": float(y)}) for i, (t, y) in enumerate(rows)]


def test_the_detector_is_scikit_learns_logistic_regression(tmp_path):
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(5)
    words = [f"w{i}" for i in range(30)]
    documents = [" ".join(rng.choice(words, 12)) for _ in range(300)]
    labels = np.array([("w1 " in d + " ") ^ (rng.random() < 0.1) for d in documents])
    penalty = 1e-2
    LinearDetectorTrainer(penalty=penalty, ngrams=1).fit(
        None, texts(zip(documents, labels, strict=True)), tmp_path, ask=None, progress=no_progress
    )
    model = LinearDetector(str(tmp_path))
    model.load()
    found = model.detect([Conversation.user(d) for d in documents])
    features = TfidfVectorizer(smooth_idf=True).fit_transform(documents)
    with_intercept = sparse.hstack([features, np.ones((300, 1))], format="csr")
    theirs = LogisticRegression(C=1 / (300 * penalty), fit_intercept=False, tol=1e-9, max_iter=5000)
    theirs.fit(with_intercept, labels)
    assert found == pytest.approx(theirs.decision_function(with_intercept), abs=1e-4)


@pytest.mark.parametrize("label", [0, 1])
def test_a_detector_needs_both_classes(label, tmp_path):
    with pytest.raises(ValueError, match=saying("texts", "3", "positive").pattern):
        LinearDetectorTrainer().fit(None, texts([("a", label)] * 3), tmp_path, ask=None, progress=no_progress)


@pytest.mark.parametrize("settings", [{"unit": "character", "ngrams": 2}])
def test_settings_that_cannot_be_are_an_error_of_the_training(settings, tmp_path):
    with pytest.raises(DataError, match=saying("'linear-detector'", "quickstart/detection").pattern):
        train(
            "linear-detector",
            "quickstart/detection",
            tmp_path / "detector",
            settings=settings,
            store=tmp_path / "store.sqlite",
        )


def test_the_detector_of_the_quickstart_tells_the_classes_apart(trained):
    outcome = evaluate(
        [f"detector=linear-detector:path={trained / 'detector'}"],
        ["quickstart/detection"],
        store=trained / "store.sqlite",
    )
    (auroc,) = (r.estimate for r in outcome.results if (r.metric, r.domain) == ("auroc", "overall"))
    assert auroc.low > 0.8
