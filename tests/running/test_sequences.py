"""Rows in sequence: blocks take the place of clusters, in estimates, slices, comparisons and ranks."""

import numpy as np
import pytest

from harness.errors import ConfigurationError
from harness.metric import Columns, MeanMetric
from harness.names.registry import Registry
from harness.running.estimates import estimates
from harness.running.sequences import in_blocks, note_on_blocks
from harness.running.table import Table, load_table, save_table
from harness.stats import block_length, paired_difference, sequence_blocks
from harness.stats.errors import OutOfRange
from harness.tasks.build import build_task


class Level(MeanMetric):
    """The mean of a column."""

    name, needs, bounds = "level", ("x",), None

    def per_item(self, columns):
        return columns.values["x"]


def autoregressive(rng, sequences, n, rho):
    """Sequences of mean 0 in which each value keeps a share of the one before, (sequences, n)."""
    noise = rng.standard_normal((sequences, n))
    made = np.empty_like(noise)
    made[:, 0] = noise[:, 0]
    for i in range(1, n):
        made[:, i] = rho * made[:, i - 1] + np.sqrt(1 - rho**2) * noise[:, i]
    return made


@pytest.mark.parametrize(("n", "length", "sizes"), [(9, None, [3, 3, 3]), (10, 4, [5, 5]), (3, 8, [3]), (0, None, [])])
def test_blocks_are_runs_of_rows_of_nearly_one_length(n, length, sizes):
    blocks = sequence_blocks(n, length)
    assert np.unique(blocks, return_counts=True)[1].tolist() == sizes
    assert (np.diff(blocks) >= 0).all()


def test_the_length_of_blocks_grows_as_the_square_root():
    assert [block_length(n) for n in (0, 1, 500, 5500)] == [1, 1, 22, 74]
    with pytest.raises(OutOfRange):
        sequence_blocks(5, 0)


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.8])
def test_intervals_cover_the_mean_of_a_sequence_whose_rows_depend_on_each_other(rho):
    rng = np.random.default_rng(1)
    covered, naive = [], []
    for x in autoregressive(rng, 500, 500, rho):
        for kept, columns in ((covered, in_blocks(Columns({"x": x}), None)), (naive, Columns({"x": x}))):
            estimate = Level().compute(columns)
            kept.append(estimate.low <= 0 <= estimate.high)
    assert np.mean(covered) == pytest.approx(0.95, abs=0.025 if rho < 0.8 else 0.05)
    if rho:
        assert np.mean(naive) < 0.8  # as if the rows were independent


def test_a_paired_difference_of_sequences_covers_too():
    rng = np.random.default_rng(2)
    blocks = sequence_blocks(400)
    covered = []
    for a, b in zip(autoregressive(rng, 400, 400, 0.6), autoregressive(rng, 400, 400, 0.6), strict=True):
        found = paired_difference(a.mean(), a - a.mean(), b.mean(), b - b.mean(), clusters=blocks)
        covered.append(found.low <= 0 <= found.high)
    assert np.mean(covered) == pytest.approx(0.95, abs=0.03)


def table_of(n):
    """A table of a sequence of which every second row is in a domain."""
    columns = in_blocks(Columns({"x": np.arange(float(n))}), 5)
    ids = np.array([f"i{i}".encode() for i in range(n)])
    return Table(columns, ids, ["even"], np.arange(n, dtype=np.int32) % 2, [(0,), ()])


def test_estimates_of_all_rows_and_of_slices_say_the_blocks_and_the_file_keeps_them(tmp_path):
    table = table_of(20)
    results, _ = estimates("a", "t", [Level()], table, confidence=0.95, seed=0)
    assert [r.domain for r in results] == ["overall", "even"]
    assert {r.estimate.detail["note"] for r in results} == {"rows in sequence: blocks of 5"}
    save_table(table, tmp_path / "t.npz")
    kept = load_table(tmp_path / "t.npz", {}).columns
    assert kept.ordered
    assert kept.clusters.tolist() == table.columns.clusters.tolist()
    # A slice keeps the blocks of the whole sequence: its rows are as near in time as they were.
    assert kept.take(np.arange(20) % 2 == 0).clusters.tolist() == sorted([0, 0, 0, 1, 1, 2, 2, 2, 3, 3])


def test_a_single_block_has_no_error_and_that_is_said():
    columns = in_blocks(Columns({"x": np.arange(6.0)}), 100)
    assert "a single block of 6" in note_on_blocks(columns)
    assert np.isnan(Level().compute(columns).stderr)


def test_ranks_of_a_stream_take_blocks_as_units_though_prompts_come_again():
    from harness.leaderboard.shared_items import _units_of

    table = table_of(20)._replace(prompts=np.full(20, 7, dtype=np.uint64))
    units = _units_of({"one": table, "two": table})
    assert np.unique(units["one"]).size == 4  # and not one, of all rows that ask the same
    assert (units["one"] == units["two"]).all()  # two tasks of one stream share its blocks


def test_a_task_file_says_that_rows_are_a_sequence_and_its_blocks(harness, toys, write_task, rows):
    write_task("demo/a", rows(40), ordered=True)
    write_task("demo/b", rows(40), ordered={"block": 10}, slices=["id"])
    ran = harness("eval", "-m", "toy-reader", "-t", "demo/a", "-t", "demo/b", "--json")
    assert ran.code == 0, ran.err
    notes = {r["task"]: r["detail"]["note"] for r in ran.document["results"] if r["domain"] == "overall"}
    assert notes["demo/a"].endswith("rows in sequence: blocks of 6 to 7")
    assert notes["demo/b"].endswith("rows in sequence: blocks of 10")
    assert "rows in sequence: blocks of 10 at least" in harness("show", "demo/b").out


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"ordered": True, "cluster": "prompt"}, "blocks take the place of clusters"),
        ({"ordered": {"block": 0}}, "ordered.block"),
        ({"ordered": {"length": 3}}, "length"),
        ({"ordered": "maybe"}, "ordered"),
    ],
)
def test_what_cannot_be_said_of_a_sequence_is_refused_with_its_line(write_task, rows, keys, said):
    path = write_task("demo/a", rows(4), **keys)
    with pytest.raises(ConfigurationError, match=said) as caught:
        build_task(Registry(), "demo/a")
    assert f"{path}:" in str(caught.value)
