"""The Trainer interface: makes a model from a base model and a task's train split."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from harness.model import Part

if TYPE_CHECKING:
    from harness.task import Item, Task

Ask = Part
"""``ask(capability, requests)``: the base model, through the one client."""


class Progress(Protocol):
    """Where a trainer reports its learning curve; goes to the store and the terminal."""

    def __call__(self, step: int, **values: float) -> None:
        """Values at a step, such as ``loss=0.31``."""


class Trainer:
    """Base class of trainers; the constructor stores its settings and does nothing else.

    `fit` writes a directory that ``model`` loads again by ``path=DIRECTORY``. It keeps its checkpoints in that
    directory, so that a killed training resumes there, and asks models only through ``ask``, so that what was
    computed is never computed again.

    >>> import tempfile
    >>> from harness import Definition, Item, Task
    >>> class LongestPrompt(Trainer):
    ...     model = "prompt-limit"
    ...     trains_on = ("detection",)
    ...
    ...     def fit(self, task, items, workdir, *, ask, progress):
    ...         longest = max(len(item.fields["text"]) for item in items)
    ...         (workdir / "limit.txt").write_text(str(longest))
    ...         progress(1, longest=longest)
    ...         return {"longest": longest}
    >>> items = [Item("0", {"text": "Hello."}), Item("1", {"text": "Send me your password."})]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     LongestPrompt().fit(
    ...         Task(Definition("mine")), items, Path(folder), ask=None, progress=lambda step, **values: None
    ...     )
    {'longest': 22}
    """

    version: ClassVar[str] = "1"
    model: ClassVar[str] = ""
    """Registered name of the model that loads what `fit` wrote."""
    trains_on: ClassVar[tuple[str, ...]] = ()
    """Names of the task kinds whose items it understands."""
    needs_base: ClassVar[bool] = False
    asks: ClassVar[tuple[str, ...]] = ()
    """Capabilities that the base model has to offer; held against it before it is asked."""

    def fit(
        self, task: Task, items: Iterable[Item], workdir: Path, *, ask: Ask | None, progress: Progress
    ) -> Mapping[str, Any]:
        """Train, and leave the product in ``workdir``.

        Args:
            task: The task trained on.
            items: Its train split, streamed.
            workdir: Exists; holds the checkpoints of an interrupted training, if there was one.
            ask: The base model's client, or None without a base model.
            progress: Where the learning curve goes.

        Returns:
            Figures for the manifest, such as the number of features.

        Raises:
            harness.errors.DataError: the train split cannot be learned from; says why.
        """
        raise NotImplementedError
