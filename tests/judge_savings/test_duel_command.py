"""``harness duel``: what it asks, when it stops, and what it says of input that decides nothing."""

import json
import math

import numpy as np
import pytest
from harness_plugins.alpaca_eval.demonstration import ShelfJudge
from harness_plugins.judge_savings.deciding import ALIKE, FIRST, SECOND, UNDECIDED, Deciding, order_of, portions

from harness import Failure

TASK = "alpaca-eval-demonstration/shelves"
GOOD, FAIR = "shelf-writer:skill=0.9", "shelf-writer:skill=0.55"


def battles(project, winners, name="battles.jsonl"):
    rows = [{"model_a": "a", "model_b": "b", "question_id": str(k), "winner": winner} for k, winner in winners]
    (project / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    return name


@pytest.fixture
def counted(monkeypatch):
    """Count what the judge is asked."""
    asked = []
    real = ShelfJudge.compare
    monkeypatch.setattr(ShelfJudge, "compare", lambda self, some: asked.append(len(some)) or real(self, some))
    return asked


def test_a_clear_duel_stops_early_and_asks_nothing_again(harness, counted):
    ran = harness("duel", GOOD, FAIR, "-t", TASK, "--call-price", "0.5", "--json")
    assert ran.code == 0, ran.err
    found = ran.document
    assert (found["verdict"], found["used_up"]) == ("first", False)
    assert found["calls"] == sum(counted) < 60
    assert found["calls_saved"] == 160 - found["calls"]
    assert found["dollars_saved"] == found["calls_saved"] / 2
    assert found["low"] > 0.5
    assert harness("duel", GOOD, FAIR, "-t", TASK, "--json").document["low"] == found["low"]
    assert sum(counted) == found["calls"]


def test_a_duel_that_was_stopped_goes_on(harness, counted, monkeypatch):
    close = ("duel", "shelf-writer:skill=0.6", FAIR, "-t", TASK, "--json")
    real, calls = ShelfJudge.compare, []

    def dies(self, some):
        calls.append(some)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return real(self, some)

    with monkeypatch.context() as dying:
        dying.setattr(ShelfJudge, "compare", dies)
        assert harness(*close).code != 0
    assert 0 < sum(counted) < 60
    assert harness(*close).document["calls"] == sum(counted)


def test_the_sides_exchanged_give_the_other_verdict(harness):
    found = harness("duel", FAIR, GOOD, "-t", TASK, "--json").document
    assert found["verdict"] == "second"
    assert found["high"] < 0.5


def test_a_dry_run_asks_nothing(harness, counted):
    ran = harness("duel", GOOD, "-t", TASK, "--dry-run", "--json")
    assert ran.document["verdicts at most"] == 160
    assert counted == []


def test_a_cheap_model_has_the_weight_that_the_sample_shows(harness, counted):
    ran = harness("duel", GOOD, FAIR, "-t", TASK, "--cheap", "length", "--sample", "40", "--json")
    assert ran.code == 0, ran.err
    found = ran.document
    assert sum(counted) == found["calls"] == 40 == found["labels"]
    assert found["cheap_calls"] == 160
    assert 0 <= found["weight"] <= 1
    assert found["low"] < found["win_rate"] < found["high"]


def test_failed_judgements_are_missing_counted_and_decide_nothing(harness, monkeypatch):
    monkeypatch.setattr(ShelfJudge, "compare", lambda self, some: [Failure("no answer") for _ in some])
    ran = harness("duel", GOOD, "-t", TASK, "--limit", "30", "--json")
    assert ran.code == 1
    assert (ran.document["verdict"], ran.document["missing"], ran.document["win_rate"]) == ("undecided", 30, None)


def test_all_ties_are_alike_where_that_is_asked_and_undecided_else(harness, project):
    name = battles(project, [(k, "tie") for k in range(200)])
    found = harness("duel", "a", "b", "--battles", name, "--json").document
    assert (found["verdict"], found["all_ties"], found["used_up"]) == ("undecided", True, True)
    found = harness("duel", "a", "b", "--battles", name, "--smallest", "0.1", "--json").document
    assert (found["verdict"], found["used_up"]) == ("alike", False)


def test_one_prompt_decides_nothing(harness, project):
    found = harness("duel", "a", "b", "--battles", battles(project, [(1, "model_a")]), "--json").document
    assert (found["verdict"], found["prompts"]) == ("undecided", 1)


def test_both_battles_of_a_prompt_are_one_observation_and_go_missing_together(harness, project):
    rows = [(k, "model_a") for k in range(8)] * 2 + [(8, "model_a"), (8, None)]
    found = harness("duel", "a", "b", "--battles", battles(project, rows), "--json").document
    assert (found["prompts"], found["missing"]) == (9, 1)


@pytest.mark.parametrize(
    "arguments",
    [
        (GOOD, GOOD, "-t", TASK),
        (GOOD, "-t", TASK, "--alpha", "0"),
        (GOOD, "-t", TASK, "--alpha", "1.5"),
        (GOOD, "-t", TASK, "--judge", GOOD),
        (GOOD, "-t", TASK, "--sample", "20"),
        (GOOD, "-t", TASK, "--cheap", "length", "--sample", "500"),
        (GOOD, "-t", "quickstart/preferences"),
        ("a", "c", "--battles", "battles.jsonl"),
        ("a", "--battles", "battles.jsonl"),
        (GOOD,),
    ],
)
def test_what_cannot_be_run_is_refused(harness, project, arguments):
    battles(project, [(1, "model_a"), (2, "tie")])
    assert harness("duel", *arguments).code == 2


def test_a_winner_that_is_none_is_named_with_its_line(harness, project):
    ran = harness("duel", "a", "b", "--battles", battles(project, [(1, "tie"), (2, "me")]))
    assert ran.code == 2
    assert "battles.jsonl:2" in ran.err


def test_the_interval_only_narrows_and_a_decision_stays():
    draw = np.random.default_rng(2)
    deciding = Deciding(300)
    values = draw.permutation([1.0] * 190 + [0.0] * 110)
    before, decided = deciding.bounds, UNDECIDED
    for part in portions(300):
        said = deciding.add(values[part])
        assert before.low <= deciding.bounds.low <= deciding.bounds.high <= before.high
        assert decided in (UNDECIDED, said)
        before, decided = deciding.bounds, said
    assert decided == FIRST
    assert deciding.bounds.low == deciding.bounds.high == 190 / 300


def test_missing_values_never_make_more_than_alpha_of_decisions_wrong():
    draw, wrong, orders = np.random.default_rng(5), 0, 200
    population = np.array([1.0] * 50 + [0.0] * 50 + [math.nan] * 20)
    for _ in range(orders):
        deciding, values = Deciding(120, alpha=0.1), draw.permutation(population)
        said = next((s for part in portions(120) if (s := deciding.add(values[part])) != UNDECIDED), UNDECIDED)
        wrong += said in (FIRST, SECOND, ALIKE)
    assert wrong / orders <= 0.1 + 3 * math.sqrt(0.09 / orders)


def test_the_order_is_by_seed_and_names_not_by_rows():
    keys = [f"p{k}" for k in range(50)]
    backwards = keys[::-1]
    assert [keys[at] for at in order_of(keys, 3)] == [backwards[at] for at in order_of(backwards, 3)]
    assert order_of(keys, 3) != order_of(keys, 4)
