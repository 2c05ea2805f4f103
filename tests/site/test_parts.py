"""The parts of a site, each against an independent computation."""

import base64
import dataclasses
import html
import json
import math
import random
import re
import shlex
import zlib

import numpy as np
import pytest
from harness_plugins.site import pairs
from harness_plugins.site.content import gather
from harness_plugins.site.frames import MOST_MODELS, Drawing, drawings, frames
from harness_plugins.site.items import MOST_ITEMS, item_scores, pack_scores
from harness_plugins.site.matrices import matrices, matrices_of_models
from harness_plugins.site.measured import measure
from harness_plugins.site.names import file_name
from harness_plugins.site.pages import data_script
from harness_plugins.site.provenance import without_folders
from harness_plugins.site.standing import standings, strengths, weaknesses
from hypothesis import given
from hypothesis import strategies as st

from harness import compare, stats
from harness.metric import Columns, MeanMetric
from harness.pictures import Matrix, Picture, Series
from harness.results.numbers import figure
from harness.store import Store
from harness.tasks.build import build_task

from ..messages import saying

# names


@given(st.text())
def test_a_file_name_is_one_everywhere(text):
    name = file_name(text)
    assert name
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert not name.startswith("-")
    assert len(name) <= 70
    assert name not in {"con", "nul", "aux", "prn", "com1", "lpt9"}


@given(st.text(), st.text())
def test_two_texts_have_two_file_names(one, other):
    assert (file_name(one) == file_name(other)) == (one == other)


@pytest.mark.parametrize("text", ["length", "bt-linear", "a", "x2"])
def test_a_plain_name_stays(text):
    assert file_name(text) == text


def test_a_name_cannot_pass_for_that_of_another():
    made = file_name("Some Model")
    assert file_name(made) != made


# data


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(), lambda v: st.lists(v) | st.dictionaries(st.text(), v)
    )
)
def test_data_is_read_back_and_holds_no_markup(value):
    text = data_script("name", value)
    assert text.isascii()
    assert not set("<>&") & set(text)
    json.loads(text.removeprefix('harnessData("name",').removesuffix(");\n"))


# pairs


@pytest.fixture(scope="module")
def made(lab):
    """The content of the benchmark, and what was measured of it."""
    with Store(lab.store) as store:
        content = gather(lab.registry, store, "lab")
        return content, measure(lab.registry, store, content, texts=False)


def test_all_pairs_are_those_of_compare(made, lab):
    content, measured = made
    labels = [row.entry.model for row in content.evaluated]
    columns = {column.key: column for column in content.columns}
    seen = 0
    for i, first in enumerate(labels):
        for j, second in enumerate(labels[:i]):
            wanted = {
                (c.task, c.metric, c.domain): c
                for c in compare(first, second, ["lab"], store=lab.store, registry=lab.registry)
            }
            for pair in on_file(measured):
                column = columns[pair.key]
                c = wanted.get((column.task, column.metric, column.domain))
                if c is None:
                    assert math.isnan(pair.stderr[i, j])
                    assert (i, j) not in pair.own
                    continue
                own = pair.own.get((i, j))
                assert own is not None or "patchy" not in (first, second)
                if own is not None:
                    assert all(own[name] == getattr(c.difference, name) for name in pairs.OF_DIFFERENCE)
                    assert (own["first"], own["second"]) == (c.first, c.second)
                    assert own["difference"] == c.difference.value
                else:
                    assert pair.stderr[i, j] == pytest.approx(c.difference.stderr, rel=1e-12)
                    assert (pair.values[i], pair.values[j], pair.n) == (c.first, c.second, c.difference.n)
                seen += 1
    assert seen > 20


def on_file(measured):
    """Pairs that are not computed by the page; those that are, browser tests hold against the command."""
    return [pair for pair in measured.pairs if isinstance(pair, pairs.Paired)]


def test_of_means_with_few_figures_no_pairs_are_on_file(made):
    _, measured = made
    by_items = {pair.key: measured.items[pair.items] for pair in measured.pairs if isinstance(pair, pairs.ByItems)}
    accuracy = "lab/pairs:accuracy"
    assert {accuracy, f"{accuracy}:easy", f"{accuracy}:hard"} <= set(by_items)
    assert all(items.gives_pairs and key.startswith(f"{items.task}:{items.metric}") for key, items in by_items.items())
    assert not any(key.startswith(("lab/texts", "lab/pairs:tie_rate")) for key in by_items)


def test_where_nobody_failed_what_follows_from_the_errors_is_what_compare_gives(whole):
    lab = whole
    with Store(lab.store) as store:
        content = gather(lab.registry, store, "lab")
        measured = measure(lab.registry, store, content, texts=False)
    assert any(np.isfinite(pair.stderr).any() for pair in on_file(measured))
    labels = [row.entry.model for row in content.evaluated]
    columns = {column.key: column for column in content.columns}
    for i, first in enumerate(labels):
        for j, second in enumerate(labels[:i]):
            for c in compare(first, second, ["lab"], store=lab.store, registry=lab.registry):
                pair = next(
                    (
                        p
                        for p in on_file(measured)
                        if (columns[p.key].task, columns[p.key].metric, columns[p.key].domain)
                        == (c.task, c.metric, c.domain)
                    ),
                    None,
                )
                if pair is None:
                    continue
                d = c.difference
                if (i, j) in pair.own:  # few items differ, so the interval is wider than the error alone says
                    assert pair.own[i, j]["high"] - pair.own[i, j]["low"] == pytest.approx(d.high - d.low)
                    continue
                stderr = pair.stderr[i, j]
                assert (pair.values[i], pair.values[j], pair.n) == (c.first, c.second, d.n)
                assert stderr == pytest.approx(d.stderr, rel=1e-12)
                assert c.first - c.second - pair.reach * stderr == pytest.approx(d.low, rel=1e-9, abs=1e-12)
                assert pair.detectable * stderr == pytest.approx(d.minimum_detectable, rel=1e-9)


@given(st.lists(st.floats(1e-12, 1e6) | st.sampled_from([0.0, math.nan]), min_size=1))
def test_packed_errors_are_read_back_to_24_bits(values):
    step, codes = pairs.pack_errors(np.array(values)).split(" ")
    raw = np.frombuffer(base64.b64decode(codes), np.uint8).reshape(-1, 3).astype(int)
    read = raw @ np.array([1, 256, 65536])
    largest = max((v for v in values if v == v), default=0.0)
    for code, value in zip(read, values, strict=True):
        if math.isnan(value):
            assert code == 2**24 - 1
        else:
            assert code * float(step) == pytest.approx(value, abs=largest * 2**-24)


def test_comparisons_that_have_no_room_are_left_out_domains_first(made, lab, monkeypatch):
    content, _ = made
    # One of the four or five models of a task failed somewhere; accuracies and best-of-K need no room.
    four, five = (alike * pairs.BYTES_SHARED + rest * pairs.BYTES_OWN for alike, rest in ((3, 3), (6, 4)))
    monkeypatch.setattr("harness_plugins.site.room.PAIR_BYTES", four + five + 1)
    with Store(lab.store) as store:
        measured = measure(lab.registry, store, content, texts=False)
    kinds = {column.key: column.kind for column in content.columns}
    assert [kinds[pair.key] for pair in on_file(measured)] == ["task"] * 2
    assert "2 of 8 columns are left out" in measured.notes[0]


# figures and p-values, as the browser computes them


def test_figures_and_p_values_are_those_of_python(visit, site):
    page = visit(site / "lab" / "compare.html", "#models=good,poor")
    rng = random.Random(0)
    values = [rng.choice([-1, 1]) * 10 ** rng.uniform(-8, 8) for _ in range(500)]
    values += [n / 8 / 100 for n in range(-40, 40)] + [n / 3200 for n in range(-40, 40)] + [0.0, 1.0, 1e-5, 123456.0]
    for unit in ("fraction", "nats"):
        shown = page.evaluate("([values, unit]) => values.map((value) => figure(value, unit))", [values, unit])
        assert shown == [figure(v, unit) for v in values]
    cases, wanted = [], []
    for _ in range(400):
        n = rng.choice([2, 3, 5, 17, 60, 500, 20000])
        gaps = np.random.default_rng(rng.randrange(10**9)).normal(rng.choice([0, 0.1, 0.5, 3]), 1, n)
        d = stats.paired_difference(0.0, gaps, 0.0, np.zeros(n))
        cases.append([d.value, d.stderr, n])
        wanted.append(d.p_value)
    cases += [[0.0, 0.0, 9], [0.5, 0.0, 4], [0.5, None, 1]]
    found = page.evaluate("(cases) => cases.map(([d, s, n]) => pairedP(d, s ?? NaN, n))", cases)
    assert found[:400] == pytest.approx(wanted, rel=1e-9, abs=1e-300)
    assert found[400] == 1
    assert found[401] == 2.0**-3
    assert found[402] is None or math.isnan(found[402])


def test_quantiles_of_student_are_those_of_scipy(visit, site):
    from scipy.special import stdtrit

    page = visit(site / "lab" / "compare.html", "#models=good,poor")
    cases = [(p, n) for p in (0.8, 0.975, 0.995) for n in (1, 2, 3, 7, 29, 299, 20_000, 1_000_000)]
    found = page.evaluate("(cases) => cases.map(([p, n]) => studentQuantile(p, n))", cases)
    assert found == pytest.approx([float(stdtrit(n, p)) for p, n in cases], rel=1e-9)


def test_sums_are_those_of_numpy_to_the_last_bit(visit, site):
    page = visit(site / "lab" / "compare.html", "#models=good,poor")
    rng = np.random.default_rng(0)
    cases = [rng.random(n).tolist() for n in (*range(1, 40), 127, 128, 129, 136, 255, 300, 1000, 1999, 2000)]
    found = page.evaluate("(cases) => cases.map((values) => pairwiseSum(values, 0, values.length))", cases)
    assert found == [float(np.sum(values)) for values in cases]


def test_win_rates_are_those_of_python(visit, site):
    page = visit(site / "lab" / "compare.html", "#models=good,poor")
    rng = np.random.default_rng(0)
    cases, wanted = [], []
    for number in range(300):
        n = int(rng.integers(1, 40))
        one, other = rng.choice([0.0, 0.25, 0.5, 1.0, math.nan], (2, n), p=[0.3, 0.1, 0.2, 0.3, 0.1])
        if number % 7 == 0:
            other = one
        clusters = None if number % 2 else [int(c) for c in rng.integers(0, 1 + n // 2, n)]
        inside = rng.random(n) < 0.9
        higher = bool(number % 3)
        kept = None if clusters is None else np.array(clusters)[inside]
        e = stats.win_rate(one[inside], other[inside], higher_is_better=higher, clusters=kept)
        plain = [[None if math.isnan(v) else float(v) for v in values] for values in (one, other)]
        cases.append([*plain, inside.tolist(), clusters, higher])
        wanted.append([e.value, e.low, e.high])
    known = "const known = (values) => values.map((v) => v ?? NaN)"
    made = "cases.map(([a, b, ...rest]) => winRate(known(a), known(b), ...rest))"
    found = page.evaluate(f"(cases) => {{ {known}; return {made}; }}", cases)
    for own, expected in zip(found, wanted, strict=True):
        got = [math.nan if own[name] is None else own[name] for name in ("value", "low", "high")]
        if math.isnan(expected[0]):
            assert math.isnan(got[0])
        else:
            assert got == pytest.approx(expected, rel=1e-9, abs=1e-12)


# items


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


def test_pairs_follow_from_few_figures_of_all_items_alone(made):
    _, measured = made
    accuracy = next(i for i in measured.items if i.task == "lab/pairs")
    assert accuracy.gives_pairs
    assert not dataclasses.replace(accuracy, left_out=1).gives_pairs
    assert not dataclasses.replace(accuracy, levels=None).gives_pairs
    assert not next(i for i in measured.items if i.task == "lab/texts").gives_pairs  # which is no mean


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


# pictures


class Drawn:
    name = "drawn"

    def valid(self, columns):
        return np.ones(len(columns), dtype=bool)

    def pictures(self, columns):
        x = list(range(len(columns)))
        line = Series([0, 1], [0, 1], name="chance", reference=True)
        return [Picture("one", "x", "y", [Series(x, columns.values["y"].tolist()), line])]


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


# matrices


def matrix(values, **options):
    n = len(values)
    names = [f"m{i}" for i in range(n)]
    return Matrix("Wins", "share won", names, names, values, **options)


def test_of_a_matrix_whose_halves_add_up_the_lower_half_is_kept():
    half = matrix(
        [[math.nan, 0.25], [0.75, math.nan]], low=[[math.nan, 0.125], [0.5, math.nan]], high=[[1.0, 0.5], [0.875, 1.0]]
    )
    [frame] = matrices([Drawing("wins", "a", half)])
    [choice] = frame["choices"]
    assert (choice["half"], choice["values"], choice["low"], choice["high"]) == (
        True,
        [[], [0.75]],
        [[], [0.5]],
        [[], [0.875]],
    )
    uneven = matrix([[math.nan, 0.3], [0.75, math.nan]])
    [frame] = matrices([Drawing("wins", "a", uneven)])
    assert frame["choices"][0]["values"] == [[None, 0.3], [0.75, None]]


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

    tables = {"a": table([1, 1, 0], [b"1", b"2", b"3"]), "b": table([0, 1, 0], [b"1", b"2", b"3"])}
    tables["c"] = table([0, 1, 0], [b"7", b"8", b"9"])
    [frame] = matrices_of_models([Share()], tables)
    [choice] = frame["choices"]
    assert choice["rows"] == choice["columns"] == ["a", "b"]
    assert choice["values"] == [[], [pytest.approx(1 / 3)]]


def test_the_metrics_of_the_core_draw_what_the_site_shows(made):
    _, measured = made
    drawn = {(task.name, frame["title"]) for task in measured.tasks for frame in task.frames}
    assert {
        ("lab/choices", "Best of K"),
        ("lab/choices", "Pairs by the gap of their scores"),
        ("lab/pairs", "Verdicts"),
    } <= drawn


# standing


def test_strengths_lie_above_the_median_and_weaknesses_below(made):
    content, _ = made
    for row in content.evaluated:
        found = standings(content, row)
        for s in found:
            values = [r.figures[s.column.key].value for r in content.evaluated if s.column.key in r.figures]
            sign = 1 if s.column.higher_is_better else -1
            assert s.column.median == pytest.approx(float(np.median(values)))
            assert s.place == 1 + sum(sign * v > sign * s.estimate.value for v in values)
        for s in strengths(found):
            assert s.distance > 0
            assert s.clear
        for s in weaknesses(found):
            assert s.distance < 0
            assert s.clear
    assert dataclasses.is_dataclass(found[0])


def shown_commands(page):
    [shown] = re.findall(r'<pre class="command"[^>]*>(.*?)</pre>', page, re.DOTALL)
    return [shlex.split(html.unescape(line)) for line in re.findall("<code>(.*?)</code>", shown)]


def test_the_command_of_a_cross_validated_model_makes_it_again(harness, project):
    from harness.api import build_site

    task = "quickstart/detection"
    point = ("operating-point", "-t", task, "--base", "prompt-length", "--folds", 2, "--seed", 3, "--set", "rule=f1")
    for words in (("linear-detector", "-t", task, "--folds", 2, "--label", "odd"), point):
        assert harness("cross-validate", *words).code == 0
    (project / "registry.yaml").write_text(f"benchmarks:\n  own: {{tasks: [{task}]}}\n")
    build_site(["own"], "site")
    for page in (project / "site" / "own" / "models").iterdir():
        [words] = shown_commands(page.read_text("utf-8"))
        assert words[:2] == ["harness", "cross-validate"]
        ran = harness(*words[1:], "--json")
        assert ran.code == 0
        assert "training" not in ran.err


def test_a_model_evaluated_in_both_ways_has_both_commands(harness, project):
    from harness.api import build_site

    assert (
        harness("cross-validate", "linear-detector", "-t", "quickstart/detection", "--folds", 2, "--label", "m").code
        == 0
    )
    assert harness("eval", "-m", "m=length", "-t", "quickstart/preferences").code == 0
    tasks = "[quickstart/detection, quickstart/preferences]"
    (project / "registry.yaml").write_text(f"benchmarks:\n  own: {{tasks: {tasks}}}\n")
    build_site(["own"], "site")
    words = shown_commands((project / "site" / "own" / "models" / "m.html").read_text("utf-8"))
    assert [" ".join(line) for line in words] == [
        "harness cross-validate linear-detector -t quickstart/detection --folds 2 --label m",
        "harness eval -m m=length -t quickstart/preferences",
    ]


def test_reasons_of_failures_name_files_without_their_folders():
    for text, shown in (
        ("ValueError: bad (/home/me/models/mine.py:14)", "ValueError: bad (mine.py:14)"),
        ("No such file: '/home/me/secret/x.csv'", "No such file: 'x.csv'"),
        ("C:\\Users\\me\\x.py:3", "x.py:3"),
        ("HTTP 404 at http://localhost:8000/v1/chat", "HTTP 404 at http://localhost:8000/v1/chat"),
        ("3/4 of a/b/c", "3/4 of a/b/c"),
    ):
        assert without_folders(text) == shown


# what plugins do wrong


class Ragged(Drawn):
    name = "ragged"

    def pictures(self, columns):
        return [Matrix("m", "shows", ["a", "b"], ["a", "b"], [[0.5]])]


class NoPicture(Drawn):
    name = "none"

    def pictures(self, columns):
        return [Picture("ok", "x", "y", []), "a picture?", None]


def test_pictures_that_are_none_are_named_and_the_others_drawn():
    from harness.running.table import Table

    table = Table(Columns({"y": np.linspace(0, 1, 9)}), np.empty(0), [], np.empty(0), [])
    said = []
    drawn = drawings([Ragged(), NoPicture(), Drawn()], {"m": table}, said.append)
    assert [frame["title"] for frame in frames(drawn, said.append)] == ["ok", "one"]
    assert matrices(drawn, said.append) == []
    assert said[0] == saying("picture of ragged", "ValueError: values of a matrix must be 2 rows of 2, not [1]")
    assert [text.split(":")[0] for text in said[1:]] == ["no picture of none"] * 2


def test_a_series_with_parts_of_different_lengths_is_refused():
    with pytest.raises(ValueError, match="x 2, y 3"):
        Series([0, 1], [0, 1, 2])


class Broken(MeanMetric):
    """Has no figure for some items that did not fail."""

    name = "broken"
    needs = ("y",)

    def per_item(self, columns):
        return np.where(columns.values["y"] > 0.5, np.nan, columns.values["y"])


def test_pairs_do_not_follow_from_items_without_a_figure():
    from harness.running.table import Table

    y = np.array([0.0, 0.5, 1.0])
    table = Table(Columns({"y": y}), np.array([b"1", b"2", b"3"]), [], np.zeros(3, np.int32), [()])
    items = item_scores(Broken(), "t", [table])
    assert items.own
    assert not items.gives_pairs


def test_names_that_are_no_models_are_shown_as_they_are():
    from harness.running.table import Table

    class Odd(Drawn):
        def pictures_of_models(self, models):
            return [Matrix("m", "shows", ["x"], ["y"], [[0.5]])]

    table = Table(Columns({"y": np.zeros(2)}), np.array([b"1", b"2"]), [], np.zeros(2, np.int32), [()])
    [frame] = matrices_of_models([Odd()], {"a": table, "b": table})
    assert not frame["together"]
