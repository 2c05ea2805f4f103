"""Where a row's figures come from: the model behind the label, the run, and the command that makes them again."""

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

from . import commands

FAILURES_SHOWN = 20


@dataclass(frozen=True, slots=True)
class ModelOrigin:
    """One model behind a cell: the evaluated one, or that of another role."""

    name: str
    """As registered; empty where no installed plugin has it."""
    plugin: str
    """Plugin, distribution and version that are installed now."""
    reference: str
    version: str
    arguments: str
    identity: Mapping[str, str]
    """Hash of the weights, revision, template: whatever the model said of itself."""
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Cost:
    """What the answers on one task took."""

    task: str
    adapters: Sequence[str]
    took: AnsweringCost
    whole: bool
    """True where all of them were computed; else some were on file, and the time says little."""


@dataclass(slots=True)
class Provenance:
    """What stands behind the figures of one model."""

    origins: list[ModelOrigin] = field(default_factory=list)
    runs: list[RunRecord] = field(default_factory=list)
    failures: list[tuple[str, str, str]] = field(default_factory=list)
    """(task, item, reason), the first of each task."""
    costs: list[Cost] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    places_left_out: bool = False
    """True where the command lacks arguments, since where files lie is not recorded."""


class Provenances:
    """Finds the provenance of models in a store.

    Args:
        registry: Where plugins are looked up.
        store: Holds the runs.
        cells: Of all models whose provenance will be asked for.
        parts: The stores that know what it took to compute the answers, the first that does counts; default: the store.
    """

    def __init__(
        self, registry: Registry, store: Readable, cells: Sequence[CellRecord], parts: Sequence[Readable] = ()
    ) -> None:
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
        """That of one model."""
        fingerprints = dict.fromkeys(f for cell in cells for f in cell.fingerprint.split("+") if f)
        runs = {self._runs[cell.id].id: self._runs[cell.id] for cell in cells if cell.id in self._runs}
        found = Provenance(
            [self._origin(fingerprint) for fingerprint in fingerprints],
            sorted(runs.values(), key=lambda run: run.started),
            [
                (cell.task, item, without_folders(reason))
                for cell in cells
                for item, reason in self._failures.get(cell.id, [])
            ],
            [self._cost(cell) for cell in cells],
        )
        self._add_commands(found, label, cells, benchmark)
        return found

    def _cost(self, cell: CellRecord) -> Cost:
        whole = self._took.get((cell.fingerprint, cell.task))
        took = whole or AnsweringCost(cell.items, cell.requests, cell.seconds)
        return Cost(cell.task, cell.adapters, took, whole is not None)

    def _origin(self, fingerprint: str) -> ModelOrigin:
        known = self._descriptions.get(fingerprint, {})
        reference = str(known.get("reference", ""))
        entry = self._entries.get(reference)
        plugin = f"{entry.plugin} of {entry.distribution} {entry.version}" if entry else ""
        return ModelOrigin(
            entry.name if entry else "",
            plugin,
            reference,
            str(known.get("version", "")),
            self._specification(fingerprint).partition(":")[2],
            {str(key): _text(value) for key, value in known.get("identity", {}).items()},
            fingerprint,
        )

    def _specification(self, fingerprint: str) -> str:
        """``NAME:key=value,...`` of a model on file, those inside it in brackets."""
        known = self._descriptions.get(fingerprint)
        if known is None:
            return ""
        entry = self._entries.get(str(known.get("reference", "")))
        name = entry.name if entry else str(known.get("reference", "")).partition(":")[2]
        listed = [f"{key}={written(value)}" for key, value in known.get("arguments", {}).items()]
        own, lists = _of_class(entry, "part_names"), _of_class(entry, "part_lists") or ()
        several: dict[str, list[str]] = {}
        for key, part in known.get("parts", {}).items():
            text = self._through(self._specification(part), known.get("through", {}).get(key, {}))
            if (argument := key.rpartition(".")[0]) in lists:
                several.setdefault(argument, []).append(text)
            elif own is None or key in own:
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

    def _with_own_adapters(self, specification: str, cell: CellRecord, found: Provenance) -> str:
        """Add the adapters that a model's specification named, which are no part of what is on file of the model.

        Args:
            specification: ``LABEL=NAME:key=value,...``.
            cell: One of its cells.
            found: Holds the runs, which say what ``--adapter`` named.
        """
        typed = {text for run in found.runs for text in run.description.get("adapters", ())}
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

    def _add_commands(self, found: Provenance, label: str, cells: Sequence[CellRecord], benchmark: str) -> None:
        """One for all cells, or one for each task of a cross-validated model."""
        lines = [line for cell in cells if (line := self._cross_validation(label, cell))]
        rest = [cell for cell in cells if not self._cross_validation(label, cell)]
        if rest or not cells:
            specification = self._by_label(label)
            if not specification and rest:
                first = rest[0].fingerprint.split("+")[0]
                specification = self._with_own_adapters(
                    f"{label}={self._specification(first) or 'NAME'}", rest[0], found
                )
                found.places_left_out = self._has_places(first)
            targets = [cell.task for cell in rest] if lines else [benchmark]
            lines.append(commands.evaluation(specification or label, targets, next(iter(rest), None), found.runs))
        found.commands = list(dict.fromkeys(shlex.join(line) for line in lines))

    def _has_places(self, fingerprint: str) -> bool:
        """Whether a model, or one inside it, has arguments that say where files lie; also where that is not known."""
        known = self._descriptions.get(fingerprint, {})
        entry = self._entries.get(str(known.get("reference", "")))
        own = _of_class(entry, "places")
        return own is None or bool(own) or any(self._has_places(part) for part in known.get("parts", {}).values())

    def _cross_validation(self, label: str, cell: CellRecord) -> list[str] | None:
        identity = self._descriptions.get(cell.fingerprint, {}).get("identity", {})
        return commands.cross_validation(label, identity, self._specification)

    def _by_label(self, label: str) -> str:
        """The label itself where it is a specification: nothing else was given as its name."""
        try:
            wanted = parse_specification(label)
        except HarnessError:
            return ""
        known = {*self._registry.names("model"), *self._registry.named_models()}
        named = bool(wanted.trainer) or wanted.name in known
        return label if wanted.label == label and named else ""


def _of_class(entry: Registration | None, name: str) -> Sequence[str] | None:
    """An attribute of a model's class that lists arguments: ``part_names``, ``places``; None where it is not known."""
    if entry is None:
        return None
    try:
        names: Sequence[str] = getattr(entry.load(), name, ())
    except HarnessError:
        return None
    return names


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)
