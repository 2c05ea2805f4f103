"""What a message must say, without the English around it."""

from __future__ import annotations

import re


class Saying:
    """A text that carries certain facts; equal to every text of which one line carries them all.

    It stands wherever a text is compared, inside lists and tuples too: ``reasons == [saying("a.yaml:2", "'modle'")]``.

    Args:
        facts: Names, values, places, counts, suggestions and commands that a reader must find.
    """

    def __init__(self, *facts: str) -> None:
        assert facts, "say at least one fact"
        self.facts = facts
        self.pattern = r"(?m)^" + "".join(f"(?=.*{_whole(fact)})" for fact in facts)
        """For ``pytest.raises(match=...)``."""

    def __eq__(self, text: object) -> bool:
        if not isinstance(text, str | BaseException):
            return NotImplemented
        return re.search(self.pattern, str(text)) is not None

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"saying({', '.join(map(repr, self.facts))})"


def saying(*facts: str) -> Saying:
    """A text of which one line carries all of these facts, in any order and among any words.

    A fact that begins or ends with a letter or a digit is no part of a longer word or number.
    """
    return Saying(*facts)


def _whole(fact: str) -> str:
    before = r"(?<![\w])" if fact[0].isalnum() else ""
    before += r"(?<!\d\.)" if fact[0].isdigit() else ""
    after = r"(?!\w)" if fact[-1].isalnum() else ""
    after += r"(?!\.\d)" if fact[-1].isdigit() else ""
    return f"{before}{re.escape(fact)}{after}"
