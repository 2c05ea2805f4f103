"""The page of an item as a reader uses it: boxes, keys, common scrolling, both forms of a text."""

from __future__ import annotations

import pytest

from .test_browser import settle

LONG = "\n\n".join(f"paragraph **{i}** of many words" for i in range(120))


@pytest.fixture
def sample(write_task, evaluate, view, tab):
    """The page of a pair of long responses, opened in a tab."""
    rows = [
        {"id": "long", "prompt": "**write** much", "chosen": LONG, "rejected": LONG + "\n\nand more"},
        {"id": "next", "prompt": "short", "chosen": "<b>a</b> *b*", "rejected": "c"},
    ]
    write_task("demo/pairs", rows, kind="preference")
    evaluate("length", "demo/pairs")
    evaluate("random", "demo/pairs")
    viewer = view()
    viewer.page("/cells/1/samples/0")
    tab.goto(viewer.address + "/cells/1/samples/0")
    settle(tab)
    yield viewer
    tab.evaluate("localStorage.clear()")


def heights(tab):
    return tab.eval_on_selector_all(".card .body", "all => all.map(one => one.clientHeight)")


def test_source_and_expansion_are_chosen_by_key_and_remembered(sample, tab):
    body = tab.locator(".card .body").first
    assert body.locator("strong").first.is_visible()
    assert not body.locator("pre.source").is_visible()
    small = heights(tab)
    tab.keyboard.press("s")
    assert body.locator("pre.source").is_visible()
    assert not body.locator("strong").first.is_visible()
    tab.keyboard.press("e")
    assert all(after > before for before, after in zip(small, heights(tab), strict=True))
    tab.keyboard.press("j")
    tab.wait_for_url("**/samples/1")
    settle(tab)
    assert tab.get_by_label("source").is_checked()
    assert tab.get_by_label("expand all").is_checked()
    assert tab.locator(".card pre.source").first.inner_text() == "<b>a</b> *b*"
    assert tab.locator(".card pre.plain").first.inner_text() == "c"
    assert tab.locator(".pager kbd").all_inner_texts() == ["k"]


def test_responses_stand_beside_each_other_and_scroll_together(sample, tab):
    def tops():
        return tab.eval_on_selector_all(".card", "all => all.map(one => Math.round(one.getBoundingClientRect().top))")

    def scrolled():
        return tab.eval_on_selector_all(
            ".card > .body", "all => all.map(one => one.scrollTop / (one.scrollHeight - one.clientHeight))"
        )

    assert len(set(tops())) == 1
    tab.evaluate("document.querySelector('.card > .body').scrollTop = 1e6")
    tab.wait_for_timeout(200)
    assert scrolled() == pytest.approx([1, 1], abs=0.01)
    tab.wait_for_timeout(200)
    tab.get_by_label("scroll together").uncheck()
    tab.evaluate("document.querySelector('.card > .body').scrollTop = 0")
    tab.wait_for_timeout(200)
    assert scrolled() == pytest.approx([0, 1], abs=0.01)
    tab.set_viewport_size({"width": 890, "height": 800})
    assert len(set(tops())) == 2
    assert not tab.get_by_label("scroll together").is_visible()


def test_differences_come_and_go_by_key(sample, tab):
    tab.keyboard.press("d")
    tab.wait_for_url("**diff=1%2C2**")
    assert tab.locator(".only").all_inner_texts() == ["and more"]
    tab.keyboard.press("d")
    tab.wait_for_url(lambda address: "diff" not in address)
    assert tab.locator(".only").count() == 0


def test_the_page_works_without_scripts(sample, browser):
    context = browser.browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(sample.address + "/cells/1/samples/0")
    assert page.locator(".told").inner_text().startswith("✗ Wrong: picked response 2")
    page.get_by_label("source").check()
    assert page.locator(".card pre.source").first.is_visible()
    page.get_by_role("link", name="word differences").click()
    assert page.locator(".only").count() == 1
    context.close()


@pytest.mark.parametrize("width", [390, 1280, 1920])
def test_no_page_is_wider_than_the_screen(sample, tab, width):
    tab.set_viewport_size({"width": width, "height": 800})
    for path in ("/cells/1/samples/0", "/cells/1/samples/0?diff=1,2", "/compare/1/2/0?show=all"):
        tab.goto(sample.address + path)
        settle(tab)
        assert tab.evaluate("document.documentElement.scrollWidth") <= width, path


def test_texts_that_scroll_are_reached_by_keyboard(sample, tab):
    assert tab.locator(".card > .body[tabindex='0']").count() == 2
    assert tab.locator(".turn .body[tabindex]").count() == 0


def test_no_key_covers_what_it_stands_beside(sample, tab):
    gaps = """all => all.map(key => {
        const text = document.createRange();
        text.selectNodeContents(key.parentElement);
        text.setEndBefore(key);
        return key.getBoundingClientRect().left - text.getBoundingClientRect().right;
    })"""
    found = tab.eval_on_selector_all(".tools kbd", gaps)
    assert len(found) == 3
    assert min(found) >= 0
