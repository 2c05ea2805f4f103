"""The kind ``same-answer``: does one response serve both of two prompts?"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Annotated, Any, ClassVar

import numpy as np

from harness import (
    SEED,
    Answers,
    BadItem,
    BadValue,
    Candidates,
    ConfigurationError,
    Conversation,
    DataError,
    FieldSpec,
    Item,
    ItemFigures,
    Range,
    Request,
    Stage,
    Task,
    Text,
    Told,
)
from harness.kinds import told

from .answers import Components, lot
from .prompt_sets import PromptSet, read_prompts
from .reuse import Reuse

_NAN = float("nan")
SMALLEST = 1e-12
"""Probabilities nearer to 0 or 1 count as this far away, so that log-odds and losses are finite."""


HALF = 0.5
MANY = 20
"""Prompts from which on one group that holds most of them is no group."""


def log_odds_of(probability: float) -> float:
    """Return the log-odds of a probability, which is kept `SMALLEST` away from 0 and 1."""
    kept = min(max(probability, SMALLEST), 1 - SMALLEST)
    return float(np.log(kept) - np.log1p(-kept))


class SameAnswer(Task):
    """Rows are pairs of prompts, or single prompts from which pairs are drawn: does one response serve both?

    A pair has ``first``, which is in the cache, ``second``, which is new, and a ``label``, 0, 1 or a probability. A
    single ``prompt`` has a ``group``, such as its intent, or ``answers``: two prompts are the same where they are of
    one group, or have an answer in common. A verifier is asked for ``reuse``; an embedder for both vectors, whose
    cosine is the similarity; a model that scores is asked how well the cached response, or where it is not known the
    cached prompt, goes with the new prompt.

    Columns: ``similarity`` (cosine, score or probability), ``same`` (1 where the label is at least ``threshold``),
    ``probability`` and its ``log_odds`` (NaN where the model gives none), ``judged`` (the label as it is).

    Options:
        threshold: Labels of at least this count as the same.
        shares: Parts of the data by split, as ``{train: 0.7, test: 0.3}``: every split names the same rows, and a hash
            of the group says which part a prompt is in. A pair with ends in two parts is in none, which is said.
        shares_seed: Another number gives other parts.
        pairs: How many pairs are drawn from single prompts.
        positives: Share of them that are the same.
        seed: Of the drawing.
    """

    fields: ClassVar[Mapping[str, FieldSpec]] = {
        "first": FieldSpec("text", required=False, description="the prompt in the cache"),
        "second": FieldSpec("text", required=False, description="the new prompt"),
        "label": FieldSpec("number", required=False, description="1 where one response serves both; or a probability"),
        "first_answer": FieldSpec("text", required=False, description="the response to the first"),
        "second_answer": FieldSpec("text", required=False, description="the response to the second"),
        "first_group": FieldSpec("text", required=False, description="what the first belongs to, such as its intent"),
        "second_group": FieldSpec("text", required=False, description="what the second belongs to"),
        "prompt": FieldSpec("text", required=False, description="single prompts: the prompt"),
        "group": FieldSpec("text", required=False, description="single prompts: what it belongs to"),
        "answers": FieldSpec("texts", required=False, description="single prompts: all its answers"),
    }
    stages: Sequence[Stage] = (Stage(("reuse", "embed", "score")),)
    columns: ClassVar[tuple[str, ...]] = ("similarity", "same", "probability", "log_odds", "judged")
    default_metrics: ClassVar[tuple[str, ...]] = (
        *("similarity_auroc", "similarity_average_precision"),
        *("reuse_log_loss", "reuse_brier", "reuse_calibration_error"),
        *("hit_precision", "false_hit_rate", "pair_efficiency"),
    )
    options: ClassVar[Mapping[str, Any]] = {
        "threshold": 0.5,
        "shares": {},
        "shares_seed": 0,
        "pairs": 2000,
        "positives": 0.5,
        "seed": 0,
    }
    option_forms: ClassVar[Mapping[str, Any]] = {
        "threshold": Annotated[float, Range(above=0, most=1)],
        "shares": dict[str, Annotated[float, Range(above=0, most=1)]],
        "shares_seed": Annotated[int, SEED],
        "pairs": Annotated[int, Range(least=2)],
        "positives": Annotated[float, Range(above=0, below=1)],
        "seed": Annotated[int, SEED],
    }

    def __init__(self, definition: Any) -> None:
        super().__init__(definition)
        self._known: dict[str, list[Item | BadItem]] = {}
        self._crossing: dict[str, int] = {}
        shares: Mapping[str, float] = self.settings["shares"]
        if sum(shares.values()) > 1 + 1e-9:
            raise ConfigurationError(f"{self.name}: the option 'shares' gives away {sum(shares.values()):g}, over 1")

    # data

    def prepare(self, fields: dict[str, Any]) -> Mapping[str, Any]:
        """Check that a row is a pair or a single prompt.

        Raises:
            BadValue: it is neither or both, or its label is no probability.
        """
        pair, single = "first" in fields or "second" in fields, "prompt" in fields
        if pair == single:
            raise BadValue(
                "expected a pair ('first', 'second', 'label') or a single 'prompt'", fields=("first", "prompt")
            )
        if single:
            if "group" not in fields and "answers" not in fields:
                raise BadValue("a single 'prompt' needs a 'group' or 'answers'", fields=("group", "answers"))
            return fields
        missing = [name for name in ("first", "second", "label") if name not in fields]
        if missing:
            raise BadValue(f"a pair needs {' and '.join(map(repr, missing))}", fields=tuple(missing))
        if not 0 <= fields["label"] <= 1:
            raise BadValue(f"the label is {fields['label']:g}; expected 0, 1 or a probability between")
        return fields

    def items(self, split: str = "test", *, limit: int | None = None) -> Iterator[Item | BadItem]:
        """Yield the pairs of a split; rows are read first, since which pairs there are may depend on all of them.

        Raises:
            DataError: the data cannot be read, or no pairs can be drawn from them.
        """
        if split not in self._known:
            self._known[split] = self._pairs(split)
        return islice(iter(self._known[split]), limit)

    def count(self, split: str = "test") -> int | None:
        """Count the pairs, where the data were read already."""
        return len(self._known[split]) if split in self._known else None

    def prompts(self, split: str) -> PromptSet | None:
        """Return the single prompts of a split; None where its rows are pairs.

        Raises:
            DataError: they cannot be read.
        """
        rows = list(super().items(split))
        singles = [row for row in rows if isinstance(row, Item) and "prompt" in row.fields]
        if not singles:
            return None
        if len(singles) < sum(isinstance(row, Item) for row in rows):
            raise DataError(f"{self.name}: some rows are pairs, others single prompts; keep them in two tasks")
        read = read_prompts(singles, self.name)
        kept = [i for i, group in enumerate(read.groups) if self._is_in(split, group)]
        return read.take(kept)

    def _pairs(self, split: str) -> list[Item | BadItem]:
        prompts = self.prompts(split)
        bad: list[Item | BadItem] = [row for row in super().items(split) if isinstance(row, BadItem)]
        if prompts is not None:
            return [*bad, *self._drawn(split, prompts)]
        rows = list(super().items(split))
        groups = groups_of_pairs([row for row in rows if isinstance(row, Item)])
        kept: list[Item | BadItem] = []
        self._crossing[split] = 0
        for row in rows:
            if isinstance(row, BadItem):
                kept.append(row)
                continue
            ends = groups[row.fields["first"]], groups[row.fields["second"]]
            inside = [self._is_in(split, end) for end in ends]
            if all(inside):
                fields = {**row.fields, "first_group": ends[0], "second_group": ends[1]}
                kept.append(Item(row.id, fields, row.domains, row.cluster or ends[0], row.where, row.withheld))
            else:
                self._crossing[split] += any(inside)
        return kept

    def _is_in(self, split: str, group: str) -> bool:
        shares: Mapping[str, float] = self.settings["shares"]
        if not shares:
            return True
        if split not in shares:
            raise DataError(f"{self.name}: the option 'shares' has no entry {split!r}; it has {', '.join(shares)}")
        names = list(shares)
        low = sum(shares[name] for name in names[: names.index(split)])
        return low <= lot(group, self.settings["shares_seed"]) < low + shares[split]

    def _drawn(self, split: str, prompts: PromptSet) -> list[Item]:
        count, draw = int(self.settings["pairs"]), np.random.default_rng([self.settings["seed"], _code(split)])
        wanted = {True: round(count * self.settings["positives"])}
        wanted[False] = count - wanted[True]
        found = {same: _draw_pairs(prompts, same, number, draw) for same, number in wanted.items()}
        if not all(len(pairs) for pairs in found.values()):
            lacking = "differ" if not len(found[False]) else "are the same"
            raise DataError(f"{self.name}: no two prompts of the split {split!r} {lacking}; no pairs can be drawn")
        made = [(i, j, float(same)) for same in (True, False) for i, j in found[same]]
        return [pair_item(prompts, *made[k]) for k in draw.permutation(len(made))]

    # asking

    def requests(self, item: Item, stage: int, capability: str, earlier: Sequence[Answers]) -> Sequence[Request]:
        """Ask whether the first's response serves the second, or for vectors, or for a score."""
        first, second = item.fields["first"], item.fields["second"]
        response = item.fields.get("first_answer", "")
        if capability == "reuse":
            return [Reuse(second, first, response, origin=item.origin(self.name, 0, 1))]
        if capability == "embed":
            return [Text(first, origin=item.origin(self.name, 0)), Text(second, origin=item.origin(self.name, 1))]
        return [Candidates(Conversation.user(second), (response or first,), origin=item.origin(self.name, 0))]

    def row(self, item: Item, answers: Sequence[Answers]) -> Mapping[str, float]:
        """Return the similarity or the probability, and the label."""
        similarity, probability = _measured(answers[0])
        label = float(item.fields["label"])
        return {
            "similarity": similarity,
            "same": float(label >= self.settings["threshold"]),
            "probability": probability,
            "log_odds": _NAN if np.isnan(probability) else log_odds_of(probability),
            "judged": label,
        }

    def tell(self, item: ItemFigures) -> Told | None:
        """Say how similar both prompts are to the model, beside other pairs, and whether one response serves both."""
        return told.similar(item)

    def remarks(self, split: str) -> Sequence[str]:
        """Say which pairs were left out, and which prompts stand in the train split as well."""
        said = []
        if self._crossing.get(split):
            said.append(
                f"{self._crossing[split]} pairs with one end in the split {split!r} have the other elsewhere: left out"
            )
        if split != "train" and "train" in self.splits and split in self._known:
            here, there = self._texts(split), self._texts("train")
            shared = len(here & there)
            if shared:
                said.append(
                    f"{shared} of {len(here)} prompts of the split {split!r} are prompts of the train split, too"
                )
        return said

    def _texts(self, split: str) -> set[str]:
        items = [item for item in self.items(split) if isinstance(item, Item)]
        return {text for item in items for text in (item.fields["first"], item.fields["second"])}


def _measured(answers: Answers) -> tuple[float, float]:
    if answers.failures:
        return _NAN, _NAN
    if answers.capability == "reuse":
        probability = float(answers.responses[0])
        return probability, probability
    if answers.capability == "score":
        return float(answers.responses[0][0]), _NAN
    first, second = (np.asarray(vector, dtype=np.float64) for vector in answers.responses)
    length = float(np.linalg.norm(first) * np.linalg.norm(second))
    return (float(first @ second) / length if length else 0.0), _NAN


def groups_of_pairs(items: Sequence[Item]) -> dict[str, str]:
    """Return the group of every prompt of pairs: as the data say, else the prompts that it shares a response with.

    Where pairs that are the same link more than half of many prompts, as the verdicts of a judge that errs do, a prompt
    is a group of its own: parts of the data then share no prompt, but may share what prompts are about.
    """
    joined, named = Components(), {}
    for item in items:
        ends = item.fields["first"], item.fields["second"]
        for text, group in zip(ends, (item.fields.get("first_group"), item.fields.get("second_group")), strict=True):
            joined.of(text)
            if group:
                named[text] = str(group)
        if item.fields["label"] >= HALF:
            joined.join(*ends)
    texts = dict.fromkeys(text for item in items for text in (item.fields["first"], item.fields["second"]))
    largest = max(Counter(map(joined.of, texts)).values(), default=0)
    linked = len(texts) > MANY and largest > len(texts) / 2
    return {text: named.get(text) or f"as {text if linked else joined.of(text)}" for text in texts}


def pair_item(prompts: PromptSet, first: int, second: int, label: float, where: str = "") -> Item:
    """Make the item of a pair of prompts, by their indices."""
    fields = {
        "first": prompts.texts[first],
        "second": prompts.texts[second],
        "label": label,
        "first_group": prompts.groups[first],
        "second_group": prompts.groups[second],
    }
    for end, index in (("first", first), ("second", second)):
        if prompts.responses[index]:
            fields[f"{end}_answer"] = prompts.responses[index]
    return Item(f"{prompts.ids[first]}+{prompts.ids[second]}", fields, cluster=prompts.groups[first], where=where)


def _draw_pairs(
    prompts: PromptSet, same: bool, count: int, draw: np.random.Generator, rounds: int = 40
) -> list[tuple[int, int]]:
    """Draw pairs of different prompts that are the same, or are not, each once; fewer where there are no more."""
    found: dict[tuple[int, int], None] = {}
    groups: dict[str, list[int]] = {}
    for i, group in enumerate(prompts.groups):
        groups.setdefault(group, []).append(i)
    several = [members for members in groups.values() if len(members) > 1]
    weights = np.array([len(members) * (len(members) - 1.0) for members in several])
    if len(prompts) < 2 or (same and not several):
        return []
    for _ in range(rounds):
        if same:
            chosen = draw.choice(len(several), size=2 * count, p=weights / weights.sum())
            drawn = np.array([draw.choice(several[k], 2, replace=False) for k in chosen])
        else:
            drawn = draw.integers(0, len(prompts), (2 * count, 2))
        drawn = np.sort(drawn[drawn[:, 0] != drawn[:, 1]], axis=1)
        fits = prompts.same(drawn[:, 0], drawn[:, 1]) == same
        found.update(dict.fromkeys(map(tuple, drawn[fits].tolist())))
        if len(found) >= count:
            break
    return list(found)[:count]


def _code(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
