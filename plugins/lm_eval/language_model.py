"""The model that lm-eval sees: each of its requests becomes one of harness, answered from the store where it can be.

Importing this module imports lm-eval and registers the model name ``harness`` there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lm_eval.api.instance import Instance
from lm_eval.api.model import LM
from lm_eval.api.registry import register_model

from harness.api import models_folder, store_path
from harness.capabilities import Continuation, Conversation, Failure, Generation, Request, Response, Sampling
from harness.errors import CellError, UsageError
from harness.registry import Registry
from harness.resolve import resolve_model
from harness.run import Runner
from harness.store import Store

_SAMPLING = {"do_sample", "until", "max_gen_toks", "temperature", "top_p"}
_IGNORED = ("batch_size", "max_batch_size", "device")
"""What lm-eval's command line passes to every model; here they are arguments of the model itself."""


@register_model("harness")
class HarnessLM(LM):  # type: ignore[misc]
    """A model of harness as lm-eval's ``LM``, asked through the store.

    Args:
        model: A specification, ``NAME[:key=value,...]``.
        store: The SQLite file; default as for ``harness eval``.
        seed: Seed of sampled completions; repeats of one prompt take the numbers from here on.
        registry: Where names are looked up; default: installed plugins and registry.yaml.
        arguments: Further arguments of the model, which lm-eval's ``--model_args`` parts at commas.

    Raises:
        UsageError: no such model, or it offers neither ``loglikelihood`` nor ``generate``.
    """

    def __init__(
        self,
        model: str,
        *,
        store: str | Path | None = None,
        seed: int = 0,
        registry: Registry | None = None,
        **arguments: Any,
    ) -> None:
        super().__init__()
        registry = registry or Registry()
        path = store_path(registry, store)
        given = {key: value for key, value in arguments.items() if key not in _IGNORED}
        listed = ",".join(f"{key}={value}" for key, value in given.items())
        text = f"{model}{',' if ':' in model else ':'}{listed}" if listed else model
        self._handle = resolve_model(registry, text, models_folder=models_folder(path))
        if not {"loglikelihood", "generate"} & set(self._handle.offers):
            offered = ", ".join(self._handle.offers) or "nothing"
            raise UsageError(f"lm-eval asks for loglikelihood or generate; the model {text!r} offers {offered}")
        self._store = Store(path)
        self._door = Runner(registry, self._store).door()
        self._seed = seed

    @property
    def computed(self) -> int:
        """Requests the model itself had to answer so far; all others came from the store."""
        return self._door.tally.computed

    def close(self) -> None:
        """Close the store."""
        self._store.close()

    def loglikelihood(self, requests: Sequence[Instance]) -> list[tuple[float, bool]]:
        """(nats, whether greedy decoding would give the continuation) a request."""
        asked = [Continuation(context, continuation) for context, continuation in _arguments(requests)]
        return [(answer.nats, answer.is_greedy) for answer in self._ask("loglikelihood", asked)]

    def loglikelihood_rolling(self, requests: Sequence[Instance]) -> list[float]:
        """Nats of each whole text; a long one is read in windows by the model."""
        asked = [Continuation("", text) for (text,) in _arguments(requests)]
        return [answer.nats for answer in self._ask("loglikelihood", asked)]

    def generate_until(self, requests: Sequence[Instance]) -> list[str]:
        """One completion a request; the r-th repeat of a sampled prompt is asked for with the r-th seed."""
        seen: Counter[str] = Counter()
        asked = []
        for context, settings in _arguments(requests):
            sampling = sampling_of(settings)
            repeat = seen[repr((context, sampling))]
            seen[repr((context, sampling))] += 1
            # Greedy repeats are the same answer, so one request; sampled ones must not be answered from one row.
            seed = self._seed + repeat if sampling.temperature > 0 else 0
            own = Sampling(sampling.temperature, sampling.top_p, sampling.max_tokens, sampling.stop, seed)
            asked.append(Generation(Conversation.plain(context), sampling=own))
        return [answer[0].text for answer in self._ask("generate", asked)]

    def _ask(self, capability: str, requests: Sequence[Request]) -> list[Response]:
        if capability not in self._handle.offers:
            offered = ", ".join(self._handle.offers)
            raise UsageError(f"this task asks for {capability}; the model {self._handle.label!r} offers {offered}")
        answers = self._door.ask(self._handle, capability, requests)
        failed = [answer for answer in answers if isinstance(answer, Failure)]
        if failed:  # lm-eval has no way to leave a document out
            raise CellError(
                f"{len(failed)} of {len(answers)} requests of {capability} failed, the first with: {failed[0].reason}"
            )
        return answers


def sampling_of(settings: Mapping[str, Any]) -> Sampling:
    """What lm-eval's generation arguments mean, read as its own models read them.

    Raises:
        UsageError: an argument that harness has no sampling setting for.
    """
    from lm_eval.models.utils import normalize_gen_kwargs

    read = normalize_gen_kwargs(dict(settings))
    unknown = sorted(read.keys() - _SAMPLING)
    if unknown:
        raise UsageError(
            f"generation argument {unknown[0]!r} has no counterpart; known are {', '.join(sorted(_SAMPLING))}"
        )
    # Asked to sample without a temperature, the usual libraries sample at 1.
    bare = read["do_sample"] and "temperature" not in settings
    return Sampling(
        temperature=1.0 if bare else float(read.get("temperature", 0.0)),
        top_p=float(read.get("top_p", 1.0)),
        max_tokens=int(read["max_gen_toks"]),
        stop=tuple(read["until"]),
    )


def _arguments(requests: Sequence[Instance]) -> list[tuple[Any, ...]]:
    return [tuple(request.args) for request in requests]
