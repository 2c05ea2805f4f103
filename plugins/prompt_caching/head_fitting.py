"""Fits a linear map of an embedder's vectors, so that its cosine says whether two prompts share a response."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness import FloatArray, stats
from harness.files import read_npz, write_npz

from .pair_losses import BCE, LOSSES, OF_PROBABILITY, Settings, log_sigmoid, slope

CHECKPOINT = "descent.npz"
_FIRST, _SECOND, _SMALL = 0.9, 0.999, 1e-8
"""Of Adam."""


class PairData(NamedTuple):
    """Pairs of prompts by index, with their targets."""

    vectors: NDArray[np.float32]
    """(n, d) of all prompts, at unit length."""
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    targets: NDArray[np.float32]
    """In [0, 1]."""
    groups: NDArray[np.int64]
    """(n,) codes of what the prompts belong to."""

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> PairData:
        """Return some of the pairs."""
        return self._replace(first=self.first[rows], second=self.second[rows], targets=self.targets[rows])


@dataclass(frozen=True, slots=True)
class HeadSettings:
    """How a head is fitted."""

    rank: int = 0
    """Rows of the map; 0: as many as the vectors are long, beginning with the identity."""
    loss: str = BCE
    temperature: float = 0.05
    offset: float | None = None
    """None: such that P begins at one half at the median cosine."""
    learn: bool = True
    """Whether temperature and offset are learned; those of losses that do not see them are fitted afterwards."""
    epochs: int = 3
    batch: int = 256
    rate: float = 1e-3
    penalty: float = 0.0
    """Of the squared distance from where the map began."""
    epsilon: float = 0.05
    margin: float = 0.5
    scale: float = 20.0
    patience: int = 2
    """Epochs without a better ROC area of the held-out pairs after which it stops."""
    seed: int = 0

    def __post_init__(self) -> None:
        assert self.loss in LOSSES, self.loss


class Head(NamedTuple):
    """A linear map, with temperature and offset: P = sigma(cos(W a, W b) / temperature - offset)."""

    weights: NDArray[np.float32]
    """W, (r, d)."""
    temperature: float
    offset: float

    def cosines(self, pairs: PairData) -> FloatArray:
        """Return the cosines of pairs after the map, (n,)."""
        mapped = unit_rows(pairs.vectors @ self.weights.T)
        return np.asarray(np.einsum("ij,ij->i", mapped[pairs.first], mapped[pairs.second]), dtype=np.float64)

    def log_odds(self, cosines: FloatArray) -> FloatArray:
        """Return the log-odds that a response is shared at cosines after the map."""
        return cosines / self.temperature - self.offset


class Fitted(NamedTuple):
    """A head, and how it came about."""

    head: Head
    epochs: int
    """The epoch whose map was kept."""
    losses: list[float]
    areas: list[float]
    """ROC area of the held-out pairs after each epoch; empty where none were held out."""


def unit_rows(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return vectors (n, d) at unit length; one of length 0 stays as it is."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), dtype=vectors.dtype)


def fit_head(
    pairs: PairData,
    held: PairData | None,
    settings: HeadSettings,
    workdir: Path | None = None,
    *,
    told: Callable[[int, float, float], None] = lambda epoch, loss, area: None,
) -> Fitted:
    """Fit a head to pairs; an interrupted fit goes on where it was.

    Args:
        pairs: What is learned from.
        held: Pairs of other groups, which say when to stop; None: all epochs are done.
        settings: How.
        workdir: The folder of the checkpoint; None: without.
        told: Called after every epoch with its number, loss, and ROC area of the held-out pairs (NaN without).

    Raises:
        ValueError: there are no pairs of either label.
    """
    same = pairs.targets >= 0.5
    if not same.any() or same.all():
        raise ValueError(f"all {len(same)} pairs to learn from {'are' if same.any() else 'differ, none is'} the same")
    state = _State.begin(pairs, settings)
    checkpoint = None if workdir is None else workdir / CHECKPOINT
    if checkpoint is not None and checkpoint.is_file():
        state = _State.read(checkpoint)
    while state.epoch < settings.epochs and not state.stopped(settings.patience, held is not None):
        loss = state.descend(pairs, settings)
        area = float("nan") if held is None else area_of(state.head(), held)
        state.note(loss, area)
        told(state.epoch, loss, area)
        if checkpoint is not None and state.epoch < settings.epochs:
            state.write(checkpoint)
    if checkpoint is not None:
        checkpoint.unlink(missing_ok=True)
    head = state.best_head()
    if settings.loss not in OF_PROBABILITY and settings.learn:
        head = calibrated(head, pairs if held is None else held)
    return Fitted(head, state.best_epoch, state.losses, state.areas if held is not None else [])


def area_of(head: Head, pairs: PairData) -> float:
    """Return the ROC area of a head's cosine on pairs; NaN of one class."""
    same = (pairs.targets >= 0.5).astype(np.float64)
    if not 0 < same.sum() < len(same):
        return float("nan")
    return float(stats.auroc(head.cosines(pairs), same).value)


def calibrated(head: Head, pairs: PairData) -> Head:
    """Return the head with the temperature and offset of least cross-entropy on pairs; its map stays."""
    temperature, offset = fit_sigmoid(head.cosines(pairs), pairs.targets.astype(np.float64))
    return head._replace(temperature=temperature, offset=offset)


def fit_sigmoid(cosines: FloatArray, targets: FloatArray, ridge: float = 1e-6) -> tuple[float, float]:
    """Return temperature and offset of least cross-entropy of sigma(cosine / temperature - offset), by Newton's method.

    A slope that is not above 0.01 is taken for that: where more similar pairs are no likelier the same, no temperature
    above 0 fits. A touch of a ridge keeps labels that cosines part without overlap from having no finite answer.
    """
    slope_, offset = 1.0, float(np.mean(cosines))

    def loss(s: float, c: float) -> float:
        odds = s * cosines - c
        return float(-np.mean(targets * log_sigmoid(odds) + (1 - targets) * log_sigmoid(-odds)) + ridge * s * s)

    now = loss(slope_, offset)
    for _ in range(200):
        p = np.exp(log_sigmoid(slope_ * cosines - offset))
        weight = p * (1 - p)
        g = np.array([np.mean((p - targets) * cosines) + 2 * ridge * slope_, -np.mean(p - targets)])
        h = np.array(
            [
                [np.mean(weight * cosines**2) + 2 * ridge, -np.mean(weight * cosines)],
                [-np.mean(weight * cosines), np.mean(weight) + 1e-12],
            ]
        )
        step, size = np.linalg.solve(h, g), 1.0
        while size > 1e-8 and loss(slope_ - size * step[0], offset - size * step[1]) > now:
            size /= 2
        slope_, offset = float(slope_ - size * step[0]), float(offset - size * step[1])
        before, now = now, loss(slope_, offset)
        if before - now < 1e-13:
            break
    return 1 / max(slope_, 0.01), offset


@dataclass
class _State:
    """Where a descent is; an epoch's order follows from its number, so that it makes no difference where it stopped."""

    weights: NDArray[np.float32]
    begun: NDArray[np.float32]
    log_temperature: float
    offset: float
    moments: NDArray[np.float32]
    """(2, r, d) of Adam."""
    of_two: FloatArray
    """(2, 2): moments of log temperature and offset."""
    steps: int
    losses: list[float]
    areas: list[float]
    best: NDArray[np.float32]
    best_two: FloatArray
    best_epoch: int

    @property
    def epoch(self) -> int:
        return len(self.losses)

    @classmethod
    def begin(cls, pairs: PairData, settings: HeadSettings) -> _State:
        width = pairs.vectors.shape[1]
        weights = np.eye(width, dtype=np.float32)
        if 0 < settings.rank < width:
            centred = pairs.vectors.astype(np.float64) - pairs.vectors.mean(axis=0, dtype=np.float64)
            _, directions = np.linalg.eigh(centred.T @ centred)
            weights = np.ascontiguousarray(directions[:, ::-1][:, : settings.rank].T.astype(np.float32))
        offset = settings.offset
        if offset is None:
            begun = Head(weights, settings.temperature, 0.0)
            offset = float(np.median(begun.cosines(pairs))) / settings.temperature
        two = np.array([np.log(settings.temperature), offset])
        return cls(
            weights,
            weights.copy(),
            float(two[0]),
            float(two[1]),
            np.zeros((2, *weights.shape), dtype=np.float32),
            np.zeros((2, 2)),
            0,
            [],
            [],
            weights.copy(),
            two,
            0,
        )

    def head(self) -> Head:
        return Head(self.weights, float(np.exp(self.log_temperature)), self.offset)

    def best_head(self) -> Head:
        return Head(self.best, float(np.exp(self.best_two[0])), float(self.best_two[1]))

    def stopped(self, patience: int, watched: bool) -> bool:
        return watched and self.epoch - self.best_epoch >= patience and self.epoch > 0

    def note(self, loss: float, area: float) -> None:
        known = [one for one in self.areas if not np.isnan(one)]
        self.losses.append(loss)
        self.areas.append(area)
        if np.isnan(area) or not known or area > max(known):
            self.best, self.best_two = self.weights.copy(), np.array([self.log_temperature, self.offset])
            self.best_epoch = self.epoch

    def descend(self, pairs: PairData, settings: HeadSettings) -> float:
        order = np.random.default_rng([settings.seed, self.epoch]).permutation(len(pairs.targets))
        total = 0.0
        for start in range(0, len(order), settings.batch):
            rows = order[start : start + settings.batch]
            total += self._step(pairs, rows, settings) * len(rows)
        return total / len(order)

    def _step(self, pairs: PairData, rows: NDArray[np.int64], settings: HeadSettings) -> float:
        ends = [pairs.vectors[pairs.first[rows]], pairs.vectors[pairs.second[rows]]]
        mapped = [end @ self.weights.T for end in ends]
        lengths = [np.maximum(np.linalg.norm(one, axis=1, keepdims=True), np.float32(1e-12)) for one in mapped]
        units = [one / length for one, length in zip(mapped, lengths, strict=True)]
        options = Settings(
            float(np.exp(self.log_temperature)), self.offset, settings.epsilon, settings.margin, settings.scale
        )
        found = slope(settings.loss, units[0], units[1], pairs.targets[rows], options, pairs.groups[pairs.second[rows]])
        gradient = 2 * settings.penalty * (self.weights - self.begun)
        for end, one, length, by_unit in zip(ends, units, lengths, (found.first, found.second), strict=True):
            across = by_unit - (by_unit * one).sum(axis=1, keepdims=True) * one  # what lies along the vector counts not
            gradient = gradient + (across / length).T.astype(np.float32) @ end
        self.steps += 1
        self.weights = self.weights - settings.rate * self._adam(self.moments, gradient.astype(np.float32))
        if settings.learn and settings.loss in OF_PROBABILITY:
            two = np.array([found.log_temperature, found.offset])
            moved = 10 * settings.rate * self._adam(self.of_two, two)
            self.log_temperature, self.offset = float(self.log_temperature - moved[0]), float(self.offset - moved[1])
        return found.value + settings.penalty * float(((self.weights - self.begun) ** 2).sum())

    def _adam(self, moments: NDArray[np.floating], gradient: NDArray[np.floating]) -> NDArray[np.floating]:
        moments[0] += (1 - _FIRST) * (gradient - moments[0])
        moments[1] += (1 - _SECOND) * (gradient**2 - moments[1])
        first, second = moments[0] / (1 - _FIRST**self.steps), moments[1] / (1 - _SECOND**self.steps)
        return np.asarray(first / (np.sqrt(second) + _SMALL), dtype=gradient.dtype)

    def write(self, place: Path) -> None:
        kept = {name: value for name, value in vars(self).items() if isinstance(value, np.ndarray)}
        words = {name: value for name, value in vars(self).items() if not isinstance(value, np.ndarray)}
        write_npz(place, {**kept, "words": np.frombuffer(json.dumps(words).encode(), dtype=np.uint8)})

    @classmethod
    def read(cls, place: Path) -> _State:
        kept: dict[str, Any] = dict(read_npz(place))
        return cls(**json.loads(bytes(kept.pop("words"))), **kept)


def settings_as_words(settings: HeadSettings) -> dict[str, object]:
    """Return the settings as plain data."""
    return asdict(settings)
