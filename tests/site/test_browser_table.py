"""The table of a leaderboard in a browser."""

import json
import urllib.parse
from pathlib import Path

import pytest

from harness import build_leaderboard, compare
from harness.results.numbers import figure

from .conftest import state

DOMAIN = "lab/pairs:accuracy:easy"


def names(page):
    return page.locator("#board tbody tr:not([hidden]) .model a").all_text_contents()


def column(page, key):
    """The figures that a column shows, in the order of the rows."""
    index = page.locator(f'#board th[data-key="{key}"]').evaluate("cell => cell.cellIndex")
    cells = page.locator(f"#board tbody tr:not([hidden]) > :nth-child({index + 1})").all()
    return [cell.evaluate("cell => cell.firstChild.textContent.trim()") for cell in cells]


def test_the_table_shows_the_figures_of_the_json(board, lab):
    entries = build_leaderboard("lab", store=lab.store, registry=lab.registry)
    assert names(board) == [entry.model for entry in entries.entries]
    for c in entries.columns:
        shown = [figure(getattr(e.figures.get(c.key), "value", None), c.unit) for e in entries.entries]
        assert column(board, c.key) == [text if text != "-" else "–" for text in shown]


def test_the_file_beside_the_table_is_the_json_of_the_command(site, harness, lab):
    ran = harness("leaderboard", "lab", "--format", "json", *lab.options)
    assert json.loads((site / "lab" / "leaderboard.json").read_text("utf-8")) == ran.document


def test_a_click_on_a_heading_sorts_best_first_then_worst_first(board):
    heading = board.locator('th[data-key="lab/pairs:accuracy"]')
    heading.get_by_role("button").first.click()
    best = [float(v) for v in column(board, "lab/pairs:accuracy")]
    assert best == sorted(best, reverse=True)
    assert heading.get_attribute("aria-sort") == "descending"
    assert board.locator("[aria-sort]:not([aria-sort=none])").count() == 1
    heading.get_by_role("button").first.click()
    assert [float(v) for v in column(board, "lab/pairs:accuracy")] == sorted(best)
    assert heading.get_attribute("aria-sort") == "ascending"
    assert "worst first" in board.inner_text("#status")


def test_where_lower_is_better_the_lowest_comes_first_and_missing_figures_last(board):
    board.locator('th[data-key="lab/pairs:tie_rate"] button:not(.what)').click()
    shown = column(board, "lab/pairs:tie_rate")
    figures = [float(v) for v in shown if v != "–"]
    assert figures == sorted(figures)
    assert shown[len(figures) :] == ["–"] * (len(shown) - len(figures))
    assert len(figures) < len(shown)


def test_a_long_table_is_shown_whole(visit, lab, tmp_path):
    figures = {f"model {i:03d}": {"lab/texts:auroc": 0.5 + i / 500} for i in range(120)}
    more = tmp_path / "more.yaml"
    more.write_text(json.dumps({"source": "made up", "figures": figures}), "utf-8")
    file = lab.build(tmp_path / "site", published=[more]) / "lab" / "index.html"
    for address, count in (("", 127), ("#q=model+00", 11), ("#sort=lab%2Ftexts%3Aauroc&q=model", 120)):
        page = visit(file, address)
        page.locator("#board tbody:not(:has(.later))").wait_for()
        assert page.locator("#board tbody tr[data-slug]:visible").count() == count
    assert names(page)[:2] == ["model 119", "model 118"]


def test_the_keyboard_is_enough(board):
    board.locator('th[data-key="model"] button:not(.what)').focus()
    board.keyboard.press("Enter")
    assert names(board) == sorted(names(board))
    board.locator("summary", has_text="Filter").focus()
    board.keyboard.press("Enter")
    board.keyboard.press("Tab")
    board.keyboard.press("Space")
    assert state(board)["only"] == ["best"]
    board.keyboard.press("Escape")
    assert board.locator("details[open]").count() == 0
    board.locator("tbody input").first.focus()
    board.keyboard.press("Space")
    assert board.locator("tr.is-pinned").count() == 1
    assert board.evaluate("document.activeElement.type") == "checkbox"


def test_search_keeps_the_rows_that_have_all_words(board):
    board.get_by_label("Search").fill("goo")
    assert set(names(board)) == {"good"}
    board.get_by_label("Search").fill("GO d")
    assert set(names(board)) == {"good"}
    board.get_by_label("Search").fill("nobody")
    assert names(board) == []
    assert board.inner_text("#status").startswith("0 of 7 models")


def test_where_no_row_is_left_the_table_says_so_and_how_to_see_all(board):
    assert not board.locator("#nothing").is_visible()
    board.get_by_label("Search").fill("nobody")
    assert board.inner_text("#nothing").startswith("No model passes the search and the filters.")
    board.get_by_role("button", name="Show all models").click()
    assert len(names(board)) == 7
    assert not board.locator("#nothing").is_visible()
    assert "q" not in state(board)


@pytest.mark.parametrize(
    ("word", "left"),
    [
        ("only tied with the best", "best"),
        ("without published rows", ":not(.published)"),
        ("without adapters", ":not(.adapted)"),
        ("without failed requests", ":not(.failures)"),
    ],
)
def test_filters_keep_what_they_say(board, word, left):
    selector = f"#board tbody tr{'.best' if left == 'best' else left}"
    wanted = board.locator(f"{selector} .model a").all_text_contents()
    board.locator("summary", has_text="Filter").click()
    board.get_by_label(word).check()
    assert names(board) == wanted
    assert 0 < len(wanted) < 7
    assert "(1)" in board.inner_text("#filter-count")


def test_a_threshold_filters_by_the_figure_as_it_is_shown(board):
    board.locator("summary", has_text="Filter").click()
    board.locator("#bound-column").select_option("lab/pairs:accuracy")
    board.locator("#bound-value").fill("60")
    shown = [float(v) for v in column(board, "lab/pairs:accuracy")]
    assert shown
    assert min(shown) >= 60
    board.locator("#bound-way").select_option("max")
    assert max(float(v) for v in column(board, "lab/pairs:accuracy")) <= 60


def test_columns_are_hidden_and_shown_domains_too(board, lab):
    board.locator("summary", has_text="Columns").click()
    board.get_by_role("checkbox", name="texts auroc").uncheck()
    assert not board.locator('th[data-key="lab/texts:auroc"]').is_visible()
    board.locator(f'[data-column="{DOMAIN}"]').check()
    heading = board.get_by_role("columnheader", name="pairs accuracy · easy")
    assert heading.is_visible()
    assert (
        board.evaluate(
            "new Set([...document.querySelectorAll('#board tr:not(.divider,.groups)')].map(r => r.cells.length)).size"
        )
        == 1
    )
    index = heading.evaluate("cell => cell.cellIndex")
    assert (
        board.locator("#board thead tr:last-child th").nth(index - 1).get_attribute("data-key") == "lab/pairs:accuracy"
    )
    shown = dict(
        zip(names(board), board.locator(f"#board tbody td:nth-child({index + 1})").all_inner_texts(), strict=True)
    )
    [wanted] = [
        c
        for c in compare("good", "poor", ["lab"], store=lab.store, registry=lab.registry)
        if (c.task, c.metric, c.domain) == ("lab/pairs", "accuracy", "easy")
    ]
    assert shown["poor"].startswith(figure(wanted.second))
    assert shown["theirs"] == "–"
    heading.get_by_role("button").first.click()
    assert heading.get_attribute("aria-sort") == "descending"


def test_pinned_models_stay_on_top_and_lead_to_their_comparison(board):
    for name in ("poor", "good"):
        board.get_by_label(f"Pin {name}", exact=True).check()
    assert names(board)[:2] == ["good", "poor"]
    board.locator('th[data-key="model"] button:not(.what)').click()
    board.locator('th[data-key="model"] button:not(.what)').click()
    assert names(board)[:2] == ["poor", "good"]
    board.get_by_role("link", name="Compare").click()
    board.locator("#differences:not([hidden])").wait_for()
    assert board.locator("#head-first").text_content() == "poor"
    assert board.locator("#head-second").text_content() == "good"


def test_published_rows_are_marked_and_cannot_be_pinned(board):
    rows = board.locator("tr.published")
    assert rows.count() == 2
    assert rows.locator("input").count() == 0
    assert "published" in rows.first.inner_text()
    assert "Them, table 1" in board.inner_text(".notes")


def test_a_link_with_state_shows_the_same_to_another_reader(board, visit):
    board.locator('th[data-key="lab/pairs:accuracy"] button:not(.what)').click()
    board.get_by_label("Pin better", exact=True).check()
    board.locator("summary", has_text="Columns").click()
    board.locator(f'[data-column="{DOMAIN}"]').check()
    board.locator('[data-column="lab/choices:best_of_k_accuracy"]').uncheck()
    board.get_by_label("Search").fill("e")
    before = board.inner_text("#board")
    path, fragment = board.evaluate("location.href").split("#")
    other = visit(board_file(path), "#" + fragment)
    assert other.inner_text("#board") == before
    other.get_by_role("button", name="Reset").click()
    assert state(other) == {}
    assert len(names(other)) == 7


def board_file(uri):
    return Path(urllib.parse.unquote(urllib.parse.urlsplit(uri).path))


@pytest.mark.parametrize("fragment", ["#sort=no", "#pin=nobody,", "#only=x&bound=a!b!c&show=&hide=z", "#%E0%A4%A"])
def test_a_link_with_nonsense_shows_the_table_as_at_first(visit, site, fragment):
    page = visit(site / "lab" / "index.html", fragment)
    assert len(names(page)) == 7


def test_csv_holds_what_is_shown(board):
    board.get_by_label("Search").fill("good")
    with board.expect_download() as download:
        board.get_by_role("button", name="CSV").click()
    lines = download.value.path().read_text("utf-8").splitlines()
    assert lines[0].startswith("rank,model,mean,mean low,mean high,texts auroc")
    assert [line.split(",")[1] for line in lines[1:]] == names(board)
