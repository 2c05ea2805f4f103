"""Listens on an address, and serves the pages of a store there."""

from __future__ import annotations

import errno
import secrets
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from harness import Registry
from harness.errors import UsageError
from harness.store import StoreReader

from .app import make_app
from .guard import is_loopback
from .index import cache_folder, forget_old

DEFAULT_PORT = 8425
LARGEST_CACHE = 4 * 1024**3


def serve(
    registry: Registry,
    path: Path,
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    guarded: bool = False,
    show_sensitive: bool = False,
    started: Callable[[str], None] = lambda address: None,
) -> None:
    """Serve the pages of a store until interrupted.

    Args:
        registry: The registry, in which names are looked up.
        path: The store.
        host: Address to listen on; for an address that other machines reach, the server asks for a token.
        port: Port to listen on; None: the usual port, or any that is free.
        guarded: Ask for a token on an address that only this machine reaches, too.
        show_sensitive: Show texts of sensitive tasks, and why their requests failed.
        started: Called with the address once the server answers.

    Raises:
        StoreError: the store cannot be read.
        UsageError: the server cannot listen on the address.
    """
    import uvicorn

    sys.setswitchinterval(0.0005)  # pages do not wait for the thread that makes an index
    token = "" if is_loopback(host) and not guarded else secrets.token_urlsafe(32)
    forget_old(cache_folder(), largest=LARGEST_CACHE)
    with StoreReader(path) as store, listen(host, port) as listening:
        application, samples = make_app(registry, store, host=host, token=token, show_sensitive=show_sensitive)
        server = uvicorn.Server(uvicorn.Config(application, log_level="warning", access_log=False, lifespan="off"))
        started(address_of(host, listening.getsockname()[1], token))
        try:
            server.run(sockets=[listening])
        finally:
            samples.close()


def listen(host: str, port: int | None) -> socket.socket:
    """Open a socket that listens on an address.

    Raises:
        UsageError: there is no such address, or it is taken.
    """
    try:
        family = socket.getaddrinfo(host, port or 0, type=socket.SOCK_STREAM)[0][0]
    except OSError as error:
        raise UsageError(f"--host {host}: no address of that name: {error.strerror}") from error
    for candidate in (DEFAULT_PORT, 0) if port is None else (port,):
        # Only a socket that says it is TCP is spared Nagle's algorithm, which costs 40 ms an answer.
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, candidate))
            listening.listen(128)
        except OSError as error:
            listening.close()
            if port is None and candidate and error.errno == errno.EADDRINUSE:
                continue
            raise UsageError(
                f"{host}:{candidate} cannot be listened on: {error.strerror}; try another --port"
            ) from None
        return listening
    raise AssertionError("a free port is always found or refused")


def address_of(host: str, port: int, token: str) -> str:
    """Return the address to open in a browser."""
    everywhere = {"0.0.0.0": socket.gethostname(), "::": socket.gethostname()}  # a name that others can reach
    name = everywhere.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{name}:{port}/" + (f"?token={token}" if token else "")
