"""Rows of outcomes become questions: one item a question, with an outcome a model, however the rows are laid out.

A wide row holds all models' outcomes of a question. A long row holds one model's: the rows of a question are joined,
and where a pair of question and model is repeated, a stated policy says what counts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from harness import BadItem, FloatArray, Item

POLICIES = ("error", "max", "mean", "majority", "last")
"""What counts where a pair of question and model is repeated."""
SIDE = {"costs": "cost", "latencies": "latency", "tokens": "token_count", "scores": "score"}
"""What may be known beside an outcome: the field of wide rows, and that of long ones."""
NO_SIDE: Mapping[str, float] = {}
"""Of a row that says nothing beside the outcome."""


class Entry(NamedTuple):
    """What one row says of one model."""

    outcome: float
    """In [0, 1]; NaN where unknown."""
    side: Mapping[str, float]
    """By field of wide rows; NaN or absent where unknown."""


@dataclass(slots=True)
class _Question:
    item: Item
    entries: dict[str, list[Entry]] = field(default_factory=dict)


@dataclass(slots=True)
class Questions:
    """The questions of one split."""

    models: tuple[str, ...]
    """Labels, in the order of every array."""
    items: list[Item | BadItem]
    """Of each question an item whose fields are ``prompt``, ``category`` and ``rephrases`` (a text or None each),
    ``models`` (the labels) and arrays of shape (m,), in their order: ``outcomes`` and those of `SIDE`, NaN where
    unknown. ``stamp`` is a number that follows from all outcomes of the split."""
    repeated: int = 0
    """Pairs of question and model that occur more than once."""
    contradictory: int = 0
    """Those of them whose outcomes differ."""
    _by_id: dict[str, Item] = field(default_factory=dict, repr=False)

    def by_id(self) -> Mapping[str, Item]:
        """Return the questions by their ids."""
        if not self._by_id:
            self._by_id.update((item.id, item) for item in self.items if isinstance(item, Item))
        return self._by_id


def settle_repeats(outcomes: Sequence[float], policy: str) -> float:
    """Return what counts of the outcomes of one question and model; unknown ones do not count.

    Args:
        outcomes: In the order of the data.
        policy: ``max``, ``mean``, ``last``, or ``majority``: 1 where at least half of them are 0.5 or more, else 0. A
            single known outcome is returned as it is.

    >>> [settle_repeats([1.0, 0.0, 0.0], policy) for policy in ("max", "mean", "majority", "last")]
    [1.0, 0.3333333333333333, 0.0, 0.0]
    """
    known = [outcome for outcome in outcomes if not np.isnan(outcome)]
    if len(known) < 2:
        return known[0] if known else float("nan")
    if policy == "majority":
        return float(2 * sum(outcome >= 0.5 for outcome in known) >= len(known))
    ways: Mapping[str, Callable[[list[float]], Any]] = {"max": max, "mean": np.mean, "last": lambda values: values[-1]}
    return float(ways[policy](known))


def join(rows: Iterable[Item | BadItem], models: Sequence[str], *, policy: str, by_text: bool) -> Questions:
    """Join rows to questions, in the order in which these first occur.

    Args:
        rows: Items whose fields hold ``entries``, outcomes by label, as `task` reads them.
        models: Labels that the task names; empty: all that occur, sorted.
        policy: One of `POLICIES`.
        by_text: Whether rows of one text are one question, rather than rows of one id.
    """
    found: dict[Any, _Question] = {}
    bad: list[BadItem] = []
    for row in rows:
        if isinstance(row, BadItem):
            bad.append(row)
            continue
        key = (row.fields["prompt"].content(), row.fields.get("category")) if by_text else row.id
        question = found.setdefault(repr(key) if by_text else key, _Question(row))
        if question.item.fields["prompt"].content() != row.fields["prompt"].content():
            problem = (
                f"the question {row.id!r} has another text than at {question.item.where}; give each an id of its own"
            )
            bad.append(BadItem(row.where, problem))
            continue
        for label, entry in row.fields["entries"].items():
            question.entries.setdefault(label, []).append(entry)
    labels = tuple(models) or tuple(sorted({label for question in found.values() for label in question.entries}))
    questions = Questions(labels, list(bad))
    for question in found.values():
        questions.items.append(_made(question, labels, policy, questions))
    return questions


def _made(question: _Question, labels: Sequence[str], policy: str, counts: Questions) -> Item | BadItem:
    item = question.item
    outcomes = np.full(len(labels), np.nan)
    side: dict[str, FloatArray] = {name: np.full(len(labels), np.nan) for name in SIDE}
    known = {
        label: [entry.outcome for entry in question.entries.get(label, []) if not np.isnan(entry.outcome)]
        for label in labels
    }
    repeated = [label for label in labels if len(known[label]) > 1]
    contradictory = [label for label in repeated if len(set(known[label])) > 1]
    counts.repeated += len(repeated)
    counts.contradictory += len(contradictory)
    if repeated and policy == "error":
        label = (contradictory or repeated)[0]
        return BadItem(
            item.where,
            f"the question {item.id!r} has {len(known[label])} outcomes of {label!r}"
            f"{', which contradict each other' if contradictory else ''}; say which counts by the option "
            f"'repeats': {', '.join(POLICIES[1:])}",
        )
    for i, label in enumerate(labels):
        entries = question.entries.get(label, [])
        outcomes[i] = settle_repeats(known[label], policy)
        for name, values in side.items() if any(entry.side for entry in entries) else ():
            values[i] = _mean([entry.side[name] for entry in entries if name in entry.side])
    if np.isnan(outcomes).all():
        return BadItem(item.where, f"the question {item.id!r} has no known outcome of any model")
    own = {"prompt": item.fields["prompt"], **{name: item.fields.get(name) for name in ("category", "rephrases")}}
    fields = {**own, "models": counts.models, "outcomes": outcomes, **side}
    return Item(item.id, fields, item.domains, item.cluster, item.where, item.withheld)


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


def gaps_of(questions: Questions, split: str, named: Collection[str]) -> list[str]:
    """Say how many outcomes are unknown, and of which models all are.

    Args:
        questions: Of the split.
        split: Its name.
        named: Labels that rows name; a label that is misspelt in the option 'models' stands for gaps only.
    """
    outcomes = [item.fields["outcomes"] for item in questions.items if isinstance(item, Item)]
    if not outcomes:
        return []
    known = np.isfinite(np.array(outcomes))
    said = [] if known.all() else [f"{int((~known).sum())} of {known.size} outcomes are unknown"]
    nobody = [label for label, there in zip(questions.models, known.any(axis=0), strict=True) if not there]
    if nobody:
        others = sorted(set(named) - set(questions.models))
        besides = f"; the rows name {', '.join(map(repr, others))} besides" if others else ""
        said.append(f"no outcome of {', '.join(map(repr, nobody))} is known in {split}{besides}")
    return said


def stamp(questions: Questions) -> None:
    """Give every question a number that follows from the models and outcomes of all of them."""
    made = hashlib.sha256(repr(questions.models).encode("utf-8", "surrogatepass"))
    items = [item for item in questions.items if isinstance(item, Item)]
    for item in items:
        made.update(item.id.encode() + np.asarray(item.fields["outcomes"], dtype="<f8").tobytes())
    number = int.from_bytes(made.digest()[:6], "big")
    for item in items:
        item.fields["stamp"] = number  # type: ignore[index]  # the mapping was made here


def share_of(questions: Questions, low: float, high: float, seed: int) -> Iterator[Item | BadItem]:
    """Yield the questions whose texts' hashes lie in a share of all hashes, so that no text is in two shares.

    A rephrasing goes by the text of its original, so that what was trained on is not asked in other words.

    Args:
        questions: All of them; rows that could not be read belong to every share.
        low: Where the share begins, in [0, 1).
        high: Where it ends.
        seed: Another number gives other shares.
    """
    by_id = questions.by_id()
    for item in questions.items:
        if isinstance(item, BadItem) or low <= place_of(_origin(item, by_id), seed) < high:
            yield item


def _origin(item: Item, by_id: Mapping[str, Item]) -> object:
    """Return the text that a question says in its own words or in others; the id of that where it is not at hand."""
    passed = {item.id}
    while (original := item.fields.get("rephrases")) is not None and original not in passed:
        if original not in by_id:
            return ["rephrases", original]
        passed.add(original)
        item = by_id[original]
    return item.fields["prompt"].content()


def place_of(content: object, seed: int) -> float:
    """Return a number in [0, 1) that follows from a question's text alone."""
    import json

    text = json.dumps([seed, content], sort_keys=True, default=str)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:7], "big") / 2**56
