"""How requests become keys that are still to be asked, and responses what is filed under keys, and back."""

from __future__ import annotations

import math
from collections.abc import Container, Sequence

import numpy as np

from harness.array_values import arrays_inside
from harness.capabilities import Capability
from harness.capabilities.answer_checks import BadAnswer, named_arrays, stored_as
from harness.requests import Failure, Request, Response, failures_of


def missing(
    capability: Capability,
    requests: Sequence[Request],
    keys: Sequence[Sequence[bytes]],
    known: Container[bytes],
    *,
    whole: bool,
) -> list[tuple[Request, list[bytes]]]:
    """Cut requests down to the responses that are not on file, each once, and return them with the keys of these.

    Args:
        capability: What is asked for.
        requests: The requests.
        keys: Of each request, the keys of its response.
        known: The keys on file.
        whole: Whether the model has to see all of a request, though only a part of its responses is new.
    """
    todo: list[tuple[Request, list[bytes]]] = []
    scheduled: set[bytes] = set()
    for request, group in zip(requests, keys, strict=True):
        indices = []
        for i, key in enumerate(group):
            if key not in known and key not in scheduled:
                scheduled.add(key)
                indices.append(i)
        if not indices:
            continue
        if whole:
            indices = list(range(len(group)))
        part = request if len(indices) == len(group) else request.keep(indices)
        todo.append((part, [group[i] for i in indices]))
    return todo


def checked(capability: Capability, request: Request, response: Response, count: int) -> Sequence[Response]:
    """Check a response against its capability, and take it apart into the responses that are filed.

    Args:
        capability: What was asked for.
        request: The request.
        response: What a model's code gave.
        count: How many keys the response is filed under.
    """
    if isinstance(response, Failure):
        return [response] * count
    try:
        if capability.pointwise:
            response = np.asarray(response, dtype=np.float64)
        elif capability.form == "array":
            response = stored_as(response, capability.dtype)
        elif capability.form == "arrays":
            response = named_arrays(capability.arrays, response)
        elif capability.form == "number":
            response = float(response)
        problem = capability.check(request, response)
        if not problem and capability.pointwise and response.shape != (count,):
            # A plugin's check may not look at the shape; filed under the parts' keys, a part would be without a number.
            problem = f"expected {count} numbers, one a part of the request; got an array of shape {response.shape}"
    except BadAnswer as error:
        problem = str(error)
    except (Exception, SystemExit) as error:  # a plugin's response or check: one answer must not end its batch
        problem = f"not a response of {capability.name!r}: {error}"
    if problem:
        return [Failure(problem)] * count
    if not capability.pointwise:
        return [response]
    return [v if math.isfinite(v) else Failure(f"the model gave the score {v}") for v in response.tolist()]


def holds_arrays_alone(capability: Capability, answers: Sequence[tuple[bytes, Response]]) -> bool:
    """Return whether all answers of a batch are records that hold arrays, none of which can be filed.

    The type of the record may not say so, as ``Any`` does not; else the capability would have been refused.
    """
    if capability.form != "record":
        return False
    given = [answer for _, answer in answers if not isinstance(answer, Failure)]
    return bool(given) and all(next(arrays_inside(answer), None) is not None for answer in given)


def joined(capability: Capability, values: Sequence[Response]) -> Response:
    """Put the responses under a request's keys together to its response; the first failure where one of them failed."""
    failure = first_failure(values)
    if failure is not None:
        return failure
    return np.array(values, dtype=np.float64) if capability.pointwise else values[0]


def first_failure(values: Sequence[Response]) -> Failure | None:
    """Return the first failure among responses; None where all succeeded."""
    return next(iter(failures_of(values)), None)
