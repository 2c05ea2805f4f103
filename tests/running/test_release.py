"""What the runner owes models: the whole of a request where they need it, and an end."""

from __future__ import annotations

import pytest

MODELS = '''
import os

from harness import Model
from harness.hooks import hookimpl


class Listing(Model):
    """Notes how many responses it is shown, and that it is closed."""

    batch_size = 4

    def __init__(self, log="log"):
        self.log = log

    def score(self, requests):
        self._note(*(f"{self.log} {len(request.responses)}" for request in requests))
        second = float("nan") if os.path.exists("spoil") else 1.0
        return [[0.0, second, 2.0, 3.0][: len(request.responses)] for request in requests]

    def close(self):
        self._note(f"closed {self.log}")

    def _note(self, *lines):
        with open("log", "a") as file:
            file.write("".join(f"{line}\\n" for line in lines))


class Listwise(Listing):
    listwise = True


class ByItem(Listing):
    reads_text = False


@hookimpl
def register_models(register):
    for name in ("Listing", "Listwise", "ByItem"):
        register(name.lower(), f"plugin_noting:{name}", offers=("score",))
'''


@pytest.fixture
def noted(project, add_plugin, write_task):
    """What the models noted since this was called last."""
    add_plugin("noting", MODELS)
    rows = [{"id": f"i{i}", "prompt": f"p{i}", "responses": ["a", "b", "c"], "correct": [1, 0, 0]} for i in range(2)]
    write_task("demo/three", rows)
    write_task("demo/four", [{**row, "responses": ["a", "b", "c", "d"], "correct": [1, 0, 0, 0]} for row in rows])

    def read():
        path = project / "log"
        lines = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return lines

    return read


def test_a_model_is_closed_once_it_is_not_needed_any_more(noted, harness):
    models = ("-m", "x=listing:log=x", "-m", "y=listing:log=y")
    assert harness("eval", *models, "-t", "demo/three", "-t", "demo/four").code == 0
    lines = noted()
    assert [line for line in lines if line.startswith("closed")] == ["closed x", "closed y"]
    # Not before its last answer, and before the next model answers: two would not fit into memory.
    assert lines.index("closed x") > max(i for i, line in enumerate(lines) if line.startswith("x "))
    assert lines.index("closed x") < min(i for i, line in enumerate(lines) if line.startswith("y "))


@pytest.mark.parametrize(("model", "shown"), [("listwise", 3), ("byitem", 3), ("listing", 1)])
def test_a_model_that_needs_all_responses_is_asked_about_all(noted, harness, project, model, shown):
    # One of the three scores of each prompt is a failure, the others are on file.
    (project / "spoil").touch()
    harness("eval", "-m", f"m={model}", "-t", "demo/three")
    (project / "spoil").unlink()
    assert [line for line in noted() if not line.startswith("closed")] == ["log 3", "log 3"]
    assert harness("eval", "-m", f"m={model}", "-t", "demo/three").code == 0
    assert [line for line in noted() if not line.startswith("closed")] == [f"log {shown}", f"log {shown}"]
