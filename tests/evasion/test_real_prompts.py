"""What disguises do to a word detector on real prompts, and what undoing them restores (a published experiment)."""

import numpy as np
import pytest
from harness_plugins.evasion.disguises import HOW
from harness_plugins.evasion.normalising import normalised
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from harness.tasks.build import build_task

TASK = "toxicity/openai-moderation"
EXPECTED = {"homoglyph": 0.004, "zero-width": 0.0, "spacing": 0.0, "leet": 0.130, "drop-vowels": 0.119}
"""Recall at the threshold of 10 % false positives among the clean prompts, where it is .649 of the clean prompts."""
TOLERANCE = 0.02


def texts_and_labels(registry, name):
    items = list(build_task(registry, name).items())
    return [item.fields["text"].text for item in items], np.array([item.fields["label"] for item in items])


def cross_fitted(texts, labels):
    """A detector on words and pairs of words for each of five folds: ``(held-out rows, scores of texts)`` each."""
    folds = StratifiedKFold(5, shuffle=True, random_state=0).split(texts, labels)
    for train, held_out in folds:
        words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
        features = words.fit_transform([texts[i] for i in train])
        model = LogisticRegression(C=10, class_weight="balanced", max_iter=2000).fit(features, labels[train])
        yield held_out, lambda some, words=words, model=model: model.decision_function(words.transform(some))


@pytest.fixture
def recalls(registry, moderation):
    clean, labels = texts_and_labels(registry, TASK)
    variants = {"clean": clean}
    for how in HOW:
        variants[how], again = texts_and_labels(registry, f"evasion:{TASK}:how={how},of=all")
        assert (again == labels).all()
    variants |= {f"{how}, undone": [normalised(text) for text in variants[how]] for how in ("clean", *HOW)}
    variants["spacing, closed up"] = [normalised(text, spaced=True) for text in variants["spacing"]]
    scores = {name: np.empty(len(labels)) for name in variants}
    for held_out, score in cross_fitted(clean, labels):
        for name, texts in variants.items():
            scores[name][held_out] = score([texts[i] for i in held_out])
    threshold = np.quantile(scores["clean"][labels == 0], 0.9)
    return {name: float((values[labels == 1] > threshold).mean()) for name, values in scores.items()}


def test_disguises_evade_and_undoing_restores_what_it_can(recalls):
    assert recalls["clean"] == pytest.approx(0.649, abs=0.01)
    found = {how: recalls[how] for how in EXPECTED}
    assert found == pytest.approx(EXPECTED, abs=TOLERANCE)
    # Which harmless words were added is not known, and the recall depends on them.
    assert recalls["padding"] == pytest.approx(0.395, abs=0.1)

    for how in ("homoglyph", "zero-width"):
        assert recalls[f"{how}, undone"] == recalls["clean, undone"] == recalls["clean"]
    for how in ("spacing", "leet", "padding", "drop-vowels"):
        assert recalls[f"{how}, undone"] == pytest.approx(recalls[how], abs=0.01)
    assert recalls["spacing, closed up"] == pytest.approx(recalls["clean"], abs=0.005)  # some are spaced out by nature
