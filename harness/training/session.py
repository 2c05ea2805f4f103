"""The models that one training asks: its base, its parts, and those that it opens itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Protocol

from harness.errors import UsageError
from harness.model import Part
from harness.names.handles import ModelHandle, ReadyModel
from harness.names.registry import Registry
from harness.names.resolving import ModelResolver
from harness.progress import ProgressReporter, Tick
from harness.requests import Request, Response
from harness.store.progress import EVERY_SECONDS, FiledProgress
from harness.trainer import Trainer, TrainingData


class Counts(Protocol):
    """How much was asked."""

    requests: int
    computed: int
    reused: int
    seconds: float


class TrainingClient(Protocol):
    """What a training needs of a client of models: answers from the store or from the models themselves."""

    @property
    def counts(self) -> Counts:
        """How much was asked through this client."""
        ...

    def ask(self, handle: ModelHandle, capability: str, requests: Sequence[Request]) -> list[Response]:
        """Answer requests, in order, with a `Failure` in place of each answer that could not be had."""
        ...

    def release(self, handle: ModelHandle) -> None:
        """Let go of a model and of those inside it."""
        ...

    def fresh(self, progress: Callable[[float], None]) -> TrainingClient:
        """Open a client on the same store and models, with counts of its own, that reports shares to ``progress``."""
        ...

    def take_remarks(self) -> list[tuple[str, str]]:
        """What the models that were asked have to say of how they answered, by label, each sentence once."""
        ...


class Asking:
    """Shows how far the requests are that a training asks together, on the terminal and in the store.

    Args:
        progress: Draws the bars.
        filed: Files how far they are.
    """

    def __init__(self, progress: ProgressReporter, filed: FiledProgress) -> None:
        self._progress, self._filed = progress, filed
        self._tick: Tick = lambda count: None
        self._total = self._shown = 0
        self._filed_at = 0.0

    def move(self, share: float) -> None:
        """Report the share that is answered; never moves back, as a model inside a model reports its own."""
        done = int(self._total * share)
        if done > self._shown:
            self._tick(done - self._shown)
            self._shown = done

    @contextmanager
    def of(self, label: str, what: str, total: int) -> Iterator[None]:
        """Show a bar while a model is asked; one inside another, of a model that asks a part, is not shown."""
        if self._total:
            yield
            return
        with self._progress.cell(label, what, total) as tick:
            # A trainer that asks one thing at a time would otherwise write to the store for each.
            quiet = time.monotonic() - self._filed_at < EVERY_SECONDS
            self._tick, self._total, self._shown = self._filed.ask(label, what, total, tick, quiet=quiet), total, 0
            if not quiet:
                self._filed_at = time.monotonic()
            try:
                yield
                self.move(1.0)
            finally:
                self._tick, self._total = (lambda count: None), 0


class TrainingSession:
    """Hands a trainer its models, and lets go of those that it opened.

    Args:
        registry: Where names are looked up.
        client: Through which models are asked; one of its own is opened.
        asking: Shows how far the requests are.
        what: What is being trained, for the bars.
        workdir: The work directory, from which relative paths are taken first.
        models_folder: Where trained models lie.
        train: Trains a model that has not been trained.
        given: The base and the parts.
        opened: Told of each model that is opened.
    """

    def __init__(
        self,
        registry: Registry,
        client: TrainingClient,
        asking: Asking,
        *,
        what: str,
        workdir: Path,
        models_folder: Path,
        train: Callable[[ModelHandle], ReadyModel],
        given: Sequence[ReadyModel],
        opened: Callable[[ReadyModel], None],
    ) -> None:
        self._client, self._asking, self._what, self._train = client.fresh(asking.move), asking, what, train
        self._resolver, self._opened = _OpeningResolver(registry, models_folder, workdir, given), opened

    @property
    def client(self) -> TrainingClient:
        """The session's own client, which counts what the training asked."""
        return self._client

    def part(self, handle: ReadyModel) -> Part:
        """Wrap a model that was there before the training."""
        return handle.as_part(partial(self._ask, handle), partial(self._client.release, handle))

    def parts(self, handles: Mapping[str, ReadyModel]) -> dict[str, Part]:
        """Wrap models by name."""
        return {name: self.part(handle) for name, handle in handles.items()}

    def open(self, specification: str) -> Part:
        """Open the model of a specification, as it is now; a path that is there below the work directory is meant.

        Raises:
            UsageError: there is no such model, or it refuses its arguments.
        """
        handle = self._train(self._resolver.resolve(specification))
        self._resolver.opened.append(handle)
        self._opened(handle)

        def ask(capability: str, requests: Sequence[Request]) -> list[Response]:
            # The answers would be filed as those of the weights that were there before.
            if handle.has_changed():
                raise UsageError(f"{handle.label}: its files were written anew since it was opened; open it again")
            return self._ask(handle, capability, requests)

        return handle.as_part(ask, partial(self._client.release, handle))

    def _ask(self, handle: ReadyModel, capability: str, requests: Sequence[Request]) -> list[Response]:
        with self._asking.of(handle.label, f"{self._what} ({capability})", len(requests)):
            return self._client.ask(handle, capability, requests)

    def close(self) -> None:
        """Let go of the models that were opened."""
        kept = {id(model) for handle in self._resolver.given for model in handle.constructed_models()}
        for handle in self._resolver.opened:
            if not any(id(model) in kept for model in handle.constructed_models()):
                self._client.release(handle)


class _OpeningResolver(ModelResolver):
    """Resolves what a trainer opens: anew each time, since the same place may hold other weights by then.

    What comes out with the same specification and the same fingerprint as before is the same object, so that it is
    loaded once: a model and the judge that is built over it share their weights.
    """

    def __init__(self, registry: Registry, models_folder: Path, workdir: Path, given: Sequence[ReadyModel]) -> None:
        super().__init__(registry, models_folder, {}, folder=workdir)
        self.given = given
        self.opened: list[ReadyModel] = []
        self._same: dict[tuple[str, str], ModelHandle] = {}
        for handle in (inner for whole in given for inner in whole.everyone()):
            self._same.setdefault(_key(handle.ready), handle)

    def resolve(self, text: str, *, outer: tuple[str, ...] = ()) -> ModelHandle:
        """Find or construct the model of a specification."""
        self._known.pop(text, None)
        handle = super().resolve(text, outer=outer)
        if isinstance(handle, ReadyModel):
            handle = self._same.setdefault(_key(handle), handle)
        return handle


def _key(handle: ReadyModel) -> tuple[str, str]:
    return handle.specification, handle.fingerprint


def equip(
    trainer: Trainer,
    parts: Mapping[str, Part],
    data: Mapping[str, Sequence[TrainingData]],
    open_model: Callable[[str], Part],
) -> None:
    """Give a trainer what it may ask and read, but for what it calls so itself, as a setting of its own."""
    # Trainers may be frozen dataclasses.
    if type(trainer).part_names or trainer.parts is Trainer.parts:
        object.__setattr__(trainer, "parts", parts)
    if type(trainer).data_names or trainer.data is Trainer.data:
        object.__setattr__(trainer, "data", data)
    if not hasattr(trainer, "open"):
        object.__setattr__(trainer, "open", open_model)
