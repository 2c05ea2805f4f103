"""``--fail-if``: what trips a gate, by which end of the interval, and what is refused before anything is asked."""

import math

import pytest

from harness.cli.gates import TRIPPED, Figure, Gate, gates_of, tripped
from harness.errors import UsageError
from harness.stats import Estimate

EVAL = ("eval", "-m", "length", "-m", "random", "-t", "quickstart/preferences")
FOUND = Estimate(0.5, 0.05, 0.4, 0.6, 100)


def figure(model="m", *names, estimate=FOUND):
    return Figure(model, frozenset(names or ("accuracy",)), estimate)


@pytest.mark.parametrize(
    ("condition", "trips"),
    [
        ("accuracy > 0.55", True),  # it is not shown to be at most .55
        ("accuracy > 0.6", False),
        ("accuracy >= 0.6", True),
        ("accuracy < 0.45", True),
        ("accuracy < 40%", False),
        ("accuracy <= 40 %", True),
        ("value(accuracy) > 0.55", False),
        ("low(accuracy) > 0.45", False),  # only what is shown to be above
        ("low(accuracy) > 0.35", True),
        ("high(accuracy) < 0.65", True),
        ("accuracy>5e-1 of m", True),
        ("accuracy > 0.5 of other*", False),
        ("loss > 0.5", False),
    ],
)
def test_the_end_that_lies_nearer_to_the_number_counts(condition, trips):
    found = tripped([Gate.parse(condition)], [figure()])
    assert bool(found) is trips
    if trips:
        assert found[0]["condition"] == condition
        assert "0.5 [0.4, 0.6]" in found[0]["reason"]


@pytest.mark.parametrize("estimate", [None, Estimate(math.nan, math.nan, math.nan, math.nan, 0)])
def test_what_has_no_figure_is_shown_to_pass_nothing(estimate):
    [found] = tripped([Gate.parse("accuracy < 0.1")], [figure(estimate=estimate)])
    assert "no figure" in found["reason"]
    [found] = tripped([Gate.parse("accuracy < 0.1")], [figure()], ["m", "failed"])
    assert found["model"] == "failed"
    [found] = tripped([Gate.parse("accuracy < 0.1")], [figure(estimate=Estimate(0.5, math.nan, math.nan, math.nan, 9))])
    assert "value(...)" in found["reason"]


@pytest.mark.parametrize(
    "text", ["", "accuracy", "accuracy > x", "> 0.5", "accuracy = 0.5", "low(accuracy > 0.5", "accuracy > 1.2.3"]
)
def test_what_is_no_condition_is_refused(text):
    with pytest.raises(UsageError, match="--fail-if"):
        gates_of([text])


def test_an_evaluation_ends_with_status_3_where_a_gate_is_tripped(harness):
    assert harness(*EVAL, "--fail-if", "accuracy < 0.01").code == 0
    ran = harness(*EVAL, "--fail-if", "accuracy < 99%", "--fail-if", "quickstart/preferences:accuracy > 1", "--json")
    assert ran.code == TRIPPED == 3
    assert [(one["condition"], one["model"]) for one in ran.document["tripped"]] == [
        ("accuracy < 99%", "length"),
        ("accuracy < 99%", "random"),
    ]
    assert ran.document["results"]
    assert ran.err.count("failed: --fail-if 'accuracy < 99%'") == 2
    assert harness(*EVAL, "--fail-if", "accuracy < 99% of rand*", "--json").document["tripped"][0]["model"] == "random"


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("acuracy < 0.1", "did you mean 'accuracy'?"),
        ("accuracy < 0.1 of lenght", "did you mean 'length'?"),
        ("accuracy", "0.05"),
    ],
)
def test_a_gate_about_nothing_is_refused_before_anything_is_asked(harness, project, condition, said):
    ran = harness(*EVAL, "--fail-if", condition)
    assert (ran.code, said in ran.err) == (2, True), ran.err
    assert not (project / ".harness" / "store.sqlite").exists() or "computed" not in ran.out


def test_a_leaderboard_ends_with_status_3_where_a_gate_is_tripped(harness, project):
    harness("eval", "-m", "length", "-m", "random", "quickstart/preferences")
    board = ("leaderboard", "quickstart/preferences")
    assert harness(*board, "--fail-if", "accuracy < 0.01").code == 0
    ran = harness(*board, "--fail-if", "accuracy < 0.99", "-o", "board.json")
    assert ran.code == 3
    assert (project / "board.json").exists()
    assert "random" in ran.err
    assert harness(*board, "--fail-if", "loss < 0.99").code == 2
    assert harness(*board, "--fail-if", "accuracy < 0.1 of nobody").code == 2
    assert harness(*board, "--fail-if", "accuracy < 0.1", "-o", "site/").code == 2


def test_a_domain_is_named_behind_its_metric(harness):
    document = harness(*EVAL, "--json").document
    domain = next(r["domain"] for r in document["results"] if r["domain"] != "overall")
    assert harness(*EVAL, "--fail-if", f"quickstart/preferences:accuracy:{domain} < 1.1 of length").code == 3


def test_published_figures_trip_nothing():
    from harness.cli.gates import figures_of_board
    from harness.leaderboard.board import Board, BoardEntry, Column

    column = Column("t/x:accuracy", "accuracy", "fraction", True)
    entries = [BoardEntry("here", {column.key: FOUND}, {}, 0), BoardEntry("there", {column.key: FOUND}, {}, 0)]
    entries[1].published = ("somebody",)
    board = Board("b", "", [column], entries)
    board.tasks = ("t/x",)
    [found] = figures_of_board(board)
    assert found.model == "here"
    assert found.names == {"t/x:accuracy", "accuracy"}
