"""Redirects of a server: followed within the server's own host; to another host no prompt is sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

from harness import CellError

KEPT = {307, 308}
"""Redirects after which the same request is sent again; after the others a client sends an empty GET."""


async def following(base_url: str, path: str, post: Callable[[str], Awaitable[Any]]) -> Any:
    """Send a request, and follow one redirect within the same host.

    Args:
        base_url: The address of the server.
        path: The path behind that address.
        post: Sends the request to a path or a whole address.

    Raises:
        CellError: the server redirects elsewhere, or in a way that would drop the prompt.
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
