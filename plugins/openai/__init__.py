"""Models behind an OpenAI-compatible server: vLLM, SGLang, TGI, llama.cpp, OpenAI."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import hookimpl

if TYPE_CHECKING:
    from harness import Register


@hookimpl
def register_models(register: Register) -> None:
    """Register the served model, whose offers depend on ``api=``, and the moderation endpoint."""
    register(
        "openai",
        "harness_plugins.openai.model:ServedModel",
        offers=("embed", "generate", "loglikelihood", "next_token", "choose"),
        description="model behind an OpenAI-compatible server: model= its name there, base_url= the server",
    )
    register(
        "openai-moderation",
        "harness_plugins.openai.moderation:Moderation",
        offers=("detect",),
        description="moderation endpoint of an OpenAI-compatible server: base_url= the server, category= one of its",
    )
