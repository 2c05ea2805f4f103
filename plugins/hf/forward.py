"""Hidden states at chosen positions of many token sequences, for the fewest tokens computed.

The engine takes jobs (tokens, positions to read), and returns a head's values for the hidden states there. Decoders run
flat rows of the prefix tree; architectures whose flat rows give other values than a plain pass (tried when the model is
loaded) run in padded batches.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from harness import CellError

from .attention import AttentionState, attending, register
from .padded import padded_batches
from .tree import PackedRow, SequenceJob, rows_of

Head = Callable[[Any, Any, Any], Any]
"""``head(hidden, which, slots)``: hidden states of u distinct tokens, shape (u, d); for each of r reads its row there,
shape (r,), and its slot, shape (r,); to an array of first dimension r."""

ON_PROCESSOR, ON_ACCELERATOR = 1024, 8192
"""Tokens a forward pass: enough for the matrix products to be at their fastest, few enough to stay in the caches."""

TOLERANCE = {"float64": 1e-4, "float32": 1e-4, "bfloat16": 6e-2, "float16": 1e-2}
"""Most that a head's value may move when prefixes are shared, relative to its size or to 1, by number format."""


class Engine:
    """Runs the part of a model below the model's head.

    Args:
        backbone: Module from tokens to ``last_hidden_state``, on its device, in evaluation mode.
        output: Field of the backbone's output that is read; a field without an axis of tokens (the logits of a
            sequence classifier) is read as if each sequence had a single token.
        budget: Tokens a forward pass; 0 chooses by device.
        pad: Token that fills the rest of a batch, where there are batches.
    """

    def __init__(self, backbone: Any, *, output: str = "last_hidden_state", budget: int = 0, pad: int = 0) -> None:
        self.backbone, self.output, self.pad = backbone, output, pad
        self.device = next(backbone.parameters()).device
        self.dtype = str(next(backbone.parameters()).dtype).removeprefix("torch.")
        self.budget = budget or (ON_PROCESSOR if self.device.type == "cpu" else ON_ACCELERATOR)
        self.flat = False
        self.why_not = "it was not tried"
        self.computed = 0
        """Tokens that went through the backbone so far."""
        self._configs = list({id(m.config): m.config for m in backbone.modules() if hasattr(m, "config")}.values())

    def enable_sharing(self, head: Head, vocabulary: int) -> None:
        """Turn flat rows and shared prefixes on, if the head's values are then those of plain passes.

        Sixty tokens go through the model. If the values differ, or the architecture refuses, ``why_not`` says so.
        """
        jobs = _probes(vocabulary)
        try:
            unsupported = _unsupported(self._configs)
            if unsupported:
                self.why_not = unsupported
                return
            register()
            plain = _by_slot(self._run(jobs, head))
            self.flat = True
            shared = _by_slot(self._run(jobs, head))
        except CellError:
            raise
        except Exception as error:  # whatever an architecture does when run in a way that is not its own
            logging.getLogger(__name__).debug("prefixes cannot be shared", exc_info=True)
            self.flat, self.why_not = (
                False,
                f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}",
            )
            return
        finally:
            self.computed = 0
        difference = max(
            float(
                np.abs(shared[i] - plain[i]).max()
                / max(1.0, np.abs(plain[i]).max(where=np.isfinite(plain[i]), initial=0))
            )
            for i in plain
        )
        # NaN compares false, so a model that gives NaN either way does not share.
        self.flat = difference <= TOLERANCE[self.dtype]
        if not self.flat:
            self.why_not = f"shared and plain passes differ by {difference:.1e}"

    def run(self, jobs: Sequence[SequenceJob], head: Head) -> Iterator[tuple[Any, Any]]:
        """Run the jobs, and yield the head's value of each read.

        A pass that does not fit into memory is repeated with half the budget, which then stays. Sequences that get NaN
        from a shared pass run again alone: a mask does not hold off a neighbour's NaN, since 0 times NaN is NaN.

        Yields:
            (slots, values) as they are computed, every slot of every job once.

        Raises:
            CellError: a single sequence does not fit into memory.
        """
        spoiled: set[int] = set()
        for slots, values in self._run(jobs, head):
            lost = _not_numbers(values)
            if self.flat and len(jobs) > 1 and lost.any():
                spoiled.update(slots[lost].tolist())
                slots, values = slots[~lost], values[~lost]
            if len(slots):
                yield slots, values
        for job in jobs if spoiled else ():
            if not spoiled.isdisjoint(job.slots.tolist()):
                yield from self._run([job], head)

    def _run(self, jobs: Sequence[SequenceJob], head: Head) -> Iterator[tuple[Any, Any]]:
        left = list(jobs)
        while left:
            done = [False] * len(left)
            try:
                for finished, slots, values in self._passes(left, head):
                    for i in finished:
                        done[i] = True
                    if len(slots):
                        yield slots, values
                return
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                self._shrink(error)
            # Reads of shared nodes that came through already come again; the caller files the same numbers.
            left = [job for job, over in zip(left, done, strict=True) if not over]

    def _shrink(self, error: Exception) -> None:
        if self.budget <= 16:
            raise CellError(
                f"the model and one sequence do not fit into the memory of {self.device}: "
                f"{str(error).splitlines()[0]}; give dtype=bfloat16, a smaller model or another device"
            ) from error
        self.budget //= 2
        if self.device.type == "cuda":
            import torch

            torch.cuda.empty_cache()

    def _passes(self, jobs: Sequence[SequenceJob], head: Head) -> Iterator[tuple[list[int], Any, Any]]:
        if self.flat:
            rows, _ = rows_of(jobs, self.budget)
            kept: dict[tuple[int, int], tuple[Any, Any]] = {}
            for row in rows:
                values = self._flat(row, kept, head)
                yield row.finished, row.slots, values
        else:
            yield from padded_batches(self, jobs, head)

    def _flat(self, row: PackedRow, kept: dict[tuple[int, int], tuple[Any, Any]], head: Head) -> Any:
        import torch

        with torch.inference_mode(), attending(AttentionState(row, kept), self._configs):
            hidden = self.forward(
                torch.from_numpy(row.tokens)[None], position_ids=torch.from_numpy(row.positions)[None].to(self.device)
            )[0]
            for node in row.release:
                for key in [key for key in kept if key[0] == node]:
                    del kept[key]
            if not len(row.reads):
                return None
            tokens, which = np.unique(row.reads, return_inverse=True)
            return head(hidden[torch.from_numpy(tokens).to(self.device)], which, row.slots)

    def forward(self, tokens: Any, **arguments: Any) -> Any:
        """Run one pass, and return the output field that is read.

        Args:
            tokens: Shape (b, t).
            **arguments: Further arguments of the backbone.

        Returns:
            Shape (b, t, d), or (b, d) where the field has no axis of tokens.
        """
        self.computed += tokens.numel()
        return getattr(self.backbone(input_ids=tokens.to(self.device), use_cache=False, **arguments), self.output)


def _probes(vocabulary: int) -> list[SequenceJob]:
    """Make sequences that share a beginning; one ends inside another's tokens. All are read at the end."""
    rng = np.random.default_rng(0)
    prefix = rng.integers(vocabulary, size=16)
    tails = [rng.integers(vocabulary, size=size) for size in (5, 3, 7)]
    sequences = [np.concatenate([prefix, tail]) for tail in tails] + [prefix[:9]]
    return [
        SequenceJob(tokens.astype(np.int64), np.array([len(tokens) - 1]), np.array([slot]))
        for slot, tokens in enumerate(sequences)
    ]


def _not_numbers(values: Any) -> Any:
    """Mark, with shape (r,), the reads whose values hold a NaN."""
    array = np.asarray(values)
    with np.errstate(all="ignore"):  # of a sum: an infinity may make one, too, which costs another pass at most
        return np.isnan(array.reshape(len(array), -1).sum(axis=1))


def _by_slot(values: Iterator[tuple[Any, Any]]) -> dict[int, Any]:
    return {int(slot): np.asarray(v) for slots, found in values for slot, v in zip(slots, found, strict=True)}


def _unsupported(configs: Sequence[Any]) -> str:
    """Name the setting that makes a token depend on more than a short probe would show; empty if there is none."""
    for config in configs:
        kinds = set(getattr(config, "layer_types", None) or ()) - {"full_attention", "sliding_attention"}
        if kinds:
            return f"its layers are of kind {', '.join(sorted(kinds))}"
        if getattr(config, "attention_chunk_size", None):
            return "it attends in chunks"
        parameters = getattr(config, "rope_parameters", None) or {}
        nested = [p for p in parameters.values() if isinstance(p, dict)] or [parameters]
        scaled = {"dynamic", "longrope"} & {p.get("rope_type") for p in nested}
        if scaled:
            return f"its positions ({', '.join(sorted(scaled))}) depend on the length of the whole pass"
    return ""


def is_out_of_memory(error: Exception) -> bool:
    """Tell whether an exception says that memory ran out, on an accelerator or on the processor."""
    import torch

    text = str(error).lower()
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or (
        isinstance(error, RuntimeError) and ("out of memory" in text or "not enough memory" in text)
    )
