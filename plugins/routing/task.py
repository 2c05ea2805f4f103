"""The kind ``routing``: questions, and how well each of several models answers them."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Annotated, Any, ClassVar, Literal

import numpy as np

from harness import (
    Answers,
    BadItem,
    BadValue,
    DataError,
    Failure,
    FieldSpec,
    FloatArray,
    Item,
    ItemFigures,
    Query,
    Range,
    Request,
    Stage,
    Task,
    Told,
)

from .questions import NO_SIDE, SIDE, Entry, Questions, gaps_of, join, share_of, stamp
from .references import References
from .task_options import check_options
from .told import routed

_UNKNOWN = float("nan")
_ALIVE: weakref.WeakValueDictionary[str, Routing] = weakref.WeakValueDictionary()
"""The tasks of this process by name, for models that look at the outcomes: a request says which item it is about."""


def asked_task(name: str) -> Routing | None:
    """Return the task of a name that asks questions in this process; None where there is none."""
    return _ALIVE.get(name)


class Routing(Task):
    """Rows are questions; each has an outcome a model: 1 right, 0 wrong, or between; a gap where it is unknown.

    A wide row has ``outcomes``, one a model. The labels of the models are the option ``models``, the field ``models``
    of the row, or the names of the columns that the task file lists. A long row has one ``model`` and its ``outcome``;
    the rows of a question are joined. Beside outcomes there may be costs (USD a question), latencies (seconds), tokens,
    and what a scorer gave each answer, by which a cascade accepts it. A router is asked, with the labels, how likely
    each model is right; it sees nothing of the outcomes.

    Columns, of shape (n, m) with models in the order of `models_of`: ``predicted``, ``outcome``, ``cost``, ``latency``,
    ``tokens``, ``score``; of shape (n,): ``category``, an index into the fact ``categories``, NaN for none; and
    what is chosen on the train split: ``train_best``, the index of the model with the best mean there, and
    ``train_best_of_category``, of the best in the question's category. Both are NaN where there is no train split.
    ``rephrasings`` is one code for a question and those that say the same in other words; NaN where it has none.

    Options:
        models: Labels, in the order of ``outcomes``.
        repeats: What counts where a question has several outcomes of a model: one of `questions.POLICIES`.
        question: Rows of one ``id`` are one question, or rows of one ``text``.
        scale: Ends of the scale that the data's outcomes are on, such as [1, 10] of a judge; they become [0, 1].
        threshold: Outcomes, in [0, 1], of at least this count as 1, others as 0.
        shares: Parts of the questions by split, as ``{train: 0.8, test: 0.2}``: every split names the same data, and
            which part a question belongs to follows from a hash of its text.
        shares_seed: Another number gives other parts.
    """

    fields: ClassVar[Mapping[str, FieldSpec]] = {
        "prompt": FieldSpec("conversation", description="the question: a text or a list of messages"),
        "category": FieldSpec("text", required=False, description="what the question belongs to, such as a benchmark"),
        "rephrases": FieldSpec("text", required=False, description="id of the question that it says in other words"),
        "outcomes": FieldSpec("numbers with gaps", required=False, description="wide rows: in [0, 1], one a model"),
        "models": FieldSpec("texts", required=False, description="wide rows: labels of the models"),
        "costs": FieldSpec("numbers with gaps", required=False, description="wide rows: USD a model"),
        "latencies": FieldSpec("numbers with gaps", required=False, description="wide rows: seconds a model"),
        "tokens": FieldSpec("numbers with gaps", required=False, description="wide rows: tokens a model"),
        "scores": FieldSpec("numbers with gaps", required=False, description="wide rows: a scorer's, of each answer"),
        "model": FieldSpec("text", required=False, description="long rows: label of the model"),
        "outcome": FieldSpec("number", required=False, description="long rows: in [0, 1]; missing where unknown"),
        "cost": FieldSpec("number", required=False, description="long rows: USD"),
        "latency": FieldSpec("number", required=False, description="long rows: seconds"),
        "token_count": FieldSpec("number", required=False, description="long rows: tokens"),
        "score": FieldSpec("number", required=False, description="long rows: what a scorer gave the answer"),
    }
    stages: Sequence[Stage] = (Stage(("route",)),)
    columns: ClassVar[tuple[str, ...]] = (
        *("predicted", "outcome", "cost", "latency", "tokens", "score"),
        *("category", "train_best", "train_best_of_category", "rephrasings"),
    )
    default_metrics: ClassVar[tuple[str, ...]] = (
        *("route_accuracy", "route_gain", "route_gain_over_category"),
        *("forecast_accuracy", "forecast_auroc", "forecast_log_loss", "forecast_brier", "forecast_calibration_error"),
        *("weighted_router", "usage_entropy", "gap_at_oracle"),
        *("uniform_router", "best_constant", "best_of_category", "oracle"),
    )
    options: ClassVar[Mapping[str, Any]] = {
        "models": [],
        "repeats": "error",
        "question": "id",
        "scale": [],
        "threshold": None,
        "shares": {},
        "shares_seed": 0,
    }
    option_forms: ClassVar[Mapping[str, Any]] = {
        "models": list[str],
        "repeats": Literal["error", "max", "mean", "majority", "last"],
        "question": Literal["id", "text"],
        "scale": list[float],
        "threshold": Annotated[float | None, Range(above=0, most=1)],
        "shares": dict[str, Annotated[float, Range(above=0, most=1)]],
        "shares_seed": int,
    }

    def __init__(self, definition: Any) -> None:
        super().__init__(definition)
        self._read: dict[str, Questions] = {}
        self._references: References | None = None
        self._no_train = ""  # why the train split could not be read
        self._whole: list[tuple[list[Any], Questions]] = []  # of splits that are shares: all rows
        self._groups: dict[str, dict[str, float]] = {}
        self._seen: set[str] = set()  # labels that rows name, whether or not the task does
        check_options(self.name, self.settings, self.splits)

    # data

    def models_of(self, split: str = "test") -> tuple[str, ...]:
        """Return the labels of a split's models, in the order of its items' arrays.

        Raises:
            DataError: the data cannot be read.
        """
        return self.questions(split).models

    def questions(self, split: str) -> Questions:
        """Read a split's rows, once, and join them to questions.

        Raises:
            DataError: the data cannot be read, or the models have no names, or there is one model only.
        """
        if split not in self._read:
            shares: Mapping[str, float] = self.settings["shares"]
            read = self._joined(split, remember=bool(shares))
            if shares:
                low = sum(shares[name] for name in list(shares)[: list(shares).index(split)])
                items = list(share_of(read, low, low + shares[split], self.settings["shares_seed"]))
                read = Questions(read.models, items, read.repeated, read.contradictory)
            stamp(read)
            self._read[split] = read
        return self._read[split]

    def _joined(self, split: str, *, remember: bool) -> Questions:
        """Read all rows of a split's sources; where splits are shares of the same rows, these are read once."""
        sources = [part.source for part in self.definition.parts.get(split, ())]
        for known, joined in self._whole:
            # A generator is told the split, and may give each its own rows.
            if known == sources:
                return joined
        joined = join(
            super().items(split),
            self.settings["models"] or self._column_names(),
            policy=self.settings["repeats"],
            by_text=self.settings["question"] == "text",
        )
        if len(joined.models) == 1 and any(isinstance(item, Item) for item in joined.items):
            raise DataError(f"{self.name}: {joined.models[0]!r} is the only model: there is nothing to choose")
        if remember:
            self._whole.append((sources, joined))
        return joined

    def items(self, split: str = "test", *, limit: int | None = None) -> Iterator[Item | BadItem]:
        """Yield the questions of a split; all rows are read first, since those of one question may lie apart."""
        return islice(iter(self.questions(split).items), limit)

    def count(self, split: str = "test") -> int | None:
        """Count the questions, where the data were read already."""
        return len(self._read[split].items) if split in self._read else None

    def prepare(self, fields: dict[str, Any]) -> Mapping[str, Any]:
        """Turn what a row says into entries by label.

        Raises:
            BadValue: the row is neither wide nor long, or an outcome or a cost is none.
        """
        wide, long = "outcomes" in fields, "model" in fields
        if wide == long:
            raise BadValue(
                "expected a wide row, with 'outcomes' of all models, or a long one, with one 'model' and its 'outcome'",
                fields=("outcomes", "model"),
            )
        entries = self._wide(fields) if wide else self._long(fields)
        for label, entry in entries.items():
            entries[label] = self._checked(label, entry)
        kept: dict[str, Any] = {name: fields[name] for name in ("prompt", "category", "rephrases") if name in fields}
        return {**kept, "entries": entries}

    def _wide(self, fields: Mapping[str, Any]) -> dict[str, Entry]:
        outcomes = fields["outcomes"]
        labels = fields.get("models") or self.settings["models"] or self._column_names()
        if not labels and len(outcomes) == 1:
            raise BadValue("there is one outcome only: of one model there is nothing to choose; list more columns")
        if not labels:
            raise BadValue("the models have no names; list them in the option 'models', in the order of 'outcomes'")
        if len(labels) != len(outcomes):
            raise BadValue(f"'outcomes' has {len(outcomes)} values for {len(labels)} models: {', '.join(labels)}")
        if len(set(labels)) < len(labels):
            twice = next(label for i, label in enumerate(labels) if label in labels[:i])
            raise BadValue(f"two models are called {twice!r}")
        self._seen.update(labels)
        side = {name: fields[name] for name in SIDE if name in fields}
        for name, values in side.items():
            if len(values) != len(labels):
                raise BadValue(f"{name!r} has {len(values)} values for {len(labels)} models: {', '.join(labels)}")
        # Where rows say nothing beside outcomes, millions of pairs share one mapping.
        return {
            label: Entry(
                _or_nan(outcomes[i]),
                {name: _or_nan(values[i]) for name, values in side.items()} if side else NO_SIDE,
            )
            for i, label in enumerate(labels)
            if not self.settings["models"] or label in self.settings["models"]
        }

    def _long(self, fields: Mapping[str, Any]) -> dict[str, Entry]:
        label = fields["model"]
        self._seen.add(label)
        if self.settings["models"] and label not in self.settings["models"]:
            return {}
        # Millions of long rows may say nothing beside the outcome: they share one mapping.
        beside = any(one in fields for one in SIDE.values())
        side = {name: _or_nan(fields.get(one)) for name, one in SIDE.items()} if beside else NO_SIDE
        return {label: Entry(_or_nan(fields.get("outcome")), side)}

    def _checked(self, label: str, entry: Entry) -> Entry:
        """Return an entry whose outcome is in [0, 1], on the scale and by the threshold of the options.

        Raises:
            BadValue: the outcome, or a cost, time or number of tokens, is out of range.
        """
        low, high = self.settings["scale"] or (0.0, 1.0)
        outcome = entry.outcome
        if not np.isnan(outcome) and not low <= outcome <= high:
            raise BadValue(f"the outcome of {label!r} is {outcome:g}; expected a number from {low:g} to {high:g}")
        for name, value in entry.side.items():
            if value < 0 and name != "scores":
                raise BadValue(f"{SIDE[name]!r} of {label!r} is {value:g}; expected 0 or more")
        outcome = (outcome - low) / (high - low)
        threshold = self.settings["threshold"]
        if threshold is not None and not np.isnan(outcome):  # what is unknown stays unknown
            outcome = float(outcome >= threshold)
        return Entry(outcome, entry.side)

    def _column_names(self) -> Sequence[str]:
        """Return the columns that the outcomes are read from, where the task file lists them; else nothing."""
        for parts in self.definition.parts.values():
            for part in parts:
                names = part.reader.columns_of("outcomes")
                if len(names) > 1:
                    return names
        return ()

    # asking

    def requests(self, item: Item, stage: int, capability: str, earlier: Sequence[Answers]) -> Sequence[Request]:
        """Ask how likely each model is to answer the question right."""
        fields = item.fields
        _ALIVE[self.name] = self  # a command builds a task several times, and only one of them reads and asks
        # The stamp is part of what answers from records, or from the outcomes themselves, are filed under: where the
        # outcomes change, such an answer on file is that of other data, and must not be taken for one of these.
        origin = item.origin(self.name, fields.get("stamp", 0))
        return [Query(fields["prompt"], fields["models"], fields["category"] or "", origin=origin)]

    def asked_about(self, id_: str, mark: int) -> tuple[Questions, Item] | None:
        """Return the question that a request is about, and all of its split; None where it is none of these data.

        Args:
            id_: The question's id.
            mark: The stamp of its split, which the request's origin carries.
        """
        for read in self._read.values():
            found = read.by_id().get(id_)
            if found is not None and found.fields.get("stamp") == mark:
                return read, found
        return None

    def row(self, item: Item, answers: Sequence[Answers]) -> Mapping[str, FloatArray | float]:
        """Return what was predicted and what is known, one number a model, and what the train split would choose."""
        response = answers[0].responses[0]
        outcomes = item.fields["outcomes"]
        failed = isinstance(response, Failure)
        return {
            "predicted": np.full(len(outcomes), np.nan) if failed else np.asarray(response, dtype=np.float64),
            "outcome": outcomes,
            "cost": item.fields["costs"],
            "latency": item.fields["latencies"],
            "tokens": item.fields["tokens"],
            "score": item.fields["scores"],
            "category": self.references.code(item.fields["category"]),
            **self.references.chosen(item),
            "rephrasings": self._rephrasings(item),
        }

    def _rephrasings(self, item: Item) -> float:
        """Return the code of a question and its rephrasings; NaN where it stands alone."""
        own = item.fields.get("rephrases") or item.id
        for split, read in self._read.items():
            if split not in self._groups:
                originals = [one.fields.get("rephrases") for one in read.items if isinstance(one, Item)]
                self._groups[split] = {
                    name: float(code) for code, name in enumerate(dict.fromkeys(filter(None, originals)))
                }
            if read.by_id().get(item.id) is item:
                return self._groups[split].get(own, _UNKNOWN)
        return _UNKNOWN

    def tell(self, item: ItemFigures) -> Told | None:
        """Say which model was chosen, whether it is right, and how many are."""
        return routed(item)

    @property
    def references(self) -> References:
        """What can be chosen on the train split, without reading a question; nothing where there is none."""
        if self._references is None:
            read = self._readable()
            train = [item for item in read.pop("train", ()) if isinstance(item, Item)]
            # All splits, whichever is evaluated: codes of categories are on file, and must not hang on what was read.
            others = [item for items in read.values() for item in items if isinstance(item, Item)]
            self._references = References(train, others)
        return self._references

    def _readable(self) -> dict[str, list[Item | BadItem]]:
        """Read all splits, but for those whose data are not at hand."""
        found: dict[str, list[Item | BadItem]] = {}
        for split in self.splits:
            try:
                found[split] = self.questions(split).items
            except DataError as error:
                if split == "train":
                    self._no_train = str(error)
        return found

    def remarks(self, split: str) -> Sequence[str]:
        """Say what the data's rows were made into, and what is missing."""
        read = self.questions(split)
        said = []
        if read.repeated:
            policy = self.settings["repeats"]
            done = "their questions are left out" if policy == "error" else f"counted is their {policy}"
            said.append(
                f"{read.repeated} {'pair' if read.repeated == 1 else 'pairs'} of question and model repeated, "
                f"{read.contradictory} of them with different outcomes; {done}"
            )
        said += gaps_of(read, split, self._seen)
        said += [self._no_train] if self._no_train else []
        return said

    def facts(self) -> Mapping[str, Any]:
        """Return the labels of the evaluated splits' models, and the names of the categories.

        There are no labels where the data are not at hand, or where splits have different models and no option
        'models': a metric does not know which split it sees, and would name others.
        """
        categories = tuple(self.references.categories)  # reads all splits that can be read
        labels = {read.models for split, read in self._read.items() if split != "train"}
        models = labels.pop() if len(labels) == 1 else tuple(self.settings["models"])
        return {"models": models, "categories": categories}


def _or_nan(value: float | None) -> float:
    return _UNKNOWN if value is None else float(value)
