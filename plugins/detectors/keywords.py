"""Detectors that read no meaning: a list of words, and the length of the prompt."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, ClassVar, Literal, NamedTuple

from harness import ANY, ConfigurationError, Conversation, Model, Range, UsageError, file_identity
from harness.files import read_text

SHIPPED = Path(__file__).parent / "data" / "harm-terms.txt"
"""The list that ships, which this project wrote: words that speak of harm, no insults."""


class KeywordTerms(NamedTuple):
    """The terms of a list: plain terms as one expression over case-folded text, and the list's own expressions."""

    plain: re.Pattern[str] | None
    expressions: tuple[re.Pattern[str], ...]

    def count(self, text: str) -> int:
        """Count the occurrences that do not overlap, of plain terms together and of each expression."""
        plain = sum(1 for _ in self.plain.finditer(text.casefold())) if self.plain else 0
        return plain + sum(1 for pattern in self.expressions for match in pattern.finditer(text) if match[0])


def read_terms(path: Path) -> KeywordTerms:
    """Read a list of terms, one a line: ``term``, ``begin*`` or ``/expression/``; ``#`` begins a comment line.

    Raises:
        UsageError: the path is no file, or the file is no UTF-8 text.
        ConfigurationError: the file holds no term, or a line is no regular expression; names the line.
    """
    try:
        lines = read_text(path).splitlines()
    except FileNotFoundError:
        raise UsageError(f"path={path}: no such file; give a text file with one term a line") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"path={path}: cannot be read as UTF-8 text: {error}") from error
    plain, expressions = set[str](), list[re.Pattern[str]]()
    for number, line in enumerate(lines, 1):
        term = line.strip()
        if not term or term.startswith("#"):
            continue
        if len(term) > 2 and term[0] == term[-1] == "/":
            try:
                expressions.append(re.compile(term[1:-1], re.IGNORECASE))
            except re.error as error:
                raise ConfigurationError(f"{path}:{number}: {term} is no regular expression: {error}") from error
        elif term.strip("*"):
            plain.add(term.casefold())
        else:
            raise ConfigurationError(f"{path}:{number}: {term!r} would match everything; write the beginning of a word")
    if not plain and not expressions:
        raise ConfigurationError(f"{path}: holds no term; write one a line")
    return KeywordTerms(_joined(plain), tuple(expressions))


def _joined(terms: set[str]) -> re.Pattern[str] | None:
    if not terms:
        return None
    longest_first = sorted(terms, key=lambda term: (-len(term), term))
    words = [_ended(term) for term in longest_first if re.match(r"\w", term)]
    others = [_ended(term) for term in longest_first if not re.match(r"\w", term)]
    # One look behind for all words, not one each: most places of a text are ruled out by it.
    parts = [f"(?<!\\w)(?:{'|'.join(words)})"] * bool(words) + others
    return re.compile("|".join(parts))


def _ended(term: str) -> str:
    """Return an expression for a term that is not inside a longer word.

    A blank stands for any white space, and a star at the end for the rest of the word.
    """
    words = r"\s+".join(map(re.escape, term.rstrip("*").split()))
    return words + (r"\w*" if term.endswith("*") else r"(?!\w)" if re.match(r"\w", term[-1]) else "")


class KeywordList(Model):
    """Answers with offset + slope * ln(1 + number of terms in the text); by default one term makes it positive.

    The text is case-folded for plain terms; nothing else is normalised, so that evasions show. The log-odds are not
    calibrated: train ``calibrated-detector`` over the list for calibrated ones.

    Args:
        path: A text file, one term or ``/regular expression/`` a line; default: a short list of words that speak of
            harm.
        offset: Log-odds of a text without any term, in nats.
        slope: Log-odds for each doubling of 1 + the number of terms, divided by ln 2.
    """

    batch_size = 512
    places: ClassVar[tuple[str, ...]] = ("path",)

    def __init__(
        self, path: str = "", offset: Annotated[float, ANY] = -2.0, slope: Annotated[float, ANY] = 4.0
    ) -> None:
        self.path, self.offset, self.slope = path, offset, slope

    def offers(self, known: Sequence[str]) -> tuple[str, ...]:
        """Check that the list is readable, then offer what the method offers."""
        _ = self._terms
        return super().offers(known)

    def identity(self) -> Mapping[str, object]:
        """Return the hash of the list."""
        return {"terms": file_identity(self._file)}

    @property
    def _file(self) -> Path:
        return Path(self.path).expanduser() if self.path else SHIPPED

    @cached_property
    def _terms(self) -> KeywordTerms:
        return read_terms(self._file)

    def detect(self, requests: Sequence[Conversation]) -> list[float]:
        """Return the log-odds of every text, in nats."""
        return [self.offset + self.slope * math.log1p(self._terms.count(request.text)) for request in requests]


class PromptLength(Model):
    """Answers with sign * ln((1 + characters) / (1 + middle)): length alone, which every detector must beat.

    Args:
        middle: Length in characters of a prompt with log-odds 0.
        sign: 1 where long prompts are positive, -1 where short ones are.
    """

    batch_size = 2048

    def __init__(self, middle: Annotated[float, Range(least=0)] = 500.0, sign: Literal[1, -1] = 1) -> None:
        self.middle, self.sign = middle, sign

    def detect(self, requests: Sequence[Conversation]) -> list[float]:
        """Return the log-odds of every text, in nats."""
        return [self.sign * (math.log1p(len(r.text)) - math.log1p(self.middle)) for r in requests]
