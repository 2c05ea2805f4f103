"""A batch of completions in the making: rows join it, decode together through ``generate``, and leave it when done."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness import Sampling, Steering

from .generation_cache import has_plain_cache, join, new_cache, select
from .generation_sampling import sample
from .generation_text import StopWatch

LEAVE = 0.25
"""Share of the rows that has to be done before the other rows are moved together and new ones join."""


@dataclass(eq=False, slots=True)
class OpenCompletion:
    """A completion that is being generated."""

    prompt: tuple[int, ...]
    sampling: Sampling
    key: int
    """Key of the completion's random numbers."""
    room: int
    """Most tokens that the completion may have."""
    ends: Collection[int]
    """Tokens that end the completion."""
    watch: StopWatch | None = None
    steering: Steering | None = None
    tokens: list[int] = field(default_factory=list)
    reason: str = ""
    """The finish reason: "stop", "length", or "" while the completion goes on."""
    failure: str = ""

    @property
    def size(self) -> int:
        """Return the number of tokens of prompt and completion so far."""
        return len(self.prompt) + len(self.tokens)

    @property
    def is_done(self) -> bool:
        """Tell whether nothing more is to be sampled."""
        return bool(self.reason or self.failure)

    def add(self, token: int) -> None:
        """Append the next token, and note whether it ends the completion."""
        self.tokens.append(token)
        if token in self.ends or (self.watch is not None and self.watch.push(token, self.tokens)):
            self.reason = "stop"
        elif len(self.tokens) >= self.room:
            self.reason = "length"


class Pool:
    """Rows that decode together, padded on the left.

    Args:
        model: A causal language model of transformers.
        device: The device that holds the model.
    """

    def __init__(self, model: Any, device: Any) -> None:
        self.model, self.device = model, device
        self.movable = has_plain_cache(model)
        """Whether rows can join and leave; if not, all begin with equal lengths, and the last one ends the batch."""
        self._base = model.base_model
        self._takes_positions = "position_ids" in inspect.signature(self._base.forward).parameters
        self.clear()

    def clear(self) -> None:
        """Drop all rows and their cache."""
        self.rows: list[OpenCompletion] = []
        self._ids: Any = None  # (rows, columns), the last column not yet in the cache
        self._mask: Any = None
        self._cache: Any = None

    def admit(self, rows: Sequence[OpenCompletion]) -> None:
        """Let rows join the batch; a context that several rows share is computed once."""
        import torch

        contexts = [(*row.prompt, *row.tokens) for row in rows]
        distinct = list(dict.fromkeys(contexts))
        numbers = {context: number for number, context in enumerate(distinct)}
        expand = torch.tensor([numbers[context] for context in contexts], device=self.device)
        ids, mask = self._padded(distinct)
        cache = self._prefill(ids[:, :-1], mask[:, :-1]) if self.movable else None
        ids, mask = ids[expand], mask[expand]
        if cache is not None:
            select(cache, expand, ids.shape[1] - 1)
        if not self.rows:
            self._ids, self._mask, self._cache = ids, mask, cache
        else:
            self._join(ids, mask, cache)
        self.rows = [*self.rows, *rows]

    def _padded(self, contexts: Sequence[tuple[int, ...]]) -> tuple[Any, Any]:
        import torch

        width = max(map(len, contexts))
        ids = torch.zeros((len(contexts), width), dtype=torch.int64)
        mask = torch.zeros_like(ids)
        for number, context in enumerate(contexts):
            ids[number, width - len(context) :] = torch.tensor(context)
            mask[number, width - len(context) :] = 1
        return ids.to(self.device), mask.to(self.device)

    def _prefill(self, ids: Any, mask: Any) -> Any:
        """Compute the cache of all tokens but the last; without the head, so without logits."""
        import torch

        cache = new_cache(self.model)
        if ids.shape[1]:
            positions = {"position_ids": (mask.cumsum(-1) - 1).clamp(min=0)} if self._takes_positions else {}
            with torch.no_grad():
                self._base(input_ids=ids, attention_mask=mask, past_key_values=cache, use_cache=True, **positions)
        return cache

    def _join(self, ids: Any, mask: Any, cache: Any) -> None:
        import torch

        width = max(ids.shape[1], self._ids.shape[1])
        join(self._cache, cache, len(ids), width - 1)

        def widened(tensor: Any) -> Any:
            return torch.nn.functional.pad(tensor, (width - tensor.shape[1], 0))

        self._ids = torch.cat([widened(self._ids), widened(ids)])
        self._mask = torch.cat([widened(self._mask), widened(mask)])

    def decode(self) -> None:
        """Sample until enough rows are done; at least one row is done then."""
        import torch
        from transformers import GenerationConfig, LogitsProcessorList, StoppingCriteriaList

        leave = max(1, int(LEAVE * len(self.rows))) if self.movable else len(self.rows)
        step = _Step(self.rows, leave, self.device)
        remaining = max(row.room - len(row.tokens) for row in self.rows)
        settings = GenerationConfig(max_new_tokens=remaining, do_sample=False, pad_token_id=0, use_cache=True)
        state = {} if self._cache is None else {"past_key_values": self._cache}
        with _own_settings_aside(self.model), torch.no_grad():
            self._ids = self.model.generate(
                self._ids,
                attention_mask=self._mask,
                generation_config=settings,
                logits_processor=LogitsProcessorList([step.choose]),
                stopping_criteria=StoppingCriteriaList([step.check]),
                **state,
            )
        more = self._ids.shape[1] - self._mask.shape[1]
        self._mask = torch.nn.functional.pad(self._mask, (0, more), value=1)

    def retire(self) -> list[OpenCompletion]:
        """Remove and return the rows that are done."""
        import torch

        done = [row for row in self.rows if row.is_done]
        left = [number for number, row in enumerate(self.rows) if not row.is_done]
        if not left:
            self.clear()
        elif done:
            width = max(self.rows[number].size for number in left)
            rows = torch.tensor(left, device=self.device)
            self._ids = self._ids[rows, -width:]
            self._mask = self._mask[rows, -width:]
            select(self._cache, rows, width - 1)
            self.rows = [self.rows[number] for number in left]
        return done


class _Step:
    """Acts between two passes: chooses a token for each row, hands it to the row, and notices the end."""

    def __init__(self, rows: Sequence[OpenCompletion], leave: int, device: Any) -> None:
        import torch

        self.rows, self.leave = rows, leave
        # Double precision does not exist on Apple's accelerators.
        self.device = "cpu" if torch.device(device).type == "mps" else device
        self.sampled = [number for number, row in enumerate(rows) if row.sampling.temperature > 0]
        chosen = [rows[number] for number in self.sampled]
        self.where = torch.tensor(self.sampled, dtype=torch.int64, device=device)
        self.keys = torch.tensor([row.key for row in chosen], dtype=torch.int64, device=self.device)
        real: dict[str, Any] = {"dtype": torch.float64, "device": self.device}
        self.temperature = torch.tensor([row.sampling.temperature for row in chosen], **real)
        self.top_p = torch.tensor([row.sampling.top_p for row in chosen], **real)
        self.steps = torch.tensor([len(row.tokens) for row in chosen], dtype=torch.int64, device=self.device)
        self.broken: Any = None
        self.steered: dict[Steering, list[int]] = {}
        for number, row in enumerate(rows):
            if row.steering is not None:
                self.steered.setdefault(row.steering, []).append(number)

    def choose(self, input_ids: Any, scores: Any) -> Any:
        """Keep, as a logits processor, only the drawn token of each sampled row."""
        self.broken = ~scores.amax(-1).isfinite()
        for steering, numbers in self.steered.items():
            self._steer(steering, [number for number in numbers if not self.rows[number].is_done], scores)
        if not self.sampled:
            return scores
        logits = scores[self.where].to(self.device)
        drawn = sample(logits, self.temperature, self.top_p, self.keys, self.steps).to(scores.device)
        self.steps += 1
        scores[self.where] = float("-inf")
        scores[self.where, drawn] = 0.0
        return scores

    def _steer(self, steering: Steering, numbers: Sequence[int], scores: Any) -> None:
        """Let a rule change the logits of the rows that came with it."""
        import torch

        if not numbers:
            return
        contexts = [(*self.rows[number].prompt, *self.rows[number].tokens) for number in numbers]
        where = torch.tensor(numbers, dtype=torch.int64, device=scores.device)
        chosen = scores[where].cpu()
        logits = (chosen if chosen.dtype == torch.float64 else chosen.float()).numpy()
        steering.steer(contexts, logits)
        scores[where] = torch.from_numpy(logits).to(scores)

    def check(self, input_ids: Any, scores: Any, **_: Any) -> Any:
        """Stop, as a stopping criterion, all rows at once when enough are done."""
        import torch

        for row, token, broken in zip(self.rows, input_ids[:, -1].tolist(), self.broken.tolist(), strict=True):
            if row.is_done:
                continue
            if broken:
                row.failure = f"the model's logits after {row.size} tokens are not finite numbers"
            else:
                row.add(token)
        stop = sum(row.is_done for row in self.rows) >= self.leave
        return torch.full((len(self.rows),), stop, device=input_ids.device)


@contextlib.contextmanager
def _own_settings_aside(model: Any) -> Iterator[None]:
    """Set the model's own sampling settings aside for the duration of the block: the request's settings hold."""
    from transformers import GenerationConfig

    before = model.generation_config
    model.generation_config = GenerationConfig()
    try:
        yield
    finally:
        model.generation_config = before
