"""Guard templates: the schema of the files, the search for a file, and the checks that a schema cannot make."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field

from harness import ConfigurationError, UsageError
from harness.errors import UnknownName
from harness.files import Strict, load_yaml, validate

from . import template

FOLDER = Path(__file__).parent / "guards"
PLACES = ("conversation", "text", "speaker", "categories", "fence")
COMMENTARY = {"description", "source", "licence", "unverified", "score"}
"""The keys of a template that change no answer."""

Side = Literal["positive", "negative"]


class GuardFile(Strict):
    """The schema of a template file: one way to ask a language model whether a conversation is harmful."""

    name: str
    version: str = Field(coerce_numbers_to_str=True, description="raise it when the wording changes")
    description: str = ""
    source: str = Field("", description="model, paper or page that the form comes from")
    licence: str = ""
    unverified: str = Field("", description="what has not been held against the source")
    score: str = Field(description="the exact definition of the log-odds, for people")
    form: Literal["chat", "text", "own"] = Field(
        "chat",
        description="asked as a user message, as plain text outside any chat template, or the conversation itself by "
        "the model's own template",
    )
    user: str = Field("", description="template of the message or text")
    speakers: dict[str, str] = Field(
        default_factory=lambda: {"user": "User", "assistant": "Agent"}, description="role to what a turn begins with"
    )
    categories: dict[str, str] = Field(default_factory=dict, description="code to name or policy")
    category_line: str = Field("{code}: {name}.", description="how each is listed")
    each_category: bool = Field(False, description="ask once a category, and take the greatest log-odds")
    options: dict[str, Side] = Field(min_length=2, description="beginning of the reply to the class it means")
    labels: dict[str, Side] = Field(min_length=2, description="first word of the reply as text to its class")
    marks: list[str] = Field(default_factory=list, description="marks of the format that no user text may write")
    verdict: Literal["log-probability", "text"] = "log-probability"
    max_tokens: int = Field(64, ge=1, description="of a reply that is read as text")


@dataclass(frozen=True)
class GuardTemplate:
    """A template file that was read and checked."""

    file: GuardFile
    digest: str
    """Hash of the file's content without the commentary."""


def shipped() -> list[str]:
    """List the names of the templates that ship."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def find_guard(text: str) -> GuardTemplate:
    """Read the template that ships under a name, or the file at a path that ends in ``.yaml`` or ``.yml``.

    Raises:
        UnknownName: no such template ships.
        UsageError: the path is no file.
        ConfigurationError: the file breaks the schema; names file, line and key.
    """
    if text.endswith((".yaml", ".yml")):
        path = Path(text).expanduser()
        if not path.is_file():
            raise UsageError(f"template={text}: no such file")
        return read_guard(path)
    if text not in shipped():
        raise UnknownName("guard template", text, shipped(), hint="a file of your own ends in .yaml")
    return read_guard(FOLDER / f"{text}.yaml")


def read_guard(path: Path) -> GuardTemplate:
    """Read and check a template file.

    Raises:
        ConfigurationError: the file breaks the schema; one line for each mistake names file, key and expectation.
    """
    value = load_yaml(path)
    file: GuardFile = validate(GuardFile, value, path)
    problems = [f"{path}: {key}: {problem}" for key, problem in _problems(file)]
    if problems:
        raise ConfigurationError("\n".join(problems))
    content = {key: entry for key, entry in value.items() if key not in COMMENTARY}
    digest = hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]
    return GuardTemplate(file, digest)


def _problems(file: GuardFile) -> Iterator[tuple[str, str]]:
    """Yield every mistake of a file that follows the schema: key and problem."""
    for key, sides in (("options", file.options), ("labels", file.labels)):
        if set(sides.values()) != {"positive", "negative"}:
            yield key, "one for 'positive' and one for 'negative' are needed"
    if file.form == "own":
        if file.user or file.each_category:
            yield "form", "'own' sends the conversation itself: it takes neither 'user' nor 'each_category'"
        return
    if problem := template.problem_of(file.user, PLACES):
        yield "user", problem
    elif not {"conversation", "text"} & template.places(file.user):
        yield "user", "one of the placeholders {conversation} and {text} is needed"
    elif bool(file.categories) != ("categories" in template.places(file.user)):
        yield "user", "the placeholder {categories} and the key 'categories' go together"
    if problem := template.problem_of(file.category_line, ("code", "name")):
        yield "category_line", problem
    if file.each_category and not file.categories:
        yield "each_category", "there are no categories to ask for"
    if not {"user", "assistant"} <= set(file.speakers):
        yield "speakers", "what turns of 'user' and of 'assistant' begin with is needed"
