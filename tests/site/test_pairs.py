"""The comparisons of two models on a site are those of `harness compare`, of as many models as there is room for."""

import base64
import dataclasses
import json
import math
import zlib

import numpy as np
import pytest
from harness_plugins.site import pairs
from harness_plugins.site.content import gather
from harness_plugins.site.measured import measure

from harness import compare
from harness.results.comparison import Comparison
from harness.results.numbers import figure
from harness.stats import Difference, Estimate
from harness.store import Store


def read_data(file):
    """The document of a data file."""
    return json.loads(file.read_text("ascii").partition(",")[2].removesuffix(");\n"))


def same(one, other):
    """Whether two comparisons have the same figures, but for their notes."""
    plain = [json.dumps(dataclasses.asdict(dataclasses.replace(c, note=""))) for c in (one, other)]
    return plain[0] == plain[1]


def test_all_pairs_are_those_of_compare(made, lab):
    content, measured = made
    labels = [row.entry.model for row in content.evaluated]
    columns = {(c.task, c.metric, c.domain): c.key for c in content.columns if c.task}
    by_key = {pair.key: pair.comparisons for pair in measured.pairs}
    assert set(by_key) == set(columns.values())
    seen = 0
    for later, second in enumerate(labels):
        for earlier, first in enumerate(labels[:later]):
            for c in compare(first, second, ["lab"], store=lab.store, registry=lab.registry):
                key = columns.get((c.task, c.metric, c.domain))  # not of metrics that are no column
                if key is not None:
                    assert same(by_key[key][earlier, later], c)
                    seen += 1
    assert seen == sum(len(comparisons) for comparisons in by_key.values()) > 60


def test_files_hold_the_comparisons_with_the_models_ranked_before_as_they_are_printed(site, lab):
    document = read_data(site / "lab" / "compare" / "models.js")
    labels = [model["label"] for model in document["models"]]
    later = labels.index("patchy")  # which failed on some items
    packed = read_data(site / "lab" / "compare" / "m-patchy.js")["pairs"]
    lines = zlib.decompress(base64.b64decode(packed)).decode().split("\n")
    for earlier, first in enumerate(labels[:later]):
        compared = compare(first, "patchy", ["lab"], store=lab.store, registry=lab.registry)
        wanted = {(c.task, c.metric, c.domain): c for c in compared}
        for column, line in zip(document["columns"], lines, strict=True):
            c = wanted.get((column["task"], column["metric"], column["domain"]))
            shown = dict(zip(pairs.FIELDS, line.split("\t")[earlier].split(), strict=c is not None))
            if c is not None:
                assert (shown["first"], shown["second"]) == (figure(c.first, c.unit), figure(c.second, c.unit))
                assert shown["low"] == figure(c.difference.low, c.unit)
                assert shown["n"] == str(c.difference.n)
                assert shown["win_low"] == (figure(c.win_rate.low) if c.win_rate else "-")


def comparison(difference, low, high, p_value, *, higher_is_better=True, win_rate=None):
    d = Difference(difference, 0.01, low, high, p_value, 40, 0.05)
    return Comparison("t", "m", "overall", 0.5, 0.5 - difference, d, "fraction", higher_is_better, win_rate)


def test_a_comparison_is_one_line_without_gaps():
    wins = Estimate(0.625, 0.1, 0.5, 0.75, 40)
    line = pairs.comparison_text(comparison(0.125, 0.03125, 0.2, 1e-5, win_rate=wins))
    assert line == "50.00 37.50 12.50 3.12 20.00 1.0e-05 40 5.00 first 62.50 50.00 75.00"
    assert pairs.comparison_text(comparison(math.nan, math.nan, math.nan, math.nan)) == ""
    assert pairs.comparison_text(None) == ""
    lacking = pairs.comparison_text(comparison(0.1, math.nan, math.nan, math.nan))
    assert lacking.split() == ["50.00", "40.00", "10.00", "-", "-", "-", "40", "5.00", "neither", "-", "-", "-"]


@pytest.mark.parametrize(
    ("difference", "ends", "p_value", "higher", "better"),
    [
        (0.1, (0.01, 0.2), 0.01, True, "first"),
        (0.1, (0.01, 0.2), 0.01, False, "second"),
        (-0.1, (-0.2, -0.01), 0.01, True, "second"),
        (0.1, (-0.01, 0.2), 0.07, True, "neither"),
        (0.5, (0.5, 0.5), 0.125, True, "neither"),  # four items that differ alike: the sign-flip test tells nothing
        (0.1, (math.nan, math.nan), math.nan, True, "neither"),
    ],
)
def test_a_model_is_better_where_interval_and_test_say_so(difference, ends, p_value, higher, better):
    assert comparison(difference, *ends, p_value, higher_is_better=higher).better == better


def test_so_many_models_are_compared_that_their_pairs_stay_within_the_bound():
    for columns in (1, 8, 60, 1000):
        for models in (1, 2, 5, 40, 2000):
            count = pairs.compared_models(models, columns)
            assert count <= models
            if count > pairs.FEWEST_MODELS:
                assert count * (count - 1) / 2 * columns <= pairs.MOST_COMPARISONS
            if pairs.FEWEST_MODELS <= count < models:
                assert (count + 1) * count / 2 * columns > pairs.MOST_COMPARISONS or count == pairs.FEWEST_MODELS
    assert pairs.compared_models(200, 10**6) == pairs.FEWEST_MODELS


def test_of_too_many_models_the_best_ranked_are_compared_and_a_note_says_what_gives_the_others(lab, monkeypatch):
    monkeypatch.setattr("harness_plugins.site.pairs.MOST_COMPARISONS", 8)
    monkeypatch.setattr("harness_plugins.site.pairs.FEWEST_MODELS", 2)
    with Store(lab.store) as store:
        content = gather(lab.registry, store, "lab")
        measured = measure(lab.registry, store, content, texts=False)
    assert measured.compared == 2
    assert {pair for column in measured.pairs for pair in column.comparisons} == {(0, 1)}
    assert "harness compare FIRST SECOND -t lab" in measured.notes[-1]


def test_a_metric_measures_a_model_once_on_the_same_items(lab, tmp_path, monkeypatch):
    from harness.metric import MeanMetric

    calls = []
    on = MeanMetric.on
    monkeypatch.setattr(MeanMetric, "on", lambda self, columns: calls.append(self.name) or on(self, columns))
    with Store(lab.only(tmp_path, "good", "better", "poor").store) as store:
        content = gather(lab.registry, store, "lab")
        calls.clear()
        measure(lab.registry, store, content, texts=False)
    assert calls.count("tie_rate") == 3 * 3  # three models, overall and on two domains


def test_texts_of_comparisons_take_few_bytes():
    rng = np.random.default_rng(0)
    wins = Estimate(0.625, 0.1, 0.5, 0.75, 40)
    column = {(i, 99): comparison(*rng.normal(size=3), 0.5, win_rate=wins) for i in range(99)}
    text = pairs.pairs_text([pairs.PairedColumn("c", column)], 99)
    assert len(zlib.compress(text.encode(), 9)) < 99 * 40
