"""What a language model is tuned by: functions of the model and a batch of `harness_plugins.hf.tuning_rows.collate`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from .tuning_rows import IGNORED

Loss = Callable[[Any, Mapping[str, Any]], Any]
"""``loss(model, batch)``: a number as a tensor, whose gradient is followed downwards."""


def logits_of(model: Any, batch: Mapping[str, Any]) -> Any:
    """Return the logits of the token behind each position, (b, t - 1, V), in float32 at least."""
    logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits[:, :-1]
    return logits.float() if logits.dtype.itemsize < 4 else logits


def reply_loss(model: Any, batch: Mapping[str, Any]) -> Any:
    """Return the mean of minus the log-likelihood over the tokens of all replies of the batch, in nats."""
    return _negative_likelihood(logits_of(model, batch), batch)


def _negative_likelihood(logits: Any, batch: Mapping[str, Any]) -> Any:
    import torch

    return torch.nn.functional.cross_entropy(
        logits.flatten(0, 1), batch["labels"][:, 1:].flatten(), ignore_index=IGNORED
    )


def kept_loss(weight: float, reference: Any, apart: Callable[[], AbstractContextManager[Any]] = nullcontext) -> Loss:
    """Make `reply_loss` with a penalty of how far the model is from a reference where its own replies are kept.

    The penalty is ``weight`` times the mean, over the tokens of kept replies, of the Kullback-Leibler divergence from
    the reference's distribution of the next token to the model's, in nats; 0 in a batch without such replies.

    Args:
        weight: Of the penalty.
        reference: The model as it was; it may be the tuned one, with adapters that ``apart`` switches off.
        apart: A context in which ``reference`` is as it was.
    """
    import torch

    def loss(model: Any, batch: Mapping[str, Any]) -> Any:
        logits = logits_of(model, batch)
        learned = _negative_likelihood(logits, batch)
        chosen = (batch["labels"][:, 1:] != IGNORED) & batch["kept"][:, None]
        if not bool(chosen.any()):
            return learned
        with torch.no_grad(), apart():
            before = torch.log_softmax(logits_of(reference, batch)[chosen], dim=-1)
        now = torch.log_softmax(logits[chosen], dim=-1)
        return learned + weight * (before.exp() * (before - now)).sum(dim=-1).mean()

    return loss
