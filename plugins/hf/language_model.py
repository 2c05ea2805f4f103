"""Language models on this machine: likelihoods, next tokens, choices, hidden states and generation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from harness import (
    COUNT_OR_NONE,
    CellError,
    Choice,
    Continuation,
    Conversation,
    Failure,
    Generation,
    Likelihood,
    Model,
    OneOf,
    Readout,
    Request,
    Response,
    SteeredGeneration,
    Text,
    file_identity,
)

from .forward import Engine, Head
from .gguf_file import model_source
from .loading import DTYPES
from .output import OutputHead, output_head
from .readout import Readouts
from .schedule import Ask, EngineRequest, stream
from .tokens import Encoder, context_length, refused
from .tree import SequenceJob, Tokens

POOLING = ("last", "mean")

FEW_TOKENS = 8_192
"""Tokens planned together if each is read or gives a whole vocabulary: this bounds memory."""

GENERATED_TOGETHER = 4
"""Tokens of a generating batch, in passes: prompts and completions are mostly read from the cache."""

NOT_APPLIED = frozenset(
    {
        *("repetition_penalty", "no_repeat_ngram_size", "bad_words_ids", "forced_bos_token_id", "forced_eos_token_id"),
        *("suppress_tokens", "begin_suppress_tokens", "sequence_bias", "min_length", "min_new_tokens", "stop_strings"),
        *("exponential_decay_length_penalty", "guidance_scale", "num_beams", "penalty_alpha", "watermarking_config"),
    }
)
"""Keys of generation_config.json that would change completions and that no request asks for."""

NOT_APPLIED_TO_SAMPLES = frozenset({"top_k", "min_p", "top_h", "typical_p", "epsilon_cutoff", "eta_cutoff"})
"""Such keys that change only sampled completions."""

IDLE: tuple[object, ...] = (None, 0, 1, 0.0, 1.0, [], {})
"""Values of such keys that change nothing."""

_NONE = np.empty(0, dtype=np.int64)


class LanguageModel(Model):
    """Loads any causal language model of transformers.

    Prompts and contexts that begin alike are computed once, and the output layer is applied only where it is read.

    Args:
        path: Folder or hub id.
        revision: Commit, tag or branch of a hub model.
        dtype: ``float32``, ``bfloat16``, ``float16`` or ``float64``; logits are always float32 at least.
        device: ``cpu``, ``cuda``, ``cuda:1``, ``mps``; default: an NVIDIA accelerator if there is one.
        max_length: Tokens of prompt and continuation together; default: the number of the model's positions.
        truncate: Fate of longer sequences: ``refuse`` (they fail, counted), or ``left``, dropping the beginning.
        chat_template: A Jinja file; ``text`` for messages joined by blank lines; default: the tokenizer's own.
        pooling: Pooling of ``embed``: the hidden state of the ``last`` token, or the ``mean`` of all.
        normalize: Whether vectors of ``embed`` have length 1.
        tokens_per_pass: Tokens a forward pass; default: chosen by device. Memory that runs out halves it.
        share_prefixes: False computes every sequence by itself.
        trust_remote_code: Let Python code that lies beside the weights run.
        gguf_file: Name of a GGUF file in the folder; default: the only one there, if no other weights are.
    """

    version: ClassVar[str] = "2"
    batch_size = 256
    streamed: ClassVar[tuple[str, ...]] = (
        *("loglikelihood", "next_token", "choose", "readout", "embed", "generate", "steer"),
    )
    places: ClassVar[tuple[str, ...]] = ("path", "gguf_file", "chat_template", "device", "tokens_per_pass")

    def __init__(
        self,
        path: str = "",
        revision: str = "",
        dtype: Annotated[str, OneOf(*DTYPES)] = "float32",
        device: str = "",
        max_length: Annotated[int, COUNT_OR_NONE] = 0,
        truncate: Literal["refuse", "left"] = "refuse",
        chat_template: str = "",
        pooling: Annotated[str, OneOf(*POOLING)] = "last",
        normalize: bool = False,
        tokens_per_pass: Annotated[int, COUNT_OR_NONE] = 0,
        share_prefixes: bool = True,
        trust_remote_code: bool = False,
        gguf_file: str = "",
    ) -> None:
        self.path = path
        self.source = model_source(path, gguf_file, revision, dtype, device, trust_remote_code)
        self.truncate, self.max_length, self.chat_template = truncate, max_length, chat_template
        self.pooling, self.normalize = pooling, normalize
        self.tokens_per_pass, self.share_prefixes = tokens_per_pass, share_prefixes
        self._said_unshared = self._said_generation = False
        self._remarks: list[str] = []

    def identity(self) -> Mapping[str, object]:
        """Return hashes of the files that are read, or a hub model's commit; device kind; the template file's hash."""
        template = Path(self.chat_template)
        hashes = {"chat_template": file_identity(template)} if self.chat_template and template.is_file() else {}
        return {**self.source.identity(), **hashes}

    def load(self) -> None:
        """Load weights and tokenizer, and try how the output layer may be applied and prefixes shared.

        Raises:
            CellError: weights or tokenizer cannot be loaded, or the weights are no causal language model's.
        """
        # Probabilities of tokens do not go through the head of a reward model that lies in the same file.
        self.model = self.source.model("AutoModelForCausalLM", strangers="say")
        self.encoder = self._encoder()
        tokenizer = self.encoder.tokenizer
        vocabulary = self.model.config.get_text_config().vocab_size
        self.output: OutputHead = output_head(self.model, vocabulary)
        backbone = self.model.base_model if self.output.from_hidden else self.model
        field = "last_hidden_state" if self.output.from_hidden else "logits"
        pad = tokenizer.pad_token_id or 0
        self.readouts = Readouts(self.output)
        self.engine = Engine(backbone, output=field, budget=self.tokens_per_pass, pad=pad)
        if self.share_prefixes:
            self.engine.enable_sharing(self.output.log_probabilities, vocabulary)

    def _encoder(self) -> Encoder:
        """Build the encoder from tokenizer and template; this needs no weights."""
        if hasattr(self, "encoder"):
            return self.encoder
        tokenizer = self.source.tokenizer()
        return Encoder(
            tokenizer,
            chat_template=self.chat_template,
            context=context_length(self.source.config(), tokenizer, self.max_length),
            truncate=self.truncate,
            path=self.source.path,
        )

    def close(self) -> None:
        """Release the weights and the tokenizer."""
        del self.model, self.engine, self.encoder, self.output, self.readouts

    def tokens(self) -> list[str]:
        """List the text of every token by id, with the tokenizer's marks for blanks."""
        tokenizer = self.encoder.tokenizer if hasattr(self, "encoder") else self.source.tokenizer()
        size = max(self.source.config().get_text_config().vocab_size, len(tokenizer))
        tokens = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
        return [*(str(token) for token in tokens), *(f"<unused {i}>" for i in range(len(tokens), size))]

    def token_ids(self, text: str) -> Sequence[int]:
        """Cut a plain text into tokens, and return their ids."""
        if not hasattr(self, "_cutter"):  # asked text by text by models that never load this one
            self._cutter = self.encoder.tokenizer if hasattr(self, "encoder") else self.source.tokenizer()
        return list(self._cutter(text, add_special_tokens=False, verbose=False)["input_ids"])

    def rendered(self, prompt: Conversation) -> str:
        """Render the prompt as the tokenizer's text, with the opening of the reply."""
        return self._encoder().opening(prompt)[0]

    def loglikelihood(self, requests: Sequence[Continuation]) -> list[Response]:
        """Return log-likelihood in nats, tokens and greediness of each continuation."""
        return self._all("loglikelihood", requests)

    def next_token(self, requests: Sequence[Conversation]) -> list[Response]:
        """Return log-probabilities of shape (V,) for the first token of each reply."""
        return self._all("next_token", requests)

    def choose(self, requests: Sequence[Choice]) -> list[Response]:
        """Return log-probabilities of shape (k,) that the reply begins with each option."""
        return self._all("choose", requests)

    def readout(self, requests: Sequence[Readout]) -> list[Response]:
        """Return each request's linear function of the distribution of the reply's first token."""
        return self._all("readout", requests)

    def embed(self, requests: Sequence[Text]) -> list[Response]:
        """Return a vector of shape (d,) for each text, from the hidden states of the last layer."""
        return self._all("embed", requests)

    def generate(self, requests: Sequence[Generation]) -> list[Response]:
        """Return the completions of each prompt."""
        return self._all("generate", requests)

    def steer(self, requests: Sequence[SteeredGeneration]) -> list[Response]:
        """Return the completions of each prompt, drawn from logits that its rule changes."""
        return self._all("steer", requests)

    def _all(self, capability: str, requests: Sequence[Request]) -> list[Response]:
        answers: list[Response] = [None] * len(requests)
        for index, answer in self.stream(capability, requests):
            answers[index] = answer
        return answers

    def stream(self, capability: str, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """Yield the answers to a capability's requests as they are computed."""
        ways: dict[str, tuple[Ask, Callable[[NDArray[np.int64]], Head], int]] = {
            "loglikelihood": (self._ask_likelihood, self.output.for_targets, 65_536),
            "choose": (self._ask_choice, self.output.for_targets, 65_536),
            "next_token": (self._ask_next, lambda _: self.output.log_probabilities, FEW_TOKENS),
            "readout": (self._ask_readout, self.readouts.head, 65_536),
            "embed": (self._ask_vector, lambda _: _hidden, FEW_TOKENS),
        }
        if capability in ("generate", "steer"):
            yield from self._generate(requests)
            return
        if capability == "embed" and not self.output.from_hidden:
            raise CellError("this architecture's hidden states are not known to be those its logits are made of")
        ask, head_for, tokens = ways[capability]
        yield from stream(self.engine, requests, ask, head_for, window_tokens=tokens)

    def _generate(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        from .generation import GenerationPrompt, Generator

        generator = Generator(
            self.model,
            self.encoder.tokenizer,
            device=self.engine.device,
            token_budget=self.engine.budget * GENERATED_TOGETHER,
            eos=end_tokens(self.model, self.encoder.tokenizer),
            context=self.encoder.context,
        )
        prompts, indices = [], []
        for index, request in enumerate(requests):
            assert isinstance(request, Generation)
            steering = request.steering if isinstance(request, SteeredGeneration) else None
            tokens = self._prompt(request.prompt)
            if isinstance(tokens, Failure):
                yield index, tokens
                continue
            prompts.append(GenerationPrompt(tuple(tokens.tolist()), request.n, request.sampling, steering))
            indices.append(index)
        self._remark_on_generation(sampled=any(prompt.sampling.temperature > 0 for prompt in prompts))
        for number, answer in generator.stream(prompts):
            yield indices[number], answer

    def _remark_on_generation(self, *, sampled: bool) -> None:
        """Note, once, the settings of generation_config.json that are not applied."""
        stated = self.model.generation_config.to_diff_dict()
        ignored = NOT_APPLIED | (NOT_APPLIED_TO_SAMPLES if sampled else frozenset())
        left = [f"{name}={stated[name]}"[:60] for name in sorted(ignored & set(stated)) if stated[name] not in IDLE]
        if left and not self._said_generation:
            self._said_generation = True
            self._remarks.append(f"generation_config.json asks for {', '.join(left)}, which is not applied here")

    def remarks(self) -> list[str]:
        """Report what was cut or refused; once, settings that are not applied, and that prefixes are not shared."""
        remarks, self._remarks = self.source.take_remarks() + self._remarks, []
        remarks += self.encoder.remarks() if hasattr(self, "encoder") else []
        if self.share_prefixes and hasattr(self, "engine") and not self.engine.flat and not self._said_unshared:
            self._said_unshared = True
            remarks.append(f"prefixes are not shared for this architecture: {self.engine.why_not}")
        return remarks

    def _ask_likelihood(self, request: Continuation) -> EngineRequest | Failure:
        try:
            (whole,) = self.encoder.continued(request.context, [request.continuation], with_blanks=request.with_blanks)
            ids, start = whole
        except Exception as error:  # of the template or the tokenizer: this request only
            return refused(error)
        if len(ids) <= start:
            return EngineRequest([], lambda _: Likelihood(0.0, 0, True))
        if request.context == "" and len(ids) - 1 > self.encoder.context:
            jobs = _windows(ids, self.encoder.context)
        else:
            job = self._continuation(ids, start)
            if isinstance(job, Failure):
                return job
            jobs = [job]
        return EngineRequest(jobs, _likelihood)

    def _ask_choice(self, request: Choice) -> EngineRequest | Failure:
        try:
            sequences = self.encoder.continued(request.prompt, request.options)
        except Exception as error:  # of the template or the tokenizer: this request only
            return refused(error)
        jobs: list[SequenceJob] = []
        for ids, start in sequences:
            job = self._continuation(ids, start)
            if isinstance(job, Failure):
                return job
            jobs.append(job)
        ends = np.cumsum([len(job.positions) for job in jobs])[:-1]
        return EngineRequest(
            jobs, lambda values: np.array([part[:, 0].sum() for part in np.split(values, ends)], dtype=np.float64)
        )

    def _continuation(self, ids: Sequence[int], start: int) -> SequenceJob | Failure:
        """Read the probability of every token from ``start`` on; the last token is predicted, and not read."""
        if len(ids) <= start:
            return Failure("an option is empty, or the tokenizer makes no token of it")
        count = len(ids) - start
        tokens = self.encoder.fit(ids, what="prompt and continuation", extra=1, keep=count + 1)
        if isinstance(tokens, Failure):
            return tokens
        positions = np.arange(len(tokens) - 1 - count, len(tokens) - 1)
        return SequenceJob(tokens[:-1], positions, _NONE, targets=tokens[positions + 1])

    def _prompt(self, conversation: Conversation) -> Tokens | Failure:
        ids = self.encoder.prompts([conversation])[0]
        return ids if isinstance(ids, Failure) else self.encoder.fit(ids, what="prompt")

    def _ask_next(self, request: Conversation) -> EngineRequest | Failure:
        tokens = self._prompt(request)
        if isinstance(tokens, Failure):
            return tokens
        job = SequenceJob(tokens, np.array([len(tokens) - 1]), _NONE)
        return EngineRequest([job], lambda values: values[0].copy())

    def _ask_readout(self, request: Readout) -> EngineRequest | Failure:
        question = self._ask_next(request.prompt)
        if isinstance(question, Failure):
            return question
        try:
            number = self.readouts.number(request.function)
        except ValueError as error:
            return Failure(str(error))
        question.jobs[0].targets = np.array([number])
        return EngineRequest(question.jobs, lambda values: float(values[0]))

    def _ask_vector(self, request: Text) -> EngineRequest | Failure:
        tokens = self._prompt(Conversation.plain(request.text))
        if isinstance(tokens, Failure):
            return tokens
        last = self.pooling == "last"
        positions = np.array([len(tokens) - 1]) if last else np.arange(len(tokens))
        return EngineRequest([SequenceJob(tokens, positions, _NONE)], self._vector)

    def _vector(self, values: NDArray[Any]) -> NDArray[Any]:
        vector: NDArray[Any] = values.mean(axis=0, dtype=np.float64)
        if self.normalize:
            vector /= max(float(np.linalg.norm(vector)), 1e-12)
        return vector.astype(np.float32)


def _hidden(hidden: Any, which: Any, slots: Any) -> Any:
    """Return the hidden states themselves, shape (r, d), float32."""
    return hidden.float().cpu().numpy()[which]


def end_tokens(model: Any, tokenizer: Any) -> set[int]:
    """Return the tokens that end a completion: the model's for generation, and the tokenizer's own."""
    stated = model.generation_config.eos_token_id
    ends = set(stated if isinstance(stated, list | tuple) else [stated]) | {tokenizer.eos_token_id}
    return {int(end) for end in ends if end is not None}


def _likelihood(values: NDArray[Any]) -> Likelihood:
    return Likelihood(float(values[:, 0].sum()), len(values), bool(values[:, 1].all()))


def _windows(ids: Sequence[int], context: int) -> list[SequenceJob]:
    """Cut a document longer than the context into windows.

    Each token is predicted once, from as many tokens as a full window holds.
    """
    tokens = np.asarray(ids, dtype=np.int64)
    jobs = []
    for first in range(1, len(tokens), context):
        behind = min(first + context, len(tokens))
        start = max(0, behind - 1 - context)
        positions = np.arange(first - 1 - start, behind - 1 - start)
        jobs.append(SequenceJob(tokens[start : behind - 1], positions, _NONE, targets=tokens[first:behind]))
    return jobs
