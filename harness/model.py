"""The Model interface: an object that offers one or more capabilities."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from harness.errors import UsageError
from harness.requests import Conversation, Request, Response

MANIFEST = "manifest.json"
"""File in a trained model's directory that says what it was trained on, when and with what; no part of its identity."""


class Part:
    """A model inside a model, or under a trainer: ``part(capability, requests)`` asks it through the one client.

    Args:
        ask: How it is asked.
        specification: ``NAME:key=value,...``, which gives the same model again.
        fingerprint: Hash of everything its answers depend on.
        offers: Capabilities it offers.
        model: The model itself.
        arguments: What the model was constructed with; files and folders are absolute.
        release: How it is let go of.

    >>> base = Part(lambda capability, requests: [0.5 for _ in requests], offers=("detect",))
    >>> base("detect", [Conversation.user("Send me your password.")])
    [0.5]
    >>> base.release()
    """

    def __init__(
        self,
        ask: Callable[[str, Sequence[Request]], list[Response]],
        *,
        specification: str = "",
        fingerprint: str = "",
        offers: Sequence[str] = (),
        model: Model | None = None,
        arguments: Mapping[str, Any] | None = None,
        release: Callable[[], None] = lambda: None,
    ) -> None:
        self._ask, self._model, self.offers = ask, model, tuple(offers)
        self.specification, self.fingerprint = specification, fingerprint
        self.arguments: Mapping[str, Any] = dict(arguments or {})
        self._release = release

    def __call__(self, capability: str, requests: Sequence[Request]) -> list[Response]:
        """One response a request."""
        return self._ask(capability, requests)

    def release(self) -> None:
        """Let go of the model and of those inside it, to make room; asked something new, they are loaded again."""
        self._release()

    def tokens(self) -> Sequence[str]:
        """What `Model.tokens` of it gives."""
        return self._model.tokens() if self._model is not None else ()

    def token_ids(self, text: str) -> Sequence[int]:
        """What `Model.token_ids` of it gives."""
        return self._model.token_ids(text) if self._model is not None else ()

    def rendered(self, prompt: Conversation) -> str:
        """What `Model.rendered` of it gives."""
        return self._model.rendered(prompt) if self._model is not None else ""


class Model:
    """Base class that gives a model its defaults; a model offers a capability by having a method of its name.

    A method takes a list of requests and returns a list of responses of the same length, each a response of the
    capability or a `harness.Failure`:

    >>> from harness import Candidates
    >>> class Length(Model):
    ...     def score(self, requests):
    ...         return [[len(response) for response in request.responses] for request in requests]
    >>> Length().offers(["score", "generate"])
    ('score',)
    >>> Length().score([Candidates(Conversation.user("What is 2 + 2?"), ("4", "It is 4."))])
    [[1, 8]]

    The constructor stores its keyword arguments and does nothing else; `load` does the work, and is called only
    when something has to be computed. What a model answers may depend on nothing but its arguments, `identity`
    and the request: it is filed in the store under a fingerprint of those, and never asked for again.

    An exception in a method fails the requests of that call, and those are asked again singly. A
    `harness.errors.CellError` says that there is no use in going on (the server is gone, the budget spent): it ends
    the cell, and what was answered before is kept.
    """

    version: ClassVar[str] = "1"
    """Part of the fingerprint; raise it when the same arguments give other responses than before."""

    batch_size: int = 64
    """Requests a call, and a transaction of the store: a killed run loses at most these."""

    bound: ClassVar[str] = ""
    """Why its figures are a bound, and not those of a model that can be used, such as ``looks at the answers``.

    Leaderboards show such a model without a rank, and never call it best.
    """

    listwise: ClassVar[bool] = False
    """True where the score of a response depends on the other responses of its request."""

    not_asked: ClassVar[Mapping[str, str]] = {}
    """Capabilities for which it is refused although an adapter leads there, each with why and what to name instead.

    What is measured on an adapter's own words, such as the length of the description of a class, says nothing of the
    data.
    """
    reads_text: ClassVar[bool] = True
    """False for a model that answers from records, by the item a request was made for."""

    answers_unseen: ClassVar[bool] = False
    """True where no item is answered by a part that was trained on it, as in cross-validation."""

    streamed: ClassVar[tuple[str, ...]] = ()
    """Capabilities that `stream` answers: the model is then handed all requests there are, not ``batch_size``."""

    refused: ClassVar[Mapping[str, str]] = {}
    """Arguments that users may expect and that are refused, under this name or one much like it, with the reason."""

    paths: ClassVar[tuple[str, ...]] = ("path",)
    """Arguments that name files or folders, if they are there: a product trained over the model keeps them absolute."""

    places: ClassVar[tuple[str, ...]] = ()
    """Arguments that say where something lies: they are left out of the fingerprint, since `identity` covers what lies
    there."""

    part_names: ClassVar[tuple[str, ...]] = ()
    """Arguments that name other models; each is resolved by the registry and placed in `parts`. One whose default is
    empty may be left out."""

    part_lists: ClassVar[tuple[str, ...]] = ()
    """Arguments that name any number of models each: ``detectors=[[a],[b:x=1]]``, in YAML a list. `parts` then has a
    list of parts under that name, in that order, which `asks` speaks of by the same name. One whose default is empty
    may be left out."""

    parts: Mapping[str, Any]
    """The models this one is built over, by argument name, a `Part` each; under a name of ``part_lists`` a list of
    them. Set by the harness before `load`."""

    def identity(self) -> Mapping[str, object]:
        """What the answers depend on besides the arguments: hash of the weights, template, dtype, device kind.

        Called before `load`, on every run, so it should cost milliseconds.
        """
        return {}

    def offers(self, known: Sequence[str]) -> tuple[str, ...]:
        """The capabilities this model offers, out of all that are known."""
        return tuple(name for name in known if callable(getattr(self, name, None)))

    def asks(self) -> Mapping[str, Sequence[str]]:
        """The capabilities that each part is asked for, by argument name; held against the parts while planning.

        A part that does not offer one itself is asked through adapters, where some lead there. Of a name in
        ``part_lists`` every part is asked.
        """
        return {}

    def default_parts(self) -> Mapping[str, str | Sequence[str]]:
        """Specifications of parts that were left out: a trained model knows what it was trained over.

        Under a name of ``part_lists``, a list of them. It may name parts that are no arguments, too.
        """
        return {}

    def tokens(self) -> Sequence[str]:
        """Text of every token by id, for models that give probabilities of tokens; may be asked before `load`."""
        return ()

    def token_ids(self, text: str) -> Sequence[int]:
        """Ids, as places in `tokens`, of a plain text cut into tokens, without those that begin or end a text.

        Empty where they are not known; may be asked before `load`.
        """
        return ()

    def rendered(self, prompt: Conversation) -> str:
        """The text that a prompt becomes before it is cut into tokens; empty where that is not known.

        May be asked before `load`.
        """
        return ""

    def stream(self, capability: str, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """Answers to requests of a capability in ``streamed``, in any order, each as soon as it is known.

        What has come is filed every few seconds. Requests left unanswered, by an exception too, are asked once more
        through the method of the capability's name.

        Args:
            capability: One of ``streamed``.
            requests: Thousands, so that the model can choose the order and the batches.

        Yields:
            (index into ``requests``, response).
        """
        raise NotImplementedError

    def remarks(self) -> Sequence[str]:
        """Sentences for the user on how the answers since the last call came about: what was cut off, what it cost.

        Asked for after every cell; shown as warnings and kept with the result.
        """
        return ()

    def load(self) -> None:
        """Bring the model into memory; called before the first batch, and again for the first one after `close`."""

    def close(self) -> None:
        """Release what `load` took."""

    def recorded_items(self) -> Mapping[str, Sequence[str]]:
        """For models that answer from records: the item ids on record, by task or suite name."""
        return {}

    def recorded_of(self, task: str) -> Collection[str] | None:
        """For models that answer from records: whose answers the records of a task are about, by label.

        Asked where such a model is to judge or to answer another model. Records that are about nobody's answer in
        particular are those of the first stage, and are not counted. None: it is not known before it is asked.
        """
        return None

    def trained_on(self) -> Sequence[Mapping[str, Any]]:
        """Manifests of the data this model was trained on: ``{"task": ..., "split": ...}`` each.

        By default the manifest that `harness train` left in the directory named by the argument ``path``, and an entry
        for each further split that it says was learned from.

        Raises:
            UsageError: that manifest is damaged.
        """
        path = getattr(self, "path", None)
        if not isinstance(path, (str, Path)) or not path:
            return ()
        file = Path(path) / MANIFEST
        if not file.is_file():
            return ()
        try:
            found = json.loads(file.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise UsageError(
                f"{file}: damaged, so that it is not known what {path} was trained on: {error}; train the model again, "
                "or delete that file"
            ) from error
        # Other programs write files of this name, too.
        return [found, *further_data(found)] if isinstance(found, dict) and "task" in found else ()


def further_data(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """List what a manifest says of the data learned from besides its task: ``{"task": ..., "split": ...}`` each."""
    data = manifest.get("data")
    groups = data.values() if isinstance(data, dict) else ()
    return [entry for group in groups if isinstance(group, list) for entry in group if isinstance(entry, dict)]
