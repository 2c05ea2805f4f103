import itertools

import numpy as np
import pytest
from harness_plugins.ppe.sampled_compat import shared_permutations
from hypothesis import given, settings
from hypothesis import strategies as st
from ppe_columns import sampled, sampled_columns


def _without_pairs(scores, correct):
    scores = np.asarray(scores, float)
    return sampled_columns(scores, np.asarray(correct, float), np.full((2, len(scores), 1), np.nan))


def _enumerated(scores, correct):
    """Mean over all K-subsets of the gold that is selected (ties shared) and of the greatest, by K: two lists."""
    curve, oracle = [], []
    for k in range(1, len(scores) + 1):
        subsets = list(itertools.combinations(range(len(scores)), k))
        chosen = []
        for subset in subsets:
            best = max(scores[i] for i in subset)
            tied = [correct[i] for i in subset if scores[i] == best]
            chosen.append(sum(tied) / len(tied))
        curve.append(sum(chosen) / len(subsets))
        oracle.append(sum(max(correct[i] for i in subset) for subset in subsets) / len(subsets))
    return curve, oracle


prompts = st.integers(2, 8).flatmap(
    lambda k: st.lists(
        st.tuples(st.lists(st.integers(0, 3), min_size=k, max_size=k), st.lists(st.booleans(), min_size=k, max_size=k)),
        min_size=1,
        max_size=4,
    )
)


@given(prompts)
@settings(max_examples=60, deadline=None)
def test_closed_form_is_the_enumeration_of_all_subsets(metric, rows):
    found = [_enumerated(scores, [float(c) for c in correct]) for scores, correct in rows]
    curve, oracle = (np.array([pair[i] for pair in found]) for i in (0, 1))
    columns = _without_pairs([scores for scores, _ in rows], [correct for _, correct in rows])
    close = {"abs": 1e-12}
    assert metric("best_of_k_max", columns).value == pytest.approx(curve.mean(axis=0).max(), **close)
    assert metric("best_of_k_loss", columns).value == pytest.approx((oracle - curve).mean(), **close)
    gap = (oracle - curve).mean(axis=0)
    squared = metric("best_of_k_squared_gap", columns)
    assert squared.value == pytest.approx((gap**2).mean(), **close)
    noise = ((oracle - curve) * (1 - oracle + curve)).sum(axis=0) / len(rows) ** 2
    expected = (gap**2 + noise).mean()
    assert squared.detail["with_independent_permutations"] == pytest.approx(expected, **close)
    assert metric("best_of_k_accuracy", columns).value == pytest.approx(curve[:, -1].mean(), **close)


@pytest.mark.slow
@pytest.mark.parametrize("levels", [None, 2])
def test_closed_form_is_the_mean_of_100_000_independent_permutations(metric, levels):
    columns = sampled(n=6, k=12, seed=1, levels=levels)
    scores, correct = columns.values["scores"], columns.values["correct"]
    rng = np.random.default_rng(0)
    rounds = 100_000
    curve, oracle = np.zeros(12), np.zeros(12)
    squared = 0.0
    for _ in range(rounds // 1000):
        order = rng.permuted(np.broadcast_to(np.arange(12), (1000, 6, 12)), axis=-1)
        rows = np.arange(6)[None, :, None]
        score, gold = scores[rows, order], correct[rows, order]
        best = np.maximum.accumulate(score, axis=-1)
        new = np.concatenate([np.ones((1000, 6, 1), bool), score[..., 1:] > best[..., :-1]], axis=-1)
        chosen = np.maximum.accumulate(np.where(new, np.arange(12), 0), axis=-1)
        selected = np.take_along_axis(gold, chosen, axis=-1)
        greatest = np.maximum.accumulate(gold, axis=-1)
        curve += selected.mean(axis=(0, 1)) * 1000 / rounds
        oracle += greatest.mean(axis=(0, 1)) * 1000 / rounds
        squared += ((greatest - selected).mean(axis=1) ** 2).mean() * 1000 / rounds
    detail = metric("best_of_k_accuracy", columns).detail
    np.testing.assert_allclose(detail["curve"], curve, atol=0.003)
    np.testing.assert_allclose(detail["oracle"], oracle, atol=0.003)
    independent = metric("best_of_k_squared_gap", columns).detail["with_independent_permutations"]
    assert independent == pytest.approx(squared, abs=0.002)


def test_shared_permutations_are_those_of_the_plain_loop():
    columns = sampled(n=9, k=7, seed=3, levels=1)
    scores, correct = columns.values["scores"], columns.values["correct"]
    curve, oracle = shared_permutations(columns, 20, seed=5)
    rng = np.random.default_rng(5)
    for r in range(20):
        order = rng.permutation(7)
        for k in range(1, 8):
            first = order[:k]
            chosen = [correct[i][first[np.argmax(scores[i][first])]] for i in range(9)]
            assert curve[r, k - 1] == pytest.approx(np.mean(chosen))
            assert oracle[r, k - 1] == pytest.approx(correct[:, first].max(axis=1).mean())


def test_published_forms_follow_from_the_rounds(metric):
    columns = sampled(n=40, seed=4)
    curve, oracle = shared_permutations(columns, 100, seed=0)
    assert metric("best_of_k_loss@compat", columns).value == pytest.approx(((oracle - curve) ** 2).mean())
    assert metric("best_of_k_max@compat", columns).value == pytest.approx(curve.max(axis=1).mean())
    assert metric("best_of_k_accuracy@compat", columns).value == pytest.approx(curve[:, -1].mean())
    # The mean of maxima is above the maximum of the mean; the squared gap above the exact one.
    assert metric("best_of_k_max@compat", columns).value > metric("best_of_k_max", columns).value
    assert metric("best_of_k_loss@compat", columns).value > metric("best_of_k_squared_gap", columns).value


def test_pooled_auroc_is_scikit_learns(metric):
    from sklearn.metrics import roc_auc_score

    columns = sampled(n=30, seed=2, levels=2)
    scores, correct = columns.values["scores"], columns.values["correct"]
    low, high = scores.min(axis=1, keepdims=True), scores.max(axis=1, keepdims=True)
    expected = roc_auc_score(correct.ravel(), ((scores - low) / (high - low)).ravel())
    assert metric("pooled_auroc", columns).value == pytest.approx(expected, abs=1e-12)
    assert metric("pooled_auroc@compat", columns).value == pytest.approx(expected, abs=1e-12)


def test_rounding_unties_no_equal_scores_of_two_prompts(metric):
    # 0.2 stands half way between 0.1 and 0.3, as 2 does between 1 and 3, and as 0.15 between 0.1 and 0.2.
    scores = [[0.1, 0.2, 0.3], [1, 2, 3], [0.1, 0.15, 0.2], [1e6 + 0.1, 1e6 + 0.2, 1e6 + 0.3]]
    correct = [[0, 1, 0], [1, 0, 1], [1, 1, 0], [0, 0, 1]]
    wanted = metric("pooled_auroc", _without_pairs([[1, 2, 3]] * 4, correct))
    found = metric("pooled_auroc", _without_pairs(scores, correct))
    assert (found.value, found.stderr) == (wanted.value, wanted.stderr)
    # Scores that differ by more than rounding are no ties.
    close = [[0, 1, 3], [0, 1 + 1e-9, 3]]
    assert metric("pooled_auroc", _without_pairs(close, [[0, 0, 1], [0, 1, 1]])).value == 1.0


def test_error_of_the_pooled_auroc_is_that_of_resampled_prompts(metric):
    columns = sampled(n=150, seed=6)
    estimate = metric("pooled_auroc", columns)
    rng = np.random.default_rng(0)
    draws = [metric("pooled_auroc", columns.take(rng.integers(0, 150, 150))).value for _ in range(300)]
    assert np.std(draws) == pytest.approx(estimate.stderr, rel=0.15)


@pytest.mark.parametrize("name", ["best_of_k_max", "best_of_k_loss", "best_of_k_squared_gap", "conflict_pair_accuracy"])
def test_errors_are_those_of_resampled_prompts(metric, name):
    columns = sampled(n=150, k=16, seed=7, levels=3)
    estimate = metric(name, columns)
    rng = np.random.default_rng(0)
    draws = [metric(name, columns.take(rng.integers(0, 150, 150))).value for _ in range(300)]
    assert np.std(draws) == pytest.approx(estimate.stderr, rel=0.15)


def test_pairs_by_hand(metric):
    nan = np.nan
    scores = np.array([[3.0, 1, 2, 2], [1, 1, 5, 0], [1, 2, 3, 4]])
    correct = np.array([[1.0, 0, 1, 0], [1, 0, 0, 1], [1, 1, 1, 1]])
    index = np.array([[[0, 3, nan], [1, 2, 0], [nan] * 3], [[1, 2, nan], [0, 0, 2], [nan] * 3]])
    columns = sampled_columns(scores, correct, index)
    # First prompt: right, and a tie. Second: a tie, wrong, wrong. Third: no pair.
    estimate = metric("conflict_pair_accuracy", columns)
    assert estimate.value == pytest.approx((0.75 + 0.5 / 3) / 2)
    # Equal scores count as the second: right where the second is the correct one.
    assert metric("conflict_pair_accuracy@compat", columns).value == pytest.approx((1.0 + 1 / 3) / 2)


def test_a_judges_published_accuracy_is_over_pairs_with_a_verdict(metric):
    columns = sampled(n=20, k=6, seed=8, pairs=3, rate=0.5)
    columns.values["scores"][:] = np.nan
    given = columns.values["pair_given"]
    given[0, 0] = np.nan
    there = np.isfinite(given)
    first = np.nan_to_num(columns.values["pair_first"]).astype(int)
    truth = np.take_along_axis(columns.values["correct"], first, 1) == 1
    expected = ((given > 0.5) == truth)[there].mean()
    estimate = metric("conflict_pair_accuracy@compat", columns)
    assert estimate.value == pytest.approx(expected)
    ours = metric("conflict_pair_accuracy", columns)
    assert (ours.n_failed, ours.detail["pairs_left_out"]) == (0, 1)
    for name in ("best_of_k_max", "best_of_k_accuracy", "pooled_auroc", "best_of_k_loss@compat"):
        nothing = metric(name, columns)
        assert np.isnan(nothing.value)
        assert "compares pairs" in nothing.detail["reason"]


def test_constant_scores_have_no_area_and_say_so(metric):
    columns = sampled(n=5, k=4, seed=9, rate=0.5)
    columns.values["scores"][:] = 2.0
    estimate = metric("pooled_auroc", columns)
    assert np.isnan(estimate.value)
    assert estimate.n_failed == 5
    assert "equal" in estimate.detail["reason"]
    columns.values["scores"][0] = [1, 2, 3, 4]
    columns.values["correct"][0] = [0, 1, 0, 1]
    one = metric("pooled_auroc", columns)
    assert one.n_failed == 4
    assert one.value == pytest.approx(0.75)
    assert "equal scores throughout" in metric("pooled_auroc@compat", columns).detail["reason"]


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_all_responses_alike(metric, label):
    columns = _without_pairs(np.random.default_rng(0).normal(size=(4, 5)), np.full((4, 5), label))
    assert metric("best_of_k_max", columns).value == label
    assert metric("best_of_k_loss", columns).value == 0
    assert "pair" in metric("conflict_pair_accuracy", columns).detail["reason"]
    assert np.isnan(metric("pooled_auroc", columns).value)


def test_a_prompt_with_fewer_responses_keeps_its_last_value(metric):
    nan = np.nan
    columns = _without_pairs([[3, 2, 1, nan], [1, 2, 3, 4]], [[1, 0, 0, nan], [0, 0, 0, 1]])
    detail = metric("best_of_k_max", columns)
    assert detail.value == 1.0
    assert detail.detail["k"] == 4


def test_expected_budget_of_the_curve(metric):
    budget = metric("best_of_k_accuracy", sampled(n=10)).detail["expected_kl"]
    k = np.arange(1, 33)
    np.testing.assert_allclose(budget, np.log(k) - (k - 1) / k, atol=1e-11)


def test_what_a_judge_leaves_unread_and_where_it_looks_first(metric):
    columns = sampled(n=10, k=6, seed=8, pairs=2, rate=0.5)
    columns.values["scores"][:] = np.nan
    there = np.isfinite(columns.values["pair_first"])
    # Shown first, the first of a pair wins; shown second, it loses.
    columns.values.update(pair_given=np.where(there, 1.0, np.nan), pair_exchanged=np.where(there, 0.0, np.nan))
    accuracy = metric("conflict_pair_accuracy", columns)
    assert accuracy.value == 0.5
    assert accuracy.detail == {"pairs_left_out": 0, "order_consistency": 0.0, "first_position_rate": 1.0}
    columns.values["pair_exchanged"][3, 1] = np.nan
    assert metric("pair_unparsed_rate", columns).value == pytest.approx(1 / (2 * there.sum()))
    without_one = metric("conflict_pair_accuracy", columns)
    assert (without_one.n_failed, without_one.detail["pairs_left_out"]) == (0, 1)
    columns.values["pair_given"][3] = np.nan
    assert metric("conflict_pair_accuracy", columns).n_failed == 1
