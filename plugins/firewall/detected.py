"""The adapter by which any detector is a firewall of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from harness import ANY, Adapter, Failure, OneOf, Request

from .blocked import REFUSAL
from .guarding import DetectorScore, Exchange, Guarding
from .stages import reply_as_read


class DetectToGuard(Adapter):
    """Blocks where a detector's log-odds are above a threshold.

    Args:
        stage: ``input``: it reads the prompt; ``output``: the reply.
        threshold: Log-odds in nats.
        output_reads: Whether at the output it reads the whole ``exchange`` or the ``reply`` alone.
    """

    gives: ClassVar[str] = "guard"
    needs: ClassVar[str] = "detect"

    def __init__(
        self,
        stage: Annotated[str, OneOf("input", "output")] = "input",
        threshold: Annotated[float, ANY] = 0.0,
        output_reads: Annotated[str, OneOf("exchange", "reply")] = "exchange",
    ) -> None:
        self.stage, self.threshold, self.output_reads = stage, threshold, output_reads

    def expand(self, request: Request) -> Sequence[Request]:
        """Return what the detector reads."""
        assert isinstance(request, Exchange)
        if self.stage == "input":
            return [request.prompt]
        return [reply_as_read(request.prompt, request.reply or "", self.output_reads)]

    def reduce(self, request: Request, responses: Sequence[Any]) -> Guarding | Failure:
        """Return what follows from its log-odds."""
        assert isinstance(request, Exchange)
        if self.stage == "output" and request.reply is None:
            return Failure("no reply is on record, so that a detector of replies says nothing of the exchange")
        log_odds = float(responses[0])
        scores = (DetectorScore(self.stage, 1, "detector", log_odds, self.threshold),)
        margin = log_odds - self.threshold
        if margin > 0:
            return Guarding("refuse", self.stage, margin, REFUSAL, scores)
        return Guarding("allow", "", margin, request.reply or "", scores)
