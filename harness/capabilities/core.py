"""The capabilities of the core, a constant each: the only list of them.

A capability is one batched method: a list of frozen requests in, a list of responses of the same length out. The
method carries the capability's name, so a model offers ``score`` by having a method ``score``.

============== ==================================== =============================================================
capability     request                              response
============== ==================================== =============================================================
score          `Candidates`                         float64 array ``(k,)``, higher is better, NaN = failed
compare        `Pair`                               `Verdict`
embed          `Text`                               float32 array ``(d,)``
detect         `Conversation`                       float: log-odds of the positive class, in nats
generate       `Generation`                         tuple of `Completion`
steer          `SteeredGeneration`                  tuple of `Completion`, drawn from logits that a rule changes
loglikelihood  `Continuation`                       `Likelihood`
next_token     `Conversation`                       float32 array ``(V,)``: log-probabilities in nats
choose         `Choice`                             float64 array ``(k,)``: log-probabilities in nats
readout        `Readout`                            float: a linear function of next-token log-odds
route          `Query`                              float64 array ``(m,)``: predicted correctness a model
============== ==================================== =============================================================

In place of any response a model may give a `Failure`. Plugins register further capabilities of their own.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from harness.capabilities import answer_checks, samples
from harness.capabilities.capability import Capability
from harness.capabilities.steering import SteeredGeneration
from harness.following import Following, read_out
from harness.requests import (
    Candidates,
    Choice,
    Completion,
    Continuation,
    Conversation,
    Failure,
    Generation,
    Likelihood,
    Pair,
    Query,
    Readout,
    Text,
    Verdict,
)


def _prompt_of(request: Readout) -> Conversation:
    return dataclasses.replace(request.prompt, origin=request.origin)


def _read_out(request: Readout, log_probabilities: Any) -> float | Failure:
    try:
        return read_out(request.function, log_probabilities)
    except ValueError as error:
        return Failure(str(error))


SCORE = Capability(
    "score",
    Candidates,
    "number",
    check=answer_checks.scores,
    pointwise=True,
    description="a real score a response",
    samples=samples.score,
)
COMPARE = Capability(
    "compare",
    Pair,
    "record",
    Verdict,
    answer_checks.verdict,
    description="which of two responses is better",
    samples=samples.compare,
)
EMBED = Capability(
    "embed", Text, "array", check=answer_checks.vector, description="a vector a text", samples=samples.embed
)
DETECT = Capability(
    "detect",
    Conversation,
    "number",
    check=answer_checks.number,
    description="log-odds of a class",
    samples=samples.detect,
)
GENERATE = Capability(
    "generate",
    Generation,
    "record",
    tuple[Completion, ...],
    answer_checks.completions,
    description="sampled completions",
    samples=samples.generate,
)
STEER = Capability(
    "steer",
    SteeredGeneration,
    "record",
    tuple[Completion, ...],
    answer_checks.completions,
    description="completions sampled from logits that a rule changes",
    samples=samples.steer,
)
LOGLIKELIHOOD = Capability(
    "loglikelihood",
    Continuation,
    "record",
    Likelihood,
    answer_checks.likelihood,
    description="nats of a continuation",
    samples=samples.loglikelihood,
)
NEXT_TOKEN = Capability(
    "next_token",
    Conversation,
    "array",
    check=answer_checks.log_probabilities,
    description="next-token log-probabilities",
    samples=samples.next_token,
)
CHOOSE = Capability(
    "choose",
    Choice,
    "array",
    check=answer_checks.choice,
    dtype="float64",
    description="log-probability of each of several replies",
    samples=samples.choose,
)
READOUT = Capability(
    "readout",
    Readout,
    "number",
    check=answer_checks.number,
    description="a linear function of next-token log-odds",
    follows_from=Following("next_token", _prompt_of, _read_out),
    samples=samples.readout,
)
ROUTE = Capability(
    "route",
    Query,
    "array",
    check=answer_checks.correctness,
    dtype="float64",
    description="predicted correctness a model",
    samples=samples.route,
)

CONSTANTS: dict[str, Capability] = {
    constant: value for constant, value in globals().copy().items() if isinstance(value, Capability)
}
"""The capabilities above by the names of their constants, in this order."""
CORE: tuple[Capability, ...] = tuple(CONSTANTS.values())
