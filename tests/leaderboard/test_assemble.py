import math

import pytest

from harness import build_leaderboard, evaluate
from harness.errors import ConfigurationError, UnknownName
from harness.leaderboard.aggregates import split_selector
from harness.leaderboard.board import BoardEntry, Column
from harness.leaderboard.notes import notes_on_figures
from harness.leaderboard.ranking import rank_entries
from harness.results import aggregate
from harness.stats import Estimate

from ..messages import saying

NAN = float("nan")
WHOLE = {"name": "mean", "of": ["suite/texts:auroc:one", "suite/texts:auroc:two"]}


def good(i):
    return (1.0 if i % 2 else -1.0) + 0.1 * (i % 7)


def poor(i):
    return float((i * 7) % 5)


@pytest.fixture
def board(suite, detector, tmp_path):
    """The leaderboard after evaluating models on targets."""

    def make(models, targets=("suite",), **benchmark):
        registry, store = suite(**benchmark), tmp_path / "store.sqlite"
        outcome = evaluate(models, targets, store=store, registry=registry)
        return build_leaderboard("suite", store=store, registry=registry), outcome

    return make


def ranked(*figures, higher=True):
    """(model, rank, low, high, tied with best) after ranking models of (value, stderr[, low, high])."""
    entries = []
    for i, (value, stderr, *interval) in enumerate(figures):
        low, high = interval or (value - 1.96 * stderr, value + 1.96 * stderr)
        entries.append(BoardEntry(f"m{i}", {"key": Estimate(value, stderr, low, high, 100)}, {}, 0))
    rank_entries(entries, Column("key", "title", "fraction", higher))
    return [(e.model, e.rank, e.rank_low, e.rank_high, e.tied_with_best) for e in entries]


def test_models_far_apart_have_the_places_of_their_values():
    assert ranked((0.5, 0.01), (0.9, 0.01), (0.7, 0.01)) == [
        ("m1", 1, 1, 1, True),
        ("m2", 2, 2, 2, False),
        ("m0", 3, 3, 3, False),
    ]


def test_models_within_their_errors_share_the_places_that_these_allow():
    assert ranked((0.50, 0.01), (0.71, 0.02), (0.70, 0.02)) == [
        ("m1", 1, 1, 2, True),
        ("m2", 2, 1, 2, True),
        ("m0", 3, 3, 3, False),
    ]


def test_the_lowest_is_best_where_lower_is_better():
    assert [(m, rank) for m, rank, *_ in ranked((0.5, 0.01), (0.9, 0.01), higher=False)] == [("m0", 1), ("m1", 2)]


def test_equal_values_have_the_same_place():
    assert ranked((0.7, 0.01), (0.7, 0.01), (0.6, 0.001)) == [
        ("m0", 1, 1, 2, True),
        ("m1", 1, 1, 2, True),
        ("m2", 3, 3, 3, False),
    ]


def test_an_error_that_could_not_be_estimated_is_not_an_error_of_0():
    from_interval = ranked((1.0, NAN, 0.0, 1.0), (0.7, 0.01))
    assert [row[2:] for row in from_interval] == [(1, 2, True), (1, 2, True)]
    unknown = ranked((9.0, NAN, NAN, NAN), (0.7, 0.01), (0.1, 0.01))
    assert [row[2:] for row in unknown] == [(1, 3, True), (1, 2, True), (2, 3, False)]
    on_its_bound = ranked((1.0, 0.0, 0.6, 1.0), (0.9, 0.02))
    assert [row[2:] for row in on_its_bound] == [(1, 2, True), (1, 2, True)]


def test_a_missing_figure_has_no_rank_and_stands_last_by_name():
    entries = [
        BoardEntry("b", {}, {}, 0),
        BoardEntry("a", {}, {}, 0),
        BoardEntry("z", {"key": Estimate(0.1, 0.1, 0, 1, 9)}, {}, 0),
    ]
    entries.append(BoardEntry("c", {"key": Estimate(NAN, NAN, NAN, NAN, 0)}, {}, 0))
    rank_entries(entries, Column("key", "title", "fraction", True))
    assert [(e.model, e.rank) for e in entries] == [("z", 1), ("a", None), ("b", None), ("c", None)]


def test_the_figures_are_the_estimates_of_the_run_and_the_aggregate_of_its_parts(board, detector):
    made, outcome = board([detector("good", good), detector("poor", poor)], aggregates=[WHOLE])
    estimates = {(r.model, r.task, r.metric, r.domain): r.estimate for r in outcome.results}
    assert [(e.model, e.rank) for e in made.entries] == [("good", 1), ("poor", 2)]
    assert [c.key for c in made.columns] == ["mean", "suite/texts:auroc", "suite/more:auroc"]
    assert [c.title for c in made.columns] == ["mean", "texts auroc", "more auroc"]
    for entry in made.entries:
        alone = estimates[entry.model, "suite/texts", "auroc", "overall"]
        assert entry.figures["suite/texts:auroc"] == alone
        parts = [estimates[entry.model, "suite/texts", "auroc", domain] for domain in ("one", "two")]
        assert entry.figures["mean"] == aggregate.mean(parts)
    assert [note for note in made.notes if "chance" not in note] == []


def test_the_columns_are_those_that_the_benchmark_lists(board, detector):
    listed = {"suite/texts": ["brier", "f1:threshold=0.5"], "suite/more": []}
    made, _ = board([detector("good", good)], metrics=listed)
    assert [(c.key, c.higher_is_better) for c in made.columns] == [
        ("suite/texts:brier", False),
        ("suite/texts:f1:threshold=0.5", True),
    ]


def test_a_model_without_one_of_the_parts_is_noted_and_not_ranked(board, detector):
    worst = {"name": "worst", "how": "minimum", "of": ["suite/texts:auroc", "suite/more:auroc"]}
    board([detector("half", good)], ["suite/texts"], aggregates=[worst])
    made, _ = board([detector("whole", poor)], aggregates=[worst])
    assert [(e.model, e.rank, "worst" in e.figures) for e in made.entries] == [
        ("whole", 1, True),
        ("half", None, False),
    ]
    notes = [note for note in made.notes if "chance" not in note]
    assert notes == [saying("half", "better", "whole"), saying("'worst'", "evaluated")]


def test_failed_requests_are_counted_over_the_tasks(board, detector):
    made, _ = board([detector("gaps", lambda i: None if i in (3, 4) else good(i))])
    assert [e.n_failed for e in made.entries] == [4]
    assert made.entries[0].figures["suite/texts:auroc"].n_failed == 2


def test_results_of_another_definition_are_left_out_with_a_note(suite, detector, board, tmp_path):
    board([detector("good", good)], ["suite/texts"])
    file = tmp_path / "registry.yaml"
    text = file.read_text(encoding="utf-8").replace('"slices": ["kind"]', '"slices": []')
    file.write_text(text, encoding="utf-8")
    from harness.names.registry import Registry

    made = build_leaderboard("suite", store=tmp_path / "store.sqlite", registry=Registry(extra=file))
    assert made.entries == []
    assert made.notes == [saying("1", "earlier", "definitions", "evaluate")]


def test_a_partial_run_is_on_no_leaderboard(suite, detector, tmp_path):
    registry, store = suite(), tmp_path / "store.sqlite"
    evaluate([detector("good", good)], ["suite"], store=store, registry=registry, limit=10)
    assert build_leaderboard("suite", store=store, registry=registry).entries == []


def test_an_unknown_benchmark_suggests_the_nearest(suite, detector, tmp_path):
    registry, store = suite(), tmp_path / "store.sqlite"
    evaluate([detector("good", good)], ["suite/texts"], store=store, registry=registry)
    with pytest.raises(UnknownName, match="suite"):
        build_leaderboard("siute", store=store, registry=registry)


@pytest.mark.parametrize(
    ("selector", "parts"),
    [
        ("suite/texts:auroc", ("suite/texts", "auroc", "overall")),
        ("suite/texts:auroc:one", ("suite/texts", "auroc", "one")),
        ("suite/texts:f1:threshold=0.5", ("suite/texts", "f1:threshold=0.5", "overall")),
        ("suite/texts:f1:threshold=0.5:two", ("suite/texts", "f1:threshold=0.5", "two")),
    ],
)
def test_a_selector_is_task_metric_and_domain(selector, parts, suite):
    assert split_selector(suite().benchmarks().find("suite"), selector) == parts


def test_a_selector_of_another_task_is_refused(suite):
    with pytest.raises(ConfigurationError, match=saying("starts", "tasks").pattern):
        split_selector(suite().benchmarks().find("suite"), "other/task:auroc")


def test_nan_figures_of_a_part_leave_the_aggregate_out(board, detector):
    made, _ = board([detector("good", good)], aggregates=[{"name": "mean", "of": ["suite/texts:auroc:three"]}])
    assert "mean" not in made.entries[0].figures
    assert not any(math.isnan(e.value) for e in made.entries[0].figures.values())


def test_a_note_on_a_figure_is_a_note_of_the_board_with_the_models_it_is_true_of():
    def entry(model, **detail):
        return BoardEntry(model, {"key": Estimate(0.5, 0.1, 0.4, 0.6, 100, detail=detail)}, {}, 0)

    entries = [entry("b", note="too few"), entry("a", note="too few"), entry("c"), BoardEntry("d", {}, {}, 0)]
    column = Column("key", "task metric", "fraction", True)
    assert notes_on_figures([column], entries) == ["task metric: too few (a, b)"]
