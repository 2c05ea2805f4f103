"""Where lm-eval and the libraries under it waste time that a user waits for."""

from __future__ import annotations

from functools import cache, lru_cache


@cache
def compile_templates_once() -> None:
    """Let lm-eval's jinja environment remember the templates it has compiled; what they render is the same.

    It compiles each anew for every document, which takes most of the time in which prompts are made.
    """
    from lm_eval import utils

    environment = getattr(utils, "env", None)
    if environment is not None and hasattr(environment, "from_string"):
        # Templates whose text differs from document to document must not fill the memory.
        environment.from_string = lru_cache(maxsize=256)(environment.from_string)


def work_offline() -> None:
    """Look for data sets on this machine only, from now on: the hub was tried for half a minute and is not there."""
    import datasets
    import huggingface_hub

    datasets.config.HF_HUB_OFFLINE = True
    huggingface_hub.constants.HF_HUB_OFFLINE = True
