"""Rows of token ids that a language model is tuned on, of which only the reply's tokens are learned.

A row holds what the model reads when it generates: the prompt as its own chat template renders it, then the reply, then
the token that ends it. Rows are padded at the right when they are put into a batch.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness import Conversation, Failure, Message

from .tokens import Encoder, refused

IGNORED = -100
"""Label of a token that is read and not learned, as transformers has it."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A prompt, and the reply that is learned."""

    prompt: Conversation
    reply: str
    ended: bool = True
    """False where the reply was cut: that it ends there is not learned."""
    kept: bool = False
    """Whether the reply is one of the model's own, to be kept: losses may treat it otherwise."""


@dataclass(frozen=True, slots=True)
class TuningRow:
    """Token ids of a prompt and its reply."""

    tokens: tuple[int, ...]
    start: int
    """Place of the reply's first token."""
    kept: bool = False


@dataclass(slots=True)
class TuningRows:
    """The rows, and what was left out of them."""

    rows: list[TuningRow] = field(default_factory=list)
    too_long: int = 0
    """How many are longer than the context."""
    refused: int = 0
    """How many the chat template or the tokenizer refuses."""
    reason: str = ""
    """Why the first of those is refused: what template or tokenizer say, which may quote a text."""

    @property
    def reply_tokens(self) -> int:
        """How many tokens are learned, in one pass over the rows."""
        return sum(len(row.tokens) - row.start for row in self.rows)


def tuning_rows(encoder: Encoder, ends: Collection[int], shown: Iterable[Shown]) -> TuningRows:
    """Turn prompts and replies into rows; those that are longer than the context are left out, and counted.

    Args:
        encoder: Renders and tokenises as the model does when it is asked.
        ends: Tokens at which the model's replies end.
        shown: Prompts with their replies.

    Raises:
        CellError: the tokenizer has no chat template, and one is needed.
    """
    made = TuningRows()
    for one in shown:
        try:
            row = _row(encoder, ends, one)
        except Exception as error:  # of the template or the tokenizer: this row only
            made.refused, made.reason = made.refused + 1, made.reason or refused(error).reason
            continue
        if isinstance(row, Failure):
            made.refused, made.reason = made.refused + 1, made.reason or row.reason
        elif len(row.tokens) > encoder.context:
            made.too_long += 1
        else:
            made.rows.append(row)
    return made


def _row(encoder: Encoder, ends: Collection[int], shown: Shown) -> TuningRow | Failure:
    reply, closing = _closed(encoder, shown)
    ((tokens, start),) = encoder.continued(shown.prompt, [reply + closing if shown.ended else reply])
    if len(tokens) <= start:
        return Failure("the tokenizer makes no token of a reply")
    if shown.ended:
        # A template goes on behind the end of a turn, with a line end for instance, which is never generated.
        first = next((place for place in range(start, len(tokens)) if tokens[place] in ends), None)
        end = encoder.tokenizer.eos_token_id if encoder.tokenizer.eos_token_id in ends else min(ends, default=None)
        if first is not None:
            tokens = tokens[: first + 1]
        elif end is not None:
            tokens = [*tokens, int(end)]
    return TuningRow(tuple(tokens), start, shown.kept)


def _closed(encoder: Encoder, shown: Shown) -> tuple[str, str]:
    """Return the reply as the template writes it, which may strip it, and what the template puts behind it."""
    if encoder.as_text or all(message.role == "text" for message in shown.prompt.messages):
        return shown.reply, ""
    encoder.require_template()
    opening, _ = encoder.opening(shown.prompt)
    last = shown.prompt.messages[-1]
    if last.role == "assistant":  # the reply goes on where it stops
        messages = (*shown.prompt.messages[:-1], Message("assistant", last.content + shown.reply))
        whole = encoder.render(Conversation(messages))
    else:
        whole = encoder.render(shown.prompt.reply(shown.reply))
    for reply in (shown.reply, shown.reply.strip()):
        if whole.startswith(opening + reply):
            return reply, whole[len(opening + reply) :]
    return shown.reply, ""  # a template that writes past turns otherwise than the one to come: the end token is added


def collate(rows: Sequence[TuningRow], pad: int) -> dict[str, Any]:
    """Put rows into one batch of tensors, padded at the right.

    Returns:
        ``input_ids``, ``attention_mask`` and ``labels`` of shape (b, t), labels `IGNORED` outside replies; ``kept`` of
        shape (b,).
    """
    import torch

    width = max(len(row.tokens) for row in rows)
    tokens = torch.full((len(rows), width), pad, dtype=torch.long)
    labels = torch.full((len(rows), width), IGNORED, dtype=torch.long)
    mask = torch.zeros((len(rows), width), dtype=torch.long)
    for place, row in enumerate(rows):
        ids = torch.tensor(row.tokens, dtype=torch.long)
        tokens[place, : len(ids)], mask[place, : len(ids)] = ids, 1
        labels[place, row.start : len(ids)] = ids[row.start :]
    kept = torch.tensor([row.kept for row in rows])
    return {"input_ids": tokens, "attention_mask": mask, "labels": labels, "kept": kept}
