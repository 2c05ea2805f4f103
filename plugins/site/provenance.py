"""Where a row's figures come from: the model behind the label, the run, and the command that repeats them."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness import Registry
from harness.errors import HarnessError
from harness.names import Registration, parse_specification, written, written_list
from harness.results import without_folders
from harness.store import (
    AnsweringCost,
    CellRecord,
    Readable,
    RunRecord,
    failures_of_cells,
    model_descriptions,
    runs_of_cells,
    whole_computations,
)
from harness.tasks import HIDDEN_REASON, is_sensitive

from . import commands

FAILURES_SHOWN = 20


@dataclass(frozen=True, slots=True)
class ModelOrigin:
    """One model behind a cell: the evaluated model, or a model in another role."""

    name: str
    """The registered name; empty for a model that no installed plugin has."""
    plugin: str
    """Plugin, distribution and version that are installed now."""
    reference: str
    version: str
    arguments: str
    identity: Mapping[str, str]
    """The facts that the model told about itself, such as the hash of its weights, a revision or a template."""
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of the answers on one task."""

    task: str
    adapters: Sequence[str]
    took: AnsweringCost
    whole: bool
    """True if all answers were computed anew; False if some were on file, so that the time says little."""


@dataclass(slots=True)
class Provenance:
    """The models, runs, failures, costs and commands behind the figures of one row."""

    origins: list[ModelOrigin] = field(default_factory=list)
    runs: list[RunRecord] = field(default_factory=list)
    failures: list[tuple[str, str, str]] = field(default_factory=list)
    """(task, item, reason) of the first failures on each task."""
    costs: list[Cost] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    places_left_out: bool = False
    """Whether the command lacks arguments that are paths, which the store does not record."""


class Provenances:
    """Finds the provenance of models in a store.

    Args:
        registry: The registry, in which plugins are looked up.
        store: The store with the runs.
        cells: The cells of all models whose provenance will be asked for.
        parts: The stores that know what the answers took; the first store that knows counts; default: ``store``.
        sensitive: Whether reasons of failures are shown of sensitive tasks too, whose texts they may quote.
    """

    def __init__(
        self,
        registry: Registry,
        store: Readable,
        cells: Sequence[CellRecord],
        parts: Sequence[Readable] = (),
        *,
        sensitive: bool = False,
    ) -> None:
        tasks = {cell.task for cell in cells}
        self._hidden = set() if sensitive else {task for task in tasks if is_sensitive(registry, task)}
        self._registry = registry
        self._entries = {entry.reference: entry for entry in registry.entries("model")}
        self._descriptions = model_descriptions(store)
        self._runs = runs_of_cells(store, [cell.id for cell in cells])
        failed = [cell.id for cell in cells if cell.failed_requests]
        self._took: dict[tuple[str, str], AnsweringCost] = {}
        for part in reversed(parts or [store]):
            self._took |= whole_computations(part, cells)
        self._failures = failures_of_cells(store, failed, at_most=FAILURES_SHOWN)

    def of(self, label: str, cells: Sequence[CellRecord], benchmark: str) -> Provenance:
        """Return the provenance of one model."""
        fingerprints = dict.fromkeys(f for cell in cells for f in cell.fingerprint.split("+") if f)
        runs = {self._runs[cell.id].id: self._runs[cell.id] for cell in cells if cell.id in self._runs}
        provenance = Provenance(
            [self._origin(fingerprint) for fingerprint in fingerprints],
            sorted(runs.values(), key=lambda run: run.started),
            [
                (cell.task, item, HIDDEN_REASON if cell.task in self._hidden else without_folders(reason))
                for cell in cells
                for item, reason in self._failures.get(cell.id, [])
            ],
            [self._cost(cell) for cell in cells],
        )
        self._add_commands(provenance, label, cells, benchmark)
        return provenance

    def _cost(self, cell: CellRecord) -> Cost:
        whole = self._took.get((cell.fingerprint, cell.task))
        took = whole or AnsweringCost(cell.items, cell.requests, cell.seconds)
        return Cost(cell.task, cell.adapters, took, whole is not None)

    def _origin(self, fingerprint: str) -> ModelOrigin:
        description = self._descriptions.get(fingerprint, {})
        reference = str(description.get("reference", ""))
        entry = self._entries.get(reference)
        plugin = f"{entry.plugin} of {entry.distribution} {entry.version}" if entry else ""
        return ModelOrigin(
            entry.name if entry else "",
            plugin,
            reference,
            str(description.get("version", "")),
            self._specification(fingerprint).partition(":")[2],
            {str(key): _text(value) for key, value in description.get("identity", {}).items()},
            fingerprint,
        )

    def _specification(self, fingerprint: str) -> str:
        """Write ``NAME:key=value,...`` for a model on file, with the models inside it in brackets."""
        description = self._descriptions.get(fingerprint)
        if description is None:
            return ""
        entry = self._entries.get(str(description.get("reference", "")))
        name = entry.name if entry else str(description.get("reference", "")).partition(":")[2]
        listed = [f"{key}={written(value)}" for key, value in description.get("arguments", {}).items()]
        part_names, lists = _of_class(entry, "part_names"), _of_class(entry, "part_lists") or ()
        several: dict[str, list[str]] = {}
        for key, part in description.get("parts", {}).items():
            text = self._through(self._specification(part), description.get("through", {}).get(key, {}))
            if (argument := key.rpartition(".")[0]) in lists:
                several.setdefault(argument, []).append(text)
            elif part_names is None or key in part_names:
                listed.append(f"{key}=[{text}]")
        listed += [f"{key}={written_list(texts)}" for key, texts in several.items()]
        return f"{name}:{','.join(listed)}" if listed else name

    def _through(self, specification: str, through: Mapping[str, Any]) -> str:
        """Add the adapters through which a model inside another is asked to its specification.

        Args:
            specification: That of the model itself.
            through: By capability, the adapters from the outermost inwards: reference, version, arguments each.
        """
        names = {entry.reference: entry.name for entry in self._registry.entries("adapter")}
        texts: dict[str, None] = {}
        for steps in through.values():
            for reference, _, arguments, *_ in reversed(steps):
                listed = ",".join(f"{key}={written(value)}" for key, value in arguments.items())
                name = names.get(reference, reference.partition(":")[2])
                texts[f"{name}:{listed}" if listed else name] = None
        if not texts:
            return specification
        return f"{specification}{',' if ':' in specification else ':'}adapters={written_list(list(texts))}"

    def _with_own_adapters(self, specification: str, cell: CellRecord, provenance: Provenance) -> str:
        """Add the adapters that a model's specification named, which are no part of what is on file of the model.

        Args:
            specification: ``LABEL=NAME:key=value,...``.
            cell: One of its cells.
            provenance: Holds the runs, which say what ``--adapter`` named.
        """
        typed = {text for run in provenance.runs for text in run.description.get("adapters", ())}
        keeping = {e.name for e in self._registry.entries("adapter") if e.facts.gives == e.facts.needs}
        asked = next((stage for stage in cell.asked if stage.model == cell.label), None)
        own = [
            text
            for text in reversed(asked.adapters if asked else ())
            if text not in typed and (":" in text or text in keeping)
        ]
        if not own:
            return specification
        return f"{specification}{',' if ':' in specification else ':'}adapters={written_list(own)}"

    def _add_commands(self, provenance: Provenance, label: str, cells: Sequence[CellRecord], benchmark: str) -> None:
        """Add one command for all cells, or one command for each task of a cross-validated model."""
        lines = [line for cell in cells if (line := self._cross_validation(label, cell))]
        rest = [cell for cell in cells if not self._cross_validation(label, cell)]
        if rest or not cells:
            specification = self._by_label(label)
            if not specification and rest:
                first = rest[0].fingerprint.split("+")[0]
                specification = self._with_own_adapters(
                    f"{label}={self._specification(first) or 'NAME'}", rest[0], provenance
                )
                provenance.places_left_out = self._has_places(first)
            targets = [cell.task for cell in rest] if lines else [benchmark]
            lines.append(commands.evaluation(specification or label, targets, next(iter(rest), None), provenance.runs))
        provenance.commands = list(dict.fromkeys(shlex.join(line) for line in lines))

    def _has_places(self, fingerprint: str) -> bool:
        """Tell whether a model, or a model inside it, takes paths as arguments; True if that is not known."""
        description = self._descriptions.get(fingerprint, {})
        entry = self._entries.get(str(description.get("reference", "")))
        places = _of_class(entry, "places")
        parts = description.get("parts", {}).values()
        return places is None or bool(places) or any(self._has_places(part) for part in parts)

    def _cross_validation(self, label: str, cell: CellRecord) -> list[str] | None:
        identity = self._descriptions.get(cell.fingerprint, {}).get("identity", {})
        return commands.cross_validation(label, identity, self._specification)

    def _by_label(self, label: str) -> str:
        """Return the label if it is the model's specification, since the model got no other name; else empty."""
        try:
            specification = parse_specification(label)
        except HarnessError:
            return ""
        models = {*self._registry.names("model"), *self._registry.named_models()}
        named = bool(specification.trainer) or specification.name in models
        return label if specification.label == label and named else ""


def _of_class(entry: Registration | None, name: str) -> Sequence[str] | None:
    """Return an attribute of a model's class that lists arguments (``part_names``, ``places``); None if unknown."""
    if entry is None:
        return None
    try:
        names: Sequence[str] = getattr(entry.load(), name, ())
    except HarnessError:
        return None
    return names


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)
