"""A whole site in a browser: links, servers, phones, light and dark."""

import threading
import urllib.parse
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest


def test_every_link_of_every_page_leads_somewhere_and_no_page_complains(visit, site):
    todo, seen = [site / "index.html"], set()
    while todo:
        file = todo.pop()
        seen.add(file)
        page = visit(file)
        for target in page.evaluate("[...document.querySelectorAll('a[href]')].map(a => a.href)"):
            parts = urllib.parse.urlsplit(target)
            assert parts.scheme == "file"
            path = Path(urllib.parse.unquote(parts.path))
            assert path.is_file(), f"{file}: {target}"
            if path.suffix == ".html" and path not in seen and path not in todo:
                todo.append(path)
    assert seen == set(site.rglob("*.html"))


def test_a_site_works_below_a_folder_of_a_server_too(site, browser):
    complaints = []
    page = browser.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("response", lambda response: complaints.append(response.url) if response.status >= 400 else None)
    handler = partial(QuietHandler, directory=str(site.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        start = f"http://127.0.0.1:{server.server_port}/{site.name}/"
        page.goto(start)
        page.get_by_role("link", name="lab", exact=True).click()
        page.locator("#board tbody tr").first.wait_for()
        page.goto(f"{start}lab/compare.html#models=good,better")
        page.locator("#differences:not([hidden])").wait_for()
        page.goto(f"{start}lab/tasks/pairs.html")
        page.locator(".plot svg.main-svg").first.wait_for()
        page.close()
        server.shutdown()
    assert complaints == []


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_is_wider_than_a_phone(visit, site, theme):
    for file in site.rglob("*.html"):
        page = visit(file, width=390)
        page.evaluate(f"document.documentElement.dataset.theme = {theme!r}")
        page.wait_for_load_state()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, file


def test_the_index_leads_to_the_benchmarks_and_their_best(visit, site):
    page = visit(site / "index.html")
    assert page.locator(".card h2").all_text_contents() == ["lab", "alone"]
    with page.expect_navigation():
        page.get_by_role("link", name="lab").click()
    assert page.locator("h1").text_content() == "lab"


def test_the_table_is_there_without_scripts(site, browser):
    page = browser.new_page()
    client = browser.new_cdp_session(page)
    client.send("Emulation.setScriptExecutionDisabled", {"value": True})
    page.goto((site / "lab" / "index.html").as_uri())
    assert "better" in page.inner_text("#board")
    assert page.locator("#board tbody tr:not(.divider)").count() == 7
    page.close()


def test_the_theme_follows_the_system_and_then_the_reader(board, visit, site):
    assert board.evaluate("document.documentElement.dataset.theme") == "light"
    background = "getComputedStyle(document.documentElement).backgroundColor"
    light = board.evaluate(background)
    board.emulate_media(color_scheme="dark")
    board.locator("html[data-theme=dark]").wait_for()
    assert board.evaluate(background) != light
    board.get_by_role("button", name="Switch between light and dark").click()
    assert board.evaluate(background) == light
    other = visit(site / "lab" / "compare.html")
    assert other.evaluate("document.documentElement.dataset.theme") == "light"
