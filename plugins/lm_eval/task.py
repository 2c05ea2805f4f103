"""A task of lm-eval as a task of harness: its documents, prompts, filters and metrics are lm-eval's own code."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np

from harness import (
    Answers,
    BadItem,
    CellError,
    ConfigurationError,
    DataError,
    Definition,
    Item,
    ItemFigures,
    Judged,
    Likelihood,
    Metric,
    Request,
    ResponseMark,
    Stage,
    Task,
    Told,
    UsageError,
)
from harness.kinds import told
from harness.names import describe

from .conversations import as_text
from .definitions import figures_built, figures_of
from .library import compile_templates_once, work_offline
from .metrics import KEPT, PAIRS, Figure, LmEvalMetric, metric_of
from .options import Options
from .requests import CAPABILITY, answer_for, request_of, sampling_of

_DECISIONS = ("exact_match", "acc", "acc_norm", "em", "pass@1")
"""Metrics of lm-eval that say of a document whether the answer is right."""


class LmEvalTask(Task):
    """Takes documents and scoring from lm-eval; harness asks the model and keeps the answers.

    A column is a metric behind a filter: one number a document; for a metric of texts, the index of the document's
    value among the values kept in ``facts``.

    Args:
        name: The name of the task in results.
        config: The configuration that lm-eval makes the task of.
        options: The options of the task.
        definition: The definition of the task for harness.
        where: The file, for messages.
    """

    def __init__(
        self, name: str, config: Mapping[str, Any], options: Options, definition: Definition, *, where: str
    ) -> None:
        super().__init__(definition)
        self._config, self._options, self._where = dict(config), options, where
        self._kept: dict[str, list[Any]] = {}
        self._unmet = True  # no answer has been scored yet
        if "class" in config:
            self._plan_built()
        else:
            self._plan_described()
        self.stages = tuple(Stage((capability,)) for capability in self._capabilities)

    def _plan_described(self) -> None:
        """Plan capabilities and figures from the YAML alone."""
        config, kind = self._config, self._config.get("output_type", "generate_until")
        if kind not in CAPABILITY:
            raise ConfigurationError(f"{self._where}: output_type: {kind!r} is none of {', '.join(CAPABILITY)}")
        if config.get("doc_to_image") or config.get("doc_to_audio"):
            raise UsageError(f"{self.name} asks about pictures or sound, for which harness has no requests yet")
        if config.get("unsafe_code"):
            self._require_consent()
        if config.get("num_fewshot") == 0 and self._options.num_fewshot:
            raise UsageError(f"{self.name} is defined for num_fewshot=0, which lm-eval does not let one change")
        if kind == "generate_until":
            sampling_of({**(config.get("generation_kwargs") or {}), **self._options.generation()})
        self._capabilities: tuple[str, ...] = (CAPABILITY[kind],)
        self._figures = {figure.key: figure for figure in figures_of(config, self._where)}

    def _plan_built(self) -> None:
        """Plan capabilities and figures of a task whose Python has to be asked, by its first document."""
        self._figures = {}
        self._capabilities = tuple(dict.fromkeys(CAPABILITY.values()))
        try:
            task = self.built
            first = next((item for item in self._items("test") if isinstance(item, Item)), None)
        except DataError:
            return  # the plan meets it again when it looks for the first item, and says so there
        if getattr(task, "UNSAFE_CODE", False):
            self._require_consent()
        self._figures = {figure.key: figure for figure in figures_built(task, list(task.aggregation()))}
        kinds = [instance.request_type for instance in first.fields["instances"]] if first is not None else ()
        self._capabilities = tuple(dict.fromkeys(CAPABILITY[kind] for kind in kinds)) or self._capabilities

    def _require_consent(self) -> None:
        if not self._options.confirm_run_unsafe_code:
            raise UsageError(
                f"{self.name} runs what the model writes on this machine; if that is meant: "
                f"{self.name}{',' if self.name.count(':') > 1 else ':'}confirm_run_unsafe_code=true"
            )

    @cached_property
    def built(self) -> Any:
        """Build lm-eval's task, with its data.

        Raises:
            DataError: the data, or a package that reads the data, is not there.
            ConfigurationError: lm-eval refuses the definition.
        """
        import copy

        from lm_eval.tasks import TaskManager

        compile_templates_once()
        try:
            loaded = TaskManager(include_defaults=False).load([copy.copy(self._config)])["tasks"]
        except (ImportError, OSError) as error:  # no network, no such file, no such data set
            if isinstance(error, ConnectionError):
                work_offline()
            data = self._config.get("dataset_path", "its data")
            raise DataError(
                f"{self.name}: {data} cannot be loaded: {describe(error)}. Fetch it once where there is a network, or "
                "write a YAML file that includes this task's and reads a copy (dataset_path: json)"
            ) from error
        except Exception as error:
            raise ConfigurationError(f"{self._where}: lm-eval cannot make this task: {describe(error)}") from error
        task = next(iter(loaded.values()))
        shots = self._options.num_fewshot
        if shots is not None or task.get_config("num_fewshot") is None:
            task.set_config("num_fewshot", shots or 0)
        if self._options.gen_kwargs and task.OUTPUT_TYPE == "generate_until":
            task.set_config("generation_kwargs", self._options.generation(), update=True)
        return task

    @property
    def metrics(self) -> tuple[str, ...]:
        """Name every metric behind every filter."""
        return tuple(self._figures)

    @property
    def columns(self) -> tuple[str, ...]:  # type: ignore[override]
        """Name one column for each metric."""
        return tuple(self._figures)

    @property
    def splits(self) -> tuple[str, ...]:
        """Return ``test``: lm-eval itself chooses the test split, or the validation split if there is none."""
        return ("test",)

    def describe_data(self, split: str) -> str:
        """Name the data set that lm-eval loads."""
        parts = [str(self._config[key]) for key in ("dataset_path", "dataset_name") if self._config.get(key)]
        files = (self._config.get("dataset_kwargs") or {}).get("data_files")
        parts += [str(files.get("test", files) if isinstance(files, Mapping) else files)] if files else []
        return " ".join(parts) or self._where

    def own_metric(self, name: str) -> Metric | None:
        """Return lm-eval's aggregation of one of the task's figures; None for another name."""
        figure = self._figures.get(name)
        return None if figure is None else metric_of(figure, self._options.bootstrap_iters)

    # documents

    def _documents(self) -> Any:
        task = self.built
        return task.task_docs if hasattr(task, "task_docs") else task.eval_docs

    def count(self, split: str = "test") -> int | None:
        """Count the documents of the split."""
        return len(self._documents())

    def items(self, split: str = "test", *, limit: int | None = None) -> Iterator[Item | BadItem]:
        """Yield the documents, each with lm-eval's requests.

        Raises:
            UsageError: the split is another than ``test``.
            DataError: the data cannot be loaded.
        """
        if split != "test":
            raise UsageError(f"{self.name}: lm-eval says which split a task is evaluated on; there is no {split!r}")
        return islice(self._items(split), limit)

    def _items(self, split: str) -> Iterator[Item | BadItem]:
        task = self.built
        task.set_fewshot_seed(self._options.fewshot_seed)  # examples depend on the documents before
        for number, document in enumerate(self._documents()):
            try:
                instances = self._instances(task, number, document)
            except Exception as error:  # a template or a function of the task's
                yield BadItem(f"document {number}", describe(error))
                continue
            fields = {"document": document, "instances": instances}
            yield Item(str(number), fields, where=f"document {number} of {self.describe_data(split)}")

    def _instances(self, task: Any, number: int, document: Any) -> list[Any]:
        chat = self._options.apply_chat_template
        template = as_text if chat else None
        context = task.fewshot_context(
            document,
            num_fewshot=task.config.num_fewshot or 0,
            system_instruction=self._options.system_instruction,
            apply_chat_template=chat,
            fewshot_as_multiturn=self._options.fewshot_as_multiturn,
            chat_template=template,
            gen_prefix=task.doc_to_prefix(document),
        )
        instances = task.construct_requests(
            doc=document,
            ctx=context,
            metadata=(task.config["task"], number, task.config.repeats),
            apply_chat_template=chat,
            chat_template=template,
        )
        return instances if isinstance(instances, list) else [instances]

    # questions and answers

    def requests(self, item: Item, stage: int, capability: str, earlier: Sequence[Answers]) -> Sequence[Request]:
        """Return lm-eval's requests of this capability, each as often as the task repeats it."""
        return [
            request_of(
                instance.request_type, instance.args, self._options.seed + repeat, item.origin(self.name, i, repeat)
            )
            for i, instance in enumerate(item.fields["instances"])
            if CAPABILITY[instance.request_type] == capability
            for repeat in range(instance.repeats or 1)
        ]

    def row(self, item: Item, answers: Sequence[Answers]) -> Mapping[str, Any]:
        """Return the document's figures by metric and filter; NaN if a request failed."""
        if any(stage.failures for stage in answers):
            return {key: self._nothing(figure) for key, figure in self._figures.items()}
        waiting = {stage.capability: iter(stage.responses) for stage in answers}
        for instance in item.fields["instances"]:
            responses = islice(waiting[CAPABILITY[instance.request_type]], instance.repeats or 1)
            instance.resps = [answer_for(instance.request_type, response) for response in responses]
        try:
            values = self._score(item)
        except Exception as error:
            raise CellError(
                f"{self.name}: {item.where}: lm-eval cannot score the answers: {describe(error)}"
            ) from error
        if self._unmet:
            self._meet({name: None for name, _ in values})
        return {
            key: self._figure(figure, values.get((figure.metric, figure.filter)))
            for key, figure in self._figures.items()
        }

    def expected(self, item: Item) -> str:
        """Return the document's target in lm-eval's words; of a choice, the text of the right one."""
        task, document = self.built, item.fields["document"]
        try:
            target = task.doc_to_target(document)
            choices = task.doc_to_choice(document) if task.config.doc_to_choice is not None else None
        except Exception:  # a template or a function of the task's; the figures stand without it
            return ""
        if choices and isinstance(target, int) and 0 <= target < len(choices):
            return str(choices[target]).strip()
        return str(target).strip() if isinstance(target, (str, int, float)) else ""

    def tell(self, item: ItemFigures) -> Told | None:
        """Say what the model answered or chose, and what was expected, where one figure says right or wrong."""
        key = next((key for key, figure in self._figures.items() if figure.metric in _DECISIONS), "")
        value = item.columns.values[key][item.row] if key in item.columns.values else None
        if value is None or np.ndim(value) or value not in (0, 1):
            return None
        judged: Judged = "right" if value == 1 else "wrong"
        written = [response for stage in item.answers for response in stage.responses]
        said = f"{self._figures[key].metric} {value:g}"
        if written and all(isinstance(response, Likelihood) for response in written) and len(written) > 1:
            return self._chosen(item, judged, [response.nats for response in written], said)
        expected = f"; expected {told.quoted(item.expected)}" if item.expected else ""
        return Told(f"{said}{expected}", judged)

    def _chosen(self, item: ItemFigures, judged: Judged, nats: list[float], said: str) -> Told:
        """Tell of a choice by likelihood; what lm-eval counts as the choice may also depend on lengths."""
        marks = {i: ResponseMark(score=value) for i, value in enumerate(nats)}
        expected = f"; expected {told.quoted(item.expected)}" if item.expected else ""
        likeliest = f"; the likeliest of {len(nats)} is {nats.index(max(nats)) + 1}"
        return Told(f"{said}{likeliest}{expected}", judged, marks)

    def _score(self, item: Item) -> dict[tuple[str, str], Any]:
        """Let lm-eval score the answers; return the values by metric and filter."""
        task, instances = self.built, item.fields["instances"]
        ordered = sorted(instances, key=lambda instance: instance.idx)
        values = {}
        for ensemble in task._filters:
            ensemble.apply(instances)
            filtered = [instance.filtered_resps[ensemble.name] for instance in ordered]
            for name, value in task.process_results(item.fields["document"], filtered).items():
                values[name, ensemble.name] = value
        return values

    def _meet(self, given: Mapping[str, None]) -> None:
        """Compare the metrics of the first scored answers with the planned ones: one function may give several."""
        self._unmet = False
        declared = dict.fromkeys(figure.metric for figure in self._figures.values())
        names = [*(name for name in declared if name in given), *(name for name in given if name not in declared)]
        if names != list(declared):
            self._figures = {figure.key: figure for figure in figures_built(self.built, names)}

    def settled_metrics(self, planned: Sequence[Metric]) -> Sequence[Metric]:
        """Return lm-eval's metrics that the answers gave, and the planned metrics of others."""
        given = [metric for key in self._figures if (metric := self.own_metric(key)) is not None]
        return [*given, *(metric for metric in planned if not isinstance(metric, LmEvalMetric))]

    def _figure(self, figure: Figure, value: Any) -> Any:
        if value is None:
            return self._nothing(figure)
        if figure.way in PAIRS:
            return np.asarray(value, dtype=np.float64)
        if figure.is_plain:
            return float(value)
        kept = self._kept.setdefault(figure.key, [])
        kept.append(value)
        return float(len(kept) - 1)

    @staticmethod
    def _nothing(figure: Figure) -> Any:
        return np.full(2, math.nan) if figure.way in PAIRS else math.nan

    def facts(self) -> Mapping[str, Any]:
        """Return the values that metrics need and that are no numbers."""
        return {KEPT: {**self._kept, **{key: [] for key in self._figures if key not in self._kept}}}
