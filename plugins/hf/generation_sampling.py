"""Sampling that depends on nothing but the logits, a seed, the prompt, the sample's number and the step.

A token is drawn by an exponential race: with E_i standard exponential, argmax of p_i / E_i is token i with probability
p_i (the Gumbel-max trick with one logarithm less). The E_i come from SplitMix64 (Steele, Lea & Flood, Fast splittable
pseudorandom number generators, OOPSLA 2014), whose n-th value is a function of key and n: so each row of a batch has a
stream of its own on every device, whatever its neighbours are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

CELLS = 1 << 24
"""Most probabilities in memory at once, in double precision."""


def stream_key(seed: int, prompt: Sequence[int], sample: int) -> int:
    """Return the 64-bit key of the random numbers of one completion."""
    digest = hashlib.blake2b(f"{seed} {sample} ".encode(), digest_size=8)
    digest.update(np.asarray(prompt, dtype="<i8").tobytes())
    return int.from_bytes(digest.digest(), "little", signed=True)


def uniform(keys: Any, steps: Any, size: int) -> Any:
    """Draw uniform numbers in (0, 1).

    Args:
        keys: Keys of the streams, int64 tensor of shape (b,).
        steps: Step that each stream is at, int64 tensor of shape (b,).
        size: Number of random numbers a step.

    Returns:
        float64 tensor of shape (b, size).
    """
    import torch

    counter = torch.arange(1, size + 1, device=keys.device) + (steps * size)[:, None]
    state = keys[:, None] + counter * _signed(0x9E3779B97F4A7C15)  # int64 wraps around, as is meant
    state = (state ^ _shift(state, 30)) * _signed(0xBF58476D1CE4E5B9)
    state = (state ^ _shift(state, 27)) * _signed(0x94D049BB133111EB)
    return (_shift(state ^ _shift(state, 31), 11).double() + 0.5) * 2.0**-53


def probabilities(logits: Any, temperature: Any, top_p: Any) -> Any:
    """Turn logits into the probabilities that tokens are sampled with.

    Args:
        logits: Tensor of shape (b, v).
        temperature: Temperatures above 0, float64 tensor of shape (b,).
        top_p: Mass of the smallest set of likeliest tokens that is kept, float64 tensor of shape (b,); at least one
            token is kept, and of equally likely tokens the ones of lower number (Holtzman et al. 2020, section 3.1).

    Returns:
        float64 tensor of shape (b, v); each row sums to its kept mass.
    """
    import torch

    logits = logits.double()
    # The maximum goes first, so that a tiny temperature gives -inf, never an overflow.
    scaled = (logits - logits.amax(-1, keepdim=True)) / temperature[:, None]
    mass = torch.softmax(scaled, -1)
    if bool((top_p >= 1).all()):
        return mass
    ordered, order = torch.sort(mass, dim=-1, descending=True, stable=True)
    above = torch.zeros_like(ordered)
    above[:, 1:] = ordered.cumsum(-1)[:, :-1]
    dropped = (above >= top_p[:, None]) & (top_p < 1)[:, None]
    dropped[:, 0] = False
    return mass.masked_fill(torch.zeros_like(dropped).scatter(-1, order, dropped), 0.0)


def sample(logits: Any, temperature: Any, top_p: Any, keys: Any, steps: Any) -> Any:
    """Draw a token for each row.

    Args:
        logits: Tensor of shape (b, v).
        temperature: Temperatures above 0, float64 tensor of shape (b,).
        top_p: Kept mass as for `probabilities`, float64 tensor of shape (b,).
        keys: Keys of the streams, int64 tensor of shape (b,).
        steps: Step that each stream is at, int64 tensor of shape (b,).

    Returns:
        int64 tensor of shape (b,).
    """
    import torch

    rows = max(1, CELLS // logits.shape[1])
    parts = zip(*(tensor.split(rows) for tensor in (logits, temperature, top_p, keys, steps)), strict=True)
    drawn = []
    for some, heat, nucleus, key, step in parts:
        race = uniform(key, step, some.shape[1]).log_().neg_()
        drawn.append((probabilities(some, heat, nucleus) / race).argmax(-1))
    return torch.cat(drawn)


def _shift(value: Any, places: int) -> Any:
    """Shift to the right, and fill with zeros."""
    return (value >> places) & ((1 << (64 - places)) - 1)


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value
