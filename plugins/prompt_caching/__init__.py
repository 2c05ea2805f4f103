"""Prompt caching by the similarity of embeddings: which prompts share a response, within an error budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import hookimpl

if TYPE_CHECKING:
    from harness import Register

_HERE = "harness_plugins.prompt_caching"


@hookimpl
def register_capabilities(register: Register) -> None:
    """Register what verifiers, and embedders that know their probability, are asked."""
    register("reuse", f"{_HERE}.reuse:REUSE", description="probability that a cached response serves another prompt")
