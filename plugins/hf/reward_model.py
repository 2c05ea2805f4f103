"""Reward models on this machine: sequence classifiers of transformers, and described heads of other kinds."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np

from harness import (
    COUNT_OR_NONE,
    Candidates,
    CellError,
    Failure,
    Model,
    OneOf,
    Request,
    Response,
    UsageError,
    file_identity,
)
from harness.errors import did_you_mean

from .adapted import Adapted
from .forward import Engine
from .heads import read_spec
from .loading import DTYPES, ModelSource
from .schedule import EngineRequest, stream
from .tokens import TRUNCATE, Encoder, context_length, refused
from .tree import SequenceJob, Tokens

_NONE = np.empty(0, dtype=np.int64)


class RewardModel(Model):
    """Scores each response with the output of a sequence classifier at the end of the conversation.

    The prompt of the k responses is computed once. If the model was trained with its padding token as the end of the
    text, the score is read at the same token as in transformers: the last one that is not padding.

    Args:
        path: Folder or hub id.
        revision: Commit, tag or branch of a hub model.
        dtype: ``float32``, ``bfloat16``, ``float16`` or ``float64``; the head is always computed in at least float32.
        device: ``cpu``, ``cuda``, ``cuda:1``, ``mps``; default: an NVIDIA accelerator if there is one.
        max_length: Tokens of prompt and response together; default: the number of the model's positions.
        truncate: Fate of longer sequences: ``refuse`` (they fail, counted), ``left`` or ``right``.
        chat_template: A Jinja file; ``text`` for prompt, blank line, response; ``pair`` for prompt and response as the
            two texts of a cross-encoder; default: the tokenizer's own.
        label: Output to read, for a classifier with several outputs.
        adapter: A head that is not transformers' own: ``armorm``, ``internlm2-reward``, ``starling``,
            ``trl-value-head``, or a file that describes the head.
        tokens_per_pass: Tokens a forward pass; default: chosen by device. Memory that runs out halves it.
        share_prefixes: False computes every sequence by itself.
        trust_remote_code: Let Python code that lies beside the weights run.
    """

    version: ClassVar[str] = "2"
    batch_size = 256
    streamed: ClassVar[tuple[str, ...]] = ("score",)
    places: ClassVar[tuple[str, ...]] = ("path", "chat_template", "adapter", "device", "tokens_per_pass")

    def __init__(
        self,
        path: str = "",
        revision: str = "",
        dtype: Annotated[str, OneOf(*DTYPES)] = "float32",
        device: str = "",
        max_length: Annotated[int, COUNT_OR_NONE] = 0,
        truncate: Annotated[str, OneOf(*TRUNCATE)] = "refuse",
        chat_template: str = "",
        label: str = "",
        adapter: str = "",
        tokens_per_pass: Annotated[int, COUNT_OR_NONE] = 0,
        share_prefixes: bool = True,
        trust_remote_code: bool = False,
    ) -> None:
        self.path = path
        self.source = ModelSource(path, revision, dtype, device, trust_remote_code)
        self.truncate = truncate
        self.max_length, self.label, self.tokens_per_pass = max_length, label, tokens_per_pass
        self.adapter = adapter
        self.adapted: Adapted | None = None
        if adapter and (label or chat_template == "pair"):
            raise UsageError(
                "adapter= goes neither with label= nor with chat_template=pair: its file says what is read"
            )
        self.pair = chat_template == "pair"
        self.chat_template, self.share_prefixes = chat_template, share_prefixes
        self._not_finite = 0
        self._said_unshared = False

    def identity(self) -> Mapping[str, object]:
        """Return the hash of each file of a folder, or a hub model's commit; device kind; template file; the head."""
        template = Path(self.chat_template)
        choices: dict[str, object] = (
            {"chat_template": file_identity(template)} if self.chat_template and template.is_file() else {}
        )
        if self.adapter:
            choices["adapter"] = read_spec(self.adapter)
        return {**self.source.identity(), **choices}

    def load(self) -> None:
        """Load weights and tokenizer, and try whether prefixes can be shared.

        Raises:
            CellError: weights or tokenizer cannot be loaded, or the weights are not a reward model's.
        """
        tokenizer = self.source.tokenizer()
        if self.adapter:
            self.adapted = Adapted(self.source, read_spec(self.adapter), tokenizer)
            model = self.adapted.backbone
        else:
            model = self.source.model("AutoModelForSequenceClassification")
            self._column = _column(model.config, self.label, self.source.path)
            self._weight = _linear_head(model)
        self.encoder = Encoder(
            tokenizer,
            chat_template="text" if self.pair else self.chat_template,
            context=context_length(model.config, tokenizer, self.max_length),
            truncate=self.truncate,
            path=self.source.path,
        )
        text = model.config.get_text_config()
        self._pad = text.pad_token_id
        arguments: dict[str, Any] = {"budget": self.tokens_per_pass, "pad": tokenizer.pad_token_id or 0}
        if self.adapted is None and self._weight is None:
            self.engine = Engine(model, output="logits", **arguments)
            self.engine.why_not = "its score is not read off one token"
            return
        self.engine = Engine(model if self.adapted else model.base_model, **arguments)
        if self.share_prefixes:
            self.engine.enable_sharing(self._head, text.vocab_size)

    def close(self) -> None:
        """Release the weights and the tokenizer."""
        del self.engine, self.encoder

    def score(self, requests: Sequence[Candidates]) -> list[Response]:
        """Return scores of shape (k,) a request; NaN for a response that is too long."""
        answers: list[Response] = [None] * len(requests)
        for index, answer in self.stream("score", requests):
            answers[index] = answer
        return answers

    def stream(self, capability: str, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """Yield scores as they are computed."""
        if not self.pair:
            self.encoder.require_template()
        yield from stream(self.engine, requests, self._ask, lambda targets: self._head)

    def remarks(self) -> list[str]:
        """Report what was cut or refused, and scores that are not finite; once, that prefixes are not shared."""
        remarks = self.source.take_remarks() + (self.encoder.remarks() if hasattr(self, "encoder") else [])
        if self._not_finite:
            remarks.append(
                f"{self._not_finite} scores were NaN or infinite, and count as failed"
                + (f": {self.source.dtype} may be too coarse for this model" if self.source.dtype == "float16" else "")
            )
            self._not_finite = 0
        if self.share_prefixes and hasattr(self, "engine") and not self.engine.flat and not self._said_unshared:
            self._said_unshared = True
            remarks.append(f"prefixes are not shared for this architecture: {self.engine.why_not}")
        return remarks

    def _head(self, hidden: Any, which: Any, slots: Any) -> Any:
        """Return scores of shape (r,), float64; hidden states if the described head needs two of them a score."""
        import torch

        if self.adapted is not None:
            return self.adapted.head(hidden, which, slots)
        if self._weight is None:
            scores = hidden[:, self._column]
        else:
            weight, bias = self._weight
            # In bfloat16 the head would round scores to three digits, and make ties.
            kind = torch.promote_types(hidden.dtype, torch.float32)
            scores = torch.nn.functional.linear(
                hidden.to(kind), weight[self._column].to(kind), None if bias is None else bias[self._column].to(kind)
            )
        return scores.cpu().double().numpy()[which]

    def _ask(self, request: Candidates) -> EngineRequest | Failure:
        try:
            sequences = self._pairs(request) if self.pair else self._conversations(request)
        except Exception as error:  # of the template or the tokenizer: this request only
            return refused(error)
        jobs: list[SequenceJob] = []
        there: list[int] = []
        failure: Failure | None = None
        prompt = self._prompt(request) if self.adapted is not None and self.adapted.needs_prompt else []
        for i, (ids, second) in enumerate(sequences):
            tokens = self.encoder.fit(ids, what="prompt and response")
            if isinstance(tokens, Failure):
                failure = tokens
                continue
            cut = len(ids) - len(tokens) if self.truncate == "left" else 0
            at = self.adapted.positions(tokens, prompt, cut) if self.adapted else np.array([self._read_at(tokens)])
            jobs.append(SequenceJob(tokens, at, _NONE, second=second))
            there.append(i)
        if failure is not None and not jobs:
            return failure
        return EngineRequest(jobs, lambda values: self._answer(len(request.responses), there, values))

    def _prompt(self, request: Candidates) -> list[int]:
        """Tokenise the prompt alone, without the opening of the reply: gates are read at its last token."""
        return self.encoder.ids([self.encoder.render(request.prompt)], special=self.encoder.as_text)[0]

    def _answer(self, k: int, there: list[int], values: Any) -> Any:
        scores = np.full(k, math.nan)
        scores[there] = values if self.adapted is None else self.adapted.rewards(values)
        finite = np.isfinite(scores)
        self._not_finite += len(there) - int(finite.sum())
        scores[~finite] = math.nan
        return scores

    def _conversations(self, request: Candidates) -> list[tuple[list[int], int]]:
        texts = [self.encoder.render(request.prompt.reply(response)) for response in request.responses]
        behind = self.adapted.append if self.adapted is not None else []
        return [(ids + behind, 0) for ids in self.encoder.alike(texts)]

    def _pairs(self, request: Candidates) -> list[tuple[list[int], int]]:
        tokenizer = self.encoder.tokenizer
        encoded = tokenizer([request.prompt.text] * len(request.responses), list(request.responses))
        pairs = []
        for i, ids in enumerate(encoded["input_ids"]):
            types = encoded["token_type_ids"][i] if "token_type_ids" in encoded else []
            pairs.append((ids, types.index(1) if 1 in types else 0))
        return pairs

    def _read_at(self, tokens: Tokens) -> int:
        """Return the position of the last token that is not padding, as transformers' own classifiers do."""
        if self._pad is None or tokens[-1] != self._pad:
            return len(tokens) - 1
        return int(np.flatnonzero(tokens != self._pad)[-1]) if (tokens != self._pad).any() else 0


def _column(config: Any, label: str, path: str) -> int:
    names = [str(name) for _, name in sorted(config.id2label.items())]
    if label:
        if label not in names:
            raise UsageError(f"label={label!r} is none of {', '.join(names)}{did_you_mean(label, names)}")
        return names.index(label)
    if len(names) != 1:
        raise CellError(
            f"{path!r} has {len(names)} labels ({', '.join(names[:4])}{', ...' if len(names) > 4 else ''}), and a "
            f"reward model has one: give label={names[-1]} to read one of them, or use hf-classifier to detect a class"
        )
    return 0


def _linear_head(model: Any) -> Any:
    """Return weight and bias of a linear map from one token's hidden state to the labels; None for other heads."""
    import torch

    head = getattr(model, "score", None)
    if "ForSequenceClassification" not in type(model).__name__ or not isinstance(head, torch.nn.Linear):
        return None
    return (head.weight, head.bias) if model.base_model is not model else None
