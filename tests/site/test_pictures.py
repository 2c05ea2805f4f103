"""Pictures and matrices of several models, laid together."""

import dataclasses
import math

import numpy as np
from harness_plugins.site.frames import frames
from harness_plugins.site.matrices import matrices, matrices_of_models

from harness.metric import Columns, MeanMetric
from harness.pictures import Matrix
from harness.results import MOST_MODELS, Drawing, drawings

from .conftest import Drawn


def test_pictures_of_a_title_share_a_frame_and_references_are_there_once():
    from harness.running.table import Table

    def table(n):
        return Table(Columns({"y": np.linspace(0, 1, n)}), np.empty(0), [], np.empty(0), [])

    tables = {f"m{i}": table(1000) for i in range(MOST_MODELS + 5)}
    [frame] = frames(drawings([Drawn()], tables))
    assert list(frame["models"]) == [f"m{i}" for i in range(MOST_MODELS)]
    assert len(frame["references"]) == 1
    assert len(frame["across"]) == 2
    x, y = frame["across"][frame["models"]["m0"][0]["x"]], frame["models"]["m0"][0]["y"]
    assert (x[0], x[-1], y[0], y[-1]) == (0, 999, 0.0, 1.0)
    assert len(x) == len(y) < 1000


def test_what_a_metric_draws_alike_for_several_arguments_is_shown_once():
    from harness.running.table import Table

    low, high, other = Drawn(), Drawn(), Drawn()
    low.name, high.name, other.name = "drawn:rate=0.1", "drawn:rate=0.2", "else"
    table = Table(Columns({"y": np.linspace(0, 1, 9)}), np.empty(0), [], np.empty(0), [])
    drawn = drawings([low, high, other], {"m": table})
    assert [frame["metric"] for frame in frames(drawn)] == ["drawn", "else"]


def test_a_metric_that_cannot_draw_is_named_and_the_others_draw():
    from harness.running.table import Table

    class Broken(Drawn):
        name = "broken"

        def pictures(self, columns):
            raise KeyError("ink")

        def pictures_of_models(self, models):
            raise KeyError("ink")

    table = Table(Columns({"y": np.linspace(0, 1, 9)}), np.empty(0), [], np.empty(0), [])
    said = []
    assert [one.metric for one in drawings([Broken(), Drawn()], {"m": table}, said.append)] == ["drawn"]
    assert matrices_of_models([Broken()], {"m": table, "n": table}, said.append) == []
    assert [text.split(" (")[0] for text in said] == ["no picture of broken: KeyError: 'ink'"] * 2


def matrix(values, **options):
    n = len(values)
    names = [f"m{i}" for i in range(n)]
    return Matrix("Wins", "share won", names, names, values, **options)


def test_fields_are_written_with_interval_and_the_strength_of_their_colour():
    values = [[math.nan, 0.25, 0.55], [0.75, math.nan, 0.5], [0.45, 1.0, math.nan]]
    drawn = matrix(
        values,
        low=[[math.nan, 0.125, 0.45], [0.625, math.nan, 0.5], [0.4, math.nan, math.nan]],
        high=[[math.nan, 0.375, 0.6], [0.875, math.nan, 0.5], [0.49, math.nan, math.nan]],
    )
    [frame] = matrices([Drawing("wins", "a", drawn)])
    assert frame["middle"] == "50 %"
    assert frame["choices"][0]["fields"] == [
        ["", "25.00 -34 [12.5, 37.5]", "55.00 0 [45.0, 60.0]"],  # the second tells nothing from one half
        ["75.00 34 [62.5, 87.5]", "", "50.00 0 [50.0, 50.0]"],
        ["45.00 -13 [40.0, 49.0]", "100.00 60", ""],
    ]
    other = dataclasses.replace(drawn, unit="nats", middle=0.25, low=None, high=None)
    [frame] = matrices([Drawing("wins", "a", other)])
    assert (frame["middle"], frame["choices"][0]["fields"][0]) == ("0.25", ["", "0.25 0", "0.55 39"])


def test_what_models_are_held_against_is_one_choice_for_all_of_them():
    people = matrix([[math.nan, 0.25], [0.75, math.nan]], name="people", reference=True)
    own = matrix([[math.nan, 0.5], [0.5, math.nan]])
    drawn = [Drawing("wins", model, one) for model in ("a", "b") for one in (people, own)]
    [frame] = matrices(drawn)
    assert [(choice["model"], choice["name"]) for choice in frame["choices"]] == [
        (None, "people"),
        ("a", ""),
        ("b", ""),
    ]


def test_win_rates_of_models_leave_out_those_with_other_items():
    from harness.running.table import Table

    class Share(MeanMetric):
        name = "share"
        needs = ("y",)

        def per_item(self, columns):
            return columns.values["y"]

    def table(values, ids):
        return Table(Columns({"y": np.array(values, dtype=float)}), np.array(ids), [], np.empty(0), [])

    ids = [b"1", b"2", b"3", b"4", b"5", b"6"]
    tables = {"a": table([1, 1, 0, 1, 1, 0], ids), "b": table([0, 1, 0, 0, 1, 0], ids)}
    tables["c"] = table([0, 1, 0, 0, 1, 0], [b"7" + id_ for id_ in ids])
    [frame] = matrices_of_models([Share()], tables)
    [choice] = frame["choices"]
    assert choice["rows"] == choice["columns"] == ["a", "b"]
    assert [[field.partition(" ")[0] for field in line] for line in choice["fields"]] == [["", "66.67"], ["33.33", ""]]


def test_the_metrics_of_the_core_draw_what_the_site_shows(made):
    _, measured = made
    drawn = {(task.name, frame["title"]) for task in measured.tasks for frame in task.frames}
    assert {
        ("lab/choices", "Best of K"),
        ("lab/choices", "Pairs by the gap of their scores"),
        ("lab/pairs", "Verdicts"),
    } <= drawn
