"""Tokens as servers list them: their text, in whatever marks, and their log-probabilities, which are checked."""

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
"""Greatest sum of the probabilities of the tokens of one place; servers round them."""

KNOWN_SHARE = 0.5
"""Least share of the listed probability that must lie on tokens which the tokenizer knows."""

_BLANK_MARKS = "\u2581\u0120\u010a\u0109\u010d"
"""The blanks of vocabularies: sentencepiece's space; the space, line feed, tab and return of byte-level ones."""
_LEADING = re.compile(rf"^(?:[\s{_BLANK_MARKS}]|<0x(?:20|0[9AaDd])>)*(?:##)?")
_BLANK = re.compile(rf"^(?:[\s{_BLANK_MARKS}]|<0x(?:20|0[9AaDd])>)+$")


class Position(NamedTuple):
    """A place of a reply: the token that was generated there, and the likeliest tokens."""

    token: str
    value: float
    """Natural-log probability of the generated token."""
    listed: list[tuple[str, float]]


def log_probability(value: Any) -> float:
    """Read a natural-log probability, at most 0.

    Raises:
        Refused: the value is no number, NaN, infinite in the wrong direction, or above 0 by more than rounding.
    """
    # Not `min(0.0, value)`, which is 0.0, certainty, for NaN.
    if isinstance(value, bool) or not isinstance(value, int | float) or not value <= ROUNDING:
        raise Refused(f"the server gave {short(value)} as a log-probability, which is none")
    try:
        return min(float(value), 0.0)
    except OverflowError:
        raise Refused("the server gave a whole number without end as a log-probability, which is none") from None


def listing(pairs: Iterable[tuple[Any, Any]]) -> list[tuple[str, float]]:
    """List the tokens of one place with their log-probabilities; a token that is listed twice counts once.

    Raises:
        Refused: a value is no log-probability, or the probabilities add up to more than 1.
    """
    listed = list(dict.fromkeys((str(token), log_probability(value)) for token, value in pairs))
    together = math.fsum(math.exp(value) for _, value in listed)
    if together > MOST:
        raise Refused(f"the server gave probabilities of one token that add up to {together:.3g}")
    return listed


def is_blank(token: str) -> bool:
    """Tell whether a token is nothing but blanks, in the text's or a vocabulary's writing."""
    return bool(_BLANK.match(token))


def readings(token: str) -> tuple[str, ...]:
    """Read a token without the blanks before it: as text, and as a vocabulary writes it.

    There are two readings, since a letter such as ``Ġ`` is Maltese in one server's answer and a blank in another's.
    """
    return tuple(dict.fromkeys(text for text in (token.lstrip(), _LEADING.sub("", token)) if text))


def weights(positions: Sequence[Position], options: Sequence[str]) -> NDArray[np.float64]:
    """Weigh each option by the log-probability that the reply begins with it, as far as single tokens show it.

    A token counts for an option if either begins with the other: "Yes" for "Yes, of course", and "B." for "B", but not
    "As", which is another word. A token that is the beginning of several options counts for each. A further place
    counts if only blanks were generated before it. Blanks before an option do not count: options that differ only in
    them are one reply, whose probability goes to the first, so that a sum over options does not count it twice.

    Returns:
        Shape (k,), at most 0; -inf for an option without a listed token.
    """
    weighed = np.full(len(options), -math.inf)
    first = {option.lstrip(): i for i, option in reversed(list(enumerate(options)))}
    before = 0.0
    for position in positions:
        for option, i in first.items():
            counted = [value for token, value in position.listed if _counts(token, option)]
            if counted:
                weighed[i] = np.logaddexp(weighed[i], before + np.logaddexp.reduce(counted))
        if not is_blank(position.token):
            break
        before += position.value
    return np.asarray(np.minimum(weighed, 0.0))  # no value is NaN: `log_probability` has seen to it


def _counts(token: str, option: str) -> bool:
    return bool(option) and any(option.startswith(text) or _goes_on(text, option) for text in readings(token))


def _goes_on(text: str, option: str) -> bool:
    """Tell whether a text begins with an option, and not with a longer word of which the option is a part."""
    if not text.startswith(option):
        return False
    around = option[-1:] + text[len(option) : len(option) + 1]
    # In scripts of wide characters words are not parted.
    return not around.isalnum() or len(around) < 2 or any(east_asian_width(c) in "WF" for c in around)


def over_vocabulary(listed: Sequence[tuple[str, float]], ids: Mapping[str, int], size: int) -> NDArray[np.float32]:
    """Return log-probabilities of all tokens: the listed ones, and equal shares of the remaining mass for the rest.

    Args:
        listed: Tokens as text, with natural-log probabilities.
        ids: The id of each token's text.
        size: Size of the vocabulary, V.

    Returns:
        Shape (V,).

    Raises:
        Refused: most of the listed probability lies on texts that are no tokens of the vocabulary.
    """
    by_id = {ids[token]: value for token, value in listed if token in ids}
    held = math.fsum(math.exp(value) for value in by_id.values())
    if held < KNOWN_SHARE * math.fsum(math.exp(value) for _, value in listed):
        raise Refused(
            f"the tokenizer knows few of the tokens that the server lists ({short([token for token, _ in listed])}): "
            "give the model's own with tokenizer="
        )
    left = max(1.0 - held, 1e-12)
    row = np.full(size, math.log(left / max(size - len(by_id), 1)), dtype=np.float64)
    for token, value in by_id.items():
        row[token] = value
    return row.astype(np.float32)


@cache
def _bytes_by_letter() -> Mapping[str, int]:
    """Map the letters in which byte-level vocabularies (such as GPT-2's) write bytes to the bytes."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in plain]
    return {chr(byte): byte for byte in plain} | {chr(0x100 + i): byte for i, byte in enumerate(others)}


def from_byte_letters(token: str) -> str:
    """Return the text of a token written in the letters of a byte-level vocabulary; another token as it stands."""
    table = _bytes_by_letter()
    if any(letter not in table for letter in token):
        return token
    return bytes(table[letter] for letter in token).decode("utf-8", "replace")
