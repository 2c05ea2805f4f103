"""The first page in a browser: filters as one types, sorts, keys, and two fields that lead to a comparison."""

from __future__ import annotations

import pytest


@pytest.fixture
def viewer(write_task, rows, evaluate, view):
    for name in ("demo/one", "demo/two", "other/three"):
        write_task(name, rows(9))
    for model in ("toy-reader", "length", "random"):
        for name in ("demo/one", "demo/two", "other/three"):
            evaluate(model, name)
    return view()


def shown(tab):
    """The names of the models in sight, from the top."""
    return tab.locator("#heat tbody tr:visible th").all_inner_texts()


def test_models_and_tasks_are_filtered_as_one_types_and_the_address_remembers(viewer, tab):
    tab.goto(viewer.address)
    assert shown(tab) == ["length", "random", "toy-reader"]
    tab.keyboard.press("/")
    tab.keyboard.type("r")
    assert shown(tab) == ["random", "toy-reader"]
    tab.keyboard.type("ead")
    assert shown(tab) == ["toy-reader"]
    tab.get_by_label("Tasks").fill("demo")
    assert tab.locator("#heat .task:visible a").all_inner_texts() == ["one", "two"]
    assert tab.locator("#heat .groups th:visible").all_inner_texts() == ["demo"]
    assert tab.locator("#said").inner_text() == "1 of 3 models, 2 of 3 tasks"
    assert tab.url.endswith("/?models=read&tasks=demo")
    assert tab.get_by_role("button", name="Apply").count() == 0
    tab.reload()
    assert shown(tab) == ["toy-reader"]
    tab.get_by_label("Models").fill("")  # of an address with words, the rest is fetched when it is asked for
    tab.locator("#heat tbody tr").nth(2).wait_for()
    tab.get_by_label("Models").fill("nobody")
    tab.get_by_text("No model is like that.").wait_for()


def test_a_head_sorts_by_its_task_and_back(viewer, tab):
    tab.goto(viewer.address)
    head = tab.locator("#heat .task a").first

    def figures():
        return [float(text) for text in tab.locator("#heat tbody td:nth-of-type(1) b").all_inner_texts()]

    head.click()
    assert figures() == sorted(figures(), reverse=True)
    assert tab.locator("#heat [aria-sort]").get_attribute("aria-sort") == "descending"
    assert "sort=demo%2Fone" in tab.url
    head.click()
    assert figures() == sorted(figures())
    order = shown(tab)
    tab.reload()
    assert shown(tab) == order


def test_two_fields_lead_to_the_comparison_by_mouse_by_button_and_by_keyboard(viewer, tab):
    field = "#heat tbody tr:nth-child({}) td:nth-of-type({}) a"
    tab.goto(viewer.address)
    tab.locator(field.format(1, 1)).click(modifiers=["Shift"])
    assert tab.locator(".picked").count() == 1
    with tab.expect_navigation():
        tab.locator(field.format(3, 1)).click()
    assert tab.url.startswith(viewer.address + "/compare/")
    assert "demo/one" in tab.locator("h1").inner_text()
    tab.goto(viewer.address)
    tab.get_by_role("button", name="Compare two").click()
    tab.locator(field.format(2, 3)).click()
    tab.keyboard.press("Escape")
    assert tab.locator(".picked").count() == 0
    tab.locator("#heat tbody th a").first.focus()
    for key in ("ArrowRight", "ArrowRight", "x", "ArrowDown"):
        tab.keyboard.press(key)
    with tab.expect_navigation():
        tab.keyboard.press("x")
    assert "demo/two" in tab.locator("h1").inner_text()
    tab.go_back()
    tab.locator("#heat tbody th a").first.focus()
    tab.keyboard.press("ArrowRight")
    with tab.expect_navigation():
        tab.keyboard.press("Enter")
    assert "/cells/" in tab.url


def test_keys_are_listed_and_shown_beside_what_they_do(viewer, tab):
    tab.goto(viewer.address + "/cells/1")
    assert tab.get_by_role("link", name="Samples", exact=True).locator("kbd").inner_text() == "s"
    tab.keyboard.press("?")
    dialog = tab.get_by_role("dialog", name="Keys")
    assert {"s", "w", "?"} <= set(dialog.locator("kbd").all_inner_texts())
    tab.keyboard.press("Escape")
    assert dialog.count() == 0
    with tab.expect_navigation():
        tab.keyboard.press("s")
    assert tab.url.endswith("/samples")
    with tab.expect_navigation():
        tab.keyboard.press("h")
    assert tab.locator("#heat").count() == 1


def test_heads_stay_in_sight_and_the_page_stays_as_wide_as_a_phone(viewer, tab):
    tab.set_viewport_size({"width": 390, "height": 500})
    tab.goto(viewer.address)
    box = tab.locator(".heat-scroll")
    box.evaluate("box => { box.style.maxHeight = '140px'; box.scrollTo(60, 60); }")
    frame, head, name = (
        tab.locator(q).first.bounding_box() for q in (".heat-scroll", "#heat .groups th", "#heat tbody th")
    )
    assert head["y"] == pytest.approx(frame["y"] + 1, abs=1)
    assert name["x"] == pytest.approx(frame["x"] + 1, abs=1)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_new_cell_appears_by_itself(viewer, tab, evaluate):
    tab.goto(viewer.address)
    evaluate("toy-judge", "demo/one")
    tab.get_by_role("link", name="toy-judge").wait_for()
    assert shown(tab) == ["length", "random", "toy-judge", "toy-reader"]


@pytest.mark.parametrize("width", [390, 1280])
def test_no_state_pushes_a_figure_out_of_its_field(viewer, tab, width):
    tab.set_viewport_size({"width": width, "height": 900})
    tab.goto(viewer.address)
    assert tab.locator("#heat td .w", has_text="at chance").count()  # six and nine items tell nothing
    lying_out = """all => all.filter(link => {
        const field = link.getBoundingClientRect();
        return [...link.children].some(one => one.getBoundingClientRect().right > field.right + .5
            || one.getBoundingClientRect().bottom > field.bottom + .5);
    }).length"""
    assert tab.eval_on_selector_all("#heat td > a", lying_out) == 0
    overlapping = """all => all.filter(link => {
        const [state, figure] = [link.querySelector(".w"), link.querySelector("b")];
        if (!state || !figure) return false;
        const [a, b] = [state.getBoundingClientRect(), figure.getBoundingClientRect()];
        return a.right > b.left + .5 && a.left < b.right - .5 && a.bottom > b.top + 1.5 && a.top < b.bottom - 1.5;
    }).length"""
    assert tab.eval_on_selector_all("#heat td > a", overlapping) == 0
