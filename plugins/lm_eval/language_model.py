"""The model that lm-eval sees: each request becomes a request of harness, answered from the store if it can be.

Importing this module imports lm-eval and registers the model name ``harness`` there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lm_eval.api.instance import Instance
from lm_eval.api.model import LM
from lm_eval.api.registry import register_model

from harness import CellError, Failure, Registry, Request, Response, TerminalProgress, UsageError
from harness.names import resolve_model
from harness.results import models_folder, store_path
from harness.running import Runner
from harness.store import Store
from harness.training import train_missing

from .conversations import as_text
from .requests import CAPABILITY, answer_for, request_of

_IGNORED = ("batch_size", "max_batch_size", "device")
"""Arguments that lm-eval's command line passes to every model; here the model's own arguments say them."""


@register_model("harness")
class HarnessLM(LM):  # type: ignore[misc]
    """Offers a model of harness as lm-eval's ``LM``, asked through the store.

    Args:
        model: A specification, ``NAME[:key=value,...]``.
        store: The SQLite file; default as for ``harness eval``.
        seed: Seed of sampled completions; repeats of one prompt take the numbers from here on.
        registry: The registry of names; default: installed plugins and registry.yaml.
        arguments: Further arguments of the model, which lm-eval's ``--model_args`` parts at commas.

    Raises:
        UsageError: there is no such model, or it offers neither ``loglikelihood`` nor ``generate``.
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
        handle = resolve_model(registry, text, models_folder=models_folder(path))
        if not {"loglikelihood", "generate"} & set(handle.offers):
            offered = ", ".join(handle.offers) or "nothing"
            raise UsageError(f"lm-eval asks for loglikelihood or generate; the model {text!r} offers {offered}")
        self._store = Store(path)
        self._client = Runner(registry, self._store).client()
        self._handle = train_missing(registry, self._store, self._client, handle, progress=TerminalProgress())
        self._seed = seed

    @property
    def computed(self) -> int:
        """Count the requests that the model itself had to answer so far; all others came from the store."""
        return self._client.counts.computed

    def close(self) -> None:
        """Close the store and its files."""
        self._store.close()

    def loglikelihood(self, requests: Sequence[Instance]) -> list[tuple[float, bool]]:
        """Return (nats, whether greedy decoding would give the continuation) for each request."""
        return self._answer("loglikelihood", requests)

    def loglikelihood_rolling(self, requests: Sequence[Instance]) -> list[float]:
        """Return the log-likelihood of each whole text in nats; the model reads a long text in windows."""
        return self._answer("loglikelihood_rolling", requests)

    def generate_until(self, requests: Sequence[Instance]) -> list[str]:
        """Return one completion a request; the r-th repeat of a sampled prompt is asked for with the r-th seed."""
        return self._answer("generate_until", requests)

    def apply_chat_template(self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
        """Return the conversation as a marked text: the model of harness renders it in its own way."""
        return as_text(chat_history, add_generation_prompt)

    def chat_template(self, chat_template: bool | str = False) -> str:
        """Return a note for lm-eval's records: the template is the model's own.

        Raises:
            UsageError: a template was named.
        """
        if isinstance(chat_template, str):
            raise UsageError(f"a model of harness has its own chat template; {chat_template!r} cannot be chosen")
        return "that of the model of harness" if chat_template else ""

    @property
    def tokenizer_name(self) -> str:
        """Return a part of the key under which lm-eval keeps prompts."""
        return "harness-conversations"

    def _answer(self, kind: str, requests: Sequence[Instance]) -> list[Any]:
        seen: Counter[str] = Counter()
        asked = []
        for request in requests:
            repeat = seen[repr(request.args)]
            seen[repr(request.args)] += 1
            asked.append(request_of(kind, request.args, self._seed + repeat))
        return [answer_for(kind, response) for response in self._ask(CAPABILITY[kind], asked)]

    def _ask(self, capability: str, requests: Sequence[Request]) -> list[Response]:
        if capability not in self._handle.offers:
            offered = ", ".join(self._handle.offers)
            raise UsageError(f"this task asks for {capability}; the model {self._handle.label!r} offers {offered}")
        answers = self._client.ask(self._handle, capability, requests)
        failed = [answer for answer in answers if isinstance(answer, Failure)]
        if failed:  # lm-eval has no way to leave a document out
            raise CellError(
                f"{len(failed)} of {len(answers)} requests of {capability} failed, the first with: {failed[0].reason}"
            )
        return answers
