"""The checks of a prompt file that a schema cannot make: placeholders, labels, parser and options that fit together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from harness.errors import did_you_mean
from harness.files import compose_yaml

from .parsers import PARSERS
from .promptschema import NEEDED, PLACES, SIDES, LogProbabilityFile, PromptFile
from .template import TemplateError, compile_template

Problem = tuple[str, str, int]
"""The key, the problem, and the index of the character in the key's text."""


def problems_of(file: PromptFile) -> Iterator[Problem]:
    """Yield every mistake of a file that follows the schema."""
    yield from _template_problems(file)
    yield from _label_problems(file)
    yield from _parser_problems(file)
    if file.log_probability is not None:
        yield from _option_problems(file, file.log_probability)
    elif file.verdict == "log-probability":
        yield "verdict", "verdicts by log-probability need the key 'log_probability'", 0


def _template_problems(file: PromptFile) -> Iterator[Problem]:
    names: dict[str, set[str]] = {}
    for key, text in (("system", file.system), ("user", file.user)):
        try:
            names[key] = compile_template(text, PLACES[file.kind]).names
        except TemplateError as error:
            yield key, str(error), error.offset
            return
    for name in NEEDED[file.kind]:
        if name not in names["user"]:
            yield "user", f"the placeholder {{{name}}} is missing; a {file.kind} prompt shows it", 0
    if not {"conversation", "question"} & names["user"]:
        yield "user", "one of the placeholders {conversation} and {question} is needed", 0
    for turn in file.turns:
        for name in PLACES[file.kind]:
            if f"{{{name}}}" in turn.content:
                yield "turns", f"an example is taken as it stands, and {{{name}}} in it would not be filled", 0


def _label_problems(file: PromptFile) -> Iterator[Problem]:
    if file.kind == "pairwise":
        if file.scale is not None:
            yield "scale", "a pairwise prompt has 'labels', not a scale", 0
        for label, side in file.labels.items():
            if side not in SIDES:
                yield f"labels.{label}", f"expected one of {', '.join(SIDES)}; got {side!r}", 0
        favoured = {str(side).removeprefix("slightly ") for side in file.labels.values()}
        if not {"first", "second"} <= favoured:
            yield "labels" if file.labels else "kind", "a label for 'first' and one for 'second' are needed", 0
        return
    if bool(file.labels) == (file.scale is not None):
        yield "kind", "a pointwise prompt has either 'labels' with their grades or a 'scale'", 0
    for label, grade in file.labels.items():
        if not isinstance(grade, float):
            yield f"labels.{label}", f"expected a grade, a number; got {grade!r}", 0


def _parser_problems(file: PromptFile) -> Iterator[Problem]:
    reads = "number" if file.scale is not None else "label"
    names = [parser.name for parser in PARSERS.values() if parser.reads == reads]
    if file.parser not in PARSERS:
        yield "parser", f"no parser is named {file.parser!r}{did_you_mean(file.parser, names)}", 0
    elif file.parser not in names:
        yield "parser", f"{file.parser!r} reads no {reads}; these do: {', '.join(names)}", 0


def _option_problems(file: PromptFile, block: LogProbabilityFile) -> Iterator[Problem]:
    for text, value in block.options.items():
        if file.scale is not None:
            inside = isinstance(value, float) and file.scale.lowest <= value <= file.scale.highest
            if not inside:
                yield "log_probability.options", f"{text!r} stands for {value!r}, which is not on the scale", 0
        elif value not in file.labels:
            yield "log_probability.options", f"{text!r} stands for {value!r}, which is no label", 0
        # A reply that begins with the longer one begins with the shorter one too, and would be counted twice.
        for other in block.options:
            if other != text and other.startswith(text):
                yield "log_probability.options", f"{other!r} begins with {text!r}: the two cannot be told apart", 0


def line_of(path: Path, key: str, offset: int) -> int:
    """Return the line, from 1, of a character in a key's text; of the key itself for offset 0."""
    node: Any = compose_yaml(path)
    line = 1
    for name in key.split("."):
        pair = next((pair for pair in getattr(node, "value", ()) if pair[0].value == name), None)
        if pair is None:
            return line
        line, node = pair[0].start_mark.line + 1, pair[1]
    if offset and isinstance(node, yaml.ScalarNode):
        block = node.style in ("|", ">")
        return int(node.start_mark.line) + 1 + block + str(node.value)[:offset].count("\n")
    return int(line)
