import os
from pathlib import Path

import pytest

from harness import Completion, Part


@pytest.fixture(scope="session")
def safety():
    """The folder of safety data sets; a test that needs it is skipped where there is none."""
    folder = os.environ.get("HARNESS_DATA")
    if not folder or not (Path(folder) / "safety").is_dir():
        pytest.skip("the safety data sets are not here: set HARNESS_DATA to a folder that holds safety/")
    return Path(folder) / "safety"


@pytest.fixture
def with_data(safety, project, monkeypatch):
    """An empty project that sees the data sets."""
    monkeypatch.setenv("HARNESS_DATA", str(safety.parent))
    return project


class Scripted:
    """A language model that says one thing, and keeps what it was shown."""

    def __init__(self, text, finish_reason="stop"):
        self.text, self.finish_reason, self.shown = text, finish_reason, []

    def __call__(self, capability, requests):
        self.shown += [request.prompt for request in requests]
        return [(Completion(self.text, self.finish_reason),) for _ in requests]


@pytest.fixture
def scripted():
    """Make a grader over a language model that says one thing: ``scripted(grader, text)`` gives what it was shown."""

    def give(grader, text, finish_reason="stop"):
        base = Scripted(text, finish_reason)
        grader.parts = {"base": Part(base)}
        return base

    return give
