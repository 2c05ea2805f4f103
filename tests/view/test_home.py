"""The first page: all models on all tasks, and what stands in words beside a figure."""

from __future__ import annotations

import html
import itertools
import json
import re
import sqlite3
from datetime import UTC, datetime

import pytest
from harness_plugins.view.heat import heat_table, rendered

from harness.stats import Estimate
from harness.store import CellSummary


def cell(number, model, task, value=None, *, metric="accuracy", higher=True, digest="d", settings=None, **more):
    """One summary; without a value one that failed."""
    estimate = (
        None if value is None else Estimate(value, 0.01, value - 0.01, value + 0.01, 100, 0, more.pop("detail", {}))
    )
    status = "failed" if value is None else "done"
    kept = {"limit": None, "split": "test", **(settings or {})}
    figure = {"metric": metric, "unit": "fraction", "higher_is_better": higher} if estimate else {}
    return CellSummary(number, model, task, digest, status, kept, estimate=estimate, **figure, **more)


def fields(page):
    """The fields of a table by row: class and words of each."""
    found = {}
    for row in re.findall(r"<tr><th scope=\"row\">.*?</tr>", str(page), re.DOTALL):
        name = re.sub(r"<[^>]+>", "", re.search(r"<th.*?</th>", row)[0])
        cells = re.findall(r'<td(?: class="([^"]*)")?>(.*?)</td>', row)
        found[name] = [(kind, " ".join(re.sub(r"<[^>]+>", " ", text).split())) for kind, text in cells]
    return found


def test_colour_is_by_the_figure_within_a_task_whichever_way_is_better():
    cells = [cell(1, "a", "t", 0.9), cell(2, "b", "t", 0.5), cell(3, "c", "t", 0.1)]
    cells += [cell(4, "a", "u", 0.9, higher=False), cell(5, "b", "u", 0.1, higher=False)]
    page = fields(rendered(heat_table(cells, {})))
    assert page["a"] == [("h8 top", "90.00 [89.0, 91.0]"), ("h0", "90.00 [89.0, 91.0]")]
    assert page["b"] == [("h4", "50.00 [49.0, 51.0]"), ("h8 top", "10.00 [9.0, 11.0]")]
    assert page["c"] == [("h0", "10.00 [9.0, 11.0]"), ("none", "–")]


def test_figures_closer_than_their_intervals_have_shades_that_are_close():
    page = fields(rendered(heat_table([cell(1, "a", "t", 0.5), cell(2, "b", "t", 0.495)], {})))
    assert [page[model][0][0] for model in "ab"] == ["h8 top", "h6"]


def test_what_cannot_be_held_against_the_column_has_no_colour_and_says_why():
    cells = [
        cell(1, "whole", "t", 0.5),
        cell(2, "other", "t", 0.6, failed_requests=3, failed_since=True),
        cell(3, "part", "t", 0.99, settings={"limit": 10}),
        cell(4, "train", "t", 0.99, settings={"split": "train"}),
        cell(5, "made", "t", 0.99, settings={"generated": {"made_by": "x", "in_place_of": "y"}}),
        cell(0, "old", "t", 0.99, digest="e"),
        cell(7, "flat", "t", 0.5, detail={"constant": "gives all 9 items the same score"}),
        cell(8, "broken", "t", problem="out of memory"),
    ]
    page = fields(rendered(heat_table(cells, {}, [("part", "t"), ("new", "t")])))
    assert {model: words for model, [(_, words)] in page.items()} == {
        "whole": "50.00 [49.0, 51.0]",
        "other": "3 failed failed since 60.00 [59.0, 61.0]",
        "part": "first 10 running 99.00 [98.0, 100.0]",
        "train": "split train 99.00 [98.0, 100.0]",
        "made": "generated 99.00 [98.0, 100.0]",
        "old": "other definition 99.00 [98.0, 100.0]",
        "flat": "constant 50.00 [49.0, 51.0]",
        "broken": "failed",
        "new": "running",
    }
    coloured = {model for model, [(kind, _)] in page.items() if kind.startswith("h")}
    assert coloured == {"whole", "other", "flat"}
    assert 'title="out of memory"' in rendered(heat_table(cells, {}))


def test_benchmarks_group_the_tasks_in_their_order_and_others_go_by_name():
    cells = [cell(i, "m", task, 0.5) for i, task in enumerate(["b/one", "b/two", "z/late", "plain", "a/alone"])]
    table = heat_table(cells, {"b/two": ("b", 0), "b/one": ("b", 1), "z/late": ("b", 2)})
    assert [(c.group, c.short) for c in table.columns] == [
        ("a", "alone"),
        ("b", "two"),
        ("b", "one"),
        ("b", "z/late"),
        ("", "plain"),
    ]
    page = str(rendered(table))
    assert re.findall(r'colspan="(\d)"><span>([^<]*)', page) == [("1", "a"), ("3", "b"), ("1", "other tasks")]


def test_models_are_sorted_by_any_task_and_those_without_a_figure_come_last():
    cells = [cell(1, "m10", "t", 0.3), cell(2, "m9", "t", 0.7), cell(3, "M2", "t"), cell(4, "m1", "u", 0.5)]
    cells += [cell(5, "m10", "u", 0.1, higher=False), cell(6, "m9", "u", 0.2, higher=False)]
    table = heat_table(cells, {})
    assert table.sorted_models("") == ["m1", "M2", "m9", "m10"]
    assert table.sorted_models("t")[:2] == ["m9", "m10"]
    assert table.sorted_models("-t")[:2] == ["m10", "m9"]
    assert table.sorted_models("nothing") == table.sorted_models("")
    down = heat_table([cell(1, "a", "u", 0.1, higher=False), cell(2, "b", "u", 0.2, higher=False)], {})
    assert down.sorted_models("u") == ["a", "b"]


def test_what_plugins_and_data_name_stays_text():
    hostile = '"><script>window.pwned=1</script>'
    page = str(rendered(heat_table([cell(1, hostile, f"a/{hostile}", 0.5), cell(2, "b", f"a/{hostile}")], {})))
    assert "<script>" not in page
    assert html.escape(hostile, quote=False).split("&")[1] in page


def test_the_first_page_filters_and_sorts_without_scripts(write_task, rows, evaluate, view):
    for name in ("demo/one", "demo/two"):
        write_task(name, rows(6))
    for model in ("toy-reader", "length"):
        for name in ("demo/one", "demo/two"):
            evaluate(model, name)
    viewer = view()
    page = viewer.page("/")
    assert "<title>2 models on 2 tasks" in page
    assert set(fields(page)) == {"toy-reader", "length"}
    assert "<noscript><button>Apply</button></noscript>" in page
    assert list(fields(viewer.page("/?models=READ&tasks=two"))) == ["toy-reader"]
    assert len(fields(viewer.page("/?models=READ&tasks=two"))["toy-reader"]) == 1
    assert "No model is like that." in viewer.page("/?models=nobody")
    # Six items may be at chance, which stands before the figure.
    best = max(fields(page).items(), key=lambda pair: float(re.search(r"\d+\.\d+", pair[1][0][1]).group()))[0]
    assert next(iter(fields(viewer.page("/?sort=demo/one")))) == best
    assert list(fields(viewer.page("/?sort=-demo/one")))[-1] == best


def test_the_first_page_shows_a_cell_as_soon_as_it_is_filed_and_running_ones(write_task, rows, evaluate, view, toys):
    write_task("demo/one", rows(6))
    evaluate("toy-reader", "demo/one", "--limit", "3")
    viewer = view()
    assert "first 3" in viewer.page("/")
    stamp = re.search(r'id="live"[^>]*data-stamp="([^"]+)"', viewer.page("/under-way"))[1]
    assert f'data-stamp="{stamp}"' in viewer.page("/")
    evaluate("toy-reader", "demo/one")
    assert stamp not in viewer.page("/under-way")
    assert "first 3" not in viewer.page("/")
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    description = json.dumps({"models": ["new"], "tasks": ["demo/one"]})
    with sqlite3.connect(toys / ".harness/store.sqlite") as store:
        store.execute("INSERT INTO runs VALUES (9, ?, NULL, 'running', ?)", [now, description])
        store.execute("INSERT INTO progress VALUES (9, 1, 1, 'new', 'demo/one', 2, 6, ?)", [now])
    assert fields(viewer.page("/"))["new"] == [("none", "running")]
    assert viewer.get("/under-way").text.count("is under way") == 1


def test_an_empty_store_says_what_to_type(toys, view):
    from harness.store import Store

    with Store(toys / "empty.sqlite"):
        pass
    page = view("empty.sqlite").page("/")
    assert "harness eval -m length -m random -t quickstart" in page
    assert "<title>Nothing evaluated yet" in page


def test_the_page_of_a_cell_has_its_pictures_and_what_failed(write_task, rows, harness, view):
    made = rows(12)
    for i in (2, 7, 9):
        made[i]["responses"][0] = "refuse"
    write_task("demo/plain", made)
    harness("eval", "-m", "toy-reader", "-t", "demo/plain")
    viewer = view()
    page = viewer.page("/cells/1")
    assert 'aria-label="Best of K: ' in page
    assert re.search(r'class="reason error">[^<]*the model refused</td><td class="n">3</td>', page)
    assert re.findall(r"<h(\d)", page)[:1] == ["1"]
    levels = [int(level) for level in re.findall(r"<h(\d)", page)]
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))
    assert page.count("<table") == page.count("<caption")
    assert 'aria-current="page"' in page
    assert re.search(r"<title>toy-reader on demo/plain: \w+ [\d.]+", page)


@pytest.mark.parametrize(("arguments", "words"), [((), ""), (("--limit", "4"), "first 4 items only")])
def test_a_cell_of_the_first_items_says_so(write_task, rows, evaluate, view, arguments, words):
    write_task("demo/plain", rows(6))
    evaluate("toy-reader", "demo/plain", *arguments)
    page = view().page("/cells/1")
    assert ("first 4 items only" in page) == bool(words)
