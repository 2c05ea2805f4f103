"""Reads statements of a server that concern every request: no answer, a refused key, an unknown model."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from harness import CellError
from harness.errors import did_you_mean

from .problems import ServerStatement
from .settings import Settings

GREETING = 10.0
"""Seconds that the server has to list its models."""

CONNECT = 5.0
"""Seconds thereof for the connection; a client with TLS and a server without it wait for each other."""

PROBE = 2.0
"""Seconds that a server has to show that it speaks without TLS."""

NO_MODEL = re.compile(
    r"(?:unknown|invalid|no such|unsupported)[ _]model\b"
    r"|\bmodel\b(?!'s).{0,200}(?:not[ _]found|not exist|n't exist|not (?:a )?(?:valid|available|served|loaded))\b",
    re.IGNORECASE | re.DOTALL,
)
"""Messages with status 400 by which servers say that they lack the model; too long a prompt is another matter."""


def greet(settings: Settings) -> None:
    """Check that there is a server and that it takes the key.

    Raises:
        CellError: the server does not answer, or refuses the key.
    """
    import openai

    async def ask() -> None:
        async with settings.client() as whole:
            client = whole.with_options(timeout=openai.Timeout(GREETING, connect=CONNECT))
            for attempt in range(3):
                try:
                    async with asyncio.timeout(GREETING):
                        await client.models.list()
                    return
                except openai.APIStatusError as error:
                    statement = ServerStatement(error.status_code, "", settings.redact(str(error)))
                    ending = await explained(settings, client, statement)
                    if ending is not None and error.status_code in (401, 403):
                        raise ending from None
                    return  # a server need not list its models
                except (openai.APIConnectionError, TimeoutError) as error:
                    cause = error.__cause__ or error
                    if settings.base_url.startswith("https:") and await _answers_plainly(settings.base_url):
                        raise CellError(
                            f"the server at {settings.base_url} answers without TLS: mend base_url= to begin with http:"
                        ) from None
                    if attempt == 2:
                        raise CellError(
                            f"no server answers at {settings.base_url}: "
                            f"{settings.redact(str(cause) or type(cause).__name__)}; start it, or mend base_url="
                        ) from None
                    await asyncio.sleep(0.3 * 2**attempt)
                except (openai.APIError, ValueError, AttributeError, TypeError):
                    return  # rubbish: the requests themselves will show

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(ask())
    else:  # called from a notebook, whose thread runs a loop already
        with ThreadPoolExecutor(1, thread_name_prefix="openai") as thread:
            thread.submit(lambda: asyncio.run(ask())).result()


async def _answers_plainly(base_url: str) -> bool:
    """Tell whether something speaks HTTP without TLS at the address; sends no key and no path."""
    address = urlsplit(base_url)
    try:
        async with asyncio.timeout(PROBE):
            reader, writer = await asyncio.open_connection(address.hostname, address.port or 443)
            try:
                writer.write(f"HEAD / HTTP/1.1\r\nHost: {address.hostname}\r\nConnection: close\r\n\r\n".encode())
                return (await reader.read(5)).startswith(b"HTTP/")
            finally:
                writer.close()
    except (OSError, TimeoutError, ValueError):
        return False


async def makes_sense(client: Any) -> bool:
    """Tell whether the server gives an answer that can be read: the models it serves, or a clear no."""
    import openai

    try:
        async with asyncio.timeout(GREETING):
            return isinstance((await client.models.list()).data, list)
    except openai.APIStatusError as error:
        return error.status_code < 500  # a server need not list its models
    except Exception:  # no connection, or rubbish here too
        return False


async def explained(settings: Settings, client: Any, statement: ServerStatement) -> CellError | None:
    """Make the error that ends the run, if a server's statement concerns every request; else None."""
    status, code, text = statement.status, statement.code, statement.text
    if status in (401, 403):
        what = f"refuses the key in {settings.key_variable}" if settings.key else "asks for a key"
        mend = "" if settings.key else f"; put one into the environment variable {settings.key_variable}"
        return CellError(f"{settings.base_url} {what} ({status}): {text}{mend}")
    if status == 402 or code == "insufficient_quota":
        return CellError(f"{settings.base_url} wants to be paid ({status}): {text}")
    wrong = status == 404 or code == "model_not_found" or (status == 400 and bool(NO_MODEL.search(text)))
    if not wrong:
        return None
    try:
        async with asyncio.timeout(GREETING):
            served = [settings.redact(str(model.id)) for model in (await client.models.list()).data]
    except Exception:  # whatever comes: the list only improves the message
        served = []
    if settings.model in served:
        return None if status == 400 else CellError(f"{settings.base_url} does not know api={settings.api}: {text}")
    hint = f"{did_you_mean(settings.model, served)}; it serves: {', '.join(served[:10])}" if served else ""
    return CellError(f"the server at {settings.base_url} has no model {settings.model!r} ({status}: {text}){hint}")
