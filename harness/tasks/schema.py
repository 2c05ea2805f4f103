"""The schema of every YAML file, as pydantic models; also published as JSON Schema for editors."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, Field, PrivateAttr, StrictFloat, model_validator

from harness.errors import did_you_mean
from harness.files.strict import Number, Strict, Whole, refuse_keys
from harness.names.registry_schema import RegistryFile
from harness.tasks.data.column_forms import LARGEST_LIST, problems_of_template


class ColumnFile(Strict):
    """The form in which a field is made from columns, for fields that are not simply one column."""

    column: str | None = None
    map: dict[Any, Any] | None = None
    value: Any = None
    template: str | None = None
    withheld: Whole | None = Field(None, description="that many texts, which this copy of the data lacks")
    any_of: list[str] | None = Field(None, description="flags, of which one that is set makes this one set")
    numbered: str | None = Field(None, description="a list of columns, such as response_{} numbered first to last")
    first: Whole | None = None
    last: Whole | None = None

    @model_validator(mode="after")
    def _one_way(self) -> ColumnFile:
        given = self.model_fields_set
        if len(given - {"map", "first", "last"}) != 1:
            raise ValueError("give exactly one of 'column', 'value', 'template', 'any_of', 'numbered' or 'withheld'")
        (form,) = given - {"map", "first", "last"}
        if form != "value" and getattr(self, form) is None:
            raise ValueError(f"{form!r} is empty")
        refuse_keys(given, {"map": "column", "first": "numbered", "last": "numbered"}, form)
        if "map" in given and not self.map:
            raise ValueError("'map' is empty, so no value could be translated; leave it out to take them as they are")
        if self.any_of is not None and not self.any_of:
            raise ValueError("'any_of' names no column")
        if self.withheld is not None and not 0 < self.withheld <= LARGEST_LIST:
            raise ValueError(f"'withheld' must be from 1 to {LARGEST_LIST}")
        if self.template is not None:
            _check_template(self.template)
        if self.numbered is not None:
            self._check_numbered(self.numbered)
        return self

    def _check_numbered(self, name: str) -> None:
        if self.first is None or self.last is None or "{}" not in name:
            raise ValueError("'numbered' needs {} in the name, and 'first' and 'last'")
        try:
            name.format(0)
        except (LookupError, ValueError, AttributeError):
            raise ValueError(f"'numbered': {name!r} must hold {{}} once, and no other braces") from None
        if not 0 <= self.last - self.first < LARGEST_LIST:
            raise ValueError(f"'numbered' must go from 'first' up to 'last' over at most {LARGEST_LIST} columns")


def _check_template(text: str) -> None:
    for problem in problems_of_template(text):
        raise ValueError(problem)


def _name_or_template(value: Any) -> Any:
    if isinstance(value, str) and "{" in value:
        _check_template(value)
    return value


Column = str | list[str] | ColumnFile


def _check_id(columns: Mapping[str, Any]) -> None:
    """Check the template of an id, which needs no key ``template`` of its own."""
    _name_or_template(columns.get("id"))


class SourceFile(Strict):
    """Where a split's rows come from: one of ``hub``, ``file``, ``generator`` or ``store``, or a ``mirror`` alone."""

    hub: str | None = Field(None, description="data set id on the hub, or a folder laid out like one")
    config: str | None = Field(None, description="the hub data set's configuration")
    split: str | None = Field(
        None,
        description="the hub data set's split; of a generator, what it is told in place of this split's name; of a "
        "store, the split that was evaluated",
    )
    revision: str | None = Field(None, description="commit of the hub data set")
    where: dict[str, Any] | None = Field(
        None, description="only rows whose columns have these values, or one of a list; a 'mirror' is taken whole"
    )
    rows: tuple[Whole, Whole] | None = Field(
        None, description="only rows first to end - 1 of those, counted from 0: [first, end]"
    )
    columns: dict[str, Column] = Field(default_factory=dict, description="columns that differ in this source")
    mirror: str | None = Field(None, description="path of a copy below $HARNESS_DATA, used before the hub")
    mirror_columns: dict[str, Column] | None = Field(None, description="columns that differ in the copy")
    mirror_where: dict[str, Any] | None = Field(None, description="'where' of the mirror")
    file: str | None = Field(
        None, description="JSONL, JSON, CSV, TSV, Parquet or lines of text, relative to this YAML file"
    )
    records: str = Field("", description="dotted path of the list of rows inside a JSON document")
    generator: str | None = Field(None, description="module:function that yields rows")
    settings: dict[str, Any] = Field(
        default_factory=dict, description="keyword arguments of the generator's function, as its annotations say"
    )
    store: str | Annotated[list[str], Field(min_length=1)] | None = Field(
        None, description="store, or several, of evaluations whose figures are the rows, relative to this YAML file"
    )
    task: str | None = Field(None, description="of a store: the evaluated task; its items are the rows")
    metric: str | None = Field(
        None, description="of a store: the metric whose figures are meant; default: the headline"
    )
    models: list[str] = Field(
        default_factory=list, description="of a store: labels of the models, in this order; default: all, sorted"
    )
    fields: list[str] = Field(
        default_factory=list, description="of a store: fields of the evaluated task's items, as further columns"
    )
    set: dict[str, Any] = Field(default_factory=dict, description="columns added to every row")
    _NEEDS: ClassVar[Mapping[str, str]] = {
        "config": "hub",
        "revision": "hub",
        "split": "hub generator store",
        "settings": "generator",
        "task": "store",
        "metric": "store",
        "models": "store",
        "fields": "store",
        "where": "hub file generator store",  # of a mirror alone, it is mirror_where
        "mirror": "hub mirror",
        "mirror_columns": "hub mirror",
        "mirror_where": "hub mirror",
    }

    @model_validator(mode="after")
    def _one_source(self) -> SourceFile:
        named = [key for key in ("hub", "file", "generator", "store") if getattr(self, key) is not None]
        if len(named) > 1 or (not named and self.mirror is None):
            raise ValueError("give exactly one of 'hub', 'file', 'generator' or 'store', or a 'mirror' alone")
        form = named[0] if named else "mirror"
        if not getattr(self, form):
            raise ValueError(f"{form!r} is empty")
        if self.hub and not self.split:
            raise ValueError("a hub data set needs 'split'")
        if self.store and not self.task:
            raise ValueError("a store needs 'task', whose evaluations are meant")
        written = {key for key in self.model_fields_set if getattr(self, key) not in (None, {}, "", [])}
        refuse_keys(written, self._NEEDS, form)
        for key in ("mirror_columns", "mirror_where"):
            if key in written and self.mirror is None:
                raise ValueError(f"{key!r} does nothing without 'mirror', the file that it speaks of")
        documents = [name for name in (self.file, self.mirror) if name and name.removesuffix(".gz").endswith(".json")]
        if self.records and not documents:
            raise ValueError("'records' does nothing here: it is the path of the rows inside a JSON 'file' or 'mirror'")
        if self.rows is not None and not 0 <= self.rows[0] < self.rows[1] <= sys.maxsize:
            raise ValueError(f"rows: expected [first, end] with 0 <= first < end, got {list(self.rows)}")
        _check_id(self.columns)
        _check_id(self.mirror_columns or {})
        return self


class SliceFile(Strict):
    """A column whose values are domain names."""

    column: str
    pattern: str | None = Field(None, description="regular expression; the domain is its first group")
    name: str | None = Field(
        None, min_length=1, description="one domain of that name, of the rows that pass the test below"
    )
    equals: Any = Field(None, description="the column has this value, or one of this list")
    differs: Any = Field(None, description="the column has another value than this, or than all of this list")
    above: Number | None = Field(None, description="the column is a number greater than this")
    below: Number | None = Field(None, description="the column is a number less than this")

    @model_validator(mode="after")
    def _one_test(self) -> SliceFile:
        tests = self.model_fields_set & {"equals", "differs", "above", "below"}
        if self.name is None and tests:
            raise ValueError(f"{min(tests)!r} needs the 'name' of the domain")
        if self.name is not None and (self.pattern is not None or len(tests) != 1):
            raise ValueError("a named domain needs exactly one of 'equals', 'differs', 'above' or 'below'")
        for key in tests:
            value = getattr(self, key)
            if value is None or (isinstance(value, list) and (not value or None in value)):
                raise ValueError(f"{key!r} must be a value, or a list of some; a row without a value is in no domain")
        return self


class SequenceFile(Strict):
    """The ``ordered`` block of a task file, which says how the rows of a task follow each other."""

    block: Whole = Field(ge=1, le=2**31, description="rows of a block; default: the square root of their number")


class TaskFile(Strict):
    """The content of a task file: kind, data, columns, metrics and options of one task."""

    kind: str = Field(description="a registered task kind, such as preference")
    description: str = ""
    version: str = Field("1", description="raise it when results are no longer comparable", coerce_numbers_to_str=True)
    licence: str = ""
    citation: str = ""
    data: dict[str, SourceFile | list[SourceFile]] = Field(
        default_factory=dict,
        description="sources by split: test, train; may be left out where the kind makes its items",
    )
    columns: dict[str, Column] = Field(default_factory=dict, description="field name to column")
    slices: list[str | SliceFile] = Field(default_factory=list, description="columns whose values are domains")
    cluster: str | None = Field(None, description="column or template; rows that share it are not independent")
    ordered: bool | SequenceFile = Field(
        False, description="whether the rows are a sequence, so that intervals are made from blocks of them"
    )
    evaluation_only: bool = Field(
        False, description="whether nothing may be trained on it: neither on any split, nor by cross-validation"
    )
    metrics: list[str] = Field(default_factory=list, description="the headline first; default: the kind's")
    brief: dict[str, str] = Field(default_factory=dict, description="what the task says about itself to adapters")
    options: dict[str, Any] = Field(default_factory=dict, description="options of the kind")
    generated: bool | str = Field(
        False, description="the data are made by a program, true or who makes them; every figure then says so"
    )
    roles: dict[str, str] = Field(
        default_factory=dict, description="models that play roles of the task where none is given with --role"
    )
    sensitive: bool = Field(
        False, description="whether pages show no text of its items and answers unless somebody asks for them"
    )

    @model_validator(mode="after")
    def _has_test(self) -> TaskFile:
        if "test" not in self.data and "data" in self.model_fields_set:
            raise ValueError("'data' needs a 'test' split")
        empty = [split for split, sources in self.data.items() if sources == []]
        if empty:
            raise ValueError(f"the split {empty[0]!r} has no source")
        _check_id(self.columns)
        if self.cluster is not None:
            _name_or_template(self.cluster)
        return self


class AggregateFile(Strict):
    """One aggregate column of a benchmark's leaderboard."""

    name: str
    how: str = Field("mean", description="a registered aggregate: mean, minimum, ...")
    of: list[str] = Field(
        min_length=1, description="selectors task:metric, task:metric:domain, or the name of another aggregate"
    )
    weights: list[Number] | dict[str, Number] | None = Field(
        None, description="one weight a selector, in their order; or by selector, the others weigh 1"
    )
    settings: dict[str, Any] = Field(default_factory=dict, description="what the way to aggregate takes, by name")
    description: str = ""

    @model_validator(mode="after")
    def _weighs_what_it_selects(self) -> AggregateFile:
        if isinstance(self.weights, list) and len(self.weights) != len(self.of):
            raise ValueError(f"{len(self.weights)} weights for {len(self.of)} selectors; give one a selector")
        if isinstance(self.weights, dict):
            for selector in self.weights:
                if selector not in self.of:
                    hint = did_you_mean(selector, self.of)
                    raise ValueError(f"a weight for {selector!r}, which is not among the selectors in 'of'{hint}")
        if not all(0 < weight < math.inf for weight in self.weights_in_order):
            raise ValueError(f"weights have to be positive numbers, got {self.weights}")
        return self

    @property
    def weights_in_order(self) -> list[float]:
        """The weight of each selector, in the order of ``of``."""
        if isinstance(self.weights, list):
            return self.weights
        return [(self.weights or {}).get(selector, 1.0) for selector in self.of]


class BenchmarkFile(Strict):
    """The content of a benchmark file: tasks, and how their figures are aggregated."""

    description: str = ""
    version: str = Field("1", coerce_numbers_to_str=True)
    tasks: list[str] = Field(min_length=1)
    metrics: dict[str, list[str]] = Field(default_factory=dict, description="task name to metrics shown")
    aggregates: list[AggregateFile] = Field(default_factory=list, description="the first ranks the leaderboard")
    default_models: list[str] = Field(default_factory=list, description="evaluated when no -m is given")
    cost: bool = Field(False, description="show how long answers took")
    published: list[str] = Field(
        default_factory=list,
        description="files of published results, relative to this one, shown beside evaluated ones",
    )
    _name: str = PrivateAttr("")
    _path: Path = PrivateAttr(Path())

    @model_validator(mode="after")
    def _one_aggregate_a_name(self) -> BenchmarkFile:
        for task in self.metrics:
            if task not in self.tasks:
                hint = did_you_mean(task, self.tasks)
                raise ValueError(f"'metrics' speaks of {task!r}, which is not among 'tasks'{hint}")
        names = [aggregate.name for aggregate in self.aggregates]
        twice = [name for i, name in enumerate(names) if name in names[:i]]
        if twice:
            raise ValueError(f"two aggregates are called {twice[0]!r}")
        return self

    @property
    def name(self) -> str:
        """The name of the benchmark: the path of its folder below the task folder, or its key in a registry file."""
        return self._name


class PublishedFile(Strict):
    """Figures that others have published, with their source."""

    source: str = Field(description="who published them and where")
    citation: str = ""
    note: str = Field("", description="what a reader should know, such as rounding")
    unit: str | None = Field(None, description="of all figures; default: as each metric says, else fraction")
    lower_is_better: list[str] = Field(
        default_factory=list, description="metrics of which lower values are better; default: as each metric says"
    )
    figures: dict[str, dict[str, StrictFloat]] = Field(description="model to task:metric[:domain] to value")


class LeaderboardFile(Strict):
    """One leaderboard that a run file writes."""

    benchmark: str | Annotated[list[str], Field(min_length=1)] = Field(
        description="benchmark, task or glob of tasks; or several where the output is a site"
    )
    models: list[str] | None = Field(
        None,
        min_length=1,
        description="globs of the labels shown, of all that the store holds; default: the models of this file, and "
        "what 'merge' and 'published' bring; ['*']: everything",
    )
    exclude: list[str] = Field(default_factory=list, description="globs of labels that are left out")
    title: str = Field("", description="what stands above it in place of the benchmark's name")
    about: str | None = Field(None, min_length=1, description="Markdown file that introduces it, relative to this file")
    output: str = Field(
        min_length=1, description="file, or folder of a site, relative to this file; the ending says the format"
    )
    format: str | None = Field(
        None,
        description="where the ending does not say it: table, markdown, csv, json, html, latex, model-card",
    )
    publisher: str | None = Field(
        None, description="folder only: the publisher of a plugin that fills it; default: site"
    )
    published: list[str] = Field(default_factory=list, description="files of published results to show beside")
    merge: list[str] = Field(default_factory=list, description="stores of other machines to read beside")
    outcome: str | None = Field(
        None, description="site only: a table of one outcome a model, relative to this file; adds its heat-map"
    )
    model_column: str | None = Field(None, description="column of the outcome's file that names the model")
    value_column: str | None = Field(None, description="column of the outcome")
    texts: bool = Field(False, description="site only: show the beginnings of items' texts; mind their licences")
    show_sensitive: bool = Field(
        False, description="site only: show texts of sensitive tasks too, and why their requests failed"
    )
    url: str | None = Field(None, description="site only: the address at which it will be found, for previews of links")

    @property
    def benchmarks(self) -> list[str]:
        """The names of the benchmarks, in a list also where the file gives a single one."""
        return [self.benchmark] if isinstance(self.benchmark, str) else self.benchmark


class RunFile(Strict):
    """A whole evaluation: what ``harness eval`` and ``harness leaderboard`` would be told, kept in a file."""

    description: str = ""
    models: list[str] = Field(
        default_factory=list,
        description="[LABEL=]NAME[:key=value,...]; default: the benchmarks' own default models",
    )
    tasks: list[str] = Field(min_length=1, description="tasks, benchmarks, or globs of tasks")
    roles: dict[str, str] = Field(default_factory=dict, description="models for other roles of the tasks")
    adapters: list[str] = Field(
        default_factory=list, description="adapters to ask through, [ROLE=]NAME[:key=value,...]"
    )
    metrics: list[str] = Field(default_factory=list, description="metrics to compute too")
    limit: Whole | None = Field(None, ge=1, description="only the first items of every task")
    split: str = Field("test", description="which split of the tasks")
    seed: Whole = Field(0, ge=0, le=2**63 - 1, description="of metrics that resample")
    confidence: Number = Field(0.95, ge=0.5, le=0.9999, description="of intervals")
    store: str | None = Field(None, description="SQLite file of all results, relative to this file")
    registry: str | None = Field(None, description="a registry.yaml that wins over the others, relative to this file")
    leaderboards: list[LeaderboardFile] = Field(default_factory=list, description="what to write at the end")


SCHEMAS: dict[str, type[BaseModel]] = {
    "task": TaskFile,
    "benchmark": BenchmarkFile,
    "published": PublishedFile,
    "registry": RegistryFile,
    "run": RunFile,
}
SchemaName = Literal["task", "benchmark", "published", "registry", "run"]


def json_schema(name: SchemaName) -> dict[str, Any]:
    """Return the JSON Schema of a kind of file, for editors."""
    return SCHEMAS[name].model_json_schema()
