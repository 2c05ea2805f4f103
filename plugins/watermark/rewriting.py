"""Paraphrase of marked texts by a language model, in a role of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import ClassVar

from harness import (
    Answers,
    Conversation,
    Definition,
    Failure,
    Generation,
    Item,
    Message,
    Origin,
    Request,
    Sampling,
    Stage,
)

from .figures import COLUMNS, declared, figures
from .finding import MarkedText
from .texts import Watermark

PARAPHRASER = "paraphraser"
"""The role of the model that says texts in other words."""
REWRITING = Stage(("generate",), PARAPHRASER)
_SYSTEM = (
    "You say a text in other words. Keep what it means, its language and about its length; change how its sentences "
    "are built, and use other words wherever you can. Answer with the new text, and nothing else."
)
_TOKENS_A_WORD, _TOKENS = 2, 64
"""Tokens that an answer may have for each word of the text, and beside them."""


def rewriting_of(text: str, seed: int, origin: Origin) -> Generation:
    """Return what a language model is asked: the whole text in other words, at temperature 0."""
    asked = Conversation((Message("system", _SYSTEM), Message("user", f"The text:\n\n{text}")))
    longest = _TOKENS_A_WORD * len(text.split()) + _TOKENS
    return Generation(asked, 1, Sampling(0.0, 1.0, longest, (), seed), origin=origin)


def rewritten(answers: Answers) -> str:
    """Return the new text; empty where the model failed, or said nothing."""
    response = answers.responses[0] if answers.responses else None
    return "" if response is None or isinstance(response, Failure) else str(response[0].text).strip()


def words_kept(before: str, after: str) -> float:
    """Return the share of a text's words that another has too, each as often as it is in both, capitals aside.

    >>> words_kept("The cat saw the cat", "a cat saw it")
    0.4
    """
    old, new = (Counter(text.casefold().split()) for text in (before, after))
    return sum((old & new).values()) / max(1, old.total())


class Rewritten(Watermark):
    """Texts with and without a mark, which the role ``paraphraser`` says in other words before a mark is looked for.

    Columns beside those of `Watermark`: ``kept``, the share of a text's words that its paraphrase has too. A text of
    which the paraphraser makes nothing is failed.

    Args:
        definition: The task's definition.
        seed: Of the paraphraser, which answers at temperature 0.
    """

    stages: Sequence[Stage] = (REWRITING, *Watermark.stages)
    columns: ClassVar[tuple[str, ...]] = (*COLUMNS, "kept")
    default_metrics: ClassVar[tuple[str, ...]] = (*Watermark.default_metrics, "words_kept")

    def __init__(self, definition: Definition, seed: int = 0) -> None:
        super().__init__(definition)
        self.seed = seed

    def requests(self, item: Item, stage: int, capability: str, earlier: Sequence[Answers]) -> Sequence[Request]:
        """Ask for the text in other words; then for the evidence, or for the log-odds, of that."""
        origin = item.origin(self.name, 0)
        if stage == 0:
            return [rewriting_of(item.fields["text"], self.seed, origin)]
        text = rewritten(earlier[0])
        if not text:
            return []
        if capability == "find_mark":
            return [MarkedText(text, declared(item.fields.get("declared")), origin=origin)]
        return [Conversation.user(text, origin=origin)]

    def row(self, item: Item, answers: Sequence[Answers]) -> Mapping[str, float]:
        """Return the figures of the new text, and the label."""
        text, plain = rewritten(answers[0]), item.fields["text"]
        found = answers[1].responses[0] if len(answers) > 1 and answers[1].responses else None
        kept = words_kept(plain, text) if text else float("nan")
        return {**figures(found, float(item.fields["label"]), text or None), "kept": kept}
