"""Attention over one flat row of many sequences: each reads itself and its ancestors, and nothing is padded.

This attention is plugged into transformers under a name of its own, in place of ``sdpa``. A node reads itself causally;
all descendants of a node, which lie side by side, read the node in one call. The log-sum-exp of the scores weighs the
results of the two calls, which is exact. Where the processor's fused kernel does not apply (accelerators, sliding
windows that the row exceeds, capped scores) one masked call over the row does the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from .tree import PackedRow

NAME = "harness_tree"

BLOCK = 64
"""Most tokens of a block: short neighbouring segments are attended together, under a mask."""


@dataclass(slots=True)
class Block:
    """Queries of the row that one call answers from their own keys."""

    start: int
    end: int
    mask: Any = None
    """Shape (t, t), added to the scores; None: causal, a single segment."""


@dataclass(slots=True)
class AttentionState:
    """The facts about the current row that the attention of every layer needs."""

    row: PackedRow
    kept: dict[tuple[int, int], tuple[Any, Any]]
    """Keys and values of earlier rows, by (node, layer)."""
    causal: bool = True
    blocks: list[Block] = field(default_factory=list)
    whole: dict[tuple[Any, ...], Any] = field(default_factory=dict)
    """Masks over the whole row and its inherited keys, by window, causality and device."""


_STATE: ContextVar[AttentionState | None] = ContextVar("harness_row", default=None)


def register() -> None:
    """Make the attention known to transformers; a second call does no harm.

    Raises:
        ImportError: this version of transformers accepts no further attention.
    """
    from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS
    from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

    ALL_ATTENTION_FUNCTIONS.register(NAME, attend)
    ALL_MASK_ATTENTION_FUNCTIONS.register(NAME, lambda *_, **__: None)


@contextmanager
def attending(state: AttentionState, configs: list[Any]) -> Iterator[None]:
    """Let the models of these configurations attend by the row's plan, for the duration of the block."""
    before = [config._attn_implementation for config in configs]
    token = _STATE.set(state)
    try:
        for config in configs:
            config._attn_implementation_internal = NAME
        yield
    finally:
        for config, name in zip(configs, before, strict=True):
            config._attn_implementation_internal = name
        _STATE.reset(token)


def attend(
    module: Any,
    query: Any,
    key: Any,
    value: Any,
    attention_mask: Any,
    scaling: float | None = None,
    dropout: float = 0.0,
    sliding_window: int | None = None,
    softcap: float | None = None,
    **_: Any,
) -> tuple[Any, None]:
    """Attend as transformers calls it.

    Args:
        module: The layer's attention module; its ``layer_idx`` names the keys and values that are kept.
        query: Shape (1, heads, t, d).
        key: Shape (1, key heads, t, d), positions already rotated in.
        value: Shape (1, key heads, t, d).
        attention_mask: Not used: the row says who reads whom.
        scaling: Factor of the scores; default d ** -0.5.
        dropout: Not used: nothing is trained here.
        sliding_window: Tokens that a query sees, itself included; None: all before it.
        softcap: Magnitude at which scores are capped smoothly.

    Returns:
        The result of shape (1, t, heads, d), and None in the place of attention weights.
    """
    state = _STATE.get()
    assert state is not None, "a row is being computed"
    row, layer = state.row, module.layer_idx
    scaling = query.shape[-1] ** -0.5 if scaling is None else scaling
    inherited = [(*state.kept[node, layer], until) for node, until in row.inherited]
    for node, start, end in row.keep:
        state.kept[node, layer] = (key[:, :, start:end].clone(), value[:, :, start:end].clone())
    state.causal = getattr(module, "is_causal", True)
    windowed = sliding_window is not None and row.depth > sliding_window
    if query.device.type != "cpu" or windowed or softcap or _fused() is None:
        out = _masked(state, query, key, value, inherited, scaling, sliding_window if windowed else None, softcap)
    else:
        out = _segmented(state, query, key, value, inherited, scaling)
    return out.transpose(1, 2), None


def _fused() -> Any:
    """Return the processor's fused attention with log-sum-exp; None if this torch has none."""
    import torch

    return getattr(torch.ops.aten, "_scaled_dot_product_flash_attention_for_cpu", None)


def _segmented(state: AttentionState, query: Any, key: Any, value: Any, inherited: list[Any], scaling: float) -> Any:
    import torch

    fused, row = _fused(), state.row
    if not state.blocks:
        state.blocks = _blocks(row, query.dtype, causal=state.causal)
    shared = bool(inherited or row.crosses)
    parts, sums = [], []
    for block in state.blocks:
        here = slice(block.start, block.end)
        out, log_sum = fused(
            query[:, :, here],
            key[:, :, here],
            value[:, :, here],
            0.0,
            state.causal and block.mask is None,
            attn_mask=block.mask,
            scale=scaling,
        )
        parts.append(out)
        sums.append(log_sum)
    out = parts[0] if len(parts) == 1 else torch.cat(parts, dim=2)
    if not shared:
        return out
    log_sum = sums[0] if len(sums) == 1 else torch.cat(sums, dim=2)
    for a, b, c, d in row.crosses:
        _merge(
            out, log_sum, c, d, *fused(query[:, :, c:d], key[:, :, a:b], value[:, :, a:b], 0.0, False, scale=scaling)
        )
    for keys, values, until in inherited:
        _merge(out, log_sum, 0, until, *fused(query[:, :, :until], keys, values, 0.0, False, scale=scaling))
    return out


def _merge(out: Any, log_sum: Any, start: int, end: int, more: Any, more_sum: Any) -> None:
    """Weigh in the second result for tokens ``start`` to ``end``: both softmaxes become one over all keys."""
    import torch

    old = log_sum[:, :, start:end]
    share = torch.sigmoid(more_sum - old).unsqueeze(-1).to(out.dtype)
    out[:, :, start:end].lerp_(more, share)
    log_sum[:, :, start:end] = torch.logaddexp(old, more_sum)


def _blocks(row: PackedRow, dtype: Any, *, causal: bool) -> list[Block]:
    """Cut the row into calls: a long segment alone, short neighbours together under a mask."""
    import torch

    blocks: list[list[tuple[int, int]]] = []
    for segment in row.segments:
        if blocks and segment[1] - blocks[-1][0][0] <= BLOCK:
            blocks[-1].append(segment)
        else:
            blocks.append([segment])
    cut = []
    for segments in blocks:
        start, end = segments[0][0], segments[-1][1]
        if len(segments) == 1:
            cut.append(Block(start, end))
            continue
        mask = torch.full((end - start, end - start), float("-inf"), dtype=dtype)
        for a, b in segments:
            square = mask[a - start : b - start, a - start : b - start]
            if causal:
                square.triu_(diagonal=1)
            else:
                square.zero_()
        cut.append(Block(start, end, mask))
    return cut


def _masked(
    state: AttentionState,
    query: Any,
    key: Any,
    value: Any,
    inherited: list[Any],
    scaling: float,
    window: int | None,
    softcap: float | None,
) -> Any:
    """Attend by one call over the row and all inherited keys, under a mask of who reads whom."""
    import torch

    keys = torch.cat([k for k, _, _ in inherited] + [key], dim=2) if inherited else key
    values = torch.cat([v for _, v, _ in inherited] + [value], dim=2) if inherited else value
    kind = (window, state.causal, str(query.device))
    if kind not in state.whole:
        state.whole[kind] = _readers(state, [k.shape[2] for k, _, _ in inherited], window).to(query.device)
    seen = state.whole[kind]
    groups = query.shape[1] // keys.shape[1]
    if not softcap:
        return torch.nn.functional.scaled_dot_product_attention(
            query, keys, values, attn_mask=seen, scale=scaling, enable_gqa=groups > 1
        )
    scores = query @ keys.repeat_interleave(groups, dim=1).transpose(2, 3) * scaling
    scores = (torch.tanh(scores / softcap) * softcap).masked_fill(~seen, float("-inf"))
    weights = torch.softmax(scores, dim=-1, dtype=torch.float32).to(query.dtype)
    return weights @ values.repeat_interleave(groups, dim=1)


def _readers(state: AttentionState, lengths: list[int], window: int | None) -> Any:
    """Build the mask of shape (t, inherited + t): True where a query of the row reads a key."""
    import torch

    row = state.row
    width, before = len(row.tokens), sum(lengths)
    seen = torch.zeros(width, before + width, dtype=torch.bool)
    depth = torch.empty(before + width, dtype=torch.long)
    depth[before:] = torch.from_numpy(row.positions)
    place, first = 0, int(row.positions[0])
    for (_, until), length in zip(row.inherited, lengths, strict=True):  # nearest ancestor first
        seen[:until, place : place + length] = True
        first -= length
        depth[place : place + length] = torch.arange(first, first + length)
        place += length
    for a, b in row.segments:
        seen[a:b, before + a : before + b] = torch.ones(b - a, b - a, dtype=torch.bool).tril() if state.causal else True
    for a, b, c, d in row.crosses:
        seen[c:d, before + a : before + b] = True
    if window is not None:
        distance = depth[before:, None] - depth[None, :]
        seen &= distance < window
        if not state.causal:
            seen &= distance > -window
    return seen
