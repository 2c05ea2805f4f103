"""The schema of prompt files, and how one is found, checked and made ready."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import ConfigDict, Field, model_validator

from harness.errors import ConfigurationError, UnknownName, UsageError, did_you_mean
from harness.schema import Strict
from harness.taskfiles import load_yaml, validate

from .parsers import PARSERS, Parser
from .template import Template, TemplateError, compile_template

FOLDER = Path(__file__).parent / "prompts"
COMMON = ("conversation", "question", "reference", "rubric", "fence")
PLACES: Mapping[str, tuple[str, ...]] = {
    "pairwise": (*COMMON, "first", "second"),
    "pointwise": (*COMMON, "response"),
}
"""Placeholders by kind."""
NEEDED: Mapping[str, tuple[str, ...]] = {"pairwise": ("first", "second"), "pointwise": ("response",)}
SIDES = ("first", "slightly first", "tie", "slightly second", "second")
_COMMENTARY = {"description", "source", "licence"}


class TurnFile(Strict):
    """One turn of an example shown before the question, taken as it stands."""

    role: Literal["user", "assistant"]
    content: str


class SamplingFile(Strict):
    """How the judge's text is sampled unless the model's arguments say otherwise."""

    temperature: float = Field(0.0, ge=0)
    top_p: float = Field(1.0, gt=0, le=1)
    max_tokens: int = Field(1024, ge=1)
    stop: list[str] = Field(default_factory=list)


class ScaleFile(Strict):
    """Both ends of a scale of grades."""

    lowest: float
    highest: float

    @model_validator(mode="after")
    def _ordered(self) -> ScaleFile:
        if self.lowest >= self.highest:
            raise ValueError(f"'lowest' ({self.lowest:g}) has to be below 'highest' ({self.highest:g})")
        return self


class LogProbabilityFile(Strict):
    """What a reply may begin with, for verdicts by log-probability."""

    prefill: str = Field("", description="beginning of the reply, which the judge goes on with")
    options: dict[str, str | float] = Field(
        min_length=2, description="what may follow, and the label or grade that it stands for"
    )
    normalise: bool = Field(True, description="divide by the probability of all options together")


class PromptFile(Strict):
    """One way to ask a language model for a verdict."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    name: str
    version: str = Field(coerce_numbers_to_str=True, description="raise it when the wording changes")
    kind: Literal["pairwise", "pointwise"]
    description: str = ""
    source: str = Field("", description="paper and section that the form comes from")
    licence: str = ""
    system: str = Field("", description="template of the system message")
    turns: list[TurnFile] = Field(default_factory=list, description="examples shown before the question")
    user: str = Field(description="template of the user message")
    rubric: str = Field("", description="what to judge by, unless the model's argument says otherwise")
    labels: dict[str, str | float] = Field(
        default_factory=dict, description="label to the side it favours (pairwise) or to a grade (pointwise)"
    )
    scale: ScaleFile | None = Field(None, description="of grades written as numbers (pointwise)")
    parser: str = Field(description="what reads the verdict from the text")
    log_probability: LogProbabilityFile | None = None
    verdict: Literal["text", "log-probability"] = "text"
    sampling: SamplingFile = Field(default_factory=lambda: SamplingFile.model_validate({}))


@dataclass(frozen=True)
class Prompt:
    """A prompt file, checked, its templates taken apart."""

    file: PromptFile
    path: Path
    digest: str
    """Hash of what the file says, descriptions left out."""

    @cached_property
    def system(self) -> Template:
        """Template of the system message; empty: none is sent."""
        return compile_template(self.file.system, PLACES[self.file.kind])

    @cached_property
    def user(self) -> Template:
        """Template of the user message."""
        return compile_template(self.file.user, PLACES[self.file.kind])

    @property
    def parser(self) -> Parser:
        """What reads the verdict, unless the model's argument says otherwise."""
        return PARSERS[self.file.parser]

    @property
    def places(self) -> set[str]:
        """The placeholders in use."""
        return self.system.names | self.user.names


def shipped(kind: str) -> list[str]:
    """Names of the prompts of a kind that ship."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml") if load_yaml(path).get("kind") == kind)


def find_prompt(text: str, kind: str) -> Prompt:
    """The prompt that ships under a name, or the file at a path.

    Args:
        text: Name, or path ending in ``.yaml`` or ``.yml``.
        kind: ``pairwise`` or ``pointwise``.

    Raises:
        UnknownName: no such prompt ships.
        UsageError: it is of the other kind.
        ConfigurationError: the file breaks the schema; names file, line and key.
    """
    if text.endswith((".yaml", ".yml")):
        path = Path(text).expanduser()
    else:
        path = FOLDER / f"{text}.yaml"
        if "/" in text or not path.is_file():
            raise UnknownName("judge prompt", text, shipped(kind), hint="a file of your own ends in .yaml")
    prompt = read_prompt(path)
    if prompt.file.kind != kind:
        shows, model = {
            "pairwise": ("compares two responses", "judge"),
            "pointwise": ("grades one response", "pointwise-judge"),
        }[prompt.file.kind]
        raise UsageError(f"the prompt {text!r} {shows}: use it with the model {model!r}")
    return prompt


def read_prompt(path: Path) -> Prompt:
    """A prompt file, checked.

    Raises:
        ConfigurationError: one line for each mistake: file, line, key, and what was expected.
    """
    value = load_yaml(path)
    file: PromptFile = validate(PromptFile, value, path)
    problems = [f"{path}:{_line(path, key, offset)}: {key}: {problem}" for key, problem, offset in _problems(file)]
    if problems:
        raise ConfigurationError("\n".join(problems))
    content = {key: entry for key, entry in value.items() if key not in _COMMENTARY}
    digest = hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]
    return Prompt(file, path, digest)


Problem = tuple[str, str, int]
"""Key, what is wrong, and the index of the character in the key's text."""


def _problems(file: PromptFile) -> Iterator[Problem]:
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
    known = [parser.name for parser in PARSERS.values() if parser.reads == reads]
    if file.parser not in PARSERS:
        yield "parser", f"no parser is named {file.parser!r}{did_you_mean(file.parser, known)}", 0
    elif file.parser not in known:
        yield "parser", f"{file.parser!r} reads no {reads}; these do: {', '.join(known)}", 0


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


def _line(path: Path, key: str, offset: int) -> int:
    """The line of a character of a key's text, 1-based; of the key itself for offset 0."""
    node: Any = yaml.compose(path.read_text("utf-8"), Loader=yaml.SafeLoader)
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
