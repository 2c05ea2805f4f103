"""Chat templates are programs out of a model's folder: they are rendered in transformers' sandbox, and within bounds.

The sandbox keeps a template from files and from Python. It does not keep a template from looping, or from multiplying a
text until memory is gone. Here every round of a loop and every call is counted, and the result of an operation is
measured before it is made: a template that needs more than any conversation does is refused early.
"""

from __future__ import annotations

import contextlib
import functools
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import GeneratorType
from typing import Any

STEPS = 200_000
"""Rounds of loops, calls, filters and operators of one rendering; more for a conversation of many messages."""
CHARACTERS = 1 << 26
"""Characters, and elements of lists, that one rendering may make in all; more for a long conversation."""
SECONDS = 10.0
"""Seconds that one rendering may take; a real one takes thousandths."""
LARGEST = 100_000
"""Largest number that a filter or a method may be given, such as a width."""

LARGEST_BITS = 1 << 16
"""Most binary digits of a whole number: the time of a product grows with its digits, not with steps."""


class TemplateBounds(Exception):
    """Raised where a chat template needs more steps, time or room than is allowed."""


class _Budget:
    """The steps, time and room that are left to one rendering."""

    def __init__(self, steps: int, characters: int) -> None:
        self.allowed = self.steps = steps
        self.characters = characters
        self.deadline = time.monotonic() + SECONDS

    def step(self) -> None:
        self.steps -= 1
        if self.steps < 0:
            raise TemplateBounds(f"it takes more than {self.allowed:,} steps")
        if self.steps % 64 == 0 and time.monotonic() > self.deadline:
            raise TemplateBounds(f"it takes longer than {SECONDS:g} s")

    def make(self, size: int) -> None:
        self.characters -= size
        if self.characters < 0:
            raise TemplateBounds("it makes texts of more characters than a conversation ever has")


_NOW = threading.local()


def _budget() -> _Budget:
    """Return the budget of the rendering in this thread; a fresh one while a template is being compiled."""
    return getattr(_NOW, "budget", None) or _Budget(STEPS, CHARACTERS)


@contextlib.contextmanager
def _within(steps: int, characters: int) -> Iterator[None]:
    before = getattr(_NOW, "budget", None)
    _NOW.budget = _Budget(steps, characters)
    try:
        yield
    finally:
        _NOW.budget = before


def render_chat(tokenizer: Any, messages: Sequence[Mapping[str, str]], **arguments: Any) -> str:
    """Render a conversation by a tokenizer's chat template, within bounds.

    Args:
        tokenizer: A tokenizer of transformers.
        messages: The messages, each with a role and a content.
        **arguments: Further arguments of ``apply_chat_template``.

    Raises:
        TemplateBounds: the template needs more than is allowed.
    """
    bound()
    held = sum(len(str(value)) for message in messages for value in message.values())
    # A template that puts a text together message by message copies its beginning with every one.
    with _within(STEPS + 1000 * len(messages), CHARACTERS + 8 * held * (1 + len(messages))):
        return str(tokenizer.apply_chat_template(list(messages), tokenize=False, **arguments))


@functools.cache
def bound() -> None:
    """Make transformers compile chat templates into a sandbox with bounds from now on, in this process.

    Raises:
        RuntimeError: this version of transformers makes its sandbox in another way.
    """
    from jinja2.sandbox import ImmutableSandboxedEnvironment
    from transformers.utils import chat_template_utils

    where: Any = chat_template_utils
    if getattr(where, "ImmutableSandboxedEnvironment", None) is not ImmutableSandboxedEnvironment:
        raise RuntimeError(
            "chat templates cannot be bounded with this version of transformers: install the version that harness was "
            "tested with (constraints.txt)"
        )
    where.ImmutableSandboxedEnvironment = _environment()
    forget = getattr(getattr(where, "_compile_jinja_template", None), "cache_clear", None)
    if forget is not None:  # templates that were compiled before have no bounds
        forget()


def _size(value: Any, sizes: dict[int, int] | None = None) -> int:
    """Count the characters and elements of a value and of everything in it, as if nothing in it were shared."""
    if isinstance(value, str | bytes):
        return len(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value.bit_length() // 3 + 1
    if not isinstance(value, Mapping | list | tuple | set | frozenset):
        return 1
    sizes = {} if sizes is None else sizes
    if id(value) not in sizes:  # a list may hold another one many times over
        parts = (*value.keys(), *value.values()) if isinstance(value, Mapping) else value
        sizes[id(value)] = len(value) + sum(_size(part, sizes) for part in parts)
    return sizes[id(value)]


def _check_before(name: str, values: Sequence[Any]) -> None:
    """Refuse, by its arguments, an operation that would make far more than it is given."""
    budget = _budget()
    budget.step()
    texts = [value for value in values if isinstance(value, str)]
    numbers = [value for value in values if isinstance(value, int) and not isinstance(value, bool)]
    if any(abs(number) > LARGEST for number in numbers) and name != "range":
        raise TemplateBounds(f"it gives {name} a number over {LARGEST:,}")
    sizes = [_size(value) for value in values]
    if sum(sizes) > budget.characters:
        budget.make(sum(sizes))
    if name in ("replace", "join", "indent", "expandtabs", "tojson", "wordwrap"):
        # Each element of the larger value may be followed by all of the others, or by that many blanks.
        most = max(sizes, default=0)
        rest = sum(sizes) - most + max(map(abs, numbers), default=0)
        if most * rest > budget.characters and _multiplied(name, values) > budget.characters:
            raise TemplateBounds(f"{name} would make a text of too many characters")
    if name == "sum" and any(isinstance(part, list | tuple) for part in _elements(values[0])):
        budget.make(len(values[0]) * sizes[0])  # lists are put together one by one, each time anew
    if name in ("format", "%") and texts:
        fields = texts[0].count("{") + texts[0].count("%")
        widths = sum(min(int(digits[:9]), 1 << 40) for digits in re.findall(r"\d+", texts[0]))
        largest = max((*map(abs, numbers), *(len(text) for text in texts[1:]), 0))
        if widths + fields * largest > budget.characters or widths > LARGEST * 10:
            raise TemplateBounds("it asks for fields of too many characters")


def _elements(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()


def _held(value: Any) -> Any:
    """Return a value, or the list of an iterator's remaining values: an iterator cannot be measured otherwise."""
    return (
        list(_counted(value)) if isinstance(value, GeneratorType | map | zip | filter | enumerate | reversed) else value
    )


def _multiplied(name: str, values: Sequence[Any]) -> int:
    """Return the most characters that an operation which repeats one of its texts can make."""
    numbers = [abs(value) for value in values if isinstance(value, int) and not isinstance(value, bool)]
    if name == "replace":
        text, old, new = (str(value) for value in [*values, "", "", ""][:3])
        return len(text) + (text.count(old) if old else len(text) + 1) * len(new)
    if name == "join":
        by, joined = values if isinstance(values[0], str) and len(values) == 2 else ([*values, ""][1], values[0])
        count = len(joined) if hasattr(joined, "__len__") else LARGEST
        return _size(joined) + count * len(str(by))
    lines = str(values[0]).count("\n") + str(values[0]).count("\t") + 1 if isinstance(values[0], str) else 0
    width = max([*numbers, *(len(value) for value in values[1:] if isinstance(value, str)), 0])
    return _size(values[0]) * (1 if lines else 1 + width * 16) + lines * width


def _check_bits(bits: int) -> None:
    """Refuse a whole number of more binary digits than any conversation needs."""
    if bits > LARGEST_BITS:
        raise TemplateBounds(f"it makes a whole number of more than {LARGEST_BITS:,} binary digits")


def _made(value: Any) -> Any:
    """Charge the budget for the new text or list that an operation made, and return it."""
    if isinstance(value, str | bytes | list | tuple | dict):
        _budget().make(len(value))
    return value


def _counted(values: Iterable[Any]) -> Iterator[Any]:
    """Yield the values of a loop, and count each round."""
    for value in values:
        _budget().step()
        yield value


def _joined(pieces: Iterable[Any]) -> str:
    """Join pieces of a text; each piece is measured before the text is made."""
    budget = _budget()
    held = []
    for piece in pieces:
        budget.step()
        text = piece if isinstance(piece, str) else _shown(piece)
        budget.make(len(text))
        held.append(text)
    return "".join(held)


def _shown(value: Any) -> str:
    """Return the text that stands for a value."""
    _within_room(value)
    return str(value)


def _within_room(value: Any) -> Any:
    """Measure a value that is about to be written out, with everything in it, and return it."""
    budget = _budget()
    budget.step()
    size = _size(value)
    if size > budget.characters:
        budget.make(size)
    return value


def _sliced(value: Any, start: Any, stop: Any, step: Any) -> Any:
    _budget().step()
    return _made(value[start:stop:step])


def _guarded(name: str, filter_: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a filter: measure its arguments, and charge the budget for its result."""
    skipped = 1 if hasattr(filter_, "jinja_pass_arg") else 0

    @functools.wraps(filter_)
    def guarded(*values: Any, **named: Any) -> Any:
        values = (*values[:skipped], *map(_held, values[skipped:]))
        _check_before(name, [*values[skipped:], *named.values()])
        return _made(filter_(*values, **named))

    guarded.harness_bounded = True  # type: ignore[attr-defined]
    return guarded


@functools.cache
def _bounding() -> type[Any]:
    """Return the class that rewrites a parsed template so that its loops and texts are bounded."""
    from jinja2 import nodes
    from jinja2.visitor import NodeTransformer

    def filtered(name: str, node: Any, *arguments: Any) -> Any:
        return nodes.Filter(node, name, list(arguments), [], None, None, lineno=node.lineno)

    class Bounding(NodeTransformer):
        """Puts a counter before every loop, and measuring filters in the place of ``~`` and of slices."""

        def visit_For(self, node: Any) -> Any:
            self.generic_visit(node)
            node.iter = filtered("harness_counted", node.iter)
            return node

        def visit_Concat(self, node: Any) -> Any:
            self.generic_visit(node)
            return filtered("harness_joined", nodes.List(node.nodes, lineno=node.lineno))

        def visit_Getitem(self, node: Any) -> Any:
            self.generic_visit(node)
            if not isinstance(node.arg, nodes.Slice):
                return node
            parts = (part or nodes.Const(None) for part in (node.arg.start, node.arg.stop, node.arg.step))
            return filtered("harness_sliced", node.node, *parts)

    return Bounding


@functools.cache
def _environment() -> type[Any]:
    """Return the class of the sandbox with bounds."""
    from jinja2 import pass_context
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    # With the context as an argument jinja2 does not evaluate these filters while it compiles the template.
    bounding_filters = {
        "harness_counted": pass_context(lambda _, values: _counted(values)),
        "harness_joined": pass_context(lambda _, pieces: _joined(pieces)),
        "harness_sliced": pass_context(lambda _, *parts: _sliced(*parts)),
    }

    class Bounded(ImmutableSandboxedEnvironment):
        intercepted_binops = frozenset(("+", "*", "**", "%"))
        concat = staticmethod(_joined)

        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            self.finalize = _within_room

        def _parse(self, *arguments: Any) -> Any:
            for name, filter_ in self.filters.items():
                if name not in bounding_filters and not hasattr(filter_, "harness_bounded"):
                    self.filters[name] = _guarded(name, filter_)
            self.filters.update(bounding_filters)
            return _bounding()().visit(super()._parse(*arguments))

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            _check_operator(operator, left, right)
            return _made(super().call_binop(context, operator, left, right))

        # Named as jinja2 names them, so that a template's own arguments cannot be taken for these.
        def call(__self, __context: Any, __obj: Any, *values: Any, **named: Any) -> Any:
            held = getattr(getattr(__obj, "__wrapped__", __obj), "__self__", None)  # the sandbox wraps str.format
            first = [held] if isinstance(held, str | bytes | list | tuple | dict) else []
            values = tuple(map(_held, values))
            _check_before(str(getattr(__obj, "__name__", "a call")), [*first, *values, *named.values()])
            return _made(super().call(__context, __obj, *values, **named))

    return Bounded


def _check_operator(operator: str, left: Any, right: Any) -> None:
    """Count an operation, and refuse one whose result would be too large, by its operands."""
    budget = _budget()
    budget.step()
    if operator == "%" and isinstance(left, str):
        _check_before("%", [left, *(right if isinstance(right, tuple) else (right,))])
    elif operator == "*" and isinstance(left, int) and isinstance(right, int):
        _check_bits(left.bit_length() + right.bit_length())  # squares of squares take few steps
    elif operator == "*":
        texts = [value for value in (left, right) if isinstance(value, str | bytes | list | tuple)]
        times = next((value for value in (left, right) if isinstance(value, int)), 1)
        if texts and len(texts[0]) * max(times, 0) > budget.characters:
            budget.make(len(texts[0]) * times)
    elif operator == "**" and isinstance(left, int) and isinstance(right, int):
        _check_bits(left.bit_length() * max(right, 0))
