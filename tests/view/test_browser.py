"""As a reader sees it: a real browser opens, clicks, searches, and stays silent."""

from __future__ import annotations

import re
import sqlite3
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from .conftest import HOSTILE

OURS = {"/static/theme.js", "/static/view.js", "/static/keys.js", "/static/sample.js"}
POLLING = ("/", "/runs")
"""Pages that always wait for more."""


@pytest.fixture
def viewer(pairs, evaluate, view, add_plugin):
    """Two models on hostile pairs; the second writes hostile verdicts and errors."""
    source = f"""
from harness import Failure, Model, Verdict, hookimpl

HOSTILE = {list(HOSTILE.values())!r}

class Hostile(Model):
    def compare(self, requests):
        return [self.answer(i, request) for i, request in enumerate(requests)]

    def answer(self, i, request):
        number = int(request.prompt.text.split()[1]) if request.prompt.text.startswith("question") else 4
        if number < len(HOSTILE):
            return Failure(HOSTILE[number])
        return Verdict(0.25, HOSTILE[number % len(HOSTILE)])

    def remarks(self):
        return HOSTILE

@hookimpl
def register_models(register):
    register("hostile", "plugin_hostile:Hostile", offers=("compare",))
"""
    add_plugin("hostile", source)
    pairs()
    evaluate("toy-judge", "demo/pairs")
    evaluate("hostile", "demo/pairs")
    started = view()
    for path in ("/cells/1/samples", "/cells/2/samples", "/compare/1/2"):
        started.page(path)
    return started


def settle(tab):
    """Wait until nothing on the page is still to come."""
    if urlsplit(tab.url).path in POLLING:
        return
    tab.wait_for_load_state()
    tab.wait_for_selector("[data-poll]", state="detached")


def follow(tab, link):
    """Click, and wait for the page that the link leads to."""
    with tab.expect_navigation():
        link.click()


def listed(tab):
    return tab.locator(".samples .id bdi").all_inner_texts()


def test_from_a_run_to_a_sample_and_on_to_the_other_model(viewer, tab):
    tab.goto(viewer.address)
    follow(tab, tab.get_by_role("link", name="run 1"))
    follow(tab, tab.get_by_role("link", name="toy-judge", exact=True))
    assert tab.locator("h1").inner_text().startswith("toy-judge on demo/pairs")
    follow(tab, tab.get_by_role("link", name="Worst items"))
    settle(tab)
    assert tab.locator(".samples .state").all_inner_texts() == ["wrong"] * 10
    follow(tab, tab.locator(".sample").nth(4))
    assert tab.locator("h1").inner_text() == "item-12"
    assert tab.locator("pre").first.inner_text() == "question 12 about the weather"
    tab.keyboard.press("j")
    tab.wait_for_url("**/samples/15?*")
    tab.keyboard.press("k")
    tab.wait_for_url("**/samples/12?*")
    follow(tab, tab.get_by_role("link", name="hostile"))
    settle(tab)
    assert tab.locator("article h2").all_inner_texts() == ["toy-judge", "hostile"]
    boxes = [tab.locator("article").nth(i).bounding_box() for i in (0, 1)]
    assert boxes[0]["y"] == boxes[1]["y"]


def test_filters_apply_at_once_and_stay_in_the_address(viewer, tab):
    tab.goto(viewer.address + "/cells/1/samples")
    settle(tab)
    tab.get_by_label("Show").select_option("failed")
    tab.wait_for_url("**show=failed**")
    settle(tab)
    assert listed(tab) == ["item-5"]
    tab.get_by_label("Show").select_option("right")
    tab.wait_for_url("**show=right**")
    tab.get_by_label("Domain").select_option("hard")
    tab.wait_for_url("**domain=hard**")
    settle(tab)
    numbers = [int(name.removeprefix("item-")) for name in listed(tab)]
    assert numbers == [i for i in range(30) if i % 3 and i % 2 == 0]
    tab.reload()
    assert tab.get_by_label("Domain").input_value() == "hard"


def test_searching_by_keyboard(viewer, tab):
    tab.goto(viewer.address + "/cells/1/samples")
    settle(tab)
    tab.get_by_label("Search").fill("needle")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**q=needle**")
    settle(tab)
    assert listed(tab) == ["item-4"]
    tab.go_back()
    assert tab.get_by_label("Search").is_enabled()


def test_every_link_leads_somewhere_and_nothing_is_said_on_the_console(viewer, tab):
    waiting, seen = [viewer.address + "/"], set()
    while waiting:
        address = waiting.pop()
        tab.goto(address)
        tab.wait_for_load_state()
        settle(tab)
        for href in tab.eval_on_selector_all("a[href]", "links => links.map(link => link.href.split('#')[0])"):
            assert href.startswith(viewer.address + "/"), href
            kind = re.sub(r"\d+", "N", href.partition("?")[0])
            if (kind, "show" in href, "page" in href) not in seen:
                seen.add((kind, "show" in href, "page" in href))
                waiting.append(href)
    assert len(seen) >= 12


PATHS = [
    "/",
    "/?models=%3Cb%3E&sort=demo/pairs",
    "/runs",
    "/runs/2",
    "/cells",
    "/cells/2",
    "/cells/2/samples",
    *(f"/cells/2/samples/{row}" for row in (0, 1, 2, 3, 5, 6, 7, 10, 11, 12)),
    "/cells/1/samples/4",
    "/compare/1/2?show=all",
    "/compare/1/2/3?show=all",
    "/cells/1/samples?q=%3Cscript%3Ewindow.pwned%3D1%3C/script%3E",
    "/cells?model=%22%3E%3Cimg%20src%3Dx%20onerror%3Dwindow.pwned%3D1%3E",
]


def test_what_models_and_data_wrote_stays_text(viewer, tab):
    for path in PATHS:
        tab.goto(viewer.address + path)
        settle(tab)
        assert tab.evaluate("window.pwned") is None, path
        scripts = tab.eval_on_selector_all("script", "all => all.map(one => new URL(one.src).pathname)")
        assert set(scripts) - {"/static/heat.js"} <= OURS, path
        assert tab.locator("img, iframe, object, plaintext, textarea, main script, main style, main link").count() == 0
        names = tab.eval_on_selector_all("*", "all => all.flatMap(e => [...e.attributes].map(a => a.name))")
        assert [name for name in names if name.startswith("on") or name == "style"] == [], path
        hrefs = tab.eval_on_selector_all("a", "all => all.map(one => one.protocol)")
        assert set(hrefs) <= {"http:"}, path
        assert "\u202e" not in tab.content(), path


def test_hostile_texts_are_shown_letter_for_letter(viewer, tab):
    texts = list(HOSTILE.values())
    for row, text in enumerate(texts[:3]):
        tab.goto(viewer.address + f"/cells/2/samples/{row}")
        settle(tab)
        assert tab.locator("pre").first.inner_text() == f"question {row} {text}"
        assert tab.locator("p.error").first.inner_text() == f"failed: {text}"
    tab.goto(viewer.address + "/cells/2/samples/8")
    settle(tab)
    assert tab.locator(".written pre").first.inner_text() == texts[0]
    tab.goto(viewer.address + "/cells/1/samples/3")
    settle(tab)
    assert tab.locator("h1").inner_text() == HOSTILE["handler"]
    tab.goto(viewer.address + "/cells/1/samples/4")
    settle(tab)
    assert "abc\\u202egnp.exe" in tab.locator("pre").first.inner_text()


def test_nothing_is_wider_than_the_screen(viewer, tab):
    for width in (1280, 390):
        tab.set_viewport_size({"width": width, "height": 800})
        for path in (
            "/",
            "/runs",
            "/runs/1",
            "/cells",
            "/cells/2",
            "/cells/2/samples",
            "/cells/2/samples/3",
            "/compare/1/2/3",
        ):
            tab.goto(viewer.address + path)
            settle(tab)
            assert tab.evaluate("document.documentElement.scrollWidth") <= width, (path, width)


def test_a_run_under_way_is_watched_without_a_click(pairs, evaluate, view, tab, toys):
    pairs()
    evaluate("toy-judge", "demo/pairs")
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    description = '{"models": ["a <b>model</b>"], "tasks": ["demo/pairs"]}'
    store = sqlite3.connect(toys / ".harness/store.sqlite")
    with store:
        store.execute("INSERT INTO runs VALUES (2, ?, NULL, 'running', ?)", [now, description])
        store.execute("INSERT INTO progress VALUES (2, 1, 4, 'a <b>model</b>', 'demo/pairs', 5, 30, ?)", [now])
    viewer = view()
    tab.goto(viewer.address)
    assert tab.locator(".progress p").inner_text() == "cell 1 of 4: a <b>model</b> on demo/pairs, 5 of 30 items"
    with store:
        store.execute("UPDATE progress SET done = 25, cell = 3")
    tab.get_by_text("cell 3 of 4: a <b>model</b> on demo/pairs, 25 of 30 items").wait_for()
    assert float(tab.locator("progress").get_attribute("value")) == pytest.approx((2 + 25 / 30) / 4)
    with store:
        store.execute("UPDATE runs SET status = 'done', finished = ?", [now])
    store.close()
    tab.locator(".progress").wait_for(state="detached")
    assert tab.locator(".status.running").count() == 0


def test_light_or_dark_is_as_the_system_says_until_the_reader_chooses(viewer, tab):
    def shown():
        return tab.evaluate("[document.documentElement.dataset.theme, getComputedStyle(document.body).backgroundColor]")

    light, dark = ["light", "rgb(255, 255, 255)"], ["dark", "rgb(20, 23, 28)"]
    tab.emulate_media(color_scheme="dark")
    tab.goto(viewer.address)
    assert shown() == dark
    tab.emulate_media(color_scheme="light")
    tab.locator("html[data-theme=light]").wait_for()
    assert shown() == light
    button = tab.get_by_role("button", name="Switch between light and dark")
    button.focus()
    tab.keyboard.press("Enter")
    assert shown() == dark
    assert button.evaluate("button => button === document.activeElement")
    # Set by a script that the head waits for: no page is drawn in the other first.
    assert tab.evaluate(
        "[...document.head.querySelectorAll('script')].map(s => [s.src.split('/').pop(), s.defer])"
    ) == [
        ["theme.js", False],
        ["view.js", True],
        ["keys.js", True],
        ["heat.js", True],
    ]
    tab.goto(viewer.address + "/cells/1/samples")
    settle(tab)
    assert shown() == dark
    tab.get_by_role("button", name="Switch between light and dark").click()
    assert shown() == light
    tab.evaluate("localStorage.clear()")
