"""Every kind of page of the viewer without a fault that axe-core knows, on a phone and a desk, light and dark."""

import pytest

from ..accessible import faults, fetched_axe, keyboard_faults
from .test_browser import settle


@pytest.fixture(scope="module")
def axe():
    return fetched_axe()


@pytest.fixture
def viewer(write_task, evaluate, view):
    pairs = [
        {"id": f"p{i}", "prompt": f"**question** {i}", "chosen": f"`a` {i} $x^2$", "rejected": "| b |\n|---|\n| c |"}
        for i in range(30)
    ]
    choices = [
        {"id": f"c{i}", "prompt": "?", "responses": [f"{i}", "b" * i, "c"], "correct": [1, 0, 0]} for i in range(12)
    ]
    texts = [{"id": f"t{i}", "text": "word " * i, "label": i % 2} for i in range(30)]
    write_task(
        "demo/pairs",
        [{**row, "level": "easy" if i % 2 else "hard"} for i, row in enumerate(pairs)],
        kind="preference",
        slices=["level"],
    )
    write_task("demo/choices", choices, kind="best-of-k")
    write_task("demo/texts", texts, kind="detection")
    for model, tasks in {
        "length": ("pairs", "choices"),
        "random": ("pairs", "choices", "texts"),
        "keyword-list": ("texts",),
    }.items():
        for task in tasks:
            evaluate(model, f"demo/{task}")
    return view()


def test_no_page_of_the_viewer_has_a_fault(axe, viewer, tab):
    cells = {cell: viewer.page(f"/cells/{cell}") for cell in range(1, 7)}
    pages = ["/", "/runs", "/runs/1", "/cells", "/curves", "/compare/1/3", "/compare/1/3/2"]
    pages += [f"/cells/{cell}{more}" for cell in cells for more in ("", "/samples/1")]
    pages += ["/cells/1/samples", "/cells/1/samples?q=question", "/cells/1/samples/1?diff=1,2", "/?models=nobody"]
    found = []
    for path in pages:
        tab.goto(viewer.address + path)
        settle(tab)
        tab.evaluate("document.querySelectorAll('main details').forEach(one => one.open = true)")
        found += faults(tab, axe)
    assert found == []
    tab.keyboard.press("?")
    assert tab.locator("dialog.keys").is_visible()
    assert faults(tab, axe) == []


def test_the_tab_key_reaches_everything_and_shows_where_it_is(viewer, tab):
    for path in ("/", "/cells/1", "/cells/1/samples", "/cells/1/samples/1", "/compare/1/3", "/compare/1/3/2"):
        viewer.page(path)
        tab.goto(viewer.address + path)
        settle(tab)
        assert keyboard_faults(tab) == []
