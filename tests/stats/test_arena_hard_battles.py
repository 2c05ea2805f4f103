"""Against Arena-Hard v0.1's published scores; needs HARNESS_DATA, the folder that holds `alignment/`."""

import csv
import gzip
import math
import os
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from harness.stats import bootstrap_fit, fit, jackknife_fit, win_probabilities

pytestmark = pytest.mark.skipif("HARNESS_DATA" not in os.environ, reason="HARNESS_DATA is not set")

BASELINE, MODELS = "gpt-4-0314", ("gpt-3.5-turbo-0125", "gpt-4-0613")


def _rows(name):
    path = Path(os.environ["HARNESS_DATA"]) / "alignment" / "arena_hard" / name
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@cache
def battles():
    """First, second, outcome, question, names and the style of both answers, four counts each."""
    rows = _rows("battles_v0.1_judge_gpt-4-1106-preview.csv.gz")
    names = [BASELINE, *sorted({row["model_b"] for row in rows})]
    first, second = (np.array([names.index(row[side]) for row in rows]) for side in ("model_a", "model_b"))
    outcome = np.array([{"model_a": 1.0, "model_b": 0.0}.get(row["winner"], 0.5) for row in rows])
    questions = np.unique([row["question_id"] for row in rows], return_inverse=True)[1]
    counts = {
        (row["question_id"], row["model"]): [float(row[name]) for name in ("char_len", "header", "lst", "bold")]
        for row in _rows("style_features_v0.1.csv.gz")
    }
    style = [np.array([counts[row["question_id"], row[side]] for row in rows]) for side in ("model_a", "model_b")]
    return first, second, outcome, questions, names, style


def test_scores_are_the_published_ones_and_questions_make_them_less_certain_than_copies_do():
    first, second, outcome, questions, names, _ = battles()
    fitted = fit(first, second, outcome, clusters=questions, anchor=0)
    as_published = fit(first, second, outcome, anchor=0)
    scores = 100 * win_probabilities(fitted).value
    assert [scores[names.index(model)] for model in MODELS] == pytest.approx([23.33805, 37.90193], abs=1e-4)
    ratio = np.sqrt(np.diag(fitted.covariance)[1:] / np.diag(as_published.covariance)[1:])
    assert ((ratio >= 1.5) & (ratio <= 1.7)).all()


def test_jackknife_and_bootstrap_agree_with_the_sandwich():
    first, second, outcome, questions, _, _ = battles()
    error = np.sqrt(np.diag(fit(first, second, outcome, clusters=questions, anchor=0).covariance))[1:]
    left_out = jackknife_fit(first, second, outcome, clusters=questions, anchor=0)
    assert np.sqrt(np.diag(left_out.covariance))[1:] == pytest.approx(error, rel=2e-3)
    drawn = bootstrap_fit(
        first, second, outcome, clusters=questions, anchor=0, replicates=400, rng=np.random.default_rng(0)
    )
    assert drawn.std(axis=0)[1:] == pytest.approx(error, rel=0.1)


def test_style_control_as_published():
    """Differences less their mean, and scikit-learn's penalty on rows that stand twice, strengths in units of ln 10."""
    first, second, outcome, _, names, style = battles()
    differences = (style[0] - style[1]) / (style[0] + style[1] + [0, 1, 1, 1])
    scores = (differences - differences.mean(axis=0)) / differences.std(axis=0)
    fitted = fit(first, second, outcome, covariates=scores, prior=0.5 / math.log(10) ** 2, covariate_prior=0.5)
    chances = 100 * win_probabilities(fitted, against=0).value
    assert [chances[names.index(model)] for model in MODELS] == pytest.approx([38.1, 53.8], abs=0.05)
    assert fitted.coefficients == pytest.approx([0.34, 0.25, 0.02, 0.10], abs=0.006)


def test_taking_the_mean_off_the_differences_asks_another_question():
    """At equal style, and not at the field's mean difference from the baseline, the scores are far lower."""
    first, second, outcome, _, names, style = battles()
    differences = (style[0] - style[1]) / (style[0] + style[1] + [0, 1, 1, 1])
    fitted = fit(first, second, outcome, covariates=differences, standardise=True, anchor=0)
    chances = 100 * win_probabilities(fitted).value
    assert [chances[names.index(model)] for model in MODELS] == pytest.approx([25.4, 39.1], abs=0.1)
