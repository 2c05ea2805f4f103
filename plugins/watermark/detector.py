"""The reader of a mark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from harness import (
    COUNT,
    COUNT_OR_NONE,
    INSIDE,
    CellError,
    Conversation,
    OneOf,
    Part,
    Response,
    UsageError,
    file_identity,
)

from .evidence import MarkEvidence, evidence_of, flags_of
from .finding import MarkedText
from .mark import MILLIONTH_PRIME, mismatch, read_declared
from .settings import Delta, Key, Scheme, WithMark

SCORES = ("z", "log-odds", "window")


class WatermarkDetector(WithMark):
    """Looks for a mark in texts by counting green tokens.

    Args:
        base: A model whose tokenizer cuts the texts; it is not asked anything.
        scheme: ``lefthash``, ``selfhash`` or ``counter``.
        key: The key that the texts were marked with.
        gamma: Share of the tokens that are green.
        delta: How strongly the mark was written; counts for ``score=log-odds`` only.
        context: Tokens that the choice of green tokens depends on.
        vocabulary: Tokens of the model's output, where they are not those of its tokenizer.
        score: What texts are ranked by: ``z``, ``log-odds`` of the mark on a flat distribution, or ``window``, the
            greatest z of any part of the text.
        repeats: ``ignore`` scores each n-gram once; ``count`` scores it as often as it stands there, as transformers
            does by default, which makes z too large on texts without a mark.
        mark_file: File that says what mark is meant, without its key; what differs is an error.
    """

    batch_size = 1024
    paths: ClassVar[tuple[str, ...]] = ("mark_file",)
    places: ClassVar[tuple[str, ...]] = ("mark_file",)

    def __init__(
        self,
        base: str,
        scheme: Scheme = "lefthash",
        key: Key = MILLIONTH_PRIME,
        gamma: Annotated[float, INSIDE] = 0.25,
        delta: Delta = 2.0,
        context: Annotated[int, COUNT] = 1,
        vocabulary: Annotated[int, COUNT_OR_NONE] = 0,
        score: Annotated[str, OneOf(*SCORES)] = "z",
        repeats: Literal["ignore", "count"] = "ignore",
        mark_file: str = "",
    ) -> None:
        self._keep(base, scheme, key, gamma, delta, context, vocabulary)
        self.score, self.repeats, self.file = score, repeats, mark_file

    def asks(self) -> Mapping[str, Sequence[str]]:
        """Say that the base is asked nothing: only its tokenizer is used."""
        return {"base": ()}

    def identity(self) -> Mapping[str, object]:
        """Return the hash of the mark's file."""
        return {"mark": file_identity(Path(self.file))} if self.file and Path(self.file).is_file() else {}

    def load(self) -> None:
        """Hold the settings against the mark's file.

        Raises:
            UsageError: the file cannot be read, or means another mark.
        """
        self._agreed = {""}
        if not self.file:
            return
        try:
            text = Path(self.file).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"mark_file={self.file}: cannot be read: {error}") from error
        if differs := mismatch(read_declared(self.file, text), self.mark):
            raise UsageError(f"mark_file={self.file}: this is another mark: {differs}")

    def find_mark(self, requests: Sequence[MarkedText]) -> list[Response]:
        """Return the evidence of each text.

        Raises:
            CellError: a text is declared to have another mark: looked for with this one it would show nothing.
        """
        for request in requests:
            if request.declared not in self._agreed:
                self._agree(request.declared)
        return [self._found(request.text) for request in requests]

    def detect(self, requests: Sequence[Conversation]) -> list[Response]:
        """Return the score of each text, higher where the mark is likelier."""
        windows = self.score == "window"
        return [self._found(request.text, windows=windows).score for request in requests]

    def _agree(self, declared: str) -> None:
        try:
            found = read_declared("the mark declared of a text", declared)
        except UsageError as error:
            raise CellError(str(error)) from error
        if differs := mismatch(found, self.mark):
            raise CellError(f"a text is declared to have another mark than this detector looks for: {differs}")
        self._agreed.add(declared)

    def _found(self, text: str, *, windows: bool = True) -> MarkEvidence:
        base: Part = self.parts["base"]
        flags = flags_of(base.token_ids(text), self.mark, repeats=self.repeats == "count")
        return evidence_of(flags, self.mark, self.score, windows=windows)
