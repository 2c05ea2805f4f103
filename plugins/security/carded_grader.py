"""A grader that carries its judge card, and says where the card does not hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from harness import Model, UsageError, file_identity

from .grading import Attempt
from .judge_card import JudgeCard, card_of_other_data, read_card


class CardedGrader(Model):
    """Grades as its base does; warns where replies are of other tasks than the card, refuses the card of another.

    Args:
        base: The grader; one with arguments in brackets: ``base=[graded-by:base=[MODEL]]``.
        card: A judge card that ``harness judge-card`` made of it.
    """

    batch_size = 4096  # the base files its own answers
    part_names: ClassVar[tuple[str, ...]] = ("base",)
    places: ClassVar[tuple[str, ...]] = ("card",)
    paths: ClassVar[tuple[str, ...]] = ("card",)

    def __init__(self, base: str, card: str) -> None:
        self.base, self.card = base, card

    @cached_property
    def the_card(self) -> JudgeCard:
        """Read the card."""
        return read_card(self.card)

    @cached_property
    def _elsewhere(self) -> Counter[str]:
        return Counter()

    def offers(self, known: Sequence[str]) -> tuple[str, ...]:
        """Read the card, so that mistakes in it are found before anything runs; then offer what the methods offer."""
        _ = self.the_card
        return super().offers(known)

    def identity(self) -> Mapping[str, object]:
        """Return the hash of the card, which comes with every verdict."""
        return {"card": file_identity(Path(self.card).expanduser())}

    def asks(self) -> Mapping[str, Sequence[str]]:
        """Say that the base has to grade."""
        return {"base": ("grade",)}

    def load(self) -> None:
        """Hold the card to the grader.

        Raises:
            UsageError: the card is of another grader.
        """
        fingerprint = self.parts["base"].fingerprint
        if fingerprint and fingerprint != self.the_card.fingerprint:
            raise UsageError(
                f"{self.card}: the card is of {self.the_card.grader} [{self.the_card.fingerprint[:8]}], and the grader "
                f"is {self.parts['base'].specification} [{fingerprint[:8]}]: make one of this grader with harness "
                "judge-card"
            )

    def grade(self, requests: Sequence[Attempt]) -> list[Any]:
        """Return what the base says."""
        tasks = ", ".join(self.the_card.tasks)
        for request in requests:
            if request.origin is not None and (said := card_of_other_data(tasks, request.origin.task)):
                self._elsewhere[said] += 1
        return self.parts["base"]("grade", requests) if requests else []

    def remarks(self) -> Sequence[str]:
        """Say of which replies the card does not speak."""
        said = [f"{sentence} ({count} replies)" for sentence, count in self._elsewhere.items()]
        self._elsewhere.clear()
        return said
