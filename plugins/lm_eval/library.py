"""Mends places in lm-eval and its libraries that waste the user's time."""

from __future__ import annotations

from functools import cache, lru_cache


@cache
def compile_templates_once() -> None:
    """Let lm-eval's jinja environment remember the templates that it has compiled; the rendered texts stay the same.

    lm-eval compiles each template again for every document, which takes most of the time of making prompts.
    """
    from lm_eval import utils

    environment = getattr(utils, "env", None)
    if environment is not None and hasattr(environment, "from_string"):
        # Templates whose text differs from document to document must not fill the memory.
        environment.from_string = lru_cache(maxsize=256)(environment.from_string)


def work_offline() -> None:
    """Look for data sets only on this machine from now on: the hub was tried for half a minute and does not answer."""
    import datasets
    import huggingface_hub

    datasets.config.HF_HUB_OFFLINE = True
    huggingface_hub.constants.HF_HUB_OFFLINE = True
