"""Every kind of page of a site without a fault that axe-core knows, on a phone and a desk, light and dark."""

import pytest

from ..accessible import faults, fetched_axe, keyboard_faults

PAGES = {
    "index": "index.html",
    "board": "lab/index.html",
    "board of one task": "alone/index.html",
    "task with domains": "lab/tasks/pairs.html",
    "task with curves": "lab/tasks/texts.html",
    "model": "lab/models/patchy.html",
    "model with published figures": "lab/models/good.html",
    "comparison": "lab/compare.html#models=good,better",
    "comparison of nothing": "lab/compare.html",
}


@pytest.fixture(scope="module")
def axe():
    return fetched_axe()


@pytest.mark.parametrize("kind", PAGES)
def test_no_page_of_a_site_has_a_fault(axe, visit, site, kind):
    file, mark, state = PAGES[kind].partition("#")
    page = visit(site / file, mark + state)
    page.evaluate("document.querySelectorAll('main details:not(.menu)').forEach(one => one.open = true)")
    assert faults(page, axe) == []


def test_no_open_menu_or_explanation_has_a_fault(axe, board):
    for summary in ("Filter", "Columns"):
        board.locator(f".menu summary:has-text('{summary}')").click()
        assert faults(board, axe) == []
        board.keyboard.press("Escape")
    board.locator("#board thead .what").first.click()
    assert faults(board, axe) == []


@pytest.mark.parametrize("kind", ["index", "board", "task with curves", "model", "comparison"])
def test_the_tab_key_reaches_everything_and_shows_where_it_is(visit, site, kind):
    file, mark, state = PAGES[kind].partition("#")
    assert keyboard_faults(visit(site / file, mark + state)) == []


def test_on_a_phone_a_long_name_of_a_task_leaves_the_figures_in_sight(visit, lab, tmp_path):
    lab.build(tmp_path / "site", "lab/texts")
    page = visit(next((tmp_path / "site").glob("*/index.html")), width=390)
    page.evaluate(
        "document.querySelector('#board .groups th span').textContent = 'a-task/with-quite-a-long-name-of-its-own'"
    )
    figure = page.locator("#board tbody td.f").first.bounding_box()
    assert figure["x"] + figure["width"] <= 390
