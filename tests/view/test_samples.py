"""The page of an item begins with what became of it, and shows each text once, rendered and as it was written."""

from __future__ import annotations

import html
import re

import pytest

SYSTEM = "You are careful. " * 50
CODE = "# Sorting\n\n```python\nreturn a[1:]\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nso \\(x^2\\)"


def text_of(page):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def told_on(page):
    found = re.search(r'<p class="told ([a-z]*)">(.*?)</p>', page, re.DOTALL)
    return found[1], text_of(found[2])


@pytest.fixture
def responses(write_task):
    """A preference task with markdown, a chat with a tool, and numbers that the toy judge can read."""
    chat = [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": "weather?"},
        {"role": "assistant", "content": '<tool_call>{"city": "Oslo"}</tool_call>'},
        {"role": "tool", "content": "**cold**"},
        {"role": "user", "content": "and now?"},
    ]
    rows = [
        {"id": "code", "prompt": "sort", "chosen": CODE, "rejected": CODE.replace("a[1:]", "a")},
        {"id": "chat", "prompt": chat, "chosen": "2.0", "rejected": "1.5"},
        {"id": "wrong", "prompt": "number", "chosen": "1.0", "rejected": "2.25"},
        {"id": "alike", "prompt": "same", "chosen": "3.0", "rejected": "3.0"},
    ]
    return write_task("demo/pairs", rows, kind="preference")


def test_a_judge_s_sample_begins_with_its_verdict_and_marks_the_responses(responses, evaluate, view):
    evaluate("toy-judge", "demo/pairs")
    viewer = view()
    page = viewer.page("/cells/1/samples/2")
    assert told_on(page) == ("wrong", "✗ Wrong: picked response 2 in both orders; response 1 is better.")
    cards = re.findall(r'<section class="message response card([^"]*)">\s*<h3>(.*?)</h3>', page, re.DOTALL)
    assert [(classes.split(), text_of(head)) for classes, head in cards] == [
        (["liked"], "response 1 ✓ better"),
        (["missed"], "response 2 ▸ picked by toy-judge"),
    ]
    assert page.index('class="told') < page.index('class="turn')
    listed = text_of(viewer.page("/cells/1/samples"))
    assert "wrong number picked response 2; response 1 is better" in listed


def test_the_word_is_that_of_the_headline_so_that_filters_say_the_same(responses, evaluate, view, toys):
    path = responses
    path.write_text(path.read_text() + "metrics: [accuracy_strict]\n")
    evaluate("length", "demo/pairs")
    viewer = view()
    page = viewer.page("/cells/1/samples/3")
    assert told_on(page)[0] == "wrong"  # a tie is wrong by the strict accuracy
    assert "/samples/3" in viewer.page("/cells/1/samples?show=wrong")


def test_best_of_k_is_sorted_by_score_until_the_reader_wants_the_order_of_the_data(write_task, evaluate, view):
    rows = [{"id": "a", "prompt": "p", "responses": ["0.25", "3.0", "1.5"], "correct": [1, 0, 0]}]
    write_task("demo/best", rows * 1, kind="best-of-k")
    evaluate("toy-reader", "demo/best")
    viewer = view()

    def order(path):
        return re.findall(r'<span class="number">response (\d)</span>', viewer.page(path))

    page = viewer.page("/cells/1/samples/0")
    assert told_on(page) == ("wrong", "✗ Wrong: picked response 2 of 3 (score 3), which is not correct; 1 of 3 is.")
    assert order("/cells/1/samples/0") == ["2", "3", "1"]
    assert "/cells/1/samples/0?responses=data" in page
    assert order("/cells/1/samples/0?responses=data") == ["1", "2", "3"]


def test_texts_are_rendered_and_their_source_is_there_too(responses, evaluate, view):
    evaluate("length", "demo/pairs")
    page = view().page("/cells/1/samples/0?q=sorting")
    assert "<td>2</td>" in page
    assert "<msup>" in page
    assert '<pre class="source" dir="auto"># <mark>Sorting</mark>' in page
    assert '<h4 class="level1"><mark>Sorting</mark></h4>' in page
    assert page.count('class="rendered"') == 2


def test_turns_are_told_apart_and_long_system_prompts_are_folded(responses, evaluate, view):
    evaluate("length", "demo/pairs")
    page = view().page("/cells/1/samples/1")
    assert re.findall(r'class="turn (\w+)"', page) == ["system", "user", "assistant", "tool", "user"]
    assert '<details class="turn system"><summary><b>system</b>' in page
    assert '<span class="language">tool-call</span>' in page
    assert '<pre class="written" dir="auto">**cold**</pre>' in page  # what a tool said is data


def test_word_differences_are_shown_when_asked_for(responses, evaluate, view):
    evaluate("length", "demo/pairs")
    viewer = view()
    assert 'class="only"' not in viewer.page("/cells/1/samples/0")
    page = viewer.page("/cells/1/samples/0?diff=1,2")
    assert re.findall(r'<b class="only">(.*?)</b>', page) == ["[1:]"]
    for rubbish in ("1,1", "1,9", "x", "1", "1,2,3", "-1,0", "9999999999,1"):
        assert 'class="only"' not in viewer.page(f"/cells/1/samples/0?diff={rubbish}")


def test_a_scorer_and_a_judge_share_the_responses(responses, evaluate, view):
    evaluate("toy-judge", "demo/pairs")
    evaluate("length", "demo/pairs")
    page = view().page("/compare/1/2/2?show=all")
    assert page.count('class="message response card') == 2
    words = text_of(page)
    assert "✗ Wrong: picked response 2 in both orders; response 1 is better." in words
    assert "✗ Wrong: picked response 2 (4 over 3); response 1 is better." in words
    assert "response 2 ▸ picked by toy-judge ▸ picked by length length score 4" in words
    assert words.count("number") == 1  # the prompt


def test_a_failed_item_says_so_with_its_reason(write_task, rows, harness, view):
    made = rows(3)
    made[2]["responses"][0] = "refuse"
    write_task("demo/plain", made)
    harness("eval", "-m", "toy-reader", "-t", "demo/plain")
    page = view().page("/cells/1/samples/2")
    assert told_on(page) == ("failed", "✗ Failed: the model refused.")


KIND = """
from harness import ResponseMark, Told, hookimpl
from harness.kinds.best_of_k import BestOfK

class Telling(BestOfK):
    def expected(self, item):
        return "the " + item.fields["responses"][0]

    def tell(self, item):
        if item.row == 1:
            raise RuntimeError("boom")
        if item.row == 2:
            return "no Told"
        score, places = item.response()[0], list(item.positions[0])
        said = f"<b>{item.expected}</b> of {len(item.columns)}, scored {score:g} at {places}"
        return Told(said, "wrong", {0: ResponseMark("<i>grade 3</i>", None, score=2.5)})

@hookimpl
def register_tasks(register):
    register("telling", "plugin_telling:Telling", description="tells")
"""


def test_a_plugins_kind_tells_and_one_that_breaks_is_told_by_the_headline(add_plugin, write_task, rows, evaluate, view):
    add_plugin("telling", KIND)
    write_task("demo/telling", rows(3), kind="telling")
    evaluate("toy-reader", "demo/telling")
    viewer = view()
    page = viewer.page("/cells/1/samples/0")
    assert "<b>the" not in page
    assert "<b>the 0.25</b> of 3, scored 0.25 at [0, 1]." in told_on(page)[1]
    assert "&lt;i&gt;grade 3&lt;/i&gt;" in page
    for row in (1, 2):
        assert "best_of_k_accuracy of this item is" in told_on(viewer.page(f"/cells/1/samples/{row}"))[1]
    assert "the 0.25" not in viewer.page("/cells/1/samples")  # a list asks for no texts and no answers


@pytest.mark.slow
def test_two_long_responses_are_shown_soon(write_task, evaluate, view):
    import time

    words = [f"**word{i % 977}**" if i % 50 == 0 else f"word{i % 977}" for i in range(20_000)]
    paragraphs = "\n\n".join(" ".join(words[i : i + 80]) for i in range(0, len(words), 80))
    row = {"id": "long", "prompt": "much", "chosen": paragraphs, "rejected": paragraphs.replace("word7 ", "other ")}
    write_task("demo/long", [row], kind="preference")
    evaluate("length", "demo/long")
    viewer = view()
    viewer.page("/cells/1/samples/0")
    began = time.perf_counter()
    page = viewer.page("/cells/1/samples/0")
    assert time.perf_counter() - began < 3
    assert page.count('class="rendered"') == 2
    assert 'class="only"' in viewer.page("/cells/1/samples/0?diff=1,2")
