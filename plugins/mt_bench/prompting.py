"""The judge's prompts: versioned files, filled in one pass, so that a text of a model is never searched for places."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from pathlib import Path

from harness import Conversation, Message
from harness.files import load_yaml

FOLDER = Path(__file__).parent / "prompts"
_PLACE = re.compile(r"\{([a-z_0-9]+)\}")


@functools.cache
def prompt_file(name: str) -> Mapping[str, str]:
    """Read a prompt file: ``single`` or ``pair``."""
    content = load_yaml(FOLDER / f"{name}.yaml")
    return {key: str(text) for key, text in content.items()}


def judged(name: str, turn: int, values: Mapping[str, str]) -> Conversation:
    """Return what the judge is asked about a turn.

    >>> asked = judged("single", 1, {"question_1": "Why?", "answer_1": "See {question_1}."})
    >>> "See {question_1}." in asked.messages[1].content
    True

    Args:
        name: ``single`` or ``pair``.
        turn: 1 or 2.
        values: By place; with ``reference_1`` the prompt that shows references is taken.

    Raises:
        KeyError: the prompt shows something that is not given.
    """
    file = prompt_file(name)
    which = ("first", "second")[turn - 1] + ("_with_reference" if "reference_1" in values else "")
    text = _PLACE.sub(lambda place: values[place[1]], file[which])
    return Conversation((Message("system", file["system"]), Message("user", text)))
