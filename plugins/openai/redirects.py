"""A server that redirects: within its own host it is followed, to another one no prompt goes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

from harness import CellError

KEPT = {307, 308}
"""Redirects after which the request is sent as it was; the others make an empty GET of it."""


async def following(base_url: str, path: str, post: Callable[[str], Awaitable[Any]]) -> Any:
    """What the server answers at a path, or where it says within the same host that it moved to.

    Args:
        base_url: Of the server.
        path: Behind it.
        post: Sends the request to a path or a whole address.

    Raises:
        CellError: it redirects elsewhere, or in a way that would drop the prompt.
    """
    import openai

    address = f"{base_url}{path}"
    try:
        return await post(path)
    except openai.APIStatusError as error:
        if not 300 <= error.status_code < 400:
            raise
        place = urljoin(address, error.response.headers.get("location", ""))
        if error.status_code not in KEPT or not _same_host(urlsplit(address), urlsplit(place)):
            raise CellError(_refusal(address, place, error.status_code)) from None
    try:
        return await post(place)
    except openai.APIStatusError as error:
        if not 300 <= error.status_code < 400:
            raise
        raise CellError(_refusal(address, place, error.status_code)) from None


def _same_host(one: SplitResult, other: SplitResult) -> bool:
    return (one.scheme, one.hostname, one.port) == (other.scheme, other.hostname, other.port)


def _refusal(address: str, place: str, status: int) -> str:
    whither = urlsplit(place)
    return (
        f"{address} redirects ({status}) to {whither.scheme}://{whither.netloc.rpartition('@')[2]}{whither.path}, and "
        "prompts are sent to no other place than the one named: give its address in base_url= if it is the right one"
    )
