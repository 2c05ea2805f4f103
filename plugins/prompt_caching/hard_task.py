"""Hard pairs as a task: the pairs of a split, chosen relative to an embedder when they are first read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np

from harness import BadItem, DataError, Item, Task
from harness.files import DamagedArrays, read_npz, write_npz

from .hard_options import HardOptions
from .hard_pairs import Pairs, above, area, chosen, unit
from .prompt_sets import PromptSet, read_prompts
from .same_answer import SameAnswer, groups_of_pairs, pair_item
from .vectors import embed_texts

FOLDER = "hard-pairs"
"""Beside the store: which pairs were chosen, so that no process embeds the prompts again."""


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

    def _texts(self, split: str) -> set[str]:
        return set(self._read(split)[0].texts)  # to choose the pairs of another split would be to embed it

    def _read(self, split: str) -> tuple[PromptSet, _Given | None]:
        if not isinstance(self._plain, SameAnswer) and not has_pairs(type(self._plain)):
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


def has_pairs(kind: type[Task]) -> bool:
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
