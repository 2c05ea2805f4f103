"""Key/value caches of left-padded batches: rows chosen, batches joined, columns of padding dropped."""

from __future__ import annotations

from typing import Any


def has_plain_cache(model: Any) -> bool:
    """Tell whether a model's whole state is keys and values of full or sliding-window attention, a column a token.

    The rows of other models (state-space models, chunked attention) cannot be moved between batches.
    """
    from transformers import DynamicCache
    from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer

    text = model.config.get_text_config(decoder=True)
    if "chunked_attention" in (getattr(text, "layer_types", None) or ()):
        return False
    if getattr(text, "attention_chunk_size", None) or not model._supports_default_dynamic_cache():
        return False
    return all(type(layer) in (DynamicLayer, DynamicSlidingWindowLayer) for layer in DynamicCache(config=text).layers)


def new_cache(model: Any) -> Any:
    """Make an empty cache for the model."""
    from transformers import DynamicCache

    return DynamicCache(config=model.config.get_text_config(decoder=True))


def select(cache: Any, rows: Any, length: int) -> None:
    """Keep some rows of the cache, in the order given, and only the last columns of each.

    Args:
        cache: The cache, which is changed in place.
        rows: Numbers of the rows to keep, int64 tensor.
        length: Columns to keep; those before must be padding in all rows kept.
    """
    for layer in _filled(cache):
        stored = min(layer.keys.shape[-2], length)
        first = layer.keys.shape[-2] - stored
        layer.keys = layer.keys[:, :, first:].index_select(0, rows)
        layer.values = layer.values[:, :, first:].index_select(0, rows)
        _set_length(layer, length)


def join(cache: Any, other: Any, rows: int, length: int) -> None:
    """Append the rows of another cache; both are padded on the left to the longer.

    Args:
        cache: The cache that grows in place; it is not empty.
        other: A cache of the same model; empty if its rows hold no token yet.
        rows: Number of rows of the other cache.
        length: Columns of the longer cache.
    """
    import torch

    for mine, theirs in zip(cache.layers, other.layers, strict=True):
        if not _is_filled(mine):
            continue
        for name in ("keys", "values"):
            here = getattr(mine, name)
            there = getattr(theirs, name) if _is_filled(theirs) else here.new_zeros((rows, *here.shape[1:]))
            width = max(here.shape[-2], there.shape[-2])
            setattr(mine, name, torch.cat([_widened(here, width), _widened(there, width)]))
        _set_length(mine, length)


def _widened(states: Any, width: int) -> Any:
    import torch

    return torch.nn.functional.pad(states, (0, 0, width - states.shape[-2], 0))


def _set_length(layer: Any, length: int) -> None:
    if hasattr(layer, "cumulative_length"):  # a sliding window keeps only its last columns, and counts all
        layer.cumulative_length = length


def _is_filled(layer: Any) -> bool:
    return layer.is_initialized and layer.keys is not None and layer.keys.numel() > 0


def _filled(cache: Any) -> list[Any]:
    return [layer for layer in cache.layers if _is_filled(layer)]
