"""The library of hard pairs: ``hard:TASK:embedder=MODEL,how=histogram``, for pairs and for prompts of any task."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np

from harness import BadItem, DataError, HarnessError, Item, SourcedTask, Task, TaskSource, UsageError
from harness.errors import did_you_mean
from harness.files import DamagedArrays, read_npz, write_npz

from .hard_pairs import HISTOGRAM, HOW, Pairs, above, area, chosen, unit
from .prompt_sets import ANSWER_FIELDS, GROUP_FIELDS, PROMPT_FIELDS, PromptSet, read_prompts
from .same_answer import SameAnswer, groups_of_pairs, pair_item
from .vectors import embed_texts, resolve_embedder

KIND = "same-answer"
VERSION = "1"
"""Raise it when the same options choose other pairs than before."""
FOLDER = "hard-pairs"
"""Beside the store: which pairs were chosen, so that no process embeds the prompts again."""


@dataclasses.dataclass(frozen=True, slots=True)
class HardOptions:
    """What stands after the task's name."""

    embedder: str
    """The model that the pairs are hard for."""
    how: str = HISTOGRAM
    """``histogram``, ``alternating``, or ``all`` pairs above ``least``."""
    least: float = 0.3
    """Cosine that a pair must exceed."""
    bins: int = 40
    """Of the histogram."""
    most: int = 0
    """Pairs a split; 0: all."""
    seed: int = 0
    """Of the drawing."""


class HardRequest(NamedTuple):
    """A task's name after ``hard:``, taken apart."""

    name: str
    options: HardOptions


def parse_hard_request(text: str) -> HardRequest:
    """Parse ``TASK:embedder=MODEL,how=...,least=...,bins=...,most=...,seed=...``.

    Raises:
        UsageError: there is no embedder, or an option is unknown or out of its range.
    """
    from harness.names import parse_arguments

    name, _, listed = text.partition(":")
    given = parse_arguments(listed, f"hard:{text}")
    for key, value in given.items():
        if key not in _CHECKS:
            raise UsageError(f"hard:{text}: there is no option {key!r}{did_you_mean(key, _CHECKS)}")
        fits, expected = _CHECKS[key]
        if not fits(value):
            raise UsageError(f"hard:{text}: {key} must be {expected}, not {value!r}")
    if "embedder" not in given:
        raise UsageError(f"hard:{text}: say for which embedder pairs shall be hard: hard:{name}:embedder=MODEL")
    return HardRequest(name, HardOptions(**given))


def _whole(least: int) -> Any:
    return lambda value: type(value) is int and value >= least


_CHECKS: Mapping[str, tuple[Any, str]] = {
    "embedder": (lambda value: isinstance(value, str) and value, "a model, in brackets if it has arguments"),
    "how": (lambda value: value in HOW, f"one of {', '.join(HOW)}"),
    "least": (lambda value: type(value) in (int, float) and -1 <= value < 1, "a cosine from -1 to below 1"),
    "bins": (_whole(1), "a whole number from 1"),
    "most": (_whole(0), "a whole number from 0, which means all"),
    "seed": (_whole(0), "a whole number from 0"),
}


class HardTasks(TaskSource):
    """Provides pairs of any task of prompts or pairs on which the cosine of a named embedder is at chance."""

    def summary(self) -> str:
        """Describe the library in one line."""
        return "pairs of any task on which an embedder's cosine is at chance"

    def names(self) -> Mapping[str, SourcedTask]:
        """List the tasks whose pairs can be made hard."""
        return {
            name: SourcedTask(f"{entry.description} Hard pairs (give embedder=MODEL).", KIND)
            for name, entry in self.registry.tasks().files().items()
            if self._fits(entry.kind)
        }

    def find(self, name: str) -> SourcedTask | None:
        """Find the hard pairs of a task.

        Raises:
            UsageError: an option is wrong, or the task has neither pairs nor prompts with answers.
        """
        task = name.partition(":")[0]
        entry = self.registry.tasks().find(task)
        if entry is None:
            return None
        if not self._fits(entry.kind):
            raise UsageError(f"hard:{name}: {task} has neither pairs of prompts nor prompts with what answers them")
        request = parse_hard_request(name)
        said = "all pairs above a cosine" if request.options.how == "all" else f"hard pairs ({request.options.how})"
        return SourcedTask(f"{entry.description} {said} of {request.options.embedder}.", KIND, entry.path)

    def task(self, name: str) -> Task:
        """Build the task whose items are the pairs; they are chosen when they are first read.

        Raises:
            UsageError: an option is wrong, or the embedder does not embed.
        """
        from harness.tasks import build_task

        request = parse_hard_request(name)
        plain = build_task(self.registry, request.name)
        d = plain.definition
        definition = dataclasses.replace(
            d,
            name=f"hard:{name}",
            version=f"{d.version}+{VERSION}",
            description=f"{d.description} Pairs relative to {request.options.embedder}, {request.options.how}.",
            parts={},
            metrics=d.metrics if isinstance(plain, SameAnswer) else (),
            options={"threshold": plain.settings["threshold"]} if isinstance(plain, SameAnswer) else {},
            ordered=False,
            digest=self.digest(name),
        )
        return HardPairs(definition, plain, request.options, self.registry)

    def digest(self, name: str) -> str:
        """Hash the task's definition, the options, what the embedder's answers depend on, and the version."""
        from harness.tasks import task_digest

        request = parse_hard_request(name)
        fingerprint = resolve_embedder(self.registry, request.options.embedder, f"hard:{name}").fingerprint
        options = dataclasses.asdict(request.options) | {"embedder": fingerprint}
        content = json.dumps([task_digest(self.registry, request.name), options, VERSION], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    def _fits(self, kind: str) -> bool:
        try:
            found: type[Task] = self.registry.find("task kind", kind).load()
        except HarnessError:  # unknown, or of a plugin that fails: whoever asks for the task itself is told
            return False
        prompt = any(name in found.fields for name in PROMPT_FIELDS)
        answered = any(name in found.fields for name in (*GROUP_FIELDS, *ANSWER_FIELDS))
        return _has_pairs(found) or (prompt and answered)


class HardPairs(SameAnswer):
    """The pairs of a split that were chosen relative to an embedder."""

    makes_items: ClassVar[bool] = True

    def __init__(self, definition: Any, plain: Task, options: HardOptions, registry: Any) -> None:
        super().__init__(definition)
        self._plain, self._options, self._registry = plain, options, registry
        self._said: dict[str, str] = {}

    @property
    def splits(self) -> tuple[str, ...]:
        """Return the splits of the task that the pairs are made of."""
        return self._plain.splits

    def files(self, split: str) -> list[Path]:
        """List the files that the prompts are read from."""
        return self._plain.files(split)

    def prompts(self, split: str) -> PromptSet | None:
        """Return None: the pairs are chosen, not drawn."""
        return None

    def make_items(self, split: str) -> Iterator[Item | BadItem]:
        """Choose the pairs of a split, and yield an item each.

        Raises:
            DataError: the data cannot be read, or there is no pair of either label.
            UsageError: a prompt cannot be embedded.
        """
        prompts, given = self._read(split)
        pairs = self._chosen(split, prompts, given)
        if not len(pairs):
            raise DataError(
                f"{self.name}: split {split!r} has no pairs of both labels above a cosine of {self._options.least:g}"
            )
        self._said[split] = (
            f"split {split!r}: {len(pairs)} pairs, {int(pairs.same.sum())} the same; the cosine of "
            f"{self._options.embedder} has ROC area {area(pairs):.4f} on them; hash {pairs.digest(prompts.digest())}"
        )
        for k in range(len(pairs)):
            i, j = int(pairs.first[k]), int(pairs.second[k])
            label = float(pairs.same[k]) if given is None else given.labels[i, j]
            yield pair_item(prompts, i, j, label)

    def remarks(self, split: str) -> Sequence[str]:
        """Say how many pairs there are, and what the embedder's cosine says of them."""
        return [*([self._said[split]] if split in self._said else []), *super().remarks(split)]

    def _read(self, split: str) -> tuple[PromptSet, _Given | None]:
        if not isinstance(self._plain, SameAnswer) and not _has_pairs(type(self._plain)):
            return read_prompts(self._plain.items(split), self._plain.name, unknown=True), None
        prompts = self._plain.prompts(split) if isinstance(self._plain, SameAnswer) else None
        if prompts is not None:
            return prompts, None
        items = [item for item in self._plain.items(split) if isinstance(item, Item)]
        return _of_pairs(items, self.settings["threshold"])

    def _chosen(self, split: str, prompts: PromptSet, given: _Given | None) -> Pairs:
        place = self._place(split, prompts, given)
        try:
            kept = read_npz(place)
            return Pairs(kept["first"], kept["second"], kept["cosine"], kept["same"])
        except (OSError, DamagedArrays, KeyError):
            pass  # it is not there, or not whole: it is made anew
        vectors = embed_texts(self._registry, self._options.embedder, prompts.texts, self.name)
        if given is not None:
            pairs = given.pairs(vectors, self._options.least)
        else:
            found = list(above(vectors, self._options.least))
            first, second = (np.concatenate([block[i] for block in found]) for i in range(2))
            cosine = np.concatenate([block[2] for block in found])
            pairs = Pairs(first, second, cosine, prompts.same(first, second))
        o = self._options
        pairs = chosen(pairs, o.how, bins=o.bins, most=o.most, seed=o.seed)
        place.parent.mkdir(parents=True, exist_ok=True)
        write_npz(
            place,
            {"first": pairs.first, "second": pairs.second, "cosine": pairs.cosine, "same": pairs.same},
            compressed=True,
        )
        return pairs

    def _place(self, split: str, prompts: PromptSet, given: _Given | None) -> Path:
        from harness.results import store_path

        labels = "" if given is None else given.digest()
        name = hashlib.sha256(f"{self.definition.digest} {split} {prompts.digest()} {labels}".encode()).hexdigest()[:24]
        store = store_path(self._registry)
        return store.with_name(store.name + ".files") / FOLDER / f"{name}.npz"


def _has_pairs(kind: type[Task]) -> bool:
    """Tell whether items of a kind are pairs of texts that may be embedded, such as those of similarity."""
    return {"first", "second", "label"} <= kind.fields.keys() and "embed" in kind.stages[0].accepts


class _Given(NamedTuple):
    """Pairs that the data give."""

    labels: Mapping[tuple[int, int], float]
    threshold: float

    def pairs(self, vectors: Any, least: float) -> Pairs:
        """Return those above a cosine, with the cosine of vectors (n, d)."""
        first, second = (np.array([pair[end] for pair in self.labels], dtype=np.int64) for end in (0, 1))
        units = unit(np.asarray(vectors, dtype=np.float64))
        cosine = np.einsum("ij,ij->i", units[first], units[second])
        same = np.array(list(self.labels.values())) >= self.threshold
        return Pairs(first, second, cosine, same).take(cosine > least)

    def digest(self) -> str:
        return hashlib.sha256(repr(sorted(self.labels.items())).encode()).hexdigest()


def _of_pairs(items: Sequence[Item], threshold: float) -> tuple[PromptSet, _Given]:
    groups = groups_of_pairs(items)
    texts = list(groups)
    place = {text: i for i, text in enumerate(texts)}
    responses = [""] * len(texts)
    labels: dict[tuple[int, int], float] = {}
    for item in items:
        ends = [place[item.fields[end]] for end in ("first", "second")]
        for end, i in zip(("first", "second"), ends, strict=True):
            responses[i] = responses[i] or item.fields.get(f"{end}_answer", "")
        labels[ends[0], ends[1]] = float(item.fields["label"])
    ids = [str(i) for i in range(len(texts))]
    return PromptSet(ids, texts, list(groups.values()), None, responses), _Given(labels, threshold)
