"""The guard in front of every page: decides who may ask, and what a browser may do with the answer."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
import socket
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

Scope = dict[str, Any]

HEADERS = {
    # Only files of this server: even if a model's text were taken for markup, it could neither run nor load anything.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def is_loopback(host: str) -> bool:
    """Tell whether an address can be reached from this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class AccessGuard:
    """An ASGI application that refuses requests before they reach another application.

    Args:
        app: The other application.
        host: The address that the server listens on.
        token: The token that a browser has to send; empty: none, for an address that only this machine reaches.
    """

    def __init__(self, app: Any, *, host: str, token: str = "") -> None:
        self._app, self._token = app, token
        self._names = {*LOOPBACK, host.lower()}
        if token:
            self._names |= {socket.gethostname().lower(), socket.getfqdn().lower()}
        # A random name: cookies of a host are shared by all its ports, and two viewers would log each other out.
        self._cookie = "harness-view-" + secrets.token_hex(4)

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Pass a request on to the other application, or refuse it."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if scope["method"] not in ("GET", "HEAD"):
            await _refuse(send, 405, "This page can only be looked at.")
        elif not self._names_us(headers.get("host", "")):
            await _refuse(send, 421, "This server is not known by that name.")
        elif self._token and not self._shown(headers.get("cookie", "")):
            await self._ask_token(scope, send)
        else:
            await self._app(scope, receive, _with_headers(send))

    def _names_us(self, given: str) -> bool:
        """Tell whether the Host header of a request names this server.

        The owner of another site can let the site's name resolve to this machine, so that its pages read what is served
        here
        (DNS rebinding). The requests of such a page carry the site's name.
        """
        host = _without_port(given)
        if host in self._names or not self._token:
            return host in self._names
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return False
        return True

    def _shown(self, header: str) -> bool:
        try:
            cookie = SimpleCookie(header).get(self._cookie)
        except CookieError:
            return False
        return cookie is not None and self._right(cookie.value)

    def _right(self, token: str) -> bool:
        return hmac.compare_digest(token.encode(), self._token.encode())  # the time must not tell how much is right

    async def _ask_token(self, scope: Scope, send: Any) -> None:
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if not any(name == "token" and self._right(value) for name, value in query):
            await _refuse(send, 403, "Open the address that harness view printed: it holds a token.")
            return
        rest = urlencode([(name, value) for name, value in query if name != "token"])
        # Move the token from the address to a cookie: addresses stay in histories, the cookie ends with the browser.
        place = "/" + quote(scope["path"].lstrip("/")) + ("?" + rest if rest else "")
        cookie = f"{self._cookie}={self._token}; Path=/; HttpOnly; SameSite=Strict"
        await _answer(send, 303, "", {"Location": place, "Set-Cookie": cookie})


def _without_port(given: str) -> str:
    text = given.strip().lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.rpartition(":")[0] if text.count(":") == 1 else text


def _with_headers(send: Any) -> Any:
    async def wrapped(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            more = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
            message = {**message, "headers": [*message.get("headers", ()), *more]}
        await send(message)

    return wrapped


async def _refuse(send: Any, status: int, reason: str) -> None:
    await _answer(send, status, reason + "\n", {})


async def _answer(send: Any, status: int, text: str, more: dict[str, str]) -> None:
    body = text.encode()
    headers = {"Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(body)), **HEADERS, **more}
    encoded = [(name.lower().encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": body})
