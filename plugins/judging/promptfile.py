"""How a prompt file is found, checked and made ready."""

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


def find_prompt(text: str, kind: str) -> JudgePrompt:
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


def read_prompt(path: Path) -> JudgePrompt:
    """A prompt file, checked.

    Raises:
        ConfigurationError: one line for each mistake: file, line, key, and what was expected.
    """
    value = load_yaml(path)
    file: PromptFile = validate(PromptFile, value, path)
    problems = [f"{path}:{line_of(path, key, offset)}: {key}: {problem}" for key, problem, offset in problems_of(file)]
    if problems:
        raise ConfigurationError("\n".join(problems))
    content = {key: entry for key, entry in value.items() if key not in _COMMENTARY}
    digest = hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]
    return JudgePrompt(file, path, digest)
