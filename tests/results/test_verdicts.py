"""What a comparison says in its first sentence."""

import math

import pytest

from harness.results.comparison import Comparison
from harness.results.verdicts import sentences, verdict
from harness.stats import Difference


def compared(value, low, high, p, *, task="suite/t", metric="accuracy", n=350, detectable=0.111, **more):
    options = {"unit": "fraction", "higher_is_better": True, "domain": "overall", **more}
    difference = Difference(value, 0.04, low, high, p, n, detectable)
    domain = options.pop("domain")
    return Comparison(task, metric, domain, 0.6, 0.6 - value, difference, **options)


WON = compared(0.163, 0.085, 0.241, 0.00004)
LOST = compared(-0.163, -0.241, -0.085, 0.012)
OPEN = compared(0.012, -0.03, 0.054, 0.57)


@pytest.mark.parametrize(
    ("comparison", "sentence"),
    [
        (
            WON,
            "A is better than B by 16.3 points of accuracy [8.5, 24.1], p < 0.001 "
            "(350 items; these could show a difference of 11.1)",
        ),
        (
            LOST,
            "B is better than A by 16.3 points of accuracy [8.5, 24.1], p = 0.012 "
            "(350 items; these could show a difference of 11.1)",
        ),
        (
            OPEN,
            "No difference shown between A and B: accuracy +1.2 points [-3.0, 5.4], p = 0.570; "
            "350 items could show a difference of 11.1 points",
        ),
        (
            compared(0.104, 0.05, 0.158, 0.001, metric="brier", higher_is_better=False),
            "B is better than A: brier is lower by 10.4 points [5.0, 15.8], p = 0.001 "
            "(350 items; these could show a difference of 11.1)",
        ),
        (
            compared(-1.5, -2.0, -1.0, 0.001, metric="log_loss", unit="nats", higher_is_better=False, detectable=0.7),
            "A is better than B: log_loss is lower by 1.5 nats [1, 2], p = 0.001 "
            "(350 items; these could show a difference of 0.7 nats)",
        ),
        (
            compared(0.2, 0.1, 0.3, math.nan, metric="tpr_at_fpr", unresolvable="not resolvable with 9 negatives"),
            "A and B cannot be told apart by tpr_at_fpr: not resolvable with 9 negatives",
        ),
        (
            compared(math.nan, math.nan, math.nan, math.nan, detectable=math.nan),
            "A and B have no figures to compare by accuracy",
        ),
    ],
)
def test_one_comparison_is_a_sentence_with_the_winner_first(comparison, sentence):
    assert verdict("A", "B", [comparison]) == sentence


def on(task, comparison):
    return compared(*_figures(comparison), task=task)


def _figures(c):
    return c.difference.value, c.difference.low, c.difference.high, c.difference.p_value


def test_of_several_tasks_it_is_counted_who_is_better_where_and_what_many_tests_leave():
    several = [on("a", WON), on("b", LOST), on("c", OPEN), on("d", LOST)]
    assert verdict("A", "B", several) == (
        "B is better than A on 2 of 4 tasks and worse on 1, with no difference shown on 1, by their headline metrics; "
        "all of these stand at a false discovery rate of 5 % over the 4 tests"
    )
    barely = compared(0.05, 0.001, 0.099, 0.045)
    many = [on("a", barely), *(on(f"t{i}", OPEN) for i in range(5))]
    assert verdict("A", "B", many).endswith("; this does not stand at a false discovery rate of 5 % over the 6 tests")


def test_no_difference_on_any_task_is_said_so():
    assert verdict("A", "B", [on("a", OPEN), on("b", OPEN)]) == (
        "No difference shown between A and B on any of 2 tasks, by their headline metrics"
    )


def test_the_headline_of_each_task_speaks_whatever_the_other_metrics_show():
    other = compared(0.3, 0.2, 0.4, 1e-9, metric="f1")
    domain = compared(0.3, 0.2, 0.4, 1e-9, domain="maths")
    assert verdict("A", "B", [domain, OPEN, other]).startswith("No difference shown")
    assert verdict("A", "B", []) == ""


def test_few_tasks_have_a_sentence_each_and_many_only_the_one_that_sums_up():
    assert len(sentences("A", "B", [WON])) == 1
    assert len(sentences("A", "B", [on("a", WON), on("b", OPEN)])) == 3
    assert len(sentences("A", "B", [on(f"t{i}", OPEN) for i in range(9)])) == 1
