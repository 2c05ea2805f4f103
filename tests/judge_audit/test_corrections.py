"""Corrections of position bias, as adapters."""

import json

import pytest
from harness_plugins.judge_audit.corrections import AgreeOrTie, BothOrders, PositionIntercept, SwapLogOdds
from harness_plugins.judge_audit.simulated import SimulatedJudge

from harness import Conversation, Origin, Pair, Registry, Verdict, evaluate
from harness.check.conformance import check_name

from .conftest import pairs_of_set

PAIR = Pair(Conversation.user("Which?"), "one", "two", origin=Origin("t/x", "7", (0, 1)))


@pytest.mark.parametrize(
    ("adapter", "given", "other", "expected"),
    [
        (BothOrders(), 1.0, 0.0, 1.0),
        (BothOrders(), 1.0, 1.0, 0.5),
        (BothOrders(), 0.9, 0.7, 0.6),
        (AgreeOrTie(), 1.0, 0.0, 1.0),
        (AgreeOrTie(), 0.8, 0.3, 1.0),
        (AgreeOrTie(), 1.0, 1.0, 0.5),
        (AgreeOrTie(), 1.0, 0.5, 0.5),
        (AgreeOrTie(), 0.1, 0.9, 0.0),
        (SwapLogOdds(), 0.5, 0.5, 0.5),
        (SwapLogOdds(), 1.0, 1.0, 0.5),
        (SwapLogOdds(least=0.01), 1.0, 0.0, 0.99),
    ],
)
def test_verdicts_in_both_orders_become_one(adapter, given, other, expected):
    first, second = adapter.expand(PAIR)
    assert first == PAIR
    assert (second.first, second.second, second.origin.positions) == ("two", "one", (1, 0))
    # Each verdict speaks of what was shown first to it.
    assert adapter.reduce(PAIR, [Verdict(given), Verdict(other)]).p_first == pytest.approx(expected)


@pytest.mark.parametrize("adapter", [BothOrders(), AgreeOrTie(), SwapLogOdds(), PositionIntercept(1.0)])
def test_an_unread_verdict_leaves_none(adapter):
    answers = [Verdict(None, "hm"), Verdict(1.0)][: len(adapter.expand(PAIR))]
    assert adapter.reduce(PAIR, answers).p_first is None


def test_a_shift_of_the_log_odds_cancels_exactly():
    biased, fair = SimulatedJudge(position=1.3, soft=True, length=0.4), SimulatedJudge(soft=True, length=0.4)
    for correction in (SwapLogOdds(), PositionIntercept(1.3)):
        for pair in pairs_of_set()[:40]:
            (request, *_) = pair.requests
            corrected = correction.reduce(request, biased.compare(correction.expand(request)))
            assert corrected.p_first == pytest.approx(fair.compare([request])[0].p_first, abs=1e-9)


def test_an_intercept_leaves_what_is_no_probability():
    for p in (0.0, 0.5, 1.0):
        assert PositionIntercept(2.0).reduce(PAIR, [Verdict(p)]).p_first == p


def test_a_corrected_judge_has_no_position_bias_and_costs_two_questions(project, harness):
    biased = evaluate(["simulated-judge:position=1.5"], ["judge-audit/made-up"])
    corrected = evaluate(["simulated-judge:position=1.5"], ["judge-audit/made-up"], adapters=["both-orders"])
    rates = [
        next(r.estimate.value for r in outcome.results if r.metric == "first_position_rate" and r.domain == "overall")
        for outcome in (biased, corrected)
    ]
    assert rates[0] > 0.55
    assert rates[1] == 0.5
    plan = ["eval", "-m", "simulated-judge", "-t", "judge-audit/made-up", "--dry-run", "--json"]
    requests = [
        json.loads(harness(*plan, *more).out)["cells"][0]["requests"] for more in ((), ("--adapter", "both-orders"))
    ]
    assert requests == [750, 1500]


def test_the_plugin_and_corrected_judges_conform():
    registry = Registry()
    names = ["judge_audit", "simulated-judge"]
    names += [f"simulated-judge:position=1,adapters=[[{a}]]" for a in ("both-orders", "agree-or-tie", "swap-log-odds")]
    findings = [finding for name in names for finding in check_name(registry, name)]
    assert [f for f in findings if not f.ok] == []
