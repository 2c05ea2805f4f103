"""Finds a continuation among the tokens of an echoed prompt, by their text alone.

Positions that servers state cannot be relied on: some count the text of a beginning-of-sequence token that the prompt
does not hold, some count replacement characters that stand for parts of one character. So the tokens are laid over the
prompt's bytes: a piece of text covers just its bytes, and a replacement character between one and three bytes that are
not ASCII. The places of the tokens are believed only if the whole prompt is covered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .tokens import from_byte_letters

REPLACEMENT = "\ufffd"

LEADING = 2
"""Most tokens that a server may put before the prompt."""


def continuation_tokens(tokens: Sequence[str], prompt: str, start: int, counted: int | None) -> range | None:
    """Find the tokens that make the characters of ``prompt`` from ``start`` on.

    A token that begins before ``start`` and ends behind it belongs to them.

    Args:
        tokens: The tokens of the prompt, with tokens that a server put before it, and at most one generated token.
        prompt: The prompt that was sent.
        start: Index of the first character of the continuation.
        counted: Number of the prompt's tokens as the server counts them, if it does; this tells whether a last token
            without text was generated.

    Returns:
        The range of the tokens; None if the tokens do not cover the prompt, or not in one way only.
    """
    ends = [len(tokens) - 1, len(tokens)]
    if counted == len(tokens):
        ends.reverse()
    # Some servers give byte-level vocabularies' letters; sentencepiece leaves out blanks in single tokens.
    for tidy in (str, from_byte_letters, _without_blanks):
        if tidy is _without_blanks and prompt[start - 1 : start].isspace():
            return None  # whether a token of blanks lies before or behind there cannot be seen
        pieces = [tidy(token) for token in tokens]
        of_prompt = _without_blanks if tidy is _without_blanks else str
        text, first = _bytes(of_prompt(prompt)), len(_bytes(of_prompt(prompt[:start])))
        for leading in range(min(LEADING, len(tokens)) + 1):
            for end in ends:
                places = _places(pieces[leading:end], text)
                if places is not None:
                    return _behind(places, first, leading)
    return None


def _without_blanks(text: str) -> str:
    return "".join(text.replace("\u2581", " ").split())


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _behind(places: Sequence[int], first: int, leading: int) -> range | None:
    """Return the tokens that begin at a place or reach behind it; None if that is not certain of one of them."""
    for i in range(len(places) - 1):
        lowest, highest = _lowest(places[i + 1]), places[i + 1].bit_length() - 1
        if lowest > first or _lowest(places[i]) >= first:
            return range(i + leading, len(places) - 1 + leading)
        if highest > first:
            return None
    return range(len(places) - 1 + leading, len(places) - 1 + leading)


def _places(tokens: Sequence[str], text: bytes) -> list[int] | None:
    """Return where each token may begin and the last may end, as bits of a number; None if the text is not covered."""
    wide = sum(1 << i for i, byte in enumerate(text) if byte >= 0x80)
    places = [1]
    for token in tokens:
        places.append(_after(token, places[-1], text, wide))
        if not places[-1]:
            return None
    places[-1] &= 1 << len(text)
    if not places[-1]:
        return None
    for i in range(len(tokens) - 1, -1, -1):
        places[i] &= _before(tokens[i], places[i + 1], text, wide)
    return places


def _after(token: str, places: int, text: bytes, wide: int) -> int:
    for i, part in enumerate(token.split(REPLACEMENT)):
        if i:
            one = (places & wide) << 1
            two = (one & wide) << 1
            places = one | two | (two & wide) << 1
        if part:
            piece = _bytes(part)
            places = sum(1 << p + len(piece) for p in _bits(places) if text.startswith(piece, p))
    return places


def _before(token: str, places: int, text: bytes, wide: int) -> int:
    for i, part in enumerate(reversed(token.split(REPLACEMENT))):
        if i:
            one = (places >> 1) & wide
            two = (one >> 1) & wide
            places = one | two | (two >> 1) & wide
        if part:
            piece = _bytes(part)
            places = sum(1 << p - len(piece) for p in _bits(places) if text.endswith(piece, 0, p))
    return places


def _bits(places: int) -> Iterator[int]:
    while places:
        highest = places.bit_length() - 1
        yield highest
        places ^= 1 << highest


def _lowest(places: int) -> int:
    return (places & -places).bit_length() - 1
