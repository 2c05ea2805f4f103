"""A chat template that loops or multiplies is stopped; what others render stays as it was."""

import time

import pytest
import tiny
from harness_plugins.hf.tokens import Encoder

from harness import Conversation, Failure
from harness.errors import CellError
from harness.running import chat_templates
from harness.running.chat_templates import TemplateBounds, render_chat

MESSAGES = [{"role": "user", "content": "Hello\tthere"}, {"role": "assistant", "content": "Hi"}]

LOOPS = {
    "nested loops": "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "a loop with a condition": (
        "{% for a in range(99999) %}{% for b in range(99999) if b is odd %}x{% endfor %}{% endfor %}"
    ),
    "a macro that calls itself": (
        "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(40) }}"
    ),
    "a recursive loop": (
        "{% for a in [1, 1] recursive %}{% if loop.depth < 40 %}{{ loop([1, 1]) }}{% endif %}{% endfor %}"
    ),
}
DOUBLE = "{%% set n = namespace(a='xx') %%}{%% for i in range(40) %%}%s{%% endfor %%}{{ n.a }}"
MULTIPLIES = {
    "a product": "{{ 'x' * 4000000000 }}",
    "a product of lists": "{{ ([messages] * 400000000) | length }}",
    "products of products": "{% set a = 'x' * 60000 %}{% set b = a * 60000 %}{{ b }}",
    "doubling by +": DOUBLE % "{% set n.a = n.a + n.a %}",
    "doubling by ~": DOUBLE % "{% set n.a = n.a ~ n.a %}",
    "doubling by blocks": DOUBLE % "{% set b %}{{ n.a }}{{ n.a }}{% endset %}{% set n.a = b %}",
    "a width": "{{ 'x'.center(3000000000) }}",
    "a width of a filter": "{{ 'x' | center(3000000000) }}",
    "a format": "{{ '%3000000000d' % 1 }}",
    "a format of a method": "{{ '{:>3000000000}'.format(1) }}",
    "a format of a filter": "{{ '%03000000000d' | format(1) }}",
    "replacing": "{% set a = 'x' * 60000 %}{{ a.replace('x', a) | length }}",
    "replacing by a filter": "{% set a = 'x' * 60000 %}{{ a | replace('x', a) | length }}",
    "joining": "{% set a = 'x' * 60000 %}{{ a.join(range(60000) | map('string')) | length }}",
    "joining by a filter": "{% set a = 'x' * 60000 %}{{ range(60000) | list | join(a) | length }}",
    "indenting": "{% set a = '\n' * 60000 %}{{ a | indent(60000, true) | length }}",
    "tabs": "{% set a = '\t' * 60000 %}{{ a.expandtabs(60000) | length }}",
    "a list in itself": "{% set a = ['x' * 60000] * 60000 %}{{ a }}",
    "a list in itself, as a text": "{% set a = ['x' * 60000] * 60000 %}{{ a | string | length }}",
    "a list in itself, as JSON": "{% set a = ['x' * 60000] * 60000 %}{{ a | tojson | length }}",
    "lists that are summed": "{{ ([[1] * 60000] * 60000) | sum(start=[]) | length }}",
    "a power": "{{ 10 ** (10 ** 10) }}",
    "squares of squares": (
        "{% set n = namespace(x=9) %}{% for i in range(60) %}{% set n.x = n.x * n.x %}{% endfor %}{{ n.x }}"
    ),
    "slices that are kept": (
        "{% set n = namespace(a=[]) %}{% set t = 'x' * 60000 %}"
        "{% for i in range(60000) %}{% set n.a = n.a + [t[1:]] %}{% endfor %}"
    ),
    "lines of the template": "{% for a in range(90000) %}" + "x" * 90000 + "{% endfor %}",
}


@pytest.fixture(scope="module")
def tokenizer():
    return tiny.tokenizer()


@pytest.fixture
def few_steps(monkeypatch):
    """Bounds that are reached at once."""
    monkeypatch.setattr(chat_templates, "STEPS", 20_000)


@pytest.mark.parametrize("template", [*LOOPS.values(), *MULTIPLIES.values()], ids=[*LOOPS, *MULTIPLIES])
@pytest.mark.usefixtures("few_steps")
def test_a_template_that_loops_or_multiplies_is_stopped(tokenizer, template):
    start = time.perf_counter()
    with pytest.raises(TemplateBounds):
        render_chat(tokenizer, MESSAGES, chat_template=template)
    assert time.perf_counter() - start < 15


@pytest.mark.usefixtures("few_steps")
def test_a_conversation_is_a_failure_and_a_template_that_never_ends_ends_the_cell(tokenizer):
    template = "{% if messages[0].content == 'loop' %}" + LOOPS["nested loops"] + "{% endif %}{{ messages[0].content }}"
    tokenizer.chat_template = template
    encoder = Encoder(tokenizer, context=100, path="somewhere")
    loop, fine = Conversation.user("loop"), Conversation.user("fine")
    first, second, third = encoder.prompts([loop, fine, loop])
    assert isinstance(first, Failure)
    assert "stopped" in first.reason
    assert isinstance(second, list)
    assert isinstance(third, Failure)
    with pytest.raises(CellError, match=r"'somewhere'.*chat_template=FILE"):
        encoder.prompts([loop, loop, loop])


USUAL = [
    tiny.CHAT,
    "{% for m in messages %}{{ loop.index0 ~ m['role'] + ': ' + m.content[1:].strip() }}{% if not loop.last %}\n"
    "{% endif %}{% endfor %}",
    "{%- set ns = namespace(text='') -%}{%- for m in messages if m.role != 'system' -%}{%- set ns.text = ns.text + "
    "m.content|trim|upper|replace('H', 'J') -%}{%- endfor -%}{{ ns.text }}{{ messages|tojson(indent=2) }}{{ loop }}",
    "{% macro turn(m, n=1) %}{{ m.role }}|{{ '=' * n }}|{{ m.content }}{% endmacro %}{% for m in messages %}"
    "{{ turn(m, n=loop.length) }}{{ loop.cycle('a', 'b') }}{{ loop.previtem is defined }}{% endfor %}",
    "{{ messages[::-1] | map(attribute='content') | join(', ') }}{{ '%s-%05.1f' % (messages[0].role, 2.5) }}"
    "{{ '{:>5}'.format(messages|length) }}{{ messages[-1]['content'].split('i')[0] }}{{ bos_token }}",
    "{% generation %}{{ messages[0].content }}{% endgeneration %}{% for a, b in {'x': 1, 'y': 2}.items() %}{{ a ~ b }}"
    "{% if loop.first %}{% continue %}{% endif %}{% break %}{% endfor %}{{ 2 ** 10 }}{{ 7 % 4 }}{{ none }}",
]


@pytest.mark.parametrize("template", USUAL)
def test_what_a_template_renders_is_what_it_rendered_without_bounds(tokenizer, template):
    import jinja2
    from jinja2.sandbox import ImmutableSandboxedEnvironment
    from transformers.utils import chat_template_utils

    found = render_chat(tokenizer, MESSAGES, chat_template=template)
    before = chat_template_utils.ImmutableSandboxedEnvironment
    assert before is not ImmutableSandboxedEnvironment
    chat_template_utils.ImmutableSandboxedEnvironment = ImmutableSandboxedEnvironment
    try:
        plain = chat_template_utils._cached_compile_jinja_template(template)
    finally:
        chat_template_utils.ImmutableSandboxedEnvironment = before
    assert isinstance(plain, jinja2.Template)
    names = tokenizer.special_tokens_map
    assert found == plain.render(messages=MESSAGES, tools=None, documents=None, add_generation_prompt=False, **names)


def test_a_long_conversation_is_rendered(tokenizer):
    messages = [{"role": "user", "content": "word " * 2000}] * 500
    template = (
        "{% set n = namespace(t='') %}{% for m in messages %}{% set n.t = n.t + m.content %}{% endfor %}{{ n.t }}"
    )
    assert render_chat(tokenizer, messages, chat_template=template) == "word " * 1_000_000
