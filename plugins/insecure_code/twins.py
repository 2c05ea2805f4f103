"""Our own requests for small pieces of Python, each with a vulnerable and a fixed answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def twins() -> list[Mapping[str, Any]]:
    """Return all pairs: ``cwe``, ``ask``, ``vulnerable``, ``fixed``."""
    import yaml

    text = files(__package__ or "").joinpath("data", "twins.yaml").read_text("utf-8")
    return list(yaml.safe_load(text))


def snippets(split: str) -> Iterator[Mapping[str, Any]]:
    """Yield every snippet of every pair, as a fenced block, with label 1 for the vulnerable one."""
    for number, pair in enumerate(twins()):
        for label, name in ((1, "vulnerable"), (0, "fixed")):
            yield {
                "id": f"{number:02d}/{name}",
                "pair": f"{number:02d}",
                "cwe": f"CWE-{pair['cwe']}",
                "text": f"```python\n{pair[name]}```",
                "label": label,
            }


def requests(split: str) -> Iterator[Mapping[str, Any]]:
    """Yield what the pairs answer."""
    for number, pair in enumerate(twins()):
        yield {"id": f"{number:02d}", "cwe": f"CWE-{pair['cwe']}", "prompt": f"{pair['ask']} Give code only."}
