"""Asks an embedder for questions' vectors through the store, for commands."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import Conversation, FloatArray, UsageError

from .outcomes import vectors_of

if TYPE_CHECKING:
    from harness import Registry


def embed(
    registry: Registry, store: Path | None, embedder: Any, prompts: Sequence[Conversation]
) -> tuple[FloatArray, str]:
    """Return the vectors, (n, d), and the embedder's fingerprint.

    Args:
        registry: Where names are looked up.
        store: The store; None: the usual one.
        embedder: The handle of a resolved model.
        prompts: The questions.

    Raises:
        UsageError: the model does not embed, or a question cannot be embedded.
    """
    from harness import TerminalProgress
    from harness.results import store_path
    from harness.running import Runner
    from harness.store import Store
    from harness.training import train_missing

    if "embed" not in embedder.offers:
        raise UsageError(f"{embedder.label} does not embed; it offers: {', '.join(embedder.offers)}")
    with Store(store_path(registry, store)) as opened:
        client = Runner(registry, opened).client()
        ready = train_missing(registry, opened, client, embedder, progress=TerminalProgress())
        asked = ready.as_part(partial(client.ask, ready))
        try:
            return vectors_of(asked, prompts), asked.fingerprint
        except ValueError as error:
            raise UsageError(str(error)) from error
