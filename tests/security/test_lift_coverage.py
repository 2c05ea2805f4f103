"""How often a lift is above 0 for a model that knows nothing, and how far it is off for one that knows."""

import numpy as np
import pytest
from harness_plugins.security.lift import DefenceLift, DetectionLift, RefusalLift

from harness import Columns

REFUSAL, SUCCESS = 0.0, 1.0


def drawn(draw, goals, stops, refuses):
    """Attacks and twins of as many goals, whose lengths say nothing; each goal is a cluster."""
    difficulty = draw.normal(0, 0.5, goals)

    def share(rate):
        return draw.random(goals) < 1 / (1 + np.exp(-(np.log(rate / (1 - rate)) + difficulty)))

    blocked = np.concatenate([share(stops), share(refuses)])
    values = {
        "outcome": np.where(blocked, REFUSAL, SUCCESS)[:, None],
        "log_odds": np.where(blocked, 1.0, -1.0),
        "harmful": np.repeat([1.0, 0.0], goals),
        "label": np.repeat([1.0, 0.0], goals),
        "characters": draw.integers(30, 90, 2 * goals).astype(float),
    }
    return Columns(values, clusters=np.tile(np.arange(goals), 2))


@pytest.mark.slow
@pytest.mark.parametrize("metric", [DefenceLift, RefusalLift, DetectionLift])
@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_a_model_that_knows_nothing_has_no_rank(metric, rate):
    draw = np.random.default_rng(0)
    found = [metric().compute(drawn(draw, 60, rate, rate)).low > 0 for _ in range(400)]
    # The best rule is found on the same rows, so that the lift is below the truth, and a rank rarer than 2.5 %.
    assert np.mean(found) <= 0.025


@pytest.mark.slow
@pytest.mark.parametrize("metric", [DefenceLift, RefusalLift, DetectionLift])
def test_the_lift_of_a_model_that_knows_is_below_the_truth_by_what_the_rule_gains_by_luck(metric):
    draw = np.random.default_rng(1)
    truth = np.mean(
        [drawn(draw, 4000, 0.8, 0.1).values["log_odds"].reshape(2, -1).mean(axis=1) for _ in range(20)], axis=0
    )
    expected = (truth[0] - truth[1]) / 2
    found = [metric().compute(drawn(draw, 60, 0.8, 0.1)) for _ in range(300)]
    assert np.mean([one.high < expected for one in found]) < 0.5
    assert np.mean([one.low <= expected for one in found]) >= 0.975
    luck = [one.detail["shortcut_gain"] / metric.scale for one in found]
    # With the rule's luck given back, the interval covers as often as it says.
    covered = [one.low + gain <= expected <= one.high + gain for one, gain in zip(found, luck, strict=True)]
    assert np.mean(covered) >= 0.9
    assert np.mean([one.low > 0 for one in found]) > 0.9
