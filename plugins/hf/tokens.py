"""Turns conversations and texts into token sequences: one template, special tokens once, no silent truncation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from harness import CellError, Conversation, Failure, UsageError
from harness.running import TemplateBounds, render_chat

from .tree import Tokens

TRUNCATE = ("refuse", "left", "right")

COUNT_FROM_PADDING = {
    *("camembert", "data2vec-text", "esm", "ibert", "layoutlmv3", "lilt", "longformer", "luke", "markuplm", "mpnet"),
    *("roberta", "roberta-prelayernorm", "xlm-roberta", "xlm-roberta-xl", "xmod"),
}
"""Architectures whose positions begin behind the padding token's number; earlier positions are never used."""

HOPELESS = 3
"""Number of conversations in a row that may exceed the template's bounds; after it the others are not tried."""

NO_LIMIT = 1_000_000
"""Stated limits from here on count as none: a tokenizer that knows no limit states an astronomical one."""


def context_length(config: Any, tokenizer: Any, max_length: int = 0) -> int:
    """Return the tokens that a sequence may have: as asked, else the smaller of what model and tokenizer state.

    Raises:
        UsageError: ``max_length`` is more than the model has positions.
    """
    text = config.get_text_config() if hasattr(config, "get_text_config") else config
    limits = [getattr(text, name, None) for name in ("max_position_embeddings", "n_positions", "max_sequence_length")]
    if getattr(text, "model_type", "") in COUNT_FROM_PADDING:
        before = (getattr(text, "pad_token_id", None) or 0) + 1
        limits = [limit - before for limit in limits if limit]
    stated = [limit for limit in [*limits, tokenizer.model_max_length] if limit and 0 < limit < NO_LIMIT]
    limit = int(min(stated, default=NO_LIMIT))
    if max_length and max_length > limit:
        raise UsageError(f"max_length={max_length} is more than the {limit} tokens that the model has positions for")
    return max_length or limit


class Encoder:
    """Renders and tokenises conversations and texts for one model.

    Args:
        tokenizer: A tokenizer of transformers.
        chat_template: "" is the tokenizer's own; ``text`` joins the messages by blank lines and uses no template;
            else a file holding a Jinja template.
        context: Tokens that a sequence may have.
        truncate: Fate of longer sequences: ``refuse`` fails them, ``left`` drops their beginning, ``right`` their
            end; special tokens at either end are kept.
        path: The model's path, for messages.

    Raises:
        UsageError: ``chat_template`` is neither ``text`` nor a file.
    """

    def __init__(
        self, tokenizer: Any, *, chat_template: str = "", context: int, truncate: str = "refuse", path: str = ""
    ) -> None:
        self.tokenizer, self.context, self.truncate, self.path = tokenizer, context, truncate, path
        self.as_text = chat_template == "text"
        self.template: str | None = None
        if chat_template and not self.as_text:
            if not Path(chat_template).is_file():
                raise UsageError(f"chat_template={chat_template!r} is neither 'text' nor a file holding a template")
            self.template = Path(chat_template).read_text(encoding="utf-8")
        self._out_of_bounds = 0
        self.counts: Counter[str] = Counter()
        self._ends: tuple[Tokens, Tokens] | None = None
        self._marks = sorted({str(token) for token in tokenizer.get_added_vocab()}, key=len, reverse=True)

    def remarks(self) -> list[str]:
        """Report what was cut or refused since the last call."""
        remarks = []
        longer = f"longer than the {self.context} tokens of its context"
        if self.counts["refused"]:
            remarks.append(
                f"{self.counts['refused']} sequences {longer} were refused: "
                "give truncate=left or truncate=right to have them cut"
            )
        if self.counts["left"] or self.counts["right"]:
            side = "beginning" if self.counts["left"] else "end"
            remarks.append(f"{self.counts['left'] + self.counts['right']} sequences {longer} lost their {side}")
        self.counts.clear()
        return remarks

    def require_template(self) -> None:
        """Make sure that conversations can be rendered.

        Raises:
            CellError: the tokenizer has no chat template and none was given.
        """
        if not self.as_text and self.template is None and not self.tokenizer.chat_template:
            raise CellError(
                f"the tokenizer of {self.path!r} has no chat template, and this task holds conversations: "
                "give chat_template=FILE (Jinja), or chat_template=text to join the messages by blank lines"
            )

    def render(self, conversation: Conversation, *, reply: bool = False) -> str:
        """Render the conversation as the model's text.

        Args:
            conversation: A message of role ``text`` counts as the user's.
            reply: End with the opening of the assistant's reply; a conversation whose last message is the
                assistant's ends inside that message instead.
        """
        messages = conversation.messages
        if self.as_text:
            text = "\n\n".join(m.content for m in messages)
            return text + "\n\n" if reply and messages[-1].role != "assistant" else text
        try:
            text = render_chat(
                self.tokenizer,
                [{"role": "user" if m.role == "text" else m.role, "content": m.content} for m in messages],
                chat_template=self.template,
                add_generation_prompt=reply and messages[-1].role != "assistant",
                continue_final_message=reply and messages[-1].role == "assistant",
            )
        except TemplateBounds as error:
            self._out_of_bounds += 1
            if self._out_of_bounds >= HOPELESS:
                raise CellError(
                    f"the chat template of {self.path!r} was stopped {HOPELESS} times in a row: {error}; "
                    "give chat_template=FILE with another"
                ) from error
            raise
        self._out_of_bounds = 0
        return text

    def ids(self, texts: Sequence[str], *, special: bool) -> list[list[int]]:
        """Tokenise each text into token ids.

        Args:
            texts: Any number of texts.
            special: Whether the tokenizer adds its beginning and end tokens; a rendered template holds its own.
        """
        if not texts:
            return []
        encoded = self.tokenizer(
            list(texts), add_special_tokens=special, return_attention_mask=False, return_token_type_ids=False
        )
        return list(encoded["input_ids"])

    def alike(self, texts: Sequence[str]) -> list[list[int]]:
        """Tokenise rendered texts that begin alike; the common beginning is tokenised once.

        The texts are split behind the last special token of the common beginning, where every tokenizer splits anyway.
        This is verified on the first text; if it does not hold, all texts are tokenised whole.
        """
        special = self.as_text
        if len(texts) < 2 or special:
            return self.ids(texts, special=special)
        common = _common_beginning(texts)
        mark, end = max(((m, common.rfind(m) + len(m)) for m in self._marks if m in common), key=_end, default=("", 0))
        if not mark:
            return self.ids(texts, special=False)
        whole, head, *tails = self.ids([texts[0], common[:end], *(mark + text[end:] for text in texts)], special=False)
        joined = [head + tail[1:] for tail in tails]
        if joined[0] != whole or any(tail[:1] != head[-1:] for tail in tails):
            return self.ids(texts, special=False)
        return joined

    def opening(self, prompt: Conversation | str) -> tuple[str, bool]:
        """Return the text that a reply or continuation follows, and whether special tokens are added."""
        if isinstance(prompt, str):
            return prompt, not self._begins(prompt)
        if prompt.messages and all(m.role == "text" for m in prompt.messages):
            return prompt.text, not self._begins(prompt.text)
        self.require_template()
        return self.render(prompt, reply=True), self.as_text

    def _begins(self, text: str) -> bool:
        """Tell whether a text brings its beginning-of-sequence token along."""
        return bool(self.tokenizer.bos_token) and text.startswith(self.tokenizer.bos_token)

    def prompts(self, conversations: Sequence[Conversation]) -> list[list[int] | Failure]:
        """Tokenise prompts to reply to or continue; each has at least the beginning-of-sequence token."""
        tokens: list[list[int] | Failure] = []
        for conversation in conversations:
            try:
                text, special = self.opening(conversation)
                tokens.append(self.ids([text], special=special)[0] or self.beginning())
            except Exception as error:  # of the template or the tokenizer: this prompt only
                tokens.append(refused(error))
        return tokens

    def continued(
        self, prompt: Conversation | str, continuations: Sequence[str], *, with_blanks: bool = False
    ) -> list[tuple[list[int], int]]:
        """Tokenise a prompt with each of several continuations; return the tokens and how many belong to the prompt.

        Prompt and continuation are tokenised together and parted behind as many tokens as the prompt has alone. Blanks
        at the end of a plain text, and with ``with_blanks`` at the end of a conversation, go with the continuation (the
        convention of lm-evaluation-harness).
        """
        text, special = self.opening(prompt)
        stripped = text.rstrip() if with_blanks or isinstance(prompt, str) else text
        blanks = text[len(stripped) :]
        if not stripped:
            before = self.beginning()
            return [
                (ids, 1) if ids[:1] == before else (before + ids, 1)
                for ids in self.ids([blanks + c for c in continuations], special=False)
            ]
        head, *whole = self.ids([stripped, *(text + c for c in continuations)], special=special)
        return [(ids, len(head)) for ids in whole]

    def beginning(self) -> list[int]:
        """Return the token that stands before a text without any context.

        Raises:
            CellError: the tokenizer has neither a beginning-of-sequence nor an end-of-sequence token.
        """
        for token in (self.tokenizer.bos_token_id, self.tokenizer.eos_token_id):
            if token is not None:
                return [int(token)]
        raise CellError(f"the tokenizer of {self.path!r} has no beginning-of-sequence token to put before a text")

    def fit(self, tokens: Sequence[int], *, what: str, extra: int = 0, keep: int = 0) -> Tokens | Failure:
        """Return the sequence as an array, cut to the context if truncation was chosen.

        Args:
            tokens: The sequence.
            what: Name of the sequence for the message: ``"prompt and response"``.
            extra: Tokens by which the sequence may be longer than the context: the last of a continuation is
                predicted, not read.
            keep: Tokens at the end that must not be cut.
        """
        limit = self.context + extra
        if not tokens:
            return Failure(f"{what}: there are no tokens in it")
        array = np.asarray(tokens, dtype=np.int64)
        if len(array) <= limit:
            return array
        if self.truncate == "refuse" or keep > limit:
            self.counts["refused"] += 1
            return Failure(f"{what}: {len(array)} tokens, and the model has room for {limit}")
        self.counts[self.truncate] += 1
        head, tail = (0, 0) if keep else self._special_ends(array)
        if self.truncate == "right" and not keep:
            return np.concatenate([array[: limit - tail], array[len(array) - tail :]])
        return np.concatenate([array[:head], array[len(array) - limit + head :]])

    def _special_ends(self, array: Tokens) -> tuple[int, int]:
        """Count the tokens at the beginning and at the end that the tokenizer puts around every text."""
        if self._ends is None:
            around = self.tokenizer("a", return_special_tokens_mask=True)
            mask, ids = around["special_tokens_mask"], around["input_ids"]
            text = [i for i, special in enumerate(mask) if not special] or [len(ids)]
            self._ends = np.asarray(ids[: text[0]], dtype=np.int64), np.asarray(ids[text[-1] + 1 :], dtype=np.int64)
        head, tail = self._ends
        bos = self.tokenizer.bos_token_id
        begins = len(head) if np.array_equal(array[: len(head)], head) else 0
        ends = len(tail) if np.array_equal(array[len(array) - len(tail) :], tail) else 0
        return max(begins, int(bos is not None and array[0] == bos)), ends


def refused(error: Exception) -> Failure:
    """Tell in a `Failure` why template or tokenizer refuse a conversation; errors that concern all are raised again.

    Raises:
        CellError: the error was a CellError.
    """
    if isinstance(error, CellError):
        raise error
    if isinstance(error, TemplateBounds):
        return Failure(f"the chat template was stopped: {error}")
    if type(error).__module__.startswith("jinja2"):
        return Failure(f"the chat template refuses this conversation: {error}")
    return Failure(f"cannot be tokenised: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}")


def _common_beginning(texts: Sequence[str]) -> str:
    first, last = min(texts), max(texts)
    low, high = 0, min(len(first), len(last))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if first[low:middle] == last[low:middle] else (low, middle - 1)
    return first[:low]


def _end(mark: tuple[str, int]) -> int:
    return mark[1]
