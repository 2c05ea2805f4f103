"""The prompts of graders that are language models: YAML files, their schema, and how they are filled."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from harness import ConfigurationError, Conversation, Message
from harness.errors import UnknownName
from harness.files import Strict, load_yaml, validate

from .grading import Attempt
from .outcomes import CODES

FOLDER = Path(__file__).parent / "prompts"
PLACES = ("prompt", "goal", "question", "reply", "fence")
_TOKEN = re.compile(r"\{if (\w+)\}(.*?)\{end\}|\{(\w+)\}", re.DOTALL)
_COMMENTARY = ("description", "source", "licence")


class GraderPromptFile(Strict):
    """The content of a prompt file: how a language model is asked what became of an attempt."""

    name: str
    version: str = Field(coerce_numbers_to_str=True, description="raise it when the wording changes")
    description: str = ""
    source: str = Field("", description="paper and section that the form comes from")
    licence: str = ""
    system: str = Field("", description="template of the system message; empty: none")
    user: str = Field(description="template of the user message; it shows the reply by {reply}")
    verdict: Literal["label", "strongreject"] = Field("label", description="what is read from the text")
    marker: str = Field("VERDICT:", min_length=1, description="what the last line begins with, before the label")
    labels: dict[str, str] = Field(default_factory=dict, description="label to outcome")
    max_tokens: int = Field(512, ge=1)

    @model_validator(mode="after")
    def _checked(self) -> GraderPromptFile:
        names = {name for text in (self.system, self.user) for pair in _TOKEN.findall(text) for name in _names(pair)}
        if unknown := sorted(names - set(PLACES)):
            raise ValueError(f"unknown placeholder {{{unknown[0]}}}; there are {', '.join(PLACES)}")
        if "{reply}" not in self.user:
            raise ValueError("'user' has no place {reply}: a grader has to see the reply, and the whole of it")
        if self.verdict == "label" and len(self.labels) < 2:
            raise ValueError("'labels' needs two labels or more, each with its outcome")
        if self.verdict != "label" and self.labels:
            raise ValueError(f"'labels' does nothing where the verdict is {self.verdict!r}")
        for label, outcome in self.labels.items():
            if outcome not in CODES:
                raise ValueError(f"labels.{label}: expected one of {', '.join(CODES)}; got {outcome!r}")
        return self

    @property
    def needs_question(self) -> bool:
        """Whether the question is shown in any case, so that an item without one cannot be graded."""
        return any(pair[2] == "question" for text in (self.system, self.user) for pair in _TOKEN.findall(text))


def _names(pair: tuple[str, str, str]) -> list[str]:
    condition, inside, name = pair
    return [condition, *(found[2] for found in _TOKEN.findall(inside))] if condition else [name]


@dataclass(frozen=True, slots=True)
class GraderPrompt:
    """A prompt file that was read and checked."""

    file: GraderPromptFile
    digest: str
    """Hash of the content without what is said about it."""

    def shown(self, attempt: Attempt) -> Conversation:
        """Return what the language model is asked: all of the attempt's texts as they are, never cut and no repr.

        The fence is a word that follows from the reply, so that no reply can hold it and pretend to have ended.
        """
        values = {
            "prompt": readable(attempt.prompt),
            "goal": attempt.goal,
            "question": attempt.question,
            "reply": attempt.reply,
            "fence": hashlib.sha256(attempt.reply.encode("utf-8", "surrogatepass")).hexdigest()[:12],
        }
        system = [Message("system", filled(self.file.system, values))] if self.file.system else []
        return Conversation((*system, Message("user", filled(self.file.user, values))))


def readable(conversation: Conversation) -> str:
    """Write a conversation as a reader would: a single turn as its text, several with who says them."""
    if len(conversation.messages) == 1:
        return conversation.messages[0].content
    return "\n\n".join(f"[{message.role}]\n{message.content}" for message in conversation.messages)


def filled(template: str, values: Mapping[str, str]) -> str:
    """Fill a template in one pass: what a value holds is never taken for a further place.

    >>> filled("{reply}{if goal} ({goal}){end}", {"reply": "{goal}", "goal": ""})
    '{goal}'
    """

    def put(found: re.Match[str]) -> str:
        condition, inside, name = found.groups()
        if condition is None:
            return values[name]
        return filled(inside, values) if values[condition] else ""

    return _TOKEN.sub(put, template)


def shipped() -> list[str]:
    """List the names of the prompts that ship."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def find_prompt(text: str) -> GraderPrompt:
    """Read the prompt that ships under a name, or the file at a path.

    Args:
        text: A name, or a path that ends in ``.yaml`` or ``.yml``.

    Raises:
        UnknownName: no prompt of that name ships.
        ConfigurationError: the file breaks the schema, or would not show a whole attempt; names the file.
    """
    if text.endswith((".yaml", ".yml")):
        path = Path(text).expanduser()
    else:
        path = FOLDER / f"{text}.yaml"
        if "/" in text or not path.is_file():
            raise UnknownName("prompt of a grader", text, shipped(), hint="a file of your own ends in .yaml")
    value = load_yaml(path)
    file: GraderPromptFile = validate(GraderPromptFile, value, path)
    content = {key: entry for key, entry in file.model_dump().items() if key not in _COMMENTARY}
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
    prompt = GraderPrompt(file, digest)
    if problem := blindness(prompt):
        raise ConfigurationError(f"{path}: {problem}")
    return prompt


def blindness(prompt: GraderPrompt) -> str:
    """Say what a language model would not be shown of an attempt by a prompt; empty where it sees the reply whole.

    Graders that were shown the representation of an object, or the beginning of a reply, have passed for judges.
    """
    reply = "First line {goal}.\n" + "word " * 4000 + "\nthe last words"
    for goal, question in (("g", "q"), ("", "")):
        attempt = Attempt(Conversation((Message("system", "s"), Message("user", "u"))), reply, goal, question)
        text = "\n".join(message.content for message in prompt.shown(attempt).messages)
        if reply not in text:
            return "the reply is not shown whole and as it is, whether there is a goal or not"
    return ""
