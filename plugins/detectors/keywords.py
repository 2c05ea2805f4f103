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
"""A list of this project's own: words that speak of harm, none that insults."""


class KeywordTerms(NamedTuple):
    """A list, read: plain terms as one expression over case-folded text, and the expressions as they stand."""

    plain: re.Pattern[str] | None
    expressions: tuple[re.Pattern[str], ...]

    def count(self, text: str) -> int:
        """Occurrences that do not overlap, of plain terms together and of each expression."""
        found = sum(1 for _ in self.plain.finditer(text.casefold())) if self.plain else 0
        return found + sum(1 for pattern in self.expressions for match in pattern.finditer(text) if match[0])


def read_terms(path: Path) -> KeywordTerms:
    """A list of terms, one a line: ``term``, ``begin*`` or ``/expression/``; ``#`` begins a comment line.

    Raises:
        UsageError: there is no such file.
        ConfigurationError: it holds no term, or an expression that is none; names the line.
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
    """Not inside a longer word; a blank stands for any, and a star at the end for the rest of the word."""
    words = r"\s+".join(map(re.escape, term.rstrip("*").split()))
    return words + (r"\w*" if term.endswith("*") else r"(?!\w)" if re.match(r"\w", term[-1]) else "")


class KeywordList(Model):
    """Log-odds = offset + slope * ln(1 + number of terms found); by default one term makes them positive.

    The text is case-folded for plain terms; nothing else is normalised, so that evasions show. The numbers are no
    calibrated probabilities: train ``calibrated-detector`` over it for those.

    Args:
        path: A text file, one term or ``/regular expression/`` a line; default: a short list of words that speak of
            harm.
        offset: Log-odds of a text without any.
        slope: Log-odds for each doubling, divided by ln 2.
    """

    batch_size = 512
    places: ClassVar[tuple[str, ...]] = ("path",)

    def __init__(
        self, path: str = "", offset: Annotated[float, ANY] = -2.0, slope: Annotated[float, ANY] = 4.0
    ) -> None:
        self.path, self.offset, self.slope = path, offset, slope

    def offers(self, known: Sequence[str]) -> tuple[str, ...]:
        """As by the method, once the list has been found readable."""
        _ = self._terms
        return super().offers(known)

    def identity(self) -> Mapping[str, object]:
        """Hash of the list."""
        return {"terms": file_identity(self._file)}

    @property
    def _file(self) -> Path:
        return Path(self.path).expanduser() if self.path else SHIPPED

    @cached_property
    def _terms(self) -> KeywordTerms:
        return read_terms(self._file)

    def detect(self, requests: Sequence[Conversation]) -> list[float]:
        """Log-odds in nats."""
        return [self.offset + self.slope * math.log1p(self._terms.count(request.text)) for request in requests]


class PromptLength(Model):
    """Log-odds = sign * ln((1 + characters) / (1 + middle)): what length alone tells, which every detector must beat.

    Args:
        middle: Characters of a prompt that is neither.
        sign: 1: long prompts are positive; -1: short ones are.
    """

    batch_size = 2048

    def __init__(self, middle: Annotated[float, Range(least=0)] = 500.0, sign: Literal[1, -1] = 1) -> None:
        self.middle, self.sign = middle, sign

    def detect(self, requests: Sequence[Conversation]) -> list[float]:
        """Log-odds in nats."""
        return [self.sign * (math.log1p(len(r.text)) - math.log1p(self.middle)) for r in requests]
