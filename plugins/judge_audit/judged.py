"""What a judge said of the pairs of a set, as arrays: what every finding of an audit is made from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness import Failure, FloatArray, Item, Pair, Verdict

from .simulated import doublings
from .style import style_of

READ, UNREAD, FAILED, NOT_ASKED = range(4)
NAN = float("nan")
STYLE_NAMES = ("length", "lists", "markdown")


@dataclass(frozen=True, slots=True)
class AuditPair:
    """Two responses to a prompt, in the order of the data."""

    prompt: str
    """What the prompt is known by: pairs of one prompt are not independent."""
    requests: tuple[Pair, ...]
    """As given, and exchanged where the set asks for both orders."""
    first: str
    second: str
    label: float
    """1 where the first is the better, 0 where the second is, 0.5 where they are equal; NaN: nobody said."""
    writers: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdicts of a judge on n pairs: preferences for the first response of the data, in [0, 1], NaN if none."""

    given: FloatArray
    """(n,) shown in the order of the data."""
    exchanged: FloatArray
    """(n,) shown in the other order."""
    status: NDArray[np.int64]
    """(n, 2) by order: `READ`, `UNREAD`, `FAILED` or `NOT_ASKED`."""
    again: FloatArray
    """(r, n) the order of the data asked again with other seeds; r may be 0."""
    label: FloatArray
    """(n,) as in `AuditPair`."""
    prompts: NDArray[np.int64]
    """(n,) codes of prompts."""
    style: FloatArray
    """(n, 3) first less second: doublings of the length, having a list, having headers or bold."""
    own: FloatArray
    """(n,) 1 where the first alone is the judge's own, -1 where the second alone is, else 0; NaN: not known."""
    texts: Sequence[tuple[str, str]] = field(repr=False, default=())
    reasons: Sequence[str] = ()
    """Why requests failed, each reason once."""

    def __len__(self) -> int:
        return len(self.given)

    @property
    def both(self) -> NDArray[np.bool_]:
        """Mark the pairs, (n,), with a verdict in both orders."""
        return ~np.isnan(self.given) & ~np.isnan(self.exchanged)

    @property
    def has_winner(self) -> NDArray[np.bool_]:
        """Mark the pairs, (n,), of which one response is known to be the better."""
        return np.asarray((self.label == 0) | (self.label == 1))

    @property
    def identical(self) -> NDArray[np.bool_]:
        """Mark the pairs, (n,), whose responses are the same text."""
        same: NDArray[np.bool_] = np.array([first == second for first, second in self.texts], dtype=bool)
        return same

    def credit(self) -> FloatArray:
        """Return the credit of the first response, (n,): the mean of the orders that have a verdict; NaN: none has."""
        there = np.stack([self.given, self.exchanged])
        count = (~np.isnan(there)).sum(axis=0)
        return np.where(count > 0, np.nansum(there, axis=0) / np.maximum(count, 1), NAN)


def pairs_of(items: Iterable[Item], requests: Any) -> list[AuditPair]:
    """Make pairs of the items of a task of preference pairs.

    Args:
        items: The items.
        requests: Makes the comparisons of an item, one or two: the task's own, so that answers on file are found.
    """
    made = []
    for item in items:
        f = item.fields
        asked = tuple(requests(item))
        prompt = item.cluster if item.cluster is not None else repr(f["prompt"].content())
        label = f.get("people", f.get("outcome", 1.0 - f["better"]))
        writers = (str(f.get("first_model") or ""), str(f.get("second_model") or ""))
        made.append(AuditPair(prompt, asked, f["first"], f["second"], float(label), writers))
    return made


def judged(
    pairs: Sequence[AuditPair],
    answers: Sequence[Sequence[Any]],
    again: Sequence[Sequence[Any]] = (),
    own: Sequence[str] = (),
) -> Judged:
    """Bring a judge's answers into arrays.

    Args:
        pairs: The pairs.
        answers: Of each pair, a `Verdict` or `Failure` for each of its requests.
        again: For each further seed, one answer a pair, to its first request.
        own: Globs of the writers whose responses are the judge's own.
    """
    n = len(pairs)
    p = np.full((n, 2), NAN)
    status = np.full((n, 2), NOT_ASKED)
    reasons: dict[str, None] = {}
    for i, several in enumerate(answers):
        for order, answer in enumerate(several):
            p_first, status[i, order] = _read(answer)
            p[i, order] = 1 - p_first if order else p_first
            if isinstance(answer, Failure):
                reasons[answer.reason] = None
    codes: dict[str, int] = {}
    prompts = [codes.setdefault(pair.prompt, len(codes)) for pair in pairs]
    return Judged(
        p[:, 0],
        p[:, 1],
        status,
        np.array([[_read(answer)[0] for answer in seed] for seed in again]).reshape(len(again), n),
        np.array([pair.label for pair in pairs]),
        np.array(prompts, dtype=np.int64),
        np.array([_style_difference(pair) for pair in pairs]).reshape(n, len(STYLE_NAMES)),
        np.array([_own_difference(pair, own) for pair in pairs]),
        [(pair.first, pair.second) for pair in pairs],
        list(reasons),
    )


def _read(answer: Any) -> tuple[float, int]:
    if isinstance(answer, Failure):
        return NAN, FAILED
    assert isinstance(answer, Verdict)
    return (NAN, UNREAD) if answer.p_first is None else (float(answer.p_first), READ)


def _style_difference(pair: AuditPair) -> tuple[float, float, float]:
    one, other = style_of(pair.first), style_of(pair.second)
    marked = [style.headers + style.bold > 0 for style in (one, other)]
    return doublings(pair.first, pair.second), float((one.lists > 0) - (other.lists > 0)), float(marked[0] - marked[1])


def _own_difference(pair: AuditPair, own: Sequence[str]) -> float:
    if not own or not all(pair.writers):
        return NAN
    mine = [any(fnmatchcase(writer, glob) for glob in own) for writer in pair.writers]
    return float(mine[0] - mine[1])
