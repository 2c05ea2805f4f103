"""Models without rank: where they stand, what a board says of them, and what it then claims."""

import csv
import io
import json

import pytest

from harness import build_leaderboard, evaluate
from harness.leaderboard import claim, render
from harness.results.numbers import figure

WORST = {"name": "worst", "how": "minimum", "of": ["suite/texts:auroc", "suite/more:auroc"]}


def good(i):
    return (1.0 if i % 2 else -1.0) + 0.1 * (i % 7)


def fair(i):
    return good(i) + (3.0 if i % 5 == 0 else 0.0)


def poor(i):
    return float((i * 7) % 5)


@pytest.fixture
def evaluated(suite, detector, tmp_path):
    """The board of `suite` after evaluating models by the functions of their log-odds, each on some tasks."""

    def make(**models):
        registry, store = suite(aggregates=[WORST]), tmp_path / "store.sqlite"
        for name, (log_odds, *tasks) in models.items():
            model = detector(name, log_odds)
            evaluate([model], [f"suite/{task}" for task in tasks], store=store, registry=registry)
        return build_leaderboard("suite", store=store, registry=registry)

    return make


@pytest.fixture
def incomplete(evaluated):
    return evaluated(length=(poor, "texts", "more"), a=(fair, "texts"), b=(good, "texts"))


def test_models_that_lack_a_task_stand_below_the_ranked_ones_best_first(incomplete):
    assert [(e.model, e.rank, e.missing_tasks) for e in incomplete.entries] == [
        ("length", 1, ()),
        ("b", None, ("suite/more",)),
        ("a", None, ("suite/more",)),
    ]


@pytest.mark.parametrize("format_", ["table", "markdown", "html", "latex"])
def test_a_divider_says_that_the_rows_below_are_not_ranked(format_, incomplete):
    text = render(incomplete, format_)
    above, divider, below = text.partition("not ranked: 1 of 2 tasks")
    assert divider
    assert "length" in above
    assert below.index("100.00") < below.index(figure(incomplete.entries[2].figures["suite/texts:auroc"].value))


def test_json_and_csv_say_which_tasks_are_missing(incomplete):
    entries = json.loads(render(incomplete, "json"))["entries"]
    assert [entry["missing_tasks"] for entry in entries] == [[], ["suite/more"], ["suite/more"]]
    rows = list(csv.DictReader(io.StringIO(render(incomplete, "csv"))))
    assert {(row["model"], row["missing_tasks"]) for row in rows} == {
        ("length", ""),
        ("b", "suite/more"),
        ("a", "suite/more"),
    }


def test_nobody_is_best_where_an_unranked_model_is_ahead_on_a_shared_task(incomplete):
    assert [entry.tied_with_best for entry in incomplete.entries] == [False, False, False]
    assert incomplete.entries[1].ahead_of_best == ("suite/texts:auroc",)
    said = claim(incomplete)
    assert (said.named, said.rest) == ([], "2 of 3 models lack a task")
    assert 'class="best"' not in render(incomplete, "html")


def test_the_best_is_best_of_how_many(evaluated):
    board = evaluated(good=(good, "texts", "more"), poor=(poor, "texts", "more"), half=(poor, "texts"))
    said = claim(board)
    assert (said.lead, [entry.model for entry in said.named]) == ("Best of the 2 models with every task", ["good"])
    assert said.rest == "1 other lacks a task"
    assert [entry.tied_with_best for entry in board.entries] == [True, False, False]


def test_a_task_on_which_every_request_failed_counts_and_is_shown_in_words(evaluated):
    board = evaluated(whole=(good, "texts", "more"), broken=(lambda i: None, "more"), half=(poor, "texts"))
    broken = next(entry for entry in board.entries if entry.model == "broken")
    assert (broken.n_failed, list(broken.failed_tasks)) == (40, ["suite/more"])
    [row] = [line for line in render(board, "table").splitlines() if line.startswith("-") and "broken" in line]
    assert "failed" in row
    assert "40 (1 task)" in row
    assert 'class="bad"' in render(board, "html")
    [entry] = [entry for entry in json.loads(render(board, "json"))["entries"] if entry["model"] == "broken"]
    assert (entry["n_failed"], list(entry["failed_tasks"])) == (40, ["suite/more"])
    assert any("failed on suite/more: broken" in note for note in board.notes)


def test_a_failure_after_a_finished_evaluation_takes_nothing_away(evaluated):
    board = evaluated(model=(good, "texts", "more"))
    assert board.entries[0].failed_tasks == {}
    assert evaluated(model=(lambda i: None, "texts")).entries[0].rank == 1


def test_a_constant_model_has_a_badge_and_a_note(evaluated):
    board = evaluated(flat=(lambda i: 1.0, "texts", "more"))
    assert board.entries[0].constant_on == dict.fromkeys(board.tasks, "gives all 40 items the same score")
    assert ">constant</span>" in render(board, "html")
    assert any("same score" in note for note in board.notes)


def test_evaluations_of_the_first_items_only_are_said_to_be_there(suite, detector, tmp_path):
    registry, store = suite(), tmp_path / "store.sqlite"
    evaluate([detector("good", good)], ["suite"], store=store, registry=registry, limit=10)
    board = build_leaderboard("suite", store=store, registry=registry)
    assert (board.entries, board.limited) == ([], 2)
    assert "2 results" in board.why_empty
    assert "without --limit" in board.why_empty
    evaluate([detector("whole", poor)], ["suite"], store=store, registry=registry)
    board = build_leaderboard("suite", store=store, registry=registry)
    assert [entry.model for entry in board.entries] == ["whole"]
    assert any("good on suite/texts, suite/more" in note for note in board.notes)
