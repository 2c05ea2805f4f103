"""What is said of a routed question, and the pictures of what a router chose."""

import numpy as np
import pytest
from harness_plugins.routing import decisions
from harness_plugins.routing.task import Routing

from harness import Columns, Definition, ItemFigures, Matrix

NAN = float("nan")


def told(predicted, outcome):
    values = {"predicted": np.array([predicted]), "outcome": np.array([outcome])}
    columns = Columns(values, facts={"models": ("s", "m", "l")})
    return Routing(Definition("my/routing")).tell(ItemFigures(columns, 0))


@pytest.mark.parametrize(
    ("predicted", "outcome", "sentence", "judged"),
    [
        (
            [0.2, 0.714, 0.1],
            [0, 1, 1],
            "chose m (predicted 0.714), which is right; 2 of 3 models are right",
            "right",
        ),
        ([0.9, 0.7, 0.1], [0, 1, 0], "chose s (predicted 0.9), which is wrong; 1 of 3 models is right", "wrong"),
        ([0.5, 0.5, 0.1], [0, 0, 0], "chose s (predicted 0.5), which is wrong; no model is right", "wrong"),
        (
            [0.5, 0.4, 0.1],
            [0.4, 1, 0],
            "chose s (predicted 0.5), whose outcome is 0.4; 1 of 3 models is right",
            "wrong",
        ),
        (
            [0.5, 0.4, 0.1],
            [NAN, 1, 0],
            "chose s (predicted 0.5), whose outcome is unknown; 1 of 2 models with a known outcome is right",
            "",
        ),
        (
            [0.5, 0.4, 0.1],
            [0, NAN, 0],
            "chose s (predicted 0.5), which is wrong; none of the 2 models with a known outcome is right",
            "wrong",
        ),
        ([NAN, NAN, NAN], [0, 1, 0], "no answer; 1 of 3 models is right", ""),
    ],
)
def test_a_question_in_a_sentence(predicted, outcome, sentence, judged):
    found = told(predicted, outcome)
    assert (found.sentence, found.judged) == (sentence, judged)


def test_nothing_is_said_of_a_question_of_which_nothing_is_known():
    assert told([NAN, NAN, NAN], [NAN, NAN, NAN]) is None


def test_usage_is_drawn_in_all_and_by_category():
    predicted = np.array([[1.0, 0], [1, 0], [0, 1], [0, 1], [1, 0], [NAN, NAN]])
    values = {
        "predicted": predicted,
        "outcome": np.ones((6, 2)),
        "cost": np.ones((6, 2)),
        "category": np.array([0.0, 0, 0, 1, NAN, 1]),
    }
    columns = Columns(values, facts={"models": ("a", "b"), "categories": ("maths", "law")})
    metric = decisions.RouteAccuracy()
    bars, table = metric.pictures(columns.only(metric.valid(columns)))
    assert list(bars.series[0].x) == ["a", "b"]
    assert bars.series[0].y == pytest.approx([0.6, 0.4])
    assert isinstance(table, Matrix)
    assert (list(table.rows), list(table.columns)) == (["maths", "law"], ["a", "b"])
    assert table.values == [pytest.approx([2 / 3, 1 / 3]), pytest.approx([0, 1])]
    assert table.counts == [[3, 3], [1, 1]]


def test_one_category_has_no_picture_of_its_own():
    values = {"predicted": np.eye(2), "outcome": np.eye(2), "cost": np.eye(2), "category": np.zeros(2)}
    assert len(decisions.RouteAccuracy().pictures(Columns(values, facts={"models": ("a", "b")}))) == 1
