"""The conformance suite: the rules that every model and plugin should keep, checked one at a time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from harness.adapters import Route, ask_through
from harness.api import models_folder, store_path
from harness.array_values import NamedArrays, arrays_inside, shown_value
from harness.capabilities import Capability, Expectation, SampleRequests
from harness.check.finding import Finding
from harness.errors import HarnessError
from harness.model import Model
from harness.names.adapters import mismatch
from harness.names.handles import ReadyModel
from harness.names.plugins import Plugin, describe
from harness.names.registry import KINDS, Registry
from harness.names.resolving import resolve_model
from harness.requests import Failure, Likelihood, Request, Verdict, digest_of
from harness.running.chance import wrong_chance
from harness.running.filing import checked

HEAVY = (
    "torch",
    "transformers",
    "datasets",
    "lm_eval",
    "ray",
    "plotly",
    "sklearn",
    "scipy",
    "pandas",
    "numpy",
    "starlette",
    "uvicorn",
)
TOLERANCE = 1e-4
"""Largest difference between answers given alone and in a batch, relative to their size."""


def check_name(registry: Registry, name: str, *, store: Path | None = None) -> list[Finding]:
    """Check a plugin by its entry-point name, or a model by its specification.

    Raises:
        UsageError: no plugin and no model has the name.
    """
    plugins = registry.plugins.named(name)
    if plugins:
        return [finding for plugin in plugins for finding in check_plugin(registry, plugin)]
    handle = resolve_model(registry, name, models_folder=models_folder(store_path(registry, store)))
    if not handle.is_trained:
        return [Finding(name, "is trained", False, f"evaluate it once to train it: harness eval -m {name} -t TASK")]
    return list(check_model(registry, handle.ready, handle.ready.model))


# plugins


def check_plugin(registry: Registry, plugin: Plugin) -> Iterator[Finding]:
    """Check that a plugin registers without heavy imports, and that every name it registers can be used."""
    name = plugin.name
    yield Finding(name, "loads", plugin.state != "failed", "" if plugin.refused else plugin.problem)
    if plugin.state not in ("loaded", "incomplete"):
        return
    yield Finding(name, "registers what can be used", not plugin.refused, "; ".join(plugin.refused))
    heavy = _heavy_imports(plugin.module)
    yield Finding(name, "imports nothing heavy at registration", not heavy, ", ".join(heavy))
    for kind in KINDS:
        for entry in registry.entries(kind):
            if not entry.is_of(plugin):
                continue
            subject = f"{name}: {kind} {entry.name}"
            try:
                thing = entry.load()
            except HarnessError as error:
                yield Finding(subject, "can be imported", False, str(error))
                continue
            yield Finding(subject, "can be imported", True)
            yield Finding(
                subject,
                "is described",
                bool(entry.description),
                "" if entry.description else "no description=",
            )
            if kind == "model":
                yield _offers_what_it_says(subject, registry, entry.facts.offers, thing)
            if kind == "metric":
                problem = wrong_chance(thing)
                yield Finding(subject, "declares its chance level rightly", not problem, problem)
            if kind == "adapter":
                problem = mismatch(entry)
                yield Finding(subject, "converts what it says", not problem, problem)


def _heavy_imports(module: str) -> list[str]:
    # In a fresh interpreter: `harness.hooks`, which every plugin imports, is light, so heavy modules are the plugin's.
    code = f"import sys, {module}; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    return ran.stdout.split() if ran.returncode == 0 else [ran.stderr.strip().splitlines()[-1]]


def _offers_what_it_says(subject: str, registry: Registry, offers: Sequence[str], kind: Any) -> Finding:
    has = [name for name in registry.names("capability") if callable(getattr(kind, name, None))]
    wrong = sorted(set(offers) ^ set(has))
    text = f"registered offers={tuple(offers)}, but the class has methods {tuple(has)}" if wrong else ""
    return Finding(subject, "offers what it says", not wrong, text)


# models


def check_model(registry: Registry, handle: ReadyModel, model: Model) -> Iterator[Finding]:
    """Put a model through every rule on every capability that it offers."""
    yield from _identity(handle)
    if not handle.reads_text:
        reason = "it is asked nothing, since the other checks need a model that reads text"
        yield Finding(handle.label, "answers from records", True, reason, is_note=True)
        return
    try:
        _load(handle)
    except (Exception, SystemExit) as error:  # whatever a plugin raises is the finding
        yield Finding(handle.label, "loads", False, describe(error))
        return
    yield Finding(handle.label, "loads", True)
    for name in handle.offers:
        yield from _check_capability(f"{handle.label}: {name}", model, registry.find("capability", name).load())
    if not handle.offers:
        yield Finding(handle.label, "offers no capability", True, "so it is asked nothing", is_note=True)
    for part in handle.everyone():
        part.ready.model.close()


def _check_capability(subject: str, model: Model, capability: Capability) -> Iterator[Finding]:
    """Put a model through the rules for one capability; a capability without sample requests is only noted."""
    try:
        samples = capability.samples() if capability.samples is not None else None
    except (Exception, SystemExit) as error:  # a plugin's code
        yield Finding(subject, "its capability makes sample requests", False, describe(error))
        return
    if samples is None or not samples.ordinary:
        reason = "its capability has no sample requests (samples=)"
        yield Finding(subject, "is asked nothing", True, reason, is_note=True)
        return
    yield from _Checks(subject, model, capability, samples).all()


def _load(handle: ReadyModel) -> None:
    """Load a model after the models inside it, which are then asked directly, without a store between."""
    for part in handle.parts.values():
        _load(part)
    if handle.parts or handle.model.part_lists:
        handle.model.parts = handle.given_parts(lambda part: part.as_part(partial(_ask_bare, part)))
    handle.model.load()


def _ask_bare(handle: ReadyModel, capability: str, requests: Sequence[Request]) -> list[Any]:
    route = handle.routes.get(capability, Route(capability))
    return ask_through(route.adapters, requests, lambda asked: list(getattr(handle.model, route.base)(list(asked))))


def _identity(handle: ReadyModel) -> Iterator[Finding]:
    first, second = handle.description(), handle.description()
    yield Finding(
        handle.label,
        "its fingerprint is stable",
        first == second,
        "" if first == second else f"{first} != {second}",
    )


class _Checks:
    """The rules for one capability of one model."""

    def __init__(self, subject: str, model: Model, capability: Capability, samples: SampleRequests) -> None:
        self.subject, self.capability, self.samples = subject, capability, samples
        self.requests = list(samples.ordinary)
        self.method: Callable[[list[Request]], Sequence[Any]] = getattr(model, capability.name)
        self.listwise = getattr(model, "listwise", False)
        self.model = model

    def all(self) -> Iterator[Finding]:
        try:
            together = self.ask(self.requests)
        except (Exception, SystemExit) as error:  # whatever a plugin raises is the finding
            yield Finding(self.subject, "answers", False, describe(error))
            return
        failed = [answer.reason for answer in together if isinstance(answer, Failure)]
        yield Finding(self.subject, "answers are valid", not failed, "; ".join(failed[:3]))
        if failed:
            return
        rules: list[tuple[str, Callable[[list[Any]], str]]] = [
            ("gives the same answer twice", lambda t: self.differ(t, self.ask(self.requests))),
            (
                "answers alone as in a batch",
                lambda t: self.differ(t, [self.ask([r])[0] for r in self.requests]),
            ),
            ("does not depend on the order of requests", self.permuted),
            ("answers in batches of any size and order alike", self.batches),
            ("does not change its requests", self.unchanged),
            (
                "an empty batch gives no answers",
                lambda t: "" if not list(self.method([])) else "it gave some",
            ),
        ]
        if self.capability.name in self.model.streamed:
            rules.append(("streams the same answers", self.streamed))
        if self.capability.pointwise and not self.listwise:
            rules.append(("scores a response whatever its neighbours", self.neighbours))
        rules += [(expected.rule, partial(self.meets, expected)) for expected in self.samples.expectations]
        for name, rule in rules:
            yield self.apply(name, rule, together)
        for name, request in self.samples.extreme.items():
            yield self.takes(name, request)

    def apply(self, name: str, rule: Callable[[list[Any]], str], together: list[Any]) -> Finding:
        try:
            problem = rule(together)
        except (Exception, SystemExit) as error:  # whatever a plugin raises is the finding
            problem = describe(error)
        return Finding(self.subject, name, not problem, problem)

    def ask(self, requests: Sequence[Request]) -> list[Any]:
        responses = list(self.method(list(requests)))
        if len(responses) != len(requests):
            raise ValueError(f"{len(responses)} responses to {len(requests)} requests")
        return self.parsed(requests, responses)

    def parsed(self, requests: Sequence[Request], responses: Sequence[Any]) -> list[Any]:
        answers: list[Any] = []
        for request, response in zip(requests, responses, strict=True):
            parts = checked(self.capability, request, response, len(self.capability.parts(request)))
            failed = next((part for part in parts if isinstance(part, Failure)), None)
            if failed is None and self.capability.form == "record" and next(arrays_inside(response), None) is not None:
                failed = Failure("a record cannot keep an array; the capability is to declare form='arrays'")
            answers.append(failed or (np.array(parts) if self.capability.pointwise else parts[0]))
        return answers

    def differ(self, one: Sequence[Any], other: Sequence[Any]) -> str:
        for i, (a, b) in enumerate(zip(one, other, strict=True)):
            if not _same(a, b):
                return f"request {i}: {_short(a)} and {_short(b)}"
        return ""

    def permuted(self, together: list[Any]) -> str:
        return self.differ(list(reversed(together)), self.ask(list(reversed(self.requests))))

    def batches(self, _: list[Any]) -> str:
        requests = list(self.samples.many or self.requests)
        automatic = self.ask(requests)
        by_length = sorted(range(len(requests)), key=lambda i: len(str(requests[i])))
        shuffled = np.random.default_rng(0).permutation(len(requests)).tolist()
        orders = {"in order": range(len(requests)), "sorted by length": by_length, "shuffled": shuffled}
        for size in (1, 3, 16, len(requests)):
            for order_name, order in orders.items():
                answers: dict[int, Any] = {}
                for first in range(0, len(requests), size):
                    part = list(order[first : first + size])
                    answers.update(zip(part, self.ask([requests[i] for i in part]), strict=True))
                problem = self.differ(automatic, [answers[i] for i in range(len(requests))])
                if problem:
                    return f"batches of {size}, {order_name}: {problem}"
                if size == 1:
                    break  # in batches of one request, the order makes no difference
        return ""

    def streamed(self, together: list[Any]) -> str:
        streamed = dict(self.model.stream(self.capability.name, list(self.requests)))
        left = [i for i in range(len(self.requests)) if i not in streamed]
        if left:
            return f"requests {left} were not answered"
        return self.differ(together, self.parsed(self.requests, [streamed[i] for i in range(len(self.requests))]))

    def unchanged(self, _: list[Any]) -> str:
        # By their contents: an array that is written into stays the same object, and is not compared by ==.
        before = [digest_of(request.content()) for request in self.requests]
        self.ask(self.requests)
        after = [digest_of(request.content()) for request in self.requests]
        return "" if before == after else "the requests differ after the call"

    def neighbours(self, together: list[Any]) -> str:
        for request, scores in zip(self.requests, together, strict=True):
            single = self.ask([request.keep([len(request.parts()) - 1])])[0]
            if not _same(scores[-1:], single):
                gap = f"{_short(scores[-1:])} beside others, {_short(single)} alone"
                return f"{gap}; declare the model listwise if that is meant"
        return ""

    def meets(self, expected: Expectation, _: list[Any]) -> str:
        answers = self.ask(expected.requests)
        failed = next((answer for answer in answers if isinstance(answer, Failure)), None)
        return failed.reason if failed is not None else expected.problem(answers) or ""

    def takes(self, name: str, request: Request) -> Finding:
        """Expect an answer, or a refusal if the samples allow one; never an exception."""
        try:
            answer = self.ask([request])[0]
        except (Exception, SystemExit) as error:  # whatever a plugin raises is the finding
            return Finding(self.subject, f"takes {name}", False, describe(error))
        refused = answer.reason if isinstance(answer, Failure) else ""
        may_refuse = name in self.samples.may_be_refused
        return Finding(self.subject, f"takes {name}", not refused or may_refuse, refused)


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, Failure) or isinstance(b, Failure):
        return type(a) is type(b)
    if isinstance(a, Likelihood) and isinstance(b, Likelihood):
        return (a.tokens, a.is_greedy) == (b.tokens, b.is_greedy) and _same(a.nats, b.nats)
    if isinstance(a, Verdict) and isinstance(b, Verdict) and a.p_first is not None and b.p_first is not None:
        return (a.text, a.label) == (b.text, b.label) and _same(a.p_first, b.p_first)
    if isinstance(a, NamedArrays) and isinstance(b, NamedArrays):
        return all(_same(a[name], b[name]) for name in a)
    if isinstance(a, (float, np.ndarray)):
        wide = np.complex128 if np.iscomplexobj(a) else np.float64
        a, b = np.asarray(a, dtype=wide), np.asarray(b, dtype=wide)
        return a.shape == b.shape and bool(np.allclose(a, b, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True))
    return bool(a == b)


def _short(value: Any) -> str:
    text = shown_value(dict(value) if isinstance(value, NamedArrays) else value).replace("\n", " ")
    return text if len(text) <= 80 else text[:77] + "..."
