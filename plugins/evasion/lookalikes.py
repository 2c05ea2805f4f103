"""Letters that look like Latin ones: a table of our own of those that matter, for undoing them.

Full-width and mathematical letters are not in it: Unicode's compatibility form (NFKC) already makes plain ones of them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

_CYRILLIC = dict(zip("асԁеһіјӏорԛѕԝхуАВСЕНІЈКМОРЅТԜХУҮԌ", "acdehijlopqswxyABCEHIJKMOPSTWXYYG", strict=True))
_GREEK = dict(zip("αικνορυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧϲϳ", "aikvopuxABEZHIKMNOPTYXcj", strict=True))
_ARMENIAN = dict(zip("օսոհցզՕՍՏԼ", "ounhgqOUSL", strict=True))
_LATIN = dict(zip("ıɑɡɩʏɪ", "iagiyi", strict=True))

LATIN: Mapping[str, str] = {**_CYRILLIC, **_GREEK, **_ARMENIAN, **_LATIN}
"""Each look-alike letter, with the Latin letter that it resembles."""

_WORD = re.compile(r"[^\W_]+")
_TABLE = str.maketrans(dict(LATIN))


def latinised(text: str) -> str:
    """Replace look-alike letters by Latin ones, word by word.

    A word without any Latin letter that holds a letter which looks like none (as nearly all words of Russian or Greek
    do) is left as it is: it is no disguise.
    """
    return text if text.isascii() else _WORD.sub(lambda match: _word(match[0]), text)


def _word(word: str) -> str:
    if word.isascii():
        return word
    letters = [character for character in word if character.isalpha()]
    mixed = any(unicodedata.name(letter, "").startswith("LATIN") for letter in letters)
    foreign = any(letter not in LATIN for letter in letters)
    return word if foreign and not mixed else word.translate(_TABLE)
