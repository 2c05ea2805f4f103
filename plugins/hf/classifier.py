"""Detectors on this machine: any sequence classifier of transformers, read as the log-odds of a class."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar

import numpy as np

from harness import COUNT_OR_NONE, CellError, Conversation, Failure, Model, OneOf, Request, Response, UsageError
from harness.errors import did_you_mean

from .forward import Engine
from .loading import DTYPES, ModelSource
from .schedule import EngineRequest, stream
from .tokens import TRUNCATE, Encoder, context_length, refused
from .tree import SequenceJob

LABELS = ("exclusive", "independent")

PROBLEMS = {"single_label_classification": "exclusive", "multi_label_classification": "independent"}
"""The values of ``problem_type`` in config.json, and their meaning for the labels."""

_NONE = np.empty(0, dtype=np.int64)


class Classifier(Model):
    """Answers with the log-odds, in nats, that a conversation is of the positive class.

    With one label the log-odds are its logit. With several labels that exclude each other, they are the log of the
    summed exponentials of the positive labels' logits less that of the other labels' logits; with several independent
    labels, the positive label's logit.
    A conversation is rendered by the tokenizer's chat template if there is one; else its messages are joined by blank
    lines.
    config.json says whether labels exclude each other (``problem_type``); if it does not, they are taken to exclude
    each other, and a remark says so.

    Args:
        path: Folder or hub id.
        positive: Label, or several joined by ``+``. Needless with one label; with two, the second unless given.
        labels: ``exclusive`` or ``independent``; default: as config.json says, else ``exclusive``.
        revision: Commit, tag or branch of a hub model.
        dtype: ``float32``, ``bfloat16``, ``float16`` or ``float64``.
        device: ``cpu``, ``cuda``, ``cuda:1``, ``mps``; default: an NVIDIA accelerator if there is one.
        max_length: Tokens a conversation may have; default: the number of the model's positions.
        truncate: Fate of longer conversations: ``refuse`` (they fail, counted), ``left`` or ``right``.
        trust_remote_code: Let Python code that lies beside the weights run.
    """

    version: ClassVar[str] = "2"
    batch_size = 256
    streamed: ClassVar[tuple[str, ...]] = ("detect",)
    places: ClassVar[tuple[str, ...]] = ("path", "device")

    def __init__(
        self,
        path: str = "",
        positive: str = "",
        labels: Annotated[str, OneOf("", *LABELS)] = "",
        revision: str = "",
        dtype: Annotated[str, OneOf(*DTYPES)] = "float32",
        device: str = "",
        max_length: Annotated[int, COUNT_OR_NONE] = 0,
        truncate: Annotated[str, OneOf(*TRUNCATE)] = "refuse",
        trust_remote_code: bool = False,
    ) -> None:
        self.path = path
        self.source = ModelSource(path, revision, dtype, device, trust_remote_code)
        self.labels, self.truncate = labels, truncate
        self.positive, self.max_length = positive, max_length
        self._remarks: list[str] = []

    def identity(self) -> Mapping[str, object]:
        """Return the hash of each file of a folder, or a hub model's commit; and the device kind."""
        return self.source.identity()

    def load(self) -> None:
        """Load weights and tokenizer, and settle which label is positive.

        Raises:
            CellError: weights or tokenizer cannot be loaded, or the positive class is not known.
            UsageError: ``positive`` names no label, or all labels.
        """
        tokenizer = self.source.tokenizer()
        model = self.source.model("AutoModelForSequenceClassification")
        config = model.config
        self._names = [str(name) for _, name in sorted(config.id2label.items())]
        stated = PROBLEMS.get(str(config.problem_type or ""), "")
        taken = self.labels or stated or "exclusive"
        self._apart = len(self._names) > 1 and taken == "exclusive"
        if config.problem_type == "regression":
            raise CellError(f"{self.source.path!r} predicts a number, not a class: its output is no log-odds")
        self._positive = _positive(self._names, self.positive, self._apart, self.source.path)
        if len(self._names) == 2 and not self.positive:
            self._remarks.append(
                f"the positive class is taken to be {self._names[1]!r}, the second of its two labels; "
                f"give positive={self._names[0]} for the other"
            )
        if len(self._names) > 1 and not self.labels and not stated:
            # Log-odds against the other labels and the label's own logit may differ in sign.
            self._remarks.append(
                f"its {len(self._names)} labels are taken to exclude each other, since config.json names no "
                "problem_type; give labels=independent if each was trained by itself, or labels=exclusive"
            )
        if self.labels and stated and self.labels != stated:
            self._remarks.append(f"labels={self.labels} was given; config.json says that they are {stated}")
        self.encoder = Encoder(
            tokenizer,
            chat_template="" if tokenizer.chat_template else "text",
            context=context_length(config, tokenizer, self.max_length),
            truncate=self.truncate,
            path=self.source.path,
        )
        pad = config.get_text_config().pad_token_id
        # Where the model knows no padding token it takes one sequence at a time.
        self.engine = Engine(model, output="logits", budget=0 if pad is not None else 1, pad=pad or 0)

    def close(self) -> None:
        """Release the weights and the tokenizer."""
        del self.engine, self.encoder

    def detect(self, requests: Sequence[Conversation]) -> list[Response]:
        """Return log-odds in nats; a `Failure` where the conversation is too long or the logits are not finite."""
        answers: list[Response] = [None] * len(requests)
        for index, answer in self.stream("detect", requests):
            answers[index] = answer
        return answers

    def stream(self, capability: str, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """Yield log-odds as they are computed."""
        yield from stream(self.engine, requests, self._ask, lambda targets: self._head)

    def remarks(self) -> list[str]:
        """Report what was cut or refused; and once, the choices that the user left open."""
        cuts = self.encoder.remarks() if hasattr(self, "encoder") else []
        remarks, self._remarks = self.source.take_remarks() + self._remarks + cuts, []
        return remarks

    def _head(self, logits: Any, which: Any, slots: Any) -> Any:
        """Return log-odds of shape (r,), float64, for logits of shape (u, labels)."""
        values = logits.double()
        positive = values[:, self._positive].logsumexp(dim=1)
        if self._apart:
            others = [i for i in range(len(self._names)) if i not in self._positive]
            positive = positive - values[:, others].logsumexp(dim=1)
        return positive.cpu().numpy()[which]

    def _ask(self, request: Conversation) -> EngineRequest | Failure:
        try:
            ids = self._tokens(request)
        except Exception as error:  # of the template or the tokenizer: this request only
            return refused(error)
        tokens = self.encoder.fit(ids, what="conversation")
        if isinstance(tokens, Failure):
            return tokens
        return EngineRequest([SequenceJob(tokens, np.array([len(tokens) - 1]), _NONE)], _log_odds)

    def _tokens(self, request: Conversation) -> list[int]:
        encoder = self.encoder
        plain = encoder.as_text or all(m.role == "text" for m in request.messages)
        text = request.text if plain else encoder.render(request)
        ids = encoder.ids([text], special=plain)[0]
        if not plain or len(ids) <= encoder.context or self.truncate == "refuse":
            return ids
        # The tokenizer cuts the text and keeps its own marks around it, which an encoder reads its answer from.
        encoder.counts[self.truncate] += 1
        encoder.tokenizer.truncation_side = self.truncate
        return list(encoder.tokenizer(text, truncation=True, max_length=encoder.context)["input_ids"])


def _log_odds(values: Any) -> Response:
    value = float(values[0])
    return value if math.isfinite(value) else Failure(f"the log-odds are {value}: the logits are not finite")


def _positive(names: Sequence[str], positive: str, apart: bool, path: str) -> list[int]:
    """Return the numbers of the labels that count as positive."""
    if not positive:
        if len(names) > 2 or (len(names) == 2 and not apart):
            raise CellError(
                f"{path!r} has {len(names)} labels ({', '.join(names[:6])}{', ...' if len(names) > 6 else ''}): "
                "give positive=LABEL, or several that count as positive joined by +"
            )
        return [len(names) - 1]
    chosen = [positive] if positive in names else positive.split("+")  # a label may hold a plus itself
    for label in chosen:
        if label not in names:
            raise UsageError(f"positive={label!r} is none of {', '.join(names)}{did_you_mean(label, names)}")
    if apart and len(set(chosen)) == len(names):
        raise UsageError(f"positive={positive} names all labels of {path!r}, and leaves no negative class")
    if not apart and len(set(chosen)) > 1:
        raise UsageError(f"the labels of {path!r} do not exclude each other: give one as positive, not {positive}")
    return sorted({names.index(label) for label in chosen})
