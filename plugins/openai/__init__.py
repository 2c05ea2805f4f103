"""Models behind an OpenAI-compatible server: vLLM, SGLang, TGI, llama.cpp, OpenAI."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.hooks import hookimpl

if TYPE_CHECKING:
    from harness.registry import Register


@hookimpl
def register_models(register: Register) -> None:
    """The one model; what it offers depends on ``api=``."""
    register(
        "openai",
        "harness_plugins.openai.model:ServedModel",
        offers=("embed", "generate", "loglikelihood", "next_token", "choose"),
        description="model behind an OpenAI-compatible server: model= its name there, base_url= the server",
    )
