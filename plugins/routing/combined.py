"""A router made of others: the mean of what they predict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from harness import Failure, Model, Query, UsageError


class AverageRouter(Model):
    """Predicts the mean of several routers' predictions: ``routers=[[MODEL],[MODEL]]``.

    Args:
        routers: The routers, two or more.
    """

    part_lists: ClassVar[tuple[str, ...]] = ("routers",)
    batch_size = 4096

    def __init__(self, routers: Sequence[str]) -> None:
        self.routers = routers

    def asks(self) -> Mapping[str, Sequence[str]]:
        """Say that every part has to route."""
        return {"routers": ("route",)}

    def load(self) -> None:
        """Check that there is something to average.

        Raises:
            UsageError: fewer than two routers are given.
        """
        if len(self.parts["routers"]) < 2:
            raise UsageError("average-router: give two routers or more: routers=[[MODEL],[MODEL]]")

    def route(self, requests: Sequence[Query]) -> list[Any]:
        """Return the means; a question on which a router failed fails, with that reason."""
        given = [part("route", requests) for part in self.parts["routers"]]
        return [_mean(answers) for answers in zip(*given, strict=True)]


def _mean(answers: Sequence[Any]) -> Any:
    failed = next((answer for answer in answers if isinstance(answer, Failure)), None)
    if failed is not None:
        return failed
    if len({len(answer) for answer in answers}) > 1:
        return Failure("the routers know different models; name those to choose from")
    return np.mean(np.array(answers), axis=0)
