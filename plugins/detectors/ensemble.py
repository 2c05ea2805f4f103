"""Several detectors as one: the mean, the greatest or the least of their log-odds; and each of them for a trainer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness import Capability, Conversation, Failure, Model, OneOf, UsageError

HOW = ("mean", "max", "min")


def _check(_: Any, response: NDArray[np.float64]) -> str | None:
    if response.ndim != 1 or not response.size:
        return f"expected one log-odds a detector, got an array of shape {response.shape}"
    return None if np.isfinite(response).all() else "a log-odds is NaN or infinite"


DETECT_EACH = Capability(
    "detect_each",
    Conversation,
    "array",
    check=_check,
    dtype="float64",
    description="log-odds of a class by each of several detectors",
)


class DetectorEnsemble(Model):
    """Combines the log-odds of several detectors; a request fails if any detector fails on the request.

    Args:
        detectors: The detectors, any number of them: ``detectors=[[keyword-list],[keyword-list:slope=2]]``.
        part1: A detector, in place of ``detectors``; one with arguments in brackets.
        part2: Another detector.
        part3: Another detector.
        part4: Another detector.
        part5: Another detector.
        part6: Another detector.
        part7: Another detector.
        part8: Another detector.
        how: ``mean``, ``max`` (one detector's alarm is enough) or ``min`` (an alarm needs all detectors).
        weights: The weights of the mean, a number a detector: ``weights=[0.7,0.3]``; divided by their sum.
    """

    batch_size = 4096  # the parts file their own answers
    part_names: ClassVar[tuple[str, ...]] = tuple(f"part{i}" for i in range(1, 9))
    part_lists: ClassVar[tuple[str, ...]] = ("detectors",)

    def __init__(
        self,
        part1: str = "",
        part2: str = "",
        part3: str = "",
        part4: str = "",
        part5: str = "",
        part6: str = "",
        part7: str = "",
        part8: str = "",
        how: Annotated[str, OneOf(*HOW)] = "mean",
        weights: Sequence[float] = (),
        detectors: Sequence[str] = (),
    ) -> None:
        self.how, self.weights = how, weights
        listed = (part1, part2, part3, part4, part5, part6, part7, part8)
        named = [name for name, part in zip(self.part_names, listed, strict=True) if part]
        if bool(named) == bool(detectors):
            given = f"both detectors= and {named[0]}=" if named else "no detector"
            raise UsageError(f"expected detectors=[[NAME],[NAME:key=value,...]], or part1=NAME,part2=NAME; got {given}")
        if named and not part1:
            raise UsageError(f"{named[0]}= is given without part1=; write detectors=[[NAME],[NAME:key=value,...]]")
        self._given = named or [f"detectors.{i}" for i in range(1, len(detectors) + 1)]

    @cached_property
    def _shares(self) -> NDArray[np.float64]:
        """Return the weight of each part; the weights sum to 1.

        Raises:
            UsageError: the weights are not one number of at least 0 a part.
        """
        if not self.weights:
            return np.full(len(self._given), 1 / len(self._given))
        try:
            shares = np.array([float(weight) for weight in self.weights], dtype=np.float64)
        except (TypeError, ValueError):
            shares = np.array([-1.0], dtype=np.float64)
        if len(shares) != len(self._given) or not (shares >= 0).all() or not 0 < shares.sum() < np.inf:
            raise UsageError(
                f"weights={self.weights}: expected {len(self._given)} numbers from 0, one a part: weights=[0.7,0.3]"
            )
        return np.asarray(shares / shares.sum())

    def offers(self, known: Sequence[str]) -> tuple[str, ...]:
        """Check the arguments, then offer what the methods offer.

        Raises:
            UsageError: weights go with another way than the mean, or do not fit the parts.
        """
        if self.weights and self.how != "mean":
            raise UsageError(f"weights= are of the mean; how={self.how} needs none")
        _ = self._shares
        return super().offers(known)

    def asks(self) -> Mapping[str, Sequence[str]]:
        """Say that every given part has to detect."""
        return dict.fromkeys((*self.part_names, *self.part_lists), ("detect",))

    def detect_each(self, requests: Sequence[Conversation]) -> list[Any]:
        """Return log-odds of shape (parts,), in nats; a `Failure` names the parts that failed."""
        if not requests:
            return []
        detectors = self.parts.get("detectors") or [self.parts[name] for name in self._given]
        answers = [detector("detect", requests) for detector in detectors]
        return [self._row(row) for row in zip(*answers, strict=True)]

    def _row(self, row: Sequence[Any]) -> NDArray[np.float64] | Failure:
        failed = [
            f"{name}: {answer.reason}"
            for name, answer in zip(self._given, row, strict=True)
            if isinstance(answer, Failure)
        ]
        return Failure("; ".join(failed)) if failed else np.array(row, dtype=np.float64)

    def detect(self, requests: Sequence[Conversation]) -> list[Any]:
        """Return the combined log-odds, in nats."""
        return [row if isinstance(row, Failure) else self._combined(row) for row in self.detect_each(requests)]

    def _combined(self, row: NDArray[np.float64]) -> float:
        if self.how == "mean":
            return float(row @ self._shares)
        return float(row.max() if self.how == "max" else row.min())
