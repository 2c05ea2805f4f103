"""Simulated judges whose faults are known: each is found within its interval, and a fair judge is not flagged."""

import math

import numpy as np
import pytest
from harness_plugins.judge_audit.corrections import sigmoid
from harness_plugins.judge_audit.judged import Judged, judged
from harness_plugins.judge_audit.simulated import SimulatedJudge

from .conftest import Audited, pairs_of_set, simulate


def expected_first_position(**faults):
    judge = SimulatedJudge(**faults)
    return float(np.mean([sigmoid(judge.log_odds(request)) for pair in pairs_of_set() for request in pair.requests]))


@pytest.mark.parametrize("position", [-1.5, 0.8, 2.0])
def test_a_position_bias_is_found_within_its_intervals_and_flagged_alone(position):
    expected = expected_first_position(position=position)
    audits = [simulate(position=position, individual=i) for i in range(20)]
    # The gap is P(better | shown first) - P(better | shown second): of every verdict alike, 2 rate - 1.
    truths = {"first_position_rate": expected, "position_gap": 2 * expected - 1, "position_effect": position}
    for key, truth in truths.items():
        assert sum(audit[key].low <= truth <= audit[key].high for audit in audits) >= 17, key
    assert sum(audit.flags == {"first_position_rate"} for audit in audits) >= 15


@pytest.mark.parametrize(
    ("fault", "strength"),
    [("length", 1.0), ("length", -0.8), ("lists", 2.0), ("lists", -2.5), ("markdown", 2.0), ("markdown", -2.0)],
)
def test_a_taste_for_a_style_is_found_within_its_interval_and_flagged_alone(fault, strength):
    audits = [simulate(**{fault: strength}, individual=i) for i in range(20)]
    figures = [audit[f"{fault}_effect"] for audit in audits]
    assert sum(figure.low <= strength <= figure.high for figure in figures) >= 17
    assert sum(audit.flags == {f"{fault}_effect"} for audit in audits) >= 17


def test_a_taste_for_ones_own_writing_is_found_only_where_somebody_says_whose_it_is():
    pairs = pairs_of_set("judge-audit/writers")
    fair = [SimulatedJudge(individual=2).compare(pair.requests) for pair in pairs]
    assert Audited(judged(pairs, fair, own=["ast*"])).flags == set()
    answers = [SimulatedJudge(own=1.5, individual=2).compare(pair.requests) for pair in pairs]
    found = Audited(judged(pairs, answers, own=["aster"]))
    assert found["own_effect"].low <= 1.5 <= found["own_effect"].high
    assert found.flags == {"own_effect"}
    assert found["own_preferred"].value > 0.6
    nobody = Audited(judged(pairs, answers))
    assert "own_effect" not in nobody.figures
    assert math.isnan(nobody["own_preferred"].value)


def test_inconsistency_is_found_within_its_interval():
    share = 0.4
    audit = simulate(inconsistency=share, repeats=3, individual=1)
    # Two answers differ if one of them at least is a toss, and then in half of the cases.
    expected = 1 - (1 - (1 - share) ** 2) / 2
    assert audit["self_consistency"].low <= expected <= audit["self_consistency"].high
    assert {"self_consistency", "conflict_rate"} == audit.flags


@pytest.mark.parametrize(("fault", "key"), [("unread", "unread_rate"), ("failing", "failure_rate")])
def test_unread_verdicts_and_failures_are_told_apart(fault, key):
    audit = simulate(**{fault: 0.15}, individual=1)
    other = {"unread_rate": "failure_rate", "failure_rate": "unread_rate"}[key]
    assert audit[key].low <= 0.15 <= audit[key].high
    assert audit[other].value == 0
    assert audit.flags == {key}
    counts = audit.set.counts()
    assert counts["asked"] == counts["read"] + counts["unread"] + counts["failed"] == 750


def test_the_share_of_ties_is_found_within_its_interval():
    audit = simulate(ties=0.3, individual=1)
    assert audit["tie_rate"].low <= 0.3 <= audit["tie_rate"].high


def test_a_judge_that_answers_with_probabilities_is_described_exactly():
    audit = simulate(soft=True, position=0.7, length=0.4)
    assert audit["position_intercept"].value == pytest.approx(0.7)
    for key, strength in (("position_effect", 0.7), ("length_effect", 0.4), ("lists_effect", 0.0)):
        assert audit[key].value == pytest.approx(strength, abs=5e-3)
        assert audit[key].low <= strength <= audit[key].high


def test_a_judge_that_is_wrong_is_worse_than_a_coin_and_one_that_knows_nothing_is_not_flagged_for_it():
    good, ignorant = simulate(), simulate(skill=0.0)
    assert good["accuracy"].value > 0.9
    assert "accuracy" not in ignorant.flags
    assert ignorant["accuracy"].note == "not shown to be better than a coin"
    j = good.judged
    upside_down = Judged(1 - j.given, 1 - j.exchanged, j.status, j.again, j.label, j.prompts, j.style, j.own, j.texts)
    assert "accuracy" in Audited(upside_down).flags


FAIR = ({}, {"soft": True}, {"ties": 0.1}, {"skill": 3.0}, {"inconsistency": 0.02})


@pytest.mark.parametrize("kind", FAIR, ids=str)
def test_a_fair_judge_is_seldom_flagged(kind):
    flagged = [bool(simulate(repeats=3, individual=i, **kind).flags) for i in range(15)]
    assert sum(flagged) <= 3


@pytest.mark.slow
def test_a_fair_judge_is_flagged_in_at_most_five_percent_of_audits():
    flagged = [bool(simulate(repeats=3, individual=100 + i).flags) for i in range(1000)]
    # Three standard errors of a share of 5 %.
    assert np.mean(flagged) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 1000)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "strength", "key"),
    [
        ("position", 1.5, "position_effect"),
        ("length", 1.0, "length_effect"),
        ("lists", 1.5, "lists_effect"),
        ("markdown", -1.5, "markdown_effect"),
    ],
)
def test_intervals_hold_a_fault_in_about_95_of_100_audits(fault, strength, key):
    held = []
    for i in range(300):
        figure = simulate(**{fault: strength}, individual=i)[key]
        held.append(figure.low <= strength <= figure.high)
    assert np.mean(held) >= 0.95 - 3 * math.sqrt(0.05 * 0.95 / 300)
