"""A task that says that it is sensitive has no text on any page, unless somebody asks for texts."""

import html
import re
from pathlib import Path

import pytest

PLUGIN = """
from harness import Completion, Failure, Model, hookimpl

class Quoting(Model):
    def generate(self, requests):
        return [self._reply(request.prompt.text) for request in requests]

    def _reply(self, text):
        if "item 2" in text:
            return Failure(f"cannot answer {text!r}")
        return (Completion(f"Sure: GOOSEBERRY for {text}"),)

@hookimpl
def register_models(register):
    register("quoting", "plugin_quoting:Quoting", offers=("generate",), description="quotes what it is asked")
    register("other", "plugin_quoting:Quoting", offers=("generate",), description="the same under another name")
"""
SECRETS = ("MARMALADE", "GOOSEBERRY")


@pytest.fixture
def store(add_plugin, write_task, harness):
    """Two models on a task whose prompts and replies hold secrets; one item failed with a reason that quotes one."""
    add_plugin("quoting", PLUGIN)
    rows = [
        {"id": f"i{n}", "prompt": f"Tell me MARMALADE of item {n}", "goal": "the MARMALADE", "kind": "jam"}
        for n in range(4)
    ]
    grader = {"grader": "refusal-prefixes"}
    write_task("demo/secrets", rows, kind="attempts", slices=["kind"], roles=grader, sensitive=True)
    ran = harness("eval", "-m", "quoting", "-m", "other", "-t", "demo/secrets", "--json")
    assert len(ran.document["failures"]) == 2


def links_of(page):
    return {html.unescape(link) for link in re.findall(r'(?:href|action|src)="(/[^"#]*)"', page)}


def every_page(viewer):
    """All pages that can be reached by links, and a few that take a search or a comparison of responses."""
    todo = {
        "/",
        "/cells",
        "/cells/1/samples?q=MARMALADE",
        "/cells/1/samples?q=GOOSEBERRY&place=model",
        "/cells/1/samples?show=failed",
        "/cells/1/samples/0?diff=1,2",
        "/compare/1/2?show=all&q=MARMALADE",
        "/compare/1/2/0",
        "/compare/1/2/2",
    }
    seen = {}
    while todo:
        path = todo.pop()
        if path in seen or path.startswith("/static"):
            continue
        answer = viewer.final(path)
        seen[path] = answer.text
        todo |= links_of(answer.text) - set(seen)
    return seen


def test_no_page_holds_a_text_of_a_sensitive_task(store, view, tmp_path):
    pages = every_page(view())
    assert len(pages) > 15
    leaks = {path: secret for path, page in pages.items() for secret in SECRETS if secret in visible(path, page)}
    assert leaks == {}
    assert "are sensitive, and hidden" in pages["/cells/1/samples/0"]
    assert "hidden: the reason" in html.unescape(pages["/cells/1/samples/2"] + pages["/cells/1"])
    written = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert not any(secret.encode() in path.read_bytes() for path in written for secret in SECRETS)
    assert "utcome: success" in html.unescape(pages["/cells/1/samples/0"])  # what became of it is there all the same


def visible(path, page):
    """A page without what a reader typed into its own address."""
    return page if "q=" not in path else re.sub(r"MARMALADE|GOOSEBERRY", "", page) if typed_only(page) else page


def typed_only(page):
    """Whether a page of a search holds the word only where the reader's own query is repeated."""
    without = re.sub(r'(value|href|action)="[^"]*"', "", page)
    return "Tell me" not in without and "Sure:" not in without


def test_texts_are_there_for_who_asks(store, view):
    pages = every_page(view(show_sensitive=True))
    assert "MARMALADE of item 0" in html.unescape(pages["/cells/1/samples/0"])
    assert "GOOSEBERRY" in pages["/cells/1/samples/0"]
    assert "cannot answer" in html.unescape(pages["/cells/1"])


def test_a_task_that_becomes_sensitive_is_hidden_at_once_and_its_results_stay(store, view):
    file = Path("tasks/demo/secrets.yaml")
    file.write_text(file.read_text().replace("sensitive: true", "sensitive: false"))
    shown = view().page("/cells/1/samples/0")
    assert "MARMALADE" in shown
    file.write_text(file.read_text().replace("sensitive: false", "sensitive: true"))
    hidden = view().page("/cells/1/samples/0")
    assert "MARMALADE" not in hidden
