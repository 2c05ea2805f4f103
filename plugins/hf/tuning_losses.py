"""What a language model is tuned by: functions of the model and a batch of `harness_plugins.hf.tuning_rows.collate`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from .tuning_rows import IGNORED

Loss = Callable[[Any, Mapping[str, Any]], Any]
"""``loss(model, batch)``: a number as a tensor, whose gradient is followed downwards."""


def predicted(model: Any, batch: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return the logits from which the tokens of replies are predicted, and which tokens those are.

    Returns:
        Logits of shape (b, k, V), in float32 at least, and labels of shape (b, k), `IGNORED` where there is none, with
        k the length of the batch from the place of the first reply on: an output layer of a large vocabulary over long
        prompts would take most of the memory.
    """
    labels = batch["labels"]
    first = int((labels != IGNORED).any(dim=0).nonzero()[0])
    kept = labels.shape[1] - first + 1
    some = {"logits_to_keep": kept} if _takes_some(model) else {}
    logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], **some).logits[:, -kept:-1]
    return logits.float() if logits.dtype.itemsize < 4 else logits, labels[:, first:]


def _takes_some(model: Any) -> bool:
    """Tell whether a model, or the one that peft wrapped, can leave out the logits of early positions."""
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    return "logits_to_keep" in inspect.signature(inner.forward).parameters


def reply_loss(model: Any, batch: Mapping[str, Any]) -> Any:
    """Return the mean of minus the log-likelihood over the tokens of all replies of the batch, in nats."""
    return _negative_likelihood(*predicted(model, batch))


def _negative_likelihood(logits: Any, labels: Any) -> Any:
    import torch

    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORED)


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
        logits, labels = predicted(model, batch)
        learned = _negative_likelihood(logits, labels)
        chosen = (labels != IGNORED) & batch["kept"][:, None]
        if not bool(chosen.any()):
            return learned
        with torch.no_grad(), apart():
            before = torch.log_softmax(predicted(reference, batch)[0][chosen], dim=-1)
        now = torch.log_softmax(logits[chosen], dim=-1)
        return learned + weight * (before.exp() * (before - now)).sum(dim=-1).mean()

    return loss
