"""Models that cannot be used, since they look at the answers: on the board without a rank, and never called best."""

import json

import pytest

PLUGIN = """
from harness import Model
from harness.hooks import hookimpl


class Looking(Model):
    bound = "looks at the answers"

    def score(self, requests):
        return [[float(len(requests[0].responses) - i) for i in range(len(r.responses))] for r in requests]


class Reversed(Looking):
    bound = ""

    def score(self, requests):
        return [[float(i) for i in range(len(r.responses))] for r in requests]


@hookimpl
def register_models(register):
    register("looking", "plugin_looking:Looking", offers=("score",), description="a bound")
    register("reversed", "plugin_looking:Reversed", offers=("score",), description="the other way round")
"""


@pytest.fixture
def board(toys, write_task, rows, add_plugin, harness):
    """The benchmark of one task whose first response is right, and what the models' evaluation printed of it."""
    add_plugin("looking", PLUGIN)
    write_task("demo/one", [{**row, "correct": [1, *[0] * (len(row["correct"]) - 1)]} for row in rows(40)])

    def evaluated(*models):
        for model in models:
            assert harness("eval", "-m", model, "-t", "demo/one").code == 0
        return harness("leaderboard", "demo/one", "--format", "json").document

    return evaluated


def test_a_bound_has_no_rank_and_is_not_called_best(board, harness):
    document = board("looking", "reversed", "random")
    entries = {entry["model"]: entry for entry in document["entries"]}
    assert entries["looking"]["bound"] == "looks at the answers"
    assert (entries["looking"]["rank"], entries["looking"]["tied_with_best"]) == (None, False)
    assert entries["looking"]["ahead_of_best"] == []
    assert entries["random"]["rank"] == 1
    assert document["verdict"].startswith("random is best of two")
    table = harness("leaderboard", "demo/one").out
    assert (
        table.index("random") < table.index("-- not ranked: a bound: looks at the answers") < table.rindex("looking ")
    )


def test_a_bound_alone_is_no_result(board):
    document = board("looking")
    assert "bounds" in document["verdict"]
    assert json.dumps(document["entries"]).count('"rank": null') == 1
