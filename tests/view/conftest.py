"""A viewer in this process, a browser to look at it, and texts that would do harm if they were taken for markup."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
import time
from pathlib import Path
from typing import NamedTuple

import pytest

HOSTILE = {
    "script": "<script>window.pwned = 1</script>",
    "handler": '"><img src=x onerror="window.pwned = 2">',
    "link": "[here](javascript:window.pwned=3) javascript:window.pwned=3",
    "closing": "</script></pre></textarea></title><svg onload=window.pwned=4>",
    "template": "{{ 7 * 7 }}{% raise %}${7*7}",
    "attribute": "' onmouseover='window.pwned=5' x='",
    "comment": "<!-- --><plaintext>",
    "quotes": "\"'`&amp;&#x41;",
}
OVERRIDE = "abc\u202egnp.exe"
"""Shows what follows from right to left, unless it is escaped."""


class Answer(NamedTuple):
    """What a request got."""

    status: int
    headers: dict[str, str]
    text: str


class Viewer:
    """A viewer that answers at an address."""

    def __init__(self, port: int, token: str) -> None:
        self.port, self.token = port, token
        self.address = f"http://127.0.0.1:{port}"

    def get(self, path: str, *, method: str = "GET", **headers: str) -> Answer:
        """One request, on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, path, headers={k.replace("_", "-"): v for k, v in headers.items()})
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read().decode())

    def final(self, path: str) -> Answer:
        """The answer to a path, once what it shows is no longer being read."""
        for _ in range(600):
            answer = self.get(path)
            if (
                answer.status != 200
                or "data-poll" not in answer.text
                or path.partition("?")[0] in ("/", "/runs", "/under-way")
            ):
                return answer
            time.sleep(0.05)
        raise AssertionError(f"{path} is not final after thirty seconds")

    def page(self, path: str) -> str:
        """A page, once it is final."""
        answer = self.final(path)
        assert answer.status == 200, answer.text
        return answer.text


@pytest.fixture
def view(toys, tmp_path):
    """Start a viewer on the project's store: ``view()``."""
    import uvicorn
    from harness_plugins.view.app import make_app
    from harness_plugins.view.serve import listen

    from harness.names.registry import Registry
    from harness.store.reading import StoreReader

    with contextlib.ExitStack() as open_things:

        def start(store=".harness/store.sqlite", *, host="127.0.0.1", token="", **more) -> Viewer:
            opened = open_things.enter_context(StoreReader(Path(store)))
            application, samples = make_app(
                Registry(), opened, host=host, token=token, cache=tmp_path / "cache", **more
            )
            listening = open_things.enter_context(listen("127.0.0.1", 0))
            server = uvicorn.Server(uvicorn.Config(application, log_level="warning", lifespan="off"))
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
            thread.start()
            open_things.callback(samples.close)
            open_things.callback(thread.join)
            open_things.callback(setattr, server, "should_exit", True)
            return Viewer(listening.getsockname()[1], token)

        yield start


@pytest.fixture
def tab(browser):
    """A tab whose console has to stay silent."""
    opened = browser.new_page()
    opened.set_viewport_size({"width": 1280, "height": 900})
    opened.set_default_timeout(15_000)
    said: list[str] = []
    opened.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.on("dialog", lambda dialog: said.append(f"dialog: {dialog.message}"))
    yield opened
    assert said == []
    opened.close()


@pytest.fixture
def pairs(write_task):
    """A preference task whose texts are hostile: ``demo/pairs``, of which the toy judge prefers the larger number."""

    def make(count: int = 30):
        rows = []
        for i in range(count):
            prompt = f"question {i} " + (list(HOSTILE.values())[i] if i < len(HOSTILE) else "about the weather")
            level = '<b onclick="window.pwned=6">easy</b>' if i % 2 else "hard"
            row = {"id": f"item-{i}", "prompt": prompt, "chosen": str(i + 0.5 if i % 3 else i - 0.5), "level": level}
            rows.append({**row, "rejected": str(float(i))})
        rows[3]["id"] = HOSTILE["handler"]
        rows[4]["prompt"] = f"needle in the haystack {OVERRIDE}"
        rows[5]["chosen"] = HOSTILE["script"]
        return write_task("demo/pairs", rows, kind="preference", slices=["level"])

    return make


@pytest.fixture
def evaluate(harness):
    """Evaluate on the command line: ``evaluate("toy-judge", "demo/pairs")``."""

    def call(model, task, *more):
        ran = harness("eval", "-m", model, "-t", task, "--json", *more)
        assert ran.code == 0, ran.err
        return json.loads(ran.out)

    return call
