"""A server of OpenAI's interface that can be slow, drop connections, and answer rubbish; it counts all it did.

Run as a script it serves until it is killed: ``python server.py PORT LATENCY FAULT_RATE``.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import sys
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

Action = tuple[str, Any]
"""What is done with a request: ("answer", None), ("status", (code, headers, message)), ("drop", None), ("rubbish",
bytes), ("truncate", None), ("hang", seconds), ("bare", None: no log-probabilities), ("json", object)."""


class Server:
    """Serves on a free port of this machine.

    Args:
        act: From (number of the request, path, body) to what is done with it.
        latency: Seconds every answer takes.
        key: That must come along; "" takes any.
    """

    def __init__(
        self, act: Callable[[int, str, dict[str, Any]], Action] | None = None, *, latency: float = 0.0, key: str = ""
    ) -> None:
        self.act = act or (lambda number, path, body: ("answer", None))
        self.latency, self.key = latency, key
        self.models = ["tiny"]
        self.serves: list[str] = []
        """What is served, where the list of models does not tell."""
        self.bos = ""
        """Text of the token that is put before every prompt and counted in the offsets, as vLLM counts it."""
        self.cut: Callable[[str], list[str]] = words
        """From a prompt to the texts of its tokens."""
        self.seen: list[tuple[str, dict[str, Any], dict[str, str]]] = []
        self.answered: Counter[str] = Counter()
        """How often each body was answered in full."""
        self.busy = self.busiest = 0
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def start(self, port: int = 0) -> asyncio.Server:
        server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.port = server.sockets[0].getsockname()[1]
        return server

    def __enter__(self) -> Server:
        ready = threading.Event()

        async def main() -> None:
            self._stop = asyncio.Event()
            self._loop = asyncio.get_running_loop()
            server = await self.start()
            ready.set()
            await self._stop.wait()
            server.close()

        self._thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
        self._thread.start()
        ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                if not await self._reply(head[0].split()[1], json.loads(body or b"{}"), headers, writer):
                    break
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _reply(self, path: str, body: dict[str, Any], headers: dict[str, str], writer: Any) -> bool:
        if self.key and headers.get("authorization") != f"Bearer {self.key}":
            given = headers.get("authorization")
            return await self._send(writer, 401, {"error": {"message": f"Incorrect API key provided: {given}"}})
        if path.endswith("/models"):
            return await self._send(writer, 200, {"data": [{"id": name, "object": "model"} for name in self.models]})
        number = len(self.seen)
        self.seen.append((path, body, headers))
        kind, detail = self.act(number, path, body)
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        await asyncio.sleep(detail if kind == "hang" else self.latency)
        self.busy -= 1
        if kind == "status":
            code, more, message = detail
            return await self._send(
                writer, code, {"error": message if isinstance(message, dict) else {"message": message}}, more
            )
        if kind == "drop":
            return False
        if kind == "rubbish":
            return await self._raw(writer, 200, detail)
        if body.get("model") not in (self.serves or self.models):
            message = {"message": f"The model `{body.get('model')}` does not exist.", "code": "model_not_found"}
            return await self._send(writer, 404, {"error": message})
        answer = detail if kind == "json" else answer_to(path, body, bare=kind == "bare", bos=self.bos, cut=self.cut)
        if kind == "truncate":
            text = json.dumps(answer).encode()
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(text))
            writer.write(text[: len(text) // 2])
            await writer.drain()
            return False
        self.answered[json.dumps(body, sort_keys=True)] += 1
        return await self._send(writer, 200, answer)

    async def _send(self, writer: Any, status: int, answer: Any, headers: dict[str, str] | None = None) -> bool:
        return await self._raw(writer, status, json.dumps(answer).encode(), headers)

    async def _raw(self, writer: Any, status: int, text: bytes, headers: dict[str, str] | None = None) -> bool:
        more = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(text)}\r\n{more}\r\n"
        writer.write(head.encode() + text)
        await writer.drain()
        return True


def words(text: str) -> list[str]:
    """Tokens of this server: words with the blank before them."""
    return [w if i == 0 else f" {w}" for i, w in enumerate(text.split(" "))]


def _value(text: str) -> float:
    return -1.0 - int(hashlib.sha256(text.encode()).hexdigest()[:4], 16) / 65536


def bytewise(text: str) -> list[str]:
    """Tokens of three bytes each: a part of a character is decoded as a replacement character."""
    data = text.encode()
    return [data[i : i + 3].decode("utf-8", "replace") for i in range(0, len(data), 3)]


def answer_to(
    path: str,
    body: dict[str, Any],
    *,
    bare: bool = False,
    bos: str = "",
    cut: Callable[[str], list[str]] = words,
) -> dict[str, Any]:
    """A right answer, which follows from the request."""
    if path.endswith("/embeddings"):
        data = [
            {"object": "embedding", "index": i, "embedding": [float(len(text)), float(i), 1.0]}
            for i, text in enumerate(body["input"])
        ]
        return {"object": "list", "data": data[::-1], "model": "tiny", "usage": {"prompt_tokens": 5, "total_tokens": 5}}
    if path.endswith("/moderations"):
        given = [body["input"]] if isinstance(body["input"], str) else body["input"]
        return {"id": "1", "model": "tiny", "results": [_moderated(text) for text in given]}
    chat = path.endswith("/chat/completions")
    prompt = body["messages"][-1]["content"] if chat else body["prompt"]
    choices = []
    for i in range(body.get("n", 1)):
        text = f"echo {body.get('seed', 0) + i}: {prompt}"
        choice: dict[str, Any] = {"index": i, "finish_reason": "stop"}
        if chat:
            choice["message"] = {"role": "assistant", "content": text}
            if body.get("logprobs") and not bare:
                top = [
                    {"token": t, "logprob": v, "bytes": None} for t, v in (("Yes", -0.2), (" yes", -2.0), ("No", -3.0))
                ]
                choice["logprobs"] = {"content": [{**top[0], "top_logprobs": top}]}
        else:
            choice["text"] = (prompt if body.get("echo") else "") + text
            if body.get("logprobs") and not bare:
                tokens = [*([bos] if bos else []), *cut(prompt), " echo"] if body.get("echo") else ["Yes"]
                offsets = [sum(map(len, tokens[:k])) for k in range(len(tokens))]
                values = [_value(t) for t in tokens]
                top = [
                    {t: v, "other": v + (0.5 if t == " unlikely" else -0.5)}
                    for t, v in zip(tokens, values, strict=True)
                ]
                if body.get("echo"):
                    values[0], top[0] = None, None  # type: ignore[call-overload]
                choice["logprobs"] = {
                    "tokens": tokens,
                    "token_logprobs": values,
                    "top_logprobs": top,
                    "text_offset": offsets,
                }
        choices.append(choice)
    usage = {"prompt_tokens": 10, "completion_tokens": 4 * len(choices), "total_tokens": 10 + 4 * len(choices)}
    kind = "chat.completion" if chat else "text_completion"
    return {"id": "1", "object": kind, "created": 1, "model": "tiny", "choices": choices, "usage": usage}


def _moderated(text: str) -> dict[str, Any]:
    """Scores that follow from the text: violence by its length, hate/threatening by the words "hate" in it."""
    scores = {"violence": min(len(text) / 1000, 1.0), "hate/threatening": 1 - 0.5 ** text.count("hate"), "sexual": 1e-7}
    return {
        "flagged": max(scores.values()) > 0.5,
        "categories": {name: score > 0.5 for name, score in scores.items()},
        "category_scores": {**scores, "illicit": None},
    }


if __name__ == "__main__":

    async def _main(port: int, latency: float, rate: float) -> None:
        rng = random.Random(0)
        faults: list[Action] = [
            ("status", (429, {"retry-after-ms": "50"}, "slow down")),
            ("drop", None),
            ("truncate", None),
        ]
        faults += [("status", (500, {}, "oops"))]

        def act(number: int, path: str, body: dict[str, Any]) -> Action:
            return rng.choice(faults) if rng.random() < rate else ("answer", None)

        server = Server(act, latency=latency)
        serving = await server.start(port)
        sys.stdout.write(f"{server.port}\n")
        sys.stdout.flush()
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)  # a line ends it
        serving.close()
        twice = sum(count - 1 for count in server.answered.values())
        sys.stdout.write(
            json.dumps({"answered": len(server.answered), "twice": twice, "busiest": server.busiest}) + "\n"
        )

    asyncio.run(_main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])))
