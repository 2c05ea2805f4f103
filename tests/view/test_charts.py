"""Pictures of metrics as SVG."""

import itertools
import math
from xml.etree import ElementTree

import pytest
from harness_plugins.view.cell_page import failed_by_reason, matrix_table
from harness_plugins.view.charts import HEIGHT, WIDTH, Axis, chart

from harness import Matrix, Picture, Series


def drawn(picture):
    """The drawing as a tree, without its legend."""
    return ElementTree.fromstring(str(chart(picture)).partition("<ul")[0])


def points(element):
    return [tuple(map(float, pair.split(","))) for pair in element.get("points").split()]


def test_a_curve_goes_from_corner_to_corner_and_its_reference_is_told_apart():
    line = Series([0, 0.5, 1], [0, 1, 1], low=[0, 0.9, 0.9], high=[0.1, 1, 1], name="curve")
    tree = drawn(
        Picture("ROC", "x", "y", [line, Series([0, 1], [0, 1], reference=True)], x_range=(0, 1), y_range=(0, 1))
    )
    curve, reference = tree.findall("polyline")
    assert (curve.get("class"), reference.get("class")) == ("s0", "reference")
    assert points(curve)[0] == points(reference)[0]
    assert points(curve)[-1] == points(reference)[-1]
    assert len(points(tree.find("polygon"))) == 6
    assert tree.get("aria-label") == "ROC: y against x"


def test_steps_turn_at_right_angles_and_points_beyond_the_axes_stay_inside():
    steps = Series([0, 1, 2], [0.0, 1.0, 9.0], form="steps")
    corners = points(drawn(Picture("t", "x", "y", [steps], x_range=(0, 2), y_range=(0, 1))).find("polyline"))
    assert all(a[0] == b[0] or a[1] == b[1] for a, b in itertools.pairwise(corners))
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in corners)


def test_what_is_not_finite_is_left_out_and_nothing_at_all_is_refused():
    tree = drawn(Picture("t", "x", "y", [Series([0, 1, 2], [0.0, math.nan, 1.0], form="points")]))
    assert len(tree.findall("circle")) == 2
    with pytest.raises(ValueError, match="nothing to draw"):
        chart(Picture("t", "x", "y", [Series([], [])]))


def test_bars_have_their_names_figures_and_intervals():
    bars = Series(["a_b", "<i>"], [0.25, 0.5], low=[0.2, 0.4], high=[0.3, 0.6], form="bars")
    tree = drawn(Picture("t", "kind", "share", [bars]))
    widths = [float(bar.get("width")) for bar in tree.findall("rect")]
    assert widths[1] == pytest.approx(2 * widths[0], abs=0.2)
    assert [text.text for text in tree.findall("text") if text.get("class") == "name"] == ["a_b", "<i>"]
    assert len([line for line in tree.findall("line") if line.get("class") == "error"]) == 2


@pytest.mark.parametrize(
    ("low", "high", "log", "ticks"),
    [
        (0, 1, False, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (1, 16, True, [1, 2, 4, 8, 16]),
        (0.0004, 1, True, [0.001, 0.01, 0.1, 1]),
    ],
)
def test_axes_are_written_at_round_values(low, high, log, ticks):
    assert Axis(low, high, log, 0, 100).ticks() == pytest.approx(ticks)


def test_a_matrix_is_coloured_where_it_is_sure_and_too_large_a_one_is_refused():
    matrix = Matrix(
        "t", "who wins", ["a"], ["b", "c", "d"], [[0.9, 0.6, math.nan]], [[0.8, 0.4, math.nan]], [[1.0, 0.8, math.nan]]
    )
    page = str(matrix_table(matrix))
    assert (
        '<td class="above" title="[80.0, 100.0]">90.00</td><td class="" title="[40.0, 80.0]">60.00</td><td></td>'
        in page
    )
    names = [str(i) for i in range(100)]
    with pytest.raises(ValueError, match="100 rows"):
        matrix_table(Matrix("t", "s", names, ["b"], [[0.0]] * 100))


def test_failures_are_grouped_by_reason_the_most_frequent_first():
    groups = failed_by_reason([("a", "slow"), *((f"i{n}", "memory") for n in range(9))])
    assert [(g.reason, g.count, list(g.items)) for g in groups] == [
        ("memory", 9, ["i0", "i1", "i2", "i3", "i4"]),
        ("slow", 1, ["a"]),
    ]
