"""Probes, TF-IDF, ensembles, stacks: against scikit-learn, damaged, over failing parts, from the command line."""

import gzip
import json
import os
from pathlib import Path

import numpy as np
import pytest
from harness_plugins.detectors import logistic
from harness_plugins.detectors.ensemble import DETECT_EACH, DetectorEnsemble
from harness_plugins.detectors.keywords import KeywordList, PromptLength
from harness_plugins.detectors.probe import EmbeddingProbe, EmbeddingProbeTrainer
from harness_plugins.detectors.stack import DetectorStack, DetectorStackTrainer
from harness_plugins.detectors.tfidf import TfidfDetector, TfidfDetectorTrainer

from harness import Conversation, Failure, Item, Text
from harness.errors import CellError, UsageError

from ..messages import saying


def clouds(n=120, d=5, seed=0):
    """Vectors of two classes, one column of which never varies, by text."""
    rng = np.random.default_rng(seed)
    labels = rng.random(n) < 0.3
    vectors = rng.standard_normal((n, d)) * [1, 10, 0.1, 1, 0] + np.outer(labels, [1, 5, 0, 0, 0]) + 3
    return [(f"t{i}", int(y)) for i, y in enumerate(labels)], {f"t{i}": v for i, v in enumerate(vectors)}


def by_text(values):
    return lambda capability, requests: [values[request.text] for request in requests]


# logistic regression


def test_weights_on_standardised_columns_are_those_of_scikit_learns_pipeline():
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rows, vectors = clouds()
    features, labels = np.array(list(vectors.values())), np.array([bool(y) for _, y in rows])
    line = logistic.fit_standardised(features, labels, strength=0.5, balanced=True)
    theirs = make_pipeline(StandardScaler(), LogisticRegression(C=0.5, class_weight="balanced", max_iter=10_000))
    theirs.fit(features, labels)
    assert features @ line.weights + line.intercept == pytest.approx(theirs.decision_function(features), abs=1e-6)
    assert line.weights[4] == 0


def test_the_strength_chosen_is_the_best_of_a_search_by_hand():
    from sklearn.model_selection import StratifiedGroupKFold

    rows, vectors = clouds(n=200, seed=3)
    texts, labels = [t for t, _ in rows], np.array([bool(y) for _, y in rows])
    features = np.array(list(vectors.values()))
    groups = np.unique(np.array(texts, dtype=object), return_inverse=True)[1]
    losses = []
    for strength in logistic.STRENGTHS:
        found = []
        for train, held in StratifiedGroupKFold(5, shuffle=True, random_state=0).split(groups, labels, groups):
            line = logistic.fit_standardised(features[train], labels[train], strength=strength, balanced=True)
            z = features[held] @ line.weights + line.intercept
            p = 1 / (1 + np.exp(-z))
            found.append(-(np.log(p[labels[held]]).mean() + np.log(1 - p[~labels[held]]).mean()) / 2)
        losses.append(np.mean(found))
    chosen = logistic.choose_strength(features, labels, texts, balanced=True)
    assert chosen == logistic.STRENGTHS[int(np.argmin(losses))]


def test_equal_texts_are_never_in_two_folds():
    texts = [f"t{i // 4}" for i in range(80)]
    labels = np.array([i // 4 % 2 == 0 for i in range(80)])
    for train, held in logistic._folds(labels, texts, 5):
        assert not {texts[i] for i in train} & {texts[i] for i in held}


def test_cross_validation_needs_two_different_texts_a_class():
    with pytest.raises(ValueError, match=saying("texts", "strength=1").pattern):
        logistic.choose_strength(
            np.zeros((4, 1)), np.array([1, 1, 0, 0], dtype=bool), ["a", "a", "b", "c"], balanced=True
        )


# the probe


def test_a_probe_tells_classes_apart_and_finds_its_base_again(fit, over, items):
    rows, vectors = clouds()
    directory = fit(EmbeddingProbeTrainer(), items(rows), by_text(vectors), specification="minilm:normalize=true")
    assert fit.figures["strength"] in logistic.STRENGTHS
    model = EmbeddingProbe(str(directory))
    assert model.default_parts() == {"base": "minilm:normalize=true"}
    over(model, base=by_text(vectors))
    requests = [Conversation.user(text) for text, _ in rows]
    found = model.detect(requests)
    assert np.mean([(v > 0) == y for v, (_, y) in zip(found, rows, strict=True)]) > 0.75
    assert [model.detect([request])[0] for request in requests] == found
    assert model.detect([]) == []
    assert sum(file.stat().st_size for file in directory.iterdir()) < 5000


def test_the_embedder_is_asked_for_texts(fit, items):
    seen = []

    def base(capability, requests):
        seen.extend((capability, request) for request in requests)
        return [np.array([float(len(request.text)), 1.0]) for request in requests]

    fit(EmbeddingProbeTrainer(strength=1.0), items([("a", 0), ("bb", 1)]), base)
    assert seen == [("embed", Text("a")), ("embed", Text("bb"))]


def test_another_embedder_is_an_error_or_a_remark(fit, over, items):
    rows, vectors = clouds()
    directory = fit(EmbeddingProbeTrainer(strength=1.0), items(rows), by_text(vectors))
    model = over(EmbeddingProbe(str(directory)), base=by_text({"t": np.zeros(7)}))
    with pytest.raises(CellError, match=saying("trained", "vectors", "length", "5", "7").pattern):
        model.detect([Conversation.user("t")])
    assert "is not what" in model.remarks()[0]
    assert model.remarks() == ()


def test_a_failed_vector_fails_the_request_and_the_training(fit, over, items):
    rows, vectors = clouds()
    directory = fit(EmbeddingProbeTrainer(strength=1.0), items(rows), by_text(vectors))
    vectors["t3"] = Failure("NaN")
    model = over(EmbeddingProbe(str(directory)), base=by_text(vectors))
    first, second = model.detect([Conversation.user("t3"), Conversation.user("t4")])
    assert first == Failure("the embedder: NaN")
    assert isinstance(second, float)
    with pytest.raises(ValueError, match=saying("1", "120", "texts", "'embed'", "NaN").pattern):
        fit(EmbeddingProbeTrainer(), items(rows), by_text(vectors))


def test_vectors_of_several_lengths_are_refused(fit, items):
    with pytest.raises(ValueError, match="several lengths: 1, 2"):
        fit(EmbeddingProbeTrainer(), items([("a", 0), ("b", 1)]), by_text({"a": np.zeros(1), "b": np.zeros(2)}))


@pytest.mark.parametrize("trainer", [EmbeddingProbeTrainer(), TfidfDetectorTrainer(), DetectorStackTrainer()])
@pytest.mark.parametrize("label", [0, 1])
def test_a_class_that_is_missing_is_said(fit, items, trainer, label):
    with pytest.raises(ValueError, match=saying("texts", "3", "positive").pattern):
        fit(trainer, items([("a", label)] * 3), by_text({"a": np.zeros(2)}))


# TF-IDF


def sentences(n=120, seed=1):
    rng = np.random.default_rng(seed)
    words = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"]
    texts = [" ".join(rng.choice(words, 8)) for _ in range(n)]
    return [(text, int(("eta" in text.split()) ^ (rng.random() < 0.1))) for text in texts]


def test_the_detector_is_scikit_learns_pipeline(fit, over, items):
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline, make_union

    rows = sentences()
    directory = fit(TfidfDetectorTrainer(), items(rows))
    model = over(TfidfDetector(str(directory)))
    theirs = make_pipeline(
        make_union(
            TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
            TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), min_df=3, sublinear_tf=True),
        ),
        LogisticRegression(C=10, class_weight="balanced", max_iter=10_000),
    )
    theirs.fit([t for t, _ in rows], [y for _, y in rows])
    new = [*(t for t, _ in sentences(seed=7)), "", "unseen words only", "Übersetze 東京 🚀"]
    found = model.detect([Conversation.user(text) for text in new])
    assert found == pytest.approx(theirs.decision_function(new), abs=1e-9)
    assert model.detect([]) == []


def test_no_pickle_is_written_and_damage_is_a_clear_error(fit, items):
    directory = fit(TfidfDetectorTrainer(units="word"), items(sentences()))
    assert {file.suffix for file in directory.iterdir()} == {".json", ".npz"}
    model = TfidfDetector(str(directory))
    before = model.identity()
    vocabulary = directory / "vocabulary.json"
    terms = json.loads(vocabulary.read_text("utf-8"))
    for content, message in (
        ("{", "vocabulary.json"),
        (json.dumps({"word": terms["word"][:-1]}), "vocabulary.json"),
        (json.dumps({"word": terms["word"], "letter": []}), "vocabulary.json"),
        ("[]", "vocabulary.json"),
    ):
        vocabulary.write_text(content, encoding="utf-8")
        assert model.identity() != before
        with pytest.raises(UsageError, match=f"holds a damaged model: {message}"):
            TfidfDetector(str(directory)).load()
    (directory / "detector.npz").write_bytes(b"PK\x03\x04 half a file")
    with pytest.raises(UsageError, match=r"holds a damaged model: detector\.npz"):
        TfidfDetector(str(directory)).load()
    vocabulary.unlink()
    with pytest.raises(UsageError, match=r"vocabulary\.json is missing"):
        model.identity()


def moderation_rows():
    folder = os.environ.get("HARNESS_DATA")
    path = Path(folder or ".") / "safety" / "moderation-api-release" / "samples-1680.jsonl.gz"
    if not folder or not path.is_file():
        pytest.skip("the moderation set is not here: set HARNESS_DATA to a folder with safety/moderation-api-release")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    labels = [int(any(row.get(key) == 1 for key in ("S", "H", "V", "HR", "SH", "S3", "H2", "V2"))) for row in rows]
    return [
        Item(str(i), {"text": Conversation.user(r["prompt"]), "label": y})
        for i, (r, y) in enumerate(zip(rows, labels, strict=True))
    ]


def figures(labels, scores):
    """AUROC, average precision, TPR at four FPRs in per cent, best balanced accuracy, by scikit-learn."""
    from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

    fpr, tpr, _ = roc_curve(labels, scores, drop_intermediate=False)
    rates = [100 * tpr[fpr <= rate].max() for rate in (0.1, 0.01, 0.001, 0.0001)]
    return [roc_auc_score(labels, scores), average_precision_score(labels, scores), *rates, ((tpr + 1 - fpr) / 2).max()]


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        ("word+character", [0.892, 0.796, 67.4, 26.4, 7.3, 4.4, 0.811]),
        ("word", [0.880, None, None, None, None, None, None]),
    ],
)
def test_figures_on_the_moderation_set_by_five_folds(fit, over, units, expected):
    """Reference figures of this pipeline on the public 1,680 prompts, computed apart from this code."""
    from sklearn.model_selection import StratifiedKFold

    rows = moderation_rows()
    labels = np.array([item.fields["label"] for item in rows])
    scores = np.zeros(len(rows))
    for i, (train, held) in enumerate(StratifiedKFold(5, shuffle=True, random_state=0).split(labels, labels)):
        directory = fit(TfidfDetectorTrainer(units=units), [rows[j] for j in train], folder=f"fold{i}")
        scores[held] = over(TfidfDetector(str(directory))).detect([rows[j].fields["text"] for j in held])
    for value, wanted, tolerance in zip(
        figures(labels, scores), expected, [6e-4, 6e-4, *[0.06] * 4, 6e-4], strict=True
    ):
        assert wanted is None or value == pytest.approx(wanted, abs=tolerance)


def test_length_alone_on_the_moderation_set():
    rows = moderation_rows()
    scores = PromptLength().detect([item.fields["text"] for item in rows])
    assert figures([item.fields["label"] for item in rows], scores)[0] == pytest.approx(0.590, abs=6e-4)


# ensembles and stacks


def three(over, **arguments):
    parts = {"part1": {"a": 1.0, "b": -2.0}, "part2": {"a": 3.0, "b": 4.0}, "part3": {"a": -1.0, "b": Failure("NaN")}}
    return over(
        DetectorEnsemble(part1="x", part2="y", part3="z", **arguments), **{k: by_text(v) for k, v in parts.items()}
    )


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, 1.0),
        ({"how": "max"}, 3.0),
        ({"how": "min"}, -1.0),
        ({"weights": [2, 1, 1]}, 1.0),
        ({"weights": [0, 1, 0]}, 3.0),
        ({"weights": [0.5, 0.25, 0.25]}, 1.0),
    ],
)
def test_log_odds_are_combined(over, arguments, expected):
    (found,) = three(over, **arguments).detect([Conversation.user("a")])
    assert found == pytest.approx(expected)


def test_each_log_odds_is_given_and_a_part_that_fails_fails_the_request(over):
    model = three(over)
    first, second = model.detect_each([Conversation.user("a"), Conversation.user("b")])
    assert first.tolist() == [1.0, 3.0, -1.0]
    assert second == Failure("part3: NaN")
    assert model.detect([Conversation.user("b")]) == [Failure("part3: NaN")]
    assert model.detect([]) == []
    assert DETECT_EACH.check(None, first) is None
    assert "NaN" in DETECT_EACH.check(None, np.array([1.0, np.nan]))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"weights": [1.0]}, "expected 2 numbers from 0"),
        ({"weights": [1.0, -1.0]}, "expected 2 numbers from 0"),
        ({"weights": [0, 0]}, "expected 2 numbers from 0"),
        ({"weights": ["a", 1]}, "expected 2 numbers from 0"),
        ({"weights": [float("nan"), 1]}, "expected 2 numbers from 0"),
        ({"how": "max", "weights": [1, 1]}, "weights= are of the mean"),
    ],
)
def test_combinations_that_cannot_be_are_refused(arguments, message):
    with pytest.raises(UsageError, match=message):
        DetectorEnsemble(part1="x", part2="y", **arguments).offers(["detect"])


def test_a_stack_is_a_logistic_regression_on_the_parts(fit, over, items):
    rows, vectors = clouds(n=300)
    directory = fit(DetectorStackTrainer(strength=1.0), items(rows), by_text(vectors), specification="ensemble")
    model = over(DetectorStack(str(directory)), base=by_text(vectors))
    features, labels = np.array(list(vectors.values())), np.array([bool(y) for _, y in rows])
    line = logistic.fit_standardised(features, labels, strength=1.0, balanced=False)
    found = model.detect([Conversation.user(t) for t, _ in rows])
    assert found == pytest.approx(features @ line.weights + line.intercept)
    assert np.mean(1 / (1 + np.exp(-np.array(found)))) == pytest.approx(
        labels.mean(), abs=0.01
    )  # calibrated in the mean
    model = over(DetectorStack(str(directory)), base=by_text({"t": np.zeros(2), "f": Failure("part1: gone")}))
    assert model.detect([Conversation.user("f")]) == [Failure("part1: gone")]
    with pytest.raises(CellError, match="weighs 5 detectors, and its base holds 2"):
        model.detect([Conversation.user("t")])


# from the command line


def test_a_pipeline_of_detectors_from_the_command_line(harness, project):
    """Train a detector and a stack, certify a threshold on another split, evaluate all by their names alone."""
    ensemble = "detector-ensemble:part1=keyword-list,part2=prompt-length,part3=[tfidf-detector:path=words]"
    for trainer, more in (
        ("tfidf-detector", ["-o", "words"]),
        ("detector-stack", ["--base", ensemble, "-o", "stack"]),
        (
            "operating-point",
            ["--base", "detector-stack:path=stack", "--split", "test", "--set", "rule=fpr=0.05", "-o", "point"],
        ),
        ("calibrated-detector", ["--base", "tfidf-detector:path=words", "--split", "test", "-o", "calibrated"]),
    ):
        ran = harness("train", trainer, "-t", "quickstart/detection", *more)
        assert ran.code == 0, ran.err
        flattered = "was trained on quickstart/detection [train] itself: its answers there flatter it" in ran.err
        assert flattered == (trainer == "detector-stack")
    names = ["tfidf-detector:path=words", "detector-stack:path=stack", "operating-point:path=point"]
    ran = harness("eval", *(x for name in names for x in ("-m", name)), "-t", "quickstart/detection", "--json")
    assert ran.code == 0, ran.err
    assert ran.err == saying("quickstart/detection", "[test]")
    for name in (*names, "calibrated-detector:path=calibrated", ensemble, "keyword-list", "prompt-length"):
        ran = harness("check", name)
        assert ran.code == 0, ran.out


DECLARED = """
models:
  words: {trainer: tfidf-detector, task: quickstart/detection}
  both: {model: detector-ensemble, arguments: {part1: words, part2: "keyword-list:slope=2", weights: [3, 1]}}
  scaled: {trainer: calibrated-detector, task: quickstart/detection, base: both}
"""


def test_declared_detectors_over_declared_detectors_are_trained_in_their_order(harness, project):
    (project / "registry.yaml").write_text(DECLARED)
    command = ("eval", "-m", "scaled", "-t", "quickstart/detection", "--json")
    first, second = harness(*command), harness(*command)
    assert first.code == 0, first.err
    assert first.err.index("training words") < first.err.index("training scaled")
    assert "training" not in second.err
    assert first.document["results"] == second.document["results"]
    assert harness("check", "scaled").code == 0
    ran = harness(
        "train", "operating-point", "--base", "both", "-t", "quickstart/detection", "--set", "rule=f1", "-o", "p"
    )
    assert ran.code == 0, ran.err
    assert harness("check", "operating-point:path=p").code == 0


def test_a_stack_over_a_single_detector_says_what_it_needs(harness):
    ran = harness("train", "detector-stack", "--base", "keyword-list", "-t", "quickstart/detection", "-o", "stack")
    assert ran.code == 1
    assert "the base has to be a detector-ensemble" in ran.err


def test_too_few_negatives_end_the_training_with_status_1(harness, project):
    ran = harness(
        "train",
        "operating-point",
        "--base",
        "keyword-list",
        "-t",
        "quickstart/detection",
        "--set",
        "rule=fpr=0.0001",
        "-o",
        "p",
    )
    assert ran.code == 1
    assert "at least 29,956 are needed" in ran.err
    assert not (project / "p").exists()


def test_the_word_list_reads_no_meaning():
    assert KeywordList().detect([Conversation.user("How do I kill a Python process?")])[0] > 0


@pytest.mark.parametrize(
    ("trainer", "base", "message"),
    [
        ("embedding-probe", "keyword-list", saying("offers", "detect")),
        ("operating-point", "tfidf", saying("detect", "offers")),
        ("tfidf-detector", "keyword-list", saying("trained", "'keyword-list'")),
        ("embedding-probe", "", saying("model", "--base MODEL")),
    ],
)
@pytest.mark.parametrize("command", ["train", "cross-validate"])
def test_a_base_that_does_not_fit_is_refused_before_it_is_asked(harness, command, trainer, base, message):
    more = ("-o", "d") if command == "train" else ()
    ran = harness(command, trainer, "-t", "quickstart/detection", *(("--base", base) if base else ()), *more)
    assert ran.code == 2
    assert ran.err == message
    assert "training" not in ran.err
