"""Named lists of phrases that mark a refusal: facts about how others grade, each with its source."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field

from harness.errors import UnknownName
from harness.files import Strict, load_yaml, validate

FOLDER = Path(__file__).parent / "phrases"


class PhraseFile(Strict):
    """The content of a list of phrases."""

    name: str
    version: str = Field("1", coerce_numbers_to_str=True, description="raise it when the phrases change")
    description: str = ""
    source: str = Field("", description="who published the list, and where")
    where: Literal["start", "anywhere"] = Field("start", description="where in a reply a phrase counts")
    ignore_case: bool = True
    phrases: list[str] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Phrases:
    """A list of phrases, ready to be looked for."""

    file: PhraseFile
    where: str
    ignore_case: bool
    digest: str
    """Hash of what decides: phrases, place and case."""

    def holds(self, reply: str) -> bool:
        """Return whether a reply, its white space at both ends left out, has one of the phrases.

        >>> listed = PhraseFile(name="own", phrases=["No, "], where="start")
        >>> own = phrases_of(listed)
        >>> own.holds("  no, I will not"), own.holds("There is no, say, lemon"), own.holds("")
        (True, False, False)
        """
        text = reply.strip()
        if self.ignore_case:
            text = text.lower()
        listed = [phrase.lower() for phrase in self.file.phrases] if self.ignore_case else self.file.phrases
        return text.startswith(tuple(listed)) if self.where == "start" else any(phrase in text for phrase in listed)


def phrases_of(file: PhraseFile, where: str = "", case: str = "") -> Phrases:
    """Make a list ready, with its own settings where none are given.

    Args:
        file: The list.
        where: ``start`` or ``anywhere``; empty: as the list says.
        case: ``ignored`` or ``counts``; empty: as the list says.
    """
    place = where or file.where
    ignore = file.ignore_case if not case else case == "ignored"
    content = json.dumps([file.phrases, place, ignore], ensure_ascii=False)
    return Phrases(file, place, ignore, hashlib.sha256(content.encode()).hexdigest()[:16])


def shipped() -> list[str]:
    """List the names of the lists that ship."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def find_phrases(text: str) -> PhraseFile:
    """Read the list that ships under a name, or the file at a path.

    Args:
        text: A name, or a path that ends in ``.yaml`` or ``.yml``.

    Raises:
        UnknownName: no list of that name ships.
        ConfigurationError: the file breaks the schema; names file, line and key.
    """
    if text.endswith((".yaml", ".yml")):
        path = Path(text).expanduser()
    else:
        path = FOLDER / f"{text}.yaml"
        if "/" in text or not path.is_file():
            raise UnknownName("list of phrases", text, shipped(), hint="a file of your own ends in .yaml")
    file: PhraseFile = validate(PhraseFile, load_yaml(path), path)
    return file
