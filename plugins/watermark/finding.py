"""The capability ``find_mark``: what a text says of a mark that somebody declares it to have, or of none."""

from __future__ import annotations

from dataclasses import dataclass

from harness import Capability, Request, SampleRequests

from .evidence import MarkEvidence


@dataclass(frozen=True, slots=True)
class MarkedText(Request):
    """A text in which a mark is looked for; the request of ``find_mark``."""

    text: str
    declared: str = ""
    """The mark it is said to have, as JSON of `harness_plugins.watermark.mark.write_mark`; empty: none is known."""

    def content(self) -> object:
        """Text and declaration."""
        return [self.text, self.declared]


def _problem(request: MarkedText, found: MarkEvidence) -> str | None:
    if not 0 <= found.green <= found.scored:
        return f"expected green tokens from 0 to the {found.scored} scored, got {found.green}"
    for name, p in (("p", found.p), ("window_p", found.window_p)):
        if not 0 <= p <= 1:
            return f"expected {name} in [0, 1], got {p}"
    return None


def _samples() -> SampleRequests:
    texts = ("The bread is baked in a covered pot on the stove.", "Bananas are yellow.", "Rain fell on the roof.")
    return SampleRequests(
        [MarkedText(text) for text in texts],
        extreme={"an empty text": MarkedText(""), "a long text": MarkedText("Take flour. " * 500)},
        may_be_refused=("a long text",),
    )


FIND_MARK = Capability(
    "find_mark",
    MarkedText,
    "record",
    record=MarkEvidence,
    check=_problem,
    samples=_samples,
    description="green tokens, z and p-values of a watermark in a text",
)
