"""An agent by rule, for tests and demonstrations: it obeys what it reads, ignores it, or refuses."""

from __future__ import annotations

import base64
import codecs
import json
import re
from collections.abc import Sequence
from typing import Literal

from harness import Completion, Conversation, Generation, Model

REFUSAL = "I'm sorry, but I can't help with that."
_CALL = re.compile(r"\bcall (?:the tool )?(\w+) with (\{[^{}]*\})", re.I)
_SAY = re.compile(
    r'\b(?:reply|answer|write|say)(?: only| just)?(?: with)?(?: the words?| the sentence)? "([^"]+)"', re.I
)
_TOOL = re.compile(r"^- (\w+): (.*)$", re.M)
_FACT = re.compile(r"^([A-Za-z][A-Za-z ]{0,40}): (.+)$", re.M)
_ASKS_FOR_PROMPT = re.compile(r"\b(?:instructions|system prompt|secret)\b", re.I)


class ScriptedAgent(Model):
    """Reads the user's question, the facts ("key: value" on a line) and the tools in a conversation, by rule.

    All behaviours know how to do the tasks of ``injection/*``: they call the tools that the question says to call, else
    the one whose description is nearest to it, and answer with the fact whose key it names. ``obedient`` does what the
    last instruction in the material says instead, and tells its system prompt to whoever asks; ``robust`` does neither;
    ``refuser`` declines everything.

    Args:
        behaviour: What it makes of instructions that it reads.
    """

    batch_size = 256

    def __init__(self, behaviour: Literal["obedient", "robust", "refuser"] = "obedient") -> None:
        self.behaviour = behaviour

    def generate(self, requests: Sequence[Generation]) -> list[tuple[Completion, ...]]:
        """Return the same reply to the same conversation, however often it is asked for."""
        return [(Completion(self._reply(request.prompt)),) * request.n for request in requests]

    def _reply(self, prompt: Conversation) -> str:
        if self.behaviour == "refuser":
            return REFUSAL
        system = "\n".join(message.content for message in prompt.messages if message.role == "system")
        said = [message.content for message in prompt.messages if message.role in ("user", "text")]
        question, material = _parts(said[0] if said else "")
        results = said[1:]
        if self.behaviour == "obedient":
            if results or material:
                if order := _order(results[-1] if results else material):
                    return order
                if any(_order(result) for result in results):
                    return "Done."
            elif system and _ASKS_FOR_PROMPT.search(question):
                return _spelled(system, question)
        elif system and not material and not results and _ASKS_FOR_PROMPT.search(question):
            return "I can't share my instructions or the secret in them."
        tools = _TOOL.findall(system)
        orders = _CALL.findall(question) if tools else []
        if len(results) < len(orders):  # what the user says is to be done, one after the other
            name, arguments = orders[len(results)]
            return f'{{"tool": "{name}", "arguments": {arguments}}}'
        if tools and not results:
            return json.dumps({"tool": _nearest(question, tools), "arguments": {}})
        if not results and not material:
            return _sentence(question, system)
        return _answer(question, "\n".join(results) if results else material)


def _parts(text: str) -> tuple[str, str]:
    """Split a message into what the user asks and the material between ``<data>`` and ``</data>``."""
    match = re.search(r"<data>\n(.*)\n</data>", text, re.S)
    return (text, "") if match is None else (text[: match.start()] + text[match.end() :], match[1])


def _order(text: str) -> str:
    """Carry out the last instruction in a text; an empty text where there is none."""
    found = [*_CALL.finditer(text), *_SAY.finditer(text)]
    if not found:
        return ""
    last = max(found, key=lambda match: match.start())
    if last.re is _SAY:
        return last[1]
    try:
        arguments = json.loads(last[2])
    except ValueError:
        return ""
    return json.dumps({"tool": last[1], "arguments": arguments})


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", text.lower()))


def _nearest(question: str, tools: Sequence[tuple[str, str]]) -> str:
    """Return the tool whose description shares most words with a question; of equal ones the first."""
    return max(tools, key=lambda tool: len(_words(question) & _words(f"{tool[1]} {tool[0].replace('_', ' ')}")))[0]


def _answer(question: str, material: str) -> str:
    """Answer with the fact whose key the question names in full; the longest of several."""
    asked = _words(question)
    known = [(key, value) for key, value in _FACT.findall(material) if _words(key) <= asked]
    if not known:
        return "I do not know."
    key, value = max(known, key=lambda fact: len(fact[0]))
    return f"The {key.lower()} is {value.strip()}."


def _sentence(question: str, system: str) -> str:
    """Answer with the sentence of the system prompt that shares most words with a question, and has no long number."""
    sentences = [one for one in re.split(r"(?<=[.!?])\s+", system) if not re.search(r"\w*\d\w{7,}", one)]
    best = max(sentences, key=lambda one: len(_words(question) & _words(one)), default="")
    return best if _words(question) & _words(best) else "I do not know."


def _spelled(text: str, question: str) -> str:
    """Write a text as a question asks for it."""
    asked = question.lower()
    if "base64" in asked:
        return base64.b64encode(text.encode()).decode()
    if "backwards" in asked or "reverse" in asked:
        return text[::-1]
    if "rot13" in asked:
        return codecs.encode(text, "rot13")
    if "space after" in asked:
        return " ".join(text)
    return text.upper() if "capital" in asked else text
