"""Batched generation: the same completions whatever the batches, and rows kept busy.

The guarantee: a completion is a function of the model, the prompt's tokens, the sampling settings and the sample's
number. Padding and the size of a batch change logits by rounding (about 1e-6 in single precision on a processor), so
another batch may give another token only if two tokens are nearer to each other than that.
"""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from harness import Completion, Failure, Sampling, Steering

from .generation_pool import OpenCompletion, Pool
from .generation_sampling import stream_key
from .generation_text import StopWatch, completion_text, cut
from .tokens import context_length

GREEDY = Sampling()


@dataclass(frozen=True, slots=True)
class GenerationPrompt:
    """A prompt to complete, with the number of samples and their settings."""

    tokens: tuple[int, ...]
    """The prompt's tokens; an empty tuple stands for the token that begins a text."""
    n: int = 1
    sampling: Sampling = GREEDY
    steering: Steering | None = None
    """A rule that changes logits before a token is drawn."""


class Generator:
    """Completes prompts with a causal language model.

    Args:
        model: A causal language model of transformers, in evaluation mode, on the device.
        tokenizer: The model's tokenizer.
        device: The device that holds the model.
        token_budget: Most tokens of a batch, prompts and completions together; a row that needs more runs by itself.
        eos: Tokens that end a completion.
        context: Tokens that prompt and completion may have; 0 takes the number that model and tokenizer state.
    """

    def __init__(
        self, model: Any, tokenizer: Any, *, device: Any, token_budget: int, eos: Collection[int], context: int = 0
    ) -> None:
        self.model, self.tokenizer = model, tokenizer
        self.token_budget, self.eos = token_budget, frozenset(eos)
        self.context = context_length(model.config, tokenizer, context)
        self._pool = Pool(model, device)
        self._added = tokenizer.get_added_vocab()

    def stream(self, prompts: Sequence[GenerationPrompt]) -> Iterator[tuple[int, tuple[Completion, ...] | Failure]]:
        """Yield completions in no particular order, each prompt's as soon as all n are there.

        A completion's text ends before the first stop string; ``finish_reason`` is "stop" after one of the ``eos``
        tokens or a stop string, "length" after ``max_tokens`` tokens or at the end of the model's context.
        ``completion_tokens`` counts every token sampled: the one that ended it and those of the stop string too.
        A stop string that is the name of a single special token stops at that token, which has no text otherwise;
        empty stop strings are ignored.

        Args:
            prompts: All prompts.

        Yields:
            (index into ``prompts``, n completions), or a `Failure` where a prompt is longer than the context, where
            logits are no finite numbers, or where memory does not suffice for one row.
        """
        rows: dict[tuple[Any, ...], OpenCompletion] = {}
        asked: dict[int, list[OpenCompletion]] = {}
        owners: dict[OpenCompletion, list[int]] = {}
        for index, prompt in enumerate(prompts):
            tokens = prompt.tokens or self._beginning()
            refusal = self._refusal(tokens)
            if refusal is not None:
                yield index, refusal
                continue
            asked[index] = mine = self._rows(tokens, prompt, rows)
            for row in mine:
                owners.setdefault(row, []).append(index)
        missing = {index: len(mine) for index, mine in asked.items()}
        yield from ((index, ()) for index, mine in asked.items() if not mine)
        for row in self._done(list(rows.values())):
            for index in owners.pop(row):
                missing[index] -= 1
                if not missing[index]:
                    yield index, self._answer(asked.pop(index), prompts[index].n)

    def _beginning(self) -> tuple[int, ...]:
        for token in (self.tokenizer.bos_token_id, self.tokenizer.eos_token_id):
            if token is not None:
                return (int(token),)
        return ()

    def _refusal(self, tokens: tuple[int, ...]) -> Failure | None:
        if not tokens:
            return Failure("the prompt is empty, and the tokenizer has no token to begin a text with")
        if len(tokens) > self.context:
            return Failure(f"the prompt has {len(tokens)} tokens, more than the {self.context} of the model's context")
        return None

    def _rows(
        self, tokens: tuple[int, ...], prompt: GenerationPrompt, rows: dict[tuple[Any, ...], OpenCompletion]
    ) -> list[OpenCompletion]:
        """Return the rows that a prompt needs, including rows shared with other prompts."""
        sampling, count = prompt.sampling, prompt.n
        if sampling.temperature == 0:  # all alike
            sampling, count = dataclasses.replace(sampling, seed=0, top_p=1.0), min(1, prompt.n)
        needed = []
        for number in range(count):
            key = (tokens, sampling, number, prompt.steering)
            if key not in rows:
                rows[key] = self._row(tokens, sampling, number, prompt.steering)
            needed.append(rows[key])
        return needed

    def _row(
        self, tokens: tuple[int, ...], sampling: Sampling, number: int, steering: Steering | None = None
    ) -> OpenCompletion:
        stops = [stop for stop in sampling.stop if stop]
        ends = self.eos.union(self._added[stop] for stop in stops if stop in self._added)
        room = max(0, min(sampling.max_tokens, self.context - len(tokens)))
        key = stream_key(sampling.seed, tokens, number)
        watch = StopWatch(self.tokenizer, tokens, stops) if stops else None
        reason = "" if room else "length"
        return OpenCompletion(tokens, sampling, key, room, ends, watch, steering=steering, reason=reason)

    def _done(self, rows: list[OpenCompletion]) -> Iterator[OpenCompletion]:
        """Yield the rows as they are done: the longest first, so that too large a budget shows at once."""
        yield from (row for row in rows if row.is_done)
        waiting = [row for row in rows if not row.is_done]
        waiting.sort(key=lambda row: (len(row.prompt), row.prompt, row.room), reverse=True)
        queue, pool = deque(waiting), self._pool
        pool.clear()
        while queue or pool.rows:
            joining = self._joining(queue)
            try:
                if joining:
                    pool.admit(joining)
                pool.decode()
            except RuntimeError as error:
                if not _is_out_of_memory(error):
                    raise
                yield from self._shrunk(error, list(dict.fromkeys([*pool.rows, *joining])), queue)
            else:
                yield from pool.retire()

    def _joining(self, queue: deque[OpenCompletion]) -> list[OpenCompletion]:
        """Take the next rows that fit into the token budget."""
        rows = self._pool.rows
        widest = max((len(row.prompt) + row.room for row in rows), default=0)
        joining: list[OpenCompletion] = []
        while queue and (self._pool.movable or not rows):
            widest = max(widest, len(queue[0].prompt) + queue[0].room)
            count = len(rows) + len(joining)
            if count and (count + 1) * widest > self.token_budget:
                break
            if joining and not self._pool.movable and queue[0].size != joining[0].size:
                break
            joining.append(queue.popleft())
        return joining

    def _shrunk(
        self, error: RuntimeError, rows: Sequence[OpenCompletion], queue: deque[OpenCompletion]
    ) -> Iterator[OpenCompletion]:
        """Halve the budget after memory ran out; unfinished rows wait again, with their tokens so far."""
        import torch

        self._pool.clear()
        error.__traceback__ = None  # its frames hold the tensors
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        going_on = [row for row in rows if not row.is_done]
        if len(rows) == 1 and going_on:
            size = len(rows[0].prompt) + rows[0].room
            rows[0].failure = f"memory does not suffice for a prompt and completion of {size} tokens"
        else:
            used = len(rows) * max(len(row.prompt) + row.room for row in rows)
            self.token_budget = max(1, min(self.token_budget, used) // 2)
            queue.extendleft(reversed(going_on))
        yield from (row for row in rows if row.is_done)

    def _answer(self, rows: Sequence[OpenCompletion], n: int) -> tuple[Completion, ...] | Failure:
        failed = [row.failure for row in rows if row.failure]
        if failed:
            return Failure(failed[0])
        completions = tuple(self._completion(row) for row in rows)
        return completions if len(completions) == n else completions * n

    def _completion(self, row: OpenCompletion) -> Completion:
        ended = bool(row.tokens) and row.tokens[-1] in row.ends
        written = row.tokens[:-1] if ended else row.tokens  # not every such token is known as special to its tokenizer
        text, reason = completion_text(self.tokenizer, row.prompt, written), row.reason
        before = None if row.watch is None else cut(text, row.watch.stops)
        if before is not None:
            text, reason = before, "stop"
        return Completion(text, reason, len(row.prompt), len(row.tokens))


def _is_out_of_memory(error: RuntimeError) -> bool:
    import torch

    return isinstance(error, torch.OutOfMemoryError) or any(
        words in str(error) for words in ("not enough memory", "can't allocate memory", "out of memory")
    )
