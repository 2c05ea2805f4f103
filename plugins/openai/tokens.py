"""Tokens as servers list them: their text, whatever marks it is written with, and their log-probabilities, doubted."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple
from unicodedata import east_asian_width

import numpy as np
from numpy.typing import NDArray

from harness import ROUNDING

from .problems import Refused, short

MOST = 1.05
"""What the probabilities of the tokens of one place may add up to; they are rounded."""

KNOWN_SHARE = 0.5
"""Of the probability that is listed, the least that must lie on tokens which the tokenizer knows."""

_BLANK_MARKS = "\u2581\u0120\u010a\u0109\u010d"
"""How vocabularies write blanks: sentencepiece's space; the space, line feed, tab and return of byte-level ones."""
_LEADING = re.compile(rf"^(?:[\s{_BLANK_MARKS}]|<0x(?:20|0[9AaDd])>)*(?:##)?")
_BLANK = re.compile(rf"^(?:[\s{_BLANK_MARKS}]|<0x(?:20|0[9AaDd])>)+$")


class Position(NamedTuple):
    """One place of a reply: the token that was generated there, and the likeliest ones."""

    token: str
    value: float
    """Its natural-log probability."""
    listed: list[tuple[str, float]]


def log_probability(value: Any) -> float:
    """A natural-log probability, at most 0.

    Raises:
        Refused: it is none: no number, NaN, infinite in the wrong direction, or above 0 by more than rounding.
    """
    # Not `min(0.0, value)`, which is 0.0, certainty, for NaN.
    if isinstance(value, bool) or not isinstance(value, int | float) or not value <= ROUNDING:
        raise Refused(f"the server gave {short(value)} as a log-probability, which is none")
    try:
        return min(float(value), 0.0)
    except OverflowError:
        raise Refused("the server gave a whole number without end as a log-probability, which is none") from None


def listing(pairs: Iterable[tuple[Any, Any]]) -> list[tuple[str, float]]:
    """The tokens of one place with their log-probabilities, one that is listed twice once.

    Raises:
        Refused: a value is no log-probability, or together they are more than all there is.
    """
    found = list(dict.fromkeys((str(token), log_probability(value)) for token, value in pairs))
    together = math.fsum(math.exp(value) for _, value in found)
    if together > MOST:
        raise Refused(f"the server gave probabilities of one token that add up to {together:.3g}")
    return found


def is_blank(token: str) -> bool:
    """Whether a token is nothing but blanks, in the text's or a vocabulary's writing."""
    return bool(_BLANK.match(token))


def readings(token: str) -> tuple[str, ...]:
    """What a token may say without the blanks before it: as the text that it is, and as the mark of a vocabulary.

    Two, since a letter such as ``Ġ`` is Maltese in one server's answer and a blank in another's.
    """
    return tuple(dict.fromkeys(text for text in (token.lstrip(), _LEADING.sub("", token)) if text))


def weights(positions: Sequence[Position], options: Sequence[str]) -> NDArray[np.float64]:
    """Log-probability of a reply's beginning with each option, blanks before it aside, as far as one token shows it.

    A token counts for an option if either begins with the other: "Yes" for "Yes, of course", and "B." for "B", but not
    "As", which is another word. A token that is the beginning of several options counts for each. A further place
    counts where only blanks were generated before it. Options that differ in the blanks before them alone are one
    reply, whose probability goes to the first: whoever adds them up must not have it twice.

    Returns:
        Shape (k,), at most 0; -inf where no listed token counts.
    """
    found = np.full(len(options), -math.inf)
    first = {option.lstrip(): i for i, option in reversed(list(enumerate(options)))}
    before = 0.0
    for position in positions:
        for option, i in first.items():
            counted = [value for token, value in position.listed if _counts(token, option)]
            if counted:
                found[i] = np.logaddexp(found[i], before + np.logaddexp.reduce(counted))
        if not is_blank(position.token):
            break
        before += position.value
    return np.asarray(np.minimum(found, 0.0))  # no value is NaN: `log_probability` has seen to it


def _counts(token: str, option: str) -> bool:
    return bool(option) and any(option.startswith(text) or _goes_on(text, option) for text in readings(token))


def _goes_on(text: str, option: str) -> bool:
    """Whether a text begins with an option, and not with a longer word of which the option is a part."""
    if not text.startswith(option):
        return False
    around = option[-1:] + text[len(option) : len(option) + 1]
    # In scripts of wide characters words are not parted.
    return not around.isalnum() or len(around) < 2 or any(east_asian_width(c) in "WF" for c in around)


def over_vocabulary(listed: Sequence[tuple[str, float]], ids: Mapping[str, int], size: int) -> NDArray[np.float32]:
    """Log-probabilities of all tokens: those listed, and what is left of the mass in equal shares for the rest.

    Args:
        listed: Tokens as text, with natural-log probabilities.
        ids: From a token's text to its id.
        size: V.

    Returns:
        Shape (V,).

    Raises:
        Refused: most of what is listed is no token of the vocabulary.
    """
    known = {ids[token]: value for token, value in listed if token in ids}
    held = math.fsum(math.exp(value) for value in known.values())
    if held < KNOWN_SHARE * math.fsum(math.exp(value) for _, value in listed):
        raise Refused(
            f"the tokenizer knows few of the tokens that the server lists ({short([token for token, _ in listed])}): "
            "give the model's own with tokenizer="
        )
    left = max(1.0 - held, 1e-12)
    row = np.full(size, math.log(left / max(size - len(known), 1)), dtype=np.float64)
    for token, value in known.items():
        row[token] = value
    return row.astype(np.float32)


@cache
def _bytes_by_letter() -> Mapping[str, int]:
    """From the letters in which byte-level vocabularies write bytes (as GPT-2's does) to the bytes."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in plain]
    return {chr(byte): byte for byte in plain} | {chr(0x100 + i): byte for i, byte in enumerate(others)}


def from_byte_letters(token: str) -> str:
    """The text of a token written in the letters of a byte-level vocabulary; another one as it stands."""
    table = _bytes_by_letter()
    if any(letter not in table for letter in token):
        return token
    return bytes(table[letter] for letter in token).decode("utf-8", "replace")
