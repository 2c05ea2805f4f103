"""Markdown of anybody becomes safe elements, or stays as it was written."""

from __future__ import annotations

import re
import time
from html.parser import HTMLParser

import pytest
from harness_plugins.view.differences import marked_differences
from harness_plugins.view.markup import LONGEST, shown_text
from harness_plugins.view.texts import both_forms
from harness_plugins.view.words import pattern_of
from hypothesis import given, settings
from hypothesis import strategies as st

from .conftest import HOSTILE, OVERRIDE

MEANT = {
    *("p", "br", "hr", "h4", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "table", "thead"),
    *("tbody", "tr", "th", "td", "span", "mark", "div", "math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mfrac"),
    *("msqrt", "mroot", "msub", "msup", "msubsup", "munder", "mover", "munderover", "mtable", "mtr", "mtd", "mstyle"),
    *("mpadded", "mphantom", "menclose"),
}
HARMLESS = {
    *("class", "start", "display", "stretchy", "fence", "form", "separator", "minsize", "maxsize", "mathvariant"),
    *("linethickness", "width", "columnalign", "displaystyle", "scriptlevel", "notation", "accent", "accentunder"),
}


class Elements(HTMLParser):
    """The elements and attributes of a piece of HTML."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.names = set(), set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.names |= {name for name, _ in attrs}


def rendered(text):
    return str(both_forms(text).rendered or "")


def is_safe(text):
    found = Elements(text)
    return found.tags <= MEANT and found.names <= HARMLESS


def test_marks_become_elements():
    page = rendered(
        "# Title\n\nsome **bold** `code < 1`\n\n```python\nif a < b:\n    pass\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |"
    )
    assert '<h4 class="level1">Title</h4>' in page
    assert "<strong>bold</strong>" in page
    assert "<code>code &lt; 1</code>" in page
    assert "if a &lt; b:\n    pass" in page
    assert "<td>2</td>" in page


@pytest.mark.parametrize(
    "latex", ["$x^2$", r"\(x^2\)", "$$x^2$$", "\\[\nx^2\n\\]", r"so \[x^2\] is", r"\begin{align}x^2\end{align}"]
)
def test_formulas_become_mathml_in_whichever_marks_they_stand(latex):
    assert "<msup><mi>x</mi><mn>2</mn></msup>" in rendered(latex)


def test_money_is_no_formula():
    assert both_forms("it costs $5 and $6").rendered is None


def test_a_formula_that_cannot_be_read_stays_as_it_was_written():
    assert r"<code>$\left( x$</code>" in rendered(r"**so** $\left( x$")


@pytest.mark.parametrize("text", ["two words", "lines\nof a text\n\nand a paragraph  with blanks", "a_b 2*3 <b>x</b>"])
def test_a_text_without_marks_is_the_same_in_both_forms(text):
    assert both_forms(text).rendered is None
    assert both_forms(text).why_source == ""


def test_links_lead_nowhere_and_pictures_are_not_loaded():
    page = rendered("[here](https://example.org/a?b=1) <https://example.org> ![i](https://example.org/x.png)")
    assert '<span class="link">here</span> <span class="address">(https://example.org/a?b=1)</span>' in page
    assert "![i](https://example.org/x.png)" in page
    assert "href" not in page
    assert "src=" not in page


@pytest.mark.parametrize(
    "text",
    [
        *(f"**a** {text}" for text in HOSTILE.values()),
        "[x](javascript:alert(1)) [y](data:text/html,<script>) **b**",
        "**b** <svg onload=alert(1)> <math><mtext></mtext><script>alert(1)</script></math>",
        r"$\text{<script>alert(1)</script>}$",
        r"$\text{</mtext><img src=x onerror=alert(1)>}$",
        r"$&#60;img src=x onerror=alert(1)&#62;$ $\href{javascript:x}{y}$",
        r"$\style{position:fixed}{x}$ $\class{evil}{x}$ $\color{red;background:url(//evil)}{x}$",
        '```<script>\nx\n```\n\n```" onload=alert(1) x="\nx\n```',
        "| <script>alert(1)</script> | x |\n|---|---|\n| <img src=x onerror=alert(1)> | y |",
        "<details open ontoggle=alert(1)>**x**</details>",
    ],
)
def test_no_markup_of_the_text_gets_through(text):
    page = rendered(text)
    assert is_safe(page)
    assert "javascript:" not in re.sub(r">[^<]*<", "><", page)  # as text it may be seen


@given(st.text(alphabet=st.sampled_from(list("<>\"'`*_[]()!|$\\#&;- \n=/abx{}^~:")), max_size=120))
@settings(max_examples=150, deadline=None)
def test_whatever_is_written_is_safe(text):
    assert is_safe(rendered(text))
    assert not Elements(str(both_forms(text).source)).tags


def test_characters_that_turn_the_text_or_end_it_are_shown():
    forms = both_forms(f"**a** {OVERRIDE} b\x00c")
    for form in (forms.source, forms.rendered):
        assert "\u202e" not in form
        assert "\x00" not in form
        assert "\\u202e" in form
        assert "\\x00" in form


def test_an_unclosed_fence_ends_with_the_text():
    assert "<code>x = 1</code></pre>" in rendered("so\n```\nx = 1")


HUGE = {
    "a megabyte": "word " * 200_000,
    "one paragraph": "*a " * 40_000,
    "quotations": "> " * 3000 + "x",
    "lists": "".join("  " * i + "- a\n" for i in range(200)),
    "brackets": ("[" * 9_000 + "\n\n") * 4,
    "pictures": ("![a" * 3_000 + "\n\n") * 4,
    "open formulas": "$$a\n\n" * 3_000,
    "open environments": "\\begin{align}\n\n" * 1_500,
    "empty cells": "|a" * 500 + "\n" + "|-" * 500 + "\n" + "x\n" * 1000,
    "deep formula": "**x** $" + "{" * 900 + "}" * 900 + "$" + "$" + "\\frac{" * 300 + "$",
}


@pytest.mark.parametrize("name", HUGE)
def test_a_text_made_to_take_long_is_shown_all_the_same(name):
    text = HUGE[name]
    began = time.process_time()
    forms = both_forms(text)
    assert time.process_time() - began < 8
    assert forms.rendered is None or len(forms.rendered) <= 20 * len(text) + 10_000
    assert len(forms.source) >= len(text)
    if len(text) > LONGEST:
        assert forms.why_source == "longer than 200,000 characters"


def test_nothing_is_left_out_where_quotations_are_too_deep():
    forms = both_forms("> " * 60 + "hidden")
    assert forms.rendered is None
    assert "hidden" in forms.source
    assert forms.why_source


def test_calls_of_tools_are_code():
    page = rendered('I look. <tool_call>{"name": "<b>"}</tool_call>')
    assert '<span class="language">tool-call</span><code>{"name": "&lt;b&gt;"}' in page


def test_hits_are_marked_in_both_forms():
    forms = shown_text("a **needle** in `the needle` & [a needle](https://needle.org)", pattern_of("needle"))
    assert forms.source.count("<mark>needle</mark>") == 4
    assert forms.rendered.count("<mark>needle</mark>") == 4
    assert "&amp;" in forms.source


# differences


def test_words_that_only_one_text_has_are_marked():
    first, second, whole = marked_differences("the quick  fox\njumps <b>", "the slow fox jumps over <b>")
    assert first == 'the <b class="only">quick</b>  fox\njumps &lt;b&gt;'
    assert second == 'the <b class="only">slow</b> fox jumps <b class="only">over</b> &lt;b&gt;'
    assert whole


@given(st.text(max_size=60), st.text(max_size=60))
@settings(max_examples=60, deadline=None)
def test_differences_change_no_text(first, second):
    for shown, text in zip(marked_differences(first, second)[:2], (first, second), strict=True):
        assert shown.replace('<b class="only">', "").replace("</b>", "").unescape() == text


def test_only_the_beginning_of_very_long_texts_is_compared():
    first, second, whole = marked_differences("a " * 30_000, "a " * 25_000 + "b")
    assert not whole
    assert "only" not in first
    assert second.endswith("b")
