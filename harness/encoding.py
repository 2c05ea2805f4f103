"""Texts that can be written anywhere: half characters, which scraped data and cut-off replies hold, become escapes.

A *half character* is one half of a surrogate pair without the other, such as ``"\\ud83d"``. No encoding has a form for
it, so a file, a database and a terminal refuse the whole text. Names and messages (ids, domains, labels, errors) pass
`encodable` where they enter; texts that are answers keep every character (see `harness.store.codec`).
"""

from __future__ import annotations


def encodable(text: str) -> str:
    """Write each half character of a text as its escape (``\\ud83d``); return every other text unchanged."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()
    return text


def whole_characters(text: str) -> str:
    """Make a text encodable as UTF-8: join two halves of a character, replace a lone half by U+FFFD."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
