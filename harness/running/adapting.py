"""What adapters make of a model's answers; a plugin's code that raises fails single requests and not the others."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from harness.adapters import Adapter
from harness.capabilities import Capability
from harness.names.plugins import describe
from harness.requests import Failure, Request, Response
from harness.running.filing import checked, first_failure


def reduced(
    adapter: Adapter, requests: Sequence[Request], responses: Sequence[Sequence[Response]]
) -> Sequence[Response]:
    """Let an adapter make responses of a model's answers; a request for which it raises fails, and the others do not.

    Args:
        adapter: The adapter.
        requests: The task's requests.
        responses: Of each request, the model's answers to what the adapter made of it.
    """
    try:
        whole = list(adapter.reduce_all(requests, responses))
        if len(whole) == len(requests):
            return whole
    except (Exception, SystemExit) as error:  # a plugin's code
        logging.getLogger(__name__).debug("%s: reduce_all() failed: %s", adapter.name, describe(error))
    # All at once it failed: one by one it is found out for which requests.
    return [_reduced_alone(adapter, *pair) for pair in zip(requests, responses, strict=True)]


def _reduced_alone(adapter: Adapter, request: Request, responses: Sequence[Response]) -> Response:
    try:
        (response,) = adapter.reduce_all([request], [responses])
    except (Exception, SystemExit) as error:  # a plugin's code
        return Failure(f"adapter {adapter.name}: {describe(error)}")
    return response


def adapted(capability: Capability | None, request: Request, response: Response) -> Response:
    """Return an adapter's response as it is; a failure in its place where it is no response of the capability."""
    if capability is None or isinstance(response, Failure):
        return response
    return first_failure(checked(capability, request, response, len(capability.parts(request)))) or response
