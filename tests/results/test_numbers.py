"""Figures for people, and notes below a table of results."""

import pytest

from harness.results.numbers import p_value
from harness.results.result_notes import results_notes
from harness.stats import Estimate
from harness.store.records import Result

from ..messages import saying


def result(model="m", metric="f", domain="overall", **detail):
    return Result(model, "suite/task", metric, domain, Estimate(0.5, 0.1, 0.4, 0.6, 9, detail=detail), "fraction", True)


def test_a_sentence_that_is_true_of_several_rows_is_said_once():
    results = [result(model, note="too few") for model in "abcde"]
    assert results_notes(results) == [
        saying("suite/task", "2"),
    ]


def test_only_rows_that_are_shown_have_notes():
    results = [result(), result(domain="part", note="too few", reason="none")]
    assert results_notes(results) == []
    assert results_notes(results, domains=True) == [
        "f: too few (m on suite/task [part])",
        "- has no value: f: none (m on suite/task)",
    ]


def test_many_notes_are_cut_and_counted():
    notes = results_notes([result(metric=f"f{i}", note=f"too few: {i}") for i in range(12)])
    assert len(notes) == 9
    assert notes[-1] == saying("4", "notes", "--json")


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [
        (0.03125, 4, "0.0312"),
        (1.0, 4, "1.0000"),
        (0.0001, 4, "0.0001"),
        (0.00009, 4, "9.0e-05"),
        (0.0004, 3, "4.0e-04"),
        (0.0, 4, "<1e-300"),
        (1e-310, 4, "<1e-300"),
        (float("nan"), 4, "-"),
    ],
)
def test_small_probabilities_have_an_exponent(value, digits, shown):
    assert p_value(value, digits) == shown
