import math

import numpy as np
import pytest

from harness.metric import Columns, MeanMetric, Metric, mean_metric
from harness.stats import Linearised

NAN = float("nan")


class Share(MeanMetric):
    needs = ("right",)

    def per_item(self, columns):
        return columns.values["right"]


class Gap(Share):
    bounds = None
    needs = ("right", "wrong")

    def per_item(self, columns):
        return columns.values["right"] - columns.values["wrong"]

    def detail(self, columns):
        return {"rows": len(columns)}


class Undefined(Share):
    def linearise(self, columns):
        raise ValueError("it needs a second opinion")


def right(*values, clusters=None):
    return Columns({"right": np.array(values, dtype=float)}, clusters)


def test_columns_have_as_many_rows_as_their_arrays():
    assert [len(Columns({})), len(right()), len(right(1, 0))] == [0, 0, 2]


def test_taking_rows_takes_them_of_every_column_and_of_the_clusters():
    columns = Columns({"a": np.arange(3.0), "b": np.ones((3, 2))}, np.array([7, 7, 9]), {"styles": 3})
    taken = columns.take(np.array([2, 0]))
    assert taken.values["a"].tolist() == [2.0, 0.0]
    assert taken.values["b"].shape == (2, 2)
    assert taken.clusters is not None
    assert taken.clusters.tolist() == [9, 7]
    assert taken.facts == {"styles": 3}


def test_a_row_is_valid_where_all_columns_that_are_needed_are_finite():
    columns = Columns(
        {
            "right": np.array([1, NAN, 1, math.inf]),
            "wrong": np.array([0, 0, NAN, 0]),
            "other": np.array([NAN, NAN, NAN, NAN]),
        }
    )
    assert Share().valid(columns).tolist() == [True, False, True, False]
    assert Gap().valid(columns).tolist() == [True, False, False, False]


def test_a_row_of_a_matrix_is_valid_where_all_of_it_is_finite():
    columns = Columns({"right": np.array([[1, 2], [1, NAN]])})
    assert Share().valid(columns).tolist() == [True, False]


def test_a_mean_has_the_distances_from_it_as_influences_and_nan_where_a_row_failed():
    result, reason = Share().on(right(1, 0, NAN, 1, 0))
    assert reason == ""
    assert result.value == 0.5
    np.testing.assert_equal(result.influence, [0.5, -0.5, NAN, 0.5, -0.5])


def test_an_estimate_counts_failures_and_carries_the_detail_of_the_valid_rows():
    columns = Columns({"right": np.array([3.0, 5.0, NAN]), "wrong": np.array([1.0, 1.0, 1.0])})
    estimate = Gap().compute(columns)
    assert (estimate.value, estimate.stderr, estimate.n, estimate.n_failed) == (3.0, pytest.approx(1.0), 2, 1)
    assert estimate.detail == {"rows": 2}


def test_an_undefined_value_is_nan_with_its_reason_and_fails_no_row():
    estimate = Undefined().compute(right(1, 0, NAN))
    assert math.isnan(estimate.value)
    assert (estimate.n, estimate.n_failed) == (2, 1)
    assert estimate.detail == {"reason": "it needs a second opinion"}


def test_a_metric_without_a_definition_says_so():
    with pytest.raises(NotImplementedError):
        Metric().linearise(right(1))
    with pytest.raises(NotImplementedError):
        MeanMetric().linearise(right(1))


def test_a_greater_confidence_gives_a_wider_interval_around_the_same_value():
    columns = right(1, 0, 1, 1, 0, 1, 1)
    narrow, wide = (Share().compute(columns, confidence=c) for c in (0.5, 0.99))
    assert (narrow.value, narrow.stderr) == (wide.value, wide.stderr)
    assert wide.low < narrow.low < narrow.value < narrow.high < wide.high


def test_the_seed_changes_nothing_where_nothing_is_drawn():
    columns = right(1, 0, 1, 1, 0, 1, 1)
    assert Share().compute(columns, seed=0) == Share().compute(columns, seed=1)


def test_clusters_of_equal_rows_count_as_one_each():
    values, clusters = np.repeat([1.0, 0.0, 1.0, 1.0], 5), np.repeat([4, -1, 2, 9], 5)
    clustered = Share().compute(right(*values, clusters=clusters))
    single = Share().compute(right(1, 0, 1, 1))
    assert clustered.stderr == pytest.approx(single.stderr)
    assert Share().compute(right(*values)).stderr < 0.5 * clustered.stderr


def covered(truth, draw, *, rounds):
    hits = 0
    for _ in range(rounds):
        estimate = Share().compute(draw())
        hits += estimate.low <= truth <= estimate.high
    return hits / rounds


@pytest.mark.parametrize(("p", "n"), [(0.5, 30), (0.8, 60), (0.95, 100)])
def test_nine_intervals_of_ten_hold_the_true_share(p, n):
    rng = np.random.default_rng(7)
    assert covered(p, lambda: right(*(rng.random(n) < p)), rounds=1500) == pytest.approx(0.95, abs=0.025)


def test_intervals_hold_the_true_share_where_items_of_a_prompt_go_together():
    rng = np.random.default_rng(8)

    def draw():
        chance = rng.beta(2, 1, 40)  # a prompt's own difficulty; 2/3 on average
        return right(*(rng.random((40, 5)) < chance[:, None]).ravel(), clusters=np.repeat(np.arange(40), 5))

    assert covered(2 / 3, draw, rounds=1500) == pytest.approx(0.95, abs=0.025)


def test_a_metric_may_give_its_own_influence():
    class Ratio(Metric):
        needs = ("right", "wrong")

        def linearise(self, columns):
            a, b = columns.values["right"], columns.values["wrong"]
            value = float(a.sum() / b.sum())
            return Linearised(value, (a - value * b) / b.mean())

        def trials(self, columns):
            return 3

    columns = Columns({"right": np.array([1.0, 2.0, 3.0]), "wrong": np.array([1.0, 2.0, 3.0])})
    estimate = Ratio().compute(columns)
    assert (estimate.value, estimate.stderr, estimate.high) == (1.0, 0.0, 1.0)
    assert estimate.low == pytest.approx(0.025 ** (1 / 3))  # Clopper and Pearson, three of three


def test_a_function_of_columns_becomes_a_metric_with_its_facts():
    @mean_metric(needs=["right"], description="how often right", unit="points", higher_is_better=False, bounds=None)
    def of_right(columns):
        return columns.values["right"] * 2

    assert issubclass(of_right, MeanMetric)
    assert (of_right.__name__, of_right.__module__, of_right.needs) == ("of_right", __name__, ("right",))
    assert (of_right.description, of_right.unit) == ("how often right", "points")
    assert (of_right.higher_is_better, of_right.bounds) == (False, None)
    found, twice = of_right().compute(right(1, 0, NAN)), Share().compute(right(1, 0, NAN))
    assert (found.value, found.n, found.n_failed) == (2 * twice.value, 2, 1)
    assert of_right().is_plain


@pytest.mark.parametrize("figures", [0.5, [0.5], [[1.0], [0.0], [0.0]]])
def test_a_function_that_gives_no_figure_a_row_is_told_so(figures):
    made = mean_metric(needs="right", description="odd")(lambda columns: figures)
    with pytest.raises(TypeError, match="one a row"):
        made().compute(right(1, 0, 1))
