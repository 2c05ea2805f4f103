"""Turns hidden states into log-probabilities, only where they are read, a few hundred tokens at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .forward import Head

LOGITS = 4_194_304
"""Most logits made at once: 16 MiB in float32, so that the next step finds them in the cache."""

CHUNK = 256
"""Most tokens whose logits are made at once: more gains nothing."""


@dataclass(frozen=True)
class OutputHead:
    """The output layer of a language model.

    Attributes:
        from_hidden: Whether logits are computed here from hidden states; else the model gives logits itself, and
            `logits` passes them on.
    """

    layer: Any
    scale: float
    softcap: float
    from_hidden: bool
    vocabulary: int

    def logits(self, hidden: Any) -> Any:
        """Compute logits of shape (r, V), in float32 at least, for hidden states of shape (r, d)."""
        import torch

        if not self.from_hidden:
            return hidden.to(torch.promote_types(hidden.dtype, torch.float32))
        logits = self.layer(hidden)
        logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
        if self.scale != 1.0:
            logits = logits * self.scale
        if self.softcap:
            logits = torch.tanh(logits / self.softcap) * self.softcap
        return logits

    def chunks(self, hidden: Any) -> Iterator[tuple[int, Any]]:
        """Yield (index of the first, logits) of some hidden states at a time, so that the logits stay in the cache."""
        size = max(1, min(CHUNK, LOGITS // self.vocabulary))
        for first in range(0, len(hidden), size):
            yield first, self.logits(hidden[first : first + size])

    def log_probabilities(self, hidden: Any, which: Any, slots: Any) -> NDArray[Any]:
        """Compute natural-log probabilities of every next token: shape (r, V), float32."""
        log_probabilities: NDArray[Any] = np.concatenate([rows for _, rows in self.distributions(hidden)])[which]
        return log_probabilities

    def distributions(self, hidden: Any) -> Iterator[tuple[int, NDArray[Any]]]:
        """Yield (index of the first, log-probabilities of shape (r, V), float32) of some hidden states at a time."""
        import torch

        for first, logits in self.chunks(hidden):
            yield first, torch.log_softmax(logits, dim=-1).float().cpu().numpy()

    def for_targets(self, targets: NDArray[np.int64]) -> Head:
        """Return a head that gives the log-probability of each read's target, and whether no token is likelier.

        Args:
            targets: The target token of each slot.

        Returns:
            A head whose values have shape (r, 2), float64.
        """
        import torch

        def head(hidden: Any, which: Any, slots: Any) -> NDArray[Any]:
            values = np.empty((len(which), 2))
            order = np.argsort(which, kind="stable")
            bounds = which[order]
            for first, logits in self.chunks(hidden):
                here = order[slice(*np.searchsorted(bounds, [first, first + len(logits)]))]
                rows = torch.from_numpy(which[here] - first).to(logits.device)
                targeted = torch.from_numpy(targets[slots[here]]).to(logits.device)
                top = logits.amax(dim=-1)
                picked = logits[rows, targeted]
                # In place: a second array of logits would cost as much as the layer itself.
                total = logits.sub_(top[:, None]).exp_().sum(dim=-1).log() + top
                values[here, 0] = (picked - total[rows]).cpu().numpy()
                values[here, 1] = (picked >= top[rows]).cpu().numpy()
            return values

        return head


def output_head(model: Any, vocabulary: int) -> OutputHead:
    """Find out how a model's logits follow from its hidden states, and check that against the model itself."""
    import torch

    config = model.config.get_text_config()
    scale = float(getattr(config, "logit_scale", None) or 1.0) / float(getattr(config, "logits_scaling", None) or 1.0)
    cap = float(getattr(config, "final_logit_softcapping", None) or 0.0)
    layer = model.get_output_embeddings()
    direct = OutputHead(None, 1.0, 0.0, False, vocabulary)
    if layer is None or model.base_model is model:
        return direct
    head = OutputHead(layer, scale, cap, True, vocabulary)
    tokens = torch.arange(1, 9, device=next(model.parameters()).device)[None] % vocabulary
    with torch.inference_mode():
        try:
            hidden = model.base_model(input_ids=tokens, use_cache=False).last_hidden_state[0]
            expected = model(input_ids=tokens, use_cache=False).logits[0].to(torch.float32)
            close = torch.allclose(head.logits(hidden).to(torch.float32), expected, rtol=1e-3, atol=1e-4)
        except (AttributeError, TypeError, RuntimeError):  # a backbone of another make
            return direct
    return head if close else direct
