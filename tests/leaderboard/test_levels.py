"""Headings say the level of the intervals below them, and one leaderboard has intervals of one level."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import pytest
import yaml

from harness import build_leaderboard, compare
from harness.leaderboard.aggregates import aggregates_of
from harness.leaderboard.ranking import error_for_ranking
from harness.names.registry import Registry
from harness.results.numbers import interval, level_of, percent, results_table
from harness.stats import Estimate, clopper_pearson
from harness.store.records import Result

from ..messages import saying

ROWS = [
    {"id": str(i), "text": "w " * (1 + i * 7 % 13) + str(i), "label": i % 2, "kind": "ab"[i % 4 > 1]} for i in range(24)
]
METRICS = ["auroc", "brier", "tpr_at_fpr:rate=0.1", "f1:threshold=0.5"]


@pytest.fixture
def demo(write_task, project):
    """The benchmark ``demo`` of one task with domains, and a mean of two of them."""
    write_task("demo/doors", ROWS, kind="detection", slices=["kind"], metrics=METRICS)
    halves = {"name": "halves", "of": ["demo/doors:auroc:a", "demo/doors:auroc:b"]}
    lowest = {"name": "lowest", "how": "minimum", "of": ["demo/doors:auroc:a", "demo/doors:auroc:b"]}
    benchmark = {"tasks": ["demo/doors"], "metrics": {"demo/doors": METRICS}, "aggregates": [halves, lowest]}
    registry = {"task_folders": ["tasks"], "benchmarks": {"demo": benchmark}}
    (project / "registry.yaml").write_text(yaml.safe_dump(registry))
    return project


@pytest.fixture
def evaluated(demo, harness):
    """Evaluate models at a level: ``evaluated(0.5, "random")``."""

    def call(level, *models, store="s.sqlite"):
        listed = [part for model in models for part in ("-m", model)]
        ran = harness("eval", *listed, "-t", "demo", "--confidence", level, "--store", store)
        assert ran.code == 0, ran.err
        return ran

    return call


def board(harness, *arguments, store="s.sqlite"):
    ran = harness("leaderboard", "demo", "--format", "json", "--store", store, *arguments)
    assert ran.code == 0, ran.err
    return ran.document


def figures(document):
    return {e["model"]: e["figures"] for e in document["entries"]}


# what headings say


def test_eval_says_the_level_that_was_asked_for(evaluated, harness):
    text = evaluated(0.5, "random").out
    assert "50 % intervals; rank" in text
    assert "95 %" not in text
    ran = harness("eval", "-m", "random", "-t", "demo/doors", "--confidence", "0.995", "--store", "s.sqlite")
    assert "value [99.5 %]" in ran.out
    results = harness("eval", "-m", "random", "-t", "demo/doors", "--confidence", "0.5", "--json").document["results"]
    assert {result["confidence"] for result in results} == {0.5}


def test_a_table_of_two_levels_says_that_of_most_and_each_other_where_it_is():
    def result(model, level):
        return Result(model, "t", "m", "overall", Estimate(0.5, 0.1, 0.4, 0.6, 9, confidence=level), "fraction", True)

    text = results_table([result("a", 0.5), result("b", 0.5), result("c", 0.95)])
    assert "value [50 %]" in text
    assert text.count("50.00 [40.0, 60.0]") == 2
    assert "50.00 [40.0, 60.0; 95 %]" in text


@pytest.mark.parametrize(("share", "text"), [(0.95, "95 %"), (0.5, "50 %"), (0.9999, "99.99 %"), (0.55, "55 %")])
def test_a_level_has_the_decimals_that_it_needs(share, text):
    assert percent(share) == text


def test_the_heading_above_estimates_without_intervals_is_the_usual_one():
    bare = Estimate(0.5, math.nan, math.nan, math.nan, 9, confidence=0.5)
    assert level_of([]) == level_of([bare]) == 0.95
    assert interval(bare, level=0.95) == "50.00"


def test_compare_obeys_a_level_and_says_it(evaluated, harness):
    evaluated(0.95, "random", "prompt-length")
    options = ("compare", "random", "prompt-length", "-t", "demo", "--store", "s.sqlite", "--metric", "auroc")
    assert "difference [95 %]" in harness(*options).out
    narrow = harness(*options, "--confidence", "0.5")
    assert "difference [50 %]" in narrow.out
    wide, less = (harness(*options, "--json", "--confidence", c).document["comparisons"][0] for c in (0.95, 0.5))
    assert (wide["confidence"], less["confidence"]) == (0.95, 0.5)
    assert wide["low"] < less["low"] < less["high"] < wide["high"]


def test_the_win_rate_of_a_comparison_has_its_level(write_task, harness):
    rows = [{"id": str(i), "prompt": "p", "chosen": "x" * (9 if i % 3 else 2), "rejected": "y" * 5} for i in range(12)]
    write_task("demo/pairs", rows, kind="preference")
    assert harness("eval", "-m", "length", "-m", "random", "-t", "demo/pairs").code == 0
    for level in (0.5, 0.9):
        found = compare("length", "random", ["demo/pairs"], confidence=level)
        assert {c.win_rate.confidence for c in found if c.win_rate is not None} == {level}
        assert {c.confidence for c in found} == {level}


# one board, one level


def test_a_board_of_two_levels_is_that_of_one(evaluated, harness):
    evaluated(0.95, "random", "prompt-length")
    evaluated(0.5, "constant")
    evaluated(0.95, "random", "prompt-length", "constant", store="all.sqlite")
    assert board(harness) == board(harness, store="all.sqlite")
    for store in ("s", "all"):
        assert harness("leaderboard", "demo", "-o", f"{store}/", "--store", f"{store}.sqlite").code == 0
    for path in ("leaderboard.json", "columns.js", "tasks/doors.html"):  # domains and all metrics too
        assert (demo_file("s", path)) == demo_file("all", path), path


def demo_file(site, path):
    return (Path(site) / "demo" / path).read_text()


def test_a_level_may_be_asked_for(evaluated, harness):
    evaluated(0.95, "random", "prompt-length")
    evaluated(0.5, "random", "prompt-length", store="half.sqlite")
    assert board(harness, "--confidence", "0.5") == board(harness, store="half.sqlite")
    assert board(harness)["confidence"] == 0.95
    assert harness("leaderboard", "demo", "--confidence", "0.8", "-o", "site/", "--store", "s.sqlite").code == 0
    assert "their 80 % intervals" in demo_file("site", "index.html")
    assert "80 % intervals" in demo_file("site", "tasks/doors.html").partition("<footer>")[2]
    assert "difference [95 %]" in demo_file("site", "compare.html")
    assert "95 % intervals" in demo_file("site", "compare.html").partition("<footer>")[2]


def test_of_as_many_cells_the_higher_level_counts(evaluated, harness):
    evaluated(0.5, "constant")
    evaluated(0.9, "random")
    assert board(harness)["confidence"] == 0.9


def test_intervals_that_cannot_be_made_anew_say_their_level_and_their_aggregates_have_none(evaluated, harness, project):
    evaluated(0.5, "constant")
    shutil.rmtree(project / "s.sqlite.files" / "columns")
    evaluated(0.95, "random", "prompt-length")
    document = board(harness)
    assert document["confidence"] == 0.95
    assert {f["confidence"] for f in figures(document)["constant"].values()} == {0.5}
    assert saying("constant on demo/doors", "50 %", "95 %") in document["notes"]
    ran = harness("leaderboard", "demo", "--store", "s.sqlite")
    assert "; 50 %]" in ran.out


def test_published_intervals_on_a_board_of_another_level_are_said(evaluated, harness, project):
    evaluated(0.5, "random")
    row = {"model": "m", "task": "demo/doors", "metric": "auroc", "value": 0.7, "low": 0.6, "high": 0.8}
    (project / "theirs.jsonl").write_text(json.dumps(row) + "\n")
    ran = harness("leaderboard", "demo", "--store", "s.sqlite", "--published", "theirs.jsonl")
    assert "70.00 [60.0, 80.0; 95 %]" in ran.out
    assert ran.out == saying("published", "intervals", "95", "50")


@pytest.mark.parametrize("how", ["mean", "minimum"])
def test_parts_of_two_levels_give_a_value_without_interval(suite, how):
    registry = suite(aggregates=[{"name": "both", "how": how, "of": ["suite/texts:auroc", "suite/more:auroc"]}])
    benchmark = registry.benchmarks().find("suite")

    def made(*levels):
        results = {
            (task, "auroc", "overall"): Result(
                "m", task, "auroc", "overall", Estimate(0.5, 0.1, 0.4, 0.6, 9, confidence=level), "fraction", True
            )
            for task, level in zip(("suite/texts", "suite/more"), levels, strict=True)
        }
        return aggregates_of(registry, benchmark, results).figures["both"].estimate

    assert made(0.5, 0.5).confidence == 0.5
    assert made(0.5, 0.5).low < made(0.5, 0.5).high
    mixed = made(0.5, 0.95)
    assert (mixed.value, math.isnan(mixed.low), math.isnan(mixed.high)) == (0.5, True, True)
    assert "50 % and 95 %" in mixed.detail["note"]


def test_the_lowest_of_several_is_widened_for_the_level_of_its_parts(evaluated, harness):
    evaluated(0.5, "random")
    lowest = {c: figures(board(harness, "--confidence", c))["random"]["lowest"] for c in ("0.5", "0.95")}
    own = figures(board(harness))["random"]["lowest"]
    assert own == lowest["0.5"]
    assert lowest["0.95"]["high"] > own["high"]


# ranks


@pytest.mark.parametrize("level", [0.5, 0.8, 0.99])
def test_a_value_on_its_bound_has_the_error_that_its_interval_says_at_its_level(level):
    low, high = clopper_pearson(30, 30, confidence=level)
    usual = clopper_pearson(30, 30)
    error = error_for_ranking(Estimate(1.0, 0.0, low, high, 30, confidence=level))
    wrong = error_for_ranking(Estimate(1.0, 0.0, low, high, 30))
    assert error == pytest.approx(error_for_ranking(Estimate(1.0, 0.0, *usual, 30)), rel=1.1)
    assert abs(math.log(error / wrong)) > 0.1


def test_a_board_from_a_store_knows_the_level(evaluated):
    evaluated(0.5, "random")
    made = build_leaderboard("demo", store="s.sqlite", registry=Registry())
    assert made.confidence == 0.5
    assert {e.confidence for e in made.entries[0].figures.values()} == {0.5}


def test_a_metric_of_a_plugin_that_forgets_the_level_is_shown_at_it(add_plugin, demo, harness):
    add_plugin(
        "forgetful",
        """
import pluggy
from harness import Metric
from harness.stats import Estimate
hookimpl = pluggy.HookimplMarker("harness")

class Forgetful(Metric):
    needs = ("label",)
    def compute(self, columns, *, confidence=0.95, seed=0):
        return Estimate(0.5, 0.1, 0.5 - confidence / 10, 0.5 + confidence / 10, len(columns))

@hookimpl
def register_metrics(register):
    register("forgetful", "plugin_forgetful:Forgetful")
""",
    )
    asked = ("-m", "random", "-t", "demo/doors", "--metric", "forgetful", "--confidence", "0.5", "--json")
    results = harness("eval", *asked).document["results"]
    assert {r["confidence"] for r in results if r["metric"] == "forgetful"} == {0.5}


def test_intervals_made_anew_are_drawn_with_the_seed_of_their_evaluation(add_plugin, demo, harness, project):
    registry = yaml.safe_load((project / "registry.yaml").read_text())
    registry["benchmarks"]["demo"] = {
        "tasks": ["demo/doors"],
        "metrics": {"demo/doors": ["drawing"]},
        "aggregates": [{"name": "mean", "of": ["demo/doors:drawing"]}],
    }
    (project / "registry.yaml").write_text(yaml.safe_dump(registry))
    task = project / "tasks/demo/doors.yaml"
    task.write_text(yaml.safe_dump({**yaml.safe_load(task.read_text()), "metrics": ["drawing"]}))
    add_plugin(
        "drawing",
        """
import pluggy
from harness import Metric
from harness.stats import Estimate
hookimpl = pluggy.HookimplMarker("harness")

class Drawing(Metric):
    needs = ("label",)
    def compute(self, columns, *, confidence=0.95, seed=0):
        return Estimate(0.5, 0.1, 0.4 - seed / 100, 0.6, len(columns), confidence=confidence)

@hookimpl
def register_metrics(register):
    register("drawing", "plugin_drawing:Drawing")
""",
    )
    for model, level in (("random", 0.5), ("constant", 0.9)):
        asked = ("-m", model, "-t", "demo", "--seed", 7, "--confidence", level, "--store", "s.sqlite")
        assert harness("eval", *asked).code == 0
    document = board(harness)
    assert document["confidence"] == 0.9
    lows = [figures(document)[model]["demo/doors:drawing"]["low"] for model in ("random", "constant")]
    assert lows == [pytest.approx(0.33)] * 2
