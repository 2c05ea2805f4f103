"""The training data of the trainers here: texts with a label, and a base model's answers to the texts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness import Ask, Conversation, Failure, Item, Text


class Labelled(NamedTuple):
    """Conversations with one label each: 1 for the positive class."""

    conversations: list[Conversation]
    labels: NDArray[np.bool_]

    @property
    def texts(self) -> list[str]:
        """Return the conversations as texts."""
        return [conversation.text for conversation in self.conversations]


def labelled(items: Iterable[Item], task: str, *, both: bool = True) -> Labelled:
    """Collect the conversations and labels of a split.

    Args:
        items: The items of a detection task.
        task: The name of the task, which requests carry.
        both: Whether texts of both classes are needed, or only of the negative class.

    Raises:
        ValueError: the split has no item, a label is neither 0 nor 1, or a class is missing.
    """
    conversations, labels = [], []
    for item in items:
        label = item.fields["label"]
        if label not in (0, 1):
            raise ValueError(f"item {item.id!r} has the label {label!r}; expected 0 or 1")
        conversations.append(Conversation(item.fields["text"].messages, origin=item.origin(task, 0)))
        labels.append(bool(label))
    positives = sum(labels)
    if not labels:
        raise ValueError("it has no texts")
    if both and not 0 < positives < len(labels):
        raise ValueError(f"it needs texts of both classes, and has {positives} of {len(labels)} positive")
    if positives == len(labels):
        raise ValueError(f"it needs texts of the negative class, and all {positives} are positive")
    return Labelled(conversations, np.array(labels))


def log_odds_of(ask: Ask | None, conversations: Sequence[Conversation]) -> NDArray[np.float64]:
    """Ask the base detector for log-odds in nats, of shape (n,).

    Raises:
        ValueError: a request failed: a fit to the other texts alone would describe another population.
    """
    return np.array(_answers(ask, "detect", conversations), dtype=np.float64)


def vectors_of(ask: Ask | None, capability: str, requests: Sequence[Conversation | Text]) -> NDArray[np.float64]:
    """Ask the base for vectors, of shape (n, d).

    Raises:
        ValueError: a request failed, or the vectors differ in length.
    """
    vectors = _answers(ask, capability, requests)
    lengths = sorted({len(vector) for vector in vectors})
    if len(lengths) > 1:
        raise ValueError(f"the base model gives vectors of several lengths: {', '.join(map(str, lengths))}")
    return np.array(vectors, dtype=np.float64)


def _answers(ask: Ask | None, capability: str, requests: Sequence[Any]) -> list[Any]:
    if ask is None:
        raise ValueError("it needs a base model: --base MODEL")
    answers = ask(capability, requests)
    failed = [answer.reason for answer in answers if isinstance(answer, Failure)]
    if failed:
        raise ValueError(
            f"{len(failed)} of {len(answers)} texts got no answer to {capability!r} from the base model, the first: "
            f"{failed[0]}; a model fitted without them would be one of other texts: mend that, and train again"
        )
    return answers
