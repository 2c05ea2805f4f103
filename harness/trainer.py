"""The Trainer interface: makes a model from a task's train split, a base model, and whatever else it asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from harness.model import Part

if TYPE_CHECKING:
    from harness.task import Item, Task

Ask = Part
"""``ask(capability, requests)``: the base model, through the one client."""
BaseRule = Literal["none", "optional", "required"]
"""Whether a trainer takes a base model."""


class Progress(Protocol):
    """Where a trainer reports its learning curve; goes to the store and the terminal."""

    def __call__(self, step: int, **values: float) -> None:
        """Values at a step, such as ``loss=0.31``."""


@dataclass(frozen=True, slots=True)
class TrainingData:
    """One split of a further task that a trainer learns from; iterate over it for its items.

    Items that cross-validation holds out are not among them. A row that cannot be read ends the training.

    >>> from harness import Item
    >>> data = TrainingData("mine", "train", None, lambda: iter([Item("0", {"text": "Hello."})]))
    >>> [item.fields["text"] for item in data]
    ['Hello.']
    """

    name: str
    """Name of the task."""
    split: str
    task: Task | None
    """The task; its own `Task.items` leaves out what is held out as well."""
    read: Callable[[], Iterator[Item]]
    """Streams the items anew."""

    def __iter__(self) -> Iterator[Item]:
        """Stream the items, in file order."""
        return self.read()


class Trainer:
    """Base class of trainers; the constructor stores its settings and does nothing else.

    `fit` writes a directory that ``model`` loads again by ``path=DIRECTORY``. It keeps its checkpoints in that
    directory, so that a killed training resumes there, and asks models only through ``ask``, `parts` and `open`, so
    that what was computed is never computed again.

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
    needs_base: ClassVar[bool | BaseRule] = False
    """Whether it takes a base model: ``"none"``, ``"optional"`` or ``"required"``; False and True are the first and the
    last."""
    asks: ClassVar[tuple[str, ...]] = ()
    """Capabilities that the base model has to offer; held against it before it is asked."""
    part_names: ClassVar[tuple[str, ...]] = ()
    """Settings that name models, such as a judge: ``--set judge=[judge:base=[MODEL]]``. Each is resolved as the
    arguments of models are and placed in `parts`. One whose default is empty may be left out."""
    parts_ask: ClassVar[Mapping[str, Sequence[str]]] = {}
    """By name of a part, the capabilities that it has to offer; held against it before it is asked."""
    data_names: ClassVar[tuple[str, ...]] = ()
    """Settings that name further tasks to learn from: ``--set pool=[TASK:SPLIT,TASK]``, the split ``train`` where none
    is named. Each is placed in `data`."""

    parts: Mapping[str, Part] = {}
    """The models besides the base, by setting; set by the harness before `fit`."""
    data: Mapping[str, Sequence[TrainingData]] = {}
    """The further data, by setting; set by the harness before `fit`."""
    open: Callable[[str], Part]
    """``open(specification)``: the model of a specification, such as one that was just written below ``workdir``, asked
    through the one client; set by the harness before `fit`. A path that is there below ``workdir`` is taken from there,
    in brackets too: ``open("judge:base=[my-model:path=iteration-1]")``. What is written anew has to be opened anew; all
    are closed when `fit` ends."""

    def fit(
        self, task: Task, items: Iterable[Item], workdir: Path, *, ask: Ask | None, progress: Progress
    ) -> Mapping[str, Any]:
        """Train, and leave the product in ``workdir``.

        Args:
            task: The task trained on. Its `Task.items` gives the other splits, too, of which cross-validation's
                held-out items are left out.
            items: Its train split, streamed.
            workdir: Exists; holds the checkpoints of an interrupted training, if there was one. It is moved when `fit`
                is done, so that no product may name it.
            ask: The base model's client, or None without a base model.
            progress: Where the learning curve goes.

        Returns:
            Figures for the manifest, such as the number of features.

        Raises:
            harness.errors.DataError: the train split cannot be learned from; says why.
        """
        raise NotImplementedError
