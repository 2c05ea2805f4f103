"""The Task interface: data, the capability it asks for, and how responses become columns."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from harness.encodable import encodable
from harness.errors import BadValue
from harness.requests import Failure, Origin, Request, Response, failures_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.metric import Metric
    from harness.tasks.data.field_mapping import ColumnReader
    from harness.tasks.data.rows import RowSource

CANDIDATE = "candidate"
"""The role that the evaluated model plays unless a task says otherwise."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a task.

    >>> item = Item("a7", {"prompt": "What is 2 + 2?", "answer": "4"}, domains=("sums",))
    >>> item.origin("school/sums", 0)
    Origin(task='school/sums', id='a7', positions=(0,), of='')
    """

    id: str
    """The data set's own id."""
    fields: Mapping[str, Any]
    """What the task's kind declares it needs, checked and converted."""
    domains: tuple[str, ...] = ()
    """The slices it belongs to."""
    cluster: str | None = None
    """Items of one cluster are not independent; None: independent of all others."""
    where: str = ""
    """For messages: file and line."""
    withheld: bool = False
    """True where this copy of the data lacks the texts, so that only recorded models can answer."""

    def __post_init__(self) -> None:
        """Make the names writable: one half character in them must not keep the whole cell from being filed."""
        object.__setattr__(self, "id", encodable(self.id))
        object.__setattr__(self, "domains", tuple(map(encodable, self.domains)))

    def origin(self, task: str, *positions: int, of: str = "") -> Origin:
        """Make the origin that requests made for this item carry.

        Args:
            task: The task's name.
            positions: For each text of the request, its index among the item's responses.
            of: Whose answer is asked about, by label, where that is not what `harness.running.stages.about` says.
        """
        return Origin(task, self.id, positions, of)


@dataclass(frozen=True, slots=True)
class BadItem:
    """A row that could not be made into an item.

    >>> BadItem("sums.jsonl:3", "'answer' is missing")
    BadItem(where='sums.jsonl:3', problem="'answer' is missing", absent=())
    """

    where: str
    problem: str
    absent: tuple[str, ...] = ()
    """The columns whose absence from the row, not merely from its values, is the problem."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One round of questions: who is asked, and for what."""

    accepts: tuple[str, ...]
    """Capabilities it can use, the preferred first."""
    role: str = CANDIDATE


@dataclass(frozen=True, slots=True)
class Answers:
    """The responses to one stage's requests for one item.

    >>> from harness.requests import Failure
    >>> answers = Answers("score", requests=[], responses=[[0.3, 1.2], Failure("the server is gone")])
    >>> [failure.reason for failure in answers.failures]
    ['the server is gone']
    """

    capability: str
    requests: Sequence[Request]
    responses: Sequence[Response]
    model: str = ""
    """Label of the model that gave them; set by the harness."""

    @property
    def failures(self) -> list[Failure]:
        """Return the responses that are failures."""
        return failures_of(self.responses)


FIELD_TYPES = (
    *("conversation", "text", "texts", "texts with gaps"),
    *("number", "numbers", "flag", "flags", "array", "any"),
)
"""What a field may be; `harness.tasks.data.converters` has a converter for each."""
_WORDS: Mapping[type, str] = {str: "text", list: "texts", float: "number", int: "number", bool: "flag", object: "any"}


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One thing a kind of task reads from a row.

    >>> FieldSpec("array", description="pixels, (height, width)").required
    True

    Raises:
        ValueError: the type is none of `FIELD_TYPES`.
    """

    type: str
    """``conversation``, ``text``, ``texts``, ``texts with gaps``, ``number``, ``numbers``, ``flag``, ``flags``,
    ``array`` (of numpy: as a generator made it, or float64 from nested lists of numbers) or ``any``."""
    required: bool = True
    description: str = ""

    def __post_init__(self) -> None:
        """Refuse a type that nothing converts to, such as the class ``str``."""
        if self.type not in FIELD_TYPES:
            given: Any = self.type
            word = _WORDS.get(given) if isinstance(given, type) else None
            said = f"; did you mean {word!r}?" if word else ""
            raise ValueError(f"FieldSpec: expected one of {', '.join(map(repr, FIELD_TYPES))}; got {self.type!r}{said}")


@dataclass(frozen=True, slots=True)
class DataPart:
    """A source of rows of a split, and the reader that maps its columns to fields."""

    source: RowSource
    reader: ColumnReader


@dataclass(frozen=True, slots=True)
class Definition:
    """A task file, resolved: what a kind is constructed from."""

    name: str
    version: str = "1"
    description: str = ""
    licence: str = ""
    citation: str = ""
    parts: Mapping[str, Sequence[DataPart]] = field(default_factory=dict)
    """By split."""
    metrics: tuple[str, ...] = ()
    brief: Mapping[str, str] = field(default_factory=dict)
    """What the task says about itself to adapters and prompted models: ``positive``, ``negative``, ..."""
    options: Mapping[str, Any] = field(default_factory=dict)
    digest: str = ""
    """Hash of the file's content: results of another definition are never mixed with this one's."""


class Task:
    """Base class of task kinds; a YAML file makes a task of one by giving it data and options.

    A kind declares the ``fields`` it reads from each row, the ``stages`` in which it asks, makes `requests` and turns
    the answers into a `row` of named figures, from which metrics are computed.

    >>> from harness import Candidates, Conversation
    >>> class Choice(Task):
    ...     fields = {"prompt": FieldSpec("text"), "options": FieldSpec("texts"), "right": FieldSpec("number")}
    ...     columns = ("correct",)
    ...
    ...     def requests(self, item, stage, capability, earlier):
    ...         prompt, options = Conversation.user(item.fields["prompt"]), tuple(item.fields["options"])
    ...         return [Candidates(prompt, options, origin=item.origin(self.name, *range(len(options))))]
    ...
    ...     def row(self, item, answers):
    ...         if answers[0].failures:
    ...             return {"correct": float("nan")}
    ...         scores = list(answers[0].responses[0])
    ...         return {"correct": float(scores.index(max(scores)) == item.fields["right"])}
    >>> task = Choice(Definition(name="school/sums"))
    >>> item = Item("a7", {"prompt": "What is 2 + 2?", "options": ["3", "4"], "right": 1})
    >>> [request] = task.requests(item, 0, "score", ())
    >>> request.responses
    ('3', '4')
    >>> task.row(item, [Answers("score", [request], [[-1.5, 0.7]])])
    {'correct': 1.0}
    """

    fields: ClassVar[Mapping[str, FieldSpec]] = {}
    stages: ClassVar[tuple[Stage, ...]] = (Stage(("score",)),)
    evaluates: ClassVar[str] = CANDIDATE
    """The role that ``-m`` fills; the others are given with ``--role``."""
    columns: ClassVar[tuple[str, ...]] = ()
    """Names of the figures in a row."""
    default_metrics: ClassVar[tuple[str, ...]] = ()
    """The first is the task's headline."""
    options: ClassVar[Mapping[str, Any]] = {}
    """Options that a task file may set, with their defaults."""
    at_once: int | None = None
    """How many items are in memory at once, with their requests and responses; None: up to 2,048, and fewer where their
    fields and the arrays in their requests take more than 256 MiB. It bounds what the model is asked together, too."""
    option_forms: ClassVar[Mapping[str, Any]] = {}
    """What an option may be, in annotations such as ``Annotated[int, Range(least=1)]``."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.name = definition.name
        self.settings: dict[str, Any] = {**self.options, **definition.options}

    @property
    def metrics(self) -> tuple[str, ...]:
        """Return the names of the metrics to compute, the headline first: the task file's, else the kind's."""
        return self.definition.metrics or self.default_metrics

    @property
    def splits(self) -> tuple[str, ...]:
        """Return the names of the splits that the task has data for."""
        return tuple(self.definition.parts)

    def describe_data(self, split: str) -> str:
        """Say where a split's rows come from, for messages."""
        return ", ".join(part.source.description for part in self.definition.parts[split])

    def files(self, split: str) -> list[Path]:
        """List the files on this machine that a split's rows are read from; sources that are no files have none."""
        sources = [part.source for part in self.definition.parts.get(split, ())]
        paths = []
        while sources:
            source: Any = sources.pop(0)
            path, inner = getattr(source, "path", None), getattr(source, "source", None)
            paths += [path] if isinstance(path, Path) else []
            sources += [inner] if inner is not None else []
        return paths

    def count(self, split: str = "test") -> int | None:
        """Count the items of a split; None where counting means reading them."""
        counts: list[int | None] = [
            part.source.count() if hasattr(part.source, "count") else None for part in self.definition.parts[split]
        ]
        counted = [count for count in counts if count is not None]
        return sum(counted) if len(counted) == len(counts) else None

    def items(self, split: str = "test", *, limit: int | None = None) -> Iterator[Item | BadItem]:
        """Stream the items of a split, in file order; a row that makes no item is a `BadItem`.

        Args:
            split: The name of the split.
            limit: At most that many; None: all.

        Raises:
            harness.errors.DataError: a source cannot be read.
        """
        # Python refuses to count further than this, which no data reach.
        return islice(self._items(split), None if limit is None else min(limit, sys.maxsize))

    def _items(self, split: str) -> Iterator[Item | BadItem]:
        for part in self.definition.parts[split]:
            for row in part.source.rows():
                if row.problem:
                    yield BadItem(row.where, row.problem)
                    continue
                try:
                    read = part.reader.read(row)
                    try:
                        fields = self.prepare(read.fields)
                    except BadValue as error:
                        raise part.reader.explained(error, read) from None
                    yield Item(read.id, fields, read.domains, read.cluster, row.where, read.withheld)
                except BadValue as error:
                    yield BadItem(row.where, str(error), error.columns)

    def prepare(self, fields: dict[str, Any]) -> Mapping[str, Any]:
        """Check the fields of one item together, and derive others from them.

        Raises:
            BadValue: they do not fit together; says how. With ``fields=`` it names those that are missing, and the
                columns that they should have come from are added to the message.
        """
        return fields

    def requests(self, item: Item, stage: int, capability: str, earlier: Sequence[Answers]) -> Sequence[Request]:
        """Make the requests of one item in one stage.

        Args:
            item: The item.
            stage: Index into ``stages``.
            capability: One of the stage's, as the plan chose it for the model asked.
            earlier: The answers of the stages before.
        """
        raise NotImplementedError

    def row(self, item: Item, answers: Sequence[Answers]) -> Mapping[str, float | NDArray[Any]]:
        """Return the item's figures, one for each name in ``columns``; NaN where a request failed."""
        raise NotImplementedError

    def own_metric(self, name: str) -> Metric | None:
        """Return the metric of that name that only this task has; None where a registered metric is meant."""
        return None

    def settled_metrics(self, planned: Sequence[Metric]) -> Sequence[Metric]:
        """Choose the metrics to compute, once all rows are made: a task may learn from the answers what they allow."""
        return planned

    def facts(self) -> Mapping[str, Any]:
        """Return what metrics may want to know about the columns, by name."""
        return {}
