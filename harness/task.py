"""The Task interface: data, the capability it asks for, and how responses become columns."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from harness.encoding import encodable
from harness.errors import BadValue
from harness.files.generated_data import GeneratedData, of_all
from harness.files.redaction import texts_in, without_texts
from harness.requests import Failure, Origin, Request, Response, failures_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.metric import Columns, FloatArray, Metric
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


Judged = Literal["right", "wrong", "tie", ""]
"""How the model did on an item; empty where nothing is right or wrong by itself."""


@dataclass(frozen=True, slots=True)
class ItemFigures:
    """What is on file about one item: its row among the rows of the cell, and the model's answers.

    >>> import numpy as np
    >>> from harness.metric import Columns
    >>> columns = Columns({"scores": np.array([[1.5, 0.5, np.nan]]), "label": np.array([1.0])})
    >>> item = ItemFigures(columns, 0)
    >>> item.number("label"), item.numbers("scores").tolist(), item.response()
    (1.0, [1.5, 0.5], None)
    """

    columns: Columns
    """The columns of all items, so that one can be held against the others."""
    row: int
    """Index of the item among them."""
    expected: str = ""
    """What `harness.task.Task.expected` said of the item; empty where its texts cannot be read."""
    answers: Sequence[Answers] = ()
    """The answers on file by stage, without their requests; a stage has no responses where the model was asked through
    adapters. Empty where texts cannot be read."""
    positions: Sequence[Sequence[int]] = ()
    """For each request of the first stage, which of the item's responses it holds: `harness.requests.Origin`."""

    def number(self, name: str) -> float:
        """Return the item's figure in a column of one number a row."""
        return float(self.columns.values[name][self.row])

    def numbers(self, name: str) -> FloatArray:
        """Return the item's figures in a column of several numbers a row, without the NaN that pad it."""
        values: FloatArray = self.columns.values[name][self.row]
        there = (values == values).nonzero()[0]
        return values[: there[-1] + 1] if len(there) else values[:0]

    def response(self, request: int = 0, stage: int = 0) -> Response | None:
        """Return the answer to a request; None where it failed or is not known here."""
        if stage >= len(self.answers) or request >= len(self.answers[stage].responses):
            return None
        found = self.answers[stage].responses[request]
        return None if isinstance(found, Failure) else found


@dataclass(frozen=True, slots=True)
class ResponseMark:
    """What is said of one response, beside its text."""

    label: str = ""
    """What the data say of it, in a word: ``better``, ``correct``, ``grade 2``; empty where they say nothing."""
    good: bool | None = None
    """Whether the data say that it is the one, or one of those, to pick; None: they do not say."""
    picked: bool = False
    """Whether the model prefers it to the others."""
    how: str = ""
    """In which way it was picked, where there are several: ``as given``."""
    score: float | None = None
    """The model's figure for it."""


@dataclass(frozen=True, slots=True)
class Told:
    """An item in a sentence, with what is said of each response.

    >>> told = Told("picked response 2; response 1 is better", "wrong", {0: ResponseMark("better", True)})
    >>> told.marks[0].label
    'better'
    """

    sentence: str
    """What the model did and what was right, as plain text without a full stop; it names responses by number, from 1.
    ``Right:``, ``Wrong:`` or ``Tie:`` is put before it."""
    judged: Judged = ""
    """How the model did. Where the headline metric has a figure of each item, its word counts, so that a page says the
    same as its filters: a tie may be wrong by it."""
    marks: Mapping[int, ResponseMark] = field(default_factory=dict)
    """By index of the response among the item's, as `harness.requests.Origin` counts them; where the requests hold no
    responses, by index of what the model wrote."""


FIELD_TYPES = (
    *("conversation", "text", "texts", "texts with gaps"),
    *("number", "numbers", "numbers with gaps", "flag", "flags", "array", "any"),
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
    """``conversation``, ``text``, ``texts``, ``number``, ``numbers``, ``flag``, ``flags``, ``array`` or ``any``.

    ``texts with gaps`` and ``numbers with gaps`` take nulls among them. An ``array`` is one of numpy: as a generator
    made it, or float64 from nested lists of numbers.
    """
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
    ordered: bool = False
    """The file says that the rows are a sequence."""
    block: int | None = None
    """Rows of a block of the sequence; None: as `harness.stats.block_length` says."""
    evaluation_only: bool = False
    """Nothing may be trained on it, whatever the split."""
    generated: GeneratedData | None = None
    """The file says that the data are made by a program."""
    roles: Mapping[str, str] = field(default_factory=dict)
    """Specifications of the models that play roles where the user names none, such as a grader by rule."""
    sensitive: bool = False
    """Pages show no text of its items and answers unless somebody asks for them."""


class Task:
    """Base class of task kinds; a YAML file makes a task of one by giving it data and options.

    A kind declares the ``fields`` it reads from each row, the ``stages`` in which it asks, makes `requests` and turns
    the answers into a `row` of named figures, from which metrics are computed. Where its options say how often it asks,
    its constructor sets ``self.stages``.

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
    stages: Sequence[Stage] = (Stage(("score",)),)
    """The rounds of questions, each asked for all items at once before the next one: of the class, or, where they
    follow from options, set by the constructor, such as ``self.stages = (Stage(("generate",), "attacker"),
    Stage(("generate",))) * self.settings["rounds"]``. Of one instance they never change."""
    evaluates: ClassVar[str] = CANDIDATE
    """The role that ``-m`` fills; the others are given with ``--role``."""
    columns: ClassVar[tuple[str, ...]] = ()
    """Names of the figures in a row, as they are once `settle` has seen all rows."""
    makes_items: ClassVar[bool] = False
    """Whether it makes its items where its file names no ``data``, by `make_items`."""
    made_splits: ClassVar[tuple[str, ...]] = ("test",)
    """The splits that it makes items of."""
    ordered: ClassVar[bool] = False
    """Whether the rows are a sequence, of which each depends on those before it; a task file may say so too."""
    interim: ClassVar[Mapping[str, str]] = {}
    """Columns of `row` that `settle` alone sees, with the type they are kept as: ``{"embedding": "float32"}``."""
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
    def is_sequence(self) -> bool:
        """Whether rows depend on those before them, so that intervals are made from blocks of them."""
        return self.ordered or self.definition.ordered

    @property
    def splits(self) -> tuple[str, ...]:
        """Return the names of the splits that the task has data for, or makes items of."""
        return tuple(self.definition.parts) or (self.made_splits if self.makes_items else ())

    def describe_data(self, split: str) -> str:
        """Say where a split's rows come from, for messages."""
        if self._is_made:
            return f"items made by {type(self).__module__}.{type(self).__qualname__}"
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

    def generated_data(self, split: str = "test") -> GeneratedData | None:
        """Return what is known of a split's data if a program made them; None for real data.

        The task's file says so, or a marker beside the data (`harness.files.mark_generated`). Data of several sources
        are generated if those of one are.
        """
        if self.definition.generated is not None:
            return self.definition.generated
        found = []
        for part in self.definition.parts.get(split, ()):
            source: Any = part.source
            while not hasattr(source, "generated") and hasattr(source, "source"):
                source = source.source
            found += [source.generated()] if hasattr(source, "generated") else []
        return of_all(found)

    def count(self, split: str = "test") -> int | None:
        """Count the items of a split; None where counting means reading them."""
        if self._is_made:
            return None
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

    @property
    def _is_made(self) -> bool:
        return self.makes_items and not self.definition.parts

    def make_items(self, split: str) -> Iterator[Item | BadItem]:
        """Make the items of a split, in the same order at every call; for kinds that set ``makes_items``.

        What they depend on is an option, so that it is in the task file's hash: ``self.settings``.

        >>> class Sums(Task):
        ...     makes_items = True
        ...     options = {"n": 3}
        ...
        ...     def make_items(self, split):
        ...         for i in range(self.settings["n"]):
        ...             yield Item(f"{split}-{i}", {"prompt": f"What is {i} + {i}?", "answer": 2 * i})
        >>> [item.id for item in Sums(Definition(name="school/sums", options={"n": 2})).items()]
        ['test-0', 'test-1']
        """
        raise NotImplementedError(f"{type(self).__qualname__} sets makes_items, and has no make_items()")

    def _items(self, split: str) -> Iterator[Item | BadItem]:
        if self._is_made:
            for item in self.make_items(split):
                if not isinstance(item, Item | BadItem):
                    raise TypeError(f"make_items() must yield Item or BadItem, not {type(item).__name__}")
                yield item
            return
        for part in self.definition.parts[split]:
            for row in part.source.rows():
                if row.problem:
                    yield BadItem(row.where, self._fit_to_print(row.problem, row.values))
                    continue
                try:
                    read = part.reader.read(row)
                    try:
                        fields = self.prepare(read.fields)
                    except BadValue as error:
                        raise part.reader.explained(error, read) from None
                    yield Item(read.id, fields, read.domains, read.cluster, row.where, read.withheld)
                except BadValue as error:
                    yield BadItem(row.where, self._fit_to_print(str(error), row.values), error.columns)

    def _fit_to_print(self, problem: str, values: object) -> str:
        """Return what is wrong with a row, without its texts where the task is sensitive."""
        return without_texts(problem, texts_in(values)) if self.definition.sensitive else problem

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

        Returns:
            The requests; none where the item is not asked in this stage, as one that was done rounds before.
        """
        raise NotImplementedError

    def most_requests(self, stage: int) -> int | None:
        """Return the most requests that an item makes in a stage; None where that is not known before it is asked.

        A plan tells by it how much an evaluation may ask. Of the first stage it counts the requests themselves.

        Args:
            stage: Index into ``stages``.
        """
        return None

    def row(self, item: Item, answers: Sequence[Answers]) -> Mapping[str, float | NDArray[Any]]:
        """Return the item's figures, one for each name in ``columns``; NaN where a request failed."""
        raise NotImplementedError

    def settle(self, columns: Columns) -> Mapping[str, NDArray[Any]]:
        """Return columns that need all rows, such as the similarity to the nearest earlier row; the others stay.

        It is called once a cell, before metrics and before anything is filed, with all rows in data order: those of
        ``columns`` that `row` gives, and the ``interim`` ones, which are gone afterwards. Rows whose request failed
        are there, NaN throughout (`harness.metric.Columns.missing` marks them), and are to be NaN in what is returned.
        With a limit, all rows are the first so many.

        >>> import numpy as np
        >>> from harness.metric import Columns
        >>> class Drift(Task):
        ...     interim = {"level": "float32"}  # what a row gives
        ...     columns = ("change",)  # what is kept
        ...
        ...     def settle(self, columns):
        ...         return {"change": np.diff(columns.values["level"], prepend=np.nan)}
        >>> levels = np.array([1.0, 1.5, np.nan, 4.0], dtype=np.float32)
        >>> Drift(Definition(name="school/drift")).settle(Columns({"level": levels}))["change"]
        array([nan, 0.5, nan, nan])

        Returns:
            By name of a column in ``columns``: numbers of shape (n,) or (n, k), one row an item.
        """
        return {}

    def expected(self, item: Item) -> str:
        """Return in words what a right answer to the item is; empty where the responses themselves show it.

        It is asked where the data are read to be looked at, and given to `tell`.
        """
        return ""

    def tell(self, item: ItemFigures) -> Told | None:
        """Say in a sentence what became of an item, and of each response; None: the headline metric's figure says it.

        It is made anew whenever somebody looks, from what is on file: it asks no model and runs nothing that a model
        wrote.

        >>> from harness import Columns, ItemFigures, Told
        >>> class Sums(Task):
        ...     columns = ("answer", "right")
        ...
        ...     def tell(self, item):
        ...         answer, right = item.number("answer"), item.number("right")
        ...         if answer == right:
        ...             return Told(f"answered {answer:g}", "right")
        ...         return Told(f"answered {answer:g}; right is {right:g}", "wrong")
        >>> import numpy as np
        >>> columns = Columns({"answer": np.array([5.0]), "right": np.array([4.0])})
        >>> Sums(Definition(name="school/sums")).tell(ItemFigures(columns, 0)).sentence
        'answered 5; right is 4'
        """
        return None

    def own_metric(self, name: str) -> Metric | None:
        """Return the metric of that name that only this task has; None where a registered metric is meant."""
        return None

    def settled_metrics(self, planned: Sequence[Metric]) -> Sequence[Metric]:
        """Choose the metrics to compute, once all rows are made: a task may learn from the answers what they allow."""
        return planned

    def remarks(self, split: str) -> Sequence[str]:
        """Return what a reader of the results must know of a split's data, such as rows that were made one.

        The harness asks once a cell, when all its rows are made, and says it with the results, as it says what models
        remark (`harness.model.Model.remarks`).
        """
        return ()

    def facts(self) -> Mapping[str, Any]:
        """Return what metrics may want to know about the columns, by name."""
        return {}
