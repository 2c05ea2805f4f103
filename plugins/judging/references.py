"""The rubric and the reference answers that a judge's arguments name."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from harness import Conversation, UsageError
from harness.files import read_text

from .rendering import conversation_text, question_of

_TEXT_FILES = (".txt", ".md")


def read_rubric(text: str) -> str:
    """Return the rubric: the text itself, or the content of the ``.txt`` or ``.md`` file.

    Raises:
        UsageError: the file cannot be read.
    """
    if "\n" in text or not text.endswith(_TEXT_FILES):
        return text
    try:
        return read_text(Path(text).expanduser()).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"rubric={text}: cannot be read: {error}") from None


class References:
    """Looks up reference answers by prompt.

    Args:
        path: JSONL rows ``{"prompt": ..., "reference": ...}``; the prompt is a text, the last question of a
            conversation or all its turns. Empty: there are none.

    Raises:
        UsageError: a row is not of that form, or two rows of one prompt differ; names the line.
    """

    def __init__(self, path: str) -> None:
        self._answers: dict[str, str] = {}
        if path:
            self._read(Path(path).expanduser())

    def _read(self, path: Path) -> None:
        from harness import DataError
        from harness.tasks import FileSource

        try:
            for row in FileSource(path).rows():
                prompt, reference = (row.values.get(key) for key in ("prompt", "reference"))
                if row.problem or not isinstance(prompt, str) or not isinstance(reference, str):
                    expected = "expected a 'prompt' and a 'reference', both texts"
                    raise UsageError(f"{row.where}: {row.problem or expected}")
                if self._answers.setdefault(prompt, reference) != reference:
                    raise UsageError(f"{row.where}: another reference was given for the same prompt before")
        except DataError as error:
            raise UsageError(f"references: {error}") from error

    def find(self, conversation: Conversation) -> str:
        """Return the reference answer to a conversation; empty if there is none."""
        for key in (question_of(conversation), conversation_text(conversation), conversation.text):
            if key in self._answers:
                return self._answers[key]
        return ""

    def identity(self) -> Mapping[str, object]:
        """Return the hash of all rows; nothing without rows."""
        if not self._answers:
            return {}
        rows = repr(sorted(self._answers.items())).encode("utf-8", "surrogatepass")
        return {"references": hashlib.sha256(rows).hexdigest()[:16]}
