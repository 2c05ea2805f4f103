"""Formulas of the audit: circles and their bound, the regression, agreement in classes, resolution."""

import math

import numpy as np
import pytest
from harness_plugins.judge_audit import logistic
from harness_plugins.judge_audit.agreement import macro
from harness_plugins.judge_audit.cycles import BOUND, triples_of
from harness_plugins.judge_audit.judged import AuditPair, judged
from harness_plugins.judge_audit.resolution import resolution
from harness_plugins.judge_audit.style import Style, style_of

from harness import Conversation, Failure, Pair, Verdict

from .conftest import Audited, simulate


def pair(first, second, label=math.nan, prompt="p", writers=("", "")):
    asked = Conversation.user(prompt)
    return AuditPair(prompt, (Pair(asked, first, second), Pair(asked, second, first)), first, second, label, writers)


def says(given, exchanged=None):
    """Answers in both orders, as preferences for the first response of the data."""
    exchanged = given if exchanged is None else exchanged
    return [Verdict(given), Verdict(None if exchanged is None else 1 - exchanged)]


def test_style_counts_outside_code_fences_only():
    text = "# A\n1. one\n  * two\n**b** and __c__\n```py\n# no\n- no\n**no**\n```\n- three"
    assert style_of(text) == Style(len(text), 1, 3, 2)
    assert style_of("") == Style(0, 0, 0, 0)


# circles


def ring(prompt, order="circle"):
    """Three pairs of three responses, judged in a circle or by an order."""
    last = 0.0 if order == "circle" else 1.0
    a, b, c = (f"{prompt} {name}" for name in "abc")
    return [(pair(a, b, prompt=prompt), 1.0), (pair(b, c, prompt=prompt), 1.0), (pair(a, c, prompt=prompt), last)]


def test_circles_of_a_judge_without_noise_are_beyond_noise_and_flagged():
    rows = [row for i in range(12) for row in ring(f"q{i}")]
    audit = Audited(judged([p for p, _ in rows], [says(v) for _, v in rows]))
    assert audit["cycle_rate"].value == 1
    assert audit["excess_cycles"].value == 1
    assert "excess_cycles" in audit.flags


def test_an_order_has_no_circles():
    rows = [row for i in range(12) for row in ring(f"q{i}", "order")]
    audit = Audited(judged([p for p, _ in rows], [says(v) for _, v in rows]))
    assert (audit["cycle_rate"].value, audit["excess_cycles"].value) == (0, 0)
    assert "excess_cycles" not in audit.flags


def test_triples_are_found_whatever_the_order_of_their_pairs_and_copies_and_ties_are_none():
    pairs = [pair("a", "b"), pair("c", "b"), pair("a", "c"), pair("a", "a"), pair("d", "a"), pair("d", "b")]
    # a over b, b over c, c over a; d ties with a.
    answers = [says(1.0), says(0.0), says(0.0), says(1.0), says(0.5), says(1.0)]
    triples = triples_of(judged(pairs, answers))
    assert triples.circles.tolist() == [1.0]
    contradicted = [says(1.0, 0.0), *answers[1:]]
    triples = triples_of(judged(pairs, contradicted))
    assert triples.circles.tolist() == [0.5]
    assert triples.conflicts.tolist() == pytest.approx([1 / 3])


def test_noise_about_an_order_draws_at_most_three_quarters_as_many_circles_as_conflicts():
    rng = np.random.default_rng(0)
    e = np.sort(rng.uniform(0, 0.5, (200_000, 3)), axis=1)
    far, one, other = e.T  # the two furthest apart are told apart most surely
    circle = far * (1 - one) * (1 - other) + one * other * (1 - far)
    conflicts = (2 * e * (1 - e)).mean(axis=1)
    assert (circle / conflicts).max() <= BOUND + 1e-9
    tosses = np.array([0.0, 0.5, 0.5])
    assert tosses[1] * tosses[2] / (2 * tosses * (1 - tosses)).mean() == pytest.approx(BOUND)


# the regression


def test_effects_are_those_of_a_plain_fit_and_their_errors_hold():
    rng = np.random.default_rng(1)
    clusters = np.repeat(np.arange(150), 4)
    x = np.column_stack([rng.normal(size=600), rng.choice([-1.0, 0.0, 1.0], 600)])
    p = (rng.random(600) < 1 / (1 + np.exp(-x @ [0.8, -0.5]))).astype(float)
    found = logistic.fit(x, p, clusters, ridge=1e-9)
    slope = x.T @ (p - 1 / (1 + np.exp(-x @ found.coefficients)))
    assert np.abs(slope).max() < 1e-5  # the likelihood is at its highest
    for index, true in enumerate((0.8, -0.5)):
        low, high = found.interval(index)
        assert low < true < high
    leaving_out = np.array(
        [
            logistic.fit(x[clusters != g], p[clusters != g], clusters[clusters != g], ridge=1e-9).coefficients
            for g in range(150)
        ]
    )
    jackknife = np.sqrt(149 / 150 * ((leaving_out - leaving_out.mean(axis=0)) ** 2).sum(axis=0))
    assert found.errors == pytest.approx(jackknife, rel=0.05)


def test_separated_verdicts_have_finite_effects():
    x = np.column_stack([np.tile([1.0, -1.0], 20), np.ones(40)])
    found = logistic.fit(x, (x[:, 0] > 0).astype(float), np.repeat(np.arange(20), 2))
    assert np.isfinite(found.coefficients).all()
    assert found.coefficients[0] > 4


def test_a_covariate_that_others_explain_is_not_estimated():
    pairs = [pair("x" * (40 if i % 2 else 8), "- " + "y" * 4, 1.0, prompt=f"q{i}") for i in range(20)]
    pairs = [pair("word " * 20, "- w", float(i % 2), prompt=f"q{i}") for i in range(20)]
    audit = Audited(judged(pairs, [says(float(i % 2)) for i in range(20)]))
    assert audit["length_effect"].note == "cannot be told from the other differences of these pairs"
    assert math.isnan(audit["length_effect"].p_value)


def test_without_labels_tastes_are_told_and_not_flagged():
    pairs = [pair("word " * (2 + i % 5), "word", prompt=f"q{i}") for i in range(60)]
    audit = Audited(judged(pairs, [says(1.0) for _ in pairs]))
    assert audit["longer_preferred"].value == 1
    assert audit["length_effect"].value > 1
    assert math.isnan(audit["length_effect"].p_value)
    assert audit.flags == set()


# labels


def test_macro_figures_are_those_of_the_definition_and_their_influences_of_the_jackknife():
    rng = np.random.default_rng(2)
    people = rng.choice(3, 60, p=[0.45, 0.1, 0.45])
    verdicts = np.where(rng.random(60) < 0.6, people, rng.choice(3, 60))
    f1 = []
    for k in range(3):
        hit = ((people == k) & (verdicts == k)).sum()
        f1.append(2 * hit / ((people == k).sum() + (verdicts == k).sum()))
    found = macro(verdicts, people)
    assert found["f1"].value == pytest.approx(np.mean(f1))
    n = len(people)
    for value in found.values():
        assert value.influence.sum() == pytest.approx(0, abs=1e-9)
    for name, value in found.items():
        leaving_out = np.array([macro(np.delete(verdicts, i), np.delete(people, i))[name].value for i in range(n)])
        jackknife = (n - 1) * (leaving_out.mean() - leaving_out)
        assert np.corrcoef(jackknife, value.influence)[0, 1] > 0.99


def test_ties_of_people_are_a_class_and_equal_twins_are_none():
    pairs = [pair(f"a{i}", f"b{i}", [1.0, 0.5, 0.0][i % 3], prompt=f"q{i}") for i in range(30)]
    answers = [says(1.0) for _ in pairs]
    verdicts = judged(pairs, answers)
    people, made = Audited(verdicts, generated=False), Audited(verdicts, generated=True)
    assert people["agreement"].value == pytest.approx(1 / 3)
    assert "agreement" not in made.figures
    assert made["accuracy"].value == people["accuracy"].value == 0.5


# resolution


def test_the_smallest_difference_follows_its_formula():
    audit = simulate()
    found = resolution(audit.judged, [400], 0.95)
    kept = ~audit.judged.identical
    sigma = math.sqrt(float(((audit.judged.credit()[kept] - 0.5) ** 2).mean()))
    expected = (1.959964 + 0.841621) * sigma / 20
    assert found["rows"][0]["of_win_rates"] == pytest.approx(expected, rel=1e-5)
    seen = expected / (2 * found["mean_preference_for_the_better"] - 1)
    assert found["rows"][0]["as_people_see_it"] == pytest.approx(seen, rel=1e-5)


def test_a_judge_that_knows_nothing_shows_no_difference_that_people_see():
    pairs = [pair(f"a{i}", f"b{i}", float(i % 2), prompt=f"q{i}") for i in range(40)]
    found = resolution(judged(pairs, [says(1.0) for _ in pairs]), [100], 0.95)
    assert found["rows"][0]["as_people_see_it"] is None


def test_a_win_rate_of_that_size_is_shown_in_four_of_five_experiments():
    rng = np.random.default_rng(3)
    n, shown = 400, []
    found = resolution(simulate(skill=0.0).judged, [n], 0.95)
    difference = found["rows"][0]["of_win_rates"]
    for _ in range(600):
        # Scores of 0, 1/2 and 1, of the spread that the judge's have, and a mean above one half by the difference.
        spread = 4 * found["sigma"] ** 2
        decided = rng.random(n) < spread
        won = rng.random(n) < 0.5 + difference / spread
        scores = np.where(decided, won, 0.5)
        shown.append(abs(scores.mean() - 0.5) > 1.96 * scores.std(ddof=1) / math.sqrt(n))
    assert np.mean(shown) == pytest.approx(0.8, abs=0.05)


# what is no verdict


def test_single_orders_failures_and_unread_verdicts_are_each_counted_for_what_they_are():
    pairs = [pair(f"a{i}", f"b{i}", 1.0, prompt=f"q{i}") for i in range(4)]
    answers = [
        [Verdict(1.0), Verdict(0.0)],
        [Verdict(None), Verdict(0.0)],
        [Failure("the server is gone"), Verdict(0.0)],
        [Failure("the server is gone"), Failure("the server is gone")],
    ]
    audit = Audited(judged(pairs, answers))
    assert audit.set.counts() == {"pairs": 4, "prompts": 4, "asked": 8, "read": 4, "unread": 1, "failed": 3}
    assert audit.judged.reasons == ["the server is gone"]
    assert audit["failure_rate"].value == pytest.approx(3 / 8)
    assert audit["unread_rate"].value == pytest.approx((0 + 0.5 + 0) / 3)  # of the pairs with an answer
    single = Audited(judged(pairs, [answer[:1] for answer in answers]))
    assert single["first_position_rate"].note == "the set is asked in one order only"


def test_a_judge_of_ties_and_identical_responses_are_said():
    pairs = [pair(f"a{i}", f"a{i}", 0.5, prompt=f"q{i}") for i in range(10)]
    ties = Audited(judged(pairs, [says(0.5) for _ in pairs]))
    assert ties["first_position_rate"].note == "calls all 10 pairs a tie"
    assert ties["copies_told_apart"].value == 0
    chosen = Audited(judged(pairs, [[Verdict(1.0), Verdict(1.0)] for _ in pairs]))
    assert chosen["first_position_rate"].value == 1
    assert "first_position_rate" in chosen.flags
