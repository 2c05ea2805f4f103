"""Finds, checks and prepares a prompt file."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from harness import ConfigurationError, UsageError
from harness.errors import UnknownName
from harness.files import load_yaml, validate

from .parsers import PARSERS, Parser
from .promptchecks import line_of, problems_of
from .promptschema import PLACES, PromptFile
from .template import Template, compile_template

FOLDER = Path(__file__).parent / "prompts"
_COMMENTARY = {"description", "source", "licence"}


@dataclass(frozen=True)
class JudgePrompt:
    """A prompt file that was read and checked, with its compiled templates."""

    file: PromptFile
    path: Path
    digest: str
    """Hash of the file's content without the descriptions."""

    @cached_property
    def system(self) -> Template:
        """Compile the template of the system message; an empty template sends none."""
        return compile_template(self.file.system, PLACES[self.file.kind])

    @cached_property
    def user(self) -> Template:
        """Compile the template of the user message."""
        return compile_template(self.file.user, PLACES[self.file.kind])

    @property
    def parser(self) -> Parser:
        """Return the parser that reads the verdict unless the model's argument names another."""
        return PARSERS[self.file.parser]

    @property
    def places(self) -> set[str]:
        """Return the placeholders in use."""
        return self.system.names | self.user.names


def shipped(kind: str) -> list[str]:
    """List the names of the shipped prompts of a kind."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml") if load_yaml(path).get("kind") == kind)


def find_prompt(text: str, kind: str) -> JudgePrompt:
    """Read the prompt that ships under a name, or the file at a path.

    Args:
        text: Name, or path ending in ``.yaml`` or ``.yml``.
        kind: ``pairwise`` or ``pointwise``.

    Raises:
        UnknownName: no such prompt ships.
        UsageError: the prompt is of the other kind.
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


def read_prompt(path: Path) -> JudgePrompt:
    """Read and check a prompt file.

    Raises:
        ConfigurationError: the file has mistakes; one line for each names file, line, key and expectation.
    """
    value = load_yaml(path)
    file: PromptFile = validate(PromptFile, value, path)
    problems = [f"{path}:{line_of(path, key, offset)}: {key}: {problem}" for key, problem, offset in problems_of(file)]
    if problems:
        raise ConfigurationError("\n".join(problems))
    content = {key: entry for key, entry in value.items() if key not in _COMMENTARY}
    digest = hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]
    return JudgePrompt(file, path, digest)
