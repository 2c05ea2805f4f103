"""The figures of models on items, packed for a page."""

import base64
import math
import zlib

import numpy as np
import pytest
from harness_plugins.site.items import MOST_ITEMS, item_scores, pack_ranks, pack_scores
from hypothesis import given
from hypothesis import strategies as st

from harness.metric import Columns
from harness.tasks.build import build_task


def test_items_of_a_mean_are_the_items_own_figures(made):
    _, measured = made
    items = next(i for i in measured.items if i.task == "lab/pairs")
    assert items.own
    assert set(np.unique(items.scores[np.isfinite(items.scores)]).round(9)) <= {0.0, 0.5, 1.0}
    assert np.nanmean(items.scores, axis=1) == pytest.approx(
        [row.figures["lab/pairs:accuracy"].value for row in made[0].evaluated]
    )
    pull = next(i for i in measured.items if i.task == "lab/texts")
    assert not pull.own
    assert np.nanmean(pull.scores[:2], axis=1) == pytest.approx(0, abs=1e-12)


def read_scores(packed, levels=None):
    codes = np.frombuffer(zlib.decompress(base64.b64decode(packed["codes"])), np.uint8)
    known = packed.get("levels", levels)
    return np.array([math.nan if code == 255 else known[code] for code in codes])


LEVELS = np.array([0.0, 1 / 3, 0.5, 1.0])


@given(st.lists(st.sampled_from([*LEVELS, math.nan])))
def test_few_distinct_scores_are_kept_exactly(values):
    packed = pack_scores(np.array(values), LEVELS)
    assert np.array_equal(read_scores(packed, LEVELS), np.array(values), equal_nan=True)


def test_many_distinct_scores_are_kept_to_half_a_step():
    values = np.random.default_rng(0).normal(size=3000)
    values[::10] = math.nan
    read = read_scores(pack_scores(values, None))
    assert np.array_equal(np.isnan(read), np.isnan(values))
    step = (np.nanmax(values) - np.nanmin(values)) / 253
    assert np.nanmax(np.abs(read - values)) <= step / 2 * 1.01


def test_of_very_many_items_those_are_kept_on_which_models_differ(lab):
    from harness.running.table import Table
    from harness.tasks.build_metric import metric_of

    n = MOST_ITEMS + 500
    right = np.ones(n)
    other = right.copy()
    other[-20:] = 0.0
    ids = np.array([f"{i}".encode() for i in range(n)])
    tables = [
        Table(Columns({"as_given": v, "exchanged": v}), ids, [], np.zeros(n, np.int32), [()]) for v in (right, other)
    ]
    task = build_task(lab.registry, "lab/pairs")
    items = item_scores(metric_of(lab.registry, task, "accuracy"), "lab/pairs", tables)
    assert len(items.ids) == MOST_ITEMS
    assert items.left_out == 500
    assert items.ids[-20:] == [f"{i}" for i in range(n - 20, n)]


def read_ranks(packed):
    """Score, rank and both pulls of each item's level; None where the model failed."""
    codes = np.frombuffer(zlib.decompress(base64.b64decode(packed["codes"])), np.uint8)
    lines = zlib.decompress(base64.b64decode(packed["levels"])).decode().split("\n")
    return [None if code == 255 else tuple(lines[code].split()) for code in codes]


def ranked(scores, labels):
    """The items of one detector."""
    from harness.kinds.detection import AreaUnderCurve
    from harness.running.table import Table

    n = len(scores)
    columns = Columns({"log_odds": np.array(scores, float), "label": np.array(labels, float)})
    metric = AreaUnderCurve()
    metric.name = "auroc"
    table = Table(columns, np.array([f"{i:05d}".encode() for i in range(n)]), [], np.zeros(n, np.int32), [()])
    items = item_scores(metric, "t", [table])
    return items, read_ranks(pack_ranks(items, items.ranked, 0))


def test_of_detectors_items_have_scores_ranks_among_negatives_and_influences():
    items, found = ranked([3, 1, 2, 1, math.nan, 0], [1, 0, 1, 0, 0, 1])
    # Of the two negatives that were answered both score 1; the score 3 and 2 are above both, 0 above none.
    assert [None if one is None else one[:2] for one in found] == [
        ("3", "100"),
        ("1", "50"),
        ("2", "100"),
        ("1", "50"),
        None,
        ("0", "0"),
    ]
    for i, one in enumerate(found):
        if one is not None:
            own = one[2] if items.ranked.positive[i] else one[3]
            assert float(own) == pytest.approx(100 * items.scores[0, i], abs=0.006)


def test_of_many_distinct_scores_ranks_are_within_a_tenth_of_a_per_cent_at_both_ends_and_one_elsewhere():
    rng = np.random.default_rng(1)
    labels = np.arange(1900) % 3 == 0
    items, found = ranked(rng.normal(size=1900) + labels, labels)
    exact = 100 * items.ranked.ranks[0]
    shown = np.array([float(one[1]) for one in found])
    assert np.abs(shown - exact).max() < 1
    ends = (exact < 0.3) | (exact > 99.7)
    assert ends.sum() > 20
    assert np.abs(shown - exact)[ends].max() < 0.1
    assert float(exact[labels].mean()) == pytest.approx(100 * np.mean(items.ranked.ranks[0][labels]))


def test_scores_of_one_class_have_no_rank_among_negatives():
    from harness.kinds.detection import AreaUnderCurve
    from harness.running.table import Table

    columns = Columns({"log_odds": np.arange(4.0), "label": np.ones(4)})
    table = Table(columns, np.array([b"1", b"2", b"3", b"4"]), [], np.zeros(4, np.int32), [()])
    assert item_scores(AreaUnderCurve(), "t", [table]).ranked is None
