"""Eviction rules on small cases, and the simulation of caches by least expected cost."""

from __future__ import annotations

import pytest
from harness_plugins.prompt_caching.eviction import RULES
from harness_plugins.prompt_caching.least_cost import COLUMNS, Setting, means


@pytest.mark.parametrize(
    ("rule", "gone"),
    [("fifo", [1, 2, 3]), ("lru", [2, 3, 1]), ("lfu", [2, 3, 1]), ("lec", [3, 1, 2]), ("gdsf", [3, 1, 2])],
)
def test_each_rule_has_its_order(rule, gone):
    made = RULES[rule]()
    for entry, cost in ((1, 1.0), (2, 9.0), (3, 0.5)):
        made.added(entry, cost)
    made.used(1)
    found = []
    for _ in gone:
        found.append(made.victim())
        made.removed(found[-1])
    assert found == gone


def test_what_greedy_dual_does_not_use_ages():
    rule = RULES["gdsf"]()
    rule.added(1, 5.0)
    rule.added(2, 1.0)
    for entry in range(3, 20):  # each is worth 1 above what went last; the first, used never, is overtaken
        gone = rule.victim()
        if gone == 1:
            break
        rule.removed(gone)
        rule.added(entry, 1.0)
    assert gone == 1


def test_the_heap_stays_small():
    rule = RULES["lru"]()
    rule.added(1, 1.0)
    for _ in range(1000):
        rule.used(1)
    assert len(rule._heap) < 100


# Mean and standard error over 400 seeds, as found before by another program of the same description; cost in thousands.
FOUND = {
    Setting(0.5, 100, 1.0): ((190.9, 190.8, 98.5, 67.4, 68.8, 5.58), (2.6, 2.7, 2.2, 2.7, 2.7, 0.44)),
    Setting(0.8, 100, 1.0): ((268.0, 270.3, 139.2, 98.6, 100.1, 7.34), (3.5, 3.5, 3.1, 4.0, 4.0, 0.65)),
    Setting(0.5, 100, 0.8): ((190.9, 190.8, 135.4, 67.4, 68.8, 59.9), (2.6, 2.7, 2.1, 2.7, 2.7, 1.2)),
    Setting(0.8, 100, 0.8): ((268.0, 270.3, 191.3, 98.6, 100.1, 72.6), (3.5, 3.5, 2.9, 4.0, 4.0, 1.4)),
    Setting(0.5, 1.5, 1.0): ((6.66, 6.66, 4.23, 5.87, 5.90, 3.66), (0.04,) * 6),
    Setting(0.8, 1.5, 1.0): ((9.38, 9.41, 5.97, 7.63, 7.66, 4.73), (0.05, 0.05, 0.04, 0.06, 0.06, 0.03)),
}


@pytest.mark.slow
@pytest.mark.parametrize("setting", FOUND, ids=str)
def test_the_costs_of_caches_are_those_found_before(setting):
    found = means(setting)
    values, errors = FOUND[setting]
    for name, value, error in zip(COLUMNS, values, errors, strict=True):
        assert abs(found[name][0] - value) <= 3 * (found[name][1] ** 2 + error**2) ** 0.5, name


@pytest.mark.parametrize("setting", [Setting(0.5, 100, 0.8, rounds=2000), Setting(0.8, 1.5, 1.0, rounds=2000)])
def test_least_expected_cost_costs_no_more_and_both_models_are_alike(setting):
    found = means(setting, 150)
    for model in ("first", "second", "selector"):
        assert found[f"lec+{model}"][0] <= found[f"lfu+{model}"][0]
    for rule in ("lfu", "lec"):
        (one, first), (two, second) = found[f"{rule}+first"], found[f"{rule}+second"]
        assert abs(one - two) <= 3 * (first**2 + second**2) ** 0.5
