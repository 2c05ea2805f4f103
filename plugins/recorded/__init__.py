"""Models whose responses were recorded elsewhere: published scores, remote judges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import hookimpl

if TYPE_CHECKING:
    from harness import Register


@hookimpl
def register_models(register: Register) -> None:
    """Register the one model that reads any file of recorded rows."""
    register(
        "recorded",
        "harness_plugins.recorded.model:Recorded",
        offers=("score", "compare", "detect", "generate", "route"),
        description="answers from a JSONL file of recorded responses: path=FILE",
    )
    register(
        "recorded-vectors",
        "harness_plugins.recorded.vectors:RecordedVectors",
        offers=("embed",),
        description="vectors of texts on file, or in a column of a data set on the hub: path=FILE or hub=ID",
    )
