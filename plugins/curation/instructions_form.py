"""Verifiable instructions about the form of a response, by IFEval's ids; every search is linear in the response."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from .instructions_words import Instruction, Invalid, number

CHOICES = ("My answer is yes.", "My answer is no.", "My answer is maybe.")


def _between(text: str, opening: str, closing: str) -> Iterator[str]:
    """Yield the texts between two marks on one line, without overlap."""
    for line in text.splitlines():
        start = line.find(opening)
        while start >= 0:
            end = line.find(closing, start + len(opening))
            if end < 0:
                break
            yield line[start + len(opening) : end]
            start = line.find(opening, end + len(closing))


def _placeholders(response: str, *, num_placeholders: int) -> bool:
    return sum(1 for _ in _between(response, "[", "]")) >= number(num_placeholders)


def _postscript(response: str, *, postscript_marker: str) -> bool:
    text = response.lower()
    if postscript_marker == "P.P.S":
        return re.search(r"p\.\s?p\.\s?s", text) is not None
    if postscript_marker == "P.S.":
        return re.search(r"p\.\s?s\.", text) is not None
    if not postscript_marker:
        raise Invalid("the marker is empty")
    return postscript_marker.lower() in text


def _bullets(response: str, *, num_bullets: int) -> bool:
    lines = [line.lstrip() for line in response.splitlines()]
    marked = [x for x in lines if x.startswith("-") or (x.startswith("*") and len(x) > 1 and x[1] != "*")]
    return len(marked) == number(num_bullets)


def _highlights(response: str, *, num_highlights: int) -> bool:
    """Count ``*text*`` and ``**text**`` that are not blank inside."""
    single = sum(bool(match[1:-1].strip()) for match in re.findall(r"\*[^\n*]*\*", response))
    double = sum(bool(match[2:-2].strip()) for match in re.findall(r"\*\*[^\n*]*\*\*", response))
    return single + double >= number(num_highlights)


def _sections(response: str, *, section_spliter: str, num_sections: int) -> bool:
    if not section_spliter:
        raise Invalid("the word that begins a section is empty")
    headings = re.findall(rf"{re.escape(section_spliter)}\s?\d", response)
    return len(headings) >= number(num_sections)


def _json(response: str) -> bool:
    text = response.strip()
    for fence in ("```json", "```Json", "```JSON", "```"):
        text = text.removeprefix(fence)
    try:
        json.loads(text.removesuffix("```").strip())
    except (ValueError, RecursionError):
        return False
    return True


def _title(response: str) -> bool:
    for line in response.splitlines():
        start, end = line.find("<<"), line.rfind(">>")
        if start >= 0 and line[start + 2 : max(end, start + 2)].lstrip("<").rstrip(">").strip():
            return True
    return False


def _two_responses(response: str) -> bool:
    """Tell whether there are two different responses, divided by ``******``."""
    parts = [part.strip() for part in response.split("******")]
    inner = parts[1 if not parts[0] else 0 : -1 if len(parts) > 1 and not parts[-1] else None]
    return len(inner) == 2 and all(inner) and inner[0] != inner[1]


def _repeats(response: str, *, prompt_to_repeat: str) -> bool:
    if not prompt_to_repeat.strip():
        raise Invalid("there is nothing to repeat")
    return response.strip().lower().startswith(prompt_to_repeat.strip().lower())


def _ends(response: str, *, end_phrase: str) -> bool:
    if not end_phrase.strip():
        raise Invalid("the phrase to end with is empty")
    return response.strip().strip('"').lower().endswith(end_phrase.strip().lower())


def _quoted(response: str) -> bool:
    text = response.strip()
    return len(text) > 1 and text[0] == '"' == text[-1]


FORM: Mapping[str, Instruction] = {
    "detectable_content:number_placeholders": _placeholders,
    "detectable_content:postscript": _postscript,
    "detectable_format:number_bullet_lists": _bullets,
    "detectable_format:constrained_response": lambda response: any(choice in response for choice in CHOICES),
    "detectable_format:number_highlighted_sections": _highlights,
    "detectable_format:multiple_sections": _sections,
    "detectable_format:json_format": _json,
    "detectable_format:title": _title,
    "combination:two_responses": _two_responses,
    "combination:repeat_prompt": _repeats,
    "startend:end_checker": _ends,
    "startend:quotation": _quoted,
}
