"""Removes a judge's visible thoughts, the text of a reasoning model before its answer, which holds no verdict."""

from __future__ import annotations

import re

# Opening and closing marks of the reasoning models in use.
_MARKS = (
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("<seed:think>", "</seed:think>"),
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
)
_CHANNEL = "<|channel|>final<|message|>"


def without_thoughts(text: str) -> str:
    """Return the text of a judge without its thoughts.

    A closing mark without an opening mark (which chat templates put into the prompt) ends a thought that began with
    the text. Nothing is left after an opening mark that is never closed, since the tokens ran out.
    """
    if _CHANNEL in text:
        text = text.rpartition(_CHANNEL)[2].removesuffix("<|return|>")
    elif text.startswith("<|channel|>analysis"):
        return ""
    for opening, closing in _MARKS:
        text = _cut(text, opening, closing)
    return text.strip()


def _cut(text: str, opening: str, closing: str) -> str:
    marks = list(re.finditer(f"{re.escape(opening)}|{re.escape(closing)}", text, re.IGNORECASE))
    kept: list[str] = []
    position, depth = 0, 0
    for mark in marks:
        if mark[0].lower() == opening.lower():
            if depth == 0:
                kept.append(text[position : mark.start()])
            depth += 1
        else:
            if depth == 0:
                kept.clear()
            depth = max(depth - 1, 0)
            position = mark.end()
    if depth == 0:
        kept.append(text[position:])
    return "".join(kept)
